/* report/compare/comparison_times.c - compares times of a method on a network, relative to the machine's own drift. */
#include "report/compare/comparison_state.h"

#include "report/percentile.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define CELLS_NOISE 2  /* standard deviations of the ratios of all methods */
#define IMAGES_NOISE 5 /* of the ratios of single images: machine speed drifts over periods longer than one image */
#define OTHERS_MIN 3   /* methods whose times determine the machine's speed on an image */
#define WAIT_MAX 0.1   /* times are not compared if threads waited a larger share of their time for a processor */

/* The maps of a method and a network in both runs. */
struct timed_map {
    int backbone[SIDES], method[SIDES];
    bool is_beside_others; /* relative to the machine's speed on each image, from the other methods' times */
};

/* A number with its row, since qsort has no context. */
struct ranked_time {
    double value;
    int row;
};

static int by_seconds(const void *a, const void *b)
{
    const struct ranked_time *x = a, *y = b;
    return x->value != y->value ? (x->value > y->value) - (x->value < y->value) : (x->row > y->row) - (x->row < y->row);
}

static int rank_times(struct compare_state *state, enum side side, int n)
{
    const struct arena_mark mark = arena_mark(state->arena);
    struct ranked_time *list = arena_alloc(state->arena, (size_t)n, sizeof *list);
    for (int i = 0; list && i < n; i++)
        list[i] = (struct ranked_time){state->sample[side][i], i};
    if (list)
        qsort(list, (size_t)n, sizeof *list, by_seconds);
    for (int i = 0; list && i < n; i++)
        state->order[side][i] = list[i].row;
    arena_rewind(state->arena, mark);
    return list ? 0 : -1;
}

/* The median of n rows of which row i was drawn drawn[i] times. */
static double drawn_median(const struct compare_state *state, enum side side, int n)
{
    int seen = 0;
    double low = NAN;
    for (int i = 0; i < n; i++) {
        const int row = state->order[side][i];
        seen += state->drawn[row];
        if (isnan(low) && seen > (n - 1) / 2)
            low = state->sample[side][row];
        if (seen > n / 2)
            return (low + state->sample[side][row]) / 2;
    }
    return low;
}

static void time_interval(struct compare_state *state, int n, struct compare_cell *cell)
{
    struct random_stream stream = compare_stream(state, cell);
    for (int i = 0; i < state->options->bootstrap; i++) {
        memset(state->drawn, 0, (size_t)n * sizeof *state->drawn);
        for (int k = 0; k < n; k++)
            state->drawn[random_below(&stream, (uint32_t)n)]++;
        state->draws[i] = log(drawn_median(state, NOW, n) / drawn_median(state, BASE, n));
        if (!isfinite(state->draws[i]))
            return;
    }
    compare_widen(state, log(cell->difference), n, cell);
    cell->low = exp(cell->low);
    cell->high = exp(cell->high);
}

static const double *cost_at(const struct report *report, int backbone, int method, int image)
{
    const size_t map = (size_t)backbone * (size_t)report->method_count + (size_t)method;
    return &report->costs[map * (size_t)report->image_count + (size_t)image].seconds;
}

/*
 * The logarithm of the machine's slowdown on an image in the new run: the median over the backbone's other methods,
 * which ran at about the same time. NAN: fewer than OTHERS_MIN others were timed.
 */
static double log_slowdown(const struct compare_state *state, const struct timed_map *of, int image)
{
    int n = 0;
    for (int m = 0; m < state->side[BASE]->report->method_count; m++) {
        const int method[SIDES] = {m, state->match[BASE][COMPARE_METHODS][m]};
        double seconds[SIDES] = {0};
        if (m == of->method[BASE] || method[NOW] < 0)
            continue;
        for (int s = 0; s < SIDES; s++)
            seconds[s] = *cost_at(state->side[s]->report, of->backbone[s], method[s], state->image[s][image]);
        if (seconds[BASE] > 0 && seconds[NOW] > 0)
            state->others[n++] = log(seconds[NOW] / seconds[BASE]);
    }
    sort_doubles(state->others, (size_t)n);
    return n < OTHERS_MIN ? NAN : percentile_of_doubles(state->others, (size_t)n, 50);
}

/* Reads the samples of seconds; relative to the other methods, the new sample is ratios and the base's is ones. */
static int read_times(const struct compare_state *state, const struct timed_map *of)
{
    int n = 0;
    for (int i = 0; i < state->pairs; i++) {
        for (int s = 0; s < SIDES; s++)
            state->sample[s][n] = *cost_at(state->side[s]->report, of->backbone[s], of->method[s], state->image[s][i]);
        bool is_timed = state->sample[BASE][n] > 0 && state->sample[NOW][n] > 0;
        if (is_timed && of->is_beside_others) {
            state->sample[NOW][n] /= state->sample[BASE][n] * exp(log_slowdown(state, of, i));
            state->sample[BASE][n] = 1;
            is_timed = state->sample[NOW][n] > 0;
        }
        n += is_timed;
    }
    return n;
}

/* The scatter of numbers about their median, as a standard deviation; sorts them. */
static double scatter(double *values, int n)
{
    sort_doubles(values, (size_t)n);
    const double median = percentile_of_doubles(values, (size_t)n, 50);
    for (int i = 0; i < n; i++)
        values[i] = fabs(values[i] - median);
    sort_doubles(values, (size_t)n);
    return 1.4826 * percentile_of_doubles(values, (size_t)n, 50);
}

/* The cell of a method's times, without a result. */
static int measure_times(struct compare_state *state, const struct timed_map *of, struct compare_cell *cell)
{
    const struct report *base = state->side[BASE]->report;
    *cell = (struct compare_cell){.result = COMPARE_SAME,
                                  .backbone = base->backbones[of->backbone[BASE]].name,
                                  .method = base->methods[of->method[BASE]].name,
                                  .protocol = "",
                                  .low = NAN,
                                  .high = NAN,
                                  .is_beside_others = of->is_beside_others,
                                  .n = read_times(state, of)};
    for (int s = 0; s < SIDES; s++) {
        if (rank_times(state, s, cell->n))
            return -1;
        for (int i = 0; i < cell->n; i++)
            state->drawn[i] = 1;
        cell->value[s] = drawn_median(state, s, cell->n);
    }
    cell->difference = cell->value[NOW] / cell->value[BASE];
    return 0;
}

/* The scatter of the images' own ratios in a cell; leaves the sample as it was. */
static double images_scatter(struct compare_state *state, int n)
{
    double *ratios = state->sample[NOW] + n;
    for (int i = 0; i < n; i++)
        ratios[i] = log(state->sample[NOW][i] / state->sample[BASE][i]);
    return scatter(ratios, n);
}

/*
 * With fewer images not even a sign test reaches the level of a cell, and a bootstrap of the median of as few as three
 * numbers underestimates its scatter.
 */
int compare_least_times(double level)
{
    return 1 + (int)ceil(log2(1 / level));
}

/* A ratio counts when it exceeds the machine's own drift on images and on other methods. */
static void test_times(struct compare_state *state, double noise, struct compare_cell *cell)
{
    cell->size = fabs(log(cell->difference));
    if (cell->size <= fmax(log(state->options->speed), noise))
        return;
    if (cell->n >= state->least_times)
        time_interval(state, cell->n, cell);
    cell->result = !compare_excludes(cell, 1) ? COMPARE_WITHIN : cell->difference > 1 ? COMPARE_SLOWER : COMPARE_FASTER;
}

/*
 * Measures all maps for the scatter of their ratios, then tests each. Results relative to the other methods replace only
 * cells without a difference.
 */
static int test_all_maps(struct compare_state *state, struct timed_map *maps, int count, bool is_beside_others,
                         struct compare_cell *cells)
{
    struct compare_cell cell;
    int n = 0;
    for (int i = 0; i < count; i++) {
        maps[i].is_beside_others = is_beside_others;
        if (measure_times(state, &maps[i], &cell))
            return -1;
        state->ratios[n] = log(cell.difference);
        n += cell.n >= 2;
    }
    const double noise = n ? scatter(state->ratios, n) : 0;
    for (int i = 0; i < count; i++) {
        if (measure_times(state, &maps[i], &cell))
            return -1;
        if (cell.n >= 2)
            test_times(state, fmax(CELLS_NOISE * noise, IMAGES_NOISE * images_scatter(state, cell.n)), &cell);
        if (is_beside_others)
            memcpy(cell.value, cells[i].value, sizeof cell.value); /* as measured */
        if (!is_beside_others || (compare_is_difference(cell.result) && !compare_is_difference(cells[i].result)))
            cells[i] = cell;
    }
    return 0;
}

static int list_maps(const struct compare_state *state, struct timed_map *maps)
{
    const struct report *base = state->side[BASE]->report;
    int count = 0;
    for (int b = 0; b < base->backbone_count; b++)
        for (int m = 0; m < base->method_count; m++) {
            maps[count] = (struct timed_map){.backbone = {b, state->match[BASE][COMPARE_BACKBONES][b]},
                                             .method = {m, state->match[BASE][COMPARE_METHODS][m]}};
            count += maps[count].backbone[NOW] >= 0 && maps[count].method[NOW] >= 0;
        }
    return count;
}

int compare_all_times(struct compare_state *state, struct error *err)
{
    const struct report *base = state->side[BASE]->report;
    const char *was = state->side[BASE]->machine, *is = state->side[NOW]->machine;
    if (!(state->options->speed > 1))
        return 0;
    if (!was || !is || strcmp(was, is) != 0)
        return compare_add_note(state,
                                arena_format(state->arena, "times are not compared: %s in the base, now %s",
                                             was ? was : "an unknown machine", is ? is : "an unknown machine"),
                                err);
    const double wait = fmax(state->side[BASE]->processor_wait, state->side[NOW]->processor_wait);
    if (wait > WAIT_MAX)
        return compare_add_note(
            state,
            arena_format(state->arena,
                         "times are not compared: the machine was busy, %s run waited %.0f %% of its time",
                         wait > state->side[NOW]->processor_wait ? "the base's" : "the new", 100 * wait),
            err);
    if (state->pairs < state->least_times &&
        compare_add_note(state,
                         arena_format(state->arena,
                                      "times are not compared: %d images are too few, at least %d are needed",
                                      state->pairs, state->least_times),
                         err))
        return -1;
    const size_t most = (size_t)base->backbone_count * (size_t)base->method_count + 1;
    struct timed_map *maps = arena_alloc(state->arena, most, sizeof *maps);
    struct compare_cell *cells = arena_alloc(state->arena, most, sizeof *cells);
    state->ratios = arena_alloc(state->arena, most, sizeof *state->ratios);
    state->others = arena_alloc(state->arena, (size_t)base->method_count + 1, sizeof *state->others);
    if (!maps || !cells || !state->ratios || !state->others)
        return error_memory(err, "the comparison");
    const int count = list_maps(state, maps);
    for (int pass = 0; pass < 2; pass++)
        if (test_all_maps(state, maps, count, pass == 1, cells))
            return error_memory(err, "the comparison");
    for (int i = 0; i < count; i++)
        if (cells[i].n >= 2)
            state->out->cells[state->out->count++] = cells[i];
    return 0;
}
