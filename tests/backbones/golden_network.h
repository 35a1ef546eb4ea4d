/*
 * tests/backbones/golden_network.h - networks of generated weights against torchvision's (tests/golden/backbones.py):
 * logits, target layer, gradients, Grad-CAM where the golden file has it, and the tail from the layer.
 */
#ifndef TESTS_BACKBONES_GOLDEN_NETWORK_H
#define TESTS_BACKBONES_GOLDEN_NETWORK_H

#include "tests/golden.h"
#include "tests/session_calls.h"
#include "tests/test.h"
#include "weights/weights_file.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOLERANCE 1e-4 /* of the largest value; PyTorch in float32 is within 4e-5 of its float64 */
/*
 * Of the length of the gradient at the input: where a value is so near to 0 that rounding decides on which side of a
 * ReLU it falls, the gradient jumps. PyTorch in float32 is up to 0.04 of the largest value away from its float64.
 */
#define JUMP_TOLERANCE 4e-2

struct backbone_case {
    char key[64], arch[64];
    struct backbone_options options;
};

/* Results of one network, for one input. */
struct results {
    size_t classes, layer_size, input_size;
    float *input, *logits, *layer, *gradient, *input_gradient;
};

static struct graph *graph_of(const char *arch, const struct backbone_options *options)
{
    struct error err;
    struct graph *graph = backbone_graph(arch, options, &err);
    if (!graph)
        fail_msg("%s", err.text);
    return graph;
}

static struct network *network_of(const struct backbone_case *c)
{
    struct error err;
    struct arena arena;
    struct weights weights;
    const struct backbone_family *family;
    const struct backbone_variant *variant = backbone_find(c->arch, &family, &err);
    assert_non_null(variant);
    struct backbone_options usual = c->options; /* a graph's weights depend on its first node */
    usual.transform_input = TRANSFORM_USUAL;
    struct graph *graph = graph_of(c->arch, &c->options), *of_weights = graph_of(c->arch, &usual);
    arena_init(&arena, 0);
    assert_int_equal(weights_generate(of_weights, 1, &arena, &weights, &err), 0);
    struct network *network = network_create(graph, &weights, &variant->layer, 1, &err);
    if (!network)
        fail_msg("%s: %s", c->key, err.text);
    arena_release(&arena);
    graph_free(of_weights);
    graph_free(graph);
    return network;
}

static float *floats(struct arena *arena, size_t count)
{
    float *values = arena_floats(arena, count);
    assert_non_null(values);
    return values;
}

static struct results make_results(struct arena *arena, const struct network *network)
{
    const struct shape layer = network_layer_shape(network, 0), input = network_input(network);
    struct results r = {.classes = (size_t)network_classes(network),
                        .layer_size = (size_t)layer.c * (size_t)layer.h * (size_t)layer.w,
                        .input_size = (size_t)input.c * (size_t)input.h * (size_t)input.w};
    r.input = floats(arena, r.input_size);
    r.logits = floats(arena, r.classes);
    r.layer = floats(arena, r.layer_size);
    r.gradient = floats(arena, r.layer_size);
    r.input_gradient = floats(arena, r.input_size);
    return r;
}

/* The logit in the middle, as backbones.py. */
static void run(struct session *session, struct arena *arena, struct results *r)
{
    struct error err;
    float *cotangent = floats(arena, r->classes);
    cotangent[r->classes / 2] = 1;
    golden_fill(r->input, r->input_size, 1);
    for (size_t i = 0; i < r->input_size; i++)
        r->input[i] *= 2;
    session_base(session, r->input, r->logits, &r->layer);
    if (run_gradient(session, 0, r->layer, cotangent, NULL, r->gradient, &err) ||
        run_gradient(session, -1, r->input, cotangent, NULL, r->input_gradient, &err))
        fail_msg("%s", err.text);
}

static void check(const struct golden *golden, const struct backbone_case *c, const char *what, const float *got,
                  size_t size)
{
    char key[96];
    snprintf(key, sizeof key, "%s.%s", c->key, what);
    golden_check(golden, key, got, size, TOLERANCE, 0);
}

/* The length of the difference against the length, over the samples. */
static void check_length(const struct golden *golden, const struct backbone_case *c, const char *what, const float *got,
                         size_t size)
{
    char key[96];
    size_t count;
    double difference = 0, length = 0;
    snprintf(key, sizeof key, "%s.%s", c->key, what);
    const double *want = golden_values(golden, key, &count);
    for (size_t i = 0; i < count; i++) {
        const double d = (double)got[golden_index(i, count, size)] - want[i];
        difference += d * d;
        length += want[i] * want[i];
    }
    if (!(sqrt(difference) <= JUMP_TOLERANCE * sqrt(length)))
        fail_msg("%s: off by %.3g of its length", key, sqrt(difference / length));
}

static void copy_value(void *context, int index, float *out)
{
    const struct tensor *value = context;
    (void)index;
    memcpy(out, value->data, tensor_size(value) * sizeof *out);
}

/* Means of the channels, summed in row-major order. */
static void copy_means(void *context, int index, float *out)
{
    const struct tensor *value = context;
    (void)index;
    for (int k = 0; k < value->c; k++) {
        const float *plane = value->data + (size_t)k * tensor_plane(value);
        out[k] = 0;
        for (size_t i = 0; i < tensor_plane(value); i++)
            out[k] += plane[i];
        out[k] /= (float)tensor_plane(value);
    }
}

/* Whether global average pooling and one linear layer are all that stands behind the target layer. */
static bool is_pooled(const char *arch)
{
    static const char *const others[] = {"alexnet", "convnext", "mobilenet_v3", "squeezenet", "tf_mobilenetv3", "vgg"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strncmp(arch, others[i], strlen(others[i])) == 0)
            return false;
    return true;
}

/* The tail from the layer's value gives the base pass's logits; from pooled means, where it may, the tail's bits. */
static void check_tail(struct session *session, struct arena *arena, const struct backbone_case *c,
                       const struct results *r)
{
    const struct network *network = session_network(session);
    const struct shape shape = network_layer_shape(network, 0);
    struct tensor layer = {shape.c, shape.h, shape.w, r->layer};
    float *tail = floats(arena, r->classes), *pooled = floats(arena, r->classes);
    run_tail(session, 0, 1, copy_value, &layer, tail);
    for (size_t k = 0; k < r->classes; k++)
        if (!(fabsf(tail[k] - r->logits[k]) <= 1e-5f * (1 + fabsf(r->logits[k]))))
            fail_msg("%s: logit %zu is %.9g from the layer, %.9g from the input", c->key, k, (double)tail[k],
                     (double)r->logits[k]);
    assert_int_equal(network_pooled_linear(network, 0), is_pooled(c->arch));
    if (!is_pooled(c->arch))
        return;
    run_tail_pooled(session, 0, 1, copy_means, &layer, pooled);
    assert_memory_equal(pooled, tail, r->classes * sizeof *tail);
}

/* Grad-CAM before it is resized. */
static void check_map(const struct golden *golden, const struct backbone_case *c, const struct results *r,
                      struct shape layer)
{
    char key[96];
    const size_t plane = shape_positions(layer);
    snprintf(key, sizeof key, "%s.map", c->key);
    if (!golden_has(golden, key))
        return;
    float *map = calloc(plane, sizeof *map);
    assert_non_null(map);
    for (size_t i = 0; i < plane; i++) {
        double sum = 0;
        for (size_t k = 0; k < (size_t)layer.c; k++) {
            double weight = 0;
            for (size_t j = 0; j < plane; j++)
                weight += (double)r->gradient[k * plane + j];
            sum += weight / (double)plane * (double)r->layer[k * plane + i];
        }
        map[i] = (float)fmax(sum, 0);
    }
    golden_check(golden, key, map, plane, TOLERANCE, 0);
    free(map);
}

static void check_case(const struct golden *golden, const struct backbone_case *c)
{
    struct error err;
    struct arena arena;
    struct network *network = network_of(c);
    struct session *session = session_create(network, 1, &err);
    assert_non_null(session);
    arena_init(&arena, 0);
    struct results r = make_results(&arena, network);
    run(session, &arena, &r);
    check(golden, c, "logits", r.logits, r.classes);
    check(golden, c, "layer", r.layer, r.layer_size);
    check(golden, c, "gradient", r.gradient, r.layer_size);
    check_length(golden, c, "input_gradient", r.input_gradient, r.input_size);
    check_map(golden, c, &r, network_layer_shape(network, 0));
    check_tail(session, &arena, c, &r);
    arena_release(&arena);
    session_free(session);
    network_free(network);
}

/* All cases of a file whose key begins with the prefix, at 224 px or at other sizes. */
static inline void check_cases_of(const char *name, const char *cases, const char *prefix, bool at_224)
{
    struct golden *golden = golden_open(name);
    FILE *file = fopen(cases, "r");
    assert_non_null(file);
    char line[256];
    int checked = 0;
    while (fgets(line, sizeof line, file)) {
        struct backbone_case c = {0};
        if (line[0] == '#' || sscanf(line, "%63s %63s %d %lf %d %d", c.key, c.arch, &c.options.classes,
                                     &c.options.width, &c.options.height, &c.options.width_px) != 6)
            continue;
        c.options.transform_input = strstr(c.key, "_untransformed") ? TRANSFORM_NO : TRANSFORM_USUAL;
        if (strncmp(c.key, prefix, strlen(prefix)) == 0 && (c.options.height == 224) == at_224) {
            check_case(golden, &c);
            checked++;
        }
    }
    assert_true(checked > 0);
    fclose(file);
    golden_close(golden);
}

/* Numbers of trainable parameters of all networks whose number the golden file has: `networks` of them. */
static inline void check_parameters_of(const char *name, int networks)
{
    struct golden *golden = golden_open(name);
    int checked = 0;
    for (int f = 0; backbone_families[f]; f++)
        for (const struct backbone_variant *variant = backbone_families[f]->variants; variant->name; variant++) {
            size_t count;
            const struct node_name key = node_name("%s.parameters", variant->name);
            if (!golden_has(golden, key.text))
                continue;
            struct graph *graph = graph_of(
                variant->name, &(struct backbone_options){.classes = 1000, .width = 1, .height = 224, .width_px = 224});
            const double want = *golden_values(golden, key.text, &count);
            if ((double)graph_trainable(graph) != want)
                fail_msg("%s has %lld parameters, torchvision's has %.0f", variant->name, graph_trainable(graph), want);
            graph_free(graph);
            checked++;
        }
    assert_int_equal(checked, networks);
    golden_close(golden);
}

#endif
