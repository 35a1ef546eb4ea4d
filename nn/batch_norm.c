/*
 * nn/batch_norm.c - y = x * scale + bias per channel: batch norm with running statistics, folded into a conv where one is
 * before it (nn/network.c), an operator of its own otherwise; and the same with constants. step->weight is the scale.
 */
#include "nn/op.h"

#include <stdio.h>
#include <string.h>

static const char *shape(const struct node *node, const struct shape *in, struct shape *out)
{
    (void)node;
    *out = in[0];
    return NULL;
}

static int parameters(const struct node *node, const struct shape *in, struct parameter *out)
{
    (void)node;
    static const struct {
        const char *name;
        enum parameter_role role;
    } rows[] = {{"weight", PARAMETER_NORM_WEIGHT},
                {"bias", PARAMETER_NORM_BIAS},
                {"running_mean", PARAMETER_NORM_MEAN},
                {"running_var", PARAMETER_NORM_VARIANCE}};
    for (int i = 0; i < 4; i++) {
        out[i] = (struct parameter){.role = rows[i].role, .rank = 1, .dim = {in[0].c}};
        snprintf(out[i].name, sizeof out[i].name, "%s", rows[i].name);
    }
    return 4;
}

static double macs(const struct node *node, const struct shape *in)
{
    (void)node;
    return (double)shape_size(in[0]);
}

static void forward(const struct step *step, const struct step_io *io, int block)
{
    (void)block;
    const size_t plane = (size_t)io->out.h * (size_t)io->out.w, c = (size_t)io->out.c;
    for (size_t p = 0; p < plane; p++)
        multiply_values(io->y + p * c, io->x[0] + p * c, step->weight, io->out.c);
    epilogue(io->y, step->bias, io->residual, plane, io->out.c, c, step->activation);
}

static void backward(const struct step *step, const struct step_io *io)
{
    const size_t plane = (size_t)io->out.h * (size_t)io->out.w, c = (size_t)io->out.c;
    for (size_t p = 0; p < plane; p++)
        multiply_add_values(io->dx[0] + p * c, io->dy + p * c, step->weight, io->out.c);
}

const struct op op_batch_norm = {.name = "batch_norm",
                                 .fuses = true,
                                 .shape = shape,
                                 .parameters = parameters,
                                 .macs = macs,
                                 .forward = forward,
                                 .backward = backward};

const struct op op_affine = {
    .name = "affine", .fuses = true, .shape = shape, .macs = macs, .forward = forward, .backward = backward};
