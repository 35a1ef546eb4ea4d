/*
 * backbones/resnet.c - residual networks as torchvision has them (the stride of a bottleneck is in its 3x3).
 *
 * ResNet: He et al., CVPR 2016, arXiv:1512.03385. ResNeXt: Xie et al., CVPR 2017, arXiv:1611.05431.
 * Wide ResNet: Zagoruyko and Komodakis, BMVC 2016, arXiv:1605.07146.
 */
#include "backbones/backbone.h"

#define STAGES 4

struct resnet {
    int blocks[STAGES];
    bool is_bottleneck;
    int groups, group_width; /* of the bottleneck's 3x3, at 64 planes */
};

/* One residual block: its position, shape and the channels it gets. */
struct block {
    struct node_name name; /* "layer1.0" */
    int planes, in, stride;
    const struct resnet *net;
};

/* The module called BLOCK.STEP. */
static struct node_name step(const struct block *block, const char *name)
{
    return node_name("%s.%s", block->name.text, name);
}

static int conv_norm(struct graph *graph, const struct block *block, const char *conv_name, const char *norm_name,
                     int x, struct conv2d conv)
{
    x = graph_conv2d(graph, step(block, conv_name).text, x, conv);
    return graph_batch_norm(graph, step(block, norm_name).text, x);
}

static int block_channels(const struct block *block)
{
    return block->net->is_bottleneck ? 4 * block->planes : block->planes;
}

static int shortcut(struct graph *graph, const struct block *block, int x)
{
    const int out = block_channels(block);
    if (block->stride == 1 && block->in == out)
        return x;
    x = conv_norm(graph, block, "downsample.0", "downsample.1", x,
                  (struct conv2d){.out = out, .kernel = 1, .stride = block->stride});
    graph_alias(graph, step(block, "downsample").text, x);
    return x;
}

static int basic_branch(struct graph *graph, const struct block *block, int x)
{
    const int planes = block->planes;
    x = conv_norm(graph, block, "conv1", "bn1", x,
                  (struct conv2d){.out = planes, .kernel = 3, .stride = block->stride, .padding = 1});
    x = graph_relu(graph, step(block, "relu").text, x);
    return conv_norm(graph, block, "conv2", "bn2", x, (struct conv2d){.out = planes, .kernel = 3, .padding = 1});
}

static int bottleneck_branch(struct graph *graph, const struct block *block, int x)
{
    const int groups = block->net->groups;
    const int per_group = block->planes * block->net->group_width / 64;
    const int width = (per_group < 1 ? 1 : per_group) * groups;
    x = conv_norm(graph, block, "conv1", "bn1", x, (struct conv2d){.out = width, .kernel = 1});
    x = graph_relu(graph, step(block, "relu").text, x);
    x = conv_norm(graph, block, "conv2", "bn2", x,
                  (struct conv2d){.out = width, .kernel = 3, .stride = block->stride, .padding = 1, .groups = groups});
    x = graph_relu(graph, step(block, "relu_1").text, x);
    return conv_norm(graph, block, "conv3", "bn3", x, (struct conv2d){.out = block_channels(block), .kernel = 1});
}

static int residual_block(struct graph *graph, const struct block *block, int x)
{
    const bool is_bottleneck = block->net->is_bottleneck;
    const int branch = is_bottleneck ? bottleneck_branch(graph, block, x) : basic_branch(graph, block, x);
    x = graph_sum(graph, step(block, "add").text, branch, shortcut(graph, block, x));
    x = graph_relu(graph, step(block, is_bottleneck ? "relu_2" : "relu_1").text, x);
    graph_alias(graph, block->name.text, x);
    return x;
}

static void build(struct graph *graph, const struct backbone_variant *variant, const struct backbone_options *options)
{
    const struct resnet *net = variant->config;
    int channels = backbone_channels(64 * options->width);
    int x = graph_conv2d(graph, "conv1", BACKBONE_INPUT, backbone_stem(options->stem, channels));
    x = graph_batch_norm(graph, "bn1", x);
    x = graph_relu(graph, "relu", x);
    if (options->stem != STEM_SMALL)
        x = graph_max_pool(graph, "maxpool", x, (struct pool2d){.kernel = 3, .stride = 2, .padding = 1});
    for (int stage = 0; stage < STAGES; stage++) {
        struct block block = {.planes = backbone_channels((64 << stage) * options->width), .net = net};
        for (int i = 0; i < net->blocks[stage]; i++) {
            block.name = node_name("layer%d.%d", stage + 1, i);
            block.in = channels;
            block.stride = i == 0 && stage > 0 ? 2 : 1;
            x = residual_block(graph, &block, x);
            channels = block_channels(&block);
        }
        graph_alias(graph, node_name("layer%d", stage + 1).text, x);
    }
    x = graph_adaptive_avg_pool(graph, "avgpool", x, 1, 1);
    x = graph_flatten(graph, "flatten", x);
    graph_linear(graph, "fc", x, options->classes, true);
}

static const struct resnet resnet18 = {{2, 2, 2, 2}, false, 1, 64}, resnet34 = {{3, 4, 6, 3}, false, 1, 64};
static const struct resnet resnet50 = {{3, 4, 6, 3}, true, 1, 64}, resnet101 = {{3, 4, 23, 3}, true, 1, 64};
static const struct resnet resnet152 = {{3, 8, 36, 3}, true, 1, 64}, wide50 = {{3, 4, 6, 3}, true, 1, 128};
static const struct resnet resnext50 = {{3, 4, 6, 3}, true, 32, 4}, resnext101 = {{3, 4, 23, 3}, true, 32, 8};
static const struct resnet resnext101_64 = {{3, 4, 23, 3}, true, 64, 4}, wide101 = {{3, 4, 23, 3}, true, 1, 128};

static const struct backbone_variant variants[] = {
    {"resnet18", "ResNet-18", "layer4", .config = &resnet18},
    {"resnet34", "ResNet-34", "layer4", .config = &resnet34},
    {"resnet50", "ResNet-50", "layer4", .config = &resnet50},
    {"resnet101", "ResNet-101", "layer4", .config = &resnet101},
    {"resnet152", "ResNet-152", "layer4", .config = &resnet152},
    {"resnext50_32x4d", "ResNeXt-50 32x4d", "layer4", .config = &resnext50},
    {"resnext101_32x8d", "ResNeXt-101 32x8d", "layer4", .config = &resnext101},
    {"resnext101_64x4d", "ResNeXt-101 64x4d", "layer4", .config = &resnext101_64},
    {"wide_resnet50_2", "Wide ResNet-50-2", "layer4", .config = &wide50},
    {"wide_resnet101_2", "Wide ResNet-101-2", "layer4", .config = &wide101},
    {0},
};

const struct backbone_family backbone_resnet = {
    .name = "resnet",
    .source = "he2016resnet",
    .variants = variants,
    .has_width = true,
    .has_stem = true,
    .build = build,
};
