/* bench/run/run_backbone.c - opens a backbone's model, finds the layers that methods need, makes its network. */
#include "bench/run/run_backbone.h"

#define LAYERS_MAX 64

static int add_layer(struct run_backbone *backbone, const char *name, struct error *err)
{
    for (int i = 0; i < backbone->layer_count; i++)
        if (strcmp(backbone->layers[i], name) == 0)
            return 0;
    if (backbone->layer_count == LAYERS_MAX)
        return error_set(err, "more than %d layers are asked for", LAYERS_MAX);
    backbone->layers[backbone->layer_count++] = name;
    return graph_find(backbone->model->graph, name, err) < 0 ? -1 : 0;
}

struct method_layers {
    struct run_backbone *backbone;
    const struct config_method *method;
    struct arena *arena;
};

/* Adds those of the layers "a|b|c" that the network has. */
static int add_usual_layers(const struct method_layers *to, const char *choices, struct error *err)
{
    struct error unknown;
    for (const char *word = choices; *word; word += strspn(word, "|")) {
        const size_t length = strcspn(word, "|");
        const char *name = arena_format(to->arena, "%.*s", (int)length, word);
        if (!name)
            return error_memory(err, "the list of layers");
        if (graph_find(to->backbone->model->graph, name, &unknown) >= 0 && add_layer(to->backbone, name, err))
            return error_prefix(err, "%s: method \"%s\": ", to->method->where, to->method->label);
        word += length;
    }
    return 0;
}

/* Adds the layers that a method, or one that it calls, names in a parameter; see PARAM_LAYERS_OR about `choices`. */
static int add_row_layers(void *context, const struct param *row, const void *in, const struct param *top,
                          struct error *err)
{
    const struct method_layers *to = context;
    if (row->type != PARAM_TYPE_NAMES)
        return 0;
    const struct param_names *names = (const void *)((const char *)in + row->offset);
    for (int i = 0; i < names->count; i++)
        if (add_layer(to->backbone, names->name[i], err))
            return error_prefix(err, "%s: method \"%s\": backbone \"%s\": ", config_param_where(to->method, top->name),
                                to->method->label, to->backbone->config->label);
    return names->count == 0 && row->choices ? add_usual_layers(to, row->choices, err) : 0;
}

static int add_method_layers(struct run_backbone *backbone, const struct panel *panel, struct arena *arena,
                             struct error *err)
{
    for (int m = 0; m < panel->method_count; m++) {
        const struct config_method *method = &panel->methods[m];
        struct method_layers to = {backbone, method, arena};
        if (param_visit(method->method->params, method->params, add_row_layers, &to, err))
            return -1;
    }
    return 0;
}

int run_backbone_method_layers(const struct run_backbone *backbone, const struct config_method *method,
                               struct tensor layers[PARAM_NAMES_MAX])
{
    int count = 0;
    for (const struct param *row = method->method->params; row && row->name; row++) {
        if (row->type != PARAM_TYPE_NAMES)
            continue;
        const struct param_names *names = (const void *)((const char *)method->params + row->offset);
        for (int i = 0; i < names->count && count < PARAM_NAMES_MAX; i++) {
            struct error ignored; /* add_method_layers() has found them all */
            const struct shape shape =
                graph_node(backbone->model->graph, graph_find(backbone->model->graph, names->name[i], &ignored)).shape;
            layers[count++] = (struct tensor){shape.c, shape.h, shape.w, NULL};
        }
    }
    return count;
}

/* Counts the multiply-adds of the whole network, and of the nodes after the target layer. */
static void count_macs(struct run_backbone *backbone, int layer)
{
    for (int i = 0; i < graph_node_count(backbone->model->graph); i++) {
        const double macs = graph_node(backbone->model->graph, i).macs;
        backbone->full_macs += macs;
        if (i > layer)
            backbone->tail_macs += macs;
    }
}

static int count_stages(struct run_backbone *backbone, struct arena *arena, struct error *err)
{
    const struct graph *graph = backbone->model->graph;
    if (backbone->model->is_foreign)
        return 0;
    const struct arena_mark mark = arena_mark(arena);
    int *stage = arena_alloc(arena, (size_t)graph_node_count(graph), sizeof *stage);
    backbone->stages = stage ? graph_stages(graph, stage, err) : error_memory(err, "the stages of a network");
    arena_rewind(arena, mark);
    return backbone->stages < 0 ? -1 : 0;
}

static int check_layers(struct run_backbone *backbone, const struct panel *panel, struct arena *arena,
                        struct error *err)
{
    const struct config_backbone *config = backbone->config;
    backbone->layers = arena_alloc(arena, LAYERS_MAX, sizeof *backbone->layers);
    if (!backbone->layers)
        return error_memory(err, "the list of layers");
    char name[128];
    backbone->layer = arena_string(arena, graph_layer_name(backbone->model->graph, backbone->layer, name, sizeof name));
    if (!backbone->layer)
        return error_memory(err, "the list of layers");
    if (add_layer(backbone, backbone->layer, err))
        return error_prefix(err, "%s: %s: ", config_backbone_where(config, "layer"), config->arch);
    const int layer = graph_find(backbone->model->graph, backbone->layer, err);
    const struct node_info node = graph_node(backbone->model->graph, layer);
    if (node.shape.h * node.shape.w < 2)
        return error_set(err, "%s: layer \"%s\" of %s has no positions: its value is (%d,%d,%d)",
                         config_backbone_where(config, "layer"), backbone->layer, config->arch, node.shape.c,
                         node.shape.h, node.shape.w);
    backbone->layer_shape = (struct tensor){node.shape.c, node.shape.h, node.shape.w, NULL};
    count_macs(backbone, layer);
    return add_method_layers(backbone, panel, arena, err);
}

/* Error: a method needs the graph of a network that another program runs. */
static int check_graph(const struct run_backbone *backbone, const struct panel *panel, struct error *err)
{
    for (int m = 0; m < panel->method_count && backbone->model->is_foreign; m++) {
        const struct config_method *method = &panel->methods[m];
        if (method_needs_graph(method->method, method->params))
            return error_set(
                err,
                "%s: method \"%s\" needs the network's graph, which backbone \"%s\" does not have: another "
                "program runs it",
                method->where, method->label, backbone->config->label);
    }
    return 0;
}

int run_backbone_open(struct run_backbone *backbone, bool has_file, const struct panel *panel, struct arena *arena,
                      struct error *err)
{
    struct config_backbone *config = backbone->config;
    struct model_spec spec = config_backbone_spec(config);
    if (!has_file)
        spec.weights = NULL;
    backbone->model = model_open(&spec, err);
    if (!backbone->model)
        return config->command
                   ? error_prefix(err, "%s: ", config->entry ? config_backbone_where(config, "command") : "--command")
                   : -1;
    const struct model *model = backbone->model;
    picture_input_remove(&config->input, &model->own); /* the model's own values are not part of a run */
    config->arch = model->arch;
    if (!config->label)
        config->label = model->arch;
    backbone->title = strcmp(config->label, model->arch) == 0 ? model->title : config->label;
    if (!config->layer)
        config->layer = model->layer; /* known only now if the source finds it in the file */
    backbone->layer = config->layer;
    backbone->classes = model->classes;
    return status_of(count_stages(backbone, arena, err) || check_graph(backbone, panel, err) ||
                     check_layers(backbone, panel, arena, err));
}

const char *run_backbone_source(const struct run_backbone *backbone)
{
    const char *file = config_backbone_file(backbone->config);
    return file ? file : backbone->config->label;
}

int run_backbone_find_class(const struct run_backbone *backbone, const char *klass, struct arena *arena, int *out,
                            struct error *err)
{
    int rank;
    const enum protocol_class_kind kind = protocol_class(klass, &rank);
    const int classes = class_count(backbone->model->outputs);
    *out = -1;
    if (kind == PROTOCOL_CLASS_NAMED)
        return class_names_find(&backbone->classes, klass, arena, out, err);
    if (kind == PROTOCOL_CLASS_RANK && rank > classes)
        return error_set(err, "\"%s\": the network has %d classes", klass, classes);
    return 0;
}

struct network *run_backbone_load(const struct run_backbone *backbone, const char *kernels, struct error *err)
{
    struct network *network = model_load(backbone->model, backbone->layers, backbone->layer_count, kernels, err);
    if (!network)
        error_prefix(err, "backbone \"%s\": ", backbone->config->label);
    return network;
}
