/* models/onnx/pattern_sum.c - a product with a bias, and a window whose padding is a node of its own. */
#include "models/onnx/pattern.h"

#include <string.h>

/* -- MatMul plus Add ------------------------------------------------------------------------------------------------ */

static int run_product(struct importer *im, const struct onnx_node *node, const struct pattern_match *match,
                       struct error *err)
{
    return import_matmul(im, node, match->inputs[0], match->inputs[1], import_value(im, match->inputs[2])->constant,
                         err);
}

static bool find_product(struct importer *im, const struct onnx_node *node, struct pattern_match *match)
{
    for (int i = 0; i < 2 && node->input_count == 2; i++) {
        const struct onnx_constant *bias = constant_input(im, node, i);
        const struct onnx_node *product = bias ? pattern_step(im, match, node->inputs[!i], "MatMul") : NULL;
        const struct onnx_constant *weight = product ? constant_input(im, product, 1) : NULL;
        if (!weight || weight->rank != 2 || bias->count != (size_t)weight->dim[1] || bias->rank < 1 || bias->rank > 2 ||
            bias->dim[bias->rank - 1] != weight->dim[1])
            continue;
        match->run = run_product;
        match->input_count = 3;
        match->inputs[0] = product->inputs[0];
        match->inputs[1] = product->inputs[1];
        match->inputs[2] = node->inputs[i];
        return true;
    }
    return false;
}

/* -- Pad before a window -------------------------------------------------------------------------------------------- */

static bool find_padding(struct importer *im, const struct onnx_node *node, struct pattern_match *match)
{
    int64_t before[4], after[4];
    struct error ignored;
    double fill;
    const struct onnx_node *pad = node->input_count ? pattern_step(im, match, node->inputs[0], "Pad") : NULL;
    if (!pad || strcmp(import_text(pad, "mode", "constant"), "constant") != 0 ||
        strcmp(import_text(node, "auto_pad", "NOTSET"), "NOTSET") != 0)
        return false;
    fill = import_float(pad, "value", 0);
    if (pad->input_count > 2 && pad->inputs[2][0] && !pattern_number(im, pad->inputs[2], &fill))
        return false;
    if (fill != 0 || import_read_pads(im, pad, 4, before, after, &ignored) || before[0] || after[0] || before[1] ||
        after[1])
        return false;
    match->input_count = 1;
    match->inputs[0] = pad->inputs[0];
    if (before[2] < 0 || before[3] < 0 || after[2] < 0 || after[3] < 0)
        return false;
    for (int i = 0; i < 2; i++) {
        match->numbers[i] = (double)before[2 + i];
        match->numbers[2 + i] = (double)after[2 + i];
    }
    return true;
}

/* The padding of an average pool is counted then: with padding of its own that is not, the two differ. */
static bool find_pool_padding(struct importer *im, const struct onnx_node *node, struct pattern_match *match)
{
    const struct onnx_attribute *pads = onnx_attribute(node, "pads");
    for (size_t i = 0; pads && i < pads->count; i++)
        if (pads->type != ONNX_ATTRIBUTE_INTS || pads->ints[i] != 0)
            return false;
    return !import_int(node, "ceil_mode", 0) && find_padding(im, node, match);
}

const struct pattern import_sum_patterns[] = {
    {"Add", find_product}, {"Conv", find_padding}, {"AveragePool", find_pool_padding}, {NULL, NULL}};
