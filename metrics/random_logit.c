/*
 * metrics/random_logit.c - how alike the map of the class and the map of another class are; lower is better: a map that
 * stays the same shows nothing of the class. The other class is drawn from all others, the same one for all methods.
 * Sixt, Granz, Landgraf, "When Explanations Lie: Why Many Modified BP Attributions Fail", ICML 2020, arXiv:1912.09818.
 *
 * Similarities: Spearman's correlation, signed; `ssim`, the structural similarity in two dimensions with a Gaussian
 * window (xplique/metrics/randomization.py); `ssim_quantus`, the structural similarity of the flattened maps, each
 * divided by its maximum, in windows of seven values (quantus/functions/similarity_func.py). Wang et al., "Image
 * Quality Assessment", IEEE TIP 2004.
 *
 * If one of the maps is constant the value is 0, flagged "flat_other": a method that shows nothing for other classes
 * looks good here. If both are, it is undefined.
 */
#include "metrics/ssim.h"

enum similarity { SIMILARITY_SPEARMAN, SIMILARITY_SSIM, SIMILARITY_SSIM_QUANTUS };

enum other { OTHER_RANDOM, OTHER_SECOND, OTHER_LOWEST };

struct settings {
    int similarity; /* enum similarity */
    int other;      /* enum other */
    int at;         /* 0: layer, 1: input */
};

static int spearman(struct evidence *evidence, const struct map *a, const struct map *b, double *rho, struct error *err)
{
    const size_t n = (size_t)a->h * (size_t)a->w;
    double *values = evidence_alloc(evidence, 2 * n, sizeof *values, err);
    if (!values)
        return -1;
    for (size_t i = 0; i < n; i++) {
        values[i] = (double)a->data[i];
        values[n + i] = (double)b->data[i];
    }
    return rank_correlation(evidence, values, values + n, n, rho, err);
}

static int compare(struct evidence *evidence, enum similarity similarity, const struct map *a, const struct map *b,
                   struct value *value, struct error *err)
{
    if (similarity == SIMILARITY_SPEARMAN)
        return spearman(evidence, a, b, &value->number, err);
    if (similarity == SIMILARITY_SSIM)
        return ssim(evidence, a, b, &value->number, err);
    value->number = ssim_flat(a, b);
    if (isnan(value->number))
        *value = value_undefined("small_map");
    return 0;
}

static int choose(struct evidence *evidence, enum other other)
{
    struct random_stream random = evidence_random(evidence, 0);
    const uint32_t others = (uint32_t)evidence_class_count(evidence) - 1;
    return other == OTHER_SECOND   ? EVIDENCE_SECOND_CLASS
           : other == OTHER_LOWEST ? EVIDENCE_LOWEST_CLASS
                                   : (int)random_below(&random, others);
}

static int measure(struct evidence *evidence, const void *params, struct value *value, struct error *err)
{
    const struct settings *settings = params;
    const enum evidence_size size = settings->at ? EVIDENCE_AT_INPUT : EVIDENCE_AT_LAYER;
    const struct map map = settings->at ? evidence_map(evidence) : evidence_map_native(evidence);
    const size_t n = (size_t)map.h * (size_t)map.w;
    struct map other;
    if (evidence_class_count(evidence) < 2) {
        *value = value_undefined("one_class");
        return 0;
    }
    if (evidence_map_of_class(evidence, choose(evidence, (enum other)settings->other), size, &other, err))
        return -1;
    if (!other.data) {
        *value = value_undefined("nonfinite");
        return 0;
    }
    const bool is_flat = is_constant(map.data, n), is_other_flat = is_constant(other.data, n);
    if (is_flat && is_other_flat)
        *value = value_undefined("constant_map");
    else if (is_flat || is_other_flat)
        *value = (struct value){.number = 0, .flag = "flat_other"};
    else
        return compare(evidence, (enum similarity)settings->similarity, &map, &other, value, err);
    return 0;
}

static const struct param params[] = {
    PARAM_ENUM(struct settings, similarity, "spearman|ssim|ssim_quantus", "of the two maps"),
    PARAM_ENUM(struct settings, other, "random|second|lowest", "the other class: drawn, or by its probability"),
    PARAM_ENUM(struct settings, at, "layer|input", "size of the maps: before enlargement, or the input's"),
    {0},
};

const struct metric metric_random_logit = {
    .abi = METRIC_ABI,
    .name = "random_logit",
    .title = "Random Logit",
    .unit = "",
    .min = -1,
    .max = 1,
    .direction = METRIC_LOWER_IS_BETTER,
    .year = 2020,
    .source = "sixt2020explanations",
    .version = 1,
    .params = params,
    .params_size = sizeof(struct settings),
    .measure = measure,
};
