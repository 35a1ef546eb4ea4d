/* backbones/inception_block.h - what GoogLeNet and Inception v3 have in common, with torchvision's names. */
#ifndef BACKBONES_INCEPTION_BLOCK_H
#define BACKBONES_INCEPTION_BLOCK_H

#include "backbones/backbone.h"

/* Convolution, batch norm and ReLU: `conv`, `bn` and `relu` of `name` (BasicConv2d). */
int inception_conv(struct graph *graph, const char *name, int x, struct conv2d conv);

/*
 * The first node: brings an input that was normalised by the usual means and deviations to (x - 0.5) / 0.5, as in the
 * training of the published weights. If the options say no or the input does not have three channels, adds nothing and
 * returns BACKBONE_INPUT.
 */
int inception_input(struct graph *graph, const struct backbone_options *options);

#endif
