/* models/onnx/ops_shape.c - operators that change the layout of an activation and none of its values. */
#include "models/onnx/shape_rules.h"

static int import_identity(struct importer *im, const struct onnx_node *node, struct error *err)
{
    const struct value *value = import_activation(im, node, 0, err);
    return value ? import_same(im, node, value) : -1;
}

static int import_cast(struct importer *im, const struct onnx_node *node, struct error *err)
{
    if (!onnx_is_float(import_int(node, "to", ONNX_FLOAT)))
        return import_refuse(im, err, "an activation cannot become integers");
    return import_identity(im, node, err);
}

static int import_dropout(struct importer *im, const struct onnx_node *node, struct error *err)
{
    double is_training = 0, ratio = 0.5;
    const struct value *mode = import_input(im, node, 2);
    constant_number(im, constant_input(im, node, 1), &ratio);
    if (mode && (!constant_number(im, mode->constant, &is_training) || (is_training != 0 && ratio != 0)))
        return import_refuse(im, err, "is in its training mode");
    return import_identity(im, node, err);
}

static int give(struct importer *im, const struct onnx_node *node, const struct value *value,
                const struct layout *layout)
{
    return import_set_activation(im, node, 0, value->node, layout, value->is_vector);
}

static int reshape(struct importer *im, const struct onnx_node *node, struct value *value, int rank, const int64_t *dim,
                   struct error *err)
{
    struct layout layout = value->layout;
    if (rank < 0)
        return -1;
    if (layout_reshape(&layout, rank, dim) == 0)
        return give(im, node, value, &layout);
    /* the values of each image are arranged as one axis, whose only factor can be split into any sizes */
    struct value flat = *value;
    const int64_t size = layout_size(&value->layout) / im->batch;
    if (layout_reshape(&flat.layout, 2, (int64_t[]){im->batch, size}))
        return import_refuse(im, err, "mixes the images of a batch");
    if (import_vector(im, &flat, err))
        return -1;
    layout_init(&flat.layout, 2, (enum axis[]){AXIS_BATCH, AXIS_C}, (int64_t[]){im->batch, size});
    if (layout_reshape(&flat.layout, rank, dim))
        return import_refuse(im, err, "joins parts of axes in a way that is not supported");
    return give(im, node, &flat, &flat.layout);
}

static int import_reshape(struct importer *im, const struct onnx_node *node, struct error *err)
{
    int64_t own[ONNX_RANK_MAX], dim[ONNX_RANK_MAX];
    struct value *value = import_activation(im, node, 0, err);
    if (!value)
        return -1;
    layout_dims(&value->layout, own);
    return reshape(im, node, value, shape_of_reshape(im, node, value->layout.rank, own, dim, err), dim, err);
}

static int import_flatten(struct importer *im, const struct onnx_node *node, struct error *err)
{
    int64_t own[ONNX_RANK_MAX], dim[2];
    struct value *value = import_activation(im, node, 0, err);
    if (!value)
        return -1;
    layout_dims(&value->layout, own);
    return reshape(im, node, value, shape_of_flatten(im, node, value->layout.rank, own, dim, err), dim, err);
}

static int import_squeeze(struct importer *im, const struct onnx_node *node, struct error *err)
{
    int64_t own[ONNX_RANK_MAX];
    bool is_marked[ONNX_RANK_MAX];
    struct value *value = import_activation(im, node, 0, err);
    if (!value)
        return -1;
    struct layout layout = value->layout;
    layout_dims(&value->layout, own);
    if (shape_axes(im, node, layout.rank, own, is_marked, err))
        return -1;
    for (int i = value->layout.rank; i-- > 0;) {
        if (is_marked[i] && own[i] != 1)
            return import_refuse(im, err, "axis %d has the size %lld", i, (long long)own[i]);
        if (is_marked[i])
            layout_remove(&layout, i);
    }
    return give(im, node, value, &layout);
}

static int import_unsqueeze(struct importer *im, const struct onnx_node *node, struct error *err)
{
    bool is_marked[ONNX_RANK_MAX];
    struct value *value = import_activation(im, node, 0, err);
    const int added = value ? shape_added(im, node, err) : -1;
    if (added < 0)
        return -1;
    struct layout layout = value->layout;
    const int rank = layout.rank + added;
    if (rank > ONNX_RANK_MAX)
        return import_refuse(im, err, "its result has %d axes", rank);
    if (shape_axes(im, node, rank, NULL, is_marked, err))
        return -1;
    for (int i = 0; i < rank; i++)
        if (is_marked[i])
            layout_insert(&layout, i);
    return give(im, node, value, &layout);
}

static int import_transpose(struct importer *im, const struct onnx_node *node, struct error *err)
{
    int from[ONNX_RANK_MAX];
    struct value *value = import_activation(im, node, 0, err);
    if (!value || shape_of_transpose(im, node, value->layout.rank, from, err))
        return -1;
    struct layout layout = value->layout;
    layout_transpose(&layout, from);
    return give(im, node, value, &layout);
}

const struct import_op import_shape_ops[] = {
    {"Identity", import_identity},   {"Dropout", import_dropout},     {"Cast", import_cast},
    {"Reshape", import_reshape},     {"Flatten", import_flatten},     {"Squeeze", import_squeeze},
    {"Transpose", import_transpose}, {"Unsqueeze", import_unsqueeze}, {NULL, NULL}};
