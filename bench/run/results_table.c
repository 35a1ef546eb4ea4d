/* bench/run/results_table.c - fills the arrays of a report from the rows of the store. */
#include "bench/run/results_table.h"

#include "base/numbers.h"

#include <math.h>
#include <string.h>

/* The report's arrays as writable pointers; struct report has const ones. */
struct report_arrays {
    const struct report *report;
    const struct store *store;
    struct arena *arena;
    double *values;
    uint8_t *states;
    const char **notes;
    struct cost *costs;
    struct report_backbone *backbones;
    struct report_curve *curves;
};

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
    for (size_t i = 0; i < items; i++)
        arrays->costs[i].seconds = -1;
    for (int i = 0; i < report->backbone_count; i++) {
        arrays->backbones[i] = report->backbones[i];
        arrays->backbones[i].top1 = arrays->backbones[i].top5 = arrays->backbones[i].labelled = 0;
    }
    return 0;
}

static int take_base(void *context, const struct store_base *base, struct error *err)
{
    struct report_backbone *backbone = &((struct report_arrays *)context)->backbones[base->backbone];
    (void)err;
    backbone->labelled += base->rank >= 0;
    backbone->top1 += base->rank == 0;
    backbone->top5 += base->rank >= 0 && base->rank < 5;
    return 0;
}

static int take_cost(void *context, const struct store_item *item, struct error *err)
{
    const struct report_arrays *arrays = context;
    const struct report *report = arrays->report;
    const size_t map = (size_t)item->backbone * (size_t)report->method_count + (size_t)item->method;
    (void)err;
    arrays->costs[map * (size_t)report->image_count + (size_t)item->image] = item->cost;
    return 0;
}

static int take_value(void *context, const struct store_key *key, const struct store_value *value, struct error *err)
{
    const struct report_arrays *arrays = context;
    const size_t at = report_index(arrays->report, key->backbone, key->method, key->protocol, key->metric, key->image);
    arrays->values[at] = value->number;
    arrays->states[at] = value->undefined ? REPORT_UNDEFINED : REPORT_DEFINED;
    arrays->notes[at] = value->undefined ? value->undefined : value->flag;
    (void)err;
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
    struct report_curve *sum =
        &arrays->curves[report_curve_index(report, key->backbone, key->method, key->protocol, key->metric)];
    if (report->shared && !report->shared[(size_t)key->backbone * (size_t)report->image_count + (size_t)key->image])
        return 0; /* mean curves can be compared */
    if (!doubles_are_finite(curve->fraction, (size_t)curve->count) ||
        !doubles_are_finite(curve->probability, (size_t)curve->count))
        return 0;
    if (sum->n == 0 && begin_mean(arrays, sum, curve, err))
        return -1;
    if (sum->count != curve->count)
        return error_set(err, "run store \"%s\": two curves of one kind have %d and %d points",
                         store_path(arrays->store), sum->count, curve->count);
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

int results_fill_table(struct store *store, struct arena *arena, struct report *report, struct error *err)
{
    struct report_arrays arrays = {.report = report, .store = store, .arena = arena};
    if (!has_lists_of(store, report))
        return error_set(err, "run store \"%s\": its lists are not those of the report", store_path(store));
    if (make_arrays(&arrays, err) || store_each_base(store, take_base, &arrays, err) ||
        store_each_item(store, take_cost, &arrays, err) || store_each_value(store, arena, take_value, &arrays, err) ||
        store_each_curve(store, take_curve, &arrays, err))
        return -1;
    divide_sums(&arrays);
    report->values = arrays.values;
    report->states = arrays.states;
    report->notes = arrays.notes;
    report->costs = arrays.costs;
    report->backbones = arrays.backbones;
    report->curves = arrays.curves;
    return 0;
}
