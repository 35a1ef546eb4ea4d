/* backbones/picture_input.c - sizes and normalisations: ImageNet's, joined, compared and checked. */
#include "backbones/picture_input.h"

#include <math.h>
#include <string.h>

#define DEVIATION_MIN 1e-6 /* 1/deviation stays a sound float32 */
#define DEVIATION_MAX 1000.0

const struct picture_input picture_input_imagenet = {
    .has_mean = true, .has_deviation = true, .mean = {0.485, 0.456, 0.406}, .deviation = {0.229, 0.224, 0.225}};

void picture_input_add(struct picture_input *input, const struct picture_input *over)
{
    input->h = over->h > 0 ? over->h : input->h;
    input->w = over->w > 0 ? over->w : input->w;
    if (over->has_mean)
        memcpy(input->mean, over->mean, sizeof input->mean);
    if (over->has_deviation)
        memcpy(input->deviation, over->deviation, sizeof input->deviation);
    if (over->resize != PICTURE_RESIZE_PROTOCOL)
        input->resize = over->resize;
    input->has_mean |= over->has_mean;
    input->has_deviation |= over->has_deviation;
}

/* Compares as float32, the networks' type. */
static bool are_same(const double *a, const double *b)
{
    for (int c = 0; c < 3; c++)
        if ((float)a[c] != (float)b[c])
            return false;
    return true;
}

void picture_input_remove(struct picture_input *input, const struct picture_input *base)
{
    if (input->h == base->h && input->w == base->w)
        input->h = input->w = 0;
    if (base->has_mean && are_same(input->mean, base->mean))
        input->has_mean = false;
    if (base->has_deviation && are_same(input->deviation, base->deviation))
        input->has_deviation = false;
    if (input->resize == base->resize)
        input->resize = PICTURE_RESIZE_PROTOCOL;
}

bool picture_input_is_empty(const struct picture_input *input)
{
    return input->h == 0 && input->w == 0 && !input->has_mean && !input->has_deviation &&
           input->resize == PICTURE_RESIZE_PROTOCOL;
}

float picture_input_black(const struct picture_input *input, int colour)
{
    return -(float)input->mean[colour] / (float)input->deviation[colour];
}

static int check_count(const char *key, size_t count, struct error *err)
{
    return count == 3 ? 0
                      : error_set(err, "%s has %zu value%s; it must have 3, of red, green and blue", key, count,
                                  count == 1 ? "" : "s");
}

int picture_input_set_mean(struct picture_input *input, const char *key, const double *values, size_t count,
                           struct error *err)
{
    if (check_count(key, count, err))
        return -1;
    for (int c = 0; c < 3; c++)
        if (!(values[c] >= 0 && values[c] <= 1))
            return error_set(err, "%s has the value %g; allowed: 0..1 (of pixels that are 0 to 1, not 0 to 255)", key,
                             values[c]);
    memcpy(input->mean, values, sizeof input->mean);
    input->has_mean = true;
    return 0;
}

int picture_input_set_deviation(struct picture_input *input, const char *key, const double *values, size_t count,
                                struct error *err)
{
    if (check_count(key, count, err))
        return -1;
    for (int c = 0; c < 3; c++)
        if (!(values[c] >= DEVIATION_MIN && values[c] <= DEVIATION_MAX))
            return error_set(err, "%s has the value %g; allowed: more than 0 (at least %g), at most %g", key, values[c],
                             DEVIATION_MIN, DEVIATION_MAX);
    memcpy(input->deviation, values, sizeof input->deviation);
    input->has_deviation = true;
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
