/* bench/run/results_until.h - how many images of each method count in a report, by the rule of dataset.until. */
#ifndef BENCH_RUN_RESULTS_UNTIL_H
#define BENCH_RUN_RESULTS_UNTIL_H

#include "base/arena.h"
#include "bench/config/config.h"
#include "bench/store/store.h"
#include "report/report.h"

/* Sets report->ends, in the arena, from the values of the run's store. Errors: those of the store; no memory. */
int results_read_ends(const struct config *config, struct store *store, struct arena *arena, struct report *report,
                      struct error *err);

/* Appends a sentence for each backbone to the remarks. Does nothing without ends. Error: no memory. */
int results_note_ends(struct report *report, struct arena *arena, struct error *err);

#endif
