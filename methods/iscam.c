/*
 * methods/iscam.c - IS-CAM. Naidu et al., "IS-CAM: Integrated Score-CAM for axiomatic-based explanations", 2020,
 * arXiv:2010.03023. Score-CAM whose mask grows from nothing to s_k in N steps: the channel's score is the mean over the
 * steps t_i s_k. C N full passes.
 *
 * torch-cam adds the steps up, t_i = 1/N + 2/N + ... + i/N, so that most of its masks are larger than 1.
 */
#include "methods/score_masks.h"

enum path { PATH_LINEAR, PATH_TORCHCAM };

struct iscam {
    int samples, path, scoring, mask_space;
};

struct work {
    struct score_masks masks;
    int samples;
    const float *step; /* t [samples] */
};

/* Writes the mask t_i s_k; runs in several threads. */
static void write_mask(void *context, int index, float *out)
{
    struct work *work = context;
    const float step = work->step[index % work->samples];
    score_mask_write(&work->masks, index / work->samples, out);
    for (size_t i = 0; i < work->masks.pixels; i++)
        out[i] *= step;
}

static float *steps_of(struct cam *cam, const struct iscam *p)
{
    float *step = cam_floats(cam, p->samples);
    for (int i = 1; i <= p->samples && step; i++)
        step[i - 1] = (float)((p->path == PATH_LINEAR ? i : i * (i + 1) / 2) / (double)p->samples);
    return step;
}

/* Keys of the passes (n samples,1), see cam_masked_by_keys(): all passes whose mask is 0 are the same. */
static float *keys_of(struct cam *cam, const struct work *work)
{
    const int count = work->masks.n * work->samples;
    float *keys = cam_floats(cam, count);
    for (int i = 0; i < count && keys; i++)
        keys[i] = score_mask_is_zero(&work->masks, i / work->samples) ? -1 : (float)i;
    return keys;
}

static int explain(struct cam *cam, const void *params, float *map)
{
    const struct iscam *p = params;
    const struct recipe recipe = recipe_of_scoring(p->scoring);
    struct work work = {.samples = p->samples, .step = steps_of(cam, p)};
    const float *background;
    if (!work.step || score_masks_init(&work.masks, cam, &recipe) ||
        mask_background(cam, p->mask_space, MASK_FILL_ZERO, &background))
        return -1;
    const int n = work.masks.n;
    struct cam_output *out = cam_alloc(cam, (size_t)n * p->samples, sizeof *out);
    float *weight = cam_floats(cam, n), *keys = keys_of(cam, &work);
    if (!out || !weight || !keys ||
        (n > 0 && (cam_masked_by_keys(cam, n * p->samples, keys, 1, write_mask, &work, background, out) ||
                   weigh_mean_scores(cam, &work.masks, out, p->samples, weight))))
        return -1;
    return score_masks_map(cam, &work.masks, weight, map);
}

static struct cost cost(const void *params, const struct tensor *layer, struct shape input)
{
    (void)input;
    const struct iscam *p = params;
    return (struct cost){.full = 1.0 + (double)layer->c * p->samples};
}

static const struct param params[] = {
    PARAM_INT(struct iscam, samples, 10, 1, 100, "N, steps from no mask to the whole one"),
    PARAM_ENUM(struct iscam, path, "linear|torchcam", "steps: i/N, or their sums 1/N + ... + i/N as in torch-cam"),
    PARAM_ROW(struct iscam, scoring, ENUM, .fallback = "torchcam", .choices = SCORING_CHOICES,
              .help = "source of the masks and scores, as for scorecam; the weights are always a softmax"),
    PARAM_ENUM(struct iscam, mask_space, MASK_SPACE_CHOICES,
               "what shows where the mask is 0: the mean colour, or black"),
    {0}};

const struct method method_iscam = {
    .abi = METHOD_ABI,
    .name = "iscam",
    .title = "IS-CAM",
    .year = 2020,
    .source = "naidu2020iscam",
    .version = 1,
    .group = METHOD_MASKS,
    .flags = METHOD_CHANNEL_MAPS,
    .peers = "torch-cam ISCAM",
    .passes = "C N + 1 forwards",
    .params = params,
    .params_size = sizeof(struct iscam),
    .cost = cost,
    .explain = explain,
};
