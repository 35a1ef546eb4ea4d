/*
 * methods/cam_private.h - the context of methods/method.h, for the files that implement it.
 *
 * pass.c runs the base pass, call.c opens methods and calls them, wrapped.c calls methods for other methods, gradient.c
 * runs backward, perturb.c runs tails, masked.c runs the whole network on masked inputs, other_input.c runs it on other
 * inputs, baselines.c makes images to mask with.
 */
#ifndef METHODS_CAM_PRIVATE_H
#define METHODS_CAM_PRIVATE_H

#include "methods/harness.h"

/*
 * Gradients that several methods share: kept in the pass's arena with their time, which is added to each method's cost.
 */
struct kept_gradients {
    struct kept_gradients *next;
    const float *cotangent; /* d score / d outputs */
    enum gradient_rule rule;
    int count;
    const int *layers;      /* of the network, or SESSION_INPUT */
    struct tensor *tensors; /* [count] */
    double seconds;
    unsigned long call; /* the last one to which it was counted */
};

/* One image after its base pass (methods/harness.h). */
struct cam_pass {
    struct cam_setup setup;
    bool is_other; /* of cam_at_input(): in the worker's scratch, keeps no gradients, because they may be given back */
    const struct network *network;
    int klass, outputs, classes; /* outputs: of the network; classes: class_count() of them */
    float *output, *logits, *probabilities;
    struct tensor *layers;            /* [layer] */
    struct kept_gradients *gradients; /* of the class, a list */
    float *side;                      /* copy of the session's side values (nn/nn.h) */
    double seconds;                   /* of the base pass */
    unsigned long calls;              /* of methods so far */
};

/* One call of a method. */
struct cam {
    struct cam_pass *pass;
    int layer;
    const char *label;        /* key of its random stream */
    void *state;              /* what the method's open() returned */
    unsigned long call;       /* its number in the pass */
    cam_objective *objective; /* replaces the logit; NULL: nothing */
    const void *objective_context;
    const int *together; /* layers whose gradients one backward pass computes; NULL: each has its own */
    int together_count;
    struct channel_maps *channels; /* wanted of the method; NULL: none */
    struct cost *cost;
    struct error *err;
};

/* The maps of the channels of one layer and pass. */
struct channel_maps {
    const struct cam_pass *pass;
    int layer;
    float *data; /* (C,h,w) */
    bool is_given;
};

/*
 * Opens a method if the worker has not done so, and sets the context's state; runs an open method in a context, the map is
 * in `arena`; finds its map's form. 0, or -1 and the context's error.
 */
int cam_open_method(struct cam *cam, const struct method *method, const void *params);
int cam_call(struct cam *cam, const struct method *method, const void *params, struct arena *arena,
             struct base_map *map);
int cam_form(struct cam *cam, const struct method *method, const void *params, struct map_form *form);

/* Turns n outputs of the network (n, pass->outputs) into the logit and probability of the pass's class: out[n]. */
void cam_class_outputs(const struct cam_pass *pass, const float *output, int n, struct cam_output *out);

/*
 * Computes d score / d outputs where the classes (K) have these logits and probabilities; work (K). With one output, the
 * class's logit is the output or its negative, and the slope of the probability with respect to that logit is the
 * softmax's. 0, or -1 and the context's error.
 */
int cam_score_cotangent(const struct cam *cam, const float *logits, const float *probabilities, enum cam_score score,
                        float *work, float *q);

/* Runs a batch of any size, in sub-batches, without counting the passes. 0, or -1 and the context's error. */
int cam_run_passes(struct cam *cam, const struct session_batch *batch, struct cam_output *out);

#define CAM_UNKNOWN_LAYER "layer \"%s\" was not requested before the run"

#define SAME_AS_BASE (-1)

/*
 * Runs cam_run_passes() for the items i with same[i] == i. Each other item gets the result of the earlier item same[i],
 * or of the base pass if same[i] is SAME_AS_BASE: the same bits, since a pass depends on its input only. Counts these
 * items as repeated passes.
 */
int cam_run_distinct(struct cam *cam, const struct session_batch *batch, const int *same, struct cam_output *out);

#endif
