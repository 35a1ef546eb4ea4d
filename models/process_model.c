/*
 * models/process_model.c - models that another process runs: a command that a config names, which declares the network.
 *
 * Opening a model starts its process. docs/process-networks.md has the protocol.
 */
#include "models/model_source.h"
#include "models/process_work.h"
#include "nn/ops.h"

#include <string.h>

#define NOMINAL_MACS 1e9 /* of a pass: estimates of time need relations only, and a tail may cost a whole pass */

static bool takes(const struct model_spec *spec)
{
    return spec->model && strcmp(spec->model, MODEL_PROCESS) == 0;
}

/* All facts are known when the process has started. */
static int describe(const struct model_spec *spec, struct model_facts *facts, struct error *err)
{
    (void)spec, (void)err;
    *facts = (struct model_facts){0};
    return 0;
}

/* -- opening -------------------------------------------------------------------------------------------------------- */

static struct process_network *start(struct model *model, const struct model_spec *spec, struct error *err)
{
    struct process_network *state = arena_alloc(&model->arena, 1, sizeof *state);
    if (!state) {
        error_memory(err, "a model");
        return NULL;
    }
    state->command = spec->command;
    state->timeout = spec->timeout;
    pthread_mutex_init(&state->lock, NULL);
    model->state = state;
    if (script_init(&state->first, state->command, state->timeout, &model->arena, err))
        return NULL;
    state->has_first = true;
    if (script_start(&state->first, err) || process_declare(&state->first, &model->arena, &state->declared, err))
        return NULL;
    return state;
}

/* The process decides the size of its input. */
static int set_input(struct model *model, const struct process_network *state, const struct model_spec *spec,
                     struct error *err)
{
    const struct shape input = state->declared.input;
    model_set_input(model, &state->declared.picture, spec);
    if (model->input.h == input.h && model->input.w == input.w)
        return 0;
    return error_set(err, "the network's input is %dx%d, as its process declares; input.size says %dx%d", input.h,
                     input.w, model->input.h, model->input.w);
}

/* A graph that has the layers' names and shapes. */
static int make_graph(struct model *model, const struct process_declaration *declared, struct error *err)
{
    model->graph = graph_create();
    if (!model->graph)
        return error_memory(err, "a graph");
    int node = graph_input(model->graph, "input", declared->input);
    for (int i = 0; i < declared->layer_count; i++)
        node = graph_foreign(model->graph, declared->layers[i].name, node, declared->layers[i].shape, 0);
    graph_foreign(model->graph, "process:logits", node, (struct shape){declared->outputs, 1, 1}, NOMINAL_MACS);
    ((struct process_network *)model->state)->graph = model->graph;
    return graph_finish(model->graph, err);
}

static int open_model(struct model *model, const struct model_spec *spec, struct error *err)
{
    const struct process_network *state = start(model, spec, err);
    if (!state || set_input(model, state, spec, err) || make_graph(model, &state->declared, err))
        return -1;
    model->arch = MODEL_PROCESS;
    model->title = state->declared.title[0] ? state->declared.title : MODEL_PROCESS;
    model->layer = state->declared.target;
    model->outputs = state->declared.outputs;
    model->has_weights = model->is_foreign = true;
    return class_names_of_network(model->outputs, state->declared.names, &model->arena, &model->classes, err);
}

static void close_model(struct model *model)
{
    struct process_network *state = model->state;
    if (state && state->has_first)
        script_end(&state->first, PROCESS_END_SECONDS);
    if (state)
        pthread_mutex_destroy(&state->lock);
    model->state = NULL;
}

/* -- the network ---------------------------------------------------------------------------------------------------- */

static int read_weights(const struct model *model, struct arena *arena, struct weights *weights, struct error *err)
{
    (void)arena, (void)weights;
    return error_set(err, "%s is run by another process, which keeps its weights", model->title);
}

/* Layers may be given by other spellings of their names. */
static struct network *load(const struct model *model, const char *const *layers, int layer_count, struct error *err)
{
    const struct process_network *state = model->state;
    struct arena arena;
    arena_init(&arena, 0);
    struct foreign_layer *list = arena_alloc(&arena, (size_t)layer_count + 1, sizeof *list);
    int found = 0;
    for (int i = 0; list && i < layer_count && found >= 0; i++) {
        found = graph_find(model->graph, layers[i], err);
        if (found >= 0)
            list[i] = (struct foreign_layer){layers[i], graph_node(model->graph, found).shape};
    }
    if (!list)
        error_memory(err, "a network");
    struct network *network = list && found >= 0
                                  ? network_create_foreign(&(struct foreign){.input = state->declared.input,
                                                                             .classes = state->declared.outputs,
                                                                             .batch = state->declared.batch,
                                                                             .layer_count = layer_count,
                                                                             .layers = list,
                                                                             .work = &process_work,
                                                                             .state = state},
                                                           err)
                                  : NULL;
    arena_release(&arena);
    return network;
}

const struct model_source model_process = {.name = "process",
                                           .takes = takes,
                                           .describe = describe,
                                           .open = open_model,
                                           .read = read_weights,
                                           .load = load,
                                           .close = close_model};
