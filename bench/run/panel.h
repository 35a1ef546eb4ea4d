/*
 * bench/run/panel.h - what is evaluated on an image: methods, metrics and protocols, with the seed and the runtime's options.
 *
 * A run fills one panel from its config, `explain` from its options. The evaluator reads a panel and needs no run: all
 * that it measures depends on the panel, the network and the picture. A panel is const from then on, shared by all threads.
 */
#ifndef BENCH_RUN_PANEL_H
#define BENCH_RUN_PANEL_H

#include "bench/config/config.h"
#include "methods/harness.h"
#include "metrics/evidence.h"

/* The lists belong to whoever fills the panel and live longer. */
struct panel {
    int method_count, metric_count, protocol_count;
    const struct config_method *methods;
    const struct evidence_metric *metrics; /* those asked for, then the parts of composites */
    const struct protocol *protocols;      /* the first is the one of which maps, costs and classes are reported */
    uint64_t seed;                         /* of all random streams */
    bool exact_passes;                     /* no shortcuts (runtime.exact_passes) */
    int batch;                             /* inputs in one pass (runtime.batch); 0: automatic */
};

/* A metric of the panel compares maps with the annotated truth. */
bool panel_needs_truth(const struct panel *panel);

/* Protocols that prepare the input alike and explain the same class share a view (bench/run/evaluate.h); their number. */
int panel_view_count(const struct panel *panel);
bool panel_same_view(const struct protocol *a, const struct protocol *b);

/* The part of a base pass's setup that follows from the panel; input, black and image_name are the caller's to set. */
struct cam_setup panel_setup(const struct panel *panel, struct cam_worker *worker, struct arena *arena);

#endif
