/*
 * backbones/densenet.c - DenseNet. Huang et al., CVPR 2017. arXiv:1608.06993
 *
 * A dense layer reads all earlier values of its block. torchvision concatenates the single values anew each time; here
 * the last concatenation grows by one value, which gives the same tensor.
 */
#include "backbones/backbone.h"

#define BLOCKS 4

struct densenet {
    int growth, layers[BLOCKS],
        stem; /* channels a layer adds; layers of each block; channels of the first convolution */
};

/* Batch norm, ReLU and convolution, which torchvision numbers. */
static int norm_relu_conv(struct graph *graph, const char *name, int number, int x, struct conv2d conv)
{
    x = graph_batch_norm(graph, node_name("%s.norm%d", name, number).text, x);
    x = graph_relu(graph, node_name("%s.relu%d", name, number).text, x);
    return graph_conv2d(graph, node_name("%s.conv%d", name, number).text, x, conv);
}

/* Returns the concatenation of all values of the block. */
static int dense_block(struct graph *graph, const char *name, int x, int layers, int growth)
{
    int values[2] = {x}, count = 1;
    for (int i = 1; i <= layers; i++) {
        const struct node_name layer = node_name("%s.denselayer%d", name, i);
        values[0] = graph_concat(graph, node_name("%s.cat", layer.text).text, values, count);
        x = norm_relu_conv(graph, layer.text, 1, values[0], (struct conv2d){.out = 4 * growth, .kernel = 1});
        x = norm_relu_conv(graph, layer.text, 2, x, (struct conv2d){.out = growth, .kernel = 3, .padding = 1});
        graph_alias(graph, layer.text, x);
        values[1] = x;
        count = 2;
    }
    x = graph_concat(graph, node_name("%s.cat", name).text, values, count);
    graph_alias(graph, name, x);
    return x;
}

static int transition(struct graph *graph, const char *name, int x, int channels)
{
    x = graph_batch_norm(graph, node_name("%s.norm", name).text, x);
    x = graph_relu(graph, node_name("%s.relu", name).text, x);
    x = graph_conv2d(graph, node_name("%s.conv", name).text, x, (struct conv2d){.out = channels, .kernel = 1});
    x = graph_avg_pool(graph, node_name("%s.pool", name).text, x, (struct pool2d){.kernel = 2});
    graph_alias(graph, name, x);
    return x;
}

static void build(struct graph *graph, const struct backbone_variant *variant, const struct backbone_options *options)
{
    const struct densenet *net = variant->config;
    int channels = net->stem;
    int x = graph_conv2d(graph, "features.conv0", BACKBONE_INPUT, backbone_stem(options->stem, channels));
    x = graph_batch_norm(graph, "features.norm0", x);
    x = graph_relu(graph, "features.relu0", x);
    if (options->stem != STEM_SMALL)
        x = graph_max_pool(graph, "features.pool0", x, (struct pool2d){.kernel = 3, .stride = 2, .padding = 1});
    for (int block = 0; block < BLOCKS; block++) {
        x = dense_block(graph, node_name("features.denseblock%d", block + 1).text, x, net->layers[block], net->growth);
        channels += net->layers[block] * net->growth;
        if (block == BLOCKS - 1)
            break;
        channels /= 2;
        x = transition(graph, node_name("features.transition%d", block + 1).text, x, channels);
    }
    x = graph_batch_norm(graph, "features.norm5", x);
    graph_alias(graph, "features", x);
    x = graph_relu(graph, "relu", x);
    x = graph_adaptive_avg_pool(graph, "adaptive_avg_pool2d", x, 1, 1);
    x = graph_flatten(graph, "flatten", x);
    graph_linear(graph, "classifier", x, options->classes, true);
}

static const struct densenet densenet121 = {32, {6, 12, 24, 16}, 64}, densenet161 = {48, {6, 12, 36, 24}, 96};
static const struct densenet densenet169 = {32, {6, 12, 32, 32}, 64}, densenet201 = {32, {6, 12, 48, 32}, 64};

/* The layer is the ReLU after features.norm5: a function in torchvision, not a module of `features`. */
static const struct backbone_variant variants[] = {
    {"densenet121", "DenseNet-121", "relu", .config = &densenet121},
    {"densenet161", "DenseNet-161", "relu", .config = &densenet161},
    {"densenet169", "DenseNet-169", "relu", .config = &densenet169},
    {"densenet201", "DenseNet-201", "relu", .config = &densenet201},
    {0},
};

const struct backbone_family backbone_densenet = {
    .name = "densenet",
    .source = "huang2017densenet",
    .variants = variants,
    .has_stem = true,
    .build = build,
};
