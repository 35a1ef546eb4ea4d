/* models/onnx/emit.c - adds nodes to the graph, and notes where their tensors come from. */
#include "models/onnx/importer.h"

#include "base/param.h"

#include <stdio.h>
#include <string.h>

/* Writes one attribute by its row. */
static int set(const struct importer *im, const struct param *rows, const struct setting *setting, void *attributes,
               struct error *err)
{
    const struct param *row = rows ? param_find(rows, setting->name) : NULL;
    if (!row)
        return import_refuse(im, err, "the engine's operator has no attribute %s", setting->name);
    const bool is_ranged = row->type == PARAM_TYPE_INT || row->type == PARAM_TYPE_FLOAT;
    if (is_ranged && !(setting->number >= row->min && setting->number <= row->max))
        return import_refuse(im, err, "%s %g is outside of what is supported, %g to %g", setting->name, setting->number,
                             row->min, row->max);
    void *field = param_field(row, attributes);
    if (row->type == PARAM_TYPE_FLOAT)
        *(double *)field = setting->number;
    else if (row->type == PARAM_TYPE_BOOL)
        *(bool *)field = setting->number != 0;
    else
        *(int *)field = (int)setting->number;
    return 0;
}

/* A name that no node has yet. */
static const char *free_name(struct importer *im, const char *suffix)
{
    const char *layer = im->layer[im->at];
    const char *base = suffix ? arena_format(im->arena, "%s.%s", layer, suffix) : layer, *name = base;
    for (int i = 2; name && name_map_find(&im->used, name) >= 0; i++)
        name = arena_format(im->arena, "%s_%d", base, i);
    return name;
}

int import_emit(struct importer *im, const struct emission *emission, struct error *err)
{
    const struct op *op = op_find(emission->op);
    size_t size;
    if (!op)
        return import_refuse(im, err, "is not supported: this program has no operator %s", emission->op);
    const struct param *rows = op_attributes(op, &size);
    void *attributes = arena_alloc(im->arena, 1, size ? size : 1);
    const char *name = free_name(im, emission->suffix);
    if (!attributes || !name)
        return error_memory(err, "a model");
    if (rows)
        param_defaults(rows, attributes);
    for (const struct setting *setting = emission->set; setting->name; setting++)
        if (set(im, rows, setting, attributes, err))
            return -1;
    const int node = graph_add(im->graph, op, name, emission->inputs, emission->count, size ? attributes : NULL, err);
    if (node >= 0 && name_map_set(&im->used, im->arena, name, node))
        return error_memory(err, "a model");
    return node;
}

int import_unary(struct importer *im, const struct onnx_node *node, struct value *value,
                 const struct emission *emission, struct error *err)
{
    struct emission own = *emission;
    own.count = 1;
    own.inputs[0] = value->node;
    const int added = import_emit(im, &own, err);
    return added < 0 ? -1 : import_set_activation(im, node, 0, added, &value->layout, value->is_vector);
}

/* -- tensors -------------------------------------------------------------------------------------------------------- */

static struct import_weight *new_weight(struct importer *im)
{
    if (im->weight_count == im->weight_capacity) {
        const int capacity = im->weight_capacity ? 2 * im->weight_capacity : 256;
        struct import_weight *weights = arena_alloc(im->arena, (size_t)capacity, sizeof *weights);
        if (!weights)
            return NULL;
        if (im->weight_count)
            memcpy(weights, im->weights, (size_t)im->weight_count * sizeof *weights);
        im->weights = weights;
        im->weight_capacity = capacity;
    }
    return &im->weights[im->weight_count++];
}

int import_give(struct importer *im, int graph_node_index, const char *tensor, struct import_weight weight,
                struct error *err)
{
    const struct node_info info = graph_node(im->graph, graph_node_index);
    weight.name = arena_format(im->arena, "%s.%s", info.name, tensor);
    struct import_weight *own = weight.name ? new_weight(im) : NULL;
    if (!own)
        return error_memory(err, "a model");
    *own = weight;
    return 0;
}

int import_give_all(struct importer *im, int graph_node_index, const char *tensor, const struct onnx_constant *constant,
                    int rank, const int *dim, struct error *err)
{
    struct import_weight weight = {.rank = rank, .constant = constant, .scale = 1};
    size_t count = 1;
    for (int i = rank; i-- > 0;) {
        weight.dim[i] = dim[i];
        weight.stride[i] = constant->count == 1 ? 0 : (ptrdiff_t)count;
        count *= (size_t)dim[i];
    }
    if (constant->count != count && constant->count != 1)
        return import_refuse(im, err, "its %s has %zu elements, %zu are needed", tensor, constant->count, count);
    return import_give(im, graph_node_index, tensor, weight, err);
}
