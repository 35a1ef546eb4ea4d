/*
 * report/stats.h - what the writers of report/ share about numbers.
 */
#ifndef REPORT_STATS_H
#define REPORT_STATS_H

#include "base/arena.h"
#include "report/report.h"

/* The cell of the array that report_cells() gives. */
const struct cell *cell_at(const struct report *report, const struct cell *cells, int backbone, int method,
                           int protocol, int metric);

/* The best mean of its backbone, protocol and metric, controls left out; equal as printed is as good. While a run is
   incomplete, a method that no other can be compared with is not the best. */
bool cell_is_best(const struct report *report, const struct cell *cells, int backbone, int method, int protocol,
                  int metric);

/* A stored number as people read it: times 100 for percent; and how many decimals it has on paper. */
double shown_value(const struct report_metric *metric, double value);
int shown_decimals(const struct report_metric *metric);

/* The percentile (0..100) of n >= 1 sorted numbers, between two of them by the straight line (NumPy's "linear"). */
double stats_percentile(const double *sorted, size_t n, double percent);

/* The 95 % percentile interval of n >= 1 sorted draws, widened to contain `centre`. */
void stats_interval(const double *sorted, size_t n, double centre, double *low, double *high);

void stats_sort(double *values, size_t n);

/*
 * Defined values of an ordinary metric, in image order, into out (image_count doubles); returns how many, and how many
 * are undefined (may be NULL).
 */
int defined_values(const struct report *report, int backbone, int method, int protocol, int metric, double *out,
                   int *undefined);

/* Costs of a method on a backbone over the images that were measured; numbers are NAN if n is 0. */
struct cost_summary {
    int n;
    double median, mean, low, high; /* seconds per map; quartiles */
    double full, tail, backward;    /* mean passes per map */
};
struct cost_summary cost_summary(const struct report *report, int backbone, int method, double *scratch);

#endif
