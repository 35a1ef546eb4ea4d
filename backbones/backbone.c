/* backbones/backbone.c - finding a network by its name and building its graph. */
#include "backbones/backbone.h"

#include "base/registry.h"
#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define CLASSES_MAX 1000000
#define WIDTH_MAX 16.0
#define SIDE_MAX 16384

int backbone_channels(double channels)
{
    const int rounded = (int)(channels + 4) / 8 * 8;
    const int at_least = rounded < 8 ? 8 : rounded;
    return at_least < 0.9 * channels ? at_least + 8 : at_least;
}

struct conv2d backbone_stem(enum stem stem, int channels)
{
    return stem == STEM_USUAL ? (struct conv2d){.out = channels, .kernel = 7, .stride = 2, .padding = 3}
                              : (struct conv2d){.out = channels, .kernel = 3, .stride = 1, .padding = 1};
}

struct node_name node_name(const char *format, ...)
{
    struct node_name name;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(name.text, sizeof name.text, format, arguments);
    va_end(arguments);
    return name;
}

/* Row i of all families' variants together. */
static const struct backbone_variant *variant_at(int i, const struct backbone_family **family)
{
    for (int f = 0; backbone_families[f]; f++)
        for (const struct backbone_variant *variant = backbone_families[f]->variants; variant->name; variant++)
            if (i-- == 0) {
                *family = backbone_families[f];
                return variant;
            }
    return NULL;
}

static const char *name_of(int i)
{
    const struct backbone_family *family;
    const struct backbone_variant *variant = variant_at(i, &family);
    return variant ? variant->name : NULL;
}

static const char *title_of(int i)
{
    const struct backbone_family *family;
    return variant_at(i, &family)->title;
}

static bool is_training(const struct backbone_variant *variant, const char *name)
{
    for (const char *const *end = variant->trainings; end && *end; end++)
        if (text_same_name(node_name("%s%s", variant->name, *end).text, name))
            return true;
    return false;
}

const struct backbone_variant *backbone_find(const char *name, const struct backbone_family **family, struct error *err)
{
    static const struct registry registry = {.refusal = "unknown backbone", .name = name_of, .title = title_of};
    const struct backbone_variant *variant;
    for (int k = 0; (variant = variant_at(k, family)); k++)
        if (is_training(variant, name))
            return variant;
    const int i = registry_find(&registry, name, err);
    return i < 0 ? NULL : variant_at(i, family);
}

bool backbone_has_transform(const char *name)
{
    const struct backbone_family *family;
    struct error unused;
    const struct backbone_variant *variant = backbone_find(name, &family, &unused);
    return variant && family->has_transform && !variant->is_timm;
}

bool backbone_has_stem(const char *name)
{
    const struct backbone_family *family;
    struct error unused;
    return backbone_find(name, &family, &unused) && family->has_stem;
}

bool backbone_ignores(const char *tensor)
{
    for (int i = 0; backbone_families[i]; i++)
        for (const char *const *start = backbone_families[i]->ignored; start && *start; start++)
            if (strncmp(tensor, *start, strlen(*start)) == 0)
                return true;
    return false;
}

static int check_options(const struct backbone_family *family, const struct backbone_variant *variant,
                         const struct backbone_options *options, struct error *err)
{
    if (options->classes < 1 || options->classes > CLASSES_MAX)
        return error_set(err, "classes is %d; allowed: 1..%d", options->classes, CLASSES_MAX);
    if (!(options->width > 0) || options->width > WIDTH_MAX)
        return error_set(err, "width is %g; allowed: more than 0, at most %g", options->width, WIDTH_MAX);
    if (!family->has_width && options->width != 1)
        return error_set(err, "width is %g; this network has no width multiplier, it must be 1", options->width);
    if (options->transform_input != TRANSFORM_USUAL && !backbone_has_transform(variant->name))
        return error_set(err, "transform_input is given; this network has no such transform of its input");
    if (!family->has_stem && options->stem != STEM_USUAL)
        return error_set(err, "stem is given; this network has no stem that is other for small pictures");
    if (options->channels < 0 || options->channels > PICTURE_CHANNELS_MAX)
        return error_set(err, "the input has %d channels; allowed: 1..%d", options->channels, PICTURE_CHANNELS_MAX);
    const int height = options->height, width = options->width_px;
    if (height < 1 || height > SIDE_MAX || width < 1 || width > SIDE_MAX)
        return error_set(err, "input is %dx%d; allowed: sides of 1..%d", height, width, SIDE_MAX);
    return 0;
}

static struct graph *build(const struct backbone_family *family, const struct backbone_variant *variant,
                           const struct backbone_options *options, struct error *err)
{
    if (check_options(family, variant, options, err))
        return NULL;
    struct graph *graph = graph_create();
    if (!graph) {
        error_memory(err, "a network's graph");
        return NULL;
    }
    graph_input(graph, "input",
                (struct shape){options->channels ? options->channels : 3, options->height, options->width_px});
    family->build(graph, variant, options);
    if (graph_finish(graph, err) == 0)
        return graph;
    graph_free(graph);
    return NULL;
}

struct graph *backbone_graph(const char *name, const struct backbone_options *options, struct error *err)
{
    const struct backbone_family *family;
    const struct backbone_variant *variant = backbone_find(name, &family, err);
    if (!variant)
        return NULL;
    struct graph *graph = build(family, variant, options, err);
    if (!graph)
        error_prefix(err, "backbone \"%s\": ", name);
    return graph;
}
