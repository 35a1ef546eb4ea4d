/*
 * bench/store/store_inside.h - shared by the files of the store; no other file includes it.
 *
 * store_sql.c runs statements; store_layout.c has the tables and brings old files up to date; store_open.c opens and
 * closes; store_names.c keeps the run's lists, store_lists.c chooses among the file's entries, store_manifest.c its
 * texts; store_write.c writes rows, store_sync.c makes them durable and store_read.c reads them; store_programs.c
 * keeps the programs that measured the items, store_spent.c the time that they took.
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
    GET_LISTED,
    ADD_LISTED,
    CLEAR_LISTED,
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
    GET_VALUE_KEYS,
    GET_ITEM_VALUES,
    ADD_CURVE,
    ADD_MADE,
    GET_CURVES,
    GET_ITEM_CURVES,
    ADD_MAP,
    GET_ITEM_MAPS,
    GET_KEPT_MAPS,
    ADD_SESSION,
    SET_SESSION,
    GET_SESSIONS,
    ADD_SPENT,
    GET_SPENT,
    ADD_SKIPPED,
    GET_SKIPPED,
    COUNT_SKIPPED,
    CLEAR_SKIPPED,
    BEGIN,
    COMMIT,
    ROLLBACK,
    STATEMENT_COUNT
};

/* A list of the run, and the file's entries of its kind. */
struct store_entries {
    int count;             /* of the run's list */
    int *entry;            /* [position]: its number in the file; from `in_file` on: not written yet */
    int known;             /* entries, those not written yet included */
    int in_file;           /* entries in the file */
    int *position;         /* [entry]: in the run's list; -1: not listed */
    struct store_list all; /* (known): names and versions */
    bool is_same;          /* the file lists the same entries in the same order */
};

struct store {
    char folder[PATH_MAX], path[PATH_MAX]; /* path: of run.db */
    struct run_lock lock;
    sqlite3 *db;
    sqlite3_stmt *statements[STATEMENT_COUNT];
    bool is_batch; /* between store_begin_batch() and store_end_batch(), where functions must not commit */
    bool is_read_only;
    bool is_made;       /* run.db had no byte when it was opened */
    bool is_arranged;   /* its lists are those of several runs: store_arrange() */
    struct stat opened; /* of run.db when it was opened read only, to notice changes */
    const volatile sig_atomic_t *stop;
    struct arena arena;
    struct store_entries lists[STORE_LISTS];
    unsigned char *has_item;   /* [backbone][image][method]: the item has a row */
    unsigned char *has_base;   /* [backbone][image]: on the first input */
    unsigned char *has_value;  /* [item][byte of cells]: a bit for each protocol and metric */
    size_t item_bytes;         /* of has_value for one item */
    struct store_syncs *syncs; /* NULL: commits are durable at once */
    int session_number;        /* 0: it has no row yet */
    struct store_session session;
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

const char *store_kind_name(enum store_list_kind kind);
bool store_kind_has_versions(enum store_list_kind kind);
int store_version_of(const struct store_list *list, int i); /* 0 for kinds without versions */

/* Writes `"gradcam" version 1`. */
void store_describe_entry(enum store_list_kind kind, const struct store_list *list, int i, char *text, size_t size);

/* -- store_lists.c -- */

/* Reads the file's entries and lists, into store->lists. */
int store_load_lists(struct store *store, struct error *err);

/* Chooses the run's lists: names' entries in their order; new ones are added, in memory only. Error: other versions. */
int store_choose_lists(struct store *store, const struct store_names *names, struct error *err);

/* Copies the names of the run's lists to the arena. */
int store_copy_names(const struct store *store, struct arena *arena, struct store_names *names, struct error *err);

/* Writes new entries and the lists, in the current transaction. */
int store_write_lists(struct store *store, struct error *err);

/* -- store_sync.c -- */

/* Tells the thread that there is a commit to make durable. -1 with err: an earlier sync has failed. */
int store_note_commit(struct store *store, struct error *err);

/* Ends the thread; the second, after SQLite has closed its files, closes the thread's. */
void store_end_syncs(struct store *store);
void store_close_syncs(struct store *store);

/* -- store_sessions.c -- */

/* Writes the counts of the session in the current transaction. Does nothing before store_begin_session(). */
int store_write_session(struct store *store, struct error *err);

/* -- store_read.c -- */

/* Reads which items, values and base passes exist; the second does it again after items have been removed. */
int store_load_items(struct store *store, struct error *err);
int store_reload_items(struct store *store, struct error *err);

/* Notes that an item, its values and its base pass are there; positions. */
void store_mark_value(struct store *store, int backbone, int image, int method, int protocol, int metric);

int store_load_notes(struct store *store, struct error *err);

static inline size_t store_item_index(const struct store *store, int backbone, int image, int method)
{
    return ((size_t)backbone * (size_t)store->lists[STORE_IMAGES].count + (size_t)image) *
               (size_t)store->lists[STORE_METHODS].count +
           (size_t)method;
}

static inline size_t store_base_index(const struct store *store, int backbone, int image)
{
    return (size_t)backbone * (size_t)store->lists[STORE_IMAGES].count + (size_t)image;
}

/* The input of a base pass that a program of layout 3 made; its number is not in the file. */
#define STORE_OLD_INPUT (-1)

/* The number of an input in the file; for a run of layout 3, which has no inputs, STORE_OLD_INPUT. */
static inline int store_input_entry(const struct store *store, int input)
{
    const struct store_entries *inputs = &store->lists[STORE_INPUTS];
    return input < inputs->count ? inputs->entry[input] : STORE_OLD_INPUT;
}

#endif
