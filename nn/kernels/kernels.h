/*
 * nn/kernels/kernels.h - inner loops of the engine: each source file here is compiled once for each set of instructions.
 *
 * One machine code for a set, chosen when the program starts (kernel_set.c); never by timing. All values are NHWC float32.
 * Every output is computed by the same chain of operations wherever it lies in a block, so that a result depends on the set
 * only, not on how work was cut.
 */
#ifndef NN_KERNELS_H
#define NN_KERNELS_H

#include <stdbool.h>
#include <stddef.h>

/* What is done to a result before it is written: y = min(max(y + bias + residual, low), high); NaN stays. */
struct finish {
    const float *bias;     /* one a column, readable up to a whole panel; NULL: none */
    const float *residual; /* laid out as the result, but for a product's; NULL: none */
    float low, high;       /* -INFINITY, INFINITY: no limit */
};

/*
 * Y (rows,columns) = X (rows,depth) * W (depth,columns). X is read where it lies: a row is `segments` runs of `length`
 * floats, depth = segments * length. W is packed in panels: [ceil(columns/panel)][depth][panel], zeros behind the last
 * column. Sums run along the depth in blocks of PRODUCT_DEPTH.
 */
struct product {
    int rows, columns, segments, length;
    const float *x; /* row i of segment s at x + i * x_stride + s * x_segment, where there is no table */
    size_t x_stride, x_segment;
    bool is_far;               /* x was not made just before: its lines are asked for while others are worked on */
    const float *const *table; /* [tile][segments][tile_rows]: where the runs of a tile's rows begin; NULL: x */
    const float *weight;       /* of the first panel wanted */
    float *y;                  /* the first row */
    int column;                /* the first of these in y and in the residual; weight and bias begin with it */
    size_t y_stride, y_panel;  /* from row to row; from panel to panel, of y_stride columns each; 0: rows lie whole */
    size_t residual_stride, residual_panel;
    struct finish finish;
};

#define PRODUCT_DEPTH 256

/* Rows are shared out evenly, since a tile of one row costs as much as one of four: the first `larger` have one more. */
struct product_tiles {
    int count, each, larger;
};

static inline struct product_tiles product_tiles(int rows, int tile_rows)
{
    const int count = (rows + tile_rows - 1) / tile_rows;
    return (struct product_tiles){count, rows / count, rows % count};
}

/* Winograd's F(4x4,3x3): 6x6 inputs make 4x4 outputs by 36 products. */
#define WINOGRAD_POINTS 36
#define WINOGRAD_PATCH 6
#define WINOGRAD_TILE 4

/*
 * Depthwise convolution of some rows of one image: channels are lanes. Weights are packed in blocks of lanes:
 * [ceil(channels/lanes)][kernel][kernel_w][lanes].
 */
struct depthwise {
    int channels, kernel, kernel_w, stride, stride_w, dilation, dilation_w, padding_w;
    int width;                 /* of the input */
    int rows, columns;         /* of the result */
    const float *const *lines; /* under tap row k of result row i: lines[i * stride + k * dilation]; NULL: outside */
    const float *weight;
    float *y; /* (rows,columns,channels) */
    struct finish finish;
};

/* The first channel of a block: the last block may share channels with the one before. */
static inline int depthwise_channel(int block, int channels, int lanes)
{
    const int first = block * lanes, last = channels > lanes ? channels - lanes : 0;
    return first < last ? first : last;
}

/* A part of an image with zeros around it, cut into pieces of its channels: (pieces, rows, columns, channels). */
struct grouped_band {
    const float *image; /* from the first channel wanted */
    int height, width, image_channels;
    int top, left, rows, columns, channels;
    int pieces;
    size_t piece_floats; /* from one piece's begin to the next one's */
};

/*
 * Grouped convolution of some rows, for GROUPED_STRIP channels of the result. What one vector reads is a piece: the inputs
 * of its group, or, where groups have fewer outputs than `lanes`, of the groups that share the vector; these have as many
 * outputs as inputs, 4 or 8. Pieces lie in a band that was copied, with zeros around, or, for kernels of three columns side
 * by side, padded by one at most, in an input that product() wrote in panels.
 */
#define GROUPED_STRIP 16 /* any set's lanes divide it */
struct grouped {
    int rows, columns;                                  /* of the result */
    int kernel, kernel_w, stride, dilation, dilation_w; /* stride: along a row */
    int inputs, outputs;                                /* of a group; inputs: those of a segment */
    bool shares;                                        /* groups share a vector */
    const float *x;       /* in the strip's first piece, under the first output's first tap; may be outside of panels */
    size_t piece_floats;  /* from piece to piece; within a panel: of its channels */
    size_t x_row, x_down; /* of a piece: from row to row; from the first row under an output to that under the next */
    int segments;         /* panels of a piece; 0: a copied band */
    size_t segment_floats;        /* from panel to panel */
    int top, left, height, width; /* of panels, with one stride along both: where x is in the image; its size */
    const float *weight;          /* (strip / lanes, kernel, inputs, kernel_w, lanes) */
    float *y;                     /* the strip's first channel, as bias and residual, which is laid out as y */
    size_t y_row, y_column;
    struct finish finish;
};

/* The features of a row that are not 0, in rising order, and what they are. */
struct sparse {
    const int *feature;
    const float *value;
};

struct kernel_set {
    const char *name;
    int lanes, panel, tile_rows; /* floats of a vector; columns and rows of a product's tile */
    void (*product)(const struct product *product);
    void (*depthwise)(const struct depthwise *depthwise);
    /* y (channels) = the largest of `taps` inputs, the first of equal ones; NaN wins. */
    void (*max_pool)(const float *const *tap, int taps, int channels, float *y);
    /*
     * dx[k] += sum over columns j of W[k][j] dy[j], for begin <= k < end; W packed in panels of `depth` rows. dy is readable,
     * and 0, up to a whole panel; panels whose dy is 0 are left out.
     */
    void (*product_transposed)(const float *weight, int depth, int columns, const float *dy, int begin, int end,
                               float *dx);
    /* sums (panel) += features begin..end-1 of a row times one panel of packed weights, [depth][panel]. */
    void (*sparse)(const struct sparse *sparse, int begin, int end, const float *panel, float *sums);
    /*
     * V[point * point_stride + c] = B^T d B for channels c (a multiple of lanes) of one 6x6 patch d, whose rows and
     * columns are row_stride and column_stride floats apart.
     */
    void (*winograd_input)(const float *patch, size_t row_stride, size_t column_stride, int channels, float *v,
                           size_t point_stride);
    /*
     * y (rows x columns, at most 4x4, of a tile) = finish(A^T M A) for channels k (a multiple of lanes); y and the residual
     * have the same strides.
     */
    void (*winograd_output)(const float *m, size_t point_stride, int channels, float *y, size_t row_stride,
                            size_t column_stride, int rows, int columns, const struct finish *finish);
    void (*grouped_band)(const struct grouped_band *band, float *out);
    void (*grouped)(const struct grouped *grouped);
};

/* The set of that name, or the best that this processor has (NULL or "auto"); NULL: there is none of that name here. */
const struct kernel_set *kernel_set(const char *name);

/* The names of the sets that this processor can run, best first; ends with NULL. */
const char *const *kernel_set_names(void);

#endif
