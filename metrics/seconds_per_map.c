/* metrics/seconds_per_map.c - wall time of one map from end to end, the base pass included. */
#include "metrics/metric.h"

static int measure(struct evidence *evidence, const void *params, struct value *value, struct error *err)
{
    (void)params, (void)err; /* none; cannot fail */
    *value = value_of(evidence_cost(evidence).seconds);
    return 0;
}

const struct metric metric_seconds_per_map = {
    .name = "seconds_per_map",
    .title = "Seconds per map",
    .unit = "s",
    .min = 0,
    .max = INFINITY,
    .direction = METRIC_LOWER_IS_BETTER,
    .version = 1,
    .is_cost = true,
    .measure = measure,
};
