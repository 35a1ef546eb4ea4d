/* tests/nn/engine_fixture.h - small networks with the values of some layers. */
#ifndef TESTS_NN_ENGINE_FIXTURE_H
#define TESTS_NN_ENGINE_FIXTURE_H

#include "nn/nn.h"
#include "nn/ops.h"
#include "tests/golden.h"
#include "tests/golden_weights.h"
#include "tests/session_calls.h"
#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LAYERS 3
#define IMAGES 131 /* more than a session takes at once */

/* A network with its layers' values for one image. */
struct fixture {
    struct network *network;
    struct session *session;
    struct shape input;
    size_t input_size, classes;
    float *x, *logits, *layer[LAYERS];
    size_t layer_size[LAYERS];
    int layers;
};

static inline float *floats(size_t count)
{
    float *out = calloc(count + 1, sizeof *out);
    assert_non_null(out);
    return out;
}

static inline size_t size_of(struct shape shape)
{
    return (size_t)shape.c * (size_t)shape.h * (size_t)shape.w;
}

static inline int conv_bn(struct graph *graph, const char *name, int x, struct conv2d conv)
{
    char bn[64];
    snprintf(bn, sizeof bn, "%s.bn", name);
    return graph_batch_norm(graph, bn, graph_conv2d(graph, name, x, conv));
}

/* Squeeze and excitation of 32 channels behind a SiLU. */
static inline int excited(struct graph *graph, int x)
{
    x = graph_silu(graph, "silu", conv_bn(graph, "excited", x, (struct conv2d){.out = 32, .kernel = 3, .padding = 1}));
    int scale = graph_adaptive_avg_pool(graph, "excited.avgpool", x, 1, 1);
    scale = graph_conv2d(graph, "excited.fc1", scale, (struct conv2d){.out = 8, .kernel = 1, .bias = true});
    scale = graph_conv2d(graph, "excited.fc2", graph_hard_swish(graph, "excited.activation", scale),
                         (struct conv2d){.out = 32, .kernel = 1, .bias = true});
    return graph_scale_channels(graph, "excited.mul", x, graph_sigmoid(graph, "excited.scale", scale));
}

/* Every operator; layers behind, inside and before residual branches; a tail of pooling and one linear layer. */
static inline struct graph *mixed_graph(void)
{
    struct graph *graph = graph_create();
    int x = graph_input(graph, "input", (struct shape){3, 33, 29});
    x = conv_bn(graph, "stem", x, (struct conv2d){.out = 8, .kernel = 7, .stride = 2, .padding = 3});
    x = graph_max_pool(graph, "pool", graph_relu(graph, "stem.relu", x),
                       (struct pool2d){.kernel = 3, .stride = 2, .padding = 1});
    const int before = x;
    x = graph_relu(graph, "inner", conv_bn(graph, "a", x, (struct conv2d){.out = 8, .kernel = 3, .padding = 1}));
    x = conv_bn(graph, "b", x, (struct conv2d){.out = 8, .kernel = 3, .padding = 1, .groups = 2});
    x = graph_relu(graph, "block", graph_sum(graph, "sum", x, before));
    const int deep =
        graph_relu6(graph, "deep.relu6",
                    conv_bn(graph, "deep", x, (struct conv2d){.out = 8, .kernel = 3, .padding = 1, .groups = 8}));
    const int wide = graph_conv2d(graph, "wide", x, (struct conv2d){.out = 16, .kernel = 1, .bias = true});
    x = graph_concat(graph, "joined", (const int[]){deep, wide, x}, 3);
    x = excited(graph, x);
    x = graph_avg_pool(graph, "avg", x, (struct pool2d){.kernel = 2, .stride = 1});
    x = graph_relu(graph, "last", conv_bn(graph, "c", x, (struct conv2d){.out = 24, .kernel = 1}));
    graph_alias(graph, "features", x);
    x = graph_flatten(graph, "flat", graph_adaptive_avg_pool(graph, "gap", x, 1, 1));
    graph_linear(graph, "fc", x, 10, true);
    return graph;
}

static inline struct graph *vgg_graph(void)
{
    struct graph *graph = graph_create();
    int x = graph_input(graph, "input", (struct shape){3, 24, 20});
    x = graph_relu(
        graph, "features.1",
        graph_conv2d(graph, "features.0", x, (struct conv2d){.out = 12, .kernel = 3, .padding = 1, .bias = true}));
    x = graph_max_pool(graph, "features.2", x, (struct pool2d){.kernel = 2});
    x = graph_flatten(graph, "flatten", graph_adaptive_avg_pool(graph, "avgpool", x, 7, 7));
    x = graph_relu(graph, "classifier.1", graph_linear(graph, "classifier.0", x, 70, true));
    x = graph_hard_swish(graph, "classifier.4", graph_linear(graph, "classifier.3", x, 30, true));
    graph_linear(graph, "classifier.6", x, 11, true);
    return graph;
}

static inline struct network *make_network(struct graph *graph, const char *const *layers, int count)
{
    struct error err = {0};
    struct weights weights;
    if (graph_finish(graph, &err))
        fail_msg("%s", err.text);
    golden_weights(graph, &weights);
    struct network *network = network_create(graph, &weights, layers, count, &err);
    if (!network)
        fail_msg("%s", err.text);
    golden_weights_release(&weights);
    graph_free(graph);
    return network;
}

static inline struct session *make_session(const struct network *network, int lanes)
{
    struct error err = {0};
    struct session *session = session_create(network, lanes, &err);
    if (!session)
        fail_msg("%s", err.text);
    return session;
}

static inline void base(struct fixture *f, uint32_t seed)
{
    golden_fill(f->x, f->input_size, seed);
    session_base(f->session, f->x, f->logits, f->layer);
}

static inline struct fixture open_fixture(struct graph *graph, const char *const *layers, int count)
{
    struct fixture f = {.network = make_network(graph, layers, count), .layers = count};
    f.session = make_session(f.network, 1);
    f.input = network_input(f.network);
    f.input_size = size_of(f.input);
    f.classes = (size_t)network_classes(f.network);
    f.x = floats(f.input_size);
    f.logits = floats(f.classes);
    for (int i = 0; i < count; i++) {
        f.layer_size[i] = size_of(network_layer_shape(f.network, i));
        f.layer[i] = floats(f.layer_size[i]);
    }
    base(&f, 0);
    return f;
}

static inline void close_fixture(struct fixture *f)
{
    for (int i = 0; i < f->layers; i++)
        free(f->layer[i]);
    free(f->x);
    free(f->logits);
    session_free(f->session);
    network_free(f->network);
}

/* Image `index` of a batch that starts at image context[0] of a long row of them. */
struct row {
    uint32_t first;
    size_t size;
};

static inline void row_source(void *context, int index, float *out)
{
    const struct row *row = context;
    golden_fill(out, row->size, row->first + (uint32_t)index);
}

static inline void run_batch(struct session *session, const struct fixture *f, int layer, uint32_t first, int n,
                             float *logits)
{
    struct row row = {first, layer < 0 ? f->input_size : f->layer_size[layer]};
    if (layer < 0)
        run_forward(session, n, row_source, &row, logits);
    else
        run_tail(session, layer, n, row_source, &row, logits);
}

/* Logits of image `i` alone, for the first IMAGES images; of the input (layer -1) or from a layer. */

static const char *const mixed_layers[LAYERS] = {"features", "block", "inner"};
static const char *const vgg_layers[1] = {"features.1"};

#endif
