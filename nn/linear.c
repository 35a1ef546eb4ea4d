/*
 * nn/linear.c - flatten and linear.
 *
 * A row's bits must not depend on how many rows there are, nor on its place among them. So a linear layer always
 * multiplies LINEAR_ROWS rows (missing ones are zero), as weight times rows transposed: rows are then the lanes of the
 * library's vectors, which all go through the same instructions. The other way round, rows fall into kernels of different
 * widths, which add in different orders.
 */
#include "nn/backend.h"
#include "nn/op.h"

#include <stdio.h>
#include <string.h>

static const char *flatten_shape(const struct node *node, const struct shape *in, struct shape *out)
{
    (void)node;
    *out = (struct shape){(int)shape_size(in[0]), 1, 1};
    return NULL;
}

/* torch flattens (C,h,w); values here are (h,w,C). */
static void flatten_forward(const struct step *step, const struct step_io *io)
{
    (void)step;
    const struct shape in = io->in[0];
    const size_t plane = (size_t)in.h * (size_t)in.w, c = (size_t)in.c;
    for (size_t k = 0; k < c; k++)
        for (size_t p = 0; p < plane; p++)
            io->y[k * plane + p] = io->x[0][p * c + k];
}

static void flatten_backward(const struct step *step, const struct step_io *io)
{
    (void)step;
    const struct shape in = io->in[0];
    const size_t plane = (size_t)in.h * (size_t)in.w, c = (size_t)in.c;
    for (size_t k = 0; k < c; k++)
        for (size_t p = 0; p < plane; p++)
            io->dx[0][p * c + k] += io->dy[k * plane + p];
}

const struct op op_flatten = {
    .name = "flatten", .shape = flatten_shape, .forward = flatten_forward, .backward = flatten_backward};

static const char *linear_shape(const struct node *node, const struct shape *in, struct shape *out)
{
    *out = (struct shape){node->linear.out, 1, 1};
    return in[0].h == 1 && in[0].w == 1 ? NULL : "linear needs a flattened value";
}

static int linear_parameters(const struct node *node, const struct shape *in, struct parameter *out)
{
    out[0] = (struct parameter){
        .name = "weight", .role = PARAMETER_LINEAR_WEIGHT, .rank = 2, .dim = {node->linear.out, in[0].c}};
    if (!node->linear.bias)
        return 1;
    out[1] = (struct parameter){.name = "bias", .role = PARAMETER_BIAS, .rank = 1, .dim = {node->linear.out}};
    return 2;
}

static double linear_macs(const struct node *node, const struct shape *in)
{
    return (double)node->linear.out * in[0].c;
}

static size_t linear_scratch(const struct step *step, const struct shape *in, struct shape out)
{
    (void)step;
    return (size_t)LINEAR_ROWS * ((size_t)in[0].c + (size_t)out.c) + (size_t)in[0].c;
}

static void linear_forward(const struct step *step, const struct step_io *io)
{
    const int in = io->in[0].c, out = io->out.c;
    float *x = io->scratch, *columns = io->scratch + (size_t)LINEAR_ROWS * (size_t)in;
    for (int row = 0; row < io->rows; row += LINEAR_ROWS) {
        const int count = io->rows - row < LINEAR_ROWS ? io->rows - row : LINEAR_ROWS;
        memset(x, 0, (size_t)LINEAR_ROWS * (size_t)in * sizeof *x);
        memcpy(x, io->x[0] + (size_t)row * (size_t)in, (size_t)count * (size_t)in * sizeof *x);
        backend()->gemm(true, out, LINEAR_ROWS, in, step->weight, in, x, in, columns, LINEAR_ROWS);
        float *y = io->y + (size_t)row * (size_t)out;
        for (int i = 0; i < count; i++)
            for (int k = 0; k < out; k++)
                *y++ = columns[k * LINEAR_ROWS + i];
    }
    epilogue(io->y, step->bias, io->residual, (size_t)io->rows, out, (size_t)out, step->activation);
}

static void linear_backward(const struct step *step, const struct step_io *io)
{
    float *dx = io->scratch;
    backend()->gemv(io->out.c, io->in[0].c, step->weight, io->dy, dx);
    for (int k = 0; k < io->in[0].c; k++)
        io->dx[0][k] += dx[k];
}

const struct op op_linear = {.name = "linear",
                             .fuses = true,
                             .shape = linear_shape,
                             .parameters = linear_parameters,
                             .macs = linear_macs,
                             .scratch = linear_scratch,
                             .forward = linear_forward,
                             .backward = linear_backward};
