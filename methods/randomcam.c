/*
 * methods/randomcam.c - channels with random weights, uniform in (-1, 1): a control that shows how good a map can be
 * from the activations with weights that depend neither on the class nor on the network.
 */
#include "methods/method.h"

static int explain(struct cam *cam, const void *params, float *map)
{
    (void)params;                                    /* none */
    const struct tensor *act = cam_activations(cam); /* (C,h,w) */
    float *weight = act ? cam_floats(cam, act->c) : NULL;
    struct random_stream stream = cam_random(cam);
    if (!act || !weight)
        return -1;
    for (int k = 0; k < act->c; k++)
        weight[k] = (float)(2 * random_uniform(&stream) - 1);
    cam_weighted_sum(cam, act, weight, map);
    return 0;
}

const struct method method_randomcam = {
    .abi = METHOD_ABI,
    .name = "randomcam",
    .title = "RandomCAM",
    .source = "gildenblat2021pytorchcam",
    .version = 1,
    .group = METHOD_CONTROL,
    .flags = METHOD_CHANNEL_MAPS,
    .peers = "pytorch-grad-cam RandomCAM",
    .passes = "1 forward",
    .explain = explain,
};
