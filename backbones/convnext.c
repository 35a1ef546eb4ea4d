/*
 * backbones/convnext.c - ConvNeXt. Liu et al., CVPR 2022. arXiv:2201.03545
 *
 * torchvision's linear layers on (h,w,C) are 1x1 convolutions here, with weights of a linear layer's shape.
 */
#include "backbones/backbone.h"

#define NORM_EPS 1e-6
#define STAGES 4

struct convnext {
    int channels[STAGES], blocks[STAGES];
};

static int linear(struct graph *graph, const char *name, int x, int out)
{
    return graph_conv2d(graph, name, x, (struct conv2d){.out = out, .kernel = 1, .bias = true, .is_linear = true});
}

static int add_block(struct graph *graph, const char *name, int x, int channels)
{
    const int entry = x;
    const struct conv2d depthwise = {.out = channels, .kernel = 7, .padding = 3, .groups = channels, .bias = true};
    x = graph_conv2d(graph, node_name("%s.block.0", name).text, x, depthwise);
    x = graph_layer_norm(graph, node_name("%s.block.2", name).text, x, NORM_EPS);
    x = linear(graph, node_name("%s.block.3", name).text, x, 4 * channels);
    x = graph_gelu(graph, node_name("%s.block.4", name).text, x);
    x = linear(graph, node_name("%s.block.5", name).text, x, channels);
    graph_alias(graph, node_name("%s.block", name).text, x);
    x = graph_constant_mul(graph, node_name("%s.mul", name).text, x, channels);
    graph_name_tensor(graph, x, node_name("%s.layer_scale", name).text);
    x = graph_sum(graph, node_name("%s.add", name).text, x, entry);
    graph_alias(graph, name, x);
    return x;
}

static int shrink(struct graph *graph, const char *name, int x, int channels)
{
    x = graph_layer_norm(graph, node_name("%s.0", name).text, x, NORM_EPS);
    x = graph_conv2d(graph, node_name("%s.1", name).text, x,
                     (struct conv2d){.out = channels, .kernel = 2, .stride = 2, .bias = true});
    graph_alias(graph, name, x);
    return x;
}

static void build(struct graph *graph, const struct backbone_variant *variant, const struct backbone_options *options)
{
    const struct convnext *net = variant->config;
    int index = 0;
    int x = graph_conv2d(graph, "features.0.0", BACKBONE_INPUT,
                         (struct conv2d){.out = net->channels[0], .kernel = 4, .stride = 4, .bias = true});
    x = graph_layer_norm(graph, "features.0.1", x, NORM_EPS);
    graph_alias(graph, "features.0", x);
    for (int stage = 0; stage < STAGES; stage++) {
        if (stage > 0)
            x = shrink(graph, node_name("features.%d", ++index).text, x, net->channels[stage]);
        const struct node_name name = node_name("features.%d", ++index);
        for (int i = 0; i < net->blocks[stage]; i++)
            x = add_block(graph, node_name("%s.%d", name.text, i).text, x, net->channels[stage]);
        graph_alias(graph, name.text, x);
    }
    graph_alias(graph, "features", x);
    x = graph_adaptive_avg_pool(graph, "avgpool", x, 1, 1);
    x = graph_layer_norm(graph, "classifier.0", x, NORM_EPS);
    x = graph_flatten(graph, "classifier.1", x);
    graph_linear(graph, "classifier.2", x, options->classes, true);
}

static const struct convnext tiny = {{96, 192, 384, 768}, {3, 3, 9, 3}};
static const struct convnext small = {{96, 192, 384, 768}, {3, 3, 27, 3}};
static const struct convnext base = {{128, 256, 512, 1024}, {3, 3, 27, 3}};
static const struct convnext large = {{192, 384, 768, 1536}, {3, 3, 27, 3}};

static const struct backbone_variant variants[] = {
    {.name = "convnext_tiny", .title = "ConvNeXt-T", .layer = "features.7", .config = &tiny},
    {.name = "convnext_small", .title = "ConvNeXt-S", .layer = "features.7", .config = &small},
    {.name = "convnext_base", .title = "ConvNeXt-B", .layer = "features.7", .config = &base},
    {.name = "convnext_large", .title = "ConvNeXt-L", .layer = "features.7", .config = &large},
    {0},
};

const struct backbone_family backbone_convnext = {
    .name = "convnext",
    .source = "liu2022convnext",
    .variants = variants,
    .build = build,
};
