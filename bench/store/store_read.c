/* bench/store/store_read.c - reads rows: which items exist, one item, or all rows of a table in turn. */
#include "bench/store/store_inside.h"

#include <string.h>

static bool is_in(int position, int count)
{
    return position >= 0 && position < count;
}

/* -- which items and notes exist ----------------------------------------------------------------------------------- */

/* Reads backbone, image and method from the first columns. */
static int read_item_key(const struct store *store, const char *table, sqlite3_stmt *row, struct store_key *key,
                         struct error *err)
{
    *key = (struct store_key){sqlite3_column_int(row, 0), sqlite3_column_int(row, 1), sqlite3_column_int(row, 2), 0, 0};
    return is_in(key->backbone, store->counts[STORE_BACKBONES]) && is_in(key->image, store->counts[STORE_IMAGES]) &&
                   is_in(key->method, store->counts[STORE_METHODS])
               ? 0
               : store_fail_outside(store, table, err);
}

static int mark_items(struct store *store, struct error *err)
{
    struct store_key key;
    int status = 0;
    while (store_next_row(store, GET_ITEMS, &status, err)) {
        status = read_item_key(store, "item", store->statements[GET_ITEMS], &key, err);
        if (!status)
            store->has_item[store_item_index(store, key.backbone, key.image, key.method)] = 1;
    }
    return status;
}

int store_load_items(struct store *store, struct error *err)
{
    size_t size;
    if (__builtin_mul_overflow((size_t)store->counts[STORE_BACKBONES] * (size_t)store->counts[STORE_METHODS],
                               (size_t)store->counts[STORE_IMAGES], &size))
        return error_memory(err, "the run's items");
    store->has_item = arena_alloc(&store->arena, size, 1);
    return store->has_item ? mark_items(store, err) : error_memory(err, "the run's items");
}

int store_reload_items(struct store *store, struct error *err)
{
    memset(store->has_item, 0, store_item_index(store, store->counts[STORE_BACKBONES], 0, 0));
    return mark_items(store, err);
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

bool store_has_item(const struct store *store, int backbone, int image, int method)
{
    return store->has_item[store_item_index(store, backbone, image, method)];
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

int store_read_skipped(struct store *store, struct arena *arena, struct store_skipped **list, int *count,
                       struct error *err)
{
    int status = 0, most;
    *count = 0;
    if (store_skipped_count(store, &most, err))
        return -1;
    *list = arena_alloc(arena, (size_t)most, sizeof **list);
    if (!*list)
        return error_memory(err, "the skipped images");
    while (store_next_row(store, GET_SKIPPED, &status, err) && *count < most) {
        sqlite3_stmt *row = store->statements[GET_SKIPPED];
        struct store_skipped *skipped = &(*list)[(*count)++];
        *skipped = (struct store_skipped){sqlite3_column_int(row, 0), arena_string(arena, store_column_text(row, 1))};
        if (!skipped->why)
            status = error_memory(err, "the skipped images");
        else if (!is_in(skipped->image, store->counts[STORE_IMAGES]))
            status = store_fail_outside(store, "skipped", err);
    }
    return status;
}

/* -- one item ------------------------------------------------------------------------------------------------------ */

int store_read_base(struct store *store, int backbone, int image, struct store_base *base, struct error *err)
{
    sqlite3_stmt *row = store->statements[GET_BASE];
    const int keys[] = {backbone, image};
    int status = 0, count = 0;
    store_bind_ints(row, 1, 2, keys);
    while (store_next_row(store, GET_BASE, &status, err)) {
        *base = (struct store_base){backbone, image, sqlite3_column_int(row, 0), sqlite3_column_int(row, 2),
                                    sqlite3_column_double(row, 1)};
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

/* Reads protocol and metric from two columns. */
static int read_cell_key(const struct store *store, const char *table, sqlite3_stmt *row, int column,
                         struct store_key *key, struct error *err)
{
    key->protocol = sqlite3_column_int(row, column);
    key->metric = sqlite3_column_int(row, column + 1);
    return is_in(key->protocol, store->counts[STORE_PROTOCOLS]) && is_in(key->metric, store->counts[STORE_METRICS])
               ? 0
               : store_fail_outside(store, table, err);
}

/* Reads a value from columns protocol, metric, number, undefined and flag, with the texts of `notes`. */
static int read_value(const struct store *store, const char *const *notes, sqlite3_stmt *row, int column,
                      struct store_value *value, struct error *err)
{
    struct store_key key;
    if (read_cell_key(store, "value", row, column, &key, err))
        return -1;
    *value = (struct store_value){key.protocol, key.metric, sqlite3_column_double(row, column + 2), NULL, NULL};
    return status_of(note_text(store, notes, row, column + 3, &value->undefined, err) ||
                     note_text(store, notes, row, column + 4, &value->flag, err));
}

static int read_item_values(struct store *store, const int keys[3], struct arena *arena, struct store_item *item,
                            struct error *err)
{
    sqlite3_stmt *row = store->statements[GET_ITEM_VALUES];
    const int most = store->counts[STORE_PROTOCOLS] * store->counts[STORE_METRICS];
    struct store_value *values = arena_alloc(arena, (size_t)most, sizeof *values);
    if (!values)
        return error_memory(err, "the values of an item");
    int status = 0, count = 0;
    store_bind_ints(row, 1, 3, keys);
    while (store_next_row(store, GET_ITEM_VALUES, &status, err))
        status = count == most ? store_fail_outside(store, "value", err)
                               : read_value(store, store->notes, row, 0, &values[count++], err);
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

static int read_item_curves(struct store *store, const int keys[3], struct arena *arena, struct store_item *item,
                            struct error *err)
{
    sqlite3_stmt *row = store->statements[GET_ITEM_CURVES];
    const struct store_curve **end = &item->curves;
    struct store_key key;
    int status = 0;
    store_bind_ints(row, 1, 3, keys);
    while (store_next_row(store, GET_ITEM_CURVES, &status, err)) {
        struct store_curve *curve = arena_alloc(arena, 1, sizeof *curve);
        if (!curve) {
            status = error_memory(err, "the curves of an item");
        } else if (read_cell_key(store, "curve", row, 0, &key, err) || read_points(store, row, 2, arena, curve, err)) {
            status = -1;
        } else {
            curve->protocol = key.protocol;
            curve->metric = key.metric;
            *end = curve;
            end = &curve->next;
        }
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

int store_read_item(struct store *store, int backbone, int image, int method, struct arena *arena,
                    struct store_item *item, struct error *err)
{
    sqlite3_stmt *row = store->statements[GET_ITEM];
    const int keys[] = {backbone, image, method};
    int status = 0;
    *item = (struct store_item){.backbone = backbone, .image = image, .method = method};
    store_bind_ints(row, 1, 3, keys);
    while (store_next_row(store, GET_ITEM, &status, err)) {
        item->program = sqlite3_column_int(row, 4); /* NULL reads as 0 */
        item->cost = read_cost(row, 0);
    }
    return status_of(status || read_item_values(store, keys, arena, item, err) ||
                     read_item_curves(store, keys, arena, item, err));
}

/* -- all rows of a table ------------------------------------------------------------------------------------------- */

int store_each_base(struct store *store, int (*take)(void *context, const struct store_base *base, struct error *err),
                    void *context, struct error *err)
{
    int status = 0;
    while (store_next_row(store, GET_BASES, &status, err)) {
        sqlite3_stmt *row = store->statements[GET_BASES];
        const struct store_base base = {sqlite3_column_int(row, 0), sqlite3_column_int(row, 1),
                                        sqlite3_column_int(row, 2), sqlite3_column_int(row, 4),
                                        sqlite3_column_double(row, 3)};
        if (!is_in(base.backbone, store->counts[STORE_BACKBONES]) || !is_in(base.image, store->counts[STORE_IMAGES]))
            status = store_fail_outside(store, "base", err);
        else
            status = take(context, &base, err);
    }
    return status;
}

int store_each_item(struct store *store, int (*take)(void *context, const struct store_item *item, struct error *err),
                    void *context, struct error *err)
{
    struct store_key key;
    int status = 0;
    while (store_next_row(store, GET_ITEMS, &status, err)) {
        sqlite3_stmt *row = store->statements[GET_ITEMS];
        status = read_item_key(store, "item", row, &key, err);
        if (!status)
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
    struct store_key key;
    struct store_value value;
    const char **notes = copy_notes(store, arena, err);
    int status = 0;
    if (!notes)
        return -1;
    while (store_next_row(store, GET_VALUES, &status, err)) {
        sqlite3_stmt *row = store->statements[GET_VALUES];
        if (read_item_key(store, "value", row, &key, err) || read_value(store, notes, row, 3, &value, err)) {
            status = -1;
            continue;
        }
        key.protocol = value.protocol;
        key.metric = value.metric;
        status = take(context, &key, &value, err);
    }
    return status;
}

int store_each_curve(struct store *store,
                     int (*take)(void *context, const struct store_key *key, const struct store_curve *curve,
                                 struct error *err),
                     void *context, struct error *err)
{
    struct store_key key;
    struct store_curve curve = {0};
    const struct arena_mark mark = arena_mark(&store->arena);
    int status = 0;
    while (store_next_row(store, GET_CURVES, &status, err)) {
        sqlite3_stmt *row = store->statements[GET_CURVES];
        if (read_item_key(store, "curve", row, &key, err) || read_cell_key(store, "curve", row, 3, &key, err) ||
            read_points(store, row, 5, &store->arena, &curve, err)) {
            status = -1;
        } else {
            curve.protocol = key.protocol;
            curve.metric = key.metric;
            status = take(context, &key, &curve, err);
        }
        arena_rewind(&store->arena, mark);
    }
    return status;
}
