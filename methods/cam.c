/*
 * methods/cam.c - CAM. Zhou et al., "Learning Deep Features for Discriminative Localization", CVPR 2016, eq. 1-2,
 * arXiv:1512.04150. A channel's weight is the last layer's for the class: the network must end with global average
 * pooling and one linear layer. At a layer that has a map for each class, the map is the class's own.
 */
#include "methods/method.h"

struct cam_params {
    bool relu;
};

static int explain(struct cam *cam, const void *params, float *map)
{
    (void)params;                                    /* read by form() */
    const struct tensor *act = cam_activations(cam); /* (C,h,w) */
    const float *weight = cam_pooled_weights(cam);   /* (C), the class's row of the last layer */
    if (!act || !weight)
        return -1;
    cam_weighted_sum(cam, act, weight, map);
    return 0;
}

static int form(struct cam *cam, const void *params, struct map_form *form)
{
    (void)cam;
    const struct cam_params *p = params;
    form->is_signed = !p->relu;
    return 0;
}

static const struct param params[] = {
    PARAM_BOOL(struct cam_params, relu, true, "false: negative evidence is not cut off before min-max"), {0}};

const struct method method_cam = {
    .abi = METHOD_ABI,
    .name = "cam",
    .title = "CAM",
    .year = 2016,
    .source = "zhou2016cam",
    .version = 1,
    .group = METHOD_ACTIVATIONS,
    .flags = METHOD_CHANNEL_MAPS | METHOD_NEEDS_GRAPH,
    .peers = "torch-cam CAM",
    .passes = "1 forward",
    .params = params,
    .params_size = sizeof(struct cam_params),
    .explain = explain,
    .form = form,
};
