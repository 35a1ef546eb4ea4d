/* bench/run/results_spent.h - the times of a report: what the stores' calls have spent. */
#ifndef BENCH_RUN_RESULTS_SPENT_H
#define BENCH_RUN_RESULTS_SPENT_H

#include "bench/store/store.h"
#include "report/report.h"

/*
 * Sets report->spent, in the arena: the sums over all calls of the stores, a call that several stores have once; NULL if
 * no store has any. The report's lists are there. Errors: a store cannot be read; no memory.
 */
int results_read_spent(struct store *const *stores, int count, struct arena *arena, struct report *report,
                       struct error *err);

#endif
