/*
 * methods/input_x_gradient.c - the input times the gradient of the score. Named in Shrikumar et al., "Not Just a Black
 * Box: Learning Important Features Through Propagating Activation Differences", 2016, arXiv:1605.01713; the gradient is
 * that of Simonyan, Vedaldi, Zisserman, 2014, arXiv:1312.6034.
 */
#include "methods/reduce.h"

struct input_x_gradient {
    int score, reduce;
    double clip_percentile;
};

static int explain(struct cam *cam, const void *params, float *map)
{
    const struct input_x_gradient *p = params;
    const struct tensor *grad = cam_input_gradient(cam, p->score, GRADIENT_PLAIN); /* (C,H,W) */
    const float *x = cam_input(cam);
    float *product = grad ? cam_floats(cam, tensor_size(grad)) : NULL;
    if (!product)
        return -1;
    for (size_t i = 0; i < tensor_size(grad); i++)
        product[i] = x[i] * grad->data[i];
    return reduce_colours(cam, product, p->reduce, p->clip_percentile, map);
}

static const struct param params[] = {
    PARAM_ENUM(struct input_x_gradient, score, CAM_SCORE_CHOICES, "what is differentiated"),
    PARAM_REDUCE(struct input_x_gradient, "sum_abs"),
    PARAM_CLIP(struct input_x_gradient),
    {0}};

const struct method method_input_x_gradient = {
    .abi = METHOD_ABI,
    .name = "input_x_gradient",
    .title = "Input x Gradient",
    .year = 2016,
    .source = "shrikumar2016inputgradient",
    .version = 1,
    .group = METHOD_INPUT_GRADIENT,
    .peers = "captum InputXGradient",
    .passes = "1 forward, 1 backward to the input",
    .map = METHOD_MAP_INPUT,
    .params = params,
    .params_size = sizeof(struct input_x_gradient),
    .cost = cost_of_gradient,
    .explain = explain,
};
