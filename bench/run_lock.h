/*
 * bench/run_lock.h - one process at a time in a run directory: DIR/run.lock, held by flock().
 *
 * On a file system without file locks (Lustre without its mount option, some NFS, some of FUSE) the file's being there is
 * the lock: it names host, process and the time when that began. A lock of a process that is gone from this host is taken
 * over; one of another host is respected, since nobody here can tell whether it is still held.
 */
#ifndef BENCH_RUN_LOCK_H
#define BENCH_RUN_LOCK_H

#include "base/error.h"

#include <limits.h>
#include <stdbool.h>

struct run_lock {
    char folder[PATH_MAX], path[PATH_MAX];
    int fd;                /* -1: not held */
    bool is_by_name;       /* the file system has no file locks */
    bool has_record_locks; /* it has those of fcntl(), which SQLite takes */
    bool is_shared;        /* the file is another's */
};

/* Names the lock of a folder; nothing is held yet. */
int run_lock_init(struct run_lock *lock, const char *folder, struct error *err);

/*
 * Takes it. Errors: another process has it, with its name; the folder cannot be written to; run.lock is a symbolic link. A
 * file system without locks is named on stderr, once.
 */
int run_lock_take(struct run_lock *lock, struct error *err);

/* The same for one who only reads, where nothing can be written: a lock that is not there is not missed. */
int run_lock_share(struct run_lock *lock, struct error *err);

/* Gives it back. Harmless if it is not held. */
void run_lock_drop(struct run_lock *lock);

#endif
