/*
 * tests/nn/test_conv_reverse.c - gradients to the input by the kernels of each set (nn/conv_reverse.c) beside those of
 * the plain algorithms.
 */
#include "nn/kernels/kernels.h"
#include "nn/nn.h"
#include "nn/ops.h"
#include "tests/golden.h"
#include "tests/golden_weights.h"
#include "tests/session_calls.h"
#include "tests/test.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define RELATIVE_RMS 5e-6

struct example {
    const char *name;
    struct shape in;
    struct conv2d conv;
};

static const struct example examples[] = {
    {"pointwise", {40, 23, 17}, {.out = 50, .kernel = 1, .bias = true}},
    {"pointwise, deep", {300, 9, 9}, {.out = 300, .kernel = 1}},
    {"pointwise, same channels", {48, 9, 9}, {.out = 48, .kernel = 1}},
    {"pointwise, stride 2", {24, 15, 18}, {.out = 33, .kernel = 1, .stride = 2, .bias = true}},
    {"pointwise, padding", {24, 8, 8}, {.out = 33, .kernel = 1, .padding = 1}},
    {"winograd", {32, 30, 21}, {.out = 48, .kernel = 3, .padding = 1, .bias = true}},
    {"winograd, same channels", {32, 12, 12}, {.out = 32, .kernel = 3, .padding = 1}},
    {"winograd without padding", {16, 9, 12}, {.out = 16, .kernel = 3}},
    {"3x3, odd channels", {17, 14, 9}, {.out = 11, .kernel = 3, .padding = 1, .bias = true}},
    {"3x3, much padding", {17, 14, 9}, {.out = 11, .kernel = 3, .padding = 4}},
    {"3x3, stride 2", {32, 29, 28}, {.out = 64, .kernel = 3, .stride = 2, .padding = 1, .bias = true}},
    {"3x3, stride 2, no padding", {20, 12, 13}, {.out = 24, .kernel = 3, .stride = 2}},
    {"3x3, stride 2, one side", {20, 12, 13}, {.out = 24, .kernel = 3, .stride = 2, .pad = {0, 0, 1, 1}}},
    {"2x2, stride 3", {20, 14, 12}, {.out = 24, .kernel = 2, .stride = 3}},
    {"5x3, stride 2 across", {20, 14, 12}, {.out = 24, .kernel = 5, .kernel_w = 3, .stride = 1, .stride_w = 2}},
    {"2x2, stride 7", {20, 21, 16}, {.out = 24, .kernel = 2, .stride = 7}},
    {"1x7", {24, 17, 17}, {.out = 20, .kernel = 1, .kernel_w = 7, .padding = 0, .padding_w = 3}},
    {"dilated", {20, 19, 16}, {.out = 24, .kernel = 3, .padding = 2, .dilation = 2, .bias = true}},
    {"dilated, stride 2", {20, 19, 16}, {.out = 24, .kernel = 3, .padding = 2, .dilation = 2, .stride = 2}},
    {"stem", {3, 61, 53}, {.out = 24, .kernel = 7, .stride = 2, .padding = 3, .bias = true}},
    {"stem, unused border", {3, 20, 22}, {.out = 10, .kernel = 3, .stride = 3}},
    {"few outputs", {20, 12, 12}, {.out = 2, .kernel = 3, .padding = 1}},
    {"depthwise", {37, 18, 21}, {.out = 37, .kernel = 3, .padding = 1, .groups = 37, .bias = true}},
    {"depthwise, few channels", {5, 18, 21}, {.out = 5, .kernel = 3, .padding = 1, .groups = 5}},
    {"depthwise, stride 2", {40, 19, 30}, {.out = 40, .kernel = 5, .stride = 2, .padding = 2, .groups = 40}},
    {"depthwise, 3x3, stride 2", {40, 14, 14}, {.out = 40, .kernel = 3, .stride = 2, .padding = 1, .groups = 40}},
    {"groups", {64, 17, 13}, {.out = 64, .kernel = 3, .padding = 1, .groups = 16, .bias = true}},
    {"groups, stride 2", {64, 16, 14}, {.out = 128, .kernel = 3, .stride = 2, .padding = 1, .groups = 4}},
    {"groups without a kernel", {21, 9, 9}, {.out = 14, .kernel = 3, .padding = 1, .groups = 7}},
};

#define EXAMPLES (sizeof examples / sizeof *examples)

/*
 * The convolution between others: two of its kind read the value `x`, and if they keep its shape, a residual addition
 * reads it, too. So its gradient has one, two or three parts.
 */
static struct network *make_network(const struct example *e, const char *kernels)
{
    struct error err = {0};
    struct weights weights;
    struct graph *graph = graph_create();
    const int x =
        graph_conv2d(graph, "x", graph_input(graph, "input", e->in), (struct conv2d){.out = e->in.c, .kernel = 1});
    int y = graph_conv2d(graph, "a", x, e->conv);
    const struct shape out = graph_node(graph, y).shape;
    if (out.c == e->in.c && out.h == e->in.h && out.w == e->in.w)
        y = graph_sum(graph, "residual", y, x);
    y = graph_sum(graph, "sum", y, graph_conv2d(graph, "b", x, e->conv));
    graph_flatten(graph, "flat", graph_adaptive_avg_pool(graph, "pool", graph_silu(graph, "silu", y), 1, 1));
    if (graph_finish(graph, &err))
        fail_msg("%s: %s", e->name, err.text);
    golden_weights(graph, &weights);
    struct network *network = network_create_with(graph, &weights, NULL, 0, kernels, &err);
    if (!network)
        fail_msg("%s: %s", e->name, err.text);
    golden_weights_release(&weights);
    graph_free(graph);
    return network;
}

static size_t input_size(const struct example *e)
{
    return (size_t)e->in.c * (size_t)e->in.h * (size_t)e->in.w;
}

static void gradient_by(struct network *network, const struct example *e, int workers, float *gradient)
{
    struct error err = {0};
    struct session *session = session_create(network, workers, &err);
    float *input = malloc(input_size(e) * sizeof *input), cotangent[512];
    assert_true(session && input && network_classes(network) <= 512);
    golden_fill(input, input_size(e), 1);
    golden_fill(cotangent, (size_t)network_classes(network), 2);
    for (int call = 0; call < 2; call++) /* the second one finds memory that has been used */
        if (run_gradient(session, SESSION_INPUT, input, cotangent, NULL, gradient, &err))
            fail_msg("%s: %s", e->name, err.text);
    session_free(session);
    free(input);
}

static double relative_rms(const float *got, const float *want, size_t size)
{
    double difference = 0, length = 0;
    for (size_t i = 0; i < size; i++) {
        difference += ((double)got[i] - want[i]) * ((double)got[i] - want[i]);
        length += (double)want[i] * want[i];
    }
    return sqrt(difference / length);
}

TEST(gradients_by_kernels_agree_with_the_plain_algorithms)
{
    for (const struct example *e = examples; e < examples + EXAMPLES; e++) {
        float *want = malloc(input_size(e) * sizeof *want), *got = malloc(input_size(e) * sizeof *got);
        assert_true(want && got);
        struct network *plain = make_network(e, "openblas");
        gradient_by(plain, e, 1, want);
        network_free(plain);
        for (const char *const *set = kernel_set_names(); *set; set++) {
            struct network *network = make_network(e, *set);
            gradient_by(network, e, 1, got);
            const double error = relative_rms(got, want, input_size(e));
            if (!(error <= RELATIVE_RMS))
                fail_msg("%s by %s: off by %.3g", e->name, *set, error);
            network_free(network);
        }
        free(want);
        free(got);
    }
}

TEST(gradients_by_kernels_do_not_depend_on_threads)
{
    for (const struct example *e = examples; e < examples + EXAMPLES; e++) {
        float *want = malloc(input_size(e) * sizeof *want), *got = malloc(input_size(e) * sizeof *got);
        struct network *network = make_network(e, NULL);
        assert_true(want && got);
        gradient_by(network, e, 1, want);
        gradient_by(network, e, 3, got);
        if (memcmp(want, got, input_size(e) * sizeof *want) != 0)
            fail_msg("%s: other bits with 3 threads", e->name);
        network_free(network);
        free(want);
        free(got);
    }
}

#define CALLERS 4

struct caller {
    struct network *network;
    float *gradient;
};

static void *call(void *context)
{
    const struct caller *caller = context;
    gradient_by(caller->network, &examples[0], 1, caller->gradient);
    return NULL;
}

TEST(threads_that_begin_together_share_the_weights_of_the_first)
{
    struct network *network = make_network(&examples[0], NULL);
    const size_t size = input_size(&examples[0]), before = network_bytes(network);
    struct caller callers[CALLERS];
    pthread_t threads[CALLERS];
    for (int i = 0; i < CALLERS; i++) {
        callers[i] = (struct caller){network, malloc(size * sizeof(float))};
        assert_non_null(callers[i].gradient);
        assert_int_equal(pthread_create(&threads[i], NULL, call, &callers[i]), 0);
    }
    for (int i = 0; i < CALLERS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 1; i < CALLERS; i++)
        assert_memory_equal(callers[0].gradient, callers[i].gradient, size * sizeof(float));
    assert_true(network_bytes(network) > before);
    for (int i = 0; i < CALLERS; i++)
        free(callers[i].gradient);
    network_free(network);
}
