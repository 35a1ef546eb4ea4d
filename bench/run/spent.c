/* bench/run/spent.c - adds up the seconds of each activity of a run's threads. */
#include "bench/run/spent.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct activity {
    const char *name;
    bool is_serial, is_passes;
} activities[SPENT_ACTIVITIES] = {
    [SPENT_OPENING] = {"opening", .is_serial = true},
    [SPENT_REPORTING] = {"reporting", .is_serial = true},
    [SPENT_ANALYSIS] = {.name = "analysis"},
    [SPENT_LOADING] = {"loading", .is_serial = true},
    [SPENT_DECODING] = {.name = "decoding"},
    [SPENT_BASE] = {"base_passes", .is_passes = true},
    [SPENT_METHOD] = {"method", .is_passes = true},
    [SPENT_EVIDENCE] = {"evidence", .is_passes = true},
    [SPENT_PICTURES] = {.name = "pictures"},
    [SPENT_HELPING] = {"helping", .is_passes = true},
    [SPENT_OTHER] = {.name = "other"},
    [SPENT_WAITING] = {.name = "waiting"},
    [SPENT_IDLE] = {.name = "idle"},
    [SPENT_STORING] = {"storing", .is_serial = true},
};

struct spent_times {
    pthread_mutex_t mutex; /* guards `sums`, which workers and the writer add to */
    int backbone_count, method_count;
    int64_t call;
    double since; /* of the run's thread, between workers */
    int backbone;
    enum spent_activity activity;
    int workers, threads_each; /* while workers run; otherwise 0 */
    struct spent_sum *sums;    /* [backbone, then none][place] */
    struct store_spent *rows;  /* as many */
};

const char *spent_name(enum spent_activity activity)
{
    return activities[activity].name;
}

enum spent_activity spent_find(const char *name)
{
    int i = 0;
    while (i < SPENT_ACTIVITIES && strcmp(activities[i].name, name) != 0)
        i++;
    return (enum spent_activity)i;
}

bool spent_is_serial(enum spent_activity activity)
{
    return activities[activity].is_serial;
}

bool spent_is_passes(enum spent_activity activity)
{
    return activities[activity].is_passes;
}

void spent_move(struct spent *spent, enum spent_activity from, enum spent_activity to, double seconds)
{
    if (!spent->seconds)
        return;
    spent->seconds[from] -= seconds;
    spent->seconds[to] += seconds;
}

/* -- the run -------------------------------------------------------------------------------------------------------- */

/* A number that no other call has, on any machine: nanoseconds since 1970, mixed with the process's number. */
static int64_t number_of_call(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return ((int64_t)now.tv_sec * 1000000000 + now.tv_nsec) ^ ((int64_t)(getpid() & 0x3fffff) << 40);
}

static size_t place_count(const struct spent_times *times)
{
    return SPENT_ACTIVITIES + 2 * (size_t)times->method_count;
}

struct spent_times *spent_create(int backbone_count, int method_count, double since, struct error *err)
{
    struct spent_times *times = calloc(1, sizeof *times);
    if (times) {
        *times = (struct spent_times){.backbone_count = backbone_count,
                                      .method_count = method_count,
                                      .call = number_of_call(),
                                      .since = since,
                                      .backbone = backbone_count,
                                      .activity = SPENT_OPENING};
        const size_t places = ((size_t)backbone_count + 1) * place_count(times);
        times->sums = calloc(places, sizeof *times->sums);
        times->rows = calloc(places, sizeof *times->rows);
    }
    if (!times || !times->sums || !times->rows) {
        spent_free(times);
        error_memory(err, "the times of the run");
        return NULL;
    }
    pthread_mutex_init(&times->mutex, NULL);
    return times;
}

void spent_free(struct spent_times *times)
{
    if (!times)
        return;
    free(times->sums);
    free(times->rows);
    free(times);
}

/* Backbone -1: none. */
static struct spent_sum *sums_of(const struct spent_times *times, int backbone)
{
    const int row = backbone < 0 ? times->backbone_count : backbone;
    return times->sums + (size_t)row * place_count(times);
}

static void add(struct spent_times *times, int backbone, int place, double seconds, double wall)
{
    struct spent_sum *sum = &sums_of(times, backbone)[place];
    sum->seconds += seconds;
    sum->wall += wall;
}

void spent_enter(struct spent_times *times, int backbone, enum spent_activity activity)
{
    const double now = seconds_now(), passed = now - times->since;
    pthread_mutex_lock(&times->mutex);
    add(times, times->backbone, (int)times->activity, passed, passed);
    pthread_mutex_unlock(&times->mutex);
    times->since = now;
    times->backbone = backbone < 0 ? times->backbone_count : backbone;
    times->activity = activity;
}

void spent_begin_workers(struct spent_times *times, int backbone, int workers, int threads_each)
{
    spent_enter(times, backbone, SPENT_OTHER);
    times->workers = workers;
    times->threads_each = threads_each;
}

void spent_end_workers(struct spent_times *times)
{
    times->since = seconds_now();
    times->workers = 0;
    times->activity = SPENT_STORING;
}

struct spent spent_begin_worker(const struct spent_times *times)
{
    return (struct spent){.since = seconds_now(),
                          .place = SPENT_OTHER,
                          .seconds = times ? calloc(place_count(times), sizeof(double)) : NULL};
}

void spent_give(struct spent_times *times, struct spent *worker)
{
    if (!times || !worker->seconds)
        return;
    const int places = (int)place_count(times);
    spent_switch(worker, worker->place);
    pthread_mutex_lock(&times->mutex);
    for (int place = 0; place < places; place++)
        add(times, times->backbone, place, worker->seconds[place] * times->threads_each,
            worker->seconds[place] / times->workers);
    pthread_mutex_unlock(&times->mutex);
    memset(worker->seconds, 0, (size_t)places * sizeof *worker->seconds);
}

void spent_end_worker(struct spent_times *times, struct spent *worker)
{
    spent_give(times, worker);
    free(worker->seconds);
    worker->seconds = NULL;
}

void spent_add_beside(struct spent_times *times, int backbone, enum spent_activity activity, double seconds)
{
    pthread_mutex_lock(&times->mutex);
    add(times, backbone, (int)activity, seconds, 0);
    pthread_mutex_unlock(&times->mutex);
}

void spent_share_reporting(struct spent_times *times, double wall, double work, double longest)
{
    const double shared = fmax(wall - longest, 0);
    pthread_mutex_lock(&times->mutex);
    add(times, -1, SPENT_REPORTING, -shared, -shared);
    add(times, -1, SPENT_ANALYSIS, fmax(work - longest, 0), shared);
    pthread_mutex_unlock(&times->mutex);
}

static enum spent_activity activity_at(int place)
{
    const int of_method = place - SPENT_ACTIVITIES;
    return of_method < 0 ? (enum spent_activity)place : of_method % 2 == 0 ? SPENT_METHOD : SPENT_EVIDENCE;
}

/* The row of a place that has seconds. */
static struct store_spent row_of(const struct spent_times *times, int backbone, int place)
{
    const struct spent_sum *sum = &sums_of(times, backbone)[place];
    return (struct store_spent){.call = times->call,
                                .activity = spent_name(activity_at(place)),
                                .backbone = backbone < times->backbone_count ? backbone : -1,
                                .method = place < SPENT_ACTIVITIES ? -1 : (place - SPENT_ACTIVITIES) / 2,
                                .seconds = sum->seconds,
                                .wall = sum->wall};
}

int spent_store(struct spent_times *times, struct store *store, struct error *err)
{
    const int places = (int)place_count(times);
    int count = 0;
    pthread_mutex_lock(&times->mutex);
    for (int backbone = 0; backbone <= times->backbone_count; backbone++)
        for (int place = 0; place < places; place++)
            if (sums_of(times, backbone)[place].seconds > 0)
                times->rows[count++] = row_of(times, backbone, place);
    pthread_mutex_unlock(&times->mutex);
    return store_commit_spent(store, times->rows, count, err);
}

void spent_of_call(struct spent_times *times, struct spent_sum sums[SPENT_ACTIVITIES])
{
    const int places = (int)place_count(times);
    memset(sums, 0, SPENT_ACTIVITIES * sizeof *sums);
    pthread_mutex_lock(&times->mutex);
    for (int backbone = 0; backbone <= times->backbone_count; backbone++)
        for (int place = 0; place < places; place++) {
            const struct spent_sum *sum = &sums_of(times, backbone)[place];
            struct spent_sum *whole = &sums[activity_at(place)];
            whole->seconds += sum->seconds;
            whole->wall += sum->wall;
        }
    pthread_mutex_unlock(&times->mutex);
}

/* -- what several calls have spent ---------------------------------------------------------------------------------- */

int spent_unite(struct store_spent *rows, int count)
{
    int united = 0;
    for (int i = 0; i < count; i++) {
        int same = 0;
        while (same < united && (rows[same].backbone != rows[i].backbone || rows[same].method != rows[i].method ||
                                 strcmp(rows[same].activity, rows[i].activity) != 0))
            same++;
        if (same == united) {
            rows[united++] = rows[i];
            continue;
        }
        rows[same].seconds += rows[i].seconds;
        rows[same].wall += rows[i].wall;
    }
    return united;
}

void spent_sum_up(const struct store_spent *rows, int count, struct spent_sum sums[SPENT_ACTIVITIES])
{
    memset(sums, 0, SPENT_ACTIVITIES * sizeof *sums);
    for (int i = 0; i < count; i++) {
        const enum spent_activity activity = spent_find(rows[i].activity);
        if (activity == SPENT_ACTIVITIES)
            continue;
        sums[activity].seconds += rows[i].seconds;
        sums[activity].wall += rows[i].wall;
    }
}

double spent_serial_share(const struct spent_sum sums[SPENT_ACTIVITIES])
{
    double serial = 0, parallel = 0;
    for (int i = 0; i < SPENT_ACTIVITIES; i++) {
        if (activities[i].is_serial)
            serial += sums[i].wall;
        else if (i != SPENT_WAITING && i != SPENT_IDLE)
            parallel += sums[i].seconds;
    }
    return serial + parallel > 0 ? serial / (serial + parallel) : NAN;
}

static int put_share(const char *what, double share, char *text, size_t size)
{
    return snprintf(text, size, "; %.*f %% %s", share < 0.0995 ? 1 : 0, 100 * share, what);
}

void spent_describe(const struct spent_sum sums[SPENT_ACTIVITIES], char *text, size_t size)
{
    double wall = 0, passes = 0;
    for (int i = 0; i < SPENT_ACTIVITIES; i++) {
        wall += sums[i].wall;
        passes += activities[i].is_passes ? sums[i].wall : 0;
    }
    if (!(wall > 0)) {
        snprintf(text, size, "0 s");
        return;
    }
    size_t at = (size_t)snprintf(text, size, "%.*f s", wall < 10 ? 1 : 0, wall);
    at += (size_t)put_share("in passes", passes / wall, text + at, size - at);
    at += (size_t)put_share("waiting", (sums[SPENT_WAITING].wall + sums[SPENT_IDLE].wall) / wall, text + at, size - at);
    for (int i = 0; i < SPENT_ACTIVITIES && at < size; i++)
        if (!activities[i].is_passes && i != SPENT_WAITING && i != SPENT_IDLE && sums[i].wall >= 0.0005 * wall)
            at += (size_t)put_share(activities[i].name, sums[i].wall / wall, text + at, size - at);
}
