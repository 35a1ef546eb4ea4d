/*
 * bench/run/evaluate.h - one image on one backbone: decode, preprocess, base pass, methods, evidence, metrics.
 */
#ifndef BENCH_RUN_EVALUATE_H
#define BENCH_RUN_EVALUATE_H

#include "backbones/picture_input.h"
#include "bench/run/panel.h"
#include "bench/run/truth.h"
#include "bench/store/store.h"
#include "datasets/decode.h"
#include "methods/harness.h"

/* The state of one worker thread. */
struct evaluator {
    const struct panel *panel;
    const char *backbone;       /* label, for errors */
    const int *named_class;     /* [protocol] of run_backbone.h; NULL: no protocol names a class */
    struct picture_input input; /* mean, deviation and resizing of the network */
    struct cam_worker worker;
    struct arena arena;   /* reset for every image */
    struct arena changed; /* for one map of a changed input that a metric has requested */
    /*
     * Receives the changed inputs (3,H,W) of which metrics request maps, with cam_input_name() and the class, and the
     * metric gets the map of x instead: its value then means nothing. NULL: the method makes the map.
     */
    int (*take_input)(void *context, const char *name, int klass, const float *x, struct error *err);
    void *take_context;
};

/* Closes methods and frees memory; the session is the caller's. */
void evaluator_release(struct evaluator *evaluator);
size_t evaluator_bytes(const struct evaluator *evaluator); /* session and arenas */

/* A method's results on an image; they live until the arena is reset. */
struct evaluated_method {
    int method;
    struct cost cost; /* under the first protocol that has a class for this image; seconds -1: no protocol has one */
    int value_count;
    struct store_value *values;
    const struct store_curve *curves; /* those that metrics requested, a linked list */
    struct cam_map *raws;             /* [view] of the panel; no data if its protocol has no class for this image */
    struct saliency saliency;         /* under the first protocol */
    const char *failure;              /* why the method failed and there is nothing else; NULL: it did not */
};

/* What a view explains. */
struct evaluated_view {
    int klass;          /* -1: its protocol has no class for this image */
    double probability; /* of that class, a fraction */
};

struct evaluated {
    struct store_base base;
    struct evaluated_view *views;     /* [view] of the panel; the first is that of the first protocol */
    const uint8_t *pixels;            /* the crop under the first protocol, (H,W,3) */
    struct evaluated_method *methods; /* in the order of `which` */
};

/* A decoded picture; it lives in the evaluator's arena or longer. */
struct evaluate_subject {
    const char *name;
    int index; /* in the image set; -1: outside one */
    int label; /* -1: unknown */
    struct picture picture;
    struct annotation annotation; /* all zero: there is no truth */
};

/*
 * Measures `count` methods (`which`: positions in the panel) on a picture. The arena is not reset first, and results
 * live in it. out->base.backbone and .image are left 0. Returns 0, or -1 with err; *is_unreadable is true if the
 * picture cannot be decoded or resized, and false for all other errors, such as a failing disk or a lack of memory. With
 * panel->keeps_on a method's error is noted in its `failure`, unless the system is the cause.
 */
int evaluate_picture(struct evaluator *evaluator, const struct evaluate_subject *subject, const int *which, int count,
                     struct evaluated *out, bool *is_unreadable, struct error *err);

#endif
