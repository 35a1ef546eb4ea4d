/*
 * base/numbers.h - small statistics of arrays that several rooms need.
 *
 * Sums run in double, in the order of the array, so that a number does not depend on the caller. n is at least 1.
 */
#ifndef BASE_NUMBERS_H
#define BASE_NUMBERS_H

#include <stdbool.h>
#include <stddef.h>

double mean_of(const float *values, size_t n);

/* Whether all values equal the first. */
bool is_constant(const float *values, size_t n);

bool floats_are_finite(const float *values, size_t n);
bool doubles_are_finite(const double *values, size_t n);

/* Position of the largest value, the first of equals. */
size_t position_of_largest(const float *values, size_t n);

/* How many of n values are smaller (larger) than value k, or equal to it with a lower index. */
int rank_from_smallest(const double *values, int n, int k);
int rank_from_largest(const double *values, int n, int k);

/* Smallest and largest of n floats; values that are not numbers count only as the first. */
struct range {
    float min, max;
};
struct range range_of(const float *values, size_t n);

/* N: (v - min) / (max - min + eps) into out (may be values); false, and zeros, when all values are equal. */
bool min_max(const float *values, size_t n, float eps, float *out);

#endif
