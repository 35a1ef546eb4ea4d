/*
 * nn/conv_mix.c - a weighted sum of a convolution's output channels. A convolution is linear in its kernel, so the sum
 * is one channel, computed with the weighted sum of the kernels: the work of one output channel instead of all.
 */
#include "nn/conv.h"

#include <string.h>

/* Writes kernel (tap, input channel), the weighted sum over the outputs of each group. Reads the plain weight. */
static void mix_kernels(const struct step *step, int channels_in, const double *weight, double *kernel)
{
    const struct conv2d *c = conv_of(step);
    const int in = channels_in / c->groups, out = c->out / c->groups, taps = conv2d_taps(c);
    const float *from = step->weight;
    if (step->plain == &conv_plain_depthwise) {
        for (int t = 0; t < taps; t++)
            for (int k = 0; k < channels_in; k++)
                *kernel++ = weight[k] * *from++;
        return;
    }
    for (int g = 0; g < c->groups; g++)
        for (int t = 0; t < taps; t++)
            for (int i = 0; i < in; i++, from += out) {
                double sum = 0;
                for (int o = 0; o < out; o++)
                    sum += weight[g * out + o] * from[o];
                kernel[(size_t)t * (size_t)channels_in + (size_t)(g * in + i)] = sum;
            }
}

#define LANES 8 /* partial sums, which a compiler can keep in vectors */

static double dot(const double *a, const float *x, int n)
{
    double part[LANES] = {0}, sum = 0;
    int k = 0;
    for (; k + LANES <= n; k += LANES)
        for (int lane = 0; lane < LANES; lane++)
            part[lane] += a[k + lane] * x[k + lane];
    for (int lane = 0; lane < LANES; lane++)
        sum += part[lane];
    for (; k < n; k++)
        sum += a[k] * x[k];
    return sum;
}

/* The value at one output position. */
static double value_at(const struct conv2d *c, const float *x, struct shape in, int i, int j, const double *kernel)
{
    double sum = 0;
    for (int ky = 0; ky < c->kernel; ky++)
        for (int kx = 0; kx < c->kernel_w; kx++, kernel += in.c) {
            const int row = i * c->stride - c->pad.top + ky * c->dilation;
            const int column = j * c->stride_w - c->pad.left + kx * c->dilation_w;
            if (row >= 0 && row < in.h && column >= 0 && column < in.w)
                sum += dot(kernel, x + ((size_t)row * (size_t)in.w + (size_t)column) * (size_t)in.c, in.c);
        }
    return sum;
}

void conv_mix(const struct step *step, const struct step_io *io, const double *weight, double *kernel, float *map)
{
    mix_kernels(step, io->in[0].c, weight, kernel);
    for (int i = 0; i < io->out.h; i++)
        for (int j = 0; j < io->out.w; j++)
            *map++ = (float)value_at(conv_of(step), io->x[0], io->in[0], i, j, kernel);
}
