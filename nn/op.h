/*
 * nn/op.h - inside nn/: nodes, operators, and the steps that a network is compiled to.
 *
 * An operator is one file: shape rule, parameters, operation count, forward and vector-Jacobian product of one image.
 * Values are NHWC without the N: (h,w,c), row-major; a vector is (1,1,c).
 */
#ifndef NN_OP_H
#define NN_OP_H

#include "nn/nn.h"

#define NODE_INPUTS_MAX 8
#define NODE_NAME_MAX 96
#define NODE_PARAMETERS_MAX 4
#define NODE_AFFINE_MAX 4 /* channels */

struct op;

struct node {
    char name[NODE_NAME_MAX], alias[NODE_NAME_MAX]; /* alias "": none */
    const struct op *op;
    int inputs[NODE_INPUTS_MAX], input_count;
    struct shape shape;
    union {
        struct conv2d conv;
        struct pool2d pool;
        struct {
            int out;
            bool bias;
        } linear;
        struct {
            double eps;
        } norm;
        struct {
            float scale[NODE_AFFINE_MAX], shift[NODE_AFFINE_MAX];
        } affine;
    };
};

/* A node with what was fused behind it: y = activation(op(x...) + bias + residual). */
struct step {
    const struct node *node;                  /* the first of the chain: holds the attributes */
    int inputs[NODE_INPUTS_MAX], input_count; /* values */
    int output;                               /* value */
    int residual;                             /* value, -1: none */
    const struct op *activation;              /* NULL: none */
    int before;                               /* value before the activation, kept for gradients; -1: none */
    float *weight, *bias;                     /* packed by the operator; owned by the network; NULL: none */
    const struct conv_kernel *kernel;         /* convolutions only */
};

/* What forward and backward of a step get: shapes, buffers, scratch. */
struct step_io {
    struct shape in[NODE_INPUTS_MAX], out;
    const float *x[NODE_INPUTS_MAX];
    const float *residual; /* NULL: none; shape of out */
    float *y;
    float *before;              /* where the value before the activation is kept; NULL: it is not */
    const float *dy;            /* backward: gradient of op(x) + bias, activation already undone */
    float *dx[NODE_INPUTS_MAX]; /* backward: added to */
    int rows;                   /* linear: how many vectors; 1 otherwise */
    float *scratch;             /* step_scratch() floats */
};

struct op {
    const char *name;
    bool fuses; /* adds bias and residual and applies the activation itself */
    /* Shape of the value; returns NULL, or what is wrong, for "layer "x": ...". */
    const char *(*shape)(const struct node *node, const struct shape *in, struct shape *out);
    /* The node's tensors, at most NODE_PARAMETERS_MAX; names without the node's. NULL: none. */
    int (*parameters)(const struct node *node, const struct shape *in, struct parameter *out);
    double (*macs)(const struct node *node, const struct shape *in);
    /* Floats of scratch for forward or backward. NULL: none. */
    size_t (*scratch)(const struct step *step, const struct shape *in, struct shape out);
    void (*forward)(const struct step *step, const struct step_io *io);
    void (*backward)(const struct step *step, const struct step_io *io);
    /* Activations, which other steps can do behind their own work: y = f(y), and dy *= f'. NULL: no activation. */
    void (*activate)(float *y, size_t n);
    void (*slope)(const float *x, const float *y, float *dy, size_t n);
    bool slope_needs_input; /* slope() reads x; otherwise it may be NULL */
};

extern const struct op op_input, op_conv2d, op_batch_norm, op_affine, op_relu, op_relu6, op_sigmoid, op_silu,
    op_hard_sigmoid, op_hard_swish, op_max_pool, op_avg_pool, op_adaptive_avg_pool, op_add, op_scale_channels,
    op_concat, op_flatten, op_linear;

/* A convolution kernel: packing and forward. The first of the table that applies is used: a fixed rule, no timing. */
struct conv_kernel {
    const char *name;
    bool (*applies)(const struct conv2d *conv, int channels_in);
    /* Weight (out, in/groups, kh, kw) of torch into the kernel's order, same size. */
    void (*pack)(const struct conv2d *conv, int channels_in, const float *weight, float *packed);
    size_t (*scratch)(const struct conv2d *conv, struct shape in, struct shape out);
    void (*forward)(const struct step *step, const struct step_io *io);
    void (*backward)(const struct step *step, const struct step_io *io);
};

const struct conv_kernel *conv2d_kernel(const struct conv2d *conv, int channels_in);

static inline size_t shape_size(struct shape shape)
{
    return (size_t)shape.c * (size_t)shape.h * (size_t)shape.w;
}

/* y = activation(y + bias + residual) for `rows` rows of `columns`; bias (columns) and residual may be NULL. */
void epilogue(float *y, const float *bias, const float *residual, size_t rows, int columns, size_t stride,
              const struct op *activation);

/* y = a * b, and y += a * b, element by element. */
void multiply_values(float *restrict y, const float *restrict a, const float *restrict b, int n);
void multiply_add_values(float *restrict y, const float *restrict a, const float *restrict b, int n);

/* Graph: for the compiler. */
const struct node *graph_raw_node(const struct graph *graph, int node);

/* Rows of a linear layer's block: fixed, so that a row's result does not depend on how many there are; nn/linear.c. */
#define LINEAR_ROWS 16

#endif
