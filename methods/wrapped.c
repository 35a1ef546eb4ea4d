/* methods/wrapped.c - methods that wrap other methods: finds them by name, runs them, shares gradients of several layers. */
#include "methods/cam_private.h"

#include "base/registry.h"
#include "methods/method_table.h"

#include <stdio.h>

/* -- by name -------------------------------------------------------------------------------------------------------- */

static const char *name_of(int i)
{
    return methods_all()[i] ? methods_all()[i]->name : NULL;
}

static const char *title_of(int i)
{
    return methods_all()[i]->title;
}

/* A control is never suggested as an explanation. */
static bool is_hidden(int i)
{
    return methods_all()[i]->group == METHOD_CONTROL;
}

const struct method *method_find(const char *name, struct error *err)
{
    static const struct registry registry = {.refusal = "unknown method",
                                             .name = name_of,
                                             .title = title_of,
                                             .is_hidden = is_hidden,
                                             .only_misspelt = true,
                                             .without_suggestion =
                                                 " (not in cambench; `cambench list methods` shows what is)"};
    const int i = registry_find(&registry, name, err);
    return i < 0 ? NULL : methods_all()[i];
}

int cam_find_base(const char *name, struct param_named *out, struct error *err)
{
    const struct method *method = method_find(name, err);
    if (!method || cam_check_method(method, err))
        return -1;
    out->name = method->name;
    out->found = method;
    out->rows = method->params;
    out->size = method->params_size;
    return 0;
}

const struct method *cam_base_method(const struct param_named *base)
{
    return base->found;
}

/* -- properties that include those of wrapped methods --------------------------------------------------------------- */

static const struct method *method_of_row(const struct param *row, const void *in)
{
    return row->type == PARAM_TYPE_NAMED ? cam_base_method(param_named(row, in)) : NULL;
}

static bool lacks_other_maps(const struct method *method, const void *params)
{
    return (method->flags & METHOD_ORIGINAL_ONLY) && !(method->has_other_maps && method->has_other_maps(params));
}

static int add_limit(void *context, const struct param *row, const void *in, const struct param *top, struct error *err)
{
    const struct method *base = method_of_row(row, in);
    (void)top, (void)err;
    *(bool *)context |= base && lacks_other_maps(base, param_named(row, in)->params);
    return 0;
}

bool method_is_original_only(const struct method *method, const void *params)
{
    struct error unused;
    bool is_limited = lacks_other_maps(method, params);
    param_visit(method->params, params, add_limit, &is_limited, &unused);
    return is_limited;
}

static int add_flags(void *context, const struct param *row, const void *in, const struct param *top, struct error *err)
{
    const struct method *base = method_of_row(row, in);
    (void)top, (void)err;
    *(unsigned *)context |= base ? base->flags : 0;
    return 0;
}

/* The flags of the method and of those that it wraps. */
static unsigned all_flags(const struct method *method, const void *params)
{
    struct error unused;
    unsigned flags = method->flags;
    param_visit(method->params, params, add_flags, &flags, &unused);
    return flags;
}

bool method_has_given_inputs(const struct method *method, const void *params)
{
    return all_flags(method, params) & METHOD_ORIGINAL_ONLY;
}

bool method_needs_graph(const struct method *method, const void *params)
{
    return all_flags(method, params) & METHOD_NEEDS_GRAPH;
}

/* Grows when the version of any of them is raised. */
static int add_version(void *context, const struct param *row, const void *in, const struct param *top,
                       struct error *err)
{
    const struct method *base = method_of_row(row, in);
    (void)top, (void)err;
    *(int *)context += base ? base->version - 1 : 0;
    return 0;
}

int method_version_of(const struct method *method, const void *params)
{
    struct error unused;
    int version = method->version;
    param_visit(method->params, params, add_version, &version, &unused);
    return version;
}

static int check_base(void *context, const struct param *row, const void *in, const struct param *top,
                      struct error *err)
{
    const struct method *base = method_of_row(row, in);
    (void)context, (void)top;
    return base && base->check ? base->check(param_named(row, in)->params, err) : 0;
}

int method_check(const struct method *method, const void *params, struct error *err)
{
    return status_of(param_visit(method->params, params, check_base, NULL, err) ||
                     (method->check && method->check(params, err)));
}

/* -- calls ---------------------------------------------------------------------------------------------------------- */

struct cost cam_base_cost(const struct param_named *base, const struct tensor *layer, struct shape input)
{
    return cam_cost(cam_base_method(base), base->params, layer, input);
}

/* Completes the error of a wrapped method; -1. */
static int name_base(struct cam *cam, const struct param_named *base)
{
    if (!cam->err->text[0])
        cam_fail(cam, "it failed and gave no reason");
    return error_prefix(cam->err, "base \"%s\": ", base->name);
}

int cam_base_form(struct cam *cam, const struct param_named *base, struct map_form *form)
{
    struct cam inner = *cam;
    return cam_form(&inner, cam_base_method(base), base->params, form) ? name_base(cam, base) : 0;
}

int cam_explain_base(struct cam *cam, const struct param_named *base, struct base_map *map)
{
    const struct method *method = cam_base_method(base);
    struct cam inner = *cam;
    if (cam_open_method(&inner, method, base->params) ||
        cam_call(&inner, method, base->params, &cam->pass->setup.worker->scratch, map))
        return name_base(cam, base);
    return 0;
}

const struct tensor *cam_explain_channels(struct cam *cam, const struct param_named *base)
{
    struct tensor *maps = cam_alloc(cam, 1, sizeof *maps);
    const struct tensor *act = cam_activations(cam);
    float *data = cam_floats(cam, tensor_size(act));
    const struct arena_mark mark = cam_mark(cam);
    struct channel_maps wanted = {.pass = cam->pass, .layer = cam->layer, .data = data};
    struct base_map unused;
    struct cam inner = *cam;
    inner.channels = &wanted;
    if (!maps || !data || cam_explain_base(&inner, base, &unused))
        return NULL;
    cam_release(cam, mark);
    if (!wanted.is_given) {
        cam_fail(cam, "base \"%s\": its map is not a sum of maps of the target layer's channels", base->name);
        return NULL;
    }
    *maps = (struct tensor){act->c, act->h, act->w, data};
    return maps;
}

float *cam_channel_maps(struct cam *cam)
{
    struct channel_maps *wanted = cam->channels;
    if (!wanted || wanted->pass != cam->pass || wanted->layer != cam->layer)
        return NULL;
    wanted->is_given = true;
    return wanted->data;
}

void cam_weighted_sum(struct cam *cam, const struct tensor *act, const float *weight, float *map)
{
    float *maps = cam_channel_maps(cam);
    const size_t plane = tensor_plane(act);
    weighted_sum(act, weight, map);
    for (int k = 0; maps && k < act->c; k++)
        for (size_t i = 0; i < plane; i++)
            maps[k * plane + i] = weight[k] * act->data[k * plane + i];
}

void cam_product_sum(struct cam *cam, const struct tensor *act, const struct tensor *factor, bool is_cut, float *map)
{
    float *maps = cam_channel_maps(cam);
    const size_t plane = tensor_plane(act);
    memset(map, 0, plane * sizeof *map);
    for (int k = 0; k < act->c; k++)
        for (size_t i = 0; i < plane; i++) {
            const float product = factor->data[k * plane + i] * act->data[k * plane + i];
            const float kept = is_cut && product < 0 ? 0 : product;
            map[i] += kept;
            if (maps)
                maps[k * plane + i] = kept;
        }
}

/* -- layers --------------------------------------------------------------------------------------------------------- */

/* Finds named layers, or those of the list "a|b|c" that the network keeps. Returns their number, or -1. */
static int find_layers(struct cam *cam, const struct param_names *names, const char *usual, int *layers)
{
    const struct network *network = cam->pass->network;
    int count = 0;
    for (int i = 0; i < names->count; i++) {
        layers[i] = network_find_layer(network, names->name[i]);
        if (layers[i] < 0)
            return cam_fail(cam, CAM_UNKNOWN_LAYER, names->name[i]);
    }
    if (names->count)
        return names->count;
    for (const char *word = usual; word && *word && count < PARAM_NAMES_MAX;) {
        char name[PARAM_TEXT_MAX];
        const size_t length = strcspn(word, "|");
        snprintf(name, sizeof name, "%.*s", (int)length, word);
        layers[count] = network_find_layer(network, name);
        count += layers[count] >= 0;
        word += length + (word[length] == '|');
    }
    if (count == 0)
        layers[count++] = cam->layer;
    return count;
}

int cam_layers(struct cam *cam, const struct param_names *names, const char *usual, struct cam **out)
{
    int *layers = cam_alloc(cam, PARAM_NAMES_MAX, sizeof *layers);
    const int count = layers ? find_layers(cam, names, usual, layers) : -1;
    for (int i = 0; i < count; i++) {
        out[i] = cam_alloc(cam, 1, sizeof *out[i]);
        if (!out[i])
            return -1;
        *out[i] = *cam;
        out[i]->layer = layers[i];
        out[i]->together = layers;
        out[i]->together_count = count;
    }
    return count;
}
