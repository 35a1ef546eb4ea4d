/*
 * metrics/max_box_acc.c - MaxBoxAccV2: the share of images whose object is boxed, at the threshold on the map that is
 * best for the image set. A hit at a threshold and an overlap: the box of one of the parts above the threshold has at
 * least this intersection over union with one of the object's boxes. The share is that of the best threshold, and the
 * number its mean over the overlaps 0.3, 0.5 and 0.7. It is one number of the image set: the threshold is chosen anew
 * in every bootstrap draw. Choe et al., "Evaluating Weakly Supervised Object Localization Methods Right", CVPR 2020,
 * arXiv:2001.07437, and its extension; code: clovaai/wsolevaluation, evaluation.py, with multi_contour_eval and
 * multi_iou_eval.
 *
 * The map is min-maxed at the input's size and rounded down to bytes, so that 255 thresholds are all there are. That
 * code takes the contours of OpenCV: of 8-connected regions and of their holes (`contours: wsol`); their far sides are
 * one pixel too large, unless the picture ends there, and both boxes count their far sides as theirs (`box_convention:
 * inclusive`). A constant map is a miss, flagged.
 */
#include "metrics/regions.h"

enum { OVERLAPS = 3 };

static const double overlaps[OVERLAPS] = {0.3, 0.5, 0.7};

enum contours { CONTOURS_WSOL, CONTOURS_REGIONS };

enum convention { INCLUSIVE, HALF_OPEN };

struct settings {
    int contours;       /* enum contours */
    int box_convention; /* enum convention */
    int iou;            /* 0: the mean of all, else an overlap */
};

struct target {
    const struct truth_boxes *boxes;
    enum convention convention;
    int h, w;
};

static double side(int a0, int a1, int b0, int b1, int more)
{
    const int from = a0 > b0 ? a0 : b0, to = a1 < b1 ? a1 : b1;
    return to + more > from ? (double)(to + more - from) : 0;
}

static double area(const struct truth_box *box, int more)
{
    return (double)(box->x1 - box->x0 + more) * (double)(box->y1 - box->y0 + more);
}

/* The best intersection over union with one of the object's boxes. */
static double overlap(void *context, const struct truth_box *found)
{
    const struct target *target = context;
    const int more = target->convention == INCLUSIVE;
    struct truth_box box = *found;
    double best = 0;
    if (more) {
        box.x1 = box.x1 < target->w - 1 ? box.x1 : target->w - 1;
        box.y1 = box.y1 < target->h - 1 ? box.y1 : target->h - 1;
    }
    for (int i = 0; i < target->boxes->count; i++) {
        const struct truth_box *other = &target->boxes->list[i];
        const double both =
            side(box.x0, box.x1, other->x0, other->x1, more) * side(box.y0, box.y1, other->y0, other->y1, more);
        const double one = both / (area(&box, more) + area(other, more) - both);
        best = one > best ? one : best;
    }
    return best;
}

static size_t count_length(const void *params)
{
    (void)params; /* the same for all */
    return (size_t)OVERLAPS * REGION_LEVELS;
}

/* The map as bytes; all 0 if it is constant. */
static int make_bytes(struct evidence *evidence, uint8_t **bytes, bool *is_constant_map, struct error *err)
{
    const struct map map = evidence_map(evidence);
    const size_t n = (size_t)map.h * (size_t)map.w;
    float *scores = evidence_alloc(evidence, n, sizeof *scores, err);
    *bytes = evidence_alloc(evidence, n, sizeof **bytes, err);
    if (!scores || !*bytes)
        return -1;
    *is_constant_map = !min_max(map.data, n, 0, scores);
    for (size_t i = 0; i < n; i++)
        (*bytes)[i] = (uint8_t)(scores[i] * 255);
    return 0;
}

static int count_hits(struct evidence *evidence, const struct settings *settings, const uint8_t *bytes,
                      struct target *target, uint32_t *counts, struct error *err)
{
    double regions[REGION_LEVELS], holes[REGION_LEVELS] = {0};
    if (regions_best(evidence, bytes, target->h, target->w, REGIONS, overlap, target, regions, err))
        return -1;
    if (settings->contours == CONTOURS_WSOL &&
        regions_best(evidence, bytes, target->h, target->w, HOLES, overlap, target, holes, err))
        return -1;
    for (int d = 0; d < OVERLAPS; d++)
        for (int level = 0; level < REGION_LEVELS; level++)
            counts[d * REGION_LEVELS + level] = regions[level] >= overlaps[d] || holes[level] >= overlaps[d];
    return 0;
}

static int measure(struct evidence *evidence, const void *params, struct value *value, struct error *err)
{
    const struct settings *settings = params;
    const struct map map = evidence_map(evidence);
    struct truth_boxes boxes;
    uint8_t *bytes;
    bool is_constant_map;
    if (evidence_truth_boxes(evidence, &boxes, value, err))
        return -1;
    if (value->undefined)
        return 0;
    uint32_t *counts = evidence_counts(evidence, count_length(settings), err);
    struct target target = {&boxes, (enum convention)settings->box_convention, map.h, map.w};
    if (!counts || make_bytes(evidence, &bytes, &is_constant_map, err))
        return -1;
    if (is_constant_map)
        value->flag = "constant_map";
    return is_constant_map ? 0 : count_hits(evidence, settings, bytes, &target, counts, err);
}

static double combine_counts(const void *params, const double *sums, int n)
{
    const struct settings *settings = params;
    double all = 0, share[OVERLAPS] = {0};
    for (int d = 0; d < OVERLAPS; d++) {
        for (int level = 0; level < REGION_LEVELS; level++)
            share[d] = fmax(share[d], sums[d * REGION_LEVELS + level] / n);
        all += share[d];
    }
    return settings->iou == 0 ? all / OVERLAPS : share[settings->iou - 1];
}

static const struct param params[] = {
    PARAM_ENUM(struct settings, contours, "wsol|regions", "boxes of regions and their holes, or of regions alone"),
    PARAM_ENUM(struct settings, box_convention, "inclusive|half_open", "whether the far sides belong to a box"),
    PARAM_ENUM(struct settings, iou, "mean|0.3|0.5|0.7", "the overlap that is a hit, or the mean of the three"),
    {0},
};

const struct metric metric_max_box_acc = {
    .abi = METRIC_ABI,
    .name = "max_box_acc",
    .title = "MaxBoxAccV2",
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
