/*
 * metrics/evidence.h - the evidence of one image, method and protocol: what bench/ (and a test) fills in, what metrics ask.
 *
 * Probabilities and the explanation's map are made by functions that the caller hands over, when a metric asks first; the
 * caller keeps what other protocols may share. Values of metrics are kept too, so that a composite costs nothing.
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

struct evidence {
    const struct protocol *protocol;
    struct map map, native; /* data NULL: the map is not finite; all metrics of it are undefined */
    const char *map_flag;   /* NULL, or what is said of values that were measured on such a map: "constant_map" */
    struct cost cost;
    bool
        is_original_only; /* the method has no maps of changed inputs: metrics of these are undefined, "original_only" */
    bool is_refused;      /* written: the metric at hand has requested such a map */
    /* 0, or -1 with err; NULL: a metric that asks for it fails */
    int (*probability)(void *context, enum evidence_image image, double *probability, struct error *err);
    int (*explain_again)(void *context, struct map *map, struct error *err);
    int (*energy)(void *context, struct map *map, struct error *err);
    int (*curve)(void *context, const struct curve_request *request, struct curve *curve, struct error *err);
    const struct truth *truth; /* NULL: no metric of the run is_truth */
    struct arena *arena;       /* the image's, for scratch */
    void *context;
    int metric_count;
    const struct evidence_metric *metrics; /* of the run */
    struct value *values;                  /* [metric], given by the caller, zeroed */
    bool *is_measured;                     /* [metric], likewise */
    struct curve curves[CURVE_KINDS];      /* written: the protocol's; count 0: no metric asked for it */
};

/* Measures metric `index` of the list, once. Combined metrics are undefined ("combined") for one image. */
int evidence_measure(struct evidence *evidence, int index, struct value *value, struct error *err);

#endif
