/*
 * bench/run/results_table.h - the report's table of numbers from the rows of a store.
 */
#ifndef BENCH_RUN_RESULTS_TABLE_H
#define BENCH_RUN_RESULTS_TABLE_H

#include "base/arena.h"
#include "bench/store/store.h"
#include "report/report.h"

/*
 * Fills values, states, notes, costs, mean curves and the backbones' top-1/top-5 of a report whose lists are set, in
 * the arena. If report->shared is set, curves are averaged over those images only. Errors: the report's lists differ
 * from the store's; a row is outside the lists; two curves of one cell have different numbers of points; no memory.
 */
int results_fill_table(struct store *store, struct arena *arena, struct report *report, struct error *err);

/*
 * The same from several stores with the report's lists (store_arrange()). An item that several have is the first one's,
 * complete ones before others.
 */
int results_fill_from(struct store *const *stores, int count, struct arena *arena, struct report *report,
                      struct error *err);

#endif
