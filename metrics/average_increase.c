/*
 * metrics/average_increase.c - 1 if the class is more probable on the explanation x*m than on the image, else 0.
 * "Increase in confidence" of Chattopadhay et al., "Grad-CAM++", WACV 2018, section 4.1, arXiv:1710.11063.
 */
#include "metrics/metric.h"

static int measure(struct evidence *evidence, const void *params, struct value *value, struct error *err)
{
    (void)params; /* none */
    double p, o;
    if (evidence_probabilities(evidence, EVIDENCE_EXPLANATION, &p, &o, value, err))
        return -1;
    if (!value->undefined)
        *value = value_of(o > p);
    return 0;
}

const struct metric metric_average_increase = {
    .abi = METRIC_ABI,
    .name = "average_increase",
    .title = "Average Increase",
    .unit = "%",
    .is_percent = true,
    .min = 0,
    .max = 1,
    .direction = METRIC_HIGHER_IS_BETTER,
    .year = 2018,
    .source = "chattopadhay2018gradcampp",
    .version = 1,
    .measure = measure,
};
