/*
 * models/onnx/ops_join.c - concatenation, also with constants.
 *
 * A constant is padding of the value beside it, to which the constant is added unless it is one number. An axis that is
 * not one of the engine's, as torch.stack makes it, is joined as the height of (axes before, axis, axes after).
 */
#include "models/onnx/importer.h"

#include <string.h>

#define PLANES \
    { \
        AXIS_BATCH, AXIS_C, AXIS_H, AXIS_W \
    }

struct joint {
    int rank, axis; /* of the inputs as they are joined */
    enum axis axes[ONNX_RANK_MAX];
    bool is_flat; /* the inputs are seen as (N, axes before, axis, axes after) */
    int onnx_rank, onnx_axis;
    int64_t dim[ONNX_RANK_MAX]; /* of the result, ONNX's axes */
};

/* -- shapes --------------------------------------------------------------------------------------------------------- */

/* The rank of an input, and its sizes; -1: it is missing. */
static int shape_of(const struct value *value, int64_t *dim)
{
    if (!value || (!value->constant && value->node < 0))
        return -1;
    if (!value->constant) {
        layout_dims(&value->layout, dim);
        return value->layout.rank;
    }
    memcpy(dim, value->constant->dim, sizeof value->constant->dim);
    return value->constant->rank;
}

static int64_t size_along(const struct value *value, int axis)
{
    int64_t dim[ONNX_RANK_MAX];
    shape_of(value, dim);
    return dim[axis];
}

/* The first activation, or NULL and an error. */
static struct value *first_of(struct importer *im, const struct onnx_node *node, struct error *err)
{
    for (int i = 0; i < node->input_count; i++) {
        struct value *value = import_input(im, node, i);
        if (value && !value->constant && value->node >= 0)
            return value;
    }
    import_refuse(im, err, "has no input that depends on the picture");
    return NULL;
}

/* Writes the shape of the result. */
static int find_shape(struct importer *im, const struct onnx_node *node, const struct value *first, struct joint *joint,
                      struct error *err)
{
    int64_t dim[ONNX_RANK_MAX];
    layout_dims(&first->layout, joint->dim);
    joint->dim[joint->axis] = 0;
    for (int i = 0; i < node->input_count; i++) {
        const int rank = shape_of(import_input(im, node, i), dim);
        if (rank < 0)
            return import_refuse(im, err, "its input %d is missing", i);
        for (int d = 0; d < joint->rank; d++)
            if (rank != joint->rank || (d != joint->axis && dim[d] != joint->dim[d]))
                return import_refuse(im, err, "the shapes of its inputs 0 and %d do not fit", i);
        if (__builtin_add_overflow(joint->dim[joint->axis], dim[joint->axis], &joint->dim[joint->axis]))
            return import_refuse(im, err, "its result is too large");
    }
    return 0;
}

/* Chooses the axes along which the inputs are joined: those of the first activation, if that can be. */
static int choose_axes(struct importer *im, struct value *first, struct joint *joint, struct error *err)
{
    static const enum axis planes[] = PLANES;
    if (layout_is_plain(&first->layout)) {
        if (import_plain_axes(im, first, joint->axes, err))
            return -1;
        struct layout layout = first->layout;
        if (joint->axes[joint->axis] != AXIS_BATCH &&
            layout_resize(&layout, joint->axis, joint->axes[joint->axis], joint->dim[joint->axis]) == 0)
            return 0;
    }
    if (im->batch != 1 && (joint->axis == 0 || joint->dim[0] != im->batch))
        return import_refuse(im, err, "joins along axis %d, which is not supported", joint->axis);
    joint->is_flat = true;
    joint->rank = 4;
    joint->axis = 2;
    memcpy(joint->axes, planes, sizeof planes);
    return 0;
}

/* The sizes of an input as it is joined. */
static void view(const struct importer *im, const struct joint *joint, const struct value *value, int64_t *dim)
{
    int64_t own[ONNX_RANK_MAX];
    const int rank = shape_of(value, own);
    if (!joint->is_flat) {
        memcpy(dim, own, sizeof own);
        return;
    }
    dim[0] = im->batch;
    dim[1] = dim[3] = 1;
    dim[2] = own[joint->onnx_axis];
    for (int d = im->batch == 1 ? 0 : 1; d < rank; d++)
        if (d != joint->onnx_axis)
            dim[d < joint->onnx_axis ? 1 : 3] *= own[d];
}

/* -- activations ---------------------------------------------------------------------------------------------------- */

/* The node of an activation with its axes where the joint has them; -1: an error. */
static int arrange(struct importer *im, const struct joint *joint, struct value *value, struct error *err)
{
    struct value seen;
    if (joint->is_flat) {
        if (import_view(im, value, joint->onnx_axis, 1, &seen, err))
            return -1;
        value = &seen; /* other readers see its own axes */
    }
    return import_arrange(im, value, joint->axes, err) ? -1 : value->node;
}

int import_join(struct importer *im, enum axis axis, const int *nodes, int count, const char *suffix, struct error *err)
{
    static const char *const ops[] = {NULL, "concat", "concat_h", "concat_w"};
    struct emission emission = {.op = ops[axis]};
    int done = 0;
    while (count > 1 && done < count) {
        while (emission.count < NODE_INPUTS_MAX && done < count)
            emission.inputs[emission.count++] = nodes[done++];
        emission.suffix = done < count ? "part" : suffix;
        const int joined = import_emit(im, &emission, err);
        if (joined < 0 || done == count)
            return joined;
        emission.count = 1;
        emission.inputs[0] = joined;
    }
    return nodes[0];
}

/* -- constants ------------------------------------------------------------------------------------------------------ */

/* The inputs from `first` up to `end`, of which input `at` is an activation and the others are constants. */
struct span {
    int first, at, end;
};

static const struct onnx_constant *constant_of(const struct importer *im, const struct onnx_node *node,
                                               const struct span *span, int i)
{
    return i == span->at ? NULL : import_input(im, node, i)->constant;
}

/* Whether all elements of the constants are one number, which is 0 if there are none. */
static int find_number(struct importer *im, const struct onnx_node *node, const struct span *span, bool *is_one,
                       double *number, struct error *err)
{
    bool is_set = false;
    *is_one = true;
    *number = 0;
    for (int i = span->first; i < span->end; i++) {
        const struct onnx_constant *constant = constant_of(im, node, span, i);
        const double *values = constant ? constant_values(im, constant, err) : NULL;
        if (constant && !values)
            return -1;
        for (size_t k = 0; constant && k < (constant->is_filled && constant->count ? 1 : constant->count); k++) {
            const double value = constant_at(constant, values, k);
            *is_one &= !is_set || value == *number;
            *number = value;
            is_set = true;
        }
    }
    return 0;
}

/* Writes the elements of a constant into those of a value of the engine, from position `from` of the joined axis on. */
static int place(struct importer *im, const struct joint *joint, const struct value *value, struct shape shape,
                 int64_t from, double *out, struct error *err)
{
    const size_t steps[] = {0, (size_t)shape.h * (size_t)shape.w, (size_t)shape.w, 1};
    const double *values = constant_values(im, value->constant, err);
    int64_t dim[ONNX_RANK_MAX];
    if (!values)
        return -1;
    view(im, joint, value, dim);
    for (int d = 0; d < joint->rank; d++)
        if (joint->axes[d] == AXIS_BATCH && dim[d] != 1)
            return import_refuse(im, err, "its constants differ between the images of a batch");
    for (size_t i = 0; i < value->constant->count; i++) {
        size_t rest = i, to = (size_t)from * steps[joint->axes[joint->axis]];
        for (int d = joint->rank; d-- > 0; rest /= (size_t)dim[d])
            to += rest % (size_t)dim[d] * steps[joint->axes[d]];
        out[to] = constant_at(value->constant, values, i);
    }
    return 0;
}

/* Adds the constants to a node in which zeros are in their places. */
static int add_constants(struct importer *im, const struct onnx_node *node, const struct joint *joint,
                         const struct span *span, int padded, const char *suffix, struct error *err)
{
    const struct shape shape = graph_node(im->graph, padded).shape;
    struct onnx_constant *all = constant_new(im, false, 3, (int64_t[]){shape.c, shape.h, shape.w}, err);
    double *values = all ? constant_room(im, all, err) : NULL;
    int64_t from = 0;
    if (!values)
        return -1;
    all->values = values;
    for (int i = span->first; i < span->end; i++) {
        const struct value *value = import_input(im, node, i);
        if (i != span->at && place(im, joint, value, shape, from, values, err))
            return -1;
        from += size_along(value, joint->onnx_axis);
    }
    const struct emission emission = {.op = "constant_add",
                                      .suffix = suffix,
                                      .count = 1,
                                      .inputs = {padded},
                                      .set = {{"c", shape.c}, {"h", shape.h}, {"w", shape.w}}};
    const int added = import_emit(im, &emission, err);
    return added < 0 || import_give_all(im, added, "value", all, 3, (int[]){shape.c, shape.h, shape.w}, err) ? -1
                                                                                                             : added;
}

/* The node of an activation and the constants beside it. */
static int surround(struct importer *im, const struct onnx_node *node, const struct joint *joint,
                    const struct span *span, bool is_last, struct error *err)
{
    static const char *const before_names[] = {"", "channels_before", "pad_top", "pad_left"};
    static const char *const after_names[] = {"", "channels_after", "pad_bottom", "pad_right"};
    int64_t sizes[2] = {0, 0};
    double number;
    bool is_one;
    const int own = arrange(im, joint, import_input(im, node, span->at), err);
    for (int i = span->first; i < span->end; i++)
        if (i != span->at)
            sizes[i > span->at] += size_along(import_input(im, node, i), joint->onnx_axis);
    if (own < 0 || (sizes[0] == 0 && sizes[1] == 0))
        return own;
    if (find_number(im, node, span, &is_one, &number, err))
        return -1;
    const enum axis axis = joint->axes[joint->axis];
    const struct emission pad = {.op = "pad",
                                 .suffix = is_one && is_last ? NULL : "part",
                                 .count = 1,
                                 .inputs = {own},
                                 .set = {{"mode", 0},
                                         {"value", is_one ? number : 0},
                                         {before_names[axis], (double)sizes[0]},
                                         {after_names[axis], (double)sizes[1]}}};
    const int padded = import_emit(im, &pad, err);
    return padded < 0 || is_one ? padded : add_constants(im, node, joint, span, padded, is_last ? NULL : "part", err);
}

/* -- the operator --------------------------------------------------------------------------------------------------- */

static bool is_constant(const struct importer *im, const struct onnx_node *node, int i)
{
    return import_input(im, node, i)->constant != NULL;
}

/* Joins the inputs; constants belong to the activation before them, those at the beginning to the first one. */
static int join_inputs(struct importer *im, const struct onnx_node *node, const struct joint *joint, struct error *err)
{
    int *nodes = arena_alloc(im->arena, (size_t)node->input_count, sizeof *nodes), count = 0;
    if (!nodes)
        return error_memory(err, "a model");
    for (struct span span = {0}; span.first < node->input_count; span.first = span.end) {
        span.at = span.first;
        while (is_constant(im, node, span.at))
            span.at++;
        span.end = span.at + 1;
        while (span.end < node->input_count && is_constant(im, node, span.end))
            span.end++;
        nodes[count] = surround(im, node, joint, &span, count == 0 && span.end == node->input_count, err);
        if (nodes[count++] < 0)
            return -1;
    }
    return import_join(im, joint->axes[joint->axis], nodes, count, NULL, err);
}

static int import_concat(struct importer *im, const struct onnx_node *node, struct error *err)
{
    struct layout layout;
    struct value *first = first_of(im, node, err);
    const int axis = first ? import_axis(im, import_int(node, "axis", 1), first->layout.rank, err) : -1;
    if (axis < 0)
        return -1;
    struct joint joint = {.rank = first->layout.rank, .axis = axis, .onnx_axis = axis};
    joint.onnx_rank = joint.rank;
    if (find_shape(im, node, first, &joint, err) || choose_axes(im, first, &joint, err))
        return -1;
    const int added = join_inputs(im, node, &joint, err);
    if (added < 0)
        return -1;
    if (joint.is_flat) {
        const struct shape shape = graph_node(im->graph, added).shape;
        layout_init(&layout, 4, joint.axes, (int64_t[]){im->batch, shape.c, shape.h, shape.w});
        if (layout_reshape(&layout, joint.onnx_rank, joint.dim))
            return import_refuse(im, err, "its result has axes in an order that is not supported");
    } else
        layout_init(&layout, joint.rank, joint.axes, joint.dim);
    return import_set_activation(im, node, 0, added, &layout, false);
}

const struct import_op import_join_ops[] = {{"Concat", import_concat}, {NULL, NULL}};
