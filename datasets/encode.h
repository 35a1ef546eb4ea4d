/*
 * datasets/encode.h - pictures to JPEG and PNG files in memory.
 */
#ifndef DATASETS_ENCODE_H
#define DATASETS_ENCODE_H

#include "base/error.h"
#include "datasets/imageset.h"

/* An encoded file; the caller frees `bytes`. */
struct encoded {
    unsigned char *bytes;
    unsigned long size;
};

/* Baseline JPEG, 4:2:0. Errors: no memory. */
int encode_jpeg(const struct picture *picture, int quality, struct encoded *out, struct error *err);

/* PNG of one 8-bit channel. Errors: no memory. */
int encode_mask(const struct mask *mask, struct encoded *out, struct error *err);

#endif
