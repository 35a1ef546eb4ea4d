/*
 * nn/conv_product.c - convolution as one matrix product, with a row for each output position (implicit im2col). Nothing
 * is copied: a table contains, for each tap, the address of its input, which is in the image or in a row of zeros.
 */
#include "nn/conv.h"
#include "nn/product_step.h"

#include <stdlib.h>
#include <string.h>

static bool product_applies(const struct conv2d *conv, struct shape in, struct shape out)
{
    (void)in, (void)out;
    return conv->groups == 1;
}

static size_t packed_floats(const struct kernel_set *set, const struct conv2d *conv, int channels_in)
{
    return product_packed(set, (size_t)conv2d_taps(conv) * (size_t)channels_in, conv->out);
}

/*
 * Packs torch's weight (out, in, kh, kw) as (depth, out), depth = (kh, kw, in), in panels, without an intermediate
 * copy.
 */
static void pack(const struct kernel_set *set, const struct conv2d *conv, int channels_in, const float *weight,
                 float *packed)
{
    const int count = conv2d_taps(conv);
    for (int first = 0; first < conv->out; first += set->panel)
        for (int t = 0; t < count; t++)
            for (int i = 0; i < channels_in; i++)
                for (int k = first; k < first + set->panel; k++)
                    *packed++ = k < conv->out
                                    ? weight[((size_t)k * (size_t)channels_in + (size_t)i) * (size_t)count + (size_t)t]
                                    : 0;
}

/*
 * Pointers in a block's table; with an input in panels, which have PRODUCT_DEPTH channels, each tap has a segment per
 * panel.
 */
static size_t table_pointers(const struct conv2d *conv, int channels)
{
    return (size_t)PRODUCT_ROWS * (size_t)conv2d_taps(conv) * (size_t)divide_up(channels, PRODUCT_DEPTH);
}

static size_t scratch(const struct kernel_set *set, const struct conv2d *conv, struct shape in, struct shape out)
{
    (void)set, (void)out;
    if (conv2d_is_pointwise(conv))
        return 0;
    return pointer_floats(table_pointers(conv, in.c)) + (size_t)in.c;
}

/* Writes the address of the input under each tap of one output position; entries are a tile's rows apart. */
static void fill_row(const struct step *step, const struct step_io *io, long position, const float *zeros,
                     const float **at)
{
    const struct conv2d *conv = conv_of(step);
    const struct shape in = io->in[0];
    const long plane = (long)shape_positions(io->out), place = position % plane;
    const int i = (int)(place / io->out.w), j = (int)(place % io->out.w);
    const size_t image = (size_t)(position / plane) * shape_positions(in);
    const int each = (int)panels_stride(io->x_panels, in.c);
    for (int ky = 0; ky < conv->kernel; ky++) {
        const int y = i * conv->stride - conv->pad.top + ky * conv->dilation;
        for (int kx = 0; kx < conv->kernel_w; kx++) {
            const int column = j * conv->stride_w - conv->pad.left + kx * conv->dilation_w;
            const bool is_inside = y >= 0 && y < in.h && column >= 0 && column < in.w;
            const size_t from = image + (size_t)y * (size_t)in.w + (size_t)column;
            for (int channel = 0; channel < in.c; channel += each, at += step->set->tile_rows)
                *at = is_inside ? io->x[0] + panels_place(io->x_panels, in.c, from, channel) : zeros;
        }
    }
}

/* Fills the table for output positions first..first+rows-1 of the batch. */
static void fill_table(const struct step *step, const struct step_io *io, long first, int rows, int segments,
                       const float *zeros, const float **table)
{
    const int tile_rows = step->set->tile_rows, each = segments * tile_rows;
    const struct product_tiles tiles = product_tiles(rows, tile_rows);
    for (int t = 0; t < tiles.count; t++, table += each)
        for (int i = 0; i < tiles.each + (t < tiles.larger); i++)
            fill_row(step, io, first++, zeros, table + i);
}

#define FAR_CHANNELS 128 /* with fewer channels, rows are too short for prefetching to pay */

static void forward(const struct step *step, const struct step_io *io, int block)
{
    const struct conv2d *conv = conv_of(step);
    const struct product_part part = product_part(step, io, block);
    const int channels = io->in[0].c, each = (int)panels_stride(io->x_panels, channels);
    struct product product = {.segments = conv2d_taps(conv) * (channels / each), .length = each};
    if (conv2d_is_pointwise(conv)) {
        product.x = io->x[0] + panels_place(io->x_panels, channels, (size_t)part.first, 0);
        product.x_stride = (size_t)each;
        product.x_segment = io->x_panels.floats;
        product.is_far = channels >= FAR_CHANNELS;
    } else {
        const float **table = (const float **)(void *)io->scratch;
        float *zeros = io->scratch + pointer_floats(table_pointers(conv, channels));
        memset(zeros, 0, (size_t)channels * sizeof *zeros);
        fill_table(step, io, part.first, part.rows, product.segments, zeros, table);
        product.table = table;
    }
    product_run(step, io, &part, &product);
}

/*
 * Many short runs are read more slowly than whole rows: an input may lie in narrow panels only if it has few of them.
 */
static bool takes_panels(const struct kernel_set *set, const struct conv2d *conv, enum operand operand, int channels,
                         int panel)
{
    if (panel % set->panel || channels % panel)
        return false;
    return operand != OPERAND_X || panel >= PRODUCT_DEPTH || (conv2d_is_pointwise(conv) && channels < PRODUCT_DEPTH);
}

const struct conv_algorithm conv_product = {.name = "product",
                                            .applies = product_applies,
                                            .packed = packed_floats,
                                            .pack = pack,
                                            .scratch = scratch,
                                            .blocks = product_blocks,
                                            .forward = forward,
                                            .takes_panels = takes_panels};

/* -- few channels: the first layer ---------------------------------------------------------------------------------- */

/*
 * With 3 channels, a run under one tap is too short. So a band of the input is copied with its padding, which makes the
 * taps of one row of the kernel contiguous: each segment is then a row of the kernel.
 */
#define STEM_CHANNELS 4
#define STEM_POSITIONS 224 /* of a band, about */

static bool stem_applies(const struct conv2d *conv, struct shape in, struct shape out)
{
    return in.c <= STEM_CHANNELS && conv->groups == 1 && conv->dilation_w == 1 && out.w <= 1 << 13;
}

static int band_rows(struct shape out)
{
    const int rows = STEM_POSITIONS / out.w;
    return rows > 0 ? rows : 1;
}

static int band_height(const struct conv2d *conv, struct shape out)
{
    return conv2d_reach(conv, band_rows(out));
}

static size_t band_width(const struct conv2d *conv, struct shape in, struct shape out)
{
    const int needed = (out.w - 1) * conv->stride_w + conv->kernel_w, padded = in.w + conv->pad.left + conv->pad.right;
    return (size_t)(needed > padded ? needed : padded) * (size_t)in.c;
}

static size_t stem_pointers(const struct kernel_set *set, const struct conv2d *conv, struct shape out)
{
    return (size_t)divide_up(band_rows(out) * out.w, set->tile_rows) * (size_t)set->tile_rows * (size_t)conv->kernel;
}

static size_t stem_scratch(const struct kernel_set *set, const struct conv2d *conv, struct shape in, struct shape out)
{
    return pointer_floats(stem_pointers(set, conv, out)) + (size_t)band_height(conv, out) * band_width(conv, in, out);
}

static int stem_blocks(const struct step *step, const struct step_io *io)
{
    (void)step;
    return io->images * divide_up(io->out.h, band_rows(io->out));
}

/* Copies input rows from `top` on, with zeros around them. */
static void copy_band(const struct conv2d *conv, const float *x, struct shape in, int top, int height, size_t width,
                      float *band)
{
    const size_t row = (size_t)in.w * (size_t)in.c, left = (size_t)conv->pad.left * (size_t)in.c;
    memset(band, 0, (size_t)height * width * sizeof *band);
    for (int y = top < 0 ? 0 : top; y < top + height && y < in.h; y++)
        memcpy(band + (size_t)(y - top) * width + left, x + (size_t)y * row,
               (row < width - left ? row : width - left) * sizeof *band);
}

/* Writes where the runs of a band's output positions begin, one for each row of the kernel. */
static void fill_band_table(const struct step *step, struct shape out, int positions, const float *band, size_t width,
                            int channels, const float **table)
{
    const struct conv2d *conv = conv_of(step);
    const int tile_rows = step->set->tile_rows;
    const struct product_tiles tiles = product_tiles(positions, tile_rows);
    const size_t right = (size_t)conv->stride_w * (size_t)channels, down = (size_t)conv->dilation * width;
    int column = 0;
    for (int t = 0; t < tiles.count; t++, table += tile_rows * conv->kernel)
        for (int i = 0; i < tiles.each + (t < tiles.larger); i++) {
            for (int ky = 0; ky < conv->kernel; ky++)
                table[ky * tile_rows + i] = band + (size_t)ky * down + (size_t)column * right;
            if (++column == out.w) {
                column = 0;
                band += (size_t)conv->stride * width;
            }
        }
}

static void stem_forward(const struct step *step, const struct step_io *all, int block)
{
    const struct conv2d *conv = conv_of(step);
    const struct shape in = all->in[0], out = all->out;
    const int bands = divide_up(out.h, band_rows(out));
    const struct step_io io = step_images(all, block / bands, 1);
    const int first = block % bands * band_rows(out);
    const int rows = smaller(out.h - first, band_rows(out));
    const size_t width = band_width(conv, in, out), at = (size_t)first * (size_t)out.w * (size_t)out.c;
    const float **table = (const float **)(void *)io.scratch;
    float *band = io.scratch + pointer_floats(stem_pointers(step->set, conv, out));
    copy_band(conv, io.x[0], in, first * conv->stride - conv->pad.top, band_height(conv, out), width, band);
    fill_band_table(step, out, rows * out.w, band, width, in.c, table);
    struct product product = {.rows = rows * out.w,
                              .columns = out.c,
                              .segments = conv->kernel,
                              .length = conv->kernel_w * in.c,
                              .table = table,
                              .weight = step->packed,
                              .y = io.y + at,
                              .y_stride = (size_t)out.c,
                              .residual_stride = (size_t)out.c,
                              .finish = step_finish(step, &io, at, 0)};
    step->set->product(&product);
    step_activate(step, product.y, (size_t)product.rows, (size_t)out.c, (size_t)out.c);
}

const struct conv_algorithm conv_stem = {.name = "product, rows of taps",
                                         .applies = stem_applies,
                                         .packed = packed_floats,
                                         .pack = pack,
                                         .scratch = stem_scratch,
                                         .blocks = stem_blocks,
                                         .forward = stem_forward};
