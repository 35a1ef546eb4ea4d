/* bench/run/runner.h - measures what a run lacks, backbone after backbone, all images in parallel. */
#ifndef BENCH_RUN_RUNNER_H
#define BENCH_RUN_RUNNER_H

#include "base/h5.h"
#include "bench/process/progress.h"
#include "bench/run/run.h"
#include "bench/run/spent.h"

struct runner_job {
    struct run *run;
    struct store *store;
    struct store_session *session; /* of the store: the counts of this call */
    struct h5_writer *maps;        /* maps.h5; NULL: it is not written */
    struct progress *progress;
    struct spent_times *times;
    /* written, also by a run that fails: */
    int skipped_count; /* images that could not be read */
    size_t item_count; /* items committed */
};

/*
 * Commits each item within WRITER_LOSS_MS (bench/run/writer.h) of its measurement, names images that cannot be read on stderr and skips them, and stops
 * early, without an error, when an interruption has come. 0, or -1 with the first failure.
 */
int runner_measure(struct runner_job *job, struct error *err);

/*
 * Checks in advance what a run needs for backbone b: that its weights make a network, and that runtime.memory is enough
 * for a worker. Changes nothing.
 */
int runner_try_backbone(struct run *run, int b, struct error *err);

#endif
