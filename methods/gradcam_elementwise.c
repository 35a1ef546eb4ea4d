/*
 * methods/gradcam_elementwise.c - element-wise Grad-CAM. Pillai and Pirsiavash, "Explainable Models with Consistent
 * Interpretations", AAAI 2021. The positive part of activation times gradient at each position, summed over channels:
 * HiResCAM with the ReLU before the sum.
 */
#include "methods/method.h"

struct gradcam_elementwise {
    int score;
};

static int explain(struct cam *cam, const void *params, float *map)
{
    const struct gradcam_elementwise *p = params;
    const struct tensor *act = cam_activations(cam);         /* (C,h,w) */
    const struct tensor *grad = cam_gradient(cam, p->score); /* (C,h,w), d score / d act */
    if (!act || !grad)
        return -1;
    cam_product_sum(cam, act, grad, true, map);
    return 0;
}

static const struct param params[] = {
    PARAM_ENUM(struct gradcam_elementwise, score, CAM_SCORE_CHOICES, "what is differentiated"), {0}};

const struct method method_gradcam_elementwise = {
    .abi = METHOD_ABI,
    .name = "gradcam_elementwise",
    .title = "Grad-CAM element-wise",
    .year = 2021,
    .source = "pillai2021elementwise",
    .version = 1,
    .group = METHOD_GRADIENT,
    .flags = METHOD_CHANNEL_MAPS,
    .peers = "pytorch-grad-cam GradCAMElementWise",
    .passes = "1 forward, 1 backward of the tail",
    .params = params,
    .params_size = sizeof(struct gradcam_elementwise),
    .cost = cost_of_gradient,
    .explain = explain,
};
