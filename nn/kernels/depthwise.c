/*
 * nn/kernels/depthwise.c - depthwise convolution: lanes are channels.
 *
 * COLUMNS adjacent outputs are summed in registers (named one by one, as in product.c), so that an input or weight is
 * loaded once for all of them. Every output adds its taps row by row, column by column; a tap outside the image is left
 * out.
 */
#include "nn/kernels/vector.h"

#define COLUMNS 4
#define KERNEL_MAX 5 /* largest kernel with a loop of its own */

/* An output row: the input rows that it reads. */
struct row {
    const struct depthwise *d;
    const float *const *lines; /* input row under tap row 0; tap row ky: lines[ky * dilation] */
    int first, end;            /* tap rows inside the image */
    int blocks;                /* blocks of channels */
    size_t at;                 /* where the row begins in the result and the residual */
};

/* Writes COLUMNS outputs from `place` on in the result. */
static inline __attribute__((always_inline)) void finish_columns(const struct depthwise *d, const struct finish *finish,
                                                                 int channel, size_t place, vec y0, vec y1, vec y2,
                                                                 vec y3)
{
    const ptrdiff_t channels = d->channels;
    float *const y = d->y + place;
    if (finish->bias) {
        const vec bias = load(finish->bias + channel);
        y0 += bias, y1 += bias, y2 += bias, y3 += bias;
    }
    if (finish->residual) {
        const float *residual = finish->residual + place;
        y0 += load(residual), y1 += load(residual + channels);
        y2 += load(residual + 2 * channels), y3 += load(residual + 3 * channels);
    }
    store(y, limit(y0, finish->low, finish->high));
    store(y + channels, limit(y1, finish->low, finish->high));
    store(y + 2 * channels, limit(y2, finish->low, finish->high));
    store(y + 3 * channels, limit(y3, finish->low, finish->high));
}

/*
 * Computes COLUMNS outputs from `column` on, of one output row or, where these read neighbouring input rows, of two
 * (y and z), so that an input is loaded for both. Inlined; callers pass constants, where they can, for kernel, stride,
 * rows, the tap rows and the columns [first,end) of inputs that are inside the image. Input column p is under tap
 * p - n * stride of output n.
 */
static inline __attribute__((always_inline)) void run_columns(const struct row *row, int column, int kernel, int stride,
                                                              int rows, int first_row, int end_row, int first, int end)
{
    const struct depthwise *d = row->d;
    const struct finish finish = d->finish;
    const int count = d->channels;
    const ptrdiff_t channels = count, left = column * stride - d->padding_w;
    const size_t at = row->at + (size_t)column * (size_t)channels, below = (size_t)d->columns * (size_t)channels;
    const float *w = d->weight, *lines[KERNEL_MAX + 1] = {0};
    for (int ky = first_row; ky < end_row + rows - 1; ky++)
        lines[ky] = row->lines[ky * d->dilation] + left * channels;
    for (int block = 0; block < row->blocks; block++, w += kernel * kernel * LANES) {
        const int channel = depthwise_channel(block, count, LANES);
        vec y0 = {0}, y1 = {0}, y2 = {0}, y3 = {0}, z0 = {0}, z1 = {0}, z2 = {0}, z3 = {0};
#define ADD(sum, n, tap) \
    if (p >= (n)*stride && p < (n)*stride + kernel) \
        sum##n += x * load((tap) + (p - (n)*stride) * LANES);
        _Pragma("GCC unroll 8") for (int ky = first_row; ky < end_row + rows - 1; ky++)
        {
            const float *line = lines[ky] + channel, *tap = w + ky * kernel * LANES, *above = tap - kernel * LANES;
            _Pragma("GCC unroll 16") for (int p = 0; p < (COLUMNS - 1) * stride + kernel; p++)
            {
                if (p < first || p >= end)
                    continue;
                const vec x = load(line + p * channels);
                if (ky < end_row) {
                    ADD(y, 0, tap) ADD(y, 1, tap) ADD(y, 2, tap) ADD(y, 3, tap)
                }
                if (rows == 2 && ky > first_row) {
                    ADD(z, 0, above) ADD(z, 1, above) ADD(z, 2, above) ADD(z, 3, above)
                }
            }
        }
#undef ADD
        finish_columns(d, &finish, channel, at + (size_t)channel, y0, y1, y2, y3);
        if (rows == 2)
            finish_columns(d, &finish, channel, at + below + (size_t)channel, z0, z1, z2, z3);
    }
}

/*
 * Computes one output row, or two that have all their tap rows inside the image. The last outputs of a row may be
 * computed twice. There are separate loops for the interior, and for borders as wide as half a kernel.
 */
static inline __attribute__((always_inline)) void run_rows(const struct row *row, int kernel, int stride, int rows)
{
    const struct depthwise *d = row->d;
    const int span = (COLUMNS - 1) * stride + kernel, half = kernel / 2;
    const int first_row = rows == 2 ? 0 : row->first, end_row = rows == 2 ? kernel : row->end;
    for (int next = 0; next < d->columns; next += COLUMNS) {
        const int column = next < d->columns - COLUMNS ? next : d->columns - COLUMNS;
        const int left = column * stride - d->padding_w, first = left < 0 ? -left : 0;
        const int end = d->width - left < span ? d->width - left : span;
        if (first == 0 && end == span && end_row - first_row == kernel)
            run_columns(row, column, kernel, stride, rows, 0, kernel, 0, span);
        else if (first == 0 && end == span)
            run_columns(row, column, kernel, stride, rows, first_row, end_row, 0, span);
        else if (first == half && end == span)
            run_columns(row, column, kernel, stride, rows, first_row, end_row, half, span);
        else if (first == 0 && end == span - half)
            run_columns(row, column, kernel, stride, rows, first_row, end_row, 0, span - half);
        else
            run_columns(row, column, kernel, stride, rows, first_row, end_row, first, end);
    }
}

static void row_3x3(const struct row *row)
{
    run_rows(row, 3, 1, 1);
}

static void two_rows_3x3(const struct row *row)
{
    run_rows(row, 3, 1, 2);
}

static void row_3x3_2(const struct row *row)
{
    run_rows(row, 3, 2, 1);
}

static void row_5x5(const struct row *row)
{
    run_rows(row, 5, 1, 1);
}

static void row_5x5_2(const struct row *row)
{
    run_rows(row, 5, 2, 1);
}

/* Writes y + bias + residual, limited, at a column and channel. */
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
        store_some(d->y + at, y, d->channels);
    else
        store(d->y + at, y);
}

/* Computes a row for any kernel, output by output. */
static void row_any(const struct row *row)
{
    const struct depthwise *d = row->d;
    const ptrdiff_t channels = d->channels, taps = (ptrdiff_t)d->kernel * d->kernel_w;
    for (int block = 0; block < row->blocks; block++) {
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

typedef void row_loop(const struct row *row);

static row_loop *choose_loop(const struct depthwise *d)
{
    static row_loop *const rows[2][2] = {{row_3x3, row_3x3_2}, {row_5x5, row_5x5_2}};
    const bool has_loop = d->kernel == d->kernel_w && (d->kernel == 3 || d->kernel == 5) && d->stride_w <= 2 &&
                          d->dilation_w == 1 && d->columns >= COLUMNS && d->channels >= LANES;
    return has_loop ? rows[d->kernel == 5][d->stride_w - 1] : row_any;
}

void SET(depthwise)(const struct depthwise *d)
{
    row_loop *const run = choose_loop(d);
    const bool has_pairs = run == row_3x3 && d->stride == 1 && d->dilation == 1;
    for (int i = 0, rows; i < d->rows; i += rows) {
        struct row row = {.d = d,
                          .lines = d->lines + (ptrdiff_t)i * d->stride,
                          .blocks = (d->channels + LANES - 1) / LANES,
                          .at = (size_t)i * (size_t)d->columns * (size_t)d->channels};
        while (row.first < d->kernel && !row.lines[row.first * d->dilation])
            row.first++;
        row.end = row.first;
        while (row.end < d->kernel && row.lines[row.end * d->dilation])
            row.end++;
        const bool is_pair = has_pairs && i + 1 < d->rows && row.end - row.first == 3 && row.lines[3];
        rows = is_pair ? 2 : 1;
        if (is_pair)
            two_rows_3x3(&row);
        else
            run(&row);
    }
}
