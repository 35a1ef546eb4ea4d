/* bench/perf/subject.c - opens a network for measuring and feeds it. */
#include "bench/perf/subject.h"

#include "bench/perf/rounds.h"
#include "weights/weights_file.h"

#include <string.h>

static int make_weights(const struct subject *subject, struct arena *arena, struct weights *weights, struct error *err)
{
    const struct model *model = subject->model;
    return model->has_weights ? model_read_weights(model, arena, weights, err)
                              : weights_generate(model->graph, 1, arena, weights, err);
}

static int make_network(struct subject *subject, const char *file, struct error *err)
{
    const struct model_spec spec = {.arch = subject->arch, .weights = file, .arch_where = "--arch"};
    struct arena arena;
    struct weights weights;
    subject->model = model_open(&spec, err);
    if (!subject->model)
        return -1;
    subject->layer = subject->model->layer;
    arena_init(&arena, 0); /* of the weights, until the network has taken copies */
    if (make_weights(subject, &arena, &weights, err) == 0)
        subject->network = network_create(subject->model->graph, &weights, &subject->layer, 1, err);
    arena_release(&arena);
    return subject->network ? 0 : -1;
}

size_t subject_input_size(const struct subject *subject)
{
    const struct shape shape = network_input(subject->network);
    return (size_t)shape.c * (size_t)shape.h * (size_t)shape.w;
}

/* Any pictures will do, but not constant ones. */
static int make_inputs(struct subject *subject, int count, struct error *err)
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

static int open_parts(struct subject *subject, const char *weights, int workers, int inputs, struct error *err)
{
    if (make_network(subject, weights, err) || make_inputs(subject, inputs, err))
        return -1;
    for (int i = 0; i < graph_node_count(subject->model->graph); i++)
        subject->gflop += 2e-9 * graph_node(subject->model->graph, i).macs;
    subject->session = session_create(subject->network, workers, err);
    return subject->session ? 0 : -1;
}

int subject_open(struct subject *subject, const char *arch, const char *weights, int workers, int inputs,
                 struct error *err)
{
    *subject = (struct subject){.arch = arch};
    arena_init(&subject->arena, 0);
    if (open_parts(subject, weights, workers, inputs, err) == 0)
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
