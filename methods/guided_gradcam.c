/*
 * methods/guided_gradcam.c - Guided Grad-CAM: guided backpropagation times the enlarged Grad-CAM map. Selvaraju et al.,
 * "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based Localization", ICCV 2017, arXiv:1610.02391.
 */
#include "methods/reduce.h"

enum upsample { UPSAMPLE_BILINEAR, UPSAMPLE_NEAREST };

struct guided_gradcam {
    int score, upsample, reduce;
    double clip_percentile;
    bool relu6_guided;
};

/* relu(sum_k mean(g_k) A_k) (h,w). NULL and the context's error: no memory. */
static float *gradcam(struct cam *cam, int score)
{
    const struct tensor *act = cam_activations(cam);
    const struct tensor *grad = cam_gradient(cam, score);
    float *weight = grad ? cam_floats(cam, (size_t)act->c) : NULL;
    float *plane = weight ? cam_floats(cam, tensor_plane(act)) : NULL;
    if (!plane)
        return NULL;
    for (int k = 0; k < act->c; k++)
        weight[k] = (float)mean_of(grad->data + (size_t)k * tensor_plane(act), tensor_plane(act));
    weighted_sum(act, weight, plane);
    for (size_t i = 0; i < tensor_plane(act); i++)
        plane[i] = plane[i] < 0 ? 0 : plane[i];
    return plane;
}

/* Each pixel of out (H,W) is the value of the cell (h,w) in which it lies. */
static void upsample_nearest(const float *plane, int h, int w, float *out, struct shape input)
{
    for (int i = 0; i < input.h; i++)
        for (int j = 0; j < input.w; j++)
            *out++ =
                plane[(size_t)i * (size_t)h / (size_t)input.h * (size_t)w + (size_t)j * (size_t)w / (size_t)input.w];
}

static int explain(struct cam *cam, const void *params, float *map)
{
    const struct guided_gradcam *p = params;
    const struct shape input = cam_input_shape(cam);
    const size_t pixels = (size_t)input.h * (size_t)input.w;
    const enum gradient_rule rule = p->relu6_guided ? GRADIENT_GUIDED : GRADIENT_GUIDED_RELU;
    const struct tensor *act = cam_activations(cam), *guided = cam_input_gradient(cam, p->score, rule); /* (C,H,W) */
    const float *plane = guided ? gradcam(cam, p->score) : NULL;
    float *enlarged = plane ? cam_floats(cam, pixels) : NULL;
    float *product = enlarged ? cam_floats(cam, tensor_size(guided)) : NULL;
    if (!product)
        return -1;
    if (p->upsample == UPSAMPLE_BILINEAR)
        cam_upsample(cam, plane, enlarged, false);
    else
        upsample_nearest(plane, act->h, act->w, enlarged, input);
    for (size_t i = 0; i < tensor_size(guided); i++)
        product[i] = guided->data[i] * enlarged[i % pixels];
    return reduce_colours(cam, product, p->reduce, p->clip_percentile, map);
}

static const struct param params[] = {
    PARAM_ENUM(struct guided_gradcam, score, CAM_SCORE_CHOICES, "what is differentiated"),
    PARAM_ENUM(struct guided_gradcam, upsample, "bilinear|nearest", "how the Grad-CAM map is enlarged"),
    PARAM_REDUCE(struct guided_gradcam, "sum_abs"),
    PARAM_CLIP(struct guided_gradcam),
    PARAM_BOOL(struct guided_gradcam, relu6_guided, true, "false: ReLU6 keeps its gradient, only ReLU is guided"),
    {0}};

static struct cost cost(const void *values, const struct tensor *layer, struct shape input)
{
    (void)values, (void)layer, (void)input;
    return (struct cost){.full = 1, .backward = 2};
}

const struct method method_guided_gradcam = {
    .abi = METHOD_ABI,
    .name = "guided_gradcam",
    .title = "Guided Grad-CAM",
    .year = 2017,
    .source = "selvaraju2017gradcam",
    .version = 1,
    .group = METHOD_INPUT_GRADIENT,
    .flags = METHOD_NEEDS_GRAPH,
    .peers = "pytorch-grad-cam GuidedBackpropReLUModel and GradCAM; captum GuidedGradCam",
    .passes = "1 forward, 1 backward of the tail, 1 backward to the input",
    .map = METHOD_MAP_INPUT,
    .params = params,
    .params_size = sizeof(struct guided_gradcam),
    .cost = cost,
    .explain = explain,
};
