/*
 * bench/merge/merge.h - one run from several runs of one config, whole ones or shards.
 *
 * Everything is copied in a single commit into the store of the output folder, whose own items count as well: whatever interrupts
 * it, the folder holds what it held before, and merging can be repeated.
 */
#ifndef BENCH_MERGE_MERGE_H
#define BENCH_MERGE_MERGE_H

#include "base/arena.h"
#include "bench/config/config.h"
#include "bench/run/shard.h"
#include "bench/store/store_programs.h"

#include <stdio.h>

struct merge_run {
    const char *folder;
    struct shard shard;
};

struct merge {
    struct arena arena;
    const char *output;
    int run_count;
    struct merge_run *runs;
    struct config config;     /* of the runs, with the output folder as its own */
    struct store_names names; /* of the runs */
    struct store *store;      /* of the output folder */
    /* items: of the whole run, in the store, in more than one of the runs, of images that could not be read, not there */
    size_t item_count, present, repeated, skipped, missing;
    int shard_count; /* of every run, and [number - 1] how many items of each are missing; 0: runs are not alike */
    size_t *missing_of_shard;
    struct programs programs;   /* programs that measured the items in the store */
    const char *const *mixture; /* sentences about them: program_mixture() */
};

/*
 * Finds the runs: each folder itself, if it has a store, and its folders shard-I-of-N. output NULL: the one folder, whose
 * shards they are. Errors: no run there.
 */
int merge_open(struct merge *merge, const char *const *folders, int folder_count, const char *output,
               struct error *err);

/*
 * Joins them: store, config.yaml, manifest.json, overlays. Errors name the obstacle: configs, names, versions,
 * image sets or weights that differ; an item with two values; a run in use.
 */
int merge_runs(struct merge *merge, struct error *err);
void merge_close(struct merge *merge);

/* What is missing and the commands that bring it; nothing if all is there. -1: no memory. */
int merge_say_missing(struct merge *merge, FILE *stream, struct error *err);

#endif
