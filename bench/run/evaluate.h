/*
 * bench/run/evaluate.h - one image on one backbone: decode, preprocess, base pass, methods, evidence, metrics.
 */
#ifndef BENCH_RUN_EVALUATE_H
#define BENCH_RUN_EVALUATE_H

#include "backbones/picture_input.h"
#include "bench/run/altered.h"
#include "bench/run/panel.h"
#include "bench/run/spent.h"
#include "bench/run/truth.h"
#include "bench/store/store.h"
#include "datasets/decode.h"
#include "methods/harness.h"

/* What an evaluator has done: passes as methods and metrics requested them, but each base pass of an image once. */
struct evaluate_made {
    size_t maps, kept_maps;            /* made by a method, those of changed inputs too; taken from the store */
    double base, full, tail, backward; /* base passes of images; all other passes */
};

/* The state of one worker thread. */
struct evaluator {
    const struct panel *panel;
    const char *backbone;       /* label, for errors */
    const int *named_class;     /* [protocol] of run_backbone.h; NULL: no protocol names a class */
    struct picture_input input; /* mean, deviation and resizing of the network */
    struct cam_worker worker;
    struct arena arena;        /* reset for every image */
    struct arena changed;      /* for one map of a changed input that a metric has requested */
    struct altered *altered;   /* NULL: no networks with altered weights */
    struct arena altered_sums; /* of maps on one of them */
    /*
     * Receives the changed inputs (C,H,W) of which metrics request maps, with cam_input_name() and the class, and the
     * metric gets the map of x instead: its value then means nothing. NULL: the method makes the map.
     */
    int (*take_input)(void *context, const char *name, int klass, const float *x, struct error *err);
    void *take_context;
    struct evaluate_made made;
    struct spent *spent; /* NULL: times are not counted */
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
    int map_count;                    /* of maps that the store lacks */
    struct store_map *maps;
    struct cam_map *raws;     /* [view] of the panel; no data if its protocol has no class for this image */
    struct saliency saliency; /* under the first protocol */
    const char *failure;      /* why the method failed and there is nothing else; NULL: it did not */
};

/* What a view explains. */
struct evaluated_view {
    int klass;          /* -1: its protocol has no class for this image, or the view was left out */
    double probability; /* of that class, a fraction */
};

struct evaluated {
    struct store_base base; /* on the first input */
    int base_count;
    struct store_base *bases;         /* on each input that was passed */
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
    /*
     * What is known of the methods in `which`: values that are not measured again, and maps that are not made again.
     * NULL: nothing is known.
     */
    const struct store_item *known;
    const struct store_base *const *bases; /* with `known`: [input] of the panel; NULL: to be made where needed */
    bool needs_base;                       /* with `known`: the base pass on the first input is wanted in any case */
    int wanted_views; /* with `known`: the maps of this many of the first views are wanted in any case */
};

/*
 * Measures what is not known of `count` methods (`which`: positions in the panel) on a picture. A view under which
 * nothing is wanted is left out; out->pixels is NULL if the first one is. The arena is not reset first, and results live
 * in it. Backbone and image of the base passes are left 0. Returns 0, or -1 with err; *is_unreadable is true if the
 * picture cannot be decoded or resized, and false for all other errors, such as a failing disk or a lack of memory. With
 * panel->keeps_on a method's error is noted in its `failure`, unless the system is the cause.
 */
int evaluate_picture(struct evaluator *evaluator, const struct evaluate_subject *subject, const int *which, int count,
                     struct evaluated *out, bool *is_unreadable, struct error *err);

#endif
