/*
 * methods/layercam.c - LayerCAM. Jiang et al., "LayerCAM: Exploring Hierarchical Class Activation Maps for
 * Localization", IEEE TIP 2021. Every position has a weight of its own, the positive part of its gradient.
 *
 * With several layers, each map M is scaled to tanh(gamma N(M)), enlarged to the size of the largest and fused there.
 */
#include "methods/method.h"

enum fuse { FUSE_MAX, FUSE_MEAN, FUSE_PRODUCT };

struct layercam {
    int score, fuse;
    double gamma;
    struct param_names layers;
};

/* act (C,h,w), and grad (C,h,w), d score / d act; maps (C,h,w) of the channels, or NULL */
static void layer_map(const struct tensor *act, const struct tensor *grad, float *maps, float *map)
{
    const size_t plane = tensor_plane(act);
    memset(map, 0, plane * sizeof *map);
    for (int k = 0; k < act->c; k++)
        for (size_t i = 0; i < plane; i++) {
            const float g = grad->data[k * plane + i];
            const float product = (g <= 0 ? 0 : g) * act->data[k * plane + i];
            map[i] += product;
            if (maps)
                maps[k * plane + i] = product;
        }
}

/* Scales a map M in place to tanh(gamma N(relu(M))); gamma 0: to N(relu(M)). */
static void scale(float *map, size_t n, double gamma)
{
    for (size_t i = 0; i < n; i++)
        map[i] = map[i] < 0 ? 0 : map[i];
    min_max(map, n, 0, map);
    for (size_t i = 0; i < n && gamma > 0; i++)
        map[i] = (float)tanh(gamma * map[i]);
}

static void fuse(int how, const float *map, int maps, size_t n, float *fused)
{
    for (size_t i = 0; i < n; i++)
        switch (how) {
        case FUSE_MAX:
            fused[i] = map[i] <= fused[i] ? fused[i] : map[i];
            break;
        case FUSE_MEAN:
            fused[i] += map[i] / (float)maps;
            break;
        case FUSE_PRODUCT:
            fused[i] *= map[i];
            break;
        }
}

/* The layer with the largest map (of equal ones the first); the target layer if none is named. */
static const struct tensor *largest_layer(struct cam *cam, const struct param_names *layers)
{
    const struct tensor *largest = layers->count ? NULL : cam_activations(cam);
    for (int l = 0; l < layers->count; l++) {
        struct cam *layer = cam_layer(cam, layers->name[l]);
        const struct tensor *act = layer ? cam_activations(layer) : NULL;
        if (!act)
            return NULL;
        if (!largest || tensor_plane(act) > tensor_plane(largest))
            largest = act;
    }
    return largest;
}

static int form(struct cam *cam, const void *params, struct map_form *form)
{
    const struct layercam *p = params;
    const struct tensor *largest = largest_layer(cam, &p->layers);
    if (!largest)
        return -1;
    form->h = largest->h;
    form->w = largest->w;
    return 0;
}

static int fuse_layers(struct cam *cam, const struct layercam *p, float *map)
{
    const struct tensor *largest = largest_layer(cam, &p->layers);
    if (!largest)
        return -1;
    const size_t n = tensor_plane(largest);
    const struct tensor *grads = cam_gradients(cam, &p->layers, p->score, GRADIENT_PLAIN); /* for all layers at once */
    float *own = cam_floats(cam, n), *enlarged = cam_floats(cam, n);
    if (!grads || !own || !enlarged)
        return -1;
    for (size_t i = 0; i < n; i++)
        map[i] = p->fuse == FUSE_PRODUCT ? 1 : 0;
    for (int l = 0; l < p->layers.count; l++) {
        struct cam *layer = cam_layer(cam, p->layers.name[l]);
        const struct tensor *act = layer ? cam_activations(layer) : NULL;
        if (!act)
            return -1;
        layer_map(act, &grads[l], NULL, own);
        scale(own, tensor_plane(act), p->gamma);
        upsample_bilinear(own, 1, act->h, act->w, enlarged, largest->h, largest->w, false);
        fuse(p->fuse, enlarged, p->layers.count, n, map);
    }
    return 0;
}

static int explain(struct cam *cam, const void *params, float *map)
{
    const struct layercam *p = params;
    if (p->layers.count > 1)
        return fuse_layers(cam, p, map);
    struct cam *layer = p->layers.count ? cam_layer(cam, p->layers.name[0]) : cam;
    const struct tensor *act = layer ? cam_activations(layer) : NULL;
    const struct tensor *grad = act ? cam_gradient(layer, p->score) : NULL;
    if (!act || !grad)
        return -1;
    layer_map(act, grad, cam_channel_maps(layer), map);
    return 0;
}

static const struct param params[] = {
    PARAM_ENUM(struct layercam, score, CAM_SCORE_CHOICES, "what is differentiated"),
    PARAM_LAYERS(struct layercam, layers, PARAM_NAMES_MAX, "layers to fuse; none: only the target layer"),
    PARAM_ENUM(struct layercam, fuse, "max|mean|product", "how the maps of several layers become one"),
    PARAM_FLOAT(struct layercam, gamma, 2.0, 0, 20,
                "several layers: each map is scaled to tanh(gamma N(M)); 0: not scaled"),
    {0}};

const struct method method_layercam = {
    .abi = METHOD_ABI,
    .name = "layercam",
    .title = "LayerCAM",
    .year = 2021,
    .source = "jiang2021layercam",
    .version = 1,
    .group = METHOD_GRADIENT,
    .flags = METHOD_CHANNEL_MAPS,
    .peers = "pytorch-grad-cam LayerCAM; torch-cam LayerCAM",
    .passes = "1 forward, 1 backward of the tail",
    .params = params,
    .params_size = sizeof(struct layercam),
    .cost = cost_of_gradient,
    .explain = explain,
    .form = form,
};
