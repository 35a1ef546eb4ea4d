/* nn/backend.c - OpenBLAS behind the seam, one thread a call: threads work on whole images instead. */
#include "nn/backend.h"

#include <cblas.h>
#include <pthread.h>

static void gemm(bool transpose_b, int m, int n, int k, const float *a, int lda, const float *b, int ldb, float *c,
                 int ldc)
{
    cblas_sgemm(CblasRowMajor, CblasNoTrans, transpose_b ? CblasTrans : CblasNoTrans, m, n, k, 1, a, lda, b, ldb, 0, c,
                ldc);
}

static void gemv(int m, int n, const float *a, const float *x, float *y)
{
    cblas_sgemv(CblasRowMajor, CblasTrans, m, n, 1, a, n, x, 1, 0, y, 1);
}

const struct backend backend_openblas = {.name = "openblas", .gemm = gemm, .gemv = gemv};

static void use_one_thread(void)
{
    openblas_set_num_threads(1);
}

const struct backend *backend(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, use_one_thread);
    return &backend_openblas;
}
