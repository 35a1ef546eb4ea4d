/*
 * tests/methods/networks.h - the small networks of tests/golden/methods.py, opened for one test.
 *
 * gap: a small ResNet, pooling and one linear layer behind "block2". vgg: three linear layers behind "features.7".
 * groups: vgg with four groups of like channels. relu6: vgg with ReLU6. resnet18, mobilenet_v2: torchvision's with 10
 * classes. In gap, vgg, groups and relu6, channel 3 of the target layer is dead and channel 5 constant. `one` and `two`
 * are gap with one output z, and with the outputs 0 and z. TEST_KERNELS=portable in the environment chooses the kernels
 * (nn/nn.h) of all of them, so that the other sets of a processor can be tested too.
 */
#ifndef TESTS_METHODS_NETWORKS_H
#define TESTS_METHODS_NETWORKS_H

#include "backbones/backbone.h"
#include "methods/harness.h"
#include "tests/golden.h"
#include "tests/golden_weights.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BENCH_LAYERS 3

struct bench {
    struct network *network;
    struct cam_worker worker;
    struct arena arena;
    float *input; /* (3,H,W) */
    struct cam_pass *pass;
    bool exact_passes; /* of the next bench_run() */
    int batch;         /* likewise */
    struct error err;
};

static inline int bench_conv_bn(struct graph *graph, const char *conv, const char *norm, int x, struct conv2d shape)
{
    return graph_batch_norm(graph, norm, graph_conv2d(graph, conv, x, shape));
}

/* torchvision's BasicBlock with a shortcut of its own. */
static inline int bench_block(struct graph *graph, const char *name, int x, int out, int stride)
{
    char names[8][64];
    static const char *const parts[8] = {"conv1", "bn1", "relu1",        "conv2",
                                         "bn2",   "add", "downsample.0", "downsample.1"};
    for (int i = 0; i < 8; i++)
        snprintf(names[i], sizeof names[i], "%s.%s", name, parts[i]);
    int y = bench_conv_bn(graph, names[0], names[1], x,
                          (struct conv2d){.out = out, .kernel = 3, .stride = stride, .padding = 1});
    y = graph_relu(graph, names[2], y);
    y = bench_conv_bn(graph, names[3], names[4], y, (struct conv2d){.out = out, .kernel = 3, .padding = 1});
    x = bench_conv_bn(graph, names[6], names[7], x, (struct conv2d){.out = out, .kernel = 1, .stride = stride});
    return graph_relu(graph, name, graph_sum(graph, names[5], y, x));
}

static inline struct graph *bench_gap_graph_of(int outputs)
{
    struct graph *graph = graph_create();
    int x = graph_input(graph, "input", (struct shape){3, 56, 48});
    x = bench_conv_bn(graph, "conv1", "bn1", x, (struct conv2d){.out = 8, .kernel = 7, .stride = 2, .padding = 3});
    x = graph_relu(graph, "relu", x);
    x = graph_max_pool(graph, "maxpool", x, (struct pool2d){.kernel = 3, .stride = 2, .padding = 1});
    x = bench_block(graph, "block2", bench_block(graph, "block1", x, 16, 1), 24, 2);
    x = graph_flatten(graph, "flatten", graph_adaptive_avg_pool(graph, "avgpool", x, 1, 1));
    graph_linear(graph, "fc", x, outputs, true);
    return graph;
}

static inline struct graph *bench_gap_graph(void)
{
    return bench_gap_graph_of(5);
}

static inline struct graph *bench_one_graph(void)
{
    return bench_gap_graph_of(1);
}

static inline struct graph *bench_two_graph(void)
{
    return bench_gap_graph_of(2);
}

static inline int bench_activation(struct graph *graph, const struct op *op, const char *name, int input)
{
    return graph_add(graph, op, name, &input, 1, NULL, NULL);
}

static inline struct graph *bench_vgg_graph_of(const struct op *activation)
{
    static const struct {
        int conv; /* channels; 0: a pool */
        const char *name, *relu;
    } rows[] = {{8, "features.0", "features.1"}, {0, "features.2", NULL},          {12, "features.3", "features.4"},
                {0, "features.5", NULL},         {16, "features.6", "features.7"}, {0, "features.8", NULL}};
    static const char *const linear[] = {"classifier.0", "classifier.2"};
    static const char *const relu[] = {"classifier.1", "classifier.3"};
    struct graph *graph = graph_create();
    int x = graph_input(graph, "input", (struct shape){3, 32, 40});
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (rows[i].conv)
            x = bench_activation(
                graph, activation, rows[i].relu,
                graph_conv2d(graph, rows[i].name, x,
                             (struct conv2d){.out = rows[i].conv, .kernel = 3, .padding = 1, .bias = true}));
        else
            x = graph_max_pool(graph, rows[i].name, x, (struct pool2d){.kernel = 2});
    x = graph_flatten(graph, "flatten", graph_adaptive_avg_pool(graph, "avgpool", x, 3, 3));
    for (int i = 0; i < 2; i++)
        x = bench_activation(graph, activation, relu[i], graph_linear(graph, linear[i], x, 32, true));
    graph_linear(graph, "classifier.4", x, 5, true);
    return graph;
}

static inline struct graph *bench_vgg_graph(void)
{
    return bench_vgg_graph_of(&op_relu);
}

static inline struct graph *bench_relu6_graph(void)
{
    return bench_vgg_graph_of(&op_relu6);
}

/* The tensor of that name; fails the test if there is none. */
static inline float *bench_tensor(struct weights *weights, const char *name, size_t *size)
{
    for (int i = 0; i < weights->count; i++) {
        struct weight *weight = &weights->list[i];
        if (strcmp(weight->name, name) != 0)
            continue;
        *size = 1;
        for (int k = 0; k < weight->rank; k++)
            *size *= (size_t)weight->dim[k];
        return weight->data;
    }
    *size = 0;
    fail_msg("no tensor %s", name);
    return NULL;
}

/* What tests/golden/methods.py changes too: a dead channel, a constant one, smaller logits. */
static inline void bench_gap_weights(struct weights *weights)
{
    size_t size;
    bench_tensor(weights, "block2.bn2.bias", &size)[3] = -100;
    bench_tensor(weights, "block2.bn2.weight", &size)[5] = 0;
    bench_tensor(weights, "block2.bn2.bias", &size)[5] = 0.35f;
    bench_tensor(weights, "block2.downsample.1.weight", &size)[5] = 0;
    bench_tensor(weights, "block2.downsample.1.bias", &size)[5] = 0.35f;
}

/* The last output's weights; the others' are 0. */
static inline void bench_last_weights(struct weights *weights)
{
    size_t size, outputs;
    float *weight = bench_tensor(weights, "fc.weight", &size), *bias = bench_tensor(weights, "fc.bias", &outputs);
    const size_t row = size / outputs;
    memset(weight, 0, size * sizeof *weight);
    memset(bias, 0, outputs * sizeof *bias);
    golden_fill(weight + size - row, row, 5);
    for (size_t i = size - row; i < size; i++)
        weight[i] /= 16;
    bias[outputs - 1] = 0.25f;
}

static inline void bench_vgg_weights(struct weights *weights)
{
    size_t size;
    float *bias = bench_tensor(weights, "features.6.bias", &size);
    bias[3] = -100;
    bias[5] = 0.7f;
    float *weight = bench_tensor(weights, "features.6.weight", &size);
    memset(weight + 5 * size / 16, 0, size / 16 * sizeof *weight);
}

/* As above, and values of the first layer that reach 6. */
static inline void bench_relu6_weights(struct weights *weights)
{
    size_t size;
    float *weight = bench_tensor(weights, "features.0.weight", &size);
    for (size_t i = 0; i < size; i++)
        weight[i] *= 4;
    bench_vgg_weights(weights);
}

/* Channels k % 4 alike, then as above. */
static inline void bench_groups_weights(struct weights *weights)
{
    size_t size;
    float *bias = bench_tensor(weights, "features.6.bias", &size);
    float *weight = bench_tensor(weights, "features.6.weight", &size);
    const size_t row = size / 16;
    for (size_t k = 4; k < 16; k++) {
        bias[k] = bias[k % 4];
        for (size_t i = 0; i < row; i++)
            weight[k * row + i] = 0.9f * weight[k % 4 * row + i] + 0.1f * weight[k * row + i];
    }
    bench_vgg_weights(weights);
}

static inline void bench_resnet18_weights(struct weights *weights)
{
    size_t size;
    float *weight = bench_tensor(weights, "fc.weight", &size);
    for (size_t i = 0; i < size; i++)
        weight[i] /= 16;
}

static inline struct graph *bench_backbone(const char *name)
{
    const struct backbone_options options = {.classes = 10, .width = 1, .height = 64, .width_px = 96};
    struct error err = {.text = ""};
    struct graph *graph = backbone_graph(name, &options, &err);
    if (!graph)
        fail_msg("%s", err.text);
    return graph;
}

/* Batch norms after a convolution with a bias, before one, and none. */
static inline struct graph *bench_norms_graph(void)
{
    const struct conv2d grouped = {.out = 12, .kernel = 3, .padding = 1, .groups = 2};
    const struct conv2d depthwise = {.out = 12, .kernel = 3, .padding = 1, .groups = 12, .bias = true};
    struct graph *graph = graph_create();
    int x = graph_input(graph, "input", (struct shape){3, 24, 20});
    x = bench_conv_bn(graph, "conv1", "bn1", x, (struct conv2d){.out = 8, .kernel = 3, .padding = 1, .bias = true});
    x = graph_max_pool(graph, "pool", graph_relu(graph, "relu1", x), (struct pool2d){.kernel = 2});
    x = graph_relu(graph, "relu2", graph_batch_norm(graph, "norm2", x));
    x = graph_relu(graph, "relu3", bench_conv_bn(graph, "conv2", "norm3", x, grouped));
    x = graph_relu6(graph, "relu4", graph_conv2d(graph, "conv3", x, depthwise));
    x = graph_conv2d(graph, "conv4", x, (struct conv2d){.out = 16, .kernel = 1, .stride = 2, .bias = true});
    x = graph_flatten(graph, "flatten", graph_adaptive_avg_pool(graph, "avgpool", graph_relu(graph, "last", x), 1, 1));
    graph_linear(graph, "fc", x, 5, true);
    return graph;
}

static inline struct graph *bench_resnet18_graph(void)
{
    return bench_backbone("resnet18");
}

static inline struct graph *bench_mobilenet_v2_graph(void)
{
    return bench_backbone("mobilenet_v2");
}

static const struct bench_network {
    const char *name, *layers[BENCH_LAYERS]; /* fewer: the rest NULL */
    struct graph *(*graph)(void);
    void (*weights)(struct weights *weights); /* changes them; NULL: not */
    bool has_no_golden;                       /* in tests/golden/methods.txt */
} bench_networks[] = {
    {"gap", {"block2", "block1", "block2.relu1"}, bench_gap_graph, bench_gap_weights, false},
    {"vgg", {"features.7", "features.4", "features.6"}, bench_vgg_graph, bench_vgg_weights, false},
    {"groups", {"features.7", "features.4", "features.6"}, bench_vgg_graph, bench_groups_weights, false},
    {"one", {"block2", "block1", "block2.relu1"}, bench_one_graph, bench_last_weights, true},
    {"two", {"block2", "block1", "block2.relu1"}, bench_two_graph, bench_last_weights, true},
    {"resnet18", {"layer4", "layer3", "layer2"}, bench_resnet18_graph, bench_resnet18_weights, false},
    {"norms", {"last", "pool", "conv4"}, bench_norms_graph, NULL, true},
    {"mobilenet_v2", {"features.18", "features.14", "features.7"}, bench_mobilenet_v2_graph, NULL, true},
    {"relu6", {"features.7", "features.4", "features.6"}, bench_relu6_graph, bench_relu6_weights, true},
};

/* Another pass on bench->input; everything made before is given back. */
static inline void bench_run(struct bench *bench)
{
    const struct cam_setup setup = {.worker = &bench->worker,
                                    .arena = &bench->arena,
                                    .input = bench->input,
                                    .black = {-2, -1.5f, -1.25f},
                                    .deviation = {0.25f, 0.2f, 0.3f},
                                    .grey = {0.299, 0.587, 0.114},
                                    .exact_passes = bench->exact_passes,
                                    .batch = bench->batch,
                                    .seed = 1,
                                    .image_name = "image",
                                    .image_index = 7};
    arena_reset(&bench->arena);
    bench->pass = cam_pass_run(&setup, &bench->err);
    if (!bench->pass)
        fail_msg("%s", bench->err.text);
}

/* Opens a network with the input of another's name. `change` may alter the weights, NULL: not. */
static inline void bench_open_network(struct bench *bench, const struct bench_network *row, const char *name,
                                      void (*change)(struct weights *weights))
{
    char seed[64];
    struct weights weights;
    *bench = (struct bench){0};
    struct graph *graph = row->graph();
    if (graph_finish(graph, &bench->err))
        fail_msg("%s", bench->err.text);
    golden_weights(graph, &weights);
    if (row->weights)
        row->weights(&weights);
    if (change)
        change(&weights);
    int layers = 0;
    while (layers < BENCH_LAYERS && row->layers[layers])
        layers++;
    const char *kernels = getenv("TEST_KERNELS"); /* NULL: the best of this processor */
    bench->network = network_create_with(graph, &weights, row->layers, layers, kernels, &bench->err);
    if (!bench->network || !(bench->worker.session = session_create(bench->network, 1, &bench->err)))
        fail_msg("%s", bench->err.text);
    golden_weights_release(&weights);
    graph_free(graph);
    const struct shape shape = network_input(bench->network);
    const size_t size = (size_t)shape.c * (size_t)shape.h * (size_t)shape.w;
    bench->input = malloc(size * sizeof *bench->input);
    assert_non_null(bench->input);
    snprintf(seed, sizeof seed, "%s.input", name);
    golden_fill(bench->input, size, golden_seed(seed));
    arena_init(&bench->arena, 0);
    bench_run(bench);
}

static inline void bench_open_with(struct bench *bench, const char *name, void (*change)(struct weights *weights))
{
    const struct bench_network *row = bench_networks;
    while (strcmp(row->name, name) != 0)
        row++;
    bench_open_network(bench, row, strcmp(name, "two") == 0 ? "one" : name, change);
}

static inline void bench_open(struct bench *bench, const char *name)
{
    bench_open_with(bench, name, NULL);
}

static inline void bench_close(struct bench *bench)
{
    arena_release(&bench->arena);
    cam_worker_release(&bench->worker);
    session_free(bench->worker.session);
    network_free(bench->network);
    free(bench->input);
}

static inline const struct method *bench_method(const char *name)
{
    for (int i = 0; methods[i]; i++)
        if (strcmp(methods[i]->name, name) == 0)
            return methods[i];
    fail_msg("no method %s", name);
    return NULL;
}

/* "name=value" words, separated by spaces, over a method's defaults; in the bench's arena. */
static inline void *bench_params(struct bench *bench, const struct method *method, const char *words)
{
    void *params = arena_alloc(&bench->arena, 1, method->params_size ? method->params_size : 1);
    char text[256], *rest, *word;
    assert_non_null(params);
    param_defaults(method->params, params);
    snprintf(text, sizeof text, "%s", words);
    for (char *at = text; (word = strtok_r(at, " \n", &rest)); at = NULL) {
        char *value = strchr(word, '=');
        assert_non_null(value);
        *value++ = '\0';
        const struct param *param = param_find(method->params, word);
        if (!param)
            fail_msg("%s has no parameter %s", method->name, word);
        else if (param_parse(param, value, params, &bench->err))
            fail_msg("%s", bench->err.text);
    }
    if (param_complete(method->params, params, &bench->arena, &bench->err))
        fail_msg("%s", bench->err.text);
    return params;
}

/* Keeps the gradients that methods share if the class stays the same. */
static inline void bench_set_class(struct bench *bench, int klass)
{
    if (cam_pass_class(bench->pass) != klass)
        cam_pass_set_class(bench->pass, klass);
}

/* The map of a method with parameters as words, at a layer, for a class (-1: the predicted one). */
static inline struct cam_map bench_explain(struct bench *bench, const char *name, const char *words, const char *layer,
                                           int klass)
{
    const struct method *method = bench_method(name);
    struct cam_map map = {0};
    const int index = network_find_layer(bench->network, layer);
    assert_true(index >= 0);
    const float *p = cam_pass_probabilities(bench->pass);
    int predicted = 0;
    for (int k = 1; k < network_classes(bench->network); k++)
        predicted = p[k] > p[predicted] ? k : predicted;
    bench_set_class(bench, klass < 0 ? predicted : klass);
    if (cam_explain(bench->pass, method, bench_params(bench, method, words), index, name, &map, &bench->err))
        fail_msg("%s: %s", name, bench->err.text);
    return map;
}

/* Calls `run` with the context of a layer, as a method would be called. */
struct bench_probe {
    void (*run)(struct cam *cam, void *context);
    void *context;
};

static inline int bench_probe_explain(struct cam *cam, const void *params, float *map)
{
    const struct bench_probe *probe = params;
    const struct tensor *act = cam_activations(cam);
    memset(map, 0, tensor_plane(act) * sizeof *map);
    probe->run(cam, probe->context);
    return 0;
}

static inline struct cost bench_run_probe(struct bench *bench, const char *layer, const char *label,
                                          struct bench_probe probe)
{
    static const struct method method = {.abi = METHOD_ABI,
                                         .name = "probe",
                                         .title = "probe",
                                         .version = 1,
                                         .params_size = sizeof probe,
                                         .explain = bench_probe_explain};
    struct cam_map map;
    if (cam_explain(bench->pass, &method, &probe, network_find_layer(bench->network, layer), label, &map, &bench->err))
        fail_msg("%s", bench->err.text);
    return map.cost;
}

static const struct cam_post bench_post = {.at_layer = true};

static inline struct saliency bench_finish(struct bench *bench, const struct cam_map *map)
{
    const struct shape shape = network_input(bench->network);
    struct saliency saliency;
    if (cam_finish(map, &bench_post, shape.h, shape.w, &bench->arena, &saliency, &bench->err))
        fail_msg("%s", bench->err.text);
    return saliency;
}

#endif
