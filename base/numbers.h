/*
 * base/numbers.h - small statistics of arrays, and the bits of numbers in files, for several rooms.
 *
 * Sums are in double and in the order of the array, so that every caller gets the same bits. n is at least 1.
 */
#ifndef BASE_NUMBERS_H
#define BASE_NUMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

double mean_of(const float *values, size_t n);

/* Whether all values equal the first. */
bool is_constant(const float *values, size_t n);

bool floats_are_finite(const float *values, size_t n);
bool doubles_are_finite(const double *values, size_t n);

/* Position of the largest value; of equal ones, the first. */
size_t position_of_largest(const float *values, size_t n);

/* How many of n values are smaller (larger) than value k, or equal to it with a lower index. */
int rank_from_smallest(const double *values, int n, int k);
int rank_from_largest(const double *values, int n, int k);

/* Sorts n floats, ascending; NaN come last. */
void sort_floats(float *values, size_t n);

/* The same in linear time, for many values; scratch: n floats. */
void sort_many_floats(float *values, float *scratch, size_t n);

/* The percentile (0..100) of n sorted floats, linear between neighbours, as numpy.percentile() is by default. */
double percentile_of_sorted(const float *sorted, size_t n, double percent);

/* Smallest and largest of n floats. NaN is ignored, unless it is the first value: then both are NaN. */
struct range {
    float min, max;
};
struct range range_of(const float *values, size_t n);

/*
 * Writes (v - min) / (max - min + eps) to out, which may be `values`. If all values are equal: writes zeros, returns
 * false.
 */
bool min_max(const float *values, size_t n, float eps, float *out);

/* The number that these bits are in IEEE 754 binary16, in bfloat16 (the upper half of binary32), binary32, binary64. */
float float_from_float16(uint16_t bits);
float float_from_bfloat16(uint16_t bits);
float float_from_bits(uint32_t bits);
double double_from_bits(uint64_t bits);

#endif
