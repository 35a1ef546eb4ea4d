/*
 * methods/random.c - independent uniform values on a coarse grid, enlarged: a control that depends neither on the image
 * nor on the network, with blobs as large as those of a class activation map.
 */
#include "methods/method.h"

struct random {
    int grid;
};

static void fill(struct random_stream *stream, float *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        values[i] = (float)random_uniform(stream);
}

static int explain(struct cam *cam, const void *params, float *map)
{
    const struct random *p = params;
    const struct shape input = cam_input_shape(cam);
    struct random_stream stream = cam_random(cam);
    if (p->grid == 0) {
        fill(&stream, map, (size_t)input.h * (size_t)input.w);
        return 0;
    }
    const size_t cells = (size_t)p->grid * (size_t)p->grid;
    float *values = cam_floats(cam, cells);
    if (!values)
        return -1;
    fill(&stream, values, cells);
    upsample_bilinear(values, 1, p->grid, p->grid, map, input.h, input.w, false);
    return 0;
}

static const struct param params[] = {
    PARAM_INT(struct random, grid, 7, 0, 224, "cells of a side; 0: a value for each pixel"), {0}};

const struct method method_random = {
    .abi = METHOD_ABI,
    .name = "random",
    .title = "Random",
    .version = 1,
    .group = METHOD_CONTROL,
    .passes = "1 forward",
    .map = METHOD_MAP_INPUT,
    .is_signed = true,
    .params = params,
    .params_size = sizeof(struct random),
    .explain = explain,
};
