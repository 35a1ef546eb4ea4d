/*
 * nn/graph.h - a network as a graph of operators, before weights.
 *
 * A builder adds nodes in order of computation; each node has a name of its own, such as torchvision's
 * ("layer4.2.conv3"), and a module that returns a node's value can name it as well (graph_alias). Nodes are small
 * integers. The first error is kept: every later call returns -1 and does nothing, and graph_finish() reports that
 * error, so that a builder needs no checks. nn/ops.h has a short function for each usual operator. Shapes are (C,h,w)
 * per image; flattened values are (C,1,1).
 */
#ifndef NN_GRAPH_H
#define NN_GRAPH_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct graph;
struct op;    /* nn/op.h */
struct param; /* base/param.h */

struct shape {
    int c, h, w;
};

#define NODE_INPUTS_MAX 8

static inline size_t shape_size(struct shape shape)
{
    return (size_t)shape.c * (size_t)shape.h * (size_t)shape.w;
}

static inline size_t shape_positions(struct shape shape)
{
    return (size_t)shape.h * (size_t)shape.w;
}

struct graph *graph_create(void); /* NULL: no memory */
void graph_free(struct graph *graph);

/*
 * Adds a node and returns it. `inputs` are `count` earlier nodes; `attributes` is the operator's own struct, which is
 * copied, or NULL for its defaults. Names are free text and unique. Returns -1 on an error: a name that is taken, an
 * input that is not a node, attributes or shapes that the operator cannot work with, no memory. `err` may be NULL.
 */
int graph_add(struct graph *graph, const struct op *op, const char *name, const int *inputs, int count,
              const void *attributes, struct error *err);

/* Another name of a node; a node may have many. Returns the node. */
int graph_alias(struct graph *graph, const char *name, int node);

/*
 * Gives another name to the only tensor of `node`, which is the node that was added last. Without this call the name is
 * the node's, a dot and the operator's own, "fc.weight".
 */
void graph_name_tensor(struct graph *graph, int node, const char *name);

/* The node whose value is the network's output; without a call, the last one added. Returns the node. */
int graph_output(struct graph *graph, int node);

/* The first node must be the only input, and the output a vector of logits. 0, or -1 and the first error. */
int graph_finish(struct graph *graph, struct error *err);

/* The operator of that name ("conv2d"); NULL: there is none. */
const struct op *op_find(const char *name);

/*
 * An operator's attributes: rows over a struct of `size` bytes; NULL and 0: it has none. Start from param_defaults().
 */
const struct param *op_attributes(const struct op *op, size_t *size);

/* -- what a graph contains, for listings and for weight files -- */

enum parameter_role {
    PARAMETER_CONV_WEIGHT,   /* (out, in/groups, kh, kw) */
    PARAMETER_LINEAR_WEIGHT, /* (out, in) */
    PARAMETER_BIAS,
    PARAMETER_NORM_WEIGHT,
    PARAMETER_NORM_BIAS,
    PARAMETER_NORM_MEAN,
    PARAMETER_NORM_VARIANCE,
    PARAMETER_CONSTANT, /* of an operator with a constant tensor: (C,h,w); axes of size 1 are broadcast */
};
#define PARAMETER_ROLES (PARAMETER_CONSTANT + 1)

/* A tensor that the network needs, such as "layer1.0.bn1.running_mean", with its shape as torch writes it. */
struct parameter {
    const char *name; /* lives as long as the graph */
    enum parameter_role role;
    int node; /* that it belongs to */
    int rank, dim[4];
};

struct node_info {
    const char *name, *alias; /* alias: NULL if there is none, the last one if there are several */
    const char *op;           /* "conv2d" */
    const void *attributes;   /* its struct in nn/ops.h; NULL: it has none */
    struct shape shape;       /* of the value */
    int inputs[NODE_INPUTS_MAX], input_count;
    double macs;       /* multiply-adds per image */
    size_t parameters; /* elements of its tensors */
};

int graph_node_count(const struct graph *graph);
struct node_info graph_node(const struct graph *graph, int node);
int graph_parameter_count(const struct graph *graph);
struct parameter graph_parameter(const struct graph *graph, int i);

void graph_parameters(const struct graph *graph, struct parameter *list); /* all of them, (graph_parameter_count) */

/* Number of trainable parameters, as papers count them: without the running means and variances. */
long long graph_trainable(const struct graph *graph);

/*
 * The stages in which the weights of a network can be replaced: each convolution and each linear layer, with the norms
 * after it, numbered from 1 at the input. A norm belongs to the last of them on which it depends, or to the first if it
 * depends on none. Writes the stage of each node (graph_node_count), 0: none, as for nodes on which the output does not
 * depend; returns the number of stages, or -1 with err: no memory.
 */
int graph_stages(const struct graph *graph, int *stage, struct error *err);

/* All names and aliases, each with its node. */
int graph_name_count(const struct graph *graph);
const char *graph_name(const struct graph *graph, int i, int *node);

/*
 * Turns a layer's name as people write it into the node's: "layer4[-1]" is the last block, "module.layer4" is "layer4",
 * "Mixed_7c" is "model/Mixed_7c" if no other name ends in it. Returns `name` if the graph has it, else `out` with the
 * changed name, which it need not have either.
 */
const char *graph_layer_name(const struct graph *graph, const char *name, char *out, size_t size);

/* The node of exactly that name or alias; -1: none. */
int graph_find_exact(const struct graph *graph, const char *name);

/* The node of that name or alias, also as people write it (graph_layer_name); -1 and an error with the nearest name. */
int graph_find(const struct graph *graph, const char *name, struct error *err);

#endif
