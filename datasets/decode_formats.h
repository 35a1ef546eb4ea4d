/*
 * datasets/decode_formats.h - the decoders of the two formats. Private to datasets/decode*.c and the importer.
 */
#ifndef DATASETS_DECODE_FORMATS_H
#define DATASETS_DECODE_FORMATS_H

#include "datasets/decode.h"

/* As decode_picture(), for bytes that begin with the format's signature. */
int decode_jpeg(const void *bytes, size_t size, struct arena *arena, struct picture *picture, struct error *err);
int decode_png(const void *bytes, size_t size, struct arena *arena, struct picture *picture, struct error *err);

/* Errors: a side of 0, larger than DECODE_SIDE_MAX, or too many pixels. `format` is "JPEG" or "PNG", for the error. */
int decode_check_sides(const char *format, uint64_t w, uint64_t h, struct error *err);

/* Checks the sides and makes room for the pixels. */
int decode_make_room(const char *format, uint64_t w, uint64_t h, struct arena *arena, struct picture *picture,
                     struct error *err);

#endif
