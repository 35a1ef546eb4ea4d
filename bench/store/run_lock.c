/* bench/store/run_lock.c - flock() if the file system has it, else a file that names its process. */
#include "bench/store/run_lock.h"

#include "base/file.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define HOST_MAX 128
#define START_MAX 32

/* The holder of a lock, as the file names it: "process 12 on host", and that process's start time. */
struct owner {
    long pid; /* 0: unreadable */
    char host[HOST_MAX], start[START_MAX];
};

int run_lock_init(struct run_lock *lock, const char *folder, struct error *err)
{
    *lock = (struct run_lock){.fd = -1, .has_record_locks = true};
    snprintf(lock->folder, sizeof lock->folder, "%s", folder);
    return file_join(lock->path, folder, "run.lock", err);
}

/* Whether an errno means that the file system does not support such locks. */
static bool is_unsupported(int reason)
{
    return reason == ENOSYS || reason == ENOLCK || reason == EOPNOTSUPP || reason == EINVAL;
}

static int not_written(const struct run_lock *lock, struct error *err)
{
    const int reason = errno;
    if (reason == ELOOP || file_is_link(lock->path))
        return error_set(err, "\"%s\" is a symbolic link, which is not followed; remove it", lock->path);
    return error_set(err, "could not write \"%s\": %s", lock->path, strerror(reason));
}

/* -- owners -------------------------------------------------------------------------------------------------------- */

/* Start time of a process in ticks since boot: field 22 of its stat, after a name that may contain any character. */
static bool start_of(long pid, char start[START_MAX])
{
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    FILE *file = fopen(path, "r");
    const size_t size = file ? fread(text, 1, sizeof text - 1, file) : 0;
    if (file)
        fclose(file);
    text[size] = 0;
    const char *field = strrchr(text, ')');
    for (int i = 2; field && i < 22; i++)
        field = strchr(field + 1, ' ');
    return field && sscanf(field, " %31s", start) == 1;
}

static struct owner this_process(void)
{
    struct owner owner = {.pid = (long)getpid(), .host = "unknown"};
    gethostname(owner.host, sizeof owner.host - 1);
    start_of(owner.pid, owner.start);
    return owner;
}

static struct owner read_owner(const struct run_lock *lock)
{
    struct owner owner = {0};
    char text[512];
    const ssize_t size = pread(lock->fd, text, sizeof text - 1, 0);
    text[size > 0 ? size : 0] = 0;
    if (sscanf(text, "process %ld on %127[^\n] began %31s", &owner.pid, owner.host, owner.start) < 2)
        owner.pid = 0;
    return owner;
}

static bool is_here(const struct owner *owner)
{
    const struct owner us = this_process();
    return owner->pid > 0 && strcmp(owner->host, us.host) == 0;
}

/* Whether a process of this host has ended; another one may have its number now. */
static bool is_gone(const struct owner *owner)
{
    char start[START_MAX];
    if (!is_here(owner))
        return false;
    if (kill((pid_t)owner->pid, 0) && errno == ESRCH)
        return true;
    return *owner->start && start_of(owner->pid, start) && strcmp(start, owner->start) != 0;
}

static int sign(const struct run_lock *lock, struct error *err)
{
    const struct owner us = this_process();
    char text[512];
    const int size = snprintf(text, sizeof text, "process %ld on %s\nbegan %s\n", us.pid, us.host, us.start);
    if (ftruncate(lock->fd, 0) || pwrite(lock->fd, text, (size_t)size, 0) != size)
        return error_set(err, "could not write \"%s\": %s", lock->path, strerror(errno));
    return 0;
}

static int in_use(const struct run_lock *lock, struct error *err)
{
    const struct owner owner = read_owner(lock);
    char who[HOST_MAX + 64] = "another process", shown[sizeof who];
    if (owner.pid)
        snprintf(who, sizeof who, "process %ld on %s", owner.pid, owner.host);
    text_printable(who, shown, sizeof shown);
    if (!lock->is_by_name || is_here(&owner))
        return error_set(err, "run directory \"%s\" is in use by %s", lock->folder, shown);
    return error_set(err,
                     "run directory \"%s\" is in use by %s, and its file system has no file locks to tell whether it "
                     "still runs; if it does not, remove \"%s\"",
                     lock->folder, shown, lock->path);
}

/* -- locks of the file system -------------------------------------------------------------------------------------- */

/* Whether the open file is still the one at the path: a process that ended may have removed it before our flock(). */
static bool is_still_there(const struct run_lock *lock)
{
    struct stat held, there;
    return fstat(lock->fd, &held) == 0 && lstat(lock->path, &there) == 0 && held.st_ino == there.st_ino &&
           held.st_dev == there.st_dev;
}

/* Whether fcntl() locks work; tried on our own lock file, which no other process locks in this way. */
static bool has_record_locks(int fd)
{
    struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET}, none = {.l_type = F_UNLCK, .l_whence = SEEK_SET};
    if (fcntl(fd, F_SETLK, &whole))
        return !is_unsupported(errno);
    fcntl(fd, F_SETLK, &none);
    return true;
}

static int open_lock(struct run_lock *lock, int flags, struct error *err)
{
    lock->fd = open(lock->path, flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666);
    return lock->fd < 0 ? not_written(lock, err) : 0;
}

static void close_lock(struct run_lock *lock)
{
    if (lock->fd >= 0)
        close(lock->fd);
    lock->fd = -1;
}

static void warn(const struct run_lock *lock, int reason)
{
    static bool has_warned;
    if (!has_warned)
        fprintf(stderr,
                "cambench: warning: the file system of run directory \"%s\" has no file locks (flock: %s); the file "
                "run.lock names this process instead\n",
                TEXT_SHOWN(lock->folder), strerror(reason));
    has_warned = true;
}

/* -- locks by name ------------------------------------------------------------------------------------------------- */

/*
 * Moves the lock file of an ended process away. The file is renamed first and checked afterwards: if two processes find
 * it at the same time, the later one may have renamed the new lock of the earlier one, and then renames it back.
 */
static void remove_stale(const struct run_lock *lock)
{
    char aside[PATH_MAX + 32];
    struct stat meant, got;
    snprintf(aside, sizeof aside, "%s.part-%ld", lock->path, (long)getpid());
    if (fstat(lock->fd, &meant) || rename(lock->path, aside))
        return;
    if (lstat(aside, &got) == 0 && (got.st_ino != meant.st_ino || got.st_dev != meant.st_dev) &&
        link(aside, lock->path) && errno != EEXIST)
        return;
    unlink(aside);
}

static int take_by_name(struct run_lock *lock, struct error *err)
{
    for (;;) {
        lock->fd = open(lock->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (lock->fd >= 0)
            return sign(lock, err);
        if (errno != EEXIST)
            return not_written(lock, err);
        lock->fd = open(lock->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        if (lock->fd < 0 && errno == ENOENT)
            continue;
        if (lock->fd < 0)
            return not_written(lock, err);
        const struct owner owner = read_owner(lock);
        const int status = is_gone(&owner) ? 0 : in_use(lock, err);
        if (!status)
            remove_stale(lock);
        close_lock(lock);
        if (status)
            return -1;
    }
}

/* Changes to locking by name; the process that has just made the file (is_new) already holds the lock. */
static int change_to_names(struct run_lock *lock, bool is_new, int reason, struct error *err)
{
    lock->is_by_name = true;
    if (!is_new)
        close_lock(lock);
    if (is_new ? sign(lock, err) : take_by_name(lock, err))
        return -1;
    warn(lock, reason);
    return 0;
}

/* -- taking and releasing ------------------------------------------------------------------------------------------ */

/* Opens the file, or makes it and sets *is_new. */
static int open_or_make(struct run_lock *lock, bool *is_new, struct error *err)
{
    lock->fd = open(lock->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    *is_new = lock->fd >= 0;
    return *is_new ? 0 : open_lock(lock, O_RDWR | O_CREAT, err);
}

static int fail_to_lock(struct run_lock *lock, int reason, struct error *err)
{
    const int status = reason == EWOULDBLOCK
                           ? in_use(lock, err)
                           : error_set(err, "could not lock \"%s\": %s", lock->path, strerror(reason));
    close_lock(lock);
    return status;
}

int run_lock_take(struct run_lock *lock, struct error *err)
{
    for (;;) {
        bool is_new;
        if (open_or_make(lock, &is_new, err))
            return -1;
        lock->has_record_locks = has_record_locks(lock->fd);
        if (flock(lock->fd, LOCK_EX | LOCK_NB)) {
            const int reason = errno;
            return is_unsupported(reason) ? change_to_names(lock, is_new, reason, err)
                                          : fail_to_lock(lock, reason, err);
        }
        if (is_still_there(lock))
            return sign(lock, err);
        close_lock(lock);
    }
}

int run_lock_share(struct run_lock *lock, struct error *err)
{
    lock->is_shared = true;
    lock->fd = open(lock->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (lock->fd < 0 || flock(lock->fd, LOCK_SH | LOCK_NB) == 0)
        return 0;
    lock->is_by_name = is_unsupported(errno);
    const struct owner owner = read_owner(lock);
    return lock->is_by_name && is_gone(&owner) ? 0 : in_use(lock, err);
}

void run_lock_drop(struct run_lock *lock)
{
    if (lock->fd >= 0 && !lock->is_shared && is_still_there(lock))
        unlink(lock->path);
    close_lock(lock);
}
