/* methods/bicubic.c - Pillow's bicubic filter on floats (libImaging/Resample.c, mode F). */
#include "methods/bicubic.h"

#include <math.h>

#define SUPPORT 2.0

static double kernel(double x)
{
    const double a = -0.5;
    x = fabs(x);
    if (x < 1)
        return ((a + 2) * x - (a + 3)) * x * x + 1;
    return x < SUPPORT ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

/* The filter of one axis: output i is the weighted sum of `count` inputs, `stride` floats apart, from `first` on. */
static void resize_line(const float *in, int length, size_t stride, float *out, int out_length, size_t out_stride)
{
    const double scale = (double)length / out_length, stretch = fmax(1, scale);
    for (int i = 0; i < out_length; i++) {
        const double centre = (i + 0.5) * scale, support = SUPPORT * stretch;
        const int first = (int)fmax(0, centre - support + 0.5);
        const int end = (int)fmin(length, centre + support + 0.5);
        double sum = 0, weights = 0;
        for (int k = first; k < end; k++)
            weights += kernel((k - centre + 0.5) / stretch);
        for (int k = first; k < end; k++)
            sum += in[(size_t)k * stride] * (kernel((k - centre + 0.5) / stretch) / weights);
        out[(size_t)i * out_stride] = (float)sum;
    }
}

int resize_bicubic(const float *in, int h, int w, float *out, int out_h, int out_w, struct arena *arena)
{
    const struct arena_mark mark = arena_mark(arena);
    float *rows = arena_floats(arena, (size_t)h * (size_t)out_w);
    if (!rows)
        return -1;
    for (int y = 0; y < h; y++)
        resize_line(in + (size_t)y * (size_t)w, w, 1, rows + (size_t)y * (size_t)out_w, out_w, 1);
    for (int x = 0; x < out_w; x++)
        resize_line(rows + x, h, (size_t)out_w, out + x, out_h, (size_t)out_w);
    arena_rewind(arena, mark);
    return 0;
}
