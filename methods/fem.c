/*
 * methods/fem.c - FEM. Fuad et al., "Features Understanding in 3D CNNs for Actions Recognition in Video", IPTA 2020.
 * Each channel is reduced to its strongest positions, those at least k standard deviations above its mean, and these
 * are added with the channel's mean as weight. Independent of the class.
 */
#include "methods/method.h"

enum weighting { WEIGHTING_PAPER, WEIGHTING_PYTORCH_GRAD_CAM };

struct fem {
    double k;
    int weighting;
};

/* Mean + k standard deviations (of the population). */
static double threshold(const float *act, size_t plane, double mean, double k)
{
    double squares = 0;
    for (size_t i = 0; i < plane; i++)
        squares += (act[i] - mean) * (act[i] - mean);
    return mean + k * sqrt(squares / (double)plane);
}

/* Adds mean * [A >= threshold] for one channel. */
static void add_marked(const float *act, size_t plane, double mean, double from, float *map)
{
    for (size_t i = 0; i < plane; i++)
        map[i] += act[i] >= from ? (float)mean : 0;
}

/* Adds the channel, weighted by the share of its positions above the threshold. */
static void add_weighted(const float *act, size_t plane, double above, float *map)
{
    size_t count = 0;
    for (size_t i = 0; i < plane; i++)
        count += act[i] > above;
    const float share = (float)((double)count / (double)plane);
    for (size_t i = 0; i < plane; i++)
        map[i] += share * act[i];
}

static int explain(struct cam *cam, const void *params, float *map)
{
    const struct fem *p = params;
    const struct tensor *act = cam_activations(cam); /* (C,h,w) */
    if (!act)
        return -1;
    const size_t plane = tensor_plane(act);
    memset(map, 0, plane * sizeof *map);
    for (int k = 0; k < act->c; k++) {
        const float *channel = act->data + k * plane;
        if (is_constant(channel, plane)) /* no position differs from the mean */
            continue;
        const double mean = mean_of(channel, plane), limit = threshold(channel, plane, mean, p->k);
        if (!isfinite(limit))
            map[0] = NAN;
        else if (p->weighting == WEIGHTING_PAPER)
            add_marked(channel, plane, mean, limit, map);
        else
            add_weighted(channel, plane, limit, map);
    }
    return 0;
}

static const struct param params[] = {
    PARAM_FLOAT(struct fem, k, 2, 0, 5, "standard deviations above the mean from which a position counts"),
    PARAM_ENUM(struct fem, weighting, "paper|pytorch_grad_cam",
               "what is added: the marked positions times the channel's mean, or the channel times their share"),
    {0}};

const struct method method_fem = {
    .abi = METHOD_ABI,
    .name = "fem",
    .title = "FEM",
    .year = 2020,
    .source = "fuad2020fem",
    .version = 1,
    .group = METHOD_ACTIVATIONS,
    .peers = "pytorch-grad-cam FEM; xplique FEM",
    .passes = "1 forward",
    .params = params,
    .params_size = sizeof(struct fem),
    .explain = explain,
};
