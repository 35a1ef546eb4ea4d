/*
 * report/meta.h - what the writers of the meta-evaluation share.
 */
#ifndef REPORT_META_H
#define REPORT_META_H

#include "report/report.h"

#include <math.h>

#define KENDALL_TIE 1e-6 /* a smaller difference is none: of fractions; relative, of numbers beyond 1 */

/*
 * Kendall's tau-b of n pairs (Kendall 1945: ties count in neither direction), in [-1,1]; NAN if n < 3, or if all of one
 * side are equal.
 */
double kendall_tau(const double *x, const double *y, int n);

/* The metric that the others are compared with: the first that is_truth and not combined of means; -1: none. */
int meta_truth(const struct report *report);

/* Whether there is a row: not for costs and the truth itself; for combined metrics only over methods. */
bool meta_has_row(const struct report *report, int metric, enum meta_form form);

const struct meta_cell *meta_cell_at(const struct report *report, const struct meta_cell *cells, int backbone,
                                     int protocol, int metric, enum meta_form form, bool with_controls);

/* Metrics with rows, by falling tau over methods without controls (none: last); returns how many. order: metric_count. */
int meta_order(const struct report *report, const struct meta_cell *cells, int backbone, int protocol, int *order);

#endif
