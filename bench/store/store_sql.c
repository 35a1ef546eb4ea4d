/* bench/store/store_sql.c - the statements of the store, SQLite's results as errors, transactions. */
#include "bench/store/store_inside.h"

#include "bench/store/database.h"

/*
 * Positions refer to the run's lists. There are few different reasons and flags, so rows hold their ids in table
 * `note`.
 */
static const char one_item[] =
    "SELECT seconds, full, tail, backward, program FROM item LEFT JOIN made USING (backbone, image, method)"
    " WHERE (backbone, image, method) = (?, ?, ?)";
static const char item_values[] = "SELECT protocol, metric, number, undefined, flag FROM value"
                                  " WHERE (backbone, image, method) = (?, ?, ?)";
static const char item_curves[] = "SELECT protocol, metric, fraction, probability FROM curve"
                                  " WHERE (backbone, image, method) = (?, ?, ?)";
static const char item_maps[] = "SELECT view, h, w, form, data, seconds, full, tail, backward, repeated FROM map"
                                " WHERE (backbone, image, method) = (?, ?, ?)";

static const char get_sessions[] =
    "SELECT started, ended, items, value_count, maps, kept_maps, base_passes, full, tail, backward FROM session"
    " ORDER BY id";

static const char set_session[] =
    "UPDATE session SET started = ?, ended = ?, items = ?, value_count = ?, maps = ?, kept_maps = ?, base_passes = ?,"
    " full = ?, tail = ?, backward = ? WHERE id = ?";

static const char *const statement_sql[STATEMENT_COUNT] = {
    [SET_MANIFEST] = "INSERT OR REPLACE INTO manifest VALUES (?, ?)",
    [GET_MANIFEST] = "SELECT text FROM manifest WHERE key = ?",
    [GET_WHOLE_MANIFEST] = "SELECT key, text FROM manifest ORDER BY key",
    [ADD_NAME] = "INSERT INTO name VALUES (?, ?, ?, ?)",
    [GET_NAMES] = "SELECT name, version FROM name WHERE kind = ? ORDER BY position",
    [GET_LISTED] = "SELECT entry FROM listed WHERE kind = ? ORDER BY position",
    [ADD_LISTED] = "INSERT INTO listed VALUES (?, ?, ?)",
    [CLEAR_LISTED] = "DELETE FROM listed WHERE kind = ?",
    [ADD_NOTE] = "INSERT INTO note VALUES (?, ?)",
    [GET_NOTES] = "SELECT text FROM note ORDER BY id",
    [ADD_BASE] = "INSERT OR REPLACE INTO base VALUES (?, ?, ?, ?, ?, ?)",
    [GET_BASES] = "SELECT backbone, image, input, predicted, probability, rank FROM base",
    [GET_BASE] = "SELECT predicted, probability, rank FROM base WHERE (backbone, image, input) = (?, ?, ?)",
    [ADD_ITEM] = "INSERT OR REPLACE INTO item VALUES (?, ?, ?, ?, ?, ?, ?)",
    [GET_ITEMS] = "SELECT backbone, image, method, seconds, full, tail, backward FROM item",
    [GET_ITEM] = one_item,
    [ADD_VALUE] = "INSERT INTO value VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    [GET_VALUES] = "SELECT backbone, image, method, protocol, metric, number, undefined, flag FROM value",
    [GET_VALUE_KEYS] = "SELECT backbone, image, method, protocol, metric FROM value",
    [GET_ITEM_VALUES] = item_values,
    [ADD_CURVE] = "INSERT INTO curve VALUES (?, ?, ?, ?, ?, ?, ?)",
    [ADD_MADE] = "INSERT OR IGNORE INTO made VALUES (?, ?, ?, ?)",
    [GET_CURVES] =
        "SELECT backbone, image, method, protocol, metric, fraction, probability FROM curve ORDER BY 1, 2, 3, 4, 5",
    [GET_ITEM_CURVES] = item_curves,
    [ADD_MAP] = "INSERT OR REPLACE INTO map VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [GET_ITEM_MAPS] = item_maps,
    [GET_KEPT_MAPS] = "SELECT backbone, image, method, view FROM map WHERE data IS NOT NULL",
    [ADD_SESSION] = "INSERT INTO session VALUES (NULL, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    [SET_SESSION] = set_session,
    [GET_SESSIONS] = get_sessions,
    [ADD_SPENT] = "INSERT OR REPLACE INTO spent VALUES (?, ?, ?, ?, ?, ?)",
    [GET_SPENT] = "SELECT call, activity, backbone, method, seconds, wall FROM spent ORDER BY 1, 2, 3, 4",
    [ADD_SKIPPED] = "INSERT OR REPLACE INTO skipped VALUES (?, ?)",
    [GET_SKIPPED] = "SELECT image, why FROM skipped ORDER BY image",
    [COUNT_SKIPPED] = "SELECT count(*) FROM skipped",
    [CLEAR_SKIPPED] = "DELETE FROM skipped",
    [BEGIN] = "BEGIN IMMEDIATE",
    [COMMIT] = "COMMIT",
    [ROLLBACK] = "ROLLBACK",
};

static bool is_stopped(const struct store *store)
{
    return store->stop && *store->stop;
}

int store_fail(const struct store *store, struct error *err)
{
    return is_stopped(store) ? error_set(err, "run store \"%s\": interrupted", store->path)
                             : database_fail(store->db, "run store", store->path, err);
}

int store_run_sql(struct store *store, const char *sql, struct error *err)
{
    return sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : store_fail(store, err);
}

int store_step(struct store *store, enum statement which, struct error *err)
{
    sqlite3_stmt *statement = store->statements[which];
    const int status = sqlite3_step(statement) == SQLITE_DONE ? 0 : store_fail(store, err);
    sqlite3_reset(statement);
    return status;
}

bool store_next_row(struct store *store, enum statement which, int *status, struct error *err)
{
    sqlite3_stmt *statement = store->statements[which];
    const int result = *status ? SQLITE_DONE : is_stopped(store) ? SQLITE_INTERRUPT : sqlite3_step(statement);
    if (result == SQLITE_ROW)
        return true;
    if (result != SQLITE_DONE)
        *status = store_fail(store, err);
    sqlite3_reset(statement);
    return false;
}

void store_bind_ints(sqlite3_stmt *statement, int first, int count, const int *numbers)
{
    for (int i = 0; i < count; i++)
        sqlite3_bind_int(statement, first + i, numbers[i]);
}

void store_bind_text(sqlite3_stmt *statement, int position, const char *text)
{
    sqlite3_bind_text(statement, position, text, -1, SQLITE_STATIC);
}

const char *store_column_text(sqlite3_stmt *statement, int column)
{
    const char *text = (const char *)sqlite3_column_text(statement, column);
    return text ? text : "";
}

int store_end_transaction(struct store *store, int status, struct error *err)
{
    struct error ignored;
    if (!status)
        status = store_step(store, COMMIT, err) || store_note_commit(store, err) ? -1 : 0;
    if (status && !sqlite3_get_autocommit(store->db))
        store_step(store, ROLLBACK, &ignored);
    return status;
}

int store_number_of(struct store *store, const char *sql, int *number, struct error *err)
{
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL) != SQLITE_OK)
        return store_fail(store, err);
    const int status = sqlite3_step(statement) == SQLITE_ROW ? 0 : store_fail(store, err);
    *number = sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    return status;
}

int store_prepare(struct store *store, struct error *err)
{
    for (int i = 0; i < STATEMENT_COUNT; i++)
        if (sqlite3_prepare_v3(store->db, statement_sql[i], -1, SQLITE_PREPARE_PERSISTENT, &store->statements[i],
                               NULL) != SQLITE_OK)
            return store_fail(store, err);
    return 0;
}

int store_fail_outside(const struct store *store, const char *table, struct error *err)
{
    return error_set(err, "run store \"%s\": a row of table \"%s\" is outside the run's lists", store->path, table);
}
