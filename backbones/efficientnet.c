/*
 * backbones/efficientnet.c - EfficientNet (Tan and Le, ICML 2019, arXiv:1905.11946) and EfficientNetV2 (Tan and Le, ICML
 * 2021, arXiv:2104.00298).
 *
 * B1 to B7 are B0 with more channels and blocks. V2's first stages have blocks of which the expansion and the depthwise
 * convolution are one ("fused").
 */
#include "backbones/backbone.h"
#include "backbones/mobile_block.h"

#include <math.h>

/* A row of the papers' tables: expansion, kernel, stride of the first block, channels, blocks. */
struct stage {
    int expansion, kernel, stride, channels, blocks;
    bool is_fused;
};

struct efficientnet {
    const struct stage *stages;
    int stem, last;      /* channels of the first and of the last convolution; last 0: 4 times those before it */
    double width, depth; /* multipliers of channels and of blocks */
    double eps;          /* of batch norms */
};

static const struct stage b0[] = {
    {1, 3, 1, 16, 1, false},  {6, 3, 2, 24, 2, false},  {6, 5, 2, 40, 2, false},  {6, 3, 2, 80, 3, false},
    {6, 5, 1, 112, 3, false}, {6, 5, 2, 192, 4, false}, {6, 3, 1, 320, 1, false}, {0},
};
static const struct stage v2_s[] = {
    {1, 3, 1, 24, 2, true},
    {4, 3, 2, 48, 4, true},
    {4, 3, 2, 64, 4, true},
    {4, 3, 2, 128, 6, false},
    {6, 3, 1, 160, 9, false},
    {6, 3, 2, 256, 15, false},
    {0},
};
static const struct stage v2_m[] = {
    {1, 3, 1, 24, 3, true},    {4, 3, 2, 48, 5, true},    {4, 3, 2, 80, 5, true},   {4, 3, 2, 160, 7, false},
    {6, 3, 1, 176, 14, false}, {6, 3, 2, 304, 18, false}, {6, 3, 1, 512, 5, false}, {0},
};
static const struct stage v2_l[] = {
    {1, 3, 1, 32, 4, true},    {4, 3, 2, 64, 7, true},    {4, 3, 2, 96, 7, true},   {4, 3, 2, 192, 10, false},
    {6, 3, 1, 224, 19, false}, {6, 3, 2, 384, 25, false}, {6, 3, 1, 640, 7, false}, {0},
};

static int fused_block(struct graph *graph, const char *name, int x, const struct mobile_block *block)
{
    const int entry = x;
    const bool is_expanded = block->hidden != block->in;
    const struct mobile_style plain = {.eps = block->style.eps};
    const struct conv2d expand = {.out = is_expanded ? block->hidden : block->out,
                                  .kernel = block->kernel,
                                  .stride = block->stride,
                                  .padding = block->kernel / 2};
    const struct conv2d project = {.out = block->out, .kernel = 1};
    const struct node_name part = node_name("%s.block", name);
    x = conv_norm_activation(graph, node_name("%s.0", part.text).text, x, expand, &block->style);
    if (is_expanded)
        x = conv_norm_activation(graph, node_name("%s.1", part.text).text, x, project, &plain);
    graph_alias(graph, part.text, x);
    if (block->stride == 1 && block->in == block->out)
        x = graph_sum(graph, node_name("%s.add", name).text, x, entry);
    graph_alias(graph, name, x);
    return x;
}

static int add_stage(struct graph *graph, const char *name, int x, const struct stage *stage,
                     const struct efficientnet *net, int channels)
{
    const int out = backbone_channels(stage->channels * net->width), count = (int)ceil(stage->blocks * net->depth);
    for (int i = 0; i < count; i++) {
        const struct mobile_block block = {
            .style = {.eps = net->eps, .activation = graph_silu},
            .in = channels,
            .hidden = channels * stage->expansion,
            .out = out,
            .kernel = stage->kernel,
            .stride = i ? 1 : stage->stride,
            .se = {channels / 4, graph_silu, graph_sigmoid},
        };
        x = (stage->is_fused ? fused_block : mobile_block)(graph, node_name("%s.%d", name, i).text, x, &block);
        channels = out;
    }
    graph_alias(graph, name, x);
    return x;
}

static void build(struct graph *graph, const struct backbone_variant *variant, const struct backbone_options *options)
{
    const struct efficientnet *net = variant->config;
    const struct mobile_style style = {.eps = net->eps, .activation = graph_silu};
    int index = 0, channels = backbone_channels(net->stem * net->width);
    int x = conv_norm_activation(graph, node_name("features.%d", index++).text, BACKBONE_INPUT,
                                 (struct conv2d){.out = channels, .kernel = 3, .stride = 2, .padding = 1}, &style);
    for (const struct stage *stage = net->stages; stage->blocks; stage++) {
        x = add_stage(graph, node_name("features.%d", index++).text, x, stage, net, channels);
        channels = backbone_channels(stage->channels * net->width);
    }
    x = conv_norm_activation(graph, node_name("features.%d", index).text, x,
                             (struct conv2d){.out = net->last ? net->last : 4 * channels, .kernel = 1}, &style);
    graph_alias(graph, "features", x);
    x = graph_adaptive_avg_pool(graph, "avgpool", x, 1, 1);
    x = graph_flatten(graph, "flatten", x);
    graph_linear(graph, "classifier.1", x, options->classes, true);
}

static const struct efficientnet net_b0 = {b0, 32, 0, 1, 1, 1e-5}, net_b1 = {b0, 32, 0, 1, 1.1, 1e-5};
static const struct efficientnet net_b2 = {b0, 32, 0, 1.1, 1.2, 1e-5}, net_b3 = {b0, 32, 0, 1.2, 1.4, 1e-5};
static const struct efficientnet net_b4 = {b0, 32, 0, 1.4, 1.8, 1e-5}, net_b5 = {b0, 32, 0, 1.6, 2.2, 1e-3};
static const struct efficientnet net_b6 = {b0, 32, 0, 1.8, 2.6, 1e-3}, net_b7 = {b0, 32, 0, 2, 3.1, 1e-3};
static const struct efficientnet net_v2_s = {v2_s, 24, 1280, 1, 1, 1e-3}, net_v2_m = {v2_m, 24, 1280, 1, 1, 1e-3};
static const struct efficientnet net_v2_l = {v2_l, 32, 1280, 1, 1, 1e-3};

#define SIDE(side) .h = side, .w = side
#define HALVES .has_mean = true, .mean = {0.5, 0.5, 0.5}, .has_deviation = true, .deviation = {0.5, 0.5, 0.5}

/* The layer is the last convolution with its batch norm and activation. */
static const struct backbone_variant variants[] = {
    {"efficientnet_b0", "EfficientNet-B0", "features.8", &net_b0, {SIDE(224)}},
    {"efficientnet_b1", "EfficientNet-B1", "features.8", &net_b1, {SIDE(240)}},
    {"efficientnet_b2", "EfficientNet-B2", "features.8", &net_b2, {SIDE(288)}},
    {"efficientnet_b3", "EfficientNet-B3", "features.8", &net_b3, {SIDE(300)}},
    {"efficientnet_b4", "EfficientNet-B4", "features.8", &net_b4, {SIDE(380)}},
    {"efficientnet_b5", "EfficientNet-B5", "features.8", &net_b5, {SIDE(456)}},
    {"efficientnet_b6", "EfficientNet-B6", "features.8", &net_b6, {SIDE(528)}},
    {"efficientnet_b7", "EfficientNet-B7", "features.8", &net_b7, {SIDE(600)}},
    {"efficientnet_v2_s", "EfficientNetV2-S", "features.7", &net_v2_s, {SIDE(384)}},
    {"efficientnet_v2_m", "EfficientNetV2-M", "features.8", &net_v2_m, {SIDE(480)}},
    {"efficientnet_v2_l", "EfficientNetV2-L", "features.8", &net_v2_l, {SIDE(480), HALVES}},
    {0},
};

const struct backbone_family backbone_efficientnet = {
    .name = "efficientnet",
    .source = "tan2019efficientnet",
    .variants = variants,
    .build = build,
};
