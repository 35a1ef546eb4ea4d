/*
 * bench/store/store_lists.c - the file's entries (table `name`, where an entry keeps its number for ever), and which of
 * them the run lists at present, in which order (table `listed`).
 */
#include "bench/store/store_inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- reading ------------------------------------------------------------------------------------------------------- */

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

static int load_entries(struct store *store, enum store_list_kind kind, struct error *err)
{
    sqlite3_stmt *row = store->statements[GET_NAMES];
    struct store_entries *entries = &store->lists[kind];
    struct growing_list list = {0};
    int status = 0;
    store_bind_text(row, 1, store_kind_name(kind));
    while (store_next_row(store, GET_NAMES, &status, err))
        status = append_name(&list, store_column_text(row, 0), sqlite3_column_int(row, 1), &store->arena, err);
    entries->all = (struct store_list){list.count, list.names, store_kind_has_versions(kind) ? list.versions : NULL};
    entries->known = entries->in_file = list.count;
    return status;
}

/* Allocates the two directions between positions and entries. */
static int make_room(struct store *store, struct store_entries *entries, int positions, int known, struct error *err)
{
    entries->entry = arena_alloc(&store->arena, (size_t)positions + 1, sizeof *entries->entry);
    entries->position = arena_alloc(&store->arena, (size_t)known + 1, sizeof *entries->position);
    for (int i = 0; entries->position && i < known; i++)
        entries->position[i] = -1;
    return entries->entry && entries->position ? 0 : error_memory(err, "the run's names");
}

static int load_listed(struct store *store, enum store_list_kind kind, struct error *err)
{
    sqlite3_stmt *row = store->statements[GET_LISTED];
    struct store_entries *entries = &store->lists[kind];
    int status = make_room(store, entries, entries->known, entries->known, err);
    store_bind_text(row, 1, store_kind_name(kind));
    entries->count = 0;
    while (store_next_row(store, GET_LISTED, &status, err)) {
        const int entry = sqlite3_column_int(row, 0);
        if (entry < 0 || entry >= entries->known || entries->position[entry] >= 0) {
            status = store_fail_outside(store, "listed", err);
            continue;
        }
        entries->position[entry] = entries->count;
        entries->entry[entries->count++] = entry;
    }
    entries->is_same = true;
    return status;
}

int store_load_lists(struct store *store, struct error *err)
{
    for (int kind = 0; kind < STORE_LISTS; kind++)
        if (load_entries(store, (enum store_list_kind)kind, err) || load_listed(store, (enum store_list_kind)kind, err))
            return -1;
    return 0;
}

/* Copies `count` names of entries to the arena; entry NULL: the first ones. */
static int copy_list(const struct store_entries *entries, const int *entry, int count, struct arena *arena,
                     struct store_list *out, struct error *err)
{
    const char **texts = arena_alloc(arena, (size_t)count + 1, sizeof *texts);
    int *versions = arena_alloc(arena, (size_t)count + 1, sizeof *versions);
    if (!texts || !versions)
        return error_memory(err, "the run's names");
    for (int i = 0; i < count; i++) {
        const int from = entry ? entry[i] : i;
        texts[i] = arena_string(arena, entries->all.names[from]);
        versions[i] = store_version_of(&entries->all, from);
        if (!texts[i])
            return error_memory(err, "the run's names");
    }
    *out = (struct store_list){count, texts, entries->all.versions ? versions : NULL};
    return 0;
}

int store_copy_names(const struct store *store, struct arena *arena, struct store_names *names, struct error *err)
{
    for (int kind = 0; kind < STORE_LISTS; kind++) {
        const struct store_entries *entries = &store->lists[kind];
        if (copy_list(entries, entries->entry, entries->count, arena, &names->lists[kind], err))
            return -1;
    }
    return 0;
}

int store_read_entries(const struct store *store, struct arena *arena, struct store_names *names, struct error *err)
{
    for (int kind = 0; kind < STORE_LISTS; kind++) {
        const struct store_entries *entries = &store->lists[kind];
        if (copy_list(entries, NULL, entries->in_file, arena, &names->lists[kind], err))
            return -1;
    }
    return 0;
}

/* -- choosing ------------------------------------------------------------------------------------------------------ */

/* An entry's name and number, sorted by name. */
struct named {
    const char *name;
    int entry;
};

static int by_name(const void *one, const void *other)
{
    return strcmp(((const struct named *)one)->name, ((const struct named *)other)->name);
}

static struct named *sort_entries(const struct store_entries *entries, struct arena *arena)
{
    struct named *sorted = arena_alloc(arena, (size_t)entries->known + 1, sizeof *sorted);
    for (int i = 0; sorted && i < entries->known; i++)
        sorted[i] = (struct named){entries->all.names[i], i};
    if (sorted)
        qsort(sorted, (size_t)entries->known, sizeof *sorted, by_name);
    return sorted;
}

/* The number of the entry of this name; -1: none. Most lists only grow at their end, so the same position comes first. */
static int find_entry(const struct store_entries *entries, const struct named *sorted, const char *name, int position)
{
    if (position < entries->known && strcmp(entries->all.names[position], name) == 0)
        return position;
    const struct named wanted = {name, 0};
    const struct named *found = bsearch(&wanted, sorted, (size_t)entries->known, sizeof *sorted, by_name);
    return found ? found->entry : -1;
}

static int refuse_version(const struct store *store, enum store_list_kind kind, const struct store_list *now, int i,
                          int entry, struct error *err)
{
    char before[320], after[320];
    store_describe_entry(kind, &store->lists[kind].all, entry, before, sizeof before);
    store_describe_entry(kind, now, i, after, sizeof after);
    return error_set(err, "run \"%s\": %s %d is %s in the store, %s now; use --fresh to start anew", store->folder,
                     store_kind_name(kind), i + 1, before, after);
}

/* Grows the arrays for `more` new entries, whose numbers follow those of the file's entries. */
static int extend(struct store *store, enum store_list_kind kind, int more, struct error *err)
{
    struct store_entries *entries = &store->lists[kind];
    const size_t room = (size_t)entries->known + (size_t)more + 1, known = (size_t)entries->known;
    const char **names = arena_alloc(&store->arena, room, sizeof *names);
    int *versions = arena_alloc(&store->arena, room, sizeof *versions);
    if (!names || !versions)
        return error_memory(err, "the run's names");
    if (known)
        memcpy(names, entries->all.names, known * sizeof *names);
    if (known && entries->all.versions)
        memcpy(versions, entries->all.versions, known * sizeof *versions);
    entries->all.names = names;
    entries->all.versions = store_kind_has_versions(kind) ? versions : NULL;
    return 0;
}

static int add_entry(struct store *store, struct store_entries *entries, const char *name, int version,
                     struct error *err)
{
    ((const char **)entries->all.names)[entries->known] = arena_string(&store->arena, name);
    if (entries->all.versions)
        ((int *)entries->all.versions)[entries->known] = version;
    return entries->all.names[entries->known++] ? 0 : error_memory(err, "the run's names");
}

static int choose(struct store *store, enum store_list_kind kind, const struct store_list *now, struct error *err)
{
    struct store_entries *entries = &store->lists[kind];
    const struct store_entries before = *entries;
    const struct named *sorted = sort_entries(&before, &store->arena);
    if (!sorted || make_room(store, entries, now->count, before.known + now->count, err) ||
        extend(store, kind, now->count, err))
        return error_memory(err, "the run's names");
    entries->is_same = now->count == before.count;
    entries->count = now->count;
    for (int i = 0; i < now->count; i++) {
        int entry = find_entry(&before, sorted, now->names[i], i);
        if (entry >= 0 && store_version_of(&before.all, entry) != store_version_of(now, i))
            return refuse_version(store, kind, now, i, entry, err);
        if (entry < 0) {
            entry = entries->known;
            if (add_entry(store, entries, now->names[i], store_version_of(now, i), err))
                return -1;
        }
        entries->is_same = entries->is_same && before.entry[i] == entry;
        entries->entry[i] = entry;
        entries->position[entry] = i;
    }
    entries->all.count = entries->known;
    return 0;
}

int store_choose_lists(struct store *store, const struct store_names *names, struct error *err)
{
    for (int kind = 0; kind < STORE_LISTS; kind++)
        if (choose(store, (enum store_list_kind)kind, &names->lists[kind], err))
            return -1;
    return 0;
}

/* -- other lists --------------------------------------------------------------------------------------------------- */

static bool is_own(const struct store_entries *entries, const struct store_places *places)
{
    bool is_same = !places->own || places->count == entries->count;
    for (int i = 0; places->own && is_same && i < places->count; i++)
        is_same = places->own[i] == i;
    return is_same;
}

/* An entry that the run lacks gets a number that no row of the file has. */
static int arrange(struct store *store, enum store_list_kind kind, const struct store_places *places, struct error *err)
{
    struct store_entries *entries = &store->lists[kind];
    const int *before = entries->entry;
    if (is_own(entries, places))
        return 0;
    if (make_room(store, entries, places->count, entries->known + places->count, err))
        return -1;
    entries->count = places->count;
    entries->is_same = false;
    for (int i = 0; i < places->count; i++) {
        const int own = places->own[i];
        entries->entry[i] = own < 0 ? entries->known + i : before[own];
        entries->position[entries->entry[i]] = i;
    }
    return 0;
}

int store_arrange(struct store *store, const struct store_places places[STORE_LISTS], struct error *err)
{
    bool is_same = true;
    for (int kind = 0; kind < STORE_LISTS; kind++)
        is_same = is_same && is_own(&store->lists[kind], &places[kind]);
    for (int kind = 0; kind < STORE_LISTS; kind++)
        if (arrange(store, (enum store_list_kind)kind, &places[kind], err))
            return -1;
    store->is_arranged = true;
    return is_same ? 0 : store_load_items(store, err);
}

bool store_has_same_lists(const struct store *store)
{
    for (int kind = 0; kind < STORE_LISTS; kind++)
        if (kind != STORE_VIEWS && kind != STORE_INPUTS && !store->lists[kind].is_same)
            return false;
    return true;
}

bool store_is_new(const struct store *store, enum store_list_kind kind, int position)
{
    return store->lists[kind].entry[position] >= store->lists[kind].in_file;
}

int store_entry(const struct store *store, enum store_list_kind kind, int position)
{
    return store->lists[kind].entry[position];
}

const char *store_entry_name(const struct store *store, enum store_list_kind kind, int position)
{
    return store->lists[kind].all.names[store->lists[kind].entry[position]];
}

int store_entry_count(const struct store *store, enum store_list_kind kind)
{
    return store->lists[kind].in_file;
}

int store_count(const struct store *store, enum store_list_kind kind)
{
    return store->lists[kind].count;
}

/* -- writing ------------------------------------------------------------------------------------------------------- */

static int write_entry(struct store *store, enum store_list_kind kind, int entry, struct error *err)
{
    sqlite3_stmt *statement = store->statements[ADD_NAME];
    const struct store_list *all = &store->lists[kind].all;
    store_bind_text(statement, 1, store_kind_name(kind));
    sqlite3_bind_int(statement, 2, entry);
    store_bind_text(statement, 3, all->names[entry]);
    sqlite3_bind_int(statement, 4, store_version_of(all, entry));
    return store_step(store, ADD_NAME, err);
}

static int write_listed(struct store *store, enum store_list_kind kind, struct error *err)
{
    sqlite3_stmt *statement = store->statements[ADD_LISTED];
    store_bind_text(store->statements[CLEAR_LISTED], 1, store_kind_name(kind));
    if (store_step(store, CLEAR_LISTED, err))
        return -1;
    for (int i = 0; i < store->lists[kind].count; i++) {
        const int numbers[] = {i, store->lists[kind].entry[i]};
        store_bind_text(statement, 1, store_kind_name(kind));
        store_bind_ints(statement, 2, 2, numbers);
        if (store_step(store, ADD_LISTED, err))
            return -1;
    }
    return 0;
}

int store_write_lists(struct store *store, struct error *err)
{
    for (int kind = 0; kind < STORE_LISTS; kind++) {
        struct store_entries *entries = &store->lists[kind];
        while (entries->in_file < entries->known)
            if (write_entry(store, (enum store_list_kind)kind, entries->in_file++, err))
                return -1;
        if (!entries->is_same && write_listed(store, (enum store_list_kind)kind, err))
            return -1;
        entries->is_same = true;
    }
    return 0;
}

/*
 * Items of layout 3 become maps of which only the cost is known (h 0), so that they keep it when the run grows.
 */
static int name_old_view(struct store *store, int view, struct error *err)
{
    char sql[320];
    if (view < 0 || store->lists[STORE_VIEWS].count == 0)
        return 0;
    snprintf(sql, sizeof sql,
             "INSERT OR IGNORE INTO map SELECT backbone, image, method, %d, 0, 0, 0, seconds, full, tail, backward, 0,"
             " NULL FROM item WHERE seconds >= 0 AND EXISTS (SELECT 1 FROM base WHERE input = %d)",
             store_entry(store, STORE_VIEWS, view), STORE_OLD_INPUT);
    return store_run_sql(store, sql, err);
}

static int name_old_input(struct store *store, int input, struct error *err)
{
    char sql[128];
    if (store->lists[STORE_INPUTS].count == 0) /* runs of layout 3 were merged: their lists have none */
        return 0;
    if (input < 0)
        snprintf(sql, sizeof sql, "DELETE FROM base WHERE input = %d", STORE_OLD_INPUT);
    else
        snprintf(sql, sizeof sql, "UPDATE OR REPLACE base SET input = %d WHERE input = %d",
                 store_entry(store, STORE_INPUTS, input), STORE_OLD_INPUT);
    return store_run_sql(store, sql, err);
}

/* The cost of an item is that of the first listed view that has a map; -1 seconds: none has. */
static int update_costs(struct store *store, struct error *err)
{
#define COST_OF_FIRST(column, none) \
    " " column " = ifnull((SELECT m." column " FROM map m JOIN listed l ON l.kind = 'view' AND l.entry = m.view" \
    " WHERE (m.backbone, m.image, m.method) = (item.backbone, item.image, item.method)" \
    " ORDER BY l.position LIMIT 1), " none ")"
    return store_run_sql(
        store,
        "UPDATE item SET" COST_OF_FIRST("seconds", "-1") "," COST_OF_FIRST("full", "0") "," COST_OF_FIRST(
            "tail", "0") "," COST_OF_FIRST("backward", "0") " WHERE EXISTS (SELECT 1 FROM map m WHERE"
                                                            " (m.backbone, m.image, m.method) ="
                                                            " (item.backbone, item.image, item.method))",
        err);
}

int store_keep_lists(struct store *store, int old_view, int old_input, struct error *err)
{
    const bool has_other_views = !store->lists[STORE_VIEWS].is_same;
    if (store_has_same_lists(store) && !has_other_views && store->lists[STORE_INPUTS].is_same)
        return 0;
    if (!store->is_batch && store_step(store, BEGIN, err))
        return -1;
    int status = store_write_lists(store, err) || name_old_view(store, old_view, err) ||
                 name_old_input(store, old_input, err) || (has_other_views && update_costs(store, err));
    status = store->is_batch ? status : store_end_transaction(store, status_of(status), err);
    return status || store_reload_items(store, err) ? -1 : 0;
}
