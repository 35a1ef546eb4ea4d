/* tests/weights/made_weights.h - weights of a network in memory, written as other programs do. */
#ifndef TESTS_WEIGHTS_MADE_WEIGHTS_H
#define TESTS_WEIGHTS_MADE_WEIGHTS_H

#include "tests/safetensors.h"
#include "tests/test.h"
#include "weights/weights_import.h"
#include "weights/weights_naming.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct made {
    struct arena arena;
    struct graph *graph;
    struct weights weights; /* in the network's order, under torchvision's names */
    char (*names)[128];     /* under which they are written */
};

static inline struct made make(const char *arch, int classes, double width)
{
    struct made made;
    struct error err;
    arena_init(&made.arena, 0);
    made.graph = backbone_graph(
        arch, &(struct backbone_options){.classes = classes, .width = width, .height = 224, .width_px = 224}, &err);
    if (!made.graph || weights_generate(made.graph, 1, &made.arena, &made.weights, &err))
        fail_msg("%s", err.text);
    made.names = arena_alloc(&made.arena, (size_t)made.weights.count, sizeof *made.names);
    assert_non_null(made.names);
    for (int i = 0; i < made.weights.count; i++)
        snprintf(made.names[i], sizeof *made.names, "%s", made.weights.list[i].name);
    return made;
}

static inline void release(struct made *made)
{
    arena_release(&made->arena);
    graph_free(made->graph);
}

static const char *temporary(const char *name)
{
    static char path[2][256];
    static int turn;
    turn = !turn;
    snprintf(path[turn], sizeof path[turn], "/tmp/cambench-test-%ld-%s", (long)getpid(), name);
    return path[turn];
}

static const char *write_safetensors(const struct made *made, const char *prefix)
{
    const char *path = temporary("in.safetensors");
    safetensors_write(path, made->weights.list, made->names, made->weights.count, prefix);
    return path;
}

static inline struct weights_imported import(const char *path, const char *arch, const char *out)
{
    struct error err;
    struct weights_imported imported;
    const struct weights_import what = {.path = path, .out = out, .arch = arch, .sha256 = "abc", .accuracy = 71.5};
    if (weights_import(&what, &imported, &err))
        fail_msg("%s", err.text);
    return imported;
}

static inline void import_says(const char *path, const char *arch, const char *why)
{
    struct error err = {0};
    struct weights_imported imported;
    const struct weights_import what = {.path = path, .out = temporary("no.h5"), .arch = arch, .sha256 = ""};
    assert_int_equal(weights_import(&what, &imported, &err), -1);
    if (!strstr(err.text, why))
        fail_msg("\"%s\" was said, not \"%s\"", err.text, why);
    assert_int_equal(access(what.out, F_OK), -1);
}

/* What stands in a weights file, in the order of `made`. */
static inline void equal_file(const char *path, const struct made *made, struct weights_info *info)
{
    struct error err;
    struct arena arena;
    struct weights weights;
    arena_init(&arena, 0);
    struct weights_file *file = weights_open(path, info, &err);
    if (!file || weights_read(file, &arena, &weights, &err))
        fail_msg("%s", err.text);
    assert_int_equal(weights.count, made->weights.count);
    for (int i = 0; i < made->weights.count; i++) {
        const struct weight *want = &made->weights.list[i];
        int at = 0;
        while (at < weights.count && strcmp(weights.list[at].name, want->name) != 0)
            at++;
        assert_true(at < weights.count);
        if (memcmp(weights.list[at].data, want->data, safetensors_size(want) * sizeof(float)) != 0)
            fail_msg("tensor \"%s\" differs", want->name);
    }
    weights_close(file);
    arena_release(&arena);
}

#endif
