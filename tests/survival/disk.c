/*
 * tests/survival/disk.c - a library for LD_PRELOAD that stands for a disk: one with slow syncs, or one whose power fails.
 *
 *     DISK_WAIT_MS  fsync and fdatasync take this much longer
 *     DISK_WAIT_ON  only on files whose path contains this text
 *     DISK_COUNT    a file that gets the number of these calls when the process ends
 *     DISK_LOG      a file that gets what is done to the files of DISK_ROOT, for tests/survival/power.py
 *     DISK_ROOT     a folder, absolute and without links
 *
 * An entry of the log is a line `KIND PATH NUMBER LENGTH`, LENGTH bytes and an empty line; paths are those in DISK_ROOT:
 *
 *     create   an empty file is there, a new one or one that was emptied
 *     write    the bytes are at offset NUMBER
 *     size     the file has NUMBER bytes
 *     sync     the file is durable; the bytes are all of it, because writes of stdio's buffers are not seen
 *     rename   the file has the name that the bytes are
 *     remove   the name is gone
 *     folder   a folder is there
 *     names    a folder's names are durable
 *
 * Calls of forks are logged as well; programs that the process starts are left alone.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static long wait_ms;
static const char *count_path, *root, *wait_on;
static int log_fd = -1;
static atomic_long sync_count;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

#define NEXT(name) ((__typeof__(&(name)))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void begin(void)
{
    const char *wait = getenv("DISK_WAIT_MS"), *log_path = getenv("DISK_LOG");
    wait_ms = wait ? atol(wait) : 0;
    wait_on = getenv("DISK_WAIT_ON");
    count_path = getenv("DISK_COUNT");
    root = getenv("DISK_ROOT");
    if (log_path && root)
        log_fd = (int)syscall(SYS_openat, AT_FDCWD, log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    unsetenv("LD_PRELOAD");
}

__attribute__((destructor)) static void end(void)
{
    FILE *file = count_path ? fopen(count_path, "w") : NULL;
    if (!file)
        return;
    fprintf(file, "%ld\n", atomic_load(&sync_count));
    fclose(file);
}

/* -- the log ------------------------------------------------------------------------------------------------------- */

/* The part of a path that is inside the root, "." for the root; NULL: it is outside. */
static const char *inside(const char *path)
{
    const size_t length = strlen(root);
    if (strncmp(path, root, length) != 0)
        return NULL;
    return path[length] == '/' ? path + length + 1 : path[length] ? NULL : ".";
}

/* Writes the absolute path of a file that need not exist. False: it is not in the root. */
static bool resolve(int folder, const char *path, char full[2 * PATH_MAX])
{
    char base[PATH_MAX] = "", link[64];
    if (path[0] != '/') {
        if (folder == AT_FDCWD)
            strcpy(link, "/proc/self/cwd");
        else
            snprintf(link, sizeof link, "/proc/self/fd/%d", folder);
        const ssize_t length = readlink(link, base, sizeof base - 1);
        if (length < 0)
            return false;
        base[length] = '\0';
    }
    while (strncmp(path, "./", 2) == 0)
        path += 2;
    snprintf(full, 2 * PATH_MAX, "%s%s%s", base, base[0] ? "/" : "", path);
    return inside(full);
}

static bool resolve_fd(int fd, char full[2 * PATH_MAX])
{
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    const ssize_t length = log_fd < 0 ? -1 : readlink(link, full, PATH_MAX);
    if (length < 0)
        return false;
    full[length] = '\0';
    return inside(full);
}

static void put(const void *bytes, size_t length)
{
    const char *at = bytes;
    while (length > 0) {
        const long done = syscall(SYS_write, log_fd, at, length);
        if (done <= 0)
            abort();
        at += done;
        length -= (size_t)done;
    }
}

static void note(const char *kind, const char *full, long long number, const void *bytes, size_t length)
{
    char line[2 * PATH_MAX + 64];
    const int size = snprintf(line, sizeof line, "%s %s %lld %zu\n", kind, inside(full), number, length);
    pthread_mutex_lock(&lock);
    put(line, (size_t)size);
    put(bytes, length);
    put("\n", 1);
    pthread_mutex_unlock(&lock);
}

static void note_write(int fd, const void *bytes, ssize_t length, long long offset)
{
    char full[2 * PATH_MAX];
    if (length > 0 && resolve_fd(fd, full))
        note("write", full, offset, bytes, (size_t)length);
}

static void note_sync(int fd)
{
    char full[2 * PATH_MAX];
    struct stat info;
    if (!resolve_fd(fd, full) || fstat(fd, &info))
        return;
    if (S_ISDIR(info.st_mode)) {
        note("names", full, 0, NULL, 0);
        return;
    }
    char *bytes = malloc((size_t)info.st_size + 1);
    const int copy = (int)syscall(SYS_openat, AT_FDCWD, full, O_RDONLY | O_CLOEXEC);
    const ssize_t length = copy < 0 || !bytes ? -1 : pread(copy, bytes, (size_t)info.st_size, 0);
    if (length < 0)
        abort();
    note("sync", full, 0, bytes, (size_t)length);
    syscall(SYS_close, copy);
    free(bytes);
}

/* -- the calls ----------------------------------------------------------------------------------------------------- */

static void wait_for_disk(int fd)
{
    char link[64], full[PATH_MAX] = "";
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    if (wait_on && (readlink(link, full, sizeof full - 1) < 0 || !strstr(full, wait_on)))
        return;
    atomic_fetch_add(&sync_count, 1);
    nanosleep(&(struct timespec){wait_ms / 1000, wait_ms % 1000 * 1000000}, NULL);
}

int fsync(int fd)
{
    wait_for_disk(fd);
    note_sync(fd);
    return NEXT(fsync)(fd);
}

int fdatasync(int fd)
{
    wait_for_disk(fd);
    note_sync(fd);
    return NEXT(fdatasync)(fd);
}

ssize_t write(int fd, const void *bytes, size_t length)
{
    const long long offset = log_fd < 0 ? 0 : (long long)lseek(fd, 0, SEEK_CUR);
    const ssize_t done = NEXT(write)(fd, bytes, length);
    note_write(fd, bytes, done, offset);
    return done;
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t offset)
{
    const ssize_t done = NEXT(pwrite)(fd, bytes, length, offset);
    note_write(fd, bytes, done, offset);
    return done;
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t offset)
{
    return pwrite(fd, bytes, length, offset);
}

int ftruncate(int fd, off_t size)
{
    char full[2 * PATH_MAX];
    const int status = NEXT(ftruncate)(fd, size);
    if (status == 0 && resolve_fd(fd, full))
        note("size", full, size, NULL, 0);
    return status;
}

int ftruncate64(int fd, off64_t size)
{
    return ftruncate(fd, size);
}

static int open_at(int folder, const char *path, int flags, mode_t mode)
{
    char full[2 * PATH_MAX];
    struct stat info;
    const bool is_seen = log_fd >= 0 && resolve(folder, path, full);
    const bool was_there = is_seen && fstatat(folder, path, &info, 0) == 0;
    const int fd = (int)syscall(SYS_openat, folder, path, flags, mode);
    if (is_seen && fd >= 0 && ((flags & O_CREAT && !was_there) || flags & O_TRUNC))
        note("create", full, 0, NULL, 0);
    return fd;
}

#define MODE_OF(flags) \
    mode_t mode = 0; \
    if ((flags)&O_CREAT || ((flags)&O_TMPFILE) == O_TMPFILE) { \
        va_list list; \
        va_start(list, flags); \
        mode = va_arg(list, mode_t); \
        va_end(list); \
    }

int open(const char *path, int flags, ...)
{
    MODE_OF(flags)
    return open_at(AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    MODE_OF(flags)
    return open_at(AT_FDCWD, path, flags, mode);
}

int openat(int folder, const char *path, int flags, ...)
{
    MODE_OF(flags)
    return open_at(folder, path, flags, mode);
}

int rename(const char *from, const char *to)
{
    char full[2 * PATH_MAX], other[2 * PATH_MAX];
    const int status = NEXT(rename)(from, to);
    if (status == 0 && log_fd >= 0 && resolve(AT_FDCWD, from, full) && resolve(AT_FDCWD, to, other))
        note("rename", full, 0, inside(other), strlen(inside(other)));
    return status;
}

int unlink(const char *path)
{
    char full[2 * PATH_MAX];
    const int status = NEXT(unlink)(path);
    if (status == 0 && log_fd >= 0 && resolve(AT_FDCWD, path, full))
        note("remove", full, 0, NULL, 0);
    return status;
}

int rmdir(const char *path)
{
    char full[2 * PATH_MAX];
    const int status = NEXT(rmdir)(path);
    if (status == 0 && log_fd >= 0 && resolve(AT_FDCWD, path, full))
        note("remove", full, 0, NULL, 0);
    return status;
}

int mkdir(const char *path, mode_t mode)
{
    char full[2 * PATH_MAX];
    const int status = NEXT(mkdir)(path, mode);
    if (status == 0 && log_fd >= 0 && resolve(AT_FDCWD, path, full))
        note("folder", full, 0, NULL, 0);
    return status;
}
