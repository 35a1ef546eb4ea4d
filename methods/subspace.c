/* methods/subspace.c - orthogonal iteration: basis <- orthonormalise(R R^T basis). */
#include "methods/subspace.h"

enum { ROUNDS_MAX = 300 };

static double dot(const double *a, const double *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

static void add_scaled(double *out, double factor, const double *in, size_t n)
{
    for (size_t i = 0; i < n; i++)
        out[i] += factor * in[i];
}

/* out = (R R^T + shift) in, for one vector (n); inner (d) is scratch. */
static void multiply(const double *rows, int n, int d, double shift, const double *in, double *inner, double *out)
{
    memset(inner, 0, (size_t)d * sizeof *inner);
    for (int i = 0; i < n; i++)
        add_scaled(inner, in[i], rows + (size_t)i * d, d);
    for (int i = 0; i < n; i++)
        out[i] = dot(rows + (size_t)i * d, inner, d) + shift * in[i];
}

/* Makes each vector orthogonal to those before (twice, against rounding) and of length 1. */
static void orthonormalise(double *basis, int n, int count)
{
    for (int v = 0; v < count; v++) {
        double *own = basis + (size_t)v * n;
        for (int twice = 0; twice < 2; twice++)
            for (int other = 0; other < v; other++)
                add_scaled(own, -dot(own, basis + (size_t)other * n, n), basis + (size_t)other * n, n);
        const double length = sqrt(dot(own, own, n));
        for (int i = 0; i < n && length > 0; i++)
            own[i] /= length;
    }
}

/* The part of `count` vectors, between 0 and count, that lies outside the span of the others. */
static double outside(const double *basis, const double *others, int n, int count)
{
    double inside = 0;
    for (int v = 0; v < count; v++)
        for (int other = 0; other < count; other++) {
            const double cosine = dot(basis + (size_t)v * n, others + (size_t)other * n, n);
            inside += cosine * cosine;
        }
    return count - inside;
}

int leading_subspace(struct cam *cam, const double *rows, int n, int d, int count, struct random_stream *random,
                     double *basis)
{
    const size_t size = (size_t)count * (size_t)n;
    double *next = cam_alloc(cam, size, sizeof *next), *inner = cam_alloc(cam, d, sizeof *inner);
    if (!next || !inner)
        return -1;
    /* negligible beside the eigenvalues sought; keeps directions that R R^T maps to zero from vanishing */
    const double shift = 1e-12 * dot(rows, rows, (size_t)n * (size_t)d);
    for (size_t i = 0; i < size; i++)
        basis[i] = random_normal(random);
    orthonormalise(basis, n, count);
    for (int round = 0; round < ROUNDS_MAX; round++) {
        for (int v = 0; v < count; v++)
            multiply(rows, n, d, shift, basis + (size_t)v * n, inner, next + (size_t)v * n);
        orthonormalise(next, n, count);
        const double moved = outside(next, basis, n, count);
        memcpy(basis, next, size * sizeof *basis);
        if (moved < 1e-12) /* the squared sine of an angle of 1e-6 */
            break;
    }
    return 0;
}
