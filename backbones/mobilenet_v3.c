/* backbones/mobilenet_v3.c - MobileNetV3. Howard et al., ICCV 2019. arXiv:1905.02244 */
#include "backbones/backbone.h"
#include "backbones/mobile_block.h"

/* A row of the paper's tables 1 and 2. */
struct bneck {
    int kernel, expanded, out;
    bool has_squeeze, has_hard_swish;
    int stride;
};

struct mobilenet_v3 {
    const struct bneck *blocks; /* ends with {0} */
    int hidden;                 /* of the classifier */
};

static const struct bneck large_blocks[] = {
    {3, 16, 16, false, false, 1}, {3, 64, 24, false, false, 2},
    {3, 72, 24, false, false, 1}, {5, 72, 40, true, false, 2},
    {5, 120, 40, true, false, 1}, {5, 120, 40, true, false, 1},
    {3, 240, 80, false, true, 2}, {3, 200, 80, false, true, 1},
    {3, 184, 80, false, true, 1}, {3, 184, 80, false, true, 1},
    {3, 480, 112, true, true, 1}, {3, 672, 112, true, true, 1},
    {5, 672, 160, true, true, 2}, {5, 960, 160, true, true, 1},
    {5, 960, 160, true, true, 1}, {0},
};

static const struct bneck small_blocks[] = {
    {3, 16, 16, true, false, 2}, {3, 72, 24, false, false, 2}, {3, 88, 24, false, false, 1},
    {5, 96, 40, true, true, 2},  {5, 240, 40, true, true, 1},  {5, 240, 40, true, true, 1},
    {5, 120, 48, true, true, 1}, {5, 144, 48, true, true, 1},  {5, 288, 96, true, true, 2},
    {5, 576, 96, true, true, 1}, {5, 576, 96, true, true, 1},  {0},
};

static const struct mobile_style hard_swish = {.eps = 1e-3, .activation = graph_hard_swish};

static struct mobile_block block_of(const struct bneck *row, int in, double width)
{
    const int hidden = backbone_channels(row->expanded * width), quarter = hidden / 4;
    return (struct mobile_block){
        .style = {.eps = hard_swish.eps, .activation = row->has_hard_swish ? graph_hard_swish : graph_relu},
        .in = in,
        .hidden = hidden,
        .out = backbone_channels(row->out * width),
        .kernel = row->kernel,
        .stride = row->stride,
        .se = {row->has_squeeze ? backbone_channels(quarter) : 0, graph_relu, graph_hard_sigmoid},
    };
}

static void build(struct graph *graph, const struct backbone_variant *variant, const struct backbone_options *options)
{
    const struct mobilenet_v3 *net = variant->config;
    int index = 0, channels = backbone_channels(16 * options->width);
    int x = conv_norm_activation(graph, node_name("features.%d", index++).text, BACKBONE_INPUT,
                                 (struct conv2d){.out = channels, .kernel = 3, .stride = 2, .padding = 1}, &hard_swish);
    for (const struct bneck *row = net->blocks; row->kernel; row++) {
        const struct mobile_block block = block_of(row, channels, options->width);
        x = mobile_block(graph, node_name("features.%d", index++).text, x, &block);
        channels = block.out;
    }
    x = conv_norm_activation(graph, node_name("features.%d", index).text, x,
                             (struct conv2d){.out = 6 * channels, .kernel = 1}, &hard_swish);
    graph_alias(graph, "features", x);
    x = graph_adaptive_avg_pool(graph, "avgpool", x, 1, 1);
    x = graph_flatten(graph, "flatten", x);
    x = graph_linear(graph, "classifier.0", x, backbone_channels(net->hidden * options->width), true);
    x = graph_hard_swish(graph, "classifier.1", x);
    graph_linear(graph, "classifier.3", x, options->classes, true);
}

static const struct mobilenet_v3 large = {large_blocks, 1280}, small = {small_blocks, 1024};

/* The layer is the last module of `features`. */
static const struct backbone_variant variants[] = {
    {"mobilenet_v3_large", "MobileNetV3 Large", "features.16", .config = &large},
    {"mobilenet_v3_small", "MobileNetV3 Small", "features.12", .config = &small},
    {0},
};

const struct backbone_family backbone_mobilenet_v3 = {
    .name = "mobilenet_v3",
    .source = "howard2019mobilenetv3",
    .variants = variants,
    .has_width = true,
    .build = build,
};
