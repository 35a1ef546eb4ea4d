/* tests/metrics/test_rank_correlation.c - Spearman's correlation in hand-sized cases and against SciPy's. */
#include "metrics/evidence.h"
#include "tests/golden.h"
#include "tests/test.h"

#define SIZES 4

static double correlation(const double *a, const double *b, size_t n)
{
    struct arena arena;
    struct error err;
    double rho;
    arena_init(&arena, 0);
    struct evidence evidence = {.arena = &arena};
    assert_int_equal(rank_correlation(&evidence, a, b, n, &rho, &err), 0);
    arena_release(&arena);
    return rho;
}

TEST(equal_values_have_the_mean_of_their_ranks)
{
    assert_true(fabs(correlation((double[]){1, 2, 2, 4}, (double[]){1, 3, 2, 2}, 4) - 0.5) < 1e-12);
    assert_true(correlation((double[]){1, 2, 3}, (double[]){1, 20, 300}, 3) == 1);
    assert_true(correlation((double[]){1, 2, 3}, (double[]){3, 2, 1}, 3) == -1);
}

TEST(equal_values_alone_have_no_correlation)
{
    assert_true(isnan(correlation((double[]){1, 1}, (double[]){1, 2}, 2)));
    assert_true(isnan(correlation((double[]){1, 2}, (double[]){1, 1}, 2)));
    assert_true(isnan(correlation((double[]){1}, (double[]){1}, 1)));
}

/* Values in steps of `step`, so that some are equal: what the golden script makes. */
static void steps(double *out, int n, uint32_t seed, double step)
{
    float values[1024];
    golden_fill(values, (size_t)n, seed);
    for (int i = 0; i < n; i++)
        out[i] = floor((double)values[i] / step);
}

TEST(correlations_of_random_values_are_those_of_scipy)
{
    static const int sizes[SIZES] = {16, 49, 196, 1024};
    static const double step[SIZES] = {0.5, 0.125, 0.01, 0.001};
    struct golden *golden = golden_open("rank_correlation");
    size_t count;
    const double *want = golden_values(golden, "spearman", &count);
    assert_int_equal(count, SIZES);
    for (int k = 0; k < SIZES; k++) {
        double a[1024], b[1024];
        steps(a, sizes[k], (uint32_t)(700 + k), step[k]);
        steps(b, sizes[k], (uint32_t)(720 + k), step[k]);
        for (int i = 0; i < sizes[k]; i++)
            b[i] += a[i];
        assert_true(fabs(correlation(a, b, (size_t)sizes[k]) - want[k]) < 1e-8);
    }
    golden_close(golden);
}
