/*
 * bench/store/store_sync.c - makes commits durable in a thread of its own, so that none waits for the disk.
 *
 * With `synchronous = NORMAL` SQLite syncs its log before it moves pages from there into run.db, and run.db before it
 * writes over the log, so a power failure cannot damage the store. The thread syncs through descriptors of its own. They
 * stay open as long as SQLite's: closing one would drop the locks that SQLite has on the file.
 */
#include "bench/store/store_inside.h"

#include "base/clock.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { DATABASE, LOG, FILES };

struct store_syncs {
    const char *path; /* of run.db */
    int files[FILES];
    pthread_t thread;
    bool has_thread;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t wake;
    bool has_names; /* the folder has been synced since the files are there; used by the thread alone */
    bool has_commit, is_closing, has_failed;
    struct error error;
};

static int open_files(struct store_syncs *syncs, struct error *err)
{
    static const char *const suffixes[FILES] = {"", "-wal"};
    for (int i = 0; i < FILES; i++) {
        char file[PATH_MAX + 8];
        snprintf(file, sizeof file, "%s%s", syncs->path, suffixes[i]);
        syncs->files[i] = open(file, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
        if (syncs->files[i] < 0)
            return error_system(err, "run store \"%s\": could not open \"%s\": %s", syncs->path, file, strerror(errno));
    }
    return 0;
}

static void close_files(const struct store_syncs *syncs)
{
    for (int i = 0; i < FILES; i++)
        if (syncs->files[i] >= 0)
            close(syncs->files[i]);
}

/* run.db first: without it the log of a new store has no file to belong to. */
static int sync_files(struct store_syncs *syncs, struct error *err)
{
    if (!syncs->has_names && file_sync_folder(syncs->path, err))
        return -1;
    syncs->has_names = true;
    for (int i = 0; i < FILES; i++)
        if (fdatasync(syncs->files[i]))
            return error_system(err, "run store \"%s\": could not sync it: %s", syncs->path, strerror(errno));
    return 0;
}

/* Syncs what has been committed, with the lock before and after, not meanwhile. */
static void sync_commits(struct store_syncs *syncs)
{
    struct error err;
    syncs->has_commit = false;
    pthread_mutex_unlock(&syncs->lock);
    const int status = sync_files(syncs, &err);
    pthread_mutex_lock(&syncs->lock);
    if (status) {
        syncs->has_failed = true;
        syncs->error = err;
    }
}

static void *run(void *context)
{
    struct store_syncs *syncs = context;
    pthread_mutex_lock(&syncs->lock);
    while (!syncs->is_closing && !syncs->has_failed) {
        const double time = seconds_now() + 1e-3 * STORE_SYNC_MS;
        const struct timespec at = {(time_t)time, (long)(1e9 * (time - (double)(time_t)time))};
        if (pthread_cond_timedwait(&syncs->wake, &syncs->lock, &at) == ETIMEDOUT && syncs->has_commit)
            sync_commits(syncs);
    }
    pthread_mutex_unlock(&syncs->lock);
    return NULL;
}

static void start(struct store_syncs *syncs)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&syncs->wake, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&syncs->lock, NULL);
    syncs->has_thread = pthread_create(&syncs->thread, NULL, run, syncs) == 0;
}

int store_defer_sync(struct store *store, struct error *err)
{
    if (store->syncs)
        return 0;
    struct store_syncs *syncs = arena_alloc(&store->arena, 1, sizeof *syncs);
    if (!syncs)
        return error_memory(err, "the run's store");
    *syncs = (struct store_syncs){.path = store->path, .files = {-1, -1}, .has_commit = true};
    if (open_files(syncs, err)) {
        close_files(syncs);
        return -1;
    }
    start(syncs);
    store->syncs = syncs;
    return store_run_sql(store, syncs->has_thread ? "PRAGMA synchronous = NORMAL" : "PRAGMA synchronous = FULL", err);
}

int store_note_commit(struct store *store, struct error *err)
{
    struct store_syncs *syncs = store->syncs;
    if (!syncs)
        return 0;
    pthread_mutex_lock(&syncs->lock);
    syncs->has_commit = true;
    const bool has_failed = syncs->has_failed;
    if (has_failed)
        *err = syncs->error;
    pthread_mutex_unlock(&syncs->lock);
    return status_of(has_failed);
}

void store_end_syncs(struct store *store)
{
    struct store_syncs *syncs = store->syncs;
    if (!syncs || !syncs->has_thread)
        return;
    pthread_mutex_lock(&syncs->lock);
    syncs->is_closing = true;
    pthread_cond_signal(&syncs->wake);
    pthread_mutex_unlock(&syncs->lock);
    pthread_join(syncs->thread, NULL);
    syncs->has_thread = false;
}

void store_close_syncs(struct store *store)
{
    struct store_syncs *syncs = store->syncs;
    if (!syncs)
        return;
    close_files(syncs);
    pthread_cond_destroy(&syncs->wake);
    pthread_mutex_destroy(&syncs->lock);
}
