/*
 * metrics/impute.c - solves the systems of ROAD's imputation. Rong, Leemann et al., "A Consistent and Efficient
 * Evaluation Strategy for Attribution Methods", ICML 2022, arXiv:2202.00449.
 *
 * The matrix is symmetric and positive definite as soon as one pixel is known: the system is solved by conjugate
 * gradients without a stored matrix. Regions are up to the whole image wide, so the iteration is preconditioned by a
 * multigrid cycle, one Jacobi step before and one after each coarser grid: some ten iterations for any mask. Planes
 * have a border of one pixel that stays 0, so that sums over neighbours need no case at the image's edge.
 */
#include "metrics/impute.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { LANES = 8, LEVELS_MAX = 24, ITERATIONS_MAX = 1000, COARSEST_STEPS = 16 };

struct span {
    int from, to; /* half-open; equal: none */
};

/* A grid of pixels; planes are (h+2, stride), with the image at (1,1). */
struct level {
    int h, w, stride;
    int y0, y1;         /* the rows, half-open and counted in the plane, that hold all unknowns */
    struct span *spans; /* [row]: its columns that hold all unknowns */
    float *mask;        /* 1: unknown */
    float *weight;      /* of an unknown, the sum of its neighbours' weights inside the image; else 0 */
    float *inverse;     /* 1 / weight, or 0 */
    float *right, *solution, *work;
    float *row; /* a row and some more */
};

struct grids {
    int count;
    struct level level[LEVELS_MAX];
};

/* -- planes --------------------------------------------------------------------------------------------------------- */

static size_t plane_size(const struct level *level)
{
    return (size_t)(level->h + 2) * (size_t)level->stride;
}

static float *new_plane(const struct level *level, struct arena *arena)
{
    return arena_floats(arena, plane_size(level));
}

/* The sum over a pixel's neighbours. All weights are multiplied by 12, which makes them whole numbers. */
static float around(const float *v, int stride)
{
    return 2 * (v[-1] + v[1] + v[-stride] + v[stride]) +
           (v[-stride - 1] + v[-stride + 1] + v[stride - 1] + v[stride + 1]);
}

/* A sum of floats: lanes within a row, rows in double, in a fixed order. */
struct sum {
    float lane[LANES];
    double rows;
};

static void end_row(struct sum *sum)
{
    for (int k = 0; k < LANES; k++) {
        sum->rows += sum->lane[k];
        sum->lane[k] = 0;
    }
}

static void add_products(struct sum *sum, const float *restrict a, const float *restrict b, int count)
{
    int x = 0;
    for (; x + LANES <= count; x += LANES)
        for (int k = 0; k < LANES; k++)
            sum->lane[k] += a[x + k] * b[x + k];
    for (; x < count; x++)
        sum->lane[0] += a[x] * b[x];
    end_row(sum);
}

/* Where the unknowns of a plane's row begin, and how many there may be. */
static size_t row_at(const struct level *level, int y)
{
    return (size_t)y * (size_t)level->stride + (size_t)level->spans[y].from;
}

static int row_length(const struct level *level, int y)
{
    return level->spans[y].to - level->spans[y].from;
}

/* -- the grids ------------------------------------------------------------------------------------------------------ */

/* Finds where the unknowns are; false: there are none. */
static bool find_spans(struct level *level)
{
    for (int y = 1; y <= level->h; y++) {
        const float *mask = level->mask + (size_t)y * (size_t)level->stride;
        struct span span = {1, level->w + 1};
        while (span.from < span.to && mask[span.from] <= 0)
            span.from++;
        while (span.to > span.from && mask[span.to - 1] <= 0)
            span.to--;
        level->spans[y] = span;
        if (span.from == span.to)
            continue;
        level->y0 = level->y1 ? level->y0 : y;
        level->y1 = y + 1;
    }
    return level->y1 > 0;
}

/* A pixel has neighbours in three rows, or two at an edge; likewise columns. */
static void set_weights(struct level *level)
{
    for (int y = level->y0; y < level->y1; y++)
        for (int x = level->spans[y].from; x < level->spans[y].to; x++) {
            const int i = y * level->stride + x;
            const int rows = (y > 1) + (y < level->h), columns = (x > 1) + (x < level->w);
            level->weight[i] = level->mask[i] * (float)(2 * (rows + columns) + rows * columns);
            level->inverse[i] = level->weight[i] > 0 ? 1 / level->weight[i] : 0;
        }
}

static int make_level(struct level *level, int h, int w, struct arena *arena, struct error *err)
{
    *level = (struct level){.h = h, .w = w, .stride = w + 2};
    float **planes[] = {&level->mask, &level->weight, &level->inverse, &level->right, &level->solution, &level->work};
    for (size_t i = 0; i < sizeof planes / sizeof *planes; i++) {
        *planes[i] = new_plane(level, arena);
        if (!*planes[i])
            return error_memory(err, "an imputation");
    }
    level->row = arena_floats(arena, (size_t)w + 8);
    level->spans = arena_alloc(arena, (size_t)h + 2, sizeof *level->spans);
    return level->row && level->spans ? 0 : error_memory(err, "an imputation");
}

/* A coarse pixel is unknown if all pixels that it covers are. */
static void coarsen(const struct level *fine, struct level *coarse)
{
    for (int y = 1; y <= coarse->h; y++)
        for (int x = 1; x <= coarse->w; x++) {
            const int top = 2 * y - 1, left = 2 * x - 1;
            const int bottom = top < fine->h ? top + 1 : top, right = left < fine->w ? left + 1 : left;
            const float *mask = fine->mask;
            coarse->mask[y * coarse->stride + x] = mask[top * fine->stride + left] * mask[top * fine->stride + right] *
                                                   mask[bottom * fine->stride + left] *
                                                   mask[bottom * fine->stride + right];
        }
}

static int make_grids(struct grids *grids, const uint8_t *is_missing, int h, int w, struct arena *arena,
                      struct error *err)
{
    struct level *finest = &grids->level[0];
    grids->count = 1;
    if (make_level(finest, h, w, arena, err))
        return -1;
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++)
            finest->mask[(y + 1) * finest->stride + x + 1] = is_missing[y * w + x] ? 1 : 0;
    if (!find_spans(finest))
        return 0;
    set_weights(finest);
    while (grids->count < LEVELS_MAX) {
        const struct level *fine = &grids->level[grids->count - 1];
        struct level *coarse = &grids->level[grids->count];
        if (fine->h < 4 || fine->w < 4)
            break;
        if (make_level(coarse, (fine->h + 1) / 2, (fine->w + 1) / 2, arena, err))
            return -1;
        coarsen(fine, coarse);
        if (!find_spans(coarse))
            break;
        set_weights(coarse);
        grids->count++;
    }
    return 0;
}

/* -- the preconditioner --------------------------------------------------------------------------------------------- */

/* Coarse pixel i (from 1 to n), or the nearest one that is there: no value changes across the image's edge. */
static int inside(int i, int n)
{
    return i < 1 ? 1 : i > n ? n : i;
}

/*
 * solution += the coarse correction, interpolated along each axis: 3/4 of the coarse pixel that covers a pixel, and 1/4
 * of its neighbour on the nearer side.
 */
static void prolong(const float *correction, const struct level *coarse, const struct level *fine)
{
    float *restrict row = coarse->row, *restrict wide = fine->row;
    for (int y = fine->y0; y < fine->y1; y++) {
        const int over = (y + 1) / 2, beside = inside(y % 2 ? over - 1 : over + 1, coarse->h);
        const float *near = correction + (size_t)over * (size_t)coarse->stride;
        const float *far = correction + (size_t)beside * (size_t)coarse->stride;
        float *restrict v = fine->solution + (size_t)y * (size_t)fine->stride;
        const float *restrict mask = fine->mask + (size_t)y * (size_t)fine->stride;
        const struct span span = fine->spans[y];
        for (int x = span.from / 2; x <= span.to / 2 + 1; x++)
            row[x] = 0.75f * near[x] + 0.25f * far[x];
        row[0] = row[1];
        row[coarse->w + 1] = row[coarse->w];
        for (int x = (span.from + 1) / 2; x <= span.to / 2; x++) {
            wide[2 * x - 1] = 0.75f * row[x] + 0.25f * row[x - 1];
            wide[2 * x] = 0.75f * row[x] + 0.25f * row[x + 1];
        }
        for (int x = span.from; x < span.to; x++)
            v[x] += mask[x] * wide[x];
    }
}

/* Row y of what is left, of which rows past the edge repeat the first or last one; those past an odd last row are 0. */
static const float *row_of(const struct level *fine, int y)
{
    if (y > fine->h && fine->h % 2)
        y = 0;
    else
        y = inside(y, fine->h);
    return fine->work + (size_t)y * (size_t)fine->stride;
}

/* The transpose of prolong(): coarse->right = sums over the 4x4 pixels that a coarse one reaches. */
static void restrict_to(const struct level *fine, const struct level *coarse)
{
    float *restrict row = fine->row;
    for (int y = coarse->y0; y < coarse->y1; y++) {
        const float *a = row_of(fine, 2 * y - 2), *b = row_of(fine, 2 * y - 1), *c = row_of(fine, 2 * y),
                    *d = row_of(fine, 2 * y + 1);
        const size_t at = (size_t)y * (size_t)coarse->stride;
        const struct span span = coarse->spans[y];
        for (int x = 2 * span.from - 2; x < 2 * span.to && x <= fine->w; x++)
            row[x] = 0.25f * (a[x] + d[x]) + 0.75f * (b[x] + c[x]);
        row[0] = row[1];
        row[fine->w + 1] = fine->w % 2 ? 0 : row[fine->w];
        row[fine->w + 2] = 0;
        for (int x = span.from; x < span.to; x++)
            coarse->right[at + (size_t)x] = coarse->mask[at + (size_t)x] * (0.25f * (row[2 * x - 2] + row[2 * x + 1]) +
                                                                            0.75f * (row[2 * x - 1] + row[2 * x]));
    }
}

/*
 * From zeros: solution = the first Jacobi step, right / weight, and work = what it leaves, which is the sum over the
 * neighbours.
 */
static void begin(const struct level *level)
{
    for (int y = level->y0; y < level->y1; y++) {
        const size_t at = row_at(level, y);
        const int count = row_length(level, y);
        for (int x = 0; x < count; x++)
            level->solution[at + (size_t)x] = level->inverse[at + (size_t)x] * level->right[at + (size_t)x];
    }
    for (int y = level->y0; y < level->y1; y++) {
        const size_t at = row_at(level, y);
        const int count = row_length(level, y);
        const float *restrict v = level->solution + at, *restrict mask = level->mask + at;
        float *restrict out = level->work + at;
        for (int x = 0; x < count; x++)
            out[x] = mask[x] * around(v + x, level->stride);
    }
}

/* A Jacobi step: out = (right + the sum over the neighbours in v) / weight. */
static void jacobi(const struct level *level, const float *v, float *out)
{
    for (int y = level->y0; y < level->y1; y++) {
        const size_t at = row_at(level, y);
        const int count = row_length(level, y);
        const float *restrict inverse = level->inverse + at, *restrict right = level->right + at;
        const float *restrict from = v + at;
        float *restrict to = out + at;
        for (int x = 0; x < count; x++)
            to[x] = inverse[x] * (right[x] + around(from + x, level->stride));
    }
}

/*
 * Level i: the result is about the inverse of A, times right: the same linear, symmetric function in every iteration. It
 * is in one of the level's planes.
 */
static const float *cycle(const struct grids *grids, int i)
{
    const struct level *level = &grids->level[i];
    begin(level);
    if (i + 1 < grids->count) {
        restrict_to(level, &grids->level[i + 1]);
        prolong(cycle(grids, i + 1), &grids->level[i + 1], level);
        jacobi(level, level->solution, level->work);
        return level->work;
    }
    for (int k = 0; k < COARSEST_STEPS; k++) {
        jacobi(level, level->solution, level->work);
        jacobi(level, level->work, level->solution);
    }
    return level->solution;
}

/* -- conjugate gradients -------------------------------------------------------------------------------------------- */

/* Planes of the finest level. The residual is its `right`, which the cycle reads. */
struct search {
    float *known, *value, *direction, *product;
};

static int make_search(struct search *search, const struct level *level, struct arena *arena, struct error *err)
{
    float **planes[] = {&search->known, &search->value, &search->direction, &search->product};
    for (size_t i = 0; i < sizeof planes / sizeof *planes; i++) {
        *planes[i] = new_plane(level, arena);
        if (!*planes[i])
            return error_memory(err, "an imputation");
    }
    return 0;
}

/* The right-hand side: sums over known neighbours. Returns its square. */
static double set_right(const struct level *level, const struct search *search)
{
    struct sum sum = {0};
    for (int y = level->y0; y < level->y1; y++) {
        const size_t at = row_at(level, y);
        const int count = row_length(level, y);
        for (int x = 0; x < count; x++)
            level->right[at + (size_t)x] = level->mask[at + (size_t)x] * around(search->known + at + x, level->stride);
        add_products(&sum, level->right + at, level->right + at, count);
    }
    return sum.rows;
}

static double right_times(const struct level *level, const float *next)
{
    struct sum sum = {0};
    for (int y = level->y0; y < level->y1; y++)
        add_products(&sum, level->right + row_at(level, y), next + row_at(level, y), row_length(level, y));
    return sum.rows;
}

/* direction = next + factor * direction */
static void turn(const struct level *level, const struct search *search, const float *next, float factor)
{
    for (int y = level->y0; y < level->y1; y++) {
        const int count = row_length(level, y);
        float *restrict direction = search->direction + row_at(level, y);
        const float *restrict to = next + row_at(level, y);
        for (int x = 0; x < count; x++)
            direction[x] = to[x] + factor * direction[x];
    }
}

/* product = A direction: what an unknown weighs, less the sum over its neighbours. Returns direction * product. */
static double multiply(const struct level *level, const struct search *search)
{
    struct sum sum = {0};
    for (int y = level->y0; y < level->y1; y++) {
        const size_t at = row_at(level, y);
        const int count = row_length(level, y);
        const float *restrict mask = level->mask + at, *restrict weight = level->weight + at;
        const float *restrict v = search->direction + at;
        float *restrict out = search->product + at;
        for (int x = 0; x < count; x++)
            out[x] = weight[x] * v[x] - mask[x] * around(v + x, level->stride);
        add_products(&sum, v, out, count);
    }
    return sum.rows;
}

/* Takes a step along the direction; returns the square of the residual after it. */
static double step(const struct level *level, const struct search *search, float length)
{
    struct sum sum = {0};
    for (int y = level->y0; y < level->y1; y++) {
        const size_t at = row_at(level, y);
        const int count = row_length(level, y);
        const float *restrict direction = search->direction + at, *restrict product = search->product + at;
        float *restrict value = search->value + at, *restrict right = level->right + at;
        for (int x = 0; x < count; x++) {
            value[x] += length * direction[x];
            right[x] -= length * product[x];
        }
        add_products(&sum, right, right, count);
    }
    return sum.rows;
}

static void iterate(const struct grids *grids, const struct search *search, double tolerance)
{
    const struct level *level = &grids->level[0];
    const size_t bytes = plane_size(level) * sizeof(float);
    double left = set_right(level, search), before = 0;
    const double limit = tolerance * tolerance * left;
    memset(search->value, 0, bytes);
    memset(search->direction, 0, bytes);
    for (int k = 0; k < ITERATIONS_MAX && left > limit; k++) {
        const float *next = cycle(grids, 0);
        const double now = right_times(level, next);
        turn(level, search, next, k ? (float)(now / before) : 0);
        const double length = now / multiply(level, search);
        if (!isfinite(length))
            return;
        left = step(level, search, (float)length);
        before = now;
    }
}

static void fill(const struct grids *grids, const struct search *search, double tolerance, const float *x, float *out)
{
    const struct level *level = &grids->level[0];
    for (int y = 1; y <= level->h; y++)
        for (int i = 1; i <= level->w; i++) {
            const int at = y * level->stride + i;
            search->known[at] = level->mask[at] > 0 ? 0 : x[(y - 1) * level->w + i - 1];
        }
    iterate(grids, search, tolerance);
    for (int y = 1; y <= level->h; y++)
        for (int i = 1; i <= level->w; i++) {
            const int at = y * level->stride + i;
            out[(y - 1) * level->w + i - 1] = search->known[at] + search->value[at];
        }
}

int impute_linear(const uint8_t *is_missing, int h, int w, const float *image, int channels, double tolerance,
                  struct arena *arena, float *out, struct error *err)
{
    const struct arena_mark mark = arena_mark(arena);
    const size_t plane = (size_t)h * (size_t)w;
    struct grids grids;
    struct search search;
    const int status =
        make_grids(&grids, is_missing, h, w, arena, err) || make_search(&search, &grids.level[0], arena, err) ? -1 : 0;
    for (int c = 0; c < channels && status == 0; c++)
        fill(&grids, &search, tolerance, image + (size_t)c * plane, out + (size_t)c * plane);
    arena_rewind(arena, mark);
    return status;
}
