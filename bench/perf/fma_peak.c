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

#ifdef __x86_64__
#include <immintrin.h>
#endif

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

/* Blocks of a kernel for each second of processor time on this thread: other programs may be running. */
static double block_rate(float (*run)(float x, float y), double seconds)
{
    static volatile float kept;
    const double start = clock_seconds(CLOCK_THREAD_CPUTIME_ID);
    double elapsed = 0;
    int blocks = 0;
    for (; blocks == 0 || elapsed < seconds; blocks++) {
        kept = run(0.5f, 0.25f);
        elapsed = clock_seconds(CLOCK_THREAD_CPUTIME_ID) - start;
    }
    (void)kept;
    return blocks / elapsed;
}

#if defined(__x86_64__)
/* An instruction multiplies two pairs for each float of the sum. */
__attribute__((target("avx512bf16,avx512f"))) static float bfloat16_64(float x, float y)
{
    const __m512 v = _mm512_set1_ps(x), w = _mm512_set1_ps(y);
    const __m512bh p = _mm512_cvtne2ps_pbh(v, w), q = _mm512_cvtne2ps_pbh(w, v);
    __m512 a = v, b = v + 1, c = v + 2, d = v + 3, e = v + 4, f = v + 5;
    __m512 g = v + 6, h = v + 7, i = v + 8, j = v + 9, k = v + 10, l = v + 11;
    for (int n = 0; n < BLOCK; n++) {
        a = _mm512_dpbf16_ps(a, p, q), b = _mm512_dpbf16_ps(b, p, q), c = _mm512_dpbf16_ps(c, p, q);
        d = _mm512_dpbf16_ps(d, p, q), e = _mm512_dpbf16_ps(e, p, q), f = _mm512_dpbf16_ps(f, p, q);
        g = _mm512_dpbf16_ps(g, p, q), h = _mm512_dpbf16_ps(h, p, q), i = _mm512_dpbf16_ps(i, p, q);
        j = _mm512_dpbf16_ps(j, p, q), k = _mm512_dpbf16_ps(k, p, q), l = _mm512_dpbf16_ps(l, p, q);
    }
    const __m512 sum = a + b + c + d + e + f + g + h + i + j + k + l;
    return sum[0];
}

double machine_bfloat16(double seconds)
{
    if (!__builtin_cpu_supports("avx512bf16"))
        return 0;
    return 2 * block_rate(bfloat16_64, seconds) / block_rate(fma_64, seconds);
}
#else
double machine_bfloat16(double seconds)
{
    (void)seconds;
    return 0;
}
#endif

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
