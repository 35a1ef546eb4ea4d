/*
 * metrics/srg.c - the symmetric relevance gain: how much longer the class survives when pixels are removed in the
 * reverse order of the map than in its order; the area between the two curves of deletion. Fill, steps and order are
 * those of deletion, the area is that of trapezoids. A constant map gains nothing. Bluecher, Vielhaben, Strodthoff,
 * "Decoupling Pixel Flipping and Occlusion Strategy for Consistent XAI Benchmarks", TMLR 2024, arXiv:2401.06654.
 */
#include "metrics/metric.h"

static int measure(struct evidence *evidence, const void *params, struct value *value, struct error *err)
{
    (void)params; /* none: order, steps and fill are the protocol's */
    double gain;
    if (evidence_curve_gain(evidence, &gain, err))
        return -1;
    const struct map map = evidence_map(evidence);
    if (!isfinite(gain))
        *value = value_undefined("nonfinite_p");
    else
        *value = value_of(is_constant(map.data, (size_t)map.h * (size_t)map.w) ? 0 : gain);
    return 0;
}

const struct metric metric_srg = {
    .abi = METRIC_ABI,
    .name = "srg",
    .title = "Symmetric Relevance Gain",
    .unit = "",
    .min = -1,
    .max = 1,
    .direction = METRIC_HIGHER_IS_BETTER,
    .year = 2024,
    .source = "bluecher2024decoupling",
    .version = 1,
    .measure = measure,
};
