/*
 * report/meta.h - the meta-evaluation's rank correlation, its cells, and the rows and order of its tables and plots.
 */
#ifndef REPORT_META_H
#define REPORT_META_H

#include "report/report.h"

#include <math.h>

#define KENDALL_TIE 1e-6 /* numbers that differ by less are tied; relative to the larger one if that is beyond 1 */

/* 1: x is above y; -1: below; 0: a tie. */
int kendall_order(double x, double y);

/* The value with its sign changed, if need be, so that higher is better. */
double kendall_oriented(const struct report_metric *metric, double value);

/*
 * Kendall's tau-b of n pairs (Kendall 1945: ties count in neither direction), in [-1,1]; NAN if n < 3, or if all of one
 * side are equal.
 */
double kendall_tau(const double *x, const double *y, int n);

/* The metric that the others are compared with: the first that is_truth and has values per image; -1: none. */
int meta_truth(const struct report *report);

/*
 * Whether the table has a row: costs, metrics of counts and the truth itself have none; combined metrics have one only
 * over methods.
 */
bool meta_has_row(const struct report *report, int metric, enum meta_form form);

const struct meta_cell *meta_cell_at(const struct report *report, const struct meta_cell *cells, int backbone,
                                     int protocol, int metric, enum meta_form form, bool with_controls);

/*
 * Writes the metrics that have rows into order (metric_count), by falling tau over methods without controls; those
 * without a tau come last. Returns how many.
 */
int meta_order(const struct report *report, const struct meta_cell *cells, int backbone, int protocol, int *order);

#endif
