/*
 * metrics/impute.h - the linear imputation of ROAD: pixels are replaced by what their neighbours make likely.
 *
 * Every missing pixel becomes the weighted mean of its neighbours in the image: weight 1/6 at a side, 1/12 at a corner.
 * Known pixels keep their values, missing ones are the unknowns of a sparse system, which is the same for all channels.
 */
#ifndef METRICS_IMPUTE_H
#define METRICS_IMPUTE_H

#include "base/arena.h"
#include "base/error.h"

#include <stdint.h>

/*
 * Writes the image (channels,h,w) with its missing pixels filled in; is_missing (h,w) is 0 for at least one of them.
 * tolerance: of the residual, as a share of the right-hand side. Scratch is taken from the arena and given back. 0, or -1
 * with err: no memory.
 */
int impute_linear(const uint8_t *is_missing, int h, int w, const float *image, int channels, double tolerance,
                  struct arena *arena, float *out, struct error *err);

/* out += noise, planes of n pixels, where they are missing. */
void impute_add(const uint8_t *is_missing, const float *noise, size_t n, float *out);

#endif
