/*
 * methods/eigen_smooth.c - the first principal component of the maps of a method's channels instead of their sum, as in
 * Gildenblat and contributors, "PyTorch library for CAM methods", 2021, with eigen_smooth=True. A channel's map is its
 * weight times its activation, or, in methods that weigh each position, the product of both.
 */
#include "methods/eigen.h"

struct eigen_smooth {
    struct param_named base;
    int sign;
};

static int explain(struct cam *cam, const void *params, float *map)
{
    const struct eigen_smooth *p = params;
    const struct tensor *maps = cam_explain_channels(cam, &p->base); /* (C,h,w) */
    return maps ? eigen_map(cam, maps, true, p->sign, map) : -1;
}

static int check(const void *params, struct error *err)
{
    const struct eigen_smooth *p = params;
    if (cam_base_method(&p->base)->flags & METHOD_CHANNEL_MAPS)
        return 0;
    return error_set(
        err,
        "parameter \"base\" of eigen_smooth is \"%s\"; it must be a method whose map is a sum over channels, "
        "such as gradcam",
        p->base.name);
}

static struct cost cost(const void *params, const struct tensor *layer, struct shape input)
{
    return cam_base_cost(&((const struct eigen_smooth *)params)->base, layer, input);
}

static const struct param params[] = {
    PARAM_METHOD(struct eigen_smooth, base, "gradcam", "the method whose channels' maps are projected"),
    PARAM_ENUM(struct eigen_smooth, sign, EIGEN_SIGN_CHOICES,
               "which of the two directions of the component is positive"),
    {0}};

const struct method method_eigen_smooth = {
    .abi = METHOD_ABI,
    .name = "eigen_smooth",
    .title = "Eigen smoothing",
    .year = 2021,
    .source = "gildenblat2021pytorchcam",
    .version = 1,
    .group = METHOD_META,
    .peers = "pytorch-grad-cam eigen_smooth=True",
    .passes = "those of its base",
    .params = params,
    .params_size = sizeof(struct eigen_smooth),
    .cost = cost,
    .check = check,
    .explain = explain,
};
