/* nn/activation.h - inside nn/: what operators on single values share: forward and backward, the exponential. */
#ifndef NN_ACTIVATION_H
#define NN_ACTIVATION_H

#include "nn/op.h"

#include <stdint.h>
#include <string.h>

/* Of an activation that is a step of its own. */
void activation_forward(const struct step *step, const struct step_io *io, int block);
void activation_backward(const struct step *step, const struct step_io *io);

#define ACTIVATION \
    .inputs_least = 1, .inputs_most = 1, .fuses = true, .works_on_rows = true, .shape = same_shape, \
    .forward = activation_forward, .backward = activation_backward

/*
 * exp(x) = 2^n * exp(r), with 2^n in *power and r returned, in operations that vectors have; x is clamped to -87..88,
 * where the result is a normal number. Adding 1.5 * 2^23 to x / ln 2 rounds it to n and leaves n in the last bits.
 */
static inline float split_exponential(float x, float *power)
{
    const float low = x < -87 ? -87 : x, inside = low > 88 ? 88 : low;
    const float shifted = inside * 0x1.715476p+0f + 0x1.8p+23f, n = shifted - 0x1.8p+23f;
    uint32_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    bits = (bits << 23) + 0x3f800000;
    memcpy(power, &bits, sizeof bits);
    return inside - n * 0x1.62e4p-1f - n * 0x1.7f7d1cp-20f; /* ln 2 in two parts: the first product is exact */
}

/* exp(x), within 2 units in the last place */
static inline float exponential(float x)
{
    float power;
    const float r = split_exponential(x, &power);
    const float series =
        1 + r * (1 + r * (1 / 2.0f + r * (1 / 6.0f + r * (1 / 24.0f + r * (1 / 120.0f + r * (1 / 720.0f))))));
    return power * series;
}

/* exp(x) - 1, with few units in the last place for small x too */
static inline float exponential_less_one(float x)
{
    float power;
    const float r = split_exponential(x, &power);
    const float rest = 1 / 24.0f + r * (1 / 120.0f + r * (1 / 720.0f + r * (1 / 5040.0f)));
    const float series = r * (1 + r * (1 / 2.0f + r * (1 / 6.0f + r * rest)));
    return power * series + (power - 1);
}

static inline float sigmoid_of(float x)
{
    return 1 / (1 + exponential(-x));
}

#endif
