/*
 * metrics/single_deletion.c - whether the map ranks the cells of a grid as the network does: the rank correlation of the
 * map's sums over cells with the change of the class's score when one cell at a time is removed. The changes do not
 * depend on the map: grid^2 passes for all methods. Hesse, Schaub-Meyer, Roth, "Benchmarking the Attribution Quality of
 * Vision Models", NeurIPS 2024, arXiv:2407.11910; the network is not fine-tuned here.
 */
#include "metrics/metric.h"

#include <string.h>

enum fill { FILL_ZERO, FILL_RANDOM, FILL_IMAGE_MEAN };
enum remainder { REMAINDER_SPREAD, REMAINDER_IGNORED };

struct settings {
    int grid, score, fill, remainder; /* score: enum evidence_score, but the logit is 0 */
};

/* Context of the source: the grid on planes (h,w). */
struct cells {
    const struct evidence *evidence;
    const struct settings *settings;
    int channels, h, w;
};

/* The first pixel of cell i, of n on a side of `size` pixels. */
static int edge(const struct settings *settings, int i, int size)
{
    return settings->remainder == REMAINDER_IGNORED ? i * (size / settings->grid)
                                                    : (int)((long long)i * size / settings->grid);
}

static float replacement(const struct cells *cells, const float *plane, struct random_stream *random)
{
    switch (cells->settings->fill) {
    case FILL_RANDOM:
        return (float)(2 * random_uniform(random) - 1);
    case FILL_IMAGE_MEAN:
        return (float)mean_of(plane, (size_t)cells->h * (size_t)cells->w);
    default:
        return 0;
    }
}

static void remove_cell(void *context, int index, const float *x, float *out)
{
    const struct cells *cells = context;
    const struct settings *settings = cells->settings;
    const size_t plane = (size_t)cells->h * (size_t)cells->w;
    const int row = index / settings->grid, column = index % settings->grid;
    struct random_stream random = evidence_random(cells->evidence, index);
    memcpy(out, x, (size_t)cells->channels * plane * sizeof *out);
    for (int c = 0; c < cells->channels; c++) {
        const float *from = x + (size_t)c * plane;
        float value = replacement(cells, from, &random);
        for (int i = edge(settings, row, cells->h); i < edge(settings, row + 1, cells->h); i++)
            for (int j = edge(settings, column, cells->w); j < edge(settings, column + 1, cells->w); j++) {
                out[(size_t)c * plane + (size_t)i * (size_t)cells->w + (size_t)j] = value;
                value = settings->fill == FILL_RANDOM ? replacement(cells, from, &random) : value;
            }
    }
}

static double sum_of_cell(const struct cells *cells, const struct map *map, int index)
{
    const struct settings *settings = cells->settings;
    const int row = index / settings->grid, column = index % settings->grid;
    double sum = 0;
    for (int i = edge(settings, row, map->h); i < edge(settings, row + 1, map->h); i++)
        for (int j = edge(settings, column, map->w); j < edge(settings, column + 1, map->w); j++)
            sum += map->data[i * map->w + j];
    return sum;
}

static bool is_flat(const double *values, int n)
{
    for (int i = 1; i < n; i++)
        if (values[i] != values[0])
            return false;
    return true;
}

static int set_value(struct evidence *evidence, const double *sums, const double *drops, int n, struct value *value,
                     struct error *err)
{
    for (int k = 0; k < n; k++)
        if (!isfinite(drops[k])) {
            *value = value_undefined("nonfinite_p");
            return 0;
        }
    if (is_flat(drops, n))
        *value = value_undefined("flat_drops");
    else if (is_flat(sums, n))
        *value = (struct value){.number = 0, .flag = "flat_rank"};
    else
        return rank_correlation(evidence, sums, drops, (size_t)n, &value->number, err);
    return 0;
}

static int measure(struct evidence *evidence, const void *params, struct value *value, struct error *err)
{
    const struct settings *settings = params;
    const enum evidence_score score = settings->score ? EVIDENCE_SCORE_PROB : EVIDENCE_SCORE_LOGIT;
    const struct map map = evidence_map(evidence);
    const int n = settings->grid * settings->grid;
    struct cells cells = {evidence, settings, evidence_channels(evidence), map.h, map.w};
    double *sums = evidence_alloc(evidence, (size_t)n, sizeof *sums, err);
    double *drops = evidence_alloc(evidence, (size_t)n, sizeof *drops, err);
    double whole;
    if (!sums || !drops || evidence_scores(evidence, EVIDENCE_ORIGINAL, score, &whole, err) ||
        evidence_scores(evidence, EVIDENCE_SHARED(remove_cell, &cells, 0, n), score, drops, err))
        return -1;
    for (int k = 0; k < n; k++) {
        sums[k] = sum_of_cell(&cells, &map, k);
        drops[k] = whole - drops[k];
    }
    return set_value(evidence, sums, drops, n, value, err);
}

static const struct param params[] = {
    PARAM_INT(struct settings, grid, 4, 1, 32, "cells on a side"),
    PARAM_ENUM(struct settings, score, "logit|prob", "of the explained class"),
    PARAM_ENUM(struct settings, fill, "zero|random|image_mean",
               "what replaces a cell: 0 (the mean colour), uniform numbers from -1 to 1, the image's mean"),
    PARAM_ENUM(struct settings, remainder, "spread|ignored",
               "pixels that cannot be shared out evenly: spread over the cells, or in no cell"),
    {0},
};

const struct metric metric_single_deletion = {
    .abi = METRIC_ABI,
    .name = "single_deletion",
    .title = "Single Deletion",
    .unit = "",
    .min = -1,
    .max = 1,
    .direction = METRIC_HIGHER_IS_BETTER,
    .year = 2024,
    .source = "hesse2024benchmarking",
    .version = 1,
    .params = params,
    .params_size = sizeof(struct settings),
    .measure = measure,
};
