/* bench/perf/machine.c - the rates of OpenBLAS and of memory. */
#include "bench/perf/machine.h"

#include "bench/perf/rounds.h"

#include <cblas.h>
#include <omp.h>
#include <stdlib.h>

#define SGEMM_SIDE 2048
#define MATRIX ((size_t)SGEMM_SIDE * SGEMM_SIDE)

struct machine {
    int threads;
    float *work[]; /* [thread]: three matrices */
};

void machine_close(struct machine *machine)
{
    for (int t = 0; machine && t < machine->threads; t++)
        free(machine->work[t]);
    free(machine);
}

struct machine *machine_open(int threads, struct error *err)
{
    struct machine *machine = calloc(1, sizeof *machine + (size_t)threads * sizeof machine->work[0]);
    if (machine)
        machine->threads = threads;
    for (int t = 0; machine && t < threads; t++) {
        float *work = machine->work[t] = malloc(3 * MATRIX * sizeof *work);
        if (!work) {
            machine_close(machine);
            machine = NULL;
        }
        for (size_t i = 0; machine && i < 3 * MATRIX; i++)
            work[i] = (float)(i % 17) - 8;
    }
    if (!machine)
        error_memory(err, "the measurement");
    return machine;
}

double machine_sgemm(const struct machine *machine)
{
    double total = 0;
#pragma omp parallel num_threads(machine->threads) reduction(+ : total)
    {
        float *a = machine->work[omp_get_thread_num()], *b = a + MATRIX, *c = b + MATRIX;
        const int before = omp_get_max_threads();
        const double start = seconds_now();
        omp_set_num_threads(1); /* what the library would take for itself */
        cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, SGEMM_SIDE, SGEMM_SIDE, SGEMM_SIDE, 1, a, SGEMM_SIDE, b,
                    SGEMM_SIDE, 0, c, SGEMM_SIDE);
        total += 2e-9 * SGEMM_SIDE * SGEMM_SIDE * SGEMM_SIDE / (seconds_now() - start);
        omp_set_num_threads(before);
    }
    return total;
}

static void triad(float *restrict a, const float *restrict b, const float *restrict c)
{
    for (size_t i = 0; i < MATRIX; i++)
        a[i] = b[i] + 0.5f * c[i];
}

double machine_bandwidth(const struct machine *machine)
{
    double total = 0;
#pragma omp parallel num_threads(machine->threads) reduction(+ : total)
    {
        float *work = machine->work[omp_get_thread_num()];
        const double start = seconds_now();
        for (int repeat = 0; repeat < 4; repeat++)
            triad(work + 2 * MATRIX, work, work + MATRIX);
        total += 4e-9 * 12 * (double)MATRIX / (seconds_now() - start);
    }
    return total;
}
