/*
 * methods/ablationcam.c - Ablation-CAM. Desai, Ramaswamy, "Ablation-CAM: Visual Explanations for Deep Convolutional
 * Network via Gradient-free Localization", WACV 2020. A channel's weight is the relative loss of the score without it:
 * (y - y^(k)) / y. C passes of the tail.
 */
#include "methods/subspace.h"

enum ablate_value { ABLATE_ZERO, ABLATE_MIN, ABLATE_PYTORCH_GRAD_CAM };
enum denominator { DENOMINATOR_SIGNED, DENOMINATOR_ABS, DENOMINATOR_ONE };
enum score { SCORE_LOGIT, SCORE_PROB };

struct ablationcam {
    int ablate_value, denominator, score;
    double ratio;
};

/* The channels that are ablated, in this order, and the constant that replaces each. */
struct ablation {
    const struct tensor *act;
    int n;
    int *channel; /* (n) */
    float *value; /* (n) */
};

/* -- values ------------------------------------------------------------------------------------------------------ */

/*
 * The value of pytorch-grad-cam: 0 if the smallest activation is 0; else the smallest activation minus 1e7. That
 * smallest one is taken over a batch of 32 copies, so each copy changed before lowers it further.
 */
static void set_falling_values(struct ablation *ablation)
{
    const float smallest = range_of(ablation->act->data, tensor_size(ablation->act)).min;
    float lowest = smallest;
    for (int i = 0; i < ablation->n; i++) {
        lowest = (i % 32 ? lowest : smallest) - 1e7f;
        ablation->value[i] = smallest == 0 ? 0 : lowest;
    }
}

static void set_values(struct ablation *ablation, int how)
{
    const size_t plane = tensor_plane(ablation->act);
    if (how == ABLATE_PYTORCH_GRAD_CAM)
        set_falling_values(ablation);
    for (int i = 0; i < ablation->n && how == ABLATE_MIN; i++)
        ablation->value[i] = range_of(ablation->act->data + ablation->channel[i] * plane, plane).min;
}

/* -- channels ---------------------------------------------------------------------------------------------------- */

/* Writes a mask (h,w): 1 where the absolute value of Eigen-CAM is above 1 % of its range, 0 elsewhere. */
static int eigen_mask(struct cam *cam, const struct tensor *act, float *mask)
{
    const int plane = act->h * act->w;
    struct random_stream random = cam_random(cam);
    double *rows = cam_alloc(cam, tensor_size(act), sizeof *rows), *basis = cam_alloc(cam, plane, sizeof *basis);
    if (!rows || !basis)
        return -1;
    for (int k = 0; k < act->c; k++) {
        const float *channel = act->data + (size_t)k * plane;
        double mean = 0;
        for (int i = 0; i < plane; i++)
            mean += channel[i] / (double)plane;
        for (int i = 0; i < plane; i++)
            rows[(size_t)i * act->c + k] = channel[i] - mean;
    }
    if (leading_subspace(cam, rows, plane, act->c, 1, &random, basis))
        return -1;
    for (int i = 0; i < plane; i++)
        mask[i] = (float)fabs(basis[i]);
    min_max(mask, plane, 0, mask);
    for (int i = 0; i < plane; i++)
        mask[i] = mask[i] > 0.01f;
    return 0;
}

/* The share of a channel's |A|, less its minimum, that lies inside the mask; 0 for a constant channel. */
static double overlap(const float *channel, const float *mask, size_t plane)
{
    double inside = 0, all = 0;
    float smallest = INFINITY;
    for (size_t i = 0; i < plane; i++)
        smallest = fminf(smallest, fabsf(channel[i]));
    for (size_t i = 0; i < plane; i++) {
        inside += mask[i] * (fabsf(channel[i]) - smallest);
        all += fabsf(channel[i]) - smallest;
    }
    return all > 0 ? inside / all : 0;
}

static int kept_at_each_end(int channels, double ratio)
{
    const int kept = (int)(channels * ratio);
    return kept > 0 ? kept : 1;
}

/*
 * Chooses the channels with the highest and with the lowest overlap, as pytorch-grad-cam does; all channels for ratio
 * 1.
 */
static int choose_channels(struct cam *cam, double ratio, struct ablation *ablation)
{
    const struct tensor *act = ablation->act;
    const size_t plane = tensor_plane(act);
    const int kept = kept_at_each_end(act->c, ratio);
    float *mask = cam_floats(cam, plane);
    double *overlaps = cam_alloc(cam, act->c, sizeof *overlaps);
    if (!mask || !overlaps || (ratio < 1 && eigen_mask(cam, act, mask)))
        return -1;
    for (int k = 0; k < act->c && ratio < 1; k++)
        overlaps[k] = overlap(act->data + k * plane, mask, plane);
    for (int k = 0; k < act->c; k++) {
        const int rank = ratio < 1 ? rank_from_smallest(overlaps, act->c, k) : 0;
        if (rank < kept || rank >= act->c - kept)
            ablation->channel[ablation->n++] = k;
    }
    return 0;
}

/* -- passes ------------------------------------------------------------------------------------------------------ */

static double denominator_of(int how, double score)
{
    if (how == DENOMINATOR_ONE || score == 0)
        return 1;
    return how == DENOMINATOR_ABS ? fabs(score) : score;
}

/* Writes the score without each of the ablated channels. */
static int ablated_scores(struct cam *cam, int score, const struct ablation *ablation, float *scores)
{
    const int n = ablation->n;
    if (score == SCORE_LOGIT)
        return cam_tail_channel_logits(cam, n, ablation->channel, ablation->value, scores);
    struct cam_output *out = cam_alloc(cam, n, sizeof *out);
    if (!out || cam_tail_channels(cam, n, ablation->channel, ablation->value, out))
        return -1;
    for (int i = 0; i < n; i++)
        scores[i] = out[i].probability;
    return 0;
}

static int explain(struct cam *cam, const void *params, float *map)
{
    const struct ablationcam *p = params;
    struct ablation ablation = {.act = cam_activations(cam)};
    if (!ablation.act)
        return -1;
    const int channels = ablation.act->c;
    float *weight = cam_floats(cam, channels), *scores = cam_floats(cam, channels);
    ablation.channel = cam_alloc(cam, channels, sizeof *ablation.channel);
    ablation.value = cam_floats(cam, channels);
    if (!weight || !scores || !ablation.channel || !ablation.value || choose_channels(cam, p->ratio, &ablation))
        return -1;
    set_values(&ablation, p->ablate_value);
    if (ablated_scores(cam, p->score, &ablation, scores))
        return -1;
    const double score = p->score == SCORE_LOGIT ? cam_logit(cam) : cam_probability(cam);
    const double denominator = denominator_of(p->denominator, score);
    for (int i = 0; i < ablation.n; i++)
        weight[ablation.channel[i]] = (float)((score - scores[i]) / denominator);
    cam_weighted_sum(cam, ablation.act, weight, map);
    return 0;
}

static struct cost cost(const void *params, const struct tensor *layer, struct shape input)
{
    (void)input;
    const struct ablationcam *p = params;
    const int kept = 2 * kept_at_each_end(layer->c, p->ratio);
    return (struct cost){.full = 1, .tail = kept < layer->c ? kept : layer->c};
}

static const struct param params[] = {
    PARAM_ENUM(struct ablationcam, ablate_value, "zero|min|pytorch_grad_cam",
               "constant that replaces an ablated channel"),
    PARAM_ENUM(struct ablationcam, denominator, "signed|abs|one", "divisor of the loss: y, |y|, 1"),
    PARAM_ENUM(struct ablationcam, score, "logit|prob", "y"),
    PARAM_FLOAT(struct ablationcam, ratio, 1.0, 1e-4, 1,
                "below 1: only this part of the channels, from each end of their overlap with Eigen-CAM"),
    {0}};

const struct method method_ablationcam = {
    .abi = METHOD_ABI,
    .name = "ablationcam",
    .title = "Ablation-CAM",
    .year = 2020,
    .source = "desai2020ablationcam",
    .version = 1,
    .group = METHOD_TAIL,
    .flags = METHOD_CHANNEL_MAPS,
    .peers = "pytorch-grad-cam AblationCAM",
    .passes = "1 forward, C passes of the tail",
    .params = params,
    .params_size = sizeof(struct ablationcam),
    .cost = cost,
    .explain = explain,
};
