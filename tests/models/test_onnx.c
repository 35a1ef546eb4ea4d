/*
 * tests/models/test_onnx.c - small ONNX files of several exporters against PyTorch: logits, gradients at the input and
 * at a layer, names; and what is refused. tests/golden/onnx_models.py, onnx_orders.py and onnx_parts.py make the files.
 */
#include "models/model.h"
#include "tests/golden.h"
#include "tests/models/onnx_bytes.h"
#include "tests/session_calls.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TOLERANCE 1e-4 /* of the largest value */

static struct model *open_model(const char *name, const struct model_spec *more)
{
    struct error err = {0};
    char path[128];
    snprintf(path, sizeof path, "tests/golden/onnx_models/%s.onnx", name);
    struct model_spec spec = more ? *more : (struct model_spec){0};
    spec.model = path;
    struct model *model = model_open(&spec, &err);
    if (!model)
        fail_msg("%s", err.text);
    model->path = NULL; /* it was this function's */
    return model;
}

static void check(const struct golden *golden, const char *name, const char *what, const float *values, size_t size)
{
    char key[96];
    snprintf(key, sizeof key, "%s/%s", name, what);
    golden_check(golden, key, values, size, TOLERANCE, 1e-7);
}

static float *floats(size_t size)
{
    float *values = calloc(size, sizeof *values);
    assert_non_null(values);
    return values;
}

/* Compares a file's network with its golden values, those of `values`; `layer` names the golden layer. */
static void compare(const char *values, const char *name, const char *layer, const char *kernels)
{
    struct error err = {0};
    struct golden *golden = golden_open(values);
    struct model *model = open_model(name, NULL);
    struct network *network = model_load(model, &layer, 1, kernels, &err);
    if (!network)
        fail_msg("%s: %s", name, err.text);
    struct session *session = session_create(network, 1, &err);
    assert_non_null(session);
    const size_t size = shape_size(network_input(network)), layer_size = shape_size(network_layer_shape(network, 0));
    const size_t outputs = (size_t)network_classes(network);
    float *x = floats(size), *logits = floats(outputs), *q = floats(outputs), *value = floats(layer_size);
    float *dx = floats(size), *gradient = floats(layer_size);
    golden_fill(x, size, 1);
    q[outputs / 2] = 1;
    session_base(session, x, logits, &value);
    check(golden, name, "logits", logits, outputs);
    assert_int_equal(run_gradient(session, SESSION_INPUT, x, q, logits, dx, &err), 0);
    check(golden, name, "input", dx, size);
    assert_int_equal(run_gradient(session, 0, value, q, logits, gradient, &err), 0);
    check(golden, name, layer, gradient, layer_size);
    free(x), free(logits), free(q), free(value), free(dx), free(gradient);
    session_free(session);
    network_free(network);
    model_close(model);
    golden_close(golden);
}

TEST(files_of_exporters_compute_what_pytorch_does)
{
    static const struct {
        const char *name, *layer;
    } cases[] = {{"residual", "layer1"},      {"activations_9", "body.9"}, {"activations_14", "body.9"},
                 {"shuffle_11", "branch"},    {"shuffle_13", "branch"},    {"norms_13", "stem"},
                 {"norms_17", "stem"},        {"flat_10", "conv"},         {"flat_13", "conv"},
                 {"gates_9", "relu"},         {"gates_13", "relu"},        {"gates_17", "relu"},
                 {"channels_last", "Mixed_1"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        compare("onnx_models", cases[i].name, cases[i].layer, "auto");
        compare("onnx_models", cases[i].name, cases[i].layer, "openblas");
    }
}

TEST(axes_may_have_any_order)
{
    compare("onnx_orders", "orders", "conv", "auto");
    compare("onnx_orders", "keras_flat", "conv2d", "auto");
}

TEST(values_are_joined_with_constants_and_along_new_axes)
{
    compare("onnx_parts", "joins_11", "stem", "auto");
    compare("onnx_parts", "joins_13", "stem", "auto");
    compare("onnx_parts", "constants", "largest", "auto");
}

TEST(values_are_repeated_and_have_powers_and_constants_as_first_factors)
{
    compare("onnx_parts", "repeats", "stem", "auto");
}

TEST(a_branch_is_chosen_by_its_condition)
{
    compare("onnx_parts", "branches", "chosen", "auto");
}

static const char *op_of(const struct model *model, const char *layer)
{
    struct error err = {0};
    const int node = graph_find(model->graph, layer, &err);
    if (node < 0)
        fail_msg("%s", err.text);
    return graph_node(model->graph, node).op;
}

static int count_of(const struct model *model, const char *op)
{
    int count = 0;
    for (int i = 0; i < graph_node_count(model->graph); i++)
        count += strcmp(graph_node(model->graph, i).op, op) == 0;
    return count;
}

TEST(layers_have_the_names_of_modules_nodes_and_values)
{
    struct model *model = open_model("residual", NULL);
    struct error err = {0};
    assert_string_equal(model->layer, "layer1");
    const int layer = graph_find(model->graph, "layer1", &err);
    assert_int_equal(graph_find(model->graph, "layer1[-1]", &err), layer);
    assert_int_equal(graph_find(model->graph, "layer1.1.relu_1", &err), layer);
    assert_int_equal(graph_find(model->graph, "/layer1/layer1.1/relu_1/Relu", &err), layer);
    assert_int_equal(graph_find(model->graph, "/layer1/layer1.1/relu_1/Relu_output_0", &err), layer);
    assert_string_equal(op_of(model, "layer1.0.conv2"), "conv2d");
    assert_string_equal(op_of(model, "layer1.0.Add"), "add");
    assert_int_equal(graph_find(model->graph, "relu_1", &err), -1); /* two nodes end in it */
    model_close(model);
    model = open_model("channels_last", NULL);
    assert_string_equal(op_of(model, "Mixed_1"), "concat");
    assert_string_equal(op_of(model, "model/conv2"), "constant_add");
    model_close(model);
}

TEST(nodes_that_mean_one_operator_become_one)
{
    static const struct {
        const char *name, *op;
        int count;
    } cases[] = {{"activations_9", "silu", 1},
                 {"activations_9", "hard_swish", 1},
                 {"activations_9", "gelu", 1},
                 {"activations_9", "scale_channels", 1},
                 {"activations_9", "mul", 0},
                 {"activations_14", "hard_swish", 1},
                 {"activations_14", "hard_sigmoid", 1},
                 {"shuffle_11", "channel_shuffle", 1},
                 {"shuffle_11", "reshape", 0},
                 {"norms_13", "layer_norm", 1},
                 {"norms_13", "gelu", 1},
                 {"norms_17", "layer_norm", 1},
                 {"channels_last", "linear", 1},
                 {"channels_last", "transpose_hw", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct model *model = open_model(cases[i].name, NULL);
        if (count_of(model, cases[i].op) != cases[i].count)
            fail_msg("%s has %d %s", cases[i].name, count_of(model, cases[i].op), cases[i].op);
        model_close(model);
    }
}

TEST(a_network_of_pooled_features_is_seen_as_one)
{
    struct error err = {0};
    struct model *model = open_model("residual", NULL);
    struct network *network = model_load(model, &model->layer, 1, NULL, &err);
    assert_non_null(network);
    assert_true(network_pooled_linear(network, 0));
    network_free(network);
    model_close(model);
}

TEST(a_probability_at_the_end_is_left_out_and_classes_have_names)
{
    struct model *model = open_model("channels_last", NULL);
    assert_int_equal(model->note_count, 1);
    assert_non_null(strstr(model->notes[0].text, "Softmax"));
    assert_int_equal(model->classes.count, 5);
    assert_string_equal(class_names_shown(&model->classes, 1), "bee");
    assert_string_equal(class_names_shown(&model->classes, 3), "d'oh");
    assert_int_equal(model->input.h, 16);
    model_close(model);
}

TEST(the_spec_chooses_an_output_and_the_size_that_a_file_leaves_open)
{
    struct model *model = open_model("two_outputs", &(struct model_spec){.output = "first"});
    assert_int_equal(model->outputs, 2);
    assert_int_equal(count_of(model, "relu"), 0);
    model_close(model);
    model = open_model("any_size", &(struct model_spec){.input = {.h = 6, .w = 9}});
    assert_int_equal(graph_node(model->graph, 0).shape.w, 9);
    model_close(model);
}

TEST(what_is_not_supported_is_refused_in_one_line_that_names_operator_and_node)
{
    static const struct {
        const char *name, *output;
        int side;
        const char *why;
    } cases[] = {
        {"resize", NULL, 0, "node \"up\", operator Resize: is not supported"},
        {"quantised", NULL, 0, "node \"q\", operator QuantizeLinear: is not supported"},
        {"attention", NULL, 0, "node \"scores\", operator MatMul: multiplies two activations"},
        {"branches_by_picture", NULL, 0, "node \"choice\", operator If: its condition depends on the values of"},
        {"maps", NULL, 0, "its output \"y\" is not one number for each class"},
        {"two_outputs", NULL, 0, "has several outputs, output must name one of them: \"first\", \"second\""},
        {"two_outputs", "third", 0, "has no output \"third\"; its outputs: \"first\", \"second\""},
        {"any_size", NULL, 0, "its input \"input\" has no fixed size"},
        {"two_outputs", "first", 8, "its input \"input\" has a side of 4, not 8"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error err = {0};
        char path[128], start[160];
        snprintf(path, sizeof path, "tests/golden/onnx_models/%s.onnx", cases[i].name);
        snprintf(start, sizeof start, "model \"%s\": ", path);
        const struct model_spec spec = {
            .model = path, .output = cases[i].output, .input = {.h = cases[i].side, .w = cases[i].side}};
        if (model_open(&spec, &err) || !strstr(err.text, cases[i].why) || strncmp(err.text, start, strlen(start)) != 0)
            fail_msg("%s: \"%s\" does not say \"%s\"", cases[i].name, err.text, cases[i].why);
    }
}

/* -- files that no exporter writes ---------------------------------------------------------------------------------- */

/* A value "x" of floats (1,2,2,2), as an input or an output of a graph. */
static void put_value(struct bytes *graph, uint32_t tag, const char *name)
{
    static struct bytes shape, tensor, type, value;
    shape.size = tensor.size = type.size = value.size = 0;
    for (int i = 0; i < 4; i++)
        put_bytes(&shape, 1 << 3 | BYTES, &(struct bytes){2, {1 << 3 | VARINT, i ? 2 : 1}});
    put_number(&tensor, 1 << 3 | VARINT, 1);
    put_bytes(&tensor, 2 << 3 | BYTES, &shape);
    put_bytes(&type, 1 << 3 | BYTES, &tensor);
    put_text(&value, 1 << 3 | BYTES, name);
    put_bytes(&value, 2 << 3 | BYTES, &type);
    put_bytes(graph, tag, &value);
}

static void put_integer_attribute(struct bytes *node, const char *name, uint64_t value)
{
    static struct bytes attribute;
    attribute.size = 0;
    put_text(&attribute, 1 << 3 | BYTES, name);
    put_number(&attribute, 3 << 3 | VARINT, value);
    put_number(&attribute, 20 << 3 | VARINT, 2);
    put_bytes(node, 5 << 3 | BYTES, &attribute);
}

/* Names of values; NULL ends a list. */
static void put_node(struct bytes *graph, const char *op, const char *const *inputs, const char *const *outputs)
{
    static struct bytes node;
    node.size = 0;
    for (; *inputs; inputs++)
        put_text(&node, 1 << 3 | BYTES, *inputs);
    for (; *outputs; outputs++)
        put_text(&node, 2 << 3 | BYTES, *outputs);
    put_text(&node, 4 << 3 | BYTES, op);
    if (strcmp(op, "GroupNormalization") == 0)
        put_integer_attribute(&node, "num_groups", 2);
    put_bytes(graph, GRAPH_NODE, &node);
}

/* The tensor "w", two floats or the integer 9. */
static void put_w(struct bytes *graph, bool is_integer)
{
    struct bytes *tensor = new_tensor((int64_t[]){2}, is_integer ? 0 : 1);
    if (is_integer) {
        put_number(tensor, TENSOR_TYPE, 7);
        put_bytes(tensor, TENSOR_INT64S, &(struct bytes){1, {9}});
    } else
        put_bytes(tensor, TENSOR_FLOATS, &(struct bytes){8, {0, 0, 128, 63, 0, 0, 128, 63}});
    put_bytes(graph, GRAPH_TENSOR, tensor);
}

/* A tensor of integers, one byte each. */
static void put_integers(struct bytes *graph, const char *name, const unsigned char *list, size_t count)
{
    static struct bytes tensor, data;
    tensor.size = data.size = 0;
    put(&data, list, count);
    put_number(&tensor, TENSOR_DIMS, count);
    put_number(&tensor, TENSOR_TYPE, 7);
    put_bytes(&tensor, TENSOR_INT64S, &data);
    put_text(&tensor, TENSOR_NAME, name);
    put_bytes(graph, GRAPH_TENSOR, &tensor);
}

static struct model *open_graph(const struct bytes *graph, struct error *err)
{
    char path[] = "/tmp/cambench-test-XXXXXX";
    const struct bytes *bytes = model_of_graph(graph);
    const int fd = mkstemp(path);
    assert_true(fd >= 0 && write(fd, bytes->data, bytes->size) == (ssize_t)bytes->size);
    close(fd);
    const struct model_spec spec = {.model = path, .input = {.channels = "rg"}};
    struct model *model = model_open(&spec, err);
    unlink(path);
    return model;
}

static void assert_graph_refused(const struct bytes *graph, const char *why)
{
    struct error err = {0};
    if (open_graph(graph, &err) || !strstr(err.text, why))
        fail_msg("\"%s\" does not say \"%s\"", err.text, why);
}

TEST(a_node_that_is_computed_from_the_shape_of_an_activation_reports_its_own_error)
{
    static struct bytes graph;
    graph.size = 0;
    put_value(&graph, GRAPH_INPUT, "x");
    put_value(&graph, 12 << 3 | BYTES, "y");
    put_w(&graph, true);
    put_node(&graph, "Relu", (const char *[]){"x", NULL}, (const char *[]){"z", NULL});
    put_node(&graph, "Shape", (const char *[]){"z", NULL}, (const char *[]){"sizes", NULL});
    put_node(&graph, "Gather", (const char *[]){"sizes", "w", NULL}, (const char *[]){"size", NULL});
    put_node(&graph, "Reshape", (const char *[]){"x", "size", NULL}, (const char *[]){"y", NULL});
    assert_graph_refused(&graph, "operator Gather: index 9 of an axis of size 4");
}

TEST(an_output_that_an_operator_does_not_have_is_refused)
{
    static const char *const ops[] = {"InstanceNormalization", "GroupNormalization", "PRelu"};
    static struct bytes graph;
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
        graph.size = 0;
        put_value(&graph, GRAPH_INPUT, "x");
        put_value(&graph, 12 << 3 | BYTES, "y");
        put_w(&graph, false);
        put_node(&graph, ops[i], (const char *[]){"x", "w", "w", NULL}, (const char *[]){"", "y", NULL});
        assert_graph_refused(&graph, "its output \"y\" does not depend on the input");
    }
}

TEST(a_choice_between_constants_needs_all_three)
{
    static struct bytes graph;
    graph.size = 0;
    put_value(&graph, GRAPH_INPUT, "x");
    put_value(&graph, 12 << 3 | BYTES, "y");
    put_w(&graph, true);
    put_node(&graph, "Where", (const char *[]){"w", "w", NULL}, (const char *[]){"size", NULL});
    put_node(&graph, "Reshape", (const char *[]){"x", "size", NULL}, (const char *[]){"y", NULL});
    assert_graph_refused(&graph, "operator Where: its input 2 is missing");
}

TEST(a_padding_value_that_is_not_a_constant_is_refused)
{
    static struct bytes graph;
    graph.size = 0;
    put_value(&graph, GRAPH_INPUT, "x");
    put_value(&graph, 12 << 3 | BYTES, "y");
    put_integers(&graph, "w", (const unsigned char[8]){0}, 8);
    put_node(&graph, "Pad", (const char *[]){"x", "w", "x", NULL}, (const char *[]){"y", NULL});
    assert_graph_refused(&graph, "operator Pad: its value must be a number");
}

/* A graph in which `op` has the input x, of the shape (1,2,2,2), and the tensor "w" of four integers, one byte each. */
static void put_graph_of_four(struct bytes *graph, const char *op, const unsigned char *four, bool w_is_first)
{
    graph->size = 0;
    put_value(graph, GRAPH_INPUT, "x");
    put_value(graph, 12 << 3 | BYTES, "y");
    put_integers(graph, "w", four, 4);
    put_node(graph, op, w_is_first ? (const char *[]){"w", "x", NULL} : (const char *[]){"x", "w", NULL},
             (const char *[]){"y", NULL});
}

TEST(copies_that_cannot_be_are_refused)
{
    static struct bytes graph;
    put_graph_of_four(&graph, "Tile", (const unsigned char[]){1, 1, 0, 1}, false);
    assert_graph_refused(&graph, "operator Tile: repeats axis 2 0 times");
    put_graph_of_four(&graph, "Tile", (const unsigned char[]){2, 1, 1, 1}, false);
    assert_graph_refused(&graph, "operator Tile: repeats the image");
    graph.size = 0;
    put_value(&graph, GRAPH_INPUT, "x");
    put_value(&graph, 12 << 3 | BYTES, "y");
    put_w(&graph, true);
    put_node(&graph, "Tile", (const char *[]){"x", "w", NULL}, (const char *[]){"y", NULL});
    assert_graph_refused(&graph, "operator Tile: it has 1 repeats for 4 axes");
}

TEST(a_first_factor_that_is_no_matrix_is_refused)
{
    static struct bytes graph;
    put_graph_of_four(&graph, "MatMul", (const unsigned char[]){1, 1, 1, 1}, true);
    assert_graph_refused(&graph, "operator MatMul: its inputs have 1 and 4 axes");
}

TEST(sizes_that_differ_are_refused_though_their_products_are_equal)
{
    static struct bytes graph;
    graph.size = 0;
    put_value(&graph, GRAPH_INPUT, "x");
    put_value(&graph, 12 << 3 | BYTES, "y");
    put_integers(&graph, "two_by_four", (const unsigned char[]){1, 1, 1, 2, 4}, 5);
    put_integers(&graph, "four_by_two", (const unsigned char[]){1, 1, 1, 4, 2}, 5);
    put_node(&graph, "Reshape", (const char *[]){"x", "two_by_four", NULL}, (const char *[]){"a", NULL});
    put_node(&graph, "Reshape", (const char *[]){"x", "four_by_two", NULL}, (const char *[]){"b", NULL});
    put_node(&graph, "Add", (const char *[]){"a", "b", NULL}, (const char *[]){"sum", NULL});
    put_node(&graph, "Flatten", (const char *[]){"sum", NULL}, (const char *[]){"y", NULL});
    assert_graph_refused(&graph, "operator Add: its inputs have the sizes 2 and 4 along axis 3");
}

TEST(an_expansion_to_more_axes_leaves_the_axes_of_its_input)
{
    static struct bytes graph;
    struct error err = {0};
    graph.size = 0;
    put_value(&graph, GRAPH_INPUT, "x");
    put_value(&graph, 12 << 3 | BYTES, "y");
    put_integers(&graph, "five", (const unsigned char[]){1, 1, 2, 2, 2}, 5);
    put_node(&graph, "Expand", (const char *[]){"x", "five", NULL}, (const char *[]){"larger", NULL});
    put_node(&graph, "Flatten", (const char *[]){"larger", NULL}, (const char *[]){"all", NULL});
    put_node(&graph, "ReduceMax", (const char *[]){"all", NULL}, (const char *[]){"largest", NULL});
    put_node(&graph, "GlobalMaxPool", (const char *[]){"x", NULL}, (const char *[]){"maxima", NULL});
    put_node(&graph, "Flatten", (const char *[]){"maxima", NULL}, (const char *[]){"row", NULL});
    put_node(&graph, "Add", (const char *[]){"row", "largest", NULL}, (const char *[]){"y", NULL});
    struct model *model = open_graph(&graph, &err);
    if (!model)
        fail_msg("%s", err.text);
    assert_int_equal(model->outputs, 2);
    model->path = NULL; /* it was open_graph()'s */
    model_close(model);
}

/* A node `If` with the two inner graphs alike: one node, whose result is the only output. */
static void put_choice(struct bytes *graph, const char *condition, const char *output)
{
    static const char *const names[] = {"then_branch", "else_branch"};
    static struct bytes node, attribute, branch;
    node.size = 0;
    put_text(&node, 1 << 3 | BYTES, condition);
    put_text(&node, 2 << 3 | BYTES, output);
    put_text(&node, 4 << 3 | BYTES, "If");
    for (int i = 0; i < 2; i++) {
        branch.size = attribute.size = 0;
        put_node(&branch, "Relu", (const char *[]){"x", NULL}, (const char *[]){"inner", NULL});
        put_value(&branch, 12 << 3 | BYTES, "inner");
        put_text(&attribute, 1 << 3 | BYTES, names[i]);
        put_bytes(&attribute, 6 << 3 | BYTES, &branch);
        put_number(&attribute, 20 << 3 | VARINT, 5);
        put_bytes(&node, 5 << 3 | BYTES, &attribute);
    }
    put_bytes(graph, GRAPH_NODE, &node);
}

TEST(a_choice_whose_condition_depends_on_itself_does_not_hang)
{
    static struct bytes graph;
    graph.size = 0;
    put_value(&graph, GRAPH_INPUT, "x");
    put_value(&graph, 12 << 3 | BYTES, "y");
    put_node(&graph, "Unknown", (const char *[]){"x", NULL}, (const char *[]){"y", NULL});
    put_node(&graph, "Identity", (const char *[]){"second", NULL}, (const char *[]){"first", NULL});
    put_node(&graph, "Identity", (const char *[]){"first", NULL}, (const char *[]){"second", NULL});
    put_choice(&graph, "first", "unused");
    assert_graph_refused(&graph, "operator Unknown: is not supported");
}
