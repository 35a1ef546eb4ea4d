/* methods/baselines.c - images made from the input: black and blurred ones to mask with, its pixels, their grey. */
#include "methods/cam_private.h"

#include "base/blur.h"

const float *cam_black_input(struct cam *cam)
{
    const struct shape input = cam_input_shape(cam);
    const size_t plane = (size_t)input.h * (size_t)input.w;
    float *black = cam_floats(cam, (size_t)input.c * plane);
    for (size_t i = 0; black && i < (size_t)input.c * plane; i++)
        black[i] = cam->pass->setup.black[i / plane];
    return black;
}

const float *cam_pixels(struct cam *cam)
{
    const struct shape input = cam_input_shape(cam);
    const struct cam_setup *setup = &cam->pass->setup;
    const size_t plane = (size_t)input.h * (size_t)input.w;
    float *pixels = cam_floats(cam, (size_t)input.c * plane);
    for (size_t i = 0; pixels && i < (size_t)input.c * plane; i++)
        pixels[i] = (setup->input[i] - setup->black[i / plane]) * setup->deviation[i / plane];
    return pixels;
}

const float *cam_grey(struct cam *cam)
{
    const struct shape input = cam_input_shape(cam);
    const size_t plane = (size_t)input.h * (size_t)input.w;
    const float *pixels = cam_pixels(cam);
    float *grey = cam_floats(cam, plane);
    for (size_t i = 0; pixels && grey && i < plane; i++) {
        double sum = 0;
        for (int c = 0; c < input.c; c++)
            sum += cam->pass->setup.grey[c] * pixels[(size_t)c * plane + i];
        grey[i] = (float)sum;
    }
    return pixels ? grey : NULL;
}

/* The taps are rounded to floats, as in PyTorch. */
static void gaussian_taps(double *taps, int kernel, double sigma)
{
    const int middle = kernel / 2;
    double sum = 0;
    for (int t = 0; t < kernel; t++)
        sum += exp(-pow(t - middle, 2) / (2 * sigma * sigma));
    for (int t = 0; t < kernel; t++)
        taps[t] = (float)(exp(-pow(t - middle, 2) / (2 * sigma * sigma)) / sum);
}

const float *cam_blurred_input(struct cam *cam, int kernel, double sigma)
{
    const struct shape input = cam_input_shape(cam);
    const size_t plane = (size_t)input.h * (size_t)input.w;
    double *taps = cam_alloc(cam, (size_t)kernel, sizeof *taps);
    float *rows = cam_floats(cam, plane);
    float *out = cam_floats(cam, (size_t)input.c * plane);
    if (!taps || !rows || !out)
        return NULL;
    gaussian_taps(taps, kernel, sigma);
    blur_planes(&(struct blur){BLUR_REFLECT, kernel, taps}, cam->pass->setup.input, input.c, input.h, input.w, rows,
                out);
    return out;
}
