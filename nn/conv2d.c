/*
 * nn/conv2d.c - convolution: which kernel, and the plain ways, which are forward's reference and all of backward: 1x1
 * straight to OpenBLAS, depthwise directly, the rest by im2col in blocks of rows.
 *
 * Rows are output positions, so that a GEMM writes NHWC as it comes. How rows are cut depends on the layer only.
 */
#include "nn/backend.h"
#include "nn/op.h"

#include <stdio.h>
#include <string.h>

#define BLOCK_FLOATS ((size_t)512 << 10) /* of an im2col block: stays in L2 or close */
#define BLOCK_ROWS_MIN 128               /* below this OpenBLAS spends its time on packing weights */
#define KERNEL_RUNS_MAX 64               /* taps along the width */

static int convolved(int in, int kernel, int stride, int padding, int dilation)
{
    const int span = in + 2 * padding - dilation * (kernel - 1) - 1;
    return span < 0 ? 0 : span / stride + 1;
}

static const char *shape(const struct node *node, const struct shape *in, struct shape *out)
{
    const struct conv2d *c = &node->conv;
    const int limit = 1 << 15;
    if (c->kernel < 1 || c->kernel_w < 1 || c->kernel > limit || c->kernel_w > limit || c->stride < 1 ||
        c->stride_w < 1 || c->dilation < 1 || c->dilation_w < 1 || c->dilation > limit || c->dilation_w > limit ||
        c->kernel_w > KERNEL_RUNS_MAX || c->padding < 0 || c->padding_w < 0 || c->padding > limit ||
        c->padding_w > limit)
        return "a convolution needs a kernel, stride and dilation of at least 1 and no negative padding";
    if (c->groups < 1 || c->out < 1 || in[0].c % c->groups || c->out % c->groups)
        return "channels in and out must be multiples of the groups";
    *out = (struct shape){c->out, convolved(in[0].h, c->kernel, c->stride, c->padding, c->dilation),
                          convolved(in[0].w, c->kernel_w, c->stride_w, c->padding_w, c->dilation_w)};
    return NULL;
}

static int taps(const struct conv2d *c)
{
    return c->kernel * c->kernel_w;
}

static int parameters(const struct node *node, const struct shape *in, struct parameter *out)
{
    const struct conv2d *c = &node->conv;
    out[0] = (struct parameter){.name = "weight",
                                .role = PARAMETER_CONV_WEIGHT,
                                .rank = 4,
                                .dim = {c->out, in[0].c / c->groups, c->kernel, c->kernel_w}};
    if (!c->bias)
        return 1;
    out[1] = (struct parameter){.name = "bias", .role = PARAMETER_BIAS, .rank = 1, .dim = {c->out}};
    return 2;
}

static double macs(const struct node *node, const struct shape *in)
{
    const struct conv2d *c = &node->conv;
    const int channels = in[0].c / c->groups;
    return (double)taps(c) * channels * (double)shape_size(node->shape);
}

/* How many rows of `width` floats make a block. */
static size_t block_rows(size_t rows, size_t width)
{
    size_t block = BLOCK_FLOATS / width / 8 * 8;
    if (block < BLOCK_ROWS_MIN)
        block = BLOCK_ROWS_MIN;
    const size_t blocks = (rows + block - 1) / block;
    return (rows + blocks - 1) / blocks; /* equal blocks instead of a small last one */
}

/* Weight (out, in, kh, kw) of torch to (group, tap, in, out of the group): B of the GEMM. */
static void pack_columns(const struct conv2d *c, int channels_in, const float *weight, float *packed)
{
    const int in = channels_in / c->groups, out = c->out / c->groups, n = taps(c);
    for (int g = 0; g < c->groups; g++)
        for (int t = 0; t < n; t++)
            for (int i = 0; i < in; i++)
                for (int o = 0; o < out; o++)
                    *packed++ = weight[((size_t)(g * out + o) * (size_t)in + (size_t)i) * (size_t)n + (size_t)t];
}

/* -- 1x1, stride 1: the image is the matrix ------------------------------------------------------------------------- */

static bool pointwise_applies(const struct conv2d *c, int channels_in)
{
    (void)channels_in;
    return conv2d_is_pointwise(c);
}

static size_t pointwise_width(struct shape in, struct shape out)
{
    return (size_t)(in.c > out.c ? in.c : out.c);
}

static size_t pointwise_scratch(const struct conv2d *c, struct shape in, struct shape out)
{
    (void)c;
    return block_rows(shape_positions(out), pointwise_width(in, out)) * (size_t)in.c; /* backward only */
}

static void pointwise_forward(const struct step *step, const struct step_io *io)
{
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

static bool columns_apply(const struct conv2d *c, int channels_in)
{
    (void)c, (void)channels_in;
    return true;
}

static size_t column_width(const struct conv2d *c, int channels_in)
{
    return (size_t)taps(c) * (size_t)(channels_in / c->groups);
}

static size_t columns_scratch(const struct conv2d *c, struct shape in, struct shape out)
{
    const size_t width = column_width(c, in.c);
    return block_rows(shape_positions(out), width) * width;
}

/* Floats of one output position and one row of taps that lie side by side. */
struct patch_run {
    size_t column;    /* place in the matrix row */
    ptrdiff_t offset; /* place in the image; -1: outside, zeros */
    size_t count;
};

/* Fills runs (at most kernel_w) and returns how many. */
static int patch_row(const struct conv2d *c, struct shape in, int group, int i, int j, int ky, struct patch_run *runs)
{
    const int channels = in.c / c->groups, y = i * c->stride - c->padding + ky * c->dilation;
    const int x0 = j * c->stride_w - c->padding_w;
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
    struct patch_run runs[KERNEL_RUNS_MAX];
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

static void columns_to_image(const struct conv2d *c, const struct step_io *io, int group, size_t row, size_t count,
                             const float *columns)
{
    const size_t width = column_width(c, io->in[0].c);
    struct patch_run runs[KERNEL_RUNS_MAX];
    for (size_t r = row; r < row + count; r++, columns += width)
        for (int ky = 0; ky < c->kernel; ky++) {
            const int n =
                patch_row(c, io->in[0], group, (int)(r / (size_t)io->out.w), (int)(r % (size_t)io->out.w), ky, runs);
            for (int k = 0; k < n; k++)
                for (size_t f = 0; runs[k].offset >= 0 && f < runs[k].count; f++)
                    io->dx[0][(size_t)runs[k].offset + f] += columns[runs[k].column + f];
        }
}

static void columns_forward(const struct step *step, const struct step_io *io)
{
    const struct conv2d *c = &step->node->conv;
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
    const struct conv2d *c = &step->node->conv;
    const size_t rows = shape_positions(io->out), width = column_width(c, io->in[0].c), block = block_rows(rows, width);
    const int out = io->out.c, group_out = out / c->groups;
    for (size_t row = 0; row < rows; row += block) {
        const size_t n = rows - row < block ? rows - row : block;
        for (int g = 0; g < c->groups; g++) {
            backend()->gemm(true, (int)n, (int)width, group_out, io->dy + row * (size_t)out + g * group_out, out,
                            step->weight + (size_t)g * width * (size_t)group_out, group_out, io->scratch, (int)width);
            columns_to_image(c, io, g, row, n, io->scratch);
        }
    }
}

/* -- depthwise: channels are lanes ---------------------------------------------------------------------------------- */

static bool depthwise_applies(const struct conv2d *c, int channels_in)
{
    return c->groups == channels_in && c->out == channels_in && channels_in > 1;
}

static size_t no_scratch(const struct conv2d *c, struct shape in, struct shape out)
{
    (void)c, (void)in, (void)out;
    return 0;
}

static void pack_depthwise(const struct conv2d *c, int channels_in, const float *weight, float *packed)
{
    for (int t = 0; t < taps(c); t++)
        for (int k = 0; k < channels_in; k++)
            *packed++ = weight[(size_t)k * (size_t)taps(c) + (size_t)t];
}

/* Where tap (ky,kx) of output (i,j) lies in the image, or -1. */
static ptrdiff_t tap_offset(const struct conv2d *c, struct shape in, int i, int j, int ky, int kx)
{
    const int y = i * c->stride - c->padding + ky * c->dilation;
    const int x = j * c->stride_w - c->padding_w + kx * c->dilation_w;
    return y < 0 || y >= in.h || x < 0 || x >= in.w ? -1 : ((ptrdiff_t)y * in.w + x) * in.c;
}

static void depthwise_forward(const struct step *step, const struct step_io *io)
{
    const struct conv2d *c = &step->node->conv;
    const int channels = io->out.c;
    float *y = io->y;
    for (int i = 0; i < io->out.h; i++)
        for (int j = 0; j < io->out.w; j++, y += channels) {
            memset(y, 0, (size_t)channels * sizeof *y);
            for (int t = 0; t < taps(c); t++) {
                const ptrdiff_t offset = tap_offset(c, io->in[0], i, j, t / c->kernel_w, t % c->kernel_w);
                if (offset >= 0)
                    multiply_add_values(y, io->x[0] + offset, step->weight + (size_t)t * (size_t)channels, channels);
            }
            epilogue(y, step->bias, io->residual ? io->residual + (y - io->y) : NULL, 1, channels, 0, step->activation);
        }
}

static void depthwise_backward(const struct step *step, const struct step_io *io)
{
    const struct conv2d *c = &step->node->conv;
    const int channels = io->out.c;
    const float *dy = io->dy;
    for (int i = 0; i < io->out.h; i++)
        for (int j = 0; j < io->out.w; j++, dy += channels)
            for (int t = 0; t < taps(c); t++) {
                const ptrdiff_t offset = tap_offset(c, io->in[0], i, j, t / c->kernel_w, t % c->kernel_w);
                if (offset >= 0)
                    multiply_add_values(io->dx[0] + offset, dy, step->weight + (size_t)t * (size_t)channels, channels);
            }
}

/* -- the operator: the first way that applies ------------------------------------------------------------------------- */

/* How OpenBLAS or plain loops do it, image by image. */
struct conv_way {
    const char *name;
    bool (*applies)(const struct conv2d *conv, int channels_in);
    void (*pack)(const struct conv2d *conv, int channels_in, const float *weight, float *packed);
    size_t (*scratch)(const struct conv2d *conv, struct shape in, struct shape out);
    void (*forward)(const struct step *step, const struct step_io *io);
    void (*backward)(const struct step *step, const struct step_io *io);
};

static const struct conv_way ways[] = {
    {"depthwise", depthwise_applies, pack_depthwise, no_scratch, depthwise_forward, depthwise_backward},
    {"gemm", pointwise_applies, pack_columns, pointwise_scratch, pointwise_forward, pointwise_backward},
    {"im2col+gemm", columns_apply, pack_columns, columns_scratch, columns_forward, columns_backward},
};

static const struct conv_way *way_of(const struct conv2d *conv, int channels_in)
{
    const struct conv_way *way = ways;
    while (!way->applies(conv, channels_in))
        way++;
    return way;
}

const struct conv_kernel *conv2d_kernel(const struct conv2d *conv, struct shape in, struct shape out)
{
    static const struct conv_kernel *const kernels[] = {&conv_depthwise, &conv_winograd, &conv_stem, &conv_grouped,
                                                        &conv_product};
    for (size_t i = 0; i < sizeof kernels / sizeof *kernels; i++)
        if (kernels[i]->applies(conv, in, out))
            return kernels[i];
    return NULL;
}

const char *conv2d_way(const struct conv2d *conv, int channels_in)
{
    return way_of(conv, channels_in)->name;
}

void conv2d_pack(const struct conv2d *conv, int channels_in, const float *weight, float *packed)
{
    way_of(conv, channels_in)->pack(conv, channels_in, weight, packed);
}

static size_t scratch(const struct step *step, const struct shape *in, struct shape out, bool is_backward)
{
    const struct conv2d *conv = &step->node->conv;
    if (step->kernel && !is_backward)
        return step->kernel->scratch(step->set, conv, in[0], out);
    return way_of(conv, in[0].c)->scratch(conv, in[0], out);
}

static int blocks(const struct step *step, const struct step_io *io)
{
    return step->kernel ? step->kernel->blocks(step, io) : io->images;
}

static void forward(const struct step *step, const struct step_io *io, int block)
{
    if (step->kernel) {
        step->kernel->forward(step, io, block);
        return;
    }
    const struct step_io image = step_images(io, block, 1);
    way_of(&step->node->conv, io->in[0].c)->forward(step, &image);
}

static void backward(const struct step *step, const struct step_io *io)
{
    way_of(&step->node->conv, io->in[0].c)->backward(step, io);
}

const struct op op_conv2d = {.name = "conv2d",
                             .fuses = true,
                             .shape = shape,
                             .parameters = parameters,
                             .macs = macs,
                             .scratch = scratch,
                             .blocks = blocks,
                             .forward = forward,
                             .backward = backward};
