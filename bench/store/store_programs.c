/* bench/store/store_programs.c - tables `program`, `part` and `made` of run.db. */
#include "bench/store/store_programs.h"

#include "bench/store/store_inside.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static sqlite3_stmt *prepare(struct store *store, const char *sql, struct error *err)
{
    sqlite3_stmt *statement = NULL;
    if (sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL) == SQLITE_OK)
        return statement;
    store_fail(store, err);
    return NULL;
}

/* Ends the savepoint: commits its changes, or rolls them back. */
static int leave(struct store *store, int status, struct error *err)
{
    if (!status)
        return store_run_sql(store, "RELEASE programs", err);
    sqlite3_exec(store->db, "ROLLBACK TO programs; RELEASE programs", NULL, NULL, NULL);
    return -1;
}

static int bind_texts_and_step(struct store *store, sqlite3_stmt *statement, const char *const *texts, int count,
                               struct error *err)
{
    for (int i = 0; i < count; i++)
        sqlite3_bind_text(statement, i + 2, texts[i], -1, SQLITE_STATIC);
    const int status = sqlite3_step(statement) == SQLITE_DONE ? 0 : store_fail(store, err);
    sqlite3_reset(statement);
    return status;
}

/* -- reading -------------------------------------------------------------------------------------------------------- */

static const char *copy(sqlite3_stmt *row, int column, struct arena *arena)
{
    const char *text = (const char *)sqlite3_column_text(row, column);
    return arena_string(arena, text ? text : "");
}

/* The number of rows of a table; -1: error. */
static int count_rows(struct store *store, const char *sql, struct error *err)
{
    sqlite3_stmt *row = prepare(store, sql, err);
    if (!row)
        return -1;
    const int count = sqlite3_step(row) == SQLITE_ROW ? sqlite3_column_int(row, 0) : store_fail(store, err);
    sqlite3_finalize(row);
    return count;
}

static int read_parts(struct store *store, int number, struct arena *arena, struct program *program, struct error *err)
{
    const int most = count_rows(store, "SELECT count(*) FROM part", err);
    struct program_part *parts = most < 0 ? NULL : arena_alloc(arena, (size_t)most + 1, sizeof *parts);
    if (!parts)
        return most < 0 ? -1 : error_memory(err, "the run's programs");
    sqlite3_stmt *row =
        prepare(store, "SELECT kind, name, digest FROM part WHERE program = ? ORDER BY kind, name", err);
    if (!row)
        return -1;
    int result, status = 0;
    sqlite3_bind_int(row, 1, number);
    while (!status && (result = sqlite3_step(row)) == SQLITE_ROW && program->part_count < most) {
        struct program_part *part = &parts[program->part_count++];
        *part = (struct program_part){copy(row, 0, arena), copy(row, 1, arena), copy(row, 2, arena)};
        if (!part->kind || !part->name || !part->digest)
            status = error_memory(err, "the run's programs");
    }
    if (!status && result != SQLITE_DONE)
        status = store_fail(store, err);
    sqlite3_finalize(row);
    program->parts = parts;
    return status;
}

static int read_list(struct store *store, struct arena *arena, struct programs *out, struct error *err)
{
    const int most = count_rows(store, "SELECT count(*) FROM program", err);
    struct program *list = most < 0 ? NULL : arena_alloc(arena, (size_t)most + 1, sizeof *list);
    if (!list)
        return most < 0 ? -1 : error_memory(err, "the run's programs");
    sqlite3_stmt *row = prepare(store, "SELECT version, git, kernels, id FROM program ORDER BY id", err);
    if (!row)
        return -1;
    int result = SQLITE_DONE, status = 0;
    while (!status && out->count < most && (result = sqlite3_step(row)) == SQLITE_ROW) {
        struct program *program = &list[out->count++];
        *program = (struct program){
            .version = copy(row, 0, arena), .commit = copy(row, 1, arena), .kernels = copy(row, 2, arena)};
        if (sqlite3_column_int(row, 3) != out->count)
            status = error_set(err, "run store \"%s\": a row of table \"program\" is missing", store->path);
        else if (!program->version || !program->commit || !program->kernels)
            status = error_memory(err, "the run's programs");
        else
            status = read_parts(store, out->count, arena, program, err);
    }
    if (!status && result != SQLITE_DONE && result != SQLITE_ROW)
        status = store_fail(store, err);
    sqlite3_finalize(row);
    out->list = list;
    return status;
}

static const char sql_uses[] = "SELECT ifnull(program, 0), backbone, method, count(*) FROM item"
                               " LEFT JOIN made USING (backbone, image, method) GROUP BY 1, 2, 3";

static int read_uses(struct store *store, struct arena *arena, struct programs *out, struct error *err)
{
    const int most = count_rows(store,
                                "SELECT count(*) FROM (SELECT 1 FROM item LEFT JOIN made USING (backbone, image, "
                                "method) GROUP BY program, backbone, method)",
                                err);
    struct program_use *uses = most < 0 ? NULL : arena_alloc(arena, (size_t)most + 1, sizeof *uses);
    if (!uses)
        return most < 0 ? -1 : error_memory(err, "the run's programs");
    sqlite3_stmt *row = prepare(store, sql_uses, err);
    if (!row)
        return -1;
    int result = SQLITE_DONE, status = 0;
    while (!status && out->use_count < most && (result = sqlite3_step(row)) == SQLITE_ROW) {
        const int number = sqlite3_column_int(row, 0);
        if (number < 0 || number > out->count)
            status = error_set(err, "run store \"%s\": a row of table \"made\" names no program", store->path);
        uses[out->use_count++] = (struct program_use){number - 1, sqlite3_column_int(row, 1),
                                                      sqlite3_column_int(row, 2), (size_t)sqlite3_column_int64(row, 3)};
    }
    if (!status && result != SQLITE_DONE && result != SQLITE_ROW)
        status = store_fail(store, err);
    sqlite3_finalize(row);
    out->uses = uses;
    return status;
}

int store_read_programs(struct store *store, struct arena *arena, struct programs *out, struct error *err)
{
    *out = (struct programs){0};
    return status_of(read_list(store, arena, out, err) || read_uses(store, arena, out, err));
}

/* -- writing -------------------------------------------------------------------------------------------------------- */

static bool is_same(const struct program *one, const struct program *other)
{
    bool is_alike = strcmp(one->version, other->version) == 0 && strcmp(one->commit, other->commit) == 0 &&
                    strcmp(one->kernels, other->kernels) == 0 && one->part_count == other->part_count;
    for (int i = 0; i < one->part_count && is_alike; i++) { /* the order may differ */
        bool is_found = false;
        for (int k = 0; k < other->part_count && !is_found; k++)
            is_found = strcmp(one->parts[i].kind, other->parts[k].kind) == 0 &&
                       strcmp(one->parts[i].name, other->parts[k].name) == 0 &&
                       strcmp(one->parts[i].digest, other->parts[k].digest) == 0;
        is_alike = is_found;
    }
    return is_alike;
}

static int add_parts(struct store *store, const struct program *program, int number, struct error *err)
{
    sqlite3_stmt *statement = prepare(store, "INSERT INTO part VALUES (?, ?, ?, ?)", err);
    int status = statement ? 0 : -1;
    for (int i = 0; i < program->part_count && !status; i++) {
        const struct program_part *part = &program->parts[i];
        sqlite3_bind_int(statement, 1, number);
        status =
            bind_texts_and_step(store, statement, (const char *const[]){part->kind, part->name, part->digest}, 3, err);
    }
    sqlite3_finalize(statement);
    return status;
}

static int add(struct store *store, const struct program *program, int number, struct error *err)
{
    if (store_run_sql(store, "SAVEPOINT programs", err))
        return -1;
    sqlite3_stmt *statement = prepare(store, "INSERT INTO program VALUES (?, ?, ?, ?)", err);
    int status = statement ? 0 : -1;
    if (!status) {
        sqlite3_bind_int(statement, 1, number);
        status = bind_texts_and_step(
            store, statement, (const char *const[]){program->version, program->commit, program->kernels}, 3, err);
    }
    sqlite3_finalize(statement);
    return leave(store, status || add_parts(store, program, number, err), err);
}

int store_add_program(struct store *store, const struct program *program, int *number, struct error *err)
{
    struct arena arena;
    struct programs known = {0};
    arena_init(&arena, 0);
    int status = read_list(store, &arena, &known, err);
    *number = 0;
    for (int i = 0; i < known.count && !status && !*number; i++)
        *number = is_same(&known.list[i], program) ? i + 1 : 0;
    if (!status && !*number) {
        *number = known.count + 1;
        status = add(store, program, *number, err);
    }
    arena_release(&arena);
    return status;
}

/* -- removing items ----------------------------------------------------------------------------------------------- */

static int drop_use(struct store *store, const struct program_use *use, struct error *err)
{
    static const char *const tables[] = {"value", "curve", "item", "made"}; /* `made` is last: it lists the items */
    char sql[512];
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        snprintf(sql, sizeof sql,
                 "DELETE FROM %s WHERE backbone = %d AND method = %d AND image %s (SELECT image FROM made"
                 " WHERE backbone = %d AND method = %d%s%d)",
                 tables[i], use->backbone, use->method, use->program < 0 ? "NOT IN" : "IN", use->backbone, use->method,
                 use->program < 0 ? " AND program > " : " AND program = ", use->program < 0 ? 0 : use->program + 1);
        if (store_run_sql(store, sql, err))
            return -1;
    }
    return 0;
}

int store_drop_uses(struct store *store, const struct program_use *uses, int count, struct error *err)
{
    if (store_run_sql(store, "SAVEPOINT programs", err))
        return -1;
    int status = 0;
    for (int i = 0; i < count && !status; i++)
        status = drop_use(store, &uses[i], err);
    status = status ||
             store_run_sql(store,
                           "DELETE FROM base WHERE NOT EXISTS (SELECT 1 FROM item WHERE item.backbone = base.backbone"
                           " AND item.image = base.image)",
                           err);
    return status_of(leave(store, status, err) || store_reload_items(store, err));
}

int store_keep_copy(struct store *store, struct error *err)
{
    char part[PATH_MAX + 16], to[PATH_MAX + 8];
    snprintf(to, sizeof to, "%s.old", store->path);
    snprintf(part, sizeof part, "%s.part", to);
    unlink(part);
    sqlite3_stmt *statement = prepare(store, "VACUUM INTO ?", err);
    if (!statement)
        return -1;
    sqlite3_bind_text(statement, 1, part, -1, SQLITE_STATIC);
    int status = sqlite3_step(statement) == SQLITE_DONE ? 0 : store_fail(store, err);
    sqlite3_finalize(statement);
    if (!status && rename(part, to))
        status = error_set(err, "could not move \"%s\" aside: %s", part, strerror(errno));
    if (status)
        unlink(part);
    return status;
}
