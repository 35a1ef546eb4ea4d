/*
 * nn/pack.h - inside nn/: the argument of op->pack(), which copies a node's weights in the order that its kernel reads.
 */
#ifndef NN_PACK_H
#define NN_PACK_H

#include "base/arena.h"
#include "nn/op.h"

/* y = x * scale[k] + shift[k] for each channel k. */
struct factors {
    double *scale, *shift;
};

struct packer {
    struct arena *arena; /* the network's */
    const struct weights *weights;
    const struct kernel_set *set;  /* NULL: OpenBLAS alone */
    struct shape in;               /* of the step's first input */
    const struct factors *factors; /* to fold into the weights, if op->takes_factors; NULL: none */
};

/* The data of the node's tensor "weight", "bias" ..., which must exist: the weights were checked before. */
const float *packer_tensor(const struct packer *packer, const struct node *node, const char *what);

/* Memory for a bias, rounded up to a whole panel, because kernels read that far; NULL: no memory. */
float *packer_bias(const struct packer *packer, int columns);

/* Fills in step->weight and step->bias with the scale and shift of each channel; 0, or -1: no memory. */
int pack_factors(const struct packer *packer, struct step *step, const double *scale, const double *shift,
                 struct error *err);

#endif
