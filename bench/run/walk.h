/*
 * bench/run/walk.h - private to the evaluator: structs and functions shared by the files that evaluate one image.
 *
 * A view is one input of the network with its base pass; protocols that prepare the input alike and explain the same
 * class share it. An explanation is x*m of a view, with what has been computed of it; equal masks share it. A
 * measurement is one method under one protocol. All of it lives in the evaluator's arena until the next image; the maps
 * of inputs that metrics write have an arena of their own, until the next such map.
 */
#ifndef BENCH_RUN_WALK_H
#define BENCH_RUN_WALK_H

#include "bench/run/curves.h"
#include "bench/run/evaluate.h"
#include "datasets/preprocess.h"

/* Outputs for a view's class on the inputs of a metric's shared source. */
struct shared {
    const struct shared *next;
    const struct metric *metric;
    struct evidence_input input;
    const struct cam_output *outputs; /* [input.count] */
};

/* x*m and x*(1-m) of a view, computed once for all protocols and methods with the same mask. */
struct explanation {
    struct explanation *next;
    const float *mask; /* (H,W) */
    int mask_space;
    struct cam_pass *pass; /* base pass; NULL: not yet */
    bool has_rest;
    struct cam_output rest; /* for the class, on x*(1-m) */
    struct cam_map map;     /* a method's raw map of x*m */
    int map_by;             /* position of that method in the panel; -1: none yet */
};

/* Another class than the explained one: the pass and a method's map for it. */
struct other_class {
    struct other_class *next;
    int klass;
    struct cam_pass *pass;
    struct cam_map map;
    int map_by; /* position of that method in the panel; -1: none yet */
};

struct altered_maps; /* altered_map.c */

struct view {
    const struct protocol *protocol; /* the first that uses it */
    float *input;                    /* x (C,H,W) */
    uint8_t *pixels;                 /* the crop before normalisation (H,W,3) */
    struct preprocess_geometry geometry;
    int input_number;          /* among the panel's different inputs */
    struct cam_pass *pass;     /* NULL: nothing is wanted of the view, or nothing needs the pass so far */
    bool has_class;            /* whether the protocol's class is defined for this image */
    int klass;                 /* -1: undefined, or known only after the pass */
    const struct truth *truth; /* NULL: no metric needs it */
    struct explanation *explanations;
    const struct shared *shared;
    struct other_class *others;
    struct altered_maps *altered;
    struct evidence_keeper *keeper;
    struct curves curves;
    /* of the current method: */
    struct cam_map raw;
    struct map energy; /* no data: not requested yet */
};

struct walk {
    struct evaluator *evaluator;
    const struct panel *panel;
    struct arena *arena;
    const struct evaluate_subject *subject;
    struct shape input;                                     /* (C,H,W) */
    float black[CAM_CHANNELS_MAX], white[CAM_CHANNELS_MAX]; /* such pixels after normalisation */
    int view_count, input_count;                            /* views; different inputs of these */
    struct view *views;
    int *view_of;     /* [protocol] */
    int method_count; /* of the task */
    const int *methods;
    const struct store_value *const **known; /* [method of the task][protocol][metric]; NULL: to be measured */
};

struct measurement {
    const struct walk *walk;
    struct view *view;
    int protocol, method; /* positions in the panel */
    struct cam_post post;
    struct saliency saliency;
    struct explanation *explanation; /* NULL: not chosen yet */
    struct evidence evidence;
    const struct store_value *const *known; /* [metric]: NULL: to be measured */
    const struct store_item *stored;        /* what the store has of the item; NULL: nothing */
};

/* -- from raw to saliency map, by the protocol's post-processing --------------------------------------------------- */

static inline int measurement_finish(const struct measurement *m, const struct cam_map *raw, struct arena *arena,
                                     struct saliency *saliency, struct error *err)
{
    return cam_finish(raw, &m->post, m->walk->input.h, m->walk->input.w, arena, saliency, err);
}

/* (H,W); data NULL: not finite. */
static inline struct map saliency_map(const struct walk *walk, const struct saliency *saliency)
{
    return (struct map){walk->input.h, walk->input.w, saliency->data};
}

/* Before enlargement. */
static inline struct map saliency_native(const struct saliency *saliency)
{
    return (struct map){saliency->native_h, saliency->native_w, saliency->native};
}

/* -- view.c ------------------------------------------------------------------------------------------------------- */

/* The setup of a base pass on x or on another input of the image; `name`: cam_input_name(). */
struct cam_setup walk_setup(const struct walk *walk, const float *input, const char *name);

/* cam_input_name() of a view. */
static inline const char *view_name(const struct walk *walk, const struct view *view)
{
    return view == walk->views ? "" : view->protocol->name;
}

/* How a picture becomes the input of a network, (C,H,W), whose own rules are `own`, under a protocol. */
struct preprocess view_preprocess(const struct protocol *protocol, struct shape input, const struct picture_input *own);

/* Lists the panel's views. */
int views_list(struct walk *walk, struct error *err);

/* Makes the input x from the picture. *is_unreadable becomes true if the picture is the cause of the error. */
int view_prepare(const struct walk *walk, struct view *view, bool *is_unreadable, struct error *err);

/* Runs the base pass, and finds the class to explain and, if a metric needs it, the truth for that class. */
int view_pass(const struct walk *walk, struct view *view, struct error *err);

/*
 * Finds class and truth from the stored base pass on the view's input (NULL: not stored) instead; `has_map`: the store
 * has a map of the view. Returns 1, 0 if it takes the pass, or -1 with err.
 */
int view_recall(const struct walk *walk, struct view *view, const struct store_base *base, bool has_map,
                struct error *err);

/* Runs the base pass of a recalled view, if that has not been done. */
int view_need_pass(const struct walk *walk, struct view *view, struct error *err);

/*
 * Runs a method on the view: its raw map, if the view has a class. `known`: that map as the store has it, which is then
 * not made again unless its values were not kept; NULL: none.
 */
int view_explain(const struct walk *walk, struct view *view, int method, const struct store_map *known,
                 struct error *err);

/* Counts a map that a method made, without the base pass of its input. */
void walk_count_map(const struct walk *walk, const struct cost *cost);

/* Counts passes of the whole network. */
void walk_count_passes(const struct walk *walk, int count);

/* -- explanation.c ------------------------------------------------------------------------------------------------ */

/* "KIND/PROTOCOL" or "KIND/PROTOCOL/INDEX" (cam_input_name()), in the arena. Error: no memory. */
int explanation_name(const struct measurement *m, const char *kind, int index, const char **name, struct error *err);

/* Outputs for the explained class on x*m or x*(1-m), and the raw map of x*m; each is computed once. */
int explanation_output(struct measurement *m, struct cam_output *out, struct error *err);
int explanation_rest(struct measurement *m, struct cam_output *out, struct error *err);
int explanation_map(struct measurement *m, const struct cam_map **raw, struct error *err);

/* Writes x*m, or x*(1-m) (C,H,W). */
int explanation_write(struct measurement *m, bool is_rest, float *out, struct error *err);

/* -- changed.c ---------------------------------------------------------------------------------------------------- */

/* Outputs [input.count] for the explained class on inputs that a metric writes. */
int changed_outputs(struct measurement *m, struct evidence_input input, struct cam_output *out, struct error *err);

/* Those of a shared source, which are measured once for all methods and protocols of the view. */
int shared_outputs(struct measurement *m, struct evidence_input input, struct cam_output *out, struct error *err);

/* Gives an input of which a metric requests the map to the evaluator's take_input(). */
int changed_take(struct measurement *m, struct evidence_input input, struct error *err);

/* The saliency map of one such input, or of x*(1-m), for the class of x; it lives until the next. */
int changed_map(struct measurement *m, struct evidence_input input, struct saliency *saliency, struct error *err);

/* -- other_class.c ------------------------------------------------------------------------------------------------ */

/*
 * The method's raw map of x for another class (evidence_map_of_class()), which is computed once; or gives x with that
 * class to the evaluator's take_input().
 */
int other_class_map(struct measurement *m, int other, const struct cam_map **raw, struct error *err);
int other_class_take(struct measurement *m, int other, struct error *err);

/* -- altered_map.c ------------------------------------------------------------------------------------------------ */

/* The method's map on an altered network (metrics/metric.h), after ReLU and enlargement; it lives until the next. */
int altered_map(struct measurement *m, struct evidence_altered of, struct evidence_input input,
                struct saliency *saliency, struct error *err);

/* -- measure.c ---------------------------------------------------------------------------------------------------- */

/* How a protocol makes a saliency map of a raw one. */
struct cam_post measurement_post(const struct protocol *protocol);

/*
 * Makes the saliency map of a raw map, and its evidence. Without an explained class it makes no map. `known`
 * [metric]: values that an earlier session has measured, NULL where it has not; they are not measured again.
 */
int measurement_begin(struct measurement *m, const struct walk *walk, int method, int protocol,
                      const struct store_value *const *known, struct error *err);

/* Measures the panel's metric k, if it is not known. */
int measurement_value(struct measurement *m, int k, struct store_value *value, struct error *err);

/*
 * Adds the requested curves to the method's curves, under the metrics whose values are their areas and not known, and
 * the counts of metrics that have them (base/counts.h).
 */
int measurement_keep_curves(const struct measurement *m, struct evaluated_method *out, struct error *err);

#endif
