/*
 * metrics/rank_correlation.c - Spearman's rank correlation, equal values having the mean of their ranks. Spearman, "The
 * Proof and Measurement of Association between Two Things", American Journal of Psychology 15, 1904.
 */
#include "metrics/evidence.h"

#include <stdlib.h>

struct item {
    double value;
    size_t place;
};

static int compare_items(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    return (x->value > y->value) - (x->value < y->value);
}

/* Writes the rank of each value, less the mean rank (n+1)/2. */
static void rank(const double *values, size_t n, struct item *items, double *ranks)
{
    for (size_t i = 0; i < n; i++)
        items[i] = (struct item){values[i], i};
    qsort(items, n, sizeof *items, compare_items);
    for (size_t first = 0, end; first < n; first = end) {
        end = first + 1;
        while (end < n && !(items[end].value > items[first].value))
            end++;
        for (size_t i = first; i < end; i++)
            ranks[items[i].place] = ((double)first + (double)end - (double)n) / 2;
    }
}

static double product(const double *a, const double *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += a[i] * b[i];
    return sum;
}

int rank_correlation(struct evidence *evidence, const double *a, const double *b, size_t n, double *rho,
                     struct error *err)
{
    const struct arena_mark mark = arena_mark(evidence->arena);
    struct item *items = evidence_alloc(evidence, n, sizeof *items, err);
    double *ranks = evidence_alloc(evidence, 2 * n, sizeof *ranks, err);
    if (!items || !ranks)
        return -1;
    rank(a, n, items, ranks);
    rank(b, n, items, ranks + n);
    const double size = sqrt(product(ranks, ranks, n) * product(ranks + n, ranks + n, n));
    *rho = size > 0 ? fmax(-1, fmin(1, product(ranks, ranks + n, n) / size)) : NAN;
    arena_rewind(evidence->arena, mark);
    return 0;
}
