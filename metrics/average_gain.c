/*
 * metrics/average_gain.c - the share of the missing probability 1 - p that is gained when the input is the explanation
 * x*m: max(0, o - p) / (1 - p), and 0 for p = 1. Zhang et al., "Opti-CAM", Computer Vision and Image Understanding
 * 2024, section 4.1, arXiv:2301.07002.
 */
#include "metrics/metric.h"

static int measure(struct evidence *evidence, const void *params, struct value *value, struct error *err)
{
    (void)params; /* none */
    double p, o;
    if (evidence_probabilities(evidence, EVIDENCE_EXPLANATION, &p, &o, value, err))
        return -1;
    if (!value->undefined)
        *value = value_of(1 - p < 1e-12 ? 0 : fmax(0, o - p) / (1 - p));
    return 0;
}

const struct metric metric_average_gain = {
    .abi = METRIC_ABI,
    .name = "average_gain",
    .title = "Average Gain",
    .unit = "%",
    .is_percent = true,
    .min = 0,
    .max = 1,
    .direction = METRIC_HIGHER_IS_BETTER,
    .year = 2024,
    .source = "zhang2024opticam",
    .version = 1,
    .measure = measure,
};
