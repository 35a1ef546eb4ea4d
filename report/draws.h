/*
 * report/draws.h - images drawn with replacement, for many means over the same images at once.
 *
 * DRAWS draws are made together. weights (n,DRAWS) count how often each draw contains each of the n images, so a draw's
 * sum over a column of n numbers is the product of the column and the draw's weights. All columns share the weights.
 */
#ifndef REPORT_DRAWS_H
#define REPORT_DRAWS_H

#include "base/random.h"

#include <stddef.h>

enum { DRAWS = 16 };

/*
 * Fills the weights of draws first .. end-1 (0 to DRAWS) from the stream's next numbers; n >= 1, counts (n) is scratch.
 */
void draws_fill(struct random_stream *stream, size_t n, int first, int end, uint32_t *counts, double *weights);

/* Adds value[i] * weights[i][d] to sums[d], for images i = 0 .. n-1 in this order. */
void draws_add(double sums[DRAWS], const double *value, const double *weights, size_t n);

#endif
