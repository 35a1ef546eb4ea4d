/*
 * nn/conv_winograd.c - 3x3 convolution with stride 1 by Winograd's F(4x4,3x3): a quarter of the multiplications.
 *
 * For each block of tiles, every 6x6 patch is transformed to 36 points; for each point, tiles are multiplied by weights
 * in one matrix product; the products are transformed back to 4x4 outputs, which are finished while they are in
 * registers. Weights are transformed once, when the network is created.
 */
#include "nn/conv.h"
#include "nn/product_step.h"

#include <math.h>
#include <string.h>

#define PAD_FLOATS 16 /* after each row: strides that are powers of two would share the same cache sets */
#define TILES_MOST 48 /* of a block; with few channels their points fit into the L2 cache */
#define TILES_FEW 36
#define CHANNELS_FEW 128
#define TILES_SHARED 20 /* threads share tiles if each gets at least so many; otherwise they share panels */
#define CHANNEL_MULTIPLE 16

static bool applies(const struct conv2d *conv, struct shape in, struct shape out)
{
    const long covered = 16L * divide_up(out.h, WINOGRAD_TILE) * divide_up(out.w, WINOGRAD_TILE);
    return conv->groups == 1 && conv->kernel == 3 && conv->kernel_w == 3 && conv->stride == 1 && conv->stride_w == 1 &&
           conv->dilation == 1 && conv->dilation_w == 1 && in.c % CHANNEL_MULTIPLE == 0 &&
           out.c % CHANNEL_MULTIPLE == 0 && 2L * out.h * out.w >= covered;
}

static size_t packed(const struct kernel_set *set, const struct conv2d *conv, int channels_in)
{
    return WINOGRAD_POINTS * product_packed(set, (size_t)channels_in, conv->out);
}

/* Transforms a 3x3 kernel g: G g G^T, in double. */
static void transform_kernel(const float *g, double *out)
{
    const double root = sqrt(2.0);
    const double matrix[WINOGRAD_PATCH][3] = {{1, 0, 0},
                                              {-2 / 3.0, -root / 3, -1 / 3.0},
                                              {-2 / 3.0, root / 3, -1 / 3.0},
                                              {1 / 6.0, root / 6, 1 / 3.0},
                                              {1 / 6.0, -root / 6, 1 / 3.0},
                                              {0, 0, 1}};
    double half[WINOGRAD_PATCH][3];
    for (int i = 0; i < WINOGRAD_PATCH; i++)
        for (int x = 0; x < 3; x++)
            half[i][x] = matrix[i][0] * g[x] + matrix[i][1] * g[3 + x] + matrix[i][2] * g[6 + x];
    for (int i = 0; i < WINOGRAD_PATCH; i++)
        for (int j = 0; j < WINOGRAD_PATCH; j++)
            *out++ = half[i][0] * matrix[j][0] + half[i][1] * matrix[j][1] + half[i][2] * matrix[j][2];
}

/* Packs the transformed weights as [point][panel][in][column of the panel]. */
static void pack(const struct kernel_set *set, const struct conv2d *conv, int channels_in, const float *weight,
                 float *out)
{
    const size_t point = product_packed(set, (size_t)channels_in, conv->out), panel = (size_t)set->panel;
    memset(out, 0, WINOGRAD_POINTS * point * sizeof *out);
    for (int k = 0; k < conv->out; k++)
        for (int i = 0; i < channels_in; i++) {
            double points[WINOGRAD_POINTS];
            transform_kernel(weight + ((size_t)k * (size_t)channels_in + (size_t)i) * 9, points);
            float *place = out + ((size_t)k / panel * (size_t)channels_in + (size_t)i) * panel + (size_t)k % panel;
            for (int p = 0; p < WINOGRAD_POINTS; p++)
                place[(size_t)p * point] = (float)points[p];
        }
}

/* How the tiles of a batch are divided. Threads share tiles or, if these are few, the columns of the products. */
struct cut {
    int across, down;      /* tiles of an image */
    int tiles, tiles_each; /* of the batch; of a block */
    int tile_blocks, panels_each, panel_blocks;
};

static int tiles_most(struct shape in, struct shape out)
{
    return in.c + out.c <= CHANNELS_FEW ? TILES_FEW : TILES_MOST;
}

static struct cut cut_of(const struct step *step, const struct step_io *io)
{
    struct cut cut = {.across = divide_up(io->out.w, WINOGRAD_TILE), .down = divide_up(io->out.h, WINOGRAD_TILE)};
    const int panels = divide_up(io->out.c, step->set->panel);
    cut.tiles = io->images * cut.across * cut.down;
    cut.tile_blocks = divide_up(cut.tiles, tiles_most(io->in[0], io->out));
    cut.panels_each = panels;
    if (io->workers > 1 && cut.tile_blocks % io->workers) {
        if (cut.tiles >= TILES_SHARED * io->workers)
            cut.tile_blocks = divide_up(cut.tile_blocks, io->workers) * io->workers;
        else
            cut.panels_each = divide_up(panels, io->workers);
    }
    cut.panel_blocks = divide_up(panels, cut.panels_each);
    cut.tiles_each = divide_up(cut.tiles, cut.tile_blocks);
    cut.tile_blocks = divide_up(cut.tiles, cut.tiles_each);
    return cut;
}

static int blocks(const struct step *step, const struct step_io *io)
{
    const struct cut cut = cut_of(step, io);
    return cut.tile_blocks * cut.panel_blocks;
}

static size_t patch_floats(struct shape in)
{
    return (size_t)WINOGRAD_PATCH * WINOGRAD_PATCH * (size_t)in.c;
}

static size_t scratch(const struct kernel_set *set, const struct conv2d *conv, struct shape in, struct shape out)
{
    (void)conv;
    const size_t tiles = (size_t)tiles_most(in, out);
    const size_t columns = (size_t)divide_up(out.c, set->panel) * (size_t)set->panel;
    return WINOGRAD_POINTS * tiles * ((size_t)in.c + columns + 2 * PAD_FLOATS) + patch_floats(in);
}

/* The 6x6 inputs of a tile; if they reach beyond the image, a copy with zeros there. */
struct patch {
    const float *x;
    size_t row_stride, column_stride;
};

static struct patch patch_at(const float *image, struct shape in, int top, int left, float *copy)
{
    const size_t c = (size_t)in.c, row = (size_t)in.w * c;
    if (top >= 0 && left >= 0 && top + WINOGRAD_PATCH <= in.h && left + WINOGRAD_PATCH <= in.w)
        return (struct patch){image + (size_t)top * row + (size_t)left * c, row, c};
    memset(copy, 0, patch_floats(in) * sizeof *copy);
    const int x0 = left < 0 ? 0 : left, x1 = left + WINOGRAD_PATCH < in.w ? left + WINOGRAD_PATCH : in.w;
    for (int y = top < 0 ? 0 : top; y < top + WINOGRAD_PATCH && y < in.h && x0 < x1; y++)
        memcpy(copy + ((size_t)(y - top) * WINOGRAD_PATCH + (size_t)(x0 - left)) * c,
               image + (size_t)y * row + (size_t)x0 * c, (size_t)(x1 - x0) * c * sizeof *copy);
    return (struct patch){copy, WINOGRAD_PATCH * c, c};
}

/* The position of a tile. */
struct tile {
    int image, i, j; /* of its first output */
};

static struct tile tile_at(const struct cut *cut, int index)
{
    const int each = cut->across * cut->down, place = index % each;
    return (struct tile){index / each, place / cut->across * WINOGRAD_TILE, place % cut->across * WINOGRAD_TILE};
}

/* The work of a block: some tiles and some columns, and where their points are in scratch. */
struct block {
    struct cut cut;
    int first, tiles, column, columns;
    size_t v_stride, m_stride; /* of a tile */
    float *v, *m, *copy;
};

static struct block block_of(const struct step *step, const struct step_io *io, int index)
{
    const struct cut cut = cut_of(step, io);
    const int width = cut.panels_each * step->set->panel;
    struct block b = {.cut = cut,
                      .first = index / cut.panel_blocks * cut.tiles_each,
                      .column = index % cut.panel_blocks * width,
                      .v_stride = (size_t)io->in[0].c + PAD_FLOATS,
                      .m_stride = (size_t)width + PAD_FLOATS,
                      .v = io->scratch};
    b.tiles = smaller(cut.tiles - b.first, cut.tiles_each);
    b.columns = smaller(io->out.c - b.column, width);
    b.m = b.v + WINOGRAD_POINTS * (size_t)b.tiles * b.v_stride;
    b.copy = b.m + WINOGRAD_POINTS * (size_t)b.tiles * b.m_stride;
    return b;
}

static void to_points(const struct step *step, const struct step_io *io, const struct block *b)
{
    const struct conv2d *conv = conv_of(step);
    const struct shape in = io->in[0];
    for (int t = 0; t < b->tiles; t++) {
        const struct tile tile = tile_at(&b->cut, b->first + t);
        const struct patch patch = patch_at(io->x[0] + (size_t)tile.image * shape_size(in), in, tile.i - conv->pad.top,
                                            tile.j - conv->pad.left, b->copy);
        step->set->winograd_input(patch.x, patch.row_stride, patch.column_stride, in.c, b->v + (size_t)t * b->v_stride,
                                  (size_t)b->tiles * b->v_stride);
    }
}

static void multiply_points(const struct step *step, const struct step_io *io, const struct block *b)
{
    const size_t depth = (size_t)io->in[0].c, point = product_packed(step->set, depth, io->out.c);
    for (size_t p = 0; p < WINOGRAD_POINTS; p++)
        step->set->product(&(struct product){.rows = b->tiles,
                                             .columns = b->columns,
                                             .segments = 1,
                                             .length = (int)depth,
                                             .x = b->v + p * (size_t)b->tiles * b->v_stride,
                                             .x_stride = b->v_stride,
                                             .weight = step->packed + p * point + (size_t)b->column * depth,
                                             .y = b->m + p * (size_t)b->tiles * b->m_stride,
                                             .y_stride = b->m_stride,
                                             .finish = {.low = -INFINITY, .high = INFINITY}});
}

static void from_points(const struct step *step, const struct step_io *io, const struct block *b)
{
    const struct shape out = io->out;
    const size_t channels = (size_t)out.c, row = (size_t)out.w * channels;
    for (int t = 0; t < b->tiles; t++) {
        const struct tile tile = tile_at(&b->cut, b->first + t);
        const int down = smaller(out.h - tile.i, WINOGRAD_TILE), across = smaller(out.w - tile.j, WINOGRAD_TILE);
        const size_t at =
            (size_t)tile.image * shape_size(out) + (size_t)tile.i * row + (size_t)tile.j * channels + (size_t)b->column;
        const struct finish finish = step_finish(step, io, at, b->column);
        step->set->winograd_output(b->m + (size_t)t * b->m_stride, (size_t)b->tiles * b->m_stride, b->columns,
                                   io->y + at, row, channels, down, across, &finish);
        for (int i = 0; i < down; i++)
            step_activate(step, io->y + at + (size_t)i * row, (size_t)across, (size_t)b->columns, channels);
    }
}

static void forward(const struct step *step, const struct step_io *io, int block)
{
    const struct block b = block_of(step, io, block);
    to_points(step, io, &b);
    multiply_points(step, io, &b);
    from_points(step, io, &b);
}

const struct conv_algorithm conv_winograd = {.name = "winograd F(4x4,3x3)",
                                             .applies = applies,
                                             .packed = packed,
                                             .pack = pack,
                                             .scratch = scratch,
                                             .blocks = blocks,
                                             .forward = forward};
