/*
 * methods/hirescam.c - HiResCAM. Draelos and Carin, "Use HiResCAM instead of Grad-CAM for faithful explanations of
 * convolutional neural networks", 2020, arXiv:2011.08891. The product of activation and gradient at each position,
 * summed over channels: gradients are not averaged over space.
 */
#include "methods/method.h"

struct hirescam {
    int score;
    bool relu;
};

static int explain(struct cam *cam, const void *params, float *map)
{
    const struct hirescam *p = params;
    const struct tensor *act = cam_activations(cam);         /* (C,h,w) */
    const struct tensor *grad = cam_gradient(cam, p->score); /* (C,h,w), d score / d act */
    if (!act || !grad)
        return -1;
    cam_product_sum(cam, act, grad, false, map);
    return 0;
}

static int form(struct cam *cam, const void *params, struct map_form *form)
{
    (void)cam;
    const struct hirescam *p = params;
    form->is_signed = !p->relu;
    return 0;
}

static const struct param params[] = {
    PARAM_ENUM(struct hirescam, score, CAM_SCORE_CHOICES, "what is differentiated"),
    PARAM_BOOL(struct hirescam, relu, true, "false: negative evidence is not cut off before min-max"),
    {0}};

const struct method method_hirescam = {
    .abi = METHOD_ABI,
    .name = "hirescam",
    .title = "HiResCAM",
    .year = 2020,
    .source = "draelos2020hirescam",
    .version = 1,
    .group = METHOD_GRADIENT,
    .flags = METHOD_CHANNEL_MAPS,
    .peers = "pytorch-grad-cam HiResCAM",
    .passes = "1 forward, 1 backward of the tail",
    .params = params,
    .params_size = sizeof(struct hirescam),
    .cost = cost_of_gradient,
    .explain = explain,
    .form = form,
};
