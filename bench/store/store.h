/*
 * bench/store/store.h - the results of a run so far, in SQLite (run.db), committed item by item.
 *
 * An item is one backbone, image and method, with its values, curves, maps and cost. The file keeps every entry that
 * the run's lists have ever had, with a number of its own; functions here take and give positions in the present lists.
 * Rows of entries that are not listed now stay in the file and are not read. A store is used by one process and one
 * thread at a time, with an exception for what only looks at memory: while one thread commits items, others may ask
 * store_has_item(), store_has_value() and store_has_part() about items that are not committed meanwhile, and
 * store_has_base().
 */
#ifndef BENCH_STORE_STORE_H
#define BENCH_STORE_STORE_H

#include "base/arena.h"
#include "base/cost.h"
#include "base/error.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store;

/* A value of an item. */
struct store_value {
    int protocol, metric; /* positions in the run's lists */
    double number;
    const char *undefined; /* NULL: defined */
    const char *flag;      /* NULL: none */
};

/* The curve whose area is a value of the item, or the counts beside the value (base/counts.h); a linked list. */
struct store_curve {
    const struct store_curve *next;
    int protocol, metric, count;
    const double *fraction, *probability; /* (count) */
};

/* A raw map of an item: that of a view, which protocols share that prepare the input alike and explain the same class. */
struct store_map {
    int view; /* position in the run's lists */
    int h, w; /* 0: a program of layout 3 measured it, and only the cost is known, without repeated passes */
    bool is_signed, is_normalised;
    struct cost cost;
    const float *data; /* (h,w); NULL: it has more than STORE_MAP_VALUES values and is not kept */
};

#define STORE_MAP_VALUES 4096

struct store_item {
    int backbone, image, method; /* positions in the run's lists */
    struct cost cost;
    int value_count;
    const struct store_value *values;
    const struct store_curve *curves; /* NULL: none */
    int program;                      /* the program that measured it: store_add_program(); 0: not known */
    int map_count;
    const struct store_map *maps;
};

enum store_list_kind {
    STORE_BACKBONES,
    STORE_METHODS,
    STORE_PROTOCOLS,
    STORE_METRICS,
    STORE_IMAGES,
    STORE_VIEWS,  /* in the order in which the protocols use them first */
    STORE_INPUTS, /* likewise: protocols that prepare the input alike share its base pass */
    STORE_LISTS
};

/* One list of a run. */
struct store_list {
    int count;
    const char *const *names;
    const int *versions; /* NULL: backbones, images, views and inputs have none */
};

/* The run's lists, which positions refer to. An existing file may have other entries too, in any order. */
struct store_names {
    struct store_list lists[STORE_LISTS];
};

/*
 * Creates FOLDER/run.db, or opens it to continue; the folder exists. With `fresh` an old run.db is moved to run.db.old.
 * The file's own lists change only with store_keep_lists(). NULL and err: run.db has an entry of the lists in another
 * version; another process uses the folder; not writable.
 */
struct store *store_open(const char *folder, const struct store_names *names, bool fresh, struct error *err);

/* Whether the file had the same lists, in the same order, when it was opened; views and inputs follow from protocols. */
bool store_has_same_lists(const struct store *store);

/* Whether an entry of a list was new when the store was opened. */
bool store_is_new(const struct store *store, enum store_list_kind kind, int position);

/*
 * Writes the lists with which the store was opened, new entries included; costs of items become those under the first
 * view that has a map. `old_view` and `old_input`: those of the first protocol, under which a program of layout 3 made
 * maps and base passes; -1: not listed.
 */
int store_keep_lists(struct store *store, int old_view, int old_input, struct error *err);

/* All entries of the file, in the order of their numbers, in the arena. */
int store_read_entries(const struct store *store, struct arena *arena, struct store_names *names, struct error *err);

/* The number of an entry in the file, and its name; how many entries the file has. */
int store_entry(const struct store *store, enum store_list_kind kind, int position);
const char *store_entry_name(const struct store *store, enum store_list_kind kind, int position);
int store_entry_count(const struct store *store, enum store_list_kind kind);

/*
 * The first difference between two runs' lists: the place, as "method 2", and the entry there in each. Views and inputs
 * follow from the protocols and are left out.
 */
struct store_difference {
    char what[64], one[320], other[320];
};
bool store_names_differ(const struct store_names *one, const struct store_names *other,
                        struct store_difference *difference);

/*
 * Whether an existing run.db holds a run: 1; 0: its process was killed before the first commit; -1: it cannot be read.
 */
int store_is_begun(const char *folder, struct error *err);

/* Opens an existing run for a report and reads its names into the arena. Further error: the folder holds no run. */
struct store *store_open_run(const char *folder, struct arena *arena, struct store_names *names, struct error *err);

/*
 * The same for a folder that is only read and may not be writable. Further error: a killed process left committed items
 * in SQLite's log, which can be recovered only with write access. In a folder that is not writable no lock keeps other
 * processes from writing; store_check_unchanged(), called after reading, fails if one has.
 */
struct store *store_open_to_read(const char *folder, struct arena *arena, struct store_names *names, struct error *err);
int store_check_unchanged(const struct store *store, struct error *err);

/* Positions in a list that several runs have in common. */
struct store_places {
    int count;
    const int *own; /* [position]: in the run's own list; -1: the run lacks the entry */
};

/*
 * Makes the positions of a store those of other lists; from now on it is only read. Entries that the run lacks have no
 * rows; an item has all values if it has those under the protocols and metrics that the run does not lack. `own` NULL:
 * the list stays as it is.
 */
int store_arrange(struct store *store, const struct store_places places[STORE_LISTS], struct error *err);

/* Reading fails as soon as *stop is set. */
void store_stop_when(struct store *store, const volatile sig_atomic_t *stop);

/* Moves all commits from run.db-wal into run.db; store_close() tries that too, but cannot report a failure. */
int store_finish(struct store *store, struct error *err);

void store_close(struct store *store); /* NULL is fine */

/* Sets the text of a key: the config, hashes, the program's version ... */
int store_manifest_set(struct store *store, const char *key, const char *text, struct error *err);
/* The text of a key, in the arena; NULL: there is none, or it cannot be read. */
const char *store_manifest(struct store *store, const char *key, struct arena *arena);

/* The same, but a missing key (*text NULL) and a text that cannot be read (-1) are distinguished. */
int store_manifest_find(struct store *store, const char *key, struct arena *arena, const char **text,
                        struct error *err);

/* Reads all texts, sorted by key, into the arena. */
struct store_text {
    const char *key, *text;
};
int store_read_manifest(struct store *store, struct arena *arena, struct store_text **list, int *count,
                        struct error *err);

/* Whether an item has all values under the run's protocols and metrics; or one of them. */
bool store_has_item(const struct store *store, int backbone, int image, int method);
bool store_has_value(const struct store *store, int backbone, int image, int method, int protocol, int metric);

/* Whether the store has anything of an item. */
bool store_has_part(const struct store *store, int backbone, int image, int method);

/* Whether the base pass on the first input is there. */
bool store_has_base(const struct store *store, int backbone, int image);

/*
 * Between these two calls commits are collected, and store_end_batch() makes them in one transaction. If a call in
 * between fails, or the store is closed, none of them is made; after a failure only store_close() is allowed.
 */
int store_begin_batch(struct store *store, struct error *err);
int store_end_batch(struct store *store, struct error *err);

/*
 * From now on no commit waits for the disk: it outlasts the process at once, and a power failure after at most
 * STORE_SYNC_MS and the time of a sync, for which the store has a thread until it is finished or closed. A power failure
 * leaves the store as it was after one of its commits. If a sync fails, the next batch fails. Where the system starts no
 * thread, commits are durable at once, as before. May be called again.
 */
#define STORE_SYNC_MS 1000
int store_defer_sync(struct store *store, struct error *err);

/*
 * Stores an item with its cost, values, curves and maps in one commit, or adds these to an item that is there: values
 * must be new, and the cost is then that of the first view that has a map.
 */
int store_commit(struct store *store, const struct store_item *item, struct error *err);

/* The base pass of an image on a backbone: class, its probability, label's rank (0 = top-1; -1 no label). */
struct store_base {
    int backbone, image, predicted, rank;
    double probability;
    int input;
};
int store_commit_base(struct store *store, const struct store_base *base, struct error *err);

/* Reads an item that the store has, as it was committed. */
int store_read_item(struct store *store, int backbone, int image, int method, struct arena *arena,
                    struct store_item *item, struct error *err);
/* Reads the base pass of an image on base->input, which is 0 if the run has no inputs: 1; 0: none; -1: error. */
int store_read_base(struct store *store, int backbone, int image, struct store_base *base, struct error *err);

/* What one call of the program has measured, as methods and metrics requested it; a base pass counts once. */
struct store_session {
    int64_t started, ended; /* seconds since 1970; ended 0: it was killed, or has not ended */
    size_t items, values;   /* items to which something was added; their new values */
    size_t maps, kept_maps; /* made by a method, those of changed inputs too; taken from the store instead */
    double base_passes, full, tail, backward;
};

/* Begins a session, whose counts the caller raises; each store_commit() stores them. A session without any is left out. */
struct store_session *store_begin_session(struct store *store, int64_t started);
int store_end_session(struct store *store, int64_t ended, struct error *err);
int store_read_sessions(struct store *store, struct arena *arena, struct store_session **list, int *count,
                        struct error *err);

/*
 * The time that a call of the program has spent on an activity (bench/run/spent.h has their names): seconds, added up
 * over threads, and its share of the call's wall time.
 */
struct store_spent {
    int64_t call; /* a number that no other call has, also not one of another run */
    const char *activity;
    int backbone, method; /* positions in the run's lists; -1: none, or not listed now */
    double seconds, wall;
};

/* Writes rows in one commit, in the place of those of the same call, activity, backbone and method. */
int store_commit_spent(struct store *store, const struct store_spent *rows, int count, struct error *err);

/* Reads the rows of all calls, sorted by call, into the arena. */
int store_read_spent(struct store *store, struct arena *arena, struct store_spent **list, int *count,
                     struct error *err);

/* An image that could not be read, and why. They are kept until store_clear_skipped(), also across processes. */
struct store_skipped {
    int image;
    const char *why;
};
int store_commit_skipped(struct store *store, int image, const char *why, struct error *err);
int store_clear_skipped(struct store *store, struct error *err);
int store_skipped_count(struct store *store, int *count, struct error *err);
/* Reads all skipped images, sorted by position, into the arena. */
int store_read_skipped(struct store *store, struct arena *arena, struct store_skipped **list, int *count,
                       struct error *err);

/*
 * Each reads a table and calls `take` for every row of the run; `take` returns 0, or -1 with err, which ends the
 * reading. Base passes are those on the first input. Rows are checked against the file's entries. Curves come in the order of their positions, other rows in any order. Items come
 * without their values and curves. The texts of values are in the arena; the points of a curve live until `take`
 * returns.
 */
struct store_key {
    int backbone, image, method, protocol, metric;
};
int store_each_base(struct store *store, int (*take)(void *context, const struct store_base *base, struct error *err),
                    void *context, struct error *err);
int store_each_item(struct store *store, int (*take)(void *context, const struct store_item *item, struct error *err),
                    void *context, struct error *err);
int store_each_value(struct store *store, struct arena *arena,
                     int (*take)(void *context, const struct store_key *key, const struct store_value *value,
                                 struct error *err),
                     void *context, struct error *err);
int store_each_curve(struct store *store,
                     int (*take)(void *context, const struct store_key *key, const struct store_curve *curve,
                                 struct error *err),
                     void *context, struct error *err);

/* The same for maps whose values are in the store; not read are the values themselves. */
int store_each_kept_map(struct store *store,
                        int (*take)(void *context, const struct store_key *key, int view, struct error *err),
                        void *context, struct error *err);

/* The path of run.db, for messages. */
const char *store_path(const struct store *store);

/* The number of entries of a list. */
int store_count(const struct store *store, enum store_list_kind kind);

#endif
