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
    bool is_same;        /* TensorFlow's padding */
    bool rounds_down;    /* channels may lose more than a tenth when they are rounded */
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
static const struct stage v2_xl[] = {
    {1, 3, 1, 32, 4, true},    {4, 3, 2, 64, 8, true},    {4, 3, 2, 96, 8, true},   {4, 3, 2, 192, 16, false},
    {6, 3, 1, 256, 24, false}, {6, 3, 2, 512, 32, false}, {6, 3, 1, 640, 8, false}, {0},
};
static const struct stage v2_base[] = {
    {1, 3, 1, 16, 1, true},
    {4, 3, 2, 32, 2, true},
    {4, 3, 2, 48, 2, true},
    {4, 3, 2, 96, 3, false},
    {6, 3, 1, 112, 5, false},
    {6, 3, 2, 192, 8, false},
    {0},
};

static int scaled(const struct efficientnet *net, int channels)
{
    const double exact = channels * net->width;
    return net->rounds_down ? (int)(exact + 4) / 8 * 8 : backbone_channels(exact);
}

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
    const int out = scaled(net, stage->channels), count = (int)ceil(stage->blocks * net->depth);
    for (int i = 0; i < count; i++) {
        const struct mobile_block block = {
            .style = {.eps = net->eps, .activation = graph_silu, .is_same = net->is_same},
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
    const struct mobile_style style = {.eps = net->eps, .activation = graph_silu, .is_same = net->is_same};
    int index = 0, channels = scaled(net, net->stem);
    int x = conv_norm_activation(graph, node_name("features.%d", index++).text, BACKBONE_INPUT,
                                 (struct conv2d){.out = channels, .kernel = 3, .stride = 2, .padding = 1}, &style);
    for (const struct stage *stage = net->stages; stage->blocks; stage++) {
        x = add_stage(graph, node_name("features.%d", index++).text, x, stage, net, channels);
        channels = scaled(net, stage->channels);
    }
    x = conv_norm_activation(graph, node_name("features.%d", index).text, x,
                             (struct conv2d){.out = net->last ? net->last : 4 * channels, .kernel = 1}, &style);
    graph_alias(graph, "features", x);
    x = graph_adaptive_avg_pool(graph, "avgpool", x, 1, 1);
    x = graph_flatten(graph, "flatten", x);
    graph_linear(graph, "classifier.1", x, options->classes, true);
}

#define NET(stages_, stem_, last_, width_, depth_, ...) \
    { \
        .stages = (stages_), .stem = (stem_), .last = (last_), .width = (width_), .depth = (depth_), __VA_ARGS__ \
    }
#define B(width, depth, eps_) NET(b0, 32, 0, width, depth, .eps = (eps_))
#define V2(stages, stem) NET(stages, stem, 1280, 1, 1, .eps = 1e-3)

static const struct efficientnet net_b0 = B(1, 1, 1e-5), net_b1 = B(1, 1.1, 1e-5), net_b2 = B(1.1, 1.2, 1e-5);
static const struct efficientnet net_b3 = B(1.2, 1.4, 1e-5), net_b4 = B(1.4, 1.8, 1e-5), net_b5 = B(1.6, 2.2, 1e-3);
static const struct efficientnet net_b6 = B(1.8, 2.6, 1e-3), net_b7 = B(2, 3.1, 1e-3);
static const struct efficientnet net_v2_s = V2(v2_s, 24), net_v2_m = V2(v2_m, 24), net_v2_l = V2(v2_l, 32);

/* Networks with the weights of the papers' authors, for TensorFlow. */
#define TF .eps = 1e-3, .is_same = true
#define TF_B(width, depth) NET(b0, 32, 0, width, depth, TF)
#define TF_V2(stages, stem) NET(stages, stem, 1280, 1, 1, TF)
#define TF_V2_B(last, width, depth) NET(v2_base, 32, last, width, depth, TF, .rounds_down = true)

static const struct efficientnet tf_b0 = TF_B(1, 1), tf_b1 = TF_B(1, 1.1), tf_b2 = TF_B(1.1, 1.2);
static const struct efficientnet tf_b3 = TF_B(1.2, 1.4), tf_b4 = TF_B(1.4, 1.8), tf_b5 = TF_B(1.6, 2.2);
static const struct efficientnet tf_b6 = TF_B(1.8, 2.6), tf_b7 = TF_B(2, 3.1), tf_b8 = TF_B(2.2, 3.6);
static const struct efficientnet tf_l2 = TF_B(4.3, 5.3);
static const struct efficientnet tf_v2_s = TF_V2(v2_s, 24), tf_v2_m = TF_V2(v2_m, 24), tf_v2_l = TF_V2(v2_l, 32);
static const struct efficientnet tf_v2_xl = TF_V2(v2_xl, 32);
static const struct efficientnet tf_v2_b0 = TF_V2_B(1280, 1, 1), tf_v2_b1 = TF_V2_B(1280, 1, 1.1);
static const struct efficientnet tf_v2_b2 = TF_V2_B(1408, 1.1, 1.2), tf_v2_b3 = TF_V2_B(1536, 1.2, 1.4);

/* Ends of timm's names, old ("_ns") and new (".ns_jft_in1k"). */
static const char *const in1k[] = {"_in1k", NULL};
static const char *const b_trainings[] = {"_aa", "_ns", "_in1k", "_aa_in1k", "_ra_in1k", "_ns_jft_in1k", NULL};
static const char *const v2_trainings[] = {"_in1k", "_in21k", "_in21ft1k", "_in21k_ft_in1k", NULL};

#define VARIANT(name_, title_, layer_, config_, ...) \
    { \
        .name = (name_), .title = (title_), .layer = "features." #layer_, .config = &(config_), __VA_ARGS__ \
    }
#define SIDE(side) .h = side, .w = side
#define TIMM(side, crop_) SIDE(side), .crop = (crop_), .interpolation = PICTURE_BICUBIC
#define SQUASHED .resize = PICTURE_RESIZE_SQUASH
#define TF_VARIANT(name, title, layer, config, trainings_, ...) \
    VARIANT("tf_efficientnet" name, "TF EfficientNet" title, layer, config, .is_timm = true, \
            .trainings = (trainings_), .input = {__VA_ARGS__})
/* AP is AdvProp, a training with adversarial examples; its pixels have mean and deviation 0.5. */
#define TF_VARIANTS_B(n, side, crop) \
    TF_VARIANT("_b" #n, "-B" #n, 8, tf_b##n, b_trainings, TIMM(side, crop)), \
        TF_VARIANT("_b" #n "_ap", "-B" #n " AP", 8, tf_b##n, in1k, TIMM(side, crop), PICTURE_HALVES)

/* The layer is the last convolution with its batch norm and activation. */
static const struct backbone_variant variants[] = {
    VARIANT("efficientnet_b0", "EfficientNet-B0", 8, net_b0, .input = {SIDE(224)}),
    VARIANT("efficientnet_b1", "EfficientNet-B1", 8, net_b1, .input = {SIDE(240)}),
    VARIANT("efficientnet_b2", "EfficientNet-B2", 8, net_b2, .input = {SIDE(288)}),
    VARIANT("efficientnet_b3", "EfficientNet-B3", 8, net_b3, .input = {SIDE(300)}),
    VARIANT("efficientnet_b4", "EfficientNet-B4", 8, net_b4, .input = {SIDE(380)}),
    VARIANT("efficientnet_b5", "EfficientNet-B5", 8, net_b5, .input = {SIDE(456)}),
    VARIANT("efficientnet_b6", "EfficientNet-B6", 8, net_b6, .input = {SIDE(528)}),
    VARIANT("efficientnet_b7", "EfficientNet-B7", 8, net_b7, .input = {SIDE(600)}),
    VARIANT("efficientnet_v2_s", "EfficientNetV2-S", 7, net_v2_s, .input = {SIDE(384)}),
    VARIANT("efficientnet_v2_m", "EfficientNetV2-M", 8, net_v2_m, .input = {SIDE(480)}),
    VARIANT("efficientnet_v2_l", "EfficientNetV2-L", 8, net_v2_l, .input = {SIDE(480), PICTURE_HALVES}),
    TF_VARIANTS_B(0, 224, 0.875),
    TF_VARIANTS_B(1, 240, 0.882),
    TF_VARIANTS_B(2, 260, 0.89),
    TF_VARIANTS_B(3, 300, 0.904),
    TF_VARIANTS_B(4, 380, 0.922),
    TF_VARIANTS_B(5, 456, 0.934),
    TF_VARIANTS_B(6, 528, 0.942),
    TF_VARIANTS_B(7, 600, 0.949),
    TF_VARIANTS_B(8, 672, 0.954),
    TF_VARIANT("_l2", "-L2", 8, tf_l2, b_trainings, TIMM(800, 0.96)),
    TF_VARIANT("_l2_ns_475", "-L2 475", 8, tf_l2, NULL, TIMM(475, 0.936)),
    TF_VARIANT("v2_s", "V2-S", 7, tf_v2_s, v2_trainings, TIMM(300, 1), PICTURE_HALVES),
    TF_VARIANT("v2_m", "V2-M", 8, tf_v2_m, v2_trainings, TIMM(384, 1), PICTURE_HALVES, SQUASHED),
    TF_VARIANT("v2_l", "V2-L", 8, tf_v2_l, v2_trainings, TIMM(384, 1), PICTURE_HALVES, SQUASHED),
    TF_VARIANT("v2_xl", "V2-XL", 8, tf_v2_xl, v2_trainings, TIMM(384, 1), PICTURE_HALVES, SQUASHED),
    TF_VARIANT("v2_b0", "V2-B0", 7, tf_v2_b0, in1k, TIMM(192, 0.875)),
    TF_VARIANT("v2_b1", "V2-B1", 7, tf_v2_b1, in1k, TIMM(192, 0.882)),
    TF_VARIANT("v2_b2", "V2-B2", 7, tf_v2_b2, in1k, TIMM(208, 0.89)),
    TF_VARIANT("v2_b3", "V2-B3", 7, tf_v2_b3, in1k, TIMM(240, 0.904)),
    TF_VARIANT("v2_b3_in21k", "V2-B3 21k", 7, tf_v2_b3, NULL, TIMM(240, 0.904), PICTURE_HALVES),
    TF_VARIANT("v2_b3_in21k_ft_in1k", "V2-B3 21k to 1k", 7, tf_v2_b3, NULL, TIMM(240, 0.9), PICTURE_HALVES, SQUASHED),
    {0},
};

const struct backbone_family backbone_efficientnet = {
    .name = "efficientnet",
    .source = "tan2019efficientnet",
    .variants = variants,
    .build = build,
};
