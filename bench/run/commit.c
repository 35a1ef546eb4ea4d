/* bench/run/commit.c - copies a task's results into a parcel, and writes parcels to the store and maps.h5. */
#include "bench/run/commit.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

/* A killed process loses the times of at most so many seconds more than its items. */
#define TIMES_SECONDS 1.0

struct failed_map {
    int method;
    const char *why;
};

struct raw_map {
    int view, method;
    struct cam_map map;
};

struct delivery {
    int image, methods; /* number of methods, for the progress */
    double cost;
    struct evaluate_made made;
    const char *skipped; /* why the image could not be read; NULL: it could, or that is known */
    int base_count, item_count, failure_count, raw_count;
    struct store_base *bases;
    struct store_item *items;
    struct failed_map *failures;
    struct raw_map *raws; /* for maps.h5 */
};

/* -- copies -------------------------------------------------------------------------------------------------------- */

/* Copies `count` elements into the arena. NULL: there is nothing to copy, or no memory, which sets *is_short too. */
static void *copy(struct arena *arena, const void *from, size_t count, size_t size, bool *is_short)
{
    void *to = from ? arena_alloc(arena, count + 1, size) : NULL;
    *is_short |= from && !to;
    if (to)
        memcpy(to, from, count * size);
    return to;
}

static const char *copy_text(struct arena *arena, const char *text, bool *is_short)
{
    return copy(arena, text, text ? strlen(text) + 1 : 0, 1, is_short);
}

/* The values that the store lacks. */
static void copy_values(const struct commit *commit, const struct evaluated_method *method, struct store_item *item,
                        struct arena *arena, bool *is_short)
{
    struct store_value *values = arena_alloc(arena, (size_t)method->value_count + 1, sizeof *values);
    item->values = values;
    *is_short |= !values;
    for (int i = 0; i < method->value_count && !*is_short; i++) {
        struct store_value value = method->values[i];
        if (store_has_value(commit->store, item->backbone, item->image, item->method, value.protocol, value.metric))
            continue;
        value.undefined = copy_text(arena, value.undefined, is_short);
        value.flag = copy_text(arena, value.flag, is_short);
        values[item->value_count++] = value;
    }
}

static void copy_curves(const struct evaluated_method *method, struct store_item *item, struct arena *arena,
                        bool *is_short)
{
    const struct store_curve **end = &item->curves;
    for (const struct store_curve *from = method->curves; from && !*is_short; from = from->next) {
        struct store_curve *curve = copy(arena, from, 1, sizeof *from, is_short);
        if (!curve)
            return;
        curve->next = NULL;
        curve->fraction = copy(arena, from->fraction, (size_t)from->count, sizeof(double), is_short);
        curve->probability = copy(arena, from->probability, (size_t)from->count, sizeof(double), is_short);
        *end = curve;
        end = &curve->next;
    }
}

static void copy_maps(const struct evaluated_method *method, struct store_item *item, struct arena *arena,
                      bool *is_short)
{
    struct store_map *maps = copy(arena, method->maps, (size_t)method->map_count, sizeof *maps, is_short);
    for (int i = 0; maps && i < method->map_count; i++)
        maps[i].data = copy(arena, maps[i].data, (size_t)maps[i].h * (size_t)maps[i].w, sizeof(float), is_short);
    item->maps = maps;
    item->map_count = maps ? method->map_count : 0;
}

/* Adds to a delivery what the store lacks of an item. */
static void add_item(const struct commit *commit, const struct evaluated_method *method, struct delivery *delivery,
                     struct arena *arena, bool *is_short)
{
    struct store_item *item = &delivery->items[delivery->item_count];
    *item = (struct store_item){.backbone = commit->backbone,
                                .image = delivery->image,
                                .method = method->method,
                                .program = commit->program,
                                .cost = method->cost};
    if (method->failure) {
        if (!store_has_item(commit->store, item->backbone, item->image, item->method))
            delivery->failures[delivery->failure_count++] =
                (struct failed_map){method->method, copy_text(arena, method->failure, is_short)};
        return;
    }
    copy_values(commit, method, item, arena, is_short);
    copy_curves(method, item, arena, is_short);
    copy_maps(method, item, arena, is_short);
    delivery->item_count += item->value_count > 0 || item->map_count > 0;
}

static void add_raws(const struct commit *commit, const struct evaluated_method *method, struct delivery *delivery,
                     struct arena *arena, bool *is_short)
{
    for (int v = 0; v < pictures_raw_views(commit->pictures); v++) {
        struct cam_map map = method->raws[v];
        if (!map.data)
            continue;
        map.data = copy(arena, map.data, (size_t)map.form.h * (size_t)map.form.w, sizeof *map.data, is_short);
        delivery->raws[delivery->raw_count++] = (struct raw_map){v, method->method, map};
    }
}

static struct delivery *new_delivery(const struct task *task, int count, struct arena *arena, struct error *err)
{
    struct delivery *delivery = arena_alloc(arena, 1, sizeof *delivery);
    if (!delivery) {
        error_memory(err, "the results of an image");
        return NULL;
    }
    *delivery = (struct delivery){.image = task->image, .cost = task->cost, .methods = count};
    return delivery;
}

struct delivery *delivery_of(const struct commit *commit, const struct task *task, const struct evaluated *evaluated,
                             int count, const struct evaluate_made *made, struct arena *arena, struct error *err)
{
    struct delivery *delivery = new_delivery(task, count, arena, err);
    const size_t most = (size_t)count, views = (size_t)pictures_raw_views(commit->pictures);
    if (!delivery)
        return NULL;
    delivery->made = *made;
    bool is_short = false;
    delivery->bases = copy(arena, evaluated->bases, (size_t)evaluated->base_count, sizeof *evaluated->bases, &is_short);
    delivery->base_count = evaluated->base_count;
    delivery->items = arena_alloc(arena, most + 1, sizeof *delivery->items);
    delivery->failures = arena_alloc(arena, most + 1, sizeof *delivery->failures);
    delivery->raws = arena_alloc(arena, most * views + 1, sizeof *delivery->raws);
    is_short |= !delivery->items || !delivery->failures || !delivery->raws;
    for (int i = 0; i < count && !is_short; i++) {
        add_raws(commit, &evaluated->methods[i], delivery, arena, &is_short);
        add_item(commit, &evaluated->methods[i], delivery, arena, &is_short);
    }
    if (is_short)
        error_memory(err, "the results of an image");
    return is_short ? NULL : delivery;
}

struct delivery *delivery_of_skipped(const struct task *task, const char *why, struct arena *arena, struct error *err)
{
    struct delivery *delivery = new_delivery(task, 0, arena, err);
    bool is_short = !delivery;
    if (delivery)
        delivery->skipped = copy_text(arena, why, &is_short);
    if (is_short)
        error_memory(err, "the results of an image");
    return is_short ? NULL : delivery;
}

/* -- writing ------------------------------------------------------------------------------------------------------- */

/* Names a failed map and notes it for the manifest. The next run of the same command tries it again. */
static int note_failure(struct commit *commit, int image, const struct failed_map *failed, struct error *err)
{
    struct run *run = commit->run;
    struct run_failure *failure = arena_alloc(&run->arena, 1, sizeof *failure);
    const char *why = arena_string(&run->arena, failed->why);
    if (!failure || !why)
        return error_memory(err, "the failed maps");
    *failure = (struct run_failure){run->failures, commit->backbone, image, failed->method, why};
    run->failures = failure;
    run->failure_count++;
    progress_clear(commit->progress);
    fprintf(stderr, "cambench: failed: %s\n", TEXT_SHOWN(why));
    return 0;
}

static int skip(struct commit *commit, int image, const char *why, struct error *err)
{
    commit->skipped_count++;
    progress_clear(commit->progress);
    fprintf(stderr, "cambench: skipped: %s\n", TEXT_SHOWN(why));
    pthread_mutex_lock(commit->lock);
    const int status = store_commit_skipped(commit->store, image, why, err);
    pthread_mutex_unlock(commit->lock);
    return status;
}

static void count_made(struct store_session *session, const struct evaluate_made *made)
{
    session->maps += made->maps;
    session->kept_maps += made->kept_maps;
    session->base_passes += made->base;
    session->full += made->full;
    session->tail += made->tail;
    session->backward += made->backward;
}

static int store_bases(struct commit *commit, const struct delivery *delivery, struct error *err)
{
    pthread_mutex_lock(commit->lock);
    int status = 0;
    for (int i = 0; i < delivery->base_count && !status; i++)
        status = store_commit_base(commit->store, &delivery->bases[i], err);
    pthread_mutex_unlock(commit->lock);
    return status;
}

static int store_item(struct commit *commit, const struct store_item *item, struct error *err)
{
    commit->session->items++;
    commit->session->values += (size_t)item->value_count;
    commit->batch_items++;
    pthread_mutex_lock(commit->lock);
    const int status = store_commit(commit->store, item, err);
    pthread_mutex_unlock(commit->lock);
    return status;
}

static int write_delivery(void *context, void *content, struct error *err)
{
    struct commit *commit = context;
    const struct delivery *delivery = content;
    if (delivery->skipped && skip(commit, delivery->image, delivery->skipped, err))
        return -1;
    count_made(commit->session, &delivery->made);
    if (store_bases(commit, delivery, err))
        return -1;
    for (int i = 0; i < delivery->raw_count; i++)
        if (pictures_write(commit->pictures, delivery->image, delivery->raws[i].view, delivery->raws[i].method,
                           &delivery->raws[i].map, err))
            return -1;
    for (int i = 0; i < delivery->failure_count; i++)
        if (note_failure(commit, delivery->image, &delivery->failures[i], err))
            return -1;
    for (int i = 0; i < delivery->item_count; i++)
        if (store_item(commit, &delivery->items[i], err))
            return -1;
    progress_add_items(commit->progress, delivery->cost, delivery->methods);
    return 0;
}

static int begin_batch(void *context, struct error *err)
{
    struct commit *commit = context;
    commit->batch_items = 0;
    pthread_mutex_lock(commit->lock);
    const int status = store_begin_batch(commit->store, err);
    pthread_mutex_unlock(commit->lock);
    return status;
}

/* Adds the times to the batch, in the place of the earlier ones. */
static int store_times(struct commit *commit, struct error *err)
{
    const double now = seconds_now();
    if (commit->batch_items == 0 || now - commit->times_stored < TIMES_SECONDS)
        return 0;
    commit->times_stored = now;
    return spent_store(commit->times, commit->store, err);
}

static int end_batch(void *context, struct error *err)
{
    struct commit *commit = context;
    pthread_mutex_lock(commit->lock);
    const int status = status_of(store_times(commit, err) || store_end_batch(commit->store, err));
    pthread_mutex_unlock(commit->lock);
    if (!status)
        commit->item_count += commit->batch_items;
    return status;
}

struct writer_use commit_use(struct commit *commit)
{
    return (struct writer_use){.context = commit, .begin = begin_batch, .write = write_delivery, .end = end_batch};
}
