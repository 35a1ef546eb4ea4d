/*
 * bench/store/store.h - what a run has measured so far, in SQLite (run.db), committed item by item.
 *
 * An item is one backbone, image and method, with all its values, curves and its cost. One process and one thread at a time.
 */
#ifndef BENCH_STORE_STORE_H
#define BENCH_STORE_STORE_H

#include "base/arena.h"
#include "base/cost.h"
#include "base/error.h"
#include "report/report.h"

#include <signal.h>
#include <stdbool.h>

struct store;

/* A value of an item. */
struct store_value {
    int protocol, metric; /* positions in the run's lists */
    double number;
    const char *undefined; /* NULL: defined */
    const char *flag;      /* NULL: none */
};

/* The curve behind a value; the last of a list has no next. */
struct store_curve {
    const struct store_curve *next;
    int protocol, metric, count;
    const double *fraction, *probability; /* (count) */
};

struct store_item {
    int backbone, image, method; /* positions in the run's lists */
    struct cost cost;
    int value_count;
    const struct store_value *values;
    const struct store_curve *curves; /* NULL: none */
    int program;                      /* the program that measured it: store_add_program(); 0: not known */
};

/* What the rows mean: names by position. Compared with what an existing file holds. */
struct store_names {
    int backbone_count, method_count, protocol_count, metric_count, image_count;
    const char *const *backbones, *const *methods, *const *protocols, *const *metrics, *const *images;
    const int *method_versions, *protocol_versions, *metric_versions;
};

/*
 * Creates FOLDER/run.db (fresh: moves an old one to run.db.old) or opens it to continue; the folder is there. Errors:
 * another run's names or versions, with the first that differs; another process at work in the folder; not writable.
 */
struct store *store_open(const char *folder, const struct store_names *names, bool fresh, struct error *err);

/* Do the lists differ? Then says how: `method 2`, and what stands there in one and in the other. */
struct store_difference {
    char what[64], one[320], other[320];
};
bool store_names_differ(const struct store_names *one, const struct store_names *other,
                        struct store_difference *difference);

/* Does a run.db that is there hold a run? 0: whoever made it was killed before its first commit. -1: cannot be read. */
int store_is_begun(const char *folder, struct error *err);

/* Opens what is there, for a report; fills names, in the arena. Errors also: no run in the folder. */
struct store *store_open_run(const char *folder, struct arena *arena, struct store_names *names, struct error *err);

/*
 * The same for a folder that is only read, and may be where nothing can be written. Errors also: a killed process left items
 * that only one who may write can bring home. After reading, store_check_unchanged() says whether nobody wrote there, which
 * no lock has prevented where none could be made.
 */
struct store *store_open_to_read(const char *folder, struct arena *arena, struct store_names *names, struct error *err);
int store_check_unchanged(const struct store *store, struct error *err);

/* Reading fails as soon as *stop is set. */
void store_stop_when(struct store *store, const volatile sig_atomic_t *stop);

/* Moves all commits from run.db-wal into run.db; store_close() tries that too, but cannot report a failure. */
int store_finish(struct store *store, struct error *err);

void store_close(struct store *store); /* NULL is fine */

/* Key and text: config, hashes, program version ... */
int store_manifest_set(struct store *store, const char *key, const char *text, struct error *err);
const char *store_manifest(struct store *store, const char *key, struct arena *arena); /* NULL if none */

/* The same where "none" and "could not be read" must not be taken for one another. */
int store_manifest_find(struct store *store, const char *key, struct arena *arena, const char **text,
                        struct error *err);

/* All of them, by key; in the arena. */
struct store_text {
    const char *key, *text;
};
int store_read_manifest(struct store *store, struct arena *arena, struct store_text **list, int *count,
                        struct error *err);

bool store_has_item(const struct store *store, int backbone, int image, int method);

/*
 * Between the two, commits wait: store_end_batch() makes them all at once. When something fails between them, or the store
 * is closed, none of them has been made; after a failure nothing but store_close() is allowed.
 */
int store_begin_batch(struct store *store, struct error *err);
int store_end_batch(struct store *store, struct error *err);

/* One commit: the item, its cost, its values and its curves. */
int store_commit(struct store *store, const struct store_item *item, struct error *err);

/* The base pass of an image on a backbone: class, its probability, label's rank (0 = top-1; -1 no label). */
struct store_base {
    int backbone, image, predicted, rank;
    double probability;
};
int store_commit_base(struct store *store, const struct store_base *base, struct error *err);

/* An item that the store has, or the base pass of an image if it has one (1, else 0; -1: error), as they were committed. */
int store_read_item(struct store *store, int backbone, int image, int method, struct arena *arena,
                    struct store_item *item, struct error *err);
int store_read_base(struct store *store, int backbone, int image, struct store_base *base, struct error *err);

/* An image that could not be read, and why; those of earlier attempts are kept until store_clear_skipped(). */
struct store_skipped {
    int image;
    const char *why;
};
int store_commit_skipped(struct store *store, int image, const char *why, struct error *err);
int store_clear_skipped(struct store *store, struct error *err);
int store_skipped_count(struct store *store, int *count, struct error *err);
/* All of them, by image; in the arena. */
int store_read_skipped(struct store *store, struct arena *arena, struct store_skipped **list, int *count,
                       struct error *err);

/* Fills values, states, notes, costs, mean curves and the backbones' top-1/top-5 of a report whose lists are set; in the arena. */
int store_read(struct store *store, struct arena *arena, struct report *report, struct error *err);

#endif
