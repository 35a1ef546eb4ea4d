/* report/count_cells.c - sums counts over images, weighted by how often a draw has each image. */
#include "report/count_cells.h"

#include "base/arena.h"
#include "base/counts.h"
#include "report/draws.h"
#include "report/percentile.h"

#include <math.h>
#include <stdio.h>

struct counted {
    const struct report *report;
    const struct report_counted *metric;
    int n;
    const struct report_counts **images; /* [n], defined */
    uint32_t *counts;                    /* (length), of one image */
};

static int choose(const struct report *report, const struct report_counts *row, struct arena *arena,
                  struct counted *counted, struct cell *cell)
{
    counted->images = arena_alloc(arena, (size_t)report->image_count + 1, sizeof *counted->images);
    counted->counts = arena_alloc(arena, counted->metric->length + 1, sizeof *counted->counts);
    if (!counted->images || !counted->counts)
        return -1;
    for (int i = 0; row && i < report->image_count; i++) {
        const bool is_defined = row[i].state == REPORT_DEFINED && row[i].pairs > 0;
        cell->undefined += row[i].state == REPORT_UNDEFINED;
        cell->noted += is_defined && row[i].note;
        if (is_defined)
            counted->images[counted->n++] = &row[i];
    }
    cell->n = counted->n;
    return 0;
}

/* Adds the counts of image i to the sums of all draws (length,DRAWS). */
static void add_image(const struct counted *counted, int i, const double *weights, double (*sums)[DRAWS])
{
    const struct report_counts *image = counted->images[i];
    const size_t length = counted->metric->length;
    counts_unpack(image->first, image->second, image->pairs, length, counted->counts);
    for (size_t k = 0; k < length; k++) {
        const double count = counted->counts[k];
        for (int d = 0; count > 0 && d < DRAWS; d++)
            sums[k][d] += count * weights[d];
    }
}

static double combine(const struct counted *counted, double (*sums)[DRAWS], int draw, double *column)
{
    for (size_t k = 0; k < counted->metric->length; k++)
        column[k] = sums[k][draw];
    return counted->metric->combine(counted->metric->params, column, counted->n);
}

static void clear(double (*sums)[DRAWS], size_t length)
{
    for (size_t k = 0; k < length; k++)
        for (int d = 0; d < DRAWS; d++)
            sums[k][d] = 0;
}

/* The interval over all draws; none if the number is undefined in one of them. */
static int fill_interval(const struct counted *counted, double (*sums)[DRAWS], double *column, struct arena *arena,
                         struct cell *cell, struct error *err)
{
    const struct report *report = counted->report;
    const size_t n = (size_t)counted->n, length = counted->metric->length;
    char text[32];
    struct random_stream stream;
    double *weights = arena_alloc(arena, n, DRAWS * sizeof *weights);
    double *draws = arena_alloc(arena, (size_t)report->bootstrap, sizeof *draws);
    uint32_t *times = arena_alloc(arena, n, sizeof *times);
    bool is_defined = true;
    if (!weights || !draws || !times)
        return error_memory(err, "the intervals of the report");
    snprintf(text, sizeof text, "%zu", n);
    random_init(&stream, report->seed, random_purpose(random_purpose(0, "bootstrap"), text));
    for (int first = 0; first < report->bootstrap; first += DRAWS) {
        const int end = report->bootstrap - first < DRAWS ? report->bootstrap - first : DRAWS;
        draws_fill(&stream, n, 0, end, times, weights);
        clear(sums, length);
        for (int i = 0; i < counted->n; i++)
            add_image(counted, i, weights + (size_t)i * DRAWS, sums);
        for (int d = 0; d < end; d++) {
            draws[first + d] = combine(counted, sums, d, column);
            is_defined = is_defined && isfinite(draws[first + d]);
        }
        if (report_stopped(report, err))
            return -1;
    }
    if (is_defined) {
        sort_doubles(draws, (size_t)report->bootstrap);
        percentile_interval(draws, (size_t)report->bootstrap, cell->mean, &cell->ci_low, &cell->ci_high);
    }
    return 0;
}

static int fill(const struct counted *counted, struct arena *arena, struct cell *cell, struct error *err)
{
    static const double once[DRAWS] = {1};
    const size_t length = counted->metric->length;
    double(*sums)[DRAWS] = arena_alloc(arena, length + 1, sizeof *sums);
    double *column = arena_alloc(arena, length + 1, sizeof *column);
    if (!sums || !column)
        return error_memory(err, "the means and intervals of the report");
    for (int i = 0; i < counted->n; i++)
        add_image(counted, i, once, sums);
    cell->mean = counted->n > 0 ? combine(counted, sums, 0, column) : NAN;
    const bool has_interval = counted->n > 1 && counted->report->bootstrap > 0 && isfinite(cell->mean);
    return has_interval ? fill_interval(counted, sums, column, arena, cell, err) : 0;
}

int count_cell(const struct report *report, const struct report_counted *metric, size_t position, struct cell *cell,
               struct error *err)
{
    struct counted counted = {.report = report, .metric = metric};
    const struct report_counts *row = report->counts ? report->counts[position] : NULL;
    struct arena arena;
    arena_init(&arena, 0);
    *cell = (struct cell){.mean = NAN, .ci_low = NAN, .ci_high = NAN};
    int status = choose(report, row, &arena, &counted, cell);
    status = status ? error_memory(err, "the means and intervals of the report") : fill(&counted, &arena, cell, err);
    arena_release(&arena);
    return status;
}
