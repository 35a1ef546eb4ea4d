/*
 * methods/finish.c - turns a method's map into the saliency map: ReLU, min-max, enlargement, as the protocol sets them.
 */
#include "methods/bicubic.h"
#include "methods/harness.h"

/* Whether every value is finite, and also the difference between the largest and the smallest. */
static bool all_finite(const float *values, size_t n)
{
    const struct range range = range_of(values, n);
    return floats_are_finite(values, n) && isfinite(range.max - range.min);
}

static bool is_zero(const float *values, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (values[i] != 0)
            return false;
    return true;
}

/* Enlarges the map to the input's size; 0, or -1: no memory. */
static int enlarge(const struct map_form *form, const float *native, bool is_bicubic, int h, int w, struct arena *arena,
                   float *out)
{
    if (form->h == h && form->w == w)
        memcpy(out, native, (size_t)h * (size_t)w * sizeof *out);
    else if (is_bicubic)
        return resize_bicubic(native, form->h, form->w, out, h, w, arena);
    else
        upsample_bilinear(native, 1, form->h, form->w, out, h, w, false);
    return 0;
}

int cam_finish(const struct cam_map *map, const struct cam_post *post, int h, int w, struct arena *arena,
               struct saliency *saliency, struct error *err)
{
    const struct map_form *form = &map->form;
    const size_t native_size = (size_t)form->h * (size_t)form->w, size = (size_t)h * (size_t)w;
    *saliency = (struct saliency){.native_h = form->h, .native_w = form->w};
    if (!all_finite(map->data, native_size)) {
        saliency->flag = SALIENCY_NOT_FINITE;
        return 0;
    }
    float *native = arena_floats(arena, native_size), *data = arena_floats(arena, size);
    if (!native || !data)
        return error_memory(err, "a saliency map");
    const bool keeps_negative = form->is_normalised || (form->is_signed && !post->always_relu);
    for (size_t i = 0; i < native_size; i++)
        native[i] = keeps_negative || map->data[i] > 0 ? map->data[i] : 0;
    bool varies = true;
    if (!form->is_normalised && post->at_layer)
        varies = min_max(native, native_size, post->eps, native);
    if (enlarge(form, native, post->is_bicubic, h, w, arena, data))
        return error_memory(err, "a saliency map");
    if (!form->is_normalised && post->at_input)
        varies = min_max(data, size, post->eps, data) && varies;
    saliency->flag = varies && !is_zero(data, size) ? SALIENCY_FINE : SALIENCY_CONSTANT;
    saliency->native = native;
    saliency->data = data;
    return 0;
}
