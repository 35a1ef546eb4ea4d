/*
 * bench/run/panel.h - the methods, metrics and protocols to evaluate on an image, with the seed and the runtime's
 * options.
 *
 * A run fills one panel from its config, `explain` from its options. Results of the evaluator depend only on the panel,
 * the network and the picture, so it can be used without a run. Once filled, a panel is const and shared by all
 * threads.
 */
#ifndef BENCH_RUN_PANEL_H
#define BENCH_RUN_PANEL_H

#include "bench/config/config.h"
#include "methods/harness.h"
#include "metrics/evidence.h"

/* The lists belong to the caller that fills the panel, and must live longer than the panel. */
struct panel {
    int method_count, metric_count, protocol_count;
    const struct config_method *methods;
    const struct evidence_metric *metrics; /* those that the config lists, then the parts of composites */
    const struct protocol *protocols;      /* maps, costs and classes are reported under the first one */
    uint64_t seed;                         /* of all random streams */
    bool exact_passes;                     /* compute every pass, without shortcuts (runtime.exact_passes) */
    bool keeps_on;                         /* a failure of a method is its result, not an error (runtime.on_error) */
    int batch;                             /* inputs in one pass (runtime.batch); 0: automatic */
};

/*
 * Whether the class that a protocol explains follows from the stored base pass on its input and the image's label,
 * without another pass.
 */
bool panel_keeps_class(const struct protocol *protocol);

/* Whether a metric of the panel compares maps with the annotated truth. */
bool panel_needs_truth(const struct panel *panel);

/*
 * The number of views (bench/run/walk.h): protocols that prepare the input alike and explain the same class share one.
 * The number of inputs, each with one base pass: protocols that prepare the input alike share one.
 */
int panel_view_count(const struct panel *panel);
bool panel_is_first_of_view(const struct panel *panel, int protocol);
bool panel_same_view(const struct protocol *a, const struct protocol *b);
int panel_input_count(const struct panel *panel);
bool panel_same_input(const struct protocol *a, const struct protocol *b);

/* Whether a method has the same saliency map under both; and whether that is changed in the same steps, to the same end. */
bool panel_same_map(const struct protocol *a, const struct protocol *b);
bool panel_same_curve(const struct protocol *a, const struct protocol *b, enum curve_kind kind);

/* The number, from 0, of a protocol's input, or of its view, among the panel's different ones. */
int panel_input_of(const struct panel *panel, int protocol);
int panel_view_of(const struct panel *panel, int protocol);

/*
 * Names an input or a view by the keys on which it depends, in the arena: protocols of all configs that share it have
 * the same name. NULL: no memory.
 */
const char *panel_input_name(const struct protocol *protocol, struct arena *arena);
const char *panel_view_name(const struct protocol *protocol, struct arena *arena);

/* The part of a base pass's setup that follows from the panel; input, black and image_name are the caller's to set. */
struct cam_setup panel_setup(const struct panel *panel, struct cam_worker *worker, struct arena *arena);

/* Sets what a setup says of pixels: black, deviation and grey of a network's complete input. */
void panel_set_pixels(struct cam_setup *setup, const struct picture_input *input);

#endif
