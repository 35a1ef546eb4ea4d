/*
 * metrics/loc_accuracy.c - the share of images whose box is found: 1 if box_iou is at least 0.5, else 0. Zhou et al.,
 * "Learning Deep Features for Discriminative Localization", CVPR 2016, section 3.2, arXiv:1512.04150. The threshold on
 * the map is box_iou's parameter.
 */
#include "metrics/metric.h"

#define FOUND 0.5

static int measure(struct evidence *evidence, const void *params, struct value *value, struct error *err)
{
    (void)params; /* none */
    if (evidence_value(evidence, "box_iou", value, err))
        return -1;
    if (!value->undefined)
        value->number = value->number >= FOUND;
    return 0;
}

const struct metric metric_loc_accuracy = {
    .abi = METRIC_ABI,
    .name = "loc_accuracy",
    .title = "Localisation Accuracy",
    .unit = "%",
    .is_percent = true,
    .min = 0,
    .max = 1,
    .direction = METRIC_HIGHER_IS_BETTER,
    .year = 2016,
    .source = "zhou2016cam",
    .version = 1,
    .is_truth = true,
    .measure = measure,
    .parts = {"box_iou"},
};
