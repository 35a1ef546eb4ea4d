/*
 * base/blur.c - two passes of one-dimensional filters, 64 outputs at a time, so that the compiler vectorises the loop
 * over them.
 *
 * Each output's sum adds the taps in their order. A zero outside the plane adds +0, which does not change any bit.
 */
#include "base/blur.h"

#include <assert.h>
#include <stdlib.h>

enum { CHUNK = 64 };

static int reflected(int position, int size)
{
    const int period = size > 1 ? 2 * (size - 1) : 1;
    position = abs(position) % period;
    return position < size ? position : period - position;
}

/* The position that is read instead of one outside 0..size-1; -1: the value there is 0. */
static int place_of(const struct blur *blur, int position, int size)
{
    if (position >= 0 && position < size)
        return position;
    return blur->border == BLUR_ZERO ? -1 : reflected(position, size);
}

static void add_products(double *sums, double tap, const double *values)
{
    for (int j = 0; j < CHUNK; j++)
        sums[j] += tap * values[j];
}

/* Computes outputs `first` to `first` + CHUNK - 1 of a row, or up to its end. */
static void blur_chunk_of_row(const struct blur *blur, const float *in, int first, int w, float *out)
{
    double values[CHUNK + BLUR_TAPS_MAX], sums[CHUNK] = {0};
    for (int j = 0; j < CHUNK + blur->count - 1; j++) {
        const int at = place_of(blur, first + j - blur->count / 2, w);
        values[j] = at < 0 ? 0 : (double)in[at];
    }
    for (int t = 0; t < blur->count; t++)
        add_products(sums, blur->taps[t], values + t);
    for (int j = 0; j < CHUNK && first + j < w; j++)
        out[first + j] = (float)sums[j];
}

/* Computes the same outputs of row i, filtered along columns. */
static void blur_chunk_of_columns(const struct blur *blur, const float *in, int first, int i, int h, int w, float *out)
{
    const int count = w - first < CHUNK ? w - first : CHUNK;
    double sums[CHUNK] = {0};
    for (int t = 0; t < blur->count; t++) {
        const int at = place_of(blur, i + t - blur->count / 2, h);
        if (at < 0)
            continue;
        const float *row = in + (size_t)at * (size_t)w + first;
        for (int j = 0; j < count; j++)
            sums[j] += blur->taps[t] * (double)row[j];
    }
    for (int j = 0; j < count; j++)
        out[(size_t)i * (size_t)w + (size_t)(first + j)] = (float)sums[j];
}

void blur_planes(const struct blur *blur, const float *in, int planes, int h, int w, float *rows, float *out)
{
    const size_t width = (size_t)w, size = (size_t)h * width;
    assert(blur->count <= BLUR_TAPS_MAX);
    for (int k = 0; k < planes; k++, in += size, out += size) {
        for (size_t i = 0; i < (size_t)h; i++)
            for (int first = 0; first < w; first += CHUNK)
                blur_chunk_of_row(blur, in + i * width, first, w, rows + i * width);
        for (int i = 0; i < h; i++)
            for (int first = 0; first < w; first += CHUNK)
                blur_chunk_of_columns(blur, rows, first, i, h, w, out);
    }
}
