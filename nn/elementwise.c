/* nn/elementwise.c - ReLU, ReLU6, add, and the epilogue that fuses them behind another operator. */
#include "nn/op.h"
#include "nn/simd.h"

#include <math.h>
#include <string.h>

MULTIVERSION static void add_bias(float *restrict y, const float *restrict bias, int columns)
{
    for (int k = 0; k < columns; k++)
        y[k] += bias[k];
}

MULTIVERSION static void add_values(float *restrict y, const float *restrict other, int columns)
{
    for (int k = 0; k < columns; k++)
        y[k] += other[k];
}

MULTIVERSION static void clamp_values(float *y, int columns, float top)
{
    for (int k = 0; k < columns; k++) {
        const float v = y[k] < 0 ? 0 : y[k];
        y[k] = v > top ? top : v;
    }
}

void epilogue(float *y, const float *bias, const float *residual, size_t rows, int columns, size_t stride,
              enum activation activation)
{
    for (size_t i = 0; i < rows; i++, y += stride) {
        if (bias)
            add_bias(y, bias, columns);
        if (residual)
            add_values(y, residual + i * stride, columns);
        if (activation != ACTIVATION_NONE)
            clamp_values(y, columns, activation == ACTIVATION_RELU6 ? 6 : INFINITY);
    }
}

void activation_backward(enum activation activation, const float *y, float *dy, size_t size)
{
    const float top = activation == ACTIVATION_RELU6 ? 6 : INFINITY;
    for (size_t i = 0; activation != ACTIVATION_NONE && i < size; i++)
        if (!(y[i] > 0 && y[i] < top))
            dy[i] = 0;
}

static const char *same_shape(const struct node *node, const struct shape *in, struct shape *out)
{
    (void)node;
    *out = in[0];
    return NULL;
}

/* A lone ReLU is a copy with an activation: the step's own field says which. */
static void copy_forward(const struct step *step, const struct step_io *io)
{
    memcpy(io->y, io->x[0], shape_size(io->out) * sizeof *io->y);
    epilogue(io->y, NULL, io->residual, 1, (int)shape_size(io->out), 0, step->activation);
}

static void copy_backward(const struct step *step, const struct step_io *io)
{
    (void)step;
    add_values(io->dx[0], io->dy, (int)shape_size(io->out));
}

const struct op op_relu = {
    .name = "relu", .fuses = true, .shape = same_shape, .forward = copy_forward, .backward = copy_backward};
const struct op op_relu6 = {
    .name = "relu6", .fuses = true, .shape = same_shape, .forward = copy_forward, .backward = copy_backward};

static const char *add_shape(const struct node *node, const struct shape *in, struct shape *out)
{
    (void)node;
    *out = in[0];
    return memcmp(&in[0], &in[1], sizeof in[0]) ? "add needs two values of one shape" : NULL;
}

static void add_forward(const struct step *step, const struct step_io *io)
{
    const int size = (int)shape_size(io->out);
    memcpy(io->y, io->x[0], (size_t)size * sizeof *io->y);
    add_values(io->y, io->x[1], size);
    epilogue(io->y, NULL, io->residual, 1, size, 0, step->activation);
}

static void add_backward(const struct step *step, const struct step_io *io)
{
    (void)step;
    for (int i = 0; i < 2; i++)
        add_values(io->dx[i], io->dy, (int)shape_size(io->out));
}

const struct op op_add = {
    .name = "add", .fuses = true, .shape = add_shape, .forward = add_forward, .backward = add_backward};

static const char *concat_shape(const struct node *node, const struct shape *in, struct shape *out)
{
    *out = in[0];
    for (int i = 1; i < node->input_count; i++) {
        if (in[i].h != in[0].h || in[i].w != in[0].w)
            return "concat needs values of one height and width";
        if (__builtin_add_overflow(out->c, in[i].c, &out->c))
            return "its value is too large";
    }
    return NULL;
}

static void concat_forward(const struct step *step, const struct step_io *io)
{
    const size_t plane = (size_t)io->out.h * (size_t)io->out.w;
    for (size_t p = 0, c = 0; p < plane; p++)
        for (int i = 0; i < step->input_count; c += (size_t)io->in[i].c, i++)
            memcpy(io->y + c, io->x[i] + p * (size_t)io->in[i].c, (size_t)io->in[i].c * sizeof *io->y);
}

static void concat_backward(const struct step *step, const struct step_io *io)
{
    const size_t plane = (size_t)io->out.h * (size_t)io->out.w;
    for (size_t p = 0, c = 0; p < plane; p++)
        for (int i = 0; i < step->input_count; c += (size_t)io->in[i].c, i++)
            add_values(io->dx[i] + p * (size_t)io->in[i].c, io->dy + c, io->in[i].c);
}

const struct op op_concat = {
    .name = "concat", .shape = concat_shape, .forward = concat_forward, .backward = concat_backward};
