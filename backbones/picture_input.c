/* backbones/picture_input.c - sizes, channels and normalisations: joined, compared, completed and checked. */
#include "backbones/picture_input.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define DEVIATION_MIN 1e-6 /* 1/deviation stays a sound float32 */
#define DEVIATION_MAX 1000.0
#define MEAN_MAX 255.0
#define LETTERS "rgbl0"

#define IMAGENET \
    .has_mean = true, .has_deviation = true, .mean = {0.485, 0.456, 0.406}, .deviation = {0.229, 0.224, 0.225}

const struct picture_input picture_input_imagenet = {IMAGENET};

#define ONE_VALUE(scale_, mean_, deviation_) \
    { \
        .has_mean = true, .has_deviation = true, .mean = {mean_}, .deviation = {deviation_}, .mean_count = 1, \
        .deviation_count = 1, .scale = (scale_) \
    }

static const struct picture_input presets[] = {
    [PICTURE_TORCHVISION] = {IMAGENET, .mean_count = 3, .deviation_count = 3, .scale = 1, .channels = "rgb"},
    [PICTURE_INCEPTION] = ONE_VALUE(1, 0.5, 0.5),
    [PICTURE_KERAS_CAFFE] = {.has_mean = true,
                             .has_deviation = true,
                             .mean = {103.939, 116.779, 123.68},
                             .deviation = {1},
                             .mean_count = 3,
                             .deviation_count = 1,
                             .scale = 255,
                             .channels = "bgr"},
    [PICTURE_KERAS_TF] = ONE_VALUE(1, 0.5, 0.5),
    [PICTURE_RAW] = ONE_VALUE(255, 0, 1),
};

const struct picture_input *picture_input_preset(enum picture_preset preset)
{
    return &presets[preset];
}

/* -- values of channels --------------------------------------------------------------------------------------------- */

static int count_of(int count)
{
    return count ? count : 3;
}

static const char *letters_of(const struct picture_input *input)
{
    return input->channels[0] ? input->channels : "rgb";
}

/* Brings values from the order of the letters `from` to that of `to`; false: a letter is new, and nothing is changed. */
static bool reorder(double *values, int *count, const char *from, const char *to)
{
    double old[PICTURE_CHANNELS_MAX], moved[PICTURE_CHANNELS_MAX];
    if (*count == 1)
        return true;
    memcpy(old, values, sizeof old);
    for (int c = 0; to[c]; c++) {
        const char *place = strchr(from, to[c]);
        if (!place || place - from >= count_of(*count))
            return false;
        moved[c] = old[place - from];
    }
    memcpy(values, moved, strlen(to) * sizeof *values);
    *count = (int)strlen(to);
    return true;
}

static void set_channels(struct picture_input *input, const char *channels)
{
    const char *before = letters_of(input);
    if (strcmp(before, channels) != 0) {
        input->has_mean = input->has_mean && reorder(input->mean, &input->mean_count, before, channels);
        input->has_deviation =
            input->has_deviation && reorder(input->deviation, &input->deviation_count, before, channels);
    }
    snprintf(input->channels, sizeof input->channels, "%s", channels);
}

void picture_input_add(struct picture_input *input, const struct picture_input *over)
{
    input->h = over->h > 0 ? over->h : input->h;
    input->w = over->w > 0 ? over->w : input->w;
    if (over->channels[0])
        set_channels(input, over->channels);
    if (over->has_mean) {
        memcpy(input->mean, over->mean, sizeof input->mean);
        input->mean_count = over->mean_count;
    }
    if (over->has_deviation) {
        memcpy(input->deviation, over->deviation, sizeof input->deviation);
        input->deviation_count = over->deviation_count;
    }
    if (over->resize != PICTURE_RESIZE_PROTOCOL)
        input->resize = over->resize;
    if (over->interpolation != PICTURE_INTERPOLATION_PROTOCOL)
        input->interpolation = over->interpolation;
    if (over->layout != PICTURE_LAYOUT_MODEL)
        input->layout = over->layout;
    input->crop = over->crop > 0 ? over->crop : input->crop;
    input->scale = over->scale > 0 ? over->scale : input->scale;
    input->has_mean |= over->has_mean;
    input->has_deviation |= over->has_deviation;
}

/* Compares as float32, the networks' type. `count` values stand for the channels of the complete `base`. */
static bool are_same(const double *values, int count, const double *base, int channels)
{
    if (count_of(count) != channels && count != 1)
        return false;
    for (int c = 0; c < channels; c++)
        if ((float)values[count == 1 ? 0 : c] != (float)base[c])
            return false;
    return true;
}

void picture_input_remove(struct picture_input *input, const struct picture_input *base)
{
    const int channels = (int)strlen(letters_of(base));
    const bool has_same_channels = !input->channels[0] || strcmp(input->channels, letters_of(base)) == 0;
    const bool has_same_scale = input->scale <= 0 || input->scale == (base->scale > 0 ? base->scale : 1);
    if (input->h == base->h && input->w == base->w)
        input->h = input->w = 0;
    if (has_same_channels)
        input->channels[0] = 0;
    if (has_same_channels && has_same_scale) {
        if (base->has_mean && are_same(input->mean, input->mean_count, base->mean, channels))
            input->has_mean = false;
        if (base->has_deviation && are_same(input->deviation, input->deviation_count, base->deviation, channels))
            input->has_deviation = false;
    }
    if (has_same_scale)
        input->scale = 0;
    if (input->crop == base->crop)
        input->crop = 0;
    if (input->resize == base->resize)
        input->resize = PICTURE_RESIZE_PROTOCOL;
    if (input->interpolation == base->interpolation)
        input->interpolation = PICTURE_INTERPOLATION_PROTOCOL;
    if (input->layout == base->layout)
        input->layout = PICTURE_LAYOUT_MODEL;
}

bool picture_input_is_empty(const struct picture_input *input)
{
    return input->h == 0 && input->w == 0 && !input->has_mean && !input->has_deviation && !input->channels[0] &&
           input->scale <= 0 && input->crop <= 0 && input->resize == PICTURE_RESIZE_PROTOCOL &&
           input->interpolation == PICTURE_INTERPOLATION_PROTOCOL && input->layout == PICTURE_LAYOUT_MODEL;
}

/* -- a network's --------------------------------------------------------------------------------------------------- */

static int check_values(const char *key, int count, int channels, struct error *err)
{
    if (count == 1 || count_of(count) == channels)
        return 0;
    return error_set(err, "%s has %d values; it must have %d, of %s, or one for all", key, count_of(count), channels,
                     channels == 3 ? "red, green and blue" : "the channels");
}

int picture_input_check(const struct picture_input *input, int channels, const char **key, struct error *err)
{
    const int letters = (int)strlen(letters_of(input));
    const double scale = input->scale > 0 ? input->scale : 1;
    channels = channels ? channels : letters;
    *key = "std";
    if (input->has_deviation && check_values("std", input->deviation_count, channels, err))
        return -1;
    *key = "mean";
    if (!input->has_mean)
        return 0;
    for (int c = 0; c < count_of(input->mean_count); c++)
        if (input->mean[c] > scale)
            return error_set(err, "mean has the value %g; allowed: 0..%g (of pixels that are 0 to %g%s)",
                             input->mean[c], scale, scale, scale == 1 ? ", not 0 to 255" : "");
    return check_values("mean", input->mean_count, channels, err);
}

/* ImageNet's value of a letter; `other` for letters that it does not have. */
static double usual(const double *imagenet, char letter, double other)
{
    const char *place = strchr("rgb", letter);
    return place ? imagenet[place - "rgb"] : other;
}

static void fill(double *values, int *count, bool *is_given, const struct picture_input *input, const double *imagenet,
                 double other)
{
    const int channels = (int)strlen(input->channels);
    for (int c = 0; c < channels && !*is_given; c++)
        values[c] = input->scale == 1 ? usual(imagenet, input->channels[c], other) : other;
    for (int c = 1; c < channels && *is_given && *count == 1; c++)
        values[c] = values[0];
    *count = channels;
    *is_given = true;
}

int picture_input_complete(struct picture_input *input, int channels, struct error *err)
{
    const int letters = (int)strlen(input->channels);
    const char *key;
    if (!letters && channels != 1 && channels != 3)
        return error_set(err,
                         "the network takes %d channels; input.channels must name them, at most %d letters of r, g, b, "
                         "l (luma) and 0 (zero)",
                         channels, PICTURE_CHANNELS_MAX);
    if (!letters)
        snprintf(input->channels, sizeof input->channels, "%s", channels == 1 ? "l" : "rgb");
    else if (letters != channels)
        return error_set(err, "channels are \"%s\", the network takes %d", input->channels, channels);
    if (picture_input_check(input, channels, &key, err))
        return -1;
    input->scale = input->scale > 0 ? input->scale : 1;
    fill(input->mean, &input->mean_count, &input->has_mean, input, picture_input_imagenet.mean, 0);
    fill(input->deviation, &input->deviation_count, &input->has_deviation, input, picture_input_imagenet.deviation, 1);
    return 0;
}

float picture_input_black(const struct picture_input *input, int channel)
{
    return -(float)input->mean[channel] / (float)input->deviation[channel];
}

float picture_input_white(const struct picture_input *input, int channel)
{
    const double scale = input->scale > 0 ? input->scale : 1;
    return (float)(scale - input->mean[channel]) / (float)input->deviation[channel];
}

float picture_input_deviation(const struct picture_input *input, int channel)
{
    return (float)(input->deviation[channel] / (input->scale > 0 ? input->scale : 1));
}

void picture_input_grey(const struct picture_input *input, double *weights)
{
    static const double luma[] = {0.299, 0.587, 0.114}; /* ITU-R BT.601 */
    const char *letters = letters_of(input), *grey = strchr(letters, 'l');
    double sum = 0;
    for (int c = 0; letters[c]; c++)
        sum += weights[c] = grey ? letters + c == grey : usual(luma, letters[c], 0);
    for (int c = 0; letters[c] && sum > 0 && sum < 0.999; c++)
        weights[c] /= sum;
}

/* -- given values -------------------------------------------------------------------------------------------------- */

static int check_count(const char *key, size_t count, struct error *err)
{
    if (count >= 1 && count <= PICTURE_CHANNELS_MAX)
        return 0;
    return error_set(err, "%s has %zu values; it must have one for each channel, at most %d", key, count,
                     PICTURE_CHANNELS_MAX);
}

int picture_input_set_mean(struct picture_input *input, const char *key, const double *values, size_t count,
                           struct error *err)
{
    if (check_count(key, count, err))
        return -1;
    for (size_t c = 0; c < count; c++)
        if (!(values[c] >= 0 && values[c] <= MEAN_MAX))
            return error_set(err, "%s has the value %g; allowed: 0..1 (of pixels that are 0 to 1), or 0 to the scale",
                             key, values[c]);
    memcpy(input->mean, values, count * sizeof *values);
    input->mean_count = (int)count;
    input->has_mean = true;
    return 0;
}

static int check_positive(const char *key, double value, struct error *err)
{
    return value >= DEVIATION_MIN && value <= DEVIATION_MAX
               ? 0
               : error_set(err, "%s has the value %g; allowed: more than 0 (at least %g), at most %g", key, value,
                           DEVIATION_MIN, DEVIATION_MAX);
}

int picture_input_set_deviation(struct picture_input *input, const char *key, const double *values, size_t count,
                                struct error *err)
{
    if (check_count(key, count, err))
        return -1;
    for (size_t c = 0; c < count; c++)
        if (check_positive(key, values[c], err))
            return -1;
    memcpy(input->deviation, values, count * sizeof *values);
    input->deviation_count = (int)count;
    input->has_deviation = true;
    return 0;
}

int picture_input_set_scale(struct picture_input *input, const char *key, double scale, struct error *err)
{
    if (check_positive(key, scale, err))
        return -1;
    input->scale = scale;
    return 0;
}

int picture_input_set_crop(struct picture_input *input, const char *key, double crop, struct error *err)
{
    if (!(crop >= 0.05 && crop <= PICTURE_SIDE_MAX) || (crop > 1 && crop != floor(crop)))
        return error_set(err,
                         "%s has the value %g; allowed: 0.05..1, of the resized side, or that side in pixels, 2..%d",
                         key, crop, PICTURE_SIDE_MAX);
    input->crop = crop;
    return 0;
}

int picture_input_set_channels(struct picture_input *input, const char *key, const char *text, struct error *err)
{
    const char *letters = strcmp(text, "gray") == 0 || strcmp(text, "grey") == 0 ? "l" : text;
    const size_t length = strlen(letters);
    if (length < 1 || length > PICTURE_CHANNELS_MAX || strspn(letters, LETTERS) != length)
        return error_set(err,
                         "%s is \"%.32s\"; allowed: rgb, bgr, gray, or 1 to %d letters of r, g, b, l (luma), 0 (zero)",
                         key, text, PICTURE_CHANNELS_MAX);
    snprintf(input->channels, sizeof input->channels, "%s", letters);
    return 0;
}

int picture_input_set_size(struct picture_input *input, const char *key, const double *sides, size_t count,
                           struct error *err)
{
    if (count < 1 || count > 2)
        return error_set(err, "%s has %zu values; it must be the side of a square, or height and width", key, count);
    for (size_t i = 0; i < count; i++)
        if (!(sides[i] >= 1 && sides[i] <= PICTURE_SIDE_MAX) || sides[i] != floor(sides[i]))
            return error_set(err, "%s has the value %g; allowed: whole numbers of 1..%d", key, sides[i],
                             PICTURE_SIDE_MAX);
    input->h = (int)sides[0];
    input->w = (int)sides[count - 1];
    return 0;
}
