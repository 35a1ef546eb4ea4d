/*
 * methods/cam_private.h - the context behind methods/method.h, for the files that implement it.
 *
 * pass.c runs the base pass, call.c opens methods and calls them, gradient.c runs backward, perturb.c runs tails,
 * masked.c runs the whole network on masked inputs, baselines.c makes images to mask with.
 */
#ifndef METHODS_CAM_PRIVATE_H
#define METHODS_CAM_PRIVATE_H

#include "methods/harness.h"

/* A gradient that several methods ask for: kept in the pass's arena, with the time it took, which each is charged. */
struct kept_gradient {
    struct tensor tensor;
    double seconds;
};

struct cam_pass {
    struct cam_setup setup;
    const struct network *network;
    int klass, outputs, classes; /* outputs: of the network; classes: class_count() of them */
    float *output, *logits, *probabilities;
    struct tensor *layers;                              /* [layer] */
    struct kept_gradient (*gradients)[CAM_SCORE_COUNT]; /* [layer, then the input][score] */
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

/* Where passes begin. */
enum pass_kind { PASS_FULL, PASS_TAIL, PASS_TAIL_POSITIONS, PASS_TAIL_POOLED };

/* n passes in batches; they are not counted here. 0, or -1 and the context's error. */
int cam_run_passes(struct cam *cam, enum pass_kind kind, int n, session_source *source, void *context,
                   struct cam_output *out);

#define SAME_AS_BASE (-1)

/*
 * The passes of those items i with same[i] == i. The others get the result of item same[i], which comes before, or of the
 * base pass: the same bits, since a pass depends on nothing but its input. Counts the repeated ones.
 */
int cam_run_distinct(struct cam *cam, enum pass_kind kind, int n, const int *same, session_source *source,
                     void *context, struct cam_output *out);

#endif
