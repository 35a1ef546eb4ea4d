/*
 * tests/bench/test_writer.c - the writer's queue with several workers: order, batches, room, failures, and the loss of a
 * process that ends between batches.
 */
#include "bench/run/writer.h"

#include "base/clock.h"
#include "tests/test.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORKERS = 4, EACH = 500 };

/* What has been written. Plain memory: only the writer touches it before it is drained. */
struct log {
    int count, batches, written_in_batch;
    int last[WORKERS]; /* the latest number of each worker */
    bool is_in_order;
    int fails_at;       /* the batch that fails; 0: none */
    double slow;        /* seconds that a batch takes */
    atomic_int durable; /* parcels of batches that have ended */
};

struct note {
    int worker, number;
};

static int begin(void *context, struct error *err)
{
    struct log *log = context;
    log->batches++;
    log->written_in_batch = 0;
    return log->batches == log->fails_at ? error_set(err, "the disk is full") : 0;
}

static int put(void *context, void *content, struct error *err)
{
    struct log *log = context;
    const struct note *note = content;
    (void)err;
    log->is_in_order &= note->number == log->last[note->worker] + 1;
    log->last[note->worker] = note->number;
    log->count++;
    log->written_in_batch++;
    return 0;
}

static int end(void *context, struct error *err)
{
    struct log *log = context;
    (void)err;
    usleep((useconds_t)(1e6 * log->slow));
    atomic_fetch_add(&log->durable, log->written_in_batch);
    return 0;
}

static struct writer *start(struct log *log)
{
    struct error err;
    *log = (struct log){.is_in_order = true, .fails_at = log->fails_at, .slow = log->slow};
    struct writer *writer =
        writer_create(&(struct writer_use){.context = log, .begin = begin, .write = put, .end = end}, &err);
    assert_non_null(writer);
    return writer;
}

static void add(struct writer *writer, int worker, int number, size_t bytes, bool is_late)
{
    struct error err;
    struct parcel *parcel = writer_parcel(writer, &err);
    assert_non_null(parcel);
    struct note *note = arena_alloc(&parcel->arena, 1, sizeof *note);
    assert_non_null(note);
    assert_true(!bytes || arena_alloc(&parcel->arena, 1, bytes));
    *note = (struct note){worker, number};
    parcel->content = note;
    writer_add(writer, parcel, is_late);
}

struct worker {
    struct writer *writer;
    int number;
};

static void *work(void *context)
{
    const struct worker *worker = context;
    for (int i = 1; i <= EACH; i++) {
        if (i % 50 == 0) {
            struct error err;
            writer_drop(worker->writer, writer_parcel(worker->writer, &err));
        }
        add(worker->writer, worker->number, i, i % 100 == 0 ? 300000 : 0, i % 200 == 0);
    }
    return NULL;
}

static void run_workers(struct writer *writer)
{
    pthread_t threads[WORKERS];
    struct worker workers[WORKERS];
    for (int i = 0; i < WORKERS; i++) {
        workers[i] = (struct worker){writer, i};
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    for (int i = 0; i < WORKERS; i++)
        pthread_join(threads[i], NULL);
}

TEST(all_parcels_are_written_in_the_order_in_which_a_worker_adds_them)
{
    struct log log = {0};
    struct error err;
    struct writer *writer = start(&log);
    run_workers(writer);
    assert_int_equal(writer_drain(writer, &err), 0);
    assert_int_equal(log.count, WORKERS * EACH);
    assert_true(log.is_in_order);
    const struct writer_figures figures = writer_figures(writer);
    assert_int_equal(figures.parcels, WORKERS * EACH);
    assert_int_equal(figures.batches, log.batches);
    assert_true(log.batches < WORKERS * EACH / 4);
    writer_free(writer);
}

TEST(parcels_gather_and_a_late_one_is_written_at_once)
{
    struct log log = {0};
    struct error err;
    struct writer *writer = start(&log);
    add(writer, 0, 1, 0, false);
    add(writer, 0, 2, 0, false);
    assert_int_equal(atomic_load(&log.durable), 0);
    for (int i = 0; i < 1000 && atomic_load(&log.durable) < 2; i++)
        usleep(10000);
    assert_int_equal(writer_drain(writer, &err), 0);
    assert_int_equal(log.batches, 1);
    assert_true(writer_figures(writer).oldest > 0.9e-3 * WRITER_GATHER_MS);
    const double begun = seconds_now();
    add(writer, 0, 3, 0, true);
    while (atomic_load(&log.durable) < 3 && seconds_now() - begun < 10)
        usleep(100);
    assert_true(seconds_now() - begun < 0.9e-3 * WRITER_GATHER_MS ||
                seconds_now() - begun > 1); /* > 1: a busy machine */
    writer_free(writer);
}

/* Adds and writes parcels one by one, or all at once; returns the parcels of which each was added. */
static int count_parcels(struct writer *writer, int rounds, int at_once)
{
    static const struct parcel *seen[1000];
    int count = 0;
    struct error err;
    for (int i = 0; i < rounds; i++) {
        struct parcel *parcel = writer_parcel(writer, &err);
        int at = 0;
        assert_non_null(parcel);
        while (at < count && seen[at] != parcel)
            at++;
        seen[at] = parcel;
        count += at == count;
        parcel->content = arena_alloc(&parcel->arena, 1, sizeof(struct note));
        *(struct note *)parcel->content = (struct note){0, 1};
        writer_add(writer, parcel, false);
        if (i % at_once == at_once - 1)
            assert_int_equal(writer_drain(writer, &err), 0);
    }
    return count;
}

TEST(the_parcels_of_a_long_run_are_those_of_its_first_tasks)
{
    struct log log = {0};
    struct writer *writer = start(&log);
    const int kept = count_parcels(writer, 100, 1);
    assert_true(kept > 1 && kept < 100);
    assert_int_equal(count_parcels(writer, 900, 1), kept);
    assert_int_equal(count_parcels(writer, 900, kept), kept);
    writer_free(writer);
}

TEST(many_parcels_are_written_before_the_time)
{
    struct log log = {0};
    struct writer *writer = start(&log);
    const double begun = seconds_now();
    for (int i = 1; i <= 64; i++)
        add(writer, 0, i, 0, false);
    while (atomic_load(&log.durable) == 0 && seconds_now() - begun < 10)
        usleep(100);
    assert_true(seconds_now() - begun < 0.9e-3 * WRITER_GATHER_MS || seconds_now() - begun > 1); /* as above */
    writer_free(writer);
}

TEST(workers_wait_when_the_queue_is_full)
{
    struct log log = {.slow = 0.3}; /* longer than a busy machine takes to fill the queue */
    struct error err;
    struct writer *writer = start(&log);
    const size_t large = WRITER_QUEUE_BYTES / 3;
    for (int i = 1; i <= 12; i++)
        add(writer, 0, i, large, false);
    assert_int_equal(writer_drain(writer, &err), 0);
    assert_int_equal(log.count, 12);
    assert_true(log.batches >= 3);
    assert_true(writer_figures(writer).waited > 0.01);
    writer_free(writer);
}

TEST(the_first_failure_is_kept_and_nothing_is_written_after_it)
{
    struct log log = {.fails_at = 2};
    struct error err;
    struct writer *writer = start(&log);
    add(writer, 0, 1, 0, false);
    assert_int_equal(writer_drain(writer, &err), 0);
    assert_false(writer_has_failed(writer));
    add(writer, 0, 2, 0, false);
    assert_int_equal(writer_drain(writer, &err), -1);
    assert_string_equal(err.text, "the disk is full");
    assert_true(writer_has_failed(writer));
    run_workers(writer);
    assert_int_equal(writer_drain(writer, &err), -1);
    assert_string_equal(err.text, "the disk is full");
    assert_int_equal(log.count, 1);
    assert_int_equal(log.batches, 2);
    writer_free(writer);
}

TEST(freeing_writes_what_is_left)
{
    struct log log = {0};
    struct writer *writer = start(&log);
    add(writer, 0, 1, 0, false);
    writer_free(writer);
    assert_int_equal(log.count, 1);
    writer_free(NULL);
}
