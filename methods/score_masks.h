/*
 * methods/score_masks.h - what Score-CAM and the methods made from it have in common: which channels become masks, the
 * masks, the scores of masked images and how scores become weights. For files of this room.
 */
#ifndef METHODS_SCORE_MASKS_H
#define METHODS_SCORE_MASKS_H

#include "methods/masking.h"

enum scoring { SCORING_OFFICIAL, SCORING_PAPER, SCORING_TORCHCAM, SCORING_PYTORCH_GRAD_CAM };
#define SCORING_CHOICES "official|paper|torchcam|pytorch_grad_cam"
enum score { SCORE_BY_SCORING, SCORE_PROB, SCORE_LOGIT };
enum weighting { WEIGHTING_BY_SCORING, WEIGHTING_SOFTMAX, WEIGHTING_LINEAR, WEIGHTING_RELU };
enum baseline { BASELINE_BY_SCORING, BASELINE_NONE, BASELINE_ZERO, BASELINE_MEAN, BASELINE_BLUR, BASELINE_IMAGE };

/* The steps of a scoring. */
struct recipe {
    bool normalises_first; /* min-max N at the layer's size, then enlargement U; else U, then N */
    bool aligns_corners;   /* in U */
    float eps;             /* in N */
    bool skips_constant;   /* constant channels are left out; else their mask is 0 */
    int score;             /* S_k is measured by the class's ... */
    int baseline;          /* ... minus that of this image */
    int weighting;         /* w_k from S_k */
};

struct recipe recipe_of_scoring(int scoring);
double recipe_score(const struct recipe *recipe, struct cam_output out);

/* The masks s_k (H,W) of n channels of A. `channel` may be replaced by fewer. */
struct score_masks {
    const struct cam *cam;
    const struct tensor *act;
    const struct recipe *recipe;
    const int *channel; /* of mask k, ascending, [n] */
    int n;
    size_t pixels; /* H*W */
};

/* The masks of all channels that the recipe keeps. 0, or -1 and the context's error. */
int score_masks_init(struct score_masks *masks, struct cam *cam, const struct recipe *recipe);

/* Writes mask `index` (H,W), exactly 0 for a constant channel. A cam_source if `context` is the masks. */
void score_mask_write(void *context, int index, float *out);

/* Whether mask `index` is 0 everywhere. */
bool score_mask_is_zero(const struct score_masks *masks, int index);

/* Writes weight[n] from score[n]; n > 0. */
void weigh_scores(int weighting, const float *score, int n, float *weight);

/*
 * Writes weight[n], the softmax of the masks' mean scores over `samples` passes each, out (n,samples). An image whose
 * score would be subtracted from all of them changes nothing.
 */
int weigh_mean_scores(struct cam *cam, const struct score_masks *masks, const struct cam_output *out, int samples,
                      float *weight);

/* Writes map = sum_k weight[k] * A_channel[k] over the masks. 0, or -1 and the context's error. */
int score_masks_map(struct cam *cam, const struct score_masks *masks, const float *weight, float *map);

#endif
