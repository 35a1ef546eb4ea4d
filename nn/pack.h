/* nn/pack.h - inside nn/: weights by name, and what op->pack() gets to make a step's own copies of them. */
#ifndef NN_PACK_H
#define NN_PACK_H

#include "base/arena.h"
#include "nn/op.h"

/* y = x * scale[k] + shift[k] of each channel. */
struct factors {
    double *scale, *shift;
};

struct packer {
    struct arena *arena; /* the network's */
    const struct weights *weights;
    const struct kernel_set *set;  /* NULL: OpenBLAS alone */
    struct shape in;               /* of the step's first input */
    const struct factors *factors; /* to fold, for operators that take them; NULL: none */
};

/* The node's tensor: "weight", "bias". It exists if the weights were checked. */
const float *packer_tensor(const struct packer *packer, const struct node *node, const char *what);

/* Memory for a bias, which kernels read up to a whole panel; NULL: no memory. */
float *packer_bias(const struct packer *packer, int columns);

/* step->weight and step->bias from a factor and a shift of each channel; 0, or -1: no memory. */
int pack_factors(const struct packer *packer, struct step *step, const double *scale, const double *shift,
                 struct error *err);

#endif
