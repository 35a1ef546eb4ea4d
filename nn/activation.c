/*
 * nn/activation.c - functions of single values: ReLU, ReLU6, sigmoid, SiLU, hard sigmoid, hard swish. Further ones:
 * nn/pointwise.c.
 * Defines: hard_sigmoid, hard_swish, relu, relu6, sigmoid, silu.
 *
 * The step of the operator before an activation applies it if it can (epilogue()); otherwise it works on a copy of its
 * input.
 */
#include "nn/activation.h"
#include "nn/simd.h"

#include <math.h>
#include <string.h>

void activation_forward(const struct step *step, const struct step_io *io, int block)
{
    (void)block;
    memcpy(io->y, io->x[0], shape_size(io->out) * sizeof *io->y);
    step->activation->activate(io->y, shape_size(io->out));
}

void activation_backward(const struct step *step, const struct step_io *io)
{
    (void)step;
    add_values(io->dx[0], io->dy, shape_size(io->out));
}

/* -- ReLU and ReLU6 ------------------------------------------------------------------------------------------------- */

MULTIVERSION static void clamp(float *y, size_t n, float top)
{
    for (size_t i = 0; i < n; i++) {
        const float v = y[i] < 0 ? 0 : y[i];
        y[i] = v > top ? top : v;
    }
}

static void relu(float *y, size_t n)
{
    clamp(y, n, INFINITY);
}

static void relu6(float *y, size_t n)
{
    clamp(y, n, 6);
}

/* Multiplies by `slope` where y lies between 0 and top, by 0 elsewhere. */
MULTIVERSION static void slope_inside(const float *y, float *restrict dy, size_t n, float top, float slope)
{
    for (size_t i = 0; i < n; i++) {
        const float inside = dy[i] * slope;
        dy[i] = ((y[i] > 0) & (y[i] < top)) ? inside : 0;
    }
}

static void relu_slope(const float *x, const float *y, float *dy, size_t n)
{
    (void)x;
    slope_inside(y, dy, n, INFINITY, 1);
}

static void relu6_slope(const float *x, const float *y, float *dy, size_t n)
{
    (void)x;
    slope_inside(y, dy, n, 6, 1);
}

const struct op op_relu = {
    .name = "relu", ACTIVATION, .activate = relu, .slope = relu_slope, .is_limit = true, .top = INFINITY};
const struct op op_relu6 = {
    .name = "relu6", ACTIVATION, .activate = relu6, .slope = relu6_slope, .is_limit = true, .top = 6};

/* -- sigmoid and SiLU ----------------------------------------------------------------------------------------------- */

MULTIVERSION static void sigmoid(float *y, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] = sigmoid_of(y[i]);
}

static void sigmoid_slope(const float *x, const float *y, float *dy, size_t n)
{
    (void)x;
    for (size_t i = 0; i < n; i++)
        dy[i] *= y[i] * (1 - y[i]);
}

MULTIVERSION static void silu(float *y, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] *= sigmoid_of(y[i]);
}

MULTIVERSION static void silu_slope(const float *x, const float *y, float *dy, size_t n)
{
    (void)y;
    for (size_t i = 0; i < n; i++) {
        const float s = sigmoid_of(x[i]);
        dy[i] *= s * (1 + x[i] * (1 - s));
    }
}

const struct op op_sigmoid = {.name = "sigmoid", ACTIVATION, .activate = sigmoid, .slope = sigmoid_slope};
const struct op op_silu = {
    .name = "silu", ACTIVATION, .activate = silu, .slope = silu_slope, .slope_needs_input = true};

/* -- hard sigmoid, clamp(x + 3, 0, 6) / 6, and hard swish, x * hard sigmoid ------------------------------------------ */

static inline float hard_sigmoid_of(float x)
{
    const float v = x + 3 < 0 ? 0 : x + 3;
    return (v > 6 ? 6 : v) / 6;
}

MULTIVERSION static void hard_sigmoid(float *y, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] = hard_sigmoid_of(y[i]);
}

static void hard_sigmoid_slope(const float *x, const float *y, float *dy, size_t n)
{
    (void)x;
    slope_inside(y, dy, n, 1, 1 / 6.0f);
}

MULTIVERSION static void hard_swish(float *y, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] *= hard_sigmoid_of(y[i]);
}

/* At -3 and at 3 the slope is that of the middle part, as in torch. */
static void hard_swish_slope(const float *x, const float *y, float *dy, size_t n)
{
    (void)y;
    for (size_t i = 0; i < n; i++)
        dy[i] *= x[i] < -3 ? 0 : x[i] <= 3 ? x[i] / 3 + 0.5f : 1;
}

const struct op op_hard_sigmoid = {
    .name = "hard_sigmoid", ACTIVATION, .activate = hard_sigmoid, .slope = hard_sigmoid_slope};
const struct op op_hard_swish = {
    .name = "hard_swish", ACTIVATION, .activate = hard_swish, .slope = hard_swish_slope, .slope_needs_input = true};
