/*
 * models/onnx/branch.c - `If` with a condition that is a constant, as exporters write a squeeze of one axis.
 *
 * The nodes of both branches are put before the node `If`, whose inputs are then the condition, the outputs of the first
 * branch and those of the second. A condition may be computed from the shape of an activation, which is known only when
 * the nodes before it are imported. So a file with such nodes is imported twice: the first time the branches are chosen,
 * the second time nodes of other branches are not needed.
 */
#include "models/onnx/branch.h"

#include <string.h>

#define UNKNOWN (-1)

/* A name in a branch. Names of different branches may be the same, so that some get another name. */
struct shadow {
    const char *name;
    int before; /* what `now` had for it outside of the branch */
};

struct flattening {
    struct importer *im;
    struct name_map taken; /* all names that values have */
    struct name_map now;   /* names in the branches around: their index in `names`, or UNKNOWN */
    const char **names;    /* what the values are called */
    int name_count, renamed;
    struct shadow *shadows;
    int shadow_count;
    int node_count, tensor_count, choice_count; /* filled */
};

static const struct onnx_graph *branch_of(const struct onnx_node *node, const char *name)
{
    const struct onnx_attribute *attribute = onnx_attribute(node, name);
    return attribute && attribute->type == ONNX_ATTRIBUTE_GRAPH ? attribute->graph : NULL;
}

/* Writes the branches of an `If` that can be imported. */
static bool find_branches(const struct onnx_node *node, const struct onnx_graph *branches[2])
{
    if (strcmp(node->op, "If") != 0 || node->domain[0] || node->input_count != 1)
        return false;
    branches[0] = branch_of(node, "then_branch");
    branches[1] = branch_of(node, "else_branch");
    return branches[0] && branches[1] && branches[0]->output_count == node->output_count &&
           branches[1]->output_count == node->output_count;
}

/* Adds what a graph and the branches in it have. */
static void count(const struct onnx_graph *graph, struct importer *im, int *names)
{
    const struct onnx_graph *branches[2];
    im->node_count += graph->node_count;
    im->tensor_count += graph->tensor_count;
    *names += graph->tensor_count;
    for (int i = 0; i < graph->node_count; i++) {
        *names += graph->nodes[i].output_count;
        if (!find_branches(&graph->nodes[i], branches))
            continue;
        im->choice_count++;
        count(branches[0], im, names);
        count(branches[1], im, names);
    }
}

/* -- names ---------------------------------------------------------------------------------------------------------- */

/* What a value is called that has this name in the branch that is being added. */
static const char *called(const struct flattening *f, const char *name)
{
    const int index = name_map_find(&f->now, name);
    return index == UNKNOWN ? name : f->names[index];
}

/* first: index in `names` of the first name of this branch */
static int define(struct flattening *f, const char *name, int first)
{
    struct importer *im = f->im;
    const int before = name_map_find(&f->now, name);
    if (before >= first) /* defined twice in this branch: the importer refuses it */
        return 0;
    const char *own = name;
    while (own && name_map_find(&f->taken, own) >= 0)
        own = arena_format(im->arena, "%s_%d", name, ++f->renamed);
    if (!own || name_map_set(&f->taken, im->arena, own, 1) || name_map_set(&f->now, im->arena, name, f->name_count))
        return -1;
    f->names[f->name_count++] = own;
    f->shadows[f->shadow_count++] = (struct shadow){name, before};
    return 0;
}

static int define_all(struct flattening *f, const struct onnx_graph *graph)
{
    const int first = f->name_count;
    for (int i = 0; i < graph->tensor_count; i++)
        if (define(f, graph->tensors[i].name, first))
            return -1;
    for (int i = 0; i < graph->node_count; i++)
        for (int k = 0; k < graph->nodes[i].output_count; k++)
            if (graph->nodes[i].outputs[k][0] && define(f, graph->nodes[i].outputs[k], first))
                return -1;
    return 0;
}

/* The names outside of the branch again. */
static int leave(struct flattening *f, int shadow_count)
{
    while (f->shadow_count > shadow_count) {
        const struct shadow *shadow = &f->shadows[--f->shadow_count];
        if (name_map_set(&f->now, f->im->arena, shadow->name, shadow->before))
            return -1;
    }
    return 0;
}

/* -- nodes ---------------------------------------------------------------------------------------------------------- */

/* Gives a node lists of its own with what its values are called, and room for two more inputs for each output. */
static int copy_names(const struct flattening *f, struct onnx_node *node)
{
    const size_t inputs = (size_t)node->input_count, outputs = (size_t)node->output_count;
    const char **names = arena_alloc(f->im->arena, inputs + 3 * outputs + 1, sizeof *names);
    if (!names)
        return -1;
    for (size_t i = 0; i < outputs; i++)
        names[i] = called(f, node->outputs[i]);
    for (size_t i = 0; i < inputs; i++)
        names[outputs + i] = called(f, node->inputs[i]);
    node->outputs = names;
    node->inputs = names + outputs;
    return 0;
}

static int add_graph(struct flattening *f, const struct onnx_graph *graph, int branch);

/* Adds the nodes of a branch, and writes what its outputs are called. */
static int add_branch(struct flattening *f, const struct onnx_graph *graph, int branch, const char **outputs)
{
    const int shadow_count = f->shadow_count;
    if (define_all(f, graph) || add_graph(f, graph, branch))
        return -1;
    for (int i = 0; i < graph->output_count; i++)
        outputs[i] = called(f, graph->outputs[i].name);
    return leave(f, shadow_count);
}

static int add_node(struct flattening *f, const struct onnx_node *node, int branch)
{
    struct importer *im = f->im;
    const struct onnx_graph *branches[2];
    const bool is_choice = find_branches(node, branches);
    struct onnx_node copy = *node;
    int choice = UNKNOWN;
    if ((is_choice || branch != UNKNOWN) && copy_names(f, &copy))
        return -1;
    if (is_choice) {
        choice = f->choice_count++;
        im->choices[choice] = (struct import_choice){.taken = UNKNOWN};
        for (int i = 0; i < 2; i++)
            if (add_branch(f, branches[i], 2 * choice + i, copy.inputs + 1 + i * node->output_count))
                return -1;
        copy.input_count += 2 * node->output_count;
        im->choices[choice].node = f->node_count;
    }
    im->branch[f->node_count] = branch;
    im->choice[f->node_count] = choice;
    im->nodes[f->node_count++] = copy;
    return 0;
}

static int add_graph(struct flattening *f, const struct onnx_graph *graph, int branch)
{
    for (int i = 0; i < graph->tensor_count; i++) {
        struct onnx_tensor *tensor = &f->im->tensors[f->tensor_count++];
        *tensor = graph->tensors[i];
        tensor->name = called(f, tensor->name);
    }
    for (int i = 0; i < graph->node_count; i++)
        if (add_node(f, &graph->nodes[i], branch))
            return -1;
    return 0;
}

/* Notes the names of the graph itself, which stay as they are. */
static int take_names(struct flattening *f, const struct onnx_graph *graph)
{
    struct arena *arena = f->im->arena;
    int status = 0;
    for (int i = 0; i < graph->input_count; i++)
        status |= name_map_set(&f->taken, arena, graph->inputs[i].name, 1);
    for (int i = 0; i < graph->tensor_count; i++)
        status |= name_map_set(&f->taken, arena, graph->tensors[i].name, 1);
    for (int i = 0; i < graph->node_count; i++)
        for (int k = 0; k < graph->nodes[i].output_count; k++)
            status |= name_map_set(&f->taken, arena, graph->nodes[i].outputs[k], 1);
    return status;
}

int import_flatten(struct importer *im, struct error *err)
{
    const struct onnx_graph *graph = &im->file->graph;
    struct flattening f = {.im = im};
    int names = 0;
    count(graph, im, &names);
    const size_t nodes = (size_t)im->node_count + 1, tensors = (size_t)im->tensor_count + 1;
    im->nodes = arena_alloc(im->arena, nodes, sizeof *im->nodes);
    im->tensors = arena_alloc(im->arena, tensors, sizeof *im->tensors);
    im->branch = arena_alloc(im->arena, nodes, sizeof *im->branch);
    im->choice = arena_alloc(im->arena, nodes, sizeof *im->choice);
    im->choices = arena_alloc(im->arena, (size_t)im->choice_count + 1, sizeof *im->choices);
    f.names = arena_alloc(im->arena, (size_t)names + 1, sizeof *f.names);
    f.shadows = arena_alloc(im->arena, (size_t)names + 1, sizeof *f.shadows);
    if (!im->nodes || !im->tensors || !im->branch || !im->choice || !im->choices || !f.names || !f.shadows ||
        take_names(&f, graph) || add_graph(&f, graph, UNKNOWN))
        return error_memory(err, "a model");
    return 0;
}

/* -- choices -------------------------------------------------------------------------------------------------------- */

enum branch_state import_branch_state(struct importer *im, int node)
{
    const int branch = im->branch[node];
    if (branch == UNKNOWN)
        return BRANCH_TAKEN;
    struct import_choice *choice = &im->choices[branch / 2];
    const enum branch_state outer = import_branch_state(im, choice->node);
    double condition;
    if (outer != BRANCH_TAKEN)
        return outer;
    const struct onnx_constant *constant = constant_input(im, &im->nodes[choice->node], 0);
    if (choice->taken == UNKNOWN && constant && constant_number(im, constant, &condition))
        choice->taken = condition == 0;
    if (choice->taken == UNKNOWN)
        return BRANCH_UNKNOWN;
    return choice->taken == branch % 2 ? BRANCH_TAKEN : BRANCH_PASSED_BY;
}

bool import_reads(const struct importer *im, int node, int i)
{
    const int taken = im->choice[node] == UNKNOWN ? UNKNOWN : im->choices[im->choice[node]].taken;
    return taken == UNKNOWN || i == 0 || (i - 1) / im->nodes[node].output_count == taken;
}

static int refuse_condition(const struct importer *im, struct error *err)
{
    return import_refuse(im, err, "its condition depends on the values of the picture");
}

int import_refuse_op(struct importer *im, const char *domain, struct error *err)
{
    static const char *const copies[] = {"Cast", "Not", "Identity", "Reshape", "Squeeze"};
    for (int i = 0; i < im->choice_count; i++) {
        int index = im->choices[i].node;
        bool is_copy = true;
        while (is_copy && index > im->at && im->nodes[index].input_count) {
            const struct value *value = import_input(im, &im->nodes[index], 0);
            index = value && value->producer < index ? value->producer : -1; /* a damaged file may have circles */
            is_copy = false;
            for (size_t k = 0; index >= 0 && k < sizeof copies / sizeof *copies; k++)
                is_copy |= strcmp(im->nodes[index].op, copies[k]) == 0;
        }
        if (index == im->at) {
            im->at = im->choices[i].node;
            return refuse_condition(im, err);
        }
    }
    return import_refuse(im, err, "is not supported%s%.100s", domain[0] ? "; it is of domain " : "", domain);
}

int import_if(struct importer *im, const struct onnx_node *node, struct error *err)
{
    const int index = im->choice[im->at];
    double condition;
    if (index == UNKNOWN)
        return import_refuse(im, err, "its branches are missing, nested too deeply, or have other outputs than it");
    struct import_choice *choice = &im->choices[index];
    const struct onnx_constant *constant = constant_input(im, node, 0);
    if (!constant || !constant_number(im, constant, &condition))
        return refuse_condition(im, err);
    choice->taken = condition == 0;
    for (int i = 0; i < node->output_count; i++) {
        const int input = 1 + choice->taken * node->output_count + i;
        const struct value *value = import_input(im, node, input);
        if (!value || (!value->constant && value->node < 0))
            return import_refuse(im, err, "output %d of the branch that is chosen is missing", i);
        import_pass(im, node, i, value);
    }
    return 0;
}
