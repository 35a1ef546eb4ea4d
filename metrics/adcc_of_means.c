/*
 * metrics/adcc_of_means.c - ADCC as most papers print it: the harmonic mean of the data set's mean coherency, 1 - mean
 * complexity and 1 - mean drop, over the images where all three are defined. It is never below the mean of adcc.c.
 * Poppi et al., "Revisiting the Evaluation of Class Activation Mapping for Explainability", CVPR Workshops 2021,
 * arXiv:2104.10252.
 */
#include "metrics/metric.h"

static double combine(const double *means)
{
    return harmonic_mean3(means[0], 1 - means[1], 1 - means[2]);
}

const struct metric metric_adcc_of_means = {
    .abi = METRIC_ABI,
    .name = "adcc_of_means",
    .title = "ADCC of means",
    .unit = "%",
    .is_percent = true,
    .min = 0,
    .max = 1,
    .direction = METRIC_HIGHER_IS_BETTER,
    .year = 2021,
    .source = "poppi2021revisiting",
    .version = 1,
    .parts = {"coherency", "complexity", "average_drop"},
    .combine = combine,
};
