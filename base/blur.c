/* base/blur.c - two passes of one-dimensional filters. */
#include "base/blur.h"

#include <stdlib.h>

/* Values of a line are `stride` apart. */
struct line {
    int length;
    size_t stride;
};

static int reflected(int position, int size)
{
    const int period = size > 1 ? 2 * (size - 1) : 1;
    position = abs(position) % period;
    return position < size ? position : period - position;
}

static double filtered(const struct blur *blur, const float *in, struct line line, int i)
{
    double sum = 0;
    for (int t = 0; t < blur->count; t++) {
        int at = i + t - blur->count / 2;
        if (at < 0 || at >= line.length) {
            if (blur->border == BLUR_ZERO)
                continue;
            at = reflected(at, line.length);
        }
        sum += blur->taps[t] * (double)in[(size_t)at * line.stride];
    }
    return sum;
}

static void blur_line(const struct blur *blur, const float *in, struct line line, float *out)
{
    for (int i = 0; i < line.length; i++)
        out[(size_t)i * line.stride] = (float)filtered(blur, in, line, i);
}

void blur_planes(const struct blur *blur, const float *in, int planes, int h, int w, float *rows, float *out)
{
    const size_t width = (size_t)w, size = (size_t)h * width;
    for (int k = 0; k < planes; k++, in += size, out += size) {
        for (size_t i = 0; i < (size_t)h; i++)
            blur_line(blur, in + i * width, (struct line){w, 1}, rows + i * width);
        for (size_t j = 0; j < width; j++)
            blur_line(blur, rows + j, (struct line){h, width}, out + j);
    }
}
