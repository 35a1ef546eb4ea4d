/*
 * models/door.c - the functions of models/model.h: the table of sources, and the parts common to models of all sources.
 */
#include "models/model.h"

#include "base/sha256.h"
#include "models/model_source.h"

#include <string.h>

/* The last source takes all remaining specs, and reports names that no source has. */
static const struct model_source *const sources[] = {&model_process, &model_onnx, &model_family};

static const struct model_source *source_of(const struct model_spec *spec)
{
    const size_t count = sizeof sources / sizeof *sources;
    for (size_t i = 0; i + 1 < count; i++)
        if (sources[i]->takes(spec))
            return sources[i];
    return sources[count - 1];
}

int model_describe(const struct model_spec *spec, struct model_facts *facts, struct error *err)
{
    *facts = (struct model_facts){0};
    return source_of(spec)->describe(spec, facts, err);
}

void model_set_input(struct model *model, const struct picture_input *of_file, const struct model_spec *spec)
{
    model->own = (struct picture_input){.h = MODEL_SIDE, .w = MODEL_SIDE};
    picture_input_add(&model->own, of_file);
    model->input = model->own;
    picture_input_add(&model->input, &spec->input);
}

const char *model_spec_file(const struct model_spec *spec)
{
    if (spec->weights || !spec->model)
        return spec->weights;
    return strcmp(spec->model, MODEL_PROCESS) == 0 ? NULL : spec->model;
}

int model_add_file(struct model *model, const char *path, struct error *err)
{
    const char **files = arena_alloc(&model->arena, (size_t)model->file_count + 1, sizeof *files);
    if (!files)
        return error_memory(err, "a model");
    if (model->file_count)
        memcpy(files, model->files, (size_t)model->file_count * sizeof *files);
    files[model->file_count++] = path;
    model->files = files;
    return 0;
}

static int add_files(struct model *model, const struct model_spec *spec, struct error *err)
{
    for (int i = 0; i < spec->file_count; i++)
        if (model_add_file(model, spec->files[i], err))
            return -1;
    return 0;
}

/* Knows now how many channels the network takes. */
static int complete_input(struct model *model, struct error *err)
{
    const int channels = graph_node(model->graph, BACKBONE_INPUT).shape.c;
    if (picture_input_complete(&model->input, channels, err))
        return error_prefix(err, "%s \"%s\": input: ", model->path ? "model" : "backbone",
                            model->path ? model->path : model->arch);
    if (!model->own.channels[0] && channels != 1 && channels != 3) /* unknown: unlike any that can be given */
        memset(model->own.channels, '?', (size_t)channels);
    return picture_input_complete(&model->own, channels, err);
}

static int open_source(struct model *model, const struct model_spec *spec, struct error *err)
{
    return add_files(model, spec, err) || model->source->open(model, spec, err) || complete_input(model, err) ? -1 : 0;
}

struct model *model_open(const struct model_spec *spec, struct error *err)
{
    struct arena arena;
    arena_init(&arena, 0);
    struct model *model = arena_alloc(&arena, 1, sizeof *model);
    if (!model) {
        error_memory(err, "a model");
        return NULL;
    }
    *model = (struct model){.arena = arena, .source = source_of(spec), .path = model_spec_file(spec)};
    if (open_source(model, spec, err) == 0)
        return model;
    model_close(model);
    return NULL;
}

void model_close(struct model *model)
{
    if (!model)
        return;
    model_close_files(model);
    if (model->source->close)
        model->source->close(model);
    graph_free(model->graph);
    struct arena arena = model->arena;
    arena_release(&arena);
}

void model_close_files(struct model *model)
{
    if (model->source->close_files)
        model->source->close_files(model);
    model->has_weights = false;
}

const char *model_sha256(struct model *model, struct error *err)
{
    if (model->sha256)
        return model->sha256;
    char *hex = arena_alloc(&model->arena, 65, 1);
    if (!hex)
        error_memory(err, "a hash");
    else if (file_sha256(model->path, hex, err) == 0)
        model->sha256 = hex;
    return model->sha256;
}

int model_read_weights(const struct model *model, struct arena *arena, struct weights *weights, struct error *err)
{
    return model->source->read(model, arena, weights, err);
}

struct network *model_load(const struct model *model, const char *const *layers, int layer_count, const char *kernels,
                           struct error *err)
{
    struct arena arena;
    struct weights weights;
    struct network *network = NULL;
    if (model->source->load)
        return model->source->load(model, layers, layer_count, err);
    arena_init(&arena, 0);
    if (model_read_weights(model, &arena, &weights, err) == 0)
        network = network_create_with(model->graph, &weights, layers, layer_count, kernels, err);
    arena_release(&arena);
    return network;
}
