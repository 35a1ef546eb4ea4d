/*
 * methods/aug_smooth.c - the mean of a method's maps of six inputs, as in Gildenblat and contributors, "PyTorch library
 * for CAM methods", 2021, with aug_smooth=True: the input and its mirror image, each times 0.9, 1 and 1.1.
 *
 * Each map is post-processed as there (ReLU, min-max, enlargement, min-max) and mirrored back. The class is that of the
 * original input. The input itself needs no further base pass.
 */
#include "methods/method.h"

#define INPUTS 6

struct aug_smooth {
    struct param_named base;
};

static const float factors[] = {0.9f, 1, 1.1f};

/* Writes input `index` of the six. */
static void change(const float *x, struct shape shape, int index, float *out)
{
    const float factor = factors[index % 3];
    const bool is_mirrored = index >= 3;
    for (int row = 0; row < shape.c * shape.h; row++)
        for (int j = 0; j < shape.w; j++) {
            const size_t at = (size_t)row * (size_t)shape.w;
            out[at + (size_t)j] = factor * x[at + (size_t)(is_mirrored ? shape.w - 1 - j : j)];
        }
}

/* Post-processes a raw map to the input's size. */
static void finish(const struct base_map *raw, struct shape shape, float *out)
{
    const size_t n = (size_t)raw->form.h * (size_t)raw->form.w, pixels = (size_t)shape.h * (size_t)shape.w;
    for (size_t i = 0; i < n && !raw->form.is_signed && !raw->form.is_normalised; i++)
        raw->data[i] = raw->data[i] < 0 ? 0 : raw->data[i];
    if (!raw->form.is_normalised)
        min_max(raw->data, n, 0, raw->data);
    upsample_bilinear(raw->data, 1, raw->form.h, raw->form.w, out, shape.h, shape.w, false);
    if (!raw->form.is_normalised)
        min_max(out, pixels, 0, out);
}

/* Adds the map of input `index` to sum (H,W). */
static int add_map(struct cam *cam, const struct param_named *base, int index, double *sum)
{
    const struct shape shape = cam_input_shape(cam);
    const size_t pixels = (size_t)shape.h * (size_t)shape.w;
    const struct arena_mark mark = cam_mark(cam);
    float *input = cam_floats(cam, pixels * (size_t)shape.c), *map = cam_floats(cam, pixels);
    const bool is_original = index < 3 && factors[index] == 1;
    struct base_map raw;
    if (!input || !map)
        return -1;
    change(cam_input(cam), shape, index, input);
    struct cam *at = is_original ? cam : cam_at_input(cam, input);
    if (!at || cam_explain_base(at, base, &raw))
        return -1;
    finish(&raw, shape, map);
    for (int i = 0; i < shape.h; i++)
        for (int j = 0; j < shape.w; j++)
            sum[i * shape.w + j] += map[i * shape.w + (index >= 3 ? shape.w - 1 - j : j)];
    cam_release(cam, mark);
    return 0;
}

static int explain(struct cam *cam, const void *params, float *map)
{
    const struct aug_smooth *p = params;
    const struct shape shape = cam_input_shape(cam);
    const size_t pixels = (size_t)shape.h * (size_t)shape.w;
    double *sum = cam_alloc(cam, pixels, sizeof *sum);
    int status = sum ? 0 : -1;
    for (int i = 0; i < INPUTS && !status; i++)
        status = add_map(cam, &p->base, i, sum);
    for (size_t i = 0; i < pixels && !status; i++)
        map[i] = (float)(sum[i] / INPUTS);
    return status;
}

static int check(const void *params, struct error *err)
{
    const struct aug_smooth *p = params;
    if (!method_is_original_only(cam_base_method(&p->base), p->base.params))
        return 0;
    return error_set(err, "parameter \"base\" of aug_smooth is \"%s\", which has no maps of changed inputs",
                     p->base.name);
}

static struct cost cost(const void *params, const struct tensor *layer, struct shape input)
{
    const struct cost one = cam_base_cost(&((const struct aug_smooth *)params)->base, layer, input);
    return (struct cost){.full = INPUTS * one.full, .tail = INPUTS * one.tail, .backward = INPUTS * one.backward};
}

static const struct param params[] = {
    PARAM_METHOD(struct aug_smooth, base, "gradcam", "the method whose maps are averaged"), {0}};

const struct method method_aug_smooth = {
    .abi = METHOD_ABI,
    .name = "aug_smooth",
    .title = "Augmentation smoothing",
    .year = 2021,
    .source = "gildenblat2021pytorchcam",
    .version = 1,
    .group = METHOD_META,
    .peers = "pytorch-grad-cam aug_smooth=True",
    .passes = "6 times those of its base",
    .map = METHOD_MAP_INPUT,
    .is_normalised = true,
    .params = params,
    .params_size = sizeof(struct aug_smooth),
    .cost = cost,
    .check = check,
    .explain = explain,
};
