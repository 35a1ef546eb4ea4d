/*
 * metrics/complexity.c - how much of the image the map covers: the mean of |m|, at the size at which the protocol
 * compares maps. Poppi et al., "Revisiting the Evaluation of Class Activation Mapping for Explainability", CVPR
 * Workshops 2021, arXiv:2104.10252.
 */
#include "metrics/metric.h"

static int measure(struct evidence *evidence, const void *params, struct value *value, struct error *err)
{
    (void)params, (void)err; /* none; cannot fail */
    const struct map map = evidence_map_compared(evidence);
    const size_t n = (size_t)map.h * (size_t)map.w;
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += fabs(map.data[i]);
    *value = value_of(sum / (double)n);
    return 0;
}

const struct metric metric_complexity = {
    .abi = METRIC_ABI,
    .name = "complexity",
    .title = "Complexity",
    .unit = "%",
    .is_percent = true,
    .min = 0,
    .max = 1,
    .direction = METRIC_LOWER_IS_BETTER,
    .year = 2021,
    .source = "poppi2021revisiting",
    .version = 1,
    .measure = measure,
};
