/*
 * bench/merge/merge_state.h - shared by the files of merging; no other file includes it.
 *
 * merge_find.c finds the runs; merge_check.c checks that they belong together; merge_items.c copies their items;
 * merge_files.c writes the files beside the store; merge_runs.c calls these in turn.
 */
#ifndef BENCH_MERGE_MERGE_STATE_H
#define BENCH_MERGE_MERGE_STATE_H

#include "base/file.h"
#include "bench/merge/merge.h"

/* The state of one merge. */
struct merge_state {
    struct merge *merge;
    const char *first;        /* folder of the first run, with which the others must agree */
    int text_count;           /* number of texts of the joined run's manifest */
    struct store_text *texts; /* these texts: the first run's, and those of entries that others add */
    bool has_other_lists;     /* the output folder has a run with other lists, whose pictures show less */
    unsigned char *is_seen;   /* [backbone][image][method]: an earlier run has the item */
    const char **why_skipped; /* [image]: why it could not be read; NULL: it could */
    int *programs;            /* [program's number in the current run]: its number in the merged store; 0 stays 0 */
    int program_count;
    struct arena scratch;
};

/* Whether a folder has a run.db. */
bool merge_has_store(const char *folder);

/*
 * Opens each run, and the one in the output folder if there is one, compares its lists and texts with those joined so
 * far, and adds its backbones and methods.
 */
int merge_check_runs(struct merge_state *state, struct error *err);

/* Error: images, metrics or protocols of the run in `folder`, or versions of its methods, differ from the joined ones. */
int merge_compare_names(const struct merge_state *state, const char *folder, const struct store_names *names,
                        struct error *err);

/* Copies the items of a run into the merged store. Errors: the store has other values for an item; unreadable. */
int merge_copy_run(struct merge_state *state, struct merge_run *run, struct error *err);

/* Adds the reasons of a run's skipped images to why_skipped. */
int merge_note_skipped(struct merge_state *state, struct store *from, struct error *err);

/* Writes config.yaml and manifest.json of the merged run. */
int merge_write_manifest(struct merge_state *state, struct error *err);

/*
 * Copies the overlays of the runs that have all methods; existing ones are kept, unless the output folder's run has had
 * other lists.
 */
int merge_copy_overlays(const struct merge_state *state, struct error *err);

/* -- what is made in the output folder, so that a failure can remove it -- */

enum { MERGE_FILES = 4 };

struct merge_output {
    struct file_folders folders;
    bool was_there[MERGE_FILES]; /* before the merge */
};

/* Makes the output folder, and records what it already holds. */
int merge_make_output(struct merge_output *output, const char *folder, struct error *err);

/* Removes what was not there before, unless another process has the run; the store is closed. */
void merge_remove_output(struct merge_output *output, const char *folder);

#endif
