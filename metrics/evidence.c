/* metrics/evidence.c - passes requests for evidence on to the caller's functions, and measures each metric once. */
#include "metrics/evidence.h"

#include "metrics/curve.h"

#include <stdio.h>
#include <string.h>

struct map evidence_map(struct evidence *evidence)
{
    return evidence->map;
}

int evidence_channels(struct evidence *evidence)
{
    return evidence->channels;
}

const float *evidence_image(struct evidence *evidence)
{
    return evidence->image;
}

struct map evidence_map_native(struct evidence *evidence)
{
    return evidence->native;
}

static struct map of_size(const struct evidence *evidence, enum evidence_size size, struct map at_input,
                          struct map at_layer)
{
    if (size == EVIDENCE_COMPARED)
        size = evidence->protocol->compare_at == PROTOCOL_COMPARE_AT_LAYER ? EVIDENCE_AT_LAYER : EVIDENCE_AT_INPUT;
    return size == EVIDENCE_AT_LAYER ? at_layer : at_input;
}

struct map evidence_map_compared(struct evidence *evidence)
{
    return of_size(evidence, EVIDENCE_COMPARED, evidence->map, evidence->native);
}

/* Error: the caller has no such function; tests may leave out functions that a run always has. */
static int has_none(struct error *err, const char *what)
{
    return error_set(err, "the evidence has no function for %s", what);
}

/* The metric returns this failure, and call() turns it into an undefined value. */
static int refuse(struct evidence *evidence, struct error *err)
{
    evidence->is_refused = true;
    return error_set(err, "the method has maps of the original image only");
}

int evidence_map_of(struct evidence *evidence, struct evidence_input input, enum evidence_size size, struct map *map,
                    struct error *err)
{
    struct map at_input = evidence->map, at_layer = evidence->native;
    if (input.kind == EVIDENCE_OF_SHARED)
        return error_set(err, "a shared source has no maps");
    if (input.kind != EVIDENCE_OF_ORIGINAL) {
        if (!evidence->ops->map)
            return has_none(err, "maps of other inputs");
        if (evidence->is_original_only)
            return refuse(evidence, err);
        if (evidence->ops->map(evidence->context, input, &at_input, &at_layer, err))
            return -1;
    }
    *map = of_size(evidence, size, at_input, at_layer);
    return 0;
}

int evidence_class_count(struct evidence *evidence)
{
    return evidence->class_count;
}

int evidence_map_of_class(struct evidence *evidence, int other, enum evidence_size size, struct map *map,
                          struct error *err)
{
    struct map at_input, at_layer;
    if (!evidence->ops->map_of_class)
        return has_none(err, "maps of other classes");
    if (evidence->is_original_only)
        return refuse(evidence, err);
    if (evidence->ops->map_of_class(evidence->context, other, &at_input, &at_layer, err))
        return -1;
    *map = of_size(evidence, size, at_input, at_layer);
    return 0;
}

int evidence_stages(struct evidence *evidence, struct value *value)
{
    const char *why = evidence->no_altered ? evidence->no_altered : evidence->stages ? NULL : "no_stages";
    if (why)
        *value = value_undefined(why);
    return why ? 0 : evidence->stages;
}

int evidence_map_altered(struct evidence *evidence, struct evidence_altered altered, struct evidence_input input,
                         enum evidence_size size, struct map *map, struct error *err)
{
    struct map at_input, at_layer;
    if (!evidence->ops->altered)
        return has_none(err, "maps on altered networks");
    if (evidence->ops->altered(evidence->context, altered, input, &at_input, &at_layer, err))
        return -1;
    *map = of_size(evidence, size, at_input, at_layer);
    return 0;
}

int evidence_map_energy(struct evidence *evidence, struct map *map, struct error *err)
{
    if (!evidence->ops->energy)
        return has_none(err, "a map's energy");
    return evidence->ops->energy(evidence->context, map, err);
}

int evidence_scores(struct evidence *evidence, struct evidence_input input, enum evidence_score score, double *values,
                    struct error *err)
{
    if (!evidence->ops->scores)
        return has_none(err, "probabilities");
    return evidence->ops->scores(evidence->context, input, score, values, err);
}

int evidence_probability(struct evidence *evidence, struct evidence_input input, double *probability, struct error *err)
{
    return evidence_scores(evidence, input, EVIDENCE_SCORE_PROB, probability, err);
}

/* A key of a metric, and what is kept under it: scores, or floats. */
struct evidence_keeper {
    struct evidence_keeper *next;
    const struct metric *metric;
    size_t bytes;
    void *key;
    double *scores;
    float *floats;
};

static const struct evidence_keeper *find_kept(const struct evidence *evidence, const void *key, size_t bytes,
                                               bool has_scores)
{
    const struct evidence_keeper *kept = evidence->keeper ? *evidence->keeper : NULL;
    while (kept && (kept->metric != evidence->metric || kept->bytes != bytes || (kept->scores != NULL) != has_scores ||
                    memcmp(kept->key, key, bytes) != 0))
        kept = kept->next;
    return kept;
}

static int keep(struct evidence *evidence, const void *key, size_t bytes, double *scores, float *floats,
                struct error *err)
{
    struct evidence_keeper *kept = evidence_alloc(evidence, 1, sizeof *kept, err);
    void *own = evidence_alloc(evidence, bytes, 1, err);
    if (!kept || !own)
        return -1;
    memcpy(own, key, bytes);
    *kept = (struct evidence_keeper){*evidence->keeper, evidence->metric, bytes, own, scores, floats};
    *evidence->keeper = kept;
    return 0;
}

const double *evidence_kept(struct evidence *evidence, const void *key, size_t bytes)
{
    const struct evidence_keeper *kept = find_kept(evidence, key, bytes, true);
    return kept ? kept->scores : NULL;
}

int evidence_keep(struct evidence *evidence, const void *key, size_t bytes, const double *scores, int count,
                  struct error *err)
{
    if (!evidence->keeper)
        return 0;
    double *copy = evidence_alloc(evidence, (size_t)count, sizeof *copy, err);
    if (!copy)
        return -1;
    memcpy(copy, scores, (size_t)count * sizeof *copy);
    return keep(evidence, key, bytes, copy, NULL, err);
}

float *evidence_shared_floats(struct evidence *evidence, const void *key, size_t bytes, size_t count, struct error *err)
{
    const struct evidence_keeper *kept = find_kept(evidence, key, bytes, false);
    if (kept)
        return kept->floats;
    float *floats = evidence_alloc(evidence, count, sizeof *floats, err);
    if (!floats || (evidence->keeper && keep(evidence, key, bytes, NULL, floats, err)))
        return NULL;
    return floats;
}

int evidence_probabilities(struct evidence *evidence, struct evidence_input input, double *p, double *o,
                           struct value *value, struct error *err)
{
    if (evidence_probability(evidence, EVIDENCE_ORIGINAL, p, err) || evidence_probability(evidence, input, o, err))
        return -1;
    if (!isfinite(*p) || !isfinite(*o))
        *value = value_undefined("nonfinite_p");
    else if (*p < 1e-12)
        *value = value_undefined("zero_p");
    return 0;
}

int evidence_drop(struct evidence *evidence, struct evidence_input input, struct value *value, struct error *err)
{
    const struct protocol *protocol = evidence->protocol;
    double p, o;
    if (evidence_probability(evidence, EVIDENCE_ORIGINAL, &p, err) || evidence_probability(evidence, input, &o, err))
        return -1;
    const double divisor = protocol->drop == PROTOCOL_DROP_ABSOLUTE ? 1 : p + protocol->drop_eps;
    if (!isfinite(p) || !isfinite(o))
        *value = value_undefined("nonfinite_p");
    else if (divisor < 1e-12)
        *value = value_undefined("zero_p");
    else
        *value = value_of(fmax(0, p - o) / divisor);
    return 0;
}

double evidence_coherency_eps(const struct evidence *evidence)
{
    return evidence->protocol->coherency_eps;
}

int evidence_curve(struct evidence *evidence, const struct curve_request *request, struct curve *curve,
                   struct error *err)
{
    if (!evidence->ops->curve)
        return has_none(err, "curves");
    return evidence->ops->curve(evidence->context, request, curve, err);
}

struct curve_request evidence_protocol_curve(const struct protocol *protocol, enum curve_kind kind)
{
    return (struct curve_request){.kind = kind,
                                  .order = protocol->curve_order,
                                  .baseline =
                                      kind == CURVE_INSERTION ? protocol->insertion_start : protocol->deletion_fill,
                                  .steps = protocol->curve_steps,
                                  .spacing = protocol->curve_spacing};
}

int evidence_curve_gain(struct evidence *evidence, double *gain, struct error *err)
{
    static const enum curve_kind kinds[] = {CURVE_DELETION, CURVE_LIF};
    double area[2];
    for (int i = 0; i < 2; i++) {
        const struct curve_request request = evidence_protocol_curve(evidence->protocol, kinds[i]);
        struct curve curve;
        if (evidence_curve(evidence, &request, &curve, err))
            return -1;
        area[i] = curve_area(&curve, kinds[i], PROTOCOL_AREA_TRAPEZOID);
    }
    *gain = area[1] - area[0];
    return 0;
}

int evidence_curve_area(struct evidence *evidence, enum curve_kind kind, struct value *value, struct error *err)
{
    const struct protocol *protocol = evidence->protocol;
    struct curve *curve = &evidence->curves[kind];
    const struct curve_request request = evidence_protocol_curve(protocol, kind);
    if (evidence_curve(evidence, &request, curve, err))
        return -1;
    *value = value_of(curve_area(curve, kind, (enum protocol_curve_area)protocol->curve_area));
    if (!isfinite(value->number))
        *value = value_undefined("nonfinite_p");
    return 0;
}

void evidence_keep_curve(struct evidence *evidence, enum curve_kind kind, struct curve curve)
{
    evidence->curves[kind] = curve;
}

static int truth_of(struct evidence *evidence, const struct truth **truth, struct error *err)
{
    if (!evidence->ops->truth)
        return has_none(err, "truth");
    return evidence->ops->truth(evidence->context, truth, err);
}

int evidence_truth_mask(struct evidence *evidence, enum truth_source source, struct truth_mask *mask,
                        struct value *value, struct error *err)
{
    const struct truth *truth;
    if (truth_of(evidence, &truth, err))
        return -1;
    const bool is_mask = source == TRUTH_MASK || (source == TRUTH_AUTO && truth->mask.data);
    const char *why = is_mask ? truth->no_mask : truth->no_boxes;
    *mask = is_mask ? truth->mask : truth->box_mask;
    if (why)
        *value = value_undefined(why);
    return 0;
}

int evidence_truth_boxes(struct evidence *evidence, struct truth_boxes *boxes, struct value *value, struct error *err)
{
    const struct truth *truth;
    if (truth_of(evidence, &truth, err))
        return -1;
    *boxes = truth->boxes;
    if (truth->no_boxes)
        *value = value_undefined(truth->no_boxes);
    return 0;
}

/* The purpose contains "metric" before the metric's name, so that a method of the same name has another stream. */
struct random_stream evidence_random(const struct evidence *evidence, int index)
{
    struct random_stream stream;
    char number[16];
    snprintf(number, sizeof number, "%d", index);
    uint64_t purpose = random_purpose(random_purpose(0, evidence->image_name), "metric");
    purpose = random_purpose(random_purpose(purpose, evidence->metric->name), number);
    random_init(&stream, evidence->seed, purpose);
    return stream;
}

void *evidence_alloc(struct evidence *evidence, size_t count, size_t size, struct error *err)
{
    void *scratch = arena_alloc(evidence->arena, count, size);
    if (!scratch)
        error_memory(err, "a metric's scratch");
    return scratch;
}

uint32_t *evidence_counts(struct evidence *evidence, size_t length, struct error *err)
{
    struct evidence_counts *counts = evidence_alloc(evidence, 1, sizeof *counts, err);
    uint32_t *data = evidence_alloc(evidence, length, sizeof *data, err);
    if (!counts || !data)
        return NULL;
    *counts = (struct evidence_counts){evidence->counts, evidence->metric, length, data};
    evidence->counts = counts;
    return data;
}

struct cost evidence_cost(const struct evidence *evidence)
{
    return evidence->cost;
}

/* Calls the metric's measure(); if refuse() made it fail, the value becomes undefined. */
static int call(struct evidence *evidence, const struct evidence_metric *entry, struct value *value, struct error *err)
{
    const struct metric *outer = evidence->metric; /* a composite that has requested this value */
    evidence->metric = entry->metric;
    evidence->is_refused = false;
    *value = value_of(0);
    const int status = entry->metric->measure(evidence, entry->params, value, err);
    const bool is_refused = evidence->is_refused;
    evidence->metric = outer;
    evidence->is_refused = false;
    if (status && is_refused)
        *value = value_undefined("original_only");
    else if (status)
        return error_prefix(err, "metric \"%s\": ", entry->metric->name);
    return 0;
}

/*
 * A number that is not finite or outside the metric's range shows a mistake in the metric, and must not reach a table.
 */
static int measure(struct evidence *evidence, const struct evidence_metric *entry, struct value *value,
                   struct error *err)
{
    const struct metric *metric = entry->metric, *form = metric_form(metric, entry->params);
    *value = value_undefined("combined");
    if (!metric->measure)
        return 0;
    if (!evidence->map.data && !metric->is_cost) {
        *value = value_undefined("nonfinite");
        return 0;
    }
    if (call(evidence, entry, value, err))
        return -1;
    if (!value->undefined && !isfinite(value->number))
        *value = value_undefined("nonfinite");
    else if (!value->undefined && !(value->number >= form->min && value->number <= form->max))
        *value = value_undefined("out_of_range");
    if (!value->undefined && !value->flag && !metric->is_cost)
        value->flag = evidence->map_flag;
    return 0;
}

int evidence_measure(struct evidence *evidence, int index, struct value *value, struct error *err)
{
    if (!evidence->is_measured[index]) {
        if (measure(evidence, &evidence->metrics[index], &evidence->values[index], err))
            return -1;
        evidence->is_measured[index] = true;
    }
    *value = evidence->values[index];
    return 0;
}

int evidence_value(struct evidence *evidence, const char *name, struct value *value, struct error *err)
{
    for (int i = 0; i < evidence->metric_count; i++)
        if (strcmp(evidence->metrics[i].metric->name, name) == 0)
            return evidence_measure(evidence, i, value, err);
    return error_set(err, "metric \"%s\" is not part of this run", name);
}
