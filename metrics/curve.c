/*
 * metrics/curve.c - insertion and deletion without the network. Petsiuk et al., "RISE", BMVC 2018, section 4.2,
 * arXiv:1806.07421.
 */
#include "metrics/curve.h"

#include "base/blur.h"

#include <stdlib.h>
#include <string.h>

/* -- order --------------------------------------------------------------------------------------------------------- */

struct place {
    float value;
    int index;
};

static int better_first(const void *a, const void *b)
{
    const struct place *one = a, *other = b;
    if (one->value != other->value)
        return one->value > other->value ? -1 : 1;
    return one->index < other->index ? -1 : 1;
}

/* The number of places, of n, that change in one step of equal size. */
static int step_size(const struct curve_request *request, int n)
{
    return request->steps ? (n + request->steps - 1) / request->steps : 1;
}

/* How many steps change all of n places. */
static int step_count(const struct curve_request *request, int n)
{
    if (request->spacing == PROTOCOL_SPACING_ROUNDED)
        return request->steps && request->steps < n ? request->steps : n;
    const int size = step_size(request, n);
    return (n + size - 1) / size;
}

/* The step, from 1, that changes the place `rank` of n; ROUNDED: the first k with floor(k*n/steps) > rank. */
static int step_of_rank(const struct curve_request *request, int rank, int n)
{
    if (request->spacing == PROTOCOL_SPACING_ROUNDED)
        return (int)(((rank + 1LL) * step_count(request, n) + n - 1) / n);
    return rank / step_size(request, n) + 1;
}

/* Writes step[i], the step in which place i of n changes: the better ones first; LIF: last. */
static int order_places(const struct curve_request *request, const float *values, int n, struct arena *arena, int *step,
                        struct error *err)
{
    const struct arena_mark mark = arena_mark(arena);
    struct place *places = arena_alloc(arena, (size_t)n, sizeof *places);
    if (!places)
        return error_memory(err, "the order of a map");
    for (int i = 0; i < n; i++)
        places[i] = (struct place){values[i], i};
    qsort(places, (size_t)n, sizeof *places, better_first);
    for (int i = 0; i < n; i++)
        step[places[i].index] = step_of_rank(request, request->kind == CURVE_LIF ? n - 1 - i : i, n);
    arena_rewind(arena, mark);
    return 0;
}

/* Writes the steps of pixels from those of the cells that cover them; `last` for pixels of no cell. */
static void spread_cells(const struct map *native, const int *cell_step, int last, int h, int w, int *step)
{
    for (int i = 0; i < h * w; i++)
        step[i] = last;
    for (int i = 0; i < native->h; i++)
        for (int j = 0; j < native->w; j++) {
            const int cell = cell_step[i * native->w + j];
            const int y_end = (i + 1) * h / native->h + 1, x_end = (j + 1) * w / native->w + 1;
            for (int y = i * h / native->h; y < y_end && y < h; y++)
                for (int x = j * w / native->w; x < x_end && x < w; x++)
                    if (cell < step[y * w + x])
                        step[y * w + x] = cell;
        }
}

int curve_steps(const struct curve_request *request, int h, int w, int native_h, int native_w)
{
    const int n = request->order == PROTOCOL_CURVE_CELLS ? native_h * native_w : h * w;
    return step_count(request, n);
}

int curve_plan_make(struct curve_plan *plan, const struct map *map, const struct map *native,
                    const struct curve_request *request, struct arena *arena, struct error *err)
{
    const bool is_cells = request->order == PROTOCOL_CURVE_CELLS;
    const struct map *ordered = is_cells ? native : map;
    const int n = ordered->h * ordered->w;
    const double share =
        request->spacing == PROTOCOL_SPACING_ROUNDED ? (double)n / step_count(request, n) : step_size(request, n);
    const int steps = curve_steps(request, map->h, map->w, native->h, native->w);
    int *step = arena_alloc(arena, (size_t)map->h * (size_t)map->w, sizeof *step);
    int *own = is_cells ? arena_alloc(arena, (size_t)n, sizeof *own) : step;
    double *fraction = arena_alloc(arena, (size_t)steps + 1, sizeof *fraction);
    if (!step || !own || !fraction)
        return error_memory(err, "the order of a map");
    if (order_places(request, ordered->data, n, arena, own, err))
        return -1;
    if (is_cells)
        spread_cells(native, own, steps, map->h, map->w, step);
    for (int k = 0; k <= steps; k++)
        fraction[k] = k < steps ? k * share / n : 1;
    *plan = (struct curve_plan){map->h, map->w, steps, step, fraction};
    return 0;
}

void curve_state(const struct curve_plan *plan, enum curve_kind kind, int k, int channels, const float *input,
                 const float *baseline, float *out)
{
    const size_t n = (size_t)plan->h * (size_t)plan->w;
    const float *before = kind == CURVE_INSERTION ? baseline : input;
    const float *after = kind == CURVE_INSERTION ? input : baseline;
    for (int c = 0; c < channels; c++, before += n, after += n, out += n)
        for (size_t i = 0; i < n; i++)
            out[i] = plan->step_of[i] <= k ? after[i] : before[i];
}

/* -- baselines ----------------------------------------------------------------------------------------------------- */

enum { TAPS = 11, FOLDED = 20 };
#define DEVIATION 5.0

/* A Gaussian on 11 taps; its tails, up to four deviations, are reflected at the outer edges of the end taps. */
static void blur_taps(double *taps)
{
    double sum = 0;
    memset(taps, 0, TAPS * sizeof *taps);
    for (int d = -FOLDED; d <= FOLDED; d++) {
        int at = TAPS / 2 + d;
        while (at < 0 || at >= TAPS)
            at = at < 0 ? -1 - at : 2 * TAPS - 1 - at;
        const double weight = exp(-d * d / (2 * DEVIATION * DEVIATION));
        taps[at] += weight;
        sum += weight;
    }
    for (int i = 0; i < TAPS; i++)
        taps[i] /= sum;
}

static int blur(const float *input, int channels, int h, int w, struct arena *arena, float *out, struct error *err)
{
    const struct arena_mark mark = arena_mark(arena);
    double taps[TAPS];
    float *rows = arena_floats(arena, (size_t)h * (size_t)w);
    if (!rows)
        return error_memory(err, "a blurred input");
    blur_taps(taps);
    blur_planes(&(struct blur){BLUR_ZERO, TAPS, taps}, input, channels, h, w, rows, out);
    arena_rewind(arena, mark);
    return 0;
}

int curve_baseline(enum protocol_curve_baseline baseline, const float *input, int channels, int h, int w,
                   struct curve_colours colours, struct arena *arena, float *out, struct error *err)
{
    const size_t n = (size_t)h * (size_t)w;
    if (baseline == PROTOCOL_BASELINE_BLUR)
        return blur(input, channels, h, w, arena, out, err);
    for (size_t colour = 0; colour < (size_t)channels; colour++) {
        float value = 0;
        if (baseline == PROTOCOL_BASELINE_BLACK)
            value = colours.black[colour];
        else if (baseline == PROTOCOL_BASELINE_WHITE)
            value = colours.white[colour];
        else if (baseline == PROTOCOL_BASELINE_IMAGE_MEAN)
            value = (float)mean_of(input + colour * n, n);
        for (size_t i = 0; i < n; i++)
            out[colour * n + i] = value;
    }
    return 0;
}

/* -- area ---------------------------------------------------------------------------------------------------------- */

static double trapezoids(const struct curve *curve)
{
    double sum = 0;
    for (int k = 0; k + 1 < curve->count; k++)
        sum += (curve->fraction[k + 1] - curve->fraction[k]) * (curve->probability[k] + curve->probability[k + 1]) / 2;
    return sum;
}

double curve_area(const struct curve *curve, enum curve_kind kind, enum protocol_curve_area area)
{
    const double *p = curve->probability;
    const int last = curve->count - 1;
    if (area == PROTOCOL_AREA_TRAPEZOID)
        return trapezoids(curve);
    double sum = 0;
    for (int k = 0; k <= last; k++)
        sum += p[k];
    if (kind == CURVE_INSERTION)
        return (sum - p[0] - p[1] / 2 + p[last] / 2) / curve->count;
    return (sum - p[0] / 2 - p[last] / 2) / curve->count;
}
