/*
 * methods/scorecam.c - Score-CAM. Wang et al., "Score-CAM: Score-Weighted Visual Explanations for Convolutional Neural
 * Networks", CVPR Workshops 2020, arXiv:1910.01279. Gradient-free: each channel, enlarged and normalised, masks the
 * image; the network's score of the masked image becomes the channel's weight. C full passes.
 *
 * The paper, the authors' code and two well-known programs do each step differently; `recipes` has a row for each. All
 * write sum_k w_k A_k at the layer's size: where a program adds the enlarged channels, that is the same sum, enlarged.
 */
#include "methods/masking.h"

enum scoring { SCORING_OFFICIAL, SCORING_PAPER, SCORING_TORCHCAM, SCORING_PYTORCH_GRAD_CAM };
enum score { SCORE_BY_SCORING, SCORE_PROB, SCORE_LOGIT };
enum weighting { WEIGHTING_BY_SCORING, WEIGHTING_SOFTMAX, WEIGHTING_LINEAR, WEIGHTING_RELU };
enum baseline { BASELINE_BY_SCORING, BASELINE_NONE, BASELINE_ZERO, BASELINE_MEAN, BASELINE_BLUR, BASELINE_IMAGE };

struct scorecam {
    int scoring, score, weighting, baseline, mask_space, fill, max_channels;
};

struct recipe {
    bool normalises_first; /* min-max N at the layer's size, then enlargement U; else U, then N */
    bool aligns_corners;   /* in U */
    float eps;             /* in N */
    bool skips_constant;   /* constant channels are left out; else their mask is 0 */
    int score;             /* S_k is measured by the class's ... */
    int baseline;          /* ... minus that of this image */
    int weighting;         /* w_k from S_k */
};

/* clang-format off */
static const struct recipe recipes[] = {
    /*                            N, U   corners eps    skips  score        baseline        weights */
    [SCORING_OFFICIAL] =         {false, false,  0,     true,  SCORE_PROB,  BASELINE_NONE,  WEIGHTING_LINEAR},
    [SCORING_PAPER] =            {false, false,  0,     true,  SCORE_PROB,  BASELINE_ZERO,  WEIGHTING_SOFTMAX},
    [SCORING_TORCHCAM] =         {true,  false,  1e-8f, false, SCORE_LOGIT, BASELINE_IMAGE, WEIGHTING_SOFTMAX},
    [SCORING_PYTORCH_GRAD_CAM] = {false, true,   1e-8f, false, SCORE_LOGIT, BASELINE_NONE,  WEIGHTING_SOFTMAX},
};
/* clang-format on */

/* The recipe of the chosen scoring, with the fields that the parameters override. */
static struct recipe recipe_of(const struct scorecam *p)
{
    struct recipe recipe = recipes[p->scoring];
    if (p->score != SCORE_BY_SCORING)
        recipe.score = p->score;
    if (p->baseline != BASELINE_BY_SCORING)
        recipe.baseline = p->baseline;
    if (p->weighting != WEIGHTING_BY_SCORING)
        recipe.weighting = p->weighting;
    return recipe;
}

static double score_of(const struct recipe *recipe, struct cam_output out)
{
    return recipe->score == SCORE_LOGIT ? out.logit : out.probability;
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

/* Lists the channels that become masks, ascending; returns how many, or -1 and the context's error. */
static int choose_channels(struct cam *cam, const struct tensor *act, bool skips_constant, int max_channels,
                           int *chosen)
{
    double *spread = cam_alloc(cam, act->c, sizeof *spread);
    if (!spread)
        return -1;
    const size_t plane = tensor_plane(act);
    for (int k = 0; k < act->c && max_channels; k++)
        spread[k] = deviation(act->data + k * plane, plane);
    int n = 0;
    for (int k = 0; k < act->c; k++) {
        const struct range range = range_of(act->data + k * plane, plane);
        const bool is_skipped = skips_constant && range.min == range.max;
        if (!is_skipped && (!max_channels || rank_from_largest(spread, act->c, k) < max_channels))
            chosen[n++] = k;
    }
    return n;
}

/* -- masked passes ----------------------------------------------------------------------------------------------- */

struct work {
    const struct cam *cam;
    const struct tensor *act;
    const struct recipe *recipe;
    const int *channel; /* of mask `index` */
    size_t pixels;
};

/* Writes the mask s_k (H,W). Runs in several threads, so it writes to `out` only. */
static void write_mask(void *context, int index, float *out)
{
    const struct work *work = context;
    const struct recipe *recipe = work->recipe;
    const size_t plane = tensor_plane(work->act);
    const float *channel = work->act->data + work->channel[index] * plane;
    const struct range range = range_of(channel, plane);
    if (range.min == range.max) { /* exactly 0, without the rounding errors of U */
        memset(out, 0, work->pixels * sizeof *out);
        return;
    }
    cam_upsample(work->cam, channel, out, recipe->aligns_corners);
    if (!recipe->normalises_first) {
        min_max(out, work->pixels, recipe->eps, out);
        return;
    }
    for (size_t i = 0; i < work->pixels; i++) /* U is linear and keeps constants: this is U(N(A_k)) */
        out[i] = (out[i] - range.min) / (range.max - range.min + recipe->eps);
}

/* An image that has the mean colour of the input everywhere. */
static const float *mean_colour(struct cam *cam)
{
    const struct shape input = cam_input_shape(cam);
    const size_t pixels = (size_t)input.h * (size_t)input.w;
    const float *x = cam_input(cam);
    float *image = x ? cam_floats(cam, 3 * pixels) : NULL;
    for (int colour = 0; colour < 3 && image; colour++) {
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
    *score = score_of(recipe, out);
    return status;
}

static void weigh(int weighting, const float *score, int n, float *weight)
{
    if (weighting == WEIGHTING_SOFTMAX)
        softmax(score, n, weight);
    else
        for (int i = 0; i < n; i++)
            weight[i] = weighting == WEIGHTING_RELU && score[i] < 0 ? 0 : score[i];
}

/* The keys of the masks (n,h,w), see cam_masked_by_keys(): the channels, zeros for a constant one. */
static float *keys_of(struct cam *cam, const struct work *work, int n)
{
    const size_t plane = tensor_plane(work->act);
    float *keys = cam_floats(cam, n * plane);
    for (int i = 0; i < n && keys; i++) {
        const float *channel = work->act->data + work->channel[i] * plane;
        if (!is_constant(channel, plane))
            memcpy(keys + i * plane, channel, plane * sizeof *keys);
    }
    return keys;
}

/* Computes the weights w_k of n > 0 chosen channels from their scores. */
static int weights_of(struct cam *cam, const struct scorecam *p, struct work *work, int n, float *weight)
{
    const float *background;
    double baseline;
    struct cam_output *out = cam_alloc(cam, n, sizeof *out);
    float *score = cam_floats(cam, n), *keys = keys_of(cam, work, n);
    if (!out || !score || !keys || mask_background(cam, p->mask_space, p->fill, &background) ||
        baseline_score(cam, work->recipe, p->mask_space, &baseline) ||
        cam_masked_by_keys(cam, n, keys, tensor_plane(work->act), write_mask, work, background, out))
        return -1;
    for (int i = 0; i < n; i++)
        score[i] = (float)(score_of(work->recipe, out[i]) - baseline);
    weigh(work->recipe->weighting, score, n, weight);
    return 0;
}

static int explain(struct cam *cam, const void *params, float *map)
{
    const struct scorecam *p = params;
    const struct recipe recipe = recipe_of(p);
    const struct shape input = cam_input_shape(cam);
    const struct tensor *act = cam_activations(cam); /* (C,h,w) */
    int *channel = act ? cam_alloc(cam, act->c, sizeof *channel) : NULL;
    float *weight = act ? cam_floats(cam, act->c) : NULL, *chosen_weight = act ? cam_floats(cam, act->c) : NULL;
    if (!channel || !weight || !chosen_weight)
        return -1;
    const int n = choose_channels(cam, act, recipe.skips_constant, p->max_channels, channel);
    struct work work = {cam, act, &recipe, channel, (size_t)input.h * (size_t)input.w};
    if (n < 0 || (n > 0 && weights_of(cam, p, &work, n, chosen_weight)))
        return -1;
    for (int i = 0; i < n; i++)
        weight[channel[i]] = chosen_weight[i];
    weighted_sum(act, weight, map);
    return 0;
}

static struct cost cost(const void *params, const struct tensor *layer, struct shape input)
{
    (void)input;
    const struct scorecam *p = params;
    const struct recipe recipe = recipe_of(p);
    const bool needs_pass = recipe.baseline != BASELINE_NONE && recipe.baseline != BASELINE_IMAGE;
    const int channels = p->max_channels && p->max_channels < layer->c ? p->max_channels : layer->c;
    return (struct cost){.full = channels + 1 + needs_pass};
}

static const struct param params[] = {
    PARAM_ENUM(struct scorecam, scoring, "official|paper|torchcam|pytorch_grad_cam",
               "source of the masks, scores and weights"),
    PARAM_ENUM(struct scorecam, score, "by_scoring|prob|logit", "score of a masked image"),
    PARAM_ENUM(struct scorecam, weighting, "by_scoring|softmax|linear|relu", "how scores become weights"),
    PARAM_ENUM(struct scorecam, baseline, "by_scoring|none|zero|mean|blur|image",
               "image whose score is subtracted: fully masked, its mean colour, blurred, unmasked"),
    PARAM_ENUM(struct scorecam, mask_space, MASK_SPACE_CHOICES,
               "what shows where the mask is 0 without a fill: the mean colour, or black"),
    PARAM_ENUM(struct scorecam, fill, MASK_FILL_CHOICES, "image that shows where the mask is 0; zero: as mask_space"),
    PARAM_INT(struct scorecam, max_channels, 0, 0, 65536, "only the channels with the largest deviation; 0: all"),
    {0}};

const struct method method_scorecam = {
    .abi = METHOD_ABI,
    .name = "scorecam",
    .title = "Score-CAM",
    .year = 2020,
    .source = "wang2020scorecam",
    .version = 1,
    .group = METHOD_MASKS,
    .peers = "pytorch-grad-cam ScoreCAM; torch-cam ScoreCAM",
    .passes = "C + 1 forwards",
    .params = params,
    .params_size = sizeof(struct scorecam),
    .cost = cost,
    .explain = explain,
};
