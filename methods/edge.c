/*
 * methods/edge.c - the edges of the image: the magnitude of the Sobel gradient of its grey values. A control that does
 * not depend on the network. Borders are reflected without the edge pixel.
 */
#include "methods/method.h"

#include <stdlib.h>

/* Position i of n, reflected if it is one outside. */
static int reflected(int i, int n)
{
    const int inside = i < 0 ? -i : i >= n ? 2 * n - 2 - i : i;
    return inside < 0 || inside >= n ? 0 : inside; /* a side of one pixel */
}

static double magnitude(const float *grey, struct shape input, int y, int x)
{
    double down = 0, right = 0;
    for (int dy = -1; dy <= 1; dy++)
        for (int dx = -1; dx <= 1; dx++) {
            const float value =
                grey[(size_t)reflected(y + dy, input.h) * (size_t)input.w + (size_t)reflected(x + dx, input.w)];
            down += dy * (2 - abs(dx)) * (double)value;
            right += dx * (2 - abs(dy)) * (double)value;
        }
    return sqrt(down * down + right * right);
}

static int explain(struct cam *cam, const void *params, float *map)
{
    (void)params; /* none */
    const struct shape input = cam_input_shape(cam);
    const float *grey = cam_grey(cam);
    if (!grey)
        return -1;
    for (int y = 0; y < input.h; y++)
        for (int x = 0; x < input.w; x++)
            *map++ = (float)magnitude(grey, input, y, x);
    return 0;
}

const struct method method_edge = {
    .abi = METHOD_ABI,
    .name = "edge",
    .title = "Edges",
    .version = 1,
    .group = METHOD_CONTROL,
    .peers = "pytorch-grad-cam sobel_cam",
    .passes = "1 forward",
    .map = METHOD_MAP_INPUT,
    .is_signed = true,
    .explain = explain,
};
