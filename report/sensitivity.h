/*
 * report/sensitivity.h - how the ranking of methods depends on the protocol: ranks, and rank correlations of protocols.
 */
#ifndef REPORT_SENSITIVITY_H
#define REPORT_SENSITIVITY_H

#include "report/report.h"

/* Of a backbone, metric, method and protocol. */
struct sensitivity_rank {
    double rank;      /* 1: the best; tied methods share the mean of their ranks; NAN: no mean, or a control */
    double low, high; /* 95 % percentile bootstrap over images; NAN: none */
};

/* Of a backbone, metric and two protocols. */
struct sensitivity_tau {
    int n; /* methods with a rank under both protocols */
    double tau, ci_low, ci_high;
};

struct sensitivity {
    const struct cell *cells;
    struct sensitivity_rank *ranks; /* [backbone][metric][protocol][method] */
    struct sensitivity_tau *taus;   /* [backbone][metric][protocol][protocol], of first < second */
};

const struct sensitivity_rank *sensitivity_rank_at(const struct report *report, const struct sensitivity *sensitivity,
                                                   int backbone, int metric, int protocol, int method);
const struct sensitivity_tau *sensitivity_tau_at(const struct report *report, const struct sensitivity *sensitivity,
                                                 int backbone, int metric, int first, int second);

/* Whether some method has a rank under two protocols. */
bool sensitivity_has_ranks(const struct report *report, const struct sensitivity *sensitivity, int backbone,
                           int metric);

#endif
