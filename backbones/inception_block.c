/* backbones/inception_block.c - convolution with norm and ReLU, and the transform of the input. */
#include "backbones/inception_block.h"

#define NORM_EPS 1e-3

int inception_conv(struct graph *graph, const char *name, int x, struct conv2d conv)
{
    x = graph_conv2d(graph, node_name("%s.conv", name).text, x, conv);
    x = graph_batch_norm_eps(graph, node_name("%s.bn", name).text, x, NORM_EPS);
    x = graph_relu(graph, node_name("%s.relu", name).text, x);
    graph_alias(graph, name, x);
    return x;
}

int inception_input(struct graph *graph, const struct backbone_options *options)
{
    const struct affine affine = {.scale = {0.229f / 0.5f, 0.224f / 0.5f, 0.225f / 0.5f},
                                  .shift = {(0.485f - 0.5f) / 0.5f, (0.456f - 0.5f) / 0.5f, (0.406f - 0.5f) / 0.5f}};
    if (options->transform_input == TRANSFORM_NO || (options->channels && options->channels != 3))
        return BACKBONE_INPUT;
    return graph_affine(graph, "transform_input", BACKBONE_INPUT, affine);
}
