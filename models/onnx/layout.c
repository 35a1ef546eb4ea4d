/* models/onnx/layout.c - where the axes of an ONNX value are in a value of the engine. */
#include "models/onnx/importer.h"

#include <string.h>

static int add_factor(struct layout *layout, enum axis axis, int64_t size)
{
    layout->factor[layout->count].axis = axis;
    layout->factor[layout->count].size = size;
    return layout->count++;
}

void layout_init(struct layout *layout, int rank, const enum axis *axes, const int64_t *dim)
{
    int number[ONNX_RANK_MAX];
    *layout = (struct layout){.rank = rank};
    for (enum axis axis = AXIS_BATCH; axis < AXIS_COUNT; axis++)
        for (int i = 0; i < rank; i++)
            if (axes[i] == axis && dim[i] != 1)
                number[i] = add_factor(layout, axis, dim[i]);
    int used = 0;
    for (int i = 0; i < rank; i++) {
        layout->first[i] = used;
        if (dim[i] != 1)
            layout->order[used++] = number[i];
    }
    layout->first[rank] = used;
}

int64_t layout_dim(const struct layout *layout, int axis)
{
    int64_t size = 1;
    for (int i = layout->first[axis]; i < layout->first[axis + 1]; i++)
        size *= layout->factor[layout->order[i]].size;
    return size;
}

void layout_dims(const struct layout *layout, int64_t *dim)
{
    for (int i = 0; i < layout->rank; i++)
        dim[i] = layout_dim(layout, i);
}

int64_t layout_size(const struct layout *layout)
{
    int64_t size = 1;
    for (int i = 0; i < layout->rank; i++)
        size *= layout_dim(layout, i);
    return size;
}

/* Number of factors of an axis of the engine. */
static int factors_of(const struct layout *layout, enum axis axis)
{
    int count = 0;
    for (int i = 0; i < layout->count; i++)
        count += layout->factor[i].axis == axis;
    return count;
}

enum axis layout_axis(const struct layout *layout, int axis, bool *is_one)
{
    const int first = layout->first[axis], count = layout->first[axis + 1] - first;
    *is_one = count == 0;
    if (count == 0)
        return AXIS_COUNT;
    const enum axis of = layout->factor[layout->order[first]].axis;
    for (int i = 1; i < count; i++)
        if (layout->order[first + i] != layout->order[first + i - 1] + 1)
            return AXIS_COUNT;
    return layout->factor[layout->order[first + count - 1]].axis == of && factors_of(layout, of) == count ? of
                                                                                                          : AXIS_COUNT;
}

/* Splits a factor into a major one of this size and the rest. */
static void split(struct layout *layout, int factor, int64_t size)
{
    for (int i = layout->count++; i > factor; i--)
        layout->factor[i] = layout->factor[i - 1];
    layout->factor[factor + 1].size /= size;
    layout->factor[factor].size = size;
    int at = 0;
    for (int i = 0; i + 1 < layout->count; i++) {
        layout->order[i] += layout->order[i] > factor;
        if (layout->order[i] == factor)
            at = i;
    }
    for (int i = layout->count - 1; i > at + 1; i--)
        layout->order[i] = layout->order[i - 1];
    layout->order[at + 1] = factor + 1;
}

int layout_reshape(struct layout *layout, int rank, const int64_t *dim)
{
    struct layout result = *layout;
    int used = 0;
    for (int i = 0; i < rank; i++) {
        result.first[i] = used;
        for (int64_t left = dim[i]; left != 1;) {
            const int64_t size = used < result.count ? result.factor[result.order[used]].size : 0;
            if (left < 1 || size == 0 || (left % size && size % left))
                return -1;
            if (size > left) {
                if (result.count == FACTORS_MAX)
                    return -1;
                split(&result, result.order[used], left);
            }
            left /= size > left ? left : size;
            used++;
        }
    }
    result.first[rank] = used;
    result.rank = rank;
    if (used != result.count)
        return -1;
    *layout = result;
    return 0;
}

void layout_transpose(struct layout *layout, const int *from)
{
    const struct layout old = *layout;
    int used = 0;
    for (int i = 0; i < old.rank; i++) {
        layout->first[i] = used;
        for (int k = old.first[from[i]]; k < old.first[from[i] + 1]; k++)
            layout->order[used++] = old.order[k];
    }
}

/* Removes the factors of an axis. */
static void drop_factors(struct layout *layout, int axis)
{
    struct layout old = *layout;
    int place[FACTORS_MAX], used = 0;
    bool is_dropped[FACTORS_MAX] = {false};
    for (int i = old.first[axis]; i < old.first[axis + 1]; i++)
        is_dropped[old.order[i]] = true;
    layout->count = 0;
    for (int i = 0; i < old.count; i++)
        if (!is_dropped[i])
            place[i] = add_factor(layout, old.factor[i].axis, old.factor[i].size);
    for (int i = 0; i < old.rank; i++) {
        layout->first[i] = used;
        for (int k = old.first[i]; k < old.first[i + 1]; k++)
            if (!is_dropped[old.order[k]])
                layout->order[used++] = place[old.order[k]];
    }
    layout->first[old.rank] = used;
}

void layout_remove(struct layout *layout, int axis)
{
    drop_factors(layout, axis);
    for (int i = axis; i < layout->rank; i++)
        layout->first[i] = layout->first[i + 1];
    layout->rank--;
}

int layout_insert(struct layout *layout, int axis)
{
    if (layout->rank == ONNX_RANK_MAX)
        return -1;
    for (int i = ++layout->rank; i > axis; i--)
        layout->first[i] = layout->first[i - 1];
    return 0;
}

int layout_resize(struct layout *layout, int axis, enum axis of, int64_t size)
{
    enum axis axes[ONNX_RANK_MAX];
    int64_t dim[ONNX_RANK_MAX];
    for (int i = 0; i < layout->rank; i++) {
        bool is_one;
        axes[i] = i == axis ? of : layout_axis(layout, i, &is_one);
        dim[i] = i == axis ? size : layout_dim(layout, i);
        if (i != axis && !is_one && (axes[i] == AXIS_COUNT || axes[i] == of))
            return -1;
    }
    layout_init(layout, layout->rank, axes, dim);
    return 0;
}

bool layout_is(const struct layout *layout, const enum axis *axes)
{
    for (enum axis axis = AXIS_BATCH; axis < AXIS_COUNT; axis++) {
        int next = 0;
        while (next < layout->count && layout->factor[next].axis != axis)
            next++;
        for (int i = 0; i < layout->rank; i++)
            for (int k = layout->first[i]; axes[i] == axis && k < layout->first[i + 1]; k++)
                if (layout->order[k] != next++ || layout->factor[layout->order[k]].axis != axis)
                    return false;
        if (next < layout->count && layout->factor[next].axis == axis)
            return false;
    }
    return true;
}

bool layout_same(const struct layout *a, const struct layout *b)
{
    bool is_same = a->rank == b->rank && a->count == b->count;
    for (int i = 0; is_same && i < a->count; i++)
        is_same = a->factor[i].axis == b->factor[i].axis && a->factor[i].size == b->factor[i].size &&
                  a->order[i] == b->order[i];
    for (int i = 0; is_same && i <= a->rank; i++)
        is_same = a->first[i] == b->first[i];
    return is_same;
}

bool layout_is_plain(const struct layout *layout)
{
    bool is_one, is_plain = true;
    for (int i = 0; i < layout->rank; i++)
        is_plain &= layout_axis(layout, i, &is_one) != AXIS_COUNT || is_one;
    return is_plain || layout->rank <= 4;
}

void layout_usual(const struct layout *layout, enum axis *axes)
{
    const int first = layout->rank ? layout->first[0] : 0;
    const bool has_images = layout->rank > 3 || layout->rank == 0 || layout_dim(layout, 0) == 1 ||
                            layout->factor[layout->order[first]].axis == AXIS_BATCH;
    for (int i = 0; i < layout->rank; i++)
        axes[i] = (enum axis)(i + (has_images ? AXIS_BATCH : AXIS_C));
}
