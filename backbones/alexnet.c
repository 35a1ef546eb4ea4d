/* backbones/alexnet.c - AlexNet in its one-column form. Krizhevsky, 2014. arXiv:1404.5997 */
#include "backbones/backbone.h"

/* A convolution with its ReLU, perhaps followed by a pool. */
struct layer {
    struct conv2d conv;
    bool has_pool;
};

static const struct layer layers[] = {
    {{.out = 64, .kernel = 11, .stride = 4, .padding = 2, .bias = true}, true},
    {{.out = 192, .kernel = 5, .padding = 2, .bias = true}, true},
    {{.out = 384, .kernel = 3, .padding = 1, .bias = true}, false},
    {{.out = 256, .kernel = 3, .padding = 1, .bias = true}, false},
    {{.out = 256, .kernel = 3, .padding = 1, .bias = true}, true},
};

static int build_features(struct graph *graph)
{
    int x = BACKBONE_INPUT, index = 0;
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++) {
        x = graph_conv2d(graph, node_name("features.%d", index++).text, x, layers[i].conv);
        x = graph_relu(graph, node_name("features.%d", index++).text, x);
        if (layers[i].has_pool)
            x = graph_max_pool(graph, node_name("features.%d", index++).text, x,
                               (struct pool2d){.kernel = 3, .stride = 2});
    }
    graph_alias(graph, "features", x);
    return x;
}

static void build(struct graph *graph, __attribute__((unused)) const struct backbone_variant *variant,
                  const struct backbone_options *options)
{
    int x = build_features(graph);
    x = graph_adaptive_avg_pool(graph, "avgpool", x, 6, 6);
    x = graph_flatten(graph, "flatten", x);
    for (int index = 1; index < 6; index += 3) { /* a dropout precedes each */
        x = graph_linear(graph, node_name("classifier.%d", index).text, x, 4096, true);
        x = graph_relu(graph, node_name("classifier.%d", index + 1).text, x);
    }
    graph_linear(graph, "classifier.6", x, options->classes, true);
}

/* The layer is the last ReLU before the last pool. */
static const struct backbone_variant variants[] = {
    {.name = "alexnet", .title = "AlexNet", .layer = "features.11"},
    {0},
};

const struct backbone_family backbone_alexnet = {
    .name = "alexnet",
    .source = "krizhevsky2014weird",
    .variants = variants,
    .build = build,
};
