/* tests/nn/test_tails.c - base pass, tails and gradients agree; tails of pooling and one linear layer. */
#include "tests/nn/engine_fixture.h"

/* -- base pass, tail, gradient ------------------------------------------------------------------------------------- */

static void copy_floats(void *context, int index, float *out)
{
    const struct row *row = context;
    (void)index;
    memcpy(out, *(const float *const *)(row + 1), row->size * sizeof *out);
}

/* Tail logits of a layer's value. */
static void tail_of(const struct fixture *f, int layer, const float *value, float *logits)
{
    struct {
        struct row row;
        const float *value;
    } source = {{0, f->layer_size[layer]}, value};
    run_tail(f->session, layer, 1, copy_floats, &source, logits);
}

static void assert_near(const float *got, const float *want, size_t count, float tolerance)
{
    for (size_t i = 0; i < count; i++)
        if (!(fabsf(got[i] - want[i]) <= tolerance * (1 + fabsf(want[i]))))
            fail_msg("value %zu is %.9g, expected %.9g", i, (double)got[i], (double)want[i]);
}

TEST(the_tail_of_a_layers_value_is_the_base_pass)
{
    struct fixture f = open_fixture(mixed_graph(), mixed_layers, LAYERS);
    float *logits = floats(f.classes);
    for (int layer = 0; layer < LAYERS; layer++) {
        tail_of(&f, layer, f.layer[layer], logits);
        assert_near(logits, f.logits, f.classes, 1e-6f);
    }
    free(logits);
    close_fixture(&f);
}

TEST(an_earlier_image_comes_back_with_its_side_values)
{
    struct fixture f = open_fixture(mixed_graph(), mixed_layers, LAYERS);
    const int inner = network_find_layer(f.network, "inner");
    const size_t count = session_side_count(f.session);
    float *side = floats(count), *logits = floats(f.classes), *first = floats(f.classes);
    float *value = floats(f.layer_size[inner]), *gradient = floats(f.layer_size[inner]);
    float *again = floats(f.layer_size[inner]), *cotangent = floats(f.classes);
    struct error err = {0};
    assert_true(count > 0);
    cotangent[3] = 1;
    session_side_save(f.session, side);
    memcpy(first, f.logits, f.classes * sizeof *first);
    memcpy(value, f.layer[inner], f.layer_size[inner] * sizeof *value);
    assert_int_equal(run_gradient(f.session, inner, value, cotangent, NULL, gradient, &err), 0);
    base(&f, 1);
    tail_of(&f, inner, value, logits);
    assert_memory_not_equal(logits, first, f.classes * sizeof *first);
    session_side_restore(f.session, side);
    tail_of(&f, inner, value, logits);
    assert_near(logits, first, f.classes, 1e-6f);
    assert_int_equal(run_gradient(f.session, inner, value, cotangent, NULL, again, &err), 0);
    assert_memory_equal(again, gradient, f.layer_size[inner] * sizeof *again);
    free(side);
    free(logits);
    free(first);
    free(value);
    free(gradient);
    free(again);
    free(cotangent);
    close_fixture(&f);
}

TEST(a_gradient_does_not_depend_on_what_ran_before)
{
    struct fixture f = open_fixture(mixed_graph(), mixed_layers, LAYERS);
    float *cotangent = floats(f.classes), *first = floats(f.input_size), *again = floats(f.input_size);
    float *want = floats(17 * f.classes);
    struct error err = {0};
    golden_fill(cotangent, f.classes, 5);
    assert_int_equal(run_gradient(f.session, -1, f.x, cotangent, NULL, first, &err), 0);
    run_batch(f.session, &f, -1, 0, 17, want);
    assert_int_equal(run_gradient(f.session, -1, f.x, cotangent, NULL, again, &err), 0);
    assert_memory_equal(again, first, f.input_size * sizeof *again);
    free(cotangent);
    free(first);
    free(again);
    free(want);
    close_fixture(&f);
}

TEST(a_gradient_is_linear_in_its_cotangent)
{
    struct fixture f = open_fixture(mixed_graph(), mixed_layers, LAYERS);
    float *cotangent = floats(f.classes), *gradient = floats(f.layer_size[1]), *sum = floats(f.layer_size[1]);
    struct error err = {0};
    assert_int_equal(run_gradient(f.session, 1, f.layer[1], cotangent, NULL, gradient, &err), 0);
    for (size_t i = 0; i < f.layer_size[1]; i++)
        assert_true(gradient[i] == 0);
    for (size_t k = 0; k < f.classes; k++) {
        memset(cotangent, 0, f.classes * sizeof *cotangent);
        cotangent[k] = 0.5f;
        assert_int_equal(run_gradient(f.session, 1, f.layer[1], cotangent, NULL, gradient, &err), 0);
        for (size_t i = 0; i < f.layer_size[1]; i++)
            sum[i] += gradient[i];
    }
    for (size_t k = 0; k < f.classes; k++)
        cotangent[k] = 0.5f;
    assert_int_equal(run_gradient(f.session, 1, f.layer[1], cotangent, NULL, gradient, &err), 0);
    assert_near(gradient, sum, f.layer_size[1], 1e-5f);
    free(cotangent);
    free(gradient);
    free(sum);
    close_fixture(&f);
}

/* -- global average pooling and one linear layer ------------------------------------------------------------------- */

static struct graph *gap_graph(int pooled, bool bias, bool relu)
{
    struct graph *graph = graph_create();
    int x = graph_input(graph, "input", (struct shape){3, 8, 6});
    x = graph_relu(graph, "layer", graph_conv2d(graph, "conv", x, (struct conv2d){.out = 5, .kernel = 3}));
    x = graph_flatten(graph, "flat", graph_adaptive_avg_pool(graph, "gap", x, pooled, pooled));
    if (relu)
        x = graph_relu(graph, "relu", graph_linear(graph, "hidden", x, 9, true));
    graph_linear(graph, "fc", x, 4, bias);
    return graph;
}

static bool is_pooled_linear(struct graph *graph, const char *layer)
{
    struct fixture f = open_fixture(graph, &layer, 1);
    const bool answer = network_pooled_linear(f.network, 0);
    close_fixture(&f);
    return answer;
}

TEST(a_tail_of_pooling_and_one_linear_layer_is_recognised)
{
    assert_true(is_pooled_linear(gap_graph(1, true, false), "layer"));
    assert_true(is_pooled_linear(gap_graph(1, false, false), "layer"));
}

static struct graph *class_maps_graph(bool relu, int pooled)
{
    struct graph *graph = graph_create();
    int x = graph_input(graph, "input", (struct shape){3, 8, 6});
    x = graph_conv2d(graph, "layer", x, (struct conv2d){.out = 5, .kernel = 3});
    x = relu ? graph_relu(graph, "relu", x) : x;
    graph_flatten(graph, "flat", graph_adaptive_avg_pool(graph, "gap", x, pooled, pooled));
    return graph;
}

static bool is_pooled_classes(struct graph *graph, const char *layer)
{
    struct fixture f = open_fixture(graph, &layer, 1);
    const bool answer = network_pooled_classes(f.network, 0);
    close_fixture(&f);
    return answer;
}

TEST(a_layer_with_a_map_for_each_class_is_recognised)
{
    assert_true(is_pooled_classes(class_maps_graph(true, 1), "layer"));
    assert_true(is_pooled_classes(class_maps_graph(true, 1), "relu"));
    assert_true(is_pooled_classes(class_maps_graph(false, 1), "layer"));
    assert_false(is_pooled_classes(class_maps_graph(true, 2), "layer"));
    assert_false(is_pooled_classes(gap_graph(1, true, false), "layer"));
    assert_false(is_pooled_classes(gap_graph(1, true, true), "layer"));
    assert_false(is_pooled_classes(vgg_graph(), "features.1"));
}

TEST(a_tail_from_means_does_not_depend_on_lanes)
{
    const char *const layer = "layer";
    struct fixture f = open_fixture(gap_graph(1, true, false), &layer, 1);
    const size_t channels = (size_t)network_layer_shape(f.network, 0).c;
    float *want = floats(IMAGES * f.classes), *got = floats(IMAGES * f.classes);
    struct row row = {0, channels};
    run_tail_pooled(f.session, 0, IMAGES, row_source, &row, want);
    for (int lanes = 2; lanes <= 5; lanes += 3) {
        struct session *session = make_session(f.network, lanes);
        for (int n = 1; n <= 6; n++) {
            memset(got, 0, IMAGES * f.classes * sizeof *got);
            run_tail_pooled(session, 0, n, row_source, &row, got);
            assert_memory_equal(got, want, (size_t)n * f.classes * sizeof *got);
        }
        session_free(session);
    }
    free(want);
    free(got);
    close_fixture(&f);
}

TEST(other_tails_are_not_taken_for_pooling_and_one_linear_layer)
{
    assert_false(is_pooled_linear(gap_graph(1, true, false), "conv"));
    assert_false(is_pooled_linear(gap_graph(2, true, false), "layer"));
    assert_false(is_pooled_linear(gap_graph(1, true, true), "layer"));
    assert_false(is_pooled_linear(vgg_graph(), "features.1"));
    assert_false(is_pooled_linear(mixed_graph(), "block"));
}
