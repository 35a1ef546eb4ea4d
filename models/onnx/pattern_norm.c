/* models/onnx/pattern_norm.c - layer norm as exporters write it before opset 17: means, a difference, a root. */
#include "models/onnx/pattern.h"

#include <string.h>

/* Whether the node is the mean over the last axis, which stays with size 1. */
static bool is_last_mean(struct importer *im, const struct onnx_node *node)
{
    int64_t axis;
    struct error ignored;
    return import_int(node, "keepdims", 1) && import_list(im, node, "axes", 1, &axis, 1, &ignored) == 1 && axis == -1;
}

/* Finds x and eps of (x - mean) / sqrt(mean((x - mean)^2) + eps), whose last node is `node`. */
static bool find_normalised(struct importer *im, const struct onnx_node *node, struct pattern_match *match)
{
    const char *difference = node->input_count == 2 ? node->inputs[0] : "";
    const struct onnx_node *root = node->input_count == 2 ? pattern_step(im, match, node->inputs[1], "Sqrt") : NULL;
    const struct onnx_node *sum = root ? pattern_step(im, match, root->inputs[0], "Add") : NULL;
    const int i = sum ? pattern_beside_number(im, sum, &match->numbers[0]) : -1;
    const struct onnx_node *variance = i >= 0 ? pattern_step(im, match, sum->inputs[i], "ReduceMean") : NULL;
    if (!variance || !is_last_mean(im, variance))
        return false;
    const struct onnx_node *square = pattern_step(im, match, variance->inputs[0], "Pow");
    const bool is_power = square && pattern_is(im, square->inputs[1], 2);
    if (!square) {
        square = pattern_step(im, match, variance->inputs[0], "Mul");
        if (!square || strcmp(square->inputs[0], square->inputs[1]) != 0)
            return false;
    } else if (!is_power)
        return false;
    if (strcmp(square->inputs[0], difference) != 0)
        return false;
    const struct onnx_node *subtraction = pattern_shared(im, match, difference, "Sub", is_power ? 2 : 3);
    const struct onnx_node *mean = subtraction ? pattern_step(im, match, subtraction->inputs[1], "ReduceMean") : NULL;
    if (!mean || !is_last_mean(im, mean) || strcmp(mean->inputs[0], subtraction->inputs[0]) != 0)
        return false;
    match->inputs[0] = mean->inputs[0];
    match->input_count = 1;
    return true;
}

static int run_layer_norm(struct importer *im, const struct onnx_node *node, const struct pattern_match *match,
                          struct error *err)
{
    struct value *value = import_value(im, match->inputs[0]);
    if (!value || value->node < 0)
        return import_refuse(im, err, "its input is not an activation");
    const struct value *scale = match->inputs[1] ? import_value(im, match->inputs[1]) : NULL;
    const struct value *bias = match->inputs[2] ? import_value(im, match->inputs[2]) : NULL;
    return import_layer_norm(im, node, value, value->layout.rank - 1, match->numbers[0], scale ? scale->constant : NULL,
                             bias ? bias->constant : NULL, err);
}

/* The input that is a constant, more than a number; its index, or -1. */
static int tensor_input(const struct importer *im, const struct onnx_node *node)
{
    for (int i = 0; i < 2 && node->input_count == 2; i++)
        if (constant_input(im, node, i) && constant_input(im, node, i)->count > 1)
            return i;
    return -1;
}

static bool find_division(struct importer *im, const struct onnx_node *node, struct pattern_match *match)
{
    match->run = run_layer_norm;
    return find_normalised(im, node, match);
}

static bool find_scaled(struct importer *im, const struct onnx_node *node, struct pattern_match *match)
{
    const int i = tensor_input(im, node);
    const struct onnx_node *division = i >= 0 ? pattern_step(im, match, node->inputs[!i], "Div") : NULL;
    if (!division || !find_division(im, division, match))
        return false;
    match->inputs[1] = node->inputs[i];
    return true;
}

static bool find_shifted(struct importer *im, const struct onnx_node *node, struct pattern_match *match)
{
    const int i = tensor_input(im, node);
    const struct onnx_node *product = i >= 0 ? pattern_step(im, match, node->inputs[!i], "Mul") : NULL;
    if (!product || !find_scaled(im, product, match))
        return false;
    match->inputs[2] = node->inputs[i];
    return true;
}

const struct pattern import_norm_patterns[] = {
    {"Add", find_shifted}, {"Mul", find_scaled}, {"Div", find_division}, {NULL, NULL}};
