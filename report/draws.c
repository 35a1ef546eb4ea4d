/* report/draws.c - weights of bootstrap draws, and weighted sums. */
#include "report/draws.h"

#include <string.h>

/* The images of a draw are counted in `counts`, which stays in cache; the rows of `weights` would not. */
void draws_fill(struct random_stream *stream, size_t n, int first, int end, uint32_t *counts, double *weights)
{
    for (int d = first; d < end; d++) {
        memset(counts, 0, n * sizeof *counts);
        for (size_t i = 0; i < n; i++)
            counts[random_below(stream, (uint32_t)n)]++;
        for (size_t i = 0; i < n; i++)
            weights[i * DRAWS + (size_t)d] = counts[i];
    }
}

/* Sums of two draws are kept in one vector register: gcc turns the plain double loop into shuffles, twice as slow. */
void draws_add(double sums[DRAWS], const double *value, const double *weights, size_t n)
{
    typedef double pair __attribute__((vector_size(2 * sizeof(double)), aligned(8), may_alias));
    for (int d = 0; d < DRAWS; d += 8) {
        const pair *weight = (const pair *)(weights + d);
        pair *const sum = (pair *)(sums + d);
        pair a = sum[0], b = sum[1], c = sum[2], e = sum[3];
        for (size_t i = 0; i < n; i++, weight += DRAWS / 2) {
            a += weight[0] * value[i];
            b += weight[1] * value[i];
            c += weight[2] * value[i];
            e += weight[3] * value[i];
        }
        sum[0] = a, sum[1] = b, sum[2] = c, sum[3] = e;
    }
}
