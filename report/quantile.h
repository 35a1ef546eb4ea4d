/*
 * report/quantile.h - quantiles of the normal and of Student's distribution.
 */
#ifndef REPORT_QUANTILE_H
#define REPORT_QUANTILE_H

/* The number that a standard normal variable exceeds with probability `tail`, 0 < tail < 0.5. */
double quantile_normal(double tail);

/* Student's quantile that corresponds to the normal quantile z (Wallace 1959, eq. 5, solved for t); degrees > 0. */
double quantile_student(double z, double degrees);

#endif
