/* bench/store/store_write.c - writes items, base passes and skipped images, each in one commit. */
#include "bench/store/store_inside.h"

#include <stdio.h>
#include <string.h>

/* Finds or adds the number of a reason or flag; 0, which is bound as NULL, for text NULL. */
static int note_id(struct store *store, const char *text, int *id, struct error *err)
{
    *id = 0;
    if (!text)
        return 0;
    for (int i = 0; i < store->note_count && !*id; i++)
        if (strcmp(store->notes[i], text) == 0)
            *id = i + 1;
    if (*id)
        return 0;
    if (store->note_count == STORE_NOTES_MAX)
        return error_set(err, "run store \"%s\": more than %d notes", store->path, STORE_NOTES_MAX);
    const char *copy = arena_string(&store->arena, text);
    if (!copy)
        return error_memory(err, "the run's notes");
    sqlite3_bind_int(store->statements[ADD_NOTE], 1, store->note_count + 1);
    store_bind_text(store->statements[ADD_NOTE], 2, copy);
    if (store_step(store, ADD_NOTE, err))
        return -1;
    store->notes[store->note_count++] = copy;
    *id = store->note_count;
    return 0;
}

static void bind_note(sqlite3_stmt *statement, int position, int id)
{
    if (id)
        sqlite3_bind_int(statement, position, id);
    else
        sqlite3_bind_null(statement, position);
}

/* The numbers in the file of an item's backbone, image and method. */
struct item_entries {
    int backbone, image, method;
};

static struct item_entries entries_of(const struct store *store, const struct store_item *item)
{
    return (struct item_entries){store_entry(store, STORE_BACKBONES, item->backbone),
                                 store_entry(store, STORE_IMAGES, item->image),
                                 store_entry(store, STORE_METHODS, item->method)};
}

static int add_value(struct store *store, const struct store_item *item, const struct store_value *value,
                     struct error *err)
{
    sqlite3_stmt *statement = store->statements[ADD_VALUE];
    int undefined, flag;
    if (note_id(store, value->undefined, &undefined, err) || note_id(store, value->flag, &flag, err))
        return -1;
    const struct item_entries of = entries_of(store, item);
    const int keys[] = {of.backbone, of.image, of.method, store_entry(store, STORE_PROTOCOLS, value->protocol),
                        store_entry(store, STORE_METRICS, value->metric)};
    store_bind_ints(statement, 1, 5, keys);
    if (undefined)
        sqlite3_bind_null(statement, 6);
    else
        sqlite3_bind_double(statement, 6, value->number);
    bind_note(statement, 7, undefined);
    bind_note(statement, 8, flag);
    return store_step(store, ADD_VALUE, err);
}

static int add_curve(struct store *store, const struct store_item *item, const struct store_curve *curve,
                     struct error *err)
{
    sqlite3_stmt *statement = store->statements[ADD_CURVE];
    const struct item_entries of = entries_of(store, item);
    const int keys[] = {of.backbone, of.image, of.method, store_entry(store, STORE_PROTOCOLS, curve->protocol),
                        store_entry(store, STORE_METRICS, curve->metric)};
    const sqlite3_uint64 bytes = (sqlite3_uint64)curve->count * sizeof(double);
    store_bind_ints(statement, 1, 5, keys);
    sqlite3_bind_blob64(statement, 6, curve->fraction, bytes, SQLITE_STATIC);
    sqlite3_bind_blob64(statement, 7, curve->probability, bytes, SQLITE_STATIC);
    return store_step(store, ADD_CURVE, err);
}

static int add_map(struct store *store, const struct store_item *item, const struct store_map *map, struct error *err)
{
    sqlite3_stmt *statement = store->statements[ADD_MAP];
    const struct item_entries of = entries_of(store, item);
    const int keys[] = {of.backbone,
                        of.image,
                        of.method,
                        store_entry(store, STORE_VIEWS, map->view),
                        map->h,
                        map->w,
                        map->is_signed + 2 * map->is_normalised};
    const double costs[] = {map->cost.seconds, map->cost.full, map->cost.tail, map->cost.backward, map->cost.repeated};
    store_bind_ints(statement, 1, 7, keys);
    for (int i = 0; i < 5; i++)
        sqlite3_bind_double(statement, 8 + i, costs[i]);
    if (map->data)
        sqlite3_bind_blob64(statement, 13, map->data, (sqlite3_uint64)map->h * (sqlite3_uint64)map->w * sizeof(float),
                            SQLITE_STATIC);
    else
        sqlite3_bind_null(statement, 13);
    return store_step(store, ADD_MAP, err);
}

/* A program that only adds values to an item is not recorded: the item counts as the first one's. */
static int add_made(struct store *store, const struct store_item *item, struct error *err)
{
    const struct item_entries of = entries_of(store, item);
    const int keys[] = {of.backbone, of.image, of.method, item->program};
    store_bind_ints(store->statements[ADD_MADE], 1, 4, keys);
    return store_step(store, ADD_MADE, err);
}

static int add_item(struct store *store, const struct store_item *item, struct error *err)
{
    sqlite3_stmt *statement = store->statements[ADD_ITEM];
    const struct item_entries of = entries_of(store, item);
    const int keys[] = {of.backbone, of.image, of.method};
    store_bind_ints(statement, 1, 3, keys);
    sqlite3_bind_double(statement, 4, item->cost.seconds);
    sqlite3_bind_double(statement, 5, item->cost.full);
    sqlite3_bind_double(statement, 6, item->cost.tail);
    sqlite3_bind_double(statement, 7, item->cost.backward);
    if (store_step(store, ADD_ITEM, err))
        return -1;
    if (item->program > 0 && add_made(store, item, err))
        return -1;
    for (int i = 0; i < item->value_count; i++)
        if (add_value(store, item, &item->values[i], err))
            return -1;
    for (const struct store_curve *curve = item->curves; curve; curve = curve->next)
        if (add_curve(store, item, curve, err))
            return -1;
    for (int i = 0; i < item->map_count; i++)
        if (add_map(store, item, &item->maps[i], err))
            return -1;
    return store_write_session(store, err);
}

int store_begin_batch(struct store *store, struct error *err)
{
    if (store_step(store, BEGIN, err))
        return -1;
    store->is_batch = true;
    return 0;
}

int store_end_batch(struct store *store, struct error *err)
{
    store->is_batch = false;
    return store_end_transaction(store, 0, err);
}

int store_commit(struct store *store, const struct store_item *item, struct error *err)
{
    const int notes_before = store->note_count;
    if (!store->is_batch && store_step(store, BEGIN, err))
        return -1;
    int status = add_item(store, item, err);
    if (!store->is_batch)
        status = store_end_transaction(store, status, err);
    if (status) {
        store->note_count = notes_before;
        return -1;
    }
    store->has_item[store_item_index(store, item->backbone, item->image, item->method)] = 1;
    for (int i = 0; i < item->value_count; i++)
        store_mark_value(store, item->backbone, item->image, item->method, item->values[i].protocol,
                         item->values[i].metric);
    return 0;
}

int store_commit_base(struct store *store, const struct store_base *base, struct error *err)
{
    sqlite3_stmt *statement = store->statements[ADD_BASE];
    const int keys[] = {store_entry(store, STORE_BACKBONES, base->backbone),
                        store_entry(store, STORE_IMAGES, base->image), store_input_entry(store, base->input),
                        base->predicted};
    store_bind_ints(statement, 1, 4, keys);
    sqlite3_bind_double(statement, 5, base->probability);
    sqlite3_bind_int(statement, 6, base->rank);
    if (store_step(store, ADD_BASE, err))
        return -1;
    if (base->input == 0)
        __atomic_store_n(&store->has_base[store_base_index(store, base->backbone, base->image)], 1, __ATOMIC_RELAXED);
    return 0;
}

int store_commit_skipped(struct store *store, int image, const char *why, struct error *err)
{
    sqlite3_bind_int(store->statements[ADD_SKIPPED], 1, store_entry(store, STORE_IMAGES, image));
    store_bind_text(store->statements[ADD_SKIPPED], 2, why);
    return store_step(store, ADD_SKIPPED, err);
}

int store_clear_skipped(struct store *store, struct error *err)
{
    return store_step(store, CLEAR_SKIPPED, err);
}
