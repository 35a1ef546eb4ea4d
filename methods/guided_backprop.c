/*
 * methods/guided_backprop.c - guided backpropagation: the gradient of the score with respect to the input, but each
 * ReLU passes only positive gradients. Springenberg et al., "Striving for Simplicity: The All Convolutional Net", ICLR
 * workshop 2015, arXiv:1412.6806.
 */
#include "methods/reduce.h"

struct guided_backprop {
    int score, reduce;
    double clip_percentile;
    bool relu6_guided;
};

static int explain(struct cam *cam, const void *params, float *map)
{
    const struct guided_backprop *p = params;
    const enum gradient_rule rule = p->relu6_guided ? GRADIENT_GUIDED : GRADIENT_GUIDED_RELU;
    const struct tensor *grad = cam_input_gradient(cam, p->score, rule); /* (C,H,W) */
    return grad ? reduce_colours(cam, grad->data, p->reduce, p->clip_percentile, map) : -1;
}

static const struct param params[] = {
    PARAM_ENUM(struct guided_backprop, score, CAM_SCORE_CHOICES, "what is differentiated"),
    PARAM_REDUCE(struct guided_backprop, "sum_abs"),
    PARAM_CLIP(struct guided_backprop),
    PARAM_BOOL(struct guided_backprop, relu6_guided, true, "false: ReLU6 keeps its gradient, only ReLU is guided"),
    {0}};

const struct method method_guided_backprop = {
    .abi = METHOD_ABI,
    .name = "guided_backprop",
    .title = "Guided Backpropagation",
    .year = 2015,
    .source = "springenberg2015guided",
    .version = 1,
    .group = METHOD_INPUT_GRADIENT,
    .flags = METHOD_NEEDS_GRAPH,
    .peers = "pytorch-grad-cam GuidedBackpropReLUModel; captum GuidedBackprop",
    .passes = "1 forward, 1 backward to the input",
    .map = METHOD_MAP_INPUT,
    .params = params,
    .params_size = sizeof(struct guided_backprop),
    .cost = cost_of_gradient,
    .explain = explain,
};
