/*
 * methods/center_gaussian.c - a Gaussian at the image's centre: a control that shows how good a map can be because most
 * objects are in the middle.
 */
#include "methods/method.h"

struct center_gaussian {
    double sigma;
};

static int explain(struct cam *cam, const void *params, float *map)
{
    const struct center_gaussian *p = params;
    const struct shape input = cam_input_shape(cam);
    const double deviation = p->sigma * (input.h < input.w ? input.h : input.w);
    for (int y = 0; y < input.h; y++)
        for (int x = 0; x < input.w; x++) {
            const double down = y - (input.h - 1) / 2.0, right = x - (input.w - 1) / 2.0;
            *map++ = (float)exp(-(down * down + right * right) / (2 * deviation * deviation));
        }
    return 0;
}

static const struct param params[] = {
    PARAM_FLOAT(struct center_gaussian, sigma, 0.25, 0.01, 2, "standard deviation, as a part of the shorter side"),
    {0}};

const struct method method_center_gaussian = {
    .abi = METHOD_ABI,
    .name = "center_gaussian",
    .title = "Centre Gaussian",
    .version = 1,
    .group = METHOD_CONTROL,
    .passes = "1 forward",
    .map = METHOD_MAP_INPUT,
    .is_signed = true,
    .params = params,
    .params_size = sizeof(struct center_gaussian),
    .explain = explain,
};
