/*
 * methods/winsorcam.c - Winsor-CAM. Wall, Wang, Rizk, Santosh, "Winsor-CAM: Human-Tunable Visual Explanations from Deep
 * Networks via Layer-Wise Winsorization", 2025, arXiv:2507.10846.
 *
 * Grad-CAM at every convolution, at its own output A before batch norm and ReLU, with g the gradient of y_c there:
 *     a_k = mean(g_k);  M = N(relu(sum_k a_k A_k));  importance I = relu(mean_k a_k)
 * The I > 0 are cut at a percentile and scaled to [floor, 1]; the map is the sum of the M with these weights.
 *
 * A folded batch norm gives z = s A + t, so a_k = s_k mean(dy_c/dz_k). Then sum_k a_k A_k is a weighted sum of the
 * folded convolution's channels, which session_visit_mix() computes without all of them.
 */
#include "methods/method.h"

#include <stdlib.h>

enum importance {
    IMPORTANCE_MEAN,
    IMPORTANCE_MAX,
    IMPORTANCE_MIN,
    IMPORTANCE_L2,
    IMPORTANCE_STD,
    IMPORTANCE_ENTROPY,
};
enum interpolation { INTERPOLATION_BILINEAR, INTERPOLATION_NEAREST };
enum activation { ACTIVATION_CONV, ACTIVATION_AUTHORS };

struct winsorcam {
    double percentile, floor;
    int layer_importance, interpolation, activation;
    struct param_names layers;
};

/* A convolution's map M and its importance I, later its weight in the sum. */
struct layer_map {
    struct layer_map *next;
    int h, w;
    double weight;
    float *map;
};

struct work {
    struct cam *cam;
    const struct winsorcam *params;
    struct layer_map *maps; /* the network's first convolution first */
    int count;
    bool is_found[PARAM_NAMES_MAX]; /* of params->layers */
    bool is_finite;                 /* every gradient was */
};

/* -- importance of a layer ------------------------------------------------------------------------------------------ */

static double deviation(const double *a, int n)
{
    double mean = 0, squares = 0;
    for (int k = 0; k < n; k++)
        mean += a[k] / n;
    for (int k = 0; k < n; k++)
        squares += (a[k] - mean) * (a[k] - mean);
    return n > 1 ? sqrt(squares / (n - 1)) : 0;
}

/* Of softmax(a). */
static double entropy(const double *a, int n, double largest)
{
    double sum = 0, entropy = 0;
    for (int k = 0; k < n; k++)
        sum += exp(a[k] - largest);
    for (int k = 0; k < n; k++) {
        const double log_p = a[k] - largest - log(sum);
        entropy -= exp(log_p) * log_p;
    }
    return entropy;
}

static double importance_of(int kind, const double *a, int n)
{
    double sum = 0, squares = 0, largest = a[0], least = a[0];
    for (int k = 0; k < n; k++) {
        sum += a[k];
        squares += a[k] * a[k];
        largest = a[k] > largest ? a[k] : largest;
        least = a[k] < least ? a[k] : least;
    }
    const double all[] = {[IMPORTANCE_MEAN] = sum / n,        [IMPORTANCE_MAX] = largest,
                          [IMPORTANCE_MIN] = least,           [IMPORTANCE_L2] = sqrt(squares),
                          [IMPORTANCE_STD] = deviation(a, n), [IMPORTANCE_ENTROPY] = entropy(a, n, largest)};
    return all[kind] > 0 ? all[kind] : 0;
}

/* -- map of a layer ------------------------------------------------------------------------------------------------- */

/* Writes the means of the gradient over positions (C). */
static void write_means(const struct session_visit *visit, double *mean)
{
    const struct shape shape = visit->shape;
    const size_t plane = (size_t)shape.h * (size_t)shape.w, channels = (size_t)shape.c;
    for (size_t i = 0; i < plane; i++)
        for (size_t k = 0; k < channels; k++)
            mean[k] += visit->gradient[i * channels + k];
    for (size_t k = 0; k < channels; k++)
        mean[k] /= (double)plane;
}

/* sum_k a_k A_k for the convolution's own output A: a_k A_k = mean_k s_k A_k, of which visit has s_k A_k. */
static int write_sum(struct cam *cam, const struct session_visit *visit, const double *mean, float *map)
{
    const float *bias = visit->scale ? visit->inner_bias : visit->bias;
    double shift = 0;
    if (cam_visit_mix(cam, visit, mean, map))
        return -1;
    for (int k = 0; k < visit->shape.c && bias; k++)
        shift += mean[k] * bias[k];
    for (int i = 0; i < visit->shape.h * visit->shape.w; i++)
        map[i] = (float)(map[i] + shift);
    return 0;
}

/* The same for the value after the ReLU. */
static void write_rectified(const struct session_visit *visit, const double *mean, float *map)
{
    const int channels = visit->shape.c;
    const float *value = visit->rectified;
    for (int i = 0; i < visit->shape.h * visit->shape.w; i++, value += channels) {
        double sum = 0;
        for (int k = 0; k < channels; k++)
            sum += mean[k] * value[k];
        map[i] = (float)sum;
    }
}

static int write_map(struct cam *cam, const struct winsorcam *p, const struct session_visit *visit, const double *mean,
                     float *map)
{
    const size_t plane = (size_t)visit->shape.h * (size_t)visit->shape.w;
    if (p->activation == ACTIVATION_AUTHORS && visit->rectified)
        write_rectified(visit, mean, map);
    else if (write_sum(cam, visit, mean, map))
        return -1;
    for (size_t i = 0; i < plane; i++)
        map[i] = map[i] < 0 ? 0 : map[i];
    min_max(map, plane, 0, map);
    return 0;
}

/* Whether the layer takes part; without names, every one does. */
static bool is_chosen(struct work *work, const char *name)
{
    const struct param_names *layers = &work->params->layers;
    for (int i = 0; i < layers->count; i++)
        if (strcmp(layers->name[i], name) == 0)
            return work->is_found[i] = true;
    return layers->count == 0;
}

static int add_layer(void *context, const struct session_visit *visit)
{
    struct work *work = context;
    struct cam *cam = work->cam;
    const int channels = visit->shape.c;
    if (strcmp(visit->op, "conv2d") != 0 || !is_chosen(work, visit->name))
        return 0;
    struct layer_map *layer = cam_alloc(cam, 1, sizeof *layer);
    float *map = cam_floats(cam, (size_t)visit->shape.h * (size_t)visit->shape.w);
    const struct arena_mark mark = cam_mark(cam);
    double *mean = cam_alloc(cam, (size_t)channels, sizeof *mean);
    if (!layer || !map || !mean)
        return -1;
    write_means(visit, mean);
    if (write_map(cam, work->params, visit, mean, map))
        return -1;
    for (int k = 0; k < channels; k++) {
        mean[k] *= visit->scale ? visit->scale[k] : 1; /* a_k */
        work->is_finite &= isfinite(mean[k]) != 0;
    }
    const double importance = importance_of(work->params->layer_importance, mean, channels);
    *layer = (struct layer_map){work->maps, visit->shape.h, visit->shape.w, importance, map};
    work->maps = layer;
    work->count++;
    cam_release(cam, mark);
    return 0;
}

/* -- weights of the layers ------------------------------------------------------------------------------------------ */

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Cuts the importances > 0 at the percentile and scales them to [floor, 1]; the others stay 0. */
static int write_weights(struct work *work)
{
    double *sorted = cam_alloc(work->cam, (size_t)work->count + 1, sizeof *sorted);
    int n = 0;
    if (!sorted)
        return -1;
    for (const struct layer_map *layer = work->maps; layer; layer = layer->next)
        if (layer->weight > 0)
            sorted[n++] = layer->weight;
    if (n == 0)
        return 0;
    qsort(sorted, (size_t)n, sizeof *sorted, ascending);
    const double position = work->params->percentile / 100 * (n - 1), floor = work->params->floor;
    const int low = (int)position, high = low + 1 < n ? low + 1 : low;
    const double least = sorted[0], top = sorted[low] + (position - low) * (sorted[high] - sorted[low]);
    for (struct layer_map *layer = work->maps; layer; layer = layer->next) {
        const double cut = layer->weight < top ? layer->weight : top;
        if (layer->weight > 0)
            layer->weight = top > least ? floor + (1 - floor) * (cut - least) / (top - least) : 1;
    }
    return 0;
}

/* -- sum ------------------------------------------------------------------------------------------------------------ */

static void enlarge(int interpolation, const float *in, int h, int w, float *out, int out_h, int out_w)
{
    if (interpolation == INTERPOLATION_BILINEAR) {
        upsample_bilinear(in, 1, h, w, out, out_h, out_w, false);
        return;
    }
    for (int i = 0; i < out_h; i++)
        for (int j = 0; j < out_w; j++)
            *out++ = in[(long)i * h / out_h * w + (long)j * w / out_w];
}

/* Adds the layers at the size of the largest, then enlarges the sum: enlargement is linear. */
static int add_layers(const struct work *work, float *map)
{
    const struct shape input = cam_input_shape(work->cam);
    int h = 1, w = 1;
    for (const struct layer_map *layer = work->maps; layer; layer = layer->next)
        if ((long)layer->h * layer->w > (long)h * w)
            h = layer->h, w = layer->w;
    const size_t plane = (size_t)h * (size_t)w;
    double *total = cam_alloc(work->cam, plane, sizeof *total);
    float *enlarged = cam_floats(work->cam, plane);
    if (!total || !enlarged)
        return -1;
    for (const struct layer_map *layer = work->maps; layer; layer = layer->next) {
        enlarge(work->params->interpolation, layer->map, layer->h, layer->w, enlarged, h, w);
        for (size_t i = 0; i < plane; i++)
            total[i] += layer->weight * enlarged[i];
    }
    for (size_t i = 0; i < plane; i++)
        enlarged[i] = (float)total[i];
    enlarge(work->params->interpolation, enlarged, h, w, map, input.h, input.w);
    return 0;
}

static int explain(struct cam *cam, const void *params, float *map)
{
    struct work work = {.cam = cam, .params = params, .is_finite = true};
    const struct shape input = cam_input_shape(cam);
    if (!cam_visit_gradients(cam, add_layer, &work))
        return -1;
    for (int i = 0; i < work.params->layers.count; i++)
        if (!work.is_found[i])
            return cam_fail(cam, "layer \"%s\" is not a convolution", work.params->layers.name[i]);
    if (write_weights(&work) || add_layers(&work, map))
        return -1;
    for (int i = 0; i < input.h * input.w && !work.is_finite; i++)
        map[i] = NAN;
    return 0;
}

static const struct param params[] = {
    PARAM_FLOAT(struct winsorcam, percentile, 99, 0, 100, "of the layers' importances, at which larger ones are cut"),
    PARAM_FLOAT(struct winsorcam, floor, 0.1, 0, 1, "weight of the least important layer of importance above 0"),
    PARAM_ENUM(struct winsorcam, layer_importance, "mean|max|min|l2|std|entropy",
               "importance of a layer from the weights of its channels"),
    PARAM_ENUM(struct winsorcam, interpolation, "bilinear|nearest", "enlargement of the layers' maps"),
    PARAM_LAYERS(struct winsorcam, layers, PARAM_NAMES_MAX, "convolutions; none: all of the network"),
    PARAM_ENUM(struct winsorcam, activation, "conv|authors",
               "authors: where ReLU follows directly, its result, as the authors' program has it"),
    {0}};

const struct method method_winsorcam = {
    .abi = METHOD_ABI,
    .name = "winsorcam",
    .title = "Winsor-CAM",
    .year = 2025,
    .source = "wall2025winsorcam",
    .version = 1,
    .group = METHOD_INPUT_GRADIENT,
    .flags = METHOD_NEEDS_GRAPH,
    .passes = "1 forward, 1 backward to the input",
    .map = METHOD_MAP_INPUT,
    .params = params,
    .params_size = sizeof(struct winsorcam),
    .cost = cost_of_gradient,
    .explain = explain,
};
