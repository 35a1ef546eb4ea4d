/*
 * methods/occlusion.c - occlusion. Zeiler, Fergus, "Visualizing and Understanding Convolutional Networks", ECCV 2014,
 * arXiv:1311.2901. A square window slides over the image and hides it; each pixel gets the mean drop of the score over
 * the windows that cover it. One full pass for each window.
 */
#include "methods/method.h"

enum score { SCORE_PROB, SCORE_LOGIT };

struct occlusion {
    int window, stride, score;
    double value;
    bool relu;
};

/* Windows (rows,columns), row-major; those at the lower and right border are cut. */
struct windows {
    int size, stride, rows, columns;
    struct shape input;
};

static int count_along(int length, int size, int stride)
{
    return length > size ? 1 + (length - size + stride - 1) / stride : 1;
}

static struct windows windows_of(const struct occlusion *p, struct shape input)
{
    return (struct windows){p->window, p->stride, count_along(input.h, p->window, p->stride),
                            count_along(input.w, p->window, p->stride), input};
}

struct rectangle {
    int top, left, bottom, right; /* bottom and right are outside */
};

static struct rectangle rectangle_of(const struct windows *windows, int index)
{
    const int top = index / windows->columns * windows->stride, left = index % windows->columns * windows->stride;
    const int h = windows->input.h, w = windows->input.w;
    return (struct rectangle){top, left, h - top < windows->size ? h : top + windows->size,
                              w - left < windows->size ? w : left + windows->size};
}

/* Writes the mask (H,W): 0 inside the window, 1 outside. Runs in several threads. */
static void write_mask(void *context, int index, float *out)
{
    const struct windows *windows = context;
    const struct rectangle window = rectangle_of(windows, index);
    for (int i = 0; i < windows->input.h; i++)
        for (int j = 0; j < windows->input.w; j++)
            out[(size_t)i * windows->input.w + j] =
                i < window.top || i >= window.bottom || j < window.left || j >= window.right;
}

/* An image (C,H,W) of one value; *image is NULL for zeros, as cam_masked() takes it. */
static int plain_image(struct cam *cam, float value, const float **image)
{
    const struct shape input = cam_input_shape(cam);
    const size_t size = shape_size(input);
    *image = NULL;
    if (value == 0)
        return 0;
    float *values = cam_floats(cam, size);
    for (size_t i = 0; i < size && values; i++)
        values[i] = value;
    *image = values;
    return values ? 0 : -1;
}

static double score_of(int score, struct cam_output out)
{
    return score == SCORE_LOGIT ? out.logit : out.probability;
}

/* Writes the map from the drops of all windows. `sum` and `count` (H,W) are zero. */
static void average(const struct windows *windows, const double *drop, double *sum, int *count, float *map)
{
    const size_t w = (size_t)windows->input.w;
    for (int n = 0; n < windows->rows * windows->columns; n++) {
        const struct rectangle window = rectangle_of(windows, n);
        for (int i = window.top; i < window.bottom; i++)
            for (int j = window.left; j < window.right; j++) {
                sum[i * w + j] += drop[n];
                count[i * w + j]++;
            }
    }
    for (size_t i = 0; i < windows->input.h * w; i++)
        map[i] = (float)(sum[i] / count[i]);
}

static int explain(struct cam *cam, const void *params, float *map)
{
    const struct occlusion *p = params;
    const struct shape input = cam_input_shape(cam);
    const size_t pixels = (size_t)input.h * (size_t)input.w;
    struct windows windows = windows_of(p, input);
    const int n = windows.rows * windows.columns;
    struct cam_output *out = cam_alloc(cam, n, sizeof *out);
    double *drop = cam_alloc(cam, n, sizeof *drop), *sum = cam_alloc(cam, pixels, sizeof *sum);
    int *count = cam_alloc(cam, pixels, sizeof *count);
    const float *hidden;
    if (!out || !drop || !sum || !count || plain_image(cam, (float)p->value, &hidden) ||
        cam_masked(cam, n, write_mask, &windows, hidden, out))
        return -1;
    const double whole = score_of(p->score, (struct cam_output){cam_logit(cam), cam_probability(cam)});
    for (int i = 0; i < n; i++)
        drop[i] = whole - score_of(p->score, out[i]);
    average(&windows, drop, sum, count, map);
    return 0;
}

static int check(const void *params, struct error *err)
{
    const struct occlusion *p = params;
    if (p->stride > p->window)
        return error_set(err, "stride %d is larger than window %d, so some pixels would never be hidden", p->stride,
                         p->window);
    return 0;
}

static int form(struct cam *cam, const void *params, struct map_form *form)
{
    (void)cam;
    const struct occlusion *p = params;
    form->is_signed = !p->relu;
    return 0;
}

static struct cost cost(const void *params, const struct tensor *layer, struct shape input)
{
    (void)layer;
    const struct windows windows = windows_of(params, input);
    return (struct cost){.full = 1.0 + (double)windows.rows * windows.columns};
}

static const struct param params[] = {
    PARAM_INT(struct occlusion, window, 32, 1, 65536, "side of the window in pixels"),
    PARAM_INT(struct occlusion, stride, 16, 1, 65536, "pixels from one window to the next; at most the window"),
    PARAM_FLOAT(struct occlusion, value, 0, -1e6, 1e6,
                "value of hidden pixels in the normalised input; 0: the mean colour"),
    PARAM_ENUM(struct occlusion, score, "prob|logit", "score whose drop is measured"),
    PARAM_BOOL(struct occlusion, relu, true, "false: a rise of the score stays negative instead of 0"),
    {0}};

const struct method method_occlusion = {
    .abi = METHOD_ABI,
    .name = "occlusion",
    .title = "Occlusion",
    .year = 2014,
    .source = "zeiler2014occlusion",
    .version = 1,
    .group = METHOD_MASKS,
    .peers = "captum Occlusion",
    .passes = "windows + 1 forwards",
    .map = METHOD_MAP_INPUT,
    .params = params,
    .params_size = sizeof(struct occlusion),
    .cost = cost,
    .check = check,
    .explain = explain,
    .form = form,
};
