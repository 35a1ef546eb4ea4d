/*
 * datasets/preprocess.h - from a picture to the network's input, as torchvision's and Pillow's transforms do it.
 */
#ifndef DATASETS_PREPROCESS_H
#define DATASETS_PREPROCESS_H

#include "datasets/imageset.h"

#include <stdbool.h>

#define PREPROCESS_CHANNELS_MAX 16

/* Pillow's; all but NEAREST are antialiased. */
enum preprocess_filter {
    PREPROCESS_BILINEAR,
    PREPROCESS_BICUBIC,
    PREPROCESS_NEAREST,
    PREPROCESS_BOX,
    PREPROCESS_LANCZOS
};

struct preprocess {
    bool squash; /* resize both sides to resize_h x resize_w; else the shorter side to resize_h, aspect kept */
    int resize_h, resize_w;
    enum preprocess_filter filter; /* on 8-bit pixels */
    int crop_h, crop_w;            /* centre */
    const char *channels;          /* of the input, a letter each: r, g, b, l (Pillow's luma), 0 (a pixel of 0) */
    double scale;                  /* of pixels in [0,1], before the mean is subtracted */
    float mean[PREPROCESS_CHANNELS_MAX], deviation[PREPROCESS_CHANNELS_MAX]; /* of the channels */
};

/*
 * Resizes into the arena, bit for bit as Pillow's Image.resize() on RGB. Errors: no memory, sides that are too large.
 */
int resize_picture(const struct picture *in, int h, int w, enum preprocess_filter filter, struct arena *arena,
                   struct picture *out, struct error *err);

/* Maps a point of the file to the crop, per axis: crop = point * scale + offset. */
struct preprocess_geometry {
    double scale_x, scale_y, offset_x, offset_y;
};

/*
 * Brings a mask to the crop (h,w), in the arena: each pixel gets the nearest value at its centre (Pillow's NEAREST), 0
 * in the padding. Error: no memory.
 */
int preprocess_mask(const struct mask *mask, const struct preprocess_geometry *geometry, int h, int w,
                    struct arena *arena, struct mask *out, struct error *err);

/* Brings a box to the crop (h,w): edges are rounded to whole pixels and clipped. false: nothing of it is left. */
bool preprocess_box(const struct box *box, const struct preprocess_geometry *geometry, int h, int w, struct box *out);

/*
 * Resize, centre crop (offset round-half-even((side - crop) / 2); smaller pictures are padded with zeros), normalise:
 * (pixel * scale - mean) / deviation. A picture of which the channels show no colour becomes grey before it is resized.
 * input (C,crop_h,crop_w) is the caller's. pixels, if not NULL, receives the crop's 8-bit RGB (crop_h,crop_w,3), in the
 * arena, for overlays. geometry may be NULL. Errors: no memory, a picture too narrow to be resized.
 */
int preprocess_picture(const struct picture *picture, const struct preprocess *how, struct arena *arena, float *input,
                       uint8_t **pixels, struct preprocess_geometry *geometry, struct error *err);

#endif
