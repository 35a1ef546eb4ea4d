/*
 * bench/merge/merge.h - joins several runs, whole runs or shards, into one. Their images, metrics and protocols are the
 * same; backbones and methods may differ, and the joined run has all of them, in the order of the runs.
 *
 * All items are copied into the store of the output folder in a single commit, beside the items that it already has. If
 * merging is interrupted, the folder is unchanged and merging can be repeated.
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
    int given; /* position of its argument */
    struct shard shard;
    bool has_all_methods; /* its methods are those of the joined run, in the same order */
};

struct merge {
    struct arena arena;
    const char *output;
    int run_count;
    struct merge_run *runs;
    int output_place;           /* number of runs whose entries come before those of the output folder's own run */
    struct config config;       /* of the joined run, with the output folder as its own */
    struct store_names names;   /* of the joined run */
    struct store *store;        /* of the output folder */
    size_t item_count;          /* items of the whole run */
    size_t present;             /* of these, in the merged store */
    size_t repeated;            /* in more than one of the runs */
    size_t skipped;             /* of images that could not be read */
    size_t missing;             /* not measured yet */
    int shard_count;            /* the number of shards, if it is the same for all runs; else 0 */
    size_t *missing_of_shard;   /* [shard number - 1]: its missing items */
    struct programs programs;   /* programs that measured the items in the store */
    const char *const *mixture; /* program_mixture() of these programs */
};

/*
 * Finds the runs in the folders: a folder that has a store, and its folders shard-I-of-N. With `output` NULL the runs
 * are joined in the one folder given. Errors: a folder without a run; several folders and no output; no memory.
 */
int merge_open(struct merge *merge, const char *const *folders, int folder_count, const char *output,
               struct error *err);

/*
 * Joins the runs' stores and overlays, and writes config.yaml and manifest.json. Errors: configs, names, versions,
 * image sets or weights that differ; an item with two values; a run in use.
 */
int merge_runs(struct merge *merge, struct error *err);
void merge_close(struct merge *merge);

/*
 * Prints the number of missing items and the commands that measure them; prints nothing if none is missing. -1: no
 * memory.
 */
int merge_say_missing(struct merge *merge, FILE *stream, struct error *err);

#endif
