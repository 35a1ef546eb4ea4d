/*
 * nn/reshape.c - the same values in another shape or order.
 * Defines: flatten_hwc, reshape, space_to_depth, transpose_hw.
 */
#include "nn/op.h"
#include "nn/ops.h"

#include <string.h>

/* -- reshape: row-major order of (C,h,w), whereas values are (h,w,C) ------------------------------------------------ */

static const char *reshape_shape(const struct node *node, const struct shape *in, struct shape *out)
{
    *out = *(const struct shape *)node->attributes;
    size_t size;
    const bool is_size = out->c > 0 && out->h > 0 && out->w > 0 &&
                         !__builtin_mul_overflow((size_t)out->c * (size_t)out->h, (size_t)out->w, &size);
    return is_size && size == shape_size(in[0]) ? NULL : "a reshape keeps the number of values";
}

static size_t reshape_scratch(const struct step *step, const struct shape *in, struct shape out, bool is_backward)
{
    (void)step, (void)in;
    return shape_size(out) * (is_backward ? 2 : 1);
}

static void reshape_forward(const struct step *step, const struct step_io *io, int block)
{
    (void)step, (void)block;
    transpose(io->x[0], shape_positions(io->in[0]), (size_t)io->in[0].c, io->scratch);
    transpose(io->scratch, (size_t)io->out.c, shape_positions(io->out), io->y);
}

static void reshape_backward(const struct step *step, const struct step_io *io)
{
    (void)step;
    const size_t size = shape_size(io->out);
    float *back = io->scratch + size;
    transpose(io->dy, shape_positions(io->out), (size_t)io->out.c, io->scratch);
    transpose(io->scratch, (size_t)io->in[0].c, shape_positions(io->in[0]), back);
    add_values(io->dx[0], back, size);
}

static const struct param reshape_attributes[] = {PARAM_INT(struct shape, c, 1, 1, 1 << 28, "channels"),
                                                  PARAM_INT(struct shape, h, 1, 1, 1 << 28, "height"),
                                                  PARAM_INT(struct shape, w, 1, 1, 1 << 28, "width"),
                                                  {0}};

const struct op op_reshape = {.name = "reshape",
                              .inputs_least = 1,
                              .inputs_most = 1,
                              .attributes = reshape_attributes,
                              .attributes_size = sizeof(struct shape),
                              .shape = reshape_shape,
                              .scratch = reshape_scratch,
                              .forward = reshape_forward,
                              .backward = reshape_backward,
                              .is_linear = true};

/* -- flatten_hwc: a vector in the order (h,w,C), as networks with channels last flatten ----------------------------- */

static const char *flatten_shape(const struct node *node, const struct shape *in, struct shape *out)
{
    (void)node;
    *out = (struct shape){(int)shape_size(in[0]), 1, 1};
    return NULL;
}

static void flatten_forward(const struct step *step, const struct step_io *io, int block)
{
    (void)step, (void)block;
    memcpy(io->y, io->x[0], shape_size(io->out) * sizeof *io->y);
}

static void flatten_backward(const struct step *step, const struct step_io *io)
{
    (void)step;
    add_values(io->dx[0], io->dy, shape_size(io->out));
}

const struct op op_flatten_hwc = {.name = "flatten_hwc",
                                  .inputs_least = 1,
                                  .inputs_most = 1,
                                  .is_flatten = true,
                                  .works_on_rows = true,
                                  .shape = flatten_shape,
                                  .forward = flatten_forward,
                                  .backward = flatten_backward,
                                  .is_linear = true};

/* -- transpose_hw: height and width change places ------------------------------------------------------------------- */

static const char *transpose_shape(const struct node *node, const struct shape *in, struct shape *out)
{
    (void)node;
    *out = (struct shape){in[0].c, in[0].w, in[0].h};
    return NULL;
}

static void transpose_forward(const struct step *step, const struct step_io *io, int block)
{
    (void)step, (void)block;
    const size_t c = (size_t)io->out.c, h = (size_t)io->out.h, w = (size_t)io->out.w;
    for (size_t i = 0; i < h; i++)
        for (size_t j = 0; j < w; j++)
            memcpy(io->y + (i * w + j) * c, io->x[0] + (j * h + i) * c, c * sizeof *io->y);
}

static void transpose_backward(const struct step *step, const struct step_io *io)
{
    (void)step;
    const size_t c = (size_t)io->out.c, h = (size_t)io->out.h, w = (size_t)io->out.w;
    for (size_t i = 0; i < h; i++)
        for (size_t j = 0; j < w; j++)
            add_values(io->dx[0] + (j * h + i) * c, io->dy + (i * w + j) * c, c);
}

const struct op op_transpose_hw = {.name = "transpose_hw",
                                   .inputs_least = 1,
                                   .inputs_most = 1,
                                   .shape = transpose_shape,
                                   .forward = transpose_forward,
                                   .backward = transpose_backward,
                                   .is_linear = true};

/* -- space_to_depth: the positions of a block become channels ------------------------------------------------------- */

enum { BLOCK_MAJOR, CHANNEL_MAJOR };

static const char *depth_shape(const struct node *node, const struct shape *in, struct shape *out)
{
    const struct space_to_depth *depth = node->attributes;
    const int block = depth->block;
    if (block < 1 || block > 1 << 15 || in[0].h % block || in[0].w % block)
        return "height and width must be multiples of the block";
    if (depth->order != BLOCK_MAJOR && depth->order != CHANNEL_MAJOR)
        return "the order of channels is block_major or channel_major";
    *out = (struct shape){in[0].c, in[0].h / block, in[0].w / block};
    return __builtin_mul_overflow(in[0].c, block * block, &out->c) ? "its value is too large" : NULL;
}

/* The place in the result of the input's value at row y, column x. */
static inline size_t depth_place(const struct space_to_depth *depth, struct shape in, int y, int x, int channel)
{
    const int block = depth->block, area = block * block, part = y % block * block + x % block;
    const int k = depth->order == BLOCK_MAJOR ? part * in.c + channel : channel * area + part;
    const size_t position = (size_t)(y / block) * (size_t)(in.w / block) + (size_t)(x / block);
    return position * (size_t)in.c * (size_t)area + (size_t)k;
}

static void depth_forward(const struct step *step, const struct step_io *io, int block)
{
    (void)block;
    const struct shape in = io->in[0];
    const float *x = io->x[0];
    for (int i = 0; i < in.h; i++)
        for (int j = 0; j < in.w; j++)
            for (int k = 0; k < in.c; k++)
                io->y[depth_place(step->node->attributes, in, i, j, k)] = *x++;
}

static void depth_backward(const struct step *step, const struct step_io *io)
{
    const struct shape in = io->in[0];
    float *dx = io->dx[0];
    for (int i = 0; i < in.h; i++)
        for (int j = 0; j < in.w; j++)
            for (int k = 0; k < in.c; k++)
                *dx++ += io->dy[depth_place(step->node->attributes, in, i, j, k)];
}

static const struct param depth_attributes[] = {
    PARAM_INT(struct space_to_depth, block, 2, 1, 32768, "side of a block"),
    PARAM_ENUM(struct space_to_depth, order, "block_major|channel_major", "of the channels that a block becomes"),
    {0}};

const struct op op_space_to_depth = {.name = "space_to_depth",
                                     .inputs_least = 1,
                                     .inputs_most = 1,
                                     .attributes = depth_attributes,
                                     .attributes_size = sizeof(struct space_to_depth),
                                     .shape = depth_shape,
                                     .forward = depth_forward,
                                     .backward = depth_backward,
                                     .is_linear = true};
