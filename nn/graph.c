/* nn/graph.c - building a graph; errors are kept until graph_finish(). */
#include "nn/graph.h"

#include "base/text.h"
#include "nn/op.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define GRAPH_NODES_MAX 4096
#define BATCH_NORM_EPS 1e-5
#define GRAPH_VALUE_MAX ((size_t)1 << 28) /* floats of one value */

struct graph {
    int count, capacity;
    struct node *nodes;
    int parameter_count;
    bool failed;
    struct error error;
};

struct graph *graph_create(void)
{
    return calloc(1, sizeof(struct graph));
}

void graph_free(struct graph *graph)
{
    if (!graph)
        return;
    free(graph->nodes);
    free(graph);
}

const struct node *graph_raw_node(const struct graph *graph, int node)
{
    return &graph->nodes[node];
}

/* Keeps the first error. */
static int fail(struct graph *graph, const char *name, const char *what)
{
    if (!graph->failed)
        error_set(&graph->error, "layer \"%s\": %s", name, what);
    graph->failed = true;
    return -1;
}

static int input_shapes(const struct graph *graph, const struct node *node, struct shape *in)
{
    for (int i = 0; i < node->input_count; i++)
        in[i] = graph->nodes[node->inputs[i]].shape;
    return node->input_count;
}

static int fail_for_memory(struct graph *graph)
{
    if (!graph->failed)
        error_memory(&graph->error, "a graph");
    graph->failed = true;
    return -1;
}

static int add_node(struct graph *graph, const char *name, struct node node)
{
    if (graph->failed)
        return -1;
    for (int i = 0; i < node.input_count; i++)
        if (node.inputs[i] < 0 || node.inputs[i] >= graph->count)
            return fail(graph, name, "its input is not a node of this graph");
    for (int i = 0; i < graph->count; i++)
        if (strcmp(graph->nodes[i].name, name) == 0)
            return fail(graph, name, "there are two of this name");
    if (strlen(name) >= sizeof node.name)
        return fail(graph, name, "the name is too long");
    if (graph->count == GRAPH_NODES_MAX)
        return fail(graph, name, "the graph has too many nodes");
    if (graph->count == graph->capacity) {
        const int capacity = graph->capacity ? graph->capacity * 2 : 64;
        struct node *nodes = realloc(graph->nodes, (size_t)capacity * sizeof *nodes);
        if (!nodes)
            return fail_for_memory(graph);
        graph->nodes = nodes;
        graph->capacity = capacity;
    }
    struct shape in[NODE_INPUTS_MAX];
    input_shapes(graph, &node, in);
    const char *wrong = node.op->shape(&node, in, &node.shape);
    if (wrong)
        return fail(graph, name, wrong);
    size_t size;
    if (node.shape.c < 1 || node.shape.h < 1 || node.shape.w < 1 ||
        __builtin_mul_overflow((size_t)node.shape.c * (size_t)node.shape.h, (size_t)node.shape.w, &size) ||
        size > GRAPH_VALUE_MAX)
        return fail(graph, name, "its input is too small or too large");
    snprintf(node.name, sizeof node.name, "%s", name);
    struct parameter parameters[NODE_PARAMETERS_MAX];
    if (node.op->parameters)
        graph->parameter_count += node.op->parameters(&node, in, parameters);
    graph->nodes[graph->count] = node;
    return graph->count++;
}

static const char *input_shape(const struct node *node, const struct shape *in, struct shape *out)
{
    (void)in;
    *out = node->shape;
    return NULL;
}

const struct op op_input = {.name = "input", .shape = input_shape};

int graph_input(struct graph *graph, const char *name, struct shape shape)
{
    return add_node(graph, name, (struct node){.op = &op_input, .shape = shape});
}

static struct node unary(const struct op *op, int input)
{
    return (struct node){.op = op, .inputs = {input}, .input_count = 1};
}

static void same_if_zero(int *value, int other)
{
    if (*value == 0)
        *value = other;
}

int graph_conv2d(struct graph *graph, const char *name, int input, struct conv2d conv)
{
    same_if_zero(&conv.kernel_w, conv.kernel);
    same_if_zero(&conv.stride, 1);
    same_if_zero(&conv.stride_w, conv.stride);
    same_if_zero(&conv.padding_w, conv.padding);
    same_if_zero(&conv.dilation, 1);
    same_if_zero(&conv.dilation_w, conv.dilation);
    same_if_zero(&conv.groups, 1);
    if (conv.padding_w < 0)
        conv.padding_w = 0; /* -1: none along the width */
    struct node node = unary(&op_conv2d, input);
    node.conv = conv;
    return add_node(graph, name, node);
}

static int add_pool(struct graph *graph, const char *name, const struct op *op, int input, struct pool2d pool)
{
    same_if_zero(&pool.kernel_w, pool.kernel);
    same_if_zero(&pool.stride, pool.kernel);
    same_if_zero(&pool.stride_w, pool.stride == pool.kernel ? pool.kernel_w : pool.stride);
    same_if_zero(&pool.padding_w, pool.padding);
    if (pool.padding_w < 0)
        pool.padding_w = 0;
    struct node node = unary(op, input);
    node.pool = pool;
    return add_node(graph, name, node);
}

int graph_max_pool(struct graph *graph, const char *name, int input, struct pool2d pool)
{
    return add_pool(graph, name, &op_max_pool, input, pool);
}

int graph_avg_pool(struct graph *graph, const char *name, int input, struct pool2d pool)
{
    return add_pool(graph, name, &op_avg_pool, input, pool);
}

int graph_adaptive_avg_pool(struct graph *graph, const char *name, int input, int h, int w)
{
    struct node node = unary(&op_adaptive_avg_pool, input);
    node.pool = (struct pool2d){.kernel = h, .kernel_w = w}; /* here: the size of the output */
    return add_node(graph, name, node);
}

int graph_batch_norm_eps(struct graph *graph, const char *name, int input, double eps)
{
    struct node node = unary(&op_batch_norm, input);
    node.norm.eps = eps;
    return add_node(graph, name, node);
}

int graph_batch_norm(struct graph *graph, const char *name, int input)
{
    return graph_batch_norm_eps(graph, name, input, BATCH_NORM_EPS);
}

int graph_affine(struct graph *graph, const char *name, int input, const float *scale, const float *shift)
{
    struct node node = unary(&op_affine, input);
    if (graph->failed)
        return -1;
    const int channels = input >= 0 && input < graph->count ? graph->nodes[input].shape.c : 0;
    if (channels > NODE_AFFINE_MAX)
        return fail(graph, name, "affine takes at most 4 channels");
    memcpy(node.affine.scale, scale, (size_t)channels * sizeof *scale);
    memcpy(node.affine.shift, shift, (size_t)channels * sizeof *shift);
    return add_node(graph, name, node);
}

int graph_relu(struct graph *graph, const char *name, int input)
{
    return add_node(graph, name, unary(&op_relu, input));
}

int graph_relu6(struct graph *graph, const char *name, int input)
{
    return add_node(graph, name, unary(&op_relu6, input));
}

int graph_sigmoid(struct graph *graph, const char *name, int input)
{
    return add_node(graph, name, unary(&op_sigmoid, input));
}

int graph_silu(struct graph *graph, const char *name, int input)
{
    return add_node(graph, name, unary(&op_silu, input));
}

int graph_hard_sigmoid(struct graph *graph, const char *name, int input)
{
    return add_node(graph, name, unary(&op_hard_sigmoid, input));
}

int graph_hard_swish(struct graph *graph, const char *name, int input)
{
    return add_node(graph, name, unary(&op_hard_swish, input));
}

int graph_flatten(struct graph *graph, const char *name, int input)
{
    return add_node(graph, name, unary(&op_flatten, input));
}

static struct node binary(const struct op *op, int a, int b)
{
    return (struct node){.op = op, .inputs = {a, b}, .input_count = 2};
}

int graph_add(struct graph *graph, const char *name, int a, int b)
{
    return add_node(graph, name, binary(&op_add, a, b));
}

int graph_scale_channels(struct graph *graph, const char *name, int input, int scale)
{
    return add_node(graph, name, binary(&op_scale_channels, input, scale));
}

int graph_concat(struct graph *graph, const char *name, const int *inputs, int count)
{
    struct node node = {.op = &op_concat, .input_count = count};
    if (count < 1 || count > NODE_INPUTS_MAX)
        return fail(graph, name, "concat takes 1 to 8 inputs");
    memcpy(node.inputs, inputs, (size_t)count * sizeof *inputs);
    return add_node(graph, name, node);
}

int graph_linear(struct graph *graph, const char *name, int input, int out, bool bias)
{
    struct node node = unary(&op_linear, input);
    node.linear.out = out;
    node.linear.bias = bias;
    return add_node(graph, name, node);
}

int graph_alias(struct graph *graph, const char *name, int node)
{
    if (graph->failed)
        return -1;
    struct node *target = &graph->nodes[node];
    const size_t used = strlen(target->alias), length = strlen(name);
    if (used + length + 2 > sizeof target->alias)
        return fail(graph, name, "too many names for one node");
    snprintf(target->alias + used, sizeof target->alias - used, "%s%s", used ? "|" : "", name);
    return node;
}

int graph_finish(struct graph *graph, struct error *err)
{
    if (!graph->failed) {
        const struct node *last = graph->count ? &graph->nodes[graph->count - 1] : NULL;
        if (!last || graph->nodes[0].op != &op_input || last->shape.h != 1 || last->shape.w != 1)
            return error_set(err, "a graph begins with its input and ends with a vector of logits");
        for (int i = 1; i < graph->count; i++)
            if (graph->nodes[i].op == &op_input)
                return error_set(err, "a graph has one input");
        return 0;
    }
    *err = graph->error;
    return -1;
}

int graph_node_count(const struct graph *graph)
{
    return graph->count;
}

/* Elements of a tensor as a size. */
static size_t parameter_size(const struct parameter *parameter)
{
    size_t size = 1;
    for (int i = 0; i < parameter->rank; i++)
        size *= (size_t)parameter->dim[i];
    return size;
}

/* The last alias: "layer4.2|layer4" -> "layer4". */
static const char *last_alias(const struct node *node)
{
    const char *bar = strrchr(node->alias, '|');
    return bar ? bar + 1 : node->alias[0] ? node->alias : NULL;
}

struct node_info graph_node(const struct graph *graph, int index)
{
    const struct node *node = &graph->nodes[index];
    struct node_info info = {.name = node->name,
                             .alias = last_alias(node),
                             .op = node->op->name,
                             .shape = node->shape,
                             .input_count = node->input_count};
    if (node->op == &op_affine) {
        info.scale = node->affine.scale;
        info.shift = node->affine.shift;
    }
    memcpy(info.inputs, node->inputs, sizeof node->inputs);
    struct shape in[NODE_INPUTS_MAX];
    input_shapes(graph, node, in);
    if (node->op->macs)
        info.macs = node->op->macs(node, in);
    struct parameter parameters[NODE_PARAMETERS_MAX];
    const int count = node->op->parameters ? node->op->parameters(node, in, parameters) : 0;
    for (int i = 0; i < count; i++)
        info.parameters += parameter_size(&parameters[i]);
    return info;
}

int graph_parameter_count(const struct graph *graph)
{
    return graph->parameter_count;
}

struct parameter graph_parameter(const struct graph *graph, int wanted)
{
    for (int i = 0; i < graph->count; i++) {
        const struct node *node = &graph->nodes[i];
        struct shape in[NODE_INPUTS_MAX];
        input_shapes(graph, node, in);
        struct parameter parameters[NODE_PARAMETERS_MAX];
        const int count = node->op->parameters ? node->op->parameters(node, in, parameters) : 0;
        if (wanted < count) {
            struct parameter found = parameters[wanted];
            snprintf(found.name, sizeof found.name, "%s.%s", node->name, parameters[wanted].name);
            return found;
        }
        wanted -= count;
    }
    return (struct parameter){0};
}

void graph_parameters(const struct graph *graph, struct parameter *list)
{
    for (int i = 0; i < graph->count; i++) {
        const struct node *node = &graph->nodes[i];
        struct shape in[NODE_INPUTS_MAX];
        input_shapes(graph, node, in);
        struct parameter parameters[NODE_PARAMETERS_MAX];
        const int count = node->op->parameters ? node->op->parameters(node, in, parameters) : 0;
        for (int k = 0; k < count; k++, list++) {
            struct parameter found = parameters[k];
            snprintf(found.name, sizeof found.name, "%s.%.31s", node->name, parameters[k].name);
            *list = found;
        }
    }
}

int graph_find_exact(const struct graph *graph, const char *name)
{
    for (int i = 0; i < graph->count; i++)
        if (strcmp(graph->nodes[i].name, name) == 0 || text_choice(graph->nodes[i].alias, name) >= 0)
            return i;
    return -1;
}

int graph_find(const struct graph *graph, const char *name, struct error *err)
{
    char spelt[NODE_NAME_MAX];
    const int node = graph_find_exact(graph, graph_layer_name(graph, name, spelt, sizeof spelt));
    if (node >= 0)
        return node;
    const char *names[2 * GRAPH_NODES_MAX];
    int count = 0;
    for (int i = graph->count; i-- > 0;) { /* the deepest of equally near ones */
        names[count++] = graph->nodes[i].name;
        if (last_alias(&graph->nodes[i]))
            names[count++] = last_alias(&graph->nodes[i]);
    }
    char shown[NODE_NAME_MAX], suggestion[NODE_NAME_MAX + 32];
    return error_set(err, "unknown layer \"%s\"%s", text_printable(name, shown, sizeof shown),
                     text_suggestion(name, names, count, suggestion, sizeof suggestion));
}

long long graph_trainable(const struct graph *graph)
{
    long long count = 0;
    for (int i = 0; i < graph_parameter_count(graph); i++) {
        const struct parameter parameter = graph_parameter(graph, i);
        if (parameter.role == PARAMETER_NORM_MEAN || parameter.role == PARAMETER_NORM_VARIANCE)
            continue;
        long long size = 1;
        for (int d = 0; d < parameter.rank; d++)
            size *= parameter.dim[d];
        count += size;
    }
    return count;
}
