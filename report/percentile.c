/* report/percentile.c - percentiles by linear interpolation, in double. */
#include "report/percentile.h"

#include <math.h>
#include <stdlib.h>

static int compare_numbers(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void sort_doubles(double *values, size_t n)
{
    qsort(values, n, sizeof *values, compare_numbers);
}

double percentile_of_doubles(const double *sorted, size_t n, double percent)
{
    const double position = (double)(n - 1) * (percent / 100);
    const size_t below = (size_t)position, above = below + 1 < n ? below + 1 : below;
    const double step = position - (double)below, difference = sorted[above] - sorted[below];
    return step < 0.5 ? sorted[below] + difference * step : sorted[above] - difference * (1 - step);
}

void percentile_interval(const double *sorted, size_t n, double centre, double *low, double *high)
{
    *low = fmin(percentile_of_doubles(sorted, n, 2.5), centre);
    *high = fmax(percentile_of_doubles(sorted, n, 97.5), centre);
}
