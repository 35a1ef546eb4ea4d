/* bench/store/store_sync.c - makes commits durable apart from making them, so that none waits for the disk. */
#include "bench/store/store_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int store_defer_sync(struct store *store, struct error *err)
{
    return store_run_sql(store, "PRAGMA synchronous = NORMAL", err);
}

int store_sync_commits(struct store *store, struct error *err)
{
    return store_run_sql(store, "PRAGMA synchronous = FULL", err);
}

static int fail(const struct store *store, struct error *err)
{
    return error_system(err, "run store \"%s\": could not sync its log: %s", store->path, strerror(errno));
}

int store_sync(const struct store *store, struct error *err)
{
    char path[PATH_MAX + 8];
    snprintf(path, sizeof path, "%s-wal", store->path);
    const int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno == ENOENT ? 0 : fail(store, err); /* ENOENT: nothing was written so far */
    const int status = fdatasync(fd) ? fail(store, err) : 0;
    close(fd);
    return status;
}
