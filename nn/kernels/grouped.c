/*
 * nn/kernels/grouped.c - grouped convolution: lanes are outputs of one group, or of as many groups as a vector holds.
 *
 * A tile is up to COLUMNS adjacent outputs; its accumulators are named one by one, as in product.c. With a stride of 1
 * or 2, an input is loaded once for all outputs that have it under one of their three taps in a row. If groups share a
 * vector, a shuffle gives each lane the input of its own group, so that every multiplication counts. An input in panels
 * is read in place, and taps outside it are left out; any other input is read from a band that was copied.
 */
#include "nn/kernels/vector.h"

#include <string.h>

#define COLUMNS 8
#define AHEAD 6 /* distance of the prefetch, in positions */

/* -- the input ------------------------------------------------------------------------------------------------------ */

/* Copies a position to all pieces before the next position, so that each cache line of the image is read once. */
static void copy_columns(const struct grouped_band *band, const float *x, int columns, float *out)
{
    const int channels = band->channels, all = channels * band->pieces;
    for (int column = 0; column < columns; column++, x += band->image_channels, out += channels) {
        for (int c = 0; c < all; c += 16)
            __builtin_prefetch(x + (size_t)AHEAD * (size_t)band->image_channels + c);
        const float *from = x;
        float *to = out;
        for (int piece = 0; piece < band->pieces; piece++, from += channels, to += band->piece_floats) {
            int c = 0;
            for (; c + LANES <= channels; c += LANES)
                store(to + c, load(from + c));
            for (; c < channels; c++)
                to[c] = from[c];
        }
    }
}

static void clear_columns(const struct grouped_band *band, int columns, float *out)
{
    for (int piece = 0; columns > 0 && piece < band->pieces; piece++, out += band->piece_floats)
        memset(out, 0, (size_t)columns * (size_t)band->channels * sizeof *out);
}

void SET(grouped_band)(const struct grouped_band *band, float *out)
{
    const size_t channels = (size_t)band->channels, row = channels * (size_t)band->columns;
    const int end = band->columns < band->width - band->left ? band->columns : band->width - band->left;
    const int begin = band->left < 0 ? -band->left : 0;
    for (int i = 0; i < band->rows; i++, out += row) {
        const int y = band->top + i;
        if (y < 0 || y >= band->height || begin >= end) {
            clear_columns(band, band->columns, out);
            continue;
        }
        const size_t at = (size_t)y * (size_t)band->width + (size_t)(band->left + begin);
        clear_columns(band, begin, out);
        copy_columns(band, band->image + at * (size_t)band->image_channels, end - begin,
                     out + (size_t)begin * channels);
        clear_columns(band, band->columns - end, out + (size_t)end * channels);
    }
}

/* -- tiles ---------------------------------------------------------------------------------------------------------- */

/* A run: adjacent tiles of equal width in one row of the result, for one vector of its channels. */
struct run {
    int tiles;
    const float *x;   /* the input under the first tap of the first output; may point outside the image */
    int taps;         /* rows of taps inside the image; x and weight belong to the first of them */
    bool left, right; /* the first column under the first tile, and the last one under the last tile, are outside */
    const float *weight, *bias, *residual; /* bias, residual: NULL: none */
    float *y;
};

static const float zeros[PANEL];

/* Defines which taps read which columns. */
enum reach { REACH_STRIDE_1, REACH_STRIDE_2, REACH_ANY };

#if LANES == 16
#define SHUFFLE_4(v, k) \
    __builtin_shufflevector(v, v, k, k, k, k, 4 + k, 4 + k, 4 + k, 4 + k, 8 + k, 8 + k, 8 + k, 8 + k, 12 + k, 12 + k, \
                            12 + k, 12 + k)
#define SHUFFLE_8(v, k) \
    __builtin_shufflevector(v, v, k, k, k, k, k, k, k, k, 8 + k, 8 + k, 8 + k, 8 + k, 8 + k, 8 + k, 8 + k, 8 + k)
#elif LANES == 8
#define SHUFFLE_4(v, k) __builtin_shufflevector(v, v, k, k, k, k, 4 + k, 4 + k, 4 + k, 4 + k)
#endif

/* Input k of each lane's group; `width` is the width of groups that share a vector, 0 if they do not share one. */
__attribute__((always_inline)) static inline vec input(const float *x, int k, int width)
{
#if LANES > 4
    const float *const lanes = x;
    if (width == 4)
        return k == 0   ? SHUFFLE_4(load(lanes), 0)
               : k == 1 ? SHUFFLE_4(load(lanes), 1)
               : k == 2 ? SHUFFLE_4(load(lanes), 2)
                        : SHUFFLE_4(load(lanes), 3);
#endif
#if LANES > 8
    if (width == 8)
        return k == 0   ? SHUFFLE_8(load(lanes), 0)
               : k == 1 ? SHUFFLE_8(load(lanes), 1)
               : k == 2 ? SHUFFLE_8(load(lanes), 2)
               : k == 3 ? SHUFFLE_8(load(lanes), 3)
               : k == 4 ? SHUFFLE_8(load(lanes), 4)
               : k == 5 ? SHUFFLE_8(load(lanes), 5)
               : k == 6 ? SHUFFLE_8(load(lanes), 6)
                        : SHUFFLE_8(load(lanes), 7);
#endif
    (void)width;
    return splat(x[k]);
}

#define EACH_1(DO) DO(0, 1, 2)
#define EACH_2(DO) EACH_1(DO) DO(1, 2, 3)
#define EACH_3(DO) EACH_2(DO) DO(2, 3, 4)
#define EACH_4(DO) EACH_3(DO) DO(3, 4, 5)
#define EACH_5(DO) EACH_4(DO) DO(4, 5, 6)
#define EACH_6(DO) EACH_5(DO) DO(5, 6, 7)
#define EACH_7(DO) EACH_6(DO) DO(6, 7, 8)
#define EACH_8(DO) EACH_7(DO) DO(7, 8, 9)

#define INPUT(column) input((column) == 0 ? first : (column) == end ? last : x + (size_t)(column)*step, k, width)
#define BEGIN(i, j, l) vec sum##i = {0};
#define STRIDE_1(i, j, l) \
    const vec v##l = INPUT(l); \
    sum##i += v##i * w0; \
    sum##i += v##j * w1; \
    sum##i += v##l * w2;
#define STRIDE_2(i, j, l) \
    const vec between##i = INPUT(2 * i + 1), v##j = INPUT(2 * i + 2); \
    sum##i += v##i * w0; \
    sum##i += between##i * w1; \
    sum##i += v##j * w2;
#define ANY(i, j, l) sum##i += INPUT((i)*g->stride + tap * g->dilation_w) * w0;
#define FINISH(i, j, l) \
    { \
        const size_t place = (size_t)(i)*g->y_column; \
        vec v = sum##i + bias; \
        if (residual) \
            v += load(residual + place); \
        store(y + place, limit(v, g->finish.low, g->finish.high)); \
    }

/* Adds one input of each group, under a row of taps. */
#define CHANNEL(n) \
    if (reach == REACH_STRIDE_1) { \
        const vec w0 = load(w), w1 = load(w + LANES), w2 = load(w + 2 * LANES), v0 = INPUT(0), v1 = INPUT(1); \
        EACH_##n(STRIDE_1); \
        w += 3 * LANES; \
    } else if (reach == REACH_STRIDE_2) { \
        const vec w0 = load(w), w1 = load(w + LANES), w2 = load(w + 2 * LANES), v0 = INPUT(0); \
        EACH_##n(STRIDE_2); \
        w += 3 * LANES; \
    } else { \
        for (int tap = 0; tap < g->kernel_w; tap++, w += LANES) { \
            const vec w0 = load(w); \
            EACH_##n(ANY); \
        } \
    }

#define TILES(n) \
    __attribute__((always_inline)) static inline void tiles_##n(const struct grouped *g, const struct run *run, \
                                                                enum reach reach, int width, bool is_in_panels) \
    { \
        const size_t step = is_in_panels ? PANEL : width ? LANES : (size_t)g->inputs; \
        const size_t down = (size_t)g->dilation * g->x_row; \
        const int end = reach == REACH_STRIDE_1 ? n + 1 : reach == REACH_STRIDE_2 ? 2 * n : -1; \
        const int segments = is_in_panels ? g->segments : 1; \
        const float *begin = run->x, *residual = run->residual; \
        float *y = run->y; \
        for (int t = 0; t < run->tiles; t++) { \
            const bool is_left = is_in_panels && run->left && t == 0; \
            const bool is_right = is_in_panels && run->right && t == run->tiles - 1; \
            const float *w = run->weight; \
            EACH_##n(BEGIN); \
            for (int tap_row = 0; tap_row < run->taps; tap_row++) \
                for (int s = 0; s < segments; s++) { \
                    const float *x = begin + (size_t)tap_row * down + (size_t)s * g->segment_floats; \
                    const float *first = is_left ? zeros : x, *last = is_right ? zeros : x + (size_t)end * step; \
                    if (width) { \
                        _Pragma("GCC unroll 8") for (int k = 0; k < width; k++) \
                        { \
                            CHANNEL(n) \
                        } \
                    } else { \
                        for (int k = 0; k < g->inputs; k++) { \
                            CHANNEL(n) \
                        } \
                    } \
                } \
            const vec bias = run->bias ? load(run->bias) : (vec){0}; \
            EACH_##n(FINISH); \
            begin += (size_t)(n * g->stride) * step; \
            y += n * g->y_column; \
            if (residual) \
                residual += n * g->y_column; \
        } \
    }

TILES(1)
TILES(2)
TILES(3)
TILES(4)
TILES(5)
TILES(6)
TILES(7)
TILES(8)

/* The function of a run: for each reach, width of groups that share a vector, and kind of input (band or panels). */
typedef void run_function(const struct grouped *g, const struct run *run);

#define MEMBER(n, name, reach, width, is_in_panels) \
    static void name##_##n(const struct grouped *g, const struct run *run) \
    { \
        tiles_##n(g, run, reach, width, is_in_panels); \
    }
#define FAMILY(name, reach, width, is_in_panels) \
    MEMBER(1, name, reach, width, is_in_panels) \
    MEMBER(2, name, reach, width, is_in_panels) \
    MEMBER(3, name, reach, width, is_in_panels) \
    MEMBER(4, name, reach, width, is_in_panels) \
    MEMBER(5, name, reach, width, is_in_panels) \
    MEMBER(6, name, reach, width, is_in_panels) \
    MEMBER(7, name, reach, width, is_in_panels) \
    MEMBER(8, name, reach, width, is_in_panels)
#if PANEL % GROUPED_STRIP == 0 /* conv_grouped.c accepts no other panels */
#define PANEL_FAMILIES(width) \
    FAMILY(one_in_panels_##width, REACH_STRIDE_1, width, true) \
    FAMILY(two_in_panels_##width, REACH_STRIDE_2, width, true)
#define PANEL_NAMES(width) NAMES(one_in_panels_##width), NAMES(two_in_panels_##width)
#else
#define PANEL_FAMILIES(width)
#define PANEL_NAMES(width) \
    { \
        NULL \
    }
#endif
#define FAMILIES(width) \
    FAMILY(one_##width, REACH_STRIDE_1, width, false) \
    FAMILY(two_##width, REACH_STRIDE_2, width, false) \
    FAMILY(any_##width, REACH_ANY, width, false) \
    PANEL_FAMILIES(width)
#define NAMES(name) \
    { \
        name##_1, name##_2, name##_3, name##_4, name##_5, name##_6, name##_7, name##_8 \
    }
#define ROW(width) \
    { \
        width, {NAMES(one_##width), NAMES(two_##width), NAMES(any_##width)}, \
        { \
            PANEL_NAMES(width) \
        } \
    }

FAMILIES(0)
#if LANES > 4
FAMILIES(4)
#endif
#if LANES > 8
FAMILIES(8)
#endif

static const struct {
    int width; /* of groups that share a vector; 0: they do not share one */
    run_function *copied[REACH_ANY + 1][COLUMNS], *in_panels[REACH_ANY][COLUMNS];
} families[] = {
    ROW(0),
#if LANES > 4
    ROW(4),
#endif
#if LANES > 8
    ROW(8),
#endif
};

static enum reach reach_of(const struct grouped *g)
{
    if (g->kernel_w != 3 || g->dilation_w != 1 || g->stride > 2)
        return REACH_ANY;
    return g->stride == 1 ? REACH_STRIDE_1 : REACH_STRIDE_2;
}

static run_function *const *functions_of(const struct grouped *g)
{
    int family = 0;
    while (g->shares && families[family].width != g->inputs)
        family++;
    return g->segments ? families[family].in_panels[reach_of(g)] : families[family].copied[reach_of(g)];
}

/* Computes one row of the result, for one vector of its channels. */
static void run_row(const struct grouped *g, run_function *const *functions, struct run run)
{
    const int count = (g->columns + COLUMNS - 1) / COLUMNS, each = g->columns / count, larger = g->columns % count;
    const size_t step = (size_t)g->stride * (g->segments ? PANEL : g->shares ? LANES : (size_t)g->inputs);
    const bool is_left = g->left<0, is_right = g->left + (g->columns - 1) * g->stride + g->kernel_w> g->width;
    for (int part = 0; part < 2; part++) { /* the larger tiles, then the others */
        const int columns = each + (part == 0);
        run.tiles = part ? count - larger : larger;
        if (run.tiles == 0)
            continue;
        run.left = is_left && (part == 0 || larger == 0);
        run.right = is_right && part == 1;
        functions[columns - 1](g, &run);
        const size_t done = (size_t)run.tiles * (size_t)columns;
        run.x += done * step;
        run.y += done * g->y_column;
        if (run.residual)
            run.residual += done * g->y_column;
    }
}

/* Goes row by row, and in each row vector by vector, so that inputs and results stay in the L1 cache. */
void SET(grouped)(const struct grouped *g)
{
    const int per_piece = g->shares ? 1 : g->outputs / LANES;
    const size_t row_weights =
        (size_t)g->kernel_w * (size_t)g->inputs * (size_t)(g->segments ? g->segments : 1) * LANES;
    run_function *const *functions = functions_of(g);
    for (int i = 0; i < g->rows; i++) {
        const int top = g->top + i * g->stride, above = g->segments && top < 0 ? -top : 0;
        const int below = g->segments && top + g->kernel > g->height ? top + g->kernel - g->height : 0;
        for (int v = 0; v < GROUPED_STRIP / LANES; v++) {
            const size_t at = (size_t)i * g->y_row + (size_t)v * LANES;
            const struct run run = {
                .x = g->x + (ptrdiff_t)i * (ptrdiff_t)g->x_down + (ptrdiff_t)((size_t)above * g->x_row) +
                     (ptrdiff_t)((size_t)(v / per_piece) * g->piece_floats),
                .taps = g->kernel - above - below,
                .weight = g->weight + ((size_t)v * (size_t)g->kernel + (size_t)above) * row_weights,
                .y = g->y + at,
                .bias = g->finish.bias ? g->finish.bias + v * LANES : NULL,
                .residual = g->finish.residual ? g->finish.residual + at : NULL,
            };
            run_row(g, functions, run);
        }
    }
}
