/*
 * backbones/regnet.c - RegNetX and RegNetY. Radosavovic et al., CVPR 2020. arXiv:2003.13678
 *
 * Residual bottlenecks that keep their width; those of RegNetY have squeeze and excitation. The tables hold the widths
 * and depths that the paper's rule gives for its parameters.
 */
#include "backbones/backbone.h"
#include "backbones/mobile_block.h"

#define STAGES 4
#define STEM_CHANNELS 32

struct regnet {
    int blocks[STAGES], channels[STAGES];
    int group_width; /* channels of a group, at most those of the stage */
    bool has_squeeze;
};

struct block {
    int in, out, stride;
    const struct regnet *net;
};

static const struct mobile_style relu = {.eps = 1e-5, .activation = graph_relu}, plain = {.eps = 1e-5};

/* The module called NAME.f: 1x1, 3x3 in groups, squeeze and excitation to a quarter of the block's input, 1x1. */
static int transform(struct graph *graph, const char *name, int x, const struct block *block)
{
    const int out = block->out, group_width = block->net->group_width < out ? block->net->group_width : out;
    const struct conv2d narrow = {.out = out, .kernel = 1};
    const struct conv2d grouped = {
        .out = out, .kernel = 3, .stride = block->stride, .padding = 1, .groups = out / group_width};
    const struct squeeze_excite se = {block->in / 4, graph_relu, graph_sigmoid};
    x = conv_norm_activation(graph, node_name("%s.f.a", name).text, x, narrow, &relu);
    x = conv_norm_activation(graph, node_name("%s.f.b", name).text, x, grouped, &relu);
    if (block->net->has_squeeze)
        x = squeeze_excite(graph, node_name("%s.f.se", name).text, x, out, &se);
    x = conv_norm_activation(graph, node_name("%s.f.c", name).text, x, narrow, &plain);
    graph_alias(graph, node_name("%s.f", name).text, x);
    return x;
}

static int residual_block(struct graph *graph, const char *name, int x, const struct block *block)
{
    const struct conv2d project = {.out = block->out, .kernel = 1, .stride = block->stride};
    int shortcut = x;
    if (block->in != block->out || block->stride != 1)
        shortcut = conv_norm_activation(graph, node_name("%s.proj", name).text, x, project, &plain);
    x = graph_sum(graph, node_name("%s.add", name).text, shortcut, transform(graph, name, x, block));
    x = graph_relu(graph, node_name("%s.activation", name).text, x);
    graph_alias(graph, name, x);
    return x;
}

static void build(struct graph *graph, const struct backbone_variant *variant, const struct backbone_options *options)
{
    const struct regnet *net = variant->config;
    int channels = STEM_CHANNELS;
    int x = conv_norm_activation(graph, "stem", BACKBONE_INPUT,
                                 (struct conv2d){.out = channels, .kernel = 3, .stride = 2, .padding = 1}, &relu);
    for (int stage = 0; stage < STAGES; stage++) {
        const struct node_name name = node_name("trunk_output.block%d", stage + 1);
        for (int i = 0; i < net->blocks[stage]; i++) {
            const struct block block = {channels, net->channels[stage], i ? 1 : 2, net};
            x = residual_block(graph, node_name("%s.block%d-%d", name.text, stage + 1, i).text, x, &block);
            channels = block.out;
        }
        graph_alias(graph, name.text, x);
    }
    graph_alias(graph, "trunk_output", x);
    x = graph_adaptive_avg_pool(graph, "avgpool", x, 1, 1);
    x = graph_flatten(graph, "flatten", x);
    graph_linear(graph, "fc", x, options->classes, true);
}

static const struct regnet x_400mf = {{1, 2, 7, 12}, {32, 64, 160, 400}, 16, false};
static const struct regnet x_800mf = {{1, 3, 7, 5}, {64, 128, 288, 672}, 16, false};
static const struct regnet x_1_6gf = {{2, 4, 10, 2}, {72, 168, 408, 912}, 24, false};
static const struct regnet x_3_2gf = {{2, 6, 15, 2}, {96, 192, 432, 1008}, 48, false};
static const struct regnet x_8gf = {{2, 5, 15, 1}, {80, 240, 720, 1920}, 120, false};
static const struct regnet x_16gf = {{2, 6, 13, 1}, {256, 512, 896, 2048}, 128, false};
static const struct regnet x_32gf = {{2, 7, 13, 1}, {336, 672, 1344, 2520}, 168, false};
static const struct regnet y_400mf = {{1, 3, 6, 6}, {48, 104, 208, 440}, 8, true};
static const struct regnet y_800mf = {{1, 3, 8, 2}, {64, 144, 320, 784}, 16, true};
static const struct regnet y_1_6gf = {{2, 6, 17, 2}, {48, 120, 336, 888}, 24, true};
static const struct regnet y_3_2gf = {{2, 5, 13, 1}, {72, 216, 576, 1512}, 24, true};
static const struct regnet y_8gf = {{2, 4, 10, 1}, {224, 448, 896, 2016}, 56, true};
static const struct regnet y_16gf = {{2, 4, 11, 1}, {224, 448, 1232, 3024}, 112, true};
static const struct regnet y_32gf = {{2, 5, 12, 1}, {232, 696, 1392, 3712}, 232, true};
static const struct regnet y_128gf = {{2, 7, 17, 1}, {528, 1056, 2904, 7392}, 264, true};

/* The layer is the last ReLU. Of RegNetY-128GF, the only published weights for 224x224 are those for its last layer. */
static const struct backbone_variant variants[] = {
    {"regnet_x_400mf", "RegNetX-400MF", "trunk_output", .config = &x_400mf},
    {"regnet_x_800mf", "RegNetX-800MF", "trunk_output", .config = &x_800mf},
    {"regnet_x_1_6gf", "RegNetX-1.6GF", "trunk_output", .config = &x_1_6gf},
    {"regnet_x_3_2gf", "RegNetX-3.2GF", "trunk_output", .config = &x_3_2gf},
    {"regnet_x_8gf", "RegNetX-8GF", "trunk_output", .config = &x_8gf},
    {"regnet_x_16gf", "RegNetX-16GF", "trunk_output", .config = &x_16gf},
    {"regnet_x_32gf", "RegNetX-32GF", "trunk_output", .config = &x_32gf},
    {"regnet_y_400mf", "RegNetY-400MF", "trunk_output", .config = &y_400mf},
    {"regnet_y_800mf", "RegNetY-800MF", "trunk_output", .config = &y_800mf},
    {"regnet_y_1_6gf", "RegNetY-1.6GF", "trunk_output", .config = &y_1_6gf},
    {"regnet_y_3_2gf", "RegNetY-3.2GF", "trunk_output", .config = &y_3_2gf},
    {"regnet_y_8gf", "RegNetY-8GF", "trunk_output", .config = &y_8gf},
    {"regnet_y_16gf", "RegNetY-16GF", "trunk_output", .config = &y_16gf},
    {"regnet_y_32gf", "RegNetY-32GF", "trunk_output", .config = &y_32gf},
    {"regnet_y_128gf", "RegNetY-128GF", "trunk_output", .config = &y_128gf},
    {0},
};

const struct backbone_family backbone_regnet = {
    .name = "regnet",
    .source = "radosavovic2020regnet",
    .variants = variants,
    .build = build,
};
