/* nn/kernels/transposed.c - the product of a vector with transposed packed weights: the gradient of a linear layer. */
#include "nn/kernels/vector.h"

/*
 * Rows computed at a time: their sums stay in the L1 cache during all panels, and weights are read in runs of as many
 * floats.
 */
#define ROWS 256

static bool is_zero(const float *dy)
{
    for (int j = 0; j < PANEL; j++)
        if (dy[j] != 0)
            return false;
    return true;
}

static float sum_of(vec v)
{
    float sum = 0;
    for (int i = 0; i < LANES; i++)
        sum += v[i];
    return sum;
}

static void run_rows(const float *weight, int depth, int columns, const float *dy, int rows, float *dx)
{
    vec sums[ROWS];
    for (int k = 0; k < rows; k++)
        sums[k] = (vec){0};
    for (int j = 0; j < columns; j += PANEL, weight += (size_t)depth * PANEL) {
        if (is_zero(dy + j))
            continue;
        const vec left = load(dy + j), right = load(dy + j + LANES);
        for (int k = 0; k < rows; k++) {
            const float *w = weight + (size_t)k * PANEL;
            sums[k] += load(w) * left;
            sums[k] += load(w + LANES) * right;
        }
    }
    for (int k = 0; k < rows; k++)
        dx[k] += sum_of(sums[k]);
}

void SET(product_transposed)(const float *weight, int depth, int columns, const float *dy, int begin, int end,
                             float *dx)
{
    for (int k = begin; k < end; k += ROWS)
        run_rows(weight + (size_t)k * PANEL, depth, columns, dy, end - k < ROWS ? end - k : ROWS, dx + k);
}
