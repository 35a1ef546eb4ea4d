/*
 * bench/run/commit.h - copies what a worker has measured for the writer (bench/run/writer.h), and brings it into the store
 * and maps.h5.
 */
#ifndef BENCH_RUN_COMMIT_H
#define BENCH_RUN_COMMIT_H

#include "bench/process/progress.h"
#include "bench/run/pictures.h"
#include "bench/run/run.h"
#include "bench/run/schedule.h"
#include "bench/run/spent.h"
#include "bench/run/writer.h"

#include <pthread.h>

/* Where the results of a backbone go. While workers run, only the writer uses what is not said to be shared. */
struct commit {
    struct store *store;   /* shared: what it has of items that no batch contains yet, and, with the lock, its file */
    pthread_mutex_t *lock; /* held to write an item or to commit, not while a batch gathers or is synced */
    struct pictures *pictures; /* shared */
    struct run *run;
    struct store_session *session;
    struct progress *progress;
    struct spent_times *times;
    double times_stored;   /* when, by seconds_now() */
    int backbone, program; /* program: the store's number for this one with its kernels */
    int skipped_count;     /* images that could not be read */
    size_t item_count;     /* items of batches that were committed */
    size_t batch_items;    /* of the present batch */
};

/* How the writer writes deliveries. */
struct writer_use commit_use(struct commit *commit);

/* What a task has measured; the content of a parcel. */
struct delivery;

/* Copies what the store lacks of a task's results to the arena. NULL and err: no memory. */
struct delivery *delivery_of(const struct commit *commit, const struct task *task, const struct evaluated *evaluated,
                             int count, const struct evaluate_made *made, struct arena *arena, struct error *err);

/* The same for an image that could not be read; why NULL: an earlier task has said it. */
struct delivery *delivery_of_skipped(const struct task *task, const char *why, struct arena *arena, struct error *err);

#endif
