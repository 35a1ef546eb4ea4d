/*
 * datasets/preprocess.h - from a picture to the network's input, as torchvision's and Pillow's transforms do it.
 */
#ifndef DATASETS_PREPROCESS_H
#define DATASETS_PREPROCESS_H

#include "datasets/imageset.h"

#include <stdbool.h>

enum preprocess_filter { PREPROCESS_BILINEAR, PREPROCESS_BICUBIC };

struct preprocess {
    bool squash; /* resize both sides to resize_h x resize_w; else the shorter side to resize_h, aspect kept */
    int resize_h, resize_w;
    enum preprocess_filter filter; /* antialiased, on 8-bit pixels */
    int crop_h, crop_w;            /* centre */
    float mean[3], deviation[3];   /* of pixels in [0,1] */
};

/* Pillow's Image.resize(..., BILINEAR or BICUBIC) on RGB, to the last bit. Into the arena. */
int resize_picture(const struct picture *in, int h, int w, enum preprocess_filter filter, struct arena *arena,
                   struct picture *out, struct error *err);

/* Where the crop lies: what a point of the file becomes. crop = point * scale + offset, per axis. */
struct preprocess_geometry {
    double scale_x, scale_y, offset_x, offset_y;
};

/*
 * A mask as the network sees it (h,w), in the arena: the nearest value, taken at each pixel's centre (Pillow's NEAREST);
 * 0 in the padding.
 */
int preprocess_mask(const struct mask *mask, const struct preprocess_geometry *geometry, int h, int w,
                    struct arena *arena, struct mask *out, struct error *err);

/* A box likewise: edges rounded to whole pixels, clipped to (h,w). false: nothing is left of it. */
bool preprocess_box(const struct box *box, const struct preprocess_geometry *geometry, int h, int w, struct box *out);

/*
 * Resize, centre crop (offset round-half-even((side - crop) / 2); smaller pictures are padded with zeros), normalise.
 * input: (3,crop_h,crop_w), given by the caller. pixels: if not NULL, receives the crop's 8-bit RGB (crop_h,crop_w,3),
 * in the arena, for overlays. geometry may be NULL. Errors: no memory, a picture of impossible aspect.
 */
int preprocess_picture(const struct picture *picture, const struct preprocess *how, struct arena *arena, float *input,
                       uint8_t **pixels, struct preprocess_geometry *geometry, struct error *err);

#endif
