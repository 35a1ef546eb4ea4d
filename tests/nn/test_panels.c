/*
 * tests/nn/test_panels.c - values of many channels in wide panels: products write them, read them whole, at every second
 * place and under 3x3 taps, and add them, for every set of instructions that this processor has. The values are those of
 * the same network with every value asked for as a layer, which makes them all NHWC.
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

#define IMAGES 11 /* a group of eight, and a part of one */
#define CHANNELS 5
#define WIDE (2 * PRODUCT_DEPTH)

struct size {
    int h, w;
    int wide; /* values in wide panels: not those that wait for other images, from 28x28 on */
};

static const struct size sizes[] = {{29, 31, 3}, {9, 10, 4}, {1, 1, 4}};
#define SIZES (sizeof sizes / sizeof *sizes)

static int conv(struct graph *graph, const char *name, int x, int kernel, int stride, int out)
{
    return graph_conv2d(
        graph, name, x,
        (struct conv2d){.out = out, .kernel = kernel, .stride = stride, .padding = kernel / 2, .bias = kernel == 1});
}

/*
 * A block as in MobileNetV2, whose steps run as one; two blocks as in a ResNet, the second with a shortcut of its own; an
 * activation that is no limit.
 */
static struct graph *make_graph(struct size size)
{
    struct graph *graph = graph_create();
    struct error err = {0};
    const int input = graph_input(graph, "input", (struct shape){CHANNELS, size.h, size.w});
    const int expanded = graph_relu6(graph, "expanded", conv(graph, "expand.conv", input, 1, 1, 32));
    const int deep = graph_conv2d(graph, "depthwise.conv", expanded,
                                  (struct conv2d){.out = 32, .kernel = 3, .padding = 1, .groups = 32});
    const int block = conv(graph, "project.conv", graph_relu6(graph, "deep", deep), 1, 1, 48);
    const int first = graph_hard_swish(graph, "first", conv(graph, "first.conv", block, 1, 1, WIDE));
    const int inside = graph_relu(graph, "inside", conv(graph, "inside.conv", first, 1, 1, 40));
    const int sum = graph_sum(graph, "sum", conv(graph, "back.conv", inside, 1, 1, WIDE), first);
    const int second = graph_silu(graph, "second", sum);
    const int strided = conv(graph, "strided.conv", second, 3, 2, WIDE + PRODUCT_DEPTH);
    const int shortcut = conv(graph, "shortcut.conv", second, 1, 2, WIDE + PRODUCT_DEPTH);
    const int last = graph_relu(graph, "last", graph_sum(graph, "joined", shortcut, strided));
    graph_flatten(graph, "flat", conv(graph, "out.conv", last, 1, 1, 7));
    if (graph_finish(graph, &err))
        fail_msg("%s", err.text);
    return graph;
}

static const char *const all_layers[] = {"project.conv", "first",         "inside", "second",
                                         "strided.conv", "shortcut.conv", "last"};
#define LAYERS ((int)(sizeof all_layers / sizeof *all_layers))

static void fill_input(void *context, int index, float *out)
{
    const struct size *size = context;
    for (int i = 0; i < CHANNELS * size->h * size->w; i++)
        out[i] = sinf((float)(i * 7 % 1013) + (float)index) * 0.5f + 0.1f;
}

static int wide_steps(const struct network *network)
{
    int count = 0;
    for (int i = 0; i < network_step_count(network); i++)
        count += network_step(network, i).panel == PRODUCT_DEPTH;
    return count;
}

TEST(values_in_wide_panels_are_those_of_values_side_by_side)
{
    for (size_t i = 0; i < SIZES; i++)
        for (const char *const *name = kernel_set_names(); *name; name++) {
            struct error err = {0};
            struct weights weights;
            struct graph *graph = make_graph(sizes[i]);
            float *values[3];
            size_t count = 0;
            golden_weights(graph, &weights);
            for (int k = 0; k < 3; k++) { /* side by side; in panels; in panels, by five threads */
                struct network *network =
                    network_create_with(graph, &weights, all_layers, k == 0 ? LAYERS : 0, *name, &err);
                struct session *session = network ? session_create(network, k == 2 ? 5 : 1, &err) : NULL;
                if (!session)
                    fail_msg("%s", err.text);
                assert_int_equal(wide_steps(network), k == 0 ? 0 : sizes[i].wide);
                count = IMAGES * (size_t)network_classes(network);
                values[k] = malloc(count * sizeof *values[k]);
                assert_non_null(values[k]);
                run_forward(session, IMAGES, fill_input, (void *)&sizes[i], values[k]);
                session_free(session);
                network_free(network);
            }
            for (size_t k = 0; k < count; k++)
                if (values[0][k] != values[1][k] || values[1][k] != values[2][k])
                    fail_msg("%s, %dx%d: value %zu is %.9g side by side, %.9g and %.9g in panels", *name, sizes[i].h,
                             sizes[i].w, k, (double)values[0][k], (double)values[1][k], (double)values[2][k]);
            for (int k = 0; k < 3; k++)
                free(values[k]);
            golden_weights_release(&weights);
            graph_free(graph);
        }
}
