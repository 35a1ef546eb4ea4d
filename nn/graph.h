/*
 * nn/graph.h - a network as a graph of operators, before weights.
 *
 * A backbone adds nodes in order of computation; each node has a name of its own, torchvision's ("layer4.2.conv3"), and
 * a module that returns a node's value can name it too (graph_alias). Nodes are small integers. Errors are kept: after
 * the first one every call returns -1 and does nothing, and graph_finish() says what it was, so that a builder needs no
 * checks.
 * Shapes are (C,h,w) per image; flattened values are (C,1,1).
 */
#ifndef NN_GRAPH_H
#define NN_GRAPH_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct graph;

struct shape {
    int c, h, w;
};

/* Square unless the *_w field is given (0: as the first; padding_w -1: none). Zero groups, stride, dilation mean 1. */
struct conv2d {
    int out; /* channels */
    int kernel, kernel_w;
    int stride, stride_w;
    int padding, padding_w;
    int dilation, dilation_w;
    int groups;
    bool bias;
};

struct pool2d {
    int kernel, kernel_w;
    int stride, stride_w; /* 0: the kernel's size */
    int padding, padding_w;
    bool ceil_mode;
    bool count_exclude_padding; /* average pool: divide by the pixels that are there */
};

struct graph *graph_create(void); /* NULL: no memory */
void graph_free(struct graph *graph);

int graph_input(struct graph *graph, const char *name, struct shape shape);
int graph_conv2d(struct graph *graph, const char *name, int input, struct conv2d conv);
int graph_batch_norm(struct graph *graph, const char *name, int input); /* eps 1e-5 */
int graph_batch_norm_eps(struct graph *graph, const char *name, int input, double eps);
int graph_relu(struct graph *graph, const char *name, int input);
int graph_relu6(struct graph *graph, const char *name, int input);
int graph_sigmoid(struct graph *graph, const char *name, int input);
int graph_silu(struct graph *graph, const char *name, int input);         /* x * sigmoid(x) */
int graph_hard_sigmoid(struct graph *graph, const char *name, int input); /* clamp(x + 3, 0, 6) / 6 */
int graph_hard_swish(struct graph *graph, const char *name, int input);   /* x * hard_sigmoid(x) */
int graph_max_pool(struct graph *graph, const char *name, int input, struct pool2d pool);
int graph_avg_pool(struct graph *graph, const char *name, int input, struct pool2d pool);
int graph_adaptive_avg_pool(struct graph *graph, const char *name, int input, int h, int w);
int graph_add(struct graph *graph, const char *name, int a, int b);
int graph_scale_channels(struct graph *graph, const char *name, int input, int scale); /* by a (C,1,1) value */
/* x * scale + shift with constants, one of each a channel; at most 4 channels. */
int graph_affine(struct graph *graph, const char *name, int input, const float *scale, const float *shift);
int graph_concat(struct graph *graph, const char *name, const int *inputs, int count); /* along channels */
int graph_flatten(struct graph *graph, const char *name, int input); /* order of features as torch: (C,h,w) */
int graph_linear(struct graph *graph, const char *name, int input, int out, bool bias);
int graph_alias(struct graph *graph, const char *name, int node);

/* The last node added is the output and must be a vector of logits. 0, or -1 and the first error. */
int graph_finish(struct graph *graph, struct error *err);

/* What a graph holds, for listing and for weight files. */
enum parameter_role {
    PARAMETER_CONV_WEIGHT,   /* (out, in/groups, kh, kw) */
    PARAMETER_LINEAR_WEIGHT, /* (out, in) */
    PARAMETER_BIAS,
    PARAMETER_NORM_WEIGHT,
    PARAMETER_NORM_BIAS,
    PARAMETER_NORM_MEAN,
    PARAMETER_NORM_VARIANCE,
};

/* A tensor that the network needs: "layer1.0.bn1.running_mean", its shape as torch writes it. */
struct parameter {
    char name[128];
    enum parameter_role role;
    int rank, dim[4];
};

struct node_info {
    const char *name, *alias; /* alias NULL if none; the last one if several */
    const char *op;           /* "conv2d" */
    struct shape shape;       /* of the value */
    int inputs[8], input_count;
    const float *scale, *shift; /* affine: its constants */
    double macs;                /* multiply-adds per image */
    size_t parameters;          /* elements of its tensors */
};

int graph_node_count(const struct graph *graph);
struct node_info graph_node(const struct graph *graph, int node);
int graph_parameter_count(const struct graph *graph);
struct parameter graph_parameter(const struct graph *graph, int i);

/* Trainable elements of a network, as papers count them: without the running means and variances. */
long long graph_trainable(const struct graph *graph);
void graph_parameters(const struct graph *graph, struct parameter *list); /* all of them, (graph_parameter_count) */

/*
 * Turns a layer's name as people write it into the node's: "layer4[-1]" is the last block, "module.layer4" is "layer4".
 */
const char *graph_layer_name(const struct graph *graph, const char *name, char *out, size_t size);

/* The node of exactly that name or alias; -1: none. */
int graph_find_exact(const struct graph *graph, const char *name);

/* The node of that name or alias, also as people write it (graph_layer_name); -1 and an error with the nearest name. */
int graph_find(const struct graph *graph, const char *name, struct error *err);

#endif
