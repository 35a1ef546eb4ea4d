/* bench/run/results_table.c - fills the arrays of a report from the rows of the store. */
#include "bench/run/results_table.h"

#include "base/counts.h"
#include "base/numbers.h"

#include <math.h>
#include <string.h>

/* The report's arrays as writable pointers; struct report has const ones. */
struct report_arrays {
    const struct report *report;
    struct store *const *stores;
    int store_count, current; /* current: the store being read */
    const uint16_t *owner;    /* [item]: the store that it is read from; NULL: there is one store */
    struct arena *arena;
    double *values;
    uint8_t *states;
    const char **notes;
    struct cost *costs;
    struct report_backbone *backbones;
    struct report_curve *curves;
    struct report_counts **counts;
};

/* Rows for the metrics that have counts. */
static int make_counts(struct report_arrays *arrays, struct error *err)
{
    const struct report *report = arrays->report;
    const size_t count = report_curve_index(report, report->backbone_count, 0, 0, 0);
    arrays->counts = arena_alloc(arrays->arena, count + 1, sizeof *arrays->counts);
    for (size_t i = 0; arrays->counts && i < count; i++) {
        if (!report_counted(report, (int)(i % (size_t)report->metric_count)))
            continue;
        arrays->counts[i] = arena_alloc(arrays->arena, (size_t)report->image_count + 1, sizeof **arrays->counts);
        if (!arrays->counts[i])
            return error_memory(err, "the report's counts");
    }
    return arrays->counts ? 0 : error_memory(err, "the report's counts");
}

static int make_arrays(struct report_arrays *arrays, struct error *err)
{
    const struct report *report = arrays->report;
    struct arena *arena = arrays->arena;
    const size_t maps = (size_t)report->backbone_count * (size_t)report->method_count;
    size_t items, values;
    if (__builtin_mul_overflow(maps, (size_t)report->image_count, &items) ||
        __builtin_mul_overflow(items, (size_t)report->protocol_count * (size_t)report->metric_count, &values))
        return error_memory(err, "the report's values");
    arrays->values = arena_alloc(arena, values, sizeof *arrays->values);
    arrays->states = arena_alloc(arena, values, sizeof *arrays->states);
    arrays->notes = arena_alloc(arena, values, sizeof *arrays->notes);
    arrays->costs = arena_alloc(arena, items, sizeof *arrays->costs);
    arrays->backbones = arena_alloc(arena, (size_t)report->backbone_count, sizeof *arrays->backbones);
    arrays->curves = arena_alloc(arena, maps * (size_t)report->protocol_count,
                                 (size_t)report->metric_count * sizeof *arrays->curves);
    if (!arrays->values || !arrays->states || !arrays->notes || !arrays->costs || !arrays->backbones || !arrays->curves)
        return error_memory(err, "the report's values");
    if (make_counts(arrays, err))
        return -1;
    for (size_t i = 0; i < items; i++)
        arrays->costs[i].seconds = -1;
    for (int i = 0; i < report->backbone_count; i++) {
        arrays->backbones[i] = report->backbones[i];
        arrays->backbones[i].top1 = arrays->backbones[i].top5 = arrays->backbones[i].labelled = 0;
    }
    return 0;
}

static size_t item_index(const struct report *report, int backbone, int method, int image)
{
    const size_t map = (size_t)backbone * (size_t)report->method_count + (size_t)method;
    return map * (size_t)report->image_count + (size_t)image;
}

/* Rows of images that do not count, and items that are read from another store. */
static bool is_left_out(const struct report_arrays *arrays, int backbone, int method, int image)
{
    if (!report_counts(arrays->report, backbone, method, image))
        return true;
    return arrays->owner && arrays->owner[item_index(arrays->report, backbone, method, image)] != arrays->current;
}

static int take_base(void *context, const struct store_base *base, struct error *err)
{
    struct report_arrays *arrays = context;
    struct report_backbone *backbone = &arrays->backbones[base->backbone];
    bool counts = false;
    (void)err;
    for (int m = 0; m < arrays->report->method_count && !counts; m++)
        counts = report_counts(arrays->report, base->backbone, m, base->image);
    if (!counts)
        return 0;
    for (int i = 0; i < arrays->current; i++)
        if (store_has_base(arrays->stores[i], base->backbone, base->image))
            return 0;
    backbone->labelled += base->rank >= 0;
    backbone->top1 += base->rank == 0;
    backbone->top5 += base->rank >= 0 && base->rank < 5;
    return 0;
}

static int take_cost(void *context, const struct store_item *item, struct error *err)
{
    const struct report_arrays *arrays = context;
    (void)err;
    if (!is_left_out(arrays, item->backbone, item->method, item->image))
        arrays->costs[item_index(arrays->report, item->backbone, item->method, item->image)] = item->cost;
    return 0;
}

/* The counts that a row belongs to; NULL: the metric has none. */
static struct report_counts *counts_of(const struct report_arrays *arrays, const struct store_key *key)
{
    struct report_counts *row =
        arrays->counts[report_curve_index(arrays->report, key->backbone, key->method, key->protocol, key->metric)];
    return row ? &row[key->image] : NULL;
}

/* Copies an image's counts, after a trial that they can be unpacked. */
static int take_counts(const struct report_arrays *arrays, const struct store_key *key, const struct store_curve *curve,
                       struct error *err)
{
    const size_t length = report_counted(arrays->report, key->metric)->length;
    const size_t pairs = (size_t)curve->count;
    double *kept = arena_alloc(arrays->arena, 2 * pairs, sizeof *kept);
    const struct arena_mark mark = arena_mark(arrays->arena);
    uint32_t *trial = arena_alloc(arrays->arena, length, sizeof *trial);
    if (!kept || !trial)
        return error_memory(err, "the report's counts");
    if (!counts_unpack(curve->fraction, curve->probability, curve->count, length, trial))
        return error_set(err, "run store \"%s\": the counts of metric \"%s\" are damaged",
                         store_path(arrays->stores[arrays->current]), arrays->report->metrics[key->metric].name);
    arena_rewind(arrays->arena, mark);
    memcpy(kept, curve->fraction, pairs * sizeof *kept);
    memcpy(kept + pairs, curve->probability, pairs * sizeof *kept);
    struct report_counts *counts = counts_of(arrays, key);
    counts->pairs = curve->count;
    counts->first = kept;
    counts->second = kept + pairs;
    return 0;
}

static int take_value(void *context, const struct store_key *key, const struct store_value *value, struct error *err)
{
    const struct report_arrays *arrays = context;
    (void)err;
    if (is_left_out(arrays, key->backbone, key->method, key->image))
        return 0;
    const size_t at = report_index(arrays->report, key->backbone, key->method, key->protocol, key->metric, key->image);
    struct report_counts *counts = counts_of(arrays, key);
    if (counts) {
        counts->state = value->undefined ? REPORT_UNDEFINED : REPORT_DEFINED;
        counts->note = value->undefined ? value->undefined : value->flag;
        return 0;
    }
    arrays->values[at] = value->number;
    arrays->states[at] = value->undefined ? REPORT_UNDEFINED : REPORT_DEFINED;
    arrays->notes[at] = value->undefined ? value->undefined : value->flag;
    return 0;
}

/* Begins a mean with its first curve, which determines the positions of the points. */
static int begin_mean(struct report_arrays *arrays, struct report_curve *sum, const struct store_curve *curve,
                      struct error *err)
{
    sum->fraction = arena_alloc(arrays->arena, (size_t)curve->count, sizeof *sum->fraction);
    sum->mean = arena_alloc(arrays->arena, (size_t)curve->count, sizeof *sum->mean);
    if (!sum->fraction || !sum->mean)
        return error_memory(err, "the report's curves");
    memcpy(sum->fraction, curve->fraction, (size_t)curve->count * sizeof *sum->fraction);
    sum->count = curve->count;
    return 0;
}

static int take_curve(void *context, const struct store_key *key, const struct store_curve *curve, struct error *err)
{
    struct report_arrays *arrays = context;
    const struct report *report = arrays->report;
    const struct report_counted *counted = report_counted(report, key->metric);
    if (counted)
        return is_left_out(arrays, key->backbone, key->method, key->image) || counted->length == 0
                   ? 0
                   : take_counts(arrays, key, curve, err);
    struct report_curve *sum =
        &arrays->curves[report_curve_index(report, key->backbone, key->method, key->protocol, key->metric)];
    if (report->shared && !report->shared[(size_t)key->backbone * (size_t)report->image_count + (size_t)key->image])
        return 0; /* mean curves can be compared */
    if (is_left_out(arrays, key->backbone, key->method, key->image))
        return 0;
    if (!doubles_are_finite(curve->fraction, (size_t)curve->count) ||
        !doubles_are_finite(curve->probability, (size_t)curve->count))
        return 0;
    if (sum->n == 0 && begin_mean(arrays, sum, curve, err))
        return -1;
    if (sum->count != curve->count)
        return error_set(err, "run store \"%s\": two curves of one kind have %d and %d points",
                         store_path(arrays->stores[arrays->current]), sum->count, curve->count);
    for (int i = 0; i < curve->count; i++)
        sum->mean[i] += curve->probability[i];
    sum->n++;
    return 0;
}

static void divide_sums(struct report_arrays *arrays)
{
    const size_t count = report_curve_index(arrays->report, arrays->report->backbone_count, 0, 0, 0);
    for (size_t i = 0; i < count; i++)
        for (int k = 0; k < arrays->curves[i].count; k++)
            arrays->curves[i].mean[k] /= arrays->curves[i].n;
}

static bool has_lists_of(const struct store *store, const struct report *report)
{
    return report->backbone_count == store_count(store, STORE_BACKBONES) &&
           report->method_count == store_count(store, STORE_METHODS) &&
           report->protocol_count == store_count(store, STORE_PROTOCOLS) &&
           report->metric_count == store_count(store, STORE_METRICS) &&
           report->image_count == store_count(store, STORE_IMAGES);
}

/* The store that an item is read from: the first that has all of it, or else a part. */
static int find_owner(const struct report_arrays *arrays, int backbone, int method, int image)
{
    for (int i = 0; i < arrays->store_count; i++)
        if (store_has_item(arrays->stores[i], backbone, image, method))
            return i;
    for (int i = 0; i < arrays->store_count; i++)
        if (store_has_part(arrays->stores[i], backbone, image, method))
            return i;
    return 0;
}

static int find_owners(struct report_arrays *arrays, struct error *err)
{
    const struct report *report = arrays->report;
    uint16_t *owner = arena_alloc(arrays->arena, item_index(report, report->backbone_count, 0, 0) + 1, sizeof *owner);
    if (!owner || arrays->store_count > UINT16_MAX)
        return error_memory(err, "the report's items");
    for (int b = 0; b < report->backbone_count; b++)
        for (int m = 0; m < report->method_count; m++)
            for (int i = 0; i < report->image_count; i++)
                owner[item_index(report, b, m, i)] = (uint16_t)find_owner(arrays, b, m, i);
    arrays->owner = owner;
    return 0;
}

static int read_store(struct report_arrays *arrays, struct store *store, struct error *err)
{
    return status_of(store_each_base(store, take_base, arrays, err) || store_each_item(store, take_cost, arrays, err) ||
                     store_each_value(store, arrays->arena, take_value, arrays, err) ||
                     store_each_curve(store, take_curve, arrays, err));
}

int results_fill_from(struct store *const *stores, int count, struct arena *arena, struct report *report,
                      struct error *err)
{
    struct report_arrays arrays = {.report = report, .stores = stores, .store_count = count, .arena = arena};
    for (int i = 0; i < count; i++)
        if (!has_lists_of(stores[i], report))
            return error_set(err, "run store \"%s\": its lists are not those of the report", store_path(stores[i]));
    if (make_arrays(&arrays, err) || (count > 1 && find_owners(&arrays, err)))
        return -1;
    for (arrays.current = 0; arrays.current < count; arrays.current++)
        if (read_store(&arrays, stores[arrays.current], err))
            return -1;
    divide_sums(&arrays);
    report->values = arrays.values;
    report->states = arrays.states;
    report->notes = arrays.notes;
    report->costs = arrays.costs;
    report->backbones = arrays.backbones;
    report->curves = arrays.curves;
    report->counts = (const struct report_counts *const *)arrays.counts;
    return 0;
}

int results_fill_table(struct store *store, struct arena *arena, struct report *report, struct error *err)
{
    return results_fill_from(&store, 1, arena, report, err);
}
