/*
 * report/stats.h - lookups of cells, rounding for print and cost summaries, for all writers of report/.
 */
#ifndef REPORT_STATS_H
#define REPORT_STATS_H

#include "base/arena.h"
#include "report/report.h"

/* One cell of the array that report_cells() returns. */
const struct cell *cell_at(const struct report *report, const struct cell *cells, int backbone, int method,
                           int protocol, int metric);

/*
 * Whether the cell has the best mean of its backbone, protocol and metric, controls left out; means that print alike
 * are equally good. While a run is incomplete, a method without any competitor is not the best.
 */
bool cell_is_best(const struct report *report, const struct cell *cells, int backbone, int method, int protocol,
                  int metric);

/*
 * Writes `head`, "cambench with class=label" and `end`, if the protocol differs from its preset; writes nothing
 * otherwise.
 */
void protocol_changes(const struct report_protocol *protocol, FILE *stream, const char *head, const char *end,
                      int (*escape)(FILE *, const char *));

/* Finds the metrics of whose means a metric is made: its parts, or itself alone. Returns how many. */
int metric_parts(const struct report *report, int metric, int part[REPORT_PARTS_MAX]);

/* A stored number as it is printed (times 100 for percent), and with how many decimals. */
double shown_value(const struct report_metric *metric, double value);
int shown_decimals(const struct report_metric *metric);

/*
 * Copies the defined values of a metric without `combine`, in image order, into out (image_count) and returns how many
 * they are; *undefined, if not NULL, receives how many values are undefined.
 */
int defined_values(const struct report *report, int backbone, int method, int protocol, int metric, double *out,
                   int *undefined);

/* Costs of a method on a backbone over its n measured images; numbers are NAN if n is 0. */
struct cost_summary {
    int n;
    double median, mean, low, high; /* seconds per map; quartiles */
    double full, tail, backward;    /* mean passes per map */
};
/* scratch: image_count doubles. */
struct cost_summary cost_summary(const struct report *report, int backbone, int method, double *scratch);

#endif
