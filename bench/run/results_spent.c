/* bench/run/results_spent.c - adds up the times that the calls of the program have stored. */
#include "bench/run/results_spent.h"

#include "bench/run/spent.h"

/* Of one activity: of the run, and of each backbone; [backbone][method] where maps are made or measured. */
struct sums {
    struct spent_sum run, *of_backbone, *of_map;
};

static void add(struct spent_sum *sum, const struct store_spent *row)
{
    sum->seconds += row->seconds;
    sum->wall += row->wall;
}

static int make_sums(const struct report *report, struct arena *arena, struct sums sums[SPENT_ACTIVITIES],
                     struct error *err)
{
    const size_t backbones = (size_t)report->backbone_count, maps = backbones * (size_t)report->method_count;
    for (int i = 0; i < SPENT_ACTIVITIES; i++) {
        sums[i] = (struct sums){.of_backbone = arena_alloc(arena, backbones + 1, sizeof *sums[i].of_backbone),
                                .of_map = arena_alloc(arena, maps + 1, sizeof *sums[i].of_map)};
        if (!sums[i].of_backbone || !sums[i].of_map)
            return error_memory(err, "the times of the run");
    }
    return 0;
}

/* Whether an earlier store has the call too. */
static bool is_known(const struct store_spent *const *lists, const int *counts, int store, int64_t call)
{
    for (int i = 0; i < store; i++)
        for (int k = 0; k < counts[i]; k++)
            if (lists[i][k].call == call)
                return true;
    return false;
}

static void add_rows(const struct report *report, const struct store_spent *const *lists, const int *counts, int store,
                     struct sums sums[SPENT_ACTIVITIES])
{
    bool is_left_out = false;
    for (int i = 0; i < counts[store]; i++) {
        const struct store_spent *row = &lists[store][i];
        const enum spent_activity activity = spent_find(row->activity);
        if (i == 0 || row->call != row[-1].call)
            is_left_out = is_known(lists, counts, store, row->call);
        if (is_left_out || activity == SPENT_ACTIVITIES)
            continue;
        add(row->backbone < 0 ? &sums[activity].run : &sums[activity].of_backbone[row->backbone], row);
        if (row->backbone >= 0 && row->method >= 0)
            add(&sums[activity].of_map[row->backbone * report->method_count + row->method], row);
    }
}

static struct report_spent *put(struct report_spent *row, enum spent_activity activity, int backbone, int method,
                                const struct spent_sum *sum)
{
    *row = (struct report_spent){
        spent_name(activity), spent_is_passes(activity), backbone, method, sum->seconds, sum->wall};
    return row + 1;
}

/* The rows of a backbone; making maps has one for each method. */
static struct report_spent *put_backbone(struct report_spent *row, const struct report *report, int b,
                                         const struct sums sums[SPENT_ACTIVITIES])
{
    for (int i = SPENT_LOADING; i < SPENT_ACTIVITIES; i++)
        if (i != SPENT_METHOD)
            row = put(row, (enum spent_activity)i, b, -1, &sums[i].of_backbone[b]);
    for (int m = 0; m < report->method_count; m++)
        row = put(row, SPENT_METHOD, b, m, &sums[SPENT_METHOD].of_map[b * report->method_count + m]);
    return row;
}

static int list_rows(struct report *report, struct arena *arena, const struct sums sums[SPENT_ACTIVITIES],
                     struct error *err)
{
    const size_t count =
        SPENT_LOADING + (size_t)report->backbone_count * (SPENT_ACTIVITIES + (size_t)report->method_count);
    struct report_spent *rows = arena_alloc(arena, count, sizeof *rows), *row = rows;
    if (!rows)
        return error_memory(err, "the times of the run");
    for (int i = 0; i < SPENT_LOADING; i++)
        row = put(row, (enum spent_activity)i, -1, -1, &sums[i].run);
    for (int b = 0; b < report->backbone_count; b++)
        row = put_backbone(row, report, b, sums);
    report->spent = rows;
    report->spent_count = (int)(row - rows);
    return 0;
}

int results_read_spent(struct store *const *stores, int count, struct arena *arena, struct report *report,
                       struct error *err)
{
    struct sums sums[SPENT_ACTIVITIES];
    const struct store_spent **lists = arena_alloc(arena, (size_t)count + 1, sizeof *lists);
    int *counts = arena_alloc(arena, (size_t)count + 1, sizeof *counts), rows = 0;
    report->spent = NULL;
    report->spent_count = 0;
    if (!lists || !counts)
        return error_memory(err, "the times of the run");
    if (make_sums(report, arena, sums, err))
        return -1;
    for (int i = 0; i < count; i++) {
        struct store_spent *list;
        if (store_read_spent(stores[i], arena, &list, &counts[i], err))
            return -1;
        lists[i] = list;
        rows += counts[i];
        add_rows(report, lists, counts, i, sums);
    }
    return rows ? list_rows(report, arena, sums, err) : 0;
}
