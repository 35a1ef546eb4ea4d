/*
 * methods/reciprocam.c - Recipro-CAM. Byun, Lee, "ReciproCAM: Lightweight Gradient-free Class Activation Map for
 * Post-hoc Explanations", CVPR Workshops 2024, arXiv:2209.14074. Gradient-free: for each position, the tail runs on
 * activations that are zero everywhere else; its score is the map's value there, without ReLU.
 *
 * The Gaussian variants keep a 3x3 neighbourhood, clipped at the borders: gaussian_mask keeps the neighbours' features,
 * weighted (OpenVINO XAI for transformers); gaussian_spread copies the centre's features there (the authors' code).
 */
#include "methods/channel_clusters.h"

enum mask { MASK_PLAIN, MASK_SPREAD, MASK_GAUSSIAN };
enum score { SCORE_PROB, SCORE_LOGIT };

/* The choices of feature_norm, in their order. */
static const int feature_norms[] = {CHANNEL_NORM_NONE, CHANNEL_NORM_MINMAX, CHANNEL_NORM_L2};

struct reciprocam {
    int mask, score, feature_norm;
};

/* The Gaussian kernel, in sixteenths. */
static const float kernels[][3][3] = {
    [MASK_PLAIN] = {{0, 0, 0}, {0, 16, 0}, {0, 0, 0}},
    [MASK_SPREAD] = {{1, 2, 1}, {2, 4, 2}, {1, 2, 1}},
    [MASK_GAUSSIAN] = {{1, 2, 1}, {2, 4, 2}, {1, 2, 1}},
};

#define MASKS_AT_ONCE 256 /* bounds the memory of large layers */

/* The context of the source of changed activations, the same for all positions. */
struct work {
    struct tensor act; /* (C,h,w), normalised */
    int mask;
};

/* Writes a plane (h,w) of zeros with the mask's kernel around position q, clipped at the borders. */
static void write_mask(int mask, int h, int w, int q, float *plane)
{
    memset(plane, 0, (size_t)h * (size_t)w * sizeof *plane);
    for (int a = -1; a <= 1; a++)
        for (int b = -1; b <= 1; b++) {
            const int i = q / w + a, j = q % w + b;
            if (i >= 0 && i < h && j >= 0 && j < w)
                plane[i * w + j] = kernels[mask][a + 1][b + 1] / 16;
        }
}

/* Writes A^(q): all channels are zero outside the kernel's neighbourhood of q. */
static void write_activation(void *context, int q, float *out)
{
    const struct work *work = context;
    const struct tensor *act = &work->act;
    const size_t plane = tensor_plane(act);
    for (int k = 0; k < act->c; k++) {
        const float *from = act->data + k * plane;
        float *to = out + k * plane;
        write_mask(work->mask, act->h, act->w, q, to);
        for (size_t i = 0; i < plane; i++)
            to[i] *= work->mask == MASK_SPREAD ? from[q] : from[i];
    }
}

/* Copies the activations and normalises each channel. */
static int normalised(struct cam *cam, const struct tensor *act, int how, struct tensor *out)
{
    float *data = cam_floats(cam, tensor_size(act));
    if (!data)
        return -1;
    const size_t plane = tensor_plane(act);
    for (int k = 0; k < act->c; k++)
        normalise_channel(how, act->data + k * plane, plane, data + k * plane);
    *out = *act;
    out->data = data;
    return 0;
}

/* Most variants multiply A by masks, for which the context has a faster way; the others change A itself. */
static int tail_by_masks(struct cam *cam, const struct tensor *act, int mask, struct cam_output *out)
{
    const int positions = act->h * act->w;
    float *masks = cam_floats(cam, (size_t)MASKS_AT_ONCE * (size_t)positions);
    if (!masks)
        return -1;
    for (int first = 0; first < positions; first += MASKS_AT_ONCE) {
        const int n = positions - first < MASKS_AT_ONCE ? positions - first : MASKS_AT_ONCE;
        for (int i = 0; i < n; i++)
            write_mask(mask, act->h, act->w, first + i, masks + (size_t)i * positions);
        if (cam_tail_spatial_masks(cam, n, masks, out + first))
            return -1;
    }
    return 0;
}

static int tail_by_activations(struct cam *cam, const struct tensor *act, const struct reciprocam *p,
                               struct cam_output *out)
{
    struct work work = {.mask = p->mask, .act = *act};
    const int norm = feature_norms[p->feature_norm];
    if (norm != CHANNEL_NORM_NONE && normalised(cam, act, norm, &work.act))
        return -1;
    return cam_tail(cam, act->h * act->w, write_activation, &work, out);
}

static int explain(struct cam *cam, const void *params, float *map)
{
    const struct reciprocam *p = params;
    const struct tensor *act = cam_activations(cam); /* (C,h,w) */
    struct cam_output *out = act ? cam_alloc(cam, tensor_plane(act), sizeof *out) : NULL;
    if (!act || !out)
        return -1;
    const bool is_mask = p->mask != MASK_SPREAD && feature_norms[p->feature_norm] == CHANNEL_NORM_NONE;
    if (is_mask ? tail_by_masks(cam, act, p->mask, out) : tail_by_activations(cam, act, p, out))
        return -1;
    for (size_t q = 0; q < tensor_plane(act); q++)
        map[q] = p->score == SCORE_LOGIT ? out[q].logit : out[q].probability;
    return 0;
}

static struct cost cost(const void *params, const struct tensor *layer, struct shape input)
{
    (void)params, (void)input;
    return (struct cost){.full = 1, .tail = (double)layer->h * layer->w};
}

static const struct param params[] = {
    PARAM_ENUM(struct reciprocam, mask, "plain|gaussian_spread|gaussian_mask",
               "neighbourhood in which the features are kept"),
    PARAM_ENUM(struct reciprocam, score, "prob|logit", "score of each pass"),
    PARAM_ENUM(struct reciprocam, feature_norm, "none|minmax|l2", "how each channel is normalised before the passes"),
    {0}};

const struct method method_reciprocam = {
    .abi = METHOD_ABI,
    .name = "reciprocam",
    .title = "Recipro-CAM",
    .year = 2022,
    .source = "byun2022reciprocam",
    .version = 1,
    .group = METHOD_TAIL,
    .peers = "OpenVINO XAI ReciproCAM",
    .passes = "1 forward, h*w passes of the tail",
    .is_signed = true,
    .params = params,
    .params_size = sizeof(struct reciprocam),
    .cost = cost,
    .explain = explain,
};
