/* bench/cli/cmd_generate.c - cambench generate: random weights for any architecture, or a demo image set. */
#include "base/file.h"
#include "base/text.h"
#include "bench/cli/command.h"
#include "bench/cli/options.h"
#include "datasets/demo.h"
#include "models/model.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

struct generate {
    struct options common;
    const char *kind, *arch, *out;
    char target[PATH_MAX];              /* out with symbolic links resolved */
    const char *for_weights, *for_demo; /* an option given that only this kind has; NULL: none */
    double width;
    int classes, images, seed, backgrounds;
    bool no_objects;
    int size; /* 0: the kind's default */
};

static int read_for_weights(const char *value, const struct param *row, void *out, struct error *err)
{
    ((struct generate *)out)->for_weights = row->name;
    return options_store(row, value, out, err);
}

static int read_for_demo(const char *value, const struct param *row, void *out, struct error *err)
{
    ((struct generate *)out)->for_demo = row->name;
    return options_store(row, value ? value : "true", out, err);
}

static const struct param rows[] = {
    OPTION_STRING(struct generate, out, "out", 'o', "FILE", "the HDF5 file to write"),
    OPTION_INT(struct generate, seed, "seed", 0, "N", "1", 0, INT_MAX, "of the random numbers (1)"),
    OPTION_INT(struct generate, size, "size", 0, "PX", NULL, 1, 16384,
               "weights: side of the input they are meant for (the network's); demo: side of the pictures (256)"),
    OPTION_ROW(struct generate, classes, INT, "classes", 0, .value = "N", .fallback = "1000", .min = 1, .max = 1000000,
               .read_word = read_for_weights, .help = "weights: classes of the network (1000)"),
    OPTION_ROW(struct generate, width, FLOAT, "width", 0, .value = "X", .fallback = "1", .min = 0.01, .max = 16,
               .read_word = read_for_weights, .help = "weights: multiplier of the channels (1)"),
    OPTION_ROW(struct generate, images, INT, "images", 0, .value = "N", .fallback = "64", .min = 1, .max = 1000000,
               .read_word = read_for_demo, .help = "demo: how many pictures (64)"),
    OPTION_ROW(struct generate, backgrounds, INT, "backgrounds", 0, .value = "SEED", .min = 1, .max = INT_MAX,
               .read_word = read_for_demo,
               .help = "demo: take the backgrounds of another seed: the same objects elsewhere"),
    OPTION_ROW(struct generate, no_objects, BOOL, "no-objects", 0, .read_word = read_for_demo,
               .help = "demo: backgrounds alone, to check that they contain no evidence of the class"),
    {0},
};

static const struct param word_rows[] = {OPTIONS_WORD(struct generate, kind), OPTIONS_WORD(struct generate, arch), {0}};

static const struct options_usage usage = {
    .words = "weights ARCH\ndemo",
    .doc = "Writes random weights whose signals keep their size, or an image set of drawn scenes with labels, "
           "masks and boxes of the objects. The same seed gives the same file.\v"
           "Examples:\n"
           "  cambench generate weights resnet18 --seed 1 --out resnet18.h5\n"
           "  cambench generate weights vgg16 --classes 10 --width 0.25 --out small.h5\n"
           "  cambench generate demo --images 64 --size 256 --out demo.h5\n",
    .rows = rows,
    .common = OPTIONS_QUIET,
    .words_min = 1,
    .words_max = 2,
    .word_rows = word_rows,
};

/* -- weights ------------------------------------------------------------------------------------------------------ */

static int write_weights(const struct generate *generate, const struct model *model, struct arena *arena,
                         struct error *err)
{
    struct weights weights;
    struct weights_info info = {.classes = generate->classes,
                                .width = generate->width,
                                .accuracy = -1,
                                .input = {.h = model->input.h, .w = model->input.w}};
    snprintf(info.arch, sizeof info.arch, "%s", generate->arch);
    snprintf(info.source, sizeof info.source, "generated at random, seed %d", generate->seed);
    if (weights_generate(model->graph, (uint64_t)generate->seed, arena, &weights, err) ||
        weights_write(generate->out, &info, &weights, err))
        return -1;
    if (!generate->common.quiet)
        printf("%s: %s, %d tensors\n", TEXT_SHOWN(generate->out), info.source, weights.count);
    return 0;
}

static int generate_weights(const struct generate *generate, struct error *err)
{
    if (!generate->arch)
        return error_set(err, "generate weights needs an architecture (cambench list backbones)");
    const struct model_spec spec = {.arch = generate->arch,
                                    .classes = generate->classes,
                                    .width = generate->width,
                                    .input = {.h = generate->size, .w = generate->size}};
    struct model *model = model_open(&spec, err);
    if (!model)
        return -1;
    struct arena arena;
    arena_init(&arena, 0);
    const int status = write_weights(generate, model, &arena, err);
    arena_release(&arena);
    model_close(model);
    return status;
}

/* -- demo --------------------------------------------------------------------------------------------------------- */

static int generate_demo(const struct generate *generate, struct error *err)
{
    const int size = generate->size ? generate->size : 256;
    if (generate->arch)
        return error_set(err, "stray argument \"%s\"; see cambench generate --help", generate->arch);
    const struct demo_options options = {.images = generate->images,
                                         .size = size,
                                         .seed = (uint64_t)generate->seed,
                                         .background_seed = (uint64_t)generate->backgrounds,
                                         .no_objects = generate->no_objects};
    if (demo_generate(generate->out, &options, err))
        return -1;
    if (!generate->common.quiet)
        printf("%s: %d pictures of %d classes\n", TEXT_SHOWN(generate->out), generate->images, DEMO_CLASSES);
    return 0;
}

/* ----------------------------------------------------------------------------------------------------------------- */

static int generate_kind(struct generate *generate, struct error *err)
{
    const bool is_weights = strcmp(generate->kind, "weights") == 0, is_demo = strcmp(generate->kind, "demo") == 0;
    const char *stray = is_weights ? generate->for_demo : generate->for_weights;
    if (!is_weights && !is_demo)
        return error_set(err, "cannot generate \"%s\"; allowed: weights, demo", generate->kind);
    if (stray)
        return error_set(err, "generate %s has no option --%s; see cambench generate --help", generate->kind, stray);
    if (!generate->out)
        return error_set(err, "generate %s needs --out FILE; see cambench generate --help", generate->kind);
    if (file_follow(generate->out, generate->target, err))
        return -1;
    generate->out = generate->target;
    return is_weights ? generate_weights(generate, err) : generate_demo(generate, err);
}

static int run(int argc, char **argv, struct error *err)
{
    struct generate generate = {0};
    const int status = options_parse(&usage, argc, argv, &generate.common, &generate, err);
    if (status)
        return options_exit(status);
    return generate_kind(&generate, err) ? EXIT_USAGE : EXIT_DONE;
}

const struct command command_generate = {
    .name = "generate",
    .summary = "make random weights, or a demo image set",
    .group = COMMAND_DATA,
    .run = run,
};
