/*
 * methods/sscam.c - SS-CAM. Wang et al., "SS-CAM: Smoothed Score-CAM for Sharper Visual Feature Localization", 2020,
 * arXiv:2006.14255. Score-CAM with normal noise: the channel's score is the mean over N noisy masks or inputs. C N full
 * passes.
 *
 * The noise of a channel's sample is a part of the image's random stream of its own, so masks can be made in any order.
 */
#include "methods/score_masks.h"

enum noise_on { NOISE_ON_MASK, NOISE_ON_INPUT };

#define SAMPLES_MOST 200
#define PARTS_OF_CHANNEL 256 /* at least SAMPLES_MOST: a sample's noise does not depend on their number */

struct sscam {
    int samples, noise_on, scoring, mask_space;
    double sigma;
};

struct work {
    struct score_masks masks;
    struct random_stream random;
    int samples, channels;
    double sigma;
    const float *input, *background; /* (C,H,W); background may be NULL: zeros */
};

static struct random_stream noise_of(const struct work *work, int index)
{
    const int channel = work->masks.channel[index / work->samples];
    return random_part(&work->random, (uint32_t)(channel * PARTS_OF_CHANNEL + index % work->samples));
}

static float noise(const struct work *work, struct random_stream *random)
{
    return work->sigma > 0 ? (float)(work->sigma * random_normal(random)) : 0;
}

/* Writes the mask s_k + noise; runs in several threads. */
static void write_noisy_mask(void *context, int index, float *out)
{
    struct work *work = context;
    struct random_stream random = noise_of(work, index);
    score_mask_write(&work->masks, index / work->samples, out);
    for (size_t i = 0; i < work->masks.pixels; i++)
        out[i] += noise(work, &random);
}

/* Writes the input (x + noise) s_k, in which each value has noise of its own; runs in several threads. */
static void write_noisy_input(void *context, int index, float *out)
{
    struct work *work = context;
    const size_t pixels = work->masks.pixels;
    struct random_stream random = noise_of(work, index);
    float *mask = out + (size_t)(work->channels - 1) * pixels; /* where the last colour will be */
    score_mask_write(&work->masks, index / work->samples, mask);
    for (size_t i = 0; i < (size_t)work->channels * pixels; i++) {
        const float m = mask[i % pixels];
        out[i] = (work->input[i] + noise(work, &random)) * m + (work->background ? work->background[i] * (1 - m) : 0);
    }
}

static int run_passes(struct cam *cam, struct work *work, int noise_on, struct cam_output *out)
{
    const int count = work->masks.n * work->samples;
    return noise_on == NOISE_ON_INPUT ? cam_inputs(cam, count, write_noisy_input, work, out)
                                      : cam_masked(cam, count, write_noisy_mask, work, work->background, out);
}

static int explain(struct cam *cam, const void *params, float *map)
{
    const struct sscam *p = params;
    const struct recipe recipe = recipe_of_scoring(p->scoring);
    struct work work = {.random = cam_random(cam),
                        .samples = p->samples,
                        .channels = cam_input_shape(cam).c,
                        .sigma = p->sigma,
                        .input = cam_input(cam)};
    if (score_masks_init(&work.masks, cam, &recipe) ||
        mask_background(cam, p->mask_space, MASK_FILL_ZERO, &work.background))
        return -1;
    const int n = work.masks.n;
    struct cam_output *out = cam_alloc(cam, (size_t)n * p->samples, sizeof *out);
    float *weight = cam_floats(cam, n);
    if (!out || !weight ||
        (n > 0 &&
         (run_passes(cam, &work, p->noise_on, out) || weigh_mean_scores(cam, &work.masks, out, p->samples, weight))))
        return -1;
    return score_masks_map(cam, &work.masks, weight, map);
}

static struct cost cost(const void *params, const struct tensor *layer, struct shape input)
{
    (void)input;
    const struct sscam *p = params;
    return (struct cost){.full = 1.0 + (double)layer->c * p->samples};
}

static const struct param params[] = {
    PARAM_INT(struct sscam, samples, 35, 1, SAMPLES_MOST, "N, noisy copies of each mask"),
    PARAM_FLOAT(struct sscam, sigma, 2.0, 0, 10, "standard deviation of the noise; masks are in [0,1] before"),
    PARAM_ENUM(struct sscam, noise_on, "mask|input", "noise is added to the mask, or to the image before it is masked"),
    PARAM_ROW(struct sscam, scoring, ENUM, .fallback = "torchcam", .choices = SCORING_CHOICES,
              .help = "source of the masks and scores, as for scorecam; the weights are always a softmax"),
    PARAM_ENUM(struct sscam, mask_space, MASK_SPACE_CHOICES,
               "what shows where the mask is 0: the mean colour, or black"),
    {0}};

const struct method method_sscam = {
    .abi = METHOD_ABI,
    .name = "sscam",
    .title = "SS-CAM",
    .year = 2020,
    .source = "wang2020sscam",
    .version = 1,
    .group = METHOD_MASKS,
    .flags = METHOD_CHANNEL_MAPS,
    .peers = "torch-cam SSCAM",
    .passes = "C N + 1 forwards",
    .params = params,
    .params_size = sizeof(struct sscam),
    .cost = cost,
    .explain = explain,
};
