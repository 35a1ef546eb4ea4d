/* datasets/preprocess.c - torchvision's Resize, CenterCrop and Normalize, with their roundings. */
#include "datasets/preprocess.h"

#include "datasets/decode.h"

#include <math.h>
#include <string.h>

/* The sides after resizing: torchvision's int(size * long / short) for the longer one. */
static int resized_sides(const struct picture *picture, const struct preprocess *how, int *h, int *w, struct error *err)
{
    *h = how->resize_h;
    *w = how->resize_w;
    if (how->squash)
        return 0;
    const bool is_upright = picture->w <= picture->h;
    const int64_t shorter = is_upright ? picture->w : picture->h, longer = is_upright ? picture->h : picture->w;
    const int64_t size = how->resize_h, resized = (int64_t)((double)(size * longer) / (double)shorter);
    if (resized * size > DECODE_PIXELS_MAX)
        return error_set(err, "a picture of %dx%d pixels is too narrow to be resized", picture->w, picture->h);
    *h = (int)(is_upright ? resized : size);
    *w = (int)(is_upright ? size : resized);
    return 0;
}

/* The position in the picture where the crop begins; negative: that many zeros come first. */
static int crop_start(int side, int crop)
{
    return crop > side ? -((crop - side) / 2) : (int)nearbyint((side - crop) / 2.0); /* halves to even */
}

static void crop_picture(const struct picture *in, int top, int left, const struct preprocess *how, uint8_t *out)
{
    const int x0 = left < 0 ? -left : 0, columns = in->w < how->crop_w ? in->w : how->crop_w;
    for (int y = 0; y < how->crop_h; y++) {
        const int from = y + top;
        if (from < 0 || from >= in->h)
            continue;
        memcpy(out + ((size_t)y * (size_t)how->crop_w + (size_t)x0) * 3,
               in->data + ((size_t)from * (size_t)in->w + (size_t)(left < 0 ? 0 : left)) * 3, (size_t)columns * 3);
    }
}

/* Pillow's conversion from RGB to L. */
static uint8_t luma(const uint8_t *pixel)
{
    return (uint8_t)((pixel[0] * 19595 + pixel[1] * 38470 + pixel[2] * 7471 + 0x8000) >> 16);
}

/* Whether the input shows grey values only. */
static bool is_grey(const struct preprocess *how)
{
    return strchr(how->channels, 'l') && !strpbrk(how->channels, "rgb");
}

static int make_grey(const struct picture *in, struct arena *arena, struct picture *out, struct error *err)
{
    const size_t plane = (size_t)in->h * (size_t)in->w;
    *out = (struct picture){in->h, in->w, arena_alloc(arena, plane, 3)};
    if (!out->data)
        return error_memory(err, "a picture");
    for (size_t i = 0; i < plane; i++)
        memset(out->data + 3 * i, luma(in->data + 3 * i), 3);
    return 0;
}

static uint8_t value_of(const uint8_t *pixel, char letter)
{
    switch (letter) {
    case 'r':
        return pixel[0];
    case 'g':
        return pixel[1];
    case 'b':
        return pixel[2];
    case 'l':
        return luma(pixel);
    default:
        return 0;
    }
}

/* By a table of the 256 values of a channel. */
static void normalise(const uint8_t *pixels, size_t plane, const struct preprocess *how, float *input)
{
    for (int c = 0; how->channels[c]; c++) {
        float table[256];
        for (int v = 0; v < 256; v++)
            table[v] = ((float)(v * how->scale / 255) - how->mean[c]) / how->deviation[c];
        for (size_t i = 0; i < plane; i++)
            input[(size_t)c * plane + i] = table[value_of(pixels + 3 * i, how->channels[c])];
    }
}

int preprocess_picture(const struct picture *picture, const struct preprocess *how, struct arena *arena, float *input,
                       uint8_t **pixels, struct preprocess_geometry *geometry, struct error *err)
{
    int h, w;
    struct picture resized, grey;
    if (is_grey(how)) {
        if (make_grey(picture, arena, &grey, err))
            return -1;
        picture = &grey;
    }
    if (resized_sides(picture, how, &h, &w, err) || resize_picture(picture, h, w, how->filter, arena, &resized, err))
        return -1;
    const size_t plane = (size_t)how->crop_h * (size_t)how->crop_w;
    uint8_t *crop = arena_alloc(arena, plane, 3); /* zeroed: the padding */
    if (!crop)
        return error_memory(err, "a picture");
    const int top = crop_start(h, how->crop_h), left = crop_start(w, how->crop_w);
    crop_picture(&resized, top, left, how, crop);
    normalise(crop, plane, how, input);
    if (pixels)
        *pixels = crop;
    if (geometry)
        *geometry = (struct preprocess_geometry){(double)w / picture->w, (double)h / picture->h, -left, -top};
    return 0;
}

/* The pixel of the file that contains the centre of the crop's pixel i. */
static double source_of(int i, double scale, double offset)
{
    return floor((i + 0.5 - offset) / scale);
}

int preprocess_mask(const struct mask *mask, const struct preprocess_geometry *geometry, int h, int w,
                    struct arena *arena, struct mask *out, struct error *err)
{
    *out = (struct mask){h, w, arena_alloc(arena, (size_t)h * (size_t)w, 1)};
    if (!out->data)
        return error_memory(err, "a mask");
    for (int y = 0; y < h; y++) {
        const double v = source_of(y, geometry->scale_y, geometry->offset_y);
        if (v < 0 || v >= mask->h)
            continue;
        const uint8_t *row = mask->data + (size_t)v * (size_t)mask->w;
        for (int x = 0; x < w; x++) {
            const double u = source_of(x, geometry->scale_x, geometry->offset_x);
            if (u >= 0 && u < mask->w)
                out->data[(size_t)y * (size_t)w + (size_t)x] = row[(size_t)u];
        }
    }
    return 0;
}

static int edge(int at, double scale, double offset, int side)
{
    return (int)fmin(side, fmax(0, nearbyint(at * scale + offset)));
}

bool preprocess_box(const struct box *box, const struct preprocess_geometry *geometry, int h, int w, struct box *out)
{
    *out = (struct box){.x0 = edge(box->x0, geometry->scale_x, geometry->offset_x, w),
                        .y0 = edge(box->y0, geometry->scale_y, geometry->offset_y, h),
                        .x1 = edge(box->x1, geometry->scale_x, geometry->offset_x, w),
                        .y1 = edge(box->y1, geometry->scale_y, geometry->offset_y, h)};
    return out->x0 < out->x1 && out->y0 < out->y1;
}
