/*
 * bench/compare/history.h - the numbers of all nights in one SQLite file, to see when something changed.
 *
 * A night is a run, known by the time at which it was started; noting it again replaces it.
 */
#ifndef BENCH_COMPARE_HISTORY_H
#define BENCH_COMPARE_HISTORY_H

#include "bench/compare/compare_read.h"
#include "report/compare/trend.h"

/* Adds the run's cells and the comparison's results; makes the file if there is none. Errors: not a history, locked. */
int history_note(const char *path, const struct compared *run, const struct comparison *comparison, struct error *err);

/* All cells over all nights, in the arena. Errors: no such file, not a history. */
int history_read(const char *path, struct arena *arena, struct trends *out, struct error *err);

#endif
