/*
 * nn/kernels/product.c - matrix product with packed weights and rows that are read where they lie.
 *
 * A tile of TILE_ROWS rows and one panel (two vectors) of columns is summed in registers, which have to be named one by one:
 * compilers keep an array of accumulators in memory. Macros write the tiles of 1..TILE_ROWS rows from one text.
 */
#include "nn/kernels/vector.h"

#include <string.h>

/* What a tile works on. Its rows are table[segment * TILE_ROWS + row] + offset, `length` floats of each segment. */
struct tile {
    const float *const *table;
    int segments, length;
    size_t offset;
    const float *weight;
    float *y;
    size_t y_stride;
    bool continues;              /* add to y */
    const struct finish *finish; /* NULL: there is more to add */
};

#define EACH_1(DO) DO(0)
#define EACH_2(DO) EACH_1(DO) DO(1)
#define EACH_3(DO) EACH_2(DO) DO(2)
#define EACH_4(DO) EACH_3(DO) DO(3)
#define EACH_5(DO) EACH_4(DO) DO(4)
#define EACH_6(DO) EACH_5(DO) DO(5)
#define EACH_7(DO) EACH_6(DO) DO(6)
#define EACH_8(DO) EACH_7(DO) DO(7)
#define EACH_9(DO) EACH_8(DO) DO(8)
#define EACH_10(DO) EACH_9(DO) DO(9)
#define EACH_11(DO) EACH_10(DO) DO(10)
#define EACH_12(DO) EACH_11(DO) DO(11)

#define BEGIN(i) vec left##i = {0}, right##i = {0};
/* What will be written or added is far away: it is on its way while the sums are made. */
#define FETCH(i) __builtin_prefetch(tile->y + i * tile->y_stride, 1);
#define FETCH_RESIDUAL(i) __builtin_prefetch(finish->residual + i * tile->y_stride);
#define POINT(i) const float *x##i = tile->table[s * TILE_ROWS + i] + tile->offset;
#define MULTIPLY(i) \
    { \
        const vec x = splat(x##i[k]); \
        left##i += x * w0; \
        right##i += x * w1; \
    }
#define CONTINUE(i) \
    left##i += load(tile->y + i * tile->y_stride); \
    right##i += load(tile->y + i * tile->y_stride + LANES);
#define ADD_BIAS(i) \
    left##i += b0; \
    right##i += b1;
#define ADD_RESIDUAL(i) \
    left##i += load(finish->residual + i * tile->y_stride); \
    right##i += load(finish->residual + i * tile->y_stride + LANES);
#define LIMIT(i) \
    left##i = limit(left##i, finish->low, finish->high); \
    right##i = limit(right##i, finish->low, finish->high);
#define STORE(i) \
    store(tile->y + i * tile->y_stride, left##i); \
    store(tile->y + i * tile->y_stride + LANES, right##i);

#define TILE(n) \
    static void tile_##n(const struct tile *tile) \
    { \
        const struct finish *finish = tile->finish; \
        const float *w = tile->weight; \
        EACH_##n(BEGIN); \
        EACH_##n(FETCH); \
        if (finish && finish->residual) { \
            EACH_##n(FETCH_RESIDUAL); \
        } \
        for (int s = 0; s < tile->segments; s++) { \
            EACH_##n(POINT); \
            _Pragma("GCC unroll 4") for (int k = 0; k < tile->length; k++) \
            { \
                const vec w0 = load(w), w1 = load(w + LANES); \
                w += PANEL; \
                EACH_##n(MULTIPLY); \
            } \
        } \
        if (tile->continues) { \
            EACH_##n(CONTINUE); \
        } \
        if (finish && finish->bias) { \
            const vec b0 = load(finish->bias), b1 = load(finish->bias + LANES); \
            EACH_##n(ADD_BIAS); \
        } \
        if (finish && finish->residual) { \
            EACH_##n(ADD_RESIDUAL); \
        } \
        if (finish) { \
            EACH_##n(LIMIT); \
        } \
        EACH_##n(STORE); \
    }

TILE(1)
TILE(2)
TILE(3)
TILE(4)
TILE(5)
TILE(6)
#if TILE_ROWS == 12
TILE(7)
TILE(8)
TILE(9)
TILE(10)
TILE(11)
TILE(12)
#endif

static void (*const tiles[])(const struct tile *) = {
    tile_1, tile_2, tile_3, tile_4,  tile_5,  tile_6,
#if TILE_ROWS == 12
    tile_7, tile_8, tile_9, tile_10, tile_11, tile_12,
#endif
};

/* A tile whose panel is wider than what is left of the columns goes through a place of its own. */
static void run_narrow(const struct tile *wide, int rows, int columns)
{
    float y[TILE_ROWS * PANEL] = {0}, residual[TILE_ROWS * PANEL] = {0};
    const size_t stride = wide->y_stride, bytes = (size_t)columns * sizeof(float);
    struct tile tile = *wide;
    struct finish finish;
    for (int i = 0; wide->continues && i < rows; i++)
        memcpy(y + i * PANEL, wide->y + (size_t)i * stride, bytes);
    if (wide->finish && wide->finish->residual) {
        finish = *wide->finish;
        for (int i = 0; i < rows; i++)
            memcpy(residual + i * PANEL, finish.residual + (size_t)i * stride, bytes);
        finish.residual = residual;
        tile.finish = &finish;
    }
    tile.y = y;
    tile.y_stride = PANEL;
    tiles[rows - 1](&tile);
    for (int i = 0; i < rows; i++)
        memcpy(wide->y + (size_t)i * stride, y + i * PANEL, bytes);
}

/* A stretch of the depth: whole segments, or a part of one. */
struct stretch {
    int segment, segments; /* first, how many */
    int begin, length;     /* floats of each */
};

static struct stretch next_stretch(const struct product *p, struct stretch last)
{
    if (p->length > PRODUCT_DEPTH) {
        struct stretch next = {last.segment, 1, last.begin + last.length, PRODUCT_DEPTH};
        if (next.begin >= p->length)
            next = (struct stretch){last.segment + 1, 1, 0, PRODUCT_DEPTH};
        if (next.length > p->length - next.begin)
            next.length = p->length - next.begin;
        return next;
    }
    const int first = last.segment + last.segments, most = PRODUCT_DEPTH / p->length;
    return (struct stretch){first, p->segments - first < most ? p->segments - first : most, 0, p->length};
}

static bool is_last(const struct product *p, struct stretch s)
{
    return s.segment + s.segments >= p->segments && s.begin + s.length >= p->length;
}

#define LINE_FLOATS 16 /* of a line of the caches */

/* Part t of `parts` of what the next panel will read first: its weights come from far, these tiles' are near. */
static void fetch_part(const float *weight, size_t floats, int t, int parts)
{
    const size_t lines = floats / LINE_FLOATS, end = lines * (size_t)(t + 1) / (size_t)parts;
    for (size_t line = lines * (size_t)t / (size_t)parts; line < end; line++)
        __builtin_prefetch(weight + line * LINE_FLOATS, 0, 2);
}

/* All rows of one panel over one stretch: the stretch's weights stay in the first cache. */
static void run_panel(const struct product *p, struct stretch s, int panel)
{
    const int column = panel * PANEL, columns = p->columns - column;
    const size_t depth = (size_t)p->segments * (size_t)p->length;
    const float *x[TILE_ROWS];
    struct finish finish = p->finish;
    if (finish.bias)
        finish.bias += column;
    const struct product_tiles cut = product_tiles(p->rows, TILE_ROWS);
    for (int t = 0, row = 0; t < cut.count; t++) {
        const int rows = cut.each + (t < cut.larger);
        const size_t at = (size_t)row * p->y_stride + (size_t)column;
        struct tile tile = {
            .table = x,
            .segments = s.segments,
            .length = s.length,
            .offset = (size_t)s.begin,
            .weight =
                p->weight + ((size_t)panel * depth + (size_t)s.segment * (size_t)p->length + (size_t)s.begin) * PANEL,
            .y = p->y + at,
            .y_stride = p->y_stride,
            .continues = s.segment > 0 || s.begin > 0,
            .finish = is_last(p, s) ? &finish : NULL,
        };
        if (p->table)
            tile.table = p->table + ((size_t)t * (size_t)p->segments + (size_t)s.segment) * TILE_ROWS;
        else
            for (int i = 0; i < rows; i++)
                x[i] = p->x + (size_t)(row + i) * p->x_stride;
        fetch_part(tile.weight + depth * PANEL, (size_t)s.segments * (size_t)s.length * PANEL, t, cut.count);
        finish.residual = p->finish.residual ? p->finish.residual + at : NULL;
        if (columns < PANEL)
            run_narrow(&tile, rows, columns);
        else
            tiles[rows - 1](&tile);
        row += rows;
    }
}

/* Above this many floats the rows of a block do not stay in the second cache while all panels go by. */
#define ROWS_RESIDENT (96 << 10)

void SET(product)(const struct product *p)
{
    const int panels = (p->columns + PANEL - 1) / PANEL;
    const struct stretch start = {0, 0, p->length > PRODUCT_DEPTH ? -PRODUCT_DEPTH : 0, PRODUCT_DEPTH};
    const bool stays = p->rows <= TILE_ROWS || (long)p->rows * p->segments * p->length <= ROWS_RESIDENT;
    if (stays) {
        for (int panel = 0; panel < panels; panel++)
            for (struct stretch s = next_stretch(p, start);; s = next_stretch(p, s)) {
                run_panel(p, s, panel);
                if (is_last(p, s))
                    break;
            }
        return;
    }
    for (struct stretch s = next_stretch(p, start);; s = next_stretch(p, s)) {
        for (int panel = 0; panel < panels; panel++)
            run_panel(p, s, panel);
        if (is_last(p, s))
            break;
    }
}
