/*
 * nn/ops.h - the usual operators: their attributes, and for each a short function that calls graph_add().
 *
 * Other operators are added by name: graph_add(graph, op_find("NAME"), ...). docs/architecture.md shows how to write
 * one.
 */
#ifndef NN_OPS_H
#define NN_OPS_H

#include "base/param.h"
#include "nn/graph.h"

#define AFFINE_CHANNELS_MAX 4

/* Padding around a map, in positions. */
struct sides {
    int top, left, bottom, right;
};

/* The parameter rows (base/param.h) for a field `pad`. */
#define SIDES_ROW(S, side) \
    { \
        .name = "pad_" #side, .type = PARAM_TYPE_INT, .offset = offsetof(S, pad.side), .fallback = "0", .max = 32768, \
        .help = "more padding, " #side \
    }
#define SIDES_ROWS(S) SIDES_ROW(S, top), SIDES_ROW(S, left), SIDES_ROW(S, bottom), SIDES_ROW(S, right)

/* A zero means that a value is the same as the other one, such as a width the same as the height. */
static inline void same_if_zero(int *value, int other)
{
    if (*value == 0)
        *value = other;
}

/*
 * Adds the symmetric padding (padding_w 0: the same as padding; -1: none) to the padding of each side, and sets the
 * former to 0.
 */
static inline void sides_take(struct sides *pad, int *padding, int *padding_w)
{
    const int across = *padding_w < 0 ? 0 : *padding_w == 0 ? *padding : *padding_w;
    *pad = (struct sides){pad->top + *padding, pad->left + across, pad->bottom + *padding, pad->right + across};
    *padding = *padding_w = 0;
}

/* A *_w field of 0 is as the field before it; padding_w -1: none. Zero groups, stride and dilation mean 1. */
struct conv2d {
    int out; /* channels */
    int kernel, kernel_w;
    int stride, stride_w;
    int padding, padding_w; /* on both sides: above and below; left and right */
    int dilation, dilation_w;
    int groups;
    bool bias;
    bool is_linear;   /* 1x1; the weight's tensor is (out, in), that of a linear layer at each position */
    struct sides pad; /* added to these for each side; complete() moves all padding here and sets these to 0 */
};

struct pool2d {
    int kernel, kernel_w;
    int stride, stride_w; /* 0: the kernel's size */
    int padding, padding_w;
    int dilation, dilation_w;
    bool ceil_mode;
    bool count_exclude_padding; /* average pool: divide by the number of positions inside the map */
    bool count_overhang;        /* by the kernel's size, also where a window reaches over the padding (ceil_mode) */
    struct sides pad;           /* as a convolution's */
};

struct adaptive_pool {
    int h, w; /* of the result */
};

struct batch_norm {
    double eps;
};

enum { LAYER_NORM_CHANNELS, LAYER_NORM_ALL };

/* Also of instance_norm, which does not read `over`. */
struct layer_norm {
    double eps;
    int over;          /* the channels of each position, or all values of an image */
    bool weight, bias; /* tensors: (C); over all values, (C,h,w) */
};

struct group_norm {
    double eps;
    int groups;
    bool weight, bias; /* tensors (C) */
};

/* x, or slope * x if it is negative. */
struct leaky_relu {
    double slope;
};

/* The same with a tensor "weight" of slopes: (C), or (1) if they are shared. */
struct prelu {
    bool shared;
};

/* x, or alpha * (exp(x) - 1) if it is negative. */
struct elu {
    double alpha;
};

struct clip {
    double low, high; /* infinite: no bound */
};

/* alpha * x + beta, between 0 and 1. */
struct hard_sigmoid_of {
    double alpha, beta;
};

struct pow {
    double exponent;
};

/* Of operators with a constant tensor "value" of this shape; an axis of size 1 is repeated (broadcasting). */
struct constant {
    int c, h, w;
};

/* y = x * scale + shift, with a constant scale and shift for each channel. */
struct affine {
    double scale[AFFINE_CHANNELS_MAX], shift[AFFINE_CHANNELS_MAX];
};

struct linear {
    int out;
    bool bias;
};

/* Along one axis: the indices first, first + step ..., `count` of them. Zeros: count, up to the end; step, 1. */
struct slice_axis {
    int first, count;
    int step; /* negative: backwards */
};

struct slice {
    struct slice_axis c, h, w;
};

struct channel_shuffle {
    int groups; /* channel k of group g becomes channel k * groups + g */
};

/* The axes over which values are reduced; at least one. */
struct reduce {
    bool c, h, w;
};

/* Values beyond the borders; more than a map's size is allowed, as in numpy.pad. */
struct pad {
    struct sides pad;
    int channels_before, channels_after;
    int mode; /* 0: constant, `value`; 1: reflect, without the border itself; 2: edge; 3: wrap */
    double value;
};

/*
 * Blocks of block x block positions become channels. Channel k of position (i,j) of a block becomes channel
 * (i * block + j) * C + k (ONNX's SpaceToDepth), or k * block * block + i * block + j (torch's pixel_unshuffle).
 */
struct space_to_depth {
    int block;
    int order; /* 0: block_major; 1: channel_major */
};

extern const struct op op_input, op_conv2d, op_batch_norm, op_affine, op_relu, op_relu6, op_sigmoid, op_silu,
    op_hard_sigmoid, op_hard_swish, op_max_pool, op_avg_pool, op_adaptive_avg_pool, op_add, op_scale_channels,
    op_concat, op_flatten, op_linear, op_slice, op_channel_shuffle;

extern const struct op op_gelu, op_scale_shift, op_layer_norm, op_instance_norm, op_group_norm;
extern const struct op op_leaky_relu, op_prelu, op_elu, op_clip, op_hard_sigmoid_of, op_pow;
extern const struct op op_broadcast_add, op_sub, op_mul, op_div, op_power, op_maximum, op_minimum;
extern const struct op op_constant_add, op_constant_mul, op_constant_sub_from, op_constant_over, op_constant_pow;

static inline int graph_input(struct graph *graph, const char *name, struct shape shape)
{
    return graph_add(graph, &op_input, name, NULL, 0, &shape, NULL);
}

static inline int graph_conv2d(struct graph *graph, const char *name, int input, struct conv2d conv)
{
    return graph_add(graph, &op_conv2d, name, &input, 1, &conv, NULL);
}

static inline int graph_batch_norm_eps(struct graph *graph, const char *name, int input, double eps)
{
    return graph_add(graph, &op_batch_norm, name, &input, 1, &(struct batch_norm){eps}, NULL);
}

static inline int graph_batch_norm(struct graph *graph, const char *name, int input) /* eps 1e-5 */
{
    return graph_add(graph, &op_batch_norm, name, &input, 1, NULL, NULL);
}

static inline int graph_affine(struct graph *graph, const char *name, int input, struct affine affine)
{
    return graph_add(graph, &op_affine, name, &input, 1, &affine, NULL);
}

static inline int graph_relu(struct graph *graph, const char *name, int input)
{
    return graph_add(graph, &op_relu, name, &input, 1, NULL, NULL);
}

static inline int graph_relu6(struct graph *graph, const char *name, int input)
{
    return graph_add(graph, &op_relu6, name, &input, 1, NULL, NULL);
}

static inline int graph_sigmoid(struct graph *graph, const char *name, int input)
{
    return graph_add(graph, &op_sigmoid, name, &input, 1, NULL, NULL);
}

static inline int graph_silu(struct graph *graph, const char *name, int input) /* x * sigmoid(x) */
{
    return graph_add(graph, &op_silu, name, &input, 1, NULL, NULL);
}

static inline int graph_hard_sigmoid(struct graph *graph, const char *name, int input) /* clamp(x + 3, 0, 6) / 6 */
{
    return graph_add(graph, &op_hard_sigmoid, name, &input, 1, NULL, NULL);
}

static inline int graph_hard_swish(struct graph *graph, const char *name, int input) /* x * hard_sigmoid(x) */
{
    return graph_add(graph, &op_hard_swish, name, &input, 1, NULL, NULL);
}

static inline int graph_max_pool(struct graph *graph, const char *name, int input, struct pool2d pool)
{
    return graph_add(graph, &op_max_pool, name, &input, 1, &pool, NULL);
}

static inline int graph_avg_pool(struct graph *graph, const char *name, int input, struct pool2d pool)
{
    return graph_add(graph, &op_avg_pool, name, &input, 1, &pool, NULL);
}

static inline int graph_adaptive_avg_pool(struct graph *graph, const char *name, int input, int h, int w)
{
    return graph_add(graph, &op_adaptive_avg_pool, name, &input, 1, &(struct adaptive_pool){h, w}, NULL);
}

static inline int graph_sum(struct graph *graph, const char *name, int a, int b) /* a + b, of one shape */
{
    return graph_add(graph, &op_add, name, (const int[]){a, b}, 2, NULL, NULL);
}

static inline int graph_scale_channels(struct graph *graph, const char *name, int input, int scale) /* by (C,1,1) */
{
    return graph_add(graph, &op_scale_channels, name, (const int[]){input, scale}, 2, NULL, NULL);
}

static inline int graph_concat(struct graph *graph, const char *name, const int *inputs, int count) /* along channels */
{
    return graph_add(graph, &op_concat, name, inputs, count, NULL, NULL);
}

static inline int graph_flatten(struct graph *graph, const char *name, int input) /* features as torch: (C,h,w) */
{
    return graph_add(graph, &op_flatten, name, &input, 1, NULL, NULL);
}

static inline int graph_linear(struct graph *graph, const char *name, int input, int out, bool bias)
{
    return graph_add(graph, &op_linear, name, &input, 1, &(struct linear){out, bias}, NULL);
}

static inline int graph_slice(struct graph *graph, const char *name, int input, struct slice slice)
{
    return graph_add(graph, &op_slice, name, &input, 1, &slice, NULL);
}

static inline int graph_channel_shuffle(struct graph *graph, const char *name, int input, int groups)
{
    return graph_add(graph, &op_channel_shuffle, name, &input, 1, &(struct channel_shuffle){groups}, NULL);
}

static inline int graph_gelu(struct graph *graph, const char *name, int input) /* x * P(Z < x), exact */
{
    return graph_add(graph, &op_gelu, name, &input, 1, NULL, NULL);
}

static inline int graph_layer_norm(struct graph *graph, const char *name, int input, double eps) /* of each position */
{
    return graph_add(graph, &op_layer_norm, name, &input, 1, &(struct layer_norm){eps, LAYER_NORM_CHANNELS, true, true},
                     NULL);
}

/* By a tensor "value" (C,1,1). */
static inline int graph_constant_mul(struct graph *graph, const char *name, int input, int channels)
{
    return graph_add(graph, &op_constant_mul, name, &input, 1, &(struct constant){channels, 1, 1}, NULL);
}

#endif
