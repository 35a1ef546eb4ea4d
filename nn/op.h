/*
 * nn/op.h - inside nn/: nodes, operators, and the steps that a network is compiled to.
 *
 * An operator is one file: shape rule, parameters, operation count, forward and vector-Jacobian product of one image.
 * Values are NHWC without the N: (h,w,c), row-major; a vector is (1,1,c).
 */
#ifndef NN_OP_H
#define NN_OP_H

#include "nn/kernels/kernels.h"
#include "nn/nn.h"

#define NODE_INPUTS_MAX 8
#define NODE_NAME_MAX 96
#define NODE_PARAMETERS_MAX 4
#define NODE_AFFINE_MAX 4 /* channels */

struct op;
struct step;

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
        struct {
            const struct step *parts;
            int count;
        } chain; /* made by the compiler; the parts run one behind the other */
    };
};

/* A node with what was fused behind it: y = activation(op(x...) + bias + residual). */
struct step {
    const struct node *node;                  /* the first of the chain: holds the attributes */
    int inputs[NODE_INPUTS_MAX], input_count; /* values */
    int output;                               /* value */
    int residual;                             /* value, -1: none */
    const struct op *activation;              /* NULL: none */
    bool is_part;                             /* of a chain, which runs in its place unless every value is kept */
    int before;                               /* value before the activation, kept for gradients; -1: none */
    float *weight, *bias;                     /* as the operator wants them; owned by the network; NULL: none */
    float *packed;                            /* the weight again, for a kernel of our own; NULL: OpenBLAS */
    const struct kernel_set *set;             /* whose kernel; NULL: OpenBLAS */
    const struct conv_kernel *kernel;         /* convolutions: the kernel; NULL: OpenBLAS */
};

/*
 * How a value lies: NHWC, or in panels, all positions of its first channels, those of the next, and so on. In the panels of
 * a product's tiles (kernel_set.panel) lines of the caches are written and read whole, and a grouped convolution finds the
 * few channels that it reads side by side. In panels of PRODUCT_DEPTH the rows of a block of many channels lie close
 * together, where else each is on a page of its own.
 */
struct panels {
    int channels;  /* of a panel; 0: NHWC */
    size_t floats; /* from one to the next */
};

/* What forward and backward of a step get: shapes of one image's values, buffers, scratch. */
struct step_io {
    struct shape in[NODE_INPUTS_MAX], out;
    int images; /* one behind the other in each buffer; backward: 1 */
    int lanes;  /* threads that share the step's blocks; backward: that it may use */
    struct panels x_panels, residual_panels, y_panels; /* of x[0], residual, y */
    const float *x[NODE_INPUTS_MAX];
    const float *residual; /* NULL: none; shape of out */
    float *y;
    float *before;              /* where the value before the activation is kept; NULL: it is not */
    const float *dy;            /* backward: gradient of op(x) + bias, activation already undone */
    float *dx[NODE_INPUTS_MAX]; /* backward: added to */
    float *scratch;             /* op->scratch() floats, of this thread alone */
};

/* Where a channel of a position begins in a value of so many channels. */
static inline size_t panels_place(struct panels panels, int channels, size_t position, int channel)
{
    if (!panels.channels)
        return position * (size_t)channels + (size_t)channel;
    const size_t width = (size_t)panels.channels;
    return (size_t)channel / width * panels.floats + position * width + (size_t)channel % width;
}

/* From one position to the next. */
static inline size_t panels_stride(struct panels panels, int channels)
{
    return (size_t)(panels.channels ? panels.channels : channels);
}

/* What a value is to a step: what it reads first, what it adds, its result, or none or more of these. */
enum operand { OPERAND_NONE, OPERAND_X, OPERAND_RESIDUAL, OPERAND_Y, OPERAND_OTHER };

/* May its value that is X, RESIDUAL or Y and has so many channels lie in panels of `panel`? */
bool step_takes_panels(const struct step *step, enum operand operand, int channels, int panel);

struct op {
    const char *name;
    bool fuses; /* adds bias and residual and applies the activation itself */
    /* Shape of the value; returns NULL, or what is wrong, for "layer "x": ...". */
    const char *(*shape)(const struct node *node, const struct shape *in, struct shape *out);
    /* The node's tensors, at most NODE_PARAMETERS_MAX; names without the node's. NULL: none. */
    int (*parameters)(const struct node *node, const struct shape *in, struct parameter *out);
    double (*macs)(const struct node *node, const struct shape *in);
    /* Floats of scratch for forward, or for backward. NULL: none. */
    size_t (*scratch)(const struct step *step, const struct shape *in, struct shape out, bool backward);
    /*
     * Forward work comes in blocks, which threads may share in any order; NULL: a block is an image, and forward gets that
     * image alone. How work is cut must not change results.
     */
    int (*blocks)(const struct step *step, const struct step_io *io);
    void (*forward)(const struct step *step, const struct step_io *io, int block);
    void (*backward)(const struct step *step, const struct step_io *io);
    /* Activations, which other steps can do behind their own work: y = f(y), and dy *= f'. NULL: no activation. */
    void (*activate)(float *y, size_t n);
    void (*slope)(const float *x, const float *y, float *dy, size_t n);
    bool slope_needs_input; /* slope() reads x; otherwise it may be NULL */
    bool is_limit;          /* an activation that is min(max(y, 0), top), which kernels do themselves */
    float top;
};

extern const struct op op_input, op_conv2d, op_batch_norm, op_affine, op_relu, op_relu6, op_sigmoid, op_silu,
    op_hard_sigmoid, op_hard_swish, op_max_pool, op_avg_pool, op_adaptive_avg_pool, op_add, op_scale_channels,
    op_concat, op_flatten, op_linear, op_conv_chain;

/*
 * A kernel of our own for convolutions: packing and forward. The first of a table that applies is used: a fixed rule, no
 * timing, and the same for every batch.
 */
struct conv_kernel {
    const char *name;
    bool (*applies)(const struct conv2d *conv, struct shape in, struct shape out);
    /* Weight (out, in/groups, kh, kw) of torch into the kernel's order: how many floats, and packing. */
    size_t (*packed)(const struct kernel_set *set, const struct conv2d *conv, int channels_in);
    void (*pack)(const struct kernel_set *set, const struct conv2d *conv, int channels_in, const float *weight,
                 float *packed);
    size_t (*scratch)(const struct kernel_set *set, const struct conv2d *conv, struct shape in, struct shape out);
    int (*blocks)(const struct step *step, const struct step_io *io);
    void (*forward)(const struct step *step, const struct step_io *io, int block);
    /* step_takes_panels(); NULL: none. */
    bool (*takes_panels)(const struct kernel_set *set, const struct conv2d *conv, enum operand operand, int channels,
                         int panel);
};

extern const struct conv_kernel conv_product, conv_stem, conv_winograd, conv_depthwise, conv_grouped;

/*
 * How many of the steps, the first `count` of a network's next ones, can run as one op_conv_chain, if nobody else reads the
 * values between: 1x1, depthwise, 1x1, or the last two of these; 0: none. `in`: what the first one reads.
 */
int conv_chain_length(const struct step *steps, int count, struct shape in);

static inline bool conv2d_is_pointwise(const struct conv2d *conv)
{
    return conv->kernel == 1 && conv->kernel_w == 1 && conv->stride == 1 && conv->stride_w == 1 && conv->padding == 0 &&
           conv->padding_w == 0 && conv->groups == 1;
}

/* What the depthwise kernel needs of a step, but for rows, lines, y and finish. */
struct depthwise depthwise_of(const struct step *step, struct shape in, struct shape out);

/* How many input rows `rows` output rows look at, from the first to the last. */
static inline int conv2d_reach(const struct conv2d *conv, int rows)
{
    return (rows - 1) * conv->stride + (conv->kernel - 1) * conv->dilation + 1;
}

/* NULL: none, OpenBLAS does it. */
const struct conv_kernel *conv2d_kernel(const struct conv2d *conv, struct shape in, struct shape out);

/* What runs where there is no such kernel, and backward: its name, and the weight as it wants it, of the same size. */
const char *conv2d_way(const struct conv2d *conv, int channels_in);
void conv2d_pack(const struct conv2d *conv, int channels_in, const float *weight, float *packed);

static inline size_t shape_size(struct shape shape)
{
    return (size_t)shape.c * (size_t)shape.h * (size_t)shape.w;
}

static inline size_t shape_positions(struct shape shape)
{
    return (size_t)shape.h * (size_t)shape.w;
}

static inline int smaller(int a, int b)
{
    return a < b ? a : b;
}

/* a / b, rounded up. */
static inline int divide_up(int a, int b)
{
    return (a + b - 1) / b;
}

/* Room for pointers in scratch. */
static inline size_t pointer_floats(size_t pointers)
{
    return pointers * sizeof(float *) / sizeof(float);
}

/* `images` of a step's images from `first` on. */
struct step_io step_images(const struct step_io *io, int first, int images);

/*
 * What a kernel of our own does to the results from place `at` of io->y on, whose first channel is `channel`. Activations
 * that are no limits are step_activate()'s, behind it, on rows of `columns` that are `stride` floats apart.
 */
struct finish step_finish(const struct step *step, const struct step_io *io, size_t at, int channel);
void step_activate(const struct step *step, float *y, size_t rows, size_t columns, size_t stride);

/* Output rows of a block: a whole image, or, where threads share images, so many that each finds `bands` blocks. */
static inline int shared_rows(const struct step_io *io, int bands)
{
    return divide_up(io->out.h, io->lanes > 1 ? divide_up(io->lanes * bands, io->images) : 1);
}

/* out (columns,rows) = in (rows,columns), transposed. */
void transpose(const float *in, size_t rows, size_t columns, float *out);

/*
 * A step that is one product of all output positions of its images and packed weights. It is cut into blocks of rows, and
 * where these are fewer than the threads have use for, of columns. product_run() fills in all but where the rows are read.
 */
#define PRODUCT_ROWS 192 /* of a block, at most; with a stretch of the depth they fit into the second cache */
struct product_part {
    long first; /* row */
    int rows, column, columns;
};
int product_blocks(const struct step *step, const struct step_io *io);
struct product_part product_part(const struct step *step, const struct step_io *io, int block);
void product_run(const struct step *step, const struct step_io *io, const struct product_part *part,
                 struct product *product);

/* Weights into panels: how many floats; packing, of a matrix whose element (k,column) is at k*row + column*stride. */
size_t product_packed(const struct kernel_set *set, size_t depth, int columns);
void product_pack(const struct kernel_set *set, size_t depth, int columns, size_t row, size_t stride,
                  const float *weight, float *packed);

/* y = activation(y + bias + residual) for `rows` rows of `columns`; bias (columns) and residual may be NULL. */
void epilogue(float *y, const float *bias, const float *residual, size_t rows, int columns, size_t stride,
              const struct op *activation);

/* y = a * b, and y += a * b, element by element. */
void multiply_values(float *restrict y, const float *restrict a, const float *restrict b, int n);
void multiply_add_values(float *restrict y, const float *restrict a, const float *restrict b, int n);

/* Graph: for the compiler. */
const struct node *graph_raw_node(const struct graph *graph, int node);

/* Images of a batch that leave their last spatial value together; nn/session.c. */
#define CHUNK_IMAGES 256

#endif
