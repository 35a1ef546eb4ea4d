/* models/onnx/import_values.c - values, inputs and attributes of the node being imported. */
#include "models/onnx/importer.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define SHOWN_BYTES 200

int import_refuse(const struct importer *im, struct error *err, const char *format, ...)
{
    char op[SHOWN_BYTES], name[SHOWN_BYTES];
    const struct onnx_node *node = &im->nodes[im->at];
    const char *known = node->name[0] || !node->output_count ? node->name : node->outputs[0];
    va_list args;
    va_start(args, format);
    error_write_list(err, format, args);
    va_end(args);
    return error_prefix(err, "node \"%s\", operator %s: ", text_printable(known, name, sizeof name),
                        text_printable(node->op, op, sizeof op));
}

struct value *import_value(const struct importer *im, const char *name)
{
    const int index = name_map_find(&im->value_index, name);
    return index < 0 ? NULL : &im->values[index];
}

struct value *import_input(const struct importer *im, const struct onnx_node *node, int i)
{
    return i < node->input_count && node->inputs[i][0] ? import_value(im, node->inputs[i]) : NULL;
}

struct value *import_activation(const struct importer *im, const struct onnx_node *node, int i, struct error *err)
{
    struct value *value = import_input(im, node, i);
    if (value && value->node >= 0)
        return value;
    if (value && value->constant)
        import_refuse(im, err, "its input %d must not be a constant", i);
    else
        import_refuse(im, err, "its input %d is missing", i);
    return NULL;
}

const struct onnx_constant *import_constant(const struct importer *im, const struct onnx_node *node, int i,
                                            struct error *err)
{
    const struct value *value = import_input(im, node, i);
    if (value && value->constant)
        return value->constant;
    if (value)
        import_refuse(im, err, "its input %d, \"%.100s\", must be a constant", i, value->name);
    else
        import_refuse(im, err, "its input %d is missing", i);
    return NULL;
}

static struct value *output_of(const struct importer *im, const struct onnx_node *node, int i)
{
    return i < node->output_count && node->outputs[i][0] ? import_value(im, node->outputs[i]) : NULL;
}

int import_set_constant(struct importer *im, const struct onnx_node *node, int i, const struct onnx_constant *constant)
{
    struct value *value = output_of(im, node, i);
    if (value)
        value->constant = constant;
    return 0;
}

int import_set_activation(struct importer *im, const struct onnx_node *node, int i, int graph_node,
                          const struct layout *layout, bool is_vector)
{
    struct value *value = output_of(im, node, i);
    if (value) {
        value->node = graph_node;
        value->layout = *layout;
        value->is_vector = is_vector;
        value->laid_by = im->at;
    }
    return 0;
}

int import_pass(struct importer *im, const struct onnx_node *node, int i, const struct value *value)
{
    struct value *out = output_of(im, node, i);
    if (out) {
        out->node = value->node;
        out->constant = value->constant;
        out->layout = value->layout;
        out->is_vector = value->is_vector;
        out->laid_by = value->laid_by;
    }
    return 0;
}

int import_same(struct importer *im, const struct onnx_node *node, const struct value *value)
{
    return import_pass(im, node, 0, value);
}

/* -- attributes ----------------------------------------------------------------------------------------------------- */

int64_t import_int(const struct onnx_node *node, const char *name, int64_t otherwise)
{
    const struct onnx_attribute *attribute = onnx_attribute(node, name);
    return attribute && attribute->type == ONNX_ATTRIBUTE_INT ? attribute->i : otherwise;
}

double import_float(const struct onnx_node *node, const char *name, double otherwise)
{
    const struct onnx_attribute *attribute = onnx_attribute(node, name);
    return attribute && attribute->type == ONNX_ATTRIBUTE_FLOAT ? (double)attribute->f : otherwise;
}

const char *import_text(const struct onnx_node *node, const char *name, const char *otherwise)
{
    const struct onnx_attribute *attribute = onnx_attribute(node, name);
    return attribute && attribute->type == ONNX_ATTRIBUTE_STRING ? attribute->s : otherwise;
}

static int list_of_constant(struct importer *im, const struct onnx_constant *constant, int64_t *list, int most,
                            struct error *err)
{
    const double *values = constant_values(im, constant, err);
    if (!values)
        return -2;
    for (size_t i = 0; i < constant->count && i < (size_t)most; i++) {
        const double number = constant_at(constant, values, i);
        list[i] = number >= 0x1p62 ? INT64_MAX / 2 : number <= -0x1p62 ? INT64_MIN / 2 : (int64_t)number;
    }
    return constant->count > (size_t)most
               ? (import_refuse(im, err, "it has a list of %zu numbers", constant->count), -2)
               : (int)constant->count;
}

int import_list(struct importer *im, const struct onnx_node *node, const char *name, int i, int64_t *list, int most,
                struct error *err)
{
    const struct onnx_attribute *attribute = name ? onnx_attribute(node, name) : NULL;
    if (attribute && attribute->type == ONNX_ATTRIBUTE_INTS) {
        if (attribute->count > (size_t)most) {
            import_refuse(im, err, "%s has %zu numbers", name, attribute->count);
            return -2;
        }
        for (size_t k = 0; k < attribute->count; k++)
            list[k] = attribute->ints[k];
        return (int)attribute->count;
    }
    if (i < 0 || !import_input(im, node, i))
        return -1;
    const struct onnx_constant *constant = import_constant(im, node, i, err);
    return constant ? list_of_constant(im, constant, list, most, err) : -2;
}

int import_axis(const struct importer *im, int64_t axis, int rank, struct error *err)
{
    const int64_t counted = axis < 0 ? axis + rank : axis;
    if (counted >= 0 && counted < rank)
        return (int)counted;
    return import_refuse(im, err, "axis %lld of a value with %d axes", (long long)axis, rank);
}
