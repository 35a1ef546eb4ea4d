/*
 * bench/compare/history.h - the numbers of all nightly runs in one SQLite file, to find when a number changed.
 *
 * A night is one run, identified by the time at which it was started; adding it again replaces it.
 */
#ifndef BENCH_COMPARE_HISTORY_H
#define BENCH_COMPARE_HISTORY_H

#include "bench/compare/compare_read.h"
#include "report/compare/trend.h"

/*
 * Adds the run's cells and the comparison's results (NULL: the first night); creates the file if it does not exist.
 * Errors: the file is not a history; locked; not writable.
 */
int history_note(const char *path, const struct compared *run, const struct comparison *comparison, struct error *err);

/* Reads all cells over all nights into the arena. Errors: no such file; the file is not a history. */
int history_read(const char *path, struct arena *arena, struct trends *out, struct error *err);

#endif
