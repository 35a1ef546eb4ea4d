/*
 * nn/op.h - what an operator is: everything that the engine needs of one is in its struct op.
 *
 * An operator is a line `const struct op op_NAME = {` in a file of nn/; the build finds it (tools/registry.sh). Near
 * relatives share a file. No other file names it, but for nn/ops.h where it has a short function there.
 */
#ifndef NN_OP_H
#define NN_OP_H

#include "base/param.h"
#include "nn/nn.h"
#include "nn/step.h"

#define NODE_PARAMETERS_MAX 4

struct packer;

struct node {
    const char *name;
    const struct op *op;
    const void *attributes; /* op->attributes_size bytes; NULL: it has none */
    int inputs[NODE_INPUTS_MAX], input_count;
    struct shape shape;
};

struct op {
    const char *name;
    int inputs_least, inputs_most;  /* 0: a graph's input */
    const struct param *attributes; /* rows over the operator's struct (base/param.h); NULL: none */
    size_t attributes_size;
    void (*complete)(void *attributes); /* fills in what zero means; twice gives the same. NULL: nothing */
    /* Shape of the value; returns NULL, or what is wrong, for `layer "x": ...`. */
    const char *(*shape)(const struct node *node, const struct shape *in, struct shape *out);
    /* The node's tensors, at most NODE_PARAMETERS_MAX; names without the node's. NULL: none. */
    int (*parameters)(const struct node *node, const struct shape *in, struct parameter *out);
    double (*macs)(const struct node *node, const struct shape *in); /* multiply-adds per image. NULL: none */

    /* -- compiling -- */

    /* Fills in the step's weights and kernel (nn/pack.h); 0, or -1: no memory. NULL: it has neither. */
    int (*pack)(struct packer *packer, struct step *step, struct error *err);
    bool takes_factors; /* pack() multiplies the result by factors that the only reader gives: a batch norm is folded */
    /* y = x * scale + shift of each channel of a node with weights, in double. NULL: it is not of that kind. */
    void (*factors)(const struct packer *packer, const struct node *node, int channels, double *scale, double *shift);
    bool fuses;         /* adds bias and residual and applies the activation itself */
    bool is_sum;        /* of two values: a step that fuses can add the other one */
    bool is_mean;       /* a result (C,1,1) is the mean of each channel */
    bool is_flatten;    /* the same values as a vector */
    bool works_on_rows; /* of vectors, any number of them at once */
    bool begins_rows;   /* and reads its weights once for all: rows are collected before it */
    /* Feature's column of the matrix that the step is, packed or not: (outputs). NULL: it is not a matrix. */
    void (*column)(const struct step *step, int features, int feature, float *column);
    const char *(*kernel_name)(const struct step *step); /* NULL: there is no choice */

    /* -- running -- */

    /* Floats of scratch for forward, or for backward. NULL: none. */
    size_t (*scratch)(const struct step *step, const struct shape *in, struct shape out, bool backward);
    /*
     * Forward work comes in blocks, which threads may share in any order; NULL: a block is an image, and forward gets that
     * image alone. How work is cut must not change results.
     */
    int (*blocks)(const struct step *step, const struct step_io *io);
    void (*forward)(const struct step *step, const struct step_io *io, int block);
    void (*backward)(const struct step *step, const struct step_io *io);
    /* Whether a value may lie in panels, as step_takes_panels(). NULL: it may not. */
    bool (*takes_panels)(const struct step *step, enum operand operand, int channels, int panel);

    /* -- activations, which other steps can do after their own work -- */

    void (*activate)(float *y, size_t n);                               /* y = f(y). NULL: it is not an activation */
    void (*slope)(const float *x, const float *y, float *dy, size_t n); /* dy *= f' */
    bool slope_needs_input;                                             /* slope() reads x; otherwise it may be NULL */
    bool is_limit; /* it is min(max(y, 0), top), which kernels do themselves */
    float top;
};

/* All of them; ends with NULL. Written by tools/registry.sh. */
extern const struct op *const ops[];

/* Graph: for the compiler. */
const struct node *graph_raw_node(const struct graph *graph, int node);
int graph_output_node(const struct graph *graph);

#endif
