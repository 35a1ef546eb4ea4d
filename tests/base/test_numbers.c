/* tests/base/test_numbers.c - small statistics and the separable filter, by hand. */
#include "base/blur.h"
#include "base/numbers.h"
#include "tests/golden.h"
#include "tests/test.h"

#include <math.h>
#include <string.h>

TEST(the_mean_is_summed_in_double)
{
    const float values[] = {16777216, 1, 1, 2};
    assert_true(mean_of(values, 4) == 4194305);
}

TEST(a_constant_equals_its_first_value_everywhere)
{
    const float same[] = {2, 2, 2}, other[] = {2, 2, 2.5f}, undefined[] = {2, NAN, 2};
    assert_true(is_constant(same, 3) && is_constant(other, 2));
    assert_false(is_constant(other, 3) || is_constant(undefined, 3));
}

TEST(one_value_that_is_not_a_number_is_not_finite)
{
    const float floats[] = {0, 1, NAN};
    const double doubles[] = {0, 1, -INFINITY};
    assert_true(floats_are_finite(floats, 2) && doubles_are_finite(doubles, 2));
    assert_false(floats_are_finite(floats, 3) || doubles_are_finite(doubles, 3));
}

TEST(of_equal_values_the_first_is_the_largest_and_has_the_lower_rank)
{
    const float values[] = {1, 3, 3, 0};
    const double ranked[] = {1, 3, 3, 0};
    const int up[] = {1, 2, 3, 0}, down[] = {2, 0, 1, 3};
    assert_int_equal(position_of_largest(values, 4), 1);
    for (int k = 0; k < 4; k++) {
        assert_int_equal(rank_from_smallest(ranked, 4, k), up[k]);
        assert_int_equal(rank_from_largest(ranked, 4, k), down[k]);
    }
}

TEST(min_max_fills_the_unit_range_and_a_constant_becomes_zero)
{
    float values[] = {2, 6, 4}, same[] = {5, 5};
    assert_true(min_max(values, 3, 0, values));
    assert_true(values[0] == 0 && values[1] == 1 && values[2] == 0.5f);
    assert_false(min_max(same, 2, 0, same));
    assert_true(same[0] == 0 && same[1] == 0);
}

/* One row of three pixels and taps 1, 10, 100; along columns of one pixel only the middle tap is inside. */
TEST(borders_of_a_filter_are_zero_or_reflected)
{
    static const double taps[] = {1, 10, 100};
    const float row[] = {1, 2, 3};
    float rows[3], out[3];
    blur_planes(&(struct blur){BLUR_ZERO, 3, taps}, row, 1, 1, 3, rows, out);
    assert_true(out[0] == 2100 && out[1] == 3210 && out[2] == 320);
    blur_planes(&(struct blur){BLUR_REFLECT, 3, taps}, row, 1, 1, 3, rows, out);
    assert_true(rows[0] == 212 && rows[1] == 321 && rows[2] == 232); /* 2 1 2 3 2 */
    assert_true(out[0] == 212 * 111);
}

/* One output of one line, tap by tap. */
static float filtered(const struct blur *blur, const float *line, int length, int stride, int i)
{
    double sum = 0;
    for (int t = 0; t < blur->count; t++) {
        int at = i + t - blur->count / 2;
        while (blur->border == BLUR_REFLECT && (at < 0 || at >= length))
            at = at < 0 ? -at : 2 * (length - 1) - at;
        if (at >= 0 && at < length)
            sum += blur->taps[t] * (double)line[at * stride];
    }
    return (float)sum;
}

TEST(a_filter_equals_the_naive_one_bit_for_bit)
{
    enum { H = 5, W = 70, COUNT = 21 };
    double taps[COUNT];
    float in[2 * H * W], rows[H * W], out[2 * H * W], half[H * W];
    for (int t = 0; t < COUNT; t++)
        taps[t] = exp(-(t - COUNT / 2) * (t - COUNT / 2) / 30.0);
    for (int i = 0; i < 2 * H * W; i++)
        in[i] = (float)sin(i * 0.7);
    for (int border = BLUR_REFLECT; border <= BLUR_ZERO; border++) {
        const struct blur blur = {(enum blur_border)border, COUNT, taps};
        blur_planes(&blur, in, 2, H, W, rows, out);
        for (int k = 0; k < 2; k++) {
            for (int i = 0; i < H * W; i++)
                half[i] = filtered(&blur, in + k * H * W + i / W * W, W, 1, i % W);
            for (int i = 0; i < H * W; i++)
                assert_true(out[k * H * W + i] == filtered(&blur, half + i % W, H, W, i / W));
        }
    }
}

TEST(percentiles_are_linear_between_neighbours)
{
    float values[] = {5, -1, 3, 1};
    sort_floats(values, 4);
    assert_true(values[0] == -1 && values[1] == 1 && values[2] == 3 && values[3] == 5);
    assert_true(percentile_of_sorted(values, 4, 0) == -1 && percentile_of_sorted(values, 4, 100) == 5);
    assert_true(percentile_of_sorted(values, 4, 50) == 2 && fabs(percentile_of_sorted(values, 4, 10) + 0.4) < 1e-12);
    assert_true(percentile_of_sorted(values, 1, 70) == -1);
}

TEST(sorting_puts_values_that_are_no_numbers_last)
{
    float values[] = {NAN, 2, INFINITY, -1, NAN};
    sort_floats(values, 5);
    assert_true(values[0] == -1 && values[1] == 2 && isinf(values[2]) && isnan(values[3]) && isnan(values[4]));
}

TEST(many_floats_are_sorted_as_few_are)
{
    enum { COUNT = 5000 };
    static float few[COUNT], many[COUNT], scratch[COUNT];
    golden_fill(few, COUNT, 9);
    for (int i = 0; i < COUNT; i++)
        few[i] = i % 7 == 0 ? few[i] * 1e30f : i % 5 == 0 ? roundf(few[i] * 4) + 0.0f : few[i];
    few[100] = -INFINITY;
    few[200] = INFINITY;
    few[300] = NAN;
    few[400] = -NAN;
    memcpy(many, few, sizeof many);
    sort_floats(few, COUNT);
    sort_many_floats(many, scratch, COUNT);
    for (int i = 0; i < COUNT - 2; i++)
        assert_true(few[i] == many[i]);
    assert_true(isnan(many[COUNT - 2]) && isnan(many[COUNT - 1]));
    sort_many_floats(many, scratch, 0);
}

TEST(bits_of_16_are_numbers_of_float16_and_bfloat16)
{
    assert_true(float_from_float16(0x3c00) == 1 && float_from_float16(0xc100) == -2.5f);
    assert_true(float_from_float16(0x7bff) == 65504 && float_from_float16(0x0400) == 0x1p-14f);
    assert_true(float_from_float16(0x0001) == 0x1p-24f && float_from_float16(0x83ff) == -1023 * 0x1p-24f);
    assert_true(float_from_float16(0x8000) == 0 && signbit(float_from_float16(0x8000)));
    assert_true(float_from_float16(0xfc00) == -INFINITY && isnan(float_from_float16(0x7e00)));
    assert_true(float_from_bfloat16(0x3f80) == 1 && float_from_bfloat16(0xc020) == -2.5f);
    assert_true(float_from_bfloat16(0x0080) == 0x1p-126f && isinf(float_from_bfloat16(0x7f80)));
}
