/* models/onnx/arrange.c - adds the nodes that move values where an operator cannot read a layout as it is. */
#include "models/onnx/importer.h"

#include <string.h>

/* The factors of each axis that an arrangement wants, and of the axes C, H and W one after the other. */
struct target {
    int count[AXIS_COUNT], list[AXIS_COUNT][FACTORS_MAX];
    int all[FACTORS_MAX], all_count;
    int64_t size[AXIS_COUNT];
};

static void find_target(const struct layout *layout, const enum axis *axes, struct target *target)
{
    *target = (struct target){.size = {1, 1, 1, 1}};
    for (enum axis axis = AXIS_BATCH; axis < AXIS_COUNT; axis++)
        for (int i = 0; i < layout->rank; i++)
            for (int k = layout->first[i]; axes[i] == axis && k < layout->first[i + 1]; k++) {
                target->list[axis][target->count[axis]++] = layout->order[k];
                target->size[axis] *= layout->factor[layout->order[k]].size;
                if (axis != AXIS_BATCH)
                    target->all[target->all_count++] = layout->order[k];
            }
}

static bool batch_stays(const struct layout *layout, const struct target *target)
{
    int count = 0;
    for (int i = 0; i < target->count[AXIS_BATCH]; i++)
        count += layout->factor[target->list[AXIS_BATCH][i]].axis == AXIS_BATCH;
    for (int i = 0; i < layout->count; i++)
        count -= layout->factor[i].axis == AXIS_BATCH;
    return count == 0 && target->count[AXIS_BATCH] + target->all_count == layout->count &&
           (target->count[AXIS_BATCH] == 0 || layout->factor[target->list[AXIS_BATCH][0]].axis == AXIS_BATCH);
}

static bool is_increasing(const int *list, int count)
{
    for (int i = 1; i < count; i++)
        if (list[i] != list[i - 1] + 1)
            return false;
    return true;
}

/* Whether the list consists of the factors of these axes, in this order. */
static bool is_sequence(const struct layout *layout, const int *list, int count, const enum axis *axes, int axis_count)
{
    int at = 0;
    for (int a = 0; a < axis_count; a++)
        for (int i = 0; i < layout->count; i++)
            if (layout->factor[i].axis == axes[a] && (at == count || list[at++] != i))
                return false;
    return at == count;
}

/* The channels of the result are those of the value with a major part and the rest exchanged: the size of the part. */
static int64_t shuffled(const struct layout *layout, const struct target *target)
{
    const int *list = target->list[AXIS_C], count = target->count[AXIS_C];
    int64_t groups = 1;
    int cut = 1;
    while (cut < count && list[cut] == list[cut - 1] + 1)
        cut++;
    for (int i = cut; i < count; i++)
        groups *= layout->factor[list[i]].size;
    const bool is_rotation = cut < count && is_increasing(list + cut, count - cut) && list[count - 1] + 1 == list[0];
    for (enum axis axis = AXIS_C; axis < AXIS_COUNT; axis++)
        if (!is_sequence(layout, list, count, (enum axis[]){AXIS_C}, 1) && axis != AXIS_C &&
            !is_sequence(layout, target->list[axis], target->count[axis], &axis, 1))
            return 0;
    for (int i = 0; i < count; i++)
        if (layout->factor[list[i]].axis != AXIS_C)
            return 0;
    return is_rotation ? groups : 0;
}

static bool choose(const struct layout *layout, const struct target *target, struct emission *emission)
{
    static const enum axis chw[] = {AXIS_C, AXIS_H, AXIS_W}, hwc[] = {AXIS_H, AXIS_W, AXIS_C};
    const bool is_flat = target->count[AXIS_C] == target->all_count;
    const int64_t groups = shuffled(layout, target);
    if (groups) {
        emission->op = "channel_shuffle";
        emission->set[0] = (struct setting){"groups", (double)groups};
    } else if (is_flat && is_sequence(layout, target->all, target->all_count, chw, 3))
        emission->op = "flatten";
    else if (is_flat && is_sequence(layout, target->all, target->all_count, hwc, 3))
        emission->op = "flatten_hwc";
    else if (is_sequence(layout, target->all, target->all_count, chw, 3)) {
        emission->op = "reshape";
        emission->set[0] = (struct setting){"c", (double)target->size[AXIS_C]};
        emission->set[1] = (struct setting){"h", (double)target->size[AXIS_H]};
        emission->set[2] = (struct setting){"w", (double)target->size[AXIS_W]};
    } else if (is_sequence(layout, target->list[AXIS_C], target->count[AXIS_C], chw, 1) &&
               is_sequence(layout, target->list[AXIS_H], target->count[AXIS_H], &chw[2], 1) &&
               is_sequence(layout, target->list[AXIS_W], target->count[AXIS_W], &chw[1], 1))
        emission->op = "transpose_hw";
    return emission->op != NULL;
}

/* The value read in (C,h,w) order as one of this shape. */
static int read_as(struct importer *im, int node, int64_t c, int64_t h, int64_t w, struct error *err)
{
    if (node < 0)
        return node;
    const struct shape shape = graph_node(im->graph, node).shape;
    const struct emission emission = {.op = "reshape",
                                      .suffix = "part",
                                      .count = 1,
                                      .inputs = {node},
                                      .set = {{"c", (double)c}, {"h", (double)h}, {"w", (double)w}}};
    return shape.c == c && shape.h == h && shape.w == w ? node : import_emit(im, &emission, err);
}

static int move(struct importer *im, int node, const char *op, int64_t groups, struct error *err)
{
    struct emission emission = {.op = op, .suffix = "part", .count = 1, .inputs = {node}};
    if (groups)
        emission.set[0] = (struct setting){"groups", (double)groups};
    return node < 0 ? -1 : import_emit(im, &emission, err);
}

/* Values in the order of axes of the sizes (before, a, b, after), written in that of (before, b, a, after). */
static int exchange(struct importer *im, int node, int64_t before, int64_t a, int64_t b, int64_t after,
                    struct error *err)
{
    if (before == 1)
        return move(im, read_as(im, node, a * b, after, 1, err), "channel_shuffle", a, err);
    if (after == 1)
        return move(im, read_as(im, node, before, a, b, err), "transpose_hw", 0, err);
    node = move(im, read_as(im, node, before, a * b, after, err), "flatten_hwc", 0, err); /* (a, b, after, before) */
    node = move(im, read_as(im, node, a * b, after * before, 1, err), "channel_shuffle", a, err);
    return move(im, read_as(im, node, b * a * after, before, 1, err), "flatten_hwc", 0, err);
}

static int64_t product(const struct layout *layout, const int *list, int count)
{
    int64_t size = 1;
    for (int i = 0; i < count; i++)
        size *= layout->factor[list[i]].size;
    return size;
}

/* Any order: takes the factors to their places one after the other, with those that stay behind them. */
static int permute(struct importer *im, const struct value *value, const struct target *target, struct error *err)
{
    const struct layout *layout = &value->layout;
    const int *wanted = target->all, count = target->all_count;
    int now[FACTORS_MAX] = {0}, moved[FACTORS_MAX], used = 0, node = value->node;
    for (int i = 0; i < layout->count; i++)
        if (layout->factor[i].axis != AXIS_BATCH)
            now[used++] = i;
    for (int i = 0, length; i < count; i += length) {
        int from = i;
        while (now[from] != wanted[i])
            from++;
        for (length = 1; from + length < count && now[from + length] == wanted[i + length];)
            length++;
        if (from > i)
            node = exchange(im, node, product(layout, now, i), product(layout, now + i, from - i),
                            product(layout, now + from, length),
                            product(layout, now + from + length, count - from - length), err);
        memcpy(moved, now + from, (size_t)length * sizeof *now);
        memmove(now + i + length, now + i, (size_t)(from - i) * sizeof *now);
        memcpy(now + i, moved, (size_t)length * sizeof *now);
    }
    if (target->count[AXIS_C] == count)
        return move(im, node, "flatten", 0, err);
    return read_as(im, node, target->size[AXIS_C], target->size[AXIS_H], target->size[AXIS_W], err);
}

int import_arrange(struct importer *im, struct value *value, const enum axis *axes, struct error *err)
{
    struct target target;
    if (layout_is(&value->layout, axes))
        return 0;
    struct emission emission = {.count = 1, .inputs = {value->node}};
    find_target(&value->layout, axes, &target);
    const int at = im->at;
    if (!batch_stays(&value->layout, &target))
        return import_refuse(im, err, "mixes the images of a batch");
    im->at = value->laid_by;
    value->node =
        choose(&value->layout, &target, &emission) ? import_emit(im, &emission, err) : permute(im, value, &target, err);
    im->at = at;
    if (value->node < 0)
        return -1;
    value->is_vector = target.count[AXIS_C] == target.all_count;
    /* several axes of ONNX may be in one of the engine: the order of their factors is then the engine's */
    struct layout arranged = {.rank = value->layout.rank};
    int place[FACTORS_MAX] = {0};
    for (enum axis axis = AXIS_BATCH; axis < AXIS_COUNT; axis++)
        for (int i = 0; i < target.count[axis]; i++) {
            place[target.list[axis][i]] = arranged.count;
            arranged.factor[arranged.count].axis = axis;
            arranged.factor[arranged.count++].size = value->layout.factor[target.list[axis][i]].size;
        }
    memcpy(arranged.first, value->layout.first, sizeof arranged.first);
    for (int i = 0; i < value->layout.count; i++)
        arranged.order[i] = place[value->layout.order[i]];
    value->layout = arranged;
    return 0;
}

int import_planes(struct importer *im, struct value *value, struct error *err)
{
    static const enum axis axes[] = {AXIS_BATCH, AXIS_C, AXIS_H, AXIS_W};
    if (value->layout.rank != 3 && value->layout.rank != 4)
        return import_refuse(im, err, "its input has %d axes, 4 are supported", value->layout.rank);
    return import_arrange(im, value, axes, err);
}

/* The arrangement in which each axis stays where most of it is, as far as each has an axis of its own. */
static int natural(struct importer *im, const struct value *value, enum axis *axes, struct error *err)
{
    const struct layout *layout = &value->layout;
    bool is_taken[AXIS_COUNT] = {false}, is_one, is_kept = true;
    for (int i = 0; i < layout->rank; i++) {
        axes[i] = layout_axis(layout, i, &is_one);
        if (is_one)
            continue;
        is_kept &= axes[i] != AXIS_COUNT;
        if (axes[i] != AXIS_COUNT)
            is_taken[axes[i]] = true;
    }
    if (!is_kept && layout->rank > 4)
        return import_refuse(im, err, "its input has %d axes, 4 are supported", layout->rank);
    if (!is_kept)
        layout_usual(layout, axes);
    for (int i = 0; i < layout->rank; i++) {
        if (axes[i] == AXIS_COUNT) { /* of size 1 */
            enum axis free = AXIS_C;
            while (free < AXIS_COUNT && is_taken[free])
                free++;
            axes[i] = i == 0 || free == AXIS_COUNT ? AXIS_BATCH : free;
            is_taken[axes[i]] = true;
        }
    }
    return 0;
}

int import_plain_axes(struct importer *im, struct value *value, enum axis *axes, struct error *err)
{
    return status_of(natural(im, value, axes, err) || import_arrange(im, value, axes, err));
}

int import_plain_axis(struct importer *im, struct value *value, int axis, enum axis *out, struct error *err)
{
    enum axis axes[ONNX_RANK_MAX];
    if (import_plain_axes(im, value, axes, err))
        return -1;
    *out = axes[axis];
    return 0;
}

int import_as_channels(struct importer *im, struct value *value, int axis, struct error *err)
{
    const int rank = value->layout.rank;
    enum axis axes[4], next;
    bool is_one;
    if (layout_axis(&value->layout, axis, &is_one) == AXIS_C)
        return 0;
    if (rank > 4)
        return import_refuse(im, err, "its input has %d axes, 4 are supported", rank);
    layout_usual(&value->layout, axes);
    next = AXIS_H;
    for (int i = 0; i < rank; i++)
        if (axes[i] != AXIS_BATCH || i == axis)
            axes[i] = i == axis ? AXIS_C : next++;
    return import_arrange(im, value, axes, err);
}

int import_view(struct importer *im, const struct value *value, int axis, int count, struct value *view,
                struct error *err)
{
    int64_t own[ONNX_RANK_MAX], dim[] = {im->batch, 1, 1, 1};
    layout_dims(&value->layout, own);
    const bool has_images = im->batch == 1 || (axis > 0 && own[0] == im->batch);
    for (int d = im->batch == 1 ? 0 : 1; d < value->layout.rank; d++)
        dim[d < axis ? 1 : d < axis + count ? 2 : 3] *= own[d];
    *view = *value;
    return has_images && layout_reshape(&view->layout, 4, dim) == 0
               ? 0
               : import_refuse(im, err, "its input has axes in an order that is not supported");
}

int import_vector(struct importer *im, struct value *value, struct error *err)
{
    static const enum axis axes[] = {AXIS_BATCH, AXIS_C};
    if (value->layout.rank != 2)
        return import_refuse(im, err, "its input has %d axes, 2 are supported", value->layout.rank);
    if (import_arrange(im, value, axes, err))
        return -1;
    if (value->is_vector)
        return 0;
    const int at = im->at;
    im->at = value->laid_by;
    value->node = import_emit(im, &(struct emission){.op = "flatten", .count = 1, .inputs = {value->node}}, err);
    im->at = at;
    value->is_vector = true;
    return value->node < 0 ? -1 : 0;
}
