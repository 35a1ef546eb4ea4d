/*
 * bench/merge/merge_state.h - shared by the files of merging; no other file includes it.
 *
 * merge_find.c finds the runs; merge_check.c checks that they belong together; merge_items.c copies their items;
 * merge_files.c writes what is beside the store; merge_runs.c does these in turn.
 */
#ifndef BENCH_MERGE_MERGE_STATE_H
#define BENCH_MERGE_MERGE_STATE_H

#include "bench/merge/merge.h"

/* What is known while runs are merged. */
struct merge_state {
    struct merge *merge;
    const char *first; /* the first run; the others must be like it */
    int text_count;    /* of its manifest */
    struct store_text *texts;
    unsigned char *is_seen;   /* [backbone][image][method]: in one of the runs */
    const char **why_skipped; /* [image]; NULL: could be read */
    int *programs;            /* [number in the current run] number in the merged store; 0 stays 0 */
    int program_count;
    struct arena scratch;
};

/* Whether a folder has a run.db. */
bool merge_has_store(const char *folder);

/* Opens each run and compares its lists and texts with the first one's; also the run in the output folder, if one is there. */
int merge_check_runs(struct merge_state *state, struct error *err);

/* Error: the lists of the run in `folder` are not those of the first one. */
int merge_compare_names(const struct merge_state *state, const char *folder, const struct store_names *names,
                        struct error *err);

/* Copies the items of a run into the merged store. Errors: an item with another value there; unreadable. */
int merge_copy_run(struct merge_state *state, const char *folder, struct error *err);

/* Keeps the reasons for skipped images. */
int merge_note_skipped(struct merge_state *state, struct store *from, struct error *err);

/* config.yaml and manifest.json of the merged run. */
int merge_write_manifest(struct merge_state *state, struct error *err);

int merge_copy_overlays(const struct merge *merge, const char *folder, struct error *err);

#endif
