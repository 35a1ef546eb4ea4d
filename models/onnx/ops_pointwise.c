/* models/onnx/ops_pointwise.c - functions of single values, and softmax. */
#include "models/onnx/importer.h"

#include <math.h>
#include <string.h>

#define NEAR 1e-6 /* relative difference of constants that are the same in float32 */

static int unary(struct importer *im, const struct onnx_node *node, const struct emission *emission, struct error *err)
{
    struct value *value = import_activation(im, node, 0, err);
    return value ? import_unary(im, node, value, emission, err) : -1;
}

/* Operators that have no attributes. */
static int import_plain(struct importer *im, const struct onnx_node *node, struct error *err)
{
    static const struct {
        const char *onnx, *op;
    } names[] = {{"Relu", "relu"}, {"Sigmoid", "sigmoid"}, {"Tanh", "tanh"},         {"Erf", "erf"},   {"Exp", "exp"},
                 {"Log", "log"},   {"Abs", "abs"},         {"Softplus", "softplus"}, {"Swish", "silu"}};
    size_t i = 0;
    while (strcmp(names[i].onnx, node->op) != 0)
        i++;
    return unary(im, node, &(struct emission){.op = names[i].op}, err);
}

static int import_leaky_relu(struct importer *im, const struct onnx_node *node, struct error *err)
{
    const double slope = import_float(node, "alpha", 0.01);
    return unary(im, node, &(struct emission){.op = "leaky_relu", .set = {{"slope", slope}}}, err);
}

static int import_elu(struct importer *im, const struct onnx_node *node, struct error *err)
{
    return unary(im, node, &(struct emission){.op = "elu", .set = {{"alpha", import_float(node, "alpha", 1)}}}, err);
}

static int import_hard_sigmoid(struct importer *im, const struct onnx_node *node, struct error *err)
{
    const double alpha = import_float(node, "alpha", 0.2), beta = import_float(node, "beta", 0.5);
    if (fabs(alpha - 1.0 / 6) < NEAR && beta == 0.5)
        return unary(im, node, &(struct emission){.op = "hard_sigmoid"}, err);
    return unary(im, node, &(struct emission){.op = "hard_sigmoid_of", .set = {{"alpha", alpha}, {"beta", beta}}}, err);
}

static int import_hard_swish(struct importer *im, const struct onnx_node *node, struct error *err)
{
    return unary(im, node, &(struct emission){.op = "hard_swish"}, err);
}

static int import_gelu(struct importer *im, const struct onnx_node *node, struct error *err)
{
    const bool is_approximate = strcmp(import_text(node, "approximate", "none"), "tanh") == 0;
    return unary(im, node, &(struct emission){.op = is_approximate ? "gelu_tanh" : "gelu"}, err);
}

int import_clip(struct importer *im, const struct onnx_node *node, struct value *value, double low, double high,
                struct error *err)
{
    if (low == 0 && high == 6)
        return import_unary(im, node, value, &(struct emission){.op = "relu6"}, err);
    if (low == 0 && high >= (double)INFINITY)
        return import_unary(im, node, value, &(struct emission){.op = "relu"}, err);
    struct emission emission = {.op = "clip"};
    int count = 0;
    if (low > -(double)INFINITY)
        emission.set[count++] = (struct setting){"low", low};
    if (high < (double)INFINITY)
        emission.set[count++] = (struct setting){"high", high};
    return count ? import_unary(im, node, value, &emission, err) : import_same(im, node, value);
}

/* A bound: an attribute in old opsets, an input in new ones; float32's limits mean none. */
static int read_bound(struct importer *im, const struct onnx_node *node, const char *name, int i, double *bound,
                      struct error *err)
{
    const struct value *value = import_input(im, node, i);
    *bound = import_float(node, name, *bound);
    if (value && !constant_number(im, value->constant, bound))
        return import_refuse(im, err, "its bound \"%.100s\" must be a number", value->name);
    if (fabs(*bound) > 3.4e38)
        *bound = *bound > 0 ? (double)INFINITY : -(double)INFINITY;
    return 0;
}

static int import_clip_node(struct importer *im, const struct onnx_node *node, struct error *err)
{
    double low = -(double)INFINITY, high = (double)INFINITY;
    struct value *value = import_activation(im, node, 0, err);
    if (!value || read_bound(im, node, "min", 1, &low, err) || read_bound(im, node, "max", 2, &high, err))
        return -1;
    return import_clip(im, node, value, low, high, err);
}

static int import_neg(struct importer *im, const struct onnx_node *node, struct error *err)
{
    struct value *value = import_activation(im, node, 0, err), out;
    if (!value || import_number_step(im, value, "constant_mul", -1, NULL, &out, err))
        return -1;
    return import_set_activation(im, node, 0, out.node, &out.layout, out.is_vector);
}

/* Selu: gamma * elu(x). Celu: alpha * elu(x / alpha), whose own alpha is 1. */
static int import_scaled_elu(struct importer *im, const struct onnx_node *node, struct error *err)
{
    const bool is_selu = node->op[0] == 'S';
    const double alpha = import_float(node, "alpha", is_selu ? 1.67326319217681884765625 : 1);
    const double factor = is_selu ? import_float(node, "gamma", 1.05070102214813232421875) : alpha;
    struct value *value = import_activation(im, node, 0, err);
    if (!value)
        return -1;
    if (alpha == 0)
        return import_refuse(im, err, "alpha is 0");
    struct value part = *value;
    if (!is_selu && alpha != 1 && import_number_step(im, &part, "constant_mul", 1 / alpha, "scaled", &part, err))
        return -1;
    const struct emission elu = {.op = "elu",
                                 .suffix = factor == 1 ? NULL : "elu",
                                 .count = 1,
                                 .inputs = {part.node},
                                 .set = {{"alpha", is_selu ? alpha : 1}}};
    part.node = import_emit(im, &elu, err);
    if (part.node < 0 || (factor != 1 && import_number_step(im, &part, "constant_mul", factor, NULL, &part, err)))
        return -1;
    return import_set_activation(im, node, 0, part.node, &part.layout, part.is_vector);
}

static int import_reciprocal(struct importer *im, const struct onnx_node *node, struct error *err)
{
    return unary(im, node, &(struct emission){.op = "pow", .set = {{"exponent", -1}}}, err);
}

/* Slopes that differ by position: max(x, 0) + slope * min(x, 0). */
static int import_slopes(struct importer *im, const struct onnx_node *node, struct value *value,
                         const struct import_weight *slope, struct error *err)
{
    const struct emission plus = {.op = "relu", .suffix = "part", .count = 1, .inputs = {value->node}};
    const struct emission minus = {
        .op = "clip", .suffix = "part", .count = 1, .inputs = {value->node}, .set = {{"high", 0}}};
    const int high = import_emit(im, &plus, err), low = high < 0 ? -1 : import_emit(im, &minus, err);
    const struct emission mul = {.op = "constant_mul",
                                 .suffix = "part",
                                 .count = 1,
                                 .inputs = {low},
                                 .set = {{"c", slope->dim[0]}, {"h", slope->dim[1]}, {"w", slope->dim[2]}}};
    const int scaled = low < 0 ? -1 : import_emit(im, &mul, err);
    if (scaled < 0 || import_give(im, scaled, "value", *slope, err))
        return -1;
    const int added = import_emit(im, &(struct emission){.op = "add", .count = 2, .inputs = {high, scaled}}, err);
    return added < 0 ? -1 : import_set_activation(im, node, 0, added, &value->layout, value->is_vector);
}

/* A list of one slope for each channel, as before opset 7 and in files that still have it; it becomes (C,1,1). */
static const struct onnx_constant *slopes_of_channels(struct importer *im, const struct onnx_constant *slope,
                                                      const struct layout *layout, struct error *err)
{
    const int rank = layout->rank;
    const bool is_list = slope->rank == 1 && rank > 2 && slope->dim[0] == layout_dim(layout, 1) &&
                         (im->file->opset < 7 || slope->dim[0] != layout_dim(layout, rank - 1));
    struct onnx_constant *own = is_list ? arena_alloc(im->arena, 1, sizeof *own) : NULL;
    if (!is_list)
        return slope;
    if (!own) {
        error_memory(err, "a constant");
        return NULL;
    }
    *own = *slope;
    own->rank = rank - 1;
    for (int i = 1; i < rank - 1; i++)
        own->dim[i] = 1;
    return own;
}

static int import_prelu(struct importer *im, const struct onnx_node *node, struct error *err)
{
    struct value *value = import_activation(im, node, 0, err);
    const struct onnx_constant *slope = value ? import_constant(im, node, 1, err) : NULL;
    struct import_weight weight;
    enum axis axis;
    if (!slope || !(slope = slopes_of_channels(im, slope, &value->layout, err)))
        return -1;
    if (slope->rank > value->layout.rank)
        return import_refuse(im, err, "its slope has %d axes, its input %d", slope->rank, value->layout.rank);
    if ((slope->count != 1 && import_plain_axis(im, value, 0, &axis, err)) ||
        import_place_constant(im, &value->layout, slope, &weight, err))
        return -1;
    if (weight.dim[1] != 1 || weight.dim[2] != 1)
        return import_slopes(im, node, value, &weight, err);
    const int added = import_emit(im, &(struct emission){.op = "prelu", .count = 1, .inputs = {value->node}}, err);
    if (added < 0)
        return -1;
    weight.rank = 1;
    weight.dim[0] = graph_node(im->graph, added).shape.c;
    if (import_give(im, added, "weight", weight, err))
        return -1;
    return import_set_activation(im, node, 0, added, &value->layout, value->is_vector);
}

static int import_softmax(struct importer *im, const struct onnx_node *node, struct error *err)
{
    struct value *value = import_activation(im, node, 0, err);
    if (!value)
        return -1;
    const bool is_old = im->file->opset < 13; /* all axes from this one on are then one */
    const int axis = import_axis(im, import_int(node, "axis", is_old ? 1 : -1), value->layout.rank, err);
    if (axis < 0)
        return -1;
    for (int i = axis + 1; i < value->layout.rank && is_old; i++)
        if (layout_dim(&value->layout, i) != 1)
            return import_refuse(im, err, "is over several axes");
    struct value moved = *value; /* other readers keep the arrangement */
    const bool is_view = !layout_is_plain(&value->layout);
    int64_t dim[ONNX_RANK_MAX];
    if ((is_view && import_view(im, value, axis, 1, &moved, err)) ||
        import_as_channels(im, &moved, is_view ? 2 : axis, err))
        return -1;
    layout_dims(&value->layout, dim);
    if (is_view && layout_reshape(&moved.layout, value->layout.rank, dim))
        return import_refuse(im, err, "its result has axes in an order that is not supported");
    return import_unary(im, node, &moved, &(struct emission){.op = "softmax"}, err);
}

const struct import_op import_pointwise_ops[] = {{"Relu", import_plain},
                                                 {"Sigmoid", import_plain},
                                                 {"Tanh", import_plain},
                                                 {"Erf", import_plain},
                                                 {"Exp", import_plain},
                                                 {"Log", import_plain},
                                                 {"Abs", import_plain},
                                                 {"Softplus", import_plain},
                                                 {"Swish", import_plain},
                                                 {"LeakyRelu", import_leaky_relu},
                                                 {"PRelu", import_prelu},
                                                 {"Elu", import_elu},
                                                 {"Clip", import_clip_node},
                                                 {"HardSigmoid", import_hard_sigmoid},
                                                 {"HardSwish", import_hard_swish},
                                                 {"Gelu", import_gelu},
                                                 {"Selu", import_scaled_elu},
                                                 {"Celu", import_scaled_elu},
                                                 {"Neg", import_neg},
                                                 {"Reciprocal", import_reciprocal},
                                                 {"Softmax", import_softmax},
                                                 {NULL, NULL}};
