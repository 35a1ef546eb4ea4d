/*
 * metrics/mask_scores.c - scores of a map against the pixels G of the object, K of n.
 * Defines: mask_auc, mass_iou, relevance_mass_accuracy, relevance_rank_accuracy.
 *
 * mask_auc is the area under the ROC curve of m as a score of G: the probability that a pixel of G is above another,
 * equal ones counting half. mass_iou is the share of the mass of m inside G, despite its name. Both are in the
 * released code of RefineCAM (liuktc/RefineCAM, metrics/roc_auc.py and metrics/mass_iou.py): Domeniconi et al., "How to
 * Evaluate and Refine your CAM", 2026, arXiv:2605.14641.
 * relevance_mass_accuracy is that share of the method's own map after ReLU, and relevance_rank_accuracy the share of
 * the K highest pixels of m that is inside G, averaged over all orders of equal pixels: Arras, Osman, Samek,
 * "CLEVR-XAI", Information Fusion 2022, arXiv:2003.07258.
 *
 * A constant map ranks nothing: mask_auc 0.5, relevance_rank_accuracy K/n, flagged. A map without mass: 0, flagged.
 */
#include "metrics/metric.h"

struct settings {
    int truth; /* enum truth_source */
};

/* -- ranks --------------------------------------------------------------------------------------------------------- */

/* The map's values, those inside G first; each part is sorted. */
struct parts {
    size_t inside, outside; /* K and n - K */
    float *in, *out;
};

static int split(struct evidence *evidence, const struct map *map, const struct truth_mask *mask, struct parts *parts,
                 struct error *err)
{
    const size_t n = (size_t)map->h * (size_t)map->w;
    float *values = evidence_alloc(evidence, n, sizeof *values, err);
    if (!values)
        return -1;
    *parts = (struct parts){.in = values};
    for (size_t i = 0; i < n; i++)
        if (mask->data[i] == TRUTH_LABELLED)
            values[parts->inside++] = map->data[i];
    parts->out = values + parts->inside;
    for (size_t i = 0; i < n; i++)
        if (mask->data[i] != TRUTH_LABELLED)
            parts->out[parts->outside++] = map->data[i];
    sort_floats(parts->in, parts->inside);
    sort_floats(parts->out, parts->outside);
    return 0;
}

/* The mask and the map's values in two parts; *value becomes undefined where G is empty. */
static int read_parts(struct evidence *evidence, const struct settings *settings, struct parts *parts,
                      struct value *value, struct error *err)
{
    const struct map map = evidence_map(evidence);
    struct truth_mask mask;
    if (evidence_truth_mask(evidence, (enum truth_source)settings->truth, &mask, value, err))
        return -1;
    if (value->undefined)
        return 0;
    if (split(evidence, &map, &mask, parts, err))
        return -1;
    if (parts->inside == 0)
        *value = value_undefined("no_mask");
    return 0;
}

/* Whether all values of both parts are equal; the first part is never empty. */
static bool is_flat(const struct parts *parts)
{
    const float first = parts->in[0];
    return first == parts->in[parts->inside - 1] &&
           (parts->outside == 0 || (first == parts->out[0] && first == parts->out[parts->outside - 1]));
}

static struct value flagged(double number, bool is_constant)
{
    return (struct value){.number = number, .flag = is_constant ? "constant_map" : NULL};
}

/* How often a pixel of G is above one outside, of all pairs. */
static double share_above(const struct parts *parts)
{
    double sum = 0;
    size_t below = 0, not_above = 0; /* values outside that are smaller; smaller or equal */
    for (size_t i = 0; i < parts->inside; i++) {
        while (below < parts->outside && parts->out[below] < parts->in[i])
            below++;
        while (not_above < parts->outside && parts->out[not_above] <= parts->in[i])
            not_above++;
        sum += ((double)below + (double)not_above) / 2;
    }
    return sum / ((double)parts->inside * (double)parts->outside);
}

static int measure_auc(struct evidence *evidence, const void *params, struct value *value, struct error *err)
{
    struct parts parts;
    if (read_parts(evidence, params, &parts, value, err))
        return -1;
    if (value->undefined)
        return 0;
    *value = parts.outside > 0 ? flagged(share_above(&parts), is_flat(&parts)) : value_undefined("full_mask");
    return 0;
}

/* How many of the sorted values are at least t. */
static size_t count_from(const float *sorted, size_t n, float t, bool is_strict)
{
    size_t k = 0;
    while (k < n && (is_strict ? sorted[n - 1 - k] > t : sorted[n - 1 - k] >= t))
        k++;
    return k;
}

/* The K-th largest of all values. */
static float threshold_of(const struct parts *parts)
{
    size_t i = parts->inside, o = parts->outside;
    float t = 0;
    for (size_t k = 0; k < parts->inside; k++)
        t = o == 0 || (i > 0 && parts->in[i - 1] >= parts->out[o - 1]) ? parts->in[--i] : parts->out[--o];
    return t;
}

static double rank_accuracy(const struct parts *parts)
{
    const float t = threshold_of(parts);
    const size_t above = count_from(parts->in, parts->inside, t, true);
    const size_t equal = count_from(parts->in, parts->inside, t, false) - above;
    const size_t above_out = count_from(parts->out, parts->outside, t, true);
    const size_t equal_out = count_from(parts->out, parts->outside, t, false) - above_out;
    const double left = (double)(parts->inside - above - above_out);
    return ((double)above + left * (double)equal / (double)(equal + equal_out)) / (double)parts->inside;
}

static int measure_rank(struct evidence *evidence, const void *params, struct value *value, struct error *err)
{
    struct parts parts;
    if (read_parts(evidence, params, &parts, value, err))
        return -1;
    if (!value->undefined)
        *value = flagged(rank_accuracy(&parts), is_flat(&parts));
    return 0;
}

/* -- mass ---------------------------------------------------------------------------------------------------------- */

/* The share of the map that is in G; `least` is subtracted from every value, and what is negative then counts as 0. */
static struct value mass_of(const struct map *map, const struct truth_mask *mask, float least)
{
    const size_t n = (size_t)map->h * (size_t)map->w;
    double inside = 0, all = 0;
    size_t pixels = 0;
    for (size_t i = 0; i < n; i++) {
        const double v = map->data[i] > least ? (double)map->data[i] - (double)least : 0;
        const bool is_inside = mask->data[i] == TRUTH_LABELLED;
        all += v;
        inside += is_inside ? v : 0;
        pixels += is_inside;
    }
    if (pixels == 0)
        return value_undefined("no_mask");
    return all > 0 ? value_of(inside / all) : (struct value){.number = 0, .flag = "zero_energy"};
}

struct mass_settings {
    int truth;  /* enum truth_source */
    int minmax; /* enum minmax */
};

enum minmax { MINMAX_PROTOCOL, MINMAX_INPUT };

static int measure_mass_iou(struct evidence *evidence, const void *params, struct value *value, struct error *err)
{
    const struct mass_settings *settings = params;
    const struct map map = evidence_map(evidence);
    struct truth_mask mask;
    if (evidence_truth_mask(evidence, (enum truth_source)settings->truth, &mask, value, err))
        return -1;
    if (!value->undefined) {
        const struct range range = range_of(map.data, (size_t)map.h * (size_t)map.w);
        *value = mass_of(&map, &mask, settings->minmax == MINMAX_INPUT ? range.min : 0);
    }
    return 0;
}

static int measure_mass_accuracy(struct evidence *evidence, const void *params, struct value *value, struct error *err)
{
    const struct settings *settings = params;
    struct map map;
    struct truth_mask mask;
    if (evidence_truth_mask(evidence, (enum truth_source)settings->truth, &mask, value, err))
        return -1;
    if (value->undefined)
        return 0;
    if (evidence_map_energy(evidence, &map, err))
        return -1;
    *value = mass_of(&map, &mask, 0);
    return 0;
}

/* -- the metrics --------------------------------------------------------------------------------------------------- */

static const struct param params[] = {
    PARAM_TRUTH(struct settings),
    {0},
};

static const struct param mass_params[] = {
    PARAM_TRUTH(struct mass_settings),
    PARAM_ENUM(struct mass_settings, minmax, "protocol|input", "of m: the protocol's, or again at the input's size"),
    {0},
};

#define MASK_SCORE \
    .abi = METRIC_ABI, .unit = "", .max = 1, .direction = METRIC_HIGHER_IS_BETTER, .version = 1, .is_truth = true

const struct metric metric_mask_auc = {
    MASK_SCORE,
    .name = "mask_auc",
    .title = "Mask AUC",
    .year = 2026,
    .source = "domeniconi2026refinecam",
    .params = params,
    .params_size = sizeof(struct settings),
    .measure = measure_auc,
};

const struct metric metric_mass_iou = {
    MASK_SCORE,
    .name = "mass_iou",
    .title = "Mass IoU",
    .year = 2026,
    .source = "domeniconi2026refinecam",
    .params = mass_params,
    .params_size = sizeof(struct mass_settings),
    .measure = measure_mass_iou,
};

const struct metric metric_relevance_mass_accuracy = {
    MASK_SCORE,
    .name = "relevance_mass_accuracy",
    .title = "Relevance Mass Accuracy",
    .year = 2022,
    .source = "arras2022clevrxai",
    .params = params,
    .params_size = sizeof(struct settings),
    .measure = measure_mass_accuracy,
};

const struct metric metric_relevance_rank_accuracy = {
    MASK_SCORE,
    .name = "relevance_rank_accuracy",
    .title = "Relevance Rank Accuracy",
    .year = 2022,
    .source = "arras2022clevrxai",
    .params = params,
    .params_size = sizeof(struct settings),
    .measure = measure_rank,
};
