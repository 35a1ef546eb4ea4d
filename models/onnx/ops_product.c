/* models/onnx/ops_product.c - Gemm and MatMul by a constant: linear layers, or convolutions of 1x1 at each position. */
#include "models/onnx/pattern.h"

/* A product of the last axis (in) with a constant of (in, out), whose strides are given. */
struct product {
    const struct onnx_constant *weight, *bias; /* bias: NULL, one number, or (out) */
    int64_t in, out;
    ptrdiff_t stride_in, stride_out;
    double scale, bias_scale;
};

static int give_tensors(struct importer *im, int added, bool is_linear, const struct product *product,
                        struct error *err)
{
    const struct import_weight weight = {.rank = is_linear ? 2 : 4,
                                         .dim = {(int)product->out, (int)product->in, 1, 1},
                                         .constant = product->weight,
                                         .stride = {product->stride_out, product->stride_in},
                                         .scale = product->scale};
    if (added < 0 || import_give(im, added, "weight", weight, err))
        return -1;
    if (!product->bias)
        return 0;
    const struct import_weight bias = {.rank = 1,
                                       .dim = {(int)product->out},
                                       .constant = product->bias,
                                       .stride = {product->bias->count == 1 ? 0 : 1},
                                       .scale = product->bias_scale};
    return import_give(im, added, "bias", bias, err);
}

static int check(struct importer *im, const struct product *product, int64_t in, struct error *err)
{
    if (product->in != in)
        return import_refuse(im, err, "its weight is for %lld features, its input has %lld", (long long)product->in,
                             (long long)in);
    if (product->out < 1 || product->out > INT32_MAX || in > INT32_MAX)
        return import_refuse(im, err, "its weight has %lld columns", (long long)product->out);
    if (product->bias && product->bias->count != 1 && product->bias->count != (size_t)product->out)
        return import_refuse(im, err, "its bias has %zu elements for %lld features", product->bias->count,
                             (long long)product->out);
    return 0;
}

static int run(struct importer *im, const struct onnx_node *node, struct value *value, const struct product *product,
               struct error *err)
{
    const int rank = value->layout.rank;
    if (rank < 2 || check(im, product, layout_dim(&value->layout, rank - 1), err))
        return rank < 2 ? import_refuse(im, err, "its input has %d axes", rank) : -1;
    struct emission emission = {.set = {{"out", (double)product->out}, {"bias", product->bias != NULL}}};
    if (rank == 2) {
        if (import_vector(im, value, err))
            return -1;
        emission.op = "linear";
    } else {
        static const enum axis last[][4] = {{AXIS_BATCH, AXIS_H, AXIS_C}, {AXIS_BATCH, AXIS_H, AXIS_W, AXIS_C}};
        if (rank > 4)
            return import_refuse(im, err, "its input has %d axes, 4 are supported", rank);
        bool is_one;
        const bool is_last = layout_axis(&value->layout, rank - 1, &is_one) == AXIS_C;
        if (!is_last && import_arrange(im, value, last[rank - 3], err))
            return -1;
        emission.op = "conv2d";
        emission.set[2] = (struct setting){"kernel", 1};
    }
    emission.count = 1;
    emission.inputs[0] = value->node;
    const int added = import_emit(im, &emission, err);
    if (give_tensors(im, added, rank == 2, product, err))
        return -1;
    struct layout layout = value->layout;
    if (layout_resize(&layout, rank - 1, AXIS_C, product->out))
        return import_refuse(im, err, "its input has axes in an order that is not supported");
    return import_set_activation(im, node, 0, added, &layout, rank == 2);
}

/* The bias of a linear layer has one row. */
static const struct onnx_constant *bias_of(struct importer *im, const struct onnx_node *node, int i, int64_t out,
                                           struct error *err)
{
    const struct onnx_constant *bias = import_constant(im, node, i, err);
    if (!bias || bias->count == 1 || (bias->rank && bias->dim[bias->rank - 1] == out && bias->count == (size_t)out))
        return bias;
    import_refuse(im, err, "its bias has %zu elements for %lld features", bias->count, (long long)out);
    return NULL;
}

static int import_gemm(struct importer *im, const struct onnx_node *node, struct error *err)
{
    struct value *value = import_activation(im, node, 0, err);
    const struct onnx_constant *weight = value ? import_constant(im, node, 1, err) : NULL;
    if (!weight)
        return -1;
    if (weight->rank != 2 || value->layout.rank != 2)
        return import_refuse(im, err, "its inputs have %d and %d axes, not 2", value->layout.rank, weight->rank);
    if (import_int(node, "transA", 0)) {
        if (layout_dim(&value->layout, 0) != 1 && layout_dim(&value->layout, 1) != 1)
            return import_refuse(im, err, "transA exchanges images and features");
        layout_transpose(&value->layout, (int[]){1, 0});
    }
    const bool is_transposed = import_int(node, "transB", 0) != 0;
    struct product product = {.weight = weight,
                              .in = weight->dim[is_transposed],
                              .out = weight->dim[!is_transposed],
                              .stride_in = is_transposed ? 1 : (ptrdiff_t)weight->dim[1],
                              .stride_out = is_transposed ? (ptrdiff_t)weight->dim[1] : 1,
                              .scale = import_float(node, "alpha", 1),
                              .bias_scale = import_float(node, "beta", 1)};
    if (import_input(im, node, 2) && !(product.bias = bias_of(im, node, 2, product.out, err)))
        return -1;
    return run(im, node, value, &product, err);
}

/*
 * A constant (m, n) times the matrices in a value's last two axes (n, p): the product of the value, with these axes
 * exchanged, with the transposed constant.
 */
static int constant_times(struct importer *im, const struct onnx_node *node, const struct onnx_constant *weight,
                          struct error *err)
{
    struct value *value = import_activation(im, node, 1, err);
    struct value *out = node->output_count ? import_value(im, node->outputs[0]) : NULL;
    int order[ONNX_RANK_MAX];
    if (!value)
        return -1;
    const int rank = value->layout.rank;
    if (weight->rank != 2 || rank < 2)
        return import_refuse(im, err, "its inputs have %d and %d axes, 2 and 2 to 4 are supported", weight->rank, rank);
    for (int i = 0; i < rank; i++)
        order[i] = i < rank - 2 ? i : 2 * rank - 3 - i;
    struct value exchanged = *value;
    layout_transpose(&exchanged.layout, order);
    const struct product product = {.weight = weight,
                                    .in = weight->dim[1],
                                    .out = weight->dim[0],
                                    .stride_in = 1,
                                    .stride_out = (ptrdiff_t)weight->dim[1],
                                    .scale = 1};
    if (run(im, node, &exchanged, &product, err))
        return -1;
    if (out)
        layout_transpose(&out->layout, order);
    return 0;
}

int import_matmul(struct importer *im, const struct onnx_node *node, const char *input, const char *weight_name,
                  const struct onnx_constant *bias, struct error *err)
{
    struct value *value = import_value(im, input), *second = import_value(im, weight_name);
    if (value && second && value->node >= 0 && second->node >= 0)
        return import_refuse(im, err, "multiplies two activations, as attention does, which is not supported");
    if (!value || value->node < 0 || !second || !second->constant)
        return import_refuse(im, err, "is supported for an activation times a constant");
    const struct onnx_constant *weight = second->constant;
    if (weight->rank != 2)
        return import_refuse(im, err, "its weight has %d axes, 2 are supported", weight->rank);
    const struct product product = {.weight = weight,
                                    .bias = bias,
                                    .in = weight->dim[0],
                                    .out = weight->dim[1],
                                    .stride_in = (ptrdiff_t)weight->dim[1],
                                    .stride_out = 1,
                                    .scale = 1,
                                    .bias_scale = 1};
    return run(im, node, value, &product, err);
}

static int import_matmul_node(struct importer *im, const struct onnx_node *node, struct error *err)
{
    if (node->input_count != 2)
        return import_refuse(im, err, "it has %d inputs", node->input_count);
    const struct onnx_constant *first = constant_input(im, node, 0);
    if (first && !constant_input(im, node, 1))
        return constant_times(im, node, first, err);
    return import_matmul(im, node, node->inputs[0], node->inputs[1], NULL, err);
}

const struct import_op import_product_ops[] = {{"Gemm", import_gemm}, {"MatMul", import_matmul_node}, {NULL, NULL}};
