/*
 * methods/eigencam.c - Eigen-CAM. Muhammad and Yeasin, "Eigen-CAM: Class Activation Map using Principal Components",
 * IJCNN 2020, arXiv:2008.00299. The features at each position, projected on their first principal component.
 * Independent of the class.
 */
#include "methods/eigen.h"

struct eigencam {
    int sign;
    bool center, relu;
};

static int explain(struct cam *cam, const void *params, float *map)
{
    const struct eigencam *p = params;
    const struct tensor *act = cam_activations(cam); /* (C,h,w) */
    return act ? eigen_map(cam, act, p->center, p->sign, map) : -1;
}

static int form(struct cam *cam, const void *params, struct map_form *form)
{
    (void)cam;
    const struct eigencam *p = params;
    form->is_signed = !p->relu;
    return 0;
}

static const struct param params[] = {
    PARAM_ENUM(struct eigencam, sign, EIGEN_SIGN_CHOICES, "which of the two directions of the component is positive"),
    PARAM_BOOL(struct eigencam, center, true, "the mean of each channel is subtracted first"),
    PARAM_BOOL(struct eigencam, relu, true, "false: negative values are not cut off before min-max"),
    {0}};

const struct method method_eigencam = {
    .abi = METHOD_ABI,
    .name = "eigencam",
    .title = "Eigen-CAM",
    .year = 2020,
    .source = "muhammad2020eigencam",
    .version = 1,
    .group = METHOD_ACTIVATIONS,
    .peers = "pytorch-grad-cam EigenCAM",
    .passes = "1 forward",
    .params = params,
    .params_size = sizeof(struct eigencam),
    .explain = explain,
    .form = form,
};
