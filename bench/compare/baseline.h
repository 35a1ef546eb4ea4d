/*
 * bench/compare/baseline.h - what `cambench compare --update-baseline` keeps of a run.
 */
#ifndef BENCH_COMPARE_BASELINE_H
#define BENCH_COMPARE_BASELINE_H

#include "base/error.h"

#include <stdbool.h>

/* A folder is there, or something else of that name. */
bool baseline_exists(const char *folder);

/*
 * Makes `folder` a copy of what a comparison needs of a run: run.db, config.yaml, manifest.json. It is written beside as
 * FOLDER.part and takes the old one's place at once. Errors: `folder` holds other files (a run of its own, which would be
 * lost), is the run itself, a run that is at work, not readable, not writable.
 */
int baseline_update(const char *folder, const char *run, struct error *err);

#endif
