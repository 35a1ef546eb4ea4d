/*
 * report/stats.c - means and percentile bootstrap intervals (Efron 1979), the same for the same rows.
 *
 * Sums run in double, in image order. The stream of a cell is fixed by the seed and the names of the cell, so that an
 * interval does not change when other methods or metrics join the run. A combined metric is computed anew from the
 * means of each draw, over the images where all its parts are defined.
 */
#include "report/stats.h"

#include "base/random.h"

#include <math.h>
#include <stdlib.h>

#define PARTS_MAX 5

const struct cell *cell_at(const struct report *report, const struct cell *cells, int backbone, int method,
                           int protocol, int metric)
{
    const size_t m = (size_t)report->method_count, p = (size_t)report->protocol_count;
    const size_t k = (size_t)report->metric_count;
    return &cells[(((size_t)backbone * m + (size_t)method) * p + (size_t)protocol) * k + (size_t)metric];
}

double shown_value(const struct report_metric *metric, double value)
{
    return metric->is_percent ? value * 100 : value;
}

int shown_decimals(const struct report_metric *metric)
{
    return !metric->is_percent && metric->min >= -1 && metric->max <= 1 ? 4 : 2;
}

/* Through the text itself, so that ties are those that a reader sees. */
static double as_printed(const struct report_metric *metric, double value)
{
    char text[400];
    snprintf(text, sizeof text, "%.*f", shown_decimals(metric), shown_value(metric, value));
    return strtod(text, NULL);
}

bool cell_is_best(const struct report *report, const struct cell *cells, int backbone, int method, int protocol,
                  int metric)
{
    const struct report_metric *row = &report->metrics[metric];
    const double mine = as_printed(row, cell_at(report, cells, backbone, method, protocol, metric)->mean);
    if (report->methods[method].is_control || !isfinite(mine))
        return false;
    for (int m = 0; m < report->method_count; m++) {
        const double other = as_printed(row, cell_at(report, cells, backbone, m, protocol, metric)->mean);
        if (!report->methods[m].is_control && (row->higher_is_better ? other > mine : other < mine))
            return false;
    }
    return true;
}

double stats_percentile(const double *sorted, size_t n, double percent)
{
    const double position = (double)(n - 1) * (percent / 100);
    const size_t below = (size_t)position, above = below + 1 < n ? below + 1 : below;
    const double step = position - (double)below, difference = sorted[above] - sorted[below];
    return step < 0.5 ? sorted[below] + difference * step : sorted[above] - difference * (1 - step);
}

static int compare_numbers(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void stats_sort(double *values, size_t n)
{
    qsort(values, n, sizeof *values, compare_numbers);
}

/* What a cell is made of: values (n,parts) over the images where all parts are defined. */
struct sample {
    int parts, n, undefined, noted;
    double *values;
};

static void sample_read(const struct report *report, int backbone, int method, int protocol, int metric,
                        struct sample *sample)
{
    const struct report_metric *row = &report->metrics[metric];
    int part[PARTS_MAX] = {metric};
    sample->parts = sample->n = sample->undefined = sample->noted = 0;
    if (row->combine)
        while (sample->parts < PARTS_MAX && row->parts[sample->parts] >= 0) {
            part[sample->parts] = row->parts[sample->parts];
            sample->parts++;
        }
    else
        sample->parts = 1;
    for (int image = 0; image < report->image_count; image++) {
        bool is_absent = sample->parts == 0, is_undefined = false, is_noted = false;
        for (int j = 0; j < sample->parts; j++) {
            const size_t at = report_index(report, backbone, method, protocol, part[j], image);
            is_absent |= report->states[at] == REPORT_ABSENT;
            is_undefined |= report->states[at] == REPORT_UNDEFINED;
            is_noted |= report->notes && report->notes[at];
            sample->values[(size_t)sample->n * (size_t)sample->parts + (size_t)j] = report->values[at];
        }
        sample->undefined += !is_absent && is_undefined;
        sample->n += !is_absent && !is_undefined;
        sample->noted += !is_absent && !is_undefined && is_noted;
    }
}

int defined_values(const struct report *report, int backbone, int method, int protocol, int metric, double *out,
                   int *undefined)
{
    int n = 0, missing = 0;
    for (int image = 0; image < report->image_count; image++) {
        const size_t at = report_index(report, backbone, method, protocol, metric, image);
        missing += report->states[at] == REPORT_UNDEFINED;
        if (report->states[at] == REPORT_DEFINED)
            out[n++] = report->values[at];
    }
    if (undefined)
        *undefined = missing;
    return n;
}

/* The metric over n rows: all in order, or with replacement as the stream says. */
static double sample_estimate(const struct sample *sample, const struct report_metric *metric,
                              struct random_stream *stream)
{
    double means[PARTS_MAX] = {0};
    for (int i = 0; i < sample->n; i++) {
        const size_t row = stream ? random_below(stream, (uint32_t)sample->n) : (uint32_t)i;
        for (int j = 0; j < sample->parts; j++)
            means[j] += sample->values[row * (size_t)sample->parts + (size_t)j];
    }
    for (int j = 0; j < sample->parts; j++)
        means[j] /= sample->n;
    return metric->combine ? metric->combine(means) : means[0];
}

int report_stopped(const struct report *report, struct error *err)
{
    return report->stop && *report->stop ? error_set(err, "the report was interrupted") : 0;
}

/* Scratch for one cell after the other: (image_count,PARTS_MAX) and (bootstrap); never of size 0. */
struct scratch {
    struct arena arena;
    double *values, *draws;
};

static int scratch_init(struct scratch *scratch, const struct report *report)
{
    arena_init(&scratch->arena, 0);
    scratch->values = arena_alloc(&scratch->arena, (size_t)report->image_count + 1, PARTS_MAX * sizeof(double));
    scratch->draws =
        arena_alloc(&scratch->arena, (size_t)(report->bootstrap > 0 ? report->bootstrap : 0) + 1, sizeof(double));
    return scratch->values && scratch->draws ? 0 : -1;
}

static void cell_interval(const struct report *report, const struct sample *sample, const struct report_metric *metric,
                          struct random_stream *stream, double *draws, struct cell *cell)
{
    for (int i = 0; i < report->bootstrap; i++) {
        draws[i] = sample_estimate(sample, metric, stream);
        if (!isfinite(draws[i]))
            return;
    }
    stats_sort(draws, (size_t)report->bootstrap);
    cell->ci_low = stats_percentile(draws, (size_t)report->bootstrap, 2.5);
    cell->ci_high = stats_percentile(draws, (size_t)report->bootstrap, 97.5);
}

static struct cell cell_of(const struct report *report, int backbone, int method, int protocol, int metric,
                           struct scratch *scratch)
{
    const struct report_metric *row = &report->metrics[metric];
    struct sample sample = {.values = scratch->values};
    sample_read(report, backbone, method, protocol, metric, &sample);
    struct cell cell = {.n = sample.n,
                        .undefined = sample.undefined,
                        .noted = sample.noted,
                        .mean = NAN,
                        .ci_low = NAN,
                        .ci_high = NAN};
    if (sample.n == 0)
        return cell;
    cell.mean = sample_estimate(&sample, row, NULL);
    uint64_t purpose = random_purpose(0, report->backbones[backbone].name);
    purpose = random_purpose(purpose, report->methods[method].name);
    purpose = random_purpose(purpose, report->protocols[protocol].name);
    purpose = random_purpose(purpose, row->name);
    struct random_stream stream;
    random_init(&stream, report->seed, purpose);
    if (report->bootstrap > 0)
        cell_interval(report, &sample, row, &stream, scratch->draws, &cell);
    return cell;
}

struct cell report_cell(const struct report *report, int backbone, int method, int protocol, int metric)
{
    struct scratch scratch;
    struct cell cell = {.mean = NAN, .ci_low = NAN, .ci_high = NAN};
    if (scratch_init(&scratch, report) == 0)
        cell = cell_of(report, backbone, method, protocol, metric, &scratch);
    arena_release(&scratch.arena);
    return cell;
}

struct cell *report_cells(const struct report *report, struct error *err)
{
    const size_t count = (size_t)report->backbone_count * (size_t)report->method_count *
                         (size_t)report->protocol_count * (size_t)report->metric_count;
    struct scratch scratch;
    struct cell *cells = calloc(count ? count : 1, sizeof *cells);
    if (scratch_init(&scratch, report) || !cells) {
        error_memory(err, "the means and intervals of the report");
        free(cells);
        cells = NULL;
    }
    for (size_t i = 0; cells && i < count; i++) {
        const size_t k = (size_t)report->metric_count, p = (size_t)report->protocol_count;
        const size_t m = (size_t)report->method_count;
        cells[i] =
            cell_of(report, (int)(i / (k * p * m)), (int)(i / (k * p) % m), (int)(i / k % p), (int)(i % k), &scratch);
        if (report_stopped(report, err)) {
            free(cells);
            cells = NULL;
        }
    }
    arena_release(&scratch.arena);
    return cells;
}

struct cost_summary cost_summary(const struct report *report, int backbone, int method, double *scratch)
{
    struct cost_summary sum = {0};
    const size_t first =
        ((size_t)backbone * (size_t)report->method_count + (size_t)method) * (size_t)report->image_count;
    for (int image = 0; image < report->image_count; image++) {
        const struct report_cost *cost = &report->costs[first + (size_t)image];
        if (!(cost->seconds >= 0))
            continue;
        scratch[sum.n++] = cost->seconds;
        sum.mean += cost->seconds;
        sum.full += cost->full;
        sum.tail += cost->tail;
        sum.backward += cost->backward;
    }
    if (sum.n == 0)
        return (struct cost_summary){0, NAN, NAN, NAN, NAN, NAN, NAN, NAN};
    stats_sort(scratch, (size_t)sum.n);
    sum.median = stats_percentile(scratch, (size_t)sum.n, 50);
    sum.low = stats_percentile(scratch, (size_t)sum.n, 25);
    sum.high = stats_percentile(scratch, (size_t)sum.n, 75);
    sum.mean /= sum.n, sum.full /= sum.n, sum.tail /= sum.n, sum.backward /= sum.n;
    return sum;
}
