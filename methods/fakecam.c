/*
 * methods/fakecam.c - Fake-CAM. Poppi et al., "Revisiting the Evaluation of Class Activation Mapping for
 * Explainability: A Novel Metric and Experimental Analysis", CVPR Workshops 2021, arXiv:2104.10252. A control: the map
 * is 1 except in one corner, so that the explanation is almost the whole image; a metric that rewards it can be gamed.
 */
#include "methods/method.h"

enum at { AT_INPUT, AT_LAYER };

struct fakecam {
    int at;
};

static int size(struct cam *cam, const struct fakecam *p, int *h, int *w)
{
    const struct shape input = cam_input_shape(cam);
    const struct tensor *act = cam_activations(cam);
    if (!act)
        return -1;
    *h = p->at == AT_LAYER ? act->h : input.h;
    *w = p->at == AT_LAYER ? act->w : input.w;
    return 0;
}

static int form(struct cam *cam, const void *params, struct map_form *form)
{
    return size(cam, params, &form->h, &form->w);
}

static int explain(struct cam *cam, const void *params, float *map)
{
    int h, w;
    if (size(cam, params, &h, &w))
        return -1;
    for (size_t i = 0; i < (size_t)h * (size_t)w; i++)
        map[i] = i > 0;
    return 0;
}

static const struct param params[] = {
    PARAM_ENUM(struct fakecam, at, "input|layer", "size of the map: the dark corner is one pixel or one cell"), {0}};

const struct method method_fakecam = {
    .abi = METHOD_ABI,
    .name = "fakecam",
    .title = "Fake-CAM",
    .year = 2021,
    .source = "poppi2021revisiting",
    .version = 1,
    .group = METHOD_CONTROL,
    .passes = "1 forward",
    .map = METHOD_MAP_INPUT,
    .is_normalised = true,
    .params = params,
    .params_size = sizeof(struct fakecam),
    .explain = explain,
    .form = form,
};
