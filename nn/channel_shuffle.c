/*
 * nn/channel_shuffle.c - channels read as (groups, C/groups) and written as (C/groups, groups). Zhang, Zhou, Lin, Sun,
 * "ShuffleNet: An Extremely Efficient Convolutional Neural Network for Mobile Devices", CVPR 2018, arXiv:1707.01083,
 * section 3.1.
 */
#include "nn/op.h"
#include "nn/ops.h"
#include "nn/simd.h"

static const char *shape(const struct node *node, const struct shape *in, struct shape *out)
{
    const struct channel_shuffle *shuffle = node->attributes;
    *out = in[0];
    return shuffle->groups >= 1 && in[0].c % shuffle->groups == 0 ? NULL : "channels must be a multiple of the groups";
}

/* ShuffleNet v2 has two groups. */
MULTIVERSION static void interleave(const float *restrict x, int half, float *restrict y)
{
    for (int k = 0; k < half; k++) {
        y[2 * k] = x[k];
        y[2 * k + 1] = x[half + k];
    }
}

static void forward(const struct step *step, const struct step_io *io, int block)
{
    (void)block;
    const struct channel_shuffle *shuffle = step->node->attributes;
    const int c = io->out.c, each = c / shuffle->groups;
    for (size_t at = 0; at < shape_size(io->out); at += (size_t)c)
        if (shuffle->groups == 2)
            interleave(io->x[0] + at, each, io->y + at);
        else
            transpose(io->x[0] + at, (size_t)shuffle->groups, (size_t)each, io->y + at);
}

static void backward(const struct step *step, const struct step_io *io)
{
    const struct channel_shuffle *shuffle = step->node->attributes;
    const int c = io->out.c, groups = shuffle->groups, each = c / groups;
    for (size_t at = 0; at < shape_size(io->out); at += (size_t)c)
        for (int g = 0; g < groups; g++)
            for (int k = 0; k < each; k++)
                io->dx[0][at + (size_t)(g * each + k)] += io->dy[at + (size_t)(k * groups + g)];
}

static const struct param attributes[] = {
    PARAM_INT(struct channel_shuffle, groups, 1, 1, 1 << 28, "of channels, which the result takes in turn"), {0}};

const struct op op_channel_shuffle = {.name = "channel_shuffle",
                                      .inputs_least = 1,
                                      .inputs_most = 1,
                                      .attributes = attributes,
                                      .attributes_size = sizeof(struct channel_shuffle),
                                      .works_on_rows = true,
                                      .shape = shape,
                                      .forward = forward,
                                      .backward = backward,
                                      .is_linear = true};
