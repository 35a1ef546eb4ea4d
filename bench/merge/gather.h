/*
 * bench/merge/gather.h - several runs in one report. Protocols and metrics are those of the first run, images those that
 * all runs have, backbones and methods those of all runs. What cannot be compared is left out or renamed, with a note.
 */
#ifndef BENCH_MERGE_GATHER_H
#define BENCH_MERGE_GATHER_H

#include "base/arena.h"
#include "bench/config/config.h"
#include "bench/run/run.h"
#include "bench/store/store.h"
#include "report/report.h"

struct gather_run {
    const char *folder;
    const char *name; /* in labels: the last part of the folder's name */
    struct store *store;
    struct config config;
    struct store_names names;
    int text_count;
    struct store_text *texts; /* conditions_read() */
    /* [own position]: in the report's list, -1: left out; NULL for views and inputs. Images: in the first run's list */
    int *place[STORE_LISTS];
    bool is_left_out;
};

struct gather {
    struct arena arena;
    int run_count;
    struct gather_run *runs;
    struct config config;     /* of the report */
    struct store_names names; /* its lists */
    bool *has_image;          /* [position in the first run's list]: all runs have it */
    int *method_run;          /* [method]: the run that it is from; */
    int *method_own;          /* and its position there */
    int note_count;
    const char **notes;           /* what differs, a sentence each; ends with NULL */
    struct results_origin origin; /* the runs that are not left out; set by gather_read() */
};

/*
 * Opens the runs and unites their lists. `output` is the report's folder. Errors: a folder without a run; a run that is
 * given twice; `output` is a run directory; a config that this program cannot read.
 */
int gather_open(struct gather *gather, const char *const *folders, int count, const char *output, struct error *err);

/* The number of runs that are not left out. */
int gather_count(const struct gather *gather);

/* Reads the numbers; the notes become remarks. */
int gather_read(struct gather *gather, struct report *report, struct error *err);

void gather_close(struct gather *gather);

#endif
