/* bench/run/pilot.h - estimates how many images the rule of dataset.until will take, from those measured so far. */
#ifndef BENCH_RUN_PILOT_H
#define BENCH_RUN_PILOT_H

#include "bench/run/run.h"

#define PILOT_IMAGES_LEAST 10

/*
 * Sets run->pilot, in the run's arena, if the run has a rule: for each backbone on which the store has at least
 * PILOT_IMAGES_LEAST images with all methods, the rule is tried on images drawn from these, several times.
 */
int pilot_read(struct run *run, struct store *store, struct error *err);

/* For a run with a rule, prints the estimates of each backbone, or how to get them. */
void pilot_print(const struct run *run, FILE *stream);

#endif
