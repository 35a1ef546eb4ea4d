/* backbones/mnasnet.c - MnasNet-B1. Tan et al., CVPR 2019. arXiv:1807.11626 */
#include "backbones/backbone.h"
#include "backbones/mobile_block.h"

#define STEM_CHANNELS 32
#define SEPARABLE_CHANNELS 16
#define LAST_CHANNELS 1280 /* of every width */

/* A row of the paper's figure 7: expansion, kernel, stride of the first block, channels, blocks. */
struct stage {
    int expansion, kernel, stride, channels, blocks;
};

static const struct stage stages[] = {
    {3, 3, 2, 24, 3}, {3, 5, 2, 40, 3}, {6, 5, 2, 80, 3}, {6, 3, 1, 96, 2}, {6, 5, 2, 192, 4}, {6, 3, 1, 320, 1}, {0},
};

static int depthwise(struct graph *graph, const char *name, int *index, int x, int channels, int kernel, int stride)
{
    const struct conv2d conv = {
        .out = channels, .kernel = kernel, .stride = stride, .padding = kernel / 2, .groups = channels};
    return sequential_conv_norm(graph, name, index, x, conv, true);
}

static int inverted_residual(struct graph *graph, const char *name, int x, int in, int out, int stride,
                             const struct stage *stage)
{
    const int entry = x, hidden = in * stage->expansion;
    const struct node_name layers = node_name("%s.layers", name);
    int index = 0;
    x = sequential_conv_norm(graph, layers.text, &index, x, (struct conv2d){.out = hidden, .kernel = 1}, true);
    x = depthwise(graph, layers.text, &index, x, hidden, stage->kernel, stride);
    x = sequential_conv_norm(graph, layers.text, &index, x, (struct conv2d){.out = out, .kernel = 1}, false);
    graph_alias(graph, layers.text, x);
    if (stride == 1 && in == out)
        x = graph_sum(graph, node_name("%s.add", name).text, x, entry);
    graph_alias(graph, name, x);
    return x;
}

static int add_stage(struct graph *graph, const char *name, int x, int in, int out, const struct stage *stage)
{
    for (int i = 0; i < stage->blocks; i++)
        x = inverted_residual(graph, node_name("%s.%d", name, i).text, x, i ? out : in, out, i ? 1 : stage->stride,
                              stage);
    graph_alias(graph, name, x);
    return x;
}

static void build(struct graph *graph, const struct backbone_variant *variant, const struct backbone_options *options)
{
    const double width = *(const double *)variant->config;
    const int stem = backbone_channels(STEM_CHANNELS * width);
    int index = 0, channels = backbone_channels(SEPARABLE_CHANNELS * width);
    int x = sequential_conv_norm(graph, "layers", &index, BACKBONE_INPUT,
                                 (struct conv2d){.out = stem, .kernel = 3, .stride = 2, .padding = 1}, true);
    x = depthwise(graph, "layers", &index, x, stem, 3, 1);
    x = sequential_conv_norm(graph, "layers", &index, x, (struct conv2d){.out = channels, .kernel = 1}, false);
    for (const struct stage *stage = stages; stage->blocks; stage++) {
        const int out = backbone_channels(stage->channels * width);
        x = add_stage(graph, node_name("layers.%d", index++).text, x, channels, out, stage);
        channels = out;
    }
    x = sequential_conv_norm(graph, "layers", &index, x, (struct conv2d){.out = LAST_CHANNELS, .kernel = 1}, true);
    graph_alias(graph, "layers", x);
    x = graph_adaptive_avg_pool(graph, "mean", x, 1, 1);
    x = graph_flatten(graph, "flatten", x);
    graph_linear(graph, "classifier.1", x, options->classes, true);
}

static const double widths[] = {0.5, 0.75, 1, 1.3};

static const struct backbone_variant variants[] = {
    {.name = "mnasnet0_5", .title = "MnasNet 0.5", .layer = "layers.16", .config = &widths[0]},
    {.name = "mnasnet0_75", .title = "MnasNet 0.75", .layer = "layers.16", .config = &widths[1]},
    {.name = "mnasnet1_0", .title = "MnasNet 1.0", .layer = "layers.16", .config = &widths[2]},
    {.name = "mnasnet1_3", .title = "MnasNet 1.3", .layer = "layers.16", .config = &widths[3]},
    {0},
};

const struct backbone_family backbone_mnasnet = {
    .name = "mnasnet",
    .source = "tan2019mnasnet",
    .variants = variants,
    .build = build,
};
