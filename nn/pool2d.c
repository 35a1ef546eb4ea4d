/*
 * nn/pool2d.c - max, average and adaptive average pooling.
 * Defines: adaptive_avg_pool, avg_pool, max_pool.
 */
#include "nn/ops.h"
#include "nn/pack.h"
#include "nn/simd.h"

#include <math.h>
#include <string.h>

static const struct pool2d *pool_of(const struct node *node)
{
    return node->attributes;
}

/* Indices from the first tap of a window to the last. */
static int extent(int kernel, int dilation)
{
    return (kernel - 1) * dilation + 1;
}

/*
 * Output length along one axis by torch's rule: with ceil_mode the last window must begin inside the input or the
 * padding before it.
 */
static int pooled(int in, int window, int stride, int before, int after, bool ceil_mode)
{
    const int span = in + before + after - window;
    if (span < 0)
        return 0;
    int out = (span + (ceil_mode ? stride - 1 : 0)) / stride + 1;
    if (ceil_mode && (out - 1) * stride >= in + before)
        out--;
    return out;
}

/* The first tap at `at` or after it that is not before the input. */
static inline int first_inside(int at, int dilation)
{
    return at >= 0 ? at : dilation == 1 ? 0 : at + divide_up(-at, dilation) * dilation;
}

/* Whether every window has a tap inside the input. Without dilation it has. */
static bool has_taps(int in, int window, int stride, int dilation, int before, int out)
{
    for (int i = 0; dilation > 1 && i < out; i++) {
        const int at = i * stride - before;
        if (first_inside(at, dilation) >= smaller(at + window, in))
            return false;
    }
    return true;
}

static bool is_count(int value)
{
    return value >= 1 && value <= 1 << 15;
}

/* Checks the padding of one side: a window must not lie entirely inside it. */
static bool is_padding(int padding, int window)
{
    return padding >= 0 && padding < window && padding <= 1 << 15;
}

static const char *pool_shape(const struct node *node, const struct shape *in, struct shape *out)
{
    const struct pool2d *p = pool_of(node);
    const struct sides *pad = &p->pad;
    if (!is_count(p->kernel) || !is_count(p->kernel_w) || !is_count(p->stride) || !is_count(p->stride_w) ||
        !is_count(p->dilation) || !is_count(p->dilation_w))
        return "a pool needs a kernel, a stride and a dilation of at least 1";
    const int high = extent(p->kernel, p->dilation), wide = extent(p->kernel_w, p->dilation_w);
    if (!is_padding(pad->top, high) || !is_padding(pad->bottom, high) || !is_padding(pad->left, wide) ||
        !is_padding(pad->right, wide))
        return "a pool's padding must be smaller than its window";
    *out = (struct shape){in[0].c, pooled(in[0].h, high, p->stride, pad->top, pad->bottom, p->ceil_mode),
                          pooled(in[0].w, wide, p->stride_w, pad->left, pad->right, p->ceil_mode)};
    return has_taps(in[0].h, high, p->stride, p->dilation, pad->top, out->h) &&
                   has_taps(in[0].w, wide, p->stride_w, p->dilation_w, pad->left, out->w)
               ? NULL
               : "a pool's window must not lie in the padding alone";
}

/*
 * The taps of one output position inside the input: rows from y0, `dy` apart, before y1; columns likewise. `padded` is
 * their number with those in the padding.
 */
struct window {
    int y0, y1, dy, x0, x1, dx;
    int padded;
};

static inline int steps_between(int first, int end, int step)
{
    return step == 1 ? end - first : divide_up(end - first, step);
}

static inline int window_taps(const struct window *v)
{
    return steps_between(v->y0, v->y1, v->dy) * steps_between(v->x0, v->x1, v->dx);
}

static struct window pool_window(const struct pool2d *p, struct shape in, int i, int j)
{
    const int y0 = i * p->stride - p->pad.top, x0 = j * p->stride_w - p->pad.left;
    const int dy = p->dilation, dx = p->dilation_w;
    const int y1 = smaller(y0 + extent(p->kernel, dy), in.h + p->pad.bottom);
    const int x1 = smaller(x0 + extent(p->kernel_w, dx), in.w + p->pad.right);
    return (struct window){.y0 = first_inside(y0, dy),
                           .y1 = smaller(y1, in.h),
                           .dy = dy,
                           .x0 = first_inside(x0, dx),
                           .x1 = smaller(x1, in.w),
                           .dx = dx,
                           .padded = steps_between(y0, y1, dy) * steps_between(x0, x1, dx)};
}

/* The window of an adaptive pool: output i covers inputs floor(i*in/out) .. ceil((i+1)*in/out) - 1. */
static struct window adaptive_window(struct shape in, struct shape out, int i, int j)
{
    struct window v = {.y0 = i * in.h / out.h,
                       .y1 = ((i + 1) * in.h + out.h - 1) / out.h,
                       .dy = 1,
                       .x0 = j * in.w / out.w,
                       .x1 = ((j + 1) * in.w + out.w - 1) / out.w,
                       .dx = 1};
    v.padded = (v.y1 - v.y0) * (v.x1 - v.x0);
    return v;
}

static const float *pixel(const float *x, struct shape in, int y, int column)
{
    return x + ((size_t)y * (size_t)in.w + (size_t)column) * (size_t)in.c;
}

MULTIVERSION static void max_row(float *restrict y, const float *restrict x, int n)
{
    for (int k = 0; k < n; k++)
        y[k] = x[k] > y[k] || x[k] != x[k] ? x[k] : y[k]; /* NaN stays visible */
}

MULTIVERSION static void add_row(float *restrict y, const float *restrict x, float factor, int n)
{
    for (int k = 0; k < n; k++)
        y[k] += x[k] * factor;
}

#define BAND 4       /* output rows of a block */
#define TAPS_MOST 64 /* of a window that a set's kernel computes; larger ones use the loop in max_window() */

/* The maximum over a window, by the kernel if there is one. */
static void max_window(const struct step *step, const float *x, struct shape in, struct window v, float *y)
{
    const float *tap[TAPS_MOST];
    int taps = 0;
    if (step->set && window_taps(&v) <= TAPS_MOST) {
        for (int r = v.y0; r < v.y1; r += v.dy)
            for (int s = v.x0; s < v.x1; s += v.dx)
                tap[taps++] = pixel(x, in, r, s);
        step->set->max_pool(tap, taps, in.c, y);
        return;
    }
    memcpy(y, pixel(x, in, v.y0, v.x0), (size_t)in.c * sizeof *y);
    for (int r = v.y0; r < v.y1; r += v.dy)
        for (int s = v.x0; s < v.x1; s += v.dx)
            max_row(y, pixel(x, in, r, s), in.c);
}

static int max_blocks(const struct step *step, const struct step_io *io)
{
    (void)step;
    return io->images * divide_up(io->out.h, BAND);
}

static void max_forward(const struct step *step, const struct step_io *io, int block)
{
    const struct shape in = io->in[0], out = io->out;
    const int bands = divide_up(out.h, BAND), first = block % bands * BAND;
    const struct step_io image = step_images(io, block / bands, 1);
    float *y = image.y + (size_t)first * (size_t)out.w * (size_t)out.c;
    for (int i = first; i < first + BAND && i < out.h; i++)
        for (int j = 0; j < out.w; j++, y += out.c)
            max_window(step, image.x[0], in, pool_window(pool_of(step->node), in, i, j), y);
}

/* Where the first maximum of channel k in the window lies, in row-major order. */
static size_t max_place(const float *x, struct shape in, struct window v, int k)
{
    const float *best = pixel(x, in, v.y0, v.x0) + k;
    for (int r = v.y0; r < v.y1; r += v.dy)
        for (int s = v.x0; s < v.x1; s += v.dx)
            if (pixel(x, in, r, s)[k] > *best)
                best = pixel(x, in, r, s) + k;
    return (size_t)(best - x);
}

/* Adds the gradient at the maximum. */
static void max_backward(const struct step *step, const struct step_io *io)
{
    const struct shape in = io->in[0], out = io->out;
    const float *dy = io->dy;
    for (int i = 0; i < out.h; i++)
        for (int j = 0; j < out.w; j++, dy += out.c) {
            const struct window v = pool_window(pool_of(step->node), in, i, j);
            for (int k = 0; k < out.c; k++)
                io->dx[0][max_place(io->x[0], in, v, k)] += dy[k];
        }
}

static void max_tangent(const struct step *step, const struct step_io *io, const float *const *dx, float *dy)
{
    const struct shape in = io->in[0], out = io->out;
    for (int i = 0; i < out.h; i++)
        for (int j = 0; j < out.w; j++, dy += out.c) {
            const struct window v = pool_window(pool_of(step->node), in, i, j);
            for (int k = 0; k < out.c; k++)
                dy[k] = dx[0][max_place(io->x[0], in, v, k)];
        }
}

/* The slope between the reference x0 and x at the larger of their maxima; 1 if they are equal there. */
static void max_multiply(const struct step *step, const struct step_io *io, const struct step_io *reference)
{
    const struct shape in = io->in[0], out = io->out;
    const float *x = io->x[0], *x0 = reference->x[0], *dy = io->dy;
    for (int i = 0; i < out.h; i++)
        for (int j = 0; j < out.w; j++, dy += out.c) {
            const struct window v = pool_window(pool_of(step->node), in, i, j);
            for (int k = 0; k < out.c; k++) {
                const size_t at = max_place(x, in, v, k), at0 = max_place(x0, in, v, k);
                const size_t place = x0[at0] > x[at] ? at0 : at;
                const double run = (double)x[place] - x0[place], rise = (double)x[at] - x0[at0];
                io->dx[0][place] += (float)(dy[k] * (run != 0 ? rise / run : 1));
            }
        }
}

static void complete(void *attributes)
{
    struct pool2d *p = attributes;
    same_if_zero(&p->kernel_w, p->kernel);
    same_if_zero(&p->dilation, 1);
    same_if_zero(&p->dilation_w, p->dilation);
    same_if_zero(&p->stride, p->kernel);
    same_if_zero(&p->stride_w, p->stride == p->kernel ? p->kernel_w : p->stride);
    sides_take(&p->pad, &p->padding, &p->padding_w);
}

static const struct param pool_attributes[] = {
    PARAM_INT(struct pool2d, kernel, 1, 1, 32768, "height of the window"),
    PARAM_INT(struct pool2d, kernel_w, 0, 0, 32768, "width; 0: as the height"),
    PARAM_INT(struct pool2d, stride, 0, 0, 32768, "along the height; 0: the kernel's size"),
    PARAM_INT(struct pool2d, stride_w, 0, 0, 32768, "along the width; 0: as along the height"),
    PARAM_INT(struct pool2d, padding, 0, 0, 32768, "above and below"),
    PARAM_INT(struct pool2d, padding_w, 0, -1, 32768, "left and right; 0: as above; -1: none"),
    PARAM_INT(struct pool2d, dilation, 1, 1, 32768, "between taps along the height"),
    PARAM_INT(struct pool2d, dilation_w, 0, 0, 32768, "along the width; 0: as along the height"),
    PARAM_BOOL(struct pool2d, ceil_mode, false, "a last window may reach over the border"),
    PARAM_BOOL(struct pool2d, count_exclude_padding, false, "average: divide by the pixels inside the input"),
    PARAM_BOOL(struct pool2d, count_overhang, false, "average: divide by the kernel's size everywhere"),
    SIDES_ROWS(struct pool2d),
    {0}};

static int max_pack(struct packer *packer, struct step *step, struct error *err)
{
    (void)err;
    step->set = packer->set;
    return 0;
}

const struct op op_max_pool = {.name = "max_pool",
                               .inputs_least = 1,
                               .inputs_most = 1,
                               .attributes = pool_attributes,
                               .attributes_size = sizeof(struct pool2d),
                               .complete = complete,
                               .pack = max_pack,
                               .shape = pool_shape,
                               .macs = mac_per_value,
                               .blocks = max_blocks,
                               .forward = max_forward,
                               .backward = max_backward,
                               .tangent = max_tangent,
                               .multiply = max_multiply};

/* The sum over the window, divided by `count`. */
static void average(float *y, const float *x, struct shape in, struct window v, int count)
{
    if (count == 1 && window_taps(&v) == 1) { /* VGG's 7x7 of 7x7 */
        memcpy(y, pixel(x, in, v.y0, v.x0), (size_t)in.c * sizeof *y);
        return;
    }
    memset(y, 0, (size_t)in.c * sizeof *y);
    for (int r = v.y0; r < v.y1; r += v.dy)
        for (int s = v.x0; s < v.x1; s += v.dx)
            add_row(y, pixel(x, in, r, s), 1, in.c);
    for (int k = 0; k < in.c; k++)
        y[k] /= (float)count;
}

static void spread(float *dx, const float *dy, struct shape in, struct window v, int count)
{
    for (int r = v.y0; r < v.y1; r += v.dy)
        for (int s = v.x0; s < v.x1; s += v.dx)
            add_row(dx + (pixel(dx, in, r, s) - dx), dy, 1 / (float)count, in.c);
}

static int average_count(const struct pool2d *p, struct window v)
{
    return p->count_exclude_padding ? window_taps(&v) : p->count_overhang ? p->kernel * p->kernel_w : v.padded;
}

static void avg_forward(const struct step *step, const struct step_io *io, int block)
{
    (void)block;
    const struct pool2d *p = pool_of(step->node);
    for (int i = 0; i < io->out.h; i++)
        for (int j = 0; j < io->out.w; j++) {
            const struct window v = pool_window(p, io->in[0], i, j);
            average(io->y + (i * io->out.w + j) * io->out.c, io->x[0], io->in[0], v, average_count(p, v));
        }
}

static void avg_backward(const struct step *step, const struct step_io *io)
{
    const struct pool2d *p = pool_of(step->node);
    for (int i = 0; i < io->out.h; i++)
        for (int j = 0; j < io->out.w; j++) {
            const struct window v = pool_window(p, io->in[0], i, j);
            spread(io->dx[0], io->dy + (i * io->out.w + j) * io->out.c, io->in[0], v, average_count(p, v));
        }
}

const struct op op_avg_pool = {.name = "avg_pool",
                               .inputs_least = 1,
                               .inputs_most = 1,
                               .attributes = pool_attributes,
                               .attributes_size = sizeof(struct pool2d),
                               .complete = complete,
                               .shape = pool_shape,
                               .macs = mac_per_value,
                               .forward = avg_forward,
                               .backward = avg_backward,
                               .is_linear = true};

static const char *adaptive_shape(const struct node *node, const struct shape *in, struct shape *out)
{
    const struct adaptive_pool *size = node->attributes;
    *out = (struct shape){in[0].c, size->h, size->w};
    return NULL;
}

static void adaptive_forward(const struct step *step, const struct step_io *io, int block)
{
    (void)step, (void)block;
    for (int i = 0; i < io->out.h; i++)
        for (int j = 0; j < io->out.w; j++) {
            const struct window v = adaptive_window(io->in[0], io->out, i, j);
            average(io->y + (i * io->out.w + j) * io->out.c, io->x[0], io->in[0], v, v.padded);
        }
}

static void adaptive_backward(const struct step *step, const struct step_io *io)
{
    (void)step;
    for (int i = 0; i < io->out.h; i++)
        for (int j = 0; j < io->out.w; j++) {
            const struct window v = adaptive_window(io->in[0], io->out, i, j);
            spread(io->dx[0], io->dy + (i * io->out.w + j) * io->out.c, io->in[0], v, v.padded);
        }
}

static const struct param adaptive_attributes[] = {PARAM_INT(struct adaptive_pool, h, 1, 1, 32768, "height"),
                                                   PARAM_INT(struct adaptive_pool, w, 1, 1, 32768, "width"),
                                                   {0}};

const struct op op_adaptive_avg_pool = {.name = "adaptive_avg_pool",
                                        .inputs_least = 1,
                                        .inputs_most = 1,
                                        .attributes = adaptive_attributes,
                                        .attributes_size = sizeof(struct adaptive_pool),
                                        .is_mean = true,
                                        .shape = adaptive_shape,
                                        .macs = mac_per_value,
                                        .forward = adaptive_forward,
                                        .backward = adaptive_backward,
                                        .is_linear = true};
