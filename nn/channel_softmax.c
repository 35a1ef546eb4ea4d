/*
 * nn/channel_softmax.c - softmax over the channels of each position, inside a network.
 * Defines: softmax.
 */
#include "nn/activation.h"
#include "nn/simd.h"

/* y = exp(x - the largest x) / sum, the sum in double. */
MULTIVERSION static void softmax_row(const float *x, int n, float *restrict y)
{
    float top = x[0];
    double sum = 0;
    for (int k = 1; k < n; k++)
        top = x[k] > top ? x[k] : top;
    for (int k = 0; k < n; k++)
        y[k] = exponential(x[k] - top);
    for (int k = 0; k < n; k++)
        sum += (double)y[k];
    const float factor = (float)(1 / sum);
    for (int k = 0; k < n; k++)
        y[k] *= factor;
}

static void forward(const struct step *step, const struct step_io *io, int block)
{
    (void)step, (void)block;
    const size_t c = (size_t)io->out.c;
    for (size_t i = 0; i < shape_size(io->out); i += c)
        softmax_row(io->x[0] + i, io->out.c, io->y + i);
}

/* dx = y (dy - sum of dy * y) */
static void backward(const struct step *step, const struct step_io *io)
{
    (void)step;
    const size_t c = (size_t)io->out.c;
    for (size_t i = 0; i < shape_size(io->out); i += c) {
        const float *y = io->y + i, *dy = io->dy + i;
        double sum = 0;
        for (size_t k = 0; k < c; k++)
            sum += (double)dy[k] * (double)y[k];
        for (size_t k = 0; k < c; k++)
            io->dx[0][i + k] += (float)((double)y[k] * ((double)dy[k] - sum));
    }
}

const struct op op_softmax = {.name = "softmax",
                              .inputs_least = 1,
                              .inputs_most = 1,
                              .works_on_rows = true,
                              .shape = same_shape,
                              .forward = forward,
                              .backward = backward};
