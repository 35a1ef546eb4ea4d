/*
 * bench/store/run_lock.h - one process at a time in a run directory: DIR/run.lock, held by flock().
 *
 * On a file system without file locks (Lustre without its mount option, some NFS, some of FUSE) the existence of the
 * file is the lock: it names host, process and the start time of the process. A lock of an ended process of this host
 * is taken over; one of another host is respected, since this host cannot tell whether it is still held.
 */
#ifndef BENCH_STORE_RUN_LOCK_H
#define BENCH_STORE_RUN_LOCK_H

#include "base/error.h"

#include <limits.h>
#include <stdbool.h>

struct run_lock {
    char folder[PATH_MAX], path[PATH_MAX];
    int fd;                /* -1: not held */
    bool is_by_name;       /* the file system has no file locks */
    bool has_record_locks; /* it has the locks of fcntl(), which SQLite uses */
    bool is_shared;        /* another process made the file, and releasing the lock does not remove it */
};

/* Prepares the lock of a folder without taking it. Error: the path is too long. */
int run_lock_init(struct run_lock *lock, const char *folder, struct error *err);

/*
 * Takes the lock. Errors: another process has it, which is named; the folder is not writable; run.lock is a symbolic
 * link. Prints one warning if the file system has no locks.
 */
int run_lock_take(struct run_lock *lock, struct error *err);

/* The same for readers: if the folder is not writable, a missing lock file is not an error. */
int run_lock_share(struct run_lock *lock, struct error *err);

/* Releases the lock. Harmless if it is not held. */
void run_lock_drop(struct run_lock *lock);

#endif
