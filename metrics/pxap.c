/*
 * metrics/pxap.c - the pixel average precision (PxAP): the pixels of all images together, scored by their maps, against
 * the masks. The area under the precision-recall curve over thresholds from the highest down: sum of P_i (R_i -
 * R_{i-1}). It is one number of the image set, not a mean over images. Choe et al., "Evaluating Weakly Supervised
 * Object Localization Methods Right", CVPR 2020, arXiv:2001.07437; code: clovaai/wsolevaluation, evaluation.py.
 *
 * The map is min-maxed at the input's size. Its values fall into bins [k/bins, (k+1)/bins), and 1 into one of its own;
 * an image's counts are the histogram of the object's pixels and that of all others. A constant map has all pixels in
 * the lowest bin, flagged.
 */
#include "metrics/metric.h"

struct settings {
    int bins;
    int truth; /* enum truth_source */
};

/* As the reference has them: bins below 1, [1,2) and [2,3]. */
static size_t length_of(const struct settings *settings)
{
    return (size_t)settings->bins + 2;
}

static size_t count_length(const void *params)
{
    return 2 * length_of(params);
}

/* The edge of bin k is k times the width, rounded. */
static size_t bin_of(float value, int bins)
{
    const double width = 1.0 / bins, v = (double)value;
    int k = (int)(v * bins);
    while (k > 0 && (double)k * width > v)
        k--;
    while (k + 1 < bins && (double)(k + 1) * width <= v)
        k++;
    return v >= 1 ? (size_t)bins : (size_t)(k < bins ? k : bins - 1);
}

static int measure(struct evidence *evidence, const void *params, struct value *value, struct error *err)
{
    const struct settings *settings = params;
    const struct map map = evidence_map(evidence);
    const size_t n = (size_t)map.h * (size_t)map.w;
    struct truth_mask mask;
    if (evidence_truth_mask(evidence, (enum truth_source)settings->truth, &mask, value, err))
        return -1;
    if (value->undefined)
        return 0;
    uint32_t *counts = evidence_counts(evidence, count_length(settings), err);
    float *scores = evidence_alloc(evidence, n, sizeof *scores, err);
    if (!counts || !scores)
        return -1;
    if (!min_max(map.data, n, 0, scores))
        value->flag = "constant_map";
    for (size_t i = 0; i < n; i++)
        counts[bin_of(scores[i], settings->bins) + (mask.data[i] == TRUTH_LABELLED ? 0 : length_of(settings))]++;
    return 0;
}

static double combine_counts(const void *params, const double *sums, int n)
{
    (void)n; /* pixels are counted, not images */
    const size_t length = length_of(params);
    const double *positive = sums, *negative = sums + length;
    double objects = 0, hits = 0, misses = 0, area = 0;
    for (size_t k = 0; k < length; k++)
        objects += positive[k];
    for (size_t k = length; k-- > 0;) {
        hits += positive[k];
        misses += negative[k];
        if (hits > 0)
            area += hits / (hits + misses) * positive[k] / objects;
    }
    return objects > 0 ? area : NAN;
}

static const struct param params[] = {
    PARAM_INT(struct settings, bins, 1000, 1, 10000, "thresholds between 0 and 1"),
    PARAM_TRUTH(struct settings),
    {0},
};

const struct metric metric_pxap = {
    .abi = METRIC_ABI,
    .name = "pxap",
    .title = "PxAP",
    .unit = "%",
    .is_percent = true,
    .min = 0,
    .max = 1,
    .direction = METRIC_HIGHER_IS_BETTER,
    .year = 2020,
    .source = "choe2020evaluating",
    .version = 1,
    .is_truth = true,
    .params = params,
    .params_size = sizeof(struct settings),
    .measure = measure,
    .count_length = count_length,
    .combine_counts = combine_counts,
};
