/*
 * metrics/pointing_game.c - whether the map's maximum points at the object: 1 if a pixel of the object's mask (or
 * boxes) is nearer than `tolerance_px` to the maximum, else 0. Of equal maxima the first in row-major order counts. A
 * constant map has no maximum: 0, flagged. Zhang et al., "Top-Down Neural Attention by Excitation Backprop", IJCV 2018,
 * section 5.1, arXiv:1608.00507.
 *
 * The mean is over images; the paper's is over classes, of each class's share of hits.
 */
#include "metrics/metric.h"

struct settings {
    int tolerance_px;
    int truth; /* enum truth_source */
};

/* Whether the mask has a pixel at the point itself, or at a squared distance below tolerance^2. */
static bool is_near(const struct truth_mask *mask, int x, int y, int64_t tolerance)
{
    for (int v = 0; v < mask->h; v++)
        for (int u = 0; u < mask->w; u++) {
            const int64_t dx = u - x, dy = v - y, distance = dx * dx + dy * dy;
            if (mask->data[(size_t)v * (size_t)mask->w + (size_t)u] == TRUTH_LABELLED &&
                (distance == 0 || distance < tolerance * tolerance))
                return true;
        }
    return false;
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
    if (is_constant(map.data, n)) {
        *value = (struct value){.number = 0, .flag = "constant_map"};
        return 0;
    }
    const size_t point = position_of_largest(map.data, n), width = (size_t)map.w;
    *value = value_of(is_near(&mask, (int)(point % width), (int)(point / width), settings->tolerance_px));
    return 0;
}

static const struct param params[] = {
    PARAM_INT(struct settings, tolerance_px, 15, 0, 4096, "in pixels of the input; 0: the point itself"),
    PARAM_TRUTH(struct settings),
    {0},
};

const struct metric metric_pointing_game = {
    .abi = METRIC_ABI,
    .name = "pointing_game",
    .title = "Pointing Game",
    .unit = "%",
    .is_percent = true,
    .min = 0,
    .max = 1,
    .direction = METRIC_HIGHER_IS_BETTER,
    .year = 2018,
    .source = "zhang2018excitation",
    .version = 1,
    .is_truth = true,
    .params = params,
    .params_size = sizeof(struct settings),
    .measure = measure,
};
