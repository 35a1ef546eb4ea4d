/* weights/weights_reset.c - replaces the weights of a graph's stages by those of layers before training. */
#include "weights/weights_reset.h"

#include "base/random.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static struct random_stream stream_of(const char *tensor, uint64_t seed, int draw)
{
    char number[16];
    snprintf(number, sizeof number, "%d", draw);
    struct random_stream stream;
    random_init(&stream, seed, random_purpose(random_purpose(random_purpose(0, "reset"), number), tensor));
    return stream;
}

static size_t size_of(const struct weight *weight)
{
    size_t size = 1;
    for (int d = 0; d < weight->rank; d++)
        size *= (size_t)weight->dim[d];
    return size;
}

/* Inputs of an output of the node with this weight. */
static double fan_in(const struct parameter *weight)
{
    double count = 1;
    for (int d = 1; d < weight->rank; d++)
        count *= weight->dim[d];
    return count;
}

static void fill_uniform(float *data, size_t count, double bound, struct random_stream *stream)
{
    for (size_t i = 0; i < count; i++)
        data[i] = (float)(bound * (2 * random_uniform(stream) - 1));
}

static void fill_constant(float *data, size_t count, float value)
{
    for (size_t i = 0; i < count; i++)
        data[i] = value;
}

/* bound: of the node's convolution or linear layer. */
static void fill(struct weight *weight, const struct parameter *parameter, double bound, uint64_t seed, int draw)
{
    const size_t size = size_of(weight);
    struct random_stream stream = stream_of(weight->name, seed, draw);
    switch (parameter->role) {
    case PARAMETER_NORM_WEIGHT:
    case PARAMETER_NORM_VARIANCE:
        fill_constant(weight->data, size, 1);
        break;
    case PARAMETER_NORM_BIAS:
    case PARAMETER_NORM_MEAN:
        fill_constant(weight->data, size, 0);
        break;
    default:
        fill_uniform(weight->data, size, bound, &stream);
    }
}

static struct weight *find(const struct weights *weights, const char *name)
{
    for (int i = 0; i < weights->count; i++)
        if (strcmp(weights->list[i].name, name) == 0)
            return &weights->list[i];
    return NULL;
}

static int reset_all(const struct graph *graph, const int *stage, double *bound, uint64_t seed, int draw,
                     struct arena *arena, struct weights *out, struct error *err)
{
    for (int i = 0; i < graph_parameter_count(graph); i++) {
        const struct parameter parameter = graph_parameter(graph, i);
        if (parameter.role == PARAMETER_CONV_WEIGHT || parameter.role == PARAMETER_LINEAR_WEIGHT)
            bound[parameter.node] = 1 / sqrt(fan_in(&parameter));
    }
    for (int i = 0; i < graph_parameter_count(graph); i++) {
        const struct parameter parameter = graph_parameter(graph, i);
        struct weight *weight = find(out, parameter.name);
        if (!weight || !stage[parameter.node] || parameter.role == PARAMETER_CONSTANT)
            continue;
        weight->data = arena_floats(arena, size_of(weight));
        if (!weight->data)
            return error_memory(err, "replaced weights");
        fill(weight, &parameter, bound[parameter.node], seed, draw);
    }
    return 0;
}

int weights_reset(const struct graph *graph, const struct weights *from, uint64_t seed, int draw, struct arena *arena,
                  struct weights *out, struct error *err)
{
    const size_t nodes = (size_t)graph_node_count(graph), count = (size_t)from->count;
    int *stage = arena_alloc(arena, nodes, sizeof *stage);
    double *bound = arena_alloc(arena, nodes, sizeof *bound);
    *out = (struct weights){from->count, arena_alloc(arena, count + 1, sizeof *out->list)};
    if (!stage || !bound || !out->list)
        return error_memory(err, "replaced weights");
    memcpy(out->list, from->list, count * sizeof *out->list);
    if (graph_stages(graph, stage, err) < 0)
        return -1;
    return reset_all(graph, stage, bound, seed, draw, arena, out, err);
}
