/*
 * report/compare/comparison_counts.c - compares the counts of single images, and the numbers of metrics that are made of
 * counts summed over images.
 */
#include "report/compare/comparison_state.h"

#include "base/counts.h"
#include "report/draws.h"

#include <math.h>

const struct report_counts *compare_counts_of(const struct cell_position *position, int image)
{
    const struct report *report = position->report;
    const size_t at =
        report_curve_index(report, position->backbone, position->method, position->protocol, position->metric);
    const struct report_counts *row = report->counts ? report->counts[at] : NULL;
    return row ? &row[image] : NULL;
}

static size_t length_of(const struct cell_position *position)
{
    return report_counted(position->report, position->metric)->length;
}

/* The sum of the differences of all counts. */
double compare_counts_distance(struct compare_state *state, const struct cell_position positions[SIDES],
                               const int image[SIDES])
{
    const size_t length = length_of(&positions[BASE]);
    double sum = 0;
    for (int s = 0; s < SIDES; s++) {
        const struct report_counts *of = compare_counts_of(&positions[s], image[s]);
        counts_unpack(of->first, of->second, of->pairs, length, state->counts[s]);
    }
    for (size_t k = 0; k < length; k++)
        sum += fabs((double)state->counts[NOW][k] - (double)state->counts[BASE][k]);
    return sum;
}

/* Sums the counts of n images in DRAWS draws (length,DRAWS). */
static void sum_counts(struct compare_state *state, const struct cell_position *position, enum side side, int n,
                       const double *weights)
{
    const size_t length = length_of(position);
    for (size_t k = 0; k < length; k++)
        for (int d = 0; d < DRAWS; d++)
            state->sums[k][d] = 0;
    for (int i = 0; i < n; i++) {
        const struct report_counts *of = compare_counts_of(position, state->defined[side][i]);
        counts_unpack(of->first, of->second, of->pairs, length, state->counts[side]);
        for (size_t k = 0; k < length; k++)
            for (int d = 0; d < DRAWS && state->counts[side][k] > 0; d++)
                state->sums[k][d] += state->counts[side][k] * weights[(size_t)i * DRAWS + (size_t)d];
    }
}

static void combine(struct compare_state *state, const struct cell_position *position, enum side side, int n,
                    const double *weights, int draws, double *values)
{
    const struct report_counted *counted = report_counted(position->report, position->metric);
    sum_counts(state, position, side, n, weights);
    for (int d = 0; d < draws; d++) {
        for (size_t k = 0; k < counted->length; k++)
            state->column[k] = state->sums[k][d];
        values[d] = counted->combine(counted->params, state->column, n);
    }
}

void compare_counts_values(struct compare_state *state, const struct cell_position positions[SIDES], int n,
                           double value[SIDES])
{
    for (size_t i = 0; i < (size_t)n * DRAWS; i++)
        state->weights[i] = 1;
    for (int s = 0; s < SIDES; s++)
        combine(state, &positions[s], (enum side)s, n, state->weights, 1, &value[s]);
}

void compare_counts_interval(struct compare_state *state, const struct cell_position positions[SIDES], int n,
                             struct compare_cell *cell)
{
    struct random_stream stream = compare_stream(state, cell);
    double values[SIDES][DRAWS];
    for (int first = 0; first < state->options->bootstrap; first += DRAWS) {
        const int left = state->options->bootstrap - first, count = left < DRAWS ? left : DRAWS;
        draws_fill(&stream, (size_t)n, 0, count, state->times, state->weights);
        for (int s = 0; s < SIDES; s++)
            combine(state, &positions[s], (enum side)s, n, state->weights, count, values[s]);
        for (int d = 0; d < count; d++) {
            state->draws[first + d] = values[NOW][d] - values[BASE][d];
            if (!isfinite(state->draws[first + d]))
                return;
        }
    }
    compare_widen(state, cell->difference, n, cell);
}

/* The longest counts of a run. */
static size_t most_counts(const struct report *report)
{
    size_t most = 0;
    for (int k = 0; k < report->metric_count; k++)
        if (report_counted(report, k) && report_counted(report, k)->length > most)
            most = report_counted(report, k)->length;
    return most;
}

int compare_prepare_counts(struct compare_state *state, struct error *err)
{
    const size_t was = most_counts(state->side[BASE]->report), is = most_counts(state->side[NOW]->report);
    const size_t length = was > is ? was : is, rows = (size_t)state->pairs + 1;
    if (length == 0)
        return 0;
    state->sums = arena_alloc(state->arena, length, sizeof *state->sums);
    state->column = arena_alloc(state->arena, length, sizeof *state->column);
    state->weights = arena_alloc(state->arena, rows, DRAWS * sizeof *state->weights);
    state->times = arena_alloc(state->arena, rows, sizeof *state->times);
    bool is_ready = state->sums && state->column && state->weights && state->times;
    for (int s = 0; s < SIDES; s++) {
        state->counts[s] = arena_alloc(state->arena, length, sizeof *state->counts[s]);
        state->defined[s] = arena_alloc(state->arena, rows, sizeof *state->defined[s]);
        is_ready = is_ready && state->counts[s] && state->defined[s];
    }
    return is_ready ? 0 : error_memory(err, "the comparison");
}
