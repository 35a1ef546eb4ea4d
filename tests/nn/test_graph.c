/* tests/nn/test_graph.c - graphs as readers of foreign files build them: any names, any output, one constructor. */
#include "base/error.h"
#include "base/param.h"
#include "nn/nn.h"
#include "nn/ops.h"
#include "tests/golden.h"
#include "tests/golden_weights.h"
#include "tests/test.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define INPUT ((struct shape){3, 5, 5})

static struct network *make(struct graph *graph, const char *const *layers, int count)
{
    struct error err = {0};
    struct weights weights;
    if (graph_finish(graph, &err))
        fail_msg("%s", err.text);
    golden_weights(graph, &weights);
    struct network *network = network_create(graph, &weights, layers, count, &err);
    if (!network)
        fail_msg("%s", err.text);
    golden_weights_release(&weights);
    return network;
}

TEST(names_are_free_text)
{
    static const char conv[] = "features|0/conv: first", alias[] = "block \"1\"|a name of more than ninety-six bytes "
                                                                   "that an exporter has put together from many scopes";
    struct error err = {0};
    struct graph *graph = graph_create();
    int x = graph_input(graph, "x:0", INPUT);
    x = graph_conv2d(graph, conv, x, (struct conv2d){.out = 4, .kernel = 3, .bias = true});
    graph_alias(graph, alias, x);
    graph_alias(graph, "again", x);
    x = graph_linear(graph, "y", graph_flatten(graph, "/Flatten", x), 2, true);
    assert_string_equal(graph_parameter(graph, 0).name, "features|0/conv: first.weight");
    struct network *network = make(graph, (const char *[]){alias, conv}, 2);
    assert_int_equal(graph_find(graph, alias, &err), graph_find(graph, conv, &err));
    assert_int_equal(graph_find(graph, "again", &err), graph_find(graph, conv, &err));
    assert_int_equal(network_find_layer(network, alias), 0);
    network_free(network);
    graph_free(graph);
}

TEST(a_layer_is_found_by_the_end_of_its_name_if_no_other_ends_so)
{
    struct error err = {0};
    struct graph *graph = graph_create();
    int x = graph_input(graph, "x", INPUT);
    x = graph_relu(graph, "model/Mixed_7b/relu", x);
    x = graph_alias(graph, "model/Mixed_7b", x);
    x = graph_relu(graph, "model/Mixed_7c/relu", x);
    graph_alias(graph, "model/Mixed_7c", x);
    assert_int_equal(graph_find(graph, "Mixed_7c", &err), 2);
    assert_int_equal(graph_find(graph, "Mixed_7b/relu", &err), 1);
    assert_int_equal(graph_find(graph, "relu", &err), -1);   /* two end in it */
    assert_int_equal(graph_find(graph, "xed_7c", &err), -1); /* not a whole word */
    assert_non_null(strstr(err.text, "unknown layer \"xed_7c\""));
    graph_free(graph);
}

TEST(the_output_need_not_be_the_last_node)
{
    struct graph *graph = graph_create();
    const int x = graph_input(graph, "x", INPUT), flat = graph_flatten(graph, "flat", x);
    const int logits = graph_linear(graph, "logits", flat, 2, true);
    graph_linear(graph, "auxiliary", flat, 7, true);
    graph_output(graph, logits);
    struct network *network = make(graph, (const char *[]){"x"}, 1);
    assert_int_equal(network_classes(network), 2);
    assert_int_equal(network_step_count(network), 2); /* what the output does not need is left out */
    network_free(network);
    graph_free(graph);
}

TEST(one_constructor_adds_every_operator_by_name)
{
    struct error err = {0};
    struct graph *graph = graph_create();
    const struct op *conv = op_find("conv2d");
    size_t size;
    const struct param *rows = op_attributes(conv, &size);
    assert_int_equal(size, sizeof(struct conv2d));
    struct conv2d attributes = {0};
    param_defaults(rows, &attributes);
    assert_int_equal(param_parse(param_find(rows, "out"), "6", &attributes, &err), 0);
    assert_int_equal(param_parse(param_find(rows, "pad_bottom"), "2", &attributes, &err), 0);
    const int x = graph_add(graph, op_find("input"), "x", NULL, 0, &INPUT, &err);
    const int y = graph_add(graph, conv, "y", &x, 1, &attributes, &err);
    const struct shape shape = graph_node(graph, y).shape;
    assert_int_equal(shape.c, 6);
    assert_int_equal(shape.h, 7);
    assert_int_equal(shape.w, 5);
    graph_free(graph);
}

TEST(wrong_inputs_are_errors_that_name_the_layer)
{
    struct error err = {0};
    struct graph *graph = graph_create();
    const int x = graph_input(graph, "x", INPUT);
    assert_int_equal(graph_add(graph, op_find("add"), "sum", &x, 1, NULL, &err), -1);
    assert_string_equal(err.text, "layer \"sum\": the operator takes another number of inputs");
    graph_free(graph);
    graph = graph_create();
    assert_int_equal(graph_add(graph, op_find("relu"), "r", (const int[]){5}, 1, NULL, &err), -1);
    assert_string_equal(err.text, "layer \"r\": its input is not a node of this graph");
    assert_null(op_find("no such operator"));
    graph_free(graph);
}
