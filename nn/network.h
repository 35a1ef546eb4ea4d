/*
 * nn/network.h - inside nn/: a compiled network and its programs.
 *
 * Compiling turns nodes into steps (batch norm folded, residual and activation fused). Each step computes a value from
 * others; values are numbered. A program is the list of steps from a start value to the logits, with a place in a
 * workspace for each value. There is a program for the whole network and one for the tail of each layer. For gradients,
 * each has a counterpart that keeps every value, its tape.
 */
#ifndef NN_NETWORK_H
#define NN_NETWORK_H

#include "base/arena.h"
#include "nn/op.h"

#include <pthread.h>

struct program {
    int start;              /* value */
    int step_count, *steps; /* positions in network->steps */
    int spatial_count;      /* the first steps, on maps; those after them run on rows, one vector per image */
    int group_first;        /* steps before it run image by image, the others on up to group_images images at once */
    int group_images;
    int boundary;           /* value between steps on maps and steps on rows; -1: all steps are spatial */
    int side_count, *sides; /* values that steps read, but that are neither the start value nor computed by a step */
    size_t *offset;         /* of each value in the workspace (floats); NO_PLACE if it has none */
    bool *is_grouped;       /* of each value: it has room for group_images images, one after the other */
    int *panel;             /* of each value: channels of its panels (struct panels); 0: NHWC */
    size_t floats, scratch; /* size of the workspace; where scratch begins in it */
};

#define NO_PLACE ((size_t)-1)

/* Weights that are packed when they are first needed; the only part of a network that changes. */
struct late_weights {
    pthread_mutex_t lock;
    struct arena arena;
    bool *is_packed; /* [step] */
};

struct foreign;

struct network {
    struct arena arena;
    const struct foreign *foreign; /* NULL: the engine runs it; else all below but input, values, logits, layers is 0 */
    const char *foreign_name;      /* that of its functions; nn/network.c cannot include nn/foreign.h, which needs it */
    struct late_weights *late;     /* of op->reverse(); NULL: a mix, whose steps are packed where they come from */
    const struct network *mixed[2]; /* of a mix: the two networks that it was made of */
    const bool *is_other;           /* [step] of a mix: it is mixed[1]'s; NULL: not a mix */
    const struct kernel_set *set;   /* NULL: OpenBLAS alone */
    struct shape input;
    int node_count;
    struct node *nodes;
    int step_count;
    struct step *steps;
    int value_count;
    struct shape *values;
    int logits;      /* value */
    int layer_count; /* target layers */
    const char **layer_names;
    int *layer_values;
    struct program full;   /* from the input */
    struct program *tails; /* [layer] */
    struct program *tapes; /* [layer], and one more at the end, from the input: programs that keep every value */
    size_t *side_offset;   /* of each value in the session's side buffer; NO_PLACE */
    size_t side_floats;
    size_t base_floats; /* after side_floats: the base pass's row for nn/difference.h; 0: no layer uses that shortcut */
};

/*
 * Lists the steps from `start` to the logits and gives every value a place in the workspace, which is reused after its
 * last reader has run, unless keep_all or pinned[value] is true. Errors: the logits do not depend on start; no memory.
 */
int program_build(struct network *network, int start, bool keep_all, const bool *pinned, struct program *program,
                  struct error *err);

/*
 * Packs the weights of op->reverse() of a program's steps where that has not been done. Several threads may call.
 * Errors: no memory.
 */
int network_pack_reverse(const struct network *network, const struct program *program, struct error *err);

/*
 * Fills in nodes, steps and values, and packs the weights. No step is fused across one of `layers`, so that each keeps
 * its value. Errors: unknown layer; no memory.
 */
int network_compile(struct network *network, const struct graph *graph, const struct weights *weights,
                    const char *const *layers, struct error *err);

/*
 * Adds a step for each chain (nn/conv.h), after the steps that it combines, and marks these as its parts. Errors: no
 * memory.
 */
int network_find_chains(struct network *network, struct error *err);

#endif
