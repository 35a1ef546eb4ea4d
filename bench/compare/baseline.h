/*
 * bench/compare/baseline.h - baselines: copies of runs that `cambench compare --update-baseline` saves.
 */
#ifndef BENCH_COMPARE_BASELINE_H
#define BENCH_COMPARE_BASELINE_H

#include "base/error.h"

#include <stdbool.h>

/* Whether the folder, or any other file of that name, exists. */
bool baseline_exists(const char *folder);

/*
 * Copies the files of a run that a comparison needs (run.db, config.yaml, manifest.json) to `folder`. The copy is made
 * as FOLDER.part and then replaces the old baseline in one step. Errors: `folder` holds other files (it may be a run,
 * which would be lost) or is the run itself; the run is still being written; not readable; not writable.
 */
int baseline_update(const char *folder, const char *run, struct error *err);

#endif
