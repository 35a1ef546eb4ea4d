/* bench/store/store_sessions.c - table `session`: what each call of the program has measured. */
#include "bench/store/store_inside.h"

struct store_session *store_begin_session(struct store *store, int64_t started)
{
    store->session_number = 0;
    store->session = (struct store_session){.started = started};
    return &store->session;
}

static void bind_session(sqlite3_stmt *statement, const struct store_session *session)
{
    const int64_t whole[] = {session->started,         session->ended,         (int64_t)session->items,
                             (int64_t)session->values, (int64_t)session->maps, (int64_t)session->kept_maps};
    const double passes[] = {session->base_passes, session->full, session->tail, session->backward};
    for (int i = 0; i < 6; i++)
        sqlite3_bind_int64(statement, i + 1, whole[i]);
    if (!session->ended)
        sqlite3_bind_null(statement, 2);
    for (int i = 0; i < 4; i++)
        sqlite3_bind_double(statement, i + 7, passes[i]);
}

int store_write_session(struct store *store, struct error *err)
{
    const bool is_new = !store->session_number;
    sqlite3_stmt *statement = store->statements[is_new ? ADD_SESSION : SET_SESSION];
    if (!store->session.started)
        return 0;
    bind_session(statement, &store->session);
    if (!is_new)
        sqlite3_bind_int(statement, 11, store->session_number);
    if (store_step(store, is_new ? ADD_SESSION : SET_SESSION, err))
        return -1;
    if (is_new)
        store->session_number = (int)sqlite3_last_insert_rowid(store->db);
    return 0;
}

int store_end_session(struct store *store, int64_t ended, struct error *err)
{
    store->session.ended = ended;
    return store->session_number ? store_write_session(store, err) : 0;
}

static struct store_session read_session(sqlite3_stmt *row)
{
    return (struct store_session){.started = sqlite3_column_int64(row, 0),
                                  .ended = sqlite3_column_int64(row, 1), /* NULL reads as 0 */
                                  .items = (size_t)sqlite3_column_int64(row, 2),
                                  .values = (size_t)sqlite3_column_int64(row, 3),
                                  .maps = (size_t)sqlite3_column_int64(row, 4),
                                  .kept_maps = (size_t)sqlite3_column_int64(row, 5),
                                  .base_passes = sqlite3_column_double(row, 6),
                                  .full = sqlite3_column_double(row, 7),
                                  .tail = sqlite3_column_double(row, 8),
                                  .backward = sqlite3_column_double(row, 9)};
}

int store_read_sessions(struct store *store, struct arena *arena, struct store_session **list, int *count,
                        struct error *err)
{
    int most, status = store_number_of(store, "SELECT count(*) FROM session", &most, err);
    *count = 0;
    *list = status ? NULL : arena_alloc(arena, (size_t)most + 1, sizeof **list);
    if (!*list)
        return status ? -1 : error_memory(err, "the sessions");
    while (store_next_row(store, GET_SESSIONS, &status, err) && *count < most)
        (*list)[(*count)++] = read_session(store->statements[GET_SESSIONS]);
    return status;
}
