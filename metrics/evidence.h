/*
 * metrics/evidence.h - the evidence of one image, method and protocol, which bench/ (or a test) fills in.
 *
 * Evidence that costs passes is computed by a table of functions when a metric requests it: a run has one table
 * (bench/run/measure.c), the estimate and the tests another (metrics/evidence_probe.h). These functions keep results
 * that several protocols share. Values of metrics are kept here, so a composite does not measure its parts again.
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

/*
 * The annotated position of the label's object, at the network's input; made once for an image, an input and a class.
 */
struct truth {
    const char *no_mask, *no_boxes; /* NULL, or why there is none: the reasons of evidence_truth_mask() */
    struct truth_mask mask;
    struct truth_boxes boxes;
    struct truth_mask box_mask; /* their union */
};

/*
 * Each returns 0, or -1 with err, and receives the evidence's context. Where a function is NULL, a metric that requests
 * it fails.
 */
struct evidence_ops {
    int (*scores)(void *context, struct evidence_input input, enum evidence_score score, double *values,
                  struct error *err);
    /*
     * Never called for ORIGINAL or SHARED; for a source with count 1. Writes the map in both sizes; data NULL: not
     * finite.
     */
    int (*map)(void *context, struct evidence_input input, struct map *at_input, struct map *at_layer,
               struct error *err);
    /* For another class than the explained one (evidence_map_of_class()); likewise. */
    int (*map_of_class)(void *context, int other, struct map *at_input, struct map *at_layer, struct error *err);
    int (*energy)(void *context, struct map *map, struct error *err);
    int (*curve)(void *context, const struct curve_request *request, struct curve *curve, struct error *err);
    int (*truth)(void *context, const struct truth **truth, struct error *err);
    /* For ORIGINAL or a source. Writes the map in both sizes; data NULL: not finite. */
    int (*altered)(void *context, struct evidence_altered altered, struct evidence_input input, struct map *at_input,
                   struct map *at_layer, struct error *err);
};

/* The counts of a metric for the image. */
struct evidence_counts {
    const struct evidence_counts *next;
    const struct metric *metric;
    size_t length;
    uint32_t *data;
};

/* What metrics keep of an image and a class; it lives in the arena of the evidence. */
struct evidence_keeper;

struct evidence {
    const struct evidence_ops *ops;
    void *context;
    const struct protocol *protocol;
    struct map map, native; /* data NULL: the map is not finite, and all metrics but costs are undefined */
    const float *image;     /* x (channels,H,W) of the network's input */
    int channels;
    int class_count;                 /* of the network */
    struct evidence_keeper **keeper; /* of all methods; NULL: nothing is kept */
    const char *map_flag;            /* flag of all values measured on this map: "constant_map"; NULL: none */
    struct cost cost;
    bool is_original_only;  /* the method has no maps of other inputs: metrics that need one are "original_only" */
    int stages;             /* of the network */
    const char *no_altered; /* why the method has no maps on networks with altered weights; NULL: it has */
    uint64_t seed;          /* key of random streams, with the names of image and metric */
    const char *image_name;
    struct arena *arena; /* for scratch; reset after the image */
    int metric_count;
    const struct evidence_metric *metrics; /* of the run */
    struct value *values;                  /* [metric], given by the caller, zeroed */
    bool *is_measured;                     /* [metric], likewise */
    /* written */
    const struct metric *metric; /* the one being measured */
    bool is_refused;             /* this metric has requested a map that the method does not have */
    const struct evidence_counts *counts;
    struct curve curves[CURVE_KINDS]; /* under the protocol's own settings; count 0: no metric requested it */
};

/*
 * Value of metric `index` of the list, measured at the first call. Metrics that combine means are undefined
 * ("combined") for a single image. 0, or -1 with err.
 */
int evidence_measure(struct evidence *evidence, int index, struct value *value, struct error *err);

/* The request of a protocol's own curve. */
struct curve_request evidence_protocol_curve(const struct protocol *protocol, enum curve_kind kind);

#endif
