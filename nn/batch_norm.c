/*
 * nn/batch_norm.c - y = x * scale + shift for each channel. In a batch norm, the scale and shift come from the running
 * statistics; in a scale_shift they are tensors of their own; both are folded into a convolution before them if there is
 * one (nn/fuse.c). In an affine node they are constants. step->weight is the scale, step->bias the shift.
 * Defines: affine, batch_norm, scale_shift.
 */
#include "nn/ops.h"
#include "nn/pack.h"

#include <math.h>
#include <stdlib.h>

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
    for (int i = 0; i < 4; i++)
        out[i] = (struct parameter){.name = rows[i].name, .role = rows[i].role, .rank = 1, .dim = {in[0].c}};
    return 4;
}

static void forward(const struct step *step, const struct step_io *io, int block)
{
    (void)block;
    const size_t plane = shape_positions(io->out), c = (size_t)io->out.c;
    for (size_t p = 0; p < plane; p++)
        multiply_values(io->y + p * c, io->x[0] + p * c, step->weight, io->out.c);
    epilogue(io->y, step->bias, io->residual, plane, io->out.c, c, step->activation);
}

static void backward(const struct step *step, const struct step_io *io)
{
    const size_t plane = shape_positions(io->out), c = (size_t)io->out.c;
    for (size_t p = 0; p < plane; p++)
        multiply_add_values(io->dx[0] + p * c, io->dy + p * c, step->weight, io->out.c);
}

static bool factors(const struct packer *packer, const struct node *node, int channels, double *scale, double *shift)
{
    const struct batch_norm *norm = node->attributes;
    const float *weight = packer_tensor(packer, node, "weight"), *bias = packer_tensor(packer, node, "bias");
    const float *mean = packer_tensor(packer, node, "running_mean");
    const float *variance = packer_tensor(packer, node, "running_var");
    for (int k = 0; k < channels; k++) {
        scale[k] = weight[k] / sqrt((double)variance[k] + norm->eps);
        shift[k] = bias[k] - mean[k] * scale[k];
    }
    return true;
}

static int pack(struct packer *packer, struct step *step, struct error *err)
{
    const int channels = packer->in.c;
    double *scale = malloc(2 * (size_t)channels * sizeof *scale);
    if (!scale)
        return error_memory(err, "packed weights");
    step->node->op->factors(packer, step->node, channels, scale, scale + channels);
    const int status = pack_factors(packer, step, scale, scale + channels, err);
    free(scale);
    return status;
}

static const struct param norm_attributes[] = {PARAM_FLOAT(struct batch_norm, eps, 1e-5, 0, 1, "added to the variance"),
                                               {0}};

const struct op op_batch_norm = {.name = "batch_norm",
                                 .inputs_least = 1,
                                 .inputs_most = 1,
                                 .attributes = norm_attributes,
                                 .attributes_size = sizeof(struct batch_norm),
                                 .fuses = true,
                                 .works_on_rows = true,
                                 .shape = same_shape,
                                 .parameters = parameters,
                                 .macs = mac_per_value,
                                 .pack = pack,
                                 .factors = factors,
                                 .forward = forward,
                                 .backward = backward,
                                 .is_linear = true};

static int scale_shift_parameters(const struct node *node, const struct shape *in, struct parameter *out)
{
    parameters(node, in, out);
    return 2;
}

static bool scale_shift_factors(const struct packer *packer, const struct node *node, int channels, double *scale,
                                double *shift)
{
    const float *weight = packer_tensor(packer, node, "weight"), *bias = packer_tensor(packer, node, "bias");
    for (int k = 0; k < channels; k++)
        scale[k] = weight[k], shift[k] = bias[k];
    return true;
}

const struct op op_scale_shift = {.name = "scale_shift",
                                  .inputs_least = 1,
                                  .inputs_most = 1,
                                  .fuses = true,
                                  .works_on_rows = true,
                                  .shape = same_shape,
                                  .parameters = scale_shift_parameters,
                                  .macs = mac_per_value,
                                  .pack = pack,
                                  .factors = scale_shift_factors,
                                  .forward = forward,
                                  .backward = backward,
                                  .is_linear = true};

static const char *affine_shape(const struct node *node, const struct shape *in, struct shape *out)
{
    (void)node;
    *out = in[0];
    return in[0].c > AFFINE_CHANNELS_MAX ? "affine takes at most 4 channels" : NULL;
}

static int pack_affine(struct packer *packer, struct step *step, struct error *err)
{
    const struct affine *affine = step->node->attributes;
    return pack_factors(packer, step, affine->scale, affine->shift, err);
}

#define AFFINE_ROW(text, field, k, default) \
    { \
        .name = text #k, .type = PARAM_TYPE_FLOAT, .offset = offsetof(struct affine, field) + k * sizeof(double), \
        .fallback = default, .min = -1e30, .max = 1e30, .help = text " of channel " #k \
    }
static const struct param affine_attributes[] = {
    AFFINE_ROW("scale", scale, 0, "1"), AFFINE_ROW("scale", scale, 1, "1"), AFFINE_ROW("scale", scale, 2, "1"),
    AFFINE_ROW("scale", scale, 3, "1"), AFFINE_ROW("shift", shift, 0, "0"), AFFINE_ROW("shift", shift, 1, "0"),
    AFFINE_ROW("shift", shift, 2, "0"), AFFINE_ROW("shift", shift, 3, "0"), {0}};

const struct op op_affine = {.name = "affine",
                             .inputs_least = 1,
                             .inputs_most = 1,
                             .attributes = affine_attributes,
                             .attributes_size = sizeof(struct affine),
                             .fuses = true,
                             .shape = affine_shape,
                             .macs = mac_per_value,
                             .pack = pack_affine,
                             .forward = forward,
                             .backward = backward,
                             .is_linear = true};
