/*
 * methods/scorecam.c - Score-CAM. Wang et al., "Score-CAM: Score-Weighted Visual Explanations for Convolutional Neural
 * Networks", CVPR Workshops 2020, arXiv:1910.01279. Gradient-free: each channel, enlarged and normalised, masks the
 * image; the network's score of the masked image becomes the channel's weight. C full passes.
 *
 * The paper, the authors' code and two well-known programs do each step differently (score_masks.c has a row for each). All
 * write sum_k w_k A_k at the layer's size: where a program adds the enlarged channels, that is the same sum, enlarged.
 */
#include "methods/score_masks.h"

enum channel_order { ORDER_DEVIATION, ORDER_GRADIENT };

struct scorecam {
    int scoring, score, weighting, baseline, mask_space, fill, max_channels, channel_order;
};

/* The recipe of the chosen scoring, with the fields that the parameters override. */
static struct recipe recipe_of(const struct scorecam *p)
{
    struct recipe recipe = recipe_of_scoring(p->scoring);
    if (p->score != SCORE_BY_SCORING)
        recipe.score = p->score;
    if (p->baseline != BASELINE_BY_SCORING)
        recipe.baseline = p->baseline;
    if (p->weighting != WEIGHTING_BY_SCORING)
        recipe.weighting = p->weighting;
    return recipe;
}

/* -- channels ---------------------------------------------------------------------------------------------------- */

static double deviation(const float *values, size_t n)
{
    const double mean = mean_of(values, n);
    double squares = 0;
    for (size_t i = 0; i < n; i++)
        squares += (values[i] - mean) * (values[i] - mean);
    return sqrt(squares / (double)n);
}

/*
 * Writes what max_channels orders the channels by: the deviation, or the mean gradient of the logit with its sign. The
 * latter is gScoreCAM (Chen et al., "gScoreCAM: What objects is CLIP looking at?", ACCV 2022), whose code then gives
 * the channels that are left out a score of 0; here they have no weight.
 */
static int order_channels(struct cam *cam, const struct tensor *act, int channel_order, double *order)
{
    const size_t plane = tensor_plane(act);
    const struct tensor *grad = channel_order == ORDER_GRADIENT ? cam_gradient(cam, CAM_LOGIT) : NULL;
    if (channel_order == ORDER_GRADIENT && !grad)
        return -1;
    for (int k = 0; k < act->c; k++)
        order[k] = grad ? mean_of(grad->data + k * plane, plane) : deviation(act->data + k * plane, plane);
    return 0;
}

/* Keeps only the max_channels channels that come first. 0, or -1 and the context's error. */
static int keep_first(struct cam *cam, struct score_masks *masks, const struct scorecam *p)
{
    const struct tensor *act = masks->act;
    double *order = cam_alloc(cam, act->c, sizeof *order);
    int *kept = cam_alloc(cam, act->c, sizeof *kept), n = 0;
    if (!order || !kept || order_channels(cam, act, p->channel_order, order))
        return -1;
    for (int i = 0; i < masks->n; i++)
        if (rank_from_largest(order, act->c, masks->channel[i]) < p->max_channels)
            kept[n++] = masks->channel[i];
    masks->channel = kept;
    masks->n = n;
    return 0;
}

/* -- masked passes ----------------------------------------------------------------------------------------------- */

/* An image that has the mean colour of the input everywhere. */
static const float *mean_colour(struct cam *cam)
{
    const struct shape input = cam_input_shape(cam);
    const size_t pixels = (size_t)input.h * (size_t)input.w;
    const float *x = cam_input(cam);
    float *image = x ? cam_floats(cam, (size_t)input.c * pixels) : NULL;
    for (int colour = 0; colour < input.c && image; colour++) {
        const float mean = (float)mean_of(x + colour * pixels, pixels);
        for (size_t i = 0; i < pixels; i++)
            image[colour * pixels + i] = mean;
    }
    return image;
}

/* The score of the baseline image X_b, which is subtracted from the others. */
static int baseline_score(struct cam *cam, const struct recipe *recipe, int mask_space, double *score)
{
    struct cam_output out = {0};
    const float *image = NULL;
    int status = 0;
    switch (recipe->baseline) {
    case BASELINE_NONE:
        break;
    case BASELINE_IMAGE:
        out = (struct cam_output){.logit = cam_logit(cam), .probability = cam_probability(cam)};
        break;
    case BASELINE_MEAN:
        image = mean_colour(cam);
        status = image ? masked_baseline(cam, image, &out) : -1;
        break;
    default:
        status = mask_background(cam, mask_space, recipe->baseline == BASELINE_BLUR ? MASK_FILL_BLUR : MASK_FILL_ZERO,
                                 &image);
        status = status ? status : masked_baseline(cam, image, &out);
    }
    *score = recipe_score(recipe, out);
    return status;
}

/* The keys of the masks (n,h,w), see cam_masked_by_keys(): the channels, zeros for a constant one. */
static float *keys_of(struct cam *cam, const struct score_masks *masks)
{
    const size_t plane = tensor_plane(masks->act);
    float *keys = cam_floats(cam, masks->n * plane);
    for (int i = 0; i < masks->n && keys; i++)
        if (!score_mask_is_zero(masks, i))
            memcpy(keys + i * plane, masks->act->data + masks->channel[i] * plane, plane * sizeof *keys);
    return keys;
}

/* Computes the weights w_k of the masks from their scores. There is at least one mask. */
static int weights_of(struct cam *cam, const struct scorecam *p, struct score_masks *masks, float *weight)
{
    const float *background;
    double baseline;
    const int n = masks->n;
    struct cam_output *out = cam_alloc(cam, n, sizeof *out);
    float *score = cam_floats(cam, n), *keys = keys_of(cam, masks);
    if (!out || !score || !keys || mask_background(cam, p->mask_space, p->fill, &background) ||
        baseline_score(cam, masks->recipe, p->mask_space, &baseline) ||
        cam_masked_by_keys(cam, n, keys, tensor_plane(masks->act), score_mask_write, masks, background, out))
        return -1;
    for (int i = 0; i < n; i++)
        score[i] = (float)(recipe_score(masks->recipe, out[i]) - baseline);
    weigh_scores(masks->recipe->weighting, score, n, weight);
    return 0;
}

static int explain(struct cam *cam, const void *params, float *map)
{
    const struct scorecam *p = params;
    const struct recipe recipe = recipe_of(p);
    struct score_masks masks;
    if (score_masks_init(&masks, cam, &recipe) || (p->max_channels && keep_first(cam, &masks, p)))
        return -1;
    float *weight = cam_floats(cam, masks.act->c);
    if (!weight || (masks.n > 0 && weights_of(cam, p, &masks, weight)))
        return -1;
    return score_masks_map(cam, &masks, weight, map);
}

static struct cost cost(const void *params, const struct tensor *layer, struct shape input)
{
    (void)input;
    const struct scorecam *p = params;
    const struct recipe recipe = recipe_of(p);
    const bool needs_pass = recipe.baseline != BASELINE_NONE && recipe.baseline != BASELINE_IMAGE;
    const int channels = p->max_channels && p->max_channels < layer->c ? p->max_channels : layer->c;
    const bool needs_gradient = p->max_channels && p->channel_order == ORDER_GRADIENT;
    return (struct cost){.full = channels + 1 + needs_pass, .backward = needs_gradient};
}

static const struct param params[] = {
    PARAM_ENUM(struct scorecam, scoring, SCORING_CHOICES, "source of the masks, scores and weights"),
    PARAM_ENUM(struct scorecam, score, "by_scoring|prob|logit", "score of a masked image"),
    PARAM_ENUM(struct scorecam, weighting, "by_scoring|softmax|linear|relu", "how scores become weights"),
    PARAM_ENUM(struct scorecam, baseline, "by_scoring|none|zero|mean|blur|image",
               "image whose score is subtracted: fully masked, its mean colour, blurred, unmasked"),
    PARAM_ENUM(struct scorecam, mask_space, MASK_SPACE_CHOICES,
               "what shows where the mask is 0 without a fill: the mean colour, or black"),
    PARAM_ENUM(struct scorecam, fill, MASK_FILL_CHOICES, "image that shows where the mask is 0; zero: as mask_space"),
    PARAM_INT(struct scorecam, max_channels, 0, 0, 65536, "only the channels that come first by channel_order; 0: all"),
    PARAM_ENUM(struct scorecam, channel_order, "deviation|gradient",
               "channels of max_channels: with the largest deviation, or mean gradient of the logit (gScoreCAM)"),
    {0}};

const struct method method_scorecam = {
    .abi = METHOD_ABI,
    .name = "scorecam",
    .title = "Score-CAM",
    .year = 2020,
    .source = "wang2020scorecam",
    .version = 1,
    .group = METHOD_MASKS,
    .flags = METHOD_CHANNEL_MAPS,
    .peers = "pytorch-grad-cam ScoreCAM; torch-cam ScoreCAM",
    .passes = "C + 1 forwards",
    .params = params,
    .params_size = sizeof(struct scorecam),
    .cost = cost,
    .explain = explain,
};
