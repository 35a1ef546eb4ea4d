/* nn/softmax.c - softmax of logits, in vectors whose results do not depend on the machine. */
#include "nn/nn.h"

#include "nn/simd.h"

#include <math.h>
#include <stdint.h>

#define LANES 8
typedef double lanes __attribute__((vector_size(LANES * sizeof(double))));
typedef float singles __attribute__((vector_size(LANES * sizeof(float)), aligned(sizeof(float)), may_alias));
typedef int64_t lane_bits __attribute__((vector_size(LANES * sizeof(double))));

/*
 * e^x for x <= 0, with a relative error of about 4e-16; for x < -700, where a float would be 0, e^-700. x = n ln 2 + r
 * with |r| <= ln(2)/2; e^r is its series, and 2^n is made from the exponent's bits. All lanes and all machines run the
 * same operations.
 */
static inline void exp_lanes(lanes *values)
{
    static const double factorials[] = {39916800, 3628800, 362880, 40320, 5040, 720, 120, 24, 6, 2, 1, 1};
    const double whole = 0x1.8p52; /* added, it leaves the nearest whole number in the low bits */
    const lanes lowest = (lanes){0} - 700;
    const lane_bits is_low = *values < lowest; /* false for NaN */
    const lanes x = (lanes)(((lane_bits)lowest & is_low) | ((lane_bits)*values & ~is_low));
    const lanes shifted = x * 0x1.71547652b82fep+0 + whole, n = shifted - whole;
    const lanes r = x - n * 0x1.62e42fefa38p-1 - n * 0x1.ef35793c7673p-45;
    lanes sum = r * (1.0 / 6227020800) + 1.0 / 479001600;
    for (size_t k = 0; k < sizeof factorials / sizeof *factorials; k++)
        sum = sum * r + 1 / factorials[k];
    *values = sum * (lanes)(((lane_bits)shifted + 1023) << 52);
}

/* exp(value - top) of LANES values */
static inline void exp_differences(const float *values, float top, lanes *out)
{
    *out = __builtin_convertvector(*(const singles *)values, lanes) - top;
    exp_lanes(out);
}

/* The last values of a row, padded with values whose exponential adds nothing to a sum. */
static inline void fill_up(const float *values, int count, float *block)
{
    for (int i = 0; i < LANES; i++)
        block[i] = i < count ? values[i] : -INFINITY;
}

MULTIVERSION
static float top_of(const float *values, int n)
{
    float tops[LANES], rest[LANES];
    int k = n < LANES ? n : LANES;
    fill_up(values, k, tops);
    for (; k + LANES <= n; k += LANES)
        for (int i = 0; i < LANES; i++)
            tops[i] = values[k + i] > tops[i] ? values[k + i] : tops[i];
    fill_up(values + k, n - k, rest);
    float top = tops[0];
    for (int i = 0; i < LANES; i++) {
        top = tops[i] > top ? tops[i] : top;
        top = rest[i] > top ? rest[i] : top;
    }
    return top;
}

/* sum_k exp(logits_k - top) */
MULTIVERSION
static double exp_sum(const float *logits, int classes, float top)
{
    float rest[LANES];
    lanes sums = {0}, powers;
    int k = 0;
    for (; k + LANES <= classes; k += LANES) {
        exp_differences(logits + k, top, &powers);
        sums += powers;
    }
    fill_up(logits + k, classes - k, rest);
    exp_differences(rest, top, &powers);
    sums += powers;
    double sum = 0;
    for (int i = 0; i < LANES; i++)
        sum += sums[i];
    return sum;
}

static float share(float logit, float top, double sum)
{
    float block[LANES];
    lanes powers;
    fill_up(&logit, 1, block);
    exp_differences(block, top, &powers);
    return (float)(powers[0] / sum);
}

void softmax(const float *logits, int classes, float *probabilities)
{
    const float top = top_of(logits, classes);
    const double sum = exp_sum(logits, classes, top);
    for (int k = 0; k < classes; k++)
        probabilities[k] = share(logits[k], top, sum);
}

float softmax_of(const float *logits, int classes, int k)
{
    const float top = top_of(logits, classes);
    return share(logits[k], top, exp_sum(logits, classes, top));
}
