/*
 * bench/store/store_open.c - opens and closes run.db: one SQLite file per run, written by one process.
 *
 * FOLDER/run.lock (bench/store/run_lock.h) keeps other processes out. SQLite runs in its exclusive mode, which needs no
 * shared-memory file; network file systems do not support one.
 */
#include "bench/store/store_inside.h"

#include "base/file.h"
#include "base/input.h"
#include "base/unfinished.h"
#include "bench/store/database.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int check_lock_file(const struct store *store, struct error *err)
{
    return input_check_regular(store->lock.path, err) ? error_prefix(err, "could not lock \"%s\": ", store->lock.path)
                                                      : 0;
}

static int take_lock(struct store *store, struct error *err)
{
    if (run_lock_take(&store->lock, err))
        return -1;
    unfinished_add(store->lock.path);
    return 0;
}

static bool may_write(const char *path)
{
    return access(path, W_OK) == 0 || errno == ENOENT;
}

static bool has_log(const struct store *store)
{
    char path[PATH_MAX + 8];
    struct stat info;
    snprintf(path, sizeof path, "%s-wal", store->path);
    return stat(path, &info) == 0 && info.st_size > 0;
}

/*
 * Locks the folder for reading. This process may lack write access while others have it, so an existing lock file is
 * locked as shared. Items that a killed process has left in the log can be read only after they have been moved into
 * run.db.
 */
static int take_lock_to_read(struct store *store, struct error *err)
{
    if (may_write(store->folder) && may_write(store->path) && may_write(store->lock.path))
        return take_lock(store, err);
    store->is_read_only = true;
    if (run_lock_share(&store->lock, err))
        return -1;
    if (has_log(store))
        return error_set(
            err,
            "run \"%s\" was killed and left a part of its items in \"%s-wal\", which can only be read in a "
            "folder that can be written to; copy the run to one",
            store->folder, store->path);
    return stat(store->path, &store->opened) == 0
               ? 0
               : error_set(err, "could not open \"%s\": %s", store->path, strerror(errno));
}

static int move_aside(const char *path, const char *suffix, struct error *err)
{
    char from[PATH_MAX + 8], to[PATH_MAX + 16];
    snprintf(from, sizeof from, "%s%s", path, suffix);
    snprintf(to, sizeof to, "%s.old%s", path, suffix);
    unlink(to);
    if (rename(from, to) && errno != ENOENT)
        return error_set(err, "could not move \"%s\" aside: %s", from, strerror(errno));
    return 0;
}

/* SQLite's file layer (VFS): without its own locks if the file system has none, since we hold ours. */
static const char *file_access(const struct store *store)
{
    return store->lock.has_record_locks && !store->lock.is_by_name ? NULL : "unix-none";
}

/*
 * Moves an old run.db aside. Commits of a killed process are in run.db-wal, which must never be applied to another
 * run.db. They are moved into run.db first, so that one rename moves everything; if that fails (the file is damaged or
 * is not a database), the log is renamed before run.db.
 */
static int keep_old(const struct store *store, struct error *err)
{
    sqlite3 *db = NULL;
    if (access(store->path, F_OK) == 0 &&
        sqlite3_open_v2(store->path, &db, SQLITE_OPEN_READWRITE, file_access(store)) == SQLITE_OK)
        sqlite3_exec(db, "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = DELETE;", NULL, NULL, NULL);
    sqlite3_close(db);
    return status_of(move_aside(store->path, "-wal", err) || move_aside(store->path, "", err));
}

/*
 * Makes a file without a byte a database with a log, in one write, for which nothing waits: a power failure leaves a
 * database or a file without a byte. SQLite syncs again from sync_from_now_on() on.
 */
static const char make_file[] = "PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY; PRAGMA journal_mode = WAL";

/*
 * Rows are added in order, so few pages are used again. The cache is small, so that it is full after a few hundred images
 * and memory does not grow after that; a large batch may have more pages until it is committed.
 */
static const char bound_cache[] = "PRAGMA cache_size = -256; PRAGMA cache_spill = 500";

static int sync_from_now_on(struct store *store, struct error *err)
{
    return store_run_sql(store, "PRAGMA synchronous = NORMAL", err);
}

static bool is_new(const struct store *store)
{
    struct stat info;
    return stat(store->path, &info) == 0 && info.st_size == 0;
}

static int open_database(struct store *store, struct error *err)
{
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(store->path, &store->db, flags, file_access(store)) != SQLITE_OK)
        return store_fail(store, err);
    if (store_run_sql(store, "PRAGMA locking_mode = EXCLUSIVE", err) || store_run_sql(store, bound_cache, err))
        return -1;
    store->is_made = is_new(store);
    return store_run_sql(store, store->is_made ? make_file : "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL",
                         err);
}

/*
 * Opens run.db as `immutable`, because SQLite otherwise creates files beside a database that has a log, even an empty
 * one.
 */
static int open_read_only(struct store *store, struct error *err)
{
    char uri[3 * PATH_MAX + 32] = "file:";
    size_t used = strlen(uri);
    for (const char *c = store->path; *c; c++)
        used += (size_t)snprintf(uri + used, sizeof uri - used, "%%%02x", (unsigned char)*c);
    snprintf(uri + used, sizeof uri - used, "?immutable=1");
    const int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX;
    return sqlite3_open_v2(uri, &store->db, flags, NULL) == SQLITE_OK ? 0 : store_fail(store, err);
}

static int load(struct store *store, struct error *err)
{
    return status_of(store_load_items(store, err) || store_load_notes(store, err));
}

/* Removes files that a killed process had not finished; the lock excludes that another process is writing them. */
static void remove_unfinished(const struct store *store)
{
    static const char *const folders[] = {".", "overlays", "plots", "tables"};
    char path[PATH_MAX];
    struct error ignored;
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        if (file_join(path, store->folder, folders[i], &ignored) == 0)
            file_remove_unfinished(path);
}

/*
 * Error: a symbolic link in place of a file; SQLite would follow it, and in another user's folder it may lead anywhere.
 */
static int refuse_links(const struct store *store, struct error *err)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
    char path[PATH_MAX + 16];
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        snprintf(path, sizeof path, "%s%s", store->path, suffixes[i]);
        if (file_is_link(path))
            return error_set(err, "\"%s\" is a symbolic link, which is not followed; remove it", path);
    }
    return 0;
}

/* Makes the store's struct, its paths and the lock; does not call SQLite. */
static struct store *begin(const char *folder, int (*lock)(struct store *store, struct error *err), struct error *err)
{
    struct store *store = calloc(1, sizeof *store);
    if (!store) {
        error_memory(err, "the run's store");
        return NULL;
    }
    arena_init(&store->arena, 0);
    snprintf(store->folder, sizeof store->folder, "%s", folder);
    if (run_lock_init(&store->lock, folder, err) || file_join(store->path, folder, "run.db", err) ||
        database_check_files(store->path, err) || check_lock_file(store, err) || lock(store, err) ||
        (!store->is_read_only && refuse_links(store, err))) {
        store_close(store);
        return NULL;
    }
    if (!store->is_read_only)
        remove_unfinished(store);
    return store;
}

struct store *store_open(const char *folder, const struct store_names *names, bool fresh, struct error *err)
{
    struct store *store = begin(folder, take_lock, err);
    if (!store)
        return NULL;
    if ((fresh && keep_old(store, err)) || open_database(store, err) || store_open_layout(store, names, err) ||
        (store->is_made && sync_from_now_on(store, err)) || load(store, err)) {
        store_close(store);
        return NULL;
    }
    return store;
}

int store_is_begun(const char *folder, struct error *err)
{
    int tables = 0;
    struct store *store = begin(folder, take_lock, err);
    if (!store)
        return -1;
    const int status =
        open_database(store, err) || store_number_of(store, "SELECT count(*) FROM sqlite_master", &tables, err) ? -1
                                                                                                                : 0;
    store_close(store);
    return status ? -1 : tables > 0;
}

static struct store *open_run(const char *folder, int (*lock)(struct store *store, struct error *err),
                              struct arena *arena, struct store_names *names, struct error *err)
{
    char path[PATH_MAX];
    if (file_join(path, folder, "run.db", err))
        return NULL;
    if (access(path, F_OK)) {
        error_set(err, "no run in \"%s\": could not open \"%s\": %s", folder, path, strerror(errno));
        return NULL;
    }
    struct store *store = begin(folder, lock, err);
    if (!store)
        return NULL;
    if ((store->is_read_only ? open_read_only(store, err) : open_database(store, err)) ||
        store_open_layout(store, NULL, err) || store_copy_names(store, arena, names, err) || load(store, err)) {
        store_close(store);
        return NULL;
    }
    return store;
}

struct store *store_open_run(const char *folder, struct arena *arena, struct store_names *names, struct error *err)
{
    return open_run(folder, take_lock, arena, names, err);
}

struct store *store_open_to_read(const char *folder, struct arena *arena, struct store_names *names, struct error *err)
{
    return open_run(folder, take_lock_to_read, arena, names, err);
}

int store_check_unchanged(const struct store *store, struct error *err)
{
    struct stat now;
    if (!store->is_read_only ||
        (stat(store->path, &now) == 0 && now.st_ino == store->opened.st_ino && now.st_size == store->opened.st_size &&
         now.st_mtim.tv_sec == store->opened.st_mtim.tv_sec && now.st_mtim.tv_nsec == store->opened.st_mtim.tv_nsec &&
         !has_log(store)))
        return 0;
    return error_set(err, "run \"%s\" was written to while it was read; try again when it has ended", store->folder);
}

void store_stop_when(struct store *store, const volatile sig_atomic_t *stop)
{
    store->stop = stop;
}

int store_finish(struct store *store, struct error *err)
{
    store_end_syncs(store);
    return store_run_sql(store, "PRAGMA wal_checkpoint(TRUNCATE)", err);
}

void store_close(struct store *store)
{
    if (!store)
        return;
    store_end_syncs(store);
    for (int i = 0; i < STATEMENT_COUNT; i++)
        sqlite3_finalize(store->statements[i]);
    sqlite3_close(store->db);
    store_close_syncs(store);
    run_lock_drop(&store->lock);
    unfinished_drop(store->lock.path);
    arena_release(&store->arena);
    free(store);
}

const char *store_path(const struct store *store)
{
    return store->path;
}
