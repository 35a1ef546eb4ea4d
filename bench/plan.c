/* bench/plan.c - opens and checks all that a run needs, chooses the images, estimates the passes. */
#include "bench/run.h"

#include "base/random.h"
#include "bench/weights_cache.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

#define LAYERS_MAX 64
#define INPUT_SIDE 224 /* where the weights do not say */

/* What the user asked for, then the parts of composites. */
static int list_metrics(struct run *run, struct error *err)
{
    struct config *config = &run->config;
    struct config_metric *list;
    int count;
    if (config_all_metrics(config, &run->arena, &list, &count, err))
        return -1;
    config->metrics = list;
    config->metric_count = count;
    run->metrics = arena_alloc(&run->arena, (size_t)config->metric_count, sizeof *run->metrics);
    if (!run->metrics)
        return error_memory(err, "the list of metrics");
    for (int i = 0; i < config->metric_count; i++)
        run->metrics[i] = (struct evidence_metric){config->metrics[i].metric, config->metrics[i].params};
    return 0;
}

/* -- images --------------------------------------------------------------------------------------------------------- */

/* The first of the file, or a seeded sample: the first of a shuffled list (Fisher-Yates), in the file's order. */
static void choose_images(struct run *run, int available)
{
    const struct config *config = &run->config;
    int *order = run->chosen;
    for (int i = 0; i < available; i++)
        order[i] = i;
    if (!config->dataset.shuffle)
        return;
    struct random_stream stream;
    random_init(&stream, config->seed, random_purpose(0, "images"));
    for (int i = 0; i < run->image_count; i++) {
        const int other = i + (int)random_below(&stream, (uint32_t)(available - i));
        const int swap = order[i];
        order[i] = order[other];
        order[other] = swap;
    }
}

static int by_value(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

/* Such a metric would have no value on any image. */
static int check_truth(const struct run *run, const struct metric *metric, struct error *err)
{
    const char *path = run->config.dataset.path;
    if (!imageset_has_masks(run->images) && !imageset_has_boxes(run->images))
        return error_set(err, "image set \"%s\": has neither masks nor boxes, metric \"%s\" needs them", path,
                         metric->name);
    if (!imageset_has_labels(run->images))
        return error_set(err,
                         "image set \"%s\": has no labels, metric \"%s\" needs to know whose masks and boxes it has",
                         path, metric->name);
    return 0;
}

static int open_images(struct run *run, struct error *err)
{
    const struct config *config = &run->config;
    run->images = imageset_open(config->dataset.path, err);
    if (!run->images)
        return -1;
    const int available = imageset_count(run->images);
    if (available < 1)
        return error_set(err, "image set \"%s\": holds no images", config->dataset.path);
    if (config->dataset.images > available)
        return error_set(err, "image set \"%s\": holds %d images, %s asks for %d", config->dataset.path, available,
                         config->path, config->dataset.images);
    run->image_count = config->dataset.images < 0 ? available : config->dataset.images;
    run->chosen = arena_alloc(&run->arena, (size_t)available, sizeof *run->chosen);
    run->image_names = arena_alloc(&run->arena, (size_t)run->image_count, sizeof *run->image_names);
    if (!run->chosen || !run->image_names)
        return error_memory(err, "the list of images");
    choose_images(run, available);
    qsort(run->chosen, (size_t)run->image_count, sizeof *run->chosen, by_value);
    for (int i = 0; i < run->image_count; i++)
        run->image_names[i] = imageset_name(run->images, run->chosen[i]);
    for (int p = 0; p < config->protocol_count; p++)
        if (config->protocols[p].klass == PROTOCOL_CLASS_LABEL && !imageset_has_labels(run->images))
            return error_set(err, "image set \"%s\": has no labels, protocol \"%s\" needs them (class: label)",
                             config->dataset.path, config->protocols[p].name);
    for (int k = 0; k < config->metric_count; k++)
        if (config->metrics[k].metric->is_truth && check_truth(run, config->metrics[k].metric, err))
            return -1;
    return 0;
}

/* -- backbones ------------------------------------------------------------------------------------------------------ */

static int add_layer(struct run_backbone *backbone, const char *name, struct error *err)
{
    for (int i = 0; i < backbone->layer_count; i++)
        if (strcmp(backbone->layers[i], name) == 0)
            return 0;
    if (backbone->layer_count == LAYERS_MAX)
        return error_set(err, "more than %d layers are asked for", LAYERS_MAX);
    backbone->layers[backbone->layer_count++] = name;
    return graph_find(backbone->graph, name, err) < 0 ? -1 : 0;
}

/* The layers that methods name in their parameters. */
static int add_method_layers(struct run *run, struct run_backbone *backbone, struct error *err)
{
    for (int m = 0; m < run->config.method_count; m++) {
        const struct config_method *method = &run->config.methods[m];
        for (const struct param *row = method->method->params; row && row->name; row++) {
            if (row->type != PARAM_TYPE_NAMES)
                continue;
            const struct param_names *names = (const void *)((const char *)method->params + row->offset);
            for (int i = 0; i < names->count; i++)
                if (add_layer(backbone, names->name[i], err))
                    return error_prefix(err, "%s: method \"%s\": ", method->where, method->label);
        }
    }
    return 0;
}

/* Operations of the whole network, and of the nodes behind the target layer. */
static void count_macs(struct run_backbone *backbone, int layer)
{
    for (int i = 0; i < graph_node_count(backbone->graph); i++) {
        const double macs = graph_node(backbone->graph, i).macs;
        backbone->full_macs += macs;
        if (i > layer)
            backbone->tail_macs += macs;
    }
}

static int check_layer(struct run *run, struct run_backbone *backbone, struct error *err)
{
    const struct config_backbone *config = backbone->config;
    backbone->layers = arena_alloc(&run->arena, LAYERS_MAX, sizeof *backbone->layers);
    if (!backbone->layers)
        return error_memory(err, "the list of layers");
    if (add_layer(backbone, backbone->layer, err))
        return error_prefix(err, "%s: %s: ", config->where, config->arch);
    const int layer = graph_find(backbone->graph, backbone->layer, err);
    const struct node_info node = graph_node(backbone->graph, layer);
    if (node.shape.h * node.shape.w < 2)
        return error_set(err, "%s: layer \"%s\" of %s has no positions: its value is (%d,%d,%d)", config->where,
                         backbone->layer, config->arch, node.shape.c, node.shape.h, node.shape.w);
    backbone->layer_shape = (struct tensor){node.shape.c, node.shape.h, node.shape.w, NULL};
    count_macs(backbone, layer);
    return add_method_layers(run, backbone, err);
}

static int check_weights(struct run *run, struct run_backbone *backbone, struct error *err)
{
    const struct config_backbone *config = backbone->config;
    if (backbone->info.arch[0] && strcmp(backbone->info.arch, config->arch) != 0)
        return error_set(err, "weights \"%s\": are of %s, %s asks for %s", config->weights, backbone->info.arch,
                         config->where, config->arch);
    const struct arena_mark mark = arena_mark(&run->arena);
    struct weights shapes;
    int status = weights_read_shapes(backbone->weights, &run->arena, &shapes, err);
    if (!status && network_check_weights(backbone->graph, &shapes, err))
        status = error_prefix(err, "weights \"%s\": ", config->weights);
    arena_rewind(&run->arena, mark);
    return status;
}

int run_open_backbone(struct run *run, struct run_backbone *backbone, struct error *err)
{
    const struct config_backbone *config = backbone->config;
    if (!config->weights)
        return error_set(
            err,
            "%s: backbone \"%s\" has no weights: give torchvision's file (.pth), safetensors, or one made by "
            "`cambench generate weights`",
            config->where, config->arch);
    const struct backbone_family *family;
    const struct backbone_variant *variant = backbone_find(config->arch, &family, err);
    if (!variant)
        return -1;
    backbone->title = variant->title;
    backbone->layer = config->layer ? config->layer : variant->layer;
    backbone->weights = weights_open_any(config->weights, config->arch, &backbone->info, err);
    if (!backbone->weights)
        return -1;
    const struct weights_info *info = &backbone->info;
    backbone->options = (struct backbone_options){.classes = info->classes,
                                                  .width = info->width,
                                                  .height = info->height ? info->height : INPUT_SIDE,
                                                  .width_px = info->width_px ? info->width_px : INPUT_SIDE};
    backbone->graph = backbone_graph(config->arch, &backbone->options, err);
    if (!backbone->graph)
        return error_prefix(err, "weights \"%s\": ", config->weights);
    return check_weights(run, backbone, err) || check_layer(run, backbone, err) ? -1 : 0;
}

struct network *run_load_network(const struct run_backbone *backbone, struct error *err)
{
    struct arena arena;
    struct weights weights;
    struct network *network = NULL;
    arena_init(&arena, 0);
    if (weights_read(backbone->weights, &arena, &weights, err) == 0)
        network = network_create(backbone->graph, &weights, backbone->layers, backbone->layer_count, err);
    arena_release(&arena);
    if (!network)
        error_prefix(err, "backbone \"%s\": ", backbone->config->label);
    return network;
}

/* Labels beyond a network's classes would be wrong silently. */
static int check_classes(const struct run *run, const struct run_backbone *backbone, struct error *err)
{
    for (int i = 0; i < run->image_count; i++) {
        const int label = imageset_label(run->images, run->chosen[i]);
        if (label >= backbone->options.classes)
            return error_set(err, "image \"%s\" has label %d, weights \"%s\" know %d classes", run->image_names[i],
                             label, backbone->config->weights, backbone->options.classes);
    }
    return 0;
}

static int open_all(struct run *run, const char *config_path, const char *const *sets, int set_count, struct error *err)
{
    struct config *config = &run->config;
    if (config_read(config_path, sets, set_count, &run->arena, config, err) || list_metrics(run, err))
        return -1;
    run->threads = config->runtime.threads ? config->runtime.threads : omp_get_max_threads();
    if (open_images(run, err))
        return -1;
    run->backbones = arena_alloc(&run->arena, (size_t)config->backbone_count, sizeof *run->backbones);
    if (!run->backbones)
        return error_memory(err, "the list of backbones");
    for (int b = 0; b < config->backbone_count; b++) {
        run->backbones[b].config = &config->backbones[b];
        if (run_open_backbone(run, &run->backbones[b], err) || check_classes(run, &run->backbones[b], err))
            return -1;
    }
    return 0;
}

int run_open(struct run *run, const char *config_path, const char *const *sets, int set_count, struct error *err)
{
    *run = (struct run){0};
    arena_init(&run->arena, 0);
    if (open_all(run, config_path, sets, set_count, err) == 0)
        return 0;
    run_close(run);
    return -1;
}

void run_close(struct run *run)
{
    for (int b = 0; run->backbones && b < run->config.backbone_count; b++) {
        if (run->backbones[b].weights)
            weights_close(run->backbones[b].weights);
        graph_free(run->backbones[b].graph);
    }
    imageset_close(run->images);
    arena_release(&run->arena);
}

/* -- estimates ------------------------------------------------------------------------------------------------------ */

static bool needs_explanation_map(const struct config *config)
{
    for (int i = 0; i < config->metric_count; i++)
        if (strcmp(config->metrics[i].metric->name, "coherency") == 0)
            return true;
    return false;
}

struct run_estimate run_estimate(const struct run *run, int backbone_index, int method_index, bool all)
{
    const struct run_backbone *backbone = &run->backbones[backbone_index];
    const struct config_method *config = &run->config.methods[method_index];
    const struct method *method = config->method;
    struct run_estimate e = {.full = 1, .backward = method->needs & METHOD_NEEDS_GRADIENT ? 1 : 0};
    if (method->passes)
        method->passes(config->params, &backbone->layer_shape,
                       (struct shape){3, backbone->options.height, backbone->options.width_px}, &e.full, &e.tail,
                       &e.backward);
    if (all && needs_explanation_map(&run->config)) {
        e.full *= 2;
        e.tail *= 2;
        e.backward *= 2;
    }
    e.macs = e.full * backbone->full_macs + (e.tail + 2 * e.backward) * backbone->tail_macs;
    return e;
}

void run_describe(const struct run *run, FILE *stream)
{
    const struct config *config = &run->config;
    fprintf(stream, "run \"%s\": %d of %d images of %s, %d backbone%s, %d method%s, %d metric%s, %d thread%s\n",
            config->name, run->image_count, imageset_count(run->images), config->dataset.path, config->backbone_count,
            config->backbone_count == 1 ? "" : "s", config->method_count, config->method_count == 1 ? "" : "s",
            config->metric_count, config->metric_count == 1 ? "" : "s", run->threads, run->threads == 1 ? "" : "s");
    for (int b = 0; b < config->backbone_count; b++) {
        const struct run_backbone *backbone = &run->backbones[b];
        struct run_estimate sum = {0};
        for (int m = 0; m < config->method_count; m++) {
            const struct run_estimate e = run_estimate(run, b, m, true);
            sum.full += e.full;
            sum.tail += e.tail;
            sum.backward += e.backward;
            sum.macs += e.macs;
        }
        const double images = run->image_count * (double)config->protocol_count;
        fprintf(stream, "  %-18s layer %s (%d,%d,%d): %.0f full, %.0f tail, %.0f backward passes, %.0f GFLOP\n",
                config->backbones[b].label, backbone->layer, backbone->layer_shape.c, backbone->layer_shape.h,
                backbone->layer_shape.w, images * sum.full, images * sum.tail, images * sum.backward,
                images * sum.macs * 2e-9);
    }
}
