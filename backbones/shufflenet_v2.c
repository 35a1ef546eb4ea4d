/* backbones/shufflenet_v2.c - ShuffleNet v2. Ma et al., ECCV 2018. arXiv:1807.11164 */
#include "backbones/backbone.h"
#include "backbones/mobile_block.h"

#define STEM_CHANNELS 24
#define STAGES 3

static const int blocks[STAGES] = {4, 8, 4};

/* A column of the paper's table 5. */
struct shufflenet {
    int channels[STAGES], last; /* of the stages; of the last convolution */
};

static int depthwise(struct graph *graph, const char *name, int *index, int x, int channels, int stride)
{
    const struct conv2d conv = {.out = channels, .kernel = 3, .stride = stride, .padding = 1, .groups = channels};
    return sequential_conv_norm(graph, name, index, x, conv, false);
}

/* The first branch of a block with stride 2. */
static int short_branch(struct graph *graph, const char *name, int x, int in, int out)
{
    int index = 0;
    x = depthwise(graph, name, &index, x, in, 2);
    x = sequential_conv_norm(graph, name, &index, x, (struct conv2d){.out = out, .kernel = 1}, true);
    graph_alias(graph, name, x);
    return x;
}

static int long_branch(struct graph *graph, const char *name, int x, int out, int stride)
{
    int index = 0;
    x = sequential_conv_norm(graph, name, &index, x, (struct conv2d){.out = out, .kernel = 1}, true);
    x = depthwise(graph, name, &index, x, out, stride);
    x = sequential_conv_norm(graph, name, &index, x, (struct conv2d){.out = out, .kernel = 1}, true);
    graph_alias(graph, name, x);
    return x;
}

/* in == 0: stride 1, and only half of the channels pass through the long branch. */
static int add_block(struct graph *graph, const char *name, int x, int in, int out)
{
    const int half = out / 2;
    const struct slice first = {.c = {.first = 0, .count = half}}, second = {.c = {.first = half}};
    int halves[2], read = x;
    if (in)
        halves[0] = short_branch(graph, node_name("%s.branch1", name).text, x, in, half);
    else {
        halves[0] = graph_slice(graph, node_name("%s.getitem", name).text, x, first);
        read = graph_slice(graph, node_name("%s.getitem_1", name).text, x, second);
    }
    halves[1] = long_branch(graph, node_name("%s.branch2", name).text, read, half, in ? 2 : 1);
    x = graph_concat(graph, node_name("%s.cat", name).text, halves, 2);
    x = graph_channel_shuffle(graph, node_name("%s.channel_shuffle", name).text, x, 2);
    graph_alias(graph, name, x);
    return x;
}

static void build(struct graph *graph, const struct backbone_variant *variant, const struct backbone_options *options)
{
    const struct shufflenet *net = variant->config;
    int index = 0, channels = STEM_CHANNELS;
    int x = sequential_conv_norm(graph, "conv1", &index, BACKBONE_INPUT,
                                 (struct conv2d){.out = channels, .kernel = 3, .stride = 2, .padding = 1}, true);
    graph_alias(graph, "conv1", x);
    x = graph_max_pool(graph, "maxpool", x, (struct pool2d){.kernel = 3, .stride = 2, .padding = 1});
    for (int stage = 0; stage < STAGES; stage++) {
        const struct node_name name = node_name("stage%d", stage + 2);
        for (int i = 0; i < blocks[stage]; i++)
            x = add_block(graph, node_name("%s.%d", name.text, i).text, x, i ? 0 : channels, net->channels[stage]);
        channels = net->channels[stage];
        graph_alias(graph, name.text, x);
    }
    index = 0;
    x = sequential_conv_norm(graph, "conv5", &index, x, (struct conv2d){.out = net->last, .kernel = 1}, true);
    graph_alias(graph, "conv5", x);
    x = graph_adaptive_avg_pool(graph, "mean", x, 1, 1);
    x = graph_flatten(graph, "flatten", x);
    graph_linear(graph, "fc", x, options->classes, true);
}

static const struct shufflenet x0_5 = {{48, 96, 192}, 1024};
static const struct shufflenet x1_0 = {{116, 232, 464}, 1024};
static const struct shufflenet x1_5 = {{176, 352, 704}, 1024};
static const struct shufflenet x2_0 = {{244, 488, 976}, 2048};

static const struct backbone_variant variants[] = {
    {.name = "shufflenet_v2_x0_5", .title = "ShuffleNet v2 x0.5", .layer = "conv5", .config = &x0_5},
    {.name = "shufflenet_v2_x1_0", .title = "ShuffleNet v2 x1.0", .layer = "conv5", .config = &x1_0},
    {.name = "shufflenet_v2_x1_5", .title = "ShuffleNet v2 x1.5", .layer = "conv5", .config = &x1_5},
    {.name = "shufflenet_v2_x2_0", .title = "ShuffleNet v2 x2.0", .layer = "conv5", .config = &x2_0},
    {0},
};

const struct backbone_family backbone_shufflenet_v2 = {
    .name = "shufflenet_v2",
    .source = "ma2018shufflenetv2",
    .variants = variants,
    .build = build,
};
