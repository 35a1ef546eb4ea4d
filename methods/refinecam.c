/*
 * methods/refinecam.c - RefineCAM. Domeniconi et al., "How to Evaluate and Refine your CAM", 2026, arXiv:2605.14641.
 * The product of a method's maps at several layers, each normalised and enlarged to the size of the largest. Maps that
 * are enlarged to the input's size are normalised again, as in pytorch-grad-cam.
 *
 * A layer whose map is zero everywhere makes the product zero.
 */
#include "methods/layer_maps.h"

#define USUAL_LAYERS "layer2|layer3|layer4"

enum mix { MIX_PRODUCT, MIX_NTH_ROOT };

struct refinecam {
    struct param_named base;
    struct param_names layers;
    int mix, size;
};

static struct layer_maps maps_of(const struct refinecam *p)
{
    return (struct layer_maps){.base = &p->base, .layers = &p->layers, .usual = USUAL_LAYERS, .size = p->size};
}

static int form(struct cam *cam, const void *params, struct map_form *form)
{
    const struct layer_maps maps = maps_of(params);
    return layer_maps_form(cam, &maps, form);
}

/* As in pytorch-grad-cam, whose maps of the input's size have a minimum of 0 and a maximum of 1 again. */
static void scale_enlarged(float **layer, int count, const struct map_form *form)
{
    const size_t n = (size_t)form->h * (size_t)form->w;
    for (int l = 0; l < count; l++)
        min_max(layer[l], n, 0, layer[l]);
}

static int explain(struct cam *cam, const void *params, float *map)
{
    const struct refinecam *p = params;
    const struct layer_maps maps = maps_of(p);
    struct map_form form;
    float *layer[PARAM_NAMES_MAX];
    const int count = layer_maps_form(cam, &maps, &form) ? -1 : layer_maps_make(cam, &maps, &form, layer);
    if (p->size == LAYER_MAPS_INPUT)
        scale_enlarged(layer, count, &form);
    for (size_t i = 0; count > 0 && i < (size_t)form.h * (size_t)form.w; i++) {
        double product = 1;
        for (int l = 0; l < count; l++)
            product *= layer[l][i];
        map[i] = (float)(p->mix == MIX_NTH_ROOT ? pow(product, 1.0 / count) : product);
    }
    return count < 0 ? -1 : 0;
}

static struct cost cost(const void *params, const struct tensor *layer, struct shape input)
{
    const struct refinecam *p = params;
    const struct layer_maps maps = maps_of(p);
    return layer_maps_cost(&maps, p->layers.count ? p->layers.count : 3, layer, input);
}

static const struct param params[] = {
    PARAM_METHOD(struct refinecam, base, "gradcam_pp", "the method whose maps are multiplied"),
    PARAM_LAYERS_OR(struct refinecam, layers, USUAL_LAYERS, PARAM_NAMES_MAX,
                    "layers of the maps; none: layer2, layer3, layer4, or the target layer if the network has none of "
                    "them"),
    PARAM_ENUM(struct refinecam, mix, "product|nth_root", "the product of n maps, or its n-th root"),
    PARAM_ENUM(struct refinecam, size, "largest|input",
               "maps are enlarged to the largest one's size, or to the input's and scaled to [0,1] again"),
    {0}};

const struct method method_refinecam = {
    .abi = METHOD_ABI,
    .name = "refinecam",
    .title = "RefineCAM",
    .year = 2026,
    .source = "domeniconi2026refinecam",
    .version = 1,
    .group = METHOD_META,
    .peers = "pytorch-grad-cam RefineCAM; torch-cam RefineCAM; authors' RefineCAM",
    .passes = "those of its base at each layer, one backward shared",
    .params = params,
    .params_size = sizeof(struct refinecam),
    .cost = cost,
    .explain = explain,
    .form = form,
};
