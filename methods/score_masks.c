/* methods/score_masks.c - masks from channels, and the recipes by which programs score them. */
#include "methods/score_masks.h"

/* clang-format off */
static const struct recipe recipes[] = {
    /*                            N, U   corners eps    skips  score        baseline        weights */
    [SCORING_OFFICIAL] =         {false, false,  0,     true,  SCORE_PROB,  BASELINE_NONE,  WEIGHTING_LINEAR},
    [SCORING_PAPER] =            {false, false,  0,     true,  SCORE_PROB,  BASELINE_ZERO,  WEIGHTING_SOFTMAX},
    [SCORING_TORCHCAM] =         {true,  false,  1e-8f, false, SCORE_LOGIT, BASELINE_IMAGE, WEIGHTING_SOFTMAX},
    [SCORING_PYTORCH_GRAD_CAM] = {false, true,   1e-8f, false, SCORE_LOGIT, BASELINE_NONE,  WEIGHTING_SOFTMAX},
};
/* clang-format on */

struct recipe recipe_of_scoring(int scoring)
{
    return recipes[scoring];
}

double recipe_score(const struct recipe *recipe, struct cam_output out)
{
    return recipe->score == SCORE_LOGIT ? out.logit : out.probability;
}

int score_masks_init(struct score_masks *masks, struct cam *cam, const struct recipe *recipe)
{
    const struct shape input = cam_input_shape(cam);
    const struct tensor *act = cam_activations(cam);
    int *channel = act ? cam_alloc(cam, act->c, sizeof *channel) : NULL, n = 0;
    if (!channel)
        return -1;
    const size_t plane = tensor_plane(act);
    for (int k = 0; k < act->c; k++) {
        const struct range range = range_of(act->data + k * plane, plane);
        if (!recipe->skips_constant || range.min != range.max)
            channel[n++] = k;
    }
    *masks = (struct score_masks){cam, act, recipe, channel, n, (size_t)input.h * (size_t)input.w};
    return 0;
}

static const float *channel_of(const struct score_masks *masks, int index)
{
    return masks->act->data + masks->channel[index] * tensor_plane(masks->act);
}

bool score_mask_is_zero(const struct score_masks *masks, int index)
{
    const struct range range = range_of(channel_of(masks, index), tensor_plane(masks->act));
    return range.min == range.max;
}

/* Runs in several threads, so it writes to `out` only. */
void score_mask_write(void *context, int index, float *out)
{
    const struct score_masks *masks = context;
    const struct recipe *recipe = masks->recipe;
    const float *channel = channel_of(masks, index);
    const struct range range = range_of(channel, tensor_plane(masks->act));
    if (range.min == range.max) { /* exactly 0, without the rounding errors of U */
        memset(out, 0, masks->pixels * sizeof *out);
        return;
    }
    cam_upsample(masks->cam, channel, out, recipe->aligns_corners);
    if (!recipe->normalises_first) {
        min_max(out, masks->pixels, recipe->eps, out);
        return;
    }
    for (size_t i = 0; i < masks->pixels; i++) /* U is linear and keeps constants: this is U(N(A_k)) */
        out[i] = (out[i] - range.min) / (range.max - range.min + recipe->eps);
}

void weigh_scores(int weighting, const float *score, int n, float *weight)
{
    if (weighting == WEIGHTING_SOFTMAX)
        softmax(score, n, weight);
    else
        for (int i = 0; i < n; i++)
            weight[i] = weighting == WEIGHTING_RELU && score[i] < 0 ? 0 : score[i];
}

int weigh_mean_scores(struct cam *cam, const struct score_masks *masks, const struct cam_output *out, int samples,
                      float *weight)
{
    float *score = cam_floats(cam, masks->n);
    if (!score)
        return -1;
    for (int k = 0; k < masks->n; k++) {
        double sum = 0;
        for (int i = 0; i < samples; i++)
            sum += recipe_score(masks->recipe, out[(size_t)k * samples + i]);
        score[k] = (float)(sum / samples);
    }
    weigh_scores(WEIGHTING_SOFTMAX, score, masks->n, weight);
    return 0;
}

int score_masks_map(struct cam *cam, const struct score_masks *masks, const float *weight, float *map)
{
    float *all = cam_floats(cam, masks->act->c);
    if (!all)
        return -1;
    for (int i = 0; i < masks->n; i++)
        all[masks->channel[i]] = weight[i];
    cam_weighted_sum(cam, masks->act, all, map);
    return 0;
}
