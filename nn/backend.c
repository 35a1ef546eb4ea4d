/*
 * nn/backend.c - OpenBLAS as a back end. Each call runs on one thread: the engine divides images among threads instead.
 */
#include "nn/backend.h"

#include <cblas.h>
#include <omp.h>
#include <pthread.h>

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

const struct backend backend_openblas = {.name = "openblas", .gemm = gemm, .gemv = gemv};

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
