/*
 * metrics/deletion.c - how fast the class's probability falls when pixels are removed from the image, those with the
 * highest map values first: the area under that curve. Petsiuk et al., "RISE", BMVC 2018, section 4.2,
 * arXiv:1806.07421.
 */
#include "metrics/metric.h"

static int measure(struct evidence *evidence, const void *params, struct value *value, struct error *err)
{
    (void)params; /* none: order, steps and baseline are the protocol's */
    return evidence_curve_area(evidence, CURVE_DELETION, value, err);
}

const struct metric metric_deletion = {
    .abi = METRIC_ABI,
    .name = "deletion",
    .title = "Deletion",
    .unit = "",
    .min = 0,
    .max = 1,
    .direction = METRIC_LOWER_IS_BETTER,
    .year = 2018,
    .source = "petsiuk2018rise",
    .version = 1,
    .curve = CURVE_DELETION,
    .measure = measure,
};
