/* nn/step.h - inside nn/: the steps that a network is compiled to, and what operators share when they run one. */
#ifndef NN_STEP_H
#define NN_STEP_H

#include "nn/kernels/kernels.h"
#include "nn/layout.h"

struct conv_algorithm; /* nn/conv.h */
struct conv_reverse;
struct node; /* nn/op.h */

/* A node and the nodes that were fused with it: y = activation(op(x...) + bias + residual). */
struct step {
    const struct node *node;                  /* the first of the fused nodes: has the attributes */
    int inputs[NODE_INPUTS_MAX], input_count; /* values */
    int output;                               /* value */
    int residual;                             /* value, -1: none */
    const struct op *activation;              /* NULL: none */
    const struct step *parts;                 /* of a chain: the steps that it replaces, one after the other; */
    int part_count;                           /* NULL, 0: not a chain */
    bool is_part;                             /* a chain replaces this step, unless every value is kept */
    int before;                               /* value before the activation, kept for gradients; -1: none */
    float *weight, *bias;                     /* as the operator packed them; owned by the network; NULL: none */
    float *packed;                            /* a second copy of the weight, for a kernel of our own; NULL: OpenBLAS */
    float *scale, *inner_bias;              /* of a batch norm that was folded in: its scale; the part of `bias` that */
                                            /* is the convolution's own, times the scale; NULL: none */
    const struct kernel_set *set;           /* of that kernel; NULL: OpenBLAS */
    const struct conv_algorithm *algorithm; /* of a convolution's forward */
    const struct conv_algorithm *plain;     /* of a convolution's backward, which reads `weight` */
    struct conv_reverse *reverse;           /* of its backward by kernels (nn/conv_reverse.c); NULL: `plain` */
};

/* The arguments of a step's forward and backward: shapes of one image's values, buffers, scratch. */
struct step_io {
    struct shape in[NODE_INPUTS_MAX], out;
    int images;  /* one after the other in each buffer; backward: 1 */
    int workers; /* threads that share the step's blocks; backward: threads that it may start */
    struct panels x_panels, residual_panels, y_panels; /* of x[0], residual, y */
    const float *x[NODE_INPUTS_MAX];
    const float *residual; /* NULL: none; shape of out */
    float *y;
    float *before;              /* receives the value before the activation; NULL: not kept */
    const float *dy;            /* backward: gradient of op(x) + bias, activation already undone */
    float *dx[NODE_INPUTS_MAX]; /* backward: added to */
    /*
     * Backward with step->reverse: dx[0] is not added to, but written as the sum of the step's gradient and this one of
     * other steps, which is dx[0] itself or another place; NULL: there are no others.
     */
    const float *so_far;
    float *scratch; /* op->scratch() floats, of this thread alone */
};

/* The role that a value plays in a step: first input, residual, result, none, or several of these. */
enum operand { OPERAND_NONE, OPERAND_X, OPERAND_RESIDUAL, OPERAND_Y, OPERAND_OTHER };

/*
 * Whether the step's value in the role X, RESIDUAL or Y, with `channels` channels, may lie in panels of `panel`
 * channels.
 */
bool step_takes_panels(const struct step *step, enum operand operand, int channels, int panel);

/* The arguments for images first .. first+images-1 of io. */
struct step_io step_images(const struct step_io *io, int first, int images);

/*
 * The finish (nn/kernels/kernels.h) for results that begin at io->y + at, with channel `channel`. Activations that are
 * not limits are applied by step_activate() afterwards, to rows of `columns` floats that are `stride` floats apart.
 */
struct finish step_finish(const struct step *step, const struct step_io *io, size_t at, int channel);
void step_activate(const struct step *step, float *y, size_t rows, size_t columns, size_t stride);

/*
 * Output rows of a block: those of a whole image, or, if several threads share the images, few enough that there are at
 * least `bands` blocks for each thread.
 */
static inline int shared_rows(const struct step_io *io, int bands)
{
    return divide_up(io->out.h, io->workers > 1 ? divide_up(io->workers * bands, io->images) : 1);
}

/* y = activation(y + bias + residual) for `rows` rows of `columns`; bias (columns) and residual may be NULL. */
void epilogue(float *y, const float *bias, const float *residual, size_t rows, int columns, size_t stride,
              const struct op *activation);

/* y += x, y = a * b, and y += a * b, element by element. */
void add_values(float *restrict y, const float *restrict x, size_t n);
void multiply_values(float *restrict y, const float *restrict a, const float *restrict b, int n);
void multiply_add_values(float *restrict y, const float *restrict a, const float *restrict b, int n);

/* Images of a batch whose rows are collected before the steps on rows run (nn/session_batch.c). */
#define CHUNK_IMAGES 256

#endif
