/*
 * bench/store/store_names.c - writes and reads the run's lists in table `name`, and finds the difference of two runs'
 * lists.
 */
#include "bench/store/store_inside.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

static const struct list_kind {
    const char *name; /* in table `name` and in messages */
    bool has_versions;
} list_kinds[STORE_LISTS] = {
    [STORE_BACKBONES] = {"backbone", false}, [STORE_METHODS] = {"method", true}, [STORE_PROTOCOLS] = {"protocol", true},
    [STORE_METRICS] = {"metric", true},      [STORE_IMAGES] = {"image", false},
};

static int version_of(const struct store_list *list, int i)
{
    return list->versions ? list->versions[i] : 0;
}

static int write_name(struct store *store, const struct store_names *names, int kind, int i, struct error *err)
{
    sqlite3_stmt *statement = store->statements[ADD_NAME];
    store_bind_text(statement, 1, list_kinds[kind].name);
    sqlite3_bind_int(statement, 2, i);
    store_bind_text(statement, 3, names->lists[kind].names[i]);
    sqlite3_bind_int(statement, 4, version_of(&names->lists[kind], i));
    return store_step(store, ADD_NAME, err);
}

int store_write_names(struct store *store, const struct store_names *names, struct error *err)
{
    for (int kind = 0; kind < STORE_LISTS; kind++)
        for (int i = 0; i < names->lists[kind].count; i++)
            if (write_name(store, names, kind, i, err))
                return -1;
    return 0;
}

/* A list that grows while it is read. */
struct growing_list {
    int count, room;
    const char **names;
    int *versions;
};

static int append_name(struct growing_list *list, const char *name, int version, struct arena *arena, struct error *err)
{
    if (list->count == list->room) {
        const int room = list->room ? list->room * 2 : 64;
        const char **names = arena_alloc(arena, (size_t)room, sizeof *names);
        int *versions = arena_alloc(arena, (size_t)room, sizeof *versions);
        if (!names || !versions)
            return error_memory(err, "the run's names");
        if (list->count) {
            memcpy(names, list->names, (size_t)list->count * sizeof *names);
            memcpy(versions, list->versions, (size_t)list->count * sizeof *versions);
        }
        *list = (struct growing_list){list->count, room, names, versions};
    }
    list->names[list->count] = arena_string(arena, name);
    list->versions[list->count] = version;
    return list->names[list->count++] ? 0 : error_memory(err, "the run's names");
}

static int read_list(struct store *store, int kind, struct arena *arena, struct store_list *out, struct error *err)
{
    sqlite3_stmt *row = store->statements[GET_NAMES];
    struct growing_list list = {0};
    int status = 0;
    store_bind_text(row, 1, list_kinds[kind].name);
    while (store_next_row(store, GET_NAMES, &status, err))
        status = append_name(&list, store_column_text(row, 0), sqlite3_column_int(row, 1), arena, err);
    *out = (struct store_list){list.count, list.names, list_kinds[kind].has_versions ? list.versions : NULL};
    return status;
}

int store_read_names(struct store *store, struct arena *arena, struct store_names *names, struct error *err)
{
    *names = (struct store_names){0};
    for (int kind = 0; kind < STORE_LISTS; kind++)
        if (read_list(store, kind, arena, &names->lists[kind], err))
            return -1;
    return 0;
}

static void describe(const struct store_list *list, bool has_versions, int i, char *text, size_t size)
{
    char shown[256];
    const size_t used = (size_t)snprintf(text, size, "\"%s\"", text_printable(list->names[i], shown, sizeof shown));
    if (has_versions && used < size)
        snprintf(text + used, size - used, " version %d", version_of(list, i));
}

static bool list_differs(const struct list_kind *kind, const struct store_list *one, const struct store_list *other,
                         struct store_difference *difference)
{
    for (int i = 0; i < one->count && i < other->count; i++) {
        if (strcmp(one->names[i], other->names[i]) == 0 &&
            (!kind->has_versions || version_of(one, i) == version_of(other, i)))
            continue;
        snprintf(difference->what, sizeof difference->what, "%s %d", kind->name, i + 1);
        describe(one, kind->has_versions, i, difference->one, sizeof difference->one);
        describe(other, kind->has_versions, i, difference->other, sizeof difference->other);
        return true;
    }
    snprintf(difference->what, sizeof difference->what, "the number of %ss", kind->name);
    snprintf(difference->one, sizeof difference->one, "%d", one->count);
    snprintf(difference->other, sizeof difference->other, "%d", other->count);
    return one->count != other->count;
}

bool store_names_differ(const struct store_names *one, const struct store_names *other,
                        struct store_difference *difference)
{
    for (int kind = 0; kind < STORE_LISTS; kind++)
        if (list_differs(&list_kinds[kind], &one->lists[kind], &other->lists[kind], difference))
            return true;
    return false;
}

int store_compare_names(struct store *store, const struct store_names *now, struct error *err)
{
    struct store_names then;
    struct store_difference difference;
    const struct arena_mark mark = arena_mark(&store->arena);
    int status = store_read_names(store, &store->arena, &then, err);
    if (!status && store_names_differ(&then, now, &difference))
        status = error_set(err, "run \"%s\": %s is %s in the store, %s now; use --fresh to start anew", store->folder,
                           difference.what, difference.one, difference.other);
    arena_rewind(&store->arena, mark);
    return status;
}
