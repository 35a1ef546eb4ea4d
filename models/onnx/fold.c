/*
 * models/onnx/fold.c - computes nodes whose inputs are constants, and the shapes of activations.
 *
 * Elements are doubles, in which all sizes and float32 are exact; integers are divided and cast as ONNX says.
 */
#include "models/onnx/importer.h"

#include <math.h>
#include <string.h>

/* -- elements by position ------------------------------------------------------------------------------------------- */

/* Writes the position of element i. */
static void position_of(const struct onnx_constant *constant, size_t i, int64_t *at)
{
    for (int d = constant->rank; d-- > 0;) {
        at[d] = (int64_t)(i % (size_t)constant->dim[d]);
        i /= (size_t)constant->dim[d];
    }
}

static double *fill_in(struct importer *im, struct onnx_constant *constant, struct error *err)
{
    double *values = constant_room(im, constant, err);
    constant->values = values;
    return values;
}

static int give(struct importer *im, const struct onnx_node *node, const struct onnx_constant *constant)
{
    return constant ? import_set_constant(im, node, 0, constant) : -1;
}

/* -- sources -------------------------------------------------------------------------------------------------------- */

static int fold_constant(struct importer *im, const struct onnx_node *node, struct error *err)
{
    const struct onnx_attribute *attribute = onnx_attribute(node, "value");
    if (attribute && attribute->type == ONNX_ATTRIBUTE_TENSOR)
        return give(im, node, constant_of_tensor(im, attribute->tensor, err));
    static const char *const names[] = {"value_float", "value_int", "value_floats", "value_ints"};
    for (size_t i = 0; i < 4 && !(attribute = onnx_attribute(node, names[i])); i++)
        continue;
    if (!attribute)
        return import_refuse(im, err, "its value is of a kind that is not supported");
    const bool is_list = attribute->type == ONNX_ATTRIBUTE_INTS || attribute->type == ONNX_ATTRIBUTE_FLOATS;
    const bool is_integer = attribute->type == ONNX_ATTRIBUTE_INTS || attribute->type == ONNX_ATTRIBUTE_INT;
    const int64_t count = (int64_t)attribute->count;
    struct onnx_constant *constant = constant_new(im, is_integer, is_list, &count, err);
    double *values = constant ? fill_in(im, constant, err) : NULL;
    for (size_t i = 0; values && i < constant->count; i++)
        values[i] = attribute->type == ONNX_ATTRIBUTE_INTS     ? (double)attribute->ints[i]
                    : attribute->type == ONNX_ATTRIBUTE_FLOATS ? (double)attribute->floats[i]
                    : is_integer                               ? (double)attribute->i
                                                               : (double)attribute->f;
    return values ? give(im, node, constant) : -1;
}

static int fold_constant_of_shape(struct importer *im, const struct onnx_node *node, struct error *err)
{
    int64_t dim[ONNX_RANK_MAX];
    const struct onnx_attribute *attribute = onnx_attribute(node, "value");
    const int rank = import_list(im, node, NULL, 0, dim, ONNX_RANK_MAX, err);
    if (rank < 0)
        return rank == -1 ? import_refuse(im, err, "its input 0 is missing") : -1;
    struct onnx_constant *constant = constant_new(im, false, rank, dim, err);
    if (!constant)
        return -1;
    constant->is_filled = true;
    if (attribute && attribute->type == ONNX_ATTRIBUTE_TENSOR) {
        const struct onnx_constant *one = constant_of_tensor(im, attribute->tensor, err);
        if (!one)
            return -1;
        if (one->count != 1)
            return import_refuse(im, err, "its value has %zu elements", one->count);
        const double *values = constant_values(im, one, err);
        if (!values)
            return -1;
        constant->is_integer = one->is_integer;
        constant->fill = values[0];
    }
    return give(im, node, constant);
}

static int fold_shape(struct importer *im, const struct onnx_node *node, struct error *err)
{
    const struct value *value = import_input(im, node, 0);
    const int rank = value->constant ? value->constant->rank : value->layout.rank;
    int64_t first = import_int(node, "start", 0), end = import_int(node, "end", rank);
    first = first < 0 ? first + rank : first;
    end = end < 0 ? end + rank : end > rank ? rank : end;
    first = first < 0 ? 0 : first;
    const int64_t count = end > first ? end - first : 0;
    struct onnx_constant *constant = constant_new(im, true, 1, &count, err);
    double *values = constant ? fill_in(im, constant, err) : NULL;
    for (int64_t i = first; values && i < end; i++)
        values[i - first] = (double)(value->constant ? value->constant->dim[i] : layout_dim(&value->layout, (int)i));
    return values ? give(im, node, constant) : -1;
}

static int fold_size(struct importer *im, const struct onnx_node *node, struct error *err)
{
    const struct value *value = import_input(im, node, 0);
    double size = value->constant ? (double)value->constant->count : 1;
    for (int i = 0; !value->constant && i < value->layout.rank; i++)
        size *= (double)layout_dim(&value->layout, i);
    struct onnx_constant *constant = constant_new(im, true, 0, NULL, err);
    if (!constant)
        return -1;
    constant->is_filled = true;
    constant->fill = size;
    return give(im, node, constant);
}

static int fold_range(struct importer *im, const struct onnx_node *node, struct error *err)
{
    double start, limit, delta;
    if (!constant_number(im, constant_input(im, node, 0), &start) ||
        !constant_number(im, constant_input(im, node, 1), &limit) ||
        !constant_number(im, constant_input(im, node, 2), &delta) || delta == 0)
        return import_refuse(im, err, "its inputs must be three numbers");
    const double count = ceil((limit - start) / delta);
    if (!(count <= (double)CONSTANT_COUNT_MAX))
        return import_refuse(im, err, "a constant is too large");
    const int64_t length = count > 0 ? (int64_t)count : 0;
    struct onnx_constant *constant = constant_new(im, constant_input(im, node, 0)->is_integer, 1, &length, err);
    double *values = constant ? fill_in(im, constant, err) : NULL;
    for (size_t i = 0; values && i < constant->count; i++)
        values[i] = start + (double)i * delta;
    return values ? give(im, node, constant) : -1;
}

/* -- arithmetic ----------------------------------------------------------------------------------------------------- */

static double add(double a, double b)
{
    return a + b;
}
static double subtract(double a, double b)
{
    return a - b;
}
static double multiply(double a, double b)
{
    return a * b;
}
static double divide(double a, double b)
{
    return a / b;
}
static double equal(double a, double b)
{
    return a == b;
}
static double less(double a, double b)
{
    return a < b;
}
static double greater(double a, double b)
{
    return a > b;
}
static double both(double a, double b)
{
    return a != 0 && b != 0;
}
static double either(double a, double b)
{
    return a != 0 || b != 0;
}
static double modulo(double a, double b)
{
    return b == 0 ? 0 : a - floor(a / b) * b;
}
static double negate(double a)
{
    return -a;
}
static double reciprocal(double a)
{
    return 1 / a;
}
static double inverse(double a)
{
    return a == 0;
}

static const struct {
    const char *op;
    double (*of)(double, double);
    bool is_integer; /* the result, whatever the inputs are */
} pairs[] = {{"Add", add, false},    {"Sub", subtract, false}, {"Mul", multiply, false},   {"Div", divide, false},
             {"Pow", pow, false},    {"Max", fmax, false},     {"Min", fmin, false},       {"Mod", modulo, false},
             {"Equal", equal, true}, {"Less", less, true},     {"Greater", greater, true}, {"And", both, true},
             {"Or", either, true}};

static const struct {
    const char *op;
    double (*of)(double);
} singles[] = {{"Neg", negate},  {"Sqrt", sqrt}, {"Exp", exp},    {"Log", log}, {"Abs", fabs},
               {"Floor", floor}, {"Ceil", ceil}, {"Round", rint}, {"Erf", erf}, {"Reciprocal", reciprocal},
               {"Not", inverse}, {"Tanh", tanh}};

/* The common shape of two constants; -1: they do not fit. */
static int broadcast(const struct onnx_constant *a, const struct onnx_constant *b, int64_t *dim)
{
    const int rank = a->rank > b->rank ? a->rank : b->rank;
    for (int i = 0; i < rank; i++) {
        const int ia = i - (rank - a->rank), ib = i - (rank - b->rank);
        const int64_t da = ia < 0 ? 1 : a->dim[ia], db = ib < 0 ? 1 : b->dim[ib];
        if (da != db && da != 1 && db != 1)
            return -1;
        dim[i] = da == 1 ? db : da;
    }
    return rank;
}

/* The index in a constant of a position in the broadcast shape. */
static size_t broadcast_index(const struct onnx_constant *constant, int rank, const int64_t *at)
{
    size_t index = 0;
    for (int d = 0; d < constant->rank; d++) {
        const int64_t i = at[d + rank - constant->rank];
        index = index * (size_t)constant->dim[d] + (size_t)(constant->dim[d] == 1 ? 0 : i);
    }
    return index;
}

static struct onnx_constant *pair(struct importer *im, const struct onnx_constant *a, const struct onnx_constant *b,
                                  size_t kind, struct error *err)
{
    int64_t dim[ONNX_RANK_MAX], at[ONNX_RANK_MAX];
    const int rank = broadcast(a, b, dim);
    if (rank < 0) {
        import_refuse(im, err, "the shapes of its constants do not fit");
        return NULL;
    }
    const bool is_integer = a->is_integer && b->is_integer;
    struct onnx_constant *result = constant_new(im, is_integer || pairs[kind].is_integer, rank, dim, err);
    if (!result)
        return NULL;
    const double *x = constant_values(im, a, err), *y = x ? constant_values(im, b, err) : NULL;
    if (y && a->is_filled && b->is_filled) {
        result->is_filled = true;
        result->fill = pairs[kind].of(a->fill, b->fill);
        return result;
    }
    double *values = y ? fill_in(im, result, err) : NULL;
    for (size_t i = 0; values && i < result->count; i++) {
        position_of(result, i, at);
        const double p = constant_at(a, x, broadcast_index(a, rank, at));
        const double q = constant_at(b, y, broadcast_index(b, rank, at));
        values[i] = pairs[kind].of(p, q);
        if (is_integer && pairs[kind].of == divide)
            values[i] = q == 0 ? 0 : trunc(p / q);
    }
    return values ? result : NULL;
}

const struct onnx_constant *constant_pair(struct importer *im, const char *op, const struct onnx_constant *a,
                                          const struct onnx_constant *b, struct error *err)
{
    size_t kind = 0;
    while (strcmp(pairs[kind].op, op) != 0)
        kind++;
    return pair(im, a, b, kind, err);
}

static int fold_pair(struct importer *im, const struct onnx_node *node, struct error *err)
{
    size_t kind = 0;
    while (strcmp(pairs[kind].op, node->op) != 0)
        kind++;
    const struct onnx_constant *result = constant_input(im, node, 0);
    if (!result)
        return import_refuse(im, err, "its input 0 is missing");
    for (int i = 1; i < node->input_count; i++) {
        const struct onnx_constant *other = constant_input(im, node, i);
        if (!other)
            return import_refuse(im, err, "its input %d is missing", i);
        result = pair(im, result, other, kind, err);
        if (!result)
            return -1;
    }
    return give(im, node, result);
}

static int fold_single(struct importer *im, const struct onnx_node *node, struct error *err)
{
    size_t kind = 0;
    while (strcmp(singles[kind].op, node->op) != 0)
        kind++;
    const struct onnx_constant *a = constant_input(im, node, 0);
    struct onnx_constant *result = constant_new(im, a->is_integer, a->rank, a->dim, err);
    const double *x = result ? constant_values(im, a, err) : NULL;
    double *values = x ? fill_in(im, result, err) : NULL;
    for (size_t i = 0; values && i < result->count; i++)
        values[i] = singles[kind].of(constant_at(a, x, i));
    return values ? give(im, node, result) : -1;
}

static int fold_clip(struct importer *im, const struct onnx_node *node, struct error *err)
{
    const struct onnx_constant *a = constant_input(im, node, 0);
    double low = import_float(node, "min", -(double)INFINITY), high = import_float(node, "max", (double)INFINITY);
    if ((constant_input(im, node, 1) && !constant_number(im, constant_input(im, node, 1), &low)) ||
        (constant_input(im, node, 2) && !constant_number(im, constant_input(im, node, 2), &high)))
        return import_refuse(im, err, "its bounds must be numbers");
    struct onnx_constant *result = constant_new(im, a->is_integer, a->rank, a->dim, err);
    const double *x = result ? constant_values(im, a, err) : NULL;
    double *values = x ? fill_in(im, result, err) : NULL;
    for (size_t i = 0; values && i < result->count; i++)
        values[i] = fmin(fmax(constant_at(a, x, i), low), high);
    return values ? give(im, node, result) : -1;
}

static int fold_cast(struct importer *im, const struct onnx_node *node, struct error *err)
{
    const struct onnx_constant *a = constant_input(im, node, 0);
    const int64_t to = import_int(node, "to", ONNX_FLOAT);
    const bool is_real = onnx_is_float(to);
    if (is_real && !a->is_integer)
        return give(im, node, a);
    struct onnx_constant *result = constant_new(im, !is_real, a->rank, a->dim, err);
    const double *x = result ? constant_values(im, a, err) : NULL;
    double *values = x ? fill_in(im, result, err) : NULL;
    for (size_t i = 0; values && i < result->count; i++)
        values[i] = to == ONNX_BOOL ? constant_at(a, x, i) != 0
                    : is_real       ? constant_at(a, x, i)
                                    : trunc(constant_at(a, x, i));
    return values ? give(im, node, result) : -1;
}

static int fold_where(struct importer *im, const struct onnx_node *node, struct error *err)
{
    const struct onnx_constant *is_true = constant_input(im, node, 0), *a = import_constant(im, node, 1, err);
    const struct onnx_constant *b = a ? import_constant(im, node, 2, err) : NULL;
    int64_t dim[ONNX_RANK_MAX], at[ONNX_RANK_MAX];
    if (!b)
        return -1;
    int rank = broadcast(a, b, dim);
    struct onnx_constant shape = {.rank = rank < 0 ? 0 : rank};
    memcpy(shape.dim, dim, sizeof dim);
    rank = rank < 0 ? -1 : broadcast(is_true, &shape, dim);
    if (rank < 0)
        return import_refuse(im, err, "the shapes of its constants do not fit");
    struct onnx_constant *result = constant_new(im, a->is_integer, rank, dim, err);
    const double *t = result ? constant_values(im, is_true, err) : NULL, *x = t ? constant_values(im, a, err) : NULL;
    const double *y = x ? constant_values(im, b, err) : NULL;
    double *values = y ? fill_in(im, result, err) : NULL;
    for (size_t i = 0; values && i < result->count; i++) {
        position_of(result, i, at);
        values[i] = constant_at(is_true, t, broadcast_index(is_true, rank, at)) != 0
                        ? constant_at(a, x, broadcast_index(a, rank, at))
                        : constant_at(b, y, broadcast_index(b, rank, at));
    }
    return values ? give(im, node, result) : -1;
}

/* The positions of elements that are not 0, as columns. */
static int fold_non_zero(struct importer *im, const struct onnx_node *node, struct error *err)
{
    const struct onnx_constant *a = constant_input(im, node, 0);
    const double *x = constant_values(im, a, err);
    int64_t dim[] = {a->rank ? a->rank : 1, 0}, at[ONNX_RANK_MAX] = {0};
    for (size_t i = 0; x && i < a->count; i++)
        dim[1] += constant_at(a, x, i) != 0;
    struct onnx_constant *result = x ? constant_new(im, true, 2, dim, err) : NULL;
    double *values = result ? fill_in(im, result, err) : NULL;
    int64_t column = 0;
    for (size_t i = 0; values && i < a->count; i++) {
        if (constant_at(a, x, i) == 0)
            continue;
        position_of(a, i, at);
        for (int64_t d = 0; d < dim[0]; d++)
            values[d * dim[1] + column] = (double)at[d];
        column++;
    }
    return values ? give(im, node, result) : -1;
}

/* -- the table ------------------------------------------------------------------------------------------------------ */

static const struct import_op folds[] = {{"Constant", fold_constant}, {"ConstantOfShape", fold_constant_of_shape},
                                         {"Range", fold_range},       {"Cast", fold_cast},
                                         {"Clip", fold_clip},         {"Where", fold_where},
                                         {"NonZero", fold_non_zero},  {NULL, NULL}};

static import_function *find_fold(const char *op)
{
    const struct import_op *const tables[] = {folds, import_constant_shape_folds};
    for (size_t t = 0; t < 2; t++)
        for (const struct import_op *fold = tables[t]; fold->op; fold++)
            if (strcmp(fold->op, op) == 0)
                return fold->run;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        if (strcmp(pairs[i].op, op) == 0)
            return fold_pair;
    for (size_t i = 0; i < sizeof singles / sizeof *singles; i++)
        if (strcmp(singles[i].op, op) == 0)
            return fold_single;
    return NULL;
}

int import_fold(struct importer *im, int index, bool *is_folded, struct error *err)
{
    const struct onnx_node *node = &im->nodes[index];
    const bool is_shape = strcmp(node->op, "Shape") == 0 || strcmp(node->op, "Size") == 0;
    bool is_constant = true, is_known = true;
    for (int i = 0; i < node->input_count; i++) {
        const struct value *value = import_input(im, node, i);
        is_constant &= !value || value->constant;
        is_known &= value && (value->constant || value->node >= 0);
    }
    const struct value *out = node->output_count ? import_value(im, node->outputs[0]) : NULL;
    *is_folded = out && out->constant;
    if (*is_folded)
        return 0;
    if (is_shape && is_known && node->input_count == 1) {
        *is_folded = true;
        return node->op[1] == 'h' ? fold_shape(im, node, err) : fold_size(im, node, err);
    }
    import_function *fold = is_constant && !is_shape ? find_fold(node->op) : NULL;
    if (!fold || (node->input_count == 0 && strcmp(node->op, "Constant") != 0))
        return 0;
    *is_folded = true;
    if (strcmp(node->op, "Constant") != 0 && !constant_input(im, node, 0))
        return import_refuse(im, err, "its input 0 is missing");
    return fold(im, node, err);
}
