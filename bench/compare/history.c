/* bench/compare/history.c - SQLite tables of nights, cells and numbers. */
#include "bench/compare/history.h"

#include "base/file.h"
#include "bench/store/database.h"
#include "report/stats.h"

#include <sqlite3.h>

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define APPLICATION 1128419651

static const char schema[] =
    "BEGIN IMMEDIATE;"
    "CREATE TABLE IF NOT EXISTS night (id INTEGER PRIMARY KEY, started TEXT NOT NULL UNIQUE, run TEXT NOT NULL,"
    " machine TEXT NOT NULL, differences INTEGER NOT NULL, missing INTEGER NOT NULL);"
    "CREATE TABLE IF NOT EXISTS cell (id INTEGER PRIMARY KEY, backbone TEXT NOT NULL, method TEXT NOT NULL,"
    " protocol TEXT NOT NULL, metric TEXT NOT NULL, unit TEXT NOT NULL, UNIQUE (backbone, protocol, metric, method));"
    "CREATE TABLE IF NOT EXISTS number (night INTEGER NOT NULL, cell INTEGER NOT NULL, n INTEGER NOT NULL,"
    " undefined INTEGER NOT NULL, value REAL, low REAL, high REAL, verdict TEXT NOT NULL,"
    " PRIMARY KEY (cell, night)) WITHOUT ROWID;"
    "CREATE TABLE IF NOT EXISTS program (night INTEGER PRIMARY KEY, text TEXT NOT NULL);"
    "PRAGMA application_id = 1128419651;" /* "CBHC", which identifies a history */
    "COMMIT;";

static int sql_error(const char *path, sqlite3 *db, struct error *err)
{
    database_fail(db, "history", path, err);
    return -1; /* visibly for the analyser */
}

static int run_sql(const char *path, sqlite3 *db, const char *sql, struct error *err)
{
    return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK ? 0 : sql_error(path, db, err);
}

/*
 * Error: the file is not a history, which its application id shows. With may_be_new an empty database is accepted too.
 */
static int check_mark(const char *path, sqlite3 *db, bool may_be_new, struct error *err)
{
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(db, "SELECT (SELECT count(*) FROM sqlite_master), application_id FROM pragma_application_id",
                           -1, &statement, NULL) != SQLITE_OK)
        return sql_error(path, db, err);
    int status = sqlite3_step(statement) == SQLITE_ROW ? 0 : sql_error(path, db, err);
    const bool is_new = sqlite3_column_int(statement, 0) == 0,
               is_ours = sqlite3_column_int(statement, 1) == APPLICATION;
    if (!status && !is_ours && !(is_new && may_be_new))
        status = error_set(err, "\"%s\" is not a history of nights", path);
    sqlite3_finalize(statement);
    return status;
}

static int open_history(const char *path, bool is_written, sqlite3 **db, struct error *err)
{
    const int flags = is_written ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
    if (!is_written && access(path, R_OK))
        return error_set(err, "could not open history \"%s\": %s", path, strerror(errno));
    if (database_check_files(path, err))
        return -1;
    int status = sqlite3_open_v2(path, db, flags, NULL) == SQLITE_OK ? 0 : sql_error(path, *db, err);
    sqlite3_busy_timeout(*db, 5000);
    status = status || check_mark(path, *db, is_written, err) || (is_written && run_sql(path, *db, schema, err));
    return status_of(status);
}

/* -- writing ------------------------------------------------------------------------------------------------------- */

struct note {
    const char *path;
    sqlite3 *db;
    sqlite3_stmt *cell, *number;
    const struct compared *run;
    const struct comparison *comparison; /* NULL: the first night */
    sqlite3_int64 night;
};

static int step(const struct note *note, sqlite3_stmt *statement, struct error *err)
{
    const int result = sqlite3_step(statement);
    sqlite3_reset(statement);
    return result == SQLITE_DONE || result == SQLITE_ROW ? 0 : sql_error(note->path, note->db, err);
}

static int bind_texts(const struct note *note, sqlite3_stmt *statement, int count, const char *const *texts,
                      struct error *err)
{
    for (int i = 0; i < count; i++)
        if (sqlite3_bind_text(statement, i + 1, texts[i], -1, SQLITE_TRANSIENT) != SQLITE_OK)
            return sql_error(note->path, note->db, err);
    return 0;
}

/* Adds a number. SQLite stores NAN as NULL. */
static int add_number(struct note *note, const char *const key[5], int n, int undefined, const double value[3],
                      const char *result, struct error *err)
{
    if (bind_texts(note, note->cell, 5, key, err) || step(note, note->cell, err) ||
        bind_texts(note, note->number, 4, key, err))
        return -1;
    sqlite3_bind_int64(note->number, 5, note->night);
    sqlite3_bind_int(note->number, 6, n);
    sqlite3_bind_int(note->number, 7, undefined);
    for (int i = 0; i < 3; i++)
        sqlite3_bind_double(note->number, 8 + i, value[i]);
    sqlite3_bind_text(note->number, 11, result, -1, SQLITE_STATIC);
    return step(note, note->number, err);
}

static const char *result_of(const struct comparison *comparison, const char *const key[5])
{
    for (int i = 0; comparison && i < comparison->count; i++) {
        const struct compare_cell *cell = &comparison->cells[i];
        if (cell->result != COMPARE_MISSING && strcmp(cell->backbone, key[0]) == 0 &&
            strcmp(cell->method, key[1]) == 0 && strcmp(cell->protocol, key[2]) == 0 &&
            strcmp(cell->metric ? cell->metric->name : "seconds", key[3]) == 0)
            return compare_result_name(cell->result);
    }
    return "";
}

static int add_values(struct note *note, int b, int m, struct error *err)
{
    const struct report *report = &note->run->report;
    for (int p = 0; p < report->protocol_count; p++)
        for (int k = 0; k < report->metric_count; k++) {
            const struct report_metric *metric = &report->metrics[k];
            const struct cell cell = report_cell(report, b, m, p, k);
            const char *const key[] = {report->backbones[b].name, report->methods[m].name, report->protocols[p].name,
                                       metric->name, metric->unit};
            const double values[] = {shown_value(metric, cell.mean), shown_value(metric, cell.ci_low),
                                     shown_value(metric, cell.ci_high)};
            if (metric->is_cost && strcmp(metric->unit, "s") == 0)
                continue;
            if (cell.n + cell.undefined > 0 &&
                add_number(note, key, cell.n, cell.undefined, values, result_of(note->comparison, key), err))
                return -1;
        }
    return 0;
}

static int add_cells(struct note *note, double *scratch, struct error *err)
{
    const struct report *report = &note->run->report;
    for (int b = 0; b < report->backbone_count; b++)
        for (int m = 0; m < report->method_count; m++) {
            const struct cost_summary cost = cost_summary(report, b, m, scratch);
            const char *const key[] = {report->backbones[b].name, report->methods[m].name, "", "seconds", "s"};
            const double values[] = {cost.median, cost.low, cost.high};
            if (add_values(note, b, m, err) ||
                (cost.n && add_number(note, key, cost.n, 0, values, result_of(note->comparison, key), err)))
                return -1;
        }
    return 0;
}

static int add_night(struct note *note, struct error *err)
{
    char now[32];
    const time_t time_now = time(NULL);
    struct tm parts;
    strftime(now, sizeof now, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&time_now, &parts));
    const char *const texts[] = {*note->run->started ? note->run->started : now, note->run->report.name,
                                 note->run->side.machine ? note->run->side.machine : ""};
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(note->db,
                           "INSERT INTO night (started, run, machine, differences, missing) VALUES (?, ?, ?, ?, ?)"
                           " ON CONFLICT (started) DO UPDATE SET differences = excluded.differences,"
                           " missing = excluded.missing RETURNING id",
                           -1, &statement, NULL) != SQLITE_OK)
        return sql_error(note->path, note->db, err);
    int status = bind_texts(note, statement, 3, texts, err);
    sqlite3_bind_int(statement, 4, note->comparison ? compare_differences(note->comparison) : 0);
    sqlite3_bind_int(statement, 5, note->comparison ? note->comparison->missing : 0);
    if (!status && sqlite3_step(statement) != SQLITE_ROW)
        status = sql_error(note->path, note->db, err);
    note->night = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return status;
}

/* Adds the program's version, commit and digest, if the run has stored them. */
static int add_program(struct note *note, struct error *err)
{
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(note->db, "INSERT OR REPLACE INTO program VALUES (?2, ?1)", -1, &statement, NULL) !=
        SQLITE_OK)
        return sql_error(note->path, note->db, err);
    const char *const texts[] = {note->run->program ? note->run->program : ""};
    sqlite3_bind_int64(statement, 2, note->night);
    const int status = bind_texts(note, statement, 1, texts, err) || step(note, statement, err) ? -1 : 0;
    sqlite3_finalize(statement);
    return status;
}

static int add_all(struct note *note, double *scratch, struct error *err)
{
    static const char cell[] = "INSERT OR IGNORE INTO cell (backbone, method, protocol, metric, unit)"
                               " VALUES (?, ?, ?, ?, ?)";
    static const char number[] = "INSERT OR REPLACE INTO number SELECT ?5, id, ?6, ?7, ?8, ?9, ?10, ?11 FROM cell"
                                 " WHERE backbone = ?1 AND method = ?2 AND protocol = ?3 AND metric = ?4";
    if (sqlite3_prepare_v2(note->db, cell, -1, &note->cell, NULL) != SQLITE_OK ||
        sqlite3_prepare_v2(note->db, number, -1, &note->number, NULL) != SQLITE_OK)
        return sql_error(note->path, note->db, err);
    return status_of(run_sql(note->path, note->db, "BEGIN IMMEDIATE", err) || add_night(note, err) ||
                     add_program(note, err) || add_cells(note, scratch, err) ||
                     run_sql(note->path, note->db, "COMMIT", err));
}

int history_note(const char *path, const struct compared *run, const struct comparison *comparison, struct error *err)
{
    struct note note = {.path = path, .run = run, .comparison = comparison};
    double *scratch = calloc((size_t)run->report.image_count + 1, sizeof *scratch);
    const bool is_new = access(path, F_OK) != 0;
    struct file_folders folders = {0};
    int status = scratch ? file_make_parents(&folders, path, err) : error_memory(err, "the history");
    status = status || open_history(path, true, &note.db, err) || add_all(&note, scratch, err) ? -1 : 0;
    sqlite3_finalize(note.cell);
    sqlite3_finalize(note.number);
    sqlite3_close(note.db); /* rolls back what was not committed */
    if (status && is_new && note.db)
        unlink(path);
    if (status)
        file_remove_folders(&folders);
    free(scratch);
    return status;
}

/* -- reading ------------------------------------------------------------------------------------------------------- */

static int count_rows(const char *path, sqlite3 *db, const char *table, int *count, struct error *err)
{
    char sql[64];
    sqlite3_stmt *statement;
    snprintf(sql, sizeof sql, "SELECT count(*) FROM %s", table);
    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
        return sql_error(path, db, err);
    const int status = sqlite3_step(statement) == SQLITE_ROW ? 0 : sql_error(path, db, err);
    *count = sqlite3_column_int(statement, 0);
    sqlite3_finalize(statement);
    return status;
}

static const char *copy(sqlite3_stmt *row, int column, struct arena *arena)
{
    const char *text = (const char *)sqlite3_column_text(row, column);
    return arena_string(arena, text ? text : "");
}

static int read_nights(sqlite3_stmt *row, struct arena *arena, struct trends *out)
{
    for (out->night_count = 0; sqlite3_step(row) == SQLITE_ROW; out->night_count++)
        if (!(out->nights[out->night_count] = copy(row, 0, arena)) ||
            !(out->programs[out->night_count] = copy(row, 1, arena)))
            return -1;
    return 0;
}

/*
 * Whether a point differs from the one before. Times differ every night, so for them their comparison's result counts.
 */
static bool has_changed(const struct trend *trend, const struct trend_point *point)
{
    const struct trend_point *before = trend->count ? &trend->points[trend->count - 1] : point;
    if (strcmp(trend->metric, "seconds") == 0)
        return point->is_off != (trend->count && before->is_off);
    return !(point->value == before->value || (isnan(point->value) && isnan(before->value)));
}

static struct trend_point point_of(sqlite3_stmt *row)
{
    const char *result = (const char *)sqlite3_column_text(row, 8);
    const bool is_off = result && (strcmp(result, "slower") == 0 || strcmp(result, "faster") == 0);
    const bool is_none = sqlite3_column_type(row, 7) == SQLITE_NULL;
    return (struct trend_point){.night = sqlite3_column_int(row, 6) - 1,
                                .value = is_none ? NAN : sqlite3_column_double(row, 7),
                                .is_off = is_off};
}

/* Reads rows that are sorted by cell, then by night. */
static int read_numbers(sqlite3_stmt *row, struct arena *arena, struct trends *out)
{
    int cell = -1;
    for (out->count = 0; sqlite3_step(row) == SQLITE_ROW;) {
        if (sqlite3_column_int(row, 0) != cell) {
            cell = sqlite3_column_int(row, 0);
            struct trend *next = &out->list[out->count++];
            *next = (struct trend){.backbone = copy(row, 1, arena),
                                   .method = copy(row, 2, arena),
                                   .protocol = copy(row, 3, arena),
                                   .metric = copy(row, 4, arena),
                                   .unit = copy(row, 5, arena),
                                   .points = arena_alloc(arena, (size_t)out->night_count, sizeof *next->points)};
            if (!next->backbone || !next->method || !next->protocol || !next->metric || !next->unit || !next->points)
                return -1;
        }
        struct trend *trend = &out->list[out->count - 1];
        struct trend_point point = point_of(row);
        point.is_changed = has_changed(trend, &point);
        trend->points[trend->count++] = point;
    }
    return 0;
}

static const char sql_nights[] = "SELECT started, text FROM night LEFT JOIN program ON night = id ORDER BY started";
static const char sql_nights_before[] =
    "SELECT started, '' FROM night ORDER BY started"; /* for files without a table of programs */
static const char sql_numbers[] =
    "SELECT c.id, c.backbone, c.method, c.protocol, c.metric, c.unit, o.place, n.value, n.verdict"
    " FROM number n JOIN cell c ON c.id = n.cell"
    " JOIN (SELECT id, row_number() OVER (ORDER BY started) AS place FROM night) o ON o.id = n.night"
    " ORDER BY c.backbone, c.protocol, c.metric, c.id, o.place";

static int read_all(const char *path, sqlite3 *db, struct arena *arena, struct trends *out, struct error *err)
{
    int nights, cells;
    sqlite3_stmt *by_night = NULL, *by_cell = NULL;
    if (run_sql(path, db, "BEGIN", err) || count_rows(path, db, "night", &nights, err) ||
        count_rows(path, db, "cell", &cells, err))
        return -1;
    out->nights = arena_alloc(arena, (size_t)nights + 1, sizeof *out->nights);
    out->programs = arena_alloc(arena, (size_t)nights + 1, sizeof *out->programs);
    out->list = arena_alloc(arena, (size_t)cells + 1, sizeof *out->list);
    int status = out->nights && out->programs && out->list ? 0 : error_memory(err, "the history");
    const bool has_programs =
        sqlite3_table_column_metadata(db, NULL, "program", NULL, NULL, NULL, NULL, NULL, NULL) == SQLITE_OK;
    if (!status &&
        (sqlite3_prepare_v2(db, has_programs ? sql_nights : sql_nights_before, -1, &by_night, NULL) != SQLITE_OK ||
         sqlite3_prepare_v2(db, sql_numbers, -1, &by_cell, NULL) != SQLITE_OK))
        status = sql_error(path, db, err);
    if (!status && (read_nights(by_night, arena, out) || read_numbers(by_cell, arena, out)))
        status = error_memory(err, "the history");
    sqlite3_stmt *const statements[] = {by_night, by_cell};
    for (size_t i = 0; i < sizeof statements / sizeof *statements; i++) /* its result reports errors before the end */
        if (sqlite3_finalize(statements[i]) != SQLITE_OK && !status)
            status = sql_error(path, db, err);
    return status;
}

int history_read(const char *path, struct arena *arena, struct trends *out, struct error *err)
{
    sqlite3 *db = NULL;
    *out = (struct trends){0};
    int status = open_history(path, false, &db, err);
    status = status || read_all(path, db, arena, out, err) ? -1 : 0;
    sqlite3_close(db);
    return status;
}
