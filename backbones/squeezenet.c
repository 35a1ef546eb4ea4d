/* backbones/squeezenet.c - SqueezeNet. Iandola et al., 2016. arXiv:1602.07360. The classifier is a convolution. */
#include "backbones/backbone.h"

#define MODULES 10

/* A fire module: channels of the 1x1 that squeezes, and of each of the two that expand. 0 squeezed: a max pool. */
struct fire {
    int squeezed, expanded;
};

struct squeezenet {
    int stem, stem_kernel;
    struct fire modules[MODULES]; /* from features.3 on */
};

static int squeeze_or_expand(struct graph *graph, const char *module, const char *name, int x, struct conv2d conv)
{
    conv.bias = true;
    x = graph_conv2d(graph, node_name("%s.%s", module, name).text, x, conv);
    return graph_relu(graph, node_name("%s.%s_activation", module, name).text, x);
}

static int fire(struct graph *graph, const char *name, int x, const struct fire *fire)
{
    const struct conv2d squeeze = {.out = fire->squeezed, .kernel = 1};
    const struct conv2d narrow = {.out = fire->expanded, .kernel = 1};
    const struct conv2d wide = {.out = fire->expanded, .kernel = 3, .padding = 1};
    x = squeeze_or_expand(graph, name, "squeeze", x, squeeze);
    const int expanded1x1 = squeeze_or_expand(graph, name, "expand1x1", x, narrow);
    const int expanded3x3 = squeeze_or_expand(graph, name, "expand3x3", x, wide);
    x = graph_concat(graph, node_name("%s.cat", name).text, (const int[]){expanded1x1, expanded3x3}, 2);
    graph_alias(graph, name, x);
    return x;
}

static void build(struct graph *graph, const struct backbone_variant *variant, const struct backbone_options *options)
{
    const struct squeezenet *net = variant->config;
    const struct pool2d pool = {.kernel = 3, .stride = 2, .ceil_mode = true};
    int x = graph_conv2d(graph, "features.0", BACKBONE_INPUT,
                         (struct conv2d){.out = net->stem, .kernel = net->stem_kernel, .stride = 2, .bias = true});
    x = graph_relu(graph, "features.1", x);
    x = graph_max_pool(graph, "features.2", x, pool);
    for (int i = 0; i < MODULES; i++) {
        const struct node_name name = node_name("features.%d", i + 3);
        const struct fire *module = &net->modules[i];
        x = module->squeezed ? fire(graph, name.text, x, module) : graph_max_pool(graph, name.text, x, pool);
    }
    graph_alias(graph, "features", x);
    x = graph_conv2d(graph, "classifier.1", x, (struct conv2d){.out = options->classes, .kernel = 1, .bias = true});
    x = graph_relu(graph, "classifier.2", x);
    x = graph_adaptive_avg_pool(graph, "classifier.3", x, 1, 1);
    graph_flatten(graph, "flatten", x);
}

static const struct squeezenet v1_0 = {
    96, 7, {{16, 64}, {16, 64}, {32, 128}, {0}, {32, 128}, {48, 192}, {48, 192}, {64, 256}, {0}, {64, 256}}};
static const struct squeezenet v1_1 = {
    64, 3, {{16, 64}, {16, 64}, {0}, {32, 128}, {32, 128}, {0}, {48, 192}, {48, 192}, {64, 256}, {64, 256}}};

static const struct backbone_variant variants[] = {
    {"squeezenet1_0", "SqueezeNet 1.0", "features.12", .config = &v1_0},
    {"squeezenet1_1", "SqueezeNet 1.1", "features.12", .config = &v1_1},
    {0},
};

const struct backbone_family backbone_squeezenet = {
    .name = "squeezenet",
    .source = "iandola2016squeezenet",
    .variants = variants,
    .build = build,
};
