/*
 * tests/nn/test_depthwise.c - depthwise convolution by our own kernels against the plain loops of "openblas", for every
 * set of instructions that this processor has.
 */
#include "nn/kernels/kernels.h"
#include "nn/nn.h"
#include "nn/ops.h"
#include "tests/golden.h"
#include "tests/golden_weights.h"
#include "tests/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LAYER "out"

struct shape_case {
    int channels, h, w;
    struct conv2d conv;
};

static const struct shape_case cases[] = {
    {32, 9, 11, {.kernel = 3, .padding = 1}},
    {32, 9, 12, {.kernel = 3, .padding = 1, .stride = 2}},
    {144, 7, 7, {.kernel = 3, .padding = 1}},
    {96, 14, 14, {.kernel = 3, .padding = 1, .stride = 2}},
    {64, 8, 4, {.kernel = 3}},
    {40, 13, 10, {.kernel = 5, .padding = 2, .bias = true}},
    {72, 12, 13, {.kernel = 5, .padding = 2, .stride = 2}},
    {24, 6, 5, {.kernel = 5, .padding = 4}},
    {21, 8, 9, {.kernel = 3, .padding = 1, .bias = true}},
    {5, 8, 9, {.kernel = 3, .padding = 1}},
    {3, 7, 8, {.kernel = 5, .padding = 2, .stride = 2, .bias = true}},
    {17, 6, 4, {.kernel = 3, .padding = 3}},
    {33, 3, 3, {.kernel = 3, .padding = 1}},
    {16, 2, 9, {.kernel = 5, .padding = 2}},
    {20, 9, 9, {.kernel = 7, .padding = 3}},
    {19, 9, 8, {.kernel = 2, .padding = 1}},
    {18, 10, 11, {.kernel = 3, .kernel_w = 5, .padding = 1, .padding_w = 2}},
    {16, 12, 13, {.kernel = 3, .padding = 2, .dilation = 2}},
    {16, 12, 13, {.kernel = 3, .padding = 2, .padding_w = 1, .dilation = 2, .dilation_w = 1}},
    {16, 12, 13, {.kernel = 3, .padding = 1, .stride = 2, .stride_w = 1}},
    {32, 13, 16, {.kernel = 3, .padding = 1, .stride = 3}},
    {48, 1, 1, {.kernel = 3, .padding = 1}},
};
#define CASES (sizeof cases / sizeof *cases)

/* The convolution alone, or followed by `activation`, or by an addition of its input and `activation`. */
struct ending {
    bool has_residual;
    int (*activation)(struct graph *graph, const char *name, int x);
};

static const struct ending endings[] = {
    {false, NULL}, {false, graph_relu6}, {true, graph_relu}, {true, NULL}, {false, graph_hard_swish},
};
#define ENDINGS (sizeof endings / sizeof *endings)

static struct graph *make_graph(const struct shape_case *c, const struct ending *ending)
{
    struct graph *graph = graph_create();
    struct conv2d conv = c->conv;
    conv.out = conv.groups = c->channels;
    const int input = graph_input(graph, "input", (struct shape){c->channels, c->h, c->w});
    int x = graph_conv2d(graph, "conv", input, conv);
    if (ending->has_residual)
        x = graph_sum(graph, "sum", x, input);
    if (ending->activation)
        x = ending->activation(graph, "activation", x);
    graph_alias(graph, LAYER, x);
    graph_linear(graph, "fc", graph_flatten(graph, "flat", graph_adaptive_avg_pool(graph, "gap", x, 1, 1)), 2, false);
    return graph;
}

static struct network *make_network(const struct shape_case *c, const struct ending *ending, const char *kernels)
{
    static const char *const layers[] = {LAYER};
    struct error err = {0};
    struct weights weights;
    struct graph *graph = make_graph(c, ending);
    if (graph_finish(graph, &err))
        fail_msg("%s", err.text);
    golden_weights(graph, &weights);
    struct network *network = network_create_with(graph, &weights, layers, 1, kernels, &err);
    if (!network)
        fail_msg("%s", err.text);
    golden_weights_release(&weights);
    graph_free(graph);
    return network;
}

/* The layer's value, made by `lanes` threads; free() it. */
static float *value_of(const struct network *network, int lanes, const float *x, size_t *size)
{
    struct error err = {0};
    const struct shape shape = network_layer_shape(network, 0);
    float logits[2];
    *size = (size_t)shape.c * (size_t)shape.h * (size_t)shape.w;
    float *value = calloc(*size, sizeof *value);
    struct session *session = session_create(network, lanes, &err);
    assert_true(value && session);
    session_base(session, x, logits, &value);
    session_free(session);
    return value;
}

static float *make_input(const struct shape_case *c)
{
    const size_t size = (size_t)c->channels * (size_t)c->h * (size_t)c->w;
    float *x = malloc(size * sizeof *x);
    assert_non_null(x);
    golden_fill(x, size, 1);
    return x;
}

/* May the input be added to the result? */
static bool keeps_shape(const struct shape_case *c)
{
    struct network *network = make_network(c, &endings[0], "openblas");
    const struct shape shape = network_layer_shape(network, 0);
    network_free(network);
    return shape.h == c->h && shape.w == c->w;
}

static void compare(const struct shape_case *c, const struct ending *ending, const char *kernels)
{
    struct network *plain = make_network(c, ending, "openblas"), *own = make_network(c, ending, kernels);
    size_t size;
    float *x = make_input(c), *want = value_of(plain, 1, x, &size), *got = value_of(own, 1, x, &size);
    float *shared = value_of(own, 3, x, &size), largest = 0;
    assert_string_equal(network_step(own, 0).kernel, "depthwise");
    for (size_t i = 0; i < size; i++)
        largest = fmaxf(largest, fabsf(want[i]));
    for (size_t i = 0; i < size; i++)
        if (!(fabsf(got[i] - want[i]) <= 1e-6f * largest))
            fail_msg("%s, case %d, ending %d: value %zu is %.9g, expected %.9g", kernels, (int)(c - cases),
                     (int)(ending - endings), i, (double)got[i], (double)want[i]);
    assert_memory_equal(shared, got, size * sizeof *got);
    free(x);
    free(want);
    free(got);
    free(shared);
    network_free(plain);
    network_free(own);
}

TEST(depthwise_kernels_equal_plain_loops_and_do_not_depend_on_threads)
{
    for (const char *const *name = kernel_set_names(); *name; name++)
        for (size_t i = 0; i < CASES; i++)
            for (size_t k = 0; k < ENDINGS; k++)
                if (!endings[k].has_residual || keeps_shape(&cases[i]))
                    compare(&cases[i], &endings[k], *name);
}

TEST(a_value_that_is_no_number_stays_where_the_kernel_looks)
{
    const struct shape_case *c = &cases[0];
    for (const char *const *name = kernel_set_names(); *name; name++) {
        struct network *network = make_network(c, &endings[1], *name);
        size_t size;
        float *x = make_input(c);
        x[4 * c->w + 10] = NAN; /* channel 0 */
        float *value = value_of(network, 1, x, &size);
        for (int i = 0; i < c->channels * c->h * c->w; i++) {
            const int row = i / c->w % c->h, column = i % c->w;
            assert_int_equal(isnan(value[i]) != 0, i < c->h * c->w && abs(row - 4) <= 1 && column >= 9);
        }
        free(x);
        free(value);
        network_free(network);
    }
}
