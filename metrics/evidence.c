/* metrics/evidence.c - evidence made when it is asked for, once. */
#include "metrics/evidence.h"

#include <string.h>

struct map evidence_map(struct evidence *evidence)
{
    return evidence->map;
}

struct map evidence_map_native(struct evidence *evidence)
{
    return evidence->native;
}

int evidence_probability(struct evidence *evidence, enum evidence_image image, double *probability, struct error *err)
{
    return evidence->probability(evidence->context, image, probability, err);
}

int evidence_probabilities(struct evidence *evidence, double *p, double *o, struct value *value, struct error *err)
{
    if (evidence_probability(evidence, EVIDENCE_ORIGINAL, p, err) ||
        evidence_probability(evidence, EVIDENCE_EXPLANATION, o, err))
        return -1;
    if (!isfinite(*p) || !isfinite(*o))
        *value = value_undefined("nonfinite_p");
    else if (*p < 1e-12)
        *value = value_undefined("zero_p");
    return 0;
}

int evidence_explanation_map(struct evidence *evidence, struct map *map, struct error *err)
{
    return evidence->explain_again(evidence->context, map, err);
}

struct evidence_cost evidence_cost(const struct evidence *evidence)
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
    if (metric->measure(evidence, entry->params, value, err))
        return error_prefix(err, "metric \"%s\": ", metric->name);
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
