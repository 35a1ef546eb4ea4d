/* backbones/vgg.c - VGG. Simonyan and Zisserman, ICLR 2015. arXiv:1409.1556; batch norm as torchvision adds it. */
#include "backbones/backbone.h"

#define STAGES 5

struct vgg {
    int convolutions[STAGES]; /* of each stage; a pool ends it */
    bool has_norm;
};

static const int stage_channels[STAGES] = {64, 128, 256, 512, 512};

static int build_features(struct graph *graph, const struct vgg *vgg, double width)
{
    int x = BACKBONE_INPUT, index = 0;
    for (int stage = 0; stage < STAGES; stage++) {
        const int channels = backbone_channels(stage_channels[stage] * width);
        for (int i = 0; i < vgg->convolutions[stage]; i++) {
            x = graph_conv2d(graph, node_name("features.%d", index++).text, x,
                             (struct conv2d){.out = channels, .kernel = 3, .padding = 1, .bias = true});
            if (vgg->has_norm)
                x = graph_batch_norm(graph, node_name("features.%d", index++).text, x);
            x = graph_relu(graph, node_name("features.%d", index++).text, x);
        }
        x = graph_max_pool(graph, node_name("features.%d", index++).text, x, (struct pool2d){.kernel = 2});
    }
    graph_alias(graph, "features", x);
    return x;
}

static void build(struct graph *graph, const struct backbone_variant *variant, const struct backbone_options *options)
{
    const int hidden = backbone_channels(4096 * options->width);
    int x = build_features(graph, variant->config, options->width);
    x = graph_adaptive_avg_pool(graph, "avgpool", x, 7, 7);
    x = graph_flatten(graph, "flatten", x);
    for (int index = 0; index < 6; index += 3) { /* the third module of each group is a dropout */
        x = graph_linear(graph, node_name("classifier.%d", index).text, x, hidden, true);
        x = graph_relu(graph, node_name("classifier.%d", index + 1).text, x);
    }
    graph_linear(graph, "classifier.6", x, options->classes, true);
}

static const struct vgg vgg11 = {{1, 1, 2, 2, 2}, false}, vgg11_bn = {{1, 1, 2, 2, 2}, true};
static const struct vgg vgg13 = {{2, 2, 2, 2, 2}, false}, vgg13_bn = {{2, 2, 2, 2, 2}, true};
static const struct vgg vgg16 = {{2, 2, 3, 3, 3}, false}, vgg16_bn = {{2, 2, 3, 3, 3}, true};
static const struct vgg vgg19 = {{2, 2, 4, 4, 4}, false}, vgg19_bn = {{2, 2, 4, 4, 4}, true};

/* The layer is the last ReLU before the last pool. */
static const struct backbone_variant variants[] = {
    {"vgg11", "VGG-11", "features.19", .config = &vgg11},
    {"vgg11_bn", "VGG-11 BN", "features.27", .config = &vgg11_bn},
    {"vgg13", "VGG-13", "features.23", .config = &vgg13},
    {"vgg13_bn", "VGG-13 BN", "features.33", .config = &vgg13_bn},
    {"vgg16", "VGG-16", "features.29", .config = &vgg16},
    {"vgg16_bn", "VGG-16 BN", "features.42", .config = &vgg16_bn},
    {"vgg19", "VGG-19", "features.35", .config = &vgg19},
    {"vgg19_bn", "VGG-19 BN", "features.51", .config = &vgg19_bn},
    {0},
};

const struct backbone_family backbone_vgg = {
    .name = "vgg",
    .source = "simonyan2015vgg",
    .variants = variants,
    .has_width = true,
    .build = build,
};
