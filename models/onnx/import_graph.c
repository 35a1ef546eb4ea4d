/* models/onnx/import_graph.c - an import from its first step to its last. */
#include "models/onnx/branch.h"
#include "models/onnx/pattern.h"

#include "base/text.h"
#include "nn/ops.h"

#include <stdio.h>
#include <string.h>

#define CHANNELS_USUAL 4 /* an input has at most this many, and more rows and columns */

/* -- the values ----------------------------------------------------------------------------------------------------- */

static struct value *add_value(struct importer *im, const char *name)
{
    struct value *value = import_value(im, name);
    if (value)
        return value;
    if (name_map_set(&im->value_index, im->arena, name, im->value_count))
        return NULL;
    value = &im->values[im->value_count++];
    *value = (struct value){.name = name, .producer = -1, .node = -1};
    return value;
}

static int add_tensor(struct importer *im, const struct onnx_tensor *tensor, struct error *err)
{
    struct value *value = add_value(im, tensor->name);
    if (!value)
        return error_memory(err, "a model");
    value->constant = constant_of_tensor(im, tensor, err);
    return value->constant ? 0 : -1;
}

/* Adds the values that a node makes. */
static int add_outputs(struct importer *im, const struct onnx_node *node, struct error *err)
{
    for (int k = 0; k < node->output_count; k++) {
        const char *name = node->outputs[k];
        struct value *value = name[0] ? add_value(im, name) : NULL;
        if (name[0] && !value)
            return error_memory(err, "a model");
        if (value && (value->producer >= 0 || value->constant))
            return import_refuse(im, err, "its output \"%.100s\" is another node's too", name);
        if (value)
            value->producer = im->at;
    }
    return 0;
}

static int add_values(struct importer *im, struct error *err)
{
    const struct onnx_graph *graph = &im->file->graph;
    size_t most = (size_t)im->tensor_count + (size_t)graph->input_count;
    for (int i = 0; i < im->node_count; i++)
        most += (size_t)im->nodes[i].output_count;
    im->values = arena_alloc(im->arena, most + 1, sizeof *im->values);
    if (!im->values)
        return error_memory(err, "a model");
    for (int i = 0; i < im->tensor_count; i++)
        if (add_tensor(im, &im->tensors[i], err))
            return -1;
    for (int i = 0; i < graph->input_count; i++)
        if (!add_value(im, graph->inputs[i].name))
            return error_memory(err, "a model");
    for (im->at = 0; im->at < im->node_count; im->at++)
        if (add_outputs(im, &im->nodes[im->at], err))
            return -1;
    return 0;
}

/* -- the output ----------------------------------------------------------------------------------------------------- */

static int refuse_outputs(const struct importer *im, const char *asked, struct error *err)
{
    char list[600] = "", shown[100];
    for (int i = 0; i < im->file->graph.output_count; i++) {
        const size_t length = strlen(list);
        snprintf(list + length, sizeof list - length, "%s\"%s\"", i ? ", " : "",
                 text_printable(im->file->graph.outputs[i].name, shown, sizeof shown));
    }
    return asked ? error_set(err, "has no output \"%s\"; its outputs: %s", asked, list)
                 : error_set(err, "has several outputs, output must name one of them: %s", list);
}

static const struct onnx_node *producer_of(const struct importer *im, int value)
{
    return value >= 0 && im->values[value].producer >= 0 ? &im->nodes[im->values[value].producer] : NULL;
}

static int first_input(const struct importer *im, const struct onnx_node *node)
{
    return node->input_count ? name_map_find(&im->value_index, node->inputs[0]) : -1;
}

static bool is_one_of(const char *op, const char *const *list)
{
    while (*list && strcmp(op, *list) != 0)
        list++;
    return *list != NULL;
}

/* Takes the input of a softmax or sigmoid at the end as the output. */
static void remove_probability(struct importer *im)
{
    static const char *const copies[] = {"Identity", "Cast", "Dropout", "Flatten", "Reshape", "Squeeze", NULL};
    static const char *const ends[] = {"Softmax", "LogSoftmax", "Sigmoid", NULL};
    int value = im->output;
    const struct onnx_node *node = producer_of(im, value);
    while (node && is_one_of(node->op, copies)) {
        value = first_input(im, node);
        const struct onnx_node *before = producer_of(im, value);
        node = before && before < node ? before : NULL; /* a damaged file may have circles */
    }
    if (!node || !is_one_of(node->op, ends) || first_input(im, node) < 0)
        return;
    im->output = first_input(im, node);
    im->removed = node->op;
}

static int choose_output(struct importer *im, const char *asked, struct error *err)
{
    const struct onnx_graph *graph = &im->file->graph;
    const char *name = asked;
    for (int i = 0; i < graph->output_count; i++)
        if ((!asked && graph->output_count == 1) || (asked && strcmp(asked, graph->outputs[i].name) == 0))
            name = graph->outputs[i].name;
    if (graph->output_count == 0)
        return error_set(err, "has no outputs");
    im->output = name ? name_map_find(&im->value_index, name) : -1;
    if (!name || (asked && name == asked && im->output < 0))
        return refuse_outputs(im, asked, err);
    if (im->output < 0)
        return error_set(err, "its output \"%.200s\" is not a node's", name);
    remove_probability(im);
    im->values[im->output].readers++;
    return 0;
}

/* Marks the nodes on which the output depends, and counts the readers of values. */
static int mark_needed(struct importer *im, struct error *err)
{
    im->is_needed = arena_alloc(im->arena, (size_t)im->node_count + 1, sizeof *im->is_needed);
    if (!im->is_needed)
        return error_memory(err, "a model");
    for (int i = im->node_count; i-- > 0;) {
        const struct onnx_node *node = &im->nodes[i];
        for (int k = 0; k < node->output_count; k++) {
            const struct value *value = import_value(im, node->outputs[k]);
            im->is_needed[i] |= value && value->producer == i && value->readers > 0;
        }
        for (int k = 0; im->is_needed[i] && k < node->input_count; k++) {
            struct value *value = import_input(im, node, k);
            im->at = i;
            if (!import_reads(im, i, k))
                continue;
            if (node->inputs[k][0] && (!value || value->producer >= i))
                return import_refuse(im, err, "its input \"%.100s\" is not defined before it", node->inputs[k]);
            if (value)
                value->readers++;
        }
    }
    return 0;
}

/* -- the input ------------------------------------------------------------------------------------------------------ */

static const struct onnx_value *find_input(struct importer *im, struct error *err)
{
    const struct onnx_value *found = NULL;
    for (int i = 0; i < im->file->graph.input_count; i++) {
        const struct onnx_value *input = &im->file->graph.inputs[i];
        const struct value *value = import_value(im, input->name);
        if (value->constant || value->readers == 0)
            continue;
        if (found) {
            error_set(err, "has several inputs, \"%.200s\" and \"%.200s\"", found->name, input->name);
            return NULL;
        }
        found = input;
    }
    if (!found)
        error_set(err, "has no input on which its output depends");
    return found;
}

/* Where channels, rows and columns are: (N,C,h,w), or (N,h,w,C) if only that has few channels. */
static void find_axes(const struct onnx_value *input, enum axis axes[4])
{
    static const enum axis first[] = {AXIS_BATCH, AXIS_C, AXIS_H, AXIS_W},
                           last[] = {AXIS_BATCH, AXIS_H, AXIS_W, AXIS_C};
    const int64_t *dim = input->dim;
    const bool is_last = dim[3] >= 1 && dim[3] <= CHANNELS_USUAL && !(dim[1] >= 1 && dim[1] <= CHANNELS_USUAL);
    memcpy(axes, is_last ? last : first, sizeof first);
}

static int take_side(int64_t *dim, int asked, const char *name, struct error *err)
{
    if (*dim < 0 && !asked)
        return error_set(err, "its input \"%.200s\" has no fixed size; input: size must give it", name);
    if (*dim >= 0 && asked && *dim != asked)
        return error_set(err, "its input \"%.200s\" has a side of %lld, not %d", name, (long long)*dim, asked);
    if (asked)
        *dim = asked;
    return 0;
}

static int take_input(struct importer *im, const struct import_request *request, struct error *err)
{
    enum axis axes[4];
    int64_t dim[4];
    const struct onnx_value *input = find_input(im, err);
    if (!input)
        return -1;
    if (input->rank != 4)
        return error_set(err, "its input \"%.200s\" has %d axes, that of a network for pictures has 4", input->name,
                         input->rank < 0 ? 0 : input->rank);
    find_axes(input, axes);
    struct shape shape = {1, 1, 1};
    for (int i = 0; i < 4; i++) {
        dim[i] = input->dim[i];
        if (axes[i] == AXIS_BATCH && dim[i] < 0)
            dim[i] = 1;
        if ((axes[i] == AXIS_H && take_side(&dim[i], request->h, input->name, err)) ||
            (axes[i] == AXIS_W && take_side(&dim[i], request->w, input->name, err)))
            return -1;
        if (dim[i] < 1 || dim[i] > 32768)
            return error_set(err, "its input \"%.200s\" has %lld channels, rows or columns", input->name,
                             (long long)dim[i]);
        int *side = axes[i] == AXIS_C ? &shape.c : axes[i] == AXIS_H ? &shape.h : axes[i] == AXIS_W ? &shape.w : NULL;
        if (side)
            *side = (int)dim[i];
    }
    struct value *value = import_value(im, input->name);
    im->batch = dim[0];
    layout_init(&value->layout, 4, axes, dim);
    value->node = graph_input(im->graph, input->name, shape);
    return value->node < 0 || name_map_set(&im->used, im->arena, input->name, 0) ? error_memory(err, "a model") : 0;
}

/* -- the nodes ------------------------------------------------------------------------------------------------------ */

static const struct import_op *find_op(const char *name)
{
    static const struct import_op *const tables[] = {import_shape_ops,  import_window_ops,  import_pointwise_ops,
                                                     import_binary_ops, import_product_ops, import_norm_ops,
                                                     import_reduce_ops, import_part_ops,    import_join_ops};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        for (const struct import_op *op = tables[i]; op->op; op++)
            if (strcmp(op->op, name) == 0)
                return op;
    return NULL;
}

static int fold_constants(struct importer *im, struct error *err)
{
    bool is_folded;
    for (im->at = 0; im->at < im->node_count; im->at++)
        if (im->is_needed[im->at] && import_branch_state(im, im->at) == BRANCH_TAKEN &&
            import_fold(im, im->at, &is_folded, err))
            return -1;
    return 0;
}

static int import_node(struct importer *im, struct error *err)
{
    const struct onnx_node *node = &im->nodes[im->at];
    bool is_folded;
    if (im->match[im->at] && im->match[im->at]->run)
        return im->match[im->at]->run(im, node, im->match[im->at], err);
    if (import_fold(im, im->at, &is_folded, err))
        return -1;
    if (is_folded)
        return 0;
    const bool is_own = !node->domain[0] || strcmp(node->domain, "ai.onnx") == 0;
    const struct import_op *op = is_own ? find_op(node->op) : NULL;
    if (is_own && strcmp(node->op, "If") == 0)
        return import_if(im, node, err);
    if (!op)
        return import_refuse_op(im, is_own ? "" : node->domain, err);
    return op->run(im, node, err);
}

/* A node in a branch whose condition is not known is passed by, too: the `If` after it is then refused. */
static int import_nodes(struct importer *im, struct error *err)
{
    for (im->at = 0; im->at < im->node_count; im->at++)
        if (im->is_needed[im->at] && import_branch_state(im, im->at) == BRANCH_TAKEN && import_node(im, err))
            return -1;
    return 0;
}

static int take_output(struct importer *im, struct error *err)
{
    struct value *value = &im->values[im->output];
    im->at = value->producer >= 0 ? value->producer : 0;
    if (value->node < 0)
        return error_set(err, "its output \"%.200s\" does not depend on the input", value->name);
    const int64_t size = layout_size(&value->layout);
    const struct shape shape = graph_node(im->graph, value->node).shape;
    const bool is_map = value->layout.rank > 2 && (shape.h != 1 || shape.w != 1);
    if (is_map || layout_reshape(&value->layout, 2, (int64_t[]){im->batch, size / im->batch}))
        return error_set(err, "its output \"%.200s\" is not one number for each class", value->name);
    if (import_vector(im, value, err))
        return -1;
    graph_output(im->graph, value->node);
    return 0;
}

static int import_all(struct importer *im, const struct import_request *request, struct error *err)
{
    im->graph = graph_create();
    im->match = arena_alloc(im->arena, (size_t)im->node_count + 1, sizeof *im->match);
    if (!im->graph || !im->match)
        return error_memory(err, "a model");
    return status_of(add_values(im, err) || choose_output(im, request->output, err) || mark_needed(im, err) ||
                     take_input(im, request, err) || import_name_nodes(im, err) || fold_constants(im, err) ||
                     import_find_patterns(im, err) || import_nodes(im, err) || take_output(im, err) ||
                     import_add_aliases(im, err) || graph_finish(im->graph, err));
}

int onnx_import(struct importer *im, const struct onnx_file *file, const struct import_request *request,
                struct arena *arena, struct error *err)
{
    *im = (struct importer){.file = file, .arena = arena};
    if (import_flatten(im, err))
        return -1;
    const struct importer start = *im;
    if (import_all(im, request, err))
        return -1;
    if (im->choice_count == 0)
        return 0;
    graph_free(im->graph); /* the branches are chosen now */
    *im = start;
    return import_all(im, request, err);
}
