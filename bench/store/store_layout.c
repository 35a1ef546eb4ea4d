/* bench/store/store_layout.c - creates the tables of run.db, and updates files of earlier programs. */
#include "bench/store/store_inside.h"

#define STORE_LAYOUT 5

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
 * The tables that layouts 2 to 5 add to the layout before, in the file or, for a file that is only read, in memory.
 * Blobs are float64 in the machine's byte order, little-endian on all supported machines. `made` records which program
 * measured an item; an item that it lacks was measured by a program that stored no digests. Layout 4 lets a run grow:
 * `listed` has the run's present lists, `map` the raw maps (float32) and the cost of each, `base` a row for each input
 * (-1: that of a run of layout 3), `session` what each call of the program has measured. Layout 5 adds `spent`: the
 * seconds of each call, by activity; `call` is a number that no call of another run has, so that rows of several runs
 * can be joined.
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

#define BASE_4 \
    "base (backbone INTEGER NOT NULL, image INTEGER NOT NULL, input INTEGER NOT NULL, predicted INTEGER NOT NULL," \
    " probability REAL NOT NULL, rank INTEGER NOT NULL, PRIMARY KEY (backbone, image, input)) WITHOUT ROWID;"
#define SCHEMA_4(table) \
    "CREATE " table " IF NOT EXISTS listed (kind TEXT NOT NULL, position INTEGER NOT NULL, entry INTEGER NOT NULL," \
    " PRIMARY KEY (kind, position)) WITHOUT ROWID;" \
    "INSERT OR IGNORE INTO listed SELECT kind, position, position FROM name;" \
    "CREATE " table " IF NOT EXISTS map (backbone INTEGER NOT NULL, image INTEGER NOT NULL, method INTEGER NOT NULL," \
    " view INTEGER NOT NULL, h INTEGER NOT NULL, w INTEGER NOT NULL, form INTEGER NOT NULL, seconds REAL NOT NULL," \
    " full REAL NOT NULL, tail REAL NOT NULL, backward REAL NOT NULL, repeated REAL NOT NULL, data BLOB," \
    " PRIMARY KEY (backbone, image, method, view)) WITHOUT ROWID;" \
    "CREATE " table " IF NOT EXISTS session (id INTEGER PRIMARY KEY, started INTEGER NOT NULL, ended INTEGER," \
    " items INTEGER NOT NULL, value_count INTEGER NOT NULL, maps INTEGER NOT NULL, kept_maps INTEGER NOT NULL," \
    " base_passes REAL NOT NULL, full REAL NOT NULL, tail REAL NOT NULL, backward REAL NOT NULL);"
#define SCHEMA_5(table) \
    "CREATE " table " IF NOT EXISTS spent (call INTEGER NOT NULL, activity TEXT NOT NULL, backbone INTEGER NOT NULL," \
    " method INTEGER NOT NULL, seconds REAL NOT NULL, wall REAL NOT NULL," \
    " PRIMARY KEY (call, activity, backbone, method)) WITHOUT ROWID;"

static const struct layout {
    const char *in_file, *beside;
} layouts[STORE_LAYOUT + 1] = {
    [2] = {SCHEMA_2("TABLE") "PRAGMA user_version = 2;", SCHEMA_2("TEMP TABLE")},
    [3] = {SCHEMA_3("TABLE") "PRAGMA user_version = 3;", SCHEMA_3("TEMP TABLE")},
    [4] = {SCHEMA_4("TABLE") "ALTER TABLE base RENAME TO base_3; CREATE TABLE " BASE_4
                             "INSERT INTO base SELECT backbone, image, -1, predicted, probability, rank FROM base_3;"
                             "DROP TABLE base_3; PRAGMA user_version = 4;",
           SCHEMA_4("TEMP TABLE") "CREATE TEMP TABLE " BASE_4
                                  "INSERT INTO temp.base SELECT backbone, image, -1, predicted, probability, rank"
                                  " FROM main.base;"},
    [5] = {SCHEMA_5("TABLE") "PRAGMA user_version = 5;", SCHEMA_5("TEMP TABLE")},
};

/* Adds the tables of the layouts after `layout`. */
static int add_layouts(struct store *store, int layout, struct error *err)
{
    while (++layout <= STORE_LAYOUT)
        if (store_run_sql(store, store->is_read_only ? layouts[layout].beside : layouts[layout].in_file, err))
            return -1;
    return 0;
}

/* The same in one commit. */
static int upgrade(struct store *store, int layout, struct error *err)
{
    if (store_run_sql(store, store->is_read_only ? "PRAGMA temp_store = MEMORY; BEGIN" : "BEGIN IMMEDIATE", err))
        return -1;
    if (add_layouts(store, layout, err) == 0 && store_run_sql(store, "COMMIT", err) == 0)
        return 0;
    sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    return -1;
}

/* Writes tables and names in one commit: a process killed here leaves an empty file, which counts as new. */
static int create_run(struct store *store, const struct store_names *names, struct error *err)
{
    if (store_run_sql(store, "BEGIN IMMEDIATE", err))
        return -1;
    const int status = store_run_sql(store, schema, err) || add_layouts(store, 1, err) || store_prepare(store, err) ||
                               store_load_lists(store, err) || store_choose_lists(store, names, err) ||
                               store_write_lists(store, err)
                           ? -1
                           : 0;
    if (!status && store_run_sql(store, "COMMIT", err) == 0)
        return 0;
    sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
    return -1;
}

int store_open_layout(struct store *store, const struct store_names *names, struct error *err)
{
    int layout = 0, tables = 0;
    if (store_number_of(store, "PRAGMA user_version", &layout, err) ||
        store_number_of(store, "SELECT count(*) FROM sqlite_master", &tables, err))
        return -1;
    if (names && tables == 0)
        return create_run(store, names, err);
    if (tables == 0)
        return error_set(err, "run store \"%s\": nothing in it yet; its run was stopped as it began", store->path);
    if (layout < 1 || layout > STORE_LAYOUT)
        return error_set(err, "run store \"%s\": layout version %d, this program reads %d", store->path, layout,
                         STORE_LAYOUT);
    if ((layout < STORE_LAYOUT && upgrade(store, layout, err)) || store_prepare(store, err))
        return -1;
    return status_of(store_load_lists(store, err) || (names && store_choose_lists(store, names, err)));
}
