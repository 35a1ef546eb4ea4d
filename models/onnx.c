/*
 * models/onnx.c - models of ONNX files: the graph and the weights come from the file (models/onnx/importer.h).
 */
#include "models/model_source.h"
#include "models/onnx/importer.h"
#include "models/onnx/metadata.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct onnx_model {
    struct onnx_file *file;
    struct importer importer;
    struct onnx_facts facts;
};

static bool has_ending(const char *path, const char *ending)
{
    const size_t length = strlen(path), end = strlen(ending);
    return length > end && strcmp(path + length - end, ending) == 0;
}

static bool takes(const struct model_spec *spec)
{
    return spec->model && strcmp(spec->model, MODEL_PROCESS) != 0 &&
           (has_ending(spec->model, ".onnx") || onnx_looks_like(spec->model));
}

/* What is known before the file is open: nothing. */
static int describe(const struct model_spec *spec, struct model_facts *facts, struct error *err)
{
    (void)spec, (void)err;
    *facts = (struct model_facts){0};
    return 0;
}

/* -- opening ------------------------------------------------------------------------------------------------------- */

/* The file's name without folder and ending. */
static const char *title_of(struct arena *arena, const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    const size_t length = strlen(name);
    return arena_format(arena, "%.*s", (int)(has_ending(name, ".onnx") ? length - 5 : length), name);
}

/* The last map on which the output depends. */
static int default_layer(const struct graph *graph, int output)
{
    bool *is_needed = calloc((size_t)output + 1, sizeof *is_needed);
    int found = 0;
    if (!is_needed)
        return 0;
    is_needed[output] = true;
    for (int i = output; i > 0 && !found; i--) {
        const struct node_info info = graph_node(graph, i);
        if (is_needed[i] && info.shape.h * info.shape.w > 1)
            found = i;
        for (int k = 0; is_needed[i] && k < info.input_count; k++)
            is_needed[info.inputs[k]] = true;
    }
    free(is_needed);
    return found;
}

/* The name of the module if the node is its last one, else the node's. */
static const char *layer_name(const struct graph *graph, int node)
{
    const struct node_info info = graph_node(graph, node);
    const bool is_module = info.alias && strncmp(info.alias, info.name, strlen(info.alias)) == 0;
    return is_module ? info.alias : info.name;
}

static int add_notes(struct model *model, const struct onnx_model *state, struct error *err)
{
    const char *removed = state->importer.removed;
    if (model->outputs == 1)
        model->notes[model->note_count++] = (struct model_note){" ", model_note_one_output};
    if (!removed)
        return 0;
    char *text = arena_format(&model->arena, "the file's %s at the end is left out: logits come before it", removed);
    if (!text)
        return error_memory(err, "a model");
    model->notes[model->note_count++] = (struct model_note){": ", text};
    return 0;
}

static int add_files(struct model *model, const struct onnx_file *file, struct error *err)
{
    const char *const *paths;
    const int count = onnx_paths(file, &paths);
    for (int i = 1; i < count; i++) {
        const char *path = arena_string(&model->arena, paths[i]);
        if (!path || model_add_file(model, path, err))
            return path ? -1 : error_memory(err, "a model");
    }
    return 0;
}

static int import(struct model *model, const struct model_spec *spec, struct onnx_model *state, struct error *err)
{
    const struct picture_input *asked = &spec->input;
    const struct import_request request = {spec->output, asked->h ? asked->h : state->facts.h,
                                           asked->w ? asked->w : state->facts.w};
    const int status = onnx_import(&state->importer, state->file, &request, &model->arena, err);
    model->graph = state->importer.graph;
    if (status)
        return error_prefix(err, "model \"%s\": ", spec->model);
    const struct shape shape = graph_node(model->graph, 0).shape;
    model_set_input(model, &(struct picture_input){.h = shape.h, .w = shape.w}, spec);
    return 0;
}

static int take_classes(struct model *model, const struct onnx_model *state, struct error *err)
{
    const int count = class_count(model->outputs);
    const bool has_names = state->facts.class_count == count;
    return class_names_of_network(model->outputs, has_names ? state->facts.classes : NULL, &model->arena,
                                  &model->classes, err);
}

static int check(struct model *model, struct error *err);

static int open_model(struct model *model, const struct model_spec *spec, struct error *err)
{
    struct onnx_model *state = arena_alloc(&model->arena, 1, sizeof *state);
    if (!state)
        return error_memory(err, "a model");
    model->state = state;
    state->file = onnx_open(spec->model, err);
    if (!state->file)
        return -1;
    model->arch = model->title = title_of(&model->arena, spec->model);
    if (!model->title || onnx_facts_read(state->file, &model->arena, &state->facts))
        return error_memory(err, "a model");
    if (import(model, spec, state, err))
        return -1;
    const int output = state->importer.values[state->importer.output].node, layer = default_layer(model->graph, output);
    model->layer = layer_name(model->graph, layer);
    model->outputs = graph_node(model->graph, output).shape.c;
    model->has_weights = true;
    return status_of(check(model, err) || take_classes(model, state, err) || add_notes(model, state, err) ||
                     add_files(model, state->file, err));
}

/* -- weights -------------------------------------------------------------------------------------------------------- */

static size_t size_of(const struct import_weight *weight)
{
    size_t size = 1;
    for (int d = 0; d < weight->rank; d++)
        size *= (size_t)weight->dim[d];
    return size;
}

/* Whether the elements are those of the file, in its order. */
static bool is_as_stored(const struct import_weight *weight)
{
    ptrdiff_t step = 1;
    for (int d = weight->rank; d-- > 0;) {
        if (weight->dim[d] != 1 && weight->stride[d] != step)
            return false;
        step *= weight->dim[d];
    }
    const struct onnx_constant *constant = weight->constant;
    return constant->tensor && !constant->values && constant->count == (size_t)step && weight->base == 0 &&
           weight->scale == 1 && !weight->is_reciprocal;
}

static float element(const struct import_weight *weight, const float *stored, size_t at)
{
    const struct onnx_constant *constant = weight->constant;
    const double value = constant->is_filled ? constant->fill
                         : constant->values  ? constant->values[at]
                                             : (double)stored[at];
    return (float)(weight->is_reciprocal ? weight->scale / value : weight->scale * value);
}

/* Writes the elements in the graph's order. */
static void gather(const struct import_weight *weight, const float *stored, float *out)
{
    int at[4] = {0};
    ptrdiff_t from = (ptrdiff_t)weight->base;
    const size_t size = size_of(weight);
    for (size_t i = 0; i < size; i++) {
        out[i] = element(weight, stored, (size_t)from);
        for (int d = weight->rank; d-- > 0;) {
            from += weight->stride[d];
            if (++at[d] < weight->dim[d])
                break;
            from -= weight->stride[d] * weight->dim[d];
            at[d] = 0;
        }
    }
}

static int read_weight(const struct onnx_file *file, const struct import_weight *weight, float *out, struct error *err)
{
    const struct onnx_constant *constant = weight->constant;
    if (is_as_stored(weight))
        return onnx_read_floats(file, constant->tensor, out, err);
    float *stored = NULL;
    int status = 0;
    if (!constant->is_filled && !constant->values) {
        stored = malloc((constant->count + 1) * sizeof *stored);
        status = stored ? onnx_read_floats(file, constant->tensor, stored, err) : error_memory(err, "weights");
    }
    if (!status)
        gather(weight, stored, out);
    free(stored);
    return status;
}

static int check_finite(const struct weight *weight, size_t size, struct error *err)
{
    for (size_t i = 0; i < size; i++)
        if (!isfinite(weight->data[i]))
            return error_set(err, "tensor \"%s\": value %zu is not a finite number", weight->name, i);
    return 0;
}

/* Names and shapes, in the arena. */
static int list_weights(const struct onnx_model *state, struct arena *arena, struct weights *weights, struct error *err)
{
    const struct importer *im = &state->importer;
    weights->count = im->weight_count;
    weights->list = arena_alloc(arena, (size_t)im->weight_count + 1, sizeof *weights->list);
    if (!weights->list)
        return error_memory(err, "weights");
    for (int i = 0; i < im->weight_count; i++) {
        weights->list[i] = (struct weight){.name = im->weights[i].name, .rank = im->weights[i].rank};
        memcpy(weights->list[i].dim, im->weights[i].dim, sizeof weights->list[i].dim);
    }
    return 0;
}

static int read_weights(const struct model *model, struct arena *arena, struct weights *weights, struct error *err)
{
    const struct onnx_model *state = model->state;
    int status = list_weights(state, arena, weights, err);
    for (int i = 0; i < state->importer.weight_count && !status; i++) {
        const struct import_weight *from = &state->importer.weights[i];
        struct weight *weight = &weights->list[i];
        const size_t size = size_of(from);
        weight->data = arena_floats(arena, size);
        status = !weight->data ? error_memory(err, "weights") : read_weight(state->file, from, weight->data, err);
        if (!status && check_finite(weight, size, err))
            status = error_prefix(err, "model \"%s\": ", model->path);
    }
    if (!status && weights_check_variances(weights, err))
        status = error_prefix(err, "model \"%s\": ", model->path);
    return status;
}

/* Whether each tensor of the graph is there, with its shape. */
static int check(struct model *model, struct error *err)
{
    struct arena arena;
    struct weights shapes;
    arena_init(&arena, 0);
    int status = list_weights(model->state, &arena, &shapes, err);
    if (!status && network_check_weights(model->graph, &shapes, err))
        status = error_prefix(err, "model \"%s\": ", model->path);
    arena_release(&arena);
    return status;
}

static void close_files(struct model *model)
{
    struct onnx_model *state = model->state;
    if (state)
        onnx_close(state->file);
    model->state = NULL;
}

const struct model_source model_onnx = {.name = "onnx",
                                        .takes = takes,
                                        .describe = describe,
                                        .open = open_model,
                                        .read = read_weights,
                                        .close_files = close_files};
