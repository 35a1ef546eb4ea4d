/*
 * tests/nn/test_grouped.c - grouped convolution by our own kernel, for every set of instructions that this processor has,
 * against the plain way ("openblas") and a direct sum in double.
 *
 * The networks end with the layer, so that logits are its values, in torch's order.
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

#define IMAGES 3
#define TOLERANCE 2e-6f /* of the largest: up to 432 products, summed in another order */

struct layer_case {
    int channels, h, w;
    struct conv2d conv;
};

/* ResNeXt's first; then widths of maps round those of tiles, strides, uneven kernels, other widths of groups. */
static const struct layer_case cases[] = {
    {128, 56, 56, {.out = 128, .groups = 32, .kernel = 3, .padding = 1}},
    {256, 56, 56, {.out = 256, .groups = 32, .kernel = 3, .padding = 1, .stride = 2}},
    {256, 28, 28, {.out = 256, .groups = 32, .kernel = 3, .padding = 1}},
    {512, 28, 28, {.out = 512, .groups = 32, .kernel = 3, .padding = 1, .stride = 2}},
    {512, 14, 14, {.out = 512, .groups = 32, .kernel = 3, .padding = 1}},
    {1024, 14, 14, {.out = 1024, .groups = 32, .kernel = 3, .padding = 1, .stride = 2}},
    {1024, 7, 7, {.out = 1024, .groups = 32, .kernel = 3, .padding = 1}},
    {16, 5, 1, {.out = 16, .groups = 4, .kernel = 3, .padding = 1, .bias = true}},
    {16, 4, 2, {.out = 16, .groups = 4, .kernel = 3, .padding = 1, .stride = 2}},
    {48, 4, 9, {.out = 48, .groups = 12, .kernel = 3, .padding = 1, .bias = true}},
    {32, 9, 17, {.out = 32, .groups = 4, .kernel = 3, .padding = 1, .stride = 2, .bias = true}},
    {48, 6, 11, {.out = 48, .groups = 6, .kernel = 3}},
    {64, 1, 1, {.out = 64, .groups = 16, .kernel = 3, .padding = 1}},
    {64, 7, 13, {.out = 64, .groups = 2, .kernel = 3, .padding = 2}},
    {128, 9, 6, {.out = 32, .groups = 2, .kernel = 3, .padding = 1, .stride = 2}},
    {96, 8, 10, {.out = 96, .groups = 12, .kernel = 3, .padding = 0, .padding_w = 1}},
    {96, 7, 5, {.out = 96, .groups = 2, .kernel = 3, .padding = 1, .bias = true}},
    {64, 9, 13, {.out = 64, .groups = 16, .kernel = 5, .padding = 2}},
    {64, 9, 12, {.out = 64, .groups = 8, .kernel = 3, .kernel_w = 5, .padding = 1, .padding_w = 2, .stride = 3}},
    {32, 11, 10, {.out = 64, .groups = 2, .kernel = 3, .padding = 2, .dilation = 2}},
    {48, 17, 3, {.out = 48, .groups = 3, .kernel = 1, .kernel_w = 2, .stride = 2}},
    {6, 8, 9, {.out = 32, .groups = 2, .kernel = 3, .padding = 1, .stride = 2, .stride_w = 1, .bias = true}},
};
#define CASES (sizeof cases / sizeof *cases)

/* The convolution, perhaps with its input added, perhaps with an activation, perhaps between two of 1x1. */
struct ending {
    bool has_residual;
    int (*activation)(struct graph *graph, const char *name, int x);
    bool is_between_products;
};

static const struct ending endings[] = {
    {false, NULL, false}, {false, graph_relu, false}, {true, graph_relu6, false}, {false, graph_silu, false}};
#define ENDINGS (sizeof endings / sizeof *endings)

static struct graph *make_graph(const struct layer_case *c, const struct ending *ending)
{
    struct graph *graph = graph_create();
    struct error err = {0};
    int input = graph_input(graph, "input", (struct shape){c->channels, c->h, c->w});
    if (ending->is_between_products) {
        input = graph_conv2d(graph, "before", input, (struct conv2d){.out = c->channels, .kernel = 1, .bias = true});
        input = graph_hard_swish(graph, "made", input);
    }
    int x = graph_conv2d(graph, "conv", input, c->conv);
    if (ending->has_residual)
        x = graph_sum(graph, "sum", x, input);
    if (ending->activation)
        x = ending->activation(graph, "activation", x);
    if (ending->is_between_products)
        x = graph_conv2d(graph, "after", x, (struct conv2d){.out = 24, .kernel = 1});
    graph_flatten(graph, "flat", x);
    if (graph_finish(graph, &err))
        fail_msg("%s", err.text);
    return graph;
}

static float input_value(int image, size_t i)
{
    return sinf((float)(i * 7 % 1013) + (float)image) * 0.5f + 0.1f;
}

static void fill_input(void *context, int index, float *out)
{
    const struct layer_case *c = context;
    for (size_t i = 0; i < (size_t)(c->channels * c->h * c->w); i++)
        out[i] = input_value(index, i);
}

/* Values (IMAGES, C,h,w) of the layer by `lanes` threads; free() them. */
static float *values_of(const struct layer_case *c, const struct ending *ending, const char *kernels, int lanes,
                        size_t *count)
{
    struct error err = {0};
    struct weights weights;
    struct graph *graph = make_graph(c, ending);
    golden_weights(graph, &weights);
    struct network *network = network_create_with(graph, &weights, NULL, 0, kernels, &err);
    if (!network)
        fail_msg("%s", err.text);
    const char *kernel = network_step(network, 0).kernel;
    assert_true(strcmp(kernels, "openblas") == 0 || strcmp(kernel, "grouped") == 0);
    *count = IMAGES * (size_t)network_classes(network);
    float *values = malloc(*count * sizeof *values);
    struct session *session = session_create(network, lanes, &err);
    assert_true(values && session);
    run_forward(session, IMAGES, fill_input, (void *)c, values);
    session_free(session);
    network_free(network);
    golden_weights_release(&weights);
    graph_free(graph);
    return values;
}

/* Kernels of three columns side by side, padded by one at most, and groups that make panels or divide them. */
static bool reads_panels(const struct layer_case *c, int panel)
{
    const struct conv2d *conv = &c->conv;
    const int inputs = c->channels / conv->groups;
    return panel >= 16 && c->channels % panel == 0 && conv->kernel == 3 && conv->kernel_w == 0 && conv->dilation <= 1 &&
           conv->padding <= 1 && (inputs % panel == 0 || panel % inputs == 0);
}

/* Not what is deep, nor where images go on together, from maps of 28x28 on: docs/architecture.md. */
static bool writes_panels(const struct layer_case *c, struct shape out, int panel)
{
    const bool goes_on_in_a_group = c->h * c->w > 28 * 28 && out.h * out.w <= 28 * 28;
    return panel >= 16 && out.c % panel == 0 && out.c < PRODUCT_DEPTH && !goes_on_in_a_group;
}

/*
 * A 1x1 convolution that a grouped one reads alone writes panels, and so does a grouped one before a 1x1 one. They do not where
 * their results are asked for as layers: the values must be the same.
 */
TEST(values_in_panels_are_those_of_values_side_by_side)
{
    static const struct ending between = {false, graph_hard_swish, true};
    static const char *const layers[] = {"made", "activation"};
    for (size_t i = 0; i < CASES; i++)
        for (const char *const *name = kernel_set_names(); *name; name++) {
            const int panel = kernel_set(*name)->panel;
            struct error err = {0};
            struct weights weights;
            struct graph *graph = make_graph(&cases[i], &between);
            float *values[3];
            size_t count = 0;
            golden_weights(graph, &weights);
            for (int k = 0; k < 3; k++) { /* side by side; in panels; in panels, by five threads */
                struct network *network = network_create_with(graph, &weights, layers, k == 0 ? 2 : 0, *name, &err);
                struct session *session = network ? session_create(network, k == 2 ? 5 : 1, &err) : NULL;
                if (!session)
                    fail_msg("%s", err.text);
                assert_int_equal(network_step(network, 0).panel, k > 0 && reads_panels(&cases[i], panel) ? panel : 0);
                const struct step_info grouped = network_step(network, 1);
                assert_int_equal(grouped.panel, k > 0 && writes_panels(&cases[i], grouped.shape, panel) ? panel : 0);
                count = IMAGES * (size_t)network_classes(network);
                values[k] = malloc(count * sizeof *values[k]);
                assert_non_null(values[k]);
                run_forward(session, IMAGES, fill_input, (void *)&cases[i], values[k]);
                session_free(session);
                network_free(network);
            }
            for (size_t k = 0; k < count; k++)
                if (values[0][k] != values[1][k] || values[1][k] != values[2][k])
                    fail_msg("%s, case %zu: value %zu is %.9g side by side, %.9g and %.9g in panels", *name, i, k,
                             (double)values[0][k], (double)values[1][k], (double)values[2][k]);
            for (int k = 0; k < 3; k++)
                free(values[k]);
            golden_weights_release(&weights);
            graph_free(graph);
        }
}

/* May the input be added to the result? */
static bool keeps_shape(const struct layer_case *c)
{
    return c->conv.out == c->channels && c->conv.kernel == 3 && c->conv.padding == 1 && c->conv.stride <= 1;
}

TEST(the_grouped_kernel_equals_the_plain_way_and_does_not_depend_on_threads)
{
    for (size_t i = 0; i < CASES; i++)
        for (size_t e = 0; e < ENDINGS; e++) {
            if (endings[e].has_residual && !keeps_shape(&cases[i]))
                continue;
            size_t count;
            float *want = values_of(&cases[i], &endings[e], "openblas", 1, &count), largest = 0;
            for (size_t k = 0; k < count; k++)
                largest = fmaxf(largest, fabsf(want[k]));
            for (const char *const *name = kernel_set_names(); *name; name++) {
                float *got = values_of(&cases[i], &endings[e], *name, 1, &count);
                float *shared = values_of(&cases[i], &endings[e], *name, 5, &count);
                for (size_t k = 0; k < count; k++)
                    if (!(fabsf(got[k] - want[k]) <= TOLERANCE * largest))
                        fail_msg("%s, case %zu, ending %zu: value %zu is %.9g, expected %.9g", *name, i, e, k,
                                 (double)got[k], (double)want[k]);
                assert_memory_equal(shared, got, count * sizeof *got);
                free(got);
                free(shared);
            }
            free(want);
        }
}

/* One output of the last image, without bias. */
static double direct(const struct layer_case *c, const float *weight, int out, int i, int j)
{
    const struct conv2d *conv = &c->conv;
    const int inputs = c->channels / conv->groups, group = out / (conv->out / conv->groups);
    const int stride = conv->stride ? conv->stride : 1;
    double sum = 0;
    for (int k = 0; k < inputs; k++)
        for (int ky = 0; ky < conv->kernel; ky++)
            for (int kx = 0; kx < conv->kernel; kx++) {
                const int y = i * stride - conv->padding + ky, x = j * stride - conv->padding + kx;
                const int channel = group * inputs + k;
                if (y >= 0 && y < c->h && x >= 0 && x < c->w)
                    sum += (double)weight[((out * inputs + k) * conv->kernel + ky) * conv->kernel + kx] *
                           (double)input_value(IMAGES - 1, (size_t)((channel * c->h + y) * c->w + x));
            }
    return sum;
}

#define RESNEXT_LAYERS 7

TEST(errors_of_resnexts_layers_are_below_a_hundred_thousandth)
{
    for (size_t i = 0; i < RESNEXT_LAYERS; i++) {
        const struct layer_case *c = &cases[i];
        const int inputs = c->channels / c->conv.groups, out = c->conv.out, h = c->h / (c->conv.stride ? 2 : 1);
        float *weight = malloc((size_t)(out * inputs * 9) * sizeof *weight);
        assert_non_null(weight);
        golden_tensor(weight, "conv.weight", 4, (int[]){out, inputs, 3, 3});
        for (const char *const *name = kernel_set_names(); *name; name++) {
            size_t count;
            double error = 0, power = 0;
            float *got = values_of(c, &endings[0], *name, 1, &count);
            const float *image = got + count / IMAGES * (IMAGES - 1);
            for (int k = 0; k < out; k += 5)
                for (int p = 0; p < h * h; p++) {
                    const double want = direct(c, weight, k, p / h, p % h), got_here = (double)image[k * h * h + p];
                    error += (got_here - want) * (got_here - want);
                    power += want * want;
                }
            assert_true(sqrt(error / power) < 1e-5);
            free(got);
        }
        free(weight);
    }
}

static void fill_with_one_nan(void *context, int index, float *out)
{
    fill_input(context, index, out);
    out[2 * 9 + 8] = NAN; /* channel 0, row 2, column 8 */
}

TEST(a_value_that_is_no_number_stays_in_its_group_and_under_its_taps)
{
    struct layer_case c = {48, 4, 9, {.out = 48, .groups = 12, .kernel = 3, .padding = 1}};
    for (const char *const *name = kernel_set_names(); *name; name++) {
        struct error err = {0};
        struct weights weights;
        struct graph *graph = make_graph(&c, &endings[1]);
        golden_weights(graph, &weights);
        struct network *network = network_create_with(graph, &weights, NULL, 0, *name, &err);
        struct session *session = network ? session_create(network, 1, &err) : NULL;
        float values[48 * 4 * 9];
        assert_non_null(session);
        run_forward(session, 1, fill_with_one_nan, &c, values);
        for (int i = 0; i < 48 * 4 * 9; i++)
            assert_int_equal(isnan(values[i]) != 0, i < 4 * 36 && i / 9 % 4 >= 1 && i % 9 >= 7);
        session_free(session);
        network_free(network);
        golden_weights_release(&weights);
        graph_free(graph);
    }
}
