/*
 * nn/backend.c - OpenBLAS as a back end. Each call runs on one thread: the engine divides images among threads instead.
 */
#include "nn/backend.h"

#include <cblas.h>
#include <omp.h>
#include <pthread.h>
#include <stddef.h>

/*
 * OpenBLAS built with OpenMP takes as many threads as the next parallel region would have, whatever
 * openblas_set_num_threads() set; with more than one it adds in another order. So the calling task sets OpenMP's number
 * to one for the length of the call.
 */
static int begin_alone(void)
{
    const int threads = omp_get_max_threads();
    if (threads > 1)
        omp_set_num_threads(1);
    return threads;
}

static void end_alone(int threads)
{
    if (threads > 1)
        omp_set_num_threads(threads);
}

static void gemm(bool transpose_b, int m, int n, int k, const float *a, int lda, const float *b, int ldb, float *c,
                 int ldc)
{
    const int threads = begin_alone();
    cblas_sgemm(CblasRowMajor, CblasNoTrans, transpose_b ? CblasTrans : CblasNoTrans, m, n, k, 1, a, lda, b, ldb, 0, c,
                ldc);
    end_alone(threads);
}

static void gemv(int m, int n, const float *a, const float *x, float *y)
{
    const int threads = begin_alone();
    cblas_sgemv(CblasRowMajor, CblasTrans, m, n, 1, a, n, x, 1, 0, y, 1);
    end_alone(threads);
}

/*
 * LAPACK's eigenvalues of a symmetric matrix. OpenBLAS contains it, but Debian has no header of it in the same package.
 * Fortran passes everything by address, and the length of each text at the end.
 */
extern void dsyevr_(const char *job, const char *range, const char *triangle, const int *n, double *a, const int *lda,
                    const double *from, const double *to, const int *first, const int *last, const double *tolerance,
                    int *found, double *values, double *vectors, const int *ldz, int *support, double *work,
                    const int *work_size, int *integers, const int *integers_size, int *info, size_t job_length,
                    size_t range_length, size_t triangle_length);

static bool leading_eigenpair(int n, double *a, double *work, int *integers, double *value, double *vector)
{
    const int work_size = (BACKEND_EIGEN_WORK - 1) * n, integers_size = (BACKEND_EIGEN_INTEGERS - 2) * n;
    double *values = work + work_size, unused = 0, tolerance = 0;
    int found = 0, info = 0, *support = integers + integers_size;
    const int threads = begin_alone();
    /* "L": LAPACK reads columns, so its lower triangle is our upper one */
    dsyevr_("V", "I", "L", &n, a, &n, &unused, &unused, &n, &n, &tolerance, &found, values, vector, &n, support, work,
            &work_size, integers, &integers_size, &info, 1, 1, 1);
    end_alone(threads);
    *value = values[0];
    return info == 0 && found == 1;
}

const struct backend backend_openblas = {
    .name = "openblas", .gemm = gemm, .gemv = gemv, .leading_eigenpair = leading_eigenpair};

static void use_one_thread(void)
{
    openblas_set_num_threads(1); /* for builds with threads of their own */
}

const struct backend *backend(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, use_one_thread);
    return &backend_openblas;
}
