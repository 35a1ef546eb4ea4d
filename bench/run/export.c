/* bench/run/export.c - evaluates a run's images, and writes the inputs of which metrics need maps. */
#include "bench/run/export.h"

#include "base/h5.h"
#include "base/text.h"
#include "bench/process/interrupt.h"

#include <string.h>

/* The inputs of one kind, for one backbone and method. */
struct input_group {
    struct input_group *next;
    const char *name;
    int32_t *classes; /* [image]; -1: none written */
    int count;
};

struct export
{
    struct run *run;
    struct arena arena;
    struct h5_writer *writer;
    struct shape input;
    int backbone, method, image, klass;
    struct input_group *groups; /* of the backbone and method at hand */
    struct export_count *total;
};

static void path_of(const struct export *export, const struct input_group *group, const char *what, char *path)
{
    const struct config *config = &export->run->config;
    snprintf(path, H5_PATH_MAX, "/%s/%s%s%s/%s", config->backbones[export->backbone].label,
             config->methods[export->method].label, *group->name ? "/" : "", group->name, what);
}

/* The group of that name, which is made at its first input. */
static struct input_group *group_of(struct export *export, const char *name, struct error *err)
{
    const uint64_t images = (uint64_t) export->run->image_count;
    const struct shape shape = export->input;
    const uint64_t dim[] = {images, (uint64_t)shape.c, (uint64_t)shape.h, (uint64_t)shape.w};
    char path[H5_PATH_MAX];
    for (struct input_group *group = export->groups; group; group = group->next)
        if (strcmp(group->name, name) == 0)
            return group;
    struct input_group *group = arena_alloc(&export->arena, 1, sizeof *group);
    if (!group) {
        error_memory(err, "the inputs");
        return NULL;
    }
    *group = (struct input_group){.next = export->groups,
                                  .name = arena_string(&export->arena, name),
                                  .classes = arena_alloc(&export->arena, (size_t)images, sizeof *group->classes)};
    if (!group->name || !group->classes) {
        error_memory(err, "the inputs");
        return NULL;
    }
    memset(group->classes, -1, (size_t)images * sizeof *group->classes);
    path_of(export, group, "input", path);
    if (h5_define(export->writer, path, H5_FLOAT32, 4, dim, err))
        return NULL;
    export->groups = group;
    return group;
}

static int take(void *context, const char *name, int klass, const float *x, struct error *err)
{
    struct export *export = context;
    char path[H5_PATH_MAX];
    struct input_group *group = group_of(export, name, err);
    if (!group)
        return -1;
    group->count += group->classes[export->image] < 0;
    group->classes[export->image] = klass;
    path_of(export, group, "input", path);
    return h5_write_rows(export->writer, path, (uint64_t) export->image, 1, x, err);
}

/* Writes names and classes of the method at hand. */
static int end_method(struct export *export, struct error *err)
{
    const struct run *run = export->run;
    const uint64_t images = (uint64_t)run->image_count;
    char path[H5_PATH_MAX];
    for (const struct input_group *group = export->groups; group; group = group->next) {
        path_of(export, group, "class", path);
        if (h5_write(export->writer, path, H5_INT32, 1, &images, group->classes, err))
            return -1;
        path_of(export, group, "name", path);
        if (h5_write_texts(export->writer, path, run->image_names, images, err))
            return -1;
        export->total->groups++;
        if (group->count > export->total->images)
            export->total->images = group->count;
    }
    export->groups = NULL;
    return 0;
}

static int export_method(struct export *export, struct evaluator *evaluator, struct error *err)
{
    for (export->image = 0; export->image < export->run->image_count; export->image++) {
        struct evaluated evaluated;
        bool is_unreadable = false;
        if (interrupt_has_come)
            return error_set(err, "interrupted");
        if (run_evaluate(evaluator, export->run, export->backbone, export->image, &export->method, 1, &evaluated,
                         &is_unreadable, err) &&
            !is_unreadable)
            return -1;
    }
    return end_method(export, err);
}

static bool is_wanted(const struct export_options *options, const struct config_method *method)
{
    if (!options->methods)
        return method_is_original_only(method->method, method->params);
    for (const char *word = options->methods; *word;) {
        const size_t length = strcspn(word, ",");
        if (strlen(method->label) == length && strncmp(word, method->label, length) == 0)
            return true;
        word += length + (word[length] == ',');
    }
    return false;
}

static int export_backbone(struct export *export, const struct export_options *options, struct error *err)
{
    struct run *run = export->run;
    const struct run_backbone *backbone = &run->backbones[export->backbone];
    struct network *network = run_backbone_load(backbone, run->config.runtime.kernels, err);
    if (!network)
        return -1;
    export->input = network_input(network);
    struct evaluator evaluator = {.panel = &run->panel,
                                  .backbone = run->config.backbones[export->backbone].label,
                                  .named_class = backbone->named_class,
                                  .input = backbone->model->input,
                                  .take_input = take,
                                  .take_context = export,
                                  .worker.session = session_create(network, run->threads, err)};
    int status = evaluator.worker.session ? 0 : -1;
    for (export->method = 0; !status && export->method < run->config.method_count; export->method++)
        if (is_wanted(options, &run->config.methods[export->method]))
            status = export_method(export, &evaluator, err);
    evaluator_release(&evaluator);
    session_free(evaluator.worker.session);
    network_free(network);
    return status;
}

static int check_methods(const struct run *run, const struct export_options *options, struct error *err)
{
    for (int m = 0; m < run->config.method_count; m++)
        if (is_wanted(options, &run->config.methods[m]))
            return 0;
    return options->methods
               ? error_set(err, "--methods: the run has no method \"%s\"", TEXT_SHOWN(options->methods))
               : error_set(err, "each method of the run makes maps of changed inputs itself; --methods names one");
}

int export_explanations(struct run *run, const struct export_options *options, struct export_count *count,
                        struct error *err)
{
    struct export export = {.run = run, .total = count};
    *count = (struct export_count){0};
    if (check_methods(run, options, err))
        return -1;
    export.writer = h5_create(options->path, err);
    if (!export.writer)
        return -1;
    arena_init(&export.arena, 0);
    int status = 0;
    for (export.backbone = 0; !status && export.backbone < run->config.backbone_count; export.backbone++)
        status = export_backbone(&export, options, err);
    arena_release(&export.arena);
    if (status) {
        h5_abandon(export.writer);
        return -1;
    }
    return h5_commit(export.writer, err);
}
