/*
 * report/percentile.h - percentiles of sorted numbers, and the intervals between them.
 */
#ifndef REPORT_PERCENTILE_H
#define REPORT_PERCENTILE_H

#include <stddef.h>

void sort_doubles(double *values, size_t n);

/* The percentile (0..100) of n >= 1 sorted numbers, interpolated linearly (NumPy's "linear"). */
double percentile_of_doubles(const double *sorted, size_t n, double percent);

/* The 95 % percentile interval of n >= 1 sorted draws, widened to contain `centre`. */
void percentile_interval(const double *sorted, size_t n, double centre, double *low, double *high);

#endif
