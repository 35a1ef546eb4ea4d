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

#include "nn/simd.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { LANES = 16, LEVELS_MAX = 24, ITERATIONS_MAX = 1000, COARSEST_STEPS = 16 };

struct span {
    int from, to; /* half-open; equal: none */
};

/*
 * A grid of pixels; planes are (h+2, stride), with the image at (1,1). Column 1 of every row begins a line of the cache.
 * Rows are worked on in whole vectors from such a line on, so a vector may reach past the image into the rest of the row,
 * which stays 0.
 */
struct level {
    int h, w, stride;
    int y0, y1;         /* the rows, half-open and counted in the plane, that hold all unknowns */
    struct span *spans; /* [row]: its columns that hold all unknowns, in whole vectors */
    float *mask;        /* 1: unknown */
    /* Sums of the neighbours' weights inside the image, by column, where that many rows are beside; and their inverses. */
    float *weight[3], *inverse[3];
    float *right, *solution, *work;
    float *row; /* a row and some vectors */
};

struct grids {
    int count;
    struct level level[LEVELS_MAX];
};

/* -- planes --------------------------------------------------------------------------------------------------------- */

static int whole(int count)
{
    return (count + LANES - 1) / LANES * LANES;
}

static size_t plane_size(const struct level *level)
{
    return (size_t)(level->h + 2) * (size_t)level->stride;
}

/* Values of which the second one begins a line of the cache, and the vectors that a row may need after its own. */
static float *new_floats(size_t count, struct arena *arena)
{
    float *floats = arena_floats(arena, count + 6 * LANES);
    return floats ? floats + LANES - 1 : NULL;
}

static float *new_plane(const struct level *level, struct arena *arena)
{
    return new_floats(plane_size(level), arena);
}

typedef float lanes __attribute__((vector_size(4 * LANES), aligned(4), may_alias));

#define AT(p) (*(const lanes *)(p))

/*
 * The sums over the neighbours of pixels at v. All weights are multiplied by 12, which makes them whole numbers. A macro,
 * because functions that return vectors have another ABI with other instructions.
 */
#define AROUND(v, stride) \
    (2 * (AT((v)-1) + AT((v) + 1) + AT((v) - (stride)) + AT((v) + (stride))) + \
     (AT((v) - (stride)-1) + AT((v) - (stride) + 1) + AT((v) + (stride)-1) + AT((v) + (stride) + 1)))

/* A sum over a plane: of each row in float lanes, and those of all rows in double. */
struct sum {
    double lane[LANES];
};

/* sum += a * b; count: whole vectors. */
static void add_products(struct sum *sum, const float *a, const float *b, int count)
{
    lanes lane = {0};
    for (int x = 0; x < count; x += LANES)
        lane += AT(a + x) * AT(b + x);
    for (int k = 0; k < LANES; k++)
        sum->lane[k] += lane[k];
}

static double total(const struct sum *sum)
{
    double value = 0;
    for (int k = 0; k < LANES; k++)
        value += sum->lane[k];
    return value;
}

/* Where the unknowns of a plane's row begin, how many pixels hold all of them, and the same in whole vectors. */
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
        const bool is_empty = span.from == span.to;
        span.from -= (span.from - 1) % LANES;
        span.to = is_empty ? span.from : span.from + whole(span.to - span.from);
        level->spans[y] = span;
        if (is_empty)
            continue;
        level->y0 = level->y1 ? level->y0 : y;
        level->y1 = y + 1;
    }
    return level->y1 > 0;
}

static int rows_beside(const struct level *level, int y)
{
    return (y > 1) + (y < level->h);
}

static int make_weights(struct level *level, struct arena *arena)
{
    for (int rows = 0; rows < 3; rows++) {
        float *weight = new_floats((size_t)level->stride, arena), *inverse = new_floats((size_t)level->stride, arena);
        if (!weight || !inverse)
            return -1;
        for (int x = 1; x <= level->w; x++) {
            const int columns = (x > 1) + (x < level->w);
            weight[x] = (float)(2 * (rows + columns) + rows * columns);
            inverse[x] = weight[x] > 0 ? 1 / weight[x] : 0;
        }
        level->weight[rows] = weight;
        level->inverse[rows] = inverse;
    }
    return 0;
}

static int make_level(struct level *level, int h, int w, struct arena *arena, struct error *err)
{
    *level = (struct level){.h = h, .w = w, .stride = whole(w) + LANES};
    level->mask = new_plane(level, arena);
    level->right = new_plane(level, arena);
    level->solution = new_plane(level, arena);
    level->work = new_plane(level, arena);
    level->row = new_floats((size_t)w, arena);
    level->spans = arena_alloc(arena, (size_t)h + 2, sizeof *level->spans);
    const bool has_all = level->mask && level->right && level->solution && level->work && level->row && level->spans;
    return has_all && make_weights(level, arena) == 0 ? 0 : error_memory(err, "an imputation");
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
 * Row y of solution += the coarse correction, interpolated along each axis: 3/4 of the coarse pixel that covers a pixel,
 * and 1/4 of its neighbour on the nearer side.
 */
static void prolong(const float *correction, const struct level *coarse, const struct level *fine, int y)
{
    const int over = (y + 1) / 2, beside = inside(y % 2 ? over - 1 : over + 1, coarse->h);
    const float *restrict near = correction + (size_t)over * (size_t)coarse->stride;
    const float *restrict far = correction + (size_t)beside * (size_t)coarse->stride;
    const float *restrict mask = fine->mask + (size_t)y * (size_t)fine->stride;
    float *restrict row = coarse->row, *restrict wide = fine->row;
    float *restrict v = fine->solution + (size_t)y * (size_t)fine->stride;
    const struct span span = fine->spans[y];
    const int first = (span.from + 1) / 2, count = span.to - span.from, halves = whole(count / 2 + 1);
    for (int x = span.from / 2; x < first + halves + 1; x += LANES)
        *(lanes *)(row + x) = 0.75f * AT(near + x) + 0.25f * AT(far + x);
    row[0] = row[1];
    row[coarse->w + 1] = row[coarse->w];
#pragma omp simd
    for (int x = first; x < first + halves; x++) {
        wide[2 * x - 1] = 0.75f * row[x] + 0.25f * row[x - 1];
        wide[2 * x] = 0.75f * row[x] + 0.25f * row[x + 1];
    }
    for (int x = span.from; x < span.from + count; x += LANES)
        *(lanes *)(v + x) += AT(mask + x) * AT(wide + x);
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
        const float *restrict a = row_of(fine, 2 * y - 2), *restrict b = row_of(fine, 2 * y - 1);
        const float *restrict c = row_of(fine, 2 * y), *restrict d = row_of(fine, 2 * y + 1);
        const float *restrict mask = coarse->mask + (size_t)y * (size_t)coarse->stride;
        float *restrict right = coarse->right + (size_t)y * (size_t)coarse->stride;
        const struct span span = coarse->spans[y];
        const int count = span.to - span.from;
        for (int x = 2 * span.from - 2; x < 2 * span.to; x += LANES)
            *(lanes *)(row + x) = 0.25f * (AT(a + x) + AT(d + x)) + 0.75f * (AT(b + x) + AT(c + x));
        row[0] = row[1];
        row[fine->w + 1] = fine->w % 2 ? 0 : row[fine->w];
        row[fine->w + 2] = 0;
#pragma omp simd
        for (int x = span.from; x < span.from + count; x++)
            right[x] = mask[x] * (0.25f * (row[2 * x - 2] + row[2 * x + 1]) + 0.75f * (row[2 * x - 1] + row[2 * x]));
    }
}

/* Row y of solution = the first Jacobi step from zeros, right / weight. */
static void begin_solution(const struct level *level, int y)
{
    const size_t at = row_at(level, y);
    const int count = row_length(level, y);
    const float *restrict inverse = level->inverse[rows_beside(level, y)] + level->spans[y].from;
    const float *restrict right = level->right + at;
    float *restrict to = level->solution + at;
    for (int x = 0; x < count; x += LANES)
        *(lanes *)(to + x) = AT(inverse + x) * AT(right + x);
}

/* Row y of work = what that step leaves: the sum over the neighbours. */
static void begin_work(const struct level *level, int y)
{
    const size_t at = row_at(level, y);
    const int count = row_length(level, y);
    const float *restrict v = level->solution + at;
    const float *restrict mask = level->mask + at;
    float *restrict out = level->work + at;
    for (int x = 0; x < count; x += LANES)
        *(lanes *)(out + x) = AT(mask + x) * AROUND(v + x, level->stride);
}

/* The second part follows two rows behind: loads that cross two vectors would wait for stores of a moment ago. */
static void begin(const struct level *level)
{
    for (int y = level->y0; y <= level->y1 + 1; y++) {
        if (y < level->y1)
            begin_solution(level, y);
        if (y > level->y0 + 1)
            begin_work(level, y - 2);
    }
}

/* Row y of a Jacobi step: out = (right + the sum over the neighbours in v) / weight. */
static void jacobi_row(const struct level *level, const float *v, float *out, int y)
{
    const size_t at = row_at(level, y);
    const int count = row_length(level, y);
    const float *restrict inverse = level->inverse[rows_beside(level, y)] + level->spans[y].from;
    const float *restrict mask = level->mask + at;
    const float *restrict right = level->right + at, *restrict from = v + at;
    float *restrict to = out + at;
    for (int x = 0; x < count; x += LANES)
        *(lanes *)(to + x) = AT(mask + x) * AT(inverse + x) * (AT(right + x) + AROUND(from + x, level->stride));
}

static void jacobi(const struct level *level, const float *v, float *out)
{
    for (int y = level->y0; y < level->y1; y++)
        jacobi_row(level, v, out, y);
}

/* work = a Jacobi step after the coarse correction. Returns right * work. */
static double finish(const struct level *level, const struct level *coarse, const float *correction)
{
    struct sum sum = {0};
    for (int y = level->y0; y <= level->y1 + 1; y++) {
        if (y < level->y1)
            prolong(correction, coarse, level, y);
        if (y > level->y0 + 1) {
            const size_t at = row_at(level, y - 2);
            jacobi_row(level, level->solution, level->work, y - 2);
            add_products(&sum, level->right + at, level->work + at, row_length(level, y - 2));
        }
    }
    return total(&sum);
}

/* The coarsest level: solution = Jacobi steps from zeros. Returns right * solution. */
static double finish_coarsest(const struct level *level)
{
    struct sum sum = {0};
    for (int k = 0; k < COARSEST_STEPS; k++) {
        jacobi(level, level->solution, level->work);
        jacobi(level, level->work, level->solution);
    }
    for (int y = level->y0; y < level->y1; y++)
        add_products(&sum, level->right + row_at(level, y), level->solution + row_at(level, y), row_length(level, y));
    return total(&sum);
}

/*
 * *result, one of the finest level's planes, is about the inverse of A, times right: the same linear, symmetric function
 * in every iteration. Returns right * result.
 */
static double cycle(const struct grids *grids, const float **result)
{
    const int last = grids->count - 1;
    for (int i = 0; i <= last; i++) {
        begin(&grids->level[i]);
        if (i < last)
            restrict_to(&grids->level[i], &grids->level[i + 1]);
    }
    double product = finish_coarsest(&grids->level[last]);
    *result = grids->level[last].solution;
    for (int i = last - 1; i >= 0; i--) {
        product = finish(&grids->level[i], &grids->level[i + 1], *result);
        *result = grids->level[i].work;
    }
    return product;
}

/* -- conjugate gradients -------------------------------------------------------------------------------------------- */

/*
 * Planes of the finest level. The residual is its `right`, which the cycle reads. `value` is the image; its unknown
 * pixels begin with 0.
 */
struct search {
    float *value, *direction;
};

static int make_search(struct search *search, const struct level *level, struct arena *arena, struct error *err)
{
    search->value = new_plane(level, arena);
    search->direction = new_plane(level, arena);
    return search->value && search->direction ? 0 : error_memory(err, "an imputation");
}

/* The right-hand side: sums over known neighbours. Returns its square. */
static double set_right(const struct level *level, const struct search *search)
{
    struct sum sum = {0};
    for (int y = level->y0; y < level->y1; y++) {
        const size_t at = row_at(level, y);
        const int count = row_length(level, y);
        const float *restrict mask = level->mask + at;
        const float *restrict known = search->value + at;
        float *restrict right = level->right + at;
        for (int x = 0; x < count; x += LANES)
            *(lanes *)(right + x) = AT(mask + x) * AROUND(known + x, level->stride);
        add_products(&sum, right, right, count);
    }
    return total(&sum);
}

/* Row y of direction = next + factor * direction; next alone if that is 0, whatever an earlier search has left. */
static void turn(const struct level *level, const struct search *search, const float *next, float factor, int y)
{
    const int count = row_length(level, y);
    float *restrict direction = search->direction + row_at(level, y);
    const float *restrict to = next + row_at(level, y);
    if (factor == 0) {
        memcpy(direction, to, (size_t)count * sizeof *direction);
        return;
    }
    for (int x = 0; x < count; x += LANES)
        *(lanes *)(direction + x) = AT(to + x) + factor * AT(direction + x);
}

/*
 * Row y of A direction: what an unknown weighs, less the sum over its neighbours. It takes the place of `solution`, which
 * is not needed any more in that row.
 */
static void multiply(const struct level *level, const struct search *search, int y, struct sum *sum)
{
    const size_t at = row_at(level, y);
    const int count = row_length(level, y);
    const float *restrict weight = level->weight[rows_beside(level, y)] + level->spans[y].from;
    const float *restrict mask = level->mask + at;
    const float *restrict v = search->direction + at;
    float *restrict out = level->solution + at;
    for (int x = 0; x < count; x += LANES)
        *(lanes *)(out + x) = AT(weight + x) * AT(v + x) - AT(mask + x) * AROUND(v + x, level->stride);
    add_products(sum, v, out, count);
}

/* Returns direction * product. */
static double turn_and_multiply(const struct level *level, const struct search *search, const float *next, float factor)
{
    struct sum sum = {0};
    for (int y = level->y0; y <= level->y1 + 1; y++) {
        if (y < level->y1)
            turn(level, search, next, factor, y);
        if (y > level->y0 + 1)
            multiply(level, search, y - 2, &sum);
    }
    return total(&sum);
}

/* Takes a step along the direction; returns the square of the residual after it. */
static double step(const struct level *level, const struct search *search, float length)
{
    struct sum sum = {0};
    for (int y = level->y0; y < level->y1; y++) {
        const size_t at = row_at(level, y);
        const int count = row_length(level, y);
        const float *restrict direction = search->direction + at, *restrict product = level->solution + at;
        float *restrict value = search->value + at, *restrict right = level->right + at;
        for (int x = 0; x < count; x += LANES) {
            *(lanes *)(value + x) += length * AT(direction + x);
            *(lanes *)(right + x) -= length * AT(product + x);
        }
        add_products(&sum, right, right, count);
    }
    return total(&sum);
}

MULTIVERSION __attribute__((flatten)) static void iterate(const struct grids *grids, const struct search *search,
                                                          double tolerance)
{
    const struct level *level = &grids->level[0];
    double left = set_right(level, search), before = 0;
    const double limit = tolerance * tolerance * left;
    for (int k = 0; k < ITERATIONS_MAX && left > limit; k++) {
        const float *next;
        const double now = cycle(grids, &next);
        const double length = now / turn_and_multiply(level, search, next, k ? (float)(now / before) : 0);
        if (!isfinite(length))
            return;
        left = step(level, search, (float)length);
        before = now;
    }
}

MULTIVERSION static void blank_missing(float *restrict value, const float *restrict mask, const float *restrict x,
                                       int count)
{
    for (int i = 0; i < count; i++)
        value[i] = mask[i] > 0 ? 0 : x[i];
}

static void fill(const struct grids *grids, const struct search *search, double tolerance, const float *x, float *out)
{
    const struct level *level = &grids->level[0];
    const size_t w = (size_t)level->w;
    for (int y = 1; y <= level->h; y++) {
        const size_t at = (size_t)y * (size_t)level->stride + 1;
        blank_missing(search->value + at, level->mask + at, x + (size_t)(y - 1) * w, level->w);
    }
    iterate(grids, search, tolerance);
    for (int y = 1; y <= level->h; y++)
        memcpy(out + (size_t)(y - 1) * w, search->value + y * level->stride + 1, w * sizeof *out);
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

MULTIVERSION static void add(const uint8_t *restrict is_missing, const float *restrict noise, size_t n,
                             float *restrict out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = is_missing[i] ? out[i] + noise[i] : out[i];
}

void impute_add(const uint8_t *is_missing, const float *noise, size_t n, float *out)
{
    add(is_missing, noise, n, out);
}
