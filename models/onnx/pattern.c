/* models/onnx/pattern.c - the search for patterns, from the last node to the first, and the helpers of searches. */
#include "models/onnx/pattern.h"

#include <math.h>
#include <string.h>

struct value *pattern_input(struct importer *im, const struct onnx_node *node, int i, struct error *err)
{
    const struct pattern_match *match = im->match[im->at];
    if (!match)
        return import_activation(im, node, i, err);
    const struct onnx_node group = {
        .name = node->name, .input_count = match->input_count, .inputs = (const char **)match->inputs};
    return import_activation(im, &group, i, err);
}

/* Whether the node has the inputs of its operator, which a damaged file may lack. */
static bool has_inputs(const struct onnx_node *node)
{
    static const char *const pairs[] = {"Add", "Sub", "Mul", "Div", "Pow", "MatMul"};
    int least = 1;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        if (strcmp(pairs[i], node->op) == 0)
            least = 2;
    return node->input_count >= least;
}

static const struct onnx_node *made_by(const struct importer *im, const char *name, const char *op, int *index)
{
    const struct value *value = name[0] ? import_value(im, name) : NULL;
    if (!value || value->producer < 0 || value->constant || !im->is_needed[value->producer] ||
        im->match[value->producer])
        return NULL;
    const struct onnx_node *node = &im->nodes[value->producer];
    *index = value->producer;
    return strcmp(node->op, op) == 0 && has_inputs(node) && !node->domain[0] && strcmp(node->outputs[0], name) == 0
               ? node
               : NULL;
}

const struct onnx_node *pattern_maker(const struct importer *im, const char *value, const char *op)
{
    int index;
    return made_by(im, value, op, &index);
}

const struct onnx_node *pattern_shared(struct importer *im, struct pattern_match *match, const char *value,
                                       const char *op, int readers)
{
    int index;
    const struct onnx_node *node = made_by(im, value, op, &index);
    if (!node || import_value(im, value)->readers != readers || match->node_count == PATTERN_NODES_MAX)
        return NULL;
    match->nodes[match->node_count++] = index;
    return node;
}

const struct onnx_node *pattern_step(struct importer *im, struct pattern_match *match, const char *value,
                                     const char *op)
{
    return pattern_shared(im, match, value, op, 1);
}

bool pattern_number(struct importer *im, const char *name, double *number)
{
    const struct value *value = name[0] ? import_value(im, name) : NULL;
    return value && constant_number(im, value->constant, number);
}

bool pattern_is(struct importer *im, const char *value, double number)
{
    double given;
    return pattern_number(im, value, &given) && fabs(given - number) <= 1e-6 * fabs(number);
}

int pattern_beside_number(struct importer *im, const struct onnx_node *node, double *number)
{
    if (node->input_count != 2)
        return -1;
    return pattern_number(im, node->inputs[1], number) ? 0 : pattern_number(im, node->inputs[0], number) ? 1 : -1;
}

/* -- the search ----------------------------------------------------------------------------------------------------- */

static bool find_at(struct importer *im, int index, struct pattern_match *match)
{
    static const struct pattern *const tables[] = {import_norm_patterns, import_activation_patterns,
                                                   import_sum_patterns};
    const struct onnx_node *node = &im->nodes[index];
    for (size_t t = 0; t < sizeof tables / sizeof *tables; t++)
        for (const struct pattern *pattern = tables[t]; pattern->op; pattern++) {
            *match = (struct pattern_match){0};
            if (strcmp(pattern->op, node->op) == 0 && pattern->find(im, node, match))
                return true;
        }
    return false;
}

int import_find_patterns(struct importer *im, struct error *err)
{
    for (int i = im->node_count; i-- > 0;) {
        const struct onnx_node *node = &im->nodes[i];
        struct pattern_match found;
        im->at = i;
        const struct value *out = node->output_count ? import_value(im, node->outputs[0]) : NULL;
        if (!im->is_needed[i] || !out || out->constant || node->domain[0] || !find_at(im, i, &found))
            continue;
        struct pattern_match *match = arena_alloc(im->arena, 1, sizeof *match);
        if (!match)
            return error_memory(err, "a model");
        *match = found;
        im->match[i] = match;
        for (int k = 0; k < match->node_count; k++)
            im->is_needed[match->nodes[k]] = false;
    }
    return 0;
}
