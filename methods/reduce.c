/* methods/reduce.c - from an attribution of each colour to a map. */
#include "methods/reduce.h"

#include <stdlib.h>

/* The values of one pixel: `count` of them, `stride` apart. */
static double reduce_pixel(const float *value, int count, size_t stride, int reduce)
{
    double sum = 0, absolute = 0, largest = 0, squares = 0;
    for (int k = 0; k < count; k++) {
        const double v = value[(size_t)k * stride], size = fabs(v);
        sum += v;
        absolute += size;
        largest = size > largest || isnan(size) ? size : largest;
        squares += v * v;
    }
    switch ((enum reduce)reduce) {
    case REDUCE_SUM_ABS:
        return absolute;
    case REDUCE_ABS_SUM:
        return fabs(sum);
    case REDUCE_MAX_ABS:
        return largest;
    case REDUCE_RELU_SUM:
        return sum < 0 ? 0 : sum; /* NaN stays visible */
    case REDUCE_L2:
        return sqrt(squares);
    }
    return NAN;
}

static int ascending(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

int clip_map(struct cam *cam, float *map, size_t n, double percentile)
{
    if (percentile == 0 || !floats_are_finite(map, n))
        return 0;
    float *sorted = cam_floats(cam, n);
    if (!sorted)
        return -1;
    memcpy(sorted, map, n * sizeof *map);
    qsort(sorted, n, sizeof *sorted, ascending);
    const double position = percentile / 100 * (double)(n - 1);
    const size_t low = (size_t)position, high = low + 1 < n ? low + 1 : low;
    const double top = sorted[low] + (position - (double)low) * ((double)sorted[high] - sorted[low]);
    for (size_t i = 0; i < n; i++)
        map[i] = map[i] > top ? (float)top : map[i];
    return 0;
}

int reduce_colours(struct cam *cam, const float *attribution, int reduce, double clip_percentile, float *map)
{
    const struct shape shape = cam_input_shape(cam);
    const size_t plane = (size_t)shape.h * (size_t)shape.w;
    for (size_t i = 0; i < plane; i++)
        map[i] = (float)reduce_pixel(attribution + i, shape.c, plane, reduce);
    return clip_map(cam, map, plane, clip_percentile);
}
