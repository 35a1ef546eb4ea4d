/* nn/maps.c - softmax and bilinear enlargement, which methods and metrics share. */
#include "nn/nn.h"

#include "nn/simd.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

/* -- softmax -------------------------------------------------------------------------------------------------------- */

#define LANES 8
typedef double lanes __attribute__((vector_size(LANES * sizeof(double))));
typedef int64_t lane_bits __attribute__((vector_size(LANES * sizeof(double))));

/*
 * e^x for numbers x <= 0, to some 4e-16 of its size; below -700, where no float is left, e^-700. x = n ln 2 + r with
 * |r| <= ln(2)/2; e^r by its series, 2^n by the exponent's bits. In all lanes and on all machines the same operations.
 */
static inline void exp_lanes(const lanes *exponent, lanes *power)
{
    static const double inverse[] = {
        1.0 / 6227020800, 1.0 / 479001600, 1.0 / 39916800, 1.0 / 3628800, 1.0 / 362880, 1.0 / 40320, 1.0 / 5040,
        1.0 / 720,        1.0 / 120,       1.0 / 24,       1.0 / 6,       1.0 / 2,      1,           1};
    const double round = 0x1.8p52;               /* added, it leaves the whole number in the low bits */
    const lane_bits is_low = *exponent < -700.0; /* not of NaN */
    const lanes x = (lanes)(((lane_bits)(*exponent - *exponent - 700.0) & is_low) | ((lane_bits)*exponent & ~is_low));
    const lanes shifted = x * 0x1.71547652b82fep+0 + round, n = shifted - round;
    const lanes r = x - n * 0x1.62e42fefa38p-1 - n * 0x1.ef35793c7673p-45;
    lanes sum = r * inverse[0] + inverse[1];
    for (size_t k = 2; k < sizeof inverse / sizeof *inverse; k++)
        sum = sum * r + inverse[k];
    *power = sum * (lanes)(((lane_bits)shifted + 1023) << 52);
}

/* exp(values - top) of up to LANES values; the others give 0. */
static inline void exp_of(const float *values, int count, float top, lanes *power)
{
    lanes x = {0};
    for (int i = 0; i < LANES; i++)
        x[i] = i < count ? (double)values[i] - top : -INFINITY;
    exp_lanes(&x, power);
}
