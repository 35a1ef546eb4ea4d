/*
 * bench/run/spent.h - what the time of a run goes into: seconds of each activity, added up over threads, and its share of
 * the wall time.
 *
 * A thread has one activity at a time, so the seconds of all activities add up to the time that all threads had. While
 * workers run, an activity's share of the wall time is its seconds divided by the number of threads; otherwise one thread
 * works and the two are the same. The writer works beside the workers: its seconds have no share of the wall time.
 */
#ifndef BENCH_RUN_SPENT_H
#define BENCH_RUN_SPENT_H

#include "base/arena.h"
#include "base/clock.h"
#include "base/error.h"
#include "bench/store/store.h"

/* The first three belong to the run, the others to a backbone. */
enum spent_activity {
    SPENT_OPENING,   /* configs, image set, store */
    SPENT_REPORTING, /* the report, as far as one thread makes it or others would wait for it */
    SPENT_ANALYSIS,  /* intervals, pairs and plots of the report, which any number of threads can share */
    SPENT_LOADING,   /* reading weights, making networks and sessions */
    SPENT_DECODING,  /* pictures and truth, resizing, normalisation */
    SPENT_BASE,      /* base passes */
    SPENT_METHOD,    /* making maps */
    SPENT_EVIDENCE,  /* measuring maps: passes that metrics request, and the metrics themselves */
    SPENT_PICTURES,  /* drawing overlays */
    SPENT_HELPING,   /* workers without a task, that compute parts of the passes of others */
    SPENT_OTHER,     /* workers, between these */
    SPENT_WAITING,   /* workers, for a lock or for room in the queue of results */
    SPENT_IDLE,      /* workers without a task */
    SPENT_STORING,   /* writing results to the store and to maps.h5 */
    SPENT_ACTIVITIES
};

/* As in manifest.json, costs.csv and the store: "base_passes". */
const char *spent_name(enum spent_activity activity);

/* The activity of a name; SPENT_ACTIVITIES: there is none. */
enum spent_activity spent_find(const char *name);

/* Whether only one thread of the run can work on it, however many there are. */
bool spent_is_serial(enum spent_activity activity);

/* Whether it consists of passes, apart from what metrics compute. */
bool spent_is_passes(enum spent_activity activity);

/* -- one worker ----------------------------------------------------------------------------------------------------- */

/* The seconds of a worker since it gave them to the run's times; all zero: not counted. */
struct spent {
    double since;
    int place;
    double *seconds; /* [place]: activities, then making and measuring maps of each method; NULL: not counted */
};

static inline int spent_of_method(int method)
{
    return SPENT_ACTIVITIES + 2 * method;
}

static inline int spent_on_evidence(int method)
{
    return SPENT_ACTIVITIES + 2 * method + 1;
}

/* Begins an activity, or what one of the two functions above returns; returns the one before. NULL is fine. */
static inline int spent_switch(struct spent *spent, int place)
{
    if (!spent || !spent->seconds)
        return SPENT_OTHER;
    const double now = seconds_now();
    const int before = spent->place;
    spent->seconds[before] += now - spent->since;
    spent->since = now;
    spent->place = place;
    return before;
}

/* Takes seconds away from one activity and adds them to another. */
void spent_move(struct spent *spent, enum spent_activity from, enum spent_activity to, double seconds);

/* -- the run -------------------------------------------------------------------------------------------------------- */

struct spent_times;

struct spent_sum {
    double seconds, wall;
};

/* Begins with SPENT_OPENING, which began at `since` (seconds_now()). */
struct spent_times *spent_create(int backbone_count, int method_count, double since, struct error *err);
void spent_free(struct spent_times *times); /* NULL is fine */

/* The run's thread begins another activity, while no workers run. backbone -1: none. */
void spent_enter(struct spent_times *times, int backbone, enum spent_activity activity);

/* Between these two calls workers run, each with a number of threads. After them the run is SPENT_STORING. */
void spent_begin_workers(struct spent_times *times, int backbone, int workers, int threads_each);
void spent_end_workers(struct spent_times *times);

/* Begins the time of a worker with SPENT_OTHER. Nothing is counted if `times` is NULL or there is no memory. */
struct spent spent_begin_worker(const struct spent_times *times);

/* Adds the worker's seconds to the run's; the second call is its last. */
void spent_give(struct spent_times *times, struct spent *worker);
void spent_end_worker(struct spent_times *times, struct spent *worker);

/* Adds what a thread beside the workers has done. */
void spent_add_beside(struct spent_times *times, int backbone, enum spent_activity activity, double seconds);

/*
 * Takes lists of tasks of the report out of what SPENT_REPORTING has so far: `wall` seconds in which tasks with `work` CPU
 * seconds were run, the longest of each list `longest` in all. That one remains, for no number of threads makes it
 * shorter; the rest is SPENT_ANALYSIS. Between workers.
 */
void spent_share_reporting(struct spent_times *times, double wall, double work, double longest);

/* Stores the times so far, in the place of what this call of the program has stored before. Any thread. */
int spent_store(struct spent_times *times, struct store *store, struct error *err);

/* What this call has spent so far. */
void spent_of_call(struct spent_times *times, struct spent_sum sums[SPENT_ACTIVITIES]);

/* -- what several calls have spent ---------------------------------------------------------------------------------- */

/* Adds up the rows of all calls that have the same activity, backbone and method, in place; returns their number. */
int spent_unite(struct store_spent *rows, int count);

/* What all rows add up to, by activity. */
void spent_sum_up(const struct store_spent *rows, int count, struct spent_sum sums[SPENT_ACTIVITIES]);

/* The share of the work that one thread does alone, if one thread did everything; NaN: nothing was done. */
double spent_serial_share(const struct spent_sum sums[SPENT_ACTIVITIES]);

/* "12 s; 97 % in passes; 0.2 % waiting; 2.1 % decoding", of the wall time. */
void spent_describe(const struct spent_sum sums[SPENT_ACTIVITIES], char *text, size_t size);

#endif
