/*
 * bench/store/store.c - run.db: one SQLite file per run, written by one process.
 *
 * Workload: some ten to a hundred rows an item, one transaction each, never changed afterwards; read as a whole for a
 * report. Positions are those of the run's lists, which are kept in `name`. Reasons and flags are few texts, so rows
 * hold their numbers (`note`). Locking is by FOLDER/run.lock (bench/store/run_lock.h); SQLite's own exclusive mode
 * spares the shared-memory file that network file systems do not have.
 */
#include "bench/store/store.h"

#include "bench/store/store_inside.h"

#include "base/file.h"
#include "base/input.h"
#include "base/text.h"
#include "base/unfinished.h"
#include "bench/store/database.h"
#include "bench/store/run_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STORE_LAYOUT 3
#define STORE_NOTES_MAX 4096

static const char schema[] =
    "CREATE TABLE manifest (key TEXT PRIMARY KEY, text TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE name (kind TEXT NOT NULL, position INTEGER NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL,"
    " PRIMARY KEY (kind, position)) WITHOUT ROWID;"
    "CREATE TABLE note (id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);"
    "CREATE TABLE base (backbone INTEGER NOT NULL, image INTEGER NOT NULL, predicted INTEGER NOT NULL,"
    " probability REAL NOT NULL, rank INTEGER NOT NULL, PRIMARY KEY (backbone, image)) WITHOUT ROWID;"
    "CREATE TABLE item (backbone INTEGER NOT NULL, image INTEGER NOT NULL, method INTEGER NOT NULL,"
    " seconds REAL NOT NULL, full REAL NOT NULL, tail REAL NOT NULL, backward REAL NOT NULL,"
    " PRIMARY KEY (backbone, image, method)) WITHOUT ROWID;"
    "CREATE TABLE value (backbone INTEGER NOT NULL, image INTEGER NOT NULL, method INTEGER NOT NULL,"
    " protocol INTEGER NOT NULL, metric INTEGER NOT NULL, number REAL, undefined INTEGER, flag INTEGER,"
    " PRIMARY KEY (backbone, image, method, protocol, metric)) WITHOUT ROWID;"
    "CREATE TABLE skipped (image INTEGER PRIMARY KEY, why TEXT NOT NULL);";

/*
 * What layouts 2 and 3 add to the one before, as tables in the file or, for a file that is only read, in memory. The
 * blobs are float64 in the machine's order: little-endian on all that we run on. `made` says which program measured an
 * item; an item that is not in it was measured by a program that left no digests.
 */
#define SCHEMA_2(table) \
    "CREATE " table " curve (backbone INTEGER NOT NULL, image INTEGER NOT NULL, method INTEGER NOT NULL," \
    " protocol INTEGER NOT NULL, metric INTEGER NOT NULL, fraction BLOB NOT NULL, probability BLOB NOT NULL," \
    " PRIMARY KEY (backbone, image, method, protocol, metric)) WITHOUT ROWID;"
#define SCHEMA_3(table) \
    "CREATE " table " IF NOT EXISTS program (id INTEGER PRIMARY KEY, version TEXT NOT NULL, git TEXT NOT NULL," \
    " kernels TEXT NOT NULL);" \
    "CREATE " table \
    " IF NOT EXISTS part (program INTEGER NOT NULL, kind TEXT NOT NULL, name TEXT NOT NULL, digest TEXT NOT NULL," \
    " PRIMARY KEY (program, kind, name)) WITHOUT ROWID;" \
    "CREATE " table " IF NOT EXISTS made (backbone INTEGER NOT NULL, image INTEGER NOT NULL, method INTEGER NOT NULL," \
    " program INTEGER NOT NULL, PRIMARY KEY (backbone, image, method)) WITHOUT ROWID;"

static const struct layout {
    const char *in_file, *beside;
} layouts[STORE_LAYOUT + 1] = {
    [2] = {SCHEMA_2("TABLE") "PRAGMA user_version = 2;", SCHEMA_2("TEMP TABLE")},
    [3] = {SCHEMA_3("TABLE") "PRAGMA user_version = 3;", SCHEMA_3("TEMP TABLE")},
};

enum statement {
    SET_MANIFEST,
    GET_MANIFEST,
    GET_WHOLE_MANIFEST,
    ADD_NAME,
    GET_NAMES,
    ADD_NOTE,
    GET_NOTES,
    ADD_BASE,
    GET_BASES,
    GET_BASE,
    ADD_ITEM,
    GET_ITEMS,
    GET_ITEM,
    ADD_VALUE,
    GET_VALUES,
    GET_ITEM_VALUES,
    ADD_CURVE,
    ADD_MADE,
    GET_CURVES,
    GET_ITEM_CURVES,
    ADD_SKIPPED,
    GET_SKIPPED,
    COUNT_SKIPPED,
    CLEAR_SKIPPED,
    BEGIN,
    COMMIT,
    ROLLBACK,
    STATEMENT_COUNT
};

static const char one_item[] =
    "SELECT seconds, full, tail, backward, program FROM item LEFT JOIN made USING (backbone, image, method)"
    " WHERE (backbone, image, method) = (?, ?, ?)";
static const char item_values[] = "SELECT protocol, metric, number, undefined, flag FROM value"
                                  " WHERE (backbone, image, method) = (?, ?, ?) ORDER BY protocol, metric";
static const char item_curves[] = "SELECT protocol, metric, fraction, probability FROM curve"
                                  " WHERE (backbone, image, method) = (?, ?, ?) ORDER BY protocol, metric";

static const char *const statement_sql[STATEMENT_COUNT] = {
    [SET_MANIFEST] = "INSERT OR REPLACE INTO manifest VALUES (?, ?)",
    [GET_MANIFEST] = "SELECT text FROM manifest WHERE key = ?",
    [GET_WHOLE_MANIFEST] = "SELECT key, text FROM manifest ORDER BY key",
    [ADD_NAME] = "INSERT INTO name VALUES (?, ?, ?, ?)",
    [GET_NAMES] = "SELECT name, version FROM name WHERE kind = ? ORDER BY position",
    [ADD_NOTE] = "INSERT INTO note VALUES (?, ?)",
    [GET_NOTES] = "SELECT text FROM note ORDER BY id",
    [ADD_BASE] = "INSERT OR REPLACE INTO base VALUES (?, ?, ?, ?, ?)",
    [GET_BASES] = "SELECT backbone, rank FROM base",
    [GET_BASE] = "SELECT predicted, probability, rank FROM base WHERE backbone = ? AND image = ?",
    [ADD_ITEM] = "INSERT INTO item VALUES (?, ?, ?, ?, ?, ?, ?)",
    [GET_ITEMS] = "SELECT backbone, image, method, seconds, full, tail, backward FROM item",
    [GET_ITEM] = one_item,
    [ADD_VALUE] = "INSERT INTO value VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    [GET_VALUES] = "SELECT backbone, image, method, protocol, metric, number, undefined, flag FROM value",
    [GET_ITEM_VALUES] = item_values,
    [ADD_CURVE] = "INSERT INTO curve VALUES (?, ?, ?, ?, ?, ?, ?)",
    [ADD_MADE] = "INSERT OR REPLACE INTO made VALUES (?, ?, ?, ?)",
    [GET_CURVES] =
        "SELECT backbone, image, method, protocol, metric, fraction, probability FROM curve ORDER BY 1, 2, 3, 4, 5",
    [GET_ITEM_CURVES] = item_curves,
    [ADD_SKIPPED] = "INSERT OR REPLACE INTO skipped VALUES (?, ?)",
    [GET_SKIPPED] = "SELECT image, why FROM skipped ORDER BY image",
    [COUNT_SKIPPED] = "SELECT count(*) FROM skipped",
    [CLEAR_SKIPPED] = "DELETE FROM skipped",
    [BEGIN] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
    [ROLLBACK] = "ROLLBACK",
};

struct store {
    char folder[PATH_MAX], path[PATH_MAX];
    struct run_lock lock;
    sqlite3 *db;
    sqlite3_stmt *statements[STATEMENT_COUNT];
    bool is_batch; /* BEGIN has been, COMMIT is the caller's */
    bool is_read_only;
    struct stat opened; /* run.db of a store that is read only */
    const volatile sig_atomic_t *stop;
    struct arena arena;
    int backbone_count, method_count, protocol_count, metric_count, image_count;
    unsigned char *has_item; /* [backbone][image][method] */
    int note_count;
    const char *notes[STORE_NOTES_MAX]; /* note i has id i + 1 */
};

/* The lists of store_names, by where they stand in it. */
struct list {
    const char *kind;
    size_t count, names, versions; /* versions 0: the list has none (the struct begins with a count) */
};

static const struct list lists[] = {
    {"backbone", offsetof(struct store_names, backbone_count), offsetof(struct store_names, backbones), 0},
    {"method", offsetof(struct store_names, method_count), offsetof(struct store_names, methods),
     offsetof(struct store_names, method_versions)},
    {"protocol", offsetof(struct store_names, protocol_count), offsetof(struct store_names, protocols),
     offsetof(struct store_names, protocol_versions)},
    {"metric", offsetof(struct store_names, metric_count), offsetof(struct store_names, metrics),
     offsetof(struct store_names, metric_versions)},
    {"image", offsetof(struct store_names, image_count), offsetof(struct store_names, images), 0},
};

#define LIST_COUNT (sizeof lists / sizeof *lists)

static int list_count(const struct store_names *names, const struct list *list)
{
    return *(const int *)((const char *)names + list->count);
}

static const char *list_name(const struct store_names *names, const struct list *list, int i)
{
    return (*(const char *const *const *)((const char *)names + list->names))[i];
}

static int list_version(const struct store_names *names, const struct list *list, int i)
{
    return list->versions ? (*(const int *const *)((const char *)names + list->versions))[i] : 0;
}

/* -- SQLite in sentences ------------------------------------------------------------------------------------------- */

static bool is_stopped(const struct store *store)
{
    return store->stop && *store->stop;
}

static int sql_error(const struct store *store, struct error *err)
{
    return error_set(err, "run store \"%s\": %s", store->path,
                     is_stopped(store) ? "interrupted" : sqlite3_errmsg(store->db));
}

static int run_sql(struct store *store, const char *sql, struct error *err)
{
    return sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : sql_error(store, err);
}

/* Runs a statement that gives no rows and makes it ready for the next use. */
static int finish(struct store *store, enum statement which, struct error *err)
{
    sqlite3_stmt *statement = store->statements[which];
    const int status = sqlite3_step(statement) == SQLITE_DONE ? 0 : sql_error(store, err);
    sqlite3_reset(statement);
    return status;
}

/* True as long as there are rows; at the end *status says whether they were all. */
static bool next_row(struct store *store, enum statement which, int *status, struct error *err)
{
    sqlite3_stmt *statement = store->statements[which];
    const int result = *status ? SQLITE_DONE : is_stopped(store) ? SQLITE_INTERRUPT : sqlite3_step(statement);
    if (result == SQLITE_ROW)
        return true;
    if (result != SQLITE_DONE)
        *status = sql_error(store, err);
    sqlite3_reset(statement);
    return false;
}

static void bind_ints(sqlite3_stmt *statement, int first, int count, const int *numbers)
{
    for (int i = 0; i < count; i++)
        sqlite3_bind_int(statement, first + i, numbers[i]);
}

static void bind_text(sqlite3_stmt *statement, int position, const char *text)
{
    sqlite3_bind_text(statement, position, text, -1, SQLITE_STATIC);
}

static const char *column_text(sqlite3_stmt *statement, int column)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    return text ? text : "";
}

/* Ends the transaction: commits, or takes everything back when status is -1 or the commit fails. */
static int end_transaction(struct store *store, int status, struct error *err)
{
    struct error ignored;
    if (!status)
        status = finish(store, COMMIT, err);
    if (status && !sqlite3_get_autocommit(store->db))
        finish(store, ROLLBACK, &ignored);
    return status;
}

/* -- one process at a time ----------------------------------------------------------------------------------------- */

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

static bool is_log_there(const struct store *store)
{
    char path[PATH_MAX + 8];
    struct stat info;
    snprintf(path, sizeof path, "%s-wal", store->path);
    return stat(path, &info) == 0 && info.st_size > 0;
}

/*
 * Where we may not write, others may: a lock that is there is asked for a share. What a killed process has left in the log
 * must be brought home into run.db before it can be read.
 */
static int take_lock_to_read(struct store *store, struct error *err)
{
    if (may_write(store->folder) && may_write(store->path) && may_write(store->lock.path))
        return take_lock(store, err);
    store->is_read_only = true;
    if (run_lock_share(&store->lock, err))
        return -1;
    if (is_log_there(store))
        return error_set(
            err,
            "run \"%s\" was killed and left a part of its items in \"%s-wal\", which can only be read in a "
            "folder that can be written to; copy the run to one",
            store->folder, store->path);
    return stat(store->path, &store->opened) == 0
               ? 0
               : error_set(err, "could not open \"%s\": %s", store->path, strerror(errno));
}

/* -- opening ------------------------------------------------------------------------------------------------------- */

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
 * What a killed process committed stands in run.db-wal, which must never meet another run.db. It is brought home first,
 * so that one rename moves all; where that fails (no database, a damaged one), the log goes first.
 */
static int keep_old(const struct store *store, struct error *err)
{
    sqlite3 *db = NULL;
    if (access(store->path, F_OK) == 0 &&
        sqlite3_open_v2(store->path, &db, SQLITE_OPEN_READWRITE, file_access(store)) == SQLITE_OK)
        sqlite3_exec(db, "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = DELETE;", NULL, NULL, NULL);
    sqlite3_close(db);
    return move_aside(store->path, "-wal", err) || move_aside(store->path, "", err) ? -1 : 0;
}

static int open_database(struct store *store, struct error *err)
{
    const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    if (sqlite3_open_v2(store->path, &store->db, flags, file_access(store)) != SQLITE_OK)
        return sql_error(store, err);
    return run_sql(store, "PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;",
                   err);
}

/* SQLite reads a database with a log, be it empty, without writing beside it only where it is told that nobody writes. */
static int open_read_only(struct store *store, struct error *err)
{
    char uri[3 * PATH_MAX + 32] = "file:";
    size_t used = strlen(uri);
    for (const char *c = store->path; *c; c++)
        used += (size_t)snprintf(uri + used, sizeof uri - used, "%%%02x", (unsigned char)*c);
    snprintf(uri + used, sizeof uri - used, "?immutable=1");
    const int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX;
    return sqlite3_open_v2(uri, &store->db, flags, NULL) == SQLITE_OK ? 0 : sql_error(store, err);
}

/* One number that a statement answers with. */
static int ask(struct store *store, const char *sql, int *number, struct error *err)
{
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL) != SQLITE_OK)
        return sql_error(store, err);
    const int status = sqlite3_step(statement) == SQLITE_ROW ? 0 : sql_error(store, err);
    *number = sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    return status;
}

static int prepare_statements(struct store *store, struct error *err)
{
    for (int i = 0; i < STATEMENT_COUNT; i++)
        if (sqlite3_prepare_v3(store->db, statement_sql[i], -1, SQLITE_PREPARE_PERSISTENT, &store->statements[i],
                               NULL) != SQLITE_OK)
            return sql_error(store, err);
    return 0;
}

static int write_names(struct store *store, const struct store_names *names, struct error *err)
{
    for (size_t l = 0; l < LIST_COUNT; l++)
        for (int i = 0; i < list_count(names, &lists[l]); i++) {
            sqlite3_stmt *statement = store->statements[ADD_NAME];
            bind_text(statement, 1, lists[l].kind);
            sqlite3_bind_int(statement, 2, i);
            bind_text(statement, 3, list_name(names, &lists[l], i));
            sqlite3_bind_int(statement, 4, list_version(names, &lists[l], i));
            if (finish(store, ADD_NAME, err))
                return -1;
        }
    return 0;
}

/* Adds the tables of the layouts after `layout`. */
static int add_layouts(struct store *store, int layout, struct error *err)
{
    while (++layout <= STORE_LAYOUT)
        if (run_sql(store, store->is_read_only ? layouts[layout].beside : layouts[layout].in_file, err))
            return -1;
    return 0;
}

/* The same in one commit; for a file that is only read, missing tables are made in memory. */
static int upgrade(struct store *store, int layout, struct error *err)
{
    if (run_sql(store, store->is_read_only ? "PRAGMA temp_store = MEMORY; BEGIN" : "BEGIN IMMEDIATE", err))
        return -1;
    if (add_layouts(store, layout, err) == 0 && run_sql(store, "COMMIT", err) == 0)
        return 0;
    sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    return -1;
}

/* Tables and names together, so that a run that dies here leaves an empty file, which counts as new. */
static int create_run(struct store *store, const struct store_names *names, struct error *err)
{
    if (run_sql(store, "BEGIN IMMEDIATE", err))
        return -1;
    const int status = run_sql(store, schema, err) || add_layouts(store, 1, err) || prepare_statements(store, err) ||
                               write_names(store, names, err)
                           ? -1
                           : 0;
    if (!status && run_sql(store, "COMMIT", err) == 0)
        return 0;
    sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    return -1;
}

static int read_list(struct store *store, const struct list *list, struct arena *arena, struct store_names *names,
                     struct error *err)
{
    sqlite3_stmt *statement = store->statements[GET_NAMES];
    int status = 0, count = 0, room = 0;
    const char **texts = NULL;
    int *versions = NULL;
    bind_text(statement, 1, list->kind);
    while (next_row(store, GET_NAMES, &status, err)) {
        if (count == room) {
            room = room ? room * 2 : 64;
            const char **more = arena_alloc(arena, (size_t)room, sizeof *more);
            int *more_versions = arena_alloc(arena, (size_t)room, sizeof *more_versions);
            if (!more || !more_versions) {
                status = error_memory(err, "the run's names");
                continue;
            }
            texts = count ? memcpy(more, texts, (size_t)count * sizeof *more) : more;
            versions = count ? memcpy(more_versions, versions, (size_t)count * sizeof *versions) : more_versions;
        }
        texts[count] = arena_string(arena, column_text(statement, 0));
        versions[count] = sqlite3_column_int(statement, 1);
        if (!texts[count++])
            status = error_memory(err, "the run's names");
    }
    *(int *)((char *)names + list->count) = count;
    *(const char ***)((char *)names + list->names) = texts;
    if (list->versions)
        *(int **)((char *)names + list->versions) = versions;
    return status;
}

static int read_names(struct store *store, struct arena *arena, struct store_names *names, struct error *err)
{
    *names = (struct store_names){0};
    for (size_t l = 0; l < LIST_COUNT; l++)
        if (read_list(store, &lists[l], arena, names, err))
            return -1;
    return 0;
}

static void describe(const struct store_names *names, const struct list *list, int i, char *text, size_t size)
{
    char shown[256];
    const size_t used =
        (size_t)snprintf(text, size, "\"%s\"", text_printable(list_name(names, list, i), shown, sizeof shown));
    if (list->versions && used < size)
        snprintf(text + used, size - used, " version %d", list_version(names, list, i));
}

static bool list_differs(const struct list *list, const struct store_names *one, const struct store_names *other,
                         struct store_difference *difference)
{
    const int count_one = list_count(one, list), count_other = list_count(other, list);
    for (int i = 0; i < count_one && i < count_other; i++) {
        if (strcmp(list_name(one, list, i), list_name(other, list, i)) == 0 &&
            list_version(one, list, i) == list_version(other, list, i))
            continue;
        snprintf(difference->what, sizeof difference->what, "%s %d", list->kind, i + 1);
        describe(one, list, i, difference->one, sizeof difference->one);
        describe(other, list, i, difference->other, sizeof difference->other);
        return true;
    }
    snprintf(difference->what, sizeof difference->what, "the number of %ss", list->kind);
    snprintf(difference->one, sizeof difference->one, "%d", count_one);
    snprintf(difference->other, sizeof difference->other, "%d", count_other);
    return count_one != count_other;
}

bool store_names_differ(const struct store_names *one, const struct store_names *other,
                        struct store_difference *difference)
{
    for (size_t l = 0; l < LIST_COUNT; l++)
        if (list_differs(&lists[l], one, other, difference))
            return true;
    return false;
}

static int compare_names(struct store *store, const struct store_names *now, struct error *err)
{
    struct store_names then;
    struct store_difference difference;
    const struct arena_mark mark = arena_mark(&store->arena);
    int status = read_names(store, &store->arena, &then, err);
    if (!status && store_names_differ(&then, now, &difference))
        status = error_set(err, "run \"%s\": %s is %s in the store, %s now; use --fresh to start anew", store->folder,
                           difference.what, difference.one, difference.other);
    arena_rewind(&store->arena, mark);
    return status;
}

static int open_layout(struct store *store, const struct store_names *names, struct error *err)
{
    int layout = 0, tables = 0;
    if (ask(store, "PRAGMA user_version", &layout, err) ||
        ask(store, "SELECT count(*) FROM sqlite_master", &tables, err))
        return -1;
    if (names && tables == 0)
        return create_run(store, names, err);
    if (tables == 0)
        return error_set(err, "run store \"%s\": nothing in it yet; its run was stopped as it began", store->path);
    if (layout < 1 || layout > STORE_LAYOUT)
        return error_set(err, "run store \"%s\": layout version %d, this program knows %d", store->path, layout,
                         STORE_LAYOUT);
    if ((layout < STORE_LAYOUT && upgrade(store, layout, err)) || prepare_statements(store, err))
        return -1;
    return names ? compare_names(store, names, err) : 0;
}

static size_t item_index(const struct store *store, int backbone, int image, int method)
{
    return ((size_t)backbone * (size_t)store->image_count + (size_t)image) * (size_t)store->method_count +
           (size_t)method;
}

static bool is_in(int position, int count)
{
    return position >= 0 && position < count;
}

static int outside(const struct store *store, const char *table, struct error *err)
{
    return error_set(err, "run store \"%s\": a row of table \"%s\" is outside the run's lists", store->path, table);
}

static int mark_items(struct store *store, struct error *err)
{
    int status = 0;
    while (next_row(store, GET_ITEMS, &status, err)) {
        sqlite3_stmt *row = store->statements[GET_ITEMS];
        const int backbone = sqlite3_column_int(row, 0), image = sqlite3_column_int(row, 1);
        const int method = sqlite3_column_int(row, 2);
        if (!is_in(backbone, store->backbone_count) || !is_in(image, store->image_count) ||
            !is_in(method, store->method_count))
            status = outside(store, "item", err);
        else
            store->has_item[item_index(store, backbone, image, method)] = 1;
    }
    return status;
}

static int read_items(struct store *store, struct error *err)
{
    size_t size;
    if (__builtin_mul_overflow((size_t)store->backbone_count * (size_t)store->method_count, (size_t)store->image_count,
                               &size))
        return error_memory(err, "the run's items");
    store->has_item = arena_alloc(&store->arena, size, 1);
    return store->has_item ? mark_items(store, err) : error_memory(err, "the run's items");
}

static int read_notes(struct store *store, struct error *err)
{
    int status = 0;
    while (next_row(store, GET_NOTES, &status, err)) {
        if (store->note_count == STORE_NOTES_MAX) {
            status = error_set(err, "run store \"%s\": more than %d notes", store->path, STORE_NOTES_MAX);
            continue;
        }
        const char *text = arena_string(&store->arena, column_text(store->statements[GET_NOTES], 0));
        if (!text)
            status = error_memory(err, "the run's notes");
        store->notes[store->note_count++] = text;
    }
    return status;
}

static int load(struct store *store, const struct store_names *names, struct error *err)
{
    store->backbone_count = names->backbone_count;
    store->method_count = names->method_count;
    store->protocol_count = names->protocol_count;
    store->metric_count = names->metric_count;
    store->image_count = names->image_count;
    return read_items(store, err) || read_notes(store, err) ? -1 : 0;
}

/* Files that a killed process had not finished; the lock says that nobody else is at work here. */
static void remove_unfinished(const struct store *store)
{
    static const char *const folders[] = {".", "overlays", "plots", "tables"};
    char path[PATH_MAX];
    struct error ignored;
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        if (file_join(path, store->folder, folders[i], &ignored) == 0)
            file_remove_unfinished(path);
}

/* SQLite would follow a link in place of its file, and in someone else's folder a link may lead anywhere. */
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

/* Paths and the lock; nothing of SQLite yet. */
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
    if ((fresh && keep_old(store, err)) || open_database(store, err) || open_layout(store, names, err) ||
        load(store, names, err)) {
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
        open_database(store, err) || ask(store, "SELECT count(*) FROM sqlite_master", &tables, err) ? -1 : 0;
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
        open_layout(store, NULL, err) || read_names(store, arena, names, err) || load(store, names, err)) {
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
         !is_log_there(store)))
        return 0;
    return error_set(err, "run \"%s\" was written to while it was read; do it again when it is done", store->folder);
}

sqlite3 *store_database(const struct store *store)
{
    return store->db;
}

const char *store_path(const struct store *store)
{
    return store->path;
}

int store_fail(const struct store *store, struct error *err)
{
    return sql_error(store, err);
}

int store_reload_items(struct store *store, struct error *err)
{
    memset(store->has_item, 0, item_index(store, store->backbone_count, 0, 0));
    return mark_items(store, err);
}

void store_stop_when(struct store *store, const volatile sig_atomic_t *stop)
{
    store->stop = stop;
}

int store_finish(struct store *store, struct error *err)
{
    return run_sql(store, "PRAGMA wal_checkpoint(TRUNCATE)", err);
}

void store_close(struct store *store)
{
    if (!store)
        return;
    for (int i = 0; i < STATEMENT_COUNT; i++)
        sqlite3_finalize(store->statements[i]);
    sqlite3_close(store->db);
    run_lock_drop(&store->lock);
    unfinished_drop(store->lock.path);
    arena_release(&store->arena);
    free(store);
}

/* -- writing ------------------------------------------------------------------------------------------------------- */

int store_manifest_set(struct store *store, const char *key, const char *text, struct error *err)
{
    bind_text(store->statements[SET_MANIFEST], 1, key);
    bind_text(store->statements[SET_MANIFEST], 2, text);
    return finish(store, SET_MANIFEST, err);
}

int store_manifest_find(struct store *store, const char *key, struct arena *arena, const char **text, struct error *err)
{
    int status = 0;
    *text = NULL;
    bind_text(store->statements[GET_MANIFEST], 1, key);
    while (next_row(store, GET_MANIFEST, &status, err)) {
        *text = arena_string(arena, column_text(store->statements[GET_MANIFEST], 0));
        if (!*text)
            status = error_memory(err, "the run's manifest");
    }
    return status;
}

const char *store_manifest(struct store *store, const char *key, struct arena *arena)
{
    const char *text;
    struct error ignored;
    return store_manifest_find(store, key, arena, &text, &ignored) ? NULL : text;
}

int store_read_manifest(struct store *store, struct arena *arena, struct store_text **list, int *count,
                        struct error *err)
{
    sqlite3_stmt *row = store->statements[GET_WHOLE_MANIFEST];
    int status = 0, room = 0;
    *count = 0;
    *list = NULL;
    while (next_row(store, GET_WHOLE_MANIFEST, &status, err)) {
        if (*count == room) {
            room = room ? room * 2 : 16;
            struct store_text *more = arena_alloc(arena, (size_t)room, sizeof *more);
            if (!more) {
                status = error_memory(err, "the run's manifest");
                continue;
            }
            *list = *count ? memcpy(more, *list, (size_t)*count * sizeof *more) : more;
        }
        struct store_text *text = &(*list)[(*count)++];
        *text = (struct store_text){arena_string(arena, column_text(row, 0)), arena_string(arena, column_text(row, 1))};
        if (!text->key || !text->text)
            status = error_memory(err, "the run's manifest");
    }
    return status;
}

bool store_has_item(const struct store *store, int backbone, int image, int method)
{
    return store->has_item[item_index(store, backbone, image, method)];
}

/* The number of a reason or flag, new ones added; 0: none (bound as NULL). */
static int note_id(struct store *store, const char *text, int *id, struct error *err)
{
    *id = 0;
    if (!text)
        return 0;
    for (int i = 0; i < store->note_count && !*id; i++)
        if (strcmp(store->notes[i], text) == 0)
            *id = i + 1;
    if (*id)
        return 0;
    if (store->note_count == STORE_NOTES_MAX)
        return error_set(err, "run store \"%s\": more than %d notes", store->path, STORE_NOTES_MAX);
    const char *copy = arena_string(&store->arena, text);
    if (!copy)
        return error_memory(err, "the run's notes");
    sqlite3_bind_int(store->statements[ADD_NOTE], 1, store->note_count + 1);
    bind_text(store->statements[ADD_NOTE], 2, copy);
    if (finish(store, ADD_NOTE, err))
        return -1;
    store->notes[store->note_count++] = copy;
    *id = store->note_count;
    return 0;
}

static void bind_note(sqlite3_stmt *statement, int position, int id)
{
    if (id)
        sqlite3_bind_int(statement, position, id);
    else
        sqlite3_bind_null(statement, position);
}

static int add_value(struct store *store, const struct store_item *item, const struct store_value *value,
                     struct error *err)
{
    sqlite3_stmt *statement = store->statements[ADD_VALUE];
    int undefined, flag;
    if (note_id(store, value->undefined, &undefined, err) || note_id(store, value->flag, &flag, err))
        return -1;
    const int keys[] = {item->backbone, item->image, item->method, value->protocol, value->metric};
    bind_ints(statement, 1, 5, keys);
    if (undefined)
        sqlite3_bind_null(statement, 6);
    else
        sqlite3_bind_double(statement, 6, value->number);
    bind_note(statement, 7, undefined);
    bind_note(statement, 8, flag);
    return finish(store, ADD_VALUE, err);
}

static int add_curve(struct store *store, const struct store_item *item, const struct store_curve *curve,
                     struct error *err)
{
    sqlite3_stmt *statement = store->statements[ADD_CURVE];
    const int keys[] = {item->backbone, item->image, item->method, curve->protocol, curve->metric};
    const sqlite3_uint64 bytes = (sqlite3_uint64)curve->count * sizeof(double);
    bind_ints(statement, 1, 5, keys);
    sqlite3_bind_blob64(statement, 6, curve->fraction, bytes, SQLITE_STATIC);
    sqlite3_bind_blob64(statement, 7, curve->probability, bytes, SQLITE_STATIC);
    return finish(store, ADD_CURVE, err);
}

static int add_made(struct store *store, const struct store_item *item, struct error *err)
{
    const int keys[] = {item->backbone, item->image, item->method, item->program};
    bind_ints(store->statements[ADD_MADE], 1, 4, keys);
    return finish(store, ADD_MADE, err);
}

static int add_item(struct store *store, const struct store_item *item, struct error *err)
{
    sqlite3_stmt *statement = store->statements[ADD_ITEM];
    const int keys[] = {item->backbone, item->image, item->method};
    bind_ints(statement, 1, 3, keys);
    sqlite3_bind_double(statement, 4, item->cost.seconds);
    sqlite3_bind_double(statement, 5, item->cost.full);
    sqlite3_bind_double(statement, 6, item->cost.tail);
    sqlite3_bind_double(statement, 7, item->cost.backward);
    if (finish(store, ADD_ITEM, err))
        return -1;
    if (item->program > 0 && add_made(store, item, err))
        return -1;
    for (int i = 0; i < item->value_count; i++)
        if (add_value(store, item, &item->values[i], err))
            return -1;
    for (const struct store_curve *curve = item->curves; curve; curve = curve->next)
        if (add_curve(store, item, curve, err))
            return -1;
    return 0;
}

int store_begin_batch(struct store *store, struct error *err)
{
    if (finish(store, BEGIN, err))
        return -1;
    store->is_batch = true;
    return 0;
}

int store_end_batch(struct store *store, struct error *err)
{
    store->is_batch = false;
    return end_transaction(store, 0, err);
}

int store_commit(struct store *store, const struct store_item *item, struct error *err)
{
    const int notes_before = store->note_count;
    if (!store->is_batch && finish(store, BEGIN, err))
        return -1;
    int status = add_item(store, item, err);
    if (!store->is_batch)
        status = end_transaction(store, status, err);
    if (status) {
        store->note_count = notes_before;
        return -1;
    }
    store->has_item[item_index(store, item->backbone, item->image, item->method)] = 1;
    return 0;
}

int store_commit_base(struct store *store, const struct store_base *base, struct error *err)
{
    sqlite3_stmt *statement = store->statements[ADD_BASE];
    const int keys[] = {base->backbone, base->image, base->predicted};
    bind_ints(statement, 1, 3, keys);
    sqlite3_bind_double(statement, 4, base->probability);
    sqlite3_bind_int(statement, 5, base->rank);
    return finish(store, ADD_BASE, err);
}

int store_commit_skipped(struct store *store, int image, const char *why, struct error *err)
{
    sqlite3_bind_int(store->statements[ADD_SKIPPED], 1, image);
    bind_text(store->statements[ADD_SKIPPED], 2, why);
    return finish(store, ADD_SKIPPED, err);
}

int store_clear_skipped(struct store *store, struct error *err)
{
    return finish(store, CLEAR_SKIPPED, err);
}

int store_skipped_count(struct store *store, int *count, struct error *err)
{
    int status = 0;
    *count = 0;
    while (next_row(store, COUNT_SKIPPED, &status, err))
        *count = sqlite3_column_int(store->statements[COUNT_SKIPPED], 0);
    return status;
}

int store_read_skipped(struct store *store, struct arena *arena, struct store_skipped **list, int *count,
                       struct error *err)
{
    int status = 0, most;
    *count = 0;
    if (store_skipped_count(store, &most, err))
        return -1;
    *list = arena_alloc(arena, (size_t)most, sizeof **list);
    if (!*list)
        return error_memory(err, "the skipped images");
    while (next_row(store, GET_SKIPPED, &status, err) && *count < most) {
        sqlite3_stmt *row = store->statements[GET_SKIPPED];
        struct store_skipped *skipped = &(*list)[(*count)++];
        *skipped = (struct store_skipped){sqlite3_column_int(row, 0), arena_string(arena, column_text(row, 1))};
        if (!skipped->why)
            status = error_memory(err, "the skipped images");
        else if (!is_in(skipped->image, store->image_count))
            status = outside(store, "skipped", err);
    }
    return status;
}

/* -- reading one item ---------------------------------------------------------------------------------------------- */

int store_read_base(struct store *store, int backbone, int image, struct store_base *base, struct error *err)
{
    sqlite3_stmt *row = store->statements[GET_BASE];
    const int keys[] = {backbone, image};
    int status = 0, count = 0;
    bind_ints(row, 1, 2, keys);
    while (next_row(store, GET_BASE, &status, err)) {
        *base = (struct store_base){backbone, image, sqlite3_column_int(row, 0), sqlite3_column_int(row, 2),
                                    sqlite3_column_double(row, 1)};
        count++;
    }
    return status ? status : count;
}

/* The text of a note; NULL for SQL's NULL. */
static int note_text(const struct store *store, sqlite3_stmt *row, int column, const char **text, struct error *err)
{
    const int id = sqlite3_column_int(row, column); /* NULL reads as 0 */
    if (!is_in(id, store->note_count + 1))
        return outside(store, "value", err);
    *text = id ? store->notes[id - 1] : NULL;
    return 0;
}

static int read_item_values(struct store *store, const int keys[3], struct arena *arena, struct store_item *item,
                            struct error *err)
{
    sqlite3_stmt *row = store->statements[GET_ITEM_VALUES];
    const int most = store->protocol_count * store->metric_count;
    struct store_value *values = arena_alloc(arena, (size_t)most, sizeof *values);
    if (!values)
        return error_memory(err, "an item's values");
    int status = 0, count = 0;
    bind_ints(row, 1, 3, keys);
    while (next_row(store, GET_ITEM_VALUES, &status, err)) {
        struct store_value value = {.protocol = sqlite3_column_int(row, 0),
                                    .metric = sqlite3_column_int(row, 1),
                                    .number = sqlite3_column_double(row, 2)};
        if (note_text(store, row, 3, &value.undefined, err) || note_text(store, row, 4, &value.flag, err))
            status = -1;
        else if (count == most || !is_in(value.protocol, store->protocol_count) ||
                 !is_in(value.metric, store->metric_count))
            status = outside(store, "value", err);
        else
            values[count++] = value;
    }
    item->values = values;
    item->value_count = count;
    return status;
}

static int read_item_curves(struct store *store, const int keys[3], struct arena *arena, struct store_item *item,
                            struct error *err)
{
    sqlite3_stmt *row = store->statements[GET_ITEM_CURVES];
    const struct store_curve **end = &item->curves;
    int status = 0;
    bind_ints(row, 1, 3, keys);
    while (next_row(store, GET_ITEM_CURVES, &status, err)) {
        const void *blobs[] = {sqlite3_column_blob(row, 2), sqlite3_column_blob(row, 3)};
        const int bytes = sqlite3_column_bytes(row, 2), protocol = sqlite3_column_int(row, 0);
        const int metric = sqlite3_column_int(row, 1);
        if (!is_in(protocol, store->protocol_count) || !is_in(metric, store->metric_count) ||
            bytes < (int)sizeof(double) || bytes % (int)sizeof(double) || bytes != sqlite3_column_bytes(row, 3)) {
            status = outside(store, "curve", err);
            continue;
        }
        struct store_curve *curve = arena_alloc(arena, 1, sizeof *curve);
        double *numbers = arena_alloc(arena, 2, (size_t)bytes);
        if (!curve || !numbers) {
            status = error_memory(err, "an item's curves");
            continue;
        }
        const int count = bytes / (int)sizeof *numbers;
        memcpy(numbers, blobs[0], (size_t)bytes);
        memcpy(numbers + count, blobs[1], (size_t)bytes);
        *curve = (struct store_curve){NULL, protocol, metric, count, numbers, numbers + count};
        *end = curve;
        end = &curve->next;
    }
    return status;
}

int store_read_item(struct store *store, int backbone, int image, int method, struct arena *arena,
                    struct store_item *item, struct error *err)
{
    sqlite3_stmt *row = store->statements[GET_ITEM];
    const int keys[] = {backbone, image, method};
    int status = 0;
    *item = (struct store_item){.backbone = backbone, .image = image, .method = method};
    bind_ints(row, 1, 3, keys);
    while (next_row(store, GET_ITEM, &status, err)) {
        item->program = sqlite3_column_int(row, 4); /* NULL reads as 0 */
        item->cost = (struct cost){.seconds = sqlite3_column_double(row, 0),
                                   .full = sqlite3_column_double(row, 1),
                                   .tail = sqlite3_column_double(row, 2),
                                   .backward = sqlite3_column_double(row, 3)};
    }
    return status || read_item_values(store, keys, arena, item, err) || read_item_curves(store, keys, arena, item, err)
               ? -1
               : 0;
}

/* -- reading for a report ------------------------------------------------------------------------------------------ */

/* The report's big arrays, writable; the report has them as const. */
struct table {
    double *values;
    uint8_t *states;
    const char **notes;
    struct cost *costs;
    struct report_backbone *backbones;
    struct report_curve *curves;
};

static int make_table(const struct report *report, struct arena *arena, struct table *table, struct error *err)
{
    const size_t maps = (size_t)report->backbone_count * (size_t)report->method_count;
    size_t items, values;
    if (__builtin_mul_overflow(maps, (size_t)report->image_count, &items) ||
        __builtin_mul_overflow(items, (size_t)report->protocol_count * (size_t)report->metric_count, &values))
        return error_memory(err, "the report's values");
    table->values = arena_alloc(arena, values, sizeof *table->values);
    table->states = arena_alloc(arena, values, sizeof *table->states);
    table->notes = arena_alloc(arena, values, sizeof *table->notes);
    table->costs = arena_alloc(arena, items, sizeof *table->costs);
    table->backbones = arena_alloc(arena, (size_t)report->backbone_count, sizeof *table->backbones);
    table->curves =
        arena_alloc(arena, maps * (size_t)report->protocol_count, (size_t)report->metric_count * sizeof *table->curves);
    if (!table->values || !table->states || !table->notes || !table->costs || !table->backbones || !table->curves)
        return error_memory(err, "the report's values");
    for (size_t i = 0; i < items; i++)
        table->costs[i].seconds = -1;
    for (int i = 0; i < report->backbone_count; i++) {
        table->backbones[i] = report->backbones[i];
        table->backbones[i].top1 = table->backbones[i].top5 = table->backbones[i].labelled = 0;
    }
    return 0;
}

static int read_bases(struct store *store, const struct table *table, struct error *err)
{
    int status = 0;
    while (next_row(store, GET_BASES, &status, err)) {
        sqlite3_stmt *row = store->statements[GET_BASES];
        const int backbone = sqlite3_column_int(row, 0), rank = sqlite3_column_int(row, 1);
        if (!is_in(backbone, store->backbone_count)) {
            status = outside(store, "base", err);
            continue;
        }
        table->backbones[backbone].labelled += rank >= 0;
        table->backbones[backbone].top1 += rank == 0;
        table->backbones[backbone].top5 += rank >= 0 && rank < 5;
    }
    return status;
}

static int read_costs(struct store *store, const struct table *table, struct error *err)
{
    int status = 0;
    while (next_row(store, GET_ITEMS, &status, err)) {
        sqlite3_stmt *row = store->statements[GET_ITEMS]; /* its positions were checked by read_items() */
        const size_t backbone = (size_t)sqlite3_column_int(row, 0), method = (size_t)sqlite3_column_int(row, 2);
        const size_t map = backbone * (size_t)store->method_count + method;
        table->costs[map * (size_t)store->image_count + (size_t)sqlite3_column_int(row, 1)] = (struct cost){
            .seconds = sqlite3_column_double(row, 3),
            .full = sqlite3_column_double(row, 4),
            .tail = sqlite3_column_double(row, 5),
            .backward = sqlite3_column_double(row, 6),
        };
    }
    return status;
}

/* A note's text in the arena of the report, which may outlive the store. */
static int copy_notes(const struct store *store, struct arena *arena, const char ***notes, struct error *err)
{
    *notes = arena_alloc(arena, (size_t)store->note_count + 1, sizeof **notes);
    bool is_short = !*notes;
    for (int i = 0; i < store->note_count && !is_short; i++) {
        (*notes)[i + 1] = arena_string(arena, store->notes[i]);
        is_short = !(*notes)[i + 1];
    }
    return is_short ? error_memory(err, "the report's notes") : 0;
}

static int keep_value(struct store *store, const struct report *report, const char *const *notes,
                      const struct table *table, struct error *err)
{
    sqlite3_stmt *row = store->statements[GET_VALUES];
    const int backbone = sqlite3_column_int(row, 0), image = sqlite3_column_int(row, 1);
    const int method = sqlite3_column_int(row, 2), protocol = sqlite3_column_int(row, 3);
    const int metric = sqlite3_column_int(row, 4);
    const int undefined = sqlite3_column_int(row, 6), flag = sqlite3_column_int(row, 7); /* NULL reads as 0 */
    if (!is_in(backbone, store->backbone_count) || !is_in(image, store->image_count) ||
        !is_in(method, store->method_count) || !is_in(protocol, store->protocol_count) ||
        !is_in(metric, store->metric_count) || !is_in(undefined, store->note_count + 1) ||
        !is_in(flag, store->note_count + 1))
        return outside(store, "value", err);
    const size_t at = report_index(report, backbone, method, protocol, metric, image);
    table->values[at] = sqlite3_column_double(row, 5);
    table->states[at] = undefined ? REPORT_UNDEFINED : REPORT_DEFINED;
    table->notes[at] = undefined ? notes[undefined] : notes[flag];
    return 0;
}

static int read_values(struct store *store, struct arena *arena, const struct report *report, const struct table *table,
                       struct error *err)
{
    const char **notes;
    if (copy_notes(store, arena, &notes, err))
        return -1;
    int status = 0;
    while (next_row(store, GET_VALUES, &status, err))
        status = keep_value(store, report, notes, table, err);
    return status;
}

static bool all_finite(const double *values, int count)
{
    for (int i = 0; i < count; i++)
        if (!isfinite(values[i]))
            return false;
    return true;
}

/* Adds a curve to the sums of its mean; the first says where the points are. */
static int sum_curve(struct store *store, struct arena *arena, struct report_curve *sum, const double *fraction,
                     const double *probability, int count, struct error *err)
{
    if (!all_finite(fraction, count) || !all_finite(probability, count))
        return 0;
    if (sum->n == 0) {
        sum->fraction = arena_alloc(arena, (size_t)count, sizeof *sum->fraction);
        sum->mean = arena_alloc(arena, (size_t)count, sizeof *sum->mean);
        if (!sum->fraction || !sum->mean)
            return error_memory(err, "the report's curves");
        memcpy(sum->fraction, fraction, (size_t)count * sizeof *fraction);
        sum->count = count;
    }
    if (sum->count != count)
        return error_set(err, "run store \"%s\": two curves of one kind have %d and %d points", store->path, sum->count,
                         count);
    for (int i = 0; i < count; i++)
        sum->mean[i] += probability[i];
    sum->n++;
    return 0;
}

static int keep_curve(struct store *store, struct arena *arena, const struct report *report, const struct table *table,
                      struct error *err)
{
    sqlite3_stmt *row = store->statements[GET_CURVES];
    const int backbone = sqlite3_column_int(row, 0), image = sqlite3_column_int(row, 1);
    const int method = sqlite3_column_int(row, 2), protocol = sqlite3_column_int(row, 3);
    const int metric = sqlite3_column_int(row, 4);
    const void *blobs[] = {sqlite3_column_blob(row, 5), sqlite3_column_blob(row, 6)};
    const int bytes = sqlite3_column_bytes(row, 5);
    if (!is_in(backbone, store->backbone_count) || !is_in(image, store->image_count) ||
        !is_in(method, store->method_count) || !is_in(protocol, store->protocol_count) ||
        !is_in(metric, store->metric_count) || bytes < (int)sizeof(double) || bytes % (int)sizeof(double) ||
        bytes != sqlite3_column_bytes(row, 6))
        return outside(store, "curve", err);
    if (report->shared && !report->shared[(size_t)backbone * (size_t)store->image_count + (size_t)image])
        return 0; /* mean curves can be compared */
    const struct arena_mark mark = arena_mark(&store->arena);
    double *copies = arena_alloc(&store->arena, 2, (size_t)bytes); /* a blob may stand at any address */
    if (!copies)
        return error_memory(err, "the report's curves");
    const int count = bytes / (int)sizeof *copies;
    memcpy(copies, blobs[0], (size_t)bytes);
    memcpy(copies + count, blobs[1], (size_t)bytes);
    const size_t at = report_curve_index(report, backbone, method, protocol, metric);
    const int status = sum_curve(store, arena, &table->curves[at], copies, copies + count, count, err);
    arena_rewind(&store->arena, mark);
    return status;
}

static int read_curves(struct store *store, struct arena *arena, const struct report *report, const struct table *table,
                       struct error *err)
{
    int status = 0;
    while (next_row(store, GET_CURVES, &status, err))
        status = keep_curve(store, arena, report, table, err);
    const size_t count = report_curve_index(report, report->backbone_count, 0, 0, 0);
    for (size_t i = 0; i < count; i++)
        for (int k = 0; k < table->curves[i].count; k++)
            table->curves[i].mean[k] /= table->curves[i].n;
    return status;
}

int store_read(struct store *store, struct arena *arena, struct report *report, struct error *err)
{
    struct table table = {0};
    if (report->backbone_count != store->backbone_count || report->method_count != store->method_count ||
        report->protocol_count != store->protocol_count || report->metric_count != store->metric_count ||
        report->image_count != store->image_count)
        return error_set(err, "run store \"%s\": its lists are not those of the report", store->path);
    if (make_table(report, arena, &table, err) || read_bases(store, &table, err) || read_costs(store, &table, err) ||
        read_values(store, arena, report, &table, err) || read_curves(store, arena, report, &table, err))
        return -1;
    report->values = table.values;
    report->states = table.states;
    report->notes = table.notes;
    report->costs = table.costs;
    report->backbones = table.backbones;
    report->curves = table.curves;
    return 0;
}
