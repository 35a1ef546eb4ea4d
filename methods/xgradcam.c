/*
 * methods/xgradcam.c - XGrad-CAM. Fu et al., "Axiom-based Grad-CAM: Towards Accurate Visualization and Explanation of
 * CNNs", BMVC 2020, arXiv:2008.02312. A channel's weight is the mean of its gradient, weighted by its activation.
 */
#include "methods/method.h"

struct xgradcam {
    int score;
    double eps;
};

static float weight_of(const float *act, const float *grad, size_t plane, double eps)
{
    double sum = 0, product = 0;
    for (size_t i = 0; i < plane; i++) {
        sum += act[i];
        product += (double)grad[i] * act[i];
    }
    return fabs(sum) <= eps ? 0 : (float)(product / (sum + eps)); /* with both signs it may be almost 0 */
}

static int explain(struct cam *cam, const void *params, float *map)
{
    const struct xgradcam *p = params;
    const struct tensor *act = cam_activations(cam);         /* (C,h,w) */
    const struct tensor *grad = cam_gradient(cam, p->score); /* (C,h,w), d score / d act */
    float *weight = act ? cam_floats(cam, act->c) : NULL;
    if (!act || !grad || !weight)
        return -1;
    const size_t plane = tensor_plane(act);
    for (int k = 0; k < act->c; k++)
        weight[k] = weight_of(act->data + k * plane, grad->data + k * plane, plane, p->eps);
    cam_weighted_sum(cam, act, weight, map);
    return 0;
}

static const struct param params[] = {
    PARAM_ENUM(struct xgradcam, score, CAM_SCORE_CHOICES, "what is differentiated"),
    PARAM_FLOAT(struct xgradcam, eps, 1e-7, 0, 1e-2, "channels with |sum of activations| up to this have weight 0"),
    {0}};

const struct method method_xgradcam = {
    .abi = METHOD_ABI,
    .name = "xgradcam",
    .title = "XGrad-CAM",
    .year = 2020,
    .source = "fu2020xgradcam",
    .version = 1,
    .group = METHOD_GRADIENT,
    .flags = METHOD_CHANNEL_MAPS,
    .peers = "pytorch-grad-cam XGradCAM; torch-cam XGradCAM",
    .passes = "1 forward, 1 backward of the tail",
    .params = params,
    .params_size = sizeof(struct xgradcam),
    .cost = cost_of_gradient,
    .explain = explain,
};
