/* metrics/backward_passes.c - backward passes, of the tail or of the whole network, for one map. */
#include "metrics/metric.h"

static int measure(struct evidence *evidence, const void *params, struct value *value, struct error *err)
{
    (void)params, (void)err; /* none; cannot fail */
    *value = value_of(evidence_cost(evidence).backward);
    return 0;
}

const struct metric metric_backward_passes = {
    .name = "backward_passes",
    .title = "Backward passes per map",
    .unit = "passes",
    .min = 0,
    .max = INFINITY,
    .direction = METRIC_LOWER_IS_BETTER,
    .version = 1,
    .is_cost = true,
    .measure = measure,
};
