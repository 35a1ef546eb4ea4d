/*
 * nn/backend.h - the matrix products and eigenvectors of a BLAS and LAPACK library as a table of functions, so that
 * another library can replace OpenBLAS. Every call runs on the calling thread alone.
 */
#ifndef NN_BACKEND_H
#define NN_BACKEND_H

#include <stdbool.h>

struct backend {
    const char *name;
    /* C (m,n) = A (m,k) * B (k,n), or * B (n,k) transposed; row-major, leading dimensions in floats. */
    void (*gemm)(bool transpose_b, int m, int n, int k, const float *a, int lda, const float *b, int ldb, float *c,
                 int ldc);
    /* y (n) = x (m) * A (m,n) */
    void (*gemv)(int m, int n, const float *a, const float *x, float *y);
    /*
     * Writes the largest eigenvalue of a symmetric matrix a (n,n), n at least 1, and its eigenvector (n) of length 1,
     * whose sign follows from the library's algorithm. Reads the upper triangle and overwrites a. Values must be
     * finite. work (BACKEND_EIGEN_WORK n) and integers (BACKEND_EIGEN_INTEGERS n) are scratch. False: did not converge.
     */
    bool (*leading_eigenpair)(int n, double *a, double *work, int *integers, double *value, double *vector);
};

#define BACKEND_EIGEN_WORK 72
#define BACKEND_EIGEN_INTEGERS 12

extern const struct backend backend_openblas;

/* The table in use. The first call makes its library single-threaded. */
const struct backend *backend(void);

#endif
