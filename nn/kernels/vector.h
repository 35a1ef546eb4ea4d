/* nn/kernels/vector.h - the compiler's vector types, as wide as the set's registers; LANES comes from the Makefile. */
#ifndef NN_VECTOR_H
#define NN_VECTOR_H

#include "nn/kernels/kernels.h"

#ifdef __x86_64__
#include <immintrin.h>
#endif
#include <stdint.h>
#include <string.h>

#ifndef LANES /* for tools that look at one file */
#define LANES 4
#define KERNEL_SET portable
#endif

#define JOIN_NAMES(a, b) a##_##b
#define NAME_OF_SET(name, set) JOIN_NAMES(name, set)
#define SET(name) NAME_OF_SET(name, KERNEL_SET)

#define PANEL (2 * LANES) /* columns of a product's tile */
#if LANES == 16
#define TILE_ROWS 12 /* 24 accumulators of 32 registers */
#else
#define TILE_ROWS 6 /* 12 of 16 */
#endif

typedef float vec __attribute__((vector_size(LANES * 4)));
typedef int32_t mask __attribute__((vector_size(LANES * 4)));
typedef float vec_anywhere __attribute__((vector_size(LANES * 4), aligned(4), may_alias));

static inline vec load(const float *p)
{
    return *(const vec_anywhere *)p;
}

static inline void store(float *p, vec v)
{
    *(vec_anywhere *)p = v;
}

/* The first `count` lanes; those after them are 0 and not read. */
static inline vec load_some(const float *p, int count)
{
#if defined(__AVX512F__) && LANES == 16
    return _mm512_maskz_loadu_ps((__mmask16)((1u << count) - 1), p);
#else
    vec v = {0};
    memcpy(&v, p, (size_t)count * sizeof *p);
    return v;
#endif
}

static inline void store_some(float *p, vec v, int count)
{
#if defined(__AVX512F__) && LANES == 16
    _mm512_mask_storeu_ps(p, (__mmask16)((1u << count) - 1), v);
#else
    memcpy(p, &v, (size_t)count * sizeof *p);
#endif
}

static inline vec splat(float x)
{
    return x - (vec){0}; /* x + 0 would turn -0 into 0 and cost an addition */
}

static inline vec choose(mask which, vec yes, vec no)
{
    return (vec)(((mask)yes & which) | ((mask)no & ~which));
}

/* a > b ? a : b and a < b ? a : b, so that NaN in b stays. */
#if defined(__AVX512F__) && LANES == 16
#define LARGER _mm512_max_ps
#define SMALLER _mm512_min_ps
#elif defined(__AVX__) && LANES == 8
#define LARGER _mm256_max_ps
#define SMALLER _mm256_min_ps
#elif defined(__SSE__) && LANES == 4
#define LARGER _mm_max_ps
#define SMALLER _mm_min_ps
#else
#define LARGER(a, b) choose((a) > (b), a, b)
#define SMALLER(a, b) choose((a) < (b), a, b)
#endif

static inline vec limit(vec v, float low, float high)
{
    return SMALLER(splat(high), LARGER(splat(low), v));
}

/* The kernels of the set; nn/kernels/set.c puts them into a struct kernel_set. */
void SET(product)(const struct product *product);
void SET(depthwise)(const struct depthwise *depthwise);
void SET(winograd_input)(const float *patch, size_t row_stride, size_t column_stride, int channels, float *v,
                         size_t point_stride);
void SET(max_pool)(const float *const *tap, int taps, int channels, float *y);
void SET(product_transposed)(const float *weight, int depth, int columns, const float *dy, int begin, int end,
                             float *dx);
void SET(sparse)(const struct sparse *sparse, int begin, int end, const float *panel, float *sums);
void SET(winograd_output)(const float *m, size_t point_stride, int channels, float *y, size_t row_stride,
                          size_t column_stride, int rows, int columns, const struct finish *finish);
void SET(grouped_band)(const struct grouped_band *band, float *out);
void SET(grouped)(const struct grouped *grouped);

#endif
