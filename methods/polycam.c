/*
 * methods/polycam.c - Poly-CAM. Englebert, Cornu, De Vleeschouwer, "Poly-CAM: High resolution class activation map for
 * convolutional neural networks", ICPR 2022, arXiv:2204.13359. Each channel of several layers masks the image, as in
 * Score-CAM; the layers' maps are multiplied from the deepest to the shallowest, so that the map has the shallow
 * layer's detail where the deep layers see the class. One or two full passes for each channel of each layer.
 */
#include "methods/masking.h"

enum mode { MODE_BOTH, MODE_PLUS, MODE_MINUS };

struct polycam {
    int mode, mask_space;
    bool lnorm;
    double outlier;
    struct param_names layers;
};

/* A map (h,w). */
struct level {
    int h, w;
    float *map;
};

/* -- one layer ----------------------------------------------------------------------------------------------------- */

/*
 * Writes n(x) of a plane: clip((x - low) / high), low and high being percentiles `outlier` and 100 - `outlier`; divided
 * by high, not by high - low, as in the authors' code. `sorted` is scratch.
 */
static void normalise(const float *plane, size_t n, double outlier, float *sorted, float *out)
{
    memcpy(sorted, plane, n * sizeof *sorted);
    sort_floats(sorted, n);
    const double low = percentile_of_sorted(sorted, n, outlier), high = percentile_of_sorted(sorted, n, 100 - outlier);
    const double divisor = isnan(high) || high > 1e-12 ? high : 1e-12;
    for (size_t i = 0; i < n; i++) {
        const double value = (plane[i] - low) / divisor;
        out[i] = (float)(value < 0 ? 0 : value > 1 ? 1 : value);
    }
}

struct work {
    const struct cam *layer;
    const float *normal; /* n(A_k) of the channels that vary (n,h,w) */
    size_t plane, pixels;
    int mode;
};

/* Writes s_k = U(n(A_k)) or 1 - s_k (H,W), in turns if both are needed; runs in several threads. */
static void write_mask(void *context, int index, float *out)
{
    const struct work *work = context;
    const bool is_both = work->mode == MODE_BOTH;
    cam_upsample(work->layer, work->normal + (is_both ? index / 2 : index) * work->plane, out, false);
    if (work->mode == MODE_MINUS || (is_both && index % 2 == 1))
        for (size_t i = 0; i < work->pixels; i++)
            out[i] = 1 - out[i];
}

static double weight_of(int mode, double whole, const struct cam_output *out, int k)
{
    if (mode == MODE_PLUS)
        return out[k].probability;
    const double weight =
        mode == MODE_MINUS ? whole - out[k].probability : out[2 * k].probability + whole - out[2 * k + 1].probability;
    return weight < 0 ? 0 : weight;
}

/* Writes Q = relu(sum_k w_k A_k) of one layer (h,w). */
static int layer_map(struct cam *layer, const struct polycam *p, const float *background, float *map)
{
    const struct arena_mark mark = cam_mark(layer);
    const struct tensor *act = cam_activations(layer);
    const struct shape input = cam_input_shape(layer);
    const size_t plane = tensor_plane(act);
    const int passes = p->mode == MODE_BOTH ? 2 : 1;
    int *channel = cam_alloc(layer, act->c, sizeof *channel), n = 0;
    float *normal = cam_floats(layer, tensor_size(act)), *sorted = cam_floats(layer, plane);
    float *weight = cam_floats(layer, act->c);
    struct cam_output *out = cam_alloc(layer, (size_t)act->c * passes, sizeof *out);
    if (!channel || !normal || !sorted || !weight || !out)
        return -1;
    for (int k = 0; k < act->c; k++)
        if (!is_constant(act->data + k * plane, plane)) {
            normalise(act->data + k * plane, plane, p->outlier, sorted, normal + n * plane);
            channel[n++] = k;
        }
    struct work work = {layer, normal, plane, (size_t)input.h * (size_t)input.w, p->mode};
    if (cam_masked(layer, n * passes, write_mask, &work, background, out))
        return -1;
    for (int k = 0; k < n; k++)
        weight[channel[k]] = (float)weight_of(p->mode, cam_probability(layer), out, k);
    weighted_sum(act, weight, map);
    for (size_t i = 0; i < plane; i++)
        map[i] = map[i] < 0 ? 0 : map[i];
    cam_release(layer, mark);
    return 0;
}

/* -- several layers ------------------------------------------------------------------------------------------------ */

static void resize(const struct level *from, const float *map, float *out, const struct level *to)
{
    upsample_bilinear(map, 1, from->h, from->w, out, to->h, to->w, false);
}

/*
 * Multiplies a layer's map Q by the result R of the deeper ones: Q / up(down(Q)) * U(R). Without lnorm, Q * U(R). down
 * and up resize to the deeper layer's size and back.
 */
static int refine(struct cam *cam, bool lnorm, const struct level *deeper, struct level *level)
{
    const size_t plane = (size_t)level->h * (size_t)level->w;
    float *own = cam_floats(cam, plane), *small = cam_floats(cam, (size_t)deeper->h * (size_t)deeper->w);
    if (!own || !small)
        return -1;
    if (lnorm) {
        resize(level, level->map, small, deeper);
        resize(deeper, small, own, level);
        for (size_t i = 0; i < plane; i++)
            level->map[i] /= own[i] < 1e-12f ? 1e-12f : own[i];
    }
    resize(deeper, deeper->map, own, level);
    for (size_t i = 0; i < plane; i++)
        level->map[i] *= own[i];
    return 0;
}

static int level_init(struct cam *cam, const struct polycam *p, int l, struct cam **layer, struct level *level)
{
    *layer = p->layers.count ? cam_layer(cam, p->layers.name[l]) : cam;
    const struct tensor *act = *layer ? cam_activations(*layer) : NULL;
    if (!act)
        return -1;
    *level = (struct level){act->h, act->w, cam_floats(cam, tensor_plane(act))};
    return level->map ? 0 : -1;
}

static int check_order(struct cam *cam, const struct param_names *layers)
{
    for (int l = 1; l < layers->count; l++) {
        struct cam *before = cam_layer(cam, layers->name[l - 1]), *after = cam_layer(cam, layers->name[l]);
        const struct tensor *a = before ? cam_activations(before) : NULL, *b = after ? cam_activations(after) : NULL;
        if (!a || !b)
            return -1;
        if (b->h > a->h || b->w > a->w)
            return cam_fail(
                cam,
                "polycam: layer \"%s\" (%dx%d) is listed after \"%s\" (%dx%d); list layers from the input to "
                "the output",
                layers->name[l], b->h, b->w, layers->name[l - 1], a->h, a->w);
    }
    return 0;
}

static int explain(struct cam *cam, const void *params, float *map)
{
    const struct polycam *p = params;
    const struct shape input = cam_input_shape(cam);
    const int last = p->layers.count ? p->layers.count - 1 : 0;
    struct level deeper = {0}, level = {0};
    const float *background;
    if (check_order(cam, &p->layers) || mask_background(cam, p->mask_space, MASK_FILL_ZERO, &background))
        return -1;
    for (int l = last; l >= 0; l--, deeper = level) {
        struct cam *layer;
        if (level_init(cam, p, l, &layer, &level) || layer_map(layer, p, background, level.map) ||
            (l < last && refine(cam, p->lnorm, &deeper, &level)))
            return -1;
    }
    const size_t plane = (size_t)level.h * (size_t)level.w;
    float *sorted = cam_floats(cam, plane);
    if (!sorted || !level.map)
        return -1;
    normalise(level.map, plane, p->outlier, sorted, level.map);
    upsample_bilinear(level.map, 1, level.h, level.w, map, input.h, input.w, false);
    return 0;
}

static struct cost cost_of_channels(const struct polycam *p, double channels)
{
    return (struct cost){.full = 1 + channels * (p->mode == MODE_BOTH ? 2 : 1)};
}

static struct cost cost(const void *params, const struct tensor *layer, struct shape input)
{
    (void)input;
    const struct polycam *p = params;
    return cost_of_channels(p, (double)layer->c * (p->layers.count ? p->layers.count : 1));
}

static struct cost cost_of_layers(const void *params, const struct tensor *layers, struct shape input)
{
    (void)input;
    const struct polycam *p = params;
    double channels = 0;
    for (int l = 0; l < p->layers.count; l++)
        channels += layers[l].c;
    return cost_of_channels(p, channels);
}

static const struct param params[] = {
    PARAM_ENUM(struct polycam, mode, "both|plus|minus",
               "weight: gain of the masked image, drop without the mask, or both"),
    PARAM_LAYERS(struct polycam, layers, PARAM_NAMES_MAX, "from the input to the output; none: only the target layer"),
    PARAM_BOOL(struct polycam, lnorm, true, "each layer's map is divided by its own coarse version"),
    PARAM_FLOAT(struct polycam, outlier, 0.1, 0, 10, "percentiles cut off at both ends when a channel is normalised"),
    PARAM_ENUM(struct polycam, mask_space, MASK_SPACE_CHOICES,
               "what shows where the mask is 0: the mean colour, or black"),
    {0}};

const struct method method_polycam = {
    .abi = METHOD_ABI,
    .name = "polycam",
    .title = "Poly-CAM",
    .year = 2022,
    .source = "englebert2022polycam",
    .version = 1,
    .group = METHOD_MASKS,
    .peers = "authors' PCAM+, PCAM-, PCAM+/-",
    .passes = "2 C + 1 forwards, C of all layers",
    .map = METHOD_MAP_INPUT,
    .is_normalised = true,
    .params = params,
    .params_size = sizeof(struct polycam),
    .cost = cost,
    .cost_of_layers = cost_of_layers,
    .explain = explain,
};
