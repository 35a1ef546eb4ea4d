/* bench/cli/cmd_generate.c - data that needs nobody's files: random weights for any architecture, a demo image set. */
#include "base/file.h"
#include "base/text.h"
#include "bench/cli/command.h"
#include "bench/cli/options.h"
#include "datasets/demo.h"
#include "weights/weights_file.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

enum { KEY_SEED = OPTIONS_KEY, KEY_CLASSES, KEY_WIDTH, KEY_SIZE, KEY_IMAGES, KEY_BACKGROUNDS, KEY_NO_OBJECTS };

struct generate {
    struct options common;
    const char *kind, *arch, *out;
    char target[PATH_MAX];              /* of out, if that is a link */
    const char *for_weights, *for_demo; /* an option that only this kind has, if one was given */
    double width;
    int classes, images, seed, backgrounds;
    bool no_objects;
    int size; /* 0: the kind's own */
};

static int take_word(struct generate *generate, const char *word, struct error *err)
{
    if (!generate->kind)
        generate->kind = word;
    else if (!generate->arch)
        generate->arch = word;
    else
        return error_set(err, "stray argument \"%s\"", word);
    return 0;
}

static int take(void *target, int key, const char *value, struct error *err)
{
    struct generate *generate = target;
    switch (key) {
    case 'o':
        generate->out = value;
        return 0;
    case KEY_SEED:
        return options_int("--seed", value, 0, INT_MAX, &generate->seed, err);
    case KEY_SIZE:
        return options_int("--size", value, 1, 16384, &generate->size, err);
    case KEY_CLASSES:
        generate->for_weights = "--classes";
        return options_int("--classes", value, 1, 1000000, &generate->classes, err);
    case KEY_WIDTH:
        generate->for_weights = "--width";
        return options_double("--width", value, 0.01, 16, &generate->width, err);
    case KEY_IMAGES:
        generate->for_demo = "--images";
        return options_int("--images", value, 1, 1000000, &generate->images, err);
    case KEY_BACKGROUNDS:
        generate->for_demo = "--backgrounds";
        return options_int("--backgrounds", value, 1, INT_MAX, &generate->backgrounds, err);
    case KEY_NO_OBJECTS:
        generate->for_demo = "--no-objects";
        generate->no_objects = true;
        return 0;
    default:
        return take_word(generate, value, err);
    }
}

static const struct options_usage usage = {
    .words = "weights ARCH\ndemo",
    .doc = "Writes random weights whose signals keep their size, or an image set of drawn scenes with labels, "
           "masks and boxes of the objects. The same seed gives the same file.\v"
           "Examples:\n"
           "  cambench generate weights resnet18 --seed 1 --out resnet18.h5\n"
           "  cambench generate weights vgg16 --classes 10 --width 0.25 --out small.h5\n"
           "  cambench generate demo --images 64 --size 256 --out demo.h5\n",
    .rows = (const struct argp_option[]){{"out", 'o', "FILE", 0, "the HDF5 file to write", 0},
                                         {"seed", KEY_SEED, "N", 0, "of the random numbers (1)", 0},
                                         {"size", KEY_SIZE, "PX", 0,
                                          "weights: side of the input they are meant for "
                                          "(224); demo: side of the pictures (256)",
                                          0},
                                         {"classes", KEY_CLASSES, "N", 0, "weights: classes of the network (1000)", 0},
                                         {"width", KEY_WIDTH, "X", 0, "weights: multiplier of the channels (1)", 0},
                                         {"images", KEY_IMAGES, "N", 0, "demo: how many pictures (64)", 0},
                                         {"backgrounds", KEY_BACKGROUNDS, "SEED", 0,
                                          "demo: take the backgrounds of another seed: the same objects elsewhere", 0},
                                         {"no-objects", KEY_NO_OBJECTS, NULL, 0,
                                          "demo: backgrounds alone, to see that they tell nothing of the class", 0},
                                         {0}},
    .common = OPTIONS_QUIET,
    .words_min = 1,
    .words_max = 2,
    .take = take,
};

/* -- weights ------------------------------------------------------------------------------------------------------ */

static int write_weights(const struct generate *generate, const struct graph *graph, int size, struct arena *arena,
                         struct error *err)
{
    struct weights weights;
    struct weights_info info = {
        .classes = generate->classes, .width = generate->width, .accuracy = -1, .height = size, .width_px = size};
    snprintf(info.arch, sizeof info.arch, "%s", generate->arch);
    snprintf(info.source, sizeof info.source, "generated at random, seed %d", generate->seed);
    if (weights_generate(graph, (uint64_t)generate->seed, arena, &weights, err) ||
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
    const int size = generate->size ? generate->size : 224;
    struct graph *graph = backbone_graph(
        generate->arch, &(struct backbone_options){generate->classes, generate->width, size, size, TRANSFORM_USUAL},
        err);
    if (!graph)
        return -1;
    struct arena arena;
    arena_init(&arena, 0);
    const int status = write_weights(generate, graph, size, &arena, err);
    arena_release(&arena);
    graph_free(graph);
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
        return error_set(err, "generate %s has no option %s; see cambench generate --help", generate->kind, stray);
    if (!generate->out)
        return error_set(err, "generate %s needs --out FILE; see cambench generate --help", generate->kind);
    if (file_follow(generate->out, generate->target, err))
        return -1;
    generate->out = generate->target;
    return is_weights ? generate_weights(generate, err) : generate_demo(generate, err);
}

static int run(int argc, char **argv, struct error *err)
{
    struct generate generate = {.width = 1, .classes = 1000, .images = 64, .seed = 1};
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
