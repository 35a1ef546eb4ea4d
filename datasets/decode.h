/*
 * datasets/decode.h - encoded bytes to 8-bit RGB, as Pillow's convert("RGB") gives it.
 *
 * JPEG (libjpeg-turbo: grey, YCbCr, CMYK and YCCK, progressive; EXIF orientation ignored, as in torchvision) and
 * PNG (grey, palette, alpha dropped, 16 bits reduced, as in Pillow). A truncated or damaged file is an error; there are
 * no partial pictures.
 */
#ifndef DATASETS_DECODE_H
#define DATASETS_DECODE_H

#include "base/arena.h"
#include "base/error.h"
#include "datasets/picture.h"

#include <stdbool.h>
#include <stddef.h>

#define DECODE_SIDE_MAX 16384
#define DECODE_PIXELS_MAX (100u << 20)

/* Decodes into the arena. Errors: not a JPEG or PNG, truncated, damaged, too large (with the sides), no memory. */
int decode_picture(const void *bytes, size_t size, struct arena *arena, struct picture *picture, struct error *err);

/* Decodes a mask: a PNG of one 8-bit channel, values unchanged. For any other PNG the error names its kind. */
int decode_mask(const void *bytes, size_t size, struct arena *arena, struct mask *mask, struct error *err);

/* Whether a file is a PNG of 16-bit grey, whose values above 255 become white, as in Pillow's convert("RGB"). */
bool decode_clips(const char *bytes, size_t size);

#endif
