/* tests/backbones/test_picture_input.c - what a later place gives replaces what an earlier one has; bad values. */
#include "backbones/picture_input.h"
#include "tests/test.h"

#include <math.h>
#include <string.h>

TEST(a_later_place_replaces_only_what_it_gives)
{
    struct picture_input input = picture_input_imagenet;
    struct error err;
    struct picture_input file = {.h = 96, .w = 64, .resize = PICTURE_RESIZE_SQUASH}, config = {0};
    assert_int_equal(picture_input_set_mean(&file, "mean", (const double[]){0.5, 0.25, 0.125}, 3, &err), 0);
    assert_int_equal(picture_input_set_deviation(&config, "std", (const double[]){1, 0.5, 2}, 3, &err), 0);
    picture_input_add(&input, &file);
    assert_true(input.mean[1] == 0.25 && input.deviation[1] == 0.224 && input.h == 96 && input.w == 64);
    picture_input_add(&input, &config);
    assert_true(input.mean[1] == 0.25 && input.deviation[1] == 0.5 && input.resize == PICTURE_RESIZE_SQUASH);
}

TEST(values_that_are_there_already_are_removed)
{
    struct picture_input given = picture_input_imagenet, base = picture_input_imagenet;
    given.h = given.w = base.h = base.w = 224;
    picture_input_remove(&given, &base);
    assert_true(picture_input_is_empty(&given));
    given = picture_input_imagenet;
    given.deviation[2] = 0.5;
    picture_input_remove(&given, &base);
    assert_true(!given.has_mean && given.has_deviation && !picture_input_is_empty(&given));
}

TEST(black_is_zero_less_mean_over_deviation)
{
    assert_true(picture_input_black(&picture_input_imagenet, 0) == -0.485f / 0.229f);
    assert_true(picture_input_black(&picture_input_imagenet, 2) == -0.406f / 0.225f);
}

static void refused(int status, const struct error *err, const char *message)
{
    assert_int_equal(status, -1);
    assert_string_equal(err->text, message);
}

TEST(bad_values_are_one_clear_line)
{
    struct picture_input input = {0};
    struct error err;
    const double ones[] = {1, 1, 1}, bytes[] = {123.675, 116.28, 103.53}, zero[] = {1, 0, 1}, nan[] = {NAN, 1, 1};
    const double large[] = {1, INFINITY, 1}, tiny[] = {1e-50, 1, 1}, half[] = {224.5}, no_side[] = {224, 0};
    refused(picture_input_set_mean(&input, "mean", ones, 2, &err), &err,
            "mean has 2 values; it must have 3, of red, green and blue");
    refused(picture_input_set_deviation(&input, "--std", ones, 1, &err), &err,
            "--std has 1 value; it must have 3, of red, green and blue");
    refused(picture_input_set_mean(&input, "mean", bytes, 3, &err), &err,
            "mean has the value 123.675; allowed: 0..1 (of pixels that are 0 to 1, not 0 to 255)");
    refused(picture_input_set_mean(&input, "mean", nan, 3, &err), &err,
            "mean has the value nan; allowed: 0..1 (of pixels that are 0 to 1, not 0 to 255)");
    refused(picture_input_set_deviation(&input, "std", zero, 3, &err), &err,
            "std has the value 0; allowed: more than 0 (at least 1e-06), at most 1000");
    refused(picture_input_set_deviation(&input, "std", large, 3, &err), &err,
            "std has the value inf; allowed: more than 0 (at least 1e-06), at most 1000");
    refused(picture_input_set_deviation(&input, "std", tiny, 3, &err), &err,
            "std has the value 1e-50; allowed: more than 0 (at least 1e-06), at most 1000");
    refused(picture_input_set_size(&input, "size", half, 1, &err), &err,
            "size has the value 224.5; allowed: whole numbers of 1..16384");
    refused(picture_input_set_size(&input, "size", no_side, 2, &err), &err,
            "size has the value 0; allowed: whole numbers of 1..16384");
    refused(picture_input_set_size(&input, "size", ones, 3, &err), &err,
            "size has 3 values; it must be the side of a square, or height and width");
    assert_true(picture_input_is_empty(&input));
}

TEST(one_side_is_a_square)
{
    struct picture_input input = {0};
    struct error err;
    assert_int_equal(picture_input_set_size(&input, "size", (const double[]){96}, 1, &err), 0);
    assert_true(input.h == 96 && input.w == 96);
    assert_int_equal(picture_input_set_size(&input, "size", (const double[]){96, 128}, 2, &err), 0);
    assert_true(input.h == 96 && input.w == 128);
}
