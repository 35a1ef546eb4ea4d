/*
 * models/onnx/pattern_activation.c - activations that exporters write as products: SiLU, hard swish, hard sigmoid, GELU.
 *
 * A product is taken apart into activations and a number, so that the order of its factors does not matter.
 */
#include "models/onnx/pattern.h"

#include <math.h>
#include <string.h>

#define PRODUCT_MAX 3

struct product {
    int count;
    const char *factors[PRODUCT_MAX];
    double number;
};

static bool add_factors(struct importer *im, struct pattern_match *match, const struct onnx_node *node,
                        struct product *product);

/* Adds a factor, or its factors if it is a product that nothing else reads. */
static bool add_factor(struct importer *im, struct pattern_match *match, const char *name, struct product *product)
{
    double number;
    if (pattern_number(im, name, &number)) {
        product->number *= number;
        return true;
    }
    const struct onnx_node *inner = pattern_step(im, match, name, "Mul");
    if (!inner)
        inner = pattern_step(im, match, name, "Div");
    if (inner) {
        const struct product saved = *product;
        const int node_count = match->node_count - 1;
        if (add_factors(im, match, inner, product))
            return true;
        *product = saved;
        match->node_count = node_count;
    }
    if (product->count == PRODUCT_MAX)
        return false;
    product->factors[product->count++] = name;
    return true;
}

static bool add_factors(struct importer *im, struct pattern_match *match, const struct onnx_node *node,
                        struct product *product)
{
    double number;
    if (node->input_count != 2)
        return false;
    if (strcmp(node->op, "Div") == 0) {
        if (!pattern_number(im, node->inputs[1], &number) || number == 0)
            return false;
        product->number /= number;
        return add_factor(im, match, node->inputs[0], product);
    }
    return add_factor(im, match, node->inputs[0], product) && add_factor(im, match, node->inputs[1], product);
}

static bool near(double a, double b)
{
    return fabs(a - b) <= 1e-6 * fabs(b);
}

/* -- the factors ---------------------------------------------------------------------------------------------------- */

/* x, if the value is sigmoid(x). */
static const char *sigmoid_of(struct importer *im, struct pattern_match *match, const char *value)
{
    const struct onnx_node *node = pattern_step(im, match, value, "Sigmoid");
    return node ? node->inputs[0] : NULL;
}

static const char *hard_sigmoid_of(struct importer *im, struct pattern_match *match, const char *value)
{
    const struct onnx_node *node = pattern_step(im, match, value, "HardSigmoid");
    return node && near(import_float(node, "alpha", 0.2), 1.0 / 6) && near(import_float(node, "beta", 0.5), 0.5)
               ? node->inputs[0]
               : NULL;
}

/* x, if the value is x + number. */
static const char *sum_of(struct importer *im, struct pattern_match *match, const char *value, double number)
{
    double given;
    const struct onnx_node *node = pattern_step(im, match, value, "Add");
    const int i = node ? pattern_beside_number(im, node, &given) : -1;
    return i >= 0 && near(given, number) ? node->inputs[i] : NULL;
}

/* x, if the value is min(max(x + 3, 0), 6). */
static const char *shifted_relu6_of(struct importer *im, struct pattern_match *match, const char *value)
{
    const struct onnx_node *node = pattern_step(im, match, value, "Clip");
    if (!node)
        return NULL;
    double low = import_float(node, "min", -1), high = import_float(node, "max", -1);
    if (node->input_count > 1)
        pattern_number(im, node->inputs[1], &low);
    if (node->input_count > 2)
        pattern_number(im, node->inputs[2], &high);
    return low == 0 && high == 6 ? sum_of(im, match, node->inputs[0], 3) : NULL;
}

/* x, if the value is 1 + erf(x / sqrt(2)). */
static const char *erf_term_of(struct importer *im, struct pattern_match *match, const char *value)
{
    const char *erf = sum_of(im, match, value, 1);
    const struct onnx_node *node = erf ? pattern_step(im, match, erf, "Erf") : NULL;
    if (!node)
        return NULL;
    double number;
    const char *scaled = node->inputs[0];
    node = pattern_step(im, match, scaled, "Div");
    if (node)
        return pattern_is(im, node->inputs[1], 1.4142135623730951) ? node->inputs[0] : NULL;
    node = pattern_step(im, match, scaled, "Mul");
    const int i = node ? pattern_beside_number(im, node, &number) : -1;
    return i >= 0 && near(number, 0.7071067811865476) ? node->inputs[i] : NULL;
}

/* x, if the value is 0.044715 * x^3. */
static const char *cube_of(struct importer *im, struct pattern_match *match, const char *value)
{
    double number;
    const struct onnx_node *scaled = pattern_step(im, match, value, "Mul");
    const int i = scaled ? pattern_beside_number(im, scaled, &number) : -1;
    if (i < 0 || !near(number, 0.044715))
        return NULL;
    const struct onnx_node *power = pattern_step(im, match, scaled->inputs[i], "Pow");
    if (power)
        return pattern_is(im, power->inputs[1], 3) ? power->inputs[0] : NULL;
    power = pattern_step(im, match, scaled->inputs[i], "Mul");
    for (int k = 0; k < 2 && power && power->input_count == 2; k++) {
        const struct onnx_node *square = pattern_step(im, match, power->inputs[k], "Mul");
        const char *x = power->inputs[!k];
        if (square && square->input_count == 2 && strcmp(square->inputs[0], x) == 0 &&
            strcmp(square->inputs[1], x) == 0)
            return x;
    }
    return NULL;
}

/* x, if the value is 1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3)). */
static const char *tanh_term_of(struct importer *im, struct pattern_match *match, const char *value)
{
    const char *inner = sum_of(im, match, value, 1);
    const struct onnx_node *node = inner ? pattern_step(im, match, inner, "Tanh") : NULL;
    const struct onnx_node *scaled = node ? pattern_step(im, match, node->inputs[0], "Mul") : NULL;
    double number;
    const int i = scaled ? pattern_beside_number(im, scaled, &number) : -1;
    const struct onnx_node *sum =
        i >= 0 && near(number, 0.7978845608028654) ? pattern_step(im, match, scaled->inputs[i], "Add") : NULL;
    for (int k = 0; k < 2 && sum && sum->input_count == 2; k++) {
        const char *x = cube_of(im, match, sum->inputs[k]);
        if (x && strcmp(x, sum->inputs[!k]) == 0)
            return x;
    }
    return NULL;
}

/* -- the activations ------------------------------------------------------------------------------------------------ */

static const struct {
    const char *op;
    int factor_count; /* 2: x times the term */
    double number;
    const char *(*term)(struct importer *, struct pattern_match *, const char *);
} activations[] = {{"silu", 2, 1, sigmoid_of},
                   {"hard_swish", 2, 1, hard_sigmoid_of},
                   {"hard_swish", 2, 1.0 / 6, shifted_relu6_of},
                   {"gelu", 2, 0.5, erf_term_of},
                   {"gelu_tanh", 2, 0.5, tanh_term_of},
                   {"hard_sigmoid", 1, 1.0 / 6, shifted_relu6_of}};

#define ACTIVATION_COUNT (sizeof activations / sizeof *activations)

static int run_activation(struct importer *im, const struct onnx_node *node, const struct pattern_match *match,
                          struct error *err)
{
    struct value *value = import_value(im, match->inputs[0]);
    if (!value || value->node < 0)
        return import_refuse(im, err, "its input is not an activation");
    return import_unary(im, node, value, &(struct emission){.op = activations[(size_t)match->numbers[0]].op}, err);
}

/* Whether factor `term` of the product is the activation's term, of the other factor if there are two. */
static bool is_activation(struct importer *im, const struct product *product, size_t kind, int term,
                          struct pattern_match *match)
{
    const int node_count = match->node_count;
    const char *x = activations[kind].term(im, match, product->factors[term]);
    if (x && (product->count == 1 || strcmp(x, product->factors[!term]) == 0)) {
        match->run = run_activation;
        match->input_count = 1;
        match->inputs[0] = x;
        match->numbers[0] = (double)kind;
        return true;
    }
    match->node_count = node_count;
    return false;
}

static bool find_activation(struct importer *im, const struct onnx_node *node, struct pattern_match *match)
{
    struct product product = {.number = 1};
    if (!add_factors(im, match, node, &product))
        return false;
    for (size_t kind = 0; kind < ACTIVATION_COUNT; kind++)
        for (int term = 0; term < product.count; term++)
            if (product.count == activations[kind].factor_count && near(product.number, activations[kind].number) &&
                is_activation(im, &product, kind, term, match))
                return true;
    return false;
}

const struct pattern import_activation_patterns[] = {{"Mul", find_activation}, {"Div", find_activation}, {NULL, NULL}};
