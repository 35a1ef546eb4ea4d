/*
 * backbones/picture_input.h - the input of a network: its size, its channels, and what becomes of pixels and pictures.
 *
 * These values belong to a trained network, not to a picture or a protocol. They come from three places: the family's
 * defaults, the weights file, the config; picture_input_add() lets the later place replace what the earlier one gives.
 * Pixels are in [0,1]; the input of channel c is (pixel * scale - mean[c]) / deviation[c].
 */
#ifndef BACKBONES_PICTURE_INPUT_H
#define BACKBONES_PICTURE_INPUT_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

#define PICTURE_SIDE_MAX 16384
#define PICTURE_CHANNELS_MAX 16
/* Names of the enums, for base/text.h and help texts. */
#define PICTURE_RESIZE_CHOICES "protocol|shorter|squash"
#define PICTURE_INTERPOLATION_CHOICES "protocol|bilinear|bicubic|nearest|box|lanczos"
#define PICTURE_LAYOUT_CHOICES "model|nchw|nhwc"
#define PICTURE_PRESET_CHOICES "none|torchvision|inception|keras_caffe|keras_tf|raw"

enum picture_resize {
    PICTURE_RESIZE_PROTOCOL, /* as the protocol says */
    PICTURE_RESIZE_SHORTER,  /* the shorter side, aspect kept, then a central crop */
    PICTURE_RESIZE_SQUASH    /* both sides */
};

enum picture_interpolation {
    PICTURE_INTERPOLATION_PROTOCOL, /* as the protocol says */
    PICTURE_BILINEAR,
    PICTURE_BICUBIC,
    PICTURE_NEAREST,
    PICTURE_BOX,
    PICTURE_LANCZOS
};

enum picture_layout {
    PICTURE_LAYOUT_MODEL, /* as the model's file says */
    PICTURE_NCHW,
    PICTURE_NHWC
};

enum picture_preset {
    PICTURE_PRESET_NONE,
    PICTURE_TORCHVISION, /* ImageNet's mean and deviation of RGB */
    PICTURE_INCEPTION,   /* mean and deviation 0.5 */
    PICTURE_KERAS_CAFFE, /* BGR of 0..255 minus means */
    PICTURE_KERAS_TF,    /* -1..1 */
    PICTURE_RAW          /* 0..255 as they are */
};

/* All zero: nothing is given. */
struct picture_input {
    int h, w; /* 0: not given */
    bool has_mean, has_deviation;
    double mean[PICTURE_CHANNELS_MAX], deviation[PICTURE_CHANNELS_MAX]; /* in the order of `channels` */
    int mean_count, deviation_count; /* values given; 1: the same for all channels; 0: three */
    enum picture_resize resize;
    enum picture_interpolation interpolation;
    enum picture_layout layout; /* of the model's own input; inside the program all inputs are (C,H,W) */
    double crop;  /* up to 1: side of the crop / resized side; above: the resized side; 0: as the protocol says */
    double scale; /* 0: not given */
    char channels[PICTURE_CHANNELS_MAX + 1]; /* a letter each: r, g, b, l (luma), 0 (a pixel of 0); "": not given */
};

/* Initialises the fields of mean and deviation 0.5, for any number of channels. */
#define PICTURE_HALVES \
    .has_mean = true, .mean = {0.5, 0.5, 0.5}, .mean_count = 1, .has_deviation = true, .deviation = {0.5, 0.5, 0.5}, \
    .deviation_count = 1

/* The mean and deviation of ImageNet's pixels, which all of torchvision's classification networks use; no size. */
extern const struct picture_input picture_input_imagenet;

/* The values of a preset: mean, deviation, and where it needs them scale and channels. */
const struct picture_input *picture_input_preset(enum picture_preset preset);

/*
 * Values given in `over` replace those of `input`. Where `over` gives other channels and no mean or deviation, those of
 * `input` follow their letters.
 */
void picture_input_add(struct picture_input *input, const struct picture_input *over);

/* Removes from `input` all that `base`, a complete one, gives too, with equal values. */
void picture_input_remove(struct picture_input *input, const struct picture_input *base);

bool picture_input_is_empty(const struct picture_input *input);

/*
 * Completes the input of a network with that many channels: channels (l of one, rgb of three), scale 1, and where no
 * mean or deviation is given ImageNet's for r, g and b, 0 and 1 for other channels and with another scale. Errors:
 * other numbers of channels or values; no channels given for another number than 1 and 3; a mean outside of 0..scale.
 */
int picture_input_complete(struct picture_input *input, int channels, struct error *err);

/* The input's values of a black and of a white pixel; `input` is complete. */
float picture_input_black(const struct picture_input *input, int channel);
float picture_input_white(const struct picture_input *input, int channel);

/* A channel's deviation in pixels of [0,1]; `input` is complete. */
float picture_input_deviation(const struct picture_input *input, int channel);

/* The weights by which the channels become grey, [channels]; their sum is 1 unless all channels are 0. */
void picture_input_grey(const struct picture_input *input, double *weights);

/*
 * Check `count` values that a person or a file has given. Errors name the key ("mean", "std" or an option's name): more
 * values than PICTURE_CHANNELS_MAX or none; a mean that is negative or above 255; a deviation that is not above 0, or
 * above 1000; a scale likewise. Sizes: a side outside of 1..PICTURE_SIDE_MAX. Channels: "rgb", "bgr", "gray", or letters.
 */
int picture_input_set_mean(struct picture_input *input, const char *key, const double *values, size_t count,
                           struct error *err);
int picture_input_set_deviation(struct picture_input *input, const char *key, const double *values, size_t count,
                                struct error *err);
int picture_input_set_size(struct picture_input *input, const char *key, const double *sides, size_t count,
                           struct error *err);
int picture_input_set_scale(struct picture_input *input, const char *key, double scale, struct error *err);
int picture_input_set_crop(struct picture_input *input, const char *key, double crop, struct error *err);
int picture_input_set_channels(struct picture_input *input, const char *key, const char *text, struct error *err);

/*
 * Checks mean and deviation of a network whose number of channels is `channels`; 0: that of input->channels, else 3.
 * The key that is wrong is "mean" or "std", *key. Errors: another number of values, a mean above the scale.
 */
int picture_input_check(const struct picture_input *input, int channels, const char **key, struct error *err);

#endif
