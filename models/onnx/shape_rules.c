/* models/onnx/shape_rules.c - the attributes and inputs of Reshape, Slice and their like, in all opsets. */
#include "models/onnx/shape_rules.h"

static int missing(const struct importer *im, const char *what, struct error *err)
{
    return import_refuse(im, err, "its %s is missing", what);
}

int shape_of_reshape(struct importer *im, const struct onnx_node *node, int rank, const int64_t *dim, int64_t *out,
                     struct error *err)
{
    const int count = import_list(im, node, "shape", 1, out, ONNX_RANK_MAX, err);
    int64_t total = 1, known = 1;
    int open = -1;
    if (count < 0)
        return count == -1 ? missing(im, "shape", err) : -1;
    for (int i = 0; i < rank; i++)
        total *= dim[i];
    for (int i = 0; i < count; i++) {
        if (out[i] == 0 && i < rank && !import_int(node, "allowzero", 0))
            out[i] = dim[i];
        if (out[i] == -1 && open < 0)
            open = i;
        else if (out[i] < 1 || __builtin_mul_overflow(known, out[i], &known))
            return import_refuse(im, err, "its shape has the size %lld", (long long)out[i]);
    }
    if (open >= 0)
        out[open] = known ? total / known : 0;
    if ((open >= 0 ? known * out[open] : known) != total)
        return import_refuse(im, err, "its shape has %lld elements, its input %lld", (long long)known,
                             (long long)total);
    return count;
}

int shape_of_flatten(struct importer *im, const struct onnx_node *node, int rank, const int64_t *dim, int64_t *out,
                     struct error *err)
{
    int64_t axis = import_int(node, "axis", 1);
    axis = axis < 0 ? axis + rank : axis;
    if (axis < 0 || axis > rank)
        return import_refuse(im, err, "axis %lld of a value with %d axes", (long long)axis, rank);
    out[0] = out[1] = 1;
    for (int i = 0; i < rank; i++)
        out[i >= axis] *= dim[i];
    return 2;
}

int shape_of_transpose(struct importer *im, const struct onnx_node *node, int rank, int *from, struct error *err)
{
    int64_t list[ONNX_RANK_MAX];
    bool is_used[ONNX_RANK_MAX] = {false};
    const int count = import_list(im, node, "perm", -1, list, ONNX_RANK_MAX, err);
    if (count == -2)
        return -1;
    if (count >= 0 && count != rank)
        return import_refuse(im, err, "perm has %d axes, its input %d", count, rank);
    for (int i = 0; i < rank; i++) {
        const int64_t axis = count < 0 ? rank - 1 - i : list[i] < 0 ? list[i] + rank : list[i];
        if (axis < 0 || axis >= rank || is_used[axis])
            return import_refuse(im, err, "perm is not an order of %d axes", rank);
        is_used[axis] = true;
        from[i] = (int)axis;
    }
    return 0;
}

int shape_added(struct importer *im, const struct onnx_node *node, struct error *err)
{
    int64_t list[ONNX_RANK_MAX];
    const int count = import_list(im, node, "axes", 1, list, ONNX_RANK_MAX, err);
    return count == -1 ? missing(im, "list of axes", err) : count < 0 ? -1 : count;
}

int shape_axes(struct importer *im, const struct onnx_node *node, int rank, const int64_t *dim, bool *is_marked,
               struct error *err)
{
    int64_t list[ONNX_RANK_MAX];
    const int count = import_list(im, node, "axes", 1, list, ONNX_RANK_MAX, err);
    if (count == -2)
        return -1;
    for (int i = 0; i < rank; i++)
        is_marked[i] = count == -1 && dim && dim[i] == 1;
    for (int i = 0; i < count; i++) {
        const int axis = import_axis(im, list[i], rank, err);
        if (axis < 0)
            return -1;
        if (is_marked[axis])
            return import_refuse(im, err, "axis %d is given twice", axis);
        is_marked[axis] = true;
    }
    return 0;
}

int shape_reduced(struct importer *im, const struct onnx_node *node, int rank, bool *is_marked, struct error *err)
{
    bool is_none = true;
    if (shape_axes(im, node, rank, NULL, is_marked, err))
        return -1;
    for (int i = 0; i < rank; i++)
        is_none &= !is_marked[i];
    if (is_none && import_int(node, "noop_with_empty_axes", 0))
        return 0;
    for (int i = 0; i < rank && is_none; i++)
        is_marked[i] = true;
    return 0;
}

static int64_t clamp(int64_t value, int64_t low, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

static struct cut cut_of(int64_t size, int64_t start, int64_t end, int64_t step)
{
    start = clamp(start < 0 ? start + size : start, 0, step > 0 ? size : size - 1);
    end = clamp(end < 0 ? end + size : end, step > 0 ? 0 : -1, size);
    const int64_t span = step > 0 ? end - start : start - end, stride = step > 0 ? step : -step;
    return (struct cut){start, span > 0 ? (span - 1) / stride + 1 : 0, step};
}

int shape_of_slice(struct importer *im, const struct onnx_node *node, int rank, const int64_t *dim, struct cut *cuts,
                   struct error *err)
{
    int64_t starts[ONNX_RANK_MAX], ends[ONNX_RANK_MAX], axes[ONNX_RANK_MAX], steps[ONNX_RANK_MAX];
    const int count = import_list(im, node, "starts", 1, starts, ONNX_RANK_MAX, err);
    const int end_count = count < 0 ? count : import_list(im, node, "ends", 2, ends, ONNX_RANK_MAX, err);
    const int axis_count = end_count < 0 ? end_count : import_list(im, node, "axes", 3, axes, ONNX_RANK_MAX, err);
    const int step_count = axis_count == -2 ? -2 : import_list(im, node, NULL, 4, steps, ONNX_RANK_MAX, err);
    if (count == -2 || end_count == -2 || axis_count == -2 || step_count == -2)
        return -1;
    if (count < 0 || end_count != count || (axis_count >= 0 && axis_count != count) ||
        (step_count >= 0 && step_count != count) || (axis_count < 0 && count > rank))
        return import_refuse(im, err, "its starts, ends, axes and steps are not of one number");
    for (int i = 0; i < rank; i++)
        cuts[i] = (struct cut){0, dim[i], 1};
    for (int i = 0; i < count; i++) {
        const int axis = axis_count < 0 ? i : import_axis(im, axes[i], rank, err);
        const int64_t step = step_count < 0 ? 1 : steps[i];
        if (axis < 0)
            return -1;
        if (step == 0 || step < -INT32_MAX || step > INT32_MAX)
            return import_refuse(im, err, "its step is %lld", (long long)step);
        cuts[axis] = cut_of(dim[axis], starts[i], ends[i], step);
    }
    return 0;
}

int shape_of_split(struct importer *im, const struct onnx_node *node, int64_t size, int64_t *sizes, int most,
                   struct error *err)
{
    int64_t total = 0;
    if (node->output_count > most || node->output_count < 1)
        return import_refuse(im, err, "it has %d outputs", node->output_count);
    const int count = import_list(im, node, "split", 1, sizes, most, err);
    if (count == -2)
        return -1;
    const int64_t each = (size + node->output_count - 1) / node->output_count;
    for (int i = 0; count < 0 && i < node->output_count; i++) {
        sizes[i] = size - total < each ? size - total : each;
        total += sizes[i];
    }
    total = 0;
    for (int i = 0; i < node->output_count; i++) {
        if ((count >= 0 && i >= count) || sizes[i] < 0 || sizes[i] > size - total)
            return import_refuse(im, err, "its parts do not make up the size %lld", (long long)size);
        total += sizes[i];
    }
    return total == size ? 0 : import_refuse(im, err, "its parts do not make up the size %lld", (long long)size);
}
