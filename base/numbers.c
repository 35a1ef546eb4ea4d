/* base/numbers.c - means, ranges, ranks, percentiles and min-max of arrays; numbers from their bits. */
#include "base/numbers.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

double mean_of(const float *values, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += values[i];
    return sum / (double)n;
}

bool is_constant(const float *values, size_t n)
{
    for (size_t i = 1; i < n; i++)
        if (values[i] != values[0])
            return false;
    return true;
}

bool floats_are_finite(const float *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(values[i]))
            return false;
    return true;
}

bool doubles_are_finite(const double *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!isfinite(values[i]))
            return false;
    return true;
}

size_t position_of_largest(const float *values, size_t n)
{
    size_t best = 0;
    for (size_t i = 1; i < n; i++)
        if (values[i] > values[best])
            best = i;
    return best;
}

int rank_from_smallest(const double *values, int n, int k)
{
    int rank = 0;
    for (int other = 0; other < n; other++)
        rank += values[other] < values[k] || (values[other] == values[k] && other < k);
    return rank;
}

int rank_from_largest(const double *values, int n, int k)
{
    int rank = 0;
    for (int other = 0; other < n; other++)
        rank += values[other] > values[k] || (values[other] == values[k] && other < k);
    return rank;
}

static int compare_floats(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    if (isnan(x) || isnan(y))
        return isnan(x) - isnan(y);
    return (x > y) - (x < y);
}

void sort_floats(float *values, size_t n)
{
    qsort(values, n, sizeof *values, compare_floats);
}

enum { DIGIT_BITS = 11, DIGITS = 1 << DIGIT_BITS, KEY_BITS = 32 };
typedef uint32_t sort_key __attribute__((may_alias));

/* Whole numbers in the order of the floats: negative ones have all bits inverted, the others the sign. NaN is the last. */
static uint32_t key_of_bits(uint32_t bits)
{
    if ((bits & 0x7fffffff) > 0x7f800000)
        return 0xffffffff;
    return bits & 0x80000000 ? ~bits : bits | 0x80000000;
}

static uint32_t bits_of_key(uint32_t key)
{
    return key & 0x80000000 ? key & 0x7fffffff : ~key;
}

/* Sorts by one digit; equal digits keep their order. */
static void sort_by_digit(const sort_key *from, sort_key *to, size_t n, int shift)
{
    size_t place[DIGITS] = {0}, before = 0;
    for (size_t i = 0; i < n; i++)
        place[from[i] >> shift & (DIGITS - 1)]++;
    for (int digit = 0; digit < DIGITS; digit++) {
        const size_t count = place[digit];
        place[digit] = before;
        before += count;
    }
    for (size_t i = 0; i < n; i++)
        to[place[from[i] >> shift & (DIGITS - 1)]++] = from[i];
}

void sort_many_floats(float *values, float *scratch, size_t n)
{
    void *const keys = values, *const others = scratch;
    sort_key *from = keys, *to = others, *const result = keys;
    for (size_t i = 0; i < n; i++)
        from[i] = key_of_bits(from[i]);
    for (int shift = 0; shift < KEY_BITS; shift += DIGIT_BITS) {
        sort_by_digit(from, to, n, shift);
        sort_key *sorted = to;
        to = from;
        from = sorted;
    }
    for (size_t i = 0; i < n; i++)
        result[i] = bits_of_key(from[i]);
}

double percentile_of_sorted(const float *sorted, size_t n, double percent)
{
    const double at = percent / 100 * (double)(n - 1);
    const size_t below = (size_t)at < n - 1 ? (size_t)at : n - 1, above = below + 1 < n ? below + 1 : below;
    return sorted[below] + (at - (double)below) * ((double)sorted[above] - sorted[below]);
}

struct range range_of(const float *values, size_t n)
{
    struct range range = {values[0], values[0]};
    for (size_t i = 1; i < n; i++) {
        range.min = values[i] < range.min ? values[i] : range.min;
        range.max = values[i] > range.max ? values[i] : range.max;
    }
    return range;
}

bool min_max(const float *values, size_t n, float eps, float *out)
{
    const struct range range = range_of(values, n);
    const float span = range.max - range.min;
    for (size_t i = 0; i < n; i++)
        out[i] = span > 0 ? (values[i] - range.min) / (span + eps) : 0 * span; /* NaN if a value is infinite or NaN */
    return span > 0;
}

float float_from_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

double double_from_bits(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* 1 sign bit, 5 bits of exponent with bias 15, 10 of fraction. */
float float_from_float16(uint16_t bits)
{
    const uint32_t sign = (uint32_t)(bits & 0x8000u) << 16, exponent = bits >> 10 & 0x1f, fraction = bits & 0x3ff;
    if (exponent == 0) {
        const float value = (float)fraction * 0x1p-24f;
        return sign ? -value : value;
    }
    if (exponent == 31)
        return float_from_bits(sign | 0x7f800000u | fraction << 13);
    return float_from_bits(sign | (exponent + 112) << 23 | fraction << 13);
}

float float_from_bfloat16(uint16_t bits)
{
    return float_from_bits((uint32_t)bits << 16);
}
