/*
 * methods/uniform.c - 1 everywhere: a control whose explanation is the whole image, so that no score drops.
 */
#include "methods/method.h"

static int explain(struct cam *cam, const void *params, float *map)
{
    (void)params; /* none */
    const struct shape input = cam_input_shape(cam);
    for (size_t i = 0; i < (size_t)input.h * (size_t)input.w; i++)
        map[i] = 1;
    return 0;
}

const struct method method_uniform = {
    .abi = METHOD_ABI,
    .name = "uniform",
    .title = "Uniform",
    .version = 1,
    .group = METHOD_CONTROL,
    .passes = "1 forward",
    .map = METHOD_MAP_INPUT,
    .is_normalised = true,
    .explain = explain,
};
