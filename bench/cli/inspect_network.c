/* bench/cli/inspect_network.c - describes an architecture as JSON: its nodes, or the engine's steps. */
#include "bench/cli/inspect.h"

#include "base/arena.h"
#include "bench/cli/catalog.h"
#include "bench/cli/table.h"

#include <stdio.h>
#include <string.h>

static const double flop_per_mac = 2;

static size_t shape_bytes(struct shape shape)
{
    return shape_size(shape) * sizeof(float);
}

static json_t *pack_shape(struct shape shape)
{
    return json_pack("[iii]", shape.c, shape.h, shape.w);
}

static json_t *pack_node(struct node_info node, bool is_default)
{
    return json_pack("{ss ss* ss so sI sI sI sb}", "name", node.name, "alias", node.alias, "op", node.op, "shape",
                     pack_shape(node.shape), "parameters", (json_int_t)node.parameters, "multiply_adds",
                     (json_int_t)node.macs, "value_bytes", (json_int_t)shape_bytes(node.shape), "default", is_default);
}

static json_t *list_nodes(const struct graph *graph, int usual)
{
    json_t *nodes = json_array();
    for (int i = 0; i < graph_node_count(graph); i++)
        if (json_array_append_new(nodes, pack_node(graph_node(graph, i), i == usual))) {
            json_decref(nodes);
            return NULL;
        }
    return nodes;
}

/* Packs a step; "fused" lists the operations fused into it and the layout of its result: "relu, panels of 16". */
static json_t *pack_step(struct step_info step)
{
    char fused[64] = "", panels[24] = "";
    if (step.panel)
        snprintf(panels, sizeof panels, "panels of %d", step.panel);
    const char *const parts[] = {step.has_residual ? "residual" : "", step.activation, panels};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        const size_t length = strlen(fused);
        snprintf(fused + length, sizeof fused - length, "%s%s", length && parts[i][0] ? ", " : "", parts[i]);
    }
    const bool has_place = step.workspace_offset != (size_t)-1;
    const size_t offset_bytes = step.workspace_offset * sizeof(float);
    return json_pack("{ss ss ss ss so sI sI so}", "name", step.name, "op", step.op, "kernel", step.kernel, "fused",
                     fused, "shape", pack_shape(step.shape), "multiply_adds", (json_int_t)step.macs, "moved_bytes",
                     (json_int_t)step.bytes, "place_bytes",
                     has_place ? json_integer((json_int_t)offset_bytes) : json_null());
}

static json_t *list_steps(const struct network *network)
{
    json_t *steps = json_array();
    for (int i = 0; i < network_step_count(network); i++)
        if (json_array_append_new(steps, pack_step(network_step(network, i)))) {
            json_decref(steps);
            return NULL;
        }
    return steps;
}

static size_t parameter_size(struct parameter parameter)
{
    size_t size = 1;
    for (int d = 0; d < parameter.rank; d++)
        size *= (size_t)parameter.dim[d];
    return size;
}

/* Makes weights of the right names and shapes that share one block of zeros; a plan does not depend on values. */
static int zero_weights(const struct graph *graph, struct arena *arena, struct weights *weights, struct error *err)
{
    size_t largest = 0;
    weights->count = graph_parameter_count(graph);
    for (int i = 0; i < weights->count; i++) {
        const size_t size = parameter_size(graph_parameter(graph, i));
        largest = size > largest ? size : largest;
    }
    float *zeros = arena_floats(arena, largest);
    weights->list = arena_alloc(arena, (size_t)weights->count, sizeof *weights->list);
    if (!zeros || !weights->list)
        return error_memory(err, "a network's weights");
    for (int i = 0; i < weights->count; i++) {
        const struct parameter parameter = graph_parameter(graph, i);
        struct weight *weight = &weights->list[i];
        weight->name = parameter.name; /* the graph lives longer */
        weight->rank = parameter.rank;
        for (int d = 0; d < parameter.rank; d++)
            weight->dim[d] = parameter.dim[d];
        weight->data = zeros;
    }
    return 0;
}

static struct network *plan(const struct graph *graph, const char *layer, struct error *err)
{
    struct arena arena;
    struct weights weights;
    arena_init(&arena, 0);
    struct network *network =
        zero_weights(graph, &arena, &weights, err) ? NULL : network_create(graph, &weights, &layer, 1, err);
    arena_release(&arena);
    return network;
}

static int add_plan(json_t *object, const struct graph *graph, const char *layer, struct error *err)
{
    struct network *network = plan(graph, layer, err);
    if (!network)
        return -1;
    struct session *session = session_create(network, 1, err);
    int status = -1;
    if (session) {
        status = json_object_set_new(object, "kernels", json_string(network_kernels(network))) ||
                         json_object_set_new(object, "workspace_bytes",
                                             json_integer((json_int_t)session_workspace_bytes(session))) ||
                         json_object_set_new(object, "steps", list_steps(network))
                     ? error_memory(err, "the plan")
                     : 0;
    }
    session_free(session);
    network_free(network);
    return status;
}

struct totals {
    double macs, value_bytes;
    size_t stored_bytes;
};

static struct totals totals_of(const struct graph *graph)
{
    struct totals totals = {0};
    for (int i = 0; i < graph_node_count(graph); i++) {
        const struct node_info node = graph_node(graph, i);
        totals.macs += node.macs;
        totals.value_bytes += (double)shape_bytes(node.shape);
        totals.stored_bytes += node.parameters * sizeof(float);
    }
    return totals;
}

static json_t *pack_facts(const struct model *model, const char *kind, const char *family, double width, int usual)
{
    const struct graph *graph = model->graph;
    const struct totals totals = totals_of(graph);
    return json_pack("{ss ss ss ss* so ss so si so* sI sI sf sI sI}", "kind", kind, "arch", model->arch, "title",
                     model->title, "family", family, "input", pack_shape(graph_node(graph, BACKBONE_INPUT).shape),
                     "target_layer", model->layer, "target_shape", pack_shape(graph_node(graph, usual).shape),
                     "classes", class_count(model->outputs), "width", family ? json_real(width) : NULL, "parameters",
                     (json_int_t)graph_trainable(graph), "multiply_adds", (json_int_t)totals.macs, "gflop",
                     flop_per_mac * totals.macs / 1e9, "weights_bytes", (json_int_t)totals.stored_bytes, "values_bytes",
                     (json_int_t)totals.value_bytes);
}

static json_t *describe(const struct model *model, const char *kind, const char *family, double width, bool with_plan,
                        struct error *err)
{
    const int usual = graph_find(model->graph, model->layer, err);
    if (usual < 0)
        return NULL;
    json_t *object = pack_facts(model, kind, family, width, usual);
    if (object)
        inspect_add_input(object, &model->input);
    int status = object ? 0 : error_memory(err, "the description");
    if (!status && with_plan)
        status = add_plan(object, model->graph, model->layer, err);
    else if (!status && json_object_set_new(object, "nodes", list_nodes(model->graph, usual)))
        status = error_memory(err, "the list of nodes");
    if (status == 0)
        return object;
    json_decref(object);
    return NULL;
}

/* -- networks that others run --------------------------------------------------------------------------------------- */

static json_t *list_layers(const struct graph *graph, int usual)
{
    json_t *layers = json_array();
    for (int i = BACKBONE_INPUT + 1; i + 1 < graph_node_count(graph); i++) { /* the last node is the logits */
        const struct node_info node = graph_node(graph, i);
        if (json_array_append_new(layers, json_pack("{so so sb}", "name", table_text(node.name), "shape",
                                                    pack_shape(node.shape), "default", i == usual))) {
            json_decref(layers);
            return NULL;
        }
    }
    return layers;
}

/* Operations and bytes are not known. */
static json_t *describe_foreign(const struct model *model, const char *command, bool with_plan, struct error *err)
{
    const struct graph *graph = model->graph;
    const int usual = graph_find(graph, model->layer, err);
    if (usual < 0)
        return NULL;
    if (with_plan) {
        error_set(err, "--plan: another program runs the network, the engine has no steps of it");
        return NULL;
    }
    json_t *object = json_pack("{ss so so so so so si}", "kind", "process", "command", table_text(command), "title",
                               table_text(model->title), "input", pack_shape(graph_node(graph, BACKBONE_INPUT).shape),
                               "target_layer", table_text(model->layer), "target_shape",
                               pack_shape(graph_node(graph, usual).shape), "classes", class_count(model->outputs));
    if (object)
        inspect_add_input(object, &model->input);
    if (object && json_object_set_new(object, "layers", list_layers(graph, usual)) == 0)
        return object;
    error_memory(err, "the list of layers");
    json_decref(object);
    return NULL;
}

json_t *inspect_architecture(const struct model_spec *spec, bool with_plan, struct error *err)
{
    struct model_facts facts;
    struct model *model = model_describe(spec, &facts, err) ? NULL : model_open(spec, err);
    if (!model)
        return NULL;
    json_t *object = model->is_foreign ? describe_foreign(model, spec->command, with_plan, err)
                                       : describe(model, spec->model ? "model" : "architecture", facts.family,
                                                  spec->width != 0 ? spec->width : 1, with_plan, err);
    model_close(model);
    return object;
}
