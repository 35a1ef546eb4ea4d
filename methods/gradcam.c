/*
 * methods/gradcam.c - Grad-CAM. Selvaraju et al., "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based
 * Localization", ICCV 2017, eq. 1-2, arXiv:1610.02391. A channel's weight is the mean of its gradient.
 */
#include "methods/method.h"

struct gradcam {
    int score;
    bool relu;
};

static int explain(struct cam *cam, const void *params, float *map)
{
    const struct gradcam *p = params;
    const struct tensor *act = cam_activations(cam);         /* (C,h,w) */
    const struct tensor *grad = cam_gradient(cam, p->score); /* (C,h,w), d score / d act */
    float *weight = act ? cam_floats(cam, act->c) : NULL;
    if (!act || !grad || !weight)
        return -1;
    const size_t plane = tensor_plane(act);
    for (int k = 0; k < act->c; k++)
        weight[k] = (float)mean_of(grad->data + k * plane, plane);
    cam_weighted_sum(cam, act, weight, map);
    return 0;
}

static int form(struct cam *cam, const void *params, struct map_form *form)
{
    (void)cam;
    const struct gradcam *p = params;
    form->is_signed = !p->relu;
    return 0;
}

static const struct param params[] = {
    PARAM_ENUM(struct gradcam, score, CAM_SCORE_CHOICES, "what is differentiated"),
    PARAM_BOOL(struct gradcam, relu, true, "false: negative evidence is not cut off before min-max"),
    {0}};

const struct method method_gradcam = {
    .abi = METHOD_ABI,
    .name = "gradcam",
    .title = "Grad-CAM",
    .year = 2017,
    .source = "selvaraju2017gradcam",
    .version = 1,
    .group = METHOD_GRADIENT,
    .flags = METHOD_CHANNEL_MAPS,
    .peers = "pytorch-grad-cam GradCAM; torch-cam GradCAM; captum LayerGradCam",
    .passes = "1 forward, 1 backward of the tail",
    .params = params,
    .params_size = sizeof(struct gradcam),
    .cost = cost_of_gradient,
    .explain = explain,
    .form = form,
};
