/* models/onnx/shape_rules.h - how operators that change shapes read their inputs, for constants and for activations. */
#ifndef MODELS_ONNX_SHAPE_RULES_H
#define MODELS_ONNX_SHAPE_RULES_H

#include "models/onnx/importer.h"

/* The shape that Reshape or Flatten gives to a value of this shape; returns its rank, or -1 and an error. */
int shape_of_reshape(struct importer *im, const struct onnx_node *node, int rank, const int64_t *dim, int64_t *out,
                     struct error *err);
int shape_of_flatten(struct importer *im, const struct onnx_node *node, int rank, const int64_t *dim, int64_t *out,
                     struct error *err);

/* Transpose: axis i of the result is axis from[i]. */
int shape_of_transpose(struct importer *im, const struct onnx_node *node, int rank, int *from, struct error *err);

/*
 * Marks the axes that Squeeze removes, or those that Unsqueeze adds to the result, which has `rank` axes. For Squeeze
 * without axes all of size 1.
 */
int shape_axes(struct importer *im, const struct onnx_node *node, int rank, const int64_t *dim, bool *is_marked,
               struct error *err);

/* The number of axes that Unsqueeze adds; -1 and an error. */
int shape_added(struct importer *im, const struct onnx_node *node, struct error *err);

/* Marks the axes over which a reduction goes: without axes all, or with noop_with_empty_axes none. */
int shape_reduced(struct importer *im, const struct onnx_node *node, int rank, bool *is_marked, struct error *err);

/* Slice of each axis: the indices first, first + step, ... `count` of them. */
struct cut {
    int64_t first, count, step;
};
int shape_of_slice(struct importer *im, const struct onnx_node *node, int rank, const int64_t *dim, struct cut *cuts,
                   struct error *err);

/* The sizes of Split's outputs along its axis of size `size`. */
int shape_of_split(struct importer *im, const struct onnx_node *node, int64_t size, int64_t *sizes, int most,
                   struct error *err);

#endif
