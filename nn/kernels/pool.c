/* nn/kernels/pool.c - max pooling of one output position: lanes are channels; the maximum stays in registers. */
#include "nn/kernels/vector.h"

static inline vec larger(vec best, vec x)
{
    return choose((x > best) | (x != x), x, best); /* NOLINT(misc-redundant-expression): NaN */
}

void SET(max_pool)(const float *const *tap, int taps, int channels, float *y)
{
    int c = 0;
    for (; c + 2 * LANES <= channels; c += 2 * LANES) {
        vec left = load(tap[0] + c), right = load(tap[0] + c + LANES);
        for (int t = 1; t < taps; t++) {
            left = larger(left, load(tap[t] + c));
            right = larger(right, load(tap[t] + c + LANES));
        }
        store(y + c, left);
        store(y + c + LANES, right);
    }
    for (; c < channels; c++) {
        float best = tap[0][c];
        for (int t = 1; t < taps; t++)
            best = tap[t][c] > best || tap[t][c] != tap[t][c] ? tap[t][c] : best;
        y[c] = best;
    }
}
