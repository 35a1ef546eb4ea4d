/* bench/cmd_generate.c - seeded random weights for any architecture. */
#include "backbones/weights_file.h"
#include "bench/bench.h"
#include "bench/options.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

enum { KEY_SEED = OPTIONS_KEY, KEY_CLASSES, KEY_WIDTH, KEY_SIZE };

struct generate {
    struct options common;
    const char *what, *arch, *out;
    struct backbone_options options;
    int seed;
};

static int take_word(struct generate *generate, const char *word, struct error *err)
{
    if (!generate->what) {
        generate->what = word;
        if (strcmp(word, "weights") != 0)
            return error_set(err, "cannot generate \"%s\"; allowed: weights ARCH", word);
        return 0;
    }
    generate->arch = word;
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
    case KEY_CLASSES:
        return options_int("--classes", value, 1, 1000000, &generate->options.classes, err);
    case KEY_WIDTH:
        return options_double("--width", value, 0.01, 16, &generate->options.width, err);
    case KEY_SIZE:
        return options_int("--size", value, 1, 16384, &generate->options.height, err);
    default:
        return take_word(generate, value, err);
    }
}

static const struct options_usage usage = {
    .words = "weights ARCH",
    .doc = "Writes random weights whose signals keep their size; the same seed gives the same weights anywhere.\v"
           "Examples:\n"
           "  cambench generate weights resnet18 --seed 1 --out resnet18.h5\n"
           "  cambench generate weights vgg16 --classes 10 --width 0.25 --out small.h5\n",
    .rows = (const struct argp_option[]){{"out", 'o', "FILE", 0, "the HDF5 file to write", 0},
                                         {"seed", KEY_SEED, "N", 0, "of the random numbers (1)", 0},
                                         {"classes", KEY_CLASSES, "N", 0, "of the network (1000)", 0},
                                         {"width", KEY_WIDTH, "X", 0, "multiplier of the channels (1)", 0},
                                         {"size", KEY_SIZE, "PX", 0, "side of the input it is meant for (224)", 0},
                                         {0}},
    .common = OPTIONS_QUIET,
    .words_min = 2,
    .words_max = 2,
    .take = take,
};

static int write_weights(const struct generate *generate, const struct graph *graph, struct arena *arena,
                         struct error *err)
{
    const struct backbone_options *options = &generate->options;
    struct weights_info info = {.classes = options->classes, .width = options->width, .accuracy = -1,
                                .height = options->height, .width_px = options->width_px};
    snprintf(info.arch, sizeof info.arch, "%s", generate->arch);
    snprintf(info.source, sizeof info.source, "generated at random, seed %d", generate->seed);
    struct weights weights;
    if (weights_generate(graph, (uint64_t)generate->seed, arena, &weights, err) ||
        weights_write(generate->out, &info, &weights, err))
        return -1;
    if (!generate->common.quiet)
        printf("%s: %s, %d tensors\n", generate->out, info.source, weights.count);
    return 0;
}

static int generate_weights(const struct generate *generate, struct error *err)
{
    struct graph *graph = backbone_graph(generate->arch, &generate->options, err);
    if (!graph)
        return -1;
    struct arena arena;
    arena_init(&arena, 0);
    const int status = write_weights(generate, graph, &arena, err);
    arena_release(&arena);
    graph_free(graph);
    return status;
}

static int run(int argc, char **argv, struct error *err)
{
    struct generate generate = {.options = {.classes = 1000, .width = 1, .height = 224}, .seed = 1};
    const int status = options_parse(&usage, argc, argv, &generate.common, &generate, err);
    if (status)
        return options_exit(status);
    if (!generate.out) {
        error_set(err, "generate needs --out FILE; see cambench generate --help");
        return EXIT_USAGE;
    }
    generate.options.width_px = generate.options.height;
    return generate_weights(&generate, err) ? EXIT_USAGE : EXIT_DONE;
}

const struct command command_generate = {
    .name = "generate",
    .summary = "make random weights",
    .group = COMMAND_DATA,
    .run = run,
};
