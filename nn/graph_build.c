/* nn/graph_build.c - building a graph; errors are kept until graph_finish(). */
#include "nn/graph.h"

#include "base/arena.h"
#include "base/text.h"
#include "nn/op.h"

#include <stdlib.h>
#include <string.h>

#define GRAPH_NODES_MAX 16384
#define GRAPH_VALUE_MAX ((size_t)1 << 28) /* floats of one value */
#define SHOWN_BYTES 256                   /* largest part of a name in a message */

struct alias {
    const char *name;
    int node;
};

struct graph {
    struct arena arena; /* names and attributes */
    int count, capacity;
    struct node *nodes;
    int alias_count, alias_capacity;
    struct alias *aliases;
    int parameter_count, parameter_capacity;
    struct parameter *parameters; /* of all nodes, under their full names */
    int output;                   /* node; -1: the last one */
    bool failed;
    struct error error;
};

struct graph *graph_create(void)
{
    struct graph *graph = calloc(1, sizeof *graph);
    if (!graph)
        return NULL;
    arena_init(&graph->arena, 0);
    graph->output = -1;
    return graph;
}

void graph_free(struct graph *graph)
{
    if (!graph)
        return;
    arena_release(&graph->arena);
    free(graph->nodes);
    free(graph->aliases);
    free(graph->parameters);
    free(graph);
}

/* -- operators ------------------------------------------------------------------------------------------------------ */

const struct op *op_find(const char *name)
{
    for (const struct op *const *op = ops; *op; op++)
        if (strcmp((*op)->name, name) == 0)
            return *op;
    return NULL;
}

const struct param *op_attributes(const struct op *op, size_t *size)
{
    *size = op->attributes_size;
    return op->attributes;
}

/* -- building ------------------------------------------------------------------------------------------------------- */

/* Keeps the first error, and copies it to err unless that is NULL. */
static int fail(struct graph *graph, const char *name, const char *what, struct error *err)
{
    char shown[SHOWN_BYTES];
    if (!graph->failed)
        error_set(&graph->error, "layer \"%s\": %s", text_printable(name, shown, sizeof shown), what);
    graph->failed = true;
    if (err)
        *err = graph->error;
    return -1;
}

static int fail_for_memory(struct graph *graph, struct error *err)
{
    if (!graph->failed)
        error_memory(&graph->error, "a graph");
    graph->failed = true;
    if (err)
        *err = graph->error;
    return -1;
}

/* Makes room for `more` elements of `size` bytes by doubling a list. NULL: no memory; the list is then unchanged. */
static void *reserve(void *list, int count, int *capacity, int more, size_t size)
{
    if (count + more <= *capacity)
        return list;
    const int wanted = *capacity ? *capacity * 2 : 64;
    void *grown = realloc(list, (size_t)wanted * size);
    if (grown)
        *capacity = wanted;
    return grown;
}

static void input_shapes(const struct graph *graph, const struct node *node, struct shape *in)
{
    for (int i = 0; i < node->input_count; i++)
        in[i] = graph->nodes[node->inputs[i]].shape;
}

/* Returns NULL, or what is wrong with the inputs. */
static const char *take_inputs(const struct graph *graph, struct node *node, const int *inputs, int count)
{
    if (count < node->op->inputs_least || count > node->op->inputs_most)
        return "the operator takes another number of inputs";
    for (int i = 0; i < count; i++) {
        if (inputs[i] < 0 || inputs[i] >= graph->count)
            return "its input is not a node of this graph";
        node->inputs[i] = inputs[i];
    }
    node->input_count = count;
    return NULL;
}

static const char *take_name(const struct graph *graph, const char *name)
{
    for (int i = 0; i < graph->count; i++)
        if (strcmp(graph->nodes[i].name, name) == 0)
            return "another layer has this name already";
    return graph->count == GRAPH_NODES_MAX ? "the graph has too many nodes" : NULL;
}

/* Copies the attributes and completes them (op->complete). */
static bool take_attributes(struct graph *graph, struct node *node, const void *attributes)
{
    const struct op *op = node->op;
    if (!op->attributes_size)
        return true;
    void *own = arena_alloc(&graph->arena, 1, op->attributes_size);
    node->attributes = own;
    if (!own)
        return false;
    if (attributes)
        memcpy(own, attributes, op->attributes_size);
    else
        param_defaults(op->attributes, own);
    if (op->complete)
        op->complete(own);
    return true;
}

static const char *take_shape(const struct graph *graph, struct node *node)
{
    struct shape in[NODE_INPUTS_MAX];
    size_t size;
    input_shapes(graph, node, in);
    const char *wrong = node->op->shape(node, in, &node->shape);
    if (wrong)
        return wrong;
    if (node->shape.c < 1 || node->shape.h < 1 || node->shape.w < 1 ||
        __builtin_mul_overflow((size_t)node->shape.c * (size_t)node->shape.h, (size_t)node->shape.w, &size) ||
        size > GRAPH_VALUE_MAX)
        return "its input is too small or too large";
    return NULL;
}

static bool take_parameters(struct graph *graph, const struct node *node)
{
    struct shape in[NODE_INPUTS_MAX];
    input_shapes(graph, node, in);
    if (!node->op->parameters)
        return true;
    struct parameter *list = reserve(graph->parameters, graph->parameter_count, &graph->parameter_capacity,
                                     NODE_PARAMETERS_MAX, sizeof *list);
    if (!list)
        return false;
    graph->parameters = list;
    struct parameter *own = &list[graph->parameter_count];
    const int count = node->op->parameters(node, in, own);
    for (int i = 0; i < count; i++) {
        own[i].name = arena_format(&graph->arena, "%s.%s", node->name, own[i].name);
        if (!own[i].name)
            return false;
        own[i].node = graph->count;
    }
    graph->parameter_count += count;
    return true;
}

int graph_add(struct graph *graph, const struct op *op, const char *name, const int *inputs, int count,
              const void *attributes, struct error *err)
{
    struct node node = {.op = op};
    if (graph->failed)
        return fail(graph, name, "", err);
    const char *wrong = take_inputs(graph, &node, inputs, count);
    if (!wrong)
        wrong = take_name(graph, name);
    if (wrong)
        return fail(graph, name, wrong, err);
    struct node *nodes = reserve(graph->nodes, graph->count, &graph->capacity, 1, sizeof *nodes);
    if (!nodes)
        return fail_for_memory(graph, err);
    graph->nodes = nodes;
    node.name = arena_string(&graph->arena, name);
    if (!node.name || !take_attributes(graph, &node, attributes))
        return fail_for_memory(graph, err);
    wrong = take_shape(graph, &node);
    if (wrong)
        return fail(graph, name, wrong, err);
    if (!take_parameters(graph, &node))
        return fail_for_memory(graph, err);
    graph->nodes[graph->count] = node;
    return graph->count++;
}

int graph_alias(struct graph *graph, const char *name, int node)
{
    if (graph->failed)
        return -1;
    struct alias *aliases = reserve(graph->aliases, graph->alias_count, &graph->alias_capacity, 1, sizeof *aliases);
    if (!aliases)
        return fail_for_memory(graph, NULL);
    graph->aliases = aliases;
    const char *own = arena_string(&graph->arena, name);
    if (!own)
        return fail_for_memory(graph, NULL);
    aliases[graph->alias_count++] = (struct alias){own, node};
    return node;
}

void graph_name_tensor(struct graph *graph, int node, const char *name)
{
    if (graph->failed)
        return;
    struct parameter *own = &graph->parameters[graph->parameter_count - 1];
    own->name = graph->nodes[node].tensor = arena_string(&graph->arena, name);
    if (!own->name)
        fail_for_memory(graph, NULL);
}

int graph_output(struct graph *graph, int node)
{
    if (graph->failed)
        return -1;
    graph->output = node;
    return node;
}

int graph_output_node(const struct graph *graph)
{
    return graph->output < 0 ? graph->count - 1 : graph->output;
}

int graph_finish(struct graph *graph, struct error *err)
{
    if (graph->failed) {
        *err = graph->error;
        return -1;
    }
    const struct node *output = graph->count ? &graph->nodes[graph_output_node(graph)] : NULL;
    if (!output || graph->nodes[0].op->inputs_most > 0 || output->shape.h != 1 || output->shape.w != 1)
        return error_set(err, "a graph begins with its input and ends with a vector of logits");
    for (int i = 1; i < graph->count; i++)
        if (graph->nodes[i].op->inputs_most == 0)
            return error_set(err, "a graph has one input");
    return 0;
}

/* -- what it holds -------------------------------------------------------------------------------------------------- */

const struct node *graph_raw_node(const struct graph *graph, int node)
{
    return &graph->nodes[node];
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

static const char *last_alias(const struct graph *graph, int node)
{
    for (int i = graph->alias_count; i-- > 0;)
        if (graph->aliases[i].node == node)
            return graph->aliases[i].name;
    return NULL;
}

struct node_info graph_node(const struct graph *graph, int index)
{
    const struct node *node = &graph->nodes[index];
    struct node_info info = {.name = node->name,
                             .alias = last_alias(graph, index),
                             .op = node->op->name,
                             .attributes = node->attributes,
                             .shape = node->shape,
                             .input_count = node->input_count};
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

struct parameter graph_parameter(const struct graph *graph, int i)
{
    return graph->parameters[i];
}

void graph_parameters(const struct graph *graph, struct parameter *list)
{
    memcpy(list, graph->parameters, (size_t)graph->parameter_count * sizeof *list);
}

int graph_name_count(const struct graph *graph)
{
    return graph->count + graph->alias_count;
}

const char *graph_name(const struct graph *graph, int i, int *node)
{
    const struct alias *alias = i < graph->count ? NULL : &graph->aliases[i - graph->count];
    *node = alias ? alias->node : i;
    return alias ? alias->name : graph->nodes[i].name;
}

/* If several nodes have the name or alias, the first one is found. */
int graph_find_exact(const struct graph *graph, const char *name)
{
    int found = graph->count;
    for (int i = 0; i < graph->alias_count; i++)
        if (graph->aliases[i].node < found && strcmp(graph->aliases[i].name, name) == 0)
            found = graph->aliases[i].node;
    for (int i = 0; i < found; i++)
        if (strcmp(graph->nodes[i].name, name) == 0)
            return i;
    return found < graph->count ? found : -1;
}

int graph_find(const struct graph *graph, const char *name, struct error *err)
{
    char spelt[SHOWN_BYTES], shown[SHOWN_BYTES], suggestion[2 * SHOWN_BYTES];
    const int node = graph_find_exact(graph, graph_layer_name(graph, name, spelt, sizeof spelt));
    if (node >= 0)
        return node;
    const char **names = calloc(2 * (size_t)graph->count + 1, sizeof *names);
    int count = 0;
    if (!names)
        return error_memory(err, "a layer's name");
    for (int i = graph->count; i-- > 0;) { /* among equally near names, suggests the deepest layer */
        const char *alias = last_alias(graph, i);
        names[count++] = graph->nodes[i].name;
        if (alias)
            names[count++] = alias;
    }
    error_set(err, "unknown layer \"%s\"%s", text_printable(name, shown, sizeof shown),
              text_suggestion(name, names, count, suggestion, sizeof suggestion));
    free(names);
    return -1;
}

long long graph_trainable(const struct graph *graph)
{
    long long count = 0;
    for (int i = 0; i < graph_parameter_count(graph); i++) {
        const struct parameter parameter = graph_parameter(graph, i);
        if (parameter.role == PARAMETER_NORM_MEAN || parameter.role == PARAMETER_NORM_VARIANCE)
            continue;
        count += (long long)parameter_size(&parameter);
    }
    return count;
}
