/*
 * metrics/repeated_passes.c - how many of a map's passes have the input of another one, bit for bit, and were not run: masks of
 * equal channels, channels that are zero already. They are part of forward_passes and tail_passes.
 */
#include "metrics/metric.h"

static int measure(struct evidence *evidence, const void *params, struct value *value, struct error *err)
{
    (void)params, (void)err; /* none; cannot fail */
    *value = value_of(evidence_cost(evidence).repeated);
    return 0;
}

const struct metric metric_repeated_passes = {
    .name = "repeated_passes",
    .title = "Repeated passes per map",
    .unit = "passes",
    .min = 0,
    .max = INFINITY,
    .direction = METRIC_LOWER_IS_BETTER,
    .version = 1,
    .is_cost = true,
    .measure = measure,
};
