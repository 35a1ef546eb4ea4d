/* models/onnx/fold_shapes.c - computes nodes that move the elements of constants. */
#include "models/onnx/shape_rules.h"

#include <string.h>

/* The same elements with other dimensions, as output 0. */
static int give_shaped(struct importer *im, const struct onnx_node *node, const struct onnx_constant *constant,
                       int rank, const int64_t *dim, struct error *err)
{
    struct onnx_constant *result = rank < 0 ? NULL : constant_new(im, constant->is_integer, rank, dim, err);
    if (!result)
        return -1;
    if (result->count != constant->count)
        return import_refuse(im, err, "a constant of %zu elements cannot have %zu", constant->count, result->count);
    const struct onnx_constant shape = *result;
    *result = *constant;
    result->rank = shape.rank;
    memcpy(result->dim, shape.dim, sizeof result->dim);
    return import_set_constant(im, node, 0, result);
}

static int fold_identity(struct importer *im, const struct onnx_node *node, struct error *err)
{
    (void)err;
    return import_set_constant(im, node, 0, constant_input(im, node, 0));
}

static int fold_reshape(struct importer *im, const struct onnx_node *node, struct error *err)
{
    int64_t dim[ONNX_RANK_MAX];
    const struct onnx_constant *a = constant_input(im, node, 0);
    return give_shaped(im, node, a, shape_of_reshape(im, node, a->rank, a->dim, dim, err), dim, err);
}

static int fold_flatten(struct importer *im, const struct onnx_node *node, struct error *err)
{
    int64_t dim[2];
    const struct onnx_constant *a = constant_input(im, node, 0);
    return give_shaped(im, node, a, shape_of_flatten(im, node, a->rank, a->dim, dim, err), dim, err);
}

static int fold_squeeze(struct importer *im, const struct onnx_node *node, struct error *err)
{
    int64_t dim[ONNX_RANK_MAX];
    bool is_marked[ONNX_RANK_MAX];
    int rank = 0;
    const struct onnx_constant *a = constant_input(im, node, 0);
    if (shape_axes(im, node, a->rank, a->dim, is_marked, err))
        return -1;
    for (int i = 0; i < a->rank; i++)
        if (!is_marked[i])
            dim[rank++] = a->dim[i];
    return give_shaped(im, node, a, rank, dim, err);
}

static int fold_unsqueeze(struct importer *im, const struct onnx_node *node, struct error *err)
{
    int64_t dim[ONNX_RANK_MAX];
    bool is_marked[ONNX_RANK_MAX];
    const struct onnx_constant *a = constant_input(im, node, 0);
    const int added = shape_added(im, node, err), rank = a->rank + added;
    if (added < 0)
        return -1;
    if (rank > ONNX_RANK_MAX)
        return import_refuse(im, err, "its result has %d axes", rank);
    if (shape_axes(im, node, rank, NULL, is_marked, err))
        return -1;
    for (int i = 0, from = 0; i < rank; i++)
        dim[i] = is_marked[i] ? 1 : a->dim[from++];
    return give_shaped(im, node, a, rank, dim, err);
}

/* -- moved elements ------------------------------------------------------------------------------------------------- */

/* Element (i,j,...) of the result is element base + i * stride[0] + j * stride[1] ... of the constant. */
static struct onnx_constant *strided(struct importer *im, const struct onnx_constant *a, int rank, const int64_t *dim,
                                     ptrdiff_t base, const ptrdiff_t *stride, struct error *err)
{
    struct onnx_constant *result = constant_new(im, a->is_integer, rank, dim, err);
    const double *x = result ? constant_values(im, a, err) : NULL;
    if (!x)
        return NULL;
    if (a->is_filled) {
        result->is_filled = true;
        result->fill = a->fill;
        return result;
    }
    double *values = constant_room(im, result, err);
    if (!values)
        return NULL;
    int64_t at[ONNX_RANK_MAX] = {0};
    ptrdiff_t from = base;
    for (size_t i = 0; i < result->count; i++) {
        values[i] = x[from];
        for (int d = rank; d-- > 0;) {
            from += stride[d];
            if (++at[d] < dim[d])
                break;
            from -= stride[d] * dim[d];
            at[d] = 0;
        }
    }
    result->values = values;
    return result;
}

static void strides_of(const struct onnx_constant *a, ptrdiff_t *stride)
{
    ptrdiff_t step = 1;
    for (int d = a->rank; d-- > 0;) {
        stride[d] = step;
        step *= a->dim[d];
    }
}

static int give(struct importer *im, const struct onnx_node *node, int i, const struct onnx_constant *constant)
{
    return constant ? import_set_constant(im, node, i, constant) : -1;
}

static int fold_transpose(struct importer *im, const struct onnx_node *node, struct error *err)
{
    int from[ONNX_RANK_MAX];
    int64_t dim[ONNX_RANK_MAX];
    ptrdiff_t own[ONNX_RANK_MAX], stride[ONNX_RANK_MAX];
    const struct onnx_constant *a = constant_input(im, node, 0);
    if (shape_of_transpose(im, node, a->rank, from, err))
        return -1;
    strides_of(a, own);
    for (int i = 0; i < a->rank; i++) {
        dim[i] = a->dim[from[i]];
        stride[i] = own[from[i]];
    }
    return give(im, node, 0, strided(im, a, a->rank, dim, 0, stride, err));
}

static int fold_slice(struct importer *im, const struct onnx_node *node, struct error *err)
{
    struct cut cuts[ONNX_RANK_MAX];
    int64_t dim[ONNX_RANK_MAX];
    ptrdiff_t stride[ONNX_RANK_MAX], base = 0;
    const struct onnx_constant *a = constant_input(im, node, 0);
    if (shape_of_slice(im, node, a->rank, a->dim, cuts, err))
        return -1;
    strides_of(a, stride);
    for (int i = 0; i < a->rank; i++) {
        dim[i] = cuts[i].count;
        base += cuts[i].first * stride[i];
        stride[i] *= cuts[i].step;
    }
    return give(im, node, 0, strided(im, a, a->rank, dim, base, stride, err));
}

static int fold_split(struct importer *im, const struct onnx_node *node, struct error *err)
{
    int64_t sizes[ONNX_RANK_MAX * 8], dim[ONNX_RANK_MAX];
    ptrdiff_t stride[ONNX_RANK_MAX], base = 0;
    const struct onnx_constant *a = constant_input(im, node, 0);
    const int axis = import_axis(im, import_int(node, "axis", 0), a->rank, err);
    if (axis < 0 || shape_of_split(im, node, a->dim[axis], sizes, (int)(sizeof sizes / sizeof *sizes), err))
        return -1;
    strides_of(a, stride);
    memcpy(dim, a->dim, sizeof dim);
    for (int i = 0; i < node->output_count; i++) {
        dim[axis] = sizes[i];
        if (give(im, node, i, strided(im, a, a->rank, dim, base, stride, err)))
            return -1;
        base += sizes[i] * stride[axis];
    }
    return 0;
}

static int fold_expand(struct importer *im, const struct onnx_node *node, struct error *err)
{
    int64_t dim[ONNX_RANK_MAX];
    ptrdiff_t own[ONNX_RANK_MAX], stride[ONNX_RANK_MAX];
    const struct onnx_constant *a = constant_input(im, node, 0);
    const int count = import_list(im, node, NULL, 1, dim, ONNX_RANK_MAX, err);
    if (count < 0)
        return count == -1 ? import_refuse(im, err, "its shape is missing") : -1;
    if (count < a->rank)
        return import_refuse(im, err, "its shape has fewer axes than its input");
    strides_of(a, own);
    for (int i = 0; i < count; i++) {
        const int from = i - (count - a->rank);
        const int64_t size = from < 0 ? 1 : a->dim[from];
        stride[i] = size == 1 ? 0 : own[from];
        if (size != 1 && dim[i] != 1 && dim[i] != size)
            return import_refuse(im, err, "its shape does not fit its input");
        dim[i] = dim[i] == 1 ? size : dim[i];
    }
    return give(im, node, 0, strided(im, a, count, dim, 0, stride, err));
}

static int fold_tile(struct importer *im, const struct onnx_node *node, struct error *err)
{
    int64_t times[ONNX_RANK_MAX], dim[ONNX_RANK_MAX];
    const struct onnx_constant *a = constant_input(im, node, 0);
    const int count = import_list(im, node, NULL, 1, times, ONNX_RANK_MAX, err);
    if (count != a->rank)
        return count == -2 ? -1
                           : import_refuse(im, err, "it has %d repeats for %d axes", count < 0 ? 0 : count, a->rank);
    for (int i = 0; i < count; i++)
        if (times[i] < 0 || __builtin_mul_overflow(a->dim[i], times[i], &dim[i]))
            return import_refuse(im, err, "repeats axis %d %lld times", i, (long long)times[i]);
    struct onnx_constant *result = constant_new(im, a->is_integer, count, dim, err);
    const double *x = result ? constant_values(im, a, err) : NULL;
    double *values = x ? constant_room(im, result, err) : NULL;
    if (!values)
        return -1;
    for (size_t i = 0; i < result->count; i++) {
        size_t rest = i, from = 0, step = 1;
        for (int d = count; d-- > 0; rest /= (size_t)dim[d]) {
            from += rest % (size_t)dim[d] % (size_t)a->dim[d] * step;
            step *= (size_t)a->dim[d];
        }
        values[i] = constant_at(a, x, from);
    }
    result->values = values;
    return import_set_constant(im, node, 0, result);
}

static int fold_gather(struct importer *im, const struct onnx_node *node, struct error *err)
{
    const struct onnx_constant *a = constant_input(im, node, 0), *index = import_constant(im, node, 1, err);
    const int axis = index ? import_axis(im, import_int(node, "axis", 0), a->rank, err) : -1;
    int64_t dim[ONNX_RANK_MAX];
    int rank = 0;
    if (axis < 0)
        return -1;
    if (a->rank + index->rank - 1 > ONNX_RANK_MAX)
        return import_refuse(im, err, "its result has too many axes");
    size_t inner = 1;
    for (int i = 0; i < axis; i++)
        dim[rank++] = a->dim[i];
    for (int i = 0; i < index->rank; i++)
        dim[rank++] = index->dim[i];
    for (int i = axis + 1; i < a->rank; i++)
        inner *= (size_t)(dim[rank++] = a->dim[i]);
    struct onnx_constant *result = constant_new(im, a->is_integer, rank, dim, err);
    const double *x = result ? constant_values(im, a, err) : NULL, *k = x ? constant_values(im, index, err) : NULL;
    double *values = k ? constant_room(im, result, err) : NULL;
    if (!values)
        return -1;
    const size_t count = index->count, size = (size_t)a->dim[axis];
    for (size_t i = 0; i < result->count; i++) {
        const size_t o = i / (count * inner), at = i / inner % count;
        const double given = constant_at(index, k, at), from = given < 0 ? given + (double)size : given;
        if (!(from >= 0 && from < (double)size))
            return import_refuse(im, err, "index %g of an axis of size %zu", given, size);
        values[i] = constant_at(a, x, (o * size + (size_t)from) * inner + i % inner);
    }
    result->values = values;
    return import_set_constant(im, node, 0, result);
}

static int fold_concat(struct importer *im, const struct onnx_node *node, struct error *err)
{
    const struct onnx_constant *a = constant_input(im, node, 0);
    const int axis = import_axis(im, import_int(node, "axis", 1), a->rank, err);
    int64_t dim[ONNX_RANK_MAX], total = 0;
    if (axis < 0)
        return -1;
    memcpy(dim, a->dim, sizeof dim);
    for (int i = 0; i < node->input_count; i++) {
        const struct onnx_constant *part = import_constant(im, node, i, err);
        if (!part)
            return -1;
        for (int d = 0; d < a->rank; d++)
            if (part->rank != a->rank || (d != axis && part->dim[d] != a->dim[d]))
                return import_refuse(im, err, "the shapes of its constants do not fit");
        if (__builtin_add_overflow(total, part->dim[axis], &total))
            return import_refuse(im, err, "a constant is too large");
    }
    dim[axis] = total;
    struct onnx_constant *result = constant_new(im, a->is_integer, a->rank, dim, err);
    double *values = result ? constant_room(im, result, err) : NULL;
    if (!values)
        return -1;
    size_t outer = 1, inner = 1, first = 0;
    for (int d = 0; d < axis; d++)
        outer *= (size_t)dim[d];
    for (int d = axis + 1; d < a->rank; d++)
        inner *= (size_t)dim[d];
    for (int i = 0; i < node->input_count; i++) {
        const struct onnx_constant *part = constant_input(im, node, i);
        const double *x = constant_values(im, part, err);
        const size_t run = (size_t)part->dim[axis] * inner;
        if (!x)
            return -1;
        for (size_t o = 0; o < outer; o++)
            for (size_t k = 0; k < run; k++)
                values[o * (size_t)total * inner + first + k] = constant_at(part, x, o * run + k);
        first += run;
    }
    result->values = values;
    return import_set_constant(im, node, 0, result);
}

/* -- reductions ----------------------------------------------------------------------------------------------------- */

static double reduced_pair(const char *op, double a, double b)
{
    return strcmp(op, "ReduceProd") == 0  ? a * b
           : strcmp(op, "ReduceMax") == 0 ? (b > a ? b : a)
           : strcmp(op, "ReduceMin") == 0 ? (b < a ? b : a)
                                          : a + b;
}

/* The sizes of the result, and its stride along each axis of the input: 0 along a reduced one. */
static int reduced_shape(struct importer *im, const struct onnx_node *node, const struct onnx_constant *a, int64_t *dim,
                         size_t *stride, struct error *err)
{
    bool is_marked[ONNX_RANK_MAX];
    const bool keeps = import_int(node, "keepdims", 1) != 0;
    int rank = 0;
    size_t step = 1;
    if (shape_reduced(im, node, a->rank, is_marked, err))
        return -1;
    for (int i = 0; i < a->rank; i++)
        if (!is_marked[i] || keeps)
            dim[rank++] = is_marked[i] ? 1 : a->dim[i];
    for (int i = a->rank; i-- > 0;) {
        stride[i] = is_marked[i] ? 0 : step;
        step *= is_marked[i] ? 1 : (size_t)a->dim[i];
    }
    return rank;
}

static int fold_reduce(struct importer *im, const struct onnx_node *node, struct error *err)
{
    int64_t dim[ONNX_RANK_MAX];
    size_t stride[ONNX_RANK_MAX];
    const struct onnx_constant *a = constant_input(im, node, 0);
    const int rank = reduced_shape(im, node, a, dim, stride, err);
    struct onnx_constant *result = rank < 0 ? NULL : constant_new(im, a->is_integer, rank, dim, err);
    const double *x = result ? constant_values(im, a, err) : NULL;
    double *values = x ? arena_alloc(im->arena, result->count + 1, sizeof *values) : NULL;
    bool *is_begun = values ? arena_alloc(im->arena, result->count + 1, sizeof *is_begun) : NULL;
    if (!is_begun)
        return x ? error_memory(err, "a constant") : -1;
    for (size_t i = 0; i < a->count; i++) {
        size_t rest = i, at = 0;
        for (int d = a->rank; d-- > 0; rest /= (size_t)a->dim[d])
            at += rest % (size_t)a->dim[d] * stride[d];
        values[at] = is_begun[at] ? reduced_pair(node->op, values[at], constant_at(a, x, i)) : constant_at(a, x, i);
        is_begun[at] = true;
    }
    const size_t reduced = result->count ? a->count / result->count : 0; /* elements of each result */
    for (size_t i = 0; i < result->count && strcmp(node->op, "ReduceMean") == 0 && reduced; i++)
        values[i] /= (double)reduced;
    result->values = values;
    return import_set_constant(im, node, 0, result);
}

const struct import_op import_constant_shape_folds[] = {{"Identity", fold_identity},
                                                        {"Dropout", fold_identity},
                                                        {"Reshape", fold_reshape},
                                                        {"Flatten", fold_flatten},
                                                        {"Squeeze", fold_squeeze},
                                                        {"Unsqueeze", fold_unsqueeze},
                                                        {"Transpose", fold_transpose},
                                                        {"Slice", fold_slice},
                                                        {"Split", fold_split},
                                                        {"Expand", fold_expand},
                                                        {"Tile", fold_tile},
                                                        {"Gather", fold_gather},
                                                        {"Concat", fold_concat},
                                                        {"ReduceProd", fold_reduce},
                                                        {"ReduceSum", fold_reduce},
                                                        {"ReduceMean", fold_reduce},
                                                        {"ReduceMax", fold_reduce},
                                                        {"ReduceMin", fold_reduce},
                                                        {NULL, NULL}};
