/*
 * models/onnx/node_names.c - the names of the graph's nodes.
 *
 * PyTorch names a node by the module that it is in, "/layer4/layer4.1/conv2/Conv": the graph's node is called
 * "layer4.1.conv2" as in PyTorch if it is the only one of its module, and "layer4.1.Add" if its module has others.
 * Other exporters' names are kept. A node without a name has that of its weight or of its value. All of these and the
 * names of values are aliases, and so is each module, which is its last value.
 */
#include "models/onnx/importer.h"

#include <stdio.h>
#include <string.h>

#define PATH_BYTES 512

static bool is_of_torch(const struct importer *im, const struct onnx_node *node)
{
    return node->name[0] == '/' && strcmp(im->file->producer, "pytorch") == 0;
}

/* Joins "layer4", "layer4.1", "conv2" to "layer4.1.conv2"; a part that begins with the one before replaces it. */
static const char *torch_path(struct importer *im, const char *name)
{
    char path[PATH_BYTES] = "";
    size_t base = 0, used = 0; /* base: where the part before begins */
    for (const char *part = name + 1, *slash; (slash = strchr(part, '/')); part = slash + 1) {
        const size_t length = (size_t)(slash - part), before = used - base;
        const bool goes_on = used && length > before && strncmp(part, path + base, before) == 0 && part[before] == '.';
        if (used + length + 2 > sizeof path)
            return NULL;
        if (goes_on)
            used = base;
        else if (used)
            path[used++] = '.';
        base = used;
        memcpy(path + used, part, length);
        used += length;
        path[used] = 0;
    }
    return arena_string(im->arena, path);
}

/* The module by a weight's name, "layer4.1.conv2.weight"; NULL: there is none. */
static const char *path_by_weight(struct importer *im, const struct onnx_node *node)
{
    for (int i = 1; i < node->input_count; i++) {
        const size_t length = strlen(node->inputs[i]);
        const struct value *value = import_input(im, node, i);
        if (value && value->constant && value->producer < 0 && length > 7 && length < PATH_BYTES &&
            strcmp(node->inputs[i] + length - 7, ".weight") == 0)
            return arena_format(im->arena, "%.*s", (int)length - 7, node->inputs[i]);
    }
    return NULL;
}

/* Notes the modules that contain others. */
static int add_parents(struct importer *im, struct name_map *parents, const char *path)
{
    char *parent = arena_string(im->arena, path);
    if (!parent)
        return -1;
    for (char *dot; (dot = strrchr(parent, '.'));) {
        *dot = 0;
        if (name_map_find(parents, parent) >= 0)
            return 0;
        const char *copy = arena_string(im->arena, parent);
        if (!copy || name_map_set(parents, im->arena, copy, 1))
            return -1;
    }
    return 0;
}

static const char *own_name(const struct onnx_node *node)
{
    return node->name[0] ? node->name : node->output_count && node->outputs[0][0] ? node->outputs[0] : node->op;
}

static const char *torch_name(struct importer *im, const struct name_map *parents, const struct name_map *users,
                              const struct onnx_node *node, const char *path)
{
    if (!path[0])
        return strrchr(node->name, '/') + 1;
    const bool is_leaf = name_map_find(parents, path) < 0 && name_map_find(users, path) == 1;
    return is_leaf ? path : arena_format(im->arena, "%s.%s", path, strrchr(node->name, '/') + 1);
}

static int find_paths(struct importer *im, struct name_map *parents, struct name_map *users)
{
    for (int i = 0; i < im->node_count; i++) {
        const struct onnx_node *node = &im->nodes[i];
        const struct value *out = node->output_count ? import_value(im, node->outputs[0]) : NULL;
        if (!im->is_needed[i] || (out && out->constant))
            continue;
        im->path[i] = is_of_torch(im, node) ? torch_path(im, node->name) : path_by_weight(im, node);
        if (!im->path[i])
            continue;
        const int count = name_map_find(users, im->path[i]);
        if (name_map_set(users, im->arena, im->path[i], count < 0 ? 1 : count + 1) ||
            add_parents(im, parents, im->path[i]))
            return -1;
    }
    return 0;
}

int import_name_nodes(struct importer *im, struct error *err)
{
    const size_t count = (size_t)im->node_count;
    struct name_map parents = {0}, users = {0};
    im->layer = arena_alloc(im->arena, count + 1, sizeof *im->layer);
    im->path = arena_alloc(im->arena, count + 1, sizeof *im->path);
    if (!im->layer || !im->path || find_paths(im, &parents, &users))
        return error_memory(err, "a model");
    for (size_t i = 0; i < count; i++) {
        const struct onnx_node *node = &im->nodes[i];
        const char *path = im->path[i];
        const bool is_alone = path && name_map_find(&parents, path) < 0 && name_map_find(&users, path) == 1;
        im->layer[i] = path && is_of_torch(im, node) ? torch_name(im, &parents, &users, node, path)
                       : is_alone                    ? path
                                                     : own_name(node);
        if (!im->layer[i])
            return error_memory(err, "a model");
    }
    return 0;
}

/* -- aliases -------------------------------------------------------------------------------------------------------- */

static int add_alias(struct importer *im, const char *alias, int node)
{
    if (!alias[0] || name_map_find(&im->used, alias) >= 0)
        return 0;
    return status_of(name_map_set(&im->used, im->arena, alias, node) || graph_alias(im->graph, alias, node) < 0);
}

/* Makes the name of each module around a node the node's, unless a later node is in the module too. */
static int add_modules(struct importer *im, const char *path, char separator, int node)
{
    char *module = arena_string(im->arena, path);
    if (!module)
        return -1;
    for (char *end = module + strlen(module); end; end = strrchr(module, separator)) {
        *end = 0;
        const char *copy = arena_string(im->arena, module);
        if (!copy || add_alias(im, copy, node))
            return -1;
    }
    return 0;
}

static int add_aliases_of(struct importer *im, int index)
{
    const struct onnx_node *node = &im->nodes[index];
    const struct value *out = node->output_count ? import_value(im, node->outputs[0]) : NULL;
    if (!out || out->node < 0)
        return 0;
    if (add_alias(im, node->name, out->node))
        return -1;
    for (int k = 0; k < node->output_count; k++) {
        const struct value *value = node->outputs[k][0] ? import_value(im, node->outputs[k]) : NULL;
        if (value && value->node >= 0 && add_alias(im, value->name, value->node))
            return -1;
    }
    if (im->path[index] && add_modules(im, im->path[index], '.', out->node))
        return -1;
    return is_of_torch(im, node) ? 0 : add_modules(im, node->name, '/', out->node);
}

/* From the last node to the first, so that a module's name is that of its last value. */
int import_add_aliases(struct importer *im, struct error *err)
{
    for (int i = im->node_count; i-- > 0;)
        if (add_aliases_of(im, i))
            return error_memory(err, "a model");
    return 0;
}
