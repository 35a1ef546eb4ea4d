/*
 * nn/kernels/kernels.h - inner loops of the engine: each source file here is compiled once for each instruction set.
 *
 * The set is chosen when the program starts (kernel_set.c), never by timing. Values are NHWC float32, unless they lie
 * in panels (nn/layout.h). Every output is computed by the same sequence of operations wherever it lies in a block, so
 * that a result depends on the set only, not on how work was divided.
 */
#ifndef NN_KERNELS_H
#define NN_KERNELS_H

#include <stdbool.h>
#include <stddef.h>

/* The last operation before a result is written: y = min(max(y + bias + residual, low), high); NaN stays NaN. */
struct finish {
    const float *bias;     /* one per column, readable up to a whole panel; NULL: none */
    const float *residual; /* laid out as the result, except for a product, which has residual_stride; NULL: none */
    float low, high;       /* -INFINITY, INFINITY: no limit */
};

/*
 * Y (rows,columns) = X (rows,depth) * W (depth,columns). X is not copied: a row of it is `segments` runs of `length`
 * contiguous floats, depth = segments * length. W is packed in panels: [ceil(columns/panel)][depth][panel], with zeros
 * after the last column. Sums run along the depth in blocks of PRODUCT_DEPTH.
 */
struct product {
    int rows, columns, segments, length;
    const float *x; /* if table is NULL: segment s of row i is at x + i * x_stride + s * x_segment */
    size_t x_stride, x_segment;
    bool is_far;               /* x is probably not in a cache any more: its lines are prefetched */
    const float *const *table; /* [tile][segments][tile_rows]: where the runs of a tile's rows begin; NULL: see x */
    const float *weight;       /* of the first panel to compute */
    float *y;                  /* the first row */
    int column;                /* the first column in y and in the residual; weight and bias begin with it */
    size_t y_stride, y_panel;  /* from row to row; from panel to panel, of y_stride columns each; 0: whole rows */
    size_t residual_stride, residual_panel;
    struct finish finish;
};

#define PRODUCT_DEPTH 256 /* depth of a block of a product: of one panel, its weights stay in the L1 cache */

/*
 * Rows are divided evenly among tiles, since a tile of one row costs as much as one of four: the first `larger` have
 * one more.
 */
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

/* A part of an image with zeros around it, divided by channels into pieces: (pieces, rows, columns, channels). */
struct grouped_band {
    const float *image; /* at the first channel to copy */
    int height, width, image_channels;
    int top, left, rows, columns, channels;
    int pieces;
    size_t piece_floats; /* from one piece to the next */
};

/*
 * Grouped convolution of some rows, for a strip of GROUPED_STRIP channels of the result. A piece is the input channels
 * that one vector of results needs: those of its group or, if groups have fewer outputs than `lanes`, those of all
 * groups that share the vector. Groups that share one have as many outputs as inputs, 4 or 8. Pieces lie in a band that
 * was copied with zeros around it. Kernels of three adjacent columns with a padding of at most one can also read an
 * input that product() wrote in panels.
 */
#define GROUPED_STRIP 16 /* any set's lanes divide it */
struct grouped {
    int rows, columns;                                  /* of the result */
    int kernel, kernel_w, stride, dilation, dilation_w; /* stride: along a row */
    int inputs, outputs;                                /* channels of a group; inputs: those in one segment */
    bool shares;                                        /* several groups share a vector */
    const float *x;        /* the strip's first piece, at the first output's first tap; may point outside the panels */
    size_t piece_floats;   /* from piece to piece; within a panel: of its channels */
    size_t x_row, x_down;  /* of a piece: from row to row; from the first row under an output to that under the next */
    int segments;          /* panels of a piece; 0: a copied band */
    size_t segment_floats; /* from panel to panel */
    int top, left, height, width; /* of panels, with one stride along both: where x is in the image; its size */
    const float *weight;          /* (strip / lanes, kernel, inputs, kernel_w, lanes) */
    float *y;                     /* the strip's first channel, as bias and residual, which is laid out as y */
    size_t y_row, y_column;
    struct finish finish;
};

/* The features of a row that are not 0: their indices, ascending, and their values. */
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
     * dx[k] += sum over columns j of W[k][j] dy[j], for begin <= k < end; W is packed in panels of `depth` rows. dy is
     * padded with zeros up to a whole panel; panels whose dy is 0 are skipped.
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
     * y (rows x columns, at most 4x4, of a tile) = finish(A^T M A) for channels k (a multiple of lanes); y and the
     * residual have the same strides.
     */
    void (*winograd_output)(const float *m, size_t point_stride, int channels, float *y, size_t row_stride,
                            size_t column_stride, int rows, int columns, const struct finish *finish);
    void (*grouped_band)(const struct grouped_band *band, float *out);
    void (*grouped)(const struct grouped *grouped);
};

/*
 * The set of that name, or the best one that this processor can run (NULL or "auto"); NULL: it cannot run such a set.
 */
const struct kernel_set *kernel_set(const char *name);

/* The names of the sets that this processor can run, best first; ends with NULL. */
const char *const *kernel_set_names(void);

#endif
