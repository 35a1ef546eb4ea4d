/*
 * bench/perf/serial_share.c - the serial share of a run, and the speed-up that it allows by Amdahl's law.
 *
 * A run with more threads cannot be faster than 1 / (s + (1 - s) / threads) times one with one thread.
 */
#include "bench/perf/serial_share.h"

#include "bench/run/manifest.h"
#include "bench/run/spent.h"

#include <math.h>

static const struct column columns[] = {
    {"what", "what", -30, 0},
    {"seconds", "seconds", 9, 1},
    {"passes_percent", "passes %", 9, 1},
    {"waiting_percent", "waiting %", 9, 2},
    {"serial_percent", "serial %", 9, 3},
    {"speedup_16", "16 threads", 10, 1},
    {"speedup_64", "64 threads", 10, 1},
    {"speedup_256", "256 threads", 11, 1},
    {0},
};

void serial_share_table(struct output *output)
{
    output_table(output, "serial_share", "Serial share of a run, and the speed-up that it allows", columns);
}

static double allowed(double serial, int threads)
{
    return 1 / (serial + (1 - serial) / threads);
}

static void add_row(struct output *output, const char *what, const struct spent_sum sums[SPENT_ACTIVITIES])
{
    const double serial = spent_serial_share(sums);
    double wall = 0, passes = 0;
    for (int i = 0; i < SPENT_ACTIVITIES; i++) {
        wall += sums[i].wall;
        passes += spent_is_passes((enum spent_activity)i) ? sums[i].wall : 0;
    }
    const double waiting = sums[SPENT_WAITING].wall + sums[SPENT_IDLE].wall;
    output_row(output, (const struct cell[]){cell_text(what), cell_number(wall), cell_number(100 * passes / wall),
                                             cell_number(100 * waiting / wall), cell_number(100 * serial),
                                             cell_number(allowed(serial, 16)), cell_number(allowed(serial, 64)),
                                             cell_number(allowed(serial, 256))});
}

static void sum_up(const json_t *activities, struct spent_sum sums[SPENT_ACTIVITIES])
{
    const json_t *row;
    size_t i;
    json_array_foreach(activities, i, row)
    {
        const char *name = json_string_value(json_object_get(row, "activity"));
        const enum spent_activity activity = name ? spent_find(name) : SPENT_ACTIVITIES;
        if (activity == SPENT_ACTIVITIES)
            continue;
        sums[activity].seconds += json_number_value(json_object_get(row, "seconds"));
        sums[activity].wall += json_number_value(json_object_get(row, "wall_seconds"));
    }
}

int serial_share_rows(struct output *output, const char *what, const char *folder, struct error *err)
{
    struct spent_sum sums[SPENT_ACTIVITIES] = {0};
    char measuring[64];
    json_t *manifest;
    if (manifest_read(folder, &manifest, err))
        return -1;
    sum_up(json_object_get(json_object_get(manifest, "time"), "activities"), sums);
    json_decref(manifest);
    if (isnan(spent_serial_share(sums)))
        return error_set(err, "run \"%s\": its manifest.json has no times", folder);
    add_row(output, what, sums);
    sums[SPENT_OPENING] = sums[SPENT_REPORTING] = (struct spent_sum){0};
    snprintf(measuring, sizeof measuring, "%s, measuring", what);
    add_row(output, measuring, sums);
    return 0;
}
