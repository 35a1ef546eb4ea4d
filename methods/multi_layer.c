/*
 * methods/multi_layer.c - one map from a method's maps at several layers, as programs fuse them. Each map is normalised
 * and enlarged; `mean` averages them at the input's size (pytorch-grad-cam with several target layers), `max` takes the
 * largest value at the size of the largest map (torch-cam's fuse_cams; LayerCAM's maps m become tanh(2 m) first),
 * `product` multiplies them there (RefineCAM).
 */
#include "methods/layer_maps.h"

enum fuse { FUSE_MEAN, FUSE_MAX, FUSE_PRODUCT };
enum size { SIZE_BY_FUSE, SIZE_LARGEST, SIZE_INPUT };

#define GAMMA_AUTO (-1)
#define LAYERCAM_GAMMA 2.0

struct multi_layer {
    struct param_named base;
    struct param_names layers;
    int fuse, size;
    double gamma;
};

static struct layer_maps maps_of(const struct multi_layer *p)
{
    extern const struct method method_layercam;
    const bool is_input = p->size == SIZE_BY_FUSE ? p->fuse == FUSE_MEAN : p->size == SIZE_INPUT;
    const bool has_tanh = p->fuse == FUSE_MAX && cam_base_method(&p->base) == &method_layercam;
    return (struct layer_maps){.base = &p->base,
                               .layers = &p->layers,
                               .size = is_input ? LAYER_MAPS_INPUT : LAYER_MAPS_LARGEST,
                               .gamma = p->gamma != GAMMA_AUTO ? p->gamma
                                        : has_tanh             ? LAYERCAM_GAMMA
                                                               : 0};
}

static int form(struct cam *cam, const void *params, struct map_form *form)
{
    const struct layer_maps maps = maps_of(params);
    return layer_maps_form(cam, &maps, form);
}

/* NaN stays NaN. */
static double fuse(int how, float *const *layer, int count, size_t i)
{
    double value = layer[0][i];
    for (int l = 1; l < count; l++) {
        const double other = layer[l][i];
        if (how == FUSE_MAX)
            value = other <= value ? value : other;
        else
            value = how == FUSE_PRODUCT ? value * other : value + other;
    }
    return how == FUSE_MEAN ? value / count : value;
}

static int explain(struct cam *cam, const void *params, float *map)
{
    const struct multi_layer *p = params;
    const struct layer_maps maps = maps_of(p);
    struct map_form form;
    float *layer[PARAM_NAMES_MAX];
    const int count = layer_maps_form(cam, &maps, &form) ? -1 : layer_maps_make(cam, &maps, &form, layer);
    for (size_t i = 0; count > 0 && i < (size_t)form.h * (size_t)form.w; i++)
        map[i] = (float)fuse(p->fuse, layer, count, i);
    return count < 0 ? -1 : 0;
}

static struct cost cost(const void *params, const struct tensor *layer, struct shape input)
{
    const struct multi_layer *p = params;
    const struct layer_maps maps = maps_of(p);
    return layer_maps_cost(&maps, p->layers.count ? p->layers.count : 1, layer, input);
}

static const struct param params[] = {
    PARAM_METHOD(struct multi_layer, base, "gradcam", "the method whose maps are fused"),
    PARAM_LAYERS(struct multi_layer, layers, PARAM_NAMES_MAX, "layers of the maps; none: only the target layer"),
    PARAM_ENUM(struct multi_layer, fuse, "mean|max|product", "how the maps of several layers become one"),
    PARAM_ENUM(struct multi_layer, size, "by_fuse|largest|input",
               "maps are enlarged to the largest one's size or to the input's; by_fuse: mean to the input's"),
    {.name = "gamma",
     .type = PARAM_TYPE_FLOAT,
     .offset = offsetof(struct multi_layer, gamma),
     .fallback = "auto",
     .min = 0,
     .max = 20,
     .choices = "auto",
     .word = GAMMA_AUTO,
     .help = "each map m is scaled to tanh(gamma m); 0: not scaled; auto: 2 for max with layercam, else 0"},
    {0}};

const struct method method_multi_layer = {
    .abi = METHOD_ABI,
    .name = "multi_layer",
    .title = "Multi-layer fusion",
    .year = 2021,
    .source = "gildenblat2021pytorchcam",
    .version = 1,
    .group = METHOD_META,
    .peers = "pytorch-grad-cam target_layers; torch-cam fuse_cams",
    .passes = "those of its base at each layer, one backward shared",
    .params = params,
    .params_size = sizeof(struct multi_layer),
    .cost = cost,
    .explain = explain,
    .form = form,
};
