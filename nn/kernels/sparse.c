/* nn/kernels/sparse.c - products of sparse rows with one panel of packed weights. */
#include "nn/kernels/vector.h"

void SET(sparse)(const struct sparse *sparse, int begin, int end, const float *panel, float *sums)
{
    vec left[2] = {load(sums), (vec){0}}, right[2] = {load(sums + LANES), (vec){0}};
    int i = begin;
    for (; i + 2 <= end; i += 2) {
        const float *even = panel + (size_t)sparse->feature[i] * PANEL;
        const float *odd = panel + (size_t)sparse->feature[i + 1] * PANEL;
        const vec x = splat(sparse->value[i]), z = splat(sparse->value[i + 1]);
        left[0] += x * load(even);
        right[0] += x * load(even + LANES);
        left[1] += z * load(odd);
        right[1] += z * load(odd + LANES);
    }
    if (i < end) {
        const float *even = panel + (size_t)sparse->feature[i] * PANEL;
        const vec x = splat(sparse->value[i]);
        left[0] += x * load(even);
        right[0] += x * load(even + LANES);
    }
    store(sums, left[0] + left[1]);
    store(sums + LANES, right[0] + right[1]);
}
