/*
 * nn/network.h - inside nn/: a compiled network and its programs.
 *
 * Compiling turns nodes into steps (batch norm folded, residual and activation fused) over values. A program is the list
 * of steps from a start value to the logits, with a place in a workspace for each value: one for the whole network, one
 * per layer for its tail, and one each that keeps every value, for gradients.
 */
#ifndef NN_NETWORK_H
#define NN_NETWORK_H

#include "base/arena.h"
#include "nn/op.h"

struct program {
    int start;              /* value */
    int step_count, *steps; /* positions in network->steps */
    int spatial_count;      /* steps on maps; those after it run on rows, a vector for each image */
    int group_first;        /* steps before it run image by image, the others on up to group_images at once */
    int group_images;
    int boundary;           /* value between the two kinds; -1: all steps are spatial */
    int side_count, *sides; /* values that steps read and that neither start nor a step gives */
    size_t *offset;         /* of each value in the workspace (floats); NO_PLACE if it has none */
    bool *is_grouped;       /* value: there is a place for group_images of it, one after the other */
    int *panel;             /* of each value: channels of its panels (struct panels); 0: NHWC */
    size_t floats, scratch; /* of the workspace; where scratch begins */
};

#define NO_PLACE ((size_t)-1)

struct network {
    struct arena arena;
    const struct kernel_set *set; /* NULL: OpenBLAS alone */
    struct shape input;
    int node_count;
    struct node *nodes;
    int step_count;
    struct step *steps;
    int value_count;
    struct shape *values;
    int logits; /* value */
    int layer_count;
    const char **layer_names;
    int *layer_values;
    struct program full;
    struct program *tails; /* [layer] */
    struct program *tapes; /* [layer], and one more at the end: from the input */
    size_t *side_offset;   /* of each value in the session's side buffer; NO_PLACE */
    size_t side_floats;
    size_t base_floats; /* after them: the base pass's row for nn/difference.h; 0: there is no such layer */
};

/*
 * Lists the steps from `start` to the logits and gives every value a place: a value's place is used again when its last
 * reader has run, unless keep_all is set or pinned[value] is. Errors: the logits do not depend on start; no memory.
 */
int program_build(struct network *network, int start, bool keep_all, const bool *pinned, struct program *program,
                  struct error *err);

/*
 * Fills in nodes, steps and values; weights are packed. `layers` have values of their own. Errors: unknown layer; no memory.
 */
int network_compile(struct network *network, const struct graph *graph, const struct weights *weights,
                    const char *const *layers, struct error *err);

/* Puts a chain after the steps whose work it does, and marks these as its parts. Errors: no memory. */
int network_find_chains(struct network *network, struct error *err);

#endif
