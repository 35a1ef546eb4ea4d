/* methods/layer_maps.c - runs one method at several layers. */
#include "methods/layer_maps.h"

int layer_maps_form(struct cam *cam, const struct layer_maps *maps, struct map_form *form)
{
    struct cam *layer[PARAM_NAMES_MAX];
    const int count = cam_layers(cam, maps->layers, maps->usual, layer);
    const struct shape input = cam_input_shape(cam);
    *form = (struct map_form){0};
    for (int i = 0; i < count; i++) {
        struct map_form own;
        if (cam_base_form(layer[i], maps->base, &own))
            return -1;
        if ((size_t)own.h * (size_t)own.w > (size_t)form->h * (size_t)form->w)
            *form = (struct map_form){.h = own.h, .w = own.w};
    }
    if (maps->size == LAYER_MAPS_INPUT)
        *form = (struct map_form){.h = input.h, .w = input.w};
    return count < 0 ? -1 : 0;
}

/* Scales a map in place. */
static void scale(const struct base_map *map, double gamma)
{
    const size_t n = (size_t)map->form.h * (size_t)map->form.w;
    for (size_t i = 0; i < n && !map->form.is_signed && !map->form.is_normalised; i++)
        map->data[i] = map->data[i] < 0 ? 0 : map->data[i];
    if (!map->form.is_normalised)
        min_max(map->data, n, 0, map->data);
    for (size_t i = 0; i < n && gamma > 0; i++)
        map->data[i] = (float)tanh(gamma * map->data[i]);
}

int layer_maps_make(struct cam *cam, const struct layer_maps *maps, const struct map_form *form, float **out)
{
    struct cam *layer[PARAM_NAMES_MAX];
    const int count = cam_layers(cam, maps->layers, maps->usual, layer);
    for (int i = 0; i < count; i++) {
        out[i] = cam_floats(cam, (size_t)form->h * (size_t)form->w);
        const struct arena_mark mark = cam_mark(cam);
        struct base_map own;
        if (!out[i] || cam_explain_base(layer[i], maps->base, &own))
            return -1;
        scale(&own, maps->gamma);
        upsample_bilinear(own.data, 1, own.form.h, own.form.w, out[i], form->h, form->w, false);
        cam_release(cam, mark);
    }
    return count;
}

struct cost layer_maps_cost(const struct layer_maps *maps, int count, const struct tensor *layer, struct shape input)
{
    const struct cost one = cam_base_cost(maps->base, layer, input);
    const bool is_shared = cam_base_method(maps->base)->group == METHOD_GRADIENT;
    return (struct cost){.full = 1 + count * (one.full - 1),
                         .tail = count * one.tail,
                         .backward = is_shared ? one.backward : count * one.backward};
}
