/*
 * bench/store/store_inside.h - shared by the files of the store; no other file includes it.
 *
 * store_sql.c runs statements; store_layout.c has the tables and brings old files up to date; store_open.c opens and
 * closes; store_names.c keeps the run's lists, store_manifest.c its texts; store_write.c writes rows and store_read.c
 * reads them; store_programs.c keeps the programs that measured the items.
 */
#ifndef BENCH_STORE_STORE_INSIDE_H
#define BENCH_STORE_STORE_INSIDE_H

#include "bench/store/run_lock.h"
#include "bench/store/store.h"

#include <sqlite3.h>

#include <limits.h>
#include <sys/stat.h>

#define STORE_NOTES_MAX 4096

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

struct store {
    char folder[PATH_MAX], path[PATH_MAX]; /* path: of run.db */
    struct run_lock lock;
    sqlite3 *db;
    sqlite3_stmt *statements[STATEMENT_COUNT];
    bool is_batch; /* between store_begin_batch() and store_end_batch(), where functions must not commit */
    bool is_read_only;
    struct stat opened; /* of run.db when it was opened read only, to notice changes */
    const volatile sig_atomic_t *stop;
    struct arena arena;
    int counts[STORE_LISTS];
    unsigned char *has_item; /* [backbone][image][method] */
    int note_count;
    const char *notes[STORE_NOTES_MAX]; /* note i has id i + 1 */
};

/* -- store_sql.c: statements -- */

/* Fills err with SQLite's reason; returns -1. */
int store_fail(const struct store *store, struct error *err);

/* The same for a row whose positions or sizes do not fit the run's lists. */
int store_fail_outside(const struct store *store, const char *table, struct error *err);

/* Prepares all statements; the tables must exist. */
int store_prepare(struct store *store, struct error *err);

/* Runs SQL that returns no rows. */
int store_run_sql(struct store *store, const char *sql, struct error *err);

/* Runs SQL that returns one number. */
int store_number_of(struct store *store, const char *sql, int *number, struct error *err);

/* Runs a statement that returns no rows, and resets it for the next use. */
int store_step(struct store *store, enum statement which, struct error *err);

/* Moves to the next row; false at the end: *status is 0, or -1 with err if reading failed. */
bool store_next_row(struct store *store, enum statement which, int *status, struct error *err);

/* Ends the transaction: commits it, or rolls it back if status is -1 or the commit fails. */
int store_end_transaction(struct store *store, int status, struct error *err);

void store_bind_ints(sqlite3_stmt *statement, int first, int count, const int *numbers);
void store_bind_text(sqlite3_stmt *statement, int position, const char *text);

/* NULL reads as "". */
const char *store_column_text(sqlite3_stmt *statement, int column);

/* -- store_layout.c: tables -- */

/* Creates the tables of a new run, or checks and updates those of an existing one; names NULL: it must exist. */
int store_open_layout(struct store *store, const struct store_names *names, struct error *err);

/* -- store_names.c -- */

int store_write_names(struct store *store, const struct store_names *names, struct error *err);
int store_read_names(struct store *store, struct arena *arena, struct store_names *names, struct error *err);

/* Error: the names in the store differ from `now`. */
int store_compare_names(struct store *store, const struct store_names *now, struct error *err);

/* -- store_read.c -- */

/* Reads which items exist, into has_item; the second function does it again after items have been removed. */
int store_load_items(struct store *store, struct error *err);
int store_reload_items(struct store *store, struct error *err);

int store_load_notes(struct store *store, struct error *err);

static inline size_t store_item_index(const struct store *store, int backbone, int image, int method)
{
    return ((size_t)backbone * (size_t)store->counts[STORE_IMAGES] + (size_t)image) *
               (size_t)store->counts[STORE_METHODS] +
           (size_t)method;
}

#endif
