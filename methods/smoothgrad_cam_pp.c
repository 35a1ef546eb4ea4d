/*
 * methods/smoothgrad_cam_pp.c - Smooth Grad-CAM++. Omeiza et al., "Smooth Grad-CAM++: An Enhanced Inference Level
 * Visualization Technique for Deep Convolutional Neural Network Models", 2019, arXiv:1908.01224.
 *
 * With g at N noisy inputs X + sigma n, n standard normal, and the means D1, D2, D3 of g, g^2, g^3:
 *     alpha = D2 / (2 D2 + S D3 + eps),  S the sum of the channel's activation;  w = sum alpha relu(D1)
 * `torchcam` repeats that program: the sum over positions of D3 A instead of S D3, relu(g) of the last noisy input
 * instead of relu(D1), and the activations of the last noisy input under the weights. Noise is drawn sample after
 * sample, in the order of (C,H,W).
 */
#include "methods/method.h"

enum form { FORM_CAMBENCH, FORM_TORCHCAM };

struct smoothgrad_cam_pp {
    int score, samples;
    double sigma;
    int form;
    double eps;
};

/* Sums over the samples (C,h,w), and the last sample. */
struct samples {
    double *g, *g2, *g3;
    float *last_act, *last_grad;
};

static int allocate(struct cam *cam, size_t n, struct samples *s)
{
    *s = (struct samples){cam_alloc(cam, n, sizeof *s->g), cam_alloc(cam, n, sizeof *s->g2),
                          cam_alloc(cam, n, sizeof *s->g3), cam_floats(cam, n), cam_floats(cam, n)};
    return s->g && s->g2 && s->g3 && s->last_act && s->last_grad ? 0 : -1;
}

/* Adds the gradients at one noisy input. */
static int add_sample(struct cam *cam, enum cam_score score, const float *noisy, struct samples *s)
{
    struct cam *there = cam_at_input(cam, noisy);
    const struct tensor *act = there ? cam_activations(there) : NULL;
    const struct tensor *grad = act ? cam_gradient(there, score) : NULL;
    if (!grad)
        return -1;
    for (size_t i = 0; i < tensor_size(grad); i++) {
        const double g = grad->data[i];
        s->g[i] += g;
        s->g2[i] += g * g;
        s->g3[i] += g * g * g;
    }
    memcpy(s->last_act, act->data, tensor_size(act) * sizeof *act->data);
    memcpy(s->last_grad, grad->data, tensor_size(act) * sizeof *act->data);
    return 0;
}

static int add_samples(struct cam *cam, const struct smoothgrad_cam_pp *p, struct samples *s)
{
    const struct shape input = cam_input_shape(cam);
    const size_t n = shape_size(input);
    const float *x = cam_input(cam);
    struct random_stream stream = cam_random(cam);
    float *noisy = cam_floats(cam, n);
    if (!noisy)
        return -1;
    for (int m = 0; m < p->samples; m++) {
        const struct arena_mark mark = cam_mark(cam);
        for (size_t i = 0; i < n; i++)
            noisy[i] = (float)(x[i] + p->sigma * random_normal(&stream));
        if (add_sample(cam, p->score, noisy, s))
            return -1;
        cam_release(cam, mark);
    }
    return 0;
}

/* The weight of the channel whose values begin at `at`; act: its clean activation. alpha is 0 where it is 0/0. */
static double weight_of(const struct smoothgrad_cam_pp *p, const struct samples *s, const float *act, size_t at,
                        size_t plane)
{
    const double count = p->samples;
    double sum = 0, product = 0, weight = 0;
    for (size_t i = 0; i < plane; i++) {
        sum += act[i];
        product += s->g3[at + i] / count * act[i];
    }
    for (size_t i = at; i < at + plane; i++) {
        const double d2 = s->g2[i] / count, third = p->form == FORM_TORCHCAM ? product : sum * s->g3[i] / count;
        const double grad = p->form == FORM_TORCHCAM ? (double)s->last_grad[i] : s->g[i] / count;
        if (d2 != 0 && !(grad <= 0)) /* NaN must be kept */
            weight += d2 / (2 * d2 + third + p->eps) * grad;
    }
    return weight;
}

static int explain(struct cam *cam, const void *params, float *map)
{
    const struct smoothgrad_cam_pp *p = params;
    const struct tensor *act = cam_activations(cam); /* (C,h,w) */
    const size_t plane = tensor_plane(act);
    float *weight = cam_floats(cam, (size_t)act->c);
    struct samples samples;
    if (!weight || allocate(cam, tensor_size(act), &samples) || add_samples(cam, p, &samples))
        return -1;
    for (size_t k = 0; k < (size_t)act->c; k++)
        weight[k] = (float)weight_of(p, &samples, act->data + k * plane, k * plane, plane);
    const struct tensor last = {act->c, act->h, act->w, samples.last_act};
    cam_weighted_sum(cam, p->form == FORM_TORCHCAM ? &last : act, weight, map);
    return 0;
}

static const struct param params[] = {
    PARAM_ENUM(struct smoothgrad_cam_pp, score, CAM_SCORE_CHOICES, "what is differentiated"),
    PARAM_INT(struct smoothgrad_cam_pp, samples, 4, 1, 256, "noisy inputs"),
    PARAM_FLOAT(struct smoothgrad_cam_pp, sigma, 0.3, 0, 10, "deviation of the noise, in units of the input"),
    PARAM_ENUM(struct smoothgrad_cam_pp, form, "cambench|torchcam",
               "derivatives as defined here, or as in that program"),
    PARAM_FLOAT(struct smoothgrad_cam_pp, eps, 1e-8, 0, 1e-2, "added to alpha's denominator"),
    {0}};

static struct cost cost(const void *values, const struct tensor *layer, struct shape input)
{
    const struct smoothgrad_cam_pp *p = values;
    (void)layer, (void)input;
    return (struct cost){.full = 1 + p->samples, .backward = p->samples};
}

const struct method method_smoothgrad_cam_pp = {
    .abi = METHOD_ABI,
    .name = "smoothgrad_cam_pp",
    .title = "Smooth Grad-CAM++",
    .year = 2019,
    .source = "omeiza2019smoothgradcampp",
    .version = 1,
    .group = METHOD_GRADIENT,
    .flags = METHOD_CHANNEL_MAPS,
    .peers = "torch-cam SmoothGradCAMpp",
    .passes = "N + 1 forwards, N backwards of the tail; N: samples",
    .params = params,
    .params_size = sizeof(struct smoothgrad_cam_pp),
    .cost = cost,
    .explain = explain,
};
