/*
 * datasets/resize.c - Pillow's Image.resize() on 8-bit RGB, to the last bit (libImaging/Resample.c).
 *
 * Two passes, first along the rows, then along the columns, compute weighted sums with fixed-point weights of 22 bits.
 * The result of the first pass is rounded to 8 bits. A pass that does not change its side is left out. NEAREST takes
 * pixels as they are (libImaging/Geometry.c).
 */
#include "datasets/preprocess.h"

#include "datasets/decode.h"

#include <math.h>
#include <string.h>

#define WEIGHT_BITS 22

static double bilinear(double x)
{
    x = fabs(x);
    return x < 1 ? 1 - x : 0;
}

static double bicubic(double x)
{
    const double a = -0.5;
    x = fabs(x);
    if (x < 1)
        return ((a + 2) * x - (a + 3)) * x * x + 1;
    return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
}

static double box(double x)
{
    return x > -0.5 && x <= 0.5 ? 1 : 0;
}

static double sinc(double x)
{
    const double angle = x * M_PI;
    return x == 0 ? 1 : sin(angle) / angle;
}

static double lanczos(double x)
{
    return x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0;
}

static const struct {
    double (*weight)(double x);
    double support;
} kernels[] = {[PREPROCESS_BILINEAR] = {bilinear, 1},
               [PREPROCESS_BICUBIC] = {bicubic, 2},
               [PREPROCESS_BOX] = {box, 0.5},
               [PREPROCESS_LANCZOS] = {lanczos, 3}};

/* Weights of a pass: each output position is a weighted sum of `count` inputs, beginning at `first`. */
struct taps {
    int *first, *count;
    int32_t *weight; /* (out, width) */
    int width;
    double *exact; /* (width), scratch */
};

static void fill_position(struct taps *taps, int i, int in, double scale, enum preprocess_filter filter)
{
    const double stretch = scale < 1 ? 1 : scale, support = kernels[filter].support * stretch;
    const double centre = (i + 0.5) * scale, inverse = 1 / stretch;
    int first = (int)(centre - support + 0.5), end = (int)(centre + support + 0.5);
    first = first < 0 ? 0 : first;
    end = end > in ? in : end;
    double sum = 0;
    for (int k = 0; k < end - first; k++) {
        taps->exact[k] = kernels[filter].weight((k + first - centre + 0.5) * inverse);
        sum += taps->exact[k];
    }
    for (int k = 0; k < end - first; k++) {
        const double share = sum != 0 ? taps->exact[k] / sum : taps->exact[k];
        const double fixed = share * (1 << WEIGHT_BITS);
        taps->weight[(size_t)i * (size_t)taps->width + (size_t)k] = (int32_t)(share < 0 ? fixed - 0.5 : fixed + 0.5);
    }
    taps->first[i] = first;
    taps->count[i] = end - first;
}

static int make_taps(struct taps *taps, int in, int out, enum preprocess_filter filter, struct arena *arena,
                     struct error *err)
{
    const double scale = (double)in / out, stretch = scale < 1 ? 1 : scale;
    taps->width = (int)ceil(kernels[filter].support * stretch) * 2 + 1;
    taps->first = arena_alloc(arena, (size_t)out, sizeof(int));
    taps->count = arena_alloc(arena, (size_t)out, sizeof(int));
    taps->weight = arena_alloc(arena, (size_t)out * (size_t)taps->width, sizeof(int32_t));
    taps->exact = arena_alloc(arena, (size_t)taps->width, sizeof(double));
    if (!taps->first || !taps->count || !taps->weight || !taps->exact)
        return error_memory(err, "resizing a picture");
    for (int i = 0; i < out; i++)
        fill_position(taps, i, in, scale, filter);
    return 0;
}

static uint8_t round_sum(int32_t sum)
{
    const int32_t value = sum >> WEIGHT_BITS;
    return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

static void resize_row(const uint8_t *in, uint8_t *out, int w, const struct taps *taps)
{
    for (int x = 0; x < w; x++) {
        const int32_t *weight = taps->weight + (size_t)x * (size_t)taps->width;
        const uint8_t *pixel = in + (size_t)taps->first[x] * 3;
        int32_t r = 1 << (WEIGHT_BITS - 1), g = r, b = r;
        for (int k = 0; k < taps->count[x]; k++, pixel += 3) {
            r += pixel[0] * weight[k];
            g += pixel[1] * weight[k];
            b += pixel[2] * weight[k];
        }
        out[3 * x] = round_sum(r);
        out[3 * x + 1] = round_sum(g);
        out[3 * x + 2] = round_sum(b);
    }
}

/* Row `y` of the result; `sum` is scratch of one row. */
static void sum_rows(const uint8_t *in, uint8_t *out, size_t stride, int y, const struct taps *taps, int32_t *sum)
{
    for (size_t i = 0; i < stride; i++)
        sum[i] = 1 << (WEIGHT_BITS - 1);
    for (int k = 0; k < taps->count[y]; k++) {
        const int32_t weight = taps->weight[(size_t)y * (size_t)taps->width + (size_t)k];
        const uint8_t *row = in + (size_t)(taps->first[y] + k) * stride;
        for (size_t i = 0; i < stride; i++)
            sum[i] += row[i] * weight;
    }
    for (size_t i = 0; i < stride; i++)
        out[i] = round_sum(sum[i]);
}

static int resize_width(const struct picture *in, int w, enum preprocess_filter filter, struct arena *arena,
                        struct picture *out, struct error *err)
{
    struct taps taps;
    *out = (struct picture){in->h, w, arena_alloc(arena, (size_t)in->h * (size_t)w, 3)};
    if (!out->data || make_taps(&taps, in->w, w, filter, arena, err))
        return error_memory(err, "resizing a picture");
    for (int y = 0; y < in->h; y++)
        resize_row(in->data + (size_t)y * (size_t)in->w * 3, out->data + (size_t)y * (size_t)w * 3, w, &taps);
    return 0;
}

static int resize_height(const struct picture *in, int h, enum preprocess_filter filter, struct arena *arena,
                         struct picture *out, struct error *err)
{
    struct taps taps;
    const size_t stride = (size_t)in->w * 3;
    *out = (struct picture){h, in->w, arena_alloc(arena, (size_t)h, stride)};
    int32_t *sum = arena_alloc(arena, stride, sizeof *sum);
    if (!out->data || !sum || make_taps(&taps, in->h, h, filter, arena, err))
        return error_memory(err, "resizing a picture");
    for (int y = 0; y < h; y++)
        sum_rows(in->data, out->data + (size_t)y * stride, stride, y, &taps, sum);
    return 0;
}

/* The pixel under the centre of each pixel of the result; Pillow adds up the step from one to the next. */
static int take_nearest(const struct picture *in, int h, int w, struct arena *arena, struct picture *out,
                        struct error *err)
{
    const double step_x = (double)in->w / w, step_y = (double)in->h / h;
    int *column = arena_alloc(arena, (size_t)w, sizeof *column);
    *out = (struct picture){h, w, arena_alloc(arena, (size_t)h * (size_t)w, 3)};
    if (!out->data || !column)
        return error_memory(err, "resizing a picture");
    double at = step_x * 0.5;
    for (int x = 0; x < w; x++, at += step_x)
        column[x] = at < in->w ? (int)at : in->w - 1;
    at = step_y * 0.5;
    for (int y = 0; y < h; y++, at += step_y) {
        const uint8_t *row = in->data + (size_t)(at < in->h ? (int)at : in->h - 1) * (size_t)in->w * 3;
        for (int x = 0; x < w; x++)
            memcpy(out->data + ((size_t)y * (size_t)w + (size_t)x) * 3, row + (size_t)column[x] * 3, 3);
    }
    return 0;
}

int resize_picture(const struct picture *in, int h, int w, enum preprocess_filter filter, struct arena *arena,
                   struct picture *out, struct error *err)
{
    if (h < 1 || w < 1 || (uint64_t)h * (uint64_t)w > DECODE_PIXELS_MAX ||
        (uint64_t)in->h * (uint64_t)w > DECODE_PIXELS_MAX)
        return error_set(err, "a picture of %dx%d pixels cannot become %dx%d", in->w, in->h, w, h);
    if (filter == PREPROCESS_NEAREST && (h != in->h || w != in->w))
        return take_nearest(in, h, w, arena, out, err);
    struct picture narrow = *in;
    if (w != in->w && resize_width(in, w, filter, arena, &narrow, err))
        return -1;
    *out = narrow;
    return h != in->h ? resize_height(&narrow, h, filter, arena, out, err) : 0;
}
