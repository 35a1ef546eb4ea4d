/*
 * metrics/evidence.h - the evidence of one image, method and protocol: what bench/ (and a test) fills in.
 *
 * What costs passes is made by a table of functions when a metric requests it: a run has one (bench/run/measure.c), the
 * estimate and the tests another (metrics/evidence_probe.h). The caller keeps what other protocols may share. Values of
 * metrics are kept too, so that a composite costs nothing.
 */
#ifndef METRICS_EVIDENCE_H
#define METRICS_EVIDENCE_H

#include "base/arena.h"
#include "metrics/metric.h"
#include "metrics/protocol.h"

/* A metric of the run, with its parameters. */
struct evidence_metric {
    const struct metric *metric;
    const void *params;
};

/* What is known of where the label's object is; made once for an image, an input and a class. */
struct truth {
    const char *no_mask, *no_boxes; /* NULL, or why there is none: the reasons of evidence_truth_mask() */
    struct truth_mask mask;
    struct truth_boxes boxes;
    struct truth_mask box_mask; /* their union */
};

/* Each returns 0, or -1 with err; the context is the evidence's. NULL: a metric that requests it fails. */
struct evidence_ops {
    int (*probability)(void *context, struct evidence_input input, double *probability, struct error *err);
    /* Not of ORIGINAL; of a source one. Both sizes; data NULL: not finite. */
    int (*map)(void *context, struct evidence_input input, struct map *at_input, struct map *at_layer,
               struct error *err);
    int (*energy)(void *context, struct map *map, struct error *err);
    int (*curve)(void *context, const struct curve_request *request, struct curve *curve, struct error *err);
    int (*truth)(void *context, const struct truth **truth, struct error *err);
};

struct evidence {
    const struct evidence_ops *ops;
    void *context;
    const struct protocol *protocol;
    struct map map, native; /* data NULL: the map is not finite; all metrics of it are undefined */
    const char *map_flag;   /* NULL, or what is said of values that were measured on such a map: "constant_map" */
    struct cost cost;
    bool is_original_only; /* the method has no maps of other inputs: metrics of these are undefined, "original_only" */
    uint64_t seed;         /* with the image's and the metric's name: key of random streams */
    const char *image_name;
    struct arena *arena; /* the image's, for scratch */
    int metric_count;
    const struct evidence_metric *metrics; /* of the run */
    struct value *values;                  /* [metric], given by the caller, zeroed */
    bool *is_measured;                     /* [metric], likewise */
    /* written */
    const struct metric *metric;      /* at hand */
    bool is_refused;                  /* it has requested a map that the method does not have */
    struct curve curves[CURVE_KINDS]; /* the protocol's; count 0: no metric requested it */
};

/* Measures metric `index` of the list, once. Combined metrics are undefined ("combined") for one image. */
int evidence_measure(struct evidence *evidence, int index, struct value *value, struct error *err);

#endif
