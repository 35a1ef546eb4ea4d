/*
 * tests/nn/test_conv_chain.c - expansion, depthwise convolution and projection as one step give the bits of the steps one by
 * one, which run where the values between are asked for.
 */
#include "nn/kernels/kernels.h"
#include "nn/nn.h"
#include "nn/ops.h"
#include "tests/golden.h"
#include "tests/golden_weights.h"
#include "tests/session_calls.h"
#include "tests/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define IMAGES 5
#define CLASSES 7

struct block_case {
    struct shape in;
    int wide; /* channels of the expansion; 0: none */
    struct conv2d deep;
    int out;
    bool has_residual;
    int (*activation)(struct graph *graph, const char *name, int x);
};

static const struct block_case cases[] = {
    {{16, 40, 56}, 144, {.kernel = 3, .padding = 1}, 16, true, graph_relu6},
    {{16, 40, 56}, 144, {.kernel = 3, .padding = 1, .stride = 2}, 24, false, graph_relu6},
    {{24, 61, 33}, 100, {.kernel = 5, .padding = 2, .stride = 2}, 40, false, graph_relu},
    {{9, 30, 31}, 54, {.kernel = 3, .padding = 1, .bias = true}, 9, true, graph_hard_swish},
    {{32, 90, 91}, 0, {.kernel = 3, .padding = 1}, 16, false, graph_relu6},
    {{20, 14, 14}, 40, {.kernel = 3, .padding = 2, .dilation = 2}, 20, true, graph_relu6},
    {{40, 50, 51}, 80, {.kernel = 3, .stride = 3}, 33, false, graph_relu6},
    {{16, 7, 7}, 96, {.kernel = 3, .padding = 1}, 16, true, graph_relu6},
    {{12, 33, 40}, 72, {.kernel = 3, .padding = 3}, 12, false, NULL},
};
#define CASES (sizeof cases / sizeof *cases)

static int activate(struct graph *graph, const struct block_case *c, const char *name, int x)
{
    return c->activation ? c->activation(graph, name, x) : graph_batch_norm(graph, name, x);
}

static struct graph *make_graph(const struct block_case *c)
{
    struct graph *graph = graph_create();
    const int input = graph_input(graph, "input", c->in);
    struct conv2d deep = c->deep;
    int x = input;
    deep.out = deep.groups = c->wide ? c->wide : c->in.c;
    if (c->wide)
        x = activate(graph, c, "wide", graph_conv2d(graph, "expand", x, (struct conv2d){.out = c->wide, .kernel = 1}));
    x = activate(graph, c, "deep", graph_conv2d(graph, "depthwise", x, deep));
    x = graph_conv2d(graph, "project", x, (struct conv2d){.out = c->out, .kernel = 1, .bias = true});
    if (c->has_residual)
        x = graph_sum(graph, "sum", x, input);
    graph_alias(graph, "block", x);
    x = graph_flatten(graph, "flat", graph_adaptive_avg_pool(graph, "gap", x, 2, 2));
    graph_linear(graph, "fc", x, CLASSES, false);
    return graph;
}

/* With the block as a layer, and its depthwise value as another one, which keeps the steps apart. */
static struct network *make_network(const struct block_case *c, const char *kernels, bool is_apart)
{
    static const char *const layers[] = {"block", "deep"};
    struct error err = {0};
    struct weights weights;
    struct graph *graph = make_graph(c);
    if (graph_finish(graph, &err))
        fail_msg("%s", err.text);
    golden_weights(graph, &weights);
    struct network *network = network_create_with(graph, &weights, layers, is_apart ? 2 : 1, kernels, &err);
    if (!network)
        fail_msg("%s", err.text);
    golden_weights_release(&weights);
    graph_free(graph);
    return network;
}

static struct session *make_session(const struct network *network, int lanes)
{
    struct error err = {0};
    struct session *session = session_create(network, lanes, &err);
    if (!session)
        fail_msg("%s", err.text);
    return session;
}

static size_t size_of(struct shape shape)
{
    return (size_t)shape.c * (size_t)shape.h * (size_t)shape.w;
}

static float *floats(size_t count)
{
    float *out = calloc(count, sizeof *out);
    assert_non_null(out);
    return out;
}

/* The block's value and the logits of one image; free() it. */
static float *run_base(const struct network *network, int lanes)
{
    const size_t size = size_of(network_layer_shape(network, 0)), input = size_of(network_input(network));
    const int count = network_layer_count(network);
    float *x = floats(input), *value = floats(size + CLASSES);
    float *other = floats(count > 1 ? size_of(network_layer_shape(network, 1)) : 1);
    struct session *session = make_session(network, lanes);
    golden_fill(x, input, 3);
    session_base(session, x, value + size, (float *[]){value, other});
    session_free(session);
    free(other);
    free(x);
    return value;
}

static void fill_source(void *context, int index, float *out)
{
    golden_fill(out, *(const size_t *)context, (uint32_t)index);
}

static void run_batch(const struct network *network, int lanes, float *logits)
{
    struct session *session = make_session(network, lanes);
    size_t size = size_of(network_input(network));
    run_forward(session, IMAGES, fill_source, &size, logits);
    session_free(session);
}

static bool has_chain(const struct network *network)
{
    bool found = false;
    for (int i = 0; i < network_step_count(network); i++)
        found |= strcmp(network_step(network, i).op, "conv_chain") == 0;
    return found;
}

static void compare(const struct block_case *c, const char *kernels)
{
    struct network *chained = make_network(c, kernels, false), *apart = make_network(c, kernels, true);
    const size_t bytes = (size_of(network_layer_shape(apart, 0)) + CLASSES) * sizeof(float);
    float *want = run_base(apart, 1), batch[IMAGES * CLASSES], batch_apart[IMAGES * CLASSES];
    assert_true(has_chain(chained) && !has_chain(apart));
    run_batch(apart, 1, batch_apart);
    for (int lanes = 1; lanes <= 3; lanes++) {
        float *got = run_base(chained, lanes);
        assert_memory_equal(got, want, bytes);
        run_batch(chained, lanes, batch);
        assert_memory_equal(batch, batch_apart, sizeof batch);
        free(got);
    }
    free(want);
    network_free(chained);
    network_free(apart);
}

TEST(a_chain_gives_the_bits_of_its_steps_one_by_one)
{
    for (const char *const *name = kernel_set_names(); *name; name++)
        for (size_t i = 0; i < CASES; i++)
            compare(&cases[i], *name);
}

TEST(a_chain_is_near_the_reference)
{
    for (size_t i = 0; i < CASES; i++) {
        struct network *chained = make_network(&cases[i], NULL, false);
        struct network *plain = make_network(&cases[i], "openblas", false);
        const size_t size = size_of(network_layer_shape(plain, 0));
        float *got = run_base(chained, 1), *want = run_base(plain, 1), largest = 0;
        assert_false(has_chain(plain));
        for (size_t k = 0; k < size; k++)
            largest = fmaxf(largest, fabsf(want[k]));
        for (size_t k = 0; k < size; k++)
            if (!(fabsf(got[k] - want[k]) <= 2e-6f * largest))
                fail_msg("case %zu: value %zu is %.9g, expected %.9g", i, k, (double)got[k], (double)want[k]);
        free(got);
        free(want);
        network_free(chained);
        network_free(plain);
    }
}

TEST(small_maps_with_large_weights_are_no_chain)
{
    const struct block_case c = {{64, 7, 7}, 384, {.kernel = 3, .padding = 1}, 64, true, graph_relu6};
    struct network *network = make_network(&c, NULL, false);
    assert_false(has_chain(network));
    network_free(network);
}

TEST(a_gradient_through_a_chain_is_that_of_its_steps)
{
    for (size_t i = 0; i < CASES; i++) {
        struct error err = {0};
        struct network *chained = make_network(&cases[i], NULL, false), *apart = make_network(&cases[i], NULL, true);
        const size_t size = size_of(network_input(chained));
        float *x = floats(size), *want = floats(size), *got = floats(size), cotangent[CLASSES], logits[CLASSES];
        float base[CLASSES];
        struct session *one = make_session(chained, 1), *three = make_session(apart, 1);
        golden_fill(x, size, 0);
        golden_fill(cotangent, CLASSES, 1);
        assert_int_equal(run_gradient(one, -1, x, cotangent, logits, got, &err), 0);
        assert_int_equal(run_gradient(three, -1, x, cotangent, NULL, want, &err), 0);
        assert_memory_equal(got, want, size * sizeof *got);
        run_forward(one, 1, fill_source, &(size_t){size}, base);
        assert_memory_equal(base, logits, sizeof base);
        session_free(one);
        session_free(three);
        network_free(chained);
        network_free(apart);
        free(x);
        free(want);
        free(got);
    }
}
