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

static const char sql_made[] = "SELECT backbone, image, method, ifnull(program, 0) FROM item"
                               " LEFT JOIN made USING (backbone, image, method)";

/* The run's items that each program measured, [program][backbone][method]; program 0: one that stored no digests. */
struct use_table {
    int programs;
    size_t *maps;
};

static size_t *maps_at(const struct store *store, const struct use_table *table, int program, int backbone, int method)
{
    const size_t backbones = (size_t)store_count(store, STORE_BACKBONES),
                 methods = (size_t)store_count(store, STORE_METHODS);
    return &table->maps[((size_t)program * backbones + (size_t)backbone) * methods + (size_t)method];
}

/* The position of the entry in a column; -1: it is not listed, or the file has no such entry. */
static int position_in(const struct store *store, enum store_list_kind kind, sqlite3_stmt *row, int column)
{
    const int entry = sqlite3_column_int(row, column);
    return entry < 0 || entry >= store->lists[kind].in_file ? -1 : store->lists[kind].position[entry];
}

static int count_uses(struct store *store, const struct use_table *table, struct error *err)
{
    sqlite3_stmt *row = prepare(store, sql_made, err);
    if (!row)
        return -1;
    int result = SQLITE_DONE, status = 0;
    while (!status && (result = sqlite3_step(row)) == SQLITE_ROW) {
        const int number = sqlite3_column_int(row, 3), backbone = position_in(store, STORE_BACKBONES, row, 0),
                  method = position_in(store, STORE_METHODS, row, 2);
        if (number < 0 || number >= table->programs)
            status = error_set(err, "run store \"%s\": a row of table \"made\" names no program", store->path);
        else if (backbone >= 0 && method >= 0 && position_in(store, STORE_IMAGES, row, 1) >= 0)
            ++*maps_at(store, table, number, backbone, method);
    }
    if (!status && result != SQLITE_DONE)
        status = store_fail(store, err);
    sqlite3_finalize(row);
    return status;
}

static int read_uses(struct store *store, struct arena *arena, struct programs *out, struct error *err)
{
    const int backbones = store_count(store, STORE_BACKBONES), methods = store_count(store, STORE_METHODS);
    struct use_table table = {.programs = out->count + 1};
    const size_t most = (size_t)table.programs * (size_t)backbones * (size_t)methods;
    struct program_use *uses = arena_alloc(arena, most + 1, sizeof *uses);
    table.maps = arena_alloc(arena, most + 1, sizeof *table.maps);
    if (!uses || !table.maps)
        return error_memory(err, "the run's programs");
    if (count_uses(store, &table, err))
        return -1;
    for (int program = 0; program < table.programs; program++)
        for (int b = 0; b < backbones; b++)
            for (int m = 0; m < methods; m++) {
                const size_t maps = *maps_at(store, &table, program, b, m);
                if (maps)
                    uses[out->use_count++] = (struct program_use){program - 1, b, m, maps};
            }
    out->uses = uses;
    return 0;
}

int store_read_programs(struct store *store, struct arena *arena, struct programs *out, struct error *err)
{
    *out = (struct programs){0};
    return status_of(read_list(store, arena, out, err) || read_uses(store, arena, out, err));
}

/* -- writing -------------------------------------------------------------------------------------------------------- */

static const struct program_part *find_part(const struct program *program, const struct program_part *wanted)
{
    for (int i = 0; i < program->part_count; i++)
        if (strcmp(program->parts[i].kind, wanted->kind) == 0 && strcmp(program->parts[i].name, wanted->name) == 0)
            return &program->parts[i];
    return NULL;
}

/*
 * Whether two programs may be one: their parts with the same name have the same digests. Each has only the parts that
 * its run needed at the time, and a run that has grown needs more.
 */
static bool may_be_same(const struct program *one, const struct program *other)
{
    bool is_alike = strcmp(one->version, other->version) == 0 && strcmp(one->commit, other->commit) == 0 &&
                    strcmp(one->kernels, other->kernels) == 0;
    for (int i = 0; i < one->part_count && is_alike; i++) {
        const struct program_part *part = find_part(other, &one->parts[i]);
        is_alike = !part || strcmp(part->digest, one->parts[i].digest) == 0;
    }
    return is_alike;
}

static int add_parts(struct store *store, const struct program *program, int number, struct error *err)
{
    sqlite3_stmt *statement = prepare(store, "INSERT OR IGNORE INTO part VALUES (?, ?, ?, ?)", err);
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

/* Adds the parts that a program of the store lacks. */
static int extend(struct store *store, const struct program *program, int number, struct error *err)
{
    return store_run_sql(store, "SAVEPOINT programs", err) || leave(store, add_parts(store, program, number, err), err)
               ? -1
               : 0;
}

int store_add_program(struct store *store, const struct program *program, int *number, struct error *err)
{
    struct arena arena;
    struct programs known = {0};
    arena_init(&arena, 0);
    int status = read_list(store, &arena, &known, err);
    *number = 0;
    for (int i = 0; i < known.count && !status && !*number; i++)
        *number = may_be_same(&known.list[i], program) ? i + 1 : 0;
    if (!status && *number) {
        status = extend(store, program, *number, err);
    } else if (!status) {
        *number = known.count + 1;
        status = add(store, program, *number, err);
    }
    arena_release(&arena);
    return status;
}

/* -- removing items ----------------------------------------------------------------------------------------------- */

static int drop_use(struct store *store, const struct program_use *use, struct error *err)
{
    static const char *const tables[] = {"value", "curve", "map", "item",
                                         "made"}; /* `made` is last: it lists the items */
    char sql[512];
    const int backbone = store_entry(store, STORE_BACKBONES, use->backbone),
              method = store_entry(store, STORE_METHODS, use->method);
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        snprintf(sql, sizeof sql,
                 "DELETE FROM %s WHERE backbone = %d AND method = %d AND image %s (SELECT image FROM made"
                 " WHERE backbone = %d AND method = %d%s%d)",
                 tables[i], backbone, method, use->program < 0 ? "NOT IN" : "IN", backbone, method,
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
