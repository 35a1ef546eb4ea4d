/* bench/store/store_manifest.c - texts of a run by key: config, hashes, shard. */
#include "bench/store/store_inside.h"

#include <string.h>

int store_manifest_set(struct store *store, const char *key, const char *text, struct error *err)
{
    store_bind_text(store->statements[SET_MANIFEST], 1, key);
    store_bind_text(store->statements[SET_MANIFEST], 2, text);
    return store_step(store, SET_MANIFEST, err);
}

int store_manifest_find(struct store *store, const char *key, struct arena *arena, const char **text, struct error *err)
{
    int status = 0;
    *text = NULL;
    store_bind_text(store->statements[GET_MANIFEST], 1, key);
    while (store_next_row(store, GET_MANIFEST, &status, err)) {
        *text = arena_string(arena, store_column_text(store->statements[GET_MANIFEST], 0));
        if (!*text)
            status = error_memory(err, "the run's manifest");
    }
    return status;
}

const char *store_manifest(struct store *store, const char *key, struct arena *arena)
{
    const char *text;
    struct error ignored;
    return store_manifest_find(store, key, arena, &text, &ignored) ? NULL : text;
}

/* The list, grown if need be, with room for one more text; NULL: no memory. */
static struct store_text *room_for_one(struct arena *arena, struct store_text *list, int count, int *room)
{
    if (count < *room)
        return list;
    *room = *room ? *room * 2 : 16;
    struct store_text *more = arena_alloc(arena, (size_t)*room, sizeof *more);
    return more && count ? memcpy(more, list, (size_t)count * sizeof *more) : more;
}

int store_read_manifest(struct store *store, struct arena *arena, struct store_text **list, int *count,
                        struct error *err)
{
    sqlite3_stmt *row = store->statements[GET_WHOLE_MANIFEST];
    int status = 0, room = 0;
    *count = 0;
    *list = NULL;
    while (store_next_row(store, GET_WHOLE_MANIFEST, &status, err)) {
        struct store_text *texts = room_for_one(arena, *list, *count, &room);
        if (!texts) {
            status = error_memory(err, "the run's manifest");
            continue;
        }
        *list = texts;
        struct store_text *text = &texts[(*count)++];
        *text = (struct store_text){arena_string(arena, store_column_text(row, 0)),
                                    arena_string(arena, store_column_text(row, 1))};
        if (!text->key || !text->text)
            status = error_memory(err, "the run's manifest");
    }
    return status;
}
