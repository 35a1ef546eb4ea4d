/* models/onnx/ops_binary.c - arithmetic of two values, or of a value and a constant, with broadcasting. */
#include "models/onnx/importer.h"

#include <math.h>
#include <string.h>

/* -- with a constant ------------------------------------------------------------------------------------------------ */

/* Gives the value as many axes as the constant has. */
static int raise_rank(struct importer *im, struct layout *layout, int rank, struct error *err)
{
    while (layout->rank < rank)
        if (layout_insert(layout, 0))
            return import_refuse(im, err, "its constant has %d axes", rank);
    return 0;
}

int import_place_constant(struct importer *im, const struct layout *layout, const struct onnx_constant *constant,
                          struct import_weight *weight, struct error *err)
{
    ptrdiff_t step = 1;
    *weight = (struct import_weight){.rank = 3, .dim = {1, 1, 1}, .constant = constant, .scale = 1};
    for (int d = constant->rank; d-- > 0;) {
        const int axis = d + layout->rank - constant->rank;
        bool is_one;
        const enum axis of = layout_axis(layout, axis, &is_one);
        if (constant->dim[d] != 1 &&
            (of == AXIS_COUNT || of == AXIS_BATCH || constant->dim[d] != layout_dim(layout, axis)))
            return import_refuse(im, err, "its constant does not fit the shape of its other input");
        if (constant->dim[d] != 1) {
            weight->dim[of - AXIS_C] = (int)constant->dim[d];
            weight->stride[of - AXIS_C] = step;
        }
        step *= constant->dim[d];
    }
    return 0;
}

/* The same where the constant may be larger than the value along axes of size 1, which then grow in the layout. */
static int place_larger(struct importer *im, struct layout *layout, const enum axis *axes,
                        const struct onnx_constant *constant, struct import_weight *weight, struct error *err)
{
    ptrdiff_t step = 1;
    *weight = (struct import_weight){.rank = 3, .dim = {1, 1, 1}, .constant = constant, .scale = 1};
    for (int d = constant->rank; d-- > 0;) {
        const int axis = d + layout->rank - constant->rank;
        const int64_t size = layout_dim(layout, axis);
        if (constant->dim[d] != 1 && (axes[axis] == AXIS_BATCH || (size != 1 && size != constant->dim[d]) ||
                                      (size == 1 && layout_resize(layout, axis, axes[axis], constant->dim[d]))))
            return import_refuse(im, err, "its constant does not fit the shape of its other input");
        if (constant->dim[d] != 1) {
            weight->dim[axes[axis] - AXIS_C] = (int)constant->dim[d];
            weight->stride[axes[axis] - AXIS_C] = step;
        }
        step *= constant->dim[d];
    }
    return 0;
}

int import_constant_step(struct importer *im, struct value *value, const struct constant_step *step, struct value *out,
                         struct error *err)
{
    const struct onnx_constant *constant = step->constant;
    struct import_weight weight = {.rank = 3, .dim = {1, 1, 1}, .constant = constant};
    struct value raised = *value;
    enum axis axes[ONNX_RANK_MAX];
    if (constant->rank > value->layout.rank) /* other readers of the value see its own axes */
        value = &raised;
    if (raise_rank(im, &value->layout, constant->rank, err))
        return -1;
    if (constant->count != 1 && import_plain_axes(im, value, axes, err))
        return -1;
    struct value result = *value;
    if (constant->count != 1 && place_larger(im, &result.layout, axes, constant, &weight, err))
        return -1;
    weight.scale = step->scale;
    weight.is_reciprocal = step->is_reciprocal;
    const struct emission emission = {.op = step->op,
                                      .suffix = step->suffix,
                                      .count = 1,
                                      .inputs = {value->node},
                                      .set = {{"c", weight.dim[0]}, {"h", weight.dim[1]}, {"w", weight.dim[2]}}};
    result.node = import_emit(im, &emission, err);
    if (result.node < 0 || import_give(im, result.node, "value", weight, err))
        return -1;
    result.is_vector &= weight.dim[1] == 1 && weight.dim[2] == 1;
    *out = result;
    return 0;
}

int import_number_step(struct importer *im, struct value *value, const char *op, double number, const char *suffix,
                       struct value *out, struct error *err)
{
    struct onnx_constant *constant = constant_new(im, false, 0, NULL, err);
    if (!constant)
        return -1;
    constant->is_filled = true;
    constant->fill = number;
    const struct constant_step step = {.op = op, .suffix = suffix, .constant = constant, .scale = 1};
    return import_constant_step(im, value, &step, out, err);
}

static int with_constant(struct importer *im, const struct onnx_node *node, struct value *value,
                         const struct constant_step *step, struct error *err)
{
    struct value out;
    if (import_constant_step(im, value, step, &out, err))
        return -1;
    return import_set_activation(im, node, 0, out.node, &out.layout, out.is_vector);
}

/* -- two activations ------------------------------------------------------------------------------------------------ */

/* Where each axis of a value is; false: an axis is not one of the engine's. Axes of size 1 are AXIS_COUNT. */
static bool plain_axes(const struct layout *layout, enum axis *axes)
{
    bool is_one, is_plain = true;
    for (int i = 0; i < layout->rank; i++) {
        axes[i] = layout_axis(layout, i, &is_one);
        is_plain &= is_one || axes[i] != AXIS_COUNT;
    }
    return is_plain;
}

/* Joins the places of the axes of two values; false: they contradict each other. */
static bool join_axes(const enum axis *a, const enum axis *b, int rank, enum axis *joined)
{
    bool is_taken[AXIS_COUNT] = {false};
    for (int i = 0; i < rank; i++) {
        joined[i] = a[i] == AXIS_COUNT ? b[i] : a[i];
        if (a[i] != AXIS_COUNT && b[i] != AXIS_COUNT && a[i] != b[i])
            return false;
        if (joined[i] != AXIS_COUNT && is_taken[joined[i]])
            return false;
        if (joined[i] != AXIS_COUNT)
            is_taken[joined[i]] = true;
    }
    return true;
}

/* Gives the two values axes in the same places: those of `a`, or the usual ones. */
static int make_alike(struct importer *im, struct value *a, struct value *b, enum axis *joined, struct error *err)
{
    enum axis of_a[ONNX_RANK_MAX] = {0}, of_b[ONNX_RANK_MAX] = {0};
    const int rank = a->layout.rank;
    if (plain_axes(&a->layout, of_a) && plain_axes(&b->layout, of_b) && join_axes(of_a, of_b, rank, joined))
        return 0;
    if (rank > 4)
        return import_refuse(im, err, "its inputs have %d axes, 4 are supported", rank);
    layout_usual(rank && layout_dim(&a->layout, 0) == 1 ? &b->layout : &a->layout, joined);
    return status_of(import_arrange(im, a, joined, err) || import_arrange(im, b, joined, err));
}

static const char *two_op(struct importer *im, const char *op, int *inputs)
{
    const struct shape a = graph_node(im->graph, inputs[0]).shape, b = graph_node(im->graph, inputs[1]).shape;
    const bool is_same = a.c == b.c && a.h == b.h && a.w == b.w;
    if (strcmp(op, "broadcast_add") == 0 && is_same)
        return "add";
    if (strcmp(op, "mul") == 0 && !is_same && a.c == b.c) {
        const bool by_second = b.h == 1 && b.w == 1, by_first = a.h == 1 && a.w == 1;
        if (by_first && !by_second) {
            const int first = inputs[0];
            inputs[0] = inputs[1];
            inputs[1] = first;
        }
        if (by_first || by_second)
            return "scale_channels";
    }
    return op;
}

/* The sizes of two values along an axis, of which one may be 1. */
static int check_sizes(const struct importer *im, int64_t a, int64_t b, int axis, struct error *err)
{
    return a == b || a == 1 || b == 1 ? 0
                                      : import_refuse(im, err, "its inputs have the sizes %lld and %lld along axis %d",
                                                      (long long)a, (long long)b, axis);
}

/* The result's layout: each axis has the larger of the two sizes. */
static int joined_layout(struct importer *im, const struct value *a, const struct value *b, const enum axis *joined,
                         struct layout *layout, struct error *err)
{
    int64_t dim[ONNX_RANK_MAX];
    for (int i = 0; i < a->layout.rank; i++) {
        const int64_t da = layout_dim(&a->layout, i), db = layout_dim(&b->layout, i);
        if (check_sizes(im, da, db, i, err))
            return -1;
        dim[i] = da == 1 ? db : da;
    }
    layout_init(layout, a->layout.rank, joined, dim);
    return 0;
}

/*
 * Gives two values of one rank, above 4, fewer axes: neighbours become one if both values have them, or if the same value
 * repeats both. Writes the shape of the result in the axes before that.
 */
static int see_joined(struct importer *im, struct value *a, struct value *b, int64_t *dim, struct error *err)
{
    int64_t da[ONNX_RANK_MAX], db[ONNX_RANK_MAX];
    int rank = 0, kind_before = -1;
    for (int i = 0; i < a->layout.rank; i++) {
        const int64_t x = layout_dim(&a->layout, i), y = layout_dim(&b->layout, i);
        const int kind = x == 1 && y == 1 ? kind_before : x == y ? 0 : x == 1 ? 1 : 2;
        if (check_sizes(im, x, y, i, err))
            return -1;
        dim[i] = x == 1 ? y : x;
        if (i > 1 && kind == kind_before) {
            da[rank - 1] *= x;
            db[rank - 1] *= y;
        } else {
            da[rank] = x;
            db[rank++] = y;
        }
        kind_before = i == 0 ? -1 : kind; /* the axis of images stays */
    }
    if (layout_reshape(&a->layout, rank, da) || layout_reshape(&b->layout, rank, db))
        return import_refuse(im, err, "its inputs have axes in an order that is not supported");
    return 0;
}

static int import_two(struct importer *im, const char *op, const char *suffix, struct value *a, struct value *b,
                      struct value *out, struct error *err)
{
    int64_t dim[ONNX_RANK_MAX];
    enum axis joined[ONNX_RANK_MAX];
    struct emission emission = {.suffix = suffix, .count = 2};
    struct value raised_a = *a, raised_b = *b;
    if (a->layout.rank < b->layout.rank) /* other readers of a value see its own axes */
        a = &raised_a;
    else if (b->layout.rank < a->layout.rank)
        b = &raised_b;
    if (raise_rank(im, &a->layout, b->layout.rank, err) || raise_rank(im, &b->layout, a->layout.rank, err))
        return -1;
    const bool is_same = layout_same(&a->layout, &b->layout);
    const int rank = a->layout.rank;
    const bool is_seen = !is_same && (!layout_is_plain(&a->layout) || !layout_is_plain(&b->layout));
    struct value seen_a = *a, seen_b = *b;
    if (is_seen) {
        a = &seen_a;
        b = &seen_b;
        if (see_joined(im, a, b, dim, err))
            return -1;
    }
    if (!is_same && make_alike(im, a, b, joined, err))
        return -1;
    struct layout layout = a->layout;
    if (!is_same && joined_layout(im, a, b, joined, &layout, err))
        return -1;
    if (is_seen && layout_reshape(&layout, rank, dim))
        return import_refuse(im, err, "its result has axes in an order that is not supported");
    emission.inputs[0] = a->node;
    emission.inputs[1] = b->node;
    emission.op = two_op(im, op, emission.inputs);
    out->node = import_emit(im, &emission, err);
    out->layout = layout;
    out->is_vector = a->is_vector && b->is_vector;
    return out->node < 0 ? -1 : 0;
}

/* -- the operators -------------------------------------------------------------------------------------------------- */

struct binary {
    const char *onnx, *two;
    const char *with; /* the operator with a constant as the second operand */
    const char *from; /* with one as the first */
    double scale;     /* of a constant that is the second */
    bool is_reciprocal;
};

static const struct binary binaries[] = {{"Add", "broadcast_add", "constant_add", "constant_add", 1, false},
                                         {"Sub", "sub", "constant_add", "constant_sub_from", -1, false},
                                         {"Mul", "mul", "constant_mul", "constant_mul", 1, false},
                                         {"Div", "div", "constant_mul", "constant_over", 1, true}};

static int import_binary(struct importer *im, const struct onnx_node *node, struct error *err)
{
    const struct binary *binary = binaries;
    while (strcmp(binary->onnx, node->op) != 0)
        binary++;
    struct value *a = import_input(im, node, 0), *b = import_input(im, node, 1);
    if (b && b->constant && (a = import_activation(im, node, 0, err)))
        return with_constant(
            im, node, a, &(struct constant_step){binary->with, NULL, b->constant, binary->scale, binary->is_reciprocal},
            err);
    if (a && a->constant && (b = import_activation(im, node, 1, err)))
        return with_constant(im, node, b, &(struct constant_step){binary->from, NULL, a->constant, 1, false}, err);
    struct value out = {0};
    a = import_activation(im, node, 0, err);
    b = a ? import_activation(im, node, 1, err) : NULL;
    if (!b || import_two(im, binary->two, NULL, a, b, &out, err))
        return -1;
    return import_set_activation(im, node, 0, out.node, &out.layout, out.is_vector);
}

/* A constant to the power of an activation: exp(x log(base)). */
static int import_exponential(struct importer *im, const struct onnx_node *node, const struct onnx_constant *base,
                              struct error *err)
{
    struct value *value = import_activation(im, node, 1, err), part;
    struct onnx_constant *logs = value ? constant_new(im, false, base->rank, base->dim, err) : NULL;
    const double *values = logs ? constant_values(im, base, err) : NULL;
    double *own = values ? constant_room(im, logs, err) : NULL;
    for (size_t i = 0; own && i < base->count; i++) {
        const double number = constant_at(base, values, i);
        if (!(number > 0))
            return import_refuse(im, err, "its base %g is not above 0", number);
        own[i] = log(number);
    }
    if (!own)
        return -1;
    logs->values = own;
    const struct constant_step step = {"constant_mul", "part", logs, 1, false};
    if (import_constant_step(im, value, &step, &part, err))
        return -1;
    return import_unary(im, node, &part, &(struct emission){.op = "exp"}, err);
}

/* One number as the exponent of all elements; the constant has their shape, or is repeated to it. */
static int import_power_of(struct importer *im, const struct onnx_node *node, const struct value *value,
                           const struct onnx_constant *constant, double exponent, struct error *err)
{
    struct value raised = *value;
    if (raise_rank(im, &raised.layout, constant->rank, err))
        return -1;
    for (int d = 0; d < constant->rank; d++)
        if (constant->dim[d] != 1 &&
            constant->dim[d] != layout_dim(&raised.layout, d + raised.layout.rank - constant->rank))
            return import_refuse(im, err, "its exponents do not fit the shape of its other input");
    return import_unary(im, node, &raised, &(struct emission){.op = "pow", .set = {{"exponent", exponent}}}, err);
}

static int import_pow(struct importer *im, const struct onnx_node *node, struct error *err)
{
    double number;
    struct value out = {0};
    const struct onnx_constant *base = constant_input(im, node, 0), *exponent = constant_input(im, node, 1);
    if (base)
        return import_exponential(im, node, base, err);
    struct value *value = import_activation(im, node, 0, err);
    if (!value)
        return -1;
    if (exponent && constant_uniform(im, exponent, &number))
        return import_power_of(im, node, value, exponent, number, err);
    if (exponent)
        return with_constant(im, node, value, &(struct constant_step){"constant_pow", NULL, exponent, 1, false}, err);
    struct value *other = import_activation(im, node, 1, err);
    if (!other || import_two(im, "power", NULL, value, other, &out, err))
        return -1;
    return import_set_activation(im, node, 0, out.node, &out.layout, out.is_vector);
}

/* max(x, t) = relu(x - t) + t; min(x, t) = t - relu(t - x). */
static int extreme_of_constant(struct importer *im, bool is_max, struct value *value,
                               const struct onnx_constant *constant, const char *suffix, struct value *out,
                               struct error *err)
{
    const struct constant_step before = {is_max ? "constant_add" : "constant_sub_from", "difference", constant,
                                         is_max ? -1 : 1, false},
                               after = {is_max ? "constant_add" : "constant_sub_from", suffix, constant, 1, false};
    struct value part;
    if (import_constant_step(im, value, &before, &part, err))
        return -1;
    part.node =
        import_emit(im, &(struct emission){.op = "relu", .suffix = "larger", .count = 1, .inputs = {part.node}}, err);
    return part.node < 0 ? -1 : import_constant_step(im, &part, &after, out, err);
}

/*
 * The operator of all activations among the inputs, as *out, and of all constants, as *constant, which is NULL if there are
 * none. `left`: steps that follow.
 */
static int join_inputs(struct importer *im, const struct onnx_node *node, const char *op, int left, struct value *out,
                       const struct onnx_constant **constant, struct error *err)
{
    const char *onnx = strcmp(node->op, "Mean") == 0 ? "Sum" : node->op;
    int count = 0;
    *constant = NULL;
    for (int i = 0; i < node->input_count; i++) {
        const struct onnx_constant *own = constant_input(im, node, i);
        if (own && *constant)
            own = constant_pair(im, strcmp(onnx, "Sum") == 0 ? "Add" : onnx, *constant, own, err);
        if (!own && constant_input(im, node, i))
            return -1;
        *constant = own ? own : *constant;
        count += !own;
    }
    left += count - 1 + (*constant != NULL);
    for (int i = 0, taken = 0; i < node->input_count; i++) {
        struct value *value = constant_input(im, node, i) ? NULL : import_activation(im, node, i, err);
        if (constant_input(im, node, i))
            continue;
        if (!value)
            return -1;
        if (!taken++)
            *out = *value;
        else if (import_two(im, op, --left ? "part" : NULL, out, value, out, err))
            return -1;
    }
    return count ? 0 : import_refuse(im, err, "has no input that depends on the picture");
}

/* Max, Min. */
static int import_extreme(struct importer *im, const struct onnx_node *node, struct error *err)
{
    const bool is_max = strcmp(node->op, "Max") == 0;
    const struct onnx_constant *constant;
    struct value extreme;
    double number;
    if (join_inputs(im, node, is_max ? "maximum" : "minimum", 0, &extreme, &constant, err))
        return -1;
    if (constant && constant_number(im, constant, &number) && constant->rank <= extreme.layout.rank)
        return import_clip(im, node, &extreme, is_max ? number : -(double)INFINITY, is_max ? (double)INFINITY : number,
                           err);
    if (constant && extreme_of_constant(im, is_max, &extreme, constant, NULL, &extreme, err))
        return -1;
    return import_set_activation(im, node, 0, extreme.node, &extreme.layout, extreme.is_vector);
}

/* Sum, Mean. */
static int import_sum(struct importer *im, const struct onnx_node *node, struct error *err)
{
    const bool is_mean = strcmp(node->op, "Mean") == 0;
    const struct onnx_constant *constant;
    struct value sum = {0};
    if (join_inputs(im, node, "broadcast_add", is_mean, &sum, &constant, err))
        return -1;
    const struct constant_step add = {"constant_add", is_mean ? "part" : NULL, constant, 1, false};
    if ((constant && import_constant_step(im, &sum, &add, &sum, err)) ||
        (is_mean && import_number_step(im, &sum, "constant_mul", 1.0 / node->input_count, NULL, &sum, err)))
        return -1;
    return import_set_activation(im, node, 0, sum.node, &sum.layout, sum.is_vector);
}

/* Adding zeros of the larger shape repeats the values. */
static int import_expand(struct importer *im, const struct onnx_node *node, struct error *err)
{
    int64_t dim[ONNX_RANK_MAX];
    struct value *value = import_activation(im, node, 0, err), raised;
    const int rank = value ? import_list(im, node, NULL, 1, dim, ONNX_RANK_MAX, err) : -2;
    if (rank < 0)
        return rank == -1 ? import_refuse(im, err, "its shape is missing") : -1;
    raised = *value;
    if (rank > value->layout.rank) /* other readers of the value see its own axes */
        value = &raised;
    if (raise_rank(im, &value->layout, rank, err))
        return -1;
    bool is_same = true;
    for (int i = 0; i < rank; i++) {
        const int64_t size = layout_dim(&value->layout, i + value->layout.rank - rank);
        if (dim[i] == size)
            dim[i] = 1;
        is_same &= dim[i] == 1;
    }
    if (is_same)
        return import_same(im, node, value);
    struct onnx_constant *zeros = constant_new(im, false, rank, dim, err);
    if (!zeros)
        return -1;
    zeros->is_filled = true;
    return with_constant(im, node, value, &(struct constant_step){"constant_add", NULL, zeros, 1, false}, err);
}

const struct import_op import_binary_ops[] = {{"Add", import_binary},
                                              {"Sub", import_binary},
                                              {"Mul", import_binary},
                                              {"Div", import_binary},
                                              {"Pow", import_pow},
                                              {"Max", import_extreme},
                                              {"Min", import_extreme},
                                              {"Sum", import_sum},
                                              {"Mean", import_sum},
                                              {"Expand", import_expand},
                                              {NULL, NULL}};
