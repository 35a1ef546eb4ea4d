/* nn/conv.h - inside nn/: the ways to compute a convolution, one list of them, and chains of convolutions. */
#ifndef NN_CONV_H
#define NN_CONV_H

#include "nn/op.h"
#include "nn/ops.h"

#define CONV_SIZE_MAX 32768  /* of a kernel, padding, dilation */
#define CONV_KERNEL_W_MAX 64 /* taps along the width */

/*
 * A way to compute a convolution. Of the list in conv2d.c the first that applies is used: a fixed rule, no timing, and the
 * same for every batch. A plain one goes backward as well and needs no kernel set: it is the reference, and what
 * gradients use.
 */
struct conv_algorithm {
    const char *name;
    bool (*applies)(const struct conv2d *conv, struct shape in, struct shape out);
    /* Weight (out, in/groups, kh, kw) of torch into the algorithm's order: how many floats, and packing. */
    size_t (*packed)(const struct kernel_set *set, const struct conv2d *conv, int channels_in);
    void (*pack)(const struct kernel_set *set, const struct conv2d *conv, int channels_in, const float *weight,
                 float *packed);
    size_t (*scratch)(const struct kernel_set *set, const struct conv2d *conv, struct shape in, struct shape out);
    /* As an operator's (nn/op.h): blocks NULL: a block is an image. */
    int (*blocks)(const struct step *step, const struct step_io *io);
    void (*forward)(const struct step *step, const struct step_io *io, int block);
    void (*backward)(const struct step *step, const struct step_io *io); /* NULL: not plain */
    /* As step_takes_panels(). NULL: it does not. */
    bool (*takes_panels)(const struct kernel_set *set, const struct conv2d *conv, enum operand operand, int channels,
                         int panel);
};

/* Kernels of our own, then the plain ones. */
extern const struct conv_algorithm conv_depthwise, conv_winograd, conv_stem, conv_grouped, conv_product,
    conv_plain_depthwise, conv_plain_pointwise, conv_plain_columns;

static inline const struct conv2d *conv_of(const struct step *step)
{
    return step->node->attributes;
}

static inline int conv2d_taps(const struct conv2d *conv)
{
    return conv->kernel * conv->kernel_w;
}

static inline bool conv2d_is_pointwise(const struct conv2d *conv)
{
    const struct sides *pad = &conv->pad;
    return conv2d_taps(conv) == 1 && conv->stride == 1 && conv->stride_w == 1 && conv->groups == 1 &&
           !(pad->top | pad->left | pad->bottom | pad->right);
}

/* How many input rows `rows` output rows look at, from the first to the last. */
static inline int conv2d_reach(const struct conv2d *conv, int rows)
{
    return (rows - 1) * conv->stride + (conv->kernel - 1) * conv->dilation + 1;
}

/* What the depthwise kernel needs of a step, but for rows, lines, y and finish. */
struct depthwise depthwise_of(const struct step *step, struct shape in, struct shape out);

/*
 * How many of the steps, the first `count` of a network's next ones, can run as one chain, if no other step reads the
 * values between: 1x1, depthwise, 1x1, or the last two of these; 0: none. `in`: what the first one reads.
 */
int conv_chain_length(const struct step *steps, int count, struct shape in);

/* The step that does the work of `count` parts, which must stay where they are; fills in its node. */
struct step conv_chain_step(const struct step *parts, int count, struct node *node);

#endif
