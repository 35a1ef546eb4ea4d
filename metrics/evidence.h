/*
 * metrics/evidence.h - the evidence of one image, method and protocol: what bench/ (and a test) fills in, what metrics ask.
 *
 * Probabilities and the explanation's map are made by functions that the caller hands over, when a metric asks first; the
 * caller keeps what other protocols may share. Values of metrics are kept too, so that a composite costs nothing.
 */
#ifndef METRICS_EVIDENCE_H
#define METRICS_EVIDENCE_H

#include "metrics/metric.h"

/* A metric of the run, with its parameters. */
struct evidence_metric {
    const struct metric *metric;
    const void *params;
};

struct evidence {
    struct map map, native; /* data NULL: the map is not finite; all metrics of it are undefined */
    const char *map_flag;   /* NULL, or what is said of values that were measured on such a map: "constant_map" */
    struct evidence_cost cost;
    /* 0, or -1 with err */
    int (*probability)(void *context, enum evidence_image image, double *probability, struct error *err);
    int (*explain_again)(void *context, struct map *map, struct error *err);
    void *context;
    int metric_count;
    const struct evidence_metric *metrics; /* of the run */
    struct value *values;                  /* [metric], given by the caller, zeroed */
    bool *is_measured;                     /* [metric], likewise */
};

/* Measures metric `index` of the list, once. Combined metrics are undefined ("combined") for one image. */
int evidence_measure(struct evidence *evidence, int index, struct value *value, struct error *err);

#endif
