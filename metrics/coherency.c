/*
 * metrics/coherency.c - whether the map of the explanation x*m equals the map of x: (1 + r) / 2, where r is Pearson's
 * correlation of the two over all pixels. If r does not exist (a constant map, a map that is not finite) the value is
 * 0, flagged; with the protocol's coherency_eps in its divisor, r of a constant map is 0. Poppi et al., "Revisiting the
 * Evaluation of Class Activation Mapping for Explainability", CVPR Workshops 2021, arXiv:2104.10252.
 */
#include "metrics/metric.h"

/*
 * Pearson's correlation in two passes, in double: covariance / (product of the deviations + eps), of n - 1 degrees of
 * freedom. With eps 0 neither map may be constant.
 */
static double pearson(const float *a, const float *b, size_t n, double eps)
{
    const double mean_a = mean_of(a, n), mean_b = mean_of(b, n);
    double aa = 0, ab = 0, bb = 0;
    for (size_t i = 0; i < n; i++) {
        const double da = a[i] - mean_a, db = b[i] - mean_b;
        aa += da * da;
        ab += da * db;
        bb += db * db;
    }
    const double scaled_eps = n > 1 ? eps * (double)(n - 1) : eps;
    return fmin(1, fmax(-1, ab / (sqrt(aa) * sqrt(bb) + scaled_eps)));
}

static int measure(struct evidence *evidence, const void *params, struct value *value, struct error *err)
{
    (void)params; /* none */
    const struct map map = evidence_map_compared(evidence);
    struct map again;
    if (evidence_map_of(evidence, EVIDENCE_EXPLANATION, EVIDENCE_COMPARED, &again, err))
        return -1;
    const size_t n = (size_t)map.h * (size_t)map.w;
    const double eps = evidence_coherency_eps(evidence);
    const bool is_flat = again.data && (is_constant(map.data, n) || is_constant(again.data, n));
    *value = value_of(0);
    if (again.data && (!is_flat || eps > 0))
        value->number = (1 + pearson(map.data, again.data, n, eps)) / 2;
    if (!again.data || is_flat)
        value->flag = "flat_pearson";
    return 0;
}

const struct metric metric_coherency = {
    .abi = METRIC_ABI,
    .name = "coherency",
    .title = "Coherency",
    .unit = "%",
    .is_percent = true,
    .min = 0,
    .max = 1,
    .direction = METRIC_HIGHER_IS_BETTER,
    .year = 2021,
    .source = "poppi2021revisiting",
    .version = 1,
    .measure = measure,
};
