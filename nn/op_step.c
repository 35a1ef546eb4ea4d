/*
 * nn/op_step.c - shared by operators: rules for shapes and multiply-adds, the images of a batch, and the operations
 * fused after the operator.
 */
#include "nn/op.h"
#include "nn/simd.h"

#include <math.h>
#include <string.h>

const char *same_shape(const struct node *node, const struct shape *in, struct shape *out)
{
    (void)node;
    *out = in[0];
    return NULL;
}

double mac_per_value(const struct node *node, const struct shape *in)
{
    (void)node;
    return (double)shape_size(in[0]);
}

struct step_io step_images(const struct step_io *io, int first, int images)
{
    struct step_io part = *io;
    const size_t at = (size_t)first;
    part.images = images;
    for (int i = 0; i < NODE_INPUTS_MAX && io->x[i]; i++)
        part.x[i] = io->x[i] + at * shape_size(io->in[i]);
    if (io->x_panels.channels)
        part.x[0] = io->x[0] + panels_place(io->x_panels, io->in[0].c, at * shape_positions(io->in[0]), 0);
    part.y = io->y + panels_place(io->y_panels, io->out.c, at * shape_positions(io->out), 0);
    if (io->residual)
        part.residual = io->residual + panels_place(io->residual_panels, io->out.c, at * shape_positions(io->out), 0);
    return part;
}

/* A step with a residual may write panels only if its kernel can also read the residual in panels. */
bool step_takes_panels(const struct step *step, enum operand operand, int channels, int panel)
{
    const struct op *op = step->node->op;
    if (!op->takes_panels || !op->takes_panels(step, operand, channels, panel))
        return false;
    return operand != OPERAND_Y || step->residual < 0 || op->takes_panels(step, OPERAND_RESIDUAL, channels, panel);
}

struct finish step_finish(const struct step *step, const struct step_io *io, size_t at, int channel)
{
    const struct op *activation = step->activation;
    const bool is_limit = activation && activation->is_limit;
    return (struct finish){.bias = step->bias ? step->bias + channel : NULL,
                           .residual = io->residual ? io->residual + at : NULL,
                           .low = is_limit ? 0 : -INFINITY,
                           .high = is_limit ? activation->top : INFINITY};
}

void step_activate(const struct step *step, float *y, size_t rows, size_t columns, size_t stride)
{
    if (!step->activation || step->activation->is_limit)
        return;
    if (stride == columns)
        columns *= rows, rows = 1;
    for (size_t row = 0; row < rows; row++)
        step->activation->activate(y + row * stride, columns);
}

#define TRANSPOSED 16 /* rows at a time, so that whole cache lines are written */

/* Three rows, the planes of a picture: faster than the loop for any number. */
MULTIVERSION static void interleave(const float *restrict a, const float *restrict b, const float *restrict c, size_t n,
                                    float *restrict out)
{
    for (size_t i = 0; i < n; i++) {
        out[3 * i] = a[i];
        out[3 * i + 1] = b[i];
        out[3 * i + 2] = c[i];
    }
}

void transpose(const float *in, size_t rows, size_t columns, float *out)
{
    if (rows == 3) {
        interleave(in, in + columns, in + 2 * columns, columns, out);
        return;
    }
    for (size_t first = 0; first < rows; first += TRANSPOSED) {
        const size_t end = first + TRANSPOSED < rows ? first + TRANSPOSED : rows;
        for (size_t c = 0; c < columns; c++)
            for (size_t r = first; r < end; r++)
                out[c * rows + r] = in[r * columns + c];
    }
}
