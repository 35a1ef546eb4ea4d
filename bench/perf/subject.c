/* bench/perf/subject.c - opens a network for measuring and feeds it. */
#include "bench/perf/subject.h"

#include "bench/perf/rounds.h"
#include "methods/method_table.h"
#include "weights/weights_file.h"

#include <string.h>

static int make_weights(const struct subject *subject, struct arena *arena, struct weights *weights, struct error *err)
{
    const struct model *model = subject->model;
    return model->has_weights ? model_read_weights(model, arena, weights, err)
                              : weights_generate(model->graph, 1, arena, weights, err);
}

static bool is_kept(const struct subject *subject, const char *layer)
{
    for (int i = 0; i < subject->layer_count; i++)
        if (strcmp(subject->layers[i], layer) == 0)
            return true;
    return false;
}

static int add_layer(struct subject *subject, const char *layer, struct error *err)
{
    if (is_kept(subject, layer))
        return 0;
    if (subject->layer_count == SUBJECT_LAYERS_MAX)
        return error_set(err, "more than %d layers are kept", SUBJECT_LAYERS_MAX);
    subject->layers[subject->layer_count++] = layer;
    return 0;
}

/* Of the layers "a|b" that a method uses by default, those that the network has; see PARAM_LAYERS_OR. */
static int add_usual_layers(struct subject *subject, const char *choices, struct error *err)
{
    struct error unknown;
    char *rest = arena_string(&subject->arena, choices);
    if (!rest)
        return error_memory(err, "the list of layers");
    for (char *name; (name = strsep(&rest, "|"));)
        if (graph_find(subject->model->graph, name, &unknown) >= 0 && add_layer(subject, name, err))
            return -1;
    return 0;
}

static int add_layers_of_methods(struct subject *subject, struct error *err)
{
    for (int m = 0; methods_all()[m]; m++)
        for (const struct param *row = methods_all()[m]->params; row && row->name; row++)
            if (row->type == PARAM_TYPE_NAMES && row->choices && add_usual_layers(subject, row->choices, err))
                return -1;
    return 0;
}

static int find_layers(struct subject *subject, const struct perf_names *layers, struct error *err)
{
    subject->layers[subject->layer_count++] = subject->model->layer;
    for (int i = 0; layers && i < layers->count; i++)
        if (add_layer(subject, layers->name[i], err))
            return -1;
    return layers ? add_layers_of_methods(subject, err) : 0;
}

static int make_network(struct subject *subject, const struct subject_source *source, const struct perf_names *layers,
                        struct error *err)
{
    const size_t length = strlen(subject->arch);
    const bool is_file = length > 5 && strcmp(subject->arch + length - 5, ".onnx") == 0;
    struct model_spec spec = {.arch = is_file ? NULL : subject->arch,
                              .model = is_file ? subject->arch : NULL,
                              .weights = source->weights,
                              .arch_where = "--arch"};
    struct arena arena;
    struct weights weights;
    if (subject->channels && picture_input_set_channels(&spec.input, "--channels", subject->channels, err))
        return -1;
    subject->model = model_open(&spec, err);
    if (!subject->model || find_layers(subject, layers, err))
        return -1;
    arena_init(&arena, 0); /* of the weights, until the network has taken copies */
    if (make_weights(subject, &arena, &weights, err) == 0)
        subject->network = network_create_with(subject->model->graph, &weights, subject->layers, subject->layer_count,
                                               source->kernels, err);
    arena_release(&arena);
    return subject->network ? 0 : -1;
}

size_t subject_input_size(const struct subject *subject)
{
    const struct shape shape = network_input(subject->network);
    return shape_size(shape);
}

/* Any pictures will do, but not constant ones. */
int subject_make_inputs(struct subject *subject, int count, struct error *err)
{
    const size_t size = subject_input_size(subject) * (size_t)count;
    uint32_t word = 12345;
    subject->input_count = count;
    subject->inputs = arena_floats(&subject->arena, size);
    subject->logits = arena_floats(&subject->arena, (size_t)count * (size_t)network_classes(subject->network));
    if (!subject->inputs || !subject->logits)
        return error_memory(err, "the inputs of a measurement");
    for (size_t i = 0; i < size; i++) {
        word = word * 1664525u + 1013904223u;
        subject->inputs[i] = (float)(word >> 8) / 8388608.0f - 1;
    }
    return 0;
}

static int open_parts(struct subject *subject, const struct subject_source *source, int workers, int inputs,
                      const struct perf_names *layers, struct error *err)
{
    if (make_network(subject, source, layers, err) || subject_make_inputs(subject, inputs, err))
        return -1;
    for (int i = 0; i < graph_node_count(subject->model->graph); i++)
        subject->gflop += 2e-9 * graph_node(subject->model->graph, i).macs;
    subject->session = session_create(subject->network, workers, err);
    return subject->session ? 0 : -1;
}

int subject_open(struct subject *subject, const struct subject_source *source, int workers, int inputs,
                 struct error *err)
{
    return subject_open_for_methods(subject, source, workers, inputs, NULL, err);
}

int subject_open_for_methods(struct subject *subject, const struct subject_source *source, int workers, int inputs,
                             const struct perf_names *layers, struct error *err)
{
    *subject = (struct subject){.arch = source->arch, .channels = source->channels};
    arena_init(&subject->arena, 0);
    if (open_parts(subject, source, workers, inputs, layers, err) == 0)
        return 0;
    subject_close(subject);
    return -1;
}

void subject_close(struct subject *subject)
{
    session_free(subject->session);
    network_free(subject->network);
    model_close(subject->model);
    arena_release(&subject->arena);
}

static void give_input(void *context, int index, float *out)
{
    const struct subject *subject = context;
    const size_t size = subject_input_size(subject);
    memcpy(out, subject->inputs + (size_t)index * size, size * sizeof *out);
}

void subject_forward(const struct subject *subject, int batch)
{
    const struct session_batch given = {SESSION_INPUT, SESSION_PLANES, batch, give_input, (void *)subject};
    session_run(subject->session, &given, subject->logits);
}

double subject_rate(const struct subject *subject, int batch, double seconds)
{
    const double start = seconds_now();
    double elapsed = 0;
    int images = 0;
    while (images == 0 || elapsed < seconds) {
        subject_forward(subject, batch);
        images += batch;
        elapsed = seconds_now() - start;
    }
    return images / elapsed;
}
