/* tests/nn/test_engine_errors.c - errors of weights, layers and graphs name what is wrong. */
#include "tests/nn/engine_fixture.h"

/* -- names and errors ---------------------------------------------------------------------------------------------- */

static void assert_says(const struct error *err, const char *word)
{
    if (!strstr(err->text, word))
        fail_msg("\"%s\" does not say \"%s\"", err->text, word);
}

TEST(layers_are_found_by_name_and_alias)
{
    static const char *const names[2] = {"features", "block"};
    struct network *network = make_network(mixed_graph(), names, 2);
    assert_int_equal(network_layer_count(network), 2);
    assert_int_equal(network_find_layer(network, "block"), 1);
    assert_int_equal(network_find_layer(network, "features"), 0);
    assert_int_equal(network_find_layer(network, "stem"), -1);
    assert_string_equal(network_layer_name(network, 0), "features");
    const struct shape shape = network_layer_shape(network, 0);
    assert_int_equal(shape.c, 24);
    assert_int_equal(shape.h, 8);
    assert_int_equal(shape.w, 7);
    assert_int_equal(network_classes(network), 10);
    network_free(network);
}

/* What network_create() says of a graph's golden weights after `spoil` has changed them. */
static struct error error_of(void (*spoil)(struct weights *weights), const char *layer)
{
    struct error err = {0}, check = {.text = ""};
    struct graph *graph = vgg_graph();
    struct weights weights;
    assert_int_equal(graph_finish(graph, &err), 0);
    golden_weights(graph, &weights);
    if (spoil)
        spoil(&weights);
    assert_null(network_create(graph, &weights, &layer, 1, &err));
    if (spoil) {
        assert_int_equal(network_check_weights(graph, &weights, &check), -1);
        assert_string_equal(check.text, err.text);
    }
    golden_weights_release(&weights);
    graph_free(graph);
    return err;
}

TEST(an_unknown_layer_is_an_error_with_the_nearest_name)
{
    const struct error err = error_of(NULL, "feature.1");
    assert_says(&err, "feature.1");
    assert_says(&err, "features.1");
}

static void drop_last(struct weights *weights)
{
    free(weights->list[--weights->count].data);
}

static void rename_last(struct weights *weights)
{
    weights->list[weights->count - 1].name = "head.bias";
}

static void add_one(struct weights *weights)
{
    struct weight *list = realloc(weights->list, ((size_t)weights->count + 1) * sizeof *list);
    assert_non_null(list);
    weights->list = list;
    list[weights->count] = (struct weight){.name = "head.weight", .rank = 1, .dim = {3}, .data = floats(3)};
    weights->count++;
}

static void widen_first(struct weights *weights)
{
    weights->list[0].dim[0] = 13;
}

static void repeat_first(struct weights *weights)
{
    const struct weight first = weights->list[0];
    add_one(weights);
    weights->list[weights->count - 1].name = first.name;
}

static void flatten_first(struct weights *weights)
{
    weights->list[0].rank = 3;
}

TEST(a_missing_tensor_is_an_error_that_names_it)
{
    const struct error err = error_of(drop_last, "features.1");
    assert_says(&err, "classifier.6.bias");
}

TEST(an_extra_tensor_is_an_error_that_names_it)
{
    const struct error err = error_of(add_one, "features.1");
    assert_says(&err, "head.weight");
}

TEST(a_tensor_that_comes_twice_is_an_error_that_names_it)
{
    const struct error err = error_of(repeat_first, "features.1");
    assert_says(&err, "features.0.weight");
}

TEST(a_tensor_of_another_name_is_an_error)
{
    const struct error err = error_of(rename_last, "features.1");
    assert_true(strstr(err.text, "head.bias") || strstr(err.text, "classifier.6.bias"));
}

TEST(a_tensor_of_another_shape_is_an_error_with_both_shapes)
{
    const struct error err = error_of(widen_first, "features.1");
    assert_says(&err, "features.0.weight");
    assert_says(&err, "(13,3,3,3)");
    assert_says(&err, "(12,3,3,3)");
    const struct error rank = error_of(flatten_first, "features.1");
    assert_says(&rank, "features.0.weight");
    assert_says(&rank, "(12,3,3,3)");
}

/* The first error of a graph that ends with this conv. */
static struct error conv_error(struct conv2d conv)
{
    struct error err = {0};
    struct graph *graph = graph_create();
    const int x = graph_conv2d(graph, "wrong", graph_input(graph, "input", (struct shape){6, 5, 7}), conv);
    graph_linear(graph, "fc", graph_flatten(graph, "flatten", graph_conv2d(graph, "later", x, conv)), 3, true);
    assert_int_equal(graph_finish(graph, &err), -1);
    graph_free(graph);
    return err;
}

TEST(a_graph_keeps_its_first_error_and_names_the_layer)
{
    static const struct conv2d wrong[] = {
        {.out = 4, .kernel = 9},
        {.out = 4, .kernel = 3, .dilation = 4},
        {.out = 4, .kernel = 3, .groups = 4},
        {.out = 4, .kernel = 3, .groups = 3},
        {.out = 0, .kernel = 3},
        {.out = 4, .kernel = -1},
        {.out = 4, .kernel = 3, .stride = -1},
        {.out = 4, .kernel = 3, .padding = -1},
        {.out = 2000000000, .kernel = 3},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const struct error err = conv_error(wrong[i]);
        assert_says(&err, "wrong");
    }
}

TEST(a_concat_that_is_too_large_or_of_nothing_is_an_error)
{
    struct error err = {0};
    struct graph *graph = graph_create();
    const int x = graph_input(graph, "input", (struct shape){1 << 28, 1, 1});
    graph_concat(graph, "huge", (const int[]){x, x, x, x, x, x, x, x}, 8);
    graph_concat(graph, "none", &x, 0);
    assert_int_equal(graph_finish(graph, &err), -1);
    assert_says(&err, "\"huge\": its value is too large");
    graph_free(graph);
}

TEST(a_graph_whose_operands_or_output_do_not_fit_is_an_error)
{
    struct error err = {0};
    struct graph *graph = graph_create();
    int x = graph_input(graph, "input", (struct shape){6, 5, 7});
    graph_sum(graph, "sum", x, graph_conv2d(graph, "conv", x, (struct conv2d){.out = 4, .kernel = 1}));
    assert_int_equal(graph_finish(graph, &err), -1);
    assert_says(&err, "sum");
    graph_free(graph);
    graph = graph_create();
    x = graph_input(graph, "input", (struct shape){6, 5, 7});
    graph_conv2d(graph, "maps", x, (struct conv2d){.out = 4, .kernel = 1});
    assert_int_equal(graph_finish(graph, &err), -1);
    assert_says(&err, "logits");
    graph_free(graph);
}

TEST(an_empty_graph_is_an_error)
{
    struct error err = {0};
    struct graph *graph = graph_create();
    assert_int_equal(graph_finish(graph, &err), -1);
    assert_true(err.text[0] != '\0');
    graph_free(graph);
}

TEST(two_nodes_of_one_name_are_refused)
{
    struct error err = {0};
    struct graph *graph = graph_create();
    int x = graph_input(graph, "input", (struct shape){3, 8, 8});
    x = graph_relu(graph, "relu", graph_relu(graph, "relu", x));
    graph_linear(graph, "fc", graph_flatten(graph, "flatten", x), 4, true);
    assert_int_equal(graph_finish(graph, &err), -1);
    assert_non_null(strstr(err.text, "\"relu\""));
    graph_free(graph);
}
