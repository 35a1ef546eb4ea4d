/* metrics/evidence.c - evidence made when it is asked for, once. */
#include "metrics/evidence.h"

#include "metrics/curve.h"

#include <string.h>

struct map evidence_map(struct evidence *evidence)
{
    return evidence->map;
}

struct map evidence_map_native(struct evidence *evidence)
{
    return evidence->native;
}

struct map evidence_map_compared(struct evidence *evidence)
{
    return evidence->protocol->compare_at == PROTOCOL_COMPARE_AT_LAYER ? evidence->native : evidence->map;
}

/* Evidence in tests may lack functions that a run always has. */
static int has_none(struct error *err, const char *what)
{
    return error_set(err, "the evidence has no function for %s", what);
}

/* The metric passes this failure on, and measure() makes it an undefined value. */
static int refuse(struct evidence *evidence, struct error *err)
{
    evidence->is_refused = true;
    return error_set(err, "the method has maps of the original image only");
}

int evidence_probability(struct evidence *evidence, enum evidence_image image, double *probability, struct error *err)
{
    if (!evidence->probability)
        return has_none(err, "probabilities");
    return evidence->probability(evidence->context, image, probability, err);
}

int evidence_probabilities(struct evidence *evidence, enum evidence_image image, double *p, double *o,
                           struct value *value, struct error *err)
{
    if (evidence_probability(evidence, EVIDENCE_ORIGINAL, p, err) || evidence_probability(evidence, image, o, err))
        return -1;
    if (!isfinite(*p) || !isfinite(*o))
        *value = value_undefined("nonfinite_p");
    else if (*p < 1e-12)
        *value = value_undefined("zero_p");
    return 0;
}

int evidence_explanation_map(struct evidence *evidence, struct map *map, struct error *err)
{
    if (!evidence->explain_again)
        return has_none(err, "a map of the explanation");
    if (evidence->is_original_only)
        return refuse(evidence, err);
    return evidence->explain_again(evidence->context, map, err);
}

int evidence_map_energy(struct evidence *evidence, struct map *map, struct error *err)
{
    if (!evidence->energy)
        return has_none(err, "a map's energy");
    return evidence->energy(evidence->context, map, err);
}

int evidence_curve(struct evidence *evidence, const struct curve_request *request, struct curve *curve,
                   struct error *err)
{
    if (!evidence->curve)
        return has_none(err, "curves");
    return evidence->curve(evidence->context, request, curve, err);
}

int evidence_curve_area(struct evidence *evidence, enum curve_kind kind, struct value *value, struct error *err)
{
    const struct protocol *protocol = evidence->protocol;
    struct curve *curve = &evidence->curves[kind];
    const struct curve_request request = {.kind = kind,
                                          .order = protocol->curve_order,
                                          .baseline = kind == CURVE_INSERTION ? protocol->insertion_start
                                                                              : protocol->deletion_fill,
                                          .steps = protocol->curve_steps};
    if (evidence_curve(evidence, &request, curve, err))
        return -1;
    *value = value_of(curve_area(curve, kind, (enum protocol_curve_area)protocol->curve_area));
    if (!isfinite(value->number))
        *value = value_undefined("nonfinite_p");
    return 0;
}

static int need_truth(const struct evidence *evidence, struct error *err)
{
    return evidence->truth ? 0 : error_set(err, "requests truth without the flag is_truth");
}

int evidence_truth_mask(struct evidence *evidence, enum truth_source source, struct truth_mask *mask,
                        struct value *value, struct error *err)
{
    if (need_truth(evidence, err))
        return -1;
    const struct truth *truth = evidence->truth;
    const bool is_mask = source == TRUTH_MASK || (source == TRUTH_AUTO && truth->mask.data);
    const char *why = is_mask ? truth->no_mask : truth->no_boxes;
    *mask = is_mask ? truth->mask : truth->box_mask;
    if (why)
        *value = value_undefined(why);
    return 0;
}

int evidence_truth_boxes(struct evidence *evidence, struct truth_boxes *boxes, struct value *value, struct error *err)
{
    if (need_truth(evidence, err))
        return -1;
    *boxes = evidence->truth->boxes;
    if (evidence->truth->no_boxes)
        *value = value_undefined(evidence->truth->no_boxes);
    return 0;
}

void *evidence_alloc(struct evidence *evidence, size_t count, size_t size, struct error *err)
{
    void *scratch = arena_alloc(evidence->arena, count, size);
    if (!scratch)
        error_memory(err, "a metric's scratch");
    return scratch;
}

struct cost evidence_cost(const struct evidence *evidence)
{
    return evidence->cost;
}

/* A number outside the metric's range or not finite would be a mistake of ours: it must not reach a table silently. */
static int measure(struct evidence *evidence, const struct evidence_metric *entry, struct value *value,
                   struct error *err)
{
    const struct metric *metric = entry->metric;
    *value = value_undefined("combined");
    if (!metric->measure)
        return 0;
    if (!evidence->map.data && !metric->is_cost) {
        *value = value_undefined("nonfinite");
        return 0;
    }
    *value = value_of(0);
    evidence->is_refused = false;
    if (metric->measure(evidence, entry->params, value, err)) {
        if (evidence->is_refused) {
            evidence->is_refused = false;
            *value = value_undefined("original_only");
            return 0;
        }
        return error_prefix(err, "metric \"%s\": ", metric->name);
    }
    if (!value->undefined && !isfinite(value->number))
        *value = value_undefined("nonfinite");
    else if (!value->undefined && !(value->number >= metric->min && value->number <= metric->max))
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
