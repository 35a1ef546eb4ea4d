/* models/onnx/ops_part.c - slices, padding and copies side by side. */
#include "models/onnx/shape_rules.h"

#include <string.h>

#define OUTPUTS_MAX 256
#define SIDE_MAX (1 << 15)

static const char *const first_names[] = {"", "c_first", "h_first", "w_first"};
static const char *const count_names[] = {"", "c_count", "h_count", "w_count"};
static const char *const step_names[] = {"", "c_step", "h_step", "w_step"};

/* -- slices --------------------------------------------------------------------------------------------------------- */

static int cut_plain(struct importer *im, struct value *value, int axis, const struct cut *part, struct layout *layout,
                     const char *suffix, struct error *err)
{
    enum axis of;
    if (import_plain_axis(im, value, axis, &of, err))
        return -1;
    *layout = value->layout;
    if (part->first == 0 && part->step == 1 && part->count == layout_dim(layout, axis))
        return value->node;
    if (part->count < 1)
        return import_refuse(im, err, "its result has no elements");
    if (of == AXIS_BATCH && layout_dim(layout, axis) != 1)
        return import_refuse(im, err, "takes some images of a batch");
    const struct emission emission = {.op = "slice",
                                      .suffix = suffix,
                                      .count = 1,
                                      .inputs = {value->node},
                                      .set = {{first_names[of], (double)part->first},
                                              {count_names[of], (double)part->count},
                                              {step_names[of], (double)part->step}}};
    if (layout_resize(layout, axis, of, part->count))
        return import_refuse(im, err, "its input has axes in an order that is not supported");
    return of == AXIS_BATCH ? value->node : import_emit(im, &emission, err);
}

/* Cuts along one axis; writes the layout of the result. Returns the node, or -1. */
static int cut(struct importer *im, struct value *value, int axis, const struct cut *part, struct layout *layout,
               const char *suffix, struct error *err)
{
    int64_t dim[ONNX_RANK_MAX];
    struct value view;
    if (layout_is_plain(&value->layout))
        return cut_plain(im, value, axis, part, layout, suffix, err);
    if (import_view(im, value, axis, 1, &view, err))
        return -1;
    layout_dims(&value->layout, dim);
    dim[axis] = part->count;
    const int added = cut_plain(im, &view, 2, part, layout, suffix, err);
    value->is_vector = false;
    if (added >= 0 && layout_reshape(layout, value->layout.rank, dim))
        return import_refuse(im, err, "its result has axes in an order that is not supported");
    return added;
}

/* Cuts along all axes. */
static int cut_all(struct importer *im, struct value *value, const struct cut *cuts, const char *suffix,
                   struct error *err)
{
    for (int i = 0; i < value->layout.rank; i++) {
        struct layout layout;
        value->node = cut(im, value, i, &cuts[i], &layout, suffix, err);
        if (value->node < 0)
            return -1;
        value->layout = layout;
    }
    return 0;
}

static int import_slice(struct importer *im, const struct onnx_node *node, struct error *err)
{
    struct cut cuts[ONNX_RANK_MAX] = {0};
    int64_t dim[ONNX_RANK_MAX] = {0};
    struct value *value = import_activation(im, node, 0, err);
    if (!value)
        return -1;
    layout_dims(&value->layout, dim);
    if (shape_of_slice(im, node, value->layout.rank, dim, cuts, err))
        return -1;
    struct value part = *value;
    int count = 0;
    for (int i = 0; i < value->layout.rank; i++) {
        if (cuts[i].first == 0 && cuts[i].step == 1 && cuts[i].count == dim[i])
            continue;
        struct value *from = count++ ? &part : value; /* an arrangement of the input itself is kept for other readers */
        struct layout layout;
        part.node = cut(im, from, i, &cuts[i], &layout, NULL, err);
        if (part.node < 0)
            return -1;
        part.layout = layout;
        part.is_vector = from->is_vector;
    }
    return import_set_activation(im, node, 0, part.node, &part.layout, part.is_vector);
}

static int import_split(struct importer *im, const struct onnx_node *node, struct error *err)
{
    int64_t sizes[OUTPUTS_MAX], first = 0;
    struct value *value = import_activation(im, node, 0, err);
    const int axis = value ? import_axis(im, import_int(node, "axis", 0), value->layout.rank, err) : -1;
    if (axis < 0 || shape_of_split(im, node, layout_dim(&value->layout, axis), sizes, OUTPUTS_MAX, err))
        return -1;
    for (int i = 0; i < node->output_count; i++) {
        const struct value *out = node->outputs[i][0] ? import_value(im, node->outputs[i]) : NULL;
        const struct cut part = {first, sizes[i], 1};
        const char *suffix = arena_format(im->arena, "%d", i);
        struct layout layout;
        first += sizes[i];
        if (!suffix)
            return error_memory(err, "a model");
        if (!out || out->readers == 0)
            continue;
        const int added = cut(im, value, axis, &part, &layout, suffix, err);
        if (added < 0)
            return -1;
        import_set_activation(im, node, i, added, &layout, value->is_vector);
    }
    return 0;
}

/* The indices from `first` on that are at equal distances; returns how many they are. */
static size_t run_of(const struct onnx_constant *index, const double *list, size_t first, double size, struct cut *part)
{
    size_t count = 0;
    *part = (struct cut){.step = 1};
    for (; first + count < index->count; count++) {
        const double given = constant_at(index, list, first + count);
        const int64_t at = (int64_t)(given < 0 ? given + size : given);
        if (count == 0)
            part->first = at;
        else if (count == 1 && at != part->first)
            part->step = at - part->first;
        else if (at != part->first + (int64_t)count * part->step)
            break;
    }
    part->count = (int64_t)count;
    return count;
}

/* Takes the parts with these indices and joins them. Writes the layout of the result; returns the node, or -1. */
static int gather(struct importer *im, struct value *value, int axis, const struct onnx_constant *index,
                  const double *list, struct layout *layout, struct error *err)
{
    const double size = (double)layout_dim(&value->layout, axis);
    int nodes[OUTPUTS_MAX], count = 0;
    struct cut part;
    bool is_one;
    for (size_t i = 0; i < index->count; i += (size_t)part.count) {
        const bool is_all = run_of(index, list, i, size, &part) == index->count;
        if (count == OUTPUTS_MAX)
            return import_refuse(im, err, "its indices are more than %d parts at equal distances", OUTPUTS_MAX);
        nodes[count] = cut(im, value, axis, &part, layout, is_all ? NULL : "part", err);
        if (nodes[count++] < 0)
            return -1;
    }
    if (count == 1)
        return nodes[0];
    const enum axis of = layout_axis(&value->layout, axis, &is_one);
    *layout = value->layout;
    if (is_one || of == AXIS_BATCH || of == AXIS_COUNT || layout_resize(layout, axis, of, (int64_t)index->count))
        return import_refuse(im, err, "takes parts of an axis in an order that is not supported");
    return import_join(im, of, nodes, count, NULL, err);
}

/* The axis becomes those of the indices. */
static int shape_as_indices(struct importer *im, const struct onnx_constant *index, int axis, struct layout *layout,
                            struct error *err)
{
    int64_t own[ONNX_RANK_MAX], dim[2 * ONNX_RANK_MAX];
    const int rank = layout->rank + index->rank - 1;
    layout_dims(layout, own);
    if (rank > ONNX_RANK_MAX)
        return import_refuse(im, err, "its result has %d axes", rank);
    for (int i = 0; i < rank; i++)
        dim[i] = i < axis ? own[i] : i < axis + index->rank ? index->dim[i - axis] : own[i - index->rank + 1];
    return layout_reshape(layout, rank, dim)
               ? import_refuse(im, err, "its result has axes in an order that is not supported")
               : 0;
}

static int import_gather(struct importer *im, const struct onnx_node *node, struct error *err)
{
    struct value *value = import_activation(im, node, 0, err);
    const struct onnx_constant *index = value ? import_constant(im, node, 1, err) : NULL;
    const int axis = index ? import_axis(im, import_int(node, "axis", 0), value->layout.rank, err) : -1;
    const double *list = axis < 0 ? NULL : constant_values(im, index, err);
    struct layout layout;
    if (!list)
        return -1;
    if (index->count == 0)
        return import_refuse(im, err, "its result has no elements");
    const double size = (double)layout_dim(&value->layout, axis);
    for (size_t i = 0; i < index->count; i++) {
        const double at = constant_at(index, list, i);
        if (!(at >= -size && at < size))
            return import_refuse(im, err, "index %g of an axis of size %g", at, size);
    }
    const int added = gather(im, value, axis, index, list, &layout, err);
    if (added < 0 || shape_as_indices(im, index, axis, &layout, err))
        return -1;
    return import_set_activation(im, node, 0, added, &layout, value->is_vector);
}

/* -- padding -------------------------------------------------------------------------------------------------------- */

int import_read_pads(struct importer *im, const struct onnx_node *node, int rank, int64_t *before, int64_t *after,
                     struct error *err)
{
    int64_t pads[2 * ONNX_RANK_MAX], axes[ONNX_RANK_MAX];
    const int count = import_list(im, node, "pads", 1, pads, 2 * ONNX_RANK_MAX, err);
    const int axis_count = count < 0 ? count : import_list(im, node, NULL, 3, axes, ONNX_RANK_MAX, err);
    if (count < 0 || axis_count == -2)
        return count == -1 ? import_refuse(im, err, "its pads are missing") : -1;
    const int given = axis_count < 0 ? rank : axis_count;
    if (count != 2 * given)
        return import_refuse(im, err, "pads has %d numbers for %d axes", count, given);
    for (int i = 0; i < rank; i++)
        before[i] = after[i] = 0;
    for (int i = 0; i < given; i++) {
        const int axis = axis_count < 0 ? i : import_axis(im, axes[i], rank, err);
        if (axis < 0)
            return -1;
        before[axis] = pads[i];
        after[axis] = pads[given + i];
        if (pads[i] < -SIDE_MAX || pads[given + i] < -SIDE_MAX || pads[i] > SIDE_MAX || pads[given + i] > SIDE_MAX)
            return import_refuse(im, err, "pads has %lld and %lld", (long long)pads[i], (long long)pads[given + i]);
    }
    return 0;
}

static int read_pad_mode(struct importer *im, const struct onnx_node *node, double *mode, double *fill,
                         struct error *err)
{
    static const char *const modes[] = {"constant", "reflect", "edge", "wrap"};
    const char *text = import_text(node, "mode", "constant");
    const struct value *value = import_input(im, node, 2);
    *fill = import_float(node, "value", 0);
    const bool is_empty = value && value->constant && value->constant->count == 0;
    if (value && !is_empty && !constant_number(im, value->constant, fill))
        return import_refuse(im, err, "its value must be a number");
    for (int i = 0; i < 4; i++)
        if (strcmp(modes[i], text) == 0) {
            *mode = i;
            return 0;
        }
    return import_refuse(im, err, "mode is \"%.50s\"", text);
}

/* Takes away what is negative in pads, and writes 0 there. */
static int crop(struct importer *im, struct value *value, int64_t *before, int64_t *after, struct error *err)
{
    struct cut cuts[ONNX_RANK_MAX];
    bool is_crop = false, is_pad = false;
    for (int i = 0; i < value->layout.rank; i++) {
        const int64_t first = before[i] < 0 ? -before[i] : 0, last = after[i] < 0 ? -after[i] : 0;
        cuts[i] = (struct cut){first, layout_dim(&value->layout, i) - first - last, 1};
        before[i] += first;
        after[i] += last;
        is_crop |= first || last;
        is_pad |= before[i] || after[i];
    }
    return is_crop ? cut_all(im, value, cuts, is_pad ? "crop" : NULL, err) : 0;
}

static int import_pad(struct importer *im, const struct onnx_node *node, struct error *err)
{
    static const char *const before_names[] = {"", "channels_before", "pad_top", "pad_left"};
    static const char *const after_names[] = {"", "channels_after", "pad_bottom", "pad_right"};
    int64_t before[ONNX_RANK_MAX] = {0}, after[ONNX_RANK_MAX] = {0};
    enum axis axes[ONNX_RANK_MAX];
    double mode = 0, fill = 0;
    struct value *value = import_activation(im, node, 0, err);
    if (!value || import_read_pads(im, node, value->layout.rank, before, after, err) ||
        read_pad_mode(im, node, &mode, &fill, err))
        return -1;
    struct value cropped = *value;
    if (crop(im, &cropped, before, after, err) || import_plain_axes(im, &cropped, axes, err))
        return -1;
    value = &cropped;
    struct emission emission = {
        .op = "pad", .count = 1, .inputs = {value->node}, .set = {{"mode", mode}, {"value", fill}}};
    struct layout layout = value->layout;
    int used = 2;
    for (int i = 0; i < layout.rank; i++) {
        if (before[i] == 0 && after[i] == 0)
            continue;
        if (axes[i] == AXIS_BATCH || layout_resize(&layout, i, axes[i], layout_dim(&layout, i) + before[i] + after[i]))
            return import_refuse(im, err, "pads axis %d, which is not supported", i);
        emission.set[used++] = (struct setting){before_names[axes[i]], (double)before[i]};
        emission.set[used++] = (struct setting){after_names[axes[i]], (double)after[i]};
    }
    const int added = used == 2 ? value->node : import_emit(im, &emission, err);
    return added < 0 ? -1 : import_set_activation(im, node, 0, added, &layout, value->is_vector);
}

static int import_space_to_depth(struct importer *im, const struct onnx_node *node, struct error *err)
{
    struct value *value = import_activation(im, node, 0, err);
    if (!value || import_planes(im, value, err))
        return -1;
    const double block = (double)import_int(node, "blocksize", 0);
    const struct emission emission = {
        .op = "space_to_depth", .count = 1, .inputs = {value->node}, .set = {{"block", block}}};
    const int added = import_emit(im, &emission, err);
    return added < 0 ? -1 : import_set_planes(im, node, added, value->layout.rank);
}

/* -- copies --------------------------------------------------------------------------------------------------------- */

/*
 * Copies side by side along an axis that is one of the engine's; writes the layout of the result. Returns the node, or
 * -1.
 */
static int repeat_plain(struct importer *im, struct value *value, int axis, int64_t times, struct layout *layout,
                        const char *suffix, struct error *err)
{
    int nodes[OUTPUTS_MAX];
    enum axis of;
    if (import_plain_axis(im, value, axis, &of, err))
        return -1;
    *layout = value->layout;
    if (of == AXIS_BATCH || layout_resize(layout, axis, of, times * layout_dim(layout, axis)))
        return import_refuse(im, err, "repeats images, or an axis in an order that is not supported");
    for (int64_t i = 0; i < times; i++)
        nodes[i] = value->node;
    return import_join(im, of, nodes, (int)times, suffix, err);
}

/* The same along any axis; *value becomes the result. */
static int repeat(struct importer *im, struct value *value, int axis, int64_t times, const char *suffix,
                  struct error *err)
{
    int64_t dim[ONNX_RANK_MAX];
    struct value seen = *value;
    struct layout layout;
    if (times > OUTPUTS_MAX)
        return import_refuse(im, err, "repeats axis %d %lld times, %d are supported", axis, (long long)times,
                             OUTPUTS_MAX);
    layout_dims(&value->layout, dim);
    dim[axis] *= times;
    const bool is_plain = layout_is_plain(&value->layout);
    if (!is_plain && import_view(im, value, axis, 1, &seen, err))
        return -1;
    value->node = repeat_plain(im, &seen, is_plain ? axis : 2, times, &layout, suffix, err);
    if (value->node < 0)
        return -1;
    value->is_vector = is_plain && seen.is_vector;
    if (!is_plain && layout_reshape(&layout, value->layout.rank, dim))
        return import_refuse(im, err, "its result has axes in an order that is not supported");
    value->layout = layout;
    return 0;
}

/* Reads how often each axis is repeated; returns how many are. */
static int read_repeats(struct importer *im, const struct onnx_node *node, int rank, int64_t *times, struct error *err)
{
    const int count = import_list(im, node, NULL, 1, times, ONNX_RANK_MAX, err);
    int repeated = 0;
    if (count == -2)
        return -1;
    if (count != rank)
        return import_refuse(im, err, "it has %d repeats for %d axes", count < 0 ? 0 : count, rank);
    for (int i = 0; i < rank; i++) {
        if (times[i] < 1)
            return import_refuse(im, err, "repeats axis %d %lld times", i, (long long)times[i]);
        repeated += times[i] > 1;
    }
    return repeated;
}

/* Axes of size 1 grow when zeros of the larger shape are added. */
static int import_tile(struct importer *im, const struct onnx_node *node, struct error *err)
{
    int64_t times[ONNX_RANK_MAX], dim[ONNX_RANK_MAX];
    const struct value *input = import_activation(im, node, 0, err);
    const int rank = input ? input->layout.rank : 0;
    int left = input ? read_repeats(im, node, rank, times, err) : -1;
    bool grows = false;
    if (left < 0)
        return -1;
    struct value value = *input;
    for (int i = 0; i < rank; i++) {
        const bool is_one = layout_dim(&value.layout, i) == 1;
        dim[i] = is_one ? times[i] : 1;
        grows |= dim[i] > 1;
        left -= dim[i] > 1;
    }
    for (int i = 0; i < rank; i++)
        if (times[i] > 1 && dim[i] == 1 && repeat(im, &value, i, times[i], --left || grows ? "part" : NULL, err))
            return -1;
    if (grows && dim[0] > 1)
        return import_refuse(im, err, "repeats the image");
    struct onnx_constant *zeros = grows ? constant_new(im, false, rank, dim, err) : NULL;
    if (grows && !zeros)
        return -1;
    if (zeros) {
        zeros->is_filled = true;
        const struct constant_step step = {"constant_add", NULL, zeros, 1, false};
        if (import_constant_step(im, &value, &step, &value, err))
            return -1;
    }
    return import_set_activation(im, node, 0, value.node, &value.layout, value.is_vector);
}

const struct import_op import_part_ops[] = {{"Slice", import_slice},
                                            {"Split", import_split},
                                            {"Gather", import_gather},
                                            {"Pad", import_pad},
                                            {"Tile", import_tile},
                                            {"SpaceToDepth", import_space_to_depth},
                                            {NULL, NULL}};
