/* bench/perf/rounds.c - medians and spreads. */
#include "bench/perf/rounds.h"

#include <assert.h>
#include <stdlib.h>

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Kept in ascending order. */
void rounds_add(struct rounds *rounds, double value)
{
    assert(rounds->count < ROUNDS_MAX);
    rounds->value[rounds->count++] = value;
    qsort(rounds->value, (size_t)rounds->count, sizeof *rounds->value, by_value);
}

double rounds_median(const struct rounds *rounds)
{
    assert(rounds->count > 0);
    return (rounds->value[(rounds->count - 1) / 2] + rounds->value[rounds->count / 2]) / 2;
}

double rounds_spread(const struct rounds *rounds)
{
    return 100 * (rounds->value[rounds->count - 1] - rounds->value[0]) / rounds_median(rounds);
}
