/*
 * metrics/infidelity.c - how badly the map predicts the change of the class's score when something is taken out of the
 * image: the mean of (a - d)^2 over `samples` perturbations I, where a is the sum of I*m over pixels and channels and d
 * = f(x) - f(x - I). Maps have no unit, so by default a is scaled by the factor that fits best. I is the image inside a
 * square patch (the patch becomes 0), or normal noise. The passes do not depend on the map. Yeh et al., "On the
 * (In)fidelity and Sensitivity of Explanations", NeurIPS 2019, arXiv:1901.09392; captum/metrics/_core/infidelity.py.
 */
#include "metrics/metric.h"

#include <string.h>

enum perturbation { PERTURBATION_PATCH, PERTURBATION_NOISE };
enum scale { SCALE_OPTIMAL, SCALE_NONE };

struct settings {
    int samples, perturbation, min_side, max_side;
    double deviation;
    int scale, score; /* enum scale, enum evidence_score */
};

/* Context of the source: planes of (h,w). */
struct changes {
    const struct evidence *evidence;
    const struct settings *settings;
    int channels, h, w;
};

struct patch {
    int x0, y0, x1, y1; /* half-open */
};

/* The side is one of min_side, 2 min_side, 4 min_side ... max_side; all places inside the image are as likely. */
static struct patch patch_of(const struct changes *changes, int index)
{
    const struct settings *settings = changes->settings;
    struct random_stream random = evidence_random(changes->evidence, index);
    uint32_t sides = 1;
    for (long long side = settings->min_side; 2 * side <= settings->max_side; side *= 2)
        sides++;
    const int side = settings->min_side << random_below(&random, sides);
    const int h = side < changes->h ? side : changes->h, w = side < changes->w ? side : changes->w;
    const int y = (int)random_below(&random, (uint32_t)(changes->h - h + 1));
    const int x = (int)random_below(&random, (uint32_t)(changes->w - w + 1));
    return (struct patch){x, y, x + w, y + h};
}

static void take_out(void *context, int index, const float *x, float *out)
{
    const struct changes *changes = context;
    const size_t plane = (size_t)changes->h * (size_t)changes->w, count = (size_t)changes->channels * plane;
    if (changes->settings->perturbation == PERTURBATION_NOISE) {
        struct random_stream random = evidence_random(changes->evidence, index);
        for (size_t i = 0; i < count; i++)
            out[i] = x[i] - (float)(changes->settings->deviation * random_normal(&random));
        return;
    }
    const struct patch patch = patch_of(changes, index);
    memcpy(out, x, count * sizeof *out);
    for (int c = 0; c < changes->channels; c++)
        for (int y = patch.y0; y < patch.y1; y++)
            memset(out + (size_t)c * plane + (size_t)y * (size_t)changes->w + (size_t)patch.x0, 0,
                   (size_t)(patch.x1 - patch.x0) * sizeof *out);
}

/* a: the sum of I*m. */
static double predicted(const struct changes *changes, int index, const float *x, const struct map *map)
{
    const size_t plane = (size_t)changes->h * (size_t)changes->w;
    double sum = 0;
    if (changes->settings->perturbation == PERTURBATION_NOISE) {
        struct random_stream random = evidence_random(changes->evidence, index);
        for (size_t i = 0; i < (size_t)changes->channels * plane; i++)
            sum += (double)(float)(changes->settings->deviation * random_normal(&random)) * map->data[i % plane];
        return sum;
    }
    const struct patch patch = patch_of(changes, index);
    for (int c = 0; c < changes->channels; c++)
        for (int y = patch.y0; y < patch.y1; y++)
            for (int i = patch.x0; i < patch.x1; i++) {
                const size_t at = (size_t)y * (size_t)changes->w + (size_t)i;
                sum += (double)x[(size_t)c * plane + at] * map->data[at];
            }
    return sum;
}

/* The mean of (factor * a - d)^2; a factor of 0 if all a are 0. */
static double misfit(const double *a, const double *d, int n, enum scale scale)
{
    double ad = 0, aa = 0, sum = 0;
    for (int k = 0; k < n; k++) {
        ad += a[k] * d[k];
        aa += a[k] * a[k];
    }
    const double factor = scale == SCALE_NONE ? 1 : aa > 0 ? ad / aa : 0;
    for (int k = 0; k < n; k++)
        sum += (factor * a[k] - d[k]) * (factor * a[k] - d[k]);
    return sum / n;
}

static int measure(struct evidence *evidence, const void *params, struct value *value, struct error *err)
{
    const struct settings *settings = params;
    const enum evidence_score score = (enum evidence_score)settings->score;
    const struct map map = evidence_map(evidence);
    const int n = settings->samples;
    struct changes changes = {evidence, settings, evidence_channels(evidence), map.h, map.w};
    double *a = evidence_alloc(evidence, (size_t)n, sizeof *a, err);
    double *d = evidence_alloc(evidence, (size_t)n, sizeof *d, err);
    double whole;
    if (!a || !d || evidence_scores(evidence, EVIDENCE_ORIGINAL, score, &whole, err) ||
        evidence_scores(evidence, EVIDENCE_SHARED(take_out, &changes, 0, n), score, d, err))
        return -1;
    for (int k = 0; k < n; k++) {
        a[k] = predicted(&changes, k, evidence_image(evidence), &map);
        d[k] = whole - d[k];
    }
    const double number = misfit(a, d, n, (enum scale)settings->scale);
    *value = isfinite(number) ? value_of(number) : value_undefined("nonfinite_p");
    return 0;
}

static const struct param params[] = {
    PARAM_INT(struct settings, samples, 64, 1, 10000, "changed inputs, each a pass for all methods together"),
    PARAM_ENUM(struct settings, perturbation, "patch|noise", "the image inside a square, or normal noise"),
    PARAM_INT(struct settings, min_side, 16, 1, 4096, "of a patch; sides are this, twice it and so on"),
    PARAM_INT(struct settings, max_side, 64, 1, 4096, "of a patch"),
    PARAM_FLOAT(struct settings, deviation, 0.003, 0, 100, "of the noise, in the normalised input"),
    PARAM_ENUM(struct settings, scale, "optimal|none", "the map is multiplied by the factor that fits best, or by 1"),
    PARAM_ENUM(struct settings, score, "prob|logit", "of the explained class"),
    {0},
};

const struct metric metric_infidelity = {
    .abi = METRIC_ABI,
    .name = "infidelity",
    .title = "Infidelity",
    .unit = "",
    .min = 0,
    .max = INFINITY,
    .direction = METRIC_LOWER_IS_BETTER,
    .year = 2019,
    .source = "yeh2019infidelity",
    .version = 1,
    .params = params,
    .params_size = sizeof(struct settings),
    .measure = measure,
};
