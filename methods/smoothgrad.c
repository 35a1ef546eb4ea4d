/*
 * methods/smoothgrad.c - SmoothGrad. Smilkov et al., "SmoothGrad: removing noise by adding noise", 2017,
 * arXiv:1706.03825.
 *
 * The mean gradient of the score at noisy inputs, X + sigma (max X - min X) n, n standard normal. Noise is drawn sample
 * after sample, in the order of (C,H,W).
 */
#include "methods/reduce.h"

struct smoothgrad {
    int samples;
    double sigma;
    bool square;
    int score, reduce;
    double clip_percentile;
};

/* Adds the gradients, or their squares, of all samples to sum (C,H,W). */
static int add_samples(struct cam *cam, const struct smoothgrad *p, size_t n, double *sum)
{
    const float *x = cam_input(cam);
    const struct range range = range_of(x, n);
    const double sigma = p->sigma * ((double)range.max - (double)range.min);
    struct random_stream stream = cam_random(cam);
    float *noisy = cam_floats(cam, n), *gradient = cam_floats(cam, n);
    if (!noisy || !gradient)
        return -1;
    for (int s = 0; s < p->samples; s++) {
        for (size_t i = 0; i < n; i++)
            noisy[i] = (float)(x[i] + sigma * random_normal(&stream));
        if (cam_input_gradient_at(cam, noisy, p->score, GRADIENT_PLAIN, gradient, NULL))
            return -1;
        for (size_t i = 0; i < n; i++)
            sum[i] += p->square ? (double)gradient[i] * (double)gradient[i] : (double)gradient[i];
    }
    return 0;
}

static int explain(struct cam *cam, const void *params, float *map)
{
    const struct smoothgrad *p = params;
    const struct shape input = cam_input_shape(cam);
    const size_t n = shape_size(input);
    double *sum = cam_alloc(cam, n, sizeof *sum);
    float *mean = cam_floats(cam, n);
    if (!sum || !mean || add_samples(cam, p, n, sum))
        return -1;
    for (size_t i = 0; i < n; i++)
        mean[i] = (float)(sum[i] / p->samples);
    return reduce_colours(cam, mean, p->reduce, p->clip_percentile, map);
}

static const struct param params[] = {
    PARAM_INT(struct smoothgrad, samples, 50, 1, 1000, "noisy inputs"),
    PARAM_FLOAT(struct smoothgrad, sigma, 0.15, 0, 1, "deviation of the noise, as a share of the input's range"),
    PARAM_BOOL(struct smoothgrad, square, false, "true: the mean of squared gradients"),
    PARAM_ENUM(struct smoothgrad, score, CAM_SCORE_CHOICES, "what is differentiated"),
    PARAM_REDUCE(struct smoothgrad, "sum_abs"),
    PARAM_CLIP(struct smoothgrad),
    {0}};

static struct cost cost(const void *values, const struct tensor *layer, struct shape input)
{
    const struct smoothgrad *p = values;
    (void)layer, (void)input;
    return (struct cost){.full = 1 + p->samples, .backward = p->samples};
}

const struct method method_smoothgrad = {
    .abi = METHOD_ABI,
    .name = "smoothgrad",
    .title = "SmoothGrad",
    .year = 2017,
    .source = "smilkov2017smoothgrad",
    .version = 1,
    .group = METHOD_INPUT_GRADIENT,
    .peers = "captum NoiseTunnel with Saliency(abs=False)",
    .passes = "N + 1 forwards, N backwards to the input; N: samples",
    .map = METHOD_MAP_INPUT,
    .params = params,
    .params_size = sizeof(struct smoothgrad),
    .cost = cost,
    .explain = explain,
};
