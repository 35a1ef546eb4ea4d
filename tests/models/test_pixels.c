/*
 * tests/models/test_pixels.c - channels and normalisations against Pillow, torchvision and the formulas of Keras
 * (tests/golden/pixels.py).
 */
#include "backbones/picture_input.h"
#include "tests/datasets/decoded.h"

/* Every third red, fifth green and seventeenth blue, as the golden script makes them. */
static struct picture many_colours(struct arena *arena)
{
    struct picture picture = {86 * 16, 52, arena_alloc(arena, (size_t)86 * 16 * 52, 3)};
    uint8_t *out = picture.data;
    for (int r = 0; r < 256; r += 3)
        for (int b = 0; b < 256; b += 17)
            for (int g = 0; g < 256; g += 5, out += 3)
                out[0] = (uint8_t)r, out[1] = (uint8_t)g, out[2] = (uint8_t)b;
    return picture;
}

TEST(luma_equals_pillow_to_the_last_bit)
{
    struct golden *golden = golden_open("pixels");
    struct arena arena;
    struct error err;
    uint8_t *pixels;
    arena_init(&arena, 0);
    const struct picture picture = many_colours(&arena);
    const struct preprocess how = {.squash = true,
                                   .resize_h = picture.h,
                                   .resize_w = picture.w,
                                   .crop_h = picture.h,
                                   .crop_w = picture.w,
                                   .channels = "l",
                                   .scale = 255,
                                   .deviation = {1}};
    float *input = arena_floats(&arena, (size_t)picture.h * (size_t)picture.w);
    assert_int_equal(preprocess_picture(&picture, &how, &arena, input, &pixels, NULL, &err), 0);
    check_picture(golden, "luma", &(struct picture){picture.h, picture.w, pixels});
    for (int i = 0; i < picture.h * picture.w; i++)
        assert_true(input[i] == (float)pixels[3 * i]);
    arena_release(&arena);
    golden_close(golden);
}

TEST(inputs_equal_those_of_other_frameworks)
{
    static const struct {
        const char *key, *picture, *channels;
        enum picture_preset preset;
    } cases[] = {{"torchvision", "colour_420.jpg", "", PICTURE_TORCHVISION},
                 {"inception", "colour_420.jpg", "", PICTURE_INCEPTION},
                 {"keras_tf", "colour_420.jpg", "", PICTURE_KERAS_TF},
                 {"keras_caffe", "colour_420.jpg", "", PICTURE_KERAS_CAFFE},
                 {"raw", "colour_420.jpg", "", PICTURE_RAW},
                 {"l", "colour_420.jpg", "l", PICTURE_PRESET_NONE},
                 {"l_of_grey", "grey.jpg", "l", PICTURE_PRESET_NONE},
                 {"rgbl", "colour_420.jpg", "rgbl", PICTURE_PRESET_NONE},
                 {"rgb0", "colour_420.jpg", "rgb0", PICTURE_PRESET_NONE}};
    enum { H = 30, W = 32 };
    struct golden *golden = golden_open("pixels");
    struct arena arena;
    struct error err;
    arena_init(&arena, 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        static float input[4 * H * W];
        char key[64];
        struct picture_input own = *picture_input_preset(cases[i].preset);
        struct preprocess how = {.resize_h = 36, .crop_h = H, .crop_w = W};
        const int channels = *cases[i].channels ? (int)strlen(cases[i].channels) : 3;
        if (cases[i].preset == PICTURE_PRESET_NONE) {
            picture_input_add(
                &own,
                &(struct picture_input){
                    .has_mean = true, .has_deviation = true, .mean_count = 1, .deviation = {1}, .deviation_count = 1});
            assert_int_equal(picture_input_set_channels(&own, "channels", cases[i].channels, &err), 0);
        }
        assert_int_equal(picture_input_complete(&own, channels, &err), 0);
        how.channels = own.channels;
        how.scale = own.scale;
        for (int c = 0; c < channels; c++) {
            how.mean[c] = (float)own.mean[c];
            how.deviation[c] = (float)own.deviation[c];
        }
        const struct picture picture = decode(cases[i].picture, &arena);
        assert_int_equal(preprocess_picture(&picture, &how, &arena, input, NULL, NULL, &err), 0);
        snprintf(key, sizeof key, "input/%s", cases[i].key);
        golden_check(golden, key, input, (size_t)channels * H * W, 0, own.scale > 1 ? 2e-5 : 1e-6);
    }
    arena_release(&arena);
    golden_close(golden);
}
