/* nn/network.c - from graph and weights to steps: folding, fusing, packing. */
#include "nn/network.h"

#include "nn/difference.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* -- weights by name ------------------------------------------------------------------------------------------------ */

static const struct weight *weights_find(const struct weights *weights, const char *name)
{
    for (int i = 0; i < weights->count; i++)
        if (strcmp(weights->list[i].name, name) == 0)
            return &weights->list[i];
    return NULL;
}

static const float *tensor_of(const struct weights *weights, const struct node *node, const char *what)
{
    char name[128];
    snprintf(name, sizeof name, "%s.%s", node->name, what);
    const struct weight *weight = weights_find(weights, name);
    return weight ? weight->data : NULL;
}

static void write_dims(int rank, const int *dim, char *out, size_t size)
{
    size_t used = (size_t)snprintf(out, size, "(");
    for (int i = 0; i < rank && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, "%s%d", i ? "," : "", dim[i]);
    if (used < size)
        snprintf(out + used, size - used, ")");
}

static int check_tensor(const struct parameter *want, const struct weight *have, struct error *err)
{
    char wanted[64], given[64];
    write_dims(want->rank, want->dim, wanted, sizeof wanted);
    if (!have)
        return error_set(err, "tensor \"%s\" %s is missing", want->name, wanted);
    write_dims(have->rank, have->dim, given, sizeof given);
    if (strcmp(wanted, given) != 0)
        return error_set(err, "tensor \"%s\" is %s, this network needs %s", want->name, given, wanted);
    return 0;
}

int network_check_weights(const struct graph *graph, const struct weights *weights, struct error *err)
{
    const int count = graph_parameter_count(graph);
    bool *is_known = calloc((size_t)weights->count + 1, sizeof *is_known);
    if (!is_known)
        return error_memory(err, "the check of weights");
    int status = 0;
    for (int i = 0; i < count && !status; i++) {
        const struct parameter want = graph_parameter(graph, i);
        const struct weight *have = weights_find(weights, want.name);
        status = check_tensor(&want, have, err);
        if (have)
            is_known[have - weights->list] = true;
    }
    for (int i = 0; i < weights->count && !status; i++)
        if (!is_known[i])
            status = error_set(err, "tensor \"%s\" is not part of this network", weights->list[i].name);
    free(is_known);
    return status;
}

/* -- steps ---------------------------------------------------------------------------------------------------------- */

struct compiler {
    struct network *network;
    const struct weights *weights;
    int *readers;   /* of each node: how many */
    int *reader;    /* of each node: the last one */
    bool *is_kept;  /* node must have a value of its own */
    bool *is_fused; /* node is part of an earlier step */
    int *value;     /* of each node; -1: none */
};

static int new_value(struct network *network, struct shape shape)
{
    network->values[network->value_count] = shape;
    return network->value_count++;
}

/* The node behind `node` if it is its only reader and may swallow it; -1 otherwise. */
static int fusable_reader(const struct compiler *c, int node)
{
    return c->is_kept[node] || c->readers[node] != 1 ? -1 : c->reader[node];
}

static bool reader_is(const struct compiler *c, int reader, const struct op *op)
{
    return reader >= 0 && c->network->nodes[reader].op == op;
}

/* The tensors of a batch norm. */
struct norm {
    const float *weight, *bias, *mean, *variance;
    double eps;
};

static struct norm norm_of(const struct compiler *c, const struct node *node)
{
    return (struct norm){tensor_of(c->weights, node, "weight"), tensor_of(c->weights, node, "bias"),
                         tensor_of(c->weights, node, "running_mean"), tensor_of(c->weights, node, "running_var"),
                         node->norm.eps};
}

/* Its scale and shift, in double: y = x * scale + shift. */
static void norm_factors(const struct norm *norm, int channel, double *scale, double *shift)
{
    *scale = norm->weight[channel] / sqrt((double)norm->variance[channel] + norm->eps);
    *shift = norm->bias[channel] - norm->mean[channel] * *scale;
}

/* A factor and a shift for each channel. */
static int reserve_factors(struct compiler *c, struct step *step, int channels, struct error *err)
{
    step->weight = arena_floats(&c->network->arena, (size_t)channels);
    step->bias = arena_floats(&c->network->arena, (size_t)channels);
    return step->weight && step->bias ? 0 : error_memory(err, "packed weights");
}

static int pack_norm(struct compiler *c, struct step *step, int channels, struct error *err)
{
    const struct norm norm = norm_of(c, step->node);
    if (reserve_factors(c, step, channels, err))
        return -1;
    for (int k = 0; k < channels; k++) {
        double scale, shift;
        norm_factors(&norm, k, &scale, &shift);
        step->weight[k] = (float)scale;
        step->bias[k] = (float)shift;
    }
    return 0;
}

static int pack_affine(struct compiler *c, struct step *step, int channels, struct error *err)
{
    if (reserve_factors(c, step, channels, err))
        return -1;
    memcpy(step->weight, step->node->affine.scale, (size_t)channels * sizeof *step->weight);
    memcpy(step->bias, step->node->affine.shift, (size_t)channels * sizeof *step->bias);
    return 0;
}

/* A bias, which kernels read up to a whole panel. */
static float *bias_floats(struct compiler *c, int columns)
{
    const int panel = c->network->set ? c->network->set->panel : 1;
    return arena_floats(&c->network->arena, (size_t)divide_up(columns, panel) * (size_t)panel);
}

/* Copies the weight, scaled by the batch norm behind it if there is one, and makes the bias of both. */
static int pack_conv(struct compiler *c, struct step *step, int channels_in, const struct norm *norm, struct error *err)
{
    const struct conv2d *conv = &step->node->conv;
    const size_t row = (size_t)(channels_in / conv->groups) * (size_t)conv->kernel * (size_t)conv->kernel_w;
    const size_t size = row * (size_t)conv->out;
    struct arena *arena = &c->network->arena;
    if (c->network->set)
        step->kernel = conv2d_kernel(conv, c->network->values[step->inputs[0]], step->node->shape);
    step->set = step->kernel ? c->network->set : NULL;
    step->weight = arena_floats(arena, size);
    if (norm || conv->bias)
        step->bias = bias_floats(c, conv->out);
    float *folded = malloc(size * sizeof *folded);
    if (!step->weight || !folded || ((norm || conv->bias) && !step->bias)) {
        free(folded);
        return error_memory(err, "packed weights");
    }
    memcpy(folded, tensor_of(c->weights, step->node, "weight"), size * sizeof *folded);
    const float *bias = conv->bias ? tensor_of(c->weights, step->node, "bias") : NULL;
    for (int k = 0; k < conv->out && step->bias; k++) {
        double scale = 1, shift = 0;
        if (norm)
            norm_factors(norm, k, &scale, &shift);
        step->bias[k] = (float)(shift + (bias ? bias[k] * scale : 0));
        for (size_t i = 0; i < row; i++)
            folded[(size_t)k * row + i] = (float)(folded[(size_t)k * row + i] * scale);
    }
    conv2d_pack(conv, channels_in, folded, step->weight);
    if (step->kernel && (step->packed = arena_floats(arena, step->kernel->packed(step->set, conv, channels_in))))
        step->kernel->pack(step->set, conv, channels_in, folded, step->packed);
    free(folded);
    return step->kernel && !step->packed ? error_memory(err, "packed weights") : 0;
}

static int pack_linear(struct compiler *c, struct step *step, int features, struct error *err)
{
    struct arena *arena = &c->network->arena;
    const size_t out = (size_t)step->node->linear.out, in = (size_t)features;
    const float *weight = tensor_of(c->weights, step->node, "weight");
    step->set = c->network->set;
    float **place = step->set ? &step->packed : &step->weight;
    *place = arena_floats(arena, step->set ? product_packed(step->set, in, step->node->linear.out) : out * in);
    if (step->node->linear.bias)
        step->bias = bias_floats(c, step->node->linear.out);
    if (!*place || (step->node->linear.bias && !step->bias))
        return error_memory(err, "packed weights");
    if (step->set)
        product_pack(step->set, in, step->node->linear.out, 1, in, weight, *place);
    else
        memcpy(*place, weight, out * in * sizeof *weight);
    if (step->bias)
        memcpy(step->bias, tensor_of(c->weights, step->node, "bias"), out * sizeof *weight);
    return 0;
}

/* The operand of an add that is not `node`. */
static int other_operand(const struct node *add, int node)
{
    return add->inputs[0] == node ? add->inputs[1] : add->inputs[0];
}

/* Fuses what follows: residual add whose other operand is there already, then an activation. Returns the last node. */
static int fuse_behind(struct compiler *c, struct step *step, int node)
{
    const struct node *nodes = c->network->nodes;
    int next = fusable_reader(c, node);
    if (reader_is(c, next, &op_add) && c->value[other_operand(&nodes[next], node)] >= 0) {
        step->residual = c->value[other_operand(&nodes[next], node)];
        c->is_fused[next] = true;
        node = next;
        next = fusable_reader(c, node);
    }
    if (next >= 0 && nodes[next].op->activate) {
        step->activation = nodes[next].op;
        if (step->activation->slope_needs_input)
            step->before = new_value(c->network, nodes[node].shape);
        c->is_fused[next] = true;
        node = next;
    }
    return node;
}

/* One step from a node and what can be fused behind it. */
static int compile_node(struct compiler *c, int index, struct error *err)
{
    struct network *network = c->network;
    const struct node *node = &network->nodes[index];
    struct step *step = &network->steps[network->step_count++];
    *step = (struct step){.node = node, .input_count = node->input_count, .residual = -1, .before = -1};
    for (int i = 0; i < node->input_count; i++)
        step->inputs[i] = c->value[node->inputs[i]];
    const int channels_in = network->values[step->inputs[0]].c;
    int last = index, status = 0;
    if (node->op == &op_conv2d) {
        const int next = fusable_reader(c, index);
        struct norm norm;
        const bool has_norm = reader_is(c, next, &op_batch_norm);
        if (has_norm) {
            norm = norm_of(c, &network->nodes[next]);
            c->is_fused[next] = true;
            last = next;
        }
        status = pack_conv(c, step, channels_in, has_norm ? &norm : NULL, err);
    } else if (node->op == &op_batch_norm) {
        status = pack_norm(c, step, channels_in, err);
    } else if (node->op == &op_linear) {
        status = pack_linear(c, step, channels_in, err);
    } else if (node->op == &op_max_pool) {
        step->set = network->set;
    } else if (node->op == &op_affine) {
        status = pack_affine(c, step, channels_in, err);
    } else if (node->op->activate) {
        step->activation = node->op;
    }
    if (node->op->fuses && !step->activation)
        last = fuse_behind(c, step, last);
    step->output = c->value[last] = new_value(network, network->nodes[last].shape);
    return status;
}

static int compile(struct compiler *c, const struct graph *graph, struct error *err)
{
    struct network *network = c->network;
    const int count = network->node_count;
    for (int i = 0; i < count; i++) {
        network->nodes[i] = *graph_raw_node(graph, i);
        c->value[i] = -1;
        for (int k = 0; k < network->nodes[i].input_count; k++) {
            const int input = network->nodes[i].inputs[k];
            c->readers[input]++;
            c->reader[input] = i;
        }
    }
    network->input = network->nodes[0].shape;
    c->value[0] = new_value(network, network->input);
    c->is_kept[count - 1] = true;
    for (int i = 1; i < count; i++)
        if (!c->is_fused[i] && compile_node(c, i, err))
            return -1;
    network->logits = c->value[count - 1];
    return 0;
}

static int mark_layers(struct compiler *c, const struct graph *graph, const char *const *layers, struct error *err)
{
    for (int i = 0; i < c->network->layer_count; i++) {
        const int node = graph_find(graph, layers[i], err);
        if (node < 0)
            return -1;
        c->is_kept[node] = true;
        snprintf(c->network->layer_names[i], NODE_NAME_MAX, "%s", layers[i]);
        c->network->layer_values[i] = node; /* the value is known after compiling */
    }
    return 0;
}

/* -- chains ------------------------------------------------------------------------------------------------------------ */

/* How many steps read each value; whoever asks for a layer is a reader, too. */
static void count_readers(const struct network *network, int *readers)
{
    for (int i = 0; i < network->step_count; i++) {
        const struct step *step = &network->steps[i];
        for (int k = 0; k < step->input_count; k++)
            readers[step->inputs[k]]++;
        if (step->residual >= 0)
            readers[step->residual]++;
    }
    for (int i = 0; i < network->layer_count; i++)
        readers[network->layer_values[i]]++;
    readers[network->logits]++;
}

/* How many steps from `first` on can run as one chain; 0: none. */
static int chain_length(const struct network *network, const int *readers, int first)
{
    const struct step *steps = &network->steps[first];
    const int length = conv_chain_length(steps, network->step_count - first, network->values[steps[0].inputs[0]]);
    for (int i = 0; i < length - 1; i++)
        if (readers[steps[i].output] != 1)
            return 0;
    return length;
}

static struct step chain_step(const struct step *parts, int count, struct node *node)
{
    const struct step *last = &parts[count - 1];
    struct step step = *last;
    *node = *parts[0].node;
    node->op = &op_conv_chain;
    node->shape = last->node->shape;
    node->chain.parts = parts;
    node->chain.count = count;
    step.node = node;
    step.kernel = NULL; /* the parts have theirs */
    step.inputs[0] = parts[0].inputs[0];
    step.before = -1;
    step.is_part = false;
    return step;
}

/* Puts a chain behind the steps whose work it does. */
static int find_chains(struct network *network, struct error *err)
{
    struct arena *arena = &network->arena;
    const size_t count = (size_t)network->step_count;
    int *readers = arena_alloc(arena, (size_t)network->value_count, sizeof *readers), out = 0;
    struct step *steps = arena_alloc(arena, count + count / 2, sizeof *steps);
    struct node *nodes = arena_alloc(arena, count / 2 + 1, sizeof *nodes);
    if (!readers || !steps || !nodes)
        return error_memory(err, "the plan");
    count_readers(network, readers);
    for (int i = 0, length; i < network->step_count; i += length) {
        const int found = chain_length(network, readers, i);
        length = found ? found : 1;
        for (int k = 0; k < length; k++) {
            steps[out + k] = network->steps[i + k];
            steps[out + k].is_part = found > 0;
        }
        out += length;
        if (found) {
            steps[out] = chain_step(&steps[out - found], found, nodes++);
            out++;
        }
    }
    network->steps = steps;
    network->step_count = out;
    return 0;
}

/* -- programs ------------------------------------------------------------------------------------------------------- */

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
    const struct program *full = &network->full;
    if (full->boundary >= 0 &&
        difference_applies(&network->steps[full->steps[full->spatial_count]], network->values[full->boundary]))
        network->base_floats = shape_size(network->values[full->boundary]);
    return 0;
}

static int create(struct compiler *c, const struct graph *graph, const char *const *layers, struct error *err)
{
    if (mark_layers(c, graph, layers, err) || compile(c, graph, err))
        return -1;
    for (int i = 0; i < c->network->layer_count; i++)
        c->network->layer_values[i] = c->value[c->network->layer_values[i]];
    if (c->network->set && find_chains(c->network, err))
        return -1;
    return build_programs(c->network, err);
}

/* Sets *set to NULL for the reference. */
static int find_kernels(const char *name, const struct kernel_set **set, struct error *err)
{
    *set = NULL;
    if (name && strcmp(name, "openblas") == 0)
        return 0;
    *set = kernel_set(name);
    return *set ? 0 : error_set(err, "this processor has no kernels \"%s\"", name);
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
    struct arena *arena = &network->arena;
    arena_init(arena, 0);
    network->set = set;
    const size_t count = (size_t)graph_node_count(graph);
    network->node_count = (int)count;
    network->layer_count = layer_count;
    network->nodes = arena_alloc(arena, count, sizeof *network->nodes);
    network->steps = arena_alloc(arena, count, sizeof *network->steps);
    network->values = arena_alloc(arena, count, sizeof *network->values);
    network->layer_names = arena_alloc(arena, (size_t)layer_count, sizeof *network->layer_names);
    network->layer_values = arena_alloc(arena, (size_t)layer_count, sizeof *network->layer_values);
    struct compiler c = {.network = network,
                         .weights = weights,
                         .readers = arena_alloc(arena, count, sizeof(int)),
                         .reader = arena_alloc(arena, count, sizeof(int)),
                         .is_kept = arena_alloc(arena, count, sizeof(bool)),
                         .is_fused = arena_alloc(arena, count, sizeof(bool)),
                         .value = arena_alloc(arena, count, sizeof(int))};
    const bool has_memory = network->nodes && network->steps && network->values && network->layer_names &&
                            network->layer_values && c.readers && c.reader && c.is_kept && c.is_fused && c.value;
    if (!has_memory || create(&c, graph, layers, err)) {
        if (!has_memory)
            error_memory(err, "the network");
        network_free(network);
        return NULL;
    }
    return network;
}

void network_free(struct network *network)
{
    if (!network)
        return;
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

bool network_pooled_linear(const struct network *network, int layer)
{
    const struct program *tail = &network->tails[layer];
    const struct op *expected[] = {&op_adaptive_avg_pool, &op_flatten, &op_linear};
    if (tail->step_count != 3 || tail->side_count > 0)
        return false;
    for (int i = 0; i < 3; i++)
        if (network->steps[tail->steps[i]].node->op != expected[i])
            return false;
    const struct step *pool = &network->steps[tail->steps[0]], *linear = &network->steps[tail->steps[2]];
    return network->values[pool->output].h == 1 && network->values[pool->output].w == 1 && !linear->activation;
}

const char *network_kernels(const struct network *network)
{
    return network->set ? network->set->name : "openblas";
}

size_t network_bytes(const struct network *network)
{
    return network->arena.held_bytes;
}

int network_step_count(const struct network *network)
{
    return network->full.step_count;
}

static const char *kernel_name(const struct step *step, int channels_in)
{
    if (step->node->op == &op_conv_chain)
        return step->node->chain.count == 3 ? "product, depthwise, product" : "depthwise, product";
    if (step->kernel)
        return step->kernel->name;
    if (step->node->op == &op_conv2d)
        return conv2d_way(&step->node->conv, channels_in);
    return step->node->op != &op_linear ? "" : step->set ? "product" : "gemm";
}

struct step_info network_step(const struct network *network, int index)
{
    const struct step *step = &network->steps[network->full.steps[index]];
    struct shape in[NODE_INPUTS_MAX];
    struct step_info info = {.name = step->node->name,
                             .op = step->node->op->name,
                             .kernel = kernel_name(step, network->values[step->inputs[0]].c),
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
    if (step->node->op->macs)
        info.macs = step->node->op->macs(step->node, in);
    return info;
}
