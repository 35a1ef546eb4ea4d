/* report/percentile.c - percentiles by linear interpolation, in double. */
#include "report/percentile.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { RUN = 16 }; /* numbers that are sorted by insertion before runs are merged */

static void sort_run(double *values, size_t n)
{
    for (size_t i = 1; i < n; i++) {
        const double value = values[i];
        size_t at = i;
        for (; at > 0 && values[at - 1] > value; at--)
            values[at] = values[at - 1];
        values[at] = value;
    }
}

/* Merges two sorted neighbours; of equal numbers (0 and -0) that of the first comes first. */
static void merge(const double *first, size_t first_count, const double *second, size_t second_count, double *out)
{
    const double *const first_end = first + first_count, *const second_end = second + second_count;
    while (first < first_end && second < second_end) {
        const bool is_second = *first > *second;
        *out++ = is_second ? *second : *first;
        first += !is_second;
        second += is_second;
    }
    memcpy(out, first, (size_t)(first_end - first) * sizeof *out);
    memcpy(out + (first_end - first), second, (size_t)(second_end - second) * sizeof *out);
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static void sort_by_merging(double *values, size_t n, double *other)
{
    double *from = values, *to = other;
    for (size_t i = 0; i < n; i += RUN)
        sort_run(values + i, least(RUN, n - i));
    for (size_t size = RUN; size < n; size *= 2) {
        for (size_t i = 0; i < n; i += 2 * size) {
            const size_t first = least(size, n - i), second = least(size, n - i - first);
            merge(from + i, first, from + i + first, second, to + i);
        }
        double *const before = from;
        from = to;
        to = before;
    }
    if (from != values)
        memcpy(values, from, n * sizeof *values);
}

static int compare_numbers(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void sort_doubles(double *values, size_t n)
{
    double few[RUN * RUN];
    double *other = n <= RUN * RUN ? few : malloc(n * sizeof *other);
    if (other)
        sort_by_merging(values, n, other);
    else
        qsort(values, n, sizeof *values, compare_numbers);
    if (other != few)
        free(other);
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
