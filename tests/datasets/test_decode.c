/*
 * tests/datasets/test_decode.c - decoded pixels, resized pixels and network inputs against Pillow and torchvision
 * (tests/golden/preprocess.py, pixels.py), and files that must be refused.
 */
#include "tests/datasets/decoded.h"

#include <jpeglib.h>

TEST(every_kind_of_picture_is_decoded_as_pillow_does)
{
    static const char *const names[] = {
        "colour_420.jpg", "colour_422.jpg",    "colour_444.jpg",    "progressive.jpg",
        "grey.jpg",       "narrow.jpg",        "one_pixel.jpg",     "grey_progressive.jpg",
        "restart.jpg",    "orientation_6.jpg", "cmyk.jpg",          "cmyk_plain.jpg",
        "ycck.jpg",       "rgb.png",           "rgba.png",          "grey.png",
        "grey_alpha.png", "one_bit.png",       "palette.png",       "palette_4_bit.png",
        "grey_16.png",    "rgb_16.png",        "rgba_16.png",       "grey_2_bit.png",
        "grey_4_bit.png", "grey_alpha_16.png", "palette_short.png", "gamma.png",
        "interlaced.png"};
    struct golden *golden = golden_open("preprocess");
    struct arena arena;
    arena_init(&arena, 0);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char key[64];
        snprintf(key, sizeof key, "picture/%s", names[i]);
        const struct picture picture = decode(names[i], &arena);
        check_picture(golden, key, &picture);
    }
    arena_release(&arena);
    golden_close(golden);
}

TEST(resizing_equals_pillow_to_the_last_bit)
{
    static const int sizes[][2] = {{1, 1},   {7, 5},     {30, 200}, {61, 83}, {61, 40},
                                   {20, 83}, {122, 166}, {255, 3},  {64, 64}, {224, 224}};
    static const struct {
        enum preprocess_filter filter;
        const char *name, *file, *narrow; /* golden file; key of the narrow picture */
    } filters[] = {{PREPROCESS_BILINEAR, "bilinear", "preprocess", "resize/bilinear/narrow"},
                   {PREPROCESS_BICUBIC, "bicubic", "preprocess", "resize/bicubic/narrow"},
                   {PREPROCESS_NEAREST, "nearest", "pixels", "resize/narrow/nearest/7x40"},
                   {PREPROCESS_BOX, "box", "pixels", "resize/narrow/box/7x40"},
                   {PREPROCESS_LANCZOS, "lanczos", "pixels", "resize/narrow/lanczos/7x40"}};
    struct arena arena;
    struct error err;
    struct picture small;
    char key[64];
    arena_init(&arena, 0);
    const struct picture picture = decode("rgb.png", &arena), narrow = decode("narrow.jpg", &arena);
    for (size_t f = 0; f < sizeof filters / sizeof *filters; f++) {
        struct golden *golden = golden_open(filters[f].file);
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            const int h = sizes[i][0], w = sizes[i][1];
            snprintf(key, sizeof key, "resize/%s/%dx%d", filters[f].name, h, w);
            assert_int_equal(resize_picture(&picture, h, w, filters[f].filter, &arena, &small, &err), 0);
            check_picture(golden, key, &small);
        }
        assert_int_equal(resize_picture(&narrow, 7, 40, filters[f].filter, &arena, &small, &err), 0);
        check_picture(golden, filters[f].narrow, &small);
        golden_close(golden);
    }
    arena_release(&arena);
}

TEST(network_inputs_equal_torchvision)
{
    static const struct {
        const char *name;
        int h, w, crop;
        enum preprocess_filter filter;
    } cases[] = {
        {"colour_420.jpg", 256, 0, 224, PREPROCESS_BILINEAR}, {"colour_420.jpg", 32, 0, 28, PREPROCESS_BILINEAR},
        {"progressive.jpg", 45, 0, 40, PREPROCESS_BICUBIC},   {"grey.jpg", 36, 0, 32, PREPROCESS_BILINEAR},
        {"cmyk.jpg", 24, 0, 25, PREPROCESS_BILINEAR},         {"orientation_6.jpg", 33, 0, 28, PREPROCESS_BICUBIC},
        {"rgb.png", 20, 0, 64, PREPROCESS_BILINEAR},          {"rgb.png", 48, 40, 32, PREPROCESS_BILINEAR},
        {"one_pixel.jpg", 8, 0, 8, PREPROCESS_BILINEAR},      {"narrow.jpg", 10, 0, 12, PREPROCESS_BICUBIC},
        {"rgba.png", 31, 0, 28, PREPROCESS_BILINEAR},         {"rgba.png", 31, 0, 26, PREPROCESS_BILINEAR}};
    struct golden *golden = golden_open("preprocess");
    struct arena arena;
    struct error err;
    arena_init(&arena, 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const int crop = cases[i].crop;
        const struct preprocess how = {.squash = cases[i].w != 0,
                                       .resize_h = cases[i].h,
                                       .resize_w = cases[i].w,
                                       .filter = cases[i].filter,
                                       .crop_h = crop,
                                       .crop_w = crop,
                                       .channels = "rgb",
                                       .scale = 1,
                                       .mean = {0.485f, 0.456f, 0.406f},
                                       .deviation = {0.229f, 0.224f, 0.225f}};
        const struct picture picture = decode(cases[i].name, &arena);
        const size_t size = 3 * (size_t)crop * (size_t)crop;
        float *input = arena_floats(&arena, size);
        uint8_t *pixels;
        char key[64];
        assert_int_equal(preprocess_picture(&picture, &how, &arena, input, &pixels, NULL, &err), 0);
        snprintf(key, sizeof key, "input/%zu/pixels", i);
        check_picture(golden, key, &(struct picture){crop, crop, pixels});
        snprintf(key, sizeof key, "input/%zu", i);
        golden_check(golden, key, input, size, 0, 1e-6);
        arena_reset(&arena);
    }
    arena_release(&arena);
    golden_close(golden);
}

TEST(geometry_maps_the_file_to_the_crop)
{
    struct arena arena;
    struct error err;
    struct preprocess_geometry geometry;
    float input[3 * 20 * 20];
    arena_init(&arena, 0);
    const struct picture picture = {.h = 40, .w = 60, .data = arena_alloc(&arena, 40 * 60, 3)};
    struct preprocess how = {
        .resize_h = 20, .crop_h = 20, .crop_w = 20, .channels = "rgb", .scale = 1, .deviation = {1, 1, 1}};
    assert_int_equal(preprocess_picture(&picture, &how, &arena, input, NULL, &geometry, &err), 0);
    /* 60x40 becomes 30x20; columns 5..24 are kept */
    assert_true(geometry.scale_x == 0.5 && geometry.offset_x == -5 && geometry.scale_y == 0.5 &&
                geometry.offset_y == 0);
    how.resize_h = 10;
    assert_int_equal(preprocess_picture(&picture, &how, &arena, input, NULL, &geometry, &err), 0);
    /* 15x10: 2 columns of zeros before and 3 behind, 5 rows above and below */
    assert_true(geometry.offset_x == 2 && geometry.offset_y == 5);
    arena_release(&arena);
}

/* A mask of 11 x 13 random blocks, as the golden script makes it. */
static struct mask random_mask(int h, int w, uint32_t seed, struct arena *arena)
{
    const struct mask mask = {h, w, arena_alloc(arena, (size_t)h * (size_t)w, 1)};
    float values[11 * 13];
    golden_fill(values, 11 * 13, seed);
    for (int y = 0; y < h; y++)
        for (int x = 0; x < w; x++)
            mask.data[y * w + x] = (uint8_t)((values[y * 11 / h * 13 + x * 13 / w] + 1) * 128);
    return mask;
}

TEST(masks_go_through_resize_and_crop_as_those_of_pillow)
{
    static const struct {
        int h, w, resize_h, resize_w, crop;
    } cases[] = {{90, 120, 73, 0, 64},  {120, 90, 64, 0, 64}, {301, 157, 256, 256, 224},
                 {50, 75, 146, 0, 128}, {33, 200, 40, 0, 32}, {21, 34, 16, 0, 24}};
    struct golden *golden = golden_open("truth");
    struct arena arena;
    struct error err;
    arena_init(&arena, 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const int crop = cases[i].crop;
        const struct preprocess how = {.squash = cases[i].resize_w != 0,
                                       .resize_h = cases[i].resize_h,
                                       .resize_w = cases[i].resize_w,
                                       .crop_h = crop,
                                       .crop_w = crop,
                                       .channels = "rgb",
                                       .scale = 1,
                                       .deviation = {1, 1, 1}};
        const struct mask mask = random_mask(cases[i].h, cases[i].w, (uint32_t)(80 + i), &arena);
        const struct picture picture = {mask.h, mask.w, arena_alloc(&arena, (size_t)(mask.h * mask.w), 3)};
        float *input = arena_floats(&arena, 3 * (size_t)crop * (size_t)crop);
        struct preprocess_geometry geometry;
        struct mask seen;
        char key[64];
        size_t count;
        assert_int_equal(preprocess_picture(&picture, &how, &arena, input, NULL, &geometry, &err), 0);
        assert_int_equal(preprocess_mask(&mask, &geometry, crop, crop, &arena, &seen, &err), 0);
        snprintf(key, sizeof key, "mask/%zu", i);
        const double *want = golden_values(golden, key, &count);
        const uint32_t crc = crc32_of(seen.data, (size_t)crop * (size_t)crop);
        if (seen.h != (int)want[0] || seen.w != (int)want[1] || crc >> 16 != want[2] || (crc & 0xffff) != want[3])
            fail_msg("%s: %dx%d, checksum %04x%04x, expected %04x%04x", key, seen.h, seen.w, crc >> 16, crc & 0xffff,
                     (unsigned)want[2], (unsigned)want[3]);
        arena_reset(&arena);
    }
    arena_release(&arena);
    golden_close(golden);
}

TEST(boxes_are_rounded_and_clipped_and_gone_when_cropped_away)
{
    static const struct {
        struct box box, want; /* 60x40 to 30x20, of which columns 5..24 are kept */
        bool is_there;
    } cases[] = {{{20, 10, 40, 30}, {5, 5, 15, 15}, true},     {{0, 0, 60, 40}, {0, 0, 20, 20}, true},
                 {{0, 0, 10, 40}, {0, 0, 0, 20}, false},       {{0, 0, 12, 40}, {0, 0, 1, 20}, true},
                 {{50, 3, 60, 8}, {20, 2, 20, 4}, false},      {{23, 1, 24, 2}, {6, 0, 7, 1}, true},
                 {{20, 0, INT32_MAX, 2}, {5, 0, 20, 1}, true}, {{25, 11, 35, 13}, {8, 6, 12, 6}, false}};
    const struct preprocess_geometry geometry = {.scale_x = 0.5, .scale_y = 0.5, .offset_x = -5};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct box got;
        const bool is_there = preprocess_box(&cases[i].box, &geometry, 20, 20, &got);
        const struct box *want = &cases[i].want;
        if (is_there != cases[i].is_there ||
            (is_there && (got.x0 != want->x0 || got.y0 != want->y0 || got.x1 != want->x1 || got.y1 != want->y1)))
            fail_msg("box %zu: %d,%d,%d,%d", i, got.x0, got.y0, got.x1, got.y1);
    }
}

TEST(impossible_shapes_are_refused)
{
    struct arena arena;
    struct error err;
    float input[3];
    arena_init(&arena, 0);
    const struct picture thread = {.h = 16384, .w = 1, .data = arena_alloc(&arena, 16384, 3)};
    const struct preprocess how = {
        .resize_h = 256, .crop_h = 1, .crop_w = 1, .channels = "rgb", .scale = 1, .deviation = {1, 1, 1}};
    assert_int_equal(preprocess_picture(&thread, &how, &arena, input, NULL, NULL, &err), -1);
    assert_string_equal(err.text, "a picture of 1x16384 pixels is too narrow to be resized");
    arena_release(&arena);
}

static void assert_refused(const void *data, size_t size, const char *why)
{
    struct arena arena;
    struct picture picture;
    struct error err;
    uint8_t *copy = malloc(size ? size : 1);
    memcpy(copy, data, size);
    arena_init(&arena, (size_t)64 << 20);
    const int status = decode_picture(copy, size, &arena, &picture, &err);
    arena_release(&arena);
    free(copy);
    if (status != -1 || !strstr(err.text, why))
        fail_msg("\"%s\" does not say \"%s\"", status ? err.text : "decoded", why);
}

TEST(what_is_no_picture_is_refused)
{
    assert_refused("", 0, "empty file");
    assert_refused("garbage", 7, "neither a JPEG nor a PNG file");
    assert_refused("\xff\xd8\xff", 3, "JPEG file");
    assert_refused("\x89PNG\r\n\x1a\n", 8, "truncated PNG file");
}

TEST(a_picture_cut_anywhere_is_refused)
{
    static const char *const names[] = {"colour_420.jpg", "progressive.jpg", "cmyk.jpg", "rgb.png", "interlaced.png"};
    struct bytes *bytes = malloc(sizeof *bytes);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *why = strstr(names[i], ".png") ? "truncated PNG file" : "truncated JPEG file";
        read_bytes(names[i], bytes);
        for (size_t size = 30; size < bytes->size; size += 1 + bytes->size / 40)
            assert_refused(bytes->data, size, why);
        assert_refused(bytes->data, bytes->size - 1, why);
    }
    free(bytes);
}

/* A marker with a two-byte length and its place. */
static uint8_t *find_marker(struct bytes *bytes, uint8_t marker)
{
    for (size_t i = 2; i + 4 < bytes->size; i += 2u + (size_t)(bytes->data[i + 2] << 8 | bytes->data[i + 3]))
        if (bytes->data[i + 1] == marker)
            return bytes->data + i;
    fail_msg("no marker %02x", marker);
    return NULL;
}

TEST(huge_pictures_are_refused_before_memory_is_taken)
{
    struct bytes *bytes = malloc(sizeof *bytes);
    read_bytes("colour_420.jpg", bytes);
    memset(find_marker(bytes, 0xc0) + 5, 0xfe, 4);
    assert_refused(bytes->data, bytes->size, "JPEG of 65278x65278 pixels; at most 16384 a side");
    read_bytes("rgb.png", bytes);
    static const uint8_t header[] = {0, 0, 0, 13, 'I', 'H', 'D', 'R', 0x7f, 0xff, 0xff, 0xff, 0,
                                     0, 0, 1, 8,  2,   0,   0,   0,   0,    0,    0,    0,    0};
    memcpy(bytes->data + 8, header, sizeof header - 4);
    uint32_t crc = crc32_of(bytes->data + 12, 17);
    for (int i = 0; i < 4; i++)
        bytes->data[29 + i] = (uint8_t)(crc >> (24 - 8 * i));
    assert_refused(bytes->data, bytes->size, "PNG of 2147483647x1 pixels; at most 16384 a side");
    free(bytes);
}

TEST(damaged_bytes_are_an_error_or_a_picture_and_never_a_crash)
{
    static const char *const names[] = {"colour_420.jpg", "progressive.jpg", "ycck.jpg", "palette.png",
                                        "interlaced.png"};
    struct bytes *bytes = malloc(sizeof *bytes);
    struct arena arena;
    arena_init(&arena, (size_t)64 << 20);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        read_bytes(names[i], bytes);
        for (uint32_t seed = 0; seed < 300; seed++) {
            uint8_t *copy = malloc(bytes->size);
            struct picture picture;
            struct error err;
            float places[3];
            memcpy(copy, bytes->data, bytes->size);
            golden_fill(places, 3, seed);
            for (int k = 0; k < 3; k++)
                copy[(size_t)((places[k] + 1) / 2 * (float)(bytes->size - 1))] ^=
                    (uint8_t)(1u << (seed + (unsigned)k) % 8);
            decode_picture(copy, bytes->size, &arena, &picture, &err);
            arena_reset(&arena);
            free(copy);
        }
    }
    arena_release(&arena);
    free(bytes);
}

/* A valid file of 253 scans: every coefficient by itself, bit by bit. */
static unsigned char *compress_many_scans(unsigned long *size)
{
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    static jpeg_scan_info scans[1 + 63 * 4];
    unsigned char *bytes = NULL;
    int count = 0;
    scans[count++] = (jpeg_scan_info){.comps_in_scan = 1};
    for (int k = 1; k < 64; k++)
        for (int bit = 3; bit >= 0; bit--)
            scans[count++] = (jpeg_scan_info){1, {0}, k, k, bit == 3 ? 0 : bit + 1, bit};
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, &bytes, size);
    jpeg.image_width = jpeg.image_height = 16;
    jpeg.input_components = 1;
    jpeg.in_color_space = JCS_GRAYSCALE;
    jpeg_set_defaults(&jpeg);
    jpeg.scan_info = scans;
    jpeg.num_scans = count;
    jpeg_start_compress(&jpeg, TRUE);
    for (int y = 0; y < 16; y++) {
        JSAMPLE line[16] = {(JSAMPLE)(y * 9), 200, 100};
        jpeg_write_scanlines(&jpeg, (JSAMPROW[]){line}, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    return bytes;
}

TEST(a_jpeg_of_too_many_scans_is_refused)
{
    unsigned long size = 0;
    unsigned char *bytes = compress_many_scans(&size);
    assert_refused(bytes, size, "JPEG of more than 200 scans is not supported");
    free(bytes);
}
