/*
 * methods/fullgrad.c - FullGrad. Srinivas, Fleuret, "Full-Gradient Representation for Neural Network Visualization",
 * NeurIPS 2019, arXiv:1905.00780.
 *
 * For a network with ReLUs, y_c is the sum of x dy_c/dx and of each bias b times the gradient G at its place. The map is
 * the sum of the terms' sizes: psi(x dx) + sum_layers psi(b G), psi(t) = U(N(|t|)), over colours or channels. Biases are
 * those of convolutions and batch norms, for which b = beta - mean * scale; those of linear layers have no place.
 */
#include "methods/reduce.h"

enum norm { NORM_OFFICIAL, NORM_PYTORCH_GRAD_CAM };

struct fullgrad {
    int norm;
    double clip_percentile;
};

/* Values (h,w,C), times a factor for each channel; NULL: 1. */
struct term {
    struct shape shape;
    const float *value, *factor;
};

struct work {
    struct cam *cam;
    const struct fullgrad *params;
    double *total; /* (H,W) */
    float *enlarged;
};

static double size_of(const struct term *term, size_t position, int k)
{
    const double v = term->value[position * (size_t)term->shape.c + (size_t)k];
    return fabs(term->factor ? v * term->factor[k] : v);
}

struct bounds {
    double min, max;
};

static void widen(struct bounds *bounds, double v)
{
    bounds->min = v < bounds->min ? v : bounds->min;
    bounds->max = v > bounds->max ? v : bounds->max;
}

#define TOGETHER 8 /* positions: each sum is in the order of the channels, so several are needed to occupy the adders */

/* The sums of `count` positions, at most TOGETHER. */
static inline void sum_positions(const struct term *term, size_t first, size_t count, double *sum,
                                 struct bounds *bounds)
{
    const size_t channels = (size_t)term->shape.c;
    const float *value = term->value + first * channels;
    double sums[TOGETHER] = {0}, min[TOGETHER], max[TOGETHER];
    for (size_t i = 0; i < count; i++)
        min[i] = bounds->min, max[i] = bounds->max;
    for (size_t k = 0; k < channels; k++) {
        const double factor = term->factor ? term->factor[k] : 1;
        for (size_t i = 0; i < count; i++) {
            const double v = fabs(value[i * channels + k] * factor);
            min[i] = v < min[i] ? v : min[i];
            max[i] = v > max[i] ? v : max[i];
            sums[i] += v;
        }
    }
    for (size_t i = 0; i < count; i++) {
        sum[first + i] = sums[i];
        widen(bounds, min[i]);
        widen(bounds, max[i]);
    }
}

/* Writes plane (h,w), the sum over channels after min-max of the whole term. */
static void sum_whole(const struct term *term, size_t plane, float *out, double *sum)
{
    struct bounds bounds = {INFINITY, 0};
    size_t first = 0;
    for (; first + TOGETHER <= plane; first += TOGETHER)
        sum_positions(term, first, TOGETHER, sum, &bounds);
    for (; first < plane; first++)
        sum_positions(term, first, 1, sum, &bounds);
    for (size_t i = 0; i < plane; i++)
        out[i] = (float)((sum[i] - term->shape.c * bounds.min) / (bounds.max - bounds.min + 1e-6));
}

/* The same after min-max of each channel. */
static void sum_channels(const struct term *term, size_t plane, float *out, struct bounds *bounds)
{
    for (int k = 0; k < term->shape.c; k++)
        bounds[k] = (struct bounds){INFINITY, 0};
    for (size_t i = 0; i < plane; i++)
        for (int k = 0; k < term->shape.c; k++)
            widen(&bounds[k], size_of(term, i, k));
    for (size_t i = 0; i < plane; i++) {
        double sum = 0;
        for (int k = 0; k < term->shape.c; k++)
            sum += (size_of(term, i, k) - bounds[k].min) / (bounds[k].max - bounds[k].min + 1e-7);
        out[i] = (float)sum;
    }
}

/* Adds psi of a term, summed over channels: before U, which is linear. */
static int add_term(const struct work *work, const struct term *term)
{
    const struct shape shape = term->shape, input = cam_input_shape(work->cam);
    const size_t plane = (size_t)shape.h * (size_t)shape.w, pixels = (size_t)input.h * (size_t)input.w;
    const bool is_official = work->params->norm == NORM_OFFICIAL;
    const struct arena_mark mark = cam_mark(work->cam);
    float *sums = cam_floats(work->cam, plane);
    void *scratch = is_official ? cam_alloc(work->cam, plane, sizeof(double))
                                : cam_alloc(work->cam, (size_t)shape.c, sizeof(struct bounds));
    if (!sums || !scratch)
        return -1;
    if (is_official)
        sum_whole(term, plane, sums, scratch);
    else
        sum_channels(term, plane, sums, scratch);
    upsample_bilinear(sums, 1, shape.h, shape.w, work->enlarged, input.h, input.w, is_official);
    for (size_t i = 0; i < pixels; i++)
        work->total[i] += work->enlarged[i];
    cam_release(work->cam, mark);
    return 0;
}

/* A convolution and a batch norm that run as one step have a term each, at the same gradient. */
static int add_step(void *context, const struct session_visit *visit)
{
    const struct work *work = context;
    const size_t channels = (size_t)visit->shape.c;
    const bool is_counted = strcmp(visit->op, "conv2d") == 0 || strcmp(visit->op, "batch_norm") == 0;
    if (!is_counted || !visit->bias)
        return 0;
    struct term term = {visit->shape, visit->gradient, visit->bias};
    if (!visit->inner_bias)
        return add_term(work, &term);
    const struct arena_mark mark = cam_mark(work->cam);
    float *outer = cam_floats(work->cam, channels);
    if (!outer)
        return -1;
    for (size_t k = 0; k < channels; k++)
        outer[k] = visit->bias[k] - visit->inner_bias[k];
    term.factor = outer;
    const int status = add_term(work, &term);
    term.factor = visit->inner_bias;
    cam_release(work->cam, mark);
    return status ? status : add_term(work, &term);
}

/* psi(x dx), the colours of a pixel side by side. */
static int add_input(const struct work *work, const struct tensor *gradient)
{
    const size_t plane = tensor_plane(gradient), colours = (size_t)gradient->c;
    const float *x = cam_input(work->cam);
    float *product = cam_floats(work->cam, plane * colours);
    if (!product)
        return -1;
    for (size_t k = 0; k < colours; k++)
        for (size_t i = 0; i < plane; i++)
            product[i * colours + k] = x[k * plane + i] * gradient->data[k * plane + i];
    return add_term(work, &(struct term){cam_input_shape(work->cam), product, NULL});
}

static int explain(struct cam *cam, const void *params, float *map)
{
    const struct shape input = cam_input_shape(cam);
    const size_t pixels = (size_t)input.h * (size_t)input.w;
    struct work work = {cam, params, cam_alloc(cam, pixels, sizeof *work.total), cam_floats(cam, pixels)};
    if (!work.total || !work.enlarged)
        return -1;
    const struct tensor *gradient = cam_visit_gradients(cam, add_step, &work); /* (C,H,W) */
    if (!gradient || add_input(&work, gradient))
        return -1;
    for (size_t i = 0; i < pixels; i++)
        map[i] = (float)work.total[i];
    return clip_map(cam, map, pixels, work.params->clip_percentile);
}

static const struct param params[] = {PARAM_ENUM(struct fullgrad, norm, "official|pytorch_grad_cam",
                                                 "min-max of a layer's terms, or of each channel's as in that program"),
                                      PARAM_CLIP(struct fullgrad),
                                      {0}};

const struct method method_fullgrad = {
    .abi = METHOD_ABI,
    .name = "fullgrad",
    .title = "FullGrad",
    .year = 2019,
    .source = "srinivas2019fullgrad",
    .version = 1,
    .group = METHOD_INPUT_GRADIENT,
    .flags = METHOD_NEEDS_GRAPH,
    .peers = "pytorch-grad-cam FullGrad",
    .passes = "1 forward, 1 backward to the input",
    .map = METHOD_MAP_INPUT,
    .params = params,
    .params_size = sizeof(struct fullgrad),
    .cost = cost_of_gradient,
    .explain = explain,
};
