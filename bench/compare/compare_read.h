/*
 * bench/compare/compare_read.h - a run's folder as one side of a comparison.
 *
 * It may be the folder of a run or a saved baseline: run.db and config.yaml are needed, manifest.json says which machine
 * it was. Nothing of the config is looked up in this program, so that a run of a method that is no more can be read.
 */
#ifndef BENCH_COMPARE_COMPARE_READ_H
#define BENCH_COMPARE_COMPARE_READ_H

#include "base/arena.h"
#include "bench/store/store_programs.h"
#include "report/compare/comparison.h"

struct compared {
    const char *folder;
    const char *started;     /* "2026-11-21T10:34:29Z"; "" if not known */
    int items, items_wanted; /* backbone, image and method: measured, and without skipped images to be measured */
    struct store_names names;
    struct programs programs; /* the programs that measured the run */
    const char *program;      /* program_text() */
    const char *kernels;      /* program_kernels() */
    struct report report;
    struct compare_side side; /* points into this struct */
};

/* Everything is in the arena; the store is closed again. Errors: no run there, damaged, in use, no memory. */
int compared_read(const char *folder, struct arena *arena, struct compared *out, struct error *err);

#endif
