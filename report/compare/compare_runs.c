/*
 * report/compare/compare_runs.c - compares two tables cell by cell.
 *
 * A comparison has hundreds of cells and is repeated every night. With 95 % intervals, one cell in twenty would differ
 * by chance, so intervals are widened until all of them together have a confidence of 99 %.
 */
#include "report/compare/comparison_cause.h"
#include "report/compare/comparison_state.h"
#include "report/quantile.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FAMILY_LEVEL 0.01 /* probability that a comparison finds a difference by chance */

/* Whether a metric is a time; times are compared from the report's costs instead. */
static bool is_time(const struct report_metric *metric)
{
    return metric->is_cost && strcmp(metric->unit, "s") == 0;
}

static void add_lone(struct compare_state *state, const struct cell_position *position, enum compare_result result)
{
    const struct report *report = position->report;
    if (!compare_is_measured(position))
        return;
    state->out->cells[state->out->count++] = (struct compare_cell){
        .result = result,
        .backbone = report->backbones[position->backbone].name,
        .method = report->methods[position->method].name,
        .protocol = report->protocols[position->protocol].name,
        .metric = &report->metrics[position->metric],
        .value = {NAN, NAN},
        .difference = NAN,
        .low = NAN,
        .high = NAN,
    };
}

/* Visits a cell of one side. A cell that both sides have is compared once, when the base is visited. */
static void visit(struct compare_state *state, enum side side, int b, int m, int p, int k)
{
    int *const *match = state->match[side];
    const struct report *report = state->side[side]->report;
    const int other[COMPARE_LISTS] = {match[COMPARE_BACKBONES][b], match[COMPARE_METHODS][m],
                                      match[COMPARE_PROTOCOLS][p], match[COMPARE_METRICS][k]};
    const struct cell_position position = compare_position(report, b, m, p, k);
    bool is_matched = true;
    for (int l = 0; l < COMPARE_LISTS; l++)
        is_matched = is_matched && other[l] >= 0;
    if (is_time(&report->metrics[k]))
        return;
    if (!is_matched) {
        add_lone(state, &position, side == BASE ? COMPARE_MISSING : COMPARE_NEW);
    } else if (side == BASE) {
        const struct cell_position positions[SIDES] = {
            position, compare_position(state->side[NOW]->report, other[COMPARE_BACKBONES], other[COMPARE_METHODS],
                                       other[COMPARE_PROTOCOLS], other[COMPARE_METRICS])};
        compare_values(state, positions);
    }
}

static void visit_all(struct compare_state *state, enum side side)
{
    const struct report *report = state->side[side]->report;
    for (int b = 0; b < report->backbone_count; b++)
        for (int m = 0; m < report->method_count; m++)
            for (int p = 0; p < report->protocol_count; p++)
                for (int k = 0; k < report->metric_count; k++)
                    visit(state, side, b, m, p, k);
}

static size_t cells_of(const struct report *report)
{
    const size_t maps = (size_t)report->backbone_count * (size_t)report->method_count;
    return maps * ((size_t)report->protocol_count * (size_t)report->metric_count + 1);
}

static int prepare(struct compare_state *state, struct error *err)
{
    const size_t cells = cells_of(state->side[BASE]->report) + cells_of(state->side[NOW]->report);
    const size_t rows = (size_t)state->side[BASE]->report->image_count + 1;
    bool is_ready = true;
    for (int s = 0; s < SIDES; s++) {
        state->sample[s] = arena_alloc(state->arena, rows, PARTS_MAX * sizeof(double));
        state->order[s] = arena_alloc(state->arena, rows, sizeof(int));
        is_ready = is_ready && state->sample[s] && state->order[s];
    }
    state->drawn = arena_alloc(state->arena, rows, sizeof(int));
    state->draws = arena_alloc(state->arena, (size_t)state->options->bootstrap, sizeof(double));
    state->out->cells = arena_alloc(state->arena, cells + 1, sizeof *state->out->cells);
    const double level = FAMILY_LEVEL / (double)(cells_of(state->side[BASE]->report) + 1);
    state->widening_z = quantile_normal(level / 2);
    state->least_times = compare_least_times(level);
    is_ready = is_ready && state->drawn && state->draws && state->out->cells;
    return is_ready ? compare_prepare_counts(state, err) : error_memory(err, "the comparison");
}

/* The order of cells; the names decide last, so that no two cells are equal. */
static int compare_cells(const void *a, const void *b)
{
    const struct compare_cell *x = a, *y = b;
    if (x->result != y->result)
        return (x->result > y->result) - (x->result < y->result);
    if (x->size != y->size)
        return (x->size < y->size) - (x->size > y->size);
    int order = strcmp(x->backbone, y->backbone);
    order = order ? order : strcmp(x->method, y->method);
    order = order ? order : strcmp(x->protocol, y->protocol);
    return order || !x->metric || !y->metric ? order : strcmp(x->metric->name, y->metric->name);
}

static bool is_control(const struct report *report, const char *method)
{
    for (int m = 0; m < report->method_count; m++)
        if (strcmp(report->methods[m].name, method) == 0)
            return report->methods[m].is_control;
    return false;
}

static void mark_controls(struct compare_state *state)
{
    for (int i = 0; i < state->out->count; i++) {
        struct compare_cell *cell = &state->out->cells[i];
        cell->is_control =
            is_control(state->side[BASE]->report, cell->method) || is_control(state->side[NOW]->report, cell->method);
    }
}

int compare_runs(const struct compare_side *base, const struct compare_side *now, const struct compare_options *options,
                 struct arena *arena, struct comparison *out, struct error *err)
{
    *out = (struct comparison){0};
    struct compare_state state = {.side = {base, now}, .options = options, .arena = arena, .out = out};
    if (compare_match_lists(&state, err) || compare_match_images(&state, err) || prepare(&state, err))
        return -1;
    visit_all(&state, BASE);
    visit_all(&state, NOW);
    if (compare_all_times(&state, err))
        return -1;
    mark_controls(&state);
    cause_mark(base->report, out);
    out->cause = cause_text(out, arena); /* names in the order of the lists */
    if (!out->cause)
        return error_memory(err, "the comparison");
    qsort(out->cells, (size_t)out->count, sizeof *out->cells, compare_cells);
    for (int i = 0; i < out->count; i++) {
        out->results[out->cells[i].result]++;
        out->missing += out->cells[i].result == COMPARE_MISSING || out->cells[i].missing > 0;
    }
    return 0;
}
