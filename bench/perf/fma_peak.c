/*
 * bench/perf/fma_peak.c - the rate of multiply-adds that never leave registers, for each instruction set.
 *
 * Twelve accumulators, each named, hide the latency of four or five cycles on two units. The compiler fuses a*x + y here,
 * and here only (Makefile: -ffp-contract=fast); where there is no such instruction, it is a multiplication and an addition.
 */
#include "bench/perf/machine.h"
#include "bench/perf/rounds.h"

#include <omp.h>
#include <stdbool.h>

#define ACCUMULATORS 12
#define BLOCK 100000 /* between two looks at the clock: well below a millisecond */

/* Accumulators begin apart and are summed up in the end: else the compiler merges them or leaves them out. */
#define FMA_KERNEL(NAME, BYTES, ATTRIBUTE) \
    typedef float NAME##_vector __attribute__((vector_size(BYTES))); \
    ATTRIBUTE static float NAME(float x, float y) \
    { \
        const NAME##_vector v = (NAME##_vector){} + x, w = (NAME##_vector){} + y; \
        NAME##_vector a = v, b = v + 1, c = v + 2, d = v + 3, e = v + 4, f = v + 5; \
        NAME##_vector g = v + 6, h = v + 7, i = v + 8, j = v + 9, k = v + 10, l = v + 11; \
        for (int n = 0; n < BLOCK; n++) { \
            a = a * v + w, b = b * v + w, c = c * v + w, d = d * v + w, e = e * v + w, f = f * v + w; \
            g = g * v + w, h = h * v + w, i = i * v + w, j = j * v + w, k = k * v + w, l = l * v + w; \
        } \
        const NAME##_vector sum = a + b + c + d + e + f + g + h + i + j + k + l; \
        return sum[0]; \
    }

static bool always(void)
{
    return true;
}

FMA_KERNEL(fma_16, 16, )

#if defined(__x86_64__)
FMA_KERNEL(fma_32, 32, __attribute__((target("avx2,fma"))))
FMA_KERNEL(fma_64, 64, __attribute__((target("avx512f"))))

static bool has_avx2(void)
{
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

static bool has_avx512(void)
{
    return __builtin_cpu_supports("avx512f");
}
#endif

/* Widest first. */
static const struct fma_kernel {
    const char *name;
    int floats;
    bool (*is_supported)(void);
    float (*run)(float x, float y);
} kernels[] = {
#if defined(__x86_64__)
    {"avx512f", 16, has_avx512, fma_64},
    {"avx2+fma", 8, has_avx2, fma_32},
    {"sse2", 4, always, fma_16},
#elif defined(__aarch64__)
    {"neon", 4, always, fma_16},
#else
    {"portable", 4, always, fma_16},
#endif
};

static const struct fma_kernel *widest(void)
{
    const struct fma_kernel *kernel = kernels;
    while (!kernel->is_supported())
        kernel++;
    return kernel;
}

const char *machine_fma_name(void)
{
    return widest()->name;
}

double machine_fma(int threads, double seconds)
{
    const struct fma_kernel *kernel = widest();
    const double block_gflop = 2e-9 * ACCUMULATORS * kernel->floats * BLOCK;
    double total = 0;
    float sum = 0;
#pragma omp parallel num_threads(threads) reduction(+ : total, sum)
    {
        const double start = seconds_now();
        double elapsed = 0;
        for (int blocks = 1; elapsed < seconds; blocks++) {
            sum += kernel->run(0.5f, 0.25f);
            elapsed = seconds_now() - start;
            total = block_gflop * blocks / elapsed;
        }
    }
    static volatile float kept;
    kept = sum;
    (void)kept;
    return total;
}
