/* models/onnx/ops_window.c - convolutions and pools. */
#include "models/onnx/pattern.h"

#include <string.h>

/* A window's movement along the rows (0) and columns (1). */
struct window {
    int64_t kernel[2], stride[2], dilation[2], before[2], after[2];
};

static const enum axis plane_axes[] = {AXIS_BATCH, AXIS_C, AXIS_H, AXIS_W};

/* A list with a number for each of `rank` axes; for one axis, the columns are `otherwise`. */
static int read_pairs(struct importer *im, const struct onnx_node *node, const char *name, int rank, int64_t otherwise,
                      int64_t out[2], struct error *err)
{
    int64_t list[2];
    const int count = import_list(im, node, name, -1, list, 2, err);
    out[0] = out[1] = otherwise;
    if (count == -2 || count == -1)
        return count == -1 ? 0 : -1;
    if (count != rank)
        return import_refuse(im, err, "%s has %d numbers, its input %d axes", name, count, rank + 2);
    for (int i = 0; i < count; i++) {
        if (list[i] < 1 || list[i] > 1 << 15)
            return import_refuse(im, err, "%s is %lld", name, (long long)list[i]);
        out[i] = list[i];
    }
    return 0;
}

/* Padding by which the result has ceil(size / stride) positions. */
static void pad_same(struct window *window, const int64_t size[2], bool more_before)
{
    for (int i = 0; i < 2; i++) {
        const int64_t count = (size[i] + window->stride[i] - 1) / window->stride[i];
        const int64_t span = (count - 1) * window->stride[i] + (window->kernel[i] - 1) * window->dilation[i] + 1;
        const int64_t pad = span > size[i] ? span - size[i] : 0;
        window->before[i] = more_before ? pad - pad / 2 : pad / 2;
        window->after[i] = pad - window->before[i];
    }
}

static int read_padding(struct importer *im, const struct onnx_node *node, int rank, const int64_t size[2],
                        struct window *window, struct error *err)
{
    const char *mode = import_text(node, "auto_pad", "NOTSET");
    int64_t pads[4];
    if (strcmp(mode, "SAME_UPPER") == 0 || strcmp(mode, "SAME_LOWER") == 0) {
        pad_same(window, size, mode[5] == 'L');
        return 0;
    }
    if (strcmp(mode, "NOTSET") != 0 && strcmp(mode, "VALID") != 0)
        return import_refuse(im, err, "auto_pad is \"%.50s\"", mode);
    const int count = mode[0] == 'V' ? -1 : import_list(im, node, "pads", -1, pads, 4, err);
    if (count == -2)
        return -1;
    if (count >= 0 && count != 2 * rank)
        return import_refuse(im, err, "pads has %d numbers, its input %d axes", count, rank + 2);
    for (int i = 0; i < rank && count > 0; i++) {
        window->before[i] = pads[i];
        window->after[i] = pads[rank + i];
        if (pads[i] < 0 || pads[rank + i] < 0 || pads[i] > 1 << 15 || pads[rank + i] > 1 << 15)
            return import_refuse(im, err, "pads has %lld", (long long)(pads[i] ? pads[i] : pads[rank + i]));
    }
    return 0;
}

/* Adds the padding of a Pad before this node, which a pattern has found. */
static void add_padding(const struct importer *im, struct window *window)
{
    const struct pattern_match *match = im->match[im->at];
    for (int i = 0; i < 2 && match; i++) {
        window->before[i] += (int64_t)match->numbers[i];
        window->after[i] += (int64_t)match->numbers[2 + i];
    }
}

/* `kernel`: of a convolution's weight; NULL: kernel_shape must be given. */
static int read_window(struct importer *im, const struct onnx_node *node, const struct value *value,
                       const int64_t *kernel, struct window *window, struct error *err)
{
    const int rank = value->layout.rank - 2;
    const int64_t size[2] = {layout_dim(&value->layout, 2), rank > 1 ? layout_dim(&value->layout, 3) : 1};
    *window = (struct window){0};
    if (!kernel && !onnx_attribute(node, "kernel_shape"))
        return import_refuse(im, err, "kernel_shape is missing");
    if (read_pairs(im, node, "kernel_shape", rank, 1, window->kernel, err) ||
        read_pairs(im, node, "strides", rank, 1, window->stride, err) ||
        read_pairs(im, node, "dilations", rank, 1, window->dilation, err))
        return -1;
    for (int i = 0; i < 2 && kernel; i++) {
        const int64_t own = i < rank ? kernel[i] : 1;
        if (onnx_attribute(node, "kernel_shape") && window->kernel[i] != own)
            return import_refuse(im, err, "kernel_shape and the weight do not agree");
        window->kernel[i] = own;
    }
    if (read_padding(im, node, rank, size, window, err))
        return -1;
    add_padding(im, window);
    return 0;
}

static void set_window(struct emission *emission, const struct window *window, bool has_dilation)
{
    const struct setting settings[] = {
        {"kernel", (double)window->kernel[0]},     {"kernel_w", (double)window->kernel[1]},
        {"stride", (double)window->stride[0]},     {"stride_w", (double)window->stride[1]},
        {"pad_top", (double)window->before[0]},    {"pad_left", (double)window->before[1]},
        {"pad_bottom", (double)window->after[0]},  {"pad_right", (double)window->after[1]},
        {"dilation", (double)window->dilation[0]}, {"dilation_w", (double)window->dilation[1]}};
    memcpy(emission->set, settings, sizeof settings - (has_dilation ? 0 : 2 * sizeof *settings));
}

static void append(struct emission *emission, const char *name, double number)
{
    int at = 0;
    while (emission->set[at].name)
        at++;
    emission->set[at] = (struct setting){name, number};
}

int import_set_planes(struct importer *im, const struct onnx_node *node, int graph_node_index, int rank)
{
    struct layout layout;
    const struct shape shape = graph_node(im->graph, graph_node_index).shape;
    const int64_t dim[] = {im->batch, shape.c, shape.h, shape.w};
    layout_init(&layout, rank, plane_axes, dim);
    return import_set_activation(im, node, 0, graph_node_index, &layout, false);
}

/* -- convolution ---------------------------------------------------------------------------------------------------- */

static int import_conv(struct importer *im, const struct onnx_node *node, struct error *err)
{
    struct window window;
    struct value *value = pattern_input(im, node, 0, err);
    const struct onnx_constant *weight = value ? import_constant(im, node, 1, err) : NULL;
    const struct onnx_constant *bias = import_input(im, node, 2) ? import_constant(im, node, 2, err) : NULL;
    if (!weight || (!bias && import_input(im, node, 2)) || import_planes(im, value, err))
        return -1;
    const int rank = value->layout.rank;
    const int64_t groups = import_int(node, "group", 1);
    if (weight->rank != rank)
        return import_refuse(im, err, "its weight has %d axes, its input %d", weight->rank, rank);
    const int64_t channels = layout_dim(&value->layout, 1);
    if (groups < 1 || channels % groups != 0 || weight->dim[1] != channels / groups || weight->dim[0] < 1)
        return import_refuse(im, err, "its weight is for %lld groups of %lld channels, its input has %lld channels",
                             (long long)groups, (long long)weight->dim[1], (long long)channels);
    if (read_window(im, node, value, weight->dim + 2, &window, err))
        return -1;
    struct emission emission = {.op = "conv2d", .count = 1, .inputs = {value->node}};
    set_window(&emission, &window, true);
    append(&emission, "out", (double)weight->dim[0]);
    append(&emission, "groups", (double)groups);
    append(&emission, "bias", bias != NULL);
    const int added = import_emit(im, &emission, err);
    const int dim[] = {(int)weight->dim[0], (int)weight->dim[1], (int)window.kernel[0], (int)window.kernel[1]};
    if (added < 0 || import_give_all(im, added, "weight", weight, 4, dim, err) ||
        (bias && import_give_all(im, added, "bias", bias, 1, dim, err)))
        return -1;
    return import_set_planes(im, node, added, rank);
}

/* -- pools ---------------------------------------------------------------------------------------------------------- */

static int import_max_pool(struct importer *im, const struct onnx_node *node, struct error *err)
{
    struct window window;
    struct value *value = import_activation(im, node, 0, err);
    if (!value || import_planes(im, value, err) || read_window(im, node, value, NULL, &window, err))
        return -1;
    struct emission emission = {.op = "max_pool", .count = 1, .inputs = {value->node}};
    const bool is_dilated = window.dilation[0] != 1 || window.dilation[1] != 1;
    set_window(&emission, &window, is_dilated);
    append(&emission, "ceil_mode", (double)import_int(node, "ceil_mode", 0));
    const int added = import_emit(im, &emission, err);
    return added < 0 ? -1 : import_set_planes(im, node, added, value->layout.rank);
}

static int give_mean(struct importer *im, const struct onnx_node *node, const struct value *value, struct error *err)
{
    const struct emission emission = {
        .op = "adaptive_avg_pool", .count = 1, .inputs = {value->node}, .set = {{"h", 1}, {"w", 1}}};
    const int added = import_emit(im, &emission, err);
    return added < 0 ? -1 : import_set_planes(im, node, added, value->layout.rank);
}

/* Writes the window of a pool along axis 2 of (N,A,B,h,w). */
static int read_deep_window(struct importer *im, const struct onnx_node *node, struct window *window, struct error *err)
{
    int64_t kernel[3] = {0}, stride[3] = {1, 1, 1}, pads[6] = {0};
    if (import_list(im, node, "kernel_shape", -1, kernel, 3, err) == -2 ||
        import_list(im, node, "strides", -1, stride, 3, err) == -2 ||
        import_list(im, node, "pads", -1, pads, 6, err) == -2)
        return -1;
    *window = (struct window){.kernel = {kernel[0], 1},
                              .stride = {stride[0], 1},
                              .dilation = {1, 1},
                              .before = {pads[0], 0},
                              .after = {pads[3], 0}};
    if (kernel[0] < 1 || kernel[1] != 1 || kernel[2] != 1 || stride[0] < 1 || stride[1] != 1 || stride[2] != 1 ||
        pads[0] < 0 || pads[1] || pads[2] || pads[3] < 0 || pads[4] || pads[5] || import_int(node, "ceil_mode", 0) ||
        strcmp(import_text(node, "auto_pad", "NOTSET"), "NOTSET") != 0)
        return import_refuse(im, err, "its input has 5 axes, of which only the third can be pooled");
    return 0;
}

/* The pool of an input (N,A,B,h,w) along B, as in PyTorch's local response norm: (N,A,B,h*w) is pooled along its rows. */
static int import_deep_avg_pool(struct importer *im, const struct onnx_node *node, struct value *value,
                                struct error *err)
{
    struct window window;
    int64_t dim[5];
    if (read_deep_window(im, node, &window, err))
        return -1;
    layout_dims(&value->layout, dim);
    struct value flat = *value;
    if (layout_reshape(&flat.layout, 4, (int64_t[]){dim[0], dim[1], dim[2], dim[3] * dim[4]}))
        return import_refuse(im, err, "its input has axes in an order that is not supported");
    if (import_planes(im, &flat, err))
        return -1;
    struct emission emission = {.op = "avg_pool", .count = 1, .inputs = {flat.node}};
    set_window(&emission, &window, false);
    append(&emission, "count_exclude_padding", !import_int(node, "count_include_pad", 0));
    const int added = import_emit(im, &emission, err);
    if (added < 0)
        return -1;
    struct layout layout;
    dim[2] = graph_node(im->graph, added).shape.h;
    layout_init(&layout, 4, plane_axes, (int64_t[]){dim[0], dim[1], dim[2], dim[3] * dim[4]});
    if (layout_reshape(&layout, 5, dim))
        return import_refuse(im, err, "its result has axes in an order that is not supported");
    return import_set_activation(im, node, 0, added, &layout, false);
}

static int import_avg_pool(struct importer *im, const struct onnx_node *node, struct error *err)
{
    struct window window;
    struct value *value = pattern_input(im, node, 0, err);
    if (value && value->layout.rank == 5 && !im->match[im->at])
        return import_deep_avg_pool(im, node, value, err);
    if (!value || import_planes(im, value, err) || read_window(im, node, value, NULL, &window, err))
        return -1;
    const struct shape in = graph_node(im->graph, value->node).shape;
    const bool has_padding = window.before[0] || window.before[1] || window.after[0] || window.after[1];
    if (!has_padding && window.kernel[0] == in.h && window.kernel[1] == in.w)
        return give_mean(im, node, value, err);
    const bool is_dilated = window.dilation[0] != 1 || window.dilation[1] != 1;
    const bool counts_padding = import_int(node, "count_include_pad", 0) || im->match[im->at];
    struct emission emission = {.op = "avg_pool", .count = 1, .inputs = {value->node}};
    set_window(&emission, &window, is_dilated);
    append(&emission, "ceil_mode", (double)import_int(node, "ceil_mode", 0));
    append(&emission, "count_exclude_padding", !counts_padding);
    const int added = import_emit(im, &emission, err);
    return added < 0 ? -1 : import_set_planes(im, node, added, value->layout.rank);
}

static int import_global_avg_pool(struct importer *im, const struct onnx_node *node, struct error *err)
{
    struct value *value = import_activation(im, node, 0, err);
    return !value || import_planes(im, value, err) ? -1 : give_mean(im, node, value, err);
}

static int import_global_max_pool(struct importer *im, const struct onnx_node *node, struct error *err)
{
    struct value *value = import_activation(im, node, 0, err);
    if (!value || import_planes(im, value, err))
        return -1;
    const struct emission emission = {
        .op = "reduce_max", .count = 1, .inputs = {value->node}, .set = {{"h", 1}, {"w", 1}}};
    const int added = import_emit(im, &emission, err);
    return added < 0 ? -1 : import_set_planes(im, node, added, value->layout.rank);
}

static int import_lrn(struct importer *im, const struct onnx_node *node, struct error *err)
{
    struct value *value = import_activation(im, node, 0, err);
    if (!value || import_planes(im, value, err))
        return -1;
    const struct emission emission = {.op = "lrn",
                                      .set = {{"size", (double)import_int(node, "size", 0)},
                                              {"wider_after", true},
                                              {"alpha", import_float(node, "alpha", 0.0001)},
                                              {"beta", import_float(node, "beta", 0.75)},
                                              {"bias", import_float(node, "bias", 1)}}};
    return import_unary(im, node, value, &emission, err);
}

const struct import_op import_window_ops[] = {{"Conv", import_conv},
                                              {"MaxPool", import_max_pool},
                                              {"AveragePool", import_avg_pool},
                                              {"GlobalAveragePool", import_global_avg_pool},
                                              {"GlobalMaxPool", import_global_max_pool},
                                              {"LRN", import_lrn},
                                              {NULL, NULL}};
