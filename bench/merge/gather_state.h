/*
 * bench/merge/gather_state.h - shared by the files of gathering; no other file includes it.
 *
 * gather_runs.c opens the runs, unites their lists and reads them; gather_differ.c finds what differs, and notes it.
 */
#ifndef BENCH_MERGE_GATHER_STATE_H
#define BENCH_MERGE_GATHER_STATE_H

#include "bench/merge/gather.h"

/* Inverts a run's place[kind]: where the run has each of `places` entries, -1: nowhere. In the arena; NULL: no memory. */
int *gather_own_positions(const struct gather_run *run, enum store_list_kind kind, int places, struct arena *arena);

/* Adds a note `FOLDER: ...`. Error: no memory. */
int gather_note(struct gather *gather, const struct gather_run *run, struct error *err, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/*
 * How an entry differs from the entry of the same label of an earlier run: `has score "prob", in "results/a" "logit"`,
 * in the arena; *words is NULL if it does not. The paths of weights may differ, their bytes may not. Error: no memory.
 */
int gather_entry_differs(struct gather *gather, const struct gather_run *run, const struct gather_run *earlier,
                         enum store_list_kind kind, const char *label, const char **words, struct error *err);

/* The same for what is common to all numbers of a run, without the path of the image set: `has seed "2", in ...`. */
int gather_common_differs(struct gather *gather, const struct gather_run *run, const struct gather_run *earlier,
                          const char **words, struct error *err);

/*
 * The same for the values of a method that two runs have: `has 0.5 for average_drop (cambench) of image "a", in ...`.
 * Methods are positions in the runs' lists; protocols, metrics and images are compared where their places are equal.
 */
int gather_values_differ(struct gather *gather, const struct gather_run *run, int method,
                         const struct gather_run *earlier, int earlier_method, const char **words, struct error *err);

#endif
