/*
 * weights/weights_reset.h - the weights that PyTorch's layers have before training, for networks whose weights are
 * replaced to see whether explanations depend on them.
 *
 * Weights and biases of convolutions and linear layers are uniform in [-1/sqrt(n), 1/sqrt(n)), n the inputs of an output
 * (kaiming_uniform_ with a = sqrt(5), and the bias as Linear and _ConvNd set it); norms get mean 0, variance 1, scale 1,
 * shift 0. Every tensor has a random stream of its own, so a seed gives the same bytes whatever else is replaced.
 */
#ifndef WEIGHTS_WEIGHTS_RESET_H
#define WEIGHTS_WEIGHTS_RESET_H

#include "base/arena.h"
#include "nn/nn.h"

/*
 * Lists the tensors of `from` with new values, in the arena, for all nodes that have a stage (nn/graph.h); the others
 * share the data of `from`. `draw` numbers independent draws of one seed, from 0. Errors: no memory.
 */
int weights_reset(const struct graph *graph, const struct weights *from, uint64_t seed, int draw, struct arena *arena,
                  struct weights *out, struct error *err);

#endif
