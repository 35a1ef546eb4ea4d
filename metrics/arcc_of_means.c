/*
 * metrics/arcc_of_means.c - the harmonic mean of the data set's mean coherency, 1 - mean complexity and twice the mean
 * ROAD, the last cut to [0,1], over the images where all three are defined. See arcc.c; arXiv:2605.14641.
 */
#include "metrics/metric.h"

static double combine(const double *means)
{
    return harmonic_mean3(means[0], 1 - means[1], fmax(0, fmin(1, 2 * means[2])));
}

const struct metric metric_arcc_of_means = {
    .abi = METRIC_ABI,
    .name = "arcc_of_means",
    .title = "ARCC of means",
    .unit = "",
    .min = 0,
    .max = 1,
    .direction = METRIC_HIGHER_IS_BETTER,
    .year = 2026,
    .source = "domeniconi2026refinecam",
    .version = 2,
    .parts = {"coherency", "complexity", "road"},
    .combine = combine,
};
