/* methods/eigen.c - principal components, from the smaller of the two Gram matrices Z Z^T (h*w,h*w) and Z^T Z (C,C). */
#include "methods/eigen.h"

#include "nn/backend.h"
#include "nn/simd.h"

double *eigen_features(struct cam *cam, const struct tensor *z, bool is_centred)
{
    const size_t plane = tensor_plane(z);
    double *planes = cam_alloc(cam, tensor_size(z), sizeof *planes);
    for (size_t k = 0; planes && k < (size_t)z->c; k++) {
        const double mean = is_centred ? mean_of(z->data + k * plane, plane) : 0;
        for (size_t i = 0; i < plane; i++)
            planes[k * plane + i] = z->data[k * plane + i] - mean;
    }
    return planes;
}

/* Adds the upper triangle of row^T row. */
MULTIVERSION static void add_outer(const double *row, size_t n, double *matrix)
{
    for (size_t a = 0; a < n; a++)
        for (size_t b = a; b < n; b++)
            matrix[a * n + b] += row[a] * row[b];
}

double *eigen_gram(struct cam *cam, const double *rows, size_t count, size_t n)
{
    if (n > EIGEN_SIZE_MAX) {
        cam_fail(cam,
                 "a matrix of %zu x %zu is too large for its eigenvectors, the limit is %d; use a layer with fewer "
                 "positions",
                 n, n, EIGEN_SIZE_MAX);
        return NULL;
    }
    double *matrix = cam_alloc(cam, n * n, sizeof *matrix);
    for (size_t i = 0; matrix && i < count; i++)
        add_outer(rows + i * n, n, matrix);
    return matrix;
}

int eigen_leading(struct cam *cam, double *matrix, size_t n, double *value, double *vector)
{
    double *work = cam_alloc(cam, BACKEND_EIGEN_WORK * n, sizeof *work);
    int *integers = cam_alloc(cam, BACKEND_EIGEN_INTEGERS * n, sizeof *integers);
    if (!work || !integers)
        return -1;
    if (!backend()->leading_eigenpair((int)n, matrix, work, integers, value, vector))
        return cam_fail(cam, "the eigenvectors of a matrix of %zu x %zu did not converge", n, n);
    return 0;
}

void eigen_make_largest_positive(double *values, size_t n)
{
    double least = values[0], most = values[0];
    for (size_t i = 0; i < n; i++) {
        least = fmin(least, values[i]);
        most = fmax(most, values[i]);
    }
    for (size_t i = 0; i < n && -least > most; i++)
        values[i] = -values[i];
}

/* -- the first principal component ---------------------------------------------------------------------------------- */

/* Z (n,count) from its transpose (count,n). */
static double *transposed(struct cam *cam, const double *rows, size_t count, size_t n)
{
    double *columns = cam_alloc(cam, count * n, sizeof *columns);
    for (size_t k = 0; columns && k < count; k++)
        for (size_t i = 0; i < n; i++)
            columns[i * count + k] = rows[k * n + i];
    return columns;
}

static double dot(const double *a, const double *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

/* Writes v (C) from u, the leading eigenvector of Z Z^T (positions): v = Z^T u / |Z^T u|. */
static void right_vector(const double *planes, size_t channels, size_t positions, const double *u, double *v)
{
    for (size_t k = 0; k < channels; k++)
        v[k] = dot(planes + k * positions, u, positions);
    const double length = sqrt(dot(v, v, channels));
    for (size_t k = 0; k < channels && length > 0; k++)
        v[k] /= length;
}

/* Writes v (C), the first right singular vector of Z, whose transpose is `planes` (C,positions). */
static int first_component(struct cam *cam, const double *planes, size_t channels, size_t positions, double *v)
{
    const bool is_wide = positions <= channels;
    const size_t n = is_wide ? positions : channels;
    const double *rows = is_wide ? planes : transposed(cam, planes, channels, positions);
    double *matrix = rows ? eigen_gram(cam, rows, is_wide ? channels : positions, n) : NULL;
    double *u = cam_alloc(cam, n, sizeof *u), value;
    if (!matrix || !u || eigen_leading(cam, matrix, n, &value, is_wide ? u : v))
        return -1;
    if (is_wide)
        right_vector(planes, channels, positions, u, v);
    return 0;
}

/* Writes out (n) = the sum of the rows (count,n), each multiplied by its weight, or by 1 if there are none. */
static void add_rows(const double *rows, size_t count, size_t n, const double *weight, double *out)
{
    memset(out, 0, n * sizeof *out);
    for (size_t k = 0; k < count; k++)
        for (size_t i = 0; i < n; i++)
            out[i] += (weight ? weight[k] : 1) * rows[k * n + i];
}

static double average(const double *values, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += values[i];
    return sum / (double)n;
}

/* Negates the values if their correlation with the others is negative. */
static void correlate(double *values, const double *others, size_t n)
{
    const double mean = average(values, n), other_mean = average(others, n);
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (values[i] - mean) * (others[i] - other_mean);
    for (size_t i = 0; i < n && sum < 0; i++)
        values[i] = -values[i];
}

int eigen_map(struct cam *cam, const struct tensor *z, bool is_centred, enum eigen_sign sign, float *map)
{
    const size_t channels = (size_t)z->c, positions = tensor_plane(z);
    if (!floats_are_finite(z->data, channels * positions)) {
        map[0] = NAN;
        return 0;
    }
    const double *planes = eigen_features(cam, z, is_centred);
    double *v = cam_alloc(cam, channels, sizeof *v), *out = cam_alloc(cam, positions, sizeof *out);
    double *total = cam_alloc(cam, positions, sizeof *total);
    if (!planes || !v || !out || !total || first_component(cam, planes, channels, positions, v))
        return -1;
    add_rows(planes, channels, positions, v, out);
    add_rows(planes, channels, positions, NULL, total);
    if (sign == EIGEN_ABSMAX)
        eigen_make_largest_positive(out, positions);
    else if (sign == EIGEN_CORR_MEAN)
        correlate(out, total, positions);
    for (size_t i = 0; i < positions; i++)
        map[i] = (float)out[i];
    return 0;
}
