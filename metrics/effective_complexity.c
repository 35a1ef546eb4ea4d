/*
 * metrics/effective_complexity.c - the share of the map's pixels with |m| > `eps`. A constant map has 1, flagged.
 * Nguyen, Martinez, "On quantitative aspects of model interpretability", 2020, arXiv:2007.07584.
 */
#include "metrics/metric.h"

enum scale { SCALE_NONE, SCALE_MAX };

struct settings {
    double eps;
    int scale; /* enum scale */
};

static int measure(struct evidence *evidence, const void *params, struct value *value, struct error *err)
{
    (void)err; /* cannot fail */
    const struct settings *settings = params;
    const struct map map = evidence_map(evidence);
    const size_t n = (size_t)map.h * (size_t)map.w;
    if (is_constant(map.data, n)) {
        *value = (struct value){.number = 1, .flag = "constant_map"};
        return 0;
    }
    float most = 1;
    if (settings->scale == SCALE_MAX) {
        const struct range range = range_of(map.data, n);
        most = fmaxf(range.max, -range.min);
    }
    size_t above = 0;
    for (size_t i = 0; i < n; i++)
        above += fabs((double)map.data[i]) > settings->eps * (double)most;
    *value = value_of((double)above / (double)n);
    return 0;
}

static const struct param params[] = {
    PARAM_FLOAT(struct settings, eps, 1e-5, 0, 1, "a pixel counts above it"),
    PARAM_ENUM(struct settings, scale, "none|max", "max: eps is a share of the map's maximum"),
    {0},
};

const struct metric metric_effective_complexity = {
    .abi = METRIC_ABI,
    .name = "effective_complexity",
    .title = "Effective Complexity",
    .unit = "",
    .min = 0,
    .max = 1,
    .direction = METRIC_LOWER_IS_BETTER,
    .year = 2020,
    .source = "nguyen2020quantitative",
    .version = 1,
    .params = params,
    .params_size = sizeof(struct settings),
    .measure = measure,
};
