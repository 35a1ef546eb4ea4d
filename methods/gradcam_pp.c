/*
 * methods/gradcam_pp.c - Grad-CAM++. Chattopadhay et al., "Grad-CAM++: Improved Visual Explanations for Deep
 * Convolutional Networks", WACV 2018, arXiv:1710.11063.
 *
 * With the score exp(y) the second and third derivatives are powers of the gradient g:
 *     alpha = g^2 / (2 g^2 + S g^3),  S the sum of the channel's activation;  w = sum alpha relu(g)
 * `stable` divides by g^2 first. The other forms repeat what two well-known programs do: an eps, or a division whose
 * result is not used, makes w about proportional to the sum of relu(g)^3.
 */
#include "methods/method.h"

enum form { FORM_STABLE, FORM_PYTORCH_GRAD_CAM, FORM_TORCHCAM };

struct gradcam_pp {
    int score, form;
    double eps;
};

/* alpha of one gradient g > 0; `sum` is S. */
typedef double alpha_of(float g, double sum, double eps);

static double alpha_stable(float g, double sum, double eps)
{
    const double denominator = 2 + sum * g;
    return 1 / (denominator != 0 ? denominator : eps);
}

static double alpha_pytorch_grad_cam(float g, double sum, double eps)
{
    const float g2 = g * g, g3 = g2 * g; /* in float32, as in that program */
    return g2 / (2 * g2 + (float)sum * g3 + (float)eps);
}

static double alpha_torchcam(float g, double sum, double eps)
{
    (void)sum, (void)eps; /* that program does not use the quotient */
    return (double)g * g;
}

static alpha_of *const alphas[] = {
    [FORM_STABLE] = alpha_stable,
    [FORM_PYTORCH_GRAD_CAM] = alpha_pytorch_grad_cam,
    [FORM_TORCHCAM] = alpha_torchcam,
};

static float weight_of(const float *act, const float *grad, size_t plane, const struct gradcam_pp *p)
{
    double sum = 0, weight = 0;
    for (size_t i = 0; i < plane; i++)
        sum += act[i];
    for (size_t i = 0; i < plane; i++)
        if (!(grad[i] <= 0)) /* relu(g) = 0 otherwise; NaN must be kept */
            weight += alphas[p->form](grad[i], sum, p->eps) * grad[i];
    return (float)weight;
}

static int explain(struct cam *cam, const void *params, float *map)
{
    const struct gradcam_pp *p = params;
    const struct tensor *act = cam_activations(cam);         /* (C,h,w) */
    const struct tensor *grad = cam_gradient(cam, p->score); /* (C,h,w), d score / d act */
    float *weight = act ? cam_floats(cam, act->c) : NULL;
    if (!act || !grad || !weight)
        return -1;
    const size_t plane = tensor_plane(act);
    for (int k = 0; k < act->c; k++)
        weight[k] = weight_of(act->data + k * plane, grad->data + k * plane, plane, p);
    cam_weighted_sum(cam, act, weight, map);
    return 0;
}

static const struct param params[] = {
    PARAM_ENUM(struct gradcam_pp, score, CAM_SCORE_CHOICES, "what is differentiated"),
    PARAM_ENUM(struct gradcam_pp, form, "stable|pytorch_grad_cam|torchcam",
               "formula of alpha, or the program that it is taken from"),
    PARAM_FLOAT(struct gradcam_pp, eps, 1e-6, 0, 1e-2, "added to alpha's denominator, or replaces it if it is zero"),
    {0}};

const struct method method_gradcam_pp = {
    .abi = METHOD_ABI,
    .name = "gradcam_pp",
    .title = "Grad-CAM++",
    .year = 2018,
    .source = "chattopadhay2018gradcampp",
    .version = 1,
    .group = METHOD_GRADIENT,
    .flags = METHOD_CHANNEL_MAPS,
    .peers = "pytorch-grad-cam GradCAMPlusPlus; torch-cam GradCAMpp",
    .passes = "1 forward, 1 backward of the tail",
    .params = params,
    .params_size = sizeof(struct gradcam_pp),
    .cost = cost_of_gradient,
    .explain = explain,
};
