/* bench/run/writer.c - the queue, and the thread that writes batches. */
#include "bench/run/writer.h"

#include "base/clock.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

/*
 * So many parcels are kept for later use, larger ones are not. They are made before one is used again, and the one that was
 * written first is used next: a run's memory is at its bound after so many tasks, whatever the disk's waits are.
 */
#define PARCELS_KEPT 64
#define PARCEL_KEPT_BYTES ((size_t)256 << 10)

/* A batch is due when so many parcels are queued: far fewer than are kept, so that a batch's writing needs no others. */
#define PARCELS_DUE 16

struct writer {
    struct writer_use use;
    pthread_t thread;
    bool has_thread;
    pthread_mutex_t lock;         /* guards what follows */
    pthread_cond_t wake, written; /* there may be a batch to write; a batch has ended */
    struct parcel *first, **end;
    int queued;                        /* parcels from `first` on */
    size_t bytes;                      /* of parcels that are queued or being written */
    struct parcel *empty, **empty_end; /* in the order in which they were written */
    int kept;                          /* parcels that go back to `empty` */
    bool is_hurried, is_busy, is_closing;
    struct writer_figures figures;
    struct error error; /* the first failure */
    atomic_bool has_failed;
};

/* -- time and failures --------------------------------------------------------------------------------------------- */

/* Waits for a signal, at most until the time by seconds_now(). Returns false at that time. */
static bool wait_until(pthread_cond_t *wake, pthread_mutex_t *lock, double time)
{
    const time_t whole = (time_t)time;
    const struct timespec at = {whole, (long)(1e9 * (time - (double)whole))};
    return pthread_cond_timedwait(wake, lock, &at) != ETIMEDOUT;
}

/* By the clock of seconds_now(). */
static void init_wake(pthread_cond_t *condition)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(condition, &attributes);
    pthread_condattr_destroy(&attributes);
}

/* Notes the first failure, with the lock. */
static void fail(struct writer *writer, const struct error *err)
{
    if (atomic_load(&writer->has_failed))
        return;
    writer->error = *err;
    atomic_store(&writer->has_failed, true);
}

bool writer_has_failed(const struct writer *writer)
{
    return atomic_load(&writer->has_failed);
}

/* -- parcels ------------------------------------------------------------------------------------------------------- */

static void free_parcel(struct parcel *parcel)
{
    arena_release(&parcel->arena);
    free(parcel);
}

/* Empties a written parcel, with the lock. */
static void take_back(struct writer *writer, struct parcel *parcel)
{
    if (!parcel->is_kept || parcel->arena.held_bytes > PARCEL_KEPT_BYTES) {
        writer->kept -= parcel->is_kept;
        free_parcel(parcel);
        return;
    }
    arena_reset(&parcel->arena);
    parcel->next = NULL;
    *writer->empty_end = parcel;
    writer->empty_end = &parcel->next;
}

/* NULL: a parcel is to be made. With the lock. */
static struct parcel *next_empty(struct writer *writer)
{
    struct parcel *parcel = writer->kept < PARCELS_KEPT ? NULL : writer->empty;
    if (parcel)
        writer->empty = parcel->next;
    if (!writer->empty)
        writer->empty_end = &writer->empty;
    return parcel;
}

static struct parcel *make_parcel(struct writer *writer, struct error *err)
{
    struct parcel *parcel = calloc(1, sizeof *parcel);
    if (!parcel) {
        error_memory(err, "the results of an image");
        return NULL;
    }
    pthread_mutex_lock(&writer->lock);
    parcel->is_kept = writer->kept < PARCELS_KEPT;
    writer->kept += parcel->is_kept;
    pthread_mutex_unlock(&writer->lock);
    return parcel;
}

struct parcel *writer_parcel(struct writer *writer, struct error *err)
{
    pthread_mutex_lock(&writer->lock);
    const double begun = seconds_now();
    while (writer->bytes >= WRITER_QUEUE_BYTES)
        pthread_cond_wait(&writer->written, &writer->lock);
    writer->figures.waited += seconds_now() - begun;
    struct parcel *parcel = next_empty(writer);
    pthread_mutex_unlock(&writer->lock);
    return parcel ? parcel : make_parcel(writer, err);
}

void writer_drop(struct writer *writer, struct parcel *parcel)
{
    pthread_mutex_lock(&writer->lock);
    take_back(writer, parcel);
    pthread_mutex_unlock(&writer->lock);
}

/* -- batches ------------------------------------------------------------------------------------------------------- */

static int write_batch(const struct writer_use *use, const struct parcel *first, struct error *err)
{
    if (use->begin(use->context, err))
        return -1;
    for (const struct parcel *parcel = first; parcel; parcel = parcel->next)
        if (use->write(use->context, parcel->content, err))
            return -1;
    return use->end(use->context, err);
}

/* Writes the parcels of the queue as one batch. The lock is held before and after, not while writing. */
static void write_queue(struct writer *writer)
{
    struct parcel *parcel = writer->first;
    const double begun = seconds_now(), oldest = parcel->added;
    struct error err;
    writer->first = NULL;
    writer->end = &writer->first;
    writer->queued = 0;
    writer->is_hurried = false;
    writer->is_busy = true;
    pthread_mutex_unlock(&writer->lock);
    const int status = writer_has_failed(writer) ? 0 : write_batch(&writer->use, parcel, &err);
    const double now = seconds_now();
    pthread_mutex_lock(&writer->lock);
    if (status)
        fail(writer, &err);
    while (parcel) {
        struct parcel *next = parcel->next;
        writer->figures.parcels++;
        writer->bytes -= parcel->arena.held_bytes;
        take_back(writer, parcel);
        parcel = next;
    }
    writer->figures.batches++;
    writer->figures.wrote += now - begun;
    if (now - oldest > writer->figures.oldest)
        writer->figures.oldest = now - oldest;
    writer->is_busy = false;
    pthread_cond_broadcast(&writer->written);
}

static bool is_due(const struct writer *writer)
{
    return writer->is_closing || writer->is_hurried || writer->queued >= PARCELS_DUE ||
           writer->bytes >= WRITER_QUEUE_BYTES / 2;
}

static void *run(void *context)
{
    struct writer *writer = context;
    pthread_mutex_lock(&writer->lock);
    while (writer->first || !writer->is_closing) {
        if (!writer->first)
            pthread_cond_wait(&writer->wake, &writer->lock);
        else if (is_due(writer) ||
                 !wait_until(&writer->wake, &writer->lock, writer->first->added + 1e-3 * WRITER_GATHER_MS))
            write_queue(writer);
    }
    pthread_mutex_unlock(&writer->lock);
    return NULL;
}

/* Without a thread a worker writes its parcel itself. */
static void write_here(struct writer *writer)
{
    while (writer->is_busy)
        pthread_cond_wait(&writer->written, &writer->lock);
    if (writer->first)
        write_queue(writer);
}

void writer_add(struct writer *writer, struct parcel *parcel, bool is_late)
{
    parcel->next = NULL;
    parcel->added = seconds_now();
    pthread_mutex_lock(&writer->lock);
    *writer->end = parcel;
    writer->end = &parcel->next;
    writer->bytes += parcel->arena.held_bytes;
    writer->queued++;
    writer->is_hurried |= is_late;
    if (!writer->has_thread)
        write_here(writer);
    else if (writer->first == parcel || is_due(writer))
        pthread_cond_signal(&writer->wake);
    pthread_mutex_unlock(&writer->lock);
}

int writer_drain(struct writer *writer, struct error *err)
{
    pthread_mutex_lock(&writer->lock);
    writer->is_hurried = true;
    pthread_cond_signal(&writer->wake);
    while (writer->first || writer->is_busy)
        pthread_cond_wait(&writer->written, &writer->lock);
    writer->is_hurried = false;
    const bool has_failed = writer_has_failed(writer);
    if (has_failed)
        *err = writer->error;
    pthread_mutex_unlock(&writer->lock);
    return status_of(has_failed);
}

struct writer_figures writer_figures(const struct writer *writer)
{
    return writer->figures;
}

/* -- the whole ----------------------------------------------------------------------------------------------------- */

struct writer *writer_create(const struct writer_use *use, struct error *err)
{
    struct writer *writer = calloc(1, sizeof *writer);
    if (!writer) {
        error_memory(err, "the results of images");
        return NULL;
    }
    writer->use = *use;
    writer->end = &writer->first;
    writer->empty_end = &writer->empty;
    pthread_mutex_init(&writer->lock, NULL);
    pthread_cond_init(&writer->written, NULL);
    init_wake(&writer->wake);
    writer->has_thread = pthread_create(&writer->thread, NULL, run, writer) == 0;
    return writer;
}

void writer_free(struct writer *writer)
{
    if (!writer)
        return;
    pthread_mutex_lock(&writer->lock);
    writer->is_closing = true;
    pthread_cond_signal(&writer->wake);
    pthread_mutex_unlock(&writer->lock);
    if (writer->has_thread)
        pthread_join(writer->thread, NULL);
    while (writer->empty) {
        struct parcel *parcel = writer->empty;
        writer->empty = parcel->next;
        free_parcel(parcel);
    }
    pthread_cond_destroy(&writer->wake);
    pthread_cond_destroy(&writer->written);
    pthread_mutex_destroy(&writer->lock);
    free(writer);
}
