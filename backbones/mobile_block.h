/*
 * backbones/mobile_block.h - building blocks of MobileNets, EfficientNets, RegNets, MnasNets and ShuffleNets, with the
 * names of torchvision's modules.
 */
#ifndef BACKBONES_MOBILE_BLOCK_H
#define BACKBONES_MOBILE_BLOCK_H

#include "nn/ops.h"

/* graph_relu and similar functions. */
typedef int add_activation(struct graph *graph, const char *name, int input);

/* How a family normalises and activates. */
struct mobile_style {
    double eps;                 /* of batch norms */
    add_activation *activation; /* NULL: none */
    bool is_same;               /* convolutions pad as TensorFlow's "SAME", not as given */
};

/*
 * TensorFlow's padding "SAME": ceil(size / stride) positions, the odd row or column of padding below and on the right.
 * Replaces the padding of a convolution of x.
 */
void pad_same(const struct graph *graph, int x, struct conv2d *conv);

/* Convolution, batch norm and activation: modules 0, 1 and 2 of `name` (Conv2dNormActivation). */
int conv_norm_activation(struct graph *graph, const char *name, int x, struct conv2d conv,
                         const struct mobile_style *style);

/*
 * Convolution, batch norm and, with has_relu, ReLU: the modules of the sequence `name` from *index on, which is set to
 * the index after them.
 */
int sequential_conv_norm(struct graph *graph, const char *name, int *index, int x, struct conv2d conv, bool has_relu);

/* Squeeze and excitation. Hu et al., CVPR 2018, arXiv:1709.01507 */
struct squeeze_excite {
    int squeezed;                     /* channels inside; 0: there is none */
    add_activation *squeeze, *excite; /* its two activations */
};

/* Scales the `channels` of x. */
int squeeze_excite(struct graph *graph, const char *name, int x, int channels, const struct squeeze_excite *se);

/*
 * An inverted residual: 1x1 to more channels, depthwise, squeeze and excitation, 1x1 without activation, and the input
 * added where the shapes allow.
 */
struct mobile_block {
    struct mobile_style style;
    int in, hidden, out; /* channels; hidden == in: nothing is expanded */
    int kernel, stride;
    struct squeeze_excite se;
};

int mobile_block(struct graph *graph, const char *name, int x, const struct mobile_block *block);

#endif
