/*
 * report/compare/comparison_values.c - compares the values of a cell: bit for bit, or by a paired bootstrap over
 * images.
 */
#include "report/compare/comparison_state.h"

#include <math.h>
#include <string.h>

struct cell_position compare_position(const struct report *report, int backbone, int method, int protocol, int metric)
{
    const struct report_metric *row = &report->metrics[metric];
    struct cell_position position = {report, backbone, method, protocol, metric, 1, {metric}};
    if (!row->combine)
        return position;
    for (position.parts = 0; position.parts < PARTS_MAX && row->parts[position.parts] >= 0; position.parts++)
        position.part[position.parts] = row->parts[position.parts];
    return position;
}

static bool has_counts(const struct cell_position *position)
{
    return report_counted(position->report, position->metric) != NULL;
}

/* Reads the values of an image's parts, unless it has counts; returns the least defined of their states. */
static enum report_state read_parts(const struct cell_position *position, int image, double values[PARTS_MAX])
{
    const struct report_counts *counts = compare_counts_of(position, image);
    if (counts)
        return counts->state == REPORT_DEFINED && counts->pairs == 0 ? REPORT_ABSENT : (enum report_state)counts->state;
    enum report_state state = position->parts ? REPORT_DEFINED : REPORT_ABSENT;
    for (int j = 0; j < position->parts; j++) {
        const size_t at = report_index(position->report, position->backbone, position->method, position->protocol,
                                       position->part[j], image);
        values[j] = position->report->values[at];
        if (position->report->states[at] == REPORT_ABSENT)
            return REPORT_ABSENT;
        if (position->report->states[at] == REPORT_UNDEFINED)
            state = REPORT_UNDEFINED;
    }
    return state;
}

bool compare_is_measured(const struct cell_position *position)
{
    double values[PARTS_MAX];
    for (int i = 0; i < position->report->image_count; i++)
        if (read_parts(position, i, values) != REPORT_ABSENT)
            return true;
    return false;
}

/* The images of a cell: rows (n,parts) of both runs where both are defined. */
struct pairs {
    int n;
    int only[SIDES];           /* measured in one run alone */
    int undefined_only[SIDES]; /* undefined in one run alone */
    double furthest;
};

/* The largest difference of any part; 0: all parts are equal. */
static double distance(const double *was, const double *is, int parts)
{
    double most = 0;
    for (int j = 0; j < parts; j++)
        if (was[j] != is[j])
            most = fmax(most, fabs(is[j] - was[j]));
    return most;
}

static void take_pair(struct compare_state *state, const struct cell_position positions[SIDES], int i,
                      struct pairs *pairs, struct compare_cell *cell)
{
    const int parts = positions[BASE].parts, image[SIDES] = {state->image[BASE][i], state->image[NOW][i]};
    double *was = state->sample[BASE] + (size_t)pairs->n * PARTS_MAX;
    double *is = state->sample[NOW] + (size_t)pairs->n * PARTS_MAX;
    const enum report_state states[SIDES] = {read_parts(&positions[BASE], image[BASE], was),
                                             read_parts(&positions[NOW], image[NOW], is)};
    for (int s = 0; s < SIDES; s++)
        pairs->only[s] += states[s] != REPORT_ABSENT && states[!s] == REPORT_ABSENT;
    if (states[BASE] == REPORT_ABSENT || states[NOW] == REPORT_ABSENT)
        return;
    cell->n++;
    for (int s = 0; s < SIDES; s++) {
        cell->undefined[s] += states[s] == REPORT_UNDEFINED;
        pairs->undefined_only[s] += states[s] == REPORT_UNDEFINED && states[!s] == REPORT_DEFINED;
    }
    cell->changed += states[BASE] != states[NOW];
    if (states[BASE] != REPORT_DEFINED || states[NOW] != REPORT_DEFINED)
        return;
    const bool is_counted = has_counts(&positions[BASE]);
    for (int s = 0; s < SIDES && is_counted; s++)
        state->defined[s][pairs->n] = image[s];
    pairs->n++;
    const double far = is_counted ? compare_counts_distance(state, positions, image) : distance(was, is, parts);
    cell->changed += far > 0;
    if (far > pairs->furthest) {
        pairs->furthest = far;
        cell->most = state->side[BASE]->report->images[image[BASE]];
    }
}

/* Computes the means of both runs over all rows, or over rows that the stream draws, the same for both. */
static void estimate(const struct compare_state *state, const struct cell_position positions[SIDES], int n,
                     struct random_stream *stream, double value[SIDES])
{
    double means[SIDES][PARTS_MAX] = {0};
    for (int i = 0; i < n; i++) {
        const size_t row = stream ? random_below(stream, (uint32_t)n) : (uint32_t)i;
        for (int s = 0; s < SIDES; s++)
            for (int j = 0; j < positions[s].parts; j++)
                means[s][j] += state->sample[s][row * PARTS_MAX + (size_t)j];
    }
    for (int s = 0; s < SIDES; s++) {
        const struct report_metric *metric = &positions[s].report->metrics[positions[s].metric];
        for (int j = 0; j < positions[s].parts; j++)
            means[s][j] /= n;
        value[s] = metric->combine ? metric->combine(means[s]) : means[s][0];
    }
}

static void value_interval(struct compare_state *state, const struct cell_position positions[SIDES], int n,
                           struct compare_cell *cell)
{
    struct random_stream stream = compare_stream(state, cell);
    double value[SIDES];
    for (int i = 0; i < state->options->bootstrap; i++) {
        estimate(state, positions, n, &stream, value);
        state->draws[i] = value[NOW] - value[BASE];
        if (!isfinite(state->draws[i]))
            return;
    }
    compare_widen(state, cell->difference, n, cell);
}

/* Whether more images became undefined, or defined, than by chance: the sign test's normal form. */
static bool undefined_counts(const struct compare_state *state, const struct pairs *pairs)
{
    const double more = pairs->undefined_only[NOW], less = pairs->undefined_only[BASE];
    return fabs(more - less) > state->widening_z * sqrt(more + less);
}

/* True if the user gave a tolerance for the metric. */
static bool given_tolerance(const struct compare_state *state, const struct report_metric *metric, double *tolerance)
{
    bool is_given = false;
    for (int i = 0; i < state->options->tolerance_count; i++) {
        const struct compare_tolerance *row = &state->options->tolerances[i];
        const bool is_own = row->metric && strcmp(row->metric, metric->name) == 0;
        if (is_own || (!row->metric && !is_given))
            *tolerance = metric->is_percent ? row->value / 100 : row->value;
        if (is_own)
            return true;
        is_given |= !row->metric;
    }
    return is_given;
}

/* The unit of a difference's size: the metric's range; without one, the base's mean. */
static double scale_of(const struct compare_cell *cell)
{
    const double range = cell->metric->max - cell->metric->min;
    return isfinite(range) && range > 0 ? range : fabs(cell->value[BASE]);
}

static bool is_exact(const struct compare_state *state, const struct cell_position *base)
{
    const int at[COMPARE_LISTS] = {base->backbone, base->method, base->protocol, base->metric};
    bool is_same = state->is_same_run;
    for (int l = 0; l < COMPARE_LISTS; l++)
        is_same = is_same && strcmp(state->side[BASE]->rows[l][at[l]].state,
                                    state->side[NOW]->rows[l][state->match[BASE][l][at[l]]].state) == 0;
    for (int j = 0; j < base->parts && is_same; j++) {
        const int part = base->part[j], other = state->match[BASE][COMPARE_METRICS][part];
        is_same = other >= 0 && strcmp(state->side[BASE]->rows[COMPARE_METRICS][part].state,
                                       state->side[NOW]->rows[COMPARE_METRICS][other].state) == 0;
    }
    return is_same;
}

static enum compare_result exact_result(const struct pairs *pairs, const struct compare_cell *cell)
{
    const bool is_combined_alike = cell->metric->combine && cell->difference == 0;
    if (pairs->furthest > 0 && !is_combined_alike)
        return COMPARE_CHANGED;
    return pairs->undefined_only[BASE] || pairs->undefined_only[NOW] ? COMPARE_UNDEFINED : COMPARE_SAME;
}

static enum compare_result result_by_interval(struct compare_state *state, const struct cell_position positions[SIDES],
                                              const struct pairs *pairs, double tolerance, struct compare_cell *cell)
{
    if (cell->changed == 0)
        return COMPARE_SAME;
    if (pairs->n > 1 && has_counts(&positions[BASE]))
        compare_counts_interval(state, positions, pairs->n, cell);
    else if (pairs->n > 1)
        value_interval(state, positions, pairs->n, cell);
    if (fabs(cell->difference) > tolerance && compare_excludes(cell, 0))
        return COMPARE_CHANGED;
    return undefined_counts(state, pairs) ? COMPARE_UNDEFINED : COMPARE_WITHIN;
}

static void find_result(struct compare_state *state, const struct cell_position positions[SIDES],
                        const struct pairs *pairs, struct compare_cell *cell)
{
    double tolerance = 0;
    const bool is_given = given_tolerance(state, cell->metric, &tolerance);
    if (pairs->n > 0 && has_counts(&positions[BASE]))
        compare_counts_values(state, positions, pairs->n, cell->value);
    else if (pairs->n > 0)
        estimate(state, positions, pairs->n, NULL, cell->value);
    if (pairs->n > 0)
        cell->difference = cell->value[NOW] - cell->value[BASE];
    const double scale = scale_of(cell);
    cell->is_exact = !is_given && is_exact(state, &positions[BASE]);
    cell->result = cell->is_exact
                       ? exact_result(pairs, cell)
                       : result_by_interval(state, positions, pairs, is_given ? tolerance : scale / 1000, cell);
    cell->size = scale > 0 ? fabs(cell->difference) / scale : fabs(cell->difference);
    if (!(cell->size > 0) && cell->n > 0)
        cell->size = (double)cell->changed / cell->n * 1e-9; /* the means are equal */
}

void compare_values(struct compare_state *state, const struct cell_position positions[SIDES])
{
    const struct report *base = positions[BASE].report;
    struct compare_cell cell = {.backbone = base->backbones[positions[BASE].backbone].name,
                                .method = base->methods[positions[BASE].method].name,
                                .protocol = base->protocols[positions[BASE].protocol].name,
                                .metric = &base->metrics[positions[BASE].metric],
                                .value = {NAN, NAN},
                                .difference = NAN,
                                .low = NAN,
                                .high = NAN};
    struct pairs pairs = {0};
    for (int i = 0; i < state->pairs; i++)
        take_pair(state, positions, i, &pairs, &cell);
    cell.missing = pairs.only[BASE];
    if (cell.n > 0)
        find_result(state, positions, &pairs, &cell);
    else if (compare_is_measured(&positions[BASE]))
        cell.result = COMPARE_MISSING;
    else if (compare_is_measured(&positions[NOW]))
        cell.result = COMPARE_NEW;
    else
        return;
    if (cell.missing > 0 && cell.n > 0 && !compare_is_difference(cell.result)) {
        cell.result = COMPARE_INCOMPLETE;
        cell.size = cell.missing;
    }
    state->out->cells[state->out->count++] = cell;
}
