/*
 * nn/op.h - what an operator is: struct op contains everything that the engine needs of one.
 *
 * An operator is defined by a line `const struct op op_NAME = {` in a file of nn/; the build finds it
 * (tools/registry.sh). Closely related operators share a file. No other file names an operator, except nn/ops.h if it
 * has a short function there.
 */
#ifndef NN_OP_H
#define NN_OP_H

#include "base/param.h"
#include "nn/nn.h"
#include "nn/step.h"

#define NODE_PARAMETERS_MAX 4

struct arena;
struct packer;

struct node {
    const char *name;
    const char *tensor; /* name of its only tensor; NULL: NAME.what */
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
    void (*complete)(void *attributes); /* replaces zeros by what they mean; idempotent. NULL: nothing to replace */
    /* Writes the value's shape; returns NULL, or what is wrong, as the end of `layer "x": ...`. */
    const char *(*shape)(const struct node *node, const struct shape *in, struct shape *out);
    /*
     * Lists the node's tensors, at most NODE_PARAMETERS_MAX, and returns their number; names are without the node's.
     * NULL: 0.
     */
    int (*parameters)(const struct node *node, const struct shape *in, struct parameter *out);
    double (*macs)(const struct node *node, const struct shape *in); /* multiply-adds per image. NULL: none */

    /* -- compiling -- */

    /* Fills in the step's weights and kernel (nn/pack.h); 0, or -1: no memory. NULL: it has neither. */
    int (*pack)(struct packer *packer, struct step *step, struct error *err);
    bool takes_factors; /* pack() can fold the factors() of a batch norm that alone reads this value into the weights */
    /*
     * Writes the scale and shift (channels) of y = x * scale + shift, in double; false: the node is not of that kind.
     * NULL: the operator never is.
     */
    bool (*factors)(const struct packer *packer, const struct node *node, int channels, double *scale, double *shift);
    bool fuses;         /* forward adds bias and residual and applies the activation itself */
    bool is_sum;        /* the sum of two values: a step that fuses can add the other one as its residual */
    bool is_mean;       /* if the result is (C,1,1) of as many channels, it is the mean of each */
    bool is_flatten;    /* the result is the same values as a vector */
    bool works_on_rows; /* works on vectors, any number of them at once */
    bool begins_rows; /* works_on_rows and reads its weights once for all rows, so a batch's rows are collected first */
    /* Write column `feature` (outputs), row `output` (features) of the matrix by which the step multiplies. NULL: none. */
    void (*column)(const struct step *step, int features, int feature, float *column);
    void (*row)(const struct step *step, int features, int output, float *row);
    const char *(*kernel_name)(const struct step *step); /* NULL: there is no choice */

    /* -- running -- */

    /* Floats of scratch for forward, or for backward. NULL: none. */
    size_t (*scratch)(const struct step *step, const struct shape *in, struct shape out, bool backward);
    /*
     * Number of blocks of the forward work, which threads share in any order; how it is divided must not change
     * results. NULL: a block is an image, and forward gets that image alone.
     */
    int (*blocks)(const struct step *step, const struct step_io *io);
    void (*forward)(const struct step *step, const struct step_io *io, int block);
    void (*backward)(const struct step *step, const struct step_io *io);
    /*
     * Backward by the network's kernels, for steps with step->reverse, and the packing of the weights that it reads, once
     * before the step's first backward pass. Last digits differ from backward(). NULL: not offered.
     */
    int (*pack_reverse)(struct arena *arena, const struct step *step, const struct shape *in, struct error *err);
    void (*reverse)(const struct step *step, const struct step_io *io);
    bool is_linear; /* forward without the bias is linear in the inputs, and backward reads no values */
    /*
     * For operators that are linear piece by piece: dy = J dx at io->x, with a dx for
     * each input; and backward with multipliers instead of slopes
     * (nn/nn.h), `reference` the step at the reference. NULL: not of that kind, or is_linear.
     */
    void (*tangent)(const struct step *step, const struct step_io *io, const float *const *dx, float *dy);
    void (*multiply)(const struct step *step, const struct step_io *io, const struct step_io *reference);
    /*
     * Writes map (h,w) = sum_k weight[k] * channel k of the result, without bias, residual and activation, from an
     * image's input. `kernel`: scratch (taps, input channels). NULL: not offered.
     */
    void (*mix)(const struct step *step, const struct step_io *io, const double *weight, double *kernel, float *map);
    /* Whether a value may lie in panels, as step_takes_panels(). NULL: never. */
    bool (*takes_panels)(const struct step *step, enum operand operand, int channels, int panel);

    /* -- activations, which other steps can do after their own work -- */

    void (*activate)(float *y, size_t n);                               /* y = f(y). NULL: it is not an activation */
    void (*slope)(const float *x, const float *y, float *dy, size_t n); /* dy *= f'(x), where y = f(x) */
    bool slope_needs_input;                                             /* slope() reads x; otherwise it may be NULL */
    bool has_pieces; /* f is linear piece by piece, though not is_limit: slope() serves tangents */
    bool is_limit;   /* f(y) = min(max(y, 0), top), which kernels apply themselves */
    float top;
};

/* An op->shape(): the value has the shape of the first input. */
const char *same_shape(const struct node *node, const struct shape *in, struct shape *out);

/* An op->macs(): one multiply-add for each value of the first input. */
double mac_per_value(const struct node *node, const struct shape *in);

/* DeepLIFT's multipliers: for a difference below it, a secant's slope would be rounding alone, and the slope is f'. */
#define SECANT_MIN 1e-7

/* All operators; ends with NULL. Written by tools/registry.sh. */
extern const struct op *const ops[];

/* The parts of a graph that only the compiler reads: a node as it was added, and the node of the output. */
const struct node *graph_raw_node(const struct graph *graph, int node);
int graph_output_node(const struct graph *graph);

#endif
