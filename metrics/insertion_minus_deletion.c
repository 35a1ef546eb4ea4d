/*
 * metrics/insertion_minus_deletion.c - the two areas of RISE in one number. It is about 0 for a network whose answer
 * does not depend on the input, while insertion alone may be high. Petsiuk et al., "RISE", BMVC 2018, section 4.2,
 * arXiv:1806.07421.
 */
#include "metrics/metric.h"

static int measure(struct evidence *evidence, const void *params, struct value *value, struct error *err)
{
    (void)params; /* none */
    struct value insertion, deletion;
    if (evidence_value(evidence, "insertion", &insertion, err) || evidence_value(evidence, "deletion", &deletion, err))
        return -1;
    if (insertion.undefined || deletion.undefined)
        *value = value_undefined(insertion.undefined ? insertion.undefined : deletion.undefined);
    else
        *value = value_of(insertion.number - deletion.number);
    return 0;
}

const struct metric metric_insertion_minus_deletion = {
    .abi = METRIC_ABI,
    .name = "insertion_minus_deletion",
    .title = "Insertion - Deletion",
    .unit = "",
    .min = -1,
    .max = 1,
    .direction = METRIC_HIGHER_IS_BETTER,
    .year = 2018,
    .source = "petsiuk2018rise",
    .version = 1,
    .measure = measure,
    .parts = {"insertion", "deletion"},
};
