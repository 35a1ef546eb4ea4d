/*
 * bench/run/work.h - what a run that was begun before has, what it gains and what is left to be measured.
 */
#ifndef BENCH_RUN_WORK_H
#define BENCH_RUN_WORK_H

#include "bench/run/run.h"

/* Entries of a list that the store did not have, and entries of the store that the run does not list. */
struct work_list {
    int gained, left_out;
    const char *name; /* of the first one gained */
};

/* Of a backbone and a method. An item is a part if it has values, but not all. */
struct work_items {
    int there, parts, missing; /* items of the run, or of the shard */
    double part_maps;          /* maps to be made for the parts, whose maps were not kept or are under new views */
};

struct work {
    bool has_other_lists; /* the store's were others, or in another order */
    struct work_list lists[STORE_LISTS];
    struct work_items *items; /* [backbone][method] */
    int *images;              /* [backbone]: images of which something is missing */
    bool *is_kept;            /* [backbone][image][method][view]: maps in the store; NULL: no item is a part */
    double *bases;            /* [backbone]: base passes to be made: additions_count() */
    double *part_bases;       /* [backbone]: of these, those that only parts need */
    bool *lacks_map;          /* [protocol]: a part lacks its map */
    bool *is_lacking;         /* [protocol][metric]: values that parts lack */
    bool *needs_evidence;     /* [protocol][metric]: of these, those that are not areas of curves in the store */
};

/* Reads the lists of a store before they are kept (store_keep_lists()), in the run's arena. NULL and err: no memory. */
struct work *work_read_lists(struct run *run, const struct store *store, struct error *err);

/* Reads the items afterwards. Errors: those of the store; no memory. */
int work_read_items(struct run *run, struct store *store, struct work *work, struct error *err);

static inline bool *work_kept(const struct work *work, const struct run *run, const struct store_key *key, int view)
{
    const size_t image_count = (size_t)run->image_count, method_count = (size_t)run->config.method_count;
    const size_t item = ((size_t)key->backbone * image_count + (size_t)key->image) * method_count + (size_t)key->method;
    return &work->is_kept[item * (size_t)panel_view_count(&run->panel) + (size_t)view];
}

/*
 * Prints a line about a store with other lists: `results/demo: adds 1 method (layercam), leaves out 1 metric: 24 maps are
 * there, 12 to measure`. Prints nothing for equal lists.
 */
void work_print(const struct run *run, const struct work *work, FILE *stream);

#endif
