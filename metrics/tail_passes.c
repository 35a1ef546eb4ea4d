/* metrics/tail_passes.c - forward passes of the layers behind the target layer for one map. */
#include "metrics/metric.h"

static int measure(struct evidence *evidence, const void *params, struct value *value, struct error *err)
{
    (void)params, (void)err; /* none; cannot fail */
    *value = value_of(evidence_cost(evidence).tail);
    return 0;
}

const struct metric metric_tail_passes = {
    .name = "tail_passes",
    .title = "Tail passes per map",
    .unit = "passes",
    .min = 0,
    .max = INFINITY,
    .direction = METRIC_LOWER_IS_BETTER,
    .version = 1,
    .is_cost = true,
    .measure = measure,
};
