/* bench/store/store_spent.c - table `spent`: the seconds of each call of the program, by activity. */
#include "bench/store/store_inside.h"

#include <string.h>

static int add_row(struct store *store, const struct store_spent *row, struct error *err)
{
    sqlite3_stmt *statement = store->statements[ADD_SPENT];
    sqlite3_bind_int64(statement, 1, row->call);
    store_bind_text(statement, 2, row->activity);
    sqlite3_bind_int(statement, 3, row->backbone < 0 ? -1 : store_entry(store, STORE_BACKBONES, row->backbone));
    sqlite3_bind_int(statement, 4, row->method < 0 ? -1 : store_entry(store, STORE_METHODS, row->method));
    sqlite3_bind_double(statement, 5, row->seconds);
    sqlite3_bind_double(statement, 6, row->wall);
    return store_step(store, ADD_SPENT, err);
}

int store_commit_spent(struct store *store, const struct store_spent *rows, int count, struct error *err)
{
    int status = 0;
    if (!store->is_batch && store_step(store, BEGIN, err))
        return -1;
    for (int i = 0; i < count && !status; i++)
        status = add_row(store, &rows[i], err);
    return store->is_batch ? status : store_end_transaction(store, status, err);
}

/* -1: no entry, or one that is not listed now. */
static int position_of(const struct store *store, enum store_list_kind kind, int entry)
{
    const struct store_entries *entries = &store->lists[kind];
    return entry >= 0 && entry < entries->in_file ? entries->position[entry] : -1;
}

/* The earlier row with the same keys: entries that are not listed now share one. NULL: none. */
static struct store_spent *find_row(struct store_spent *list, int count, const struct store_spent *row)
{
    for (int i = count - 1; i >= 0 && list[i].call == row->call && strcmp(list[i].activity, row->activity) == 0; i--)
        if (list[i].backbone == row->backbone && list[i].method == row->method)
            return &list[i];
    return NULL;
}

static int take_row(struct store *store, struct arena *arena, struct store_spent *list, int *count, struct error *err)
{
    sqlite3_stmt *row = store->statements[GET_SPENT];
    const struct store_spent spent = {.call = sqlite3_column_int64(row, 0),
                                      .activity = arena_string(arena, store_column_text(row, 1)),
                                      .backbone = position_of(store, STORE_BACKBONES, sqlite3_column_int(row, 2)),
                                      .method = position_of(store, STORE_METHODS, sqlite3_column_int(row, 3)),
                                      .seconds = sqlite3_column_double(row, 4),
                                      .wall = sqlite3_column_double(row, 5)};
    if (!spent.activity)
        return error_memory(err, "the times of the run");
    struct store_spent *same = find_row(list, *count, &spent);
    if (same) {
        same->seconds += spent.seconds;
        same->wall += spent.wall;
    } else {
        list[(*count)++] = spent;
    }
    return 0;
}

int store_read_spent(struct store *store, struct arena *arena, struct store_spent **list, int *count, struct error *err)
{
    int most, read = 0, status = store_number_of(store, "SELECT count(*) FROM spent", &most, err);
    *count = 0;
    *list = status ? NULL : arena_alloc(arena, (size_t)most + 1, sizeof **list);
    if (!*list)
        return status ? -1 : error_memory(err, "the times of the run");
    while (store_next_row(store, GET_SPENT, &status, err) && read++ < most)
        status = take_row(store, arena, *list, count, err);
    return status;
}
