/*
 * methods/rise.c - RISE. Petsiuk, Das, Saenko, "RISE: Randomized Input Sampling for Explanation of Black-box Models",
 * BMVC 2018, arXiv:1806.07421. Random coarse masks, enlarged and shifted, hide parts of the image; the map is their
 * mean, weighted by the class's probability. N full passes; looks at no layer.
 *
 * Mask n comes from part n of a random stream, so masks are made when they are needed, by any thread, and are made
 * again for the sum: the memory does not grow with N.
 */
#include "methods/method.h"

#define CELLS_MOST 64

struct rise {
    int masks, cells;
    double p1;
    bool shared_masks;
};

/* How the cells become one axis of the enlarged mask: place t lies between cells first[t] and second[t]. */
struct axis {
    int cell, length; /* pixels of a cell, of the image */
    int *first, *second;
    float *share; /* of the second */
};

struct work {
    struct random_stream random;
    int cells;
    double p1;
    struct axis rows, columns;
};

/* Bilinear enlargement with half-pixel centres of `cells` values to (cells + 1) * cell places. */
static int axis_init(struct cam *cam, struct axis *axis, int cells, int length)
{
    const int cell = (length + cells - 1) / cells, places = (cells + 1) * cell;
    *axis = (struct axis){cell, length, cam_alloc(cam, places, sizeof(int)), cam_alloc(cam, places, sizeof(int)),
                          cam_floats(cam, places)};
    if (!axis->first || !axis->second || !axis->share)
        return -1;
    for (int t = 0; t < places; t++) {
        const double at = fmax(0, (t + 0.5) * cells / places - 0.5);
        axis->first[t] = (int)at;
        axis->second[t] = axis->first[t] + 1 < cells ? axis->first[t] + 1 : axis->first[t];
        axis->share[t] = (float)(at - axis->first[t]);
    }
    return 0;
}

/* Writes the mask (H,W); runs in several threads. */
static void write_mask(void *context, int index, float *out)
{
    const struct work *work = context;
    const int cells = work->cells;
    struct random_stream random = random_part(&work->random, (uint32_t)index);
    float grid[CELLS_MOST * CELLS_MOST], row[CELLS_MOST];
    for (int i = 0; i < cells * cells; i++)
        grid[i] = random_uniform(&random) < work->p1;
    const int top = (int)random_below(&random, (uint32_t)work->rows.cell);
    const int left = (int)random_below(&random, (uint32_t)work->columns.cell);
    const struct axis *rows = &work->rows, *columns = &work->columns;
    for (int i = top; i < top + rows->length; i++) {
        const float *above = grid + rows->first[i] * cells, *below = grid + rows->second[i] * cells;
        for (int k = 0; k < cells; k++)
            row[k] = (1 - rows->share[i]) * above[k] + rows->share[i] * below[k];
        for (int j = left; j < left + columns->length; j++)
            *out++ = (1 - columns->share[j]) * row[columns->first[j]] + columns->share[j] * row[columns->second[j]];
    }
}

static int work_init(struct cam *cam, const struct rise *p, struct work *work)
{
    const struct shape input = cam_input_shape(cam);
    work->random = p->shared_masks ? cam_random_shared(cam) : cam_random(cam);
    work->cells = p->cells;
    work->p1 = p->p1;
    return axis_init(cam, &work->rows, p->cells, input.h) || axis_init(cam, &work->columns, p->cells, input.w) ? -1 : 0;
}

static int explain(struct cam *cam, const void *params, float *map)
{
    const struct rise *p = params;
    const struct shape input = cam_input_shape(cam);
    const size_t pixels = (size_t)input.h * (size_t)input.w;
    struct work work;
    struct cam_output *out = cam_alloc(cam, p->masks, sizeof *out);
    double *sum = cam_alloc(cam, pixels, sizeof *sum);
    if (!out || !sum || work_init(cam, p, &work) || cam_masked(cam, p->masks, write_mask, &work, NULL, out))
        return -1;
    for (int n = 0; n < p->masks; n++) {
        write_mask(&work, n, map);
        for (size_t i = 0; i < pixels; i++)
            sum[i] += (double)out[n].probability * map[i];
    }
    for (size_t i = 0; i < pixels; i++)
        map[i] = (float)(sum[i] / (p->masks * p->p1));
    return 0;
}

static struct cost cost(const void *params, const struct tensor *layer, struct shape input)
{
    (void)layer, (void)input;
    const struct rise *p = params;
    return (struct cost){.full = 1.0 + p->masks};
}

static const struct param params[] = {
    PARAM_INT(struct rise, masks, 6000, 1, 100000, "N, masks"),
    PARAM_INT(struct rise, cells, 8, 2, CELLS_MOST, "cells of a mask's side before it is enlarged"),
    PARAM_FLOAT(struct rise, p1, 0.1, 0.01, 0.99, "probability of a cell to show the image"),
    PARAM_BOOL(struct rise, shared_masks, true, "the same masks for all images; false: masks of its own for each"),
    {0}};

const struct method method_rise = {
    .abi = METHOD_ABI,
    .name = "rise",
    .title = "RISE",
    .year = 2018,
    .source = "petsiuk2018rise",
    .version = 1,
    .group = METHOD_MASKS,
    .peers = "OpenVINO XAI RISE",
    .passes = "N + 1 forwards",
    .map = METHOD_MAP_INPUT,
    .is_signed = true,
    .params = params,
    .params_size = sizeof(struct rise),
    .cost = cost,
    .explain = explain,
};
