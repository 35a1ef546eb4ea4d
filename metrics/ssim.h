/*
 * metrics/ssim.h - structural similarity of two maps of one size: Wang et al., "Image Quality Assessment: From Error
 * Visibility to Structural Similarity", IEEE Transactions on Image Processing 13, 2004. K1 0.01, K2 0.03; the dynamic
 * range is that of both maps together, which must not be the same everywhere.
 */
#ifndef METRICS_SSIM_H
#define METRICS_SSIM_H

#include "metrics/metric.h"

/*
 * In two dimensions, with a Gaussian of deviation 1.5 in windows of 11x11, or of the largest odd number that fits, that
 * lie within the maps. 0, or -1 with err: no memory.
 */
int ssim(struct evidence *evidence, const struct map *a, const struct map *b, double *similarity, struct error *err);

/*
 * Of the maps as rows of numbers, each divided by its largest |value|, in windows of seven equal weights, with the
 * sample's covariance. NAN for fewer than seven values.
 */
double ssim_flat(const struct map *a, const struct map *b);

#endif
