/* backbones/mobile_block.c - convolution with norm and activation, squeeze and excitation, inverted residual. */
#include "backbones/mobile_block.h"

#include "backbones/backbone.h"

static int same_total(int in, int kernel, int stride)
{
    const int total = ((in + stride - 1) / stride - 1) * stride + kernel - in;
    return total > 0 ? total : 0;
}

void pad_same(const struct graph *graph, int x, struct conv2d *conv)
{
    if (x < 0) /* the graph has failed */
        return;
    const struct shape in = graph_node(graph, x).shape;
    const int stride = conv->stride ? conv->stride : 1;
    const int down = same_total(in.h, conv->kernel, stride), across = same_total(in.w, conv->kernel, stride);
    conv->padding = conv->padding_w = 0;
    conv->pad = (struct sides){down / 2, across / 2, down - down / 2, across - across / 2};
}

int conv_norm_activation(struct graph *graph, const char *name, int x, struct conv2d conv,
                         const struct mobile_style *style)
{
    if (style->is_same)
        pad_same(graph, x, &conv);
    x = graph_conv2d(graph, node_name("%s.0", name).text, x, conv);
    x = graph_batch_norm_eps(graph, node_name("%s.1", name).text, x, style->eps);
    if (style->activation)
        x = style->activation(graph, node_name("%s.2", name).text, x);
    graph_alias(graph, name, x);
    return x;
}

int sequential_conv_norm(struct graph *graph, const char *name, int *index, int x, struct conv2d conv, bool has_relu)
{
    x = graph_conv2d(graph, node_name("%s.%d", name, *index).text, x, conv);
    x = graph_batch_norm(graph, node_name("%s.%d", name, *index + 1).text, x);
    if (has_relu)
        x = graph_relu(graph, node_name("%s.%d", name, *index + 2).text, x);
    *index += has_relu ? 3 : 2;
    return x;
}

int squeeze_excite(struct graph *graph, const char *name, int x, int channels, const struct squeeze_excite *se)
{
    const struct conv2d down = {.out = se->squeezed, .kernel = 1, .bias = true};
    const struct conv2d up = {.out = channels, .kernel = 1, .bias = true};
    int scale = graph_adaptive_avg_pool(graph, node_name("%s.avgpool", name).text, x, 1, 1);
    scale = graph_conv2d(graph, node_name("%s.fc1", name).text, scale, down);
    scale = se->squeeze(graph, node_name("%s.activation", name).text, scale);
    scale = graph_conv2d(graph, node_name("%s.fc2", name).text, scale, up);
    scale = se->excite(graph, node_name("%s.scale_activation", name).text, scale);
    x = graph_scale_channels(graph, node_name("%s.mul", name).text, x, scale);
    graph_alias(graph, name, x);
    return x;
}

int mobile_block(struct graph *graph, const char *name, int x, const struct mobile_block *block)
{
    const int entry = x;
    const struct mobile_style plain = {.eps = block->style.eps};
    const struct conv2d expand = {.out = block->hidden, .kernel = 1}, project = {.out = block->out, .kernel = 1};
    const struct conv2d depthwise = {.out = block->hidden,
                                     .kernel = block->kernel,
                                     .stride = block->stride,
                                     .padding = block->kernel / 2,
                                     .groups = block->hidden};
    const struct node_name part = node_name("%s.block", name);
    int index = 0;
    if (block->hidden != block->in)
        x = conv_norm_activation(graph, node_name("%s.%d", part.text, index++).text, x, expand, &block->style);
    x = conv_norm_activation(graph, node_name("%s.%d", part.text, index++).text, x, depthwise, &block->style);
    if (block->se.squeezed)
        x = squeeze_excite(graph, node_name("%s.%d", part.text, index++).text, x, block->hidden, &block->se);
    x = conv_norm_activation(graph, node_name("%s.%d", part.text, index).text, x, project, &plain);
    graph_alias(graph, part.text, x);
    if (block->stride == 1 && block->in == block->out)
        x = graph_sum(graph, node_name("%s.add", name).text, x, entry);
    graph_alias(graph, name, x);
    return x;
}
