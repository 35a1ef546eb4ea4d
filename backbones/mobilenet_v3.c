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
    /* Of the authors' networks for TensorFlow, as timm has them. Their classifier is as wide at each width. */
    bool is_tf, is_minimal; /* minimal: kernels of 3, ReLU, and no squeeze and excitation */
    double width;
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

static struct mobile_style style_of(const struct mobilenet_v3 *net, bool has_hard_swish)
{
    return (struct mobile_style){.eps = 1e-3,
                                 .activation = has_hard_swish && !net->is_minimal ? graph_hard_swish : graph_relu,
                                 .is_same = net->is_tf};
}

/* The channels inside a block whose input has `in`, and `whole` at width 1: TensorFlow's are a multiple of `in`. */
static int expanded(const struct mobilenet_v3 *net, const struct bneck *row, int in, int whole, double width)
{
    return backbone_channels(net->is_tf ? (double)in * row->expanded / whole : row->expanded * width);
}

static struct mobile_block block_of(const struct mobilenet_v3 *net, const struct bneck *row, int in, int whole,
                                    double width)
{
    const int hidden = expanded(net, row, in, whole, width), quarter = hidden / 4;
    return (struct mobile_block){
        .style = style_of(net, row->has_hard_swish),
        .in = in,
        .hidden = hidden,
        .out = backbone_channels(row->out * width),
        .kernel = net->is_minimal ? 3 : row->kernel,
        .stride = row->stride,
        .se = {row->has_squeeze && !net->is_minimal ? backbone_channels(quarter) : 0, graph_relu, graph_hard_sigmoid},
    };
}

static void build(struct graph *graph, const struct backbone_variant *variant, const struct backbone_options *options)
{
    const struct mobilenet_v3 *net = variant->config;
    const double width = options->width * net->width;
    const struct mobile_style style = style_of(net, true);
    int index = 0, channels = backbone_channels(16 * width), whole = 16;
    int x = conv_norm_activation(graph, node_name("features.%d", index++).text, BACKBONE_INPUT,
                                 (struct conv2d){.out = channels, .kernel = 3, .stride = 2, .padding = 1}, &style);
    for (const struct bneck *row = net->blocks; row->kernel; row++) {
        const struct mobile_block block = block_of(net, row, channels, whole, width);
        x = mobile_block(graph, node_name("features.%d", index++).text, x, &block);
        channels = block.out;
        whole = row->out;
    }
    x = conv_norm_activation(graph, node_name("features.%d", index).text, x,
                             (struct conv2d){.out = 6 * channels, .kernel = 1}, &style);
    graph_alias(graph, "features", x);
    x = graph_adaptive_avg_pool(graph, "avgpool", x, 1, 1);
    x = graph_flatten(graph, "flatten", x);
    x = graph_linear(graph, "classifier.0", x, net->is_tf ? net->hidden : backbone_channels(net->hidden * width), true);
    x = style.activation(graph, "classifier.1", x);
    graph_linear(graph, "classifier.3", x, options->classes, true);
}

static const struct mobilenet_v3 large = {.blocks = large_blocks, .hidden = 1280, .width = 1};
static const struct mobilenet_v3 small = {.blocks = small_blocks, .hidden = 1024, .width = 1};
static const struct mobilenet_v3 tf_large = {large_blocks, 1280, true, false, 1};
static const struct mobilenet_v3 tf_large_75 = {large_blocks, 1280, true, false, 0.75};
static const struct mobilenet_v3 tf_large_minimal = {large_blocks, 1280, true, true, 1};
static const struct mobilenet_v3 tf_small = {small_blocks, 1024, true, false, 1};
static const struct mobilenet_v3 tf_small_75 = {small_blocks, 1024, true, false, 0.75};
static const struct mobilenet_v3 tf_small_minimal = {small_blocks, 1024, true, true, 1};

#define TF(layer_, config_) \
    .layer = (layer_), .config = (config_), .is_timm = true, .trainings = in1k, \
    .input = {PICTURE_HALVES, .interpolation = PICTURE_BILINEAR, .crop = 0.875}

static const char *const in1k[] = {"_in1k", NULL};

/* The layer is the last module of `features`. */
static const struct backbone_variant variants[] = {
    {"mobilenet_v3_large", "MobileNetV3 Large", "features.16", .config = &large},
    {"mobilenet_v3_small", "MobileNetV3 Small", "features.12", .config = &small},
    {.name = "tf_mobilenetv3_large_100", .title = "TF MobileNetV3 Large", TF("features.16", &tf_large)},
    {.name = "tf_mobilenetv3_large_075", .title = "TF MobileNetV3 Large 0.75", TF("features.16", &tf_large_75)},
    {.name = "tf_mobilenetv3_large_minimal_100",
     .title = "TF MobileNetV3 Large minimal",
     TF("features.16", &tf_large_minimal)},
    {.name = "tf_mobilenetv3_small_100", .title = "TF MobileNetV3 Small", TF("features.12", &tf_small)},
    {.name = "tf_mobilenetv3_small_075", .title = "TF MobileNetV3 Small 0.75", TF("features.12", &tf_small_75)},
    {.name = "tf_mobilenetv3_small_minimal_100",
     .title = "TF MobileNetV3 Small minimal",
     TF("features.12", &tf_small_minimal)},
    {0},
};

const struct backbone_family backbone_mobilenet_v3 = {
    .name = "mobilenet_v3",
    .source = "howard2019mobilenetv3",
    .variants = variants,
    .has_width = true,
    .build = build,
};
