/* backbones/efficientnet.c - EfficientNet. Tan and Le, ICML 2019. arXiv:1905.11946 */
#include "backbones/backbone.h"
#include "backbones/mobile_block.h"

#define STEM_CHANNELS 32

/* A row of the paper's table 1: expansion, kernel, stride of the first block, channels, blocks. */
struct stage {
    int expansion, kernel, stride, channels, blocks;
};

static const struct stage b0[] = {
    {1, 3, 1, 16, 1},  {6, 3, 2, 24, 2},  {6, 5, 2, 40, 2},  {6, 3, 2, 80, 3},
    {6, 5, 1, 112, 3}, {6, 5, 2, 192, 4}, {6, 3, 1, 320, 1}, {0},
};

static const struct mobile_style silu = {.eps = 1e-5, .activation = graph_silu};

static int add_stage(struct graph *graph, const char *name, int x, const struct stage *stage, int channels)
{
    for (int i = 0; i < stage->blocks; i++) {
        const struct mobile_block block = {
            .style = silu,
            .in = channels,
            .hidden = channels * stage->expansion,
            .out = stage->channels,
            .kernel = stage->kernel,
            .stride = i ? 1 : stage->stride,
            .squeezed = channels / 4,
            .squeeze = graph_silu,
            .excite = graph_sigmoid,
        };
        x = mobile_block(graph, node_name("%s.%d", name, i).text, x, &block);
        channels = stage->channels;
    }
    graph_alias(graph, name, x);
    return x;
}

static void build(struct graph *graph, const struct backbone_variant *variant, const struct backbone_options *options)
{
    int index = 0, channels = STEM_CHANNELS;
    int x = conv_norm_activation(graph, node_name("features.%d", index++).text, BACKBONE_INPUT,
                                 (struct conv2d){.out = channels, .kernel = 3, .stride = 2, .padding = 1}, &silu);
    for (const struct stage *stage = variant->config; stage->blocks; stage++) {
        x = add_stage(graph, node_name("features.%d", index++).text, x, stage, channels);
        channels = stage->channels;
    }
    x = conv_norm_activation(graph, node_name("features.%d", index).text, x,
                             (struct conv2d){.out = 4 * channels, .kernel = 1}, &silu);
    graph_alias(graph, "features", x);
    x = graph_adaptive_avg_pool(graph, "avgpool", x, 1, 1);
    x = graph_flatten(graph, "flatten", x);
    graph_linear(graph, "classifier.1", x, options->classes, true);
}

static const struct backbone_variant variants[] = {
    {"efficientnet_b0", "EfficientNet-B0", "features.8", .config = b0},
    {0},
};

const struct backbone_family backbone_efficientnet = {
    .name = "efficientnet",
    .source = "tan2019efficientnet",
    .variants = variants,
    .build = build,
};
