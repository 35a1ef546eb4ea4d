/*
 * nn/kernels/grouped.c - grouped convolution: lanes are outputs of one group, or of as many groups as a vector holds.
 *
 * A tile is up to COLUMNS outputs side by side; its accumulators are named one by one, as in product.c. With a stride of 1
 * or 2, an input that was read serves all the outputs whose three taps in a row meet it. Where groups share a vector, its
 * lanes read their own group's input by a shuffle, so that no multiplication is wasted.
 */
#include "nn/kernels/vector.h"

#include <string.h>

#define COLUMNS 8
#define AHEAD 6 /* positions: what is copied soon is fetched */

/* -- the input ------------------------------------------------------------------------------------------------------ */

/* One channel piece after the other, so that each line of the image is read once. */
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

/* One vector of up to COLUMNS outputs: what it reads and writes. */
struct tile {
    const float *x, *weight, *bias, *residual; /* bias, residual: NULL: none */
    float *y;
};

/* Which taps meet which columns. */
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

/* Input k of a group for each lane; `width` is the group's where groups share a vector, 0 where they do not. */
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

#define INPUT(column) input(x + (size_t)(column)*step, k, width)
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
        if (tile->residual) \
            v += load(tile->residual + place); \
        store(tile->y + place, limit(v, g->finish.low, g->finish.high)); \
    }

/* One input of each group under a row of taps. */
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

#define TILE(n) \
    __attribute__((always_inline)) static inline void tile_##n(const struct grouped *g, const struct tile *tile, \
                                                               enum reach reach, int width) \
    { \
        const size_t step = width ? LANES : (size_t)g->inputs, down = (size_t)g->dilation * g->x_row; \
        const float *x = tile->x, *w = tile->weight; \
        EACH_##n(BEGIN); \
        for (int tap_row = 0; tap_row < g->kernel; tap_row++, x += down) { \
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
        const vec bias = tile->bias ? load(tile->bias) : (vec){0}; \
        EACH_##n(FINISH); \
    }

TILE(1)
TILE(2)
TILE(3)
TILE(4)
TILE(5)
TILE(6)
TILE(7)
TILE(8)

/* A tile's function for a reach and a width of groups that share a vector. */
typedef void tile_function(const struct grouped *g, const struct tile *tile);

#define MEMBER(n, name, reach, width) \
    static void name##_##n(const struct grouped *g, const struct tile *tile) \
    { \
        tile_##n(g, tile, reach, width); \
    }
#define FAMILY(name, reach, width) \
    MEMBER(1, name, reach, width) \
    MEMBER(2, name, reach, width) \
    MEMBER(3, name, reach, width) \
    MEMBER(4, name, reach, width) \
    MEMBER(5, name, reach, width) \
    MEMBER(6, name, reach, width) \
    MEMBER(7, name, reach, width) \
    MEMBER(8, name, reach, width)
#define FAMILIES(width) \
    FAMILY(one_##width, REACH_STRIDE_1, width) \
    FAMILY(two_##width, REACH_STRIDE_2, width) \
    FAMILY(any_##width, REACH_ANY, width)
#define NAMES(name) \
    { \
        name##_1, name##_2, name##_3, name##_4, name##_5, name##_6, name##_7, name##_8 \
    }
#define ROW(width) \
    { \
        width, \
        { \
            NAMES(one_##width), NAMES(two_##width), NAMES(any_##width) \
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
    int width; /* of groups that share a vector; 0: they do not */
    tile_function *tiles[REACH_ANY + 1][COLUMNS];
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

/* Row by row, and in a row vector by vector: what is read and written stays in the first cache. */
void SET(grouped)(const struct grouped *g)
{
    const int count = (g->columns + COLUMNS - 1) / COLUMNS, per_piece = g->shares ? 1 : g->outputs / LANES;
    const size_t step = (size_t)g->stride * (size_t)(g->shares ? LANES : g->inputs);
    const size_t weights = (size_t)g->kernel * (size_t)g->kernel_w * (size_t)g->inputs * LANES;
    int family = 0;
    while (g->shares && families[family].width != g->inputs)
        family++;
    tile_function *const *tiles = families[family].tiles[reach_of(g)];
    for (int i = 0; i < g->rows; i++)
        for (int v = 0; v < GROUPED_STRIP / LANES; v++) {
            const float *x = g->x + (size_t)i * g->x_down + (size_t)(v / per_piece) * g->piece_floats;
            for (int t = 0; t < count; t++) {
                const int first = (int)((long)g->columns * t / count), end = (int)((long)g->columns * (t + 1) / count);
                const size_t at = (size_t)i * g->y_row + (size_t)first * g->y_column + (size_t)v * LANES;
                const struct tile tile = {
                    .x = x + (size_t)first * step,
                    .weight = g->weight + (size_t)v * weights,
                    .y = g->y + at,
                    .bias = g->finish.bias ? g->finish.bias + v * LANES : NULL,
                    .residual = g->finish.residual ? g->finish.residual + at : NULL,
                };
                tiles[end - first - 1](g, &tile);
            }
        }
}
