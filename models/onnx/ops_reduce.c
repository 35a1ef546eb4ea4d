/* models/onnx/ops_reduce.c - means, sums and extremes over axes. */
#include "models/onnx/pattern.h"
#include "models/onnx/shape_rules.h"

#include <string.h>

#define TINY 1e-37 /* lost in any sum that is not 0 */

/* Writes the shape of the result, and returns its rank. */
static int reduced_shape(const struct onnx_node *node, const struct value *value, const bool *is_marked, int64_t *dim)
{
    const bool keeps = import_int(node, "keepdims", 1) != 0;
    int rank = 0;
    for (int i = 0; i < value->layout.rank; i++)
        if (keeps || !is_marked[i])
            dim[rank++] = is_marked[i] ? 1 : layout_dim(&value->layout, i);
    return rank;
}

/* Takes the marked axes out of the layout, and gives the result its shape. */
static int reduced_layout(struct importer *im, const struct value *value, const bool *is_marked, int rank,
                          const int64_t *dim, struct layout *layout, struct error *err)
{
    *layout = value->layout;
    for (int i = value->layout.rank; i-- > 0;)
        if (is_marked[i])
            layout_remove(layout, i);
    return layout_reshape(layout, rank, dim) ? import_refuse(im, err, "its result has too many axes") : 0;
}

static int before(struct importer *im, const char *op, int node, struct error *err)
{
    struct emission emission = {.op = op, .suffix = op, .count = 1, .inputs = {node}};
    if (strcmp(op, "pow") == 0)
        emission.set[0] = (struct setting){"exponent", 2};
    return import_emit(im, &emission, err);
}

/* The root of a sum of squares; the derivative of the norm of zeros is then 0 and not 0 times infinity. */
static int add_root(struct importer *im, int node, struct error *err)
{
    struct value sum = {.node = node};
    if (import_number_step(im, &sum, "constant_add", TINY, "above_zero", &sum, err))
        return -1;
    return import_emit(im, &(struct emission){.op = "sqrt", .count = 1, .inputs = {sum.node}}, err);
}

/* Whether a value is a sum of squares, as PyTorch writes a norm. */
static bool is_sum_of_squares(const struct importer *im, const char *value)
{
    const struct onnx_node *sum = pattern_maker(im, value, "ReduceSum");
    const struct onnx_node *product = sum ? pattern_maker(im, sum->inputs[0], "Mul") : NULL;
    return product && product->input_count == 2 && strcmp(product->inputs[0], product->inputs[1]) == 0;
}

static int import_sqrt(struct importer *im, const struct onnx_node *node, struct error *err)
{
    struct value *value = import_activation(im, node, 0, err);
    if (!value)
        return -1;
    if (!is_sum_of_squares(im, node->inputs[0]))
        return import_unary(im, node, value, &(struct emission){.op = "sqrt"}, err);
    const int added = add_root(im, value->node, err);
    return added < 0 ? -1 : import_set_activation(im, node, 0, added, &value->layout, value->is_vector);
}

/*
 * Makes each marked axis one axis of the engine. A value whose axes are not the engine's is seen with four axes, of which
 * the third consists of the marked ones; these must then be neighbours.
 */
static int make_plain(struct importer *im, struct value *value, bool *is_marked, struct value *view, struct error *err)
{
    enum axis axis;
    int first = -1, count = 0;
    for (int i = 0; i < value->layout.rank; i++) {
        if (is_marked[i] && first < 0)
            first = i;
        count += is_marked[i];
    }
    if (!layout_is_plain(&value->layout) && count) {
        for (int i = first; i < first + count; i++)
            if (!is_marked[i])
                return import_refuse(im, err, "its axes are not neighbours, in a value of %d axes", value->layout.rank);
        if (import_view(im, value, first, count, view, err))
            return -1;
        memcpy(is_marked, (bool[]){false, false, true, false}, 4 * sizeof *is_marked);
        return import_plain_axis(im, view, 2, &axis, err);
    }
    for (int i = 0; i < value->layout.rank; i++)
        if (is_marked[i] && layout_dim(&value->layout, i) != 1 && import_plain_axis(im, value, i, &axis, err))
            return -1;
    *view = *value;
    return 0;
}

static int import_reduce(struct importer *im, const struct onnx_node *node, struct error *err)
{
    static const struct {
        const char *onnx, *op, *before; /* before: of each element; pow has the exponent 2 */
        bool has_root;
    } names[] = {{"ReduceMean", "reduce_mean", NULL, false},     {"ReduceSum", "reduce_sum", NULL, false},
                 {"ReduceMax", "reduce_max", NULL, false},       {"ReduceMin", "reduce_min", NULL, false},
                 {"ReduceL1", "reduce_sum", "abs", false},       {"ReduceL2", "reduce_sum", "pow", true},
                 {"ReduceSumSquare", "reduce_sum", "pow", false}};
    bool is_marked[ONNX_RANK_MAX], is_reduced[AXIS_COUNT] = {false}, is_one;
    struct value *value = import_activation(im, node, 0, err);
    struct layout layout;
    enum axis axis;
    size_t kind = 0;
    while (strcmp(names[kind].onnx, node->op) != 0)
        kind++;
    if (!value || shape_reduced(im, node, value->layout.rank, is_marked, err))
        return -1;
    struct value view;
    int64_t shape[ONNX_RANK_MAX];
    const int rank = reduced_shape(node, value, is_marked, shape);
    if (make_plain(im, value, is_marked, &view, err))
        return -1;
    value = &view;
    for (int i = 0; i < value->layout.rank; i++)
        if (is_marked[i] && (axis = layout_axis(&value->layout, i, &is_one)) != AXIS_COUNT)
            is_reduced[axis] = true;
    if (is_reduced[AXIS_BATCH])
        return import_refuse(im, err, "reduces over the images of a batch");
    if (reduced_layout(im, value, is_marked, rank, shape, &layout, err))
        return -1;
    /* the mean of maps that are one position each is still the pool at the end of a network */
    const bool is_pool = kind == 0 && is_reduced[AXIS_H] && is_reduced[AXIS_W] && !is_reduced[AXIS_C];
    if (!is_reduced[AXIS_C] && !is_reduced[AXIS_H] && !is_reduced[AXIS_W] && !names[kind].before)
        return import_set_activation(im, node, 0, value->node, &layout, value->is_vector);
    const struct emission pool = {.op = "adaptive_avg_pool", .set = {{"h", 1}, {"w", 1}}};
    const struct emission reduce = {
        .op = names[kind].op, .set = {{"c", is_reduced[AXIS_C]}, {"h", is_reduced[AXIS_H]}, {"w", is_reduced[AXIS_W]}}};
    struct emission emission = is_pool ? pool : reduce;
    emission.suffix = names[kind].has_root ? "sum" : NULL;
    emission.inputs[0] = value->node;
    if (names[kind].before && (emission.inputs[0] = before(im, names[kind].before, value->node, err)) < 0)
        return -1;
    emission.count = 1;
    int added = import_emit(im, &emission, err);
    if (added >= 0 && names[kind].has_root)
        added = add_root(im, added, err);
    return added < 0 ? -1 : import_set_activation(im, node, 0, added, &layout, false);
}

const struct import_op import_reduce_ops[] = {{"ReduceMean", import_reduce},
                                              {"ReduceSum", import_reduce},
                                              {"ReduceMax", import_reduce},
                                              {"ReduceMin", import_reduce},
                                              {"Sqrt", import_sqrt},
                                              {"ReduceL1", import_reduce},
                                              {"ReduceL2", import_reduce},
                                              {"ReduceSumSquare", import_reduce},
                                              {NULL, NULL}};
