/*
 * nn/kernels/winograd.c - the transforms of Winograd's F(4x4,3x3) (Lavin and Gray, "Fast Algorithms for Convolutional
 * Neural Networks", 2016), with the points 0, +-sqrt(1/2), +-sqrt(2), infinity: errors are half as large as with the
 * usual points 0, +-1, +-2, infinity. Lanes are channels.
 */
#include "nn/kernels/vector.h"

#define ROOT 1.41421356237309505f /* sqrt(2) */

/* B^T d along one axis. */
static inline void transform_input(const vec d[6], vec v[6])
{
    const vec even_a = d[4] - 2.0f * d[2], odd_a = ROOT * d[1] - (ROOT / 2) * d[3];
    const vec even_b = d[4] - 0.5f * d[2], odd_b = (ROOT / 2) * d[1] - ROOT * d[3];
    v[0] = d[0] - 2.5f * d[2] + d[4];
    v[1] = even_a - odd_a;
    v[2] = even_a + odd_a;
    v[3] = even_b - odd_b;
    v[4] = even_b + odd_b;
    v[5] = d[1] - 2.5f * d[3] + d[5];
}

/* A^T m along one axis. */
static inline void transform_output(const vec m[6], vec y[4])
{
    const vec sum_a = m[1] + m[2], difference_a = m[1] - m[2], sum_b = m[3] + m[4], difference_b = m[3] - m[4];
    y[0] = m[0] + sum_a + sum_b;
    y[1] = (ROOT / 2) * difference_a + ROOT * difference_b;
    y[2] = 0.5f * sum_a + 2.0f * sum_b;
    y[3] = (ROOT / 4) * difference_a + (2.0f * ROOT) * difference_b + m[5];
}

void SET(winograd_input)(const float *patch, size_t row_stride, size_t column_stride, int channels, float *v,
                         size_t point_stride)
{
    for (int c = 0; c < channels; c += LANES) {
        vec rows[6][6]; /* [column][point along the rows] */
        for (int j = 0; j < 6; j++) {
            vec d[6];
            for (int i = 0; i < 6; i++)
                d[i] = load(patch + (size_t)i * row_stride + (size_t)j * column_stride + c);
            transform_input(d, rows[j]);
        }
        for (int i = 0; i < 6; i++) {
            vec d[6], out[6];
            for (int j = 0; j < 6; j++)
                d[j] = rows[j][i];
            transform_input(d, out);
            for (int j = 0; j < 6; j++)
                store(v + (size_t)(i * 6 + j) * point_stride + c, out[j]);
        }
    }
}

void SET(winograd_output)(const float *m, size_t point_stride, int channels, float *y, size_t row_stride,
                          size_t column_stride, int rows, int columns, const struct finish *finish)
{
    for (int k = 0; k < channels; k += LANES) {
        vec halves[6][4]; /* [column's point][row] */
        for (int j = 0; j < 6; j++) {
            vec points[6];
            for (int i = 0; i < 6; i++)
                points[i] = load(m + (size_t)(i * 6 + j) * point_stride + k);
            transform_output(points, halves[j]);
        }
        const vec bias = finish->bias ? load(finish->bias + k) : (vec){0};
        for (int i = 0; i < rows; i++) {
            vec points[6], out[4];
            for (int j = 0; j < 6; j++)
                points[j] = halves[j][i];
            transform_output(points, out);
            for (int j = 0; j < columns; j++) {
                const size_t at = (size_t)i * row_stride + (size_t)j * column_stride + (size_t)k;
                vec value = out[j] + bias;
                if (finish->residual)
                    value += load(finish->residual + at);
                store(y + at, limit(value, finish->low, finish->high));
            }
        }
    }
}
