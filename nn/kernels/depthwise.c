/*
 * nn/kernels/depthwise.c - depthwise convolution: channels are lanes.
 *
 * COLUMNS outputs that lie side by side are summed in registers (named one by one, as in product.c), so that an input or
 * weight is loaded once for all of them. Strips of channels are so narrow that the input rows of an output row stay in the
 * first cache until the next row reads them again. Every output adds its taps row by row, column by column; a tap outside
 * of the image adds nothing.
 */
#include "nn/kernels/vector.h"

#include <string.h>

#define COLUMNS 4
#define STRIP_FLOATS 6144 /* of the input rows under an output row */

/* One output row. */
struct row {
    const struct depthwise *d;
    const float *const *lines; /* input row under tap row 0; tap row ky: lines[ky * dilation] */
    int first, end;            /* tap rows inside of the image */
    size_t at;                 /* of the result and the residual */
};

static inline vec load_some(const float *p, int count)
{
    float lanes[LANES] = {0};
    memcpy(lanes, p, (size_t)count * sizeof *p);
    return load(lanes);
}

/* y + bias + residual, limited, to the place of column and channel. */
static inline void put(const struct row *row, int column, int channel, vec y)
{
    const struct depthwise *d = row->d;
    const struct finish *finish = &d->finish;
    const size_t at = row->at + (size_t)column * (size_t)d->channels + (size_t)channel;
    const bool is_narrow = d->channels < LANES;
    if (finish->bias)
        y += load(finish->bias + channel);
    if (finish->residual)
        y += is_narrow ? load_some(finish->residual + at, d->channels) : load(finish->residual + at);
    y = limit(y, finish->low, finish->high);
    if (is_narrow)
        memcpy(d->y + at, &y, (size_t)d->channels * sizeof(float));
    else
        store(d->y + at, y);
}

/*
 * COLUMNS outputs from `column` on, for one kernel and stride; callers give constants for these and is_inside. Column p of
 * the inputs is under tap p - n * stride of output n.
 */
static inline __attribute__((always_inline)) void run_columns(const struct row *row, int column, int first_block,
                                                              int end_block, int kernel, int stride, bool is_inside)
{
    const struct depthwise *d = row->d;
    const ptrdiff_t channels = d->channels;
    const int left = column * stride - d->padding_w;
    const int first = left < 0 ? -left : 0, end = d->width - left;
    for (int block = first_block; block < end_block; block++) {
        const int channel = depthwise_channel(block, d->channels, LANES);
        const float *w = d->weight + (ptrdiff_t)block * kernel * kernel * LANES;
        vec y0 = {0}, y1 = {0}, y2 = {0}, y3 = {0};
#define ADD(n) \
    if (p >= (n)*stride && p < (n)*stride + kernel) \
        y##n += x * load(tap + (p - (n)*stride) * LANES);
#define ROW(ky) \
    { \
        const float *line = row->lines[(ky)*d->dilation] + left * channels + channel; \
        const float *tap = w + (ky)*kernel * LANES; \
        _Pragma("GCC unroll 16") for (int p = 0; p < (COLUMNS - 1) * stride + kernel; p++) \
        { \
            if (!is_inside && (p < first || p >= end)) \
                continue; \
            const vec x = load(line + p * channels); \
            ADD(0) ADD(1) ADD(2) ADD(3) \
        } \
    }
        if (is_inside) {
            _Pragma("GCC unroll 8") for (int ky = 0; ky < kernel; ky++) ROW(ky)
        } else {
            for (int ky = row->first; ky < row->end; ky++)
                ROW(ky)
        }
        put(row, column, channel, y0);
        put(row, column + 1, channel, y1);
        put(row, column + 2, channel, y2);
        put(row, column + 3, channel, y3);
    }
}

/* A row whose last outputs may be made twice. */
static inline __attribute__((always_inline)) void run_row(const struct row *row, int first_block, int end_block,
                                                          int kernel, int stride)
{
    const struct depthwise *d = row->d;
    for (int next = 0; next < d->columns; next += COLUMNS) {
        const int column = next < d->columns - COLUMNS ? next : d->columns - COLUMNS,
                  left = column * stride - d->padding_w;
        const bool is_inside =
            row->end - row->first == kernel && left >= 0 && left + (COLUMNS - 1) * stride + kernel <= d->width;
        if (is_inside)
            run_columns(row, column, first_block, end_block, kernel, stride, true);
        else
            run_columns(row, column, first_block, end_block, kernel, stride, false);
    }
}

static void row_3x3(const struct row *row, int first_block, int end_block)
{
    run_row(row, first_block, end_block, 3, 1);
}

static void row_3x3_2(const struct row *row, int first_block, int end_block)
{
    run_row(row, first_block, end_block, 3, 2);
}

static void row_5x5(const struct row *row, int first_block, int end_block)
{
    run_row(row, first_block, end_block, 5, 1);
}

static void row_5x5_2(const struct row *row, int first_block, int end_block)
{
    run_row(row, first_block, end_block, 5, 2);
}

/* Any kernel, output by output. */
static void row_any(const struct row *row, int first_block, int end_block)
{
    const struct depthwise *d = row->d;
    const ptrdiff_t channels = d->channels, taps = (ptrdiff_t)d->kernel * d->kernel_w;
    for (int block = first_block; block < end_block; block++) {
        const int channel = depthwise_channel(block, d->channels, LANES);
        for (int column = 0; column < d->columns; column++) {
            const int left = column * d->stride_w - d->padding_w;
            vec y = {0};
            for (int ky = row->first; ky < row->end; ky++) {
                const float *line = row->lines[ky * d->dilation] + channel;
                const float *w = d->weight + (block * taps + (ptrdiff_t)ky * d->kernel_w) * LANES;
                for (int kx = 0; kx < d->kernel_w; kx++) {
                    const ptrdiff_t place = left + kx * d->dilation_w;
                    if (place < 0 || place >= d->width)
                        continue;
                    const float *x = line + place * channels;
                    y += (channels < LANES ? load_some(x, d->channels) : load(x)) * load(w + kx * LANES);
                }
            }
            put(row, column, channel, y);
        }
    }
}

typedef void run_blocks(const struct row *row, int first_block, int end_block);

static run_blocks *choose_rows(const struct depthwise *d)
{
    static run_blocks *const rows[2][2] = {{row_3x3, row_3x3_2}, {row_5x5, row_5x5_2}};
    const bool has_loop = d->kernel == d->kernel_w && (d->kernel == 3 || d->kernel == 5) && d->stride_w <= 2 &&
                          d->dilation_w == 1 && d->columns >= COLUMNS && d->channels >= LANES;
    return has_loop ? rows[d->kernel == 5][d->stride_w - 1] : row_any;
}

static struct row place_row(const struct depthwise *d, int i)
{
    struct row row = {.d = d,
                      .lines = d->lines + (ptrdiff_t)i * d->stride,
                      .at = (size_t)i * (size_t)d->columns * (size_t)d->channels};
    while (row.first < d->kernel && !row.lines[row.first * d->dilation])
        row.first++;
    row.end = row.first;
    while (row.end < d->kernel && row.lines[row.end * d->dilation])
        row.end++;
    return row;
}

void SET(depthwise)(const struct depthwise *d)
{
    run_blocks *const run = choose_rows(d);
    const int blocks = (d->channels + LANES - 1) / LANES, fits = STRIP_FLOATS / (d->kernel * d->width * LANES);
    const int strip = fits > 2 ? fits : 2;
    for (int block = 0; block < blocks; block += strip)
        for (int i = 0; i < d->rows; i++) {
            const struct row row = place_row(d, i);
            run(&row, block, block + strip < blocks ? block + strip : blocks);
        }
}
