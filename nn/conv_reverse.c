/*
 * nn/conv_reverse.c - the gradient of a convolution with respect to its input, by the kernels of a set.
 *
 * It is a convolution of the result's gradient with stride 1: the kernel is turned by 180 degrees, and its inputs and
 * outputs are exchanged. With a stride s, the input's positions form s*s grids, and each grid is the result of such a
 * convolution with the taps that reach it. So the algorithms of the forward pass apply. The plain algorithms' backward
 * (nn/conv_plain.c) is the reference.
 *
 * With few input channels (the first layer), most columns of a kernel would be empty. There a product computes the
 * gradient under all taps, and these are added to the image.
 *
 * The weights are packed before the first backward pass that needs them: many networks never run one.
 */
#include "nn/conv.h"
#include "nn/product_step.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FEW_CHANNELS 4
#define STRIDE_MAX 4 /* beyond it, a grid has too few positions */

/* Along one axis: the taps that reach the positions first, first + stride ... of the input, and their convolution. */
struct axis {
    int stride, dilation;
    int first, count; /* positions */
    int tap, taps;    /* the first tap, and their number; the next tap is `stride` further on */
    int before, after;
};

struct grid {
    struct axis down, across;
    struct shape shape; /* of its positions */
    struct conv2d conv;
    struct node node;
    struct step step;
};

struct conv_reverse {
    int count;
    struct grid *grids;
    bool adds_taps; /* few channels: no grids */
    float *taps;    /* the weight of that product */
};

/* -- the plan ------------------------------------------------------------------------------------------------------- */

/* An axis of a convolution: kernel, stride, dilation, padding before, sizes of input and result. */
static struct axis axis_of(int kernel, int stride, int dilation, int pad, int in, int out, int first)
{
    struct axis axis = {.stride = stride, .dilation = dilation, .first = first, .tap = (first + pad) % stride};
    axis.count = first < in ? (in - 1 - first) / stride + 1 : 0;
    axis.taps = axis.tap < kernel ? (kernel - 1 - axis.tap) / stride + 1 : 0;
    axis.before = dilation * (axis.taps - 1) - (first + pad - axis.tap) / stride;
    axis.after = axis.count + dilation * (axis.taps - 1) - out - axis.before;
    return axis;
}

static bool is_empty(const struct grid *grid)
{
    return grid->down.taps == 0 || grid->across.taps == 0 || grid->down.count == 0 || grid->across.count == 0;
}

static struct grid grid_of(const struct conv2d *conv, struct shape in, struct shape out, int row, int column)
{
    struct grid grid = {
        .down = axis_of(conv->kernel, conv->stride, conv->dilation, conv->pad.top, in.h, out.h, row),
        .across = axis_of(conv->kernel_w, conv->stride_w, conv->dilation_w, conv->pad.left, in.w, out.w, column)};
    grid.shape = (struct shape){in.c, grid.down.count, grid.across.count};
    grid.conv = (struct conv2d){.out = in.c,
                                .kernel = grid.down.taps,
                                .kernel_w = grid.across.taps,
                                .stride = 1,
                                .stride_w = 1,
                                .dilation = conv->dilation,
                                .dilation_w = conv->dilation_w,
                                .groups = conv->groups,
                                .pad = {grid.down.before, grid.across.before, grid.down.after, grid.across.after}};
    return grid;
}

static bool has_padding_below_zero(const struct grid *grid)
{
    const struct sides *pad = &grid->conv.pad;
    return !is_empty(grid) && (pad->top < 0 || pad->left < 0 || pad->bottom < 0 || pad->right < 0);
}

/* Whether the taps that reach a grid are evenly spaced, and no result's gradient lies beyond the input. */
static bool can_reverse(const struct conv2d *conv, struct shape in, struct shape out)
{
    if (conv->stride > STRIDE_MAX || conv->stride_w > STRIDE_MAX)
        return false;
    if ((conv->stride > 1 && conv->dilation > 1 && conv->kernel > 1) ||
        (conv->stride_w > 1 && conv->dilation_w > 1 && conv->kernel_w > 1))
        return false;
    for (int row = 0; row < conv->stride; row++)
        for (int column = 0; column < conv->stride_w; column++) {
            const struct grid grid = grid_of(conv, in, out, row, column);
            if (has_padding_below_zero(&grid))
                return false;
        }
    return true;
}

static void plan_grid(struct grid *grid, const struct kernel_set *set, struct shape dy)
{
    grid->node = (struct node){.name = "reverse", .op = &op_conv2d, .attributes = &grid->conv, .shape = grid->shape};
    grid->step = (struct step){.node = &grid->node, .residual = -1, .before = -1, .set = set};
    grid->step.plain = conv_choose(&grid->conv, dy, grid->shape, true);
    grid->step.algorithm = conv_choose(&grid->conv, dy, grid->shape, false);
}

int conv_reverse_plan(struct arena *arena, const struct kernel_set *set, struct step *step, struct shape in,
                      struct error *err)
{
    const struct conv2d *conv = conv_of(step);
    const struct shape out = step->node->shape;
    step->reverse = NULL;
    if (!can_reverse(conv, in, out))
        return 0;
    struct conv_reverse *reverse = arena_alloc(arena, 1, sizeof *reverse);
    if (!reverse)
        return error_memory(err, "the plan");
    reverse->adds_taps = conv->groups == 1 && in.c <= FEW_CHANNELS;
    reverse->count = reverse->adds_taps ? 0 : conv->stride * conv->stride_w;
    reverse->grids = arena_alloc(arena, (size_t)reverse->count, sizeof *reverse->grids);
    if (!reverse->grids)
        return error_memory(err, "the plan");
    for (int i = 0; i < reverse->count; i++) {
        reverse->grids[i] = grid_of(conv, in, out, i / conv->stride_w, i % conv->stride_w);
        if (!is_empty(&reverse->grids[i]))
            plan_grid(&reverse->grids[i], set, out);
    }
    step->reverse = reverse;
    return 0;
}

/* -- weights -------------------------------------------------------------------------------------------------------- */

/* Writes the weight of a grid's convolution in torch's order, (in, out/groups, taps down, taps across). */
static void turn(const struct step *step, const struct grid *grid, int channels_in, float *turned)
{
    const struct conv2d *conv = conv_of(step);
    const bool is_depthwise = step->plain == &conv_plain_depthwise;
    const int inputs = channels_in / conv->groups, outputs = conv->out / conv->groups, all = conv2d_taps(conv);
    const struct axis *down = &grid->down, *across = &grid->across;
    for (int i = 0; i < channels_in; i++)
        for (int o = 0; o < outputs; o++)
            for (int y = down->taps - 1; y >= 0; y--)
                for (int x = across->taps - 1; x >= 0; x--) {
                    const int t = (down->tap + y * down->stride) * conv->kernel_w + across->tap + x * across->stride;
                    const size_t row =
                        is_depthwise
                            ? (size_t)t * (size_t)channels_in + (size_t)i
                            : ((size_t)(i / inputs) * (size_t)all + (size_t)t) * (size_t)inputs + (size_t)(i % inputs);
                    *turned++ = step->weight[row * (size_t)outputs + (size_t)o];
                }
}

static int pack_grid(struct arena *arena, const struct step *step, struct grid *grid, int channels_in, float *turned,
                     struct error *err)
{
    const struct conv_algorithm *algorithm = grid->step.algorithm;
    float *packed = arena_floats(arena, algorithm->packed(step->set, &grid->conv, conv_of(step)->out));
    if (!packed)
        return error_memory(err, "packed weights");
    turn(step, grid, channels_in, turned);
    algorithm->pack(step->set, &grid->conv, conv_of(step)->out, turned, packed);
    grid->step.packed = grid->step.weight = packed; /* the plain algorithms read `weight` */
    return 0;
}

static size_t tap_columns(const struct conv2d *conv, int channels_in)
{
    return (size_t)conv2d_taps(conv) * (size_t)channels_in;
}

int conv_reverse_pack(struct arena *arena, const struct step *step, int channels_in, struct error *err)
{
    struct conv_reverse *reverse = step->reverse;
    const struct conv2d *conv = conv_of(step);
    const size_t columns = tap_columns(conv, channels_in), out = (size_t)conv->out;
    int status = 0;
    if (reverse->adds_taps) {
        reverse->taps = arena_floats(arena, product_packed(step->set, out, (int)columns));
        if (!reverse->taps)
            return error_memory(err, "packed weights");
        product_pack(step->set, out, (int)columns, 1, out, step->weight, reverse->taps);
        return 0;
    }
    float *turned = malloc(columns * out / (size_t)conv->groups * sizeof *turned);
    if (!turned)
        return error_memory(err, "packed weights");
    for (int i = 0; i < reverse->count && !status; i++)
        if (!is_empty(&reverse->grids[i]))
            status = pack_grid(arena, step, &reverse->grids[i], channels_in, turned, err);
    free(turned);
    return status;
}

/* -- running -------------------------------------------------------------------------------------------------------- */

#define SCRATCH_ALIGN ((size_t)16) /* floats */

/* Floats of a result that is not written in place. */
static size_t spare_floats(struct shape shape)
{
    return (shape_size(shape) + SCRATCH_ALIGN - 1) / SCRATCH_ALIGN * SCRATCH_ALIGN;
}

size_t conv_reverse_scratch(const struct step *step, struct shape in, struct shape out)
{
    const struct conv_reverse *reverse = step->reverse;
    size_t most = reverse->adds_taps ? PRODUCT_ROWS * tap_columns(conv_of(step), in.c) : 0;
    for (int i = 0; i < reverse->count; i++) {
        const struct grid *grid = &reverse->grids[i];
        if (is_empty(grid))
            continue;
        const size_t need =
            spare_floats(grid->shape) + grid->step.algorithm->scratch(step->set, &grid->conv, out, grid->shape);
        most = need > most ? need : most;
    }
    return most;
}

static void run_grid(const struct grid *grid, const struct step_io *io, const float *residual, float *y)
{
    const struct conv_algorithm *algorithm = grid->step.algorithm;
    const struct step_io inner = {.in = {io->out},
                                  .out = grid->shape,
                                  .images = 1,
                                  .workers = 1,
                                  .x = {io->dy},
                                  .residual = residual,
                                  .y = y,
                                  .scratch = io->scratch + spare_floats(grid->shape)};
    const int blocks = algorithm->blocks ? algorithm->blocks(&grid->step, &inner) : 1;
    for (int block = 0; block < blocks; block++)
        algorithm->forward(&grid->step, &inner, block);
}

/* Writes or adds a grid's gradient to its positions of the input. */
static void scatter(const struct grid *grid, struct shape in, const float *made, bool adds, float *dx)
{
    const size_t channels = (size_t)in.c;
    for (int i = 0; i < grid->shape.h; i++)
        for (int j = 0; j < grid->shape.w; j++, made += channels) {
            const int y = grid->down.first + i * grid->down.stride;
            const int x = grid->across.first + j * grid->across.stride;
            float *place = dx + ((size_t)y * (size_t)in.w + (size_t)x) * channels;
            if (adds)
                add_values(place, made, channels);
            else
                memcpy(place, made, channels * sizeof *place);
        }
}

static void run_strided(const struct conv_reverse *reverse, const struct step_io *io)
{
    const struct shape in = io->in[0];
    float *dx = io->dx[0];
    bool adds = io->so_far != NULL;
    if (adds && io->so_far != dx)
        memcpy(dx, io->so_far, shape_size(in) * sizeof *dx);
    for (int i = 0; i < reverse->count && !adds; i++)
        if (is_empty(&reverse->grids[i])) { /* some positions have no gradient */
            memset(dx, 0, shape_size(in) * sizeof *dx);
            break;
        }
    for (int i = 0; i < reverse->count; i++) {
        const struct grid *grid = &reverse->grids[i];
        if (is_empty(grid))
            continue;
        run_grid(grid, io, NULL, io->scratch);
        scatter(grid, in, io->scratch, adds, dx);
    }
}

static void run_taps(const struct step *step, const struct step_io *io)
{
    const struct conv2d *conv = conv_of(step);
    const size_t rows = shape_positions(io->out), width = tap_columns(conv, io->in[0].c);
    float *dx = io->dx[0];
    if (!io->so_far)
        memset(dx, 0, shape_size(io->in[0]) * sizeof *dx);
    else if (io->so_far != dx)
        memcpy(dx, io->so_far, shape_size(io->in[0]) * sizeof *dx);
    struct product product = {.columns = (int)width,
                              .segments = 1,
                              .length = io->out.c,
                              .x_stride = (size_t)io->out.c,
                              .weight = step->reverse->taps,
                              .y = io->scratch,
                              .y_stride = width,
                              .finish = {.low = -INFINITY, .high = INFINITY}};
    for (size_t row = 0; row < rows; row += PRODUCT_ROWS) {
        product.rows = rows - row < PRODUCT_ROWS ? (int)(rows - row) : PRODUCT_ROWS;
        product.x = io->dy + row * (size_t)io->out.c;
        step->set->product(&product);
        conv_add_columns(conv, io, 0, row, (size_t)product.rows, io->scratch);
    }
}

void conv_reverse_run(const struct step *step, const struct step_io *io)
{
    const struct conv_reverse *reverse = step->reverse;
    float *dx = io->dx[0];
    if (reverse->adds_taps)
        run_taps(step, io);
    else if (reverse->count > 1)
        run_strided(reverse, io);
    else if (io->so_far == dx) { /* a kernel must not read what it has written */
        run_grid(reverse->grids, io, NULL, io->scratch);
        add_values(dx, io->scratch, shape_size(io->in[0]));
    } else
        run_grid(reverse->grids, io, io->so_far, dx);
}
