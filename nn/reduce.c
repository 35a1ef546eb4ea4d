/*
 * nn/reduce.c - mean, sum, maximum and minimum over some of the axes, which stay with size 1.
 * Defines: reduce_max, reduce_mean, reduce_min, reduce_sum.
 *
 * The mean over height and width is bit for bit that of adaptive_avg_pool. The gradient of a maximum or minimum goes to
 * the first of equal values in the order of (C,h,w), as a pool's does.
 */
#include "nn/op.h"
#include "nn/ops.h"
#include "nn/simd.h"

#include <math.h>
#include <string.h>

static const struct reduce *reduce_of(const struct step *step)
{
    return step->node->attributes;
}

static const char *shape(const struct node *node, const struct shape *in, struct shape *out)
{
    const struct reduce *r = node->attributes;
    *out = (struct shape){r->c ? 1 : in[0].c, r->h ? 1 : in[0].h, r->w ? 1 : in[0].w};
    return r->c || r->h || r->w ? NULL : "a reduction needs an axis: c, h or w";
}

/* Where the results of a position's channels begin in the result. */
static size_t place(const struct reduce *r, struct shape out, int i, int j)
{
    return ((size_t)(r->h ? 0 : i) * (size_t)out.w + (size_t)(r->w ? 0 : j)) * (size_t)out.c;
}

/* -- sum and mean --------------------------------------------------------------------------------------------------- */

/* Number of values of which each result is the mean; 1 for a sum. */
static float divisor(const struct step_io *io, bool is_mean)
{
    const size_t values = shape_size(io->in[0]) / shape_size(io->out);
    return is_mean ? (float)values : 1;
}

static float channel_sum(const float *x, int channels)
{
    double sum = 0;
    for (int k = 0; k < channels; k++)
        sum += x[k];
    return (float)sum;
}

static void sum_forward(const struct step *step, const struct step_io *io, bool is_mean)
{
    const struct reduce *r = reduce_of(step);
    const struct shape in = io->in[0];
    const size_t size = shape_size(io->out);
    const float *x = io->x[0], count = divisor(io, is_mean);
    memset(io->y, 0, size * sizeof *io->y);
    for (int i = 0; i < in.h; i++)
        for (int j = 0; j < in.w; j++, x += in.c) {
            float *y = io->y + place(r, io->out, i, j);
            if (r->c)
                *y += channel_sum(x, in.c);
            else
                add_values(y, x, (size_t)in.c);
        }
    for (size_t k = 0; is_mean && k < size; k++)
        io->y[k] /= count;
}

static void sum_backward(const struct step *step, const struct step_io *io, bool is_mean)
{
    const struct reduce *r = reduce_of(step);
    const struct shape in = io->in[0];
    const float factor = 1 / divisor(io, is_mean);
    float *dx = io->dx[0];
    for (int i = 0; i < in.h; i++)
        for (int j = 0; j < in.w; j++, dx += in.c) {
            const float *dy = io->dy + place(r, io->out, i, j);
            for (int k = 0; k < in.c; k++)
                dx[k] += dy[r->c ? 0 : k] * factor;
        }
}

static void mean_forward(const struct step *step, const struct step_io *io, int block)
{
    (void)block;
    sum_forward(step, io, true);
}

static void mean_backward(const struct step *step, const struct step_io *io)
{
    sum_backward(step, io, true);
}

static void total_forward(const struct step *step, const struct step_io *io, int block)
{
    (void)block;
    sum_forward(step, io, false);
}

static void total_backward(const struct step *step, const struct step_io *io)
{
    sum_backward(step, io, false);
}

/* -- maximum and minimum -------------------------------------------------------------------------------------------- */

/* Whether a replaces b. */
static inline bool is_better(float a, float b, bool is_min)
{
    return is_min ? a < b : a > b;
}

/* y = the better of y and x, channel by channel. NaN stays visible. */
MULTIVERSION static void take_better(float *restrict y, const float *restrict x, int channels, bool is_min)
{
    if (is_min)
        for (int k = 0; k < channels; k++)
            y[k] = x[k] < y[k] || x[k] != x[k] ? x[k] : y[k];
    else
        for (int k = 0; k < channels; k++)
            y[k] = x[k] > y[k] || x[k] != x[k] ? x[k] : y[k];
}

/* The best of `best` and all channels of a position. */
static float best_channel(const float *x, int channels, float best, bool is_min)
{
    for (int k = 0; k < channels; k++)
        best = is_better(x[k], best, is_min) || x[k] != x[k] ? x[k] : best;
    return best;
}

static void extreme_forward(const struct step *step, const struct step_io *io, bool is_min)
{
    const struct reduce *r = reduce_of(step);
    const struct shape in = io->in[0];
    const float *x = io->x[0], nothing = is_min ? INFINITY : -INFINITY;
    for (size_t k = 0; k < shape_size(io->out); k++)
        io->y[k] = nothing;
    for (int i = 0; i < in.h; i++)
        for (int j = 0; j < in.w; j++, x += in.c) {
            float *y = io->y + place(r, io->out, i, j);
            if (r->c)
                *y = best_channel(x, in.c, *y, is_min);
            else
                take_better(y, x, in.c, is_min);
        }
}

/* Where the extreme of result n lies in the input x: the first place, in the order of (C,h,w). */
static size_t extreme_place(const struct step *step, const struct step_io *io, const float *x, size_t n, bool is_min)
{
    const struct reduce *r = reduce_of(step);
    const struct shape in = io->in[0], out = io->out;
    const size_t c = (size_t)in.c, w = (size_t)in.w, position = n / (size_t)out.c;
    const size_t k = n % (size_t)out.c, i = position / (size_t)out.w, j = position % (size_t)out.w;
    const size_t k1 = r->c ? c : k + 1, i1 = r->h ? (size_t)in.h : i + 1, j1 = r->w ? w : j + 1;
    size_t best = (i * w + j) * c + k;
    for (size_t channel = k; channel < k1; channel++)
        for (size_t row = i; row < i1; row++)
            for (size_t column = j; column < j1; column++)
                if (is_better(x[(row * w + column) * c + channel], x[best], is_min))
                    best = (row * w + column) * c + channel;
    return best;
}

static void extreme_backward(const struct step *step, const struct step_io *io, bool is_min)
{
    for (size_t n = 0; n < shape_size(io->out); n++)
        io->dx[0][extreme_place(step, io, io->x[0], n, is_min)] += io->dy[n];
}

static void extreme_tangent(const struct step *step, const struct step_io *io, const float *dx, float *dy, bool is_min)
{
    for (size_t n = 0; n < shape_size(io->out); n++)
        dy[n] = dx[extreme_place(step, io, io->x[0], n, is_min)];
}

/* The slope between the reference x0 and x at the better of their extremes; 1 if they are equal there. */
static void extreme_multiply(const struct step *step, const struct step_io *io, const float *x0, bool is_min)
{
    const float *x = io->x[0];
    for (size_t n = 0; n < shape_size(io->out); n++) {
        const size_t at = extreme_place(step, io, x, n, is_min), at0 = extreme_place(step, io, x0, n, is_min);
        const size_t place = is_better(x0[at0], x[at], is_min) ? at0 : at;
        const double run = (double)x[place] - x0[place], rise = (double)x[at] - x0[at0];
        io->dx[0][place] += (float)(io->dy[n] * (run != 0 ? rise / run : 1));
    }
}

static void max_forward(const struct step *step, const struct step_io *io, int block)
{
    (void)block;
    extreme_forward(step, io, false);
}

static void max_backward(const struct step *step, const struct step_io *io)
{
    extreme_backward(step, io, false);
}

static void max_tangent(const struct step *step, const struct step_io *io, const float *const *dx, float *dy)
{
    extreme_tangent(step, io, dx[0], dy, false);
}

static void max_multiply(const struct step *step, const struct step_io *io, const struct step_io *reference)
{
    extreme_multiply(step, io, reference->x[0], false);
}

static void min_forward(const struct step *step, const struct step_io *io, int block)
{
    (void)block;
    extreme_forward(step, io, true);
}

static void min_backward(const struct step *step, const struct step_io *io)
{
    extreme_backward(step, io, true);
}

static void min_tangent(const struct step *step, const struct step_io *io, const float *const *dx, float *dy)
{
    extreme_tangent(step, io, dx[0], dy, true);
}

static void min_multiply(const struct step *step, const struct step_io *io, const struct step_io *reference)
{
    extreme_multiply(step, io, reference->x[0], true);
}

/* -- the operators -------------------------------------------------------------------------------------------------- */

static const struct param attributes[] = {PARAM_BOOL(struct reduce, c, false, "over the channels"),
                                          PARAM_BOOL(struct reduce, h, false, "over the height"),
                                          PARAM_BOOL(struct reduce, w, false, "over the width"),
                                          {0}};

#define REDUCTION \
    .inputs_least = 1, .inputs_most = 1, .attributes = attributes, .attributes_size = sizeof(struct reduce), \
    .shape = shape, .macs = mac_per_value

const struct op op_reduce_mean = {.name = "reduce_mean",
                                  REDUCTION,
                                  .is_mean = true,
                                  .forward = mean_forward,
                                  .backward = mean_backward,
                                  .is_linear = true};

const struct op op_reduce_sum = {
    .name = "reduce_sum", REDUCTION, .forward = total_forward, .backward = total_backward, .is_linear = true};

const struct op op_reduce_max = {.name = "reduce_max",
                                 REDUCTION,
                                 .forward = max_forward,
                                 .backward = max_backward,
                                 .tangent = max_tangent,
                                 .multiply = max_multiply};

const struct op op_reduce_min = {.name = "reduce_min",
                                 REDUCTION,
                                 .forward = min_forward,
                                 .backward = min_backward,
                                 .tangent = min_tangent,
                                 .multiply = min_multiply};
