/*
 * nn/conv_plain.c - the plain algorithms for a convolution: the reference for forward and backward.
 * 1x1 convolutions go straight to OpenBLAS, depthwise ones are plain loops, all others use im2col in blocks of rows.
 *
 * Rows are output positions, so that a GEMM writes NHWC directly. How rows are divided into blocks depends on the layer
 * only.
 */
#include "nn/backend.h"
#include "nn/conv.h"

#include <string.h>

#define BLOCK_FLOATS ((size_t)512 << 10) /* of an im2col block: stays in or near the L2 cache */
#define BLOCK_ROWS_MIN 128               /* with fewer rows OpenBLAS spends its time on packing weights */

/* Number of rows, of `width` floats each, in a block. */
static size_t block_rows(size_t rows, size_t width)
{
    size_t block = BLOCK_FLOATS / width / 8 * 8;
    if (block < BLOCK_ROWS_MIN)
        block = BLOCK_ROWS_MIN;
    const size_t blocks = (rows + block - 1) / block;
    return (rows + blocks - 1) / blocks; /* equal blocks instead of a small last one */
}

/* Packs torch's weight (out, in, kh, kw) as (group, tap, in, out of the group), the matrix B of the GEMM. */
static void pack_columns(const struct kernel_set *set, const struct conv2d *c, int channels_in, const float *weight,
                         float *packed)
{
    (void)set;
    const int in = channels_in / c->groups, out = c->out / c->groups, n = conv2d_taps(c);
    for (int g = 0; g < c->groups; g++)
        for (int t = 0; t < n; t++)
            for (int i = 0; i < in; i++)
                for (int o = 0; o < out; o++)
                    *packed++ = weight[((size_t)(g * out + o) * (size_t)in + (size_t)i) * (size_t)n + (size_t)t];
}

/* -- 1x1, stride 1: the image is the matrix ------------------------------------------------------------------------- */

static bool pointwise_applies(const struct conv2d *c, struct shape in, struct shape out)
{
    (void)in, (void)out;
    return conv2d_is_pointwise(c);
}

static size_t pointwise_width(struct shape in, struct shape out)
{
    return (size_t)(in.c > out.c ? in.c : out.c);
}

static size_t pointwise_scratch(const struct kernel_set *set, const struct conv2d *c, struct shape in, struct shape out)
{
    (void)set, (void)c;
    return block_rows(shape_positions(out), pointwise_width(in, out)) * (size_t)in.c; /* backward only */
}

static void pointwise_forward(const struct step *step, const struct step_io *all, int index)
{
    const struct step_io image = step_images(all, index, 1), *io = &image;
    const int in = io->in[0].c, out = io->out.c;
    const size_t rows = shape_positions(io->out), block = block_rows(rows, pointwise_width(io->in[0], io->out));
    for (size_t row = 0; row < rows; row += block) {
        const size_t n = rows - row < block ? rows - row : block;
        float *y = io->y + row * (size_t)out;
        backend()->gemm(false, (int)n, out, in, io->x[0] + row * (size_t)in, in, step->weight, out, y, out);
        epilogue(y, step->bias, io->residual ? io->residual + row * (size_t)out : NULL, n, out, (size_t)out,
                 step->activation);
    }
}

static void pointwise_backward(const struct step *step, const struct step_io *io)
{
    const int in = io->in[0].c, out = io->out.c;
    const size_t rows = shape_positions(io->out), block = block_rows(rows, pointwise_width(io->in[0], io->out));
    for (size_t row = 0; row < rows; row += block) {
        const size_t n = rows - row < block ? rows - row : block;
        backend()->gemm(true, (int)n, in, out, io->dy + row * (size_t)out, out, step->weight, out, io->scratch, in);
        float *dx = io->dx[0] + row * (size_t)in;
        for (size_t i = 0; i < n * (size_t)in; i++)
            dx[i] += io->scratch[i];
    }
}

/* -- im2col, group by group ----------------------------------------------------------------------------------------- */

static bool columns_apply(const struct conv2d *c, struct shape in, struct shape out)
{
    (void)c, (void)in, (void)out;
    return true;
}

static size_t column_width(const struct conv2d *c, int channels_in)
{
    return (size_t)conv2d_taps(c) * (size_t)(channels_in / c->groups);
}

static size_t columns_scratch(const struct kernel_set *set, const struct conv2d *c, struct shape in, struct shape out)
{
    (void)set;
    const size_t width = column_width(c, in.c);
    return block_rows(shape_positions(out), width) * width;
}

/* A run of contiguous floats in the im2col row of one output position: those under one row of taps, or fewer. */
struct patch_run {
    size_t column;    /* place in the matrix row */
    ptrdiff_t offset; /* place in the image; -1: outside, zeros */
    size_t count;
};

/* Fills runs (at most kernel_w) and returns how many. */
static int patch_row(const struct conv2d *c, struct shape in, int group, int i, int j, int ky, struct patch_run *runs)
{
    const int channels = in.c / c->groups, y = i * c->stride - c->pad.top + ky * c->dilation;
    const int x0 = j * c->stride_w - c->pad.left;
    const size_t first = (size_t)ky * (size_t)c->kernel_w * (size_t)channels;
    const bool is_row_inside = y >= 0 && y < in.h;
    int count = 0;
    for (int kx = 0; kx < c->kernel_w; kx++) {
        const int x = x0 + kx * c->dilation_w;
        const bool is_inside = is_row_inside && x >= 0 && x < in.w;
        const ptrdiff_t offset =
            is_inside ? ((ptrdiff_t)y * in.w + x) * in.c + (ptrdiff_t)group * channels : (ptrdiff_t)-1;
        struct patch_run *last = count ? &runs[count - 1] : NULL;
        const bool continues =
            last && (last->offset < 0 ? offset < 0 : offset == last->offset + (ptrdiff_t)last->count);
        if (continues)
            last->count += (size_t)channels;
        else
            runs[count++] = (struct patch_run){first + (size_t)kx * (size_t)channels, offset, (size_t)channels};
    }
    return count;
}

static void image_to_columns(const struct conv2d *c, const struct step_io *io, int group, size_t row, size_t count,
                             float *columns)
{
    const size_t width = column_width(c, io->in[0].c);
    struct patch_run runs[CONV_KERNEL_W_MAX];
    for (size_t r = row; r < row + count; r++, columns += width)
        for (int ky = 0; ky < c->kernel; ky++) {
            const int n =
                patch_row(c, io->in[0], group, (int)(r / (size_t)io->out.w), (int)(r % (size_t)io->out.w), ky, runs);
            for (int k = 0; k < n; k++)
                if (runs[k].offset < 0)
                    memset(columns + runs[k].column, 0, runs[k].count * sizeof *columns);
                else
                    memcpy(columns + runs[k].column, io->x[0] + runs[k].offset, runs[k].count * sizeof *columns);
        }
}

void conv_add_columns(const struct conv2d *c, const struct step_io *io, int group, size_t row, size_t count,
                      const float *columns)
{
    const size_t width = column_width(c, io->in[0].c);
    struct patch_run runs[CONV_KERNEL_W_MAX];
    for (size_t r = row; r < row + count; r++, columns += width)
        for (int ky = 0; ky < c->kernel; ky++) {
            const int n =
                patch_row(c, io->in[0], group, (int)(r / (size_t)io->out.w), (int)(r % (size_t)io->out.w), ky, runs);
            for (int k = 0; k < n; k++) {
                const float *restrict from = columns + runs[k].column;
                float *restrict dx = io->dx[0] + runs[k].offset;
                for (size_t f = 0; runs[k].offset >= 0 && f < runs[k].count; f++)
                    dx[f] += from[f];
            }
        }
}

static void columns_forward(const struct step *step, const struct step_io *all, int index)
{
    const struct step_io image = step_images(all, index, 1), *io = &image;
    const struct conv2d *c = conv_of(step);
    const size_t rows = shape_positions(io->out), width = column_width(c, io->in[0].c), block = block_rows(rows, width);
    const int out = io->out.c, group_out = out / c->groups;
    for (size_t row = 0; row < rows; row += block) {
        const size_t n = rows - row < block ? rows - row : block;
        float *y = io->y + row * (size_t)out;
        for (int g = 0; g < c->groups; g++) {
            image_to_columns(c, io, g, row, n, io->scratch);
            backend()->gemm(false, (int)n, group_out, (int)width, io->scratch, (int)width,
                            step->weight + (size_t)g * width * (size_t)group_out, group_out, y + g * group_out, out);
        }
        epilogue(y, step->bias, io->residual ? io->residual + row * (size_t)out : NULL, n, out, (size_t)out,
                 step->activation);
    }
}

static void columns_backward(const struct step *step, const struct step_io *io)
{
    const struct conv2d *c = conv_of(step);
    const size_t rows = shape_positions(io->out), width = column_width(c, io->in[0].c), block = block_rows(rows, width);
    const int out = io->out.c, group_out = out / c->groups;
    for (int g = 0; g < c->groups; g++) {
        const float *weight = step->weight + (size_t)g * width * (size_t)group_out;
        for (size_t row = 0; row < rows; row += block) {
            const size_t n = rows - row < block ? rows - row : block;
            const float *dy = io->dy + row * (size_t)out + g * group_out;
            backend()->gemm(true, (int)n, (int)width, group_out, dy, out, weight, group_out, io->scratch, (int)width);
            conv_add_columns(c, io, g, row, n, io->scratch);
        }
    }
}

/* -- depthwise: channels are lanes ---------------------------------------------------------------------------------- */

static bool depthwise_applies(const struct conv2d *c, struct shape in, struct shape out)
{
    return c->groups == in.c && out.c == in.c && in.c > 1;
}

static size_t no_scratch(const struct kernel_set *set, const struct conv2d *c, struct shape in, struct shape out)
{
    (void)set;
    (void)c, (void)in, (void)out;
    return 0;
}

static void pack_depthwise(const struct kernel_set *set, const struct conv2d *c, int channels_in, const float *weight,
                           float *packed)
{
    (void)set;
    for (int t = 0; t < conv2d_taps(c); t++)
        for (int k = 0; k < channels_in; k++)
            *packed++ = weight[(size_t)k * (size_t)conv2d_taps(c) + (size_t)t];
}

/* Where tap (ky,kx) of output (i,j) lies in the image, or -1. */
static ptrdiff_t tap_offset(const struct conv2d *c, struct shape in, int i, int j, int ky, int kx)
{
    const int y = i * c->stride - c->pad.top + ky * c->dilation;
    const int x = j * c->stride_w - c->pad.left + kx * c->dilation_w;
    return y < 0 || y >= in.h || x < 0 || x >= in.w ? -1 : ((ptrdiff_t)y * in.w + x) * in.c;
}

static void depthwise_forward(const struct step *step, const struct step_io *all, int index)
{
    const struct step_io image = step_images(all, index, 1), *io = &image;
    const struct conv2d *c = conv_of(step);
    const int channels = io->out.c;
    float *y = io->y;
    for (int i = 0; i < io->out.h; i++)
        for (int j = 0; j < io->out.w; j++, y += channels) {
            memset(y, 0, (size_t)channels * sizeof *y);
            for (int t = 0; t < conv2d_taps(c); t++) {
                const ptrdiff_t offset = tap_offset(c, io->in[0], i, j, t / c->kernel_w, t % c->kernel_w);
                if (offset >= 0)
                    multiply_add_values(y, io->x[0] + offset, step->weight + (size_t)t * (size_t)channels, channels);
            }
            epilogue(y, step->bias, io->residual ? io->residual + (y - io->y) : NULL, 1, channels, 0, step->activation);
        }
}

static void depthwise_backward(const struct step *step, const struct step_io *io)
{
    const struct conv2d *c = conv_of(step);
    const int channels = io->out.c;
    const float *dy = io->dy;
    for (int i = 0; i < io->out.h; i++)
        for (int j = 0; j < io->out.w; j++, dy += channels)
            for (int t = 0; t < conv2d_taps(c); t++) {
                const ptrdiff_t offset = tap_offset(c, io->in[0], i, j, t / c->kernel_w, t % c->kernel_w);
                if (offset >= 0)
                    multiply_add_values(io->dx[0] + offset, dy, step->weight + (size_t)t * (size_t)channels, channels);
            }
}

/* -- the three ------------------------------------------------------------------------------------------------------ */

/* All plain algorithms keep the number of weights. */
static size_t same_size(const struct kernel_set *set, const struct conv2d *c, int channels_in)
{
    (void)set;
    return (size_t)c->out * (size_t)(channels_in / c->groups) * (size_t)conv2d_taps(c);
}

const struct conv_algorithm conv_plain_depthwise = {.name = "depthwise",
                                                    .applies = depthwise_applies,
                                                    .packed = same_size,
                                                    .pack = pack_depthwise,
                                                    .scratch = no_scratch,
                                                    .forward = depthwise_forward,
                                                    .backward = depthwise_backward};

const struct conv_algorithm conv_plain_pointwise = {.name = "gemm",
                                                    .applies = pointwise_applies,
                                                    .packed = same_size,
                                                    .pack = pack_columns,
                                                    .scratch = pointwise_scratch,
                                                    .forward = pointwise_forward,
                                                    .backward = pointwise_backward};

const struct conv_algorithm conv_plain_columns = {.name = "im2col+gemm",
                                                  .applies = columns_apply,
                                                  .packed = same_size,
                                                  .pack = pack_columns,
                                                  .scratch = columns_scratch,
                                                  .forward = columns_forward,
                                                  .backward = columns_backward};
