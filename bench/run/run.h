/*
 * bench/run/run.h - a run: everything opened and checked before work begins, then measured, then reported.
 *
 * plan.c opens, estimate.c says what it will cost, execute.c does it: runner.c measures all images in parallel, each by
 * evaluate_image.c, record.c notes what was done with what, results.c makes tables and plots.
 */
#ifndef BENCH_RUN_RUN_H
#define BENCH_RUN_RUN_H

#include "base/arena.h"
#include "bench/config/config.h"
#include "bench/run/evaluate.h"
#include "bench/run/method_files.h"
#include "bench/run/panel.h"
#include "bench/run/run_backbone.h"
#include "bench/run/shard.h"
#include "bench/store/store.h"
#include "datasets/imageset.h"
#include "report/report.h"

#include <stdio.h>
#include <time.h>

/* A file that a run needs and that does not exist, and the command that fetches or makes it. */
struct run_missing {
    const char *what, *path, *command;
};

/* A map that a method failed to make (runtime.on_error: skip). */
struct run_failure {
    struct run_failure *next; /* the one before it */
    int backbone, image, method;
    const char *why;
};

/* What the rule of dataset.until would take on a backbone, tried on the images measured so far. */
struct run_pilot {
    int images; /* that it was tried on */
    int *taken; /* [method]: median */
};

struct run {
    double begun; /* seconds_now() */
    struct arena arena;
    struct config config;
    struct imageset *images;
    int image_count;
    int *chosen;              /* positions in the image set */
    const char **image_names; /* of the chosen ones */
    struct panel panel;       /* the lists of config, for the evaluator */
    struct run_backbone *backbones;
    int threads;
    bool is_dry;
    struct shard shard;
    const char *whole_output; /* of a shard: the folder of the whole, in which config.output lies */
    int missing_count;
    struct run_missing *missing;
    int method_file_count;
    struct method_file *method_files; /* hashes set by record_open() */
    const char *images_sha256;        /* set by record_open() */
    struct work *work;                /* what is left of a run begun before: record_check(), record_open(); NULL: all */
    const struct run_pilot *pilot;    /* [backbone]; NULL: no rule, or nothing measured; record_check() */
    int failure_count;
    struct run_failure *failures; /* the latest first */
};

struct work;

struct run_flags {
    bool is_fresh, keeps_old, is_strict, is_quiet;
    int columns; /* of the terminal; 0: unknown */
    bool has_color;
    const char *pairs; /* metric whose pairs are printed, see results_has_metric(); NULL: none */
};

/*
 * Opens and checks everything that the config names. On failure nothing is left open. A dry run lists files that do not
 * exist in run->missing and goes on without them: images may be NULL, image_count 0 (unknown), a model without weights.
 */
int run_open(struct run *run, const char *config_path, const char *const *sets, int set_count, bool is_dry,
             struct error *err);
void run_close(struct run *run);

/* Whether a dry run goes on without a file of method `method`, which can then not be opened. */
bool run_lacks_file(const struct run *run, int method);

/* Restricts the run to a shard, in a folder of its own inside config.output. Errors: report.maps is set; no memory. */
int run_take_shard(struct run *run, const struct shard *shard, struct error *err);

/* Measures the run and writes its report. Returns an exit code: done, interrupted, incomplete; EXIT_USAGE with err. */
int run_execute(struct run *run, const struct run_flags *flags, struct error *err);

/* -- run_image.c -- */

/*
 * evaluate_picture() of chosen image `image` of a run on its backbone `backbone`; the evaluator's arena is reset first.
 * Where a metric needs truth, an image whose mask cannot be read is unreadable too.
 */
int run_evaluate(struct evaluator *evaluator, const struct run *run, int backbone, int image, const int *which,
                 int count, struct evaluated *out, bool *is_unreadable, struct error *err);

/* The same for a part of what the methods' items have; fields as in struct evaluate_subject (bench/run/evaluate.h). */
struct run_request {
    int backbone, image, count;
    const int *which; /* (count) */
    const struct store_item *known;
    const struct store_base *const *bases;
    bool needs_base;
    int wanted_views;
};
int run_evaluate_missing(struct evaluator *evaluator, const struct run *run, const struct run_request *request,
                         struct evaluated *out, bool *is_unreadable, struct error *err);

/* -- record.c: store, config and manifest -- */

/*
 * Opens the store in config.output, which exists, and writes config.yaml. Items measured by a program with other
 * sources are removed, to be measured again, with a line on stderr; with flags->keeps_old they stay. Errors: the
 * folder's run was begun with another config, image set or weights (with flags->is_fresh it is kept aside instead); in
 * use by another process; not writable.
 */
struct store *record_open(struct run *run, const struct run_flags *flags, struct error *err);

/* Checks, for a dry run, that record_open() would accept the existing run directory. Sets run->work. */
int record_check(struct run *run, bool fresh, struct error *err);

/* Removes overlays, plots, tables, maps.h5 and index.html from a run directory, because they show other lists than the run's. */
int record_clear_pictures(const char *folder, struct error *err);

/* Writes manifest.json. */
int record_close(struct run *run, struct store *store, time_t started, time_t ended, struct error *err);

/* -- results.c: tables and plots -- */

/*
 * Makes a report from a config and a store, in the arena. images (image_count): names by position. Errors: no memory,
 * those of the store.
 */
int results_read(const struct config *config, struct store *store, const char *const *images, int image_count,
                 struct arena *arena, struct report *report, struct error *err);

/* The same from several stores that have the config's lists (store_arrange()). */
int results_read_from(const struct config *config, struct store *const *stores, int count, const char *const *images,
                      int image_count, struct arena *arena, struct report *report, struct error *err);

/* Whether the metric, as named by an option, can be printed in pairs; else err. */
bool results_has_metric(const struct config *config, const char *name, struct error *err);

/* Width of the terminal on stdout in columns; 0: stdout is not a terminal. */
int terminal_columns(void);

/* What a report is made from: stores with its lists, and the folders of the runs. */
struct results_origin {
    int store_count, folder_count;
    struct store *const *stores;
    const char *const *folders;
    /*
     * Called when all but costs and index.html are written, which have the time that this took: brings the report's times
     * and the manifest up to date. NULL: they are.
     */
    int (*update)(void *context, struct error *err);
    void *context;
};

/* Writes CSV files, tables, plots and index.html, and prints the summary unless quiet. Warnings go to stderr. */
int results_write(const struct report *report, const struct config *config, const struct run_flags *flags,
                  const struct results_origin *origin, struct error *err);

#endif
