/* bench/cli/cmd_inspect.c - cambench inspect: shows the contents of a file, or the parts of an architecture. */
#include "bench/cli/command.h"
#include "bench/cli/inspect.h"
#include "bench/cli/options.h"
#include "bench/cli/table.h"
#include "bench/config/config.h"
#include "bench/process/shipped.h"

#include <assert.h>
#include <string.h>
#include <unistd.h>

#define CLASSES_MAX 1000000
#define SIDE_MAX 16384
#define WIDTH_MAX 16

struct inspect_command {
    struct options common;
    const char *what;
    bool plan, is_changed; /* is_changed: options for an architecture were given */
    struct model_spec spec;
};

/* Reads an option that only architectures take, and remembers that one was given. */
static int read_for_arch(const char *value, const struct param *row, void *out, struct error *err)
{
    ((struct inspect_command *)out)->is_changed = true;
    return options_store(row, value, out, err);
}

static int read_size(const char *value, const struct param *row, void *out, struct error *err)
{
    struct model_spec *spec = &((struct inspect_command *)out)->spec;
    const int status = read_for_arch(value, row, out, err);
    spec->input.w = spec->input.h;
    return status;
}

static const struct param rows[] = {
    OPTION_STRING(struct inspect_command, spec.command, "command", 0, "COMMAND",
                  "process: the command that runs the network, such as \"python3 serve.py\""),
    OPTION_FLAG(struct inspect_command, plan, "plan", 0,
                "the steps that the engine runs: what is fused, kernels, places in memory"),
    OPTION_ROW(struct inspect_command, spec.input.h, INT, "size", 0, .value = "PIXELS", .min = 1, .max = SIDE_MAX,
               .read_word = read_size, .help = "an architecture's input, a square (224)"),
    OPTION_ROW(struct inspect_command, spec.classes, INT, "classes", 0, .value = "N", .min = 1, .max = CLASSES_MAX,
               .read_word = read_for_arch, .help = "its number of classes (1000)"),
    OPTION_ROW(struct inspect_command, spec.width, FLOAT, "width", 0, .value = "FACTOR", .min = 0.01, .max = WIDTH_MAX,
               .read_word = read_for_arch, .help = "its width multiplier (1)"),
    {0},
};

static const struct param word_rows[] = {OPTIONS_WORD(struct inspect_command, what), {0}};

static const struct options_usage usage = {
    .words = "FILE|ARCH|process",
    .doc = "Shows what a weights file or an image set holds, the nodes, shapes, operations and bytes of an "
           "architecture, or the layers of a network that another process runs.\v"
           "Examples:\n"
           "  cambench inspect datasets/demo/demo.h5\n"
           "  cambench inspect resnet50 --plan\n"
           "  cambench inspect mobilenet_v2 --size 96 --classes 10 --width 0.5 --json\n"
           "  cambench inspect process --command \"python3 serve.py\"\n",
    .rows = rows,
    .common = OPTIONS_JSON,
    .words_min = 1,
    .words_max = 1,
    .word_rows = word_rows,
};

/* Arrays of objects, in the order in which they are printed. */
static const struct {
    const char *key;
    const struct table_column *columns;
} tables[] = {
    {"nodes", (const struct table_column[]){{"name", "NAME"},
                                            {"alias", "ALIAS"},
                                            {"op", "OPERATOR"},
                                            {"shape", "SHAPE"},
                                            {"parameters", "PARAMETERS"},
                                            {"multiply_adds", "MULTIPLY-ADDS"},
                                            {"value_bytes", "VALUE"},
                                            {"default", "DEFAULT"},
                                            {0}}},
    {"layers", (const struct table_column[]){{"name", "LAYER"}, {"shape", "SHAPE"}, {"default", "DEFAULT"}, {0}}},
    {"steps", (const struct table_column[]){{"name", "STEP"},
                                            {"op", "OPERATOR"},
                                            {"kernel", "KERNEL"},
                                            {"fused", "FUSED"},
                                            {"shape", "SHAPE"},
                                            {"multiply_adds", "MULTIPLY-ADDS"},
                                            {"moved_bytes", "MOVED"},
                                            {"place_bytes", "PLACE"},
                                            {0}}},
    {"tensors", (const struct table_column[]){{"name", "TENSOR"}, {"shape", "SHAPE"}, {0}}},
    {"stored_tensors", (const struct table_column[]){{"name", "TENSOR"}, {"shape", "SHAPE"}, {"type", "TYPE"}, {0}}},
    {"keys", (const struct table_column[]){{"key", "KEY"}, {"value", "VALUE"}, {0}}},
    {"first_images",
     (const struct table_column[]){{"name", "FIRST IMAGES"}, {"label", "LABEL"}, {"class", "CLASS"}, {0}}},
};

static void print(const json_t *object)
{
    table_print_facts(object);
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        const json_t *array = json_object_get(object, tables[i].key);
        if (!array)
            continue;
        printf("\n");
        table_print(tables[i].columns, array);
    }
}

/*
 * A word with a slash or a dot names a file, even one that does not exist, because architectures' names have neither.
 */
static bool is_file(const char *what)
{
    return strpbrk(what, "/.") || access(what, F_OK) == 0;
}

static json_t *look_at_file(const struct inspect_command *inspect, struct error *err)
{
    struct arena arena;
    arena_init(&arena, 0);
    json_t *object = inspect_file(shipped_or(inspect->what, &arena), inspect->plan, err);
    arena_release(&arena);
    return object;
}

static json_t *refuse_options(const struct inspect_command *inspect, struct error *err)
{
    error_set(err, "--size, --classes and --width are for architectures; file \"%s\" has its own", inspect->what);
    return NULL;
}

static json_t *refuse_command(const struct inspect_command *inspect, bool is_process, struct error *err)
{
    error_set(err, !is_process ? "--command is for the word process: cambench inspect process --command COMMAND"
                   : inspect->is_changed
                       ? "--size, --classes and --width are for architectures; the process decides them"
                       : "process needs --command, the command that runs the network");
    return NULL;
}

static json_t *look(const struct inspect_command *inspect, struct error *err)
{
    struct model_spec spec = inspect->spec;
    assert(inspect->what); /* options_parse() requires it */
    const bool is_process = strcmp(inspect->what, MODEL_PROCESS) == 0;
    if (is_process != (spec.command != NULL) || (is_process && inspect->is_changed))
        return refuse_command(inspect, is_process, err);
    spec.timeout = MODEL_TIMEOUT;
    *(is_process || config_is_model_file(inspect->what) ? &spec.model : &spec.arch) = inspect->what;
    if (spec.model && (spec.classes || spec.width != 0))
        return refuse_options(inspect, err);
    if (spec.model || !is_file(inspect->what))
        return inspect_architecture(&spec, inspect->plan, err);
    return inspect->is_changed ? refuse_options(inspect, err) : look_at_file(inspect, err);
}

static int run(int argc, char **argv, struct error *err)
{
    struct inspect_command inspect = {0};
    const int status = options_parse(&usage, argc, argv, &inspect.common, &inspect, err);
    if (status)
        return options_exit(status);
    json_t *object = look(&inspect, err);
    if (!object)
        return EXIT_USAGE;
    int printed = 0;
    if (inspect.common.json)
        printed = table_print_json(object, err);
    else
        print(object);
    json_decref(object);
    return printed ? EXIT_USAGE : EXIT_DONE;
}

const struct command command_inspect = {
    .name = "inspect",
    .summary = "show what a file holds, or an architecture's nodes, shapes and operations",
    .group = COMMAND_KNOW,
    .run = run,
};
