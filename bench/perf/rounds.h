/*
 * bench/perf/rounds.h - repeated measurements: a round lasts at least so long; rounds of what is compared alternate, so that
 * a machine that speeds up or slows down does so for all; medians and spreads are what counts.
 */
#ifndef BENCH_PERF_ROUNDS_H
#define BENCH_PERF_ROUNDS_H

#include "base/clock.h"

#define ROUNDS_MAX 99

struct rounds {
    int count;
    double value[ROUNDS_MAX];
};

void rounds_add(struct rounds *rounds, double value); /* at most ROUNDS_MAX */
double rounds_median(const struct rounds *rounds);    /* of at least one */
double rounds_spread(const struct rounds *rounds);    /* (largest - smallest) / median, in percent */

#endif
