/* backbones/mobilenet.c - MobileNetV2. Sandler et al., CVPR 2018. arXiv:1801.04381 */
#include "backbones/backbone.h"
#include "backbones/mobile_block.h"

/* A row of the paper's table 2: expansion, channels, blocks, stride of the first block. */
struct stage {
    int expansion, channels, blocks, stride;
};

static const struct stage stages[] = {
    {1, 16, 1, 1}, {6, 24, 2, 2}, {6, 32, 3, 2}, {6, 64, 4, 2}, {6, 96, 3, 1}, {6, 160, 3, 2}, {6, 320, 1, 1}, {0},
};

static const struct mobile_style relu6 = {.eps = 1e-5, .activation = graph_relu6};

static int inverted_residual(struct graph *graph, const char *name, int x, int in, int out, int stride, int expansion)
{
    const int entry = x, hidden = in * expansion;
    const struct conv2d expand = {.out = hidden, .kernel = 1}, project = {.out = out, .kernel = 1};
    const struct conv2d depthwise = {.out = hidden, .kernel = 3, .stride = stride, .padding = 1, .groups = hidden};
    const struct node_name conv = node_name("%s.conv", name);
    int index = 0;
    if (expansion != 1)
        x = conv_norm_activation(graph, node_name("%s.%d", conv.text, index++).text, x, expand, &relu6);
    x = conv_norm_activation(graph, node_name("%s.%d", conv.text, index++).text, x, depthwise, &relu6);
    x = graph_conv2d(graph, node_name("%s.%d", conv.text, index++).text, x, project);
    x = graph_batch_norm(graph, node_name("%s.%d", conv.text, index++).text, x);
    graph_alias(graph, conv.text, x);
    if (stride == 1 && in == out)
        x = graph_sum(graph, node_name("%s.add", name).text, entry, x);
    graph_alias(graph, name, x);
    return x;
}

static void build(struct graph *graph, __attribute__((unused)) const struct backbone_variant *variant,
                  const struct backbone_options *options)
{
    const double width = options->width;
    int index = 0, channels = backbone_channels(32 * width);
    int x = conv_norm_activation(graph, node_name("features.%d", index++).text, BACKBONE_INPUT,
                                 (struct conv2d){.out = channels, .kernel = 3, .stride = 2, .padding = 1}, &relu6);
    for (const struct stage *stage = stages; stage->blocks; stage++) {
        const int out = backbone_channels(stage->channels * width);
        for (int i = 0; i < stage->blocks; i++) {
            x = inverted_residual(graph, node_name("features.%d", index++).text, x, channels, out,
                                  i ? 1 : stage->stride, stage->expansion);
            channels = out;
        }
    }
    const int last = backbone_channels(1280 * (width > 1 ? width : 1)); /* narrow networks keep the last layer whole */
    x = conv_norm_activation(graph, node_name("features.%d", index).text, x, (struct conv2d){.out = last, .kernel = 1},
                             &relu6);
    graph_alias(graph, "features", x);
    x = graph_adaptive_avg_pool(graph, "adaptive_avg_pool2d", x, 1, 1);
    x = graph_flatten(graph, "flatten", x);
    graph_linear(graph, "classifier.1", x, options->classes, true);
}

static const struct backbone_variant variants[] = {
    {.name = "mobilenet_v2", .title = "MobileNetV2", .layer = "features.18"},
    {0},
};

const struct backbone_family backbone_mobilenet = {
    .name = "mobilenet",
    .source = "sandler2018mobilenetv2",
    .variants = variants,
    .has_width = true,
    .build = build,
};
