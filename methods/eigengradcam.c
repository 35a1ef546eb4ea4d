/*
 * methods/eigengradcam.c - Eigen-Grad-CAM: the first principal component of activation times gradient, as in Gildenblat
 * and contributors, "PyTorch library for CAM methods", 2021, which has no paper. With abs_grad it is Seg-Eigen-CAM:
 * Chung and Ying, "Seg-Eigen-CAM: Eigen-Value-Based Visual Explanations for Semantic Segmentation Models", Applied
 * Sciences 15(13):7562, 2025.
 */
#include "methods/eigen.h"

struct eigengradcam {
    int score, sign;
    bool center, abs_grad;
};

static int explain(struct cam *cam, const void *params, float *map)
{
    const struct eigengradcam *p = params;
    const struct tensor *act = cam_activations(cam);         /* (C,h,w) */
    const struct tensor *grad = cam_gradient(cam, p->score); /* (C,h,w), d score / d act */
    const size_t size = act ? tensor_size(act) : 0;
    float *product = act ? cam_floats(cam, size) : NULL;
    if (!act || !grad || !product)
        return -1;
    for (size_t i = 0; i < size; i++)
        product[i] = (p->abs_grad ? fabsf(grad->data[i]) : grad->data[i]) * act->data[i];
    return eigen_map(cam, &(struct tensor){act->c, act->h, act->w, product}, p->center, p->sign, map);
}

static const struct param params[] = {
    PARAM_ENUM(struct eigengradcam, score, CAM_SCORE_CHOICES, "what is differentiated"),
    PARAM_ENUM(struct eigengradcam, sign, EIGEN_SIGN_CHOICES,
               "which of the two directions of the component is positive"),
    PARAM_BOOL(struct eigengradcam, center, true, "the mean of each channel of the product is subtracted first"),
    PARAM_BOOL(struct eigengradcam, abs_grad, false, "true: the magnitude of the gradient, Seg-Eigen-CAM"),
    {0}};

const struct method method_eigengradcam = {
    .abi = METHOD_ABI,
    .name = "eigengradcam",
    .title = "Eigen-Grad-CAM",
    .year = 2021,
    .source = "gildenblat2021pytorchcam",
    .version = 1,
    .group = METHOD_GRADIENT,
    .peers = "pytorch-grad-cam EigenGradCAM, SegEigenCAM",
    .passes = "1 forward, 1 backward of the tail",
    .params = params,
    .params_size = sizeof(struct eigengradcam),
    .cost = cost_of_gradient,
    .explain = explain,
};
