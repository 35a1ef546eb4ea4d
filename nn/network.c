/* nn/network.c - creates a network from a graph and weights, and returns facts about it. */
#include "nn/network.h"

#include <stdlib.h>
#include <string.h>

/* -- programs ------------------------------------------------------------------------------------------------------- */

#define FEATURES_LEAST 4096 /* with fewer features the usual way is as fast as nn/difference.c */

/* Whether the shortcut of nn/difference.h pays for the first of the steps on rows. */
static bool is_worth_differences(const struct network *network)
{
    const struct program *full = &network->full;
    if (full->boundary < 0)
        return false;
    const struct step *step = &network->steps[full->steps[full->spatial_count]];
    return step->node->op->column && step->set && network->values[full->boundary].c >= FEATURES_LEAST;
}

static int build_programs(struct network *network, struct error *err)
{
    struct arena *arena = &network->arena;
    const size_t layers = (size_t)network->layer_count;
    network->tails = arena_alloc(arena, layers + 1, sizeof *network->tails);
    network->tapes = arena_alloc(arena, layers + 1, sizeof *network->tapes);
    network->side_offset = arena_alloc(arena, (size_t)network->value_count, sizeof *network->side_offset);
    bool *pinned = arena_alloc(arena, (size_t)network->value_count, sizeof *pinned);
    if (!network->tails || !network->tapes || !network->side_offset || !pinned)
        return error_memory(err, "the plan");
    for (int v = 0; v < network->value_count; v++)
        network->side_offset[v] = NO_PLACE;
    for (int i = 0; i < network->layer_count; i++) {
        const int start = network->layer_values[i];
        if (program_build(network, start, false, NULL, &network->tails[i], err) ||
            program_build(network, start, true, NULL, &network->tapes[i], err))
            return error_prefix(err, "layer \"%s\": ", network->layer_names[i]);
        pinned[start] = true;
        for (int k = 0; k < network->tails[i].side_count; k++) {
            const int side = network->tails[i].sides[k];
            pinned[side] = true;
            if (network->side_offset[side] == NO_PLACE) {
                network->side_offset[side] = network->side_floats;
                network->side_floats += shape_size(network->values[side]);
            }
        }
    }
    if (program_build(network, 0, true, NULL, &network->tapes[layers], err) ||
        program_build(network, 0, false, pinned, &network->full, err))
        return -1;
    if (is_worth_differences(network))
        network->base_floats = shape_size(network->values[network->full.boundary]);
    return 0;
}

/* -- weights of backward passes ------------------------------------------------------------------------------------- */

static int create_late(struct network *network, struct error *err)
{
    network->late = arena_alloc(&network->arena, 1, sizeof *network->late);
    if (!network->late)
        return error_memory(err, "the network");
    pthread_mutex_init(&network->late->lock, NULL);
    arena_init(&network->late->arena, 0);
    network->late->is_packed =
        arena_alloc(&network->arena, (size_t)network->step_count, sizeof *network->late->is_packed);
    return network->late->is_packed ? 0 : error_memory(err, "the network");
}

/* The lock is held. */
static int pack_reverse(const struct network *network, int i, struct error *err)
{
    struct late_weights *late = network->late;
    const struct step *step = &network->steps[i];
    struct shape in[NODE_INPUTS_MAX];
    if (late->is_packed[i] || !step->reverse)
        return 0;
    for (int k = 0; k < step->input_count; k++)
        in[k] = network->values[step->inputs[k]];
    const int status = step->node->op->pack_reverse(&late->arena, step, in, err);
    late->is_packed[i] = status == 0;
    return status;
}

int network_pack_reverse(const struct network *network, const struct program *program, struct error *err)
{
    int status = 0;
    for (int i = 0; i < program->step_count && !status; i++) {
        const int step = program->steps[i];
        const struct network *owner = network->is_other ? network->mixed[network->is_other[step]] : network;
        pthread_mutex_lock(&owner->late->lock);
        status = pack_reverse(owner, step, err);
        pthread_mutex_unlock(&owner->late->lock);
    }
    return status;
}

/* -- life ----------------------------------------------------------------------------------------------------------- */

/* Finds the kernel set of a name; *set is NULL for "openblas". */
static int find_kernels(const char *name, const struct kernel_set **set, struct error *err)
{
    *set = NULL;
    if (name && strcmp(name, "openblas") == 0)
        return 0;
    *set = kernel_set(name);
    return *set ? 0 : error_set(err, "this processor has no kernels \"%s\"", name ? name : "auto");
}

static int create(struct network *network, const struct graph *graph, const struct weights *weights,
                  const char *const *layers, struct error *err)
{
    struct arena *arena = &network->arena;
    const size_t count = (size_t)network->node_count, layer_count = (size_t)network->layer_count;
    network->nodes = arena_alloc(arena, count, sizeof *network->nodes);
    network->steps = arena_alloc(arena, count, sizeof *network->steps);
    network->values = arena_alloc(arena, count, sizeof *network->values);
    network->layer_names = arena_alloc(arena, layer_count, sizeof *network->layer_names);
    network->layer_values = arena_alloc(arena, layer_count, sizeof *network->layer_values);
    if (!network->nodes || !network->steps || !network->values || !network->layer_names || !network->layer_values)
        return error_memory(err, "the network");
    if (network_compile(network, graph, weights, layers, err) || (network->set && network_find_chains(network, err)) ||
        create_late(network, err))
        return -1;
    return build_programs(network, err);
}

struct network *network_create(const struct graph *graph, const struct weights *weights, const char *const *layers,
                               int layer_count, struct error *err)
{
    return network_create_with(graph, weights, layers, layer_count, NULL, err);
}

struct network *network_create_with(const struct graph *graph, const struct weights *weights, const char *const *layers,
                                    int layer_count, const char *kernels, struct error *err)
{
    const struct kernel_set *set;
    if (network_check_weights(graph, weights, err) || find_kernels(kernels, &set, err))
        return NULL;
    struct network *network = calloc(1, sizeof *network);
    if (!network) {
        error_memory(err, "the network");
        return NULL;
    }
    arena_init(&network->arena, 0);
    network->set = set;
    network->node_count = graph_node_count(graph);
    network->layer_count = layer_count;
    if (create(network, graph, weights, layers, err)) {
        network_free(network);
        return NULL;
    }
    return network;
}

void network_free(struct network *network)
{
    if (!network)
        return;
    if (network->late) {
        arena_release(&network->late->arena);
        pthread_mutex_destroy(&network->late->lock);
    }
    arena_release(&network->arena);
    free(network);
}

/* -- questions ------------------------------------------------------------------------------------------------------ */

int network_classes(const struct network *network)
{
    return network->values[network->logits].c;
}

struct shape network_input(const struct network *network)
{
    return network->input;
}

int network_layer_count(const struct network *network)
{
    return network->layer_count;
}

struct shape network_layer_shape(const struct network *network, int layer)
{
    return network->values[network->layer_values[layer]];
}

const char *network_layer_name(const struct network *network, int layer)
{
    return network->layer_names[layer];
}

int network_find_layer(const struct network *network, const char *name)
{
    for (int i = 0; i < network->layer_count; i++)
        if (strcmp(network->layer_names[i], name) == 0)
            return i;
    return -1;
}

static const struct step *tail_step(const struct network *network, int layer, int index)
{
    return &network->steps[network->tails[layer].steps[index]];
}

/* Whether the step is the mean of each channel, over all positions. */
static bool is_channel_mean(const struct network *network, const struct step *step)
{
    const struct shape in = network->values[step->inputs[0]], out = network->values[step->output];
    return step->node->op->is_mean && shape_positions(out) == 1 && out.c == in.c;
}

bool network_pooled_linear(const struct network *network, int layer)
{
    if (network->foreign)
        return false;
    const struct program *tail = &network->tails[layer];
    if (tail->step_count != 3 || tail->side_count > 0)
        return false;
    const struct step *pool = tail_step(network, layer, 0), *linear = tail_step(network, layer, 2);
    return is_channel_mean(network, pool) && tail_step(network, layer, 1)->node->op->is_flatten &&
           linear->node->op->column && !linear->activation;
}

bool network_pooled_classes(const struct network *network, int layer)
{
    if (network->foreign)
        return false;
    const struct program *tail = &network->tails[layer];
    const int first = tail->step_count == 3 && tail_step(network, layer, 0)->node->op->activate;
    if (tail->step_count != first + 2 || tail->side_count > 0)
        return false;
    const struct step *pool = tail_step(network, layer, first);
    return is_channel_mean(network, pool) && tail_step(network, layer, first + 1)->node->op->is_flatten;
}

void network_pooled_column(const struct network *network, int layer, int channel, float *column)
{
    const struct step *linear = tail_step(network, layer, 2);
    linear->node->op->column(linear, network->values[linear->inputs[0]].c, channel, column);
}

void network_pooled_row(const struct network *network, int layer, int output, float *row)
{
    const struct step *linear = tail_step(network, layer, 2);
    linear->node->op->row(linear, network->values[linear->inputs[0]].c, output, row);
}

const char *network_kernels(const struct network *network)
{
    if (network->foreign)
        return network->foreign_name;
    return network->set ? network->set->name : "openblas";
}

size_t network_bytes(const struct network *network)
{
    if (!network->late)
        return arena_touched_bytes(&network->arena);
    pthread_mutex_lock(&network->late->lock);
    const size_t late = arena_touched_bytes(&network->late->arena);
    pthread_mutex_unlock(&network->late->lock);
    return arena_touched_bytes(&network->arena) + late;
}

int network_step_count(const struct network *network)
{
    return network->full.step_count;
}

/* Multiply-adds of a step for one image; for a chain, the sum over its parts. */
static double step_macs(const struct step *step, const struct shape *in)
{
    if (!step->parts)
        return step->node->op->macs ? step->node->op->macs(step->node, in) : 0;
    struct shape shape = in[0];
    double sum = 0;
    for (int i = 0; i < step->part_count; i++) {
        sum += step_macs(&step->parts[i], &shape);
        shape = step->parts[i].node->shape;
    }
    return sum;
}

struct step_info network_step(const struct network *network, int index)
{
    const struct step *step = &network->steps[network->full.steps[index]];
    struct shape in[NODE_INPUTS_MAX];
    struct step_info info = {.name = step->node->name,
                             .op = step->node->op->name,
                             .kernel = step->node->op->kernel_name ? step->node->op->kernel_name(step) : "",
                             .activation = step->activation ? step->activation->name : "",
                             .has_residual = step->residual >= 0,
                             .panel = network->full.panel[step->output],
                             .shape = network->values[step->output],
                             .workspace_offset = network->full.offset[step->output]};
    info.bytes = (double)shape_size(info.shape) * sizeof(float);
    for (int i = 0; i < step->input_count; i++) {
        in[i] = network->values[step->inputs[i]];
        info.bytes += (double)shape_size(in[i]) * sizeof(float);
    }
    if (info.has_residual)
        info.bytes += (double)shape_size(info.shape) * sizeof(float);
    info.macs = step_macs(step, in);
    return info;
}
