/* nn/upsample.c - bilinear enlargement of planes, and its transpose. */
#include "nn/nn.h"

#include "nn/simd.h"

#include <math.h>
#include <string.h>

/* Source of one output index along an axis: index of the lower neighbour, its follower, weight of the follower. */
struct tap {
    int low, high;
    float weight;
};

static struct tap tap_of(int index, int in, int out, bool align_corners)
{
    float source;
    if (align_corners)
        source = out > 1 ? (float)index * ((float)(in - 1) / (float)(out - 1)) : 0;
    else
        source = ((float)index + 0.5f) * ((float)in / (float)out) - 0.5f;
    if (source < 0)
        source = 0;
    int low = (int)source;
    if (low > in - 1)
        low = in - 1;
    return (struct tap){low, low < in - 1 ? low + 1 : low, source - (float)low};
}

#define COLUMNS 64 /* columns at a time: their taps and two rows stay in registers and the L1 cache */

/* Columns of the result whose taps are known. */
struct columns {
    int count, low[COLUMNS], high[COLUMNS];
    float weight[COLUMNS];
};

static inline void take_row(const float *row, const struct columns *columns, float *out)
{
    for (int j = 0; j < columns->count; j++)
        out[j] = (1 - columns->weight[j]) * row[columns->low[j]] + columns->weight[j] * row[columns->high[j]];
}

/* Enlarges one plane: columns first .. first + columns->count - 1 of the result. */
MULTIVERSION
static void upsample_columns(const float *in, int h, int w, const struct columns *columns, float *out, int out_h,
                             int out_w, bool align_corners)
{
    float top[COLUMNS] = {0}, bottom[COLUMNS] = {0};
    int above = -1, below = -1; /* the rows that they hold */
    for (int i = 0; i < out_h; i++, out += out_w) {
        const struct tap y = tap_of(i, h, out_h, align_corners);
        if (y.low != above)
            take_row(in + (size_t)y.low * (size_t)w, columns, top);
        if (y.high != below)
            take_row(in + (size_t)y.high * (size_t)w, columns, bottom);
        above = y.low, below = y.high;
        for (int j = 0; j < columns->count; j++)
            out[j] = (1 - y.weight) * top[j] + y.weight * bottom[j];
    }
}

void upsample_bilinear(const float *in, int count, int h, int w, float *out, int out_h, int out_w, bool align_corners)
{
    for (int first = 0; first < out_w; first += COLUMNS) {
        struct columns columns = {.count = out_w - first < COLUMNS ? out_w - first : COLUMNS};
        for (int j = 0; j < columns.count; j++) {
            const struct tap x = tap_of(first + j, w, out_w, align_corners);
            columns.low[j] = x.low, columns.high[j] = x.high, columns.weight[j] = x.weight;
        }
        for (int n = 0; n < count; n++)
            upsample_columns(in + (size_t)n * (size_t)h * (size_t)w, h, w, &columns,
                             out + (size_t)n * (size_t)out_h * (size_t)out_w + first, out_h, out_w, align_corners);
    }
}

void upsample_transposed(const double *in, int in_h, int in_w, double *out, int h, int w)
{
    memset(out, 0, (size_t)h * (size_t)w * sizeof *out);
    for (int i = 0; i < in_h; i++) {
        const struct tap y = tap_of(i, h, in_h, false);
        double *top = out + (size_t)y.low * (size_t)w, *bottom = out + (size_t)y.high * (size_t)w;
        for (int j = 0; j < in_w; j++, in++) {
            const struct tap x = tap_of(j, w, in_w, false);
            const double high = (double)y.weight * *in, low = *in - high;
            top[x.low] += low * (double)(1 - x.weight);
            top[x.high] += low * (double)x.weight;
            bottom[x.low] += high * (double)(1 - x.weight);
            bottom[x.high] += high * (double)x.weight;
        }
    }
}
