/*
 * metrics/average_drop_in_deletion.c - the share of the class's probability p that is lost when the explanation is
 * removed from the image: max(0, p - o') / p, with the probability o' on x*(1-m). Cai, "CAMs as Shapley Value-based
 * Explainers", The Visual Computer 2025, arXiv:2501.06261, and its released code.
 */
#include "metrics/metric.h"

static int measure(struct evidence *evidence, const void *params, struct value *value, struct error *err)
{
    (void)params; /* none */
    return evidence_drop(evidence, EVIDENCE_REST, value, err);
}

const struct metric metric_average_drop_in_deletion = {
    .abi = METRIC_ABI,
    .name = "average_drop_in_deletion",
    .title = "Average Drop in Deletion",
    .unit = "%",
    .is_percent = true,
    .min = 0,
    .max = 1,
    .direction = METRIC_HIGHER_IS_BETTER,
    .year = 2025,
    .source = "cai2025shapleycam",
    .version = 1,
    .measure = measure,
};
