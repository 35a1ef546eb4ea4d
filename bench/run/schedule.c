/* bench/run/schedule.c - makes groups of methods, and tasks sorted by cost, and sums the cost of missing items. */
#include "bench/run/schedule.h"

#include "bench/run/estimate.h"

#include <stdlib.h>

bool schedule_has_image(const struct run *run, int backbone, int image)
{
    return shard_has(&run->shard, backbone, image, run->image_count);
}

int schedule_image_count(const struct run *run, int backbone)
{
    int count = 0;
    for (int image = 0; image < run->image_count; image++)
        count += schedule_has_image(run, backbone, image);
    return count;
}

/* Multiply-adds of an item, including its share of the image's base pass, so that every item has a cost. */
static double item_cost(const struct run *run, int backbone, int method)
{
    return estimate_passes(run, backbone, method).macs + run->backbones[backbone].full_macs / run->config.method_count;
}

/* The share of an item's values that the store lacks, from 0 to 1. */
static double share_left(const struct run *run, const struct store *store, int backbone, int image, int method)
{
    const int protocol_count = run->config.protocol_count, metric_count = run->config.metric_count;
    int left = 0;
    if (!store_has_part(store, backbone, image, method))
        return 1;
    for (int p = 0; p < protocol_count; p++)
        for (int k = 0; k < metric_count; k++)
            left += !store_has_value(store, backbone, image, method, p, k);
    return left ? (double)left / (protocol_count * metric_count) : 0;
}

/* -- groups -------------------------------------------------------------------------------------------------------- */

/* Makes group 0 of all cheap methods, and a group for each expensive method. */
static int make_groups(struct schedule *schedule, struct arena *arena, struct error *err)
{
    const struct config *config = &schedule->run->config;
    const size_t count = (size_t)config->method_count;
    schedule->groups = arena_alloc(arena, count + 1, sizeof *schedule->groups);
    schedule->group_count = 1;
    for (size_t g = 0; schedule->groups && g <= count; g++) {
        schedule->groups[g].methods = arena_alloc(arena, count, sizeof(int));
        if (!schedule->groups[g].methods)
            return error_memory(err, "the tasks");
    }
    if (!schedule->groups)
        return error_memory(err, "the tasks");
    for (int m = 0; m < config->method_count; m++) {
        const int g = estimate_is_apart(&config->methods[m]) ? schedule->group_count++ : 0;
        struct task_group *group = &schedule->groups[g];
        group->methods[group->count++] = m;
    }
    return 0;
}

static bool has_method(const struct schedule *schedule, int method)
{
    return !schedule->until || until_is_open(schedule->until, method);
}

static bool is_image_done(const struct schedule *schedule, int image)
{
    for (int m = 0; m < schedule->run->config.method_count; m++)
        if (has_method(schedule, m) && !store_has_item(schedule->store, schedule->backbone, image, m))
            return false;
    return true;
}

int schedule_methods(const struct schedule *schedule, int group, int image, int *which)
{
    const struct task_group *of = &schedule->groups[group];
    const bool is_whole = pictures_want(schedule->pictures, image);
    int count = 0;
    for (int i = 0; i < of->count; i++)
        if (has_method(schedule, of->methods[i]) &&
            (is_whole || !store_has_item(schedule->store, schedule->backbone, image, of->methods[i])))
            which[count++] = of->methods[i];
    return count;
}

bool schedule_needs_base(const struct schedule *schedule, int group, int image)
{
    return group == 0 && !store_has_base(schedule->store, schedule->backbone, image);
}

/* -- tasks --------------------------------------------------------------------------------------------------------- */

static int by_falling_cost(const void *a, const void *b)
{
    const struct task *x = a, *y = b;
    if (x->cost != y->cost)
        return x->cost < y->cost ? 1 : -1;
    return x->image - y->image;
}

/* What is left of an image's items; of an image measured for its pictures too, whose maps may have to be made again. */
static double cost_of(const struct schedule *schedule, int image, bool is_whole, const int *which, int count)
{
    double cost = 0;
    for (int i = 0; i < count; i++) {
        const double share = share_left(schedule->run, schedule->store, schedule->backbone, image, which[i]);
        cost += item_cost(schedule->run, schedule->backbone, which[i]) * (is_whole && share <= 0 ? 1 : share);
    }
    return cost;
}

/* Adds the tasks of an image; which is scratch with room for all methods. */
static void add_tasks(struct schedule *schedule, int image, int *which)
{
    const bool is_whole = pictures_want(schedule->pictures, image);
    if (is_whole && pictures_have(schedule->pictures, image) && is_image_done(schedule, image))
        return;
    for (int g = 0; g < schedule->group_count; g++) {
        const int count = schedule_methods(schedule, g, image, which);
        if (count > 0 || schedule_needs_base(schedule, g, image))
            schedule->tasks[schedule->task_count++] =
                (struct task){image, g, cost_of(schedule, image, is_whole, which, count)};
    }
}

int schedule_make(struct schedule *schedule, struct arena *arena, struct error *err)
{
    const struct run *run = schedule->run;
    if (make_groups(schedule, arena, err))
        return -1;
    const struct until_block images =
        schedule->until ? until_next(schedule->until) : (struct until_block){0, run->image_count};
    const size_t most = (size_t)(images.end - images.first) * (size_t)schedule->group_count;
    schedule->task_count = 0;
    int *which = arena_alloc(arena, (size_t)run->config.method_count, sizeof *which);
    schedule->tasks = arena_alloc(arena, most + 1, sizeof *schedule->tasks);
    if (!schedule->tasks || !which)
        return error_memory(err, "the tasks");
    for (int image = images.first; image < images.end; image++)
        if (schedule_has_image(run, schedule->backbone, image))
            add_tasks(schedule, image, which);
    qsort(schedule->tasks, (size_t)schedule->task_count, sizeof *schedule->tasks, by_falling_cost);
    return 0;
}

double schedule_method_ahead(const struct run *run, const struct store *store, bool has_maps, int backbone, int method,
                             int first)
{
    const double cost = item_cost(run, backbone, method);
    double total = 0;
    for (int image = first; image < run->image_count; image++)
        if (schedule_has_image(run, backbone, image))
            total += cost * (has_maps ? 1 : share_left(run, store, backbone, image, method));
    return total;
}

double schedule_cost_ahead(const struct run *run, const struct store *store, bool has_maps)
{
    double total = 0;
    for (int b = 0; b < run->config.backbone_count; b++)
        for (int m = 0; m < run->config.method_count; m++)
            total += schedule_method_ahead(run, store, has_maps, b, m, 0);
    return total;
}
