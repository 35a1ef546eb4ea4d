/*
 * bench/compare/compare_read.h - a run's folder as one side of a comparison.
 *
 * The folder may be a run or a saved baseline. run.db and config.yaml are required; manifest.json describes the
 * machine. Names in the config are not looked up in this program, so runs of methods that no longer exist can be read.
 */
#ifndef BENCH_COMPARE_COMPARE_READ_H
#define BENCH_COMPARE_COMPARE_READ_H

#include "base/arena.h"
#include "bench/store/store_programs.h"
#include "report/compare/comparison.h"

struct compared {
    const char *folder;
    const char *started;     /* "2026-11-21T10:34:29Z"; "" if not known */
    int items, items_wanted; /* items measured, and all items of the run except those of skipped images */
    struct store_names names;
    struct programs programs; /* the programs that measured the run */
    const char *program;      /* program_text() */
    const char *kernels;      /* program_kernels() */
    struct report report;
    struct compare_side side; /* points into this struct */
};

/* Reads a run into the arena and closes its store. Errors: the folder holds no run; damaged; in use; no memory. */
int compared_read(const char *folder, struct arena *arena, struct compared *out, struct error *err);

#endif
