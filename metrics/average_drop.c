/*
 * metrics/average_drop.c - the share of the class's probability that is lost when the input is the explanation x*m:
 * max(0, p - o) / p. Chattopadhay et al., "Grad-CAM++", WACV 2018, section 4.1, arXiv:1710.11063.
 */
#include "metrics/metric.h"

static int measure(struct evidence *evidence, const void *params, struct value *value, struct error *err)
{
    (void)params; /* none */
    return evidence_drop(evidence, EVIDENCE_EXPLANATION, value, err);
}

const struct metric metric_average_drop = {
    .abi = METRIC_ABI,
    .name = "average_drop",
    .title = "Average Drop",
    .unit = "%",
    .is_percent = true,
    .min = 0,
    .max = 1,
    .direction = METRIC_LOWER_IS_BETTER,
    .year = 2018,
    .source = "chattopadhay2018gradcampp",
    .version = 1,
    .measure = measure,
};
