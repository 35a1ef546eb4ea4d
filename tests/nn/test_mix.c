/*
 * tests/nn/test_mix.c - networks whose weights come from two others: to the last bit those of a network that is made with
 * these weights, forward and backward, also after the session has run another network.
 */
#include "nn/nn.h"
#include "nn/ops.h"
#include "tests/golden_weights.h"
#include "tests/nn/engine_fixture.h"

#define SEED 3

/* The tensors of both, by the nodes that are marked. */
static struct weights choose(const struct graph *graph, const struct weights *own, const struct weights *other,
                             const bool *takes_other)
{
    struct weights mixed = {own->count, calloc((size_t)own->count + 1, sizeof *mixed.list)};
    assert_non_null(mixed.list);
    for (int i = 0; i < own->count; i++)
        mixed.list[i] = takes_other[graph_parameter(graph, i).node] ? other->list[i] : own->list[i];
    return mixed;
}

static void change(struct weights *weights)
{
    for (int i = 0; i < weights->count; i++) {
        size_t size = 1;
        for (int d = 0; d < weights->list[i].rank; d++)
            size *= (size_t)weights->list[i].dim[d];
        for (size_t k = 0; k < size; k++)
            weights->list[i].data[k] *= k % 3 ? 0.5F : 1.25F;
    }
}

#define CLASSES 10
#define MOST ((size_t)24 * 40 * 40) /* of a layer, and of an input */

struct result {
    float logits[CLASSES], tail[CLASSES], layer[MOST], gradient[MOST];
};

/* 1x1, depthwise and 1x1 convolutions, which may run as a chain; a linear layer of many features. */
static struct graph *chain_graph(void)
{
    struct graph *graph = graph_create();
    int x = graph_input(graph, "input", (struct shape){3, 32, 32});
    x = graph_relu(graph, "stem.relu", conv_bn(graph, "stem", x, (struct conv2d){.out = 8, .kernel = 3, .padding = 1}));
    x = graph_relu6(graph, "wide.relu", conv_bn(graph, "wide", x, (struct conv2d){.out = 48, .kernel = 1}));
    x = graph_relu6(
        graph, "deep.relu",
        conv_bn(graph, "deep", x, (struct conv2d){.out = 48, .kernel = 3, .stride = 2, .padding = 1, .groups = 48}));
    x = graph_relu(graph, "last", conv_bn(graph, "narrow", x, (struct conv2d){.out = 16, .kernel = 1}));
    graph_linear(graph, "fc", graph_flatten(graph, "flat", x), CLASSES, true);
    return graph;
}

/* Activations of 0 except at one position. */
static void write_one(void *context, int index, float *out)
{
    const struct shape shape = network_layer_shape(context, 0);
    (void)index; /* the only one */
    memset(out, 0, shape_size(shape) * sizeof *out);
    for (int c = 0; c < shape.c; c++)
        out[(size_t)c * shape_positions(shape)] = 1 + (float)c;
}

static void run(struct session *session, const struct network *network, struct result *out)
{
    const int input = SESSION_INPUT;
    struct error err = {0};
    float x[MOST], q[CLASSES] = {1, -1, 0.5F}, *values[1] = {out->layer}, *gradients[1] = {out->gradient};
    memset(out, 0, sizeof *out);
    golden_fill(x, MOST, SEED);
    session_use(session, network);
    session_allow_differences(session, true);
    session_base(session, x, out->logits, values);
    session_run(session, &(struct session_batch){0, SESSION_PLANES, 1, write_one, (void *)network}, out->tail);
    const struct session_backward given = {
        .cotangent = q, .from = SESSION_INPUT, .value = x, .layer_count = 1, .layers = &input, .gradients = gradients};
    if (session_gradients(session, &given, NULL, &err))
        fail_msg("%s", err.text);
}

static struct session *session_of(const struct network *network)
{
    struct error err = {0};
    struct session *session = session_create(network, 1, &err);
    if (!session)
        fail_msg("%s", err.text);
    return session;
}

static void compare(const struct graph *graph, const char *kernels, int from, int until, int stages)
{
    static const char *const layers[] = {"last"};
    struct weights own, other;
    struct error err = {0};
    int stage[128];
    bool takes[128] = {false};
    static struct result want, got, before, after;
    assert_true(graph_node_count(graph) <= 128);
    assert_int_equal(graph_stages(graph, stage, &err), stages);
    for (int i = 0; i < graph_node_count(graph); i++)
        takes[i] = stage[i] >= from && stage[i] <= until;
    golden_weights(graph, &own);
    golden_weights(graph, &other);
    change(&other);
    struct weights mixed = choose(graph, &own, &other, takes);
    struct network *first = network_create_with(graph, &own, layers, 1, kernels, &err);
    struct network *second = network_create_with(graph, &other, layers, 1, kernels, &err);
    struct network *direct = network_create_with(graph, &mixed, layers, 1, kernels, &err);
    struct network *mix = first && second ? network_mix(first, second, takes, &err) : NULL;
    if (!mix || !direct)
        fail_msg("%s", err.text);
    struct session *session = session_of(first), *other_session = session_of(direct);
    run(other_session, direct, &want);
    run(session, first, &before);
    run(session, mix, &got);
    run(session, first, &after);
    assert_memory_equal(&got, &want, sizeof got);
    assert_memory_equal(&after, &before, sizeof after);
    assert_true(memcmp(&got, &before, sizeof got) != 0);
    assert_true(network_bytes(mix) < network_bytes(first));
    session_free(session);
    session_free(other_session);
    network_free(mix);
    network_free(direct);
    network_free(second);
    network_free(first);
    free(mixed.list);
    golden_weights_release(&own);
    golden_weights_release(&other);
}

static void compare_all(struct graph *graph)
{
    static const char *const kernels[] = {"auto", "portable", "openblas"};
    struct error err = {0};
    int stage[128];
    if (graph_finish(graph, &err))
        fail_msg("%s", err.text);
    const int stages = graph_stages(graph, stage, &err);
    for (size_t k = 0; k < sizeof kernels / sizeof *kernels; k++)
        for (int from = 1; from <= stages; from++) {
            compare(graph, kernels[k], from, from, stages);
            compare(graph, kernels[k], 1, from, stages);
        }
    graph_free(graph);
}

TEST(a_mix_computes_what_a_network_with_its_weights_computes)
{
    compare_all(mixed_graph());
    compare_all(chain_graph());
}

TEST(a_stage_is_a_layer_with_the_norms_behind_it)
{
    struct graph *graph = graph_create();
    struct error err = {0};
    int stage[16];
    int x = graph_batch_norm(graph, "first", graph_input(graph, "input", (struct shape){3, 8, 8}));
    x = graph_conv2d(graph, "conv", x, (struct conv2d){.out = 4, .kernel = 3});
    const int y = graph_conv2d(graph, "side", x, (struct conv2d){.out = 4, .kernel = 1});
    x = graph_relu(graph, "relu", graph_batch_norm(graph, "norm", x));
    x = graph_batch_norm(graph, "behind", graph_concat(graph, "concat", (const int[]){x, y}, 2));
    graph_conv2d(graph, "unused", x, (struct conv2d){.out = 4, .kernel = 1});
    x = graph_flatten(graph, "flatten", graph_adaptive_avg_pool(graph, "pool", x, 1, 1));
    graph_output(graph, graph_linear(graph, "fc", x, 5, true));
    if (graph_finish(graph, &err))
        fail_msg("%s", err.text);
    assert_int_equal(graph_stages(graph, stage, &err), 3);
    static const struct {
        const char *name;
        int stage;
    } rows[] = {{"input", 0},  {"first", 1},  {"conv", 1},   {"side", 2},    {"norm", 1}, {"relu", 0},
                {"concat", 0}, {"behind", 2}, {"unused", 0}, {"flatten", 0}, {"fc", 3}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (stage[graph_find_exact(graph, rows[i].name)] != rows[i].stage)
            fail_msg("%s: stage %d", rows[i].name, stage[graph_find_exact(graph, rows[i].name)]);
    graph_free(graph);
}

TEST(networks_that_are_not_alike_are_not_mixed)
{
    static const char *const layers[] = {"last"};
    struct graph *graph = mixed_graph();
    struct weights weights;
    struct error err = {0};
    bool takes[128] = {false};
    assert_int_equal(graph_finish(graph, &err), 0);
    golden_weights(graph, &weights);
    struct network *one = network_create_with(graph, &weights, layers, 1, "openblas", &err);
    struct network *other = network_create_with(graph, &weights, layers, 1, "portable", &err);
    assert_true(one && other);
    assert_null(network_mix(one, other, takes, &err));
    assert_non_null(strstr(err.text, "not alike"));
    network_free(one);
    network_free(other);
    golden_weights_release(&weights);
    graph_free(graph);
}
