/*
 * methods/saliency.c - the gradient of the score with respect to the input. Simonyan, Vedaldi, Zisserman, "Deep Inside
 * Convolutional Networks: Visualising Image Classification Models and Saliency Maps", 2014, arXiv:1312.6034.
 */
#include "methods/reduce.h"

struct saliency_map {
    int score, reduce;
    double clip_percentile;
};

static int explain(struct cam *cam, const void *params, float *map)
{
    const struct saliency_map *p = params;
    const struct tensor *grad = cam_input_gradient(cam, p->score, GRADIENT_PLAIN); /* (C,H,W) */
    return grad ? reduce_colours(cam, grad->data, p->reduce, p->clip_percentile, map) : -1;
}

static const struct param params[] = {
    PARAM_ENUM(struct saliency_map, score, CAM_SCORE_CHOICES, "what is differentiated"),
    PARAM_REDUCE(struct saliency_map, "max_abs"),
    PARAM_CLIP(struct saliency_map),
    {0}};

const struct method method_saliency = {
    .abi = METHOD_ABI,
    .name = "saliency",
    .title = "Saliency",
    .year = 2014,
    .source = "simonyan2014saliency",
    .version = 1,
    .group = METHOD_INPUT_GRADIENT,
    .peers = "captum Saliency",
    .passes = "1 forward, 1 backward to the input",
    .map = METHOD_MAP_INPUT,
    .params = params,
    .params_size = sizeof(struct saliency_map),
    .cost = cost_of_gradient,
    .explain = explain,
};
