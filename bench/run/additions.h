/*
 * bench/run/additions.h - which metrics and protocols that a run gains need passes, and which are made from what is
 * stored.
 */
#ifndef BENCH_RUN_ADDITIONS_H
#define BENCH_RUN_ADDITIONS_H

#include "bench/run/run.h"

/* Fills what run->work leaves to count, after work_read_items(). Errors: no memory; those of the metrics. */
int additions_count(struct run *run, const struct store *store, struct error *err);

/* Prints two lines: values that items gain without a pass, and those that take passes, with their number. */
void additions_print(const struct run *run, FILE *stream);

#endif
