/* metrics/forward_passes.c - passes of the whole network for one map, the base pass included. */
#include "metrics/metric.h"

static int measure(struct evidence *evidence, const void *params, struct value *value, struct error *err)
{
    (void)params, (void)err; /* none; cannot fail */
    *value = value_of(evidence_cost(evidence).full);
    return 0;
}

const struct metric metric_forward_passes = {
    .name = "forward_passes",
    .title = "Forward passes per map",
    .unit = "passes",
    .min = 0,
    .max = INFINITY,
    .direction = METRIC_LOWER_IS_BETTER,
    .version = 1,
    .is_cost = true,
    .measure = measure,
};
