/*
 * methods/null.c - writes a map of zeros without any work. A control: it measures what a run costs without a method.
 * The map hides the whole image.
 */
#include "methods/method.h"

static int explain(struct cam *cam, const void *params, float *map)
{
    (void)params; /* none */
    const struct tensor *act = cam_activations(cam);
    if (!act)
        return -1;
    memset(map, 0, tensor_plane(act) * sizeof *map);
    return 0;
}

const struct method method_null = {
    .abi = METHOD_ABI,
    .name = "null",
    .title = "No map",
    .version = 1,
    .group = METHOD_CONTROL,
    .passes = "1 forward",
    .explain = explain,
};
