/*
 * metrics/evidence_probe.h - evidence that answers from given values and counts what is requested: for the estimate of
 * a run, which makes no pass, and for the tests of metrics.
 *
 *     struct evidence_probe probe = {.probability = {[EVIDENCE_OF_ORIGINAL] = 0.8, [EVIDENCE_OF_EXPLANATION] = 0.2}};
 *     struct evidence evidence = {.ops = &evidence_probe_ops, .context = &probe, ...};
 */
#ifndef METRICS_EVIDENCE_PROBE_H
#define METRICS_EVIDENCE_PROBE_H

#include "metrics/evidence.h"

/* The work that a run would do for the requests; results that it keeps and shares count once. */
struct evidence_requests {
    int passes;    /* full passes: base passes of the maps, states of the curves without their ends */
    int maps;      /* further runs of the method */
    int classes;   /* runs of the method for other classes, for all protocols of a view together */
    int shared;    /* full passes for all methods together: of shared sources, on altered networks */
    int altered;   /* runs of the method on altered networks, for all protocols of a view together */
    int draws;     /* random networks (struct evidence_altered) */
    unsigned ends; /* bit of each baseline that is an end of a curve: a pass for all methods together */
    int base;      /* requests that take the base pass of x */
};

struct evidence_probe {
    /* the answers */
    double probability[EVIDENCE_KINDS], logit[EVIDENCE_KINDS];
    struct map map, native; /* of other inputs and classes */
    struct map energy;
    const float *image;
    struct curve curve[CURVE_KINDS];
    struct truth truth;
    /* written */
    struct evidence_requests requests;
    int probability_calls, map_calls, energy_calls;
    struct curve_request curve_request; /* the last one */
    struct evidence_input last_shared;  /* likewise */
    int other_class;                    /* the last one */
    bool is_classed;
    bool is_passed[EVIDENCE_KINDS], is_mapped[EVIDENCE_KINDS], is_drawn[CURVE_KINDS];
};

extern const struct evidence_ops evidence_probe_ops;

/*
 * Measures the metrics twice, on made-up maps and probabilities of two kinds, and writes what they requested and the
 * seconds that they took. `evidence` gives protocol, metrics and the sizes of the maps; metrics with `is_measured`
 * (NULL: none) are left out. Errors: no memory; those of the metrics; a metric whose requests depend on values.
 */
int evidence_probe_metrics(const struct evidence *evidence, struct evidence_requests *requests, double *seconds,
                           struct error *err);

#endif
