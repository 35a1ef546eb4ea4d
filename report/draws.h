/*
 * report/draws.h - images drawn with replacement, for many means over the same images at once.
 *
 * DRAWS draws are made together: weights (n,DRAWS) hold how often each has each of n images, so that a draw's sum over a
 * column of numbers is a product with its weights, and columns share what was drawn.
 */
#ifndef REPORT_DRAWS_H
#define REPORT_DRAWS_H

#include "base/random.h"

#include <stddef.h>

enum { DRAWS = 16 };

/* Makes the weights of draws first .. end-1 of DRAWS from the stream's next numbers; n >= 1, counts (n) is scratch. */
void draws_fill(struct random_stream *stream, size_t n, int first, int end, uint32_t *counts, double *weights);

/* sums[d] += value[i] * weights[i][d] over n images, ascending. */
void draws_add(double sums[DRAWS], const double *value, const double *weights, size_t n);

#endif
