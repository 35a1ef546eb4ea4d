/* nn/conv.h - inside nn/: the algorithms for a convolution, and chains of convolutions. */
#ifndef NN_CONV_H
#define NN_CONV_H

#include "base/arena.h"
#include "nn/op.h"
#include "nn/ops.h"

#define CONV_SIZE_MAX 32768    /* largest kernel side, padding and dilation */
#define CONV_KERNEL_W_MAX 1024 /* largest number of taps along the width */

/*
 * An algorithm for convolutions. A step uses the first one in the list of conv2d.c that applies to it: a fixed rule,
 * without timing, and the same for every batch. The plain algorithms also have a backward pass and need no kernel set:
 * they are the reference, and gradients at layers use them.
 */
struct conv_algorithm {
    const char *name;
    bool (*applies)(const struct conv2d *conv, struct shape in, struct shape out);
    /*
     * Packs torch's weight (out, in/groups, kh, kw) in the algorithm's order; packed() returns how many floats that
     * takes.
     */
    size_t (*packed)(const struct kernel_set *set, const struct conv2d *conv, int channels_in);
    void (*pack)(const struct kernel_set *set, const struct conv2d *conv, int channels_in, const float *weight,
                 float *packed);
    size_t (*scratch)(const struct kernel_set *set, const struct conv2d *conv, struct shape in, struct shape out);
    /* As the functions of an operator (nn/op.h); blocks NULL: a block is an image. */
    int (*blocks)(const struct step *step, const struct step_io *io);
    void (*forward)(const struct step *step, const struct step_io *io, int block);
    void (*backward)(const struct step *step, const struct step_io *io); /* NULL: not a plain algorithm */
    /* As step_takes_panels(); NULL: never. */
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

/* Number of input rows that `rows` output rows read, from the first to the last. */
static inline int conv2d_reach(const struct conv2d *conv, int rows)
{
    return (rows - 1) * conv->stride + (conv->kernel - 1) * conv->dilation + 1;
}

/* The arguments of the depthwise kernel that follow from a step: all except rows, lines, y and finish. */
struct depthwise depthwise_of(const struct step *step, struct shape in, struct shape out);

/* The first algorithm that applies; `is_plain`: among those that need no kernel set. */
const struct conv_algorithm *conv_choose(const struct conv2d *conv, struct shape in, struct shape out, bool is_plain);

/* Adds rows row .. row+count-1 of the im2col matrix of a group to the image dx[0]. */
void conv_add_columns(const struct conv2d *c, const struct step_io *io, int group, size_t row, size_t count,
                      const float *columns);

/*
 * Backward by kernels. conv_reverse_plan() fills in step->reverse, NULL for strange strides and paddings;
 * conv_reverse_pack() makes the weights from step->weight, before the first conv_reverse_run(). Errors: no memory.
 */
int conv_reverse_plan(struct arena *arena, const struct kernel_set *set, struct step *step, struct shape in,
                      struct error *err);
int conv_reverse_pack(struct arena *arena, const struct step *step, int channels_in, struct error *err);
size_t conv_reverse_scratch(const struct step *step, struct shape in, struct shape out);
void conv_reverse_run(const struct step *step, const struct step_io *io);

/* op->mix() of a convolution. */
void conv_mix(const struct step *step, const struct step_io *io, const double *weight, double *kernel, float *map);

/*
 * How many of the next `count` steps can run as one chain, provided that no other step reads the values between them: 3
 * for 1x1, depthwise, 1x1; 2 for depthwise, 1x1; 0: no chain begins here. `in` is the shape that the first step reads.
 */
int conv_chain_length(const struct step *steps, int count, struct shape in);

/* Returns the step that runs `count` steps as a chain, and fills in its node. It keeps a pointer to `parts`. */
struct step conv_chain_step(const struct step *parts, int count, struct node *node);

#endif
