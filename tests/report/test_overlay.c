/* Overlay sheets, read back by libpng: sizes, colours, titles; input that cannot be drawn. */
#include "tests/report/sample.h"

#include "report/font.h"

#include <png.h>

struct picture {
    int w, h;
    uint8_t *data;
};

static struct picture read_png(const char *folder)
{
    char path[128];
    png_image image = {.version = PNG_IMAGE_VERSION};
    snprintf(path, sizeof path, "%s/overlays/a.png", folder);
    assert_int_equal(png_image_begin_read_from_file(&image, path), 1);
    image.format = PNG_FORMAT_RGB;
    struct picture picture = {(int)image.width, (int)image.height, malloc(PNG_IMAGE_SIZE(image))};
    assert_int_equal(png_image_finish_read(&image, NULL, picture.data, 0, NULL), 1);
    return picture;
}

static void check_pixel(const struct picture *picture, int x, int y, int r, int g, int b, int tolerance)
{
    assert_in_range(x, 0, picture->w - 1);
    assert_in_range(y, 0, picture->h - 1);
    const uint8_t *p = &picture->data[((size_t)y * (size_t)picture->w + (size_t)x) * 3];
    if (abs(p[0] - r) > tolerance || abs(p[1] - g) > tolerance || abs(p[2] - b) > tolerance)
        fail_msg("pixel (%d,%d) is %d %d %d, expected %d %d %d", x, y, p[0], p[1], p[2], r, g, b);
}

static int ink_between(const struct picture *picture, int x0, int y0, int x1, int y1)
{
    int ink = 0;
    for (int y = y0; y < y1; y++)
        for (int x = x0; x < x1; x++)
            ink += picture->data[((size_t)y * (size_t)picture->w + (size_t)x) * 3] < 128;
    return ink;
}

static struct picture draw(const struct overlay_sheet *sheet)
{
    char folder[] = "/tmp/cambench-report-XXXXXX", path[128];
    struct error err = {0};
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/overlays/a.png", folder);
    if (report_overlay(path, sheet, &err))
        fail_msg("%s", err.text);
    const struct picture picture = read_png(folder);
    sample_remove(folder);
    return picture;
}

/* A 2x4 image, enlarged 48 times: red, the rest black; the map is 0, 0.5, 1, not a number in the first row. */
static const uint8_t image[2 * 4 * 3] = {200, 0, 0};
static const float map[2 * 4] = {0, 0.5f, 1, NAN, -3, 7, 0.25f, 0.75f};
static const struct overlay_panel panels[] = {
    {"Image", NULL, NULL}, {"Grad-CAM", "ADCC 80.00 %", map},
    {"C", NULL, map},      {"D", NULL, map},
    {"E", NULL, map},      {"A title that is far too long to stand above its panel, even in small letters", "x", map}};
enum { LEFT = 12, TOP = 12 + 24 + 24 + 14, STEP_X = 192 + 12, STEP_Y = 96 + 24 + 14 + 12, CELL = 48 };

TEST(panels_are_side_by_side_enlarged_and_wrapped)
{
    const struct overlay_sheet sheet = {"n01.jpg: tench", 2, 4, image, 6, panels};
    struct picture picture = draw(&sheet);
    assert_int_equal(picture.h, 12 + 24 + 2 * STEP_Y);
    assert_in_range(picture.w, LEFT + 3 * STEP_X, LEFT + 3 * STEP_X + 80);
    check_pixel(&picture, LEFT, TOP, 200, 0, 0, 0);
    check_pixel(&picture, LEFT + CELL - 1, TOP + CELL - 1, 200, 0, 0, 0);
    check_pixel(&picture, LEFT + CELL, TOP, 0, 0, 0, 0);
    check_pixel(&picture, LEFT + 4 * CELL, TOP, 255, 255, 255, 0);
    check_pixel(&picture, LEFT, TOP + 2 * CELL, 255, 255, 255, 0);
    free(picture.data);
}

/* Viridis at 0, 0.5 and 1 is (68,1,84), (33,145,140), (253,231,37); grey of the red pixel is 59.8. */
TEST(maps_are_viridis_half_and_half_over_grey)
{
    const struct overlay_sheet sheet = {"t", 2, 4, image, 6, panels};
    struct picture picture = draw(&sheet);
    for (int panel = 1; panel < 6; panel++) {
        const int x = LEFT + panel % 3 * STEP_X + 3, y = TOP + panel / 3 * STEP_Y + 3;
        check_pixel(&picture, x, y, (68 + 60) / 2, (1 + 60) / 2, (84 + 60) / 2, 1);
        check_pixel(&picture, x + CELL, y, 33 / 2, 145 / 2, 140 / 2, 2);
        check_pixel(&picture, x + 2 * CELL, y, 253 / 2, 231 / 2, 37 / 2, 1);
        check_pixel(&picture, x + 3 * CELL, y, 68 / 2, 1 / 2, 84 / 2, 1);       /* not a number: as 0 */
        check_pixel(&picture, x, y + CELL, 68 / 2, 1 / 2, 84 / 2, 1);           /* below 0 */
        check_pixel(&picture, x + CELL, y + CELL, 253 / 2, 231 / 2, 37 / 2, 1); /* above 1 */
    }
    free(picture.data);
}

TEST(colour_bar_runs_from_one_on_top_to_zero)
{
    const struct overlay_sheet sheet = {"t", 2, 4, image, 6, panels};
    struct picture picture = draw(&sheet);
    const int x = LEFT + 3 * STEP_X + 5;
    check_pixel(&picture, x, TOP, 253, 231, 37, 0);
    check_pixel(&picture, x, TOP + 48, 33, 145, 140, 3);
    check_pixel(&picture, x, TOP + 95, 68, 1, 84, 0);
    assert_true(ink_between(&picture, x + 14, TOP - 5, picture.w, TOP + 5) > 10);
    free(picture.data);
}

/* 18 of 256 colours are kept: 5 levels away at most, and one for rounding. */
TEST(colour_map_is_matplotlibs_viridis)
{
    static const uint8_t square[3];
    const struct overlay_sheet sheet = {"t", 1, 1, square, 1, panels};
    struct picture picture = draw(&sheet);
    struct golden *golden = golden_open("report_viridis");
    size_t count;
    const double *red = golden_values(golden, "red", &count), *green = golden_values(golden, "green", &count);
    const double *blue = golden_values(golden, "blue", &count);
    assert_int_equal(count, 192);
    for (int y = 0; y < 192; y++)
        check_pixel(&picture, LEFT + STEP_X + 5, TOP + y, (int)lround(red[y]), (int)lround(green[y]),
                    (int)lround(blue[y]), 6);
    golden_close(golden);
    free(picture.data);
}

TEST(titles_stay_above_their_panel)
{
    const struct overlay_sheet sheet = {"A sheet title: Größe", 2, 4, image, 6, panels};
    struct picture picture = draw(&sheet);
    assert_true(ink_between(&picture, LEFT, 12, LEFT + 192, 12 + 20) > 100);
    for (int panel = 0; panel < 6; panel++) {
        const int x = LEFT + panel % 3 * STEP_X, y = 12 + 24 + panel / 3 * STEP_Y;
        assert_true(ink_between(&picture, x, y, x + 192, y + 24) > 15);
        assert_int_equal(ink_between(&picture, x + 192, y, x + STEP_X, y + 24), 0);
    }
    free(picture.data);
}

TEST(large_images_are_not_enlarged)
{
    static uint8_t large[224 * 300 * 3];
    const struct overlay_sheet sheet = {"t", 224, 300, large, 1, panels};
    struct picture picture = draw(&sheet);
    assert_int_equal(picture.h, 12 + 24 + 24 + 14 + 224 + 12);
    check_pixel(&picture, LEFT + 299, TOP + 223, 0, 0, 0, 0);
    check_pixel(&picture, LEFT + 300, TOP + 223, 255, 255, 255, 0);
    free(picture.data);
}

TEST(same_sheet_gives_the_same_bytes_and_thin_images_are_drawn)
{
    const struct overlay_sheet sheet = {
        NULL, 1, 300, (const uint8_t[900]){9}, 1, &(struct overlay_panel){NULL, NULL, (const float[300]){0.5f}}};
    struct picture first = draw(&sheet), second = draw(&sheet);
    assert_int_equal(first.w, second.w);
    assert_memory_equal(first.data, second.data, (size_t)first.w * (size_t)first.h * 3);
    free(first.data);
    free(second.data);
}

TEST(sheets_that_cannot_be_drawn_are_errors_that_name_the_file)
{
    static const struct {
        int h, w, panels;
    } cases[] = {{0, 4, 1}, {4, -1, 1}, {4, 4, 0}, {1 << 30, 1 << 30, 1}, {16384, 16384, 4096}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct error err = {0};
        const struct overlay_sheet sheet = {"t", cases[i].h, cases[i].w, image, cases[i].panels, panels};
        assert_int_equal(report_overlay("/tmp/never.png", &sheet, &err), -1);
        assert_non_null(strstr(err.text, "/tmp/never.png"));
    }
    struct error err = {0};
    const struct overlay_sheet sheet = {"t", 2, 4, image, 1, panels};
    assert_int_equal(report_overlay("/dev/null/a.png", &sheet, &err), -1);
    assert_non_null(strstr(err.text, "/dev/null"));
}

TEST(each_printable_character_has_a_drawing_of_its_own)
{
    uint64_t seen[95];
    for (int c = 0; c < 95; c++) {
        seen[c] = 0;
        for (int y = 0; y < FONT_ROWS; y++)
            for (int x = 0; x < FONT_DOTS; x++)
                seen[c] = seen[c] << 1 | font_dot((char)(c + ' '), x, y);
        assert_int_equal(seen[c] == 0, c == 0);
        for (int d = 0; d < c; d++)
            assert_true(seen[c] != seen[d]);
    }
    assert_false(font_dot('\n', 0, 0) || font_dot((char)0xe9, 0, 0) || font_dot('A', 9, 0) || font_dot('A', 0, -1));
}
