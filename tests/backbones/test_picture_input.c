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
    assert_true(picture_input_white(&picture_input_imagenet, 2) == (1 - 0.406f) / 0.225f);
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
    const double ones[] = {1, 1, 1}, zero[] = {1, 0, 1}, nan[] = {NAN, 1, 1};
    const double large[] = {1, INFINITY, 1}, tiny[] = {1e-50, 1, 1}, half[] = {224.5}, no_side[] = {224, 0};
    refused(picture_input_set_mean(&input, "mean", ones, 0, &err), &err,
            "mean has 0 values; it must have one for each channel, at most 16");
    refused(picture_input_set_deviation(&input, "--std", ones, 17, &err), &err,
            "--std has 17 values; it must have one for each channel, at most 16");
    refused(picture_input_set_mean(&input, "mean", nan, 3, &err), &err,
            "mean has the value nan; allowed: 0..1 (of pixels that are 0 to 1), or 0 to the scale");
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

static struct picture_input complete(struct picture_input input, int channels)
{
    struct error err;
    if (picture_input_complete(&input, channels, &err))
        fail_msg("%s", err.text);
    return input;
}

TEST(what_is_not_given_follows_the_channels)
{
    const struct picture_input rgb = complete((struct picture_input){0}, 3);
    assert_string_equal(rgb.channels, "rgb");
    assert_true(rgb.scale == 1 && rgb.mean[0] == 0.485 && rgb.deviation[2] == 0.225);
    const struct picture_input bgr = complete((struct picture_input){.channels = "bgr"}, 3);
    assert_true(bgr.mean[0] == 0.406 && bgr.mean[2] == 0.485 && bgr.deviation[0] == 0.225);
    const struct picture_input grey = complete((struct picture_input){0}, 1);
    assert_string_equal(grey.channels, "l");
    assert_true(grey.mean[0] == 0 && grey.deviation[0] == 1);
    const struct picture_input more = complete((struct picture_input){.channels = "rgb0"}, 4);
    assert_true(more.mean[2] == 0.406 && more.mean[3] == 0 && more.deviation[3] == 1);
    const struct picture_input bytes = complete((struct picture_input){.scale = 255}, 3);
    assert_true(bytes.mean[0] == 0 && bytes.deviation[0] == 1);
    const struct picture_input half = complete(*picture_input_preset(PICTURE_INCEPTION), 3);
    assert_true(half.mean[2] == 0.5 && half.deviation[1] == 0.5 && half.mean_count == 3);
}

TEST(an_input_that_the_network_does_not_have_is_refused)
{
    struct error err;
    struct picture_input none = {0}, grey = {.channels = "l"}, two = {.has_mean = true, .mean_count = 2};
    struct picture_input above = {.has_mean = true, .mean = {0.4, 2, 0.4}};
    refused(
        picture_input_complete(&none, 4, &err), &err,
        "the network takes 4 channels; input.channels must name them, at most 16 letters of r, g, b, l (luma) and 0 "
        "(zero)");
    refused(picture_input_complete(&grey, 3, &err), &err, "channels are \"l\", the network takes 3");
    refused(picture_input_complete(&two, 3, &err), &err,
            "mean has 2 values; it must have 3, of red, green and blue, or one for all");
    refused(picture_input_complete(&above, 3, &err), &err,
            "mean has the value 2; allowed: 0..1 (of pixels that are 0 to 1, not 0 to 255)");
}

TEST(values_follow_their_letters)
{
    struct picture_input input = picture_input_imagenet;
    const struct picture_input swapped = {.channels = "bgr"}, mixed = {.channels = "rl"};
    picture_input_add(&input, &swapped);
    assert_true(input.has_mean && input.mean[0] == 0.406 && input.mean[2] == 0.485 && input.deviation[0] == 0.225);
    picture_input_add(&input, &mixed);
    assert_false(input.has_mean || input.has_deviation);
}

TEST(only_what_repeats_the_network_is_left_out)
{
    const struct picture_input own = complete(*picture_input_preset(PICTURE_KERAS_CAFFE), 3);
    struct picture_input given = *picture_input_preset(PICTURE_KERAS_CAFFE);
    picture_input_remove(&given, &own);
    assert_true(picture_input_is_empty(&given));
    given = *picture_input_preset(PICTURE_KERAS_CAFFE);
    strcpy(given.channels, "rgb"); /* the same numbers of other colours */
    picture_input_remove(&given, &own);
    assert_true(given.has_mean && given.has_deviation && strcmp(given.channels, "rgb") == 0 && given.scale == 0);
    given = own;
    given.scale = 1;
    given.crop = 0.875;
    given.interpolation = PICTURE_NEAREST;
    picture_input_remove(&given, &own);
    assert_true(given.scale == 1 && given.has_mean && given.crop == 0.875 && given.interpolation == PICTURE_NEAREST);
}

TEST(pixels_come_back_from_a_scaled_input)
{
    const struct picture_input own = complete(*picture_input_preset(PICTURE_KERAS_CAFFE), 3);
    for (int c = 0; c < 3; c++) {
        const float x = (float)(0.25 * own.scale - own.mean[c]) / (float)own.deviation[c];
        const float pixel = (x - picture_input_black(&own, c)) * picture_input_deviation(&own, c);
        assert_true(fabsf(pixel - 0.25f) < 1e-6f);
    }
}

TEST(grey_weighs_colours_by_their_letters)
{
    double weights[PICTURE_CHANNELS_MAX];
    picture_input_grey(&(struct picture_input){.channels = "bgr"}, weights);
    assert_true(weights[0] == 0.114 && weights[1] == 0.587 && weights[2] == 0.299);
    picture_input_grey(&(struct picture_input){.channels = "rgbl"}, weights);
    assert_true(weights[0] == 0 && weights[3] == 1);
    picture_input_grey(&(struct picture_input){.channels = "l"}, weights);
    assert_true(weights[0] == 1);
    picture_input_grey(&(struct picture_input){.channels = "g0"}, weights);
    assert_true(weights[0] == 1 && weights[1] == 0);
}
