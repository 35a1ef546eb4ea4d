/*
 * backbones/picture_input.h - the input of a network: the size of a picture and the normalisation of its pixels.
 *
 * These values belong to a trained network, not to a picture or a protocol. They come from three places: the family's
 * defaults, the weights file, the config; picture_input_add() lets the later place replace what the earlier one gives.
 * Pixels are RGB in [0,1]; the input of colour c is (pixel - mean[c]) / deviation[c].
 */
#ifndef BACKBONES_PICTURE_INPUT_H
#define BACKBONES_PICTURE_INPUT_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

#define PICTURE_SIDE_MAX 16384
#define PICTURE_RESIZE_CHOICES \
    "protocol|shorter|squash" /* names of enum picture_resize, for base/text.h and help texts */

enum picture_resize {
    PICTURE_RESIZE_PROTOCOL, /* as the protocol says */
    PICTURE_RESIZE_SHORTER,  /* the shorter side, aspect kept, then a central crop */
    PICTURE_RESIZE_SQUASH    /* both sides */
};

/* All zero: nothing is given. */
struct picture_input {
    int h, w; /* 0: not given */
    bool has_mean, has_deviation;
    double mean[3], deviation[3];
    enum picture_resize resize; /* PICTURE_RESIZE_PROTOCOL: not given */
};

/* The mean and deviation of ImageNet's pixels, which all of torchvision's classification networks use; no size. */
extern const struct picture_input picture_input_imagenet;

/* Values given in `over` replace those of `input`. */
void picture_input_add(struct picture_input *input, const struct picture_input *over);

/* Removes from `input` all that `base` gives too, with equal values. */
void picture_input_remove(struct picture_input *input, const struct picture_input *base);

bool picture_input_is_empty(const struct picture_input *input);

/* The input's value of a black pixel; both need mean and deviation. */
float picture_input_black(const struct picture_input *input, int colour);

/*
 * Check `count` values that a person or a file has given. Errors name the key ("mean", "std" or an option's name): not
 * three values; a mean outside of 0..1 (pixels are not 0..255); a deviation that is not above 0, or above 1000. Sizes:
 * a side outside of 1..PICTURE_SIDE_MAX.
 */
int picture_input_set_mean(struct picture_input *input, const char *key, const double *values, size_t count,
                           struct error *err);
int picture_input_set_deviation(struct picture_input *input, const char *key, const double *values, size_t count,
                                struct error *err);
int picture_input_set_size(struct picture_input *input, const char *key, const double *sides, size_t count,
                           struct error *err);

#endif
