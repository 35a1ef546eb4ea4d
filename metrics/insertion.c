/*
 * metrics/insertion.c - how fast the class's probability rises when pixels are put into a blurred (or empty) image,
 * those with the highest map values first: the area under that curve. Petsiuk et al., "RISE", BMVC 2018, section 4.2,
 * arXiv:1806.07421.
 */
#include "metrics/metric.h"

static int measure(struct evidence *evidence, const void *params, struct value *value, struct error *err)
{
    (void)params; /* none: order, steps and baseline are the protocol's */
    return evidence_curve_area(evidence, CURVE_INSERTION, value, err);
}

const struct metric metric_insertion = {
    .abi = METRIC_ABI,
    .name = "insertion",
    .title = "Insertion",
    .unit = "",
    .min = 0,
    .max = 1,
    .direction = METRIC_HIGHER_IS_BETTER,
    .year = 2018,
    .source = "petsiuk2018rise",
    .version = 1,
    .curve = CURVE_INSERTION,
    .measure = measure,
};
