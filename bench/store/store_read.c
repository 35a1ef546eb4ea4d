/* bench/store/store_read.c - reads rows: which items exist, one item, or all rows of a table in turn. */
#include "bench/store/store_inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_in(int position, int count)
{
    return position >= 0 && position < count;
}

/* -- from the file's entries to positions in the run's lists -------------------------------------------------------- */

enum { ROW_IS_BAD = -1, ROW_IS_OF_THE_RUN, ROW_IS_NOT_LISTED };

/* Writes the position of an entry, which may be -1. False: the file has no such entry. */
static bool find_position(const struct store *store, enum store_list_kind kind, int entry, int *position)
{
    const struct store_entries *entries = &store->lists[kind];
    if (!is_in(entry, entries->in_file))
        return false;
    *position = entries->position[entry];
    return true;
}

/* Reads backbone, image and method from the first columns. Returns what the row is. */
static int read_item_key(const struct store *store, const char *table, sqlite3_stmt *row, struct store_key *key,
                         struct error *err)
{
    if (!find_position(store, STORE_BACKBONES, sqlite3_column_int(row, 0), &key->backbone) ||
        !find_position(store, STORE_IMAGES, sqlite3_column_int(row, 1), &key->image) ||
        !find_position(store, STORE_METHODS, sqlite3_column_int(row, 2), &key->method))
        return store_fail_outside(store, table, err);
    return key->backbone < 0 || key->image < 0 || key->method < 0 ? ROW_IS_NOT_LISTED : ROW_IS_OF_THE_RUN;
}

/* Reads protocol and metric from two columns. Returns what the row is. */
static int read_cell_key(const struct store *store, const char *table, sqlite3_stmt *row, int column,
                         struct store_key *key, struct error *err)
{
    if (!find_position(store, STORE_PROTOCOLS, sqlite3_column_int(row, column), &key->protocol) ||
        !find_position(store, STORE_METRICS, sqlite3_column_int(row, column + 1), &key->metric))
        return store_fail_outside(store, table, err);
    return key->protocol < 0 || key->metric < 0 ? ROW_IS_NOT_LISTED : ROW_IS_OF_THE_RUN;
}

/* The keys of a value or a curve, from the first five columns. */
static int read_value_key(const struct store *store, const char *table, sqlite3_stmt *row, struct store_key *key,
                          struct error *err)
{
    const int item = read_item_key(store, table, row, key, err);
    const int cell = item == ROW_IS_BAD ? ROW_IS_BAD : read_cell_key(store, table, row, 3, key, err);
    return cell == ROW_IS_OF_THE_RUN ? item : cell;
}

/* The numbers in the file of an item's backbone, image and method. */
static void bind_item(const struct store *store, sqlite3_stmt *row, int backbone, int image, int method)
{
    const int keys[] = {store_entry(store, STORE_BACKBONES, backbone), store_entry(store, STORE_IMAGES, image),
                        store_entry(store, STORE_METHODS, method)};
    store_bind_ints(row, 1, 3, keys);
}

/* -- which items and notes exist ----------------------------------------------------------------------------------- */

static int cell_count(const struct store *store)
{
    return store->lists[STORE_PROTOCOLS].count * store->lists[STORE_METRICS].count;
}

void store_mark_value(struct store *store, int backbone, int image, int method, int protocol, int metric)
{
    const size_t item = store_item_index(store, backbone, image, method);
    const int cell = protocol * store->lists[STORE_METRICS].count + metric;
    store->has_value[item * store->item_bytes + (size_t)cell / 8] |= (unsigned char)(1 << cell % 8);
}

static void mark_all_values(struct store *store, const struct store_key *key)
{
    for (int p = 0; p < store->lists[STORE_PROTOCOLS].count; p++)
        for (int k = 0; k < store->lists[STORE_METRICS].count; k++)
            store_mark_value(store, key->backbone, key->image, key->method, p, k);
}

static bool has_all_entries(const struct store_entries *list)
{
    bool has_all = list->count == list->in_file;
    for (int i = 0; has_all && i < list->count; i++)
        has_all = list->entry[i] < list->in_file;
    return has_all;
}

/*
 * Whether every item has all values: their numbers say so if all protocols and metrics of the file are listed. It saves
 * reading millions of rows.
 */
static int are_all_complete(struct store *store, bool *are_complete, struct error *err)
{
    const struct store_entries *protocols = &store->lists[STORE_PROTOCOLS], *metrics = &store->lists[STORE_METRICS];
    int lacking = 1;
    *are_complete = false;
    if (!has_all_entries(protocols) || !has_all_entries(metrics))
        return 0;
    char sql[160];
    snprintf(sql, sizeof sql, "SELECT (SELECT count(*) FROM item) * %d <> (SELECT count(*) FROM value)",
             cell_count(store));
    if (store_number_of(store, sql, &lacking, err))
        return -1;
    *are_complete = !lacking;
    return 0;
}

static int mark_items(struct store *store, bool are_complete, struct error *err)
{
    struct store_key key = {0};
    int status = 0;
    while (store_next_row(store, GET_ITEMS, &status, err)) {
        const int kind = read_item_key(store, "item", store->statements[GET_ITEMS], &key, err);
        status = kind == ROW_IS_BAD ? -1 : 0;
        if (kind != ROW_IS_OF_THE_RUN)
            continue;
        store->has_item[store_item_index(store, key.backbone, key.image, key.method)] = 1;
        if (are_complete)
            mark_all_values(store, &key);
    }
    return status;
}

static int mark_values(struct store *store, struct error *err)
{
    struct store_key key = {0};
    int status = 0;
    while (store_next_row(store, GET_VALUE_KEYS, &status, err)) {
        const int kind = read_value_key(store, "value", store->statements[GET_VALUE_KEYS], &key, err);
        status = kind == ROW_IS_BAD ? -1 : 0;
        if (kind == ROW_IS_OF_THE_RUN)
            store_mark_value(store, key.backbone, key.image, key.method, key.protocol, key.metric);
    }
    return status;
}

static int mark_base(void *context, const struct store_base *base, struct error *err)
{
    struct store *store = context;
    (void)err;
    store->has_base[store_base_index(store, base->backbone, base->image)] = 1;
    return 0;
}

static int mark_all(struct store *store, struct error *err)
{
    bool are_complete;
    return status_of(are_all_complete(store, &are_complete, err) || mark_items(store, are_complete, err) ||
                     (!are_complete && mark_values(store, err)) || store_each_base(store, mark_base, store, err));
}

int store_load_items(struct store *store, struct error *err)
{
    size_t pairs, items, bytes;
    store->item_bytes = ((size_t)cell_count(store) + 7) / 8;
    if (__builtin_mul_overflow((size_t)store->lists[STORE_BACKBONES].count, (size_t)store->lists[STORE_IMAGES].count,
                               &pairs) ||
        __builtin_mul_overflow(pairs, (size_t)store->lists[STORE_METHODS].count, &items) ||
        __builtin_mul_overflow(items, store->item_bytes, &bytes))
        return error_memory(err, "the run's items");
    store->has_item = arena_alloc(&store->arena, items + 1, 1);
    store->has_base = arena_alloc(&store->arena, pairs + 1, 1);
    store->has_value = arena_alloc(&store->arena, bytes + 1, 1);
    return store->has_item && store->has_base && store->has_value ? mark_all(store, err)
                                                                  : error_memory(err, "the run's items");
}

int store_reload_items(struct store *store, struct error *err)
{
    const size_t items = store_item_index(store, store->lists[STORE_BACKBONES].count, 0, 0);
    memset(store->has_item, 0, items);
    memset(store->has_base, 0, store_base_index(store, store->lists[STORE_BACKBONES].count, 0));
    memset(store->has_value, 0, items * store->item_bytes);
    return mark_all(store, err);
}

int store_load_notes(struct store *store, struct error *err)
{
    int status = 0;
    while (store_next_row(store, GET_NOTES, &status, err)) {
        if (store->note_count == STORE_NOTES_MAX) {
            status = error_set(err, "run store \"%s\": more than %d notes", store->path, STORE_NOTES_MAX);
            continue;
        }
        const char *text = arena_string(&store->arena, store_column_text(store->statements[GET_NOTES], 0));
        if (!text)
            status = error_memory(err, "the run's notes");
        store->notes[store->note_count++] = text;
    }
    return status;
}

bool store_has_value(const struct store *store, int backbone, int image, int method, int protocol, int metric)
{
    const size_t item = store_item_index(store, backbone, image, method);
    const int cell = protocol * store->lists[STORE_METRICS].count + metric;
    return store->has_value[item * store->item_bytes + (size_t)cell / 8] & 1 << cell % 8;
}

/* Whether the run of an arranged store lacks the protocol or the metric. */
static bool is_lacking(const struct store *store, int protocol, int metric)
{
    return store->is_arranged &&
           (store->lists[STORE_PROTOCOLS].entry[protocol] >= store->lists[STORE_PROTOCOLS].in_file ||
            store->lists[STORE_METRICS].entry[metric] >= store->lists[STORE_METRICS].in_file);
}

bool store_has_item(const struct store *store, int backbone, int image, int method)
{
    if (!store->has_item[store_item_index(store, backbone, image, method)])
        return false;
    for (int p = 0; p < store->lists[STORE_PROTOCOLS].count; p++)
        for (int k = 0; k < store->lists[STORE_METRICS].count; k++)
            if (!is_lacking(store, p, k) && !store_has_value(store, backbone, image, method, p, k))
                return false;
    return true;
}

bool store_has_part(const struct store *store, int backbone, int image, int method)
{
    return store->has_item[store_item_index(store, backbone, image, method)];
}

bool store_has_base(const struct store *store, int backbone, int image)
{
    return __atomic_load_n(&store->has_base[store_base_index(store, backbone, image)], __ATOMIC_RELAXED);
}

/* -- skipped images ------------------------------------------------------------------------------------------------ */

int store_skipped_count(struct store *store, int *count, struct error *err)
{
    int status = 0;
    *count = 0;
    while (store_next_row(store, COUNT_SKIPPED, &status, err))
        *count = sqlite3_column_int(store->statements[COUNT_SKIPPED], 0);
    return status;
}

static int by_image(const void *one, const void *other)
{
    return ((const struct store_skipped *)one)->image - ((const struct store_skipped *)other)->image;
}

int store_read_skipped(struct store *store, struct arena *arena, struct store_skipped **list, int *count,
                       struct error *err)
{
    int status = 0, most;
    *count = 0;
    if (store_skipped_count(store, &most, err))
        return -1;
    *list = arena_alloc(arena, (size_t)most + 1, sizeof **list);
    if (!*list)
        return error_memory(err, "the skipped images");
    while (store_next_row(store, GET_SKIPPED, &status, err) && *count < most) {
        sqlite3_stmt *row = store->statements[GET_SKIPPED];
        struct store_skipped *skipped = &(*list)[*count];
        if (!find_position(store, STORE_IMAGES, sqlite3_column_int(row, 0), &skipped->image)) {
            status = store_fail_outside(store, "skipped", err);
            continue;
        }
        skipped->why = arena_string(arena, store_column_text(row, 1));
        if (!skipped->why)
            status = error_memory(err, "the skipped images");
        *count += skipped->image >= 0;
    }
    qsort(*list, (size_t)*count, sizeof **list, by_image);
    return status;
}

/* -- one item ------------------------------------------------------------------------------------------------------ */

int store_read_base(struct store *store, int backbone, int image, struct store_base *base, struct error *err)
{
    sqlite3_stmt *row = store->statements[GET_BASE];
    const int input = base->input, keys[] = {store_entry(store, STORE_BACKBONES, backbone),
                                             store_entry(store, STORE_IMAGES, image), store_input_entry(store, input)};
    int status = 0, count = 0;
    store_bind_ints(row, 1, 3, keys);
    while (store_next_row(store, GET_BASE, &status, err)) {
        *base = (struct store_base){
            backbone, image, sqlite3_column_int(row, 0), sqlite3_column_int(row, 2), sqlite3_column_double(row, 1),
            input};
        count++;
    }
    return status ? status : count;
}

/* The text of a note; NULL for SQL's NULL. */
static int note_text(const struct store *store, const char *const *notes, sqlite3_stmt *row, int column,
                     const char **text, struct error *err)
{
    const int id = sqlite3_column_int(row, column); /* NULL reads as 0 */
    if (!is_in(id, store->note_count + 1))
        return store_fail_outside(store, "value", err);
    *text = id ? notes[id - 1] : NULL;
    return 0;
}

/* Reads a value from columns number, undefined and flag, with the texts of `notes`; its key is read already. */
static int read_value(const struct store *store, const char *const *notes, sqlite3_stmt *row, int column,
                      const struct store_key *key, struct store_value *value, struct error *err)
{
    *value = (struct store_value){key->protocol, key->metric, sqlite3_column_double(row, column), NULL, NULL};
    return status_of(note_text(store, notes, row, column + 1, &value->undefined, err) ||
                     note_text(store, notes, row, column + 2, &value->flag, err));
}

static int by_cell(const void *one, const void *other)
{
    const struct store_value *x = one, *y = other;
    return x->protocol != y->protocol ? x->protocol - y->protocol : x->metric - y->metric;
}

/* Binds an item to a statement of its values, curves or maps. */
static sqlite3_stmt *rows_of(const struct store *store, enum statement which, const struct store_item *item)
{
    sqlite3_stmt *row = store->statements[which];
    bind_item(store, row, item->backbone, item->image, item->method);
    return row;
}

static int read_item_values(struct store *store, struct arena *arena, struct store_item *item, struct error *err)
{
    sqlite3_stmt *row = rows_of(store, GET_ITEM_VALUES, item);
    struct store_value *values = arena_alloc(arena, (size_t)cell_count(store) + 1, sizeof *values);
    struct store_key key = {0};
    if (!values)
        return error_memory(err, "the values of an item");
    int status = 0, count = 0;
    while (store_next_row(store, GET_ITEM_VALUES, &status, err)) {
        const int kind = read_cell_key(store, "value", row, 0, &key, err);
        status = kind == ROW_IS_BAD ? -1 : 0;
        if (kind == ROW_IS_OF_THE_RUN)
            status = count == cell_count(store) ? store_fail_outside(store, "value", err)
                                                : read_value(store, store->notes, row, 2, &key, &values[count++], err);
    }
    qsort(values, (size_t)count, sizeof *values, by_cell);
    item->values = values;
    item->value_count = count;
    return status;
}

/* Copies the points of two columns into the arena, because a blob may have any address. */
static int read_points(const struct store *store, sqlite3_stmt *row, int column, struct arena *arena,
                       struct store_curve *curve, struct error *err)
{
    const void *fraction = sqlite3_column_blob(row, column), *probability = sqlite3_column_blob(row, column + 1);
    const int bytes = sqlite3_column_bytes(row, column);
    if (bytes < (int)sizeof(double) || bytes % (int)sizeof(double) || bytes != sqlite3_column_bytes(row, column + 1))
        return store_fail_outside(store, "curve", err);
    double *numbers = arena_alloc(arena, 2, (size_t)bytes);
    if (!numbers)
        return error_memory(err, "the curves of an item");
    curve->count = bytes / (int)sizeof *numbers;
    memcpy(numbers, fraction, (size_t)bytes);
    memcpy(numbers + curve->count, probability, (size_t)bytes);
    curve->fraction = numbers;
    curve->probability = numbers + curve->count;
    return 0;
}

/* Puts a curve into a list that is sorted by protocol and metric. */
static void insert_curve(struct store_item *item, struct store_curve *curve)
{
    const struct store_curve **place = &item->curves;
    while (*place && ((*place)->protocol < curve->protocol ||
                      ((*place)->protocol == curve->protocol && (*place)->metric < curve->metric)))
        place = (const struct store_curve **)&(*place)->next;
    curve->next = *place;
    *place = curve;
}

static int read_item_curves(struct store *store, struct arena *arena, struct store_item *item, struct error *err)
{
    sqlite3_stmt *row = rows_of(store, GET_ITEM_CURVES, item);
    struct store_key key = {0};
    int status = 0;
    while (store_next_row(store, GET_ITEM_CURVES, &status, err)) {
        const int kind = read_cell_key(store, "curve", row, 0, &key, err);
        status = kind == ROW_IS_BAD ? -1 : 0;
        if (kind != ROW_IS_OF_THE_RUN)
            continue;
        struct store_curve *curve = arena_alloc(arena, 1, sizeof *curve);
        if (!curve) {
            status = error_memory(err, "the curves of an item");
            continue;
        }
        curve->protocol = key.protocol;
        curve->metric = key.metric;
        status = read_points(store, row, 2, arena, curve, err);
        insert_curve(item, curve);
    }
    return status;
}

/* Reads the four costs of an item. */
static struct cost read_cost(sqlite3_stmt *row, int column)
{
    return (struct cost){.seconds = sqlite3_column_double(row, column),
                         .full = sqlite3_column_double(row, column + 1),
                         .tail = sqlite3_column_double(row, column + 2),
                         .backward = sqlite3_column_double(row, column + 3)};
}

enum { MAP_IS_SIGNED = 1, MAP_IS_NORMALISED = 2 };

/* Reads a map from columns h, w, form, data and the costs. */
static int read_map(const struct store *store, sqlite3_stmt *row, struct arena *arena, struct store_map *map,
                    struct error *err)
{
    const int form = sqlite3_column_int(row, 3);
    const void *data = sqlite3_column_blob(row, 4);
    map->h = sqlite3_column_int(row, 1);
    map->w = sqlite3_column_int(row, 2);
    map->is_signed = form & MAP_IS_SIGNED;
    map->is_normalised = form & MAP_IS_NORMALISED;
    map->cost = read_cost(row, 5);
    map->cost.repeated = sqlite3_column_double(row, 9);
    map->data = NULL;
    if (!data)
        return 0;
    if (!is_in(map->h, STORE_MAP_VALUES + 1) || !is_in(map->w, STORE_MAP_VALUES + 1) ||
        map->h * map->w > STORE_MAP_VALUES || sqlite3_column_bytes(row, 4) != map->h * map->w * (int)sizeof *map->data)
        return store_fail_outside(store, "map", err);
    float *copy = arena_floats(arena, (size_t)map->h * (size_t)map->w);
    if (!copy)
        return error_memory(err, "the maps of an item");
    memcpy(copy, data, (size_t)sqlite3_column_bytes(row, 4));
    map->data = copy;
    return 0;
}

static int read_item_maps(struct store *store, struct arena *arena, struct store_item *item, struct error *err)
{
    sqlite3_stmt *row = rows_of(store, GET_ITEM_MAPS, item);
    const int most = store->lists[STORE_VIEWS].count;
    struct store_map *maps = arena_alloc(arena, (size_t)most + 1, sizeof *maps);
    int status = maps ? 0 : error_memory(err, "the maps of an item");
    while (maps && store_next_row(store, GET_ITEM_MAPS, &status, err)) {
        int view;
        if (!find_position(store, STORE_VIEWS, sqlite3_column_int(row, 0), &view) || item->map_count > most) {
            status = store_fail_outside(store, "map", err);
        } else if (view >= 0) {
            maps[item->map_count].view = view;
            status = read_map(store, row, arena, &maps[item->map_count++], err);
        }
    }
    item->maps = maps;
    return status;
}

int store_read_item(struct store *store, int backbone, int image, int method, struct arena *arena,
                    struct store_item *item, struct error *err)
{
    int status = 0;
    *item = (struct store_item){.backbone = backbone, .image = image, .method = method};
    sqlite3_stmt *row = rows_of(store, GET_ITEM, item);
    while (store_next_row(store, GET_ITEM, &status, err)) {
        item->program = sqlite3_column_int(row, 4); /* NULL reads as 0 */
        item->cost = read_cost(row, 0);
    }
    return status_of(status || read_item_values(store, arena, item, err) || read_item_curves(store, arena, item, err) ||
                     read_item_maps(store, arena, item, err));
}

/* -- all rows of a table ------------------------------------------------------------------------------------------- */

int store_each_base(struct store *store, int (*take)(void *context, const struct store_base *base, struct error *err),
                    void *context, struct error *err)
{
    const int first = store_input_entry(store, 0);
    int status = 0;
    while (store_next_row(store, GET_BASES, &status, err)) {
        sqlite3_stmt *row = store->statements[GET_BASES];
        struct store_base base = {.predicted = sqlite3_column_int(row, 3),
                                  .rank = sqlite3_column_int(row, 5),
                                  .probability = sqlite3_column_double(row, 4)};
        if (!find_position(store, STORE_BACKBONES, sqlite3_column_int(row, 0), &base.backbone) ||
            !find_position(store, STORE_IMAGES, sqlite3_column_int(row, 1), &base.image))
            status = store_fail_outside(store, "base", err);
        else if (base.backbone >= 0 && base.image >= 0 && sqlite3_column_int(row, 2) == first)
            status = take(context, &base, err);
    }
    return status;
}

int store_each_item(struct store *store, int (*take)(void *context, const struct store_item *item, struct error *err),
                    void *context, struct error *err)
{
    struct store_key key = {0};
    int status = 0;
    while (store_next_row(store, GET_ITEMS, &status, err)) {
        sqlite3_stmt *row = store->statements[GET_ITEMS];
        const int kind = read_item_key(store, "item", row, &key, err);
        status = kind == ROW_IS_BAD ? -1 : 0;
        if (kind == ROW_IS_OF_THE_RUN)
            status =
                take(context,
                     &(struct store_item){
                         .backbone = key.backbone, .image = key.image, .method = key.method, .cost = read_cost(row, 3)},
                     err);
    }
    return status;
}

static const char **copy_notes(const struct store *store, struct arena *arena, struct error *err)
{
    const char **notes = arena_alloc(arena, (size_t)store->note_count + 1, sizeof *notes);
    bool is_short = !notes;
    for (int i = 0; i < store->note_count && !is_short; i++) {
        notes[i] = arena_string(arena, store->notes[i]);
        is_short = !notes[i];
    }
    if (is_short)
        error_memory(err, "the notes of a run");
    return is_short ? NULL : notes;
}

int store_each_value(struct store *store, struct arena *arena,
                     int (*take)(void *context, const struct store_key *key, const struct store_value *value,
                                 struct error *err),
                     void *context, struct error *err)
{
    struct store_key key = {0};
    struct store_value value;
    const char **notes = copy_notes(store, arena, err);
    int status = 0;
    if (!notes)
        return -1;
    while (store_next_row(store, GET_VALUES, &status, err)) {
        sqlite3_stmt *row = store->statements[GET_VALUES];
        const int kind = read_value_key(store, "value", row, &key, err);
        status = kind == ROW_IS_BAD || read_value(store, notes, row, 5, &key, &value, err) ? -1 : 0;
        if (!status && kind == ROW_IS_OF_THE_RUN)
            status = take(context, &key, &value, err);
    }
    return status;
}

int store_each_curve(struct store *store,
                     int (*take)(void *context, const struct store_key *key, const struct store_curve *curve,
                                 struct error *err),
                     void *context, struct error *err)
{
    struct store_key key = {0};
    struct store_curve curve = {0};
    const struct arena_mark mark = arena_mark(&store->arena);
    int status = 0;
    while (store_next_row(store, GET_CURVES, &status, err)) {
        sqlite3_stmt *row = store->statements[GET_CURVES];
        const int kind = read_value_key(store, "curve", row, &key, err);
        status = kind == ROW_IS_BAD || read_points(store, row, 5, &store->arena, &curve, err) ? -1 : 0;
        if (!status && kind == ROW_IS_OF_THE_RUN) {
            curve.protocol = key.protocol;
            curve.metric = key.metric;
            status = take(context, &key, &curve, err);
        }
        arena_rewind(&store->arena, mark);
    }
    return status;
}

int store_each_kept_map(struct store *store,
                        int (*take)(void *context, const struct store_key *key, int view, struct error *err),
                        void *context, struct error *err)
{
    struct store_key key = {0};
    int view, status = 0;
    while (store_next_row(store, GET_KEPT_MAPS, &status, err)) {
        sqlite3_stmt *row = store->statements[GET_KEPT_MAPS];
        const int kind = read_item_key(store, "map", row, &key, err);
        if (kind == ROW_IS_BAD || !find_position(store, STORE_VIEWS, sqlite3_column_int(row, 3), &view))
            status = store_fail_outside(store, "map", err);
        else if (kind == ROW_IS_OF_THE_RUN && view >= 0)
            status = take(context, &key, view, err);
    }
    return status;
}
