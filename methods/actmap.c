/*
 * methods/actmap.c - the mean of all channels, whatever the class. It is a control that shows how good a map can be
 * from the activations alone, and the limit of Score-CAM with nearly equal weights. OpenVINO XAI calls it
 * ActivationMap. It is also LaFAM, but for the ReLU: Karjauv and Albayrak, "LaFAM: Unsupervised Feature Attribution
 * with Label-free Activation Maps", 2024, arXiv:2407.06059.
 */
#include "methods/method.h"

static int explain(struct cam *cam, const void *params, float *map)
{
    (void)params;                                    /* none */
    const struct tensor *act = cam_activations(cam); /* (C,h,w) */
    float *weight = act ? cam_floats(cam, act->c) : NULL;
    if (!act || !weight)
        return -1;
    for (int k = 0; k < act->c; k++)
        weight[k] = 1 / (float)act->c;
    cam_weighted_sum(cam, act, weight, map);
    return 0;
}

const struct method method_actmap = {
    .abi = METHOD_ABI,
    .name = "actmap",
    .title = "Activation map",
    .source = "openvinoxai",
    .version = 1,
    .group = METHOD_CONTROL,
    .flags = METHOD_CHANNEL_MAPS,
    .peers = "OpenVINO XAI ActivationMap",
    .passes = "1 forward",
    .explain = explain,
};
