/* nn/fuse.c - from nodes to steps: batch norms folded, residual additions and activations fused, weights packed. */
#include "nn/network.h"
#include "nn/pack.h"

#include <stdlib.h>
#include <string.h>

struct compiler {
    struct network *network;
    const struct weights *weights;
    int *readers;    /* number of nodes that read each node */
    int *reader;     /* the last of them */
    bool *is_needed; /* the output or a layer depends on the node */
    bool *is_kept;   /* the node must have a value of its own */
    bool *is_fused;  /* the node is part of an earlier step */
    int *value;      /* of each node; -1: none */
};

static int new_value(struct network *network, struct shape shape)
{
    network->values[network->value_count] = shape;
    return network->value_count++;
}

/* The node after `node` if it is its only reader and may be fused; -1 otherwise. */
static int fusable_reader(const struct compiler *c, int node)
{
    return c->is_kept[node] || c->readers[node] != 1 ? -1 : c->reader[node];
}

/* The operand of a sum that is not `node`. */
static int other_operand(const struct node *sum, int node)
{
    return sum->inputs[0] == node ? sum->inputs[1] : sum->inputs[0];
}

/*
 * Fuses the nodes after a step: a residual add whose other operand has been computed before, then an activation.
 * Returns the last fused node.
 */
static int fuse_followers(struct compiler *c, struct step *step, int node)
{
    const struct node *nodes = c->network->nodes;
    int next = fusable_reader(c, node);
    if (next >= 0 && nodes[next].op->is_sum && c->value[other_operand(&nodes[next], node)] >= 0) {
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

/*
 * Packs a step's weights, with a batch norm after it, or an operator of that kind, folded in. Returns the last fused
 * node, or -1: no memory.
 */
static int pack_step(struct compiler *c, struct step *step, int node, struct error *err)
{
    struct network *network = c->network;
    const struct op *op = network->nodes[node].op;
    struct packer packer = {
        .arena = &network->arena, .weights = c->weights, .set = network->set, .in = network->values[step->inputs[0]]};
    const int next = fusable_reader(c, node), channels = network->nodes[node].shape.c;
    if (!op->pack)
        return node;
    if (!op->takes_factors || next < 0 || !network->nodes[next].op->factors)
        return op->pack(&packer, step, err) ? -1 : node;
    double *scale = malloc(2 * (size_t)channels * sizeof *scale);
    if (!scale)
        return error_memory(err, "packed weights");
    const struct factors factors = {scale, scale + channels};
    const bool folds =
        network->nodes[next].op->factors(&packer, &network->nodes[next], channels, factors.scale, factors.shift);
    packer.factors = folds ? &factors : NULL;
    c->is_fused[next] = folds;
    const int status = op->pack(&packer, step, err);
    free(scale);
    return status ? -1 : folds ? next : node;
}

/* Makes one step of a node and the nodes after it that can be fused. */
static int compile_node(struct compiler *c, int index, struct error *err)
{
    struct network *network = c->network;
    const struct node *node = &network->nodes[index];
    struct step *step = &network->steps[network->step_count++];
    *step = (struct step){.node = node, .input_count = node->input_count, .residual = -1, .before = -1};
    for (int i = 0; i < node->input_count; i++)
        step->inputs[i] = c->value[node->inputs[i]];
    if (node->op->activate)
        step->activation = node->op;
    int last = pack_step(c, step, index, err);
    if (last < 0)
        return -1;
    if (node->op->fuses && !step->activation)
        last = fuse_followers(c, step, last);
    step->output = c->value[last] = new_value(network, network->nodes[last].shape);
    return 0;
}

/* Copies a node with its name and attributes, so that the graph may be freed. */
static int copy_node(struct network *network, const struct node *from, struct node *node, struct error *err)
{
    const size_t size = from->op->attributes_size;
    *node = *from;
    node->name = arena_string(&network->arena, from->name);
    node->tensor = from->tensor ? arena_string(&network->arena, from->tensor) : NULL;
    void *attributes = size ? arena_alloc(&network->arena, 1, size) : NULL;
    if (!node->name || (from->tensor && !node->tensor) || (size && !attributes))
        return error_memory(err, "the network");
    if (size)
        memcpy(attributes, from->attributes, size);
    node->attributes = attributes;
    return 0;
}

static int copy_nodes(struct compiler *c, const struct graph *graph, struct error *err)
{
    struct network *network = c->network;
    for (int i = 0; i < network->node_count; i++) {
        if (copy_node(network, graph_raw_node(graph, i), &network->nodes[i], err))
            return -1;
        c->value[i] = -1;
    }
    return 0;
}

static int mark_layers(struct compiler *c, const struct graph *graph, const char *const *layers, struct error *err)
{
    struct network *network = c->network;
    for (int i = 0; i < network->layer_count; i++) {
        const int node = graph_find(graph, layers[i], err);
        if (node < 0)
            return -1;
        c->is_kept[node] = true;
        network->layer_names[i] = arena_string(&network->arena, layers[i]);
        if (!network->layer_names[i])
            return error_memory(err, "the network");
        network->layer_values[i] = node; /* the value exists after compiling */
    }
    return 0;
}

/* Marks as needed the kept nodes and all nodes that they depend on. */
static void count_readers(struct compiler *c)
{
    const struct network *network = c->network;
    for (int i = network->node_count; i-- > 0;) {
        const struct node *node = &network->nodes[i];
        c->is_needed[i] |= c->is_kept[i];
        for (int k = 0; c->is_needed[i] && k < node->input_count; k++) {
            c->is_needed[node->inputs[k]] = true;
            if (c->readers[node->inputs[k]]++ == 0)
                c->reader[node->inputs[k]] = i;
        }
    }
}

static int compile(struct compiler *c, const struct graph *graph, const char *const *layers, struct error *err)
{
    struct network *network = c->network;
    const int output = graph_output_node(graph);
    if (mark_layers(c, graph, layers, err) || copy_nodes(c, graph, err))
        return -1;
    c->is_kept[output] = true;
    count_readers(c);
    network->input = network->nodes[0].shape;
    c->value[0] = new_value(network, network->input);
    for (int i = 1; i < network->node_count; i++)
        if (c->is_needed[i] && !c->is_fused[i] && compile_node(c, i, err))
            return -1;
    network->logits = c->value[output];
    for (int i = 0; i < network->layer_count; i++)
        network->layer_values[i] = c->value[network->layer_values[i]];
    return 0;
}

int network_compile(struct network *network, const struct graph *graph, const struct weights *weights,
                    const char *const *layers, struct error *err)
{
    const size_t count = (size_t)network->node_count;
    struct arena scratch;
    arena_init(&scratch, 0);
    struct compiler c = {.network = network,
                         .weights = weights,
                         .readers = arena_alloc(&scratch, count, sizeof(int)),
                         .reader = arena_alloc(&scratch, count, sizeof(int)),
                         .is_needed = arena_alloc(&scratch, count, sizeof(bool)),
                         .is_kept = arena_alloc(&scratch, count, sizeof(bool)),
                         .is_fused = arena_alloc(&scratch, count, sizeof(bool)),
                         .value = arena_alloc(&scratch, count, sizeof(int))};
    const bool has_memory = c.readers && c.reader && c.is_needed && c.is_kept && c.is_fused && c.value;
    const int status = has_memory ? compile(&c, graph, layers, err) : error_memory(err, "the network");
    arena_release(&scratch);
    return status;
}
