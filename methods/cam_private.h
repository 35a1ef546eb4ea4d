/*
 * methods/cam_private.h - the context behind methods/method.h, for the files that implement it.
 *
 * pass.c runs the base pass, call.c opens methods and calls them, gradient.c runs backward, perturb.c runs tails,
 * masked.c runs the whole network on masked inputs, baselines.c makes images to mask with.
 */
#ifndef METHODS_CAM_PRIVATE_H
#define METHODS_CAM_PRIVATE_H

#include "methods/harness.h"

/* Gradients that several methods ask for: kept in the pass's arena, with the time they took, which each is charged. */
struct kept_gradients {
    struct kept_gradients *next;
    enum cam_score score;
    enum gradient_rule rule;
    int count;
    const int *layers;      /* of the network, or SESSION_INPUT */
    struct tensor *tensors; /* [count] */
    double seconds;
};

struct cam_pass {
    struct cam_setup setup;
    const struct network *network;
    int klass, outputs, classes; /* outputs: of the network; classes: class_count() of them */
    float *output, *logits, *probabilities;
    struct tensor *layers;            /* [layer] */
    struct kept_gradients *gradients; /* of the class, a list */
    float *side;
    double seconds; /* of the base pass */
};

struct cam {
    struct cam_pass *pass;
    int layer;
    const char *label;
    void *state;
    struct cost *cost;
    struct error *err;
};

/* Classes of n outputs of the network. */
void cam_class_outputs(const struct cam_pass *pass, const float *output, int n, struct cam_output *out);

/* The passes of a batch of any size, in pieces; they are not counted here. 0, or -1 and the context's error. */
int cam_run_passes(struct cam *cam, const struct session_batch *batch, struct cam_output *out);

#define CAM_UNKNOWN_LAYER "layer \"%s\" was not asked for before the run"

#define SAME_AS_BASE (-1)

/*
 * cam_run_passes() of those items i with same[i] == i. The others get the result of item same[i], which comes before, or of the
 * base pass: the same bits, since a pass depends on nothing but its input. Counts the repeated ones.
 */
int cam_run_distinct(struct cam *cam, const struct session_batch *batch, const int *same, struct cam_output *out);

#endif
