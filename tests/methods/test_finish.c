/*
 * tests/methods/test_finish.c - from a method's map to the saliency map: every protocol's order of work against
 * PyTorch, and maps that are constant, negative or not finite.
 */
#include "methods/bicubic.h"
#include "methods/harness.h"
#include "tests/golden.h"
#include "tests/test.h"

#include <math.h>
#include <stdio.h>

#define H 5
#define W 7
#define OUT_H 40
#define OUT_W 56

static struct arena arena;

static struct saliency finish(float *values, int h, int w, bool is_signed, bool is_normalised, struct cam_post post)
{
    const struct cam_map map = {.form = {h, w, is_signed, is_normalised}, .data = values};
    struct saliency saliency;
    struct error err = {0};
    arena_release(&arena);
    arena_init(&arena, 0);
    if (cam_finish(&map, &post, OUT_H, OUT_W, &arena, &saliency, &err))
        fail_msg("%s", err.text);
    return saliency;
}

static const struct cam_post cambench = {.at_layer = true};

TEST(every_order_of_post_processing_is_that_of_pytorch)
{
    static const struct {
        const char *name;
        struct cam_post post;
    } rows[] = {{"cambench", {.at_layer = true}},
                {"torchcam", {.at_layer = true, .eps = 1e-8f}},
                {"pytorch_grad_cam", {.at_layer = true, .at_input = true, .eps = 1e-7f}},
                {"upsample_first", {.at_input = true}}};
    struct golden *golden = golden_open("methods");
    for (int is_signed = 0; is_signed < 2; is_signed++)
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
            float values[H * W];
            char key[64];
            golden_fill(values, H * W, golden_seed("finish"));
            const struct saliency saliency = finish(values, H, W, is_signed, false, rows[i].post);
            assert_int_equal(saliency.flag, SALIENCY_FINE);
            snprintf(key, sizeof key, "finish.%s.%s", is_signed ? "signed" : "plain", rows[i].name);
            golden_check(golden, key, saliency.data, OUT_H * OUT_W, 0, 2e-6);
        }
    golden_close(golden);
    arena_release(&arena);
}

TEST(the_native_map_has_the_methods_size_and_runs_from_0_to_1)
{
    float values[H * W], low = 1, high = 0;
    golden_fill(values, H * W, 3);
    const struct saliency saliency = finish(values, H, W, true, false, cambench);
    assert_int_equal(saliency.native_h, H);
    assert_int_equal(saliency.native_w, W);
    for (int i = 0; i < H * W; i++) {
        low = fminf(low, saliency.native[i]);
        high = fmaxf(high, saliency.native[i]);
    }
    assert_true(low == 0 && high == 1);
    arena_release(&arena);
}

static void assert_zeros(struct saliency saliency)
{
    assert_int_equal(saliency.flag, SALIENCY_CONSTANT);
    for (int i = 0; i < OUT_H * OUT_W; i++)
        assert_true(saliency.data[i] == 0);
}

TEST(a_constant_map_becomes_zeros_with_a_flag)
{
    static const float constants[] = {0, 0.25f, -3, 1e30f, 1e-40f};
    static const struct cam_post posts[] = {
        {.at_layer = true}, {.at_input = true}, {.at_layer = true, .at_input = true}};
    float values[H * W];
    for (int c = 0; c < 5; c++)
        for (int p = 0; p < 3; p++)
            for (int is_signed = 0; is_signed < 2; is_signed++) {
                for (int i = 0; i < H * W; i++)
                    values[i] = constants[c];
                assert_zeros(finish(values, H, W, is_signed, false, posts[p]));
            }
    arena_release(&arena);
}

TEST(a_map_without_positive_values_becomes_zeros_unless_it_is_signed)
{
    float values[H * W];
    for (int i = 0; i < H * W; i++)
        values[i] = (float)-i - 1;
    assert_zeros(finish(values, H, W, false, false, cambench));
    assert_int_equal(finish(values, H, W, true, false, cambench).flag, SALIENCY_FINE);
    arena_release(&arena);
}

TEST(one_value_that_is_not_finite_makes_a_map_undefined)
{
    static const float wrong[] = {NAN, INFINITY, -INFINITY};
    float values[H * W];
    for (int k = 0; k < 3; k++)
        for (int at = 0; at < H * W; at += H * W - 1) {
            golden_fill(values, H * W, 3);
            values[at] = wrong[k];
            const struct saliency saliency = finish(values, H, W, false, false, cambench);
            assert_int_equal(saliency.flag, SALIENCY_NOT_FINITE);
            assert_null(saliency.data);
        }
    arena_release(&arena);
}

TEST(a_map_whose_range_overflows_is_still_between_0_and_1_or_undefined)
{
    float values[H * W];
    golden_fill(values, H * W, 3);
    values[3] = 3e38f;
    values[4] = -3e38f;
    const struct saliency saliency = finish(values, H, W, true, false, cambench);
    for (int i = 0; saliency.flag == SALIENCY_FINE && i < OUT_H * OUT_W; i++)
        assert_true(saliency.data[i] >= 0 && saliency.data[i] <= 1);
    arena_release(&arena);
}

TEST(a_normalised_map_is_only_enlarged)
{
    float values[H * W];
    for (int i = 0; i < H * W; i++)
        values[i] = 1;
    struct saliency saliency = finish(values, H, W, false, true, cambench);
    assert_int_equal(saliency.flag, SALIENCY_FINE);
    for (int i = 0; i < OUT_H * OUT_W; i++)
        assert_true(saliency.data[i] == 1);
    values[0] = 0.5f;
    saliency = finish(values, H, W, false, true, (struct cam_post){.at_layer = true, .at_input = true, .eps = 1e-7f});
    assert_true(saliency.data[0] == 0.5f && saliency.data[OUT_H * OUT_W - 1] == 1);
    arena_release(&arena);
}

TEST(a_map_of_the_inputs_size_is_not_resampled)
{
    float values[OUT_H * OUT_W], want[OUT_H * OUT_W];
    golden_fill(values, OUT_H * OUT_W, 3);
    values[5] = -1;
    values[6] = 1;
    for (int i = 0; i < OUT_H * OUT_W; i++)
        want[i] = (values[i] + 1) / 2;
    const struct saliency saliency = finish(values, OUT_H, OUT_W, true, false, cambench);
    for (int i = 0; i < OUT_H * OUT_W; i++)
        assert_true(fabsf(saliency.data[i] - want[i]) <= 1e-7f);
    arena_release(&arena);
}

TEST(min_max_says_when_all_values_are_equal)
{
    float values[3] = {2, 2, 2}, out[3] = {9, 9, 9};
    assert_false(min_max(values, 3, 0, out));
    assert_true(out[0] == 0 && out[1] == 0 && out[2] == 0);
    assert_false(min_max(values, 1, 0, out));
    values[1] = 4;
    values[2] = 3;
    assert_true(min_max(values, 3, 0, values));
    assert_true(values[0] == 0 && values[1] == 1 && values[2] == 0.5f);
    const float more[2] = {0, 1};
    assert_true(min_max(more, 2, 1, out));
    assert_true(out[1] == 0.5f);
    const struct range range = range_of(values, 3);
    assert_true(range.min == 0 && range.max == 1);
}

TEST(bicubic_enlargement_is_that_of_pillow)
{
    static const int sizes[][2] = {{7, 7}, {14, 5}, {1, 3}, {2, 2}};
    struct golden *golden = golden_open("curves");
    arena_init(&arena, 0);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        const int h = sizes[i][0], w = sizes[i][1];
        float small[70], large[28 * 35];
        char key[32];
        golden_fill(small, (size_t)h * (size_t)w, 5);
        assert_int_equal(resize_bicubic(small, h, w, large, 28, 35, &arena), 0);
        snprintf(key, sizeof key, "bicubic.%dx%d", h, w);
        golden_check(golden, key, large, 28 * 35, 0, 1e-6);
    }
    golden_close(golden);
    arena_release(&arena);
}

TEST(relu_and_enlargement_are_the_protocol_s_too)
{
    float values[H * W], low = 0, high = 1;
    golden_fill(values, H * W, 3);
    struct saliency saliency =
        finish(values, H, W, true, false, (struct cam_post){.at_layer = true, .is_bicubic = true});
    for (int i = 0; i < OUT_H * OUT_W; i++) {
        low = fminf(low, saliency.data[i]);
        high = fmaxf(high, saliency.data[i]);
    }
    assert_true(low < 0 || high > 1);
    saliency = finish(values, H, W, true, false, (struct cam_post){.at_layer = true, .always_relu = true});
    for (int i = 0; i < H * W; i++)
        assert_true(values[i] > 0 || saliency.native[i] == 0);
    arena_release(&arena);
}
