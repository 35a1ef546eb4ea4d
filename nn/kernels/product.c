/*
 * nn/kernels/product.c - matrix product with packed weights and rows that are read in place.
 *
 * A tile of TILE_ROWS rows and one panel (two vectors) of columns is summed in registers. These have to be named one by
 * one, because compilers keep an array of accumulators in memory. Macros generate the tiles of 1..TILE_ROWS rows.
 */
#include "nn/kernels/vector.h"

#include <math.h>

#define LINE_FLOATS 16 /* floats of a cache line */

/*
 * A run: tiles with equally many rows, one below the other, for one panel and one stretch of the depth. A row of tile t
 * begins, in each segment, at table[(t * segments + segment) * TILE_ROWS + row] + offset or, without a table, at
 * x + (t * rows + row) * x_stride + segment * x_segment; `length` floats of each segment are read.
 */
struct run {
    int tiles;
    const float *const *table; /* NULL: x */
    size_t table_step;         /* pointers of one tile, for all segments */
    const float *x;
    size_t x_stride, x_segment, offset;
    int segments, length;
    const float *weight;
    float *y;
    size_t y_stride, residual_stride;
    int columns;                 /* of the panel that are wanted: all but in the last panel */
    bool continues;              /* adds to y */
    const struct finish *finish; /* NULL: a later stretch is still to be added */
    const float *next;           /* the weights that are used next, which are not yet in a cache */
    int fetching_tiles;          /* so many tiles prefetch them, a part with each step along the depth */
    size_t next_step;            /* floats between two such prefetches */
    bool fetches;                /* prefetches the next tile's rows as well; only without a table */
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

/* The numbers of rows that a tile can have. */
#if TILE_ROWS == 12
#define EACH_SIZE(DO) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8) DO(9) DO(10) DO(11) DO(12)
#else
#define EACH_SIZE(DO) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6)
#endif

#define BEGIN(i) vec left##i = {0}, right##i = {0};
/* Prefetches the results' and the residual's cache lines while the sums are computed. */
#define FETCH(i) __builtin_prefetch(y + i * y_stride, 1);
#define FETCH_RESIDUAL(i) __builtin_prefetch(residual + i * residual_stride);
#define POINT(i) \
    const float *x##i = \
        table ? table[s * TILE_ROWS + i] + run->offset : x + (size_t)s * run->x_segment + i * run->x_stride;
/* Prefetches a cache line of the next tile's row for one use, so that the weights stay in the L1 cache. */
#define AHEAD(i) __builtin_prefetch(x##i + begin + x_tile, 0, 0);
#define MULTIPLY(i) \
    { \
        const vec v = splat(x##i[k]); \
        left##i += v * w0; \
        right##i += v * w1; \
    }
#define CONTINUE(i) \
    left##i += load(y + i * y_stride); \
    right##i += load(y + i * y_stride + LANES);
#define ADD_BIAS(i) \
    left##i += b0; \
    right##i += b1;
#define ADD_RESIDUAL(i) \
    left##i += load(residual + i * residual_stride); \
    right##i += load(residual + i * residual_stride + LANES);
#define LIMIT(i) \
    left##i = limit(left##i, finish->low, finish->high); \
    right##i = limit(right##i, finish->low, finish->high);
#define STORE(i) \
    store(y + i * y_stride, left##i); \
    store(y + i * y_stride + LANES, right##i);
/* The same with fewer columns than a panel has, `some` of the second vector. */
#define CONTINUE_SOME(i) \
    left##i += load(y + i * y_stride); \
    right##i += load_some(y + i * y_stride + LANES, some);
#define ADD_RESIDUAL_SOME(i) \
    left##i += load(residual + i * residual_stride); \
    right##i += load_some(residual + i * residual_stride + LANES, some);
#define STORE_SOME(i) \
    store(y + i * y_stride, left##i); \
    store_some(y + i * y_stride + LANES, right##i, some);

#define FETCH_NEXT \
    __builtin_prefetch(next, 0, 2); \
    next += next_step;
#define FETCH_NOTHING
#define SUM(n, begin, end, FETCH_WEIGHTS) \
    _Pragma("GCC unroll 8") for (int k = begin; k < end; k++) \
    { \
        const vec w0 = load(w), w1 = load(w + LANES); \
        w += PANEL; \
        FETCH_WEIGHTS \
        EACH_##n(MULTIPLY); \
    }

static inline bool has_limits(const struct finish *finish)
{
    return finish->low > -INFINITY || finish->high < INFINITY;
}

#define TILES(n) \
    static void tiles_##n(const struct run *run) \
    { \
        const struct finish *finish = run->finish; \
        const float *const *table = run->table, *x = run->x, *next = run->next; \
        size_t next_step = run->next_step; \
        const int some = run->columns - LANES; \
        const bool is_whole = some == LANES; \
        const float *residual = finish ? finish->residual : NULL; \
        const size_t x_tile = n * run->x_stride; \
        const size_t y_stride = run->y_stride, residual_stride = run->residual_stride; \
        float *y = run->y; \
        for (int t = 0; t < run->tiles; t++) { \
            const float *w = run->weight; \
            if (t == run->fetching_tiles) \
                next = w, next_step = 0; \
            EACH_##n(BEGIN); \
            EACH_##n(FETCH); \
            if (residual) { \
                EACH_##n(FETCH_RESIDUAL); \
            } \
            for (int s = 0; s < run->segments; s++) { \
                EACH_##n(POINT); \
                int begin = 0; \
                for (; run->fetches && begin + LINE_FLOATS <= run->length; begin += LINE_FLOATS) { \
                    EACH_##n(AHEAD); \
                    SUM(n, begin, begin + LINE_FLOATS, FETCH_NEXT); \
                } \
                if (t < run->fetching_tiles) { \
                    SUM(n, begin, run->length, FETCH_NEXT); \
                } else { \
                    SUM(n, begin, run->length, FETCH_NOTHING); \
                } \
            } \
            if (run->continues && is_whole) { \
                EACH_##n(CONTINUE); \
            } else if (run->continues) { \
                EACH_##n(CONTINUE_SOME); \
            } \
            if (finish && finish->bias) { \
                const vec b0 = load(finish->bias), b1 = load(finish->bias + LANES); \
                EACH_##n(ADD_BIAS); \
            } \
            if (residual && is_whole) { \
                EACH_##n(ADD_RESIDUAL); \
            } else if (residual) { \
                EACH_##n(ADD_RESIDUAL_SOME); \
            } \
            if (finish && has_limits(finish)) { \
                EACH_##n(LIMIT); \
            } \
            if (is_whole) { \
                EACH_##n(STORE); \
            } else { \
                EACH_##n(STORE_SOME); \
            } \
            residual = residual ? residual + n * residual_stride : NULL; \
            y += n * y_stride; \
            if (table) \
                table += run->table_step; \
            else \
                x += x_tile; \
        } \
    }

EACH_SIZE(TILES)

#define NAME_TILES(n) tiles_##n,
static void (*const runs[])(const struct run *) = {EACH_SIZE(NAME_TILES)};

/* Tiles of one vector of columns: of a last panel that has no more. */

#define BEGIN_ONE(i) vec sum##i = {0};
#define MULTIPLY_ONE(i) sum##i += splat(x##i[k]) * w0;
#define CONTINUE_ONE(i) sum##i += load_columns(y + i * y_stride, columns);
#define ADD_BIAS_ONE(i) sum##i += b0;
#define ADD_RESIDUAL_ONE(i) sum##i += load_columns(residual + i * residual_stride, columns);
#define LIMIT_ONE(i) sum##i = limit(sum##i, finish->low, finish->high);
#define STORE_ONE(i) store_columns(y + i * y_stride, sum##i, columns);

static inline vec load_columns(const float *p, int columns)
{
    return columns == LANES ? load(p) : load_some(p, columns);
}

static inline void store_columns(float *p, vec v, int columns)
{
    if (columns == LANES)
        store(p, v);
    else
        store_some(p, v, columns);
}

#define TILES_ONE(n) \
    static void tiles_one_##n(const struct run *run) \
    { \
        const struct finish *finish = run->finish; \
        const float *const *table = run->table, *x = run->x, *next = run->next; \
        size_t next_step = run->next_step; \
        const int columns = run->columns; \
        const float *residual = finish ? finish->residual : NULL; \
        const size_t y_stride = run->y_stride, residual_stride = run->residual_stride; \
        float *y = run->y; \
        for (int t = 0; t < run->tiles; t++) { \
            const float *w = run->weight; \
            if (t == run->fetching_tiles) \
                next = w, next_step = 0; \
            EACH_##n(BEGIN_ONE); \
            for (int s = 0; s < run->segments; s++) { \
                EACH_##n(POINT); \
                _Pragma("GCC unroll 8") for (int k = 0; k < run->length; k++) \
                { \
                    const vec w0 = load(w); \
                    w += PANEL; \
                    __builtin_prefetch(next, 0, 2); \
                    next += next_step; \
                    EACH_##n(MULTIPLY_ONE); \
                } \
            } \
            if (run->continues) { \
                EACH_##n(CONTINUE_ONE); \
            } \
            if (finish && finish->bias) { \
                const vec b0 = load(finish->bias); \
                EACH_##n(ADD_BIAS_ONE); \
            } \
            if (residual) { \
                EACH_##n(ADD_RESIDUAL_ONE); \
                residual += n * residual_stride; \
            } \
            if (finish && has_limits(finish)) { \
                EACH_##n(LIMIT_ONE); \
            } \
            EACH_##n(STORE_ONE); \
            y += n * y_stride; \
            if (table) \
                table += run->table_step; \
            else \
                x += n * run->x_stride; \
        } \
    }

EACH_SIZE(TILES_ONE)

#define NAME_TILES_ONE(n) tiles_one_##n,
static void (*const runs_one[])(const struct run *) = {EACH_SIZE(NAME_TILES_ONE)};

/* A stretch of the depth: several whole segments, or a part of one. */
struct stretch {
    int segment, segments; /* the first segment; their number */
    int begin, length;     /* the first float, and the number of floats, of each segment */
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

/* Where a column of the first row is. */
static size_t column_place(const struct product *p, int column, size_t stride, size_t panel)
{
    const size_t at = (size_t)p->column + (size_t)column;
    return panel ? at / stride * panel + at % stride : at;
}

/* Where the weights of a stretch of a panel begin. */
static const float *weights_of(const struct product *p, struct stretch s, int panel)
{
    const size_t depth = (size_t)p->segments * (size_t)p->length, skipped = (size_t)s.segment * (size_t)p->length;
    return p->weight + ((size_t)panel * depth + skipped + (size_t)s.begin) * PANEL;
}

#define FETCHING_TILES (PANEL / 8) /* more would ask for each line more than twice */

/*
 * Computes all rows of one panel over one stretch of the depth, whose weights stay in the L1 cache. `next`: the weights
 * of what is computed after that.
 */
static void run_panel(const struct product *p, struct stretch s, int panel, const float *next)
{
    const int column = panel * PANEL, columns = p->columns - column;
    const size_t depth = (size_t)s.segments * (size_t)s.length;
    const struct product_tiles cut = product_tiles(p->rows, TILE_ROWS);
    const int fetching = cut.count < FETCHING_TILES ? cut.count : FETCHING_TILES;
    struct finish finish = p->finish;
    if (finish.bias)
        finish.bias += column;
    struct run run = {
        .table_step = (size_t)p->segments * TILE_ROWS,
        .x_stride = p->x_stride,
        .x_segment = p->x_segment,
        .offset = (size_t)s.begin,
        .segments = s.segments,
        .length = s.length,
        .weight = weights_of(p, s, panel),
        .y_stride = p->y_stride,
        .residual_stride = p->residual_stride,
        .fetches = panel == 0 && p->is_far,
        .columns = columns < PANEL ? columns : PANEL,
        .continues = s.segment > 0 || s.begin > 0,
        .finish = is_last(p, s) ? &finish : NULL,
        .next_step = (size_t)(PANEL + fetching - 1) / (size_t)fetching,
    };
    const size_t y_place = column_place(p, column, p->y_stride, p->y_panel);
    const size_t residual_place = column_place(p, column, p->residual_stride, p->residual_panel);
    for (int part = 0; part < 2; part++) { /* the larger tiles, then the others */
        const int rows = cut.each + (part == 0), first = part ? cut.larger : 0;
        const size_t row = (size_t)first * (size_t)rows + (size_t)(part ? cut.larger : 0);
        run.tiles = part ? cut.count - cut.larger : cut.larger;
        if (p->table)
            run.table = p->table + (size_t)first * run.table_step + (size_t)(s.segment * TILE_ROWS);
        else
            run.x = p->x + row * p->x_stride + (size_t)s.segment * p->x_segment + s.begin;
        run.y = p->y + row * p->y_stride + y_place;
        run.fetching_tiles = fetching > first ? fetching - first : 0;
        run.next = next + (size_t)first * depth * run.next_step;
        finish.residual = p->finish.residual ? p->finish.residual + row * p->residual_stride + residual_place : NULL;
        if (run.tiles > 0)
            (columns > LANES ? runs : runs_one)[rows - 1](&run);
    }
}

/* With more floats than this, the rows of a block do not stay in the L2 cache while all panels are computed. */
#define ROWS_RESIDENT (96 << 10)

void SET(product)(const struct product *p)
{
    const int panels = (p->columns + PANEL - 1) / PANEL;
    const struct stretch first = next_stretch(
        p, (struct stretch){.begin = p->length > PRODUCT_DEPTH ? -PRODUCT_DEPTH : 0, .length = PRODUCT_DEPTH});
    const bool stays = p->rows <= TILE_ROWS || (long)p->rows * p->segments * p->length <= ROWS_RESIDENT;
    const int outer = stays ? panels : 1, inner = stays ? 1 : panels;
    for (int panel = 0; panel < outer; panel++) {
        struct stretch s = first, next;
        for (bool ends = false; !ends; s = next) {
            ends = is_last(p, s);
            next = ends ? first : next_stretch(p, s);
            for (int i = 0; i + 1 < inner; i++)
                run_panel(p, s, i, weights_of(p, s, i + 1));
            const int last = panel + inner - 1;
            run_panel(p, s, last, weights_of(p, next, ends ? last + 1 : panel));
        }
    }
}
