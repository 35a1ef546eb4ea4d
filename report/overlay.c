/*
 * report/overlay.c - sheets of maps over an image, as PNG.
 *
 * Each panel shows the image in grey, blended half and half with the map's colours, so that all hue comes from the map;
 * a panel without a map shows the image unchanged. The colour map is viridis (Smith and van der Walt, 2015, CC0): 18 of
 * its 256 colours, interpolated linearly, which is at most 5 of 255 levels away from the original.
 */
#include "base/file.h"
#include "report/escape.h"
#include "report/font.h"
#include "report/report.h"

#include <png.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    SIDE_MIN = 192,  /* least side of a panel; smaller images are enlarged by a whole factor */
    ROW_PANELS = 5,  /* most panels side by side */
    GAP = 12,        /* between panels and round the sheet */
    TEXT = 2,        /* enlargement of titles; 1 where they do not fit */
    TITLE_ROWS = 24, /* height of a line of titles */
    SUBTITLE_ROWS = 14,
    BAR = 14,         /* width of the colour bar */
    BAR_COLUMNS = 46, /* with its numbers */
    SIDE_MAX = 16384, /* largest side of an image */
};

static const uint8_t viridis[18][3] = {
    {68, 1, 84},    {72, 23, 105},  {71, 42, 122},  {67, 61, 132},  {61, 78, 138},  {53, 94, 141},
    {46, 109, 142}, {41, 123, 142}, {35, 137, 142}, {31, 151, 139}, {33, 165, 133}, {46, 179, 124},
    {70, 192, 111}, {101, 203, 94}, {137, 213, 72}, {176, 221, 47}, {216, 226, 25}, {253, 231, 37},
};

struct picture {
    int width, height;
    uint8_t *data; /* (height,width,3) */
};

struct layout {
    int scale, columns, rows;
    int panel_w, panel_h; /* of the enlarged image */
    int step_x, step_y;   /* from panel to panel */
};

static const uint8_t ink[3] = {32, 32, 32}, faint[3] = {96, 96, 96};

/* The colour of a map's value; values outside of [0,1] get the colour of the nearer end. */
static void map_color(float value, uint8_t color[3])
{
    const double v = value >= 0 ? fmin(value, 1) * 17 : 0;
    const int below = v < 16 ? (int)v : 16;
    for (int c = 0; c < 3; c++)
        color[c] = (uint8_t)lround(viridis[below][c] + (v - below) * (viridis[below + 1][c] - viridis[below][c]));
}

static void put_pixel(struct picture *picture, int x, int y, const uint8_t color[3])
{
    if (x >= 0 && x < picture->width && y >= 0 && y < picture->height)
        memcpy(&picture->data[((size_t)y * (size_t)picture->width + (size_t)x) * 3], color, 3);
}

static void put_block(struct picture *picture, int x, int y, int w, int h, const uint8_t color[3])
{
    for (int j = 0; j < h; j++)
        for (int i = 0; i < w; i++)
            put_pixel(picture, x + i, y + j, color);
}

static void put_letter(struct picture *picture, int x, int y, char letter, int scale, const uint8_t color[3])
{
    for (int j = 0; j < FONT_ROWS; j++)
        for (int i = 0; i < FONT_DOTS; i++)
            if (font_dot(letter, i, j))
                put_block(picture, x + i * scale, y + j * scale, scale, scale, color);
}

/* Draws text at most `width` pixels wide. Text that is wider is drawn small, and if need be cut with dots. */
static void put_text(struct picture *picture, int x, int y, int width, const char *text, int scale,
                     const uint8_t color[3])
{
    char line[512];
    escape_ascii(text, line, sizeof line);
    if ((int)strlen(line) * FONT_ADVANCE * scale > width) {
        y += (scale - 1) * (FONT_ROWS - 2);
        scale = 1;
    }
    const int fit = width / (FONT_ADVANCE * scale);
    if ((int)strlen(line) > fit && fit >= 3)
        memcpy(line + fit - 2, "..", 3);
    for (int i = 0; line[i] && i < fit; i++)
        put_letter(picture, x + i * FONT_ADVANCE * scale, y, line[i], scale, color);
}

static void panel_pixel(const struct overlay_sheet *sheet, const float *map, size_t at, uint8_t color[3])
{
    const uint8_t *pixel = &sheet->image[at * 3];
    memcpy(color, pixel, 3);
    if (!map)
        return;
    const double grey = 0.299 * pixel[0] + 0.587 * pixel[1] + 0.114 * pixel[2];
    map_color(map[at], color);
    for (int c = 0; c < 3; c++)
        color[c] = (uint8_t)lround((grey + color[c]) / 2);
}

static void put_panel(struct picture *picture, const struct layout *layout, const struct overlay_sheet *sheet,
                      int index)
{
    const struct overlay_panel *panel = &sheet->panels[index];
    const int left = GAP + index % layout->columns * layout->step_x;
    const int top = GAP + TITLE_ROWS + index / layout->columns * layout->step_y;
    put_text(picture, left, top, layout->panel_w, panel->title ? panel->title : "", TEXT, ink);
    put_text(picture, left, top + TITLE_ROWS, layout->panel_w, panel->subtitle ? panel->subtitle : "", 1, faint);
    for (int y = 0; y < sheet->h; y++)
        for (int x = 0; x < sheet->w; x++) {
            uint8_t color[3];
            panel_pixel(sheet, panel->map, (size_t)y * (size_t)sheet->w + (size_t)x, color);
            put_block(picture, left + x * layout->scale, top + TITLE_ROWS + SUBTITLE_ROWS + y * layout->scale,
                      layout->scale, layout->scale, color);
        }
}

/* Draws the colour bar beside the first row of panels, with 1 at the top and 0 at the bottom. */
static void put_bar(struct picture *picture, const struct layout *layout)
{
    static const char *const numbers[] = {"1.0", "0.5", "0.0"};
    const int left = GAP + layout->columns * layout->step_x, top = GAP + 2 * TITLE_ROWS + SUBTITLE_ROWS;
    for (int y = 0; y < layout->panel_h; y++) {
        uint8_t color[3];
        map_color(1 - (float)y / (float)(layout->panel_h - 1), color);
        put_block(picture, left, top + y, BAR, 1, color);
    }
    for (int i = 0; i < 3; i++) {
        const int y = top + i * (layout->panel_h - 1) / 2;
        put_block(picture, left + BAR, y, 4, 1, ink);
        put_text(picture, left + BAR + 7, y - 3, 3 * FONT_ADVANCE, numbers[i], 1, ink);
    }
}

static struct layout layout_of(const struct overlay_sheet *sheet)
{
    const int side = sheet->h > sheet->w ? sheet->h : sheet->w;
    struct layout layout = {.scale = side < SIDE_MIN ? (SIDE_MIN + side - 1) / side : 1};
    layout.rows = (sheet->panel_count + ROW_PANELS - 1) / ROW_PANELS;
    layout.columns = (sheet->panel_count + layout.rows - 1) / layout.rows;
    layout.panel_w = sheet->w * layout.scale;
    layout.panel_h = sheet->h * layout.scale;
    layout.step_x = (layout.panel_w > 96 ? layout.panel_w : 96) + GAP;
    layout.step_y = layout.panel_h + TITLE_ROWS + SUBTITLE_ROWS + GAP;
    return layout;
}

static int write_png(const char *path, const struct picture *picture, struct error *err)
{
    struct file_writer writer;
    png_image image = {.version = PNG_IMAGE_VERSION,
                       .width = (png_uint_32)picture->width,
                       .height = (png_uint_32)picture->height,
                       .format = PNG_FORMAT_RGB};
    if (file_create(&writer, path, err))
        return -1;
    if (!png_image_write_to_stdio(&image, writer.stream, 0, picture->data, 0, NULL)) {
        file_abandon(&writer);
        return error_set(err, "could not write \"%s\": %s", path, image.message);
    }
    return file_commit(&writer, err);
}

static int make_parent(const char *path, struct error *err)
{
    char folder[PATH_MAX];
    snprintf(folder, sizeof folder, "%s", path);
    char *slash = strrchr(folder, '/');
    if (!slash || slash == folder)
        return 0;
    *slash = 0;
    return file_make_folder(folder, err);
}

int report_overlay(const char *path, const struct overlay_sheet *sheet, struct error *err)
{
    if (sheet->h < 1 || sheet->w < 1 || sheet->h > SIDE_MAX || sheet->w > SIDE_MAX || sheet->panel_count < 1 ||
        sheet->panel_count > 4096)
        return error_set(err, "overlay \"%s\": %d panels of %dx%d; 1 to 4096 panels of 1 to %d pixels are possible",
                         path, sheet->panel_count, sheet->w, sheet->h, SIDE_MAX);
    const struct layout layout = layout_of(sheet);
    struct picture picture = {.width = 2 * GAP + layout.columns * layout.step_x + BAR_COLUMNS - GAP};
    const int64_t height = (int64_t)GAP + TITLE_ROWS + (int64_t)layout.rows * layout.step_y;
    const int64_t size = height * picture.width * 3;
    picture.height = (int)height;
    picture.data = size <= INT32_MAX ? malloc((size_t)size) : NULL;
    if (!picture.data)
        return error_set(err, "not enough memory for overlay \"%s\" of %dx%lld pixels", path, picture.width,
                         (long long)height);
    memset(picture.data, 255, (size_t)size);
    put_text(&picture, GAP, GAP, picture.width - 2 * GAP, sheet->title ? sheet->title : "", TEXT, ink);
    for (int i = 0; i < sheet->panel_count; i++)
        put_panel(&picture, &layout, sheet, i);
    put_bar(&picture, &layout);
    int status = make_parent(path, err);
    if (!status)
        status = write_png(path, &picture, err);
    free(picture.data);
    return status;
}
