/*
 * report/stats.c - means and percentile bootstrap intervals (Efron 1979), the same for the same rows.
 *
 * Sums are in double, in image order. The draws of a cell depend only on the seed and the number of its values. So an
 * interval does not change when other methods or metrics join the run, and cells with equally many values share their
 * draws, which saves time because drawing takes longer than summing. A combined metric is computed from the means of
 * each draw, over the images where all its parts are defined.
 */
#include "report/stats.h"

#include "report/completeness.h"
#include "report/count_cells.h"
#include "report/draws.h"
#include "report/percentile.h"
#include "report/tasks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const struct cell *cell_at(const struct report *report, const struct cell *cells, int backbone, int method,
                           int protocol, int metric)
{
    const size_t m = (size_t)report->method_count, p = (size_t)report->protocol_count;
    const size_t k = (size_t)report->metric_count;
    return &cells[(((size_t)backbone * m + (size_t)method) * p + (size_t)protocol) * k + (size_t)metric];
}

void protocol_changes(const struct report_protocol *protocol, FILE *stream, const char *head, const char *end,
                      int (*escape)(FILE *, const char *))
{
    if (!protocol->changes)
        return;
    fputs(head, stream);
    escape(stream, protocol->preset);
    fputs(" with ", stream);
    escape(stream, protocol->changes);
    fputs(end, stream);
}

int metric_parts(const struct report *report, int metric, int part[REPORT_PARTS_MAX])
{
    const struct report_metric *row = &report->metrics[metric];
    int parts = 0;
    if (!row->combine)
        part[parts++] = metric;
    else
        for (; parts < REPORT_PARTS_MAX && row->parts[parts] >= 0; parts++)
            part[parts] = row->parts[parts];
    return parts;
}

double shown_value(const struct report_metric *metric, double value)
{
    return metric->is_percent ? value * 100 : value;
}

int shown_decimals(const struct report_metric *metric)
{
    return metric->unit[0] == '\0' ? 4 : 2;
}

/* Reads back the printed text, so that ties are those that a reader sees. */
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
    int others = 0;
    if (report->methods[method].is_control || !isfinite(mine))
        return false;
    for (int m = 0; m < report->method_count; m++) {
        const double other = as_printed(row, cell_at(report, cells, backbone, m, protocol, metric)->mean);
        if (!report->methods[m].is_control && (row->higher_is_better ? other > mine : other < mine))
            return false;
        others += m != method && !report->methods[m].is_control && isfinite(other);
    }
    return others > 0 || !is_incomplete(report, backbone); /* a method without competitors is not the best */
}

/* The data of a cell: a column of numbers per part, over the images where all parts are defined. */
struct sample {
    const struct report_metric *metric;
    int parts, n, undefined, noted;
    const double *columns[REPORT_PARTS_MAX]; /* (n) */
    double least[REPORT_PARTS_MAX],
        most[REPORT_PARTS_MAX]; /* of each column; means, which are rounded, are clamped to them */
    double *draws;              /* (bootstrap): the metric of each resample */
    struct cell *cell;
};

/* Counts defined, undefined and noted images, and marks the defined ones. */
static void choose_images(const struct report *report, const size_t *first, struct sample *sample, bool *is_chosen)
{
    for (int image = 0; image < report->image_count; image++) {
        bool is_absent = sample->parts == 0, is_undefined = false, is_noted = false;
        for (int j = 0; j < sample->parts; j++) {
            const size_t at = first[j] + (size_t)image;
            is_absent |= report->states[at] == REPORT_ABSENT;
            is_undefined |= report->states[at] == REPORT_UNDEFINED;
            is_noted |= report->notes && report->notes[at];
        }
        is_chosen[image] = !is_absent && !is_undefined;
        sample->undefined += !is_absent && is_undefined;
        sample->n += is_chosen[image];
        sample->noted += is_chosen[image] && is_noted;
    }
}

/* Reads the columns; one without gaps is not copied but points into the report. 0, or -1: no memory. */
static int sample_read(const struct report *report, int backbone, int method, int protocol, int metric,
                       struct arena *arena, bool *is_chosen, struct sample *sample)
{
    int part[REPORT_PARTS_MAX];
    size_t first[REPORT_PARTS_MAX] = {0};
    *sample = (struct sample){.metric = &report->metrics[metric]};
    sample->parts = metric_parts(report, metric, part);
    for (int j = 0; j < sample->parts; j++)
        first[j] = report_index(report, backbone, method, protocol, part[j], 0);
    choose_images(report, first, sample, is_chosen);
    for (int j = 0; j < sample->parts; j++) {
        sample->columns[j] = report->values + first[j];
        if (sample->n == report->image_count)
            continue;
        double *column = arena_alloc(arena, (size_t)sample->n, sizeof *column);
        if (!column)
            return -1;
        sample->columns[j] = column;
        for (int image = 0; image < report->image_count; image++)
            if (is_chosen[image])
                *column++ = report->values[first[j] + (size_t)image];
    }
    sample->draws = arena_alloc(arena, (size_t)report->bootstrap, sizeof *sample->draws);
    return sample->draws ? 0 : -1;
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

static double combined(const struct sample *sample, const double *sums)
{
    double means[REPORT_PARTS_MAX] = {0};
    for (int j = 0; j < sample->parts; j++) {
        const double mean = sums[j] / sample->n;
        means[j] = mean < sample->least[j] ? sample->least[j] : mean > sample->most[j] ? sample->most[j] : mean;
    }
    return sample->metric->combine ? sample->metric->combine(means) : means[0];
}

static void find_ends(struct sample *sample)
{
    for (int j = 0; j < sample->parts; j++) {
        sample->least[j] = INFINITY, sample->most[j] = -INFINITY;
        for (int i = 0; i < sample->n; i++) {
            sample->least[j] = fmin(sample->least[j], sample->columns[j][i]);
            sample->most[j] = fmax(sample->most[j], sample->columns[j][i]);
        }
    }
}

static void fill_cell(struct sample *sample, struct cell *cell)
{
    double sums[REPORT_PARTS_MAX] = {0};
    *cell = (struct cell){.n = sample->n,
                          .undefined = sample->undefined,
                          .noted = sample->noted,
                          .mean = NAN,
                          .ci_low = NAN,
                          .ci_high = NAN};
    find_ends(sample);
    for (int j = 0; j < sample->parts; j++)
        for (int i = 0; i < sample->n; i++)
            sums[j] += sample->columns[j][i];
    if (sample->n > 0)
        cell->mean = combined(sample, sums);
}

int report_stopped(const struct report *report, struct error *err)
{
    return report->stop && *report->stop ? error_set(err, "the report was interrupted") : 0;
}

/* -- intervals ----------------------------------------------------------------------------------------------------- */

enum { TILE = 512 }; /* images whose weights stay in cache while all columns are summed */

/*
 * Makes up to DRAWS draws, beginning with draw `first`, of samples of n values; sums (count,REPORT_PARTS_MAX,DRAWS) is
 * scratch.
 */
static void draw_samples(struct sample *const *samples, size_t count, size_t n, int first, int draws,
                         const double *weights, double (*sums)[REPORT_PARTS_MAX][DRAWS])
{
    memset(sums, 0, count * sizeof *sums);
    for (size_t i = 0; i < n; i += TILE)
        for (size_t s = 0; s < count; s++)
            for (int j = 0; j < samples[s]->parts; j++)
                draws_add(sums[s][j], samples[s]->columns[j] + i, weights + i * DRAWS, n - i < TILE ? n - i : TILE);
    for (size_t s = 0; s < count; s++)
        for (int d = 0; d < draws; d++) {
            double own[REPORT_PARTS_MAX];
            for (int j = 0; j < REPORT_PARTS_MAX; j++)
                own[j] = sums[s][j][d];
            samples[s]->draws[first + d] = combined(samples[s], own);
        }
}

static void fill_interval(struct sample *sample, int bootstrap)
{
    for (int i = 0; i < bootstrap; i++)
        if (!isfinite(sample->draws[i]))
            return;
    sort_doubles(sample->draws, (size_t)bootstrap);
    percentile_interval(sample->draws, (size_t)bootstrap, sample->cell->mean, &sample->cell->ci_low,
                        &sample->cell->ci_high);
}

/* Computes the intervals of samples of n > 1 values each. */
static int fill_intervals(const struct report *report, struct sample *const *samples, size_t count, size_t n,
                          struct arena *arena, struct error *err)
{
    char text[32];
    struct random_stream stream;
    double *weights = arena_alloc(arena, n, DRAWS * sizeof *weights);
    uint32_t *counts = arena_alloc(arena, n, sizeof *counts);
    double(*sums)[REPORT_PARTS_MAX][DRAWS] = arena_alloc(arena, count, sizeof *sums);
    if (!weights || !counts || !sums)
        return error_memory(err, "the intervals of the report");
    snprintf(text, sizeof text, "%zu", n);
    random_init(&stream, report->seed, random_purpose(random_purpose(0, "bootstrap"), text));
    for (int first = 0; first < report->bootstrap; first += DRAWS) {
        const int draws = report->bootstrap - first < DRAWS ? report->bootstrap - first : DRAWS;
        draws_fill(&stream, n, 0, draws, counts, weights);
        draw_samples(samples, count, n, first, draws, weights, sums);
        if (report_stopped(report, err))
            return -1;
    }
    for (size_t s = 0; s < count; s++)
        fill_interval(samples[s], report->bootstrap);
    return 0;
}

/* Computes intervals for all samples of more than one value; samples of the same size are computed together. */
static int fill_all_intervals(const struct report *report, struct sample *samples, size_t count, struct arena *arena,
                              struct error *err)
{
    struct sample **alike = arena_alloc(arena, count, sizeof *alike);
    if (!alike)
        return error_memory(err, "the intervals of the report");
    for (size_t i = 0; i < count && report->bootstrap > 0; i++) {
        bool is_done = samples[i].n < 2; /* none of them: those of counts */
        for (size_t before = 0; before < i; before++)
            is_done |= samples[before].n == samples[i].n;
        size_t found = 0;
        for (size_t k = i; k < count && !is_done; k++)
            if (samples[k].n == samples[i].n)
                alike[found++] = &samples[k];
        const struct arena_mark mark = arena_mark(arena);
        if (!is_done && fill_intervals(report, alike, found, (size_t)samples[i].n, arena, err))
            return -1;
        arena_rewind(arena, mark);
    }
    return 0;
}

/* -- cells --------------------------------------------------------------------------------------------------------- */

/* Fills `count` cells, beginning at position `first` of the report's order. */
static int fill_cells(const struct report *report, size_t first, size_t count, struct cell *cells, struct error *err)
{
    const size_t k = (size_t)report->metric_count, p = (size_t)report->protocol_count, m = (size_t)report->method_count;
    struct arena arena;
    arena_init(&arena, 0);
    bool *is_chosen = arena_alloc(&arena, (size_t)report->image_count, sizeof *is_chosen);
    struct sample *samples = arena_alloc(&arena, count, sizeof *samples);
    int status = is_chosen && samples ? 0 : error_memory(err, "the means and intervals of the report");
    for (size_t i = 0; i < count && !status; i++) {
        const size_t at = first + i;
        const struct report_counted *counted = report_counted(report, (int)(at % k));
        if (counted) {
            status = count_cell(report, counted, at, &cells[i], err);
            continue;
        }
        status = sample_read(report, (int)(at / (k * p * m)), (int)(at / (k * p) % m), (int)(at / k % p), (int)(at % k),
                             &arena, is_chosen, &samples[i]);
        if (status)
            error_memory(err, "the means and intervals of the report");
        if (status)
            break;
        fill_cell(&samples[i], &cells[i]);
        samples[i].cell = &cells[i];
    }
    if (!status)
        status = fill_all_intervals(report, samples, count, &arena, err);
    arena_release(&arena);
    return status;
}

struct cell report_cell(const struct report *report, int backbone, int method, int protocol, int metric)
{
    struct error ignored;
    struct cell cell = {.mean = NAN, .ci_low = NAN, .ci_high = NAN};
    const size_t m = (size_t)report->method_count, p = (size_t)report->protocol_count;
    const size_t row = ((size_t)backbone * m + (size_t)method) * p + (size_t)protocol;
    fill_cells(report, row * (size_t)report->metric_count + (size_t)metric, 1, &cell, &ignored);
    return cell;
}

/* The cells of all backbones; a task is a backbone. */
struct filling {
    const struct report *report;
    struct cell *cells;
    size_t of_backbone;
};

static int fill_backbone(void *context, int backbone, double *children, struct error *err)
{
    const struct filling *filling = context;
    const size_t first = (size_t)backbone * filling->of_backbone;
    (void)children;
    return fill_cells(filling->report, first, filling->of_backbone, filling->cells + first, err);
}

struct cell *report_cells(const struct report *report, struct error *err)
{
    const size_t of_backbone =
        (size_t)report->method_count * (size_t)report->protocol_count * (size_t)report->metric_count;
    const size_t count = (size_t)report->backbone_count * of_backbone;
    struct cell *cells = calloc(count ? count : 1, sizeof *cells);
    struct filling filling = {report, cells, of_backbone};
    if (!cells)
        error_memory(err, "the means and intervals of the report");
    else if (!report_run_tasks(report, count ? report->backbone_count : 0, report->threads, fill_backbone, &filling,
                               err))
        return cells;
    free(cells);
    return NULL;
}

struct cost_summary cost_summary(const struct report *report, int backbone, int method, double *scratch)
{
    struct cost_summary sum = {0};
    const size_t first =
        ((size_t)backbone * (size_t)report->method_count + (size_t)method) * (size_t)report->image_count;
    for (int image = 0; image < report->image_count; image++) {
        const struct cost *cost = &report->costs[first + (size_t)image];
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
    sort_doubles(scratch, (size_t)sum.n);
    sum.median = percentile_of_doubles(scratch, (size_t)sum.n, 50);
    sum.low = percentile_of_doubles(scratch, (size_t)sum.n, 25);
    sum.high = percentile_of_doubles(scratch, (size_t)sum.n, 75);
    sum.mean /= sum.n, sum.full /= sum.n, sum.tail /= sum.n, sum.backward /= sum.n;
    return sum;
}
