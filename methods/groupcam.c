/*
 * methods/groupcam.c - Group-CAM. Zhang, Rao, Yang, "Group-CAM: Group Score-Weighted Visual Explanations for Deep
 * Convolutional Networks", 2021, arXiv:2103.13859. The channels, weighted by their mean gradients, are added up in
 * groups; each group's map masks the blurred image, and the gain over the blurred image is its weight. G + 2 full
 * passes.
 *
 * The authors' code adds enlarged maps; enlargement is linear, so the map is written at the layer's size.
 */
#include "methods/kmeans.h"
#include "methods/masking.h"
#include "methods/ward.h"

enum grouping { GROUPING_CHUNK, GROUPING_K_MEANS, GROUPING_AGGLOMERATE };

#define RESTARTS 10 /* of k-means, as in scikit-learn */

struct groupcam {
    int groups, grouping, blur_kernel;
    double denoise, blur_sigma;
};

/* Writes B_k = w_k A_k (C,h,w), w_k the mean gradient of channel k. */
static void weigh_channels(const struct tensor *act, const struct tensor *grad, float *weighted)
{
    const size_t plane = tensor_plane(act);
    for (int k = 0; k < act->c; k++) {
        const float weight = (float)mean_of(grad->data + k * plane, plane);
        for (size_t i = 0; i < plane; i++)
            weighted[k * plane + i] = weight * act->data[k * plane + i];
    }
}

/* Channels of a chunk; the last one may have fewer. */
static int chunk_size(const struct groupcam *p, int channels)
{
    const int groups = p->groups < channels ? p->groups : channels;
    return (channels + groups - 1) / groups;
}

static int group_count(const struct groupcam *p, int channels)
{
    const int size = chunk_size(p, channels), most = p->groups < channels ? p->groups : channels;
    return p->grouping == GROUPING_CHUNK ? (channels + size - 1) / size : most;
}

/* Writes each channel's group. 0, or -1 and the context's error. */
static int group_channels(struct cam *cam, const struct groupcam *p, struct points channels, int *group)
{
    const int groups = group_count(p, channels.n), size = chunk_size(p, channels.n);
    for (int k = 0; k < channels.n; k++)
        group[k] = k / size;
    if (p->grouping == GROUPING_CHUNK)
        return 0;
    if (!floats_are_finite(channels.data, (size_t)channels.n * (size_t)channels.d))
        return 0; /* cannot be clustered; the map will not be finite */
    if (p->grouping == GROUPING_AGGLOMERATE)
        return ward_clusters(cam, channels, groups, group);
    struct random_stream random = cam_random(cam);
    struct k_means *work = k_means_create(cam, channels, groups);
    if (!work)
        return -1;
    k_means(work, groups, RESTARTS, &random, group);
    return 0;
}

/* Sets values below the percentile of all of them to 0. */
static int denoise(struct cam *cam, double percent, float *map, size_t n)
{
    float *sorted = cam_floats(cam, n);
    if (!sorted)
        return -1;
    memcpy(sorted, map, n * sizeof *sorted);
    sort_floats(sorted, n);
    const double least = percentile_of_sorted(sorted, n, percent);
    for (size_t i = 0; i < n; i++)
        map[i] = map[i] < least ? 0 : map[i];
    return 0;
}

/* Writes the maps m_l (count,h,w), the positive part of each group's sum. */
static int make_maps(struct cam *cam, const struct groupcam *p, const struct tensor *act, float *map, int count)
{
    const size_t plane = tensor_plane(act);
    const struct tensor *grad = cam_gradient(cam, CAM_LOGIT);
    float *weighted = cam_floats(cam, tensor_size(act));
    int *group = cam_alloc(cam, act->c, sizeof *group);
    if (!grad || !weighted || !group)
        return -1;
    weigh_channels(act, grad, weighted);
    if (group_channels(cam, p, (struct points){act->c, (int)plane, weighted}, group))
        return -1;
    for (int k = 0; k < act->c; k++)
        for (size_t i = 0; i < plane; i++)
            map[group[k] * plane + i] += weighted[k * plane + i];
    for (size_t i = 0; i < count * plane; i++)
        map[i] = map[i] < 0 ? 0 : map[i];
    return p->denoise > 0 ? denoise(cam, p->denoise, map, count * plane) : 0;
}

/* Moves the maps that are not constant to the front; returns how many. */
static int drop_constant(float *map, int count, size_t plane)
{
    int kept = 0;
    for (int l = 0; l < count; l++)
        if (!is_constant(map + l * plane, plane))
            memmove(map + kept++ * plane, map + l * plane, plane * sizeof *map);
    return kept;
}

static int explain(struct cam *cam, const void *params, float *map)
{
    const struct groupcam *p = params;
    const struct tensor *act = cam_activations(cam);
    if (!act)
        return -1;
    const size_t plane = tensor_plane(act);
    const int most = group_count(p, act->c);
    float *groups = cam_floats(cam, most * plane);
    struct cam_output *out = cam_alloc(cam, most, sizeof *out), hidden;
    const float *blurred = cam_blurred_input(cam, p->blur_kernel, p->blur_sigma);
    if (!groups || !out || !blurred || make_maps(cam, p, act, groups, most))
        return -1;
    const int count = drop_constant(groups, most, plane);
    struct plane_masks masks = plane_masks_of(cam, groups, plane);
    if (masked_baseline(cam, blurred, &hidden) || cam_masked(cam, count, plane_mask_write, &masks, blurred, out))
        return -1;
    memset(map, 0, plane * sizeof *map);
    for (int l = 0; l < count; l++) {
        const float gain = out[l].probability - hidden.probability, weight = gain < 0 ? 0 : gain;
        for (size_t i = 0; i < plane; i++)
            map[i] += weight * groups[l * plane + i];
    }
    return 0;
}

static int check(const void *params, struct error *err)
{
    const struct groupcam *p = params;
    return p->blur_kernel % 2 ? 0 : error_set(err, "blur_kernel is %d, an odd number is needed", p->blur_kernel);
}

static struct cost cost(const void *params, const struct tensor *layer, struct shape input)
{
    (void)input;
    return (struct cost){.full = group_count(params, layer->c) + 2, .backward = 1};
}

static const struct param params[] = {
    PARAM_INT(struct groupcam, groups, 32, 2, 65536, "G; at most the number of channels is used"),
    PARAM_ENUM(struct groupcam, grouping, "chunk|k_means|agglomerate",
               "neighbouring channels, or clusters of the weighted channels: k-means, Ward's criterion"),
    PARAM_FLOAT(struct groupcam, denoise, 0, 0, 99,
                "values of the groups' maps below this percentile become 0; 0: none"),
    PARAM_INT(struct groupcam, blur_kernel, 51, 3, 223, "taps of the blur; an odd number"),
    PARAM_FLOAT(struct groupcam, blur_sigma, 50, 0.01, 1000, "standard deviation of the blur in pixels"),
    {0}};

const struct method method_groupcam = {
    .abi = METHOD_ABI,
    .name = "groupcam",
    .title = "Group-CAM",
    .year = 2021,
    .source = "zhang2021groupcam",
    .version = 1,
    .group = METHOD_MASKS,
    .peers = "authors' GroupCAM",
    .passes = "G + 2 forwards, 1 backward of the tail",
    .params = params,
    .params_size = sizeof(struct groupcam),
    .cost = cost,
    .check = check,
    .explain = explain,
};
