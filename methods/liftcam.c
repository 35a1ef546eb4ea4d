/*
 * methods/liftcam.c - LIFT-CAM. Jung, Oh, "Towards Better Explanations of Class Activation Mapping", ICCV 2021,
 * arXiv:2102.05228. A channel's weight is its contribution to y_c by DeepLIFT, w_k = sum(m_k A_k) with the multipliers m
 * between A and zeros. So the weights add up to y_c(A) - y_c(0).
 */
#include "methods/method.h"

static int explain(struct cam *cam, const void *params, float *map)
{
    (void)params;
    const struct tensor *act = cam_activations(cam);        /* (C,h,w) */
    const struct tensor *multiplier = cam_multipliers(cam); /* (C,h,w) */
    float *weight = act ? cam_floats(cam, act->c) : NULL;
    if (!act || !multiplier || !weight)
        return -1;
    const size_t plane = tensor_plane(act);
    for (int k = 0; k < act->c; k++) {
        double sum = 0;
        for (size_t i = k * plane; i < (k + 1) * plane; i++)
            sum += (double)multiplier->data[i] * act->data[i];
        weight[k] = (float)sum;
    }
    cam_weighted_sum(cam, act, weight, map);
    return 0;
}

static struct cost cost(const void *params, const struct tensor *layer, struct shape input)
{
    (void)params, (void)layer, (void)input;
    return (struct cost){.full = 1, .tail = 1, .backward = 1};
}

const struct method method_liftcam = {
    .abi = METHOD_ABI,
    .name = "liftcam",
    .title = "LIFT-CAM",
    .year = 2021,
    .source = "jung2021liftcam",
    .version = 1,
    .group = METHOD_TAIL,
    .flags = METHOD_CHANNEL_MAPS | METHOD_NEEDS_GRAPH,
    .passes = "1 forward, 1 pass and 1 backward of the tail",
    .cost = cost,
    .explain = explain,
};
