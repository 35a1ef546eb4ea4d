/*
 * bench/run/writer.h - one thread that writes what the workers have measured, in batches.
 *
 * A worker fills a parcel and adds it to a bounded queue; it waits only when the queue is full. The writer takes all
 * parcels of the queue as one batch: WRITER_GATHER_MS after the oldest of them was added, at once after a parcel that took
 * long to make, or when many have gathered. Where the system starts no thread, the workers write themselves.
 */
#ifndef BENCH_RUN_WRITER_H
#define BENCH_RUN_WRITER_H

#include "base/arena.h"
#include "base/error.h"

#include <stdbool.h>

/* A killed process loses at most the parcels of this time, of which the writer needs a part to write a batch. */
#define WRITER_LOSS_MS 250
#define WRITER_GATHER_MS 100

/* The queue's parcels hold at most this much memory, or one larger parcel. */
#define WRITER_QUEUE_BYTES ((size_t)16 << 20)

/* What a batch is written with. Each returns 0, or -1 with err; after the first failure nothing more is written. */
struct writer_use {
    void *context;
    int (*begin)(void *context, struct error *err);
    int (*write)(void *context, void *content, struct error *err);
    int (*end)(void *context, struct error *err);
};

struct parcel {
    struct parcel *next; /* the queue's */
    struct arena arena;
    void *content; /* in the arena */
    double added;  /* seconds_now() */
    bool is_kept;  /* the writer's */
};

struct writer_figures {
    size_t parcels, batches;
    double waited; /* seconds that workers have waited for room in the queue, summed */
    double wrote;  /* seconds in which batches were written */
    double oldest; /* seconds from adding a parcel to the end of its batch, the longest */
};

struct writer;

/* NULL and err: no memory. */
struct writer *writer_create(const struct writer_use *use, struct error *err);

/* An empty parcel; waits while the queue is full. NULL and err: no memory. */
struct parcel *writer_parcel(struct writer *writer, struct error *err);

/* Adds a parcel to the queue, in the order of calls; is_late: the batch is written at once. */
void writer_add(struct writer *writer, struct parcel *parcel, bool is_late);

/* Gives an empty parcel back that is not added. */
void writer_drop(struct writer *writer, struct parcel *parcel);

/* Whether writing has failed; takes no lock. */
bool writer_has_failed(const struct writer *writer);

/* Waits until all parcels are written. -1 with err: the first failure. */
int writer_drain(struct writer *writer, struct error *err);

/* After the latest writer_drain(). */
struct writer_figures writer_figures(const struct writer *writer);

void writer_free(struct writer *writer); /* writes what is left; NULL is fine */

#endif
