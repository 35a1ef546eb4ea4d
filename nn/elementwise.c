/*
 * nn/elementwise.c - the graph's input, sums, scaling of channels, and epilogue(), which steps run after their own work.
 * Defines: add, input, scale_channels.
 */
#include "nn/op.h"
#include "nn/simd.h"

#include <string.h>

MULTIVERSION void add_values(float *restrict y, const float *restrict x, size_t n)
{
    for (size_t k = 0; k < n; k++)
        y[k] += x[k];
}

void epilogue(float *y, const float *bias, const float *residual, size_t rows, int columns, size_t stride,
              const struct op *activation)
{
    for (size_t i = 0; i < rows; i++, y += stride) {
        if (bias)
            add_values(y, bias, (size_t)columns);
        if (residual)
            add_values(y, residual + i * stride, (size_t)columns);
        if (activation)
            activation->activate(y, (size_t)columns);
    }
}

/* The attributes of an input are its shape. */
static const char *input_shape(const struct node *node, const struct shape *in, struct shape *out)
{
    (void)in;
    *out = *(const struct shape *)node->attributes;
    return NULL;
}

static const struct param input_attributes[] = {PARAM_INT(struct shape, c, 3, 1, 1 << 28, "channels"),
                                                PARAM_INT(struct shape, h, 224, 1, 1 << 28, "height"),
                                                PARAM_INT(struct shape, w, 224, 1, 1 << 28, "width"),
                                                {0}};

const struct op op_input = {
    .name = "input", .attributes = input_attributes, .attributes_size = sizeof(struct shape), .shape = input_shape};

static const char *add_shape(const struct node *node, const struct shape *in, struct shape *out)
{
    (void)node;
    *out = in[0];
    return memcmp(&in[0], &in[1], sizeof in[0]) ? "add needs two values of one shape" : NULL;
}

static void add_forward(const struct step *step, const struct step_io *io, int block)
{
    (void)block;
    const size_t size = shape_size(io->out);
    memcpy(io->y, io->x[0], size * sizeof *io->y);
    add_values(io->y, io->x[1], size);
    epilogue(io->y, NULL, io->residual, 1, (int)size, 0, step->activation);
}

static void add_backward(const struct step *step, const struct step_io *io)
{
    (void)step;
    for (int i = 0; i < 2; i++)
        add_values(io->dx[i], io->dy, shape_size(io->out));
}

const struct op op_add = {.name = "add",
                          .inputs_least = 2,
                          .inputs_most = 2,
                          .fuses = true,
                          .is_sum = true,
                          .works_on_rows = true,
                          .shape = add_shape,
                          .forward = add_forward,
                          .backward = add_backward,
                          .is_linear = true};

/* Multiplies each position of the first value by the second value (C,1,1), as in squeeze-and-excitation. */
static const char *scale_shape(const struct node *node, const struct shape *in, struct shape *out)
{
    (void)node;
    *out = in[0];
    return in[1].c == in[0].c && in[1].h == 1 && in[1].w == 1 ? NULL : "scaling channels needs one factor a channel";
}

MULTIVERSION void multiply_add_values(float *restrict y, const float *restrict a, const float *restrict b, int n)
{
    for (int k = 0; k < n; k++)
        y[k] += a[k] * b[k];
}

MULTIVERSION void multiply_values(float *restrict y, const float *restrict a, const float *restrict b, int n)
{
    for (int k = 0; k < n; k++)
        y[k] = a[k] * b[k];
}

static void scale_forward(const struct step *step, const struct step_io *io, int block)
{
    (void)step, (void)block;
    const size_t size = shape_size(io->out), c = (size_t)io->out.c;
    for (size_t i = 0; i < size; i += c)
        multiply_values(io->y + i, io->x[0] + i, io->x[1], io->out.c);
}

static void scale_backward(const struct step *step, const struct step_io *io)
{
    (void)step;
    const size_t size = shape_size(io->out), c = (size_t)io->out.c;
    for (size_t i = 0; i < size; i += c) {
        multiply_add_values(io->dx[0] + i, io->dy + i, io->x[1], io->out.c);
        multiply_add_values(io->dx[1], io->dy + i, io->x[0] + i, io->out.c);
    }
}

const struct op op_scale_channels = {.name = "scale_channels",
                                     .inputs_least = 2,
                                     .inputs_most = 2,
                                     .shape = scale_shape,
                                     .macs = mac_per_value,
                                     .forward = scale_forward,
                                     .backward = scale_backward};
