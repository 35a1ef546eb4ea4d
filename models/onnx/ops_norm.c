/* models/onnx/ops_norm.c - normalisation. */
#include "models/onnx/importer.h"

#include <string.h>

static int import_batch_norm(struct importer *im, const struct onnx_node *node, struct error *err)
{
    static const char *const tensors[] = {"weight", "bias", "running_mean", "running_var"};
    struct value *value = import_activation(im, node, 0, err);
    enum axis axis;
    if (!value)
        return -1;
    if (import_int(node, "training_mode", 0))
        return import_refuse(im, err, "is in its training mode");
    if (value->layout.rank < 2 || import_plain_axis(im, value, 1, &axis, err))
        return value->layout.rank < 2 ? import_refuse(im, err, "its input has %d axes", value->layout.rank) : -1;
    if (axis != AXIS_C && import_planes(im, value, err))
        return -1;
    const struct emission emission = {
        .op = "batch_norm", .count = 1, .inputs = {value->node}, .set = {{"eps", import_float(node, "epsilon", 1e-5)}}};
    const int added = import_emit(im, &emission, err);
    if (added < 0)
        return -1;
    for (int i = 0; i < 4; i++) {
        const struct onnx_constant *tensor = import_constant(im, node, i + 1, err);
        if (!tensor ||
            import_give_all(im, added, tensors[i], tensor, 1, (int[]){graph_node(im->graph, added).shape.c}, err))
            return -1;
    }
    return import_set_activation(im, node, 0, added, &value->layout, value->is_vector);
}

/* Scale and bias of a norm: one element for each channel. */
static int give_two(struct importer *im, int added, const struct onnx_constant *scale, const struct onnx_constant *bias,
                    struct error *err)
{
    const int dim[] = {graph_node(im->graph, added).shape.c};
    return status_of((scale && import_give_all(im, added, "weight", scale, 1, dim, err)) ||
                     (bias && import_give_all(im, added, "bias", bias, 1, dim, err)));
}

static int import_instance_norm(struct importer *im, const struct onnx_node *node, struct error *err)
{
    struct value *value = import_activation(im, node, 0, err);
    const struct onnx_constant *scale = value ? import_constant(im, node, 1, err) : NULL;
    const struct onnx_constant *bias = scale ? import_constant(im, node, 2, err) : NULL;
    if (!bias || import_planes(im, value, err))
        return -1;
    const struct emission emission = {.op = "instance_norm",
                                      .count = 1,
                                      .inputs = {value->node},
                                      .set = {{"eps", import_float(node, "epsilon", 1e-5)}}};
    const int added = import_emit(im, &emission, err);
    if (added < 0 || give_two(im, added, scale, bias, err))
        return -1;
    return import_set_activation(im, node, 0, added, &value->layout, value->is_vector);
}

/* The constant with each element repeated for the channels of its group. */
static const struct onnx_constant *spread(struct importer *im, const struct onnx_constant *constant, int channels,
                                          int64_t groups, struct error *err)
{
    if (groups < 1 || channels % groups || constant->count != (size_t)groups) {
        import_refuse(im, err, "has %zu elements for %lld groups", constant->count, (long long)groups);
        return NULL;
    }
    const double *values = constant_values(im, constant, err);
    struct onnx_constant *out = values ? constant_new(im, false, 1, (int64_t[]){channels}, err) : NULL;
    double *each = out ? arena_alloc(im->arena, (size_t)channels, sizeof *each) : NULL;
    if (!each) {
        if (out)
            error_memory(err, "a constant");
        return NULL;
    }
    for (int c = 0; c < channels; c++)
        each[c] = constant_at(constant, values, (size_t)(c / (channels / (int)groups)));
    out->values = each;
    return out;
}

/* Before opset 21, scale and bias have one element for each group. */
static int give_of_groups(struct importer *im, int added, int64_t groups, const struct onnx_constant *scale,
                          const struct onnx_constant *bias, struct error *err)
{
    const int channels = graph_node(im->graph, added).shape.c;
    scale = spread(im, scale, channels, groups, err);
    bias = scale ? spread(im, bias, channels, groups, err) : NULL;
    return bias ? give_two(im, added, scale, bias, err) : -1;
}

static int import_group_norm(struct importer *im, const struct onnx_node *node, struct error *err)
{
    struct value *value = import_activation(im, node, 0, err);
    const struct onnx_constant *scale = value ? import_constant(im, node, 1, err) : NULL;
    const struct onnx_constant *bias = scale ? import_constant(im, node, 2, err) : NULL;
    if (!bias || import_planes(im, value, err))
        return -1;
    const int64_t groups = import_int(node, "num_groups", 0);
    const struct emission emission = {
        .op = "group_norm",
        .count = 1,
        .inputs = {value->node},
        .set = {{"eps", import_float(node, "epsilon", 1e-5)}, {"groups", (double)groups}}};
    const int added = import_emit(im, &emission, err);
    if (added < 0 || (im->file->opset < 21 ? give_of_groups(im, added, groups, scale, bias, err)
                                           : give_two(im, added, scale, bias, err)))
        return -1;
    return import_set_activation(im, node, 0, added, &value->layout, value->is_vector);
}

/* Whether the axes from the third on are the rows and columns of (N,C,h,w). */
static bool is_planes(const struct layout *layout, int first_axis)
{
    static const enum axis axes[] = {AXIS_BATCH, AXIS_C, AXIS_H, AXIS_W};
    return layout->rank == 4 && first_axis == 2 && layout_dim(layout, 1) != 1 && layout_is(layout, axes);
}

/* Layer norm over the positions of each channel: an instance norm, then what scale and bias are, which have positions. */
static int import_planes_norm(struct importer *im, const struct onnx_node *node, struct value *value, double eps,
                              const struct onnx_constant *scale, const struct onnx_constant *bias, struct error *err)
{
    struct value out = *value;
    const struct emission emission = {.op = "instance_norm",
                                      .suffix = scale || bias ? "norm" : NULL,
                                      .count = 1,
                                      .inputs = {value->node},
                                      .set = {{"eps", eps}, {"weight", false}, {"bias", false}}};
    const struct constant_step mul = {"constant_mul", bias ? "scale" : NULL, scale, 1, false},
                               add = {"constant_add", NULL, bias, 1, false};
    out.node = import_emit(im, &emission, err);
    if (out.node < 0 || (scale && import_constant_step(im, &out, &mul, &out, err)) ||
        (bias && import_constant_step(im, &out, &add, &out, err)))
        return -1;
    return import_set_activation(im, node, 0, out.node, &out.layout, false);
}

int import_layer_norm(struct importer *im, const struct onnx_node *node, struct value *value, int first_axis,
                      double eps, const struct onnx_constant *scale, const struct onnx_constant *bias,
                      struct error *err)
{
    if (is_planes(&value->layout, first_axis))
        return import_planes_norm(im, node, value, eps, scale, bias, err);
    enum axis axis = AXIS_COUNT;
    const int rank = value->layout.rank;
    bool is_one, is_rest = true; /* the axes before are the batch */
    for (int i = 0; i < first_axis; i++)
        is_rest &= layout_dim(&value->layout, i) == 1 || layout_axis(&value->layout, i, &is_one) == AXIS_BATCH;
    if (first_axis == rank - 1 && !is_rest ? import_as_channels(im, value, first_axis, err)
                                           : import_plain_axis(im, value, rank - 1, &axis, err))
        return -1;
    const bool is_channels = first_axis == rank - 1 && layout_axis(&value->layout, first_axis, &is_one) == AXIS_C;
    bool is_all = !is_channels;
    for (int i = 0; i < first_axis; i++)
        is_all &= layout_dim(&value->layout, i) == 1 || layout_axis(&value->layout, i, &is_one) == AXIS_BATCH;
    if (!is_channels && !is_all)
        return import_refuse(im, err, "is supported over the channels, over the positions or over all axes");
    const struct emission emission = {
        .op = "layer_norm",
        .count = 1,
        .inputs = {value->node},
        .set = {{"eps", eps}, {"over", !is_channels}, {"weight", scale != NULL}, {"bias", bias != NULL}}};
    const int added = import_emit(im, &emission, err);
    if (added < 0)
        return -1;
    const struct onnx_constant *const tensors[] = {scale, bias};
    for (int i = 0; i < 2; i++) {
        struct import_weight weight;
        if (tensors[i] && (import_place_constant(im, &value->layout, tensors[i], &weight, err)))
            return -1;
        const struct shape shape = graph_node(im->graph, added).shape;
        weight.dim[0] = shape.c;
        weight.dim[1] = is_channels ? 0 : shape.h;
        weight.dim[2] = is_channels ? 0 : shape.w;
        weight.rank = is_channels ? 1 : 3;
        if (tensors[i] && import_give(im, added, i ? "bias" : "weight", weight, err))
            return -1;
    }
    return import_set_activation(im, node, 0, added, &value->layout, value->is_vector);
}

static int import_layer_norm_node(struct importer *im, const struct onnx_node *node, struct error *err)
{
    struct value *value = import_activation(im, node, 0, err);
    const struct onnx_constant *scale = value ? import_constant(im, node, 1, err) : NULL;
    const struct onnx_constant *bias = scale && import_input(im, node, 2) ? import_constant(im, node, 2, err) : NULL;
    const int axis = scale ? import_axis(im, import_int(node, "axis", -1), value->layout.rank, err) : -1;
    if (axis < 0 || (!bias && import_input(im, node, 2)))
        return -1;
    return import_layer_norm(im, node, value, axis, import_float(node, "epsilon", 1e-5), scale, bias, err);
}

const struct import_op import_norm_ops[] = {{"BatchNormalization", import_batch_norm},
                                            {"InstanceNormalization", import_instance_norm},
                                            {"GroupNormalization", import_group_norm},
                                            {"LayerNormalization", import_layer_norm_node},
                                            {NULL, NULL}};
