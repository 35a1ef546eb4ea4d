/*
 * tests/nn/test_engine.c - what the engine promises beside the operators: results that do not depend on the batch or on
 * threads, tails, side values, errors by name, softmax and enlargement.
 */
#include "nn/nn.h"
#include "tests/golden.h"
#include "tests/golden_weights.h"
#include "tests/session_calls.h"
#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LAYERS 3
#define IMAGES 131 /* more than a session takes at once */

/* A network with its layers' values for one image. */
struct fixture {
    struct network *network;
    struct session *session;
    struct shape input;
    size_t input_size, classes;
    float *x, *logits, *layer[LAYERS];
    size_t layer_size[LAYERS];
    int layers;
};

static float *floats(size_t count)
{
    float *out = calloc(count + 1, sizeof *out);
    assert_non_null(out);
    return out;
}

static size_t size_of(struct shape shape)
{
    return (size_t)shape.c * (size_t)shape.h * (size_t)shape.w;
}

static int conv_bn(struct graph *graph, const char *name, int x, struct conv2d conv)
{
    char bn[64];
    snprintf(bn, sizeof bn, "%s.bn", name);
    return graph_batch_norm(graph, bn, graph_conv2d(graph, name, x, conv));
}

/* Squeeze and excitation of 32 channels behind a SiLU. */
static int excited(struct graph *graph, int x)
{
    x = graph_silu(graph, "silu", conv_bn(graph, "excited", x, (struct conv2d){.out = 32, .kernel = 3, .padding = 1}));
    int scale = graph_adaptive_avg_pool(graph, "excited.avgpool", x, 1, 1);
    scale = graph_conv2d(graph, "excited.fc1", scale, (struct conv2d){.out = 8, .kernel = 1, .bias = true});
    scale = graph_conv2d(graph, "excited.fc2", graph_hard_swish(graph, "excited.activation", scale),
                         (struct conv2d){.out = 32, .kernel = 1, .bias = true});
    return graph_scale_channels(graph, "excited.mul", x, graph_sigmoid(graph, "excited.scale", scale));
}

/* Every operator; layers behind, inside and before residual branches; a tail of pooling and one linear layer. */
static struct graph *mixed_graph(void)
{
    struct graph *graph = graph_create();
    int x = graph_input(graph, "input", (struct shape){3, 33, 29});
    x = conv_bn(graph, "stem", x, (struct conv2d){.out = 8, .kernel = 7, .stride = 2, .padding = 3});
    x = graph_max_pool(graph, "pool", graph_relu(graph, "stem.relu", x),
                       (struct pool2d){.kernel = 3, .stride = 2, .padding = 1});
    const int before = x;
    x = graph_relu(graph, "inner", conv_bn(graph, "a", x, (struct conv2d){.out = 8, .kernel = 3, .padding = 1}));
    x = conv_bn(graph, "b", x, (struct conv2d){.out = 8, .kernel = 3, .padding = 1, .groups = 2});
    x = graph_relu(graph, "block", graph_add(graph, "sum", x, before));
    const int deep =
        graph_relu6(graph, "deep.relu6",
                    conv_bn(graph, "deep", x, (struct conv2d){.out = 8, .kernel = 3, .padding = 1, .groups = 8}));
    const int wide = graph_conv2d(graph, "wide", x, (struct conv2d){.out = 16, .kernel = 1, .bias = true});
    x = graph_concat(graph, "joined", (const int[]){deep, wide, x}, 3);
    x = excited(graph, x);
    x = graph_avg_pool(graph, "avg", x, (struct pool2d){.kernel = 2, .stride = 1});
    x = graph_relu(graph, "last", conv_bn(graph, "c", x, (struct conv2d){.out = 24, .kernel = 1}));
    graph_alias(graph, "features", x);
    x = graph_flatten(graph, "flat", graph_adaptive_avg_pool(graph, "gap", x, 1, 1));
    graph_linear(graph, "fc", x, 10, true);
    return graph;
}

static struct graph *vgg_graph(void)
{
    struct graph *graph = graph_create();
    int x = graph_input(graph, "input", (struct shape){3, 24, 20});
    x = graph_relu(
        graph, "features.1",
        graph_conv2d(graph, "features.0", x, (struct conv2d){.out = 12, .kernel = 3, .padding = 1, .bias = true}));
    x = graph_max_pool(graph, "features.2", x, (struct pool2d){.kernel = 2});
    x = graph_flatten(graph, "flatten", graph_adaptive_avg_pool(graph, "avgpool", x, 7, 7));
    x = graph_relu(graph, "classifier.1", graph_linear(graph, "classifier.0", x, 70, true));
    x = graph_hard_swish(graph, "classifier.4", graph_linear(graph, "classifier.3", x, 30, true));
    graph_linear(graph, "classifier.6", x, 11, true);
    return graph;
}

static struct network *make_network(struct graph *graph, const char *const *layers, int count)
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
    graph_free(graph);
    return network;
}

static struct session *make_session(const struct network *network, int lanes)
{
    struct error err = {0};
    struct session *session = session_create(network, lanes, &err);
    if (!session)
        fail_msg("%s", err.text);
    return session;
}

static void base(struct fixture *f, uint32_t seed)
{
    golden_fill(f->x, f->input_size, seed);
    session_base(f->session, f->x, f->logits, f->layer);
}

static struct fixture open_fixture(struct graph *graph, const char *const *layers, int count)
{
    struct fixture f = {.network = make_network(graph, layers, count), .layers = count};
    f.session = make_session(f.network, 1);
    f.input = network_input(f.network);
    f.input_size = size_of(f.input);
    f.classes = (size_t)network_classes(f.network);
    f.x = floats(f.input_size);
    f.logits = floats(f.classes);
    for (int i = 0; i < count; i++) {
        f.layer_size[i] = size_of(network_layer_shape(f.network, i));
        f.layer[i] = floats(f.layer_size[i]);
    }
    base(&f, 0);
    return f;
}

static void close_fixture(struct fixture *f)
{
    for (int i = 0; i < f->layers; i++)
        free(f->layer[i]);
    free(f->x);
    free(f->logits);
    session_free(f->session);
    network_free(f->network);
}

/* Image `index` of a batch that starts at image context[0] of a long row of them. */
struct row {
    uint32_t first;
    size_t size;
};

static void row_source(void *context, int index, float *out)
{
    const struct row *row = context;
    golden_fill(out, row->size, row->first + (uint32_t)index);
}

/* -- batches, lanes, threads --------------------------------------------------------------------------------------- */

static void run_batch(struct session *session, const struct fixture *f, int layer, uint32_t first, int n, float *logits)
{
    struct row row = {first, layer < 0 ? f->input_size : f->layer_size[layer]};
    if (layer < 0)
        run_forward(session, n, row_source, &row, logits);
    else
        run_tail(session, layer, n, row_source, &row, logits);
}

/* Logits of image `i` alone, for the first IMAGES images; of the input (layer -1) or from a layer. */
static float *logits_one_by_one(const struct fixture *f, int layer)
{
    float *out = floats(IMAGES * f->classes);
    for (uint32_t i = 0; i < IMAGES; i++)
        run_batch(f->session, f, layer, i, 1, out + i * f->classes);
    return out;
}

/* Batches of several sizes that start at several images: bytes equal those of each image alone. */
static bool same_in_batches(struct session *session, const struct fixture *f, int layer, const float *want)
{
    static const int sizes[] = {1, 2, 7, 17, 33, IMAGES}, starts[] = {0, 1, 16};
    float *got = calloc(IMAGES * f->classes, sizeof *got);
    bool same = got != NULL;
    for (int i = 0; i < 18 && same; i++) {
        const int n = sizes[i / 3], first = starts[i % 3];
        if (first + n > IMAGES)
            continue;
        run_batch(session, f, layer, (uint32_t)first, n, got);
        same = memcmp(got, want + (size_t)first * f->classes, (size_t)n * f->classes * sizeof *got) == 0;
    }
    free(got);
    return same;
}

static void check_batches(struct fixture *f, int layer)
{
    float *want = logits_one_by_one(f, layer), *side = floats(session_side_count(f->session));
    session_side_save(f->session, side);
    for (int lanes = 1; lanes <= 3; lanes++) {
        struct session *session = make_session(f->network, lanes);
        session_side_restore(session, side);
        assert_true(same_in_batches(session, f, layer, want));
        session_free(session);
    }
    int wrong = 0;
#pragma omp parallel num_threads(3) reduction(+ : wrong)
    {
        struct error err;
        struct session *session = session_create(f->network, 1, &err);
        if (session) {
            session_side_restore(session, side);
            wrong += !same_in_batches(session, f, layer, want);
        } else {
            wrong++;
        }
        session_free(session);
    }
    assert_int_equal(wrong, 0);
    free(want);
    free(side);
}

static const char *const mixed_layers[LAYERS] = {"features", "block", "inner"};
static const char *const vgg_layers[1] = {"features.1"};

TEST(logits_do_not_depend_on_batch_position_lanes_or_threads)
{
    struct fixture f = open_fixture(mixed_graph(), mixed_layers, LAYERS);
    check_batches(&f, -1);
    close_fixture(&f);
    f = open_fixture(vgg_graph(), vgg_layers, 1);
    check_batches(&f, -1);
    close_fixture(&f);
}

TEST(tails_do_not_depend_on_batch_position_lanes_or_threads)
{
    struct fixture f = open_fixture(mixed_graph(), mixed_layers, LAYERS);
    for (int layer = 0; layer < LAYERS; layer++)
        check_batches(&f, layer);
    close_fixture(&f);
    f = open_fixture(vgg_graph(), vgg_layers, 1);
    check_batches(&f, 0);
    close_fixture(&f);
}

/* -- tails by difference ------------------------------------------------------------------------------------------- */

#define WIDE 96 /* channels: 7 x 7 x 96 features, enough for differences */
#define KINDS 4

static struct graph *wide_graph(void)
{
    struct graph *graph = graph_create();
    int x = graph_input(graph, "input", (struct shape){3, 14, 14});
    x = graph_relu(
        graph, "features.1",
        graph_conv2d(graph, "features.0", x, (struct conv2d){.out = WIDE, .kernel = 3, .padding = 1, .bias = true}));
    x = graph_flatten(graph, "flatten", graph_max_pool(graph, "features.2", x, (struct pool2d){.kernel = 2}));
    x = graph_relu(graph, "classifier.1", graph_linear(graph, "classifier.0", x, 70, true));
    graph_linear(graph, "classifier.3", graph_silu(graph, "classifier.2", x), 11, true);
    return graph;
}

/* The layer's value of the base pass: as it is, but for one position 0, with one channel changed, all changed. */
static void changed_source(void *context, int index, float *out)
{
    const struct fixture *f = context;
    const size_t plane = f->layer_size[0] / WIDE, at = (size_t)index % plane;
    const int kind = index % KINDS;
    memcpy(out, f->layer[0], f->layer_size[0] * sizeof *out);
    for (size_t k = 0; k < WIDE; k++)
        for (size_t i = 0; i < plane; i++) {
            float *value = &out[k * plane + i];
            if ((kind == 1 && i != at) || (kind == 2 && k == at % WIDE))
                *value = 0;
            else if (kind == 3)
                *value *= 0.5f;
        }
}

static void check_differences(struct session *session, const struct fixture *f, const float *want, float *first)
{
    float *got = floats(IMAGES * f->classes);
    session_allow_differences(session, true);
    run_tail(session, 0, IMAGES, changed_source, (void *)(uintptr_t)f, got);
    for (size_t i = 0; i < IMAGES * f->classes; i++)
        if (!(fabsf(got[i] - want[i]) <= 1e-5f * (1 + fabsf(want[i]))))
            fail_msg("logit %zu is %.9g by difference, %.9g in full", i, (double)got[i], (double)want[i]);
    assert_memory_equal(got, f->logits, f->classes * sizeof *got);
    if (!*first)
        memcpy(first, got, IMAGES * f->classes * sizeof *got);
    assert_memory_equal(got, first, IMAGES * f->classes * sizeof *got);
    free(got);
}

TEST(tails_by_difference_are_tails)
{
    const char *const layer = "features.1";
    struct fixture f = open_fixture(wide_graph(), &layer, 1);
    float *want = floats(IMAGES * f.classes), *first = calloc(IMAGES * f.classes, sizeof *first);
    float *side = floats(session_side_count(f.session));
    assert_non_null(first);
    session_side_save(f.session, side);
    run_tail(f.session, 0, IMAGES, changed_source, &f, want);
    check_differences(f.session, &f, want, first);
    assert_memory_not_equal(first, want, IMAGES * f.classes * sizeof *want); /* or nothing was done by difference */
    for (int lanes = 2; lanes <= 3; lanes++) {
        struct session *session = make_session(f.network, lanes);
        session_side_restore(session, side);
        check_differences(session, &f, want, first);
        session_free(session);
    }
    float *other = floats(f.input_size), *other_layer = floats(f.layer_size[0]), *other_logits = floats(f.classes);
    golden_fill(other, f.input_size, 9);
    session_base(f.session, other, other_logits, &other_layer); /* another image, and back */
    session_side_restore(f.session, side);
    check_differences(f.session, &f, want, first);
    free(want);
    free(first);
    free(side);
    free(other);
    free(other_layer);
    free(other_logits);
    close_fixture(&f);
}

TEST(a_batch_of_nothing_writes_nothing)
{
    struct fixture f = open_fixture(vgg_graph(), vgg_layers, 1);
    float logits = 7;
    run_batch(f.session, &f, -1, 0, 0, &logits);
    run_batch(f.session, &f, 0, 0, 0, &logits);
    assert_true(logits == 7);
    close_fixture(&f);
}

TEST(layers_that_are_asked_for_do_not_change_the_logits_much)
{
    struct fixture some = open_fixture(mixed_graph(), mixed_layers, LAYERS);
    struct fixture none = open_fixture(mixed_graph(), NULL, 0);
    for (size_t k = 0; k < some.classes; k++)
        assert_true(fabsf(some.logits[k] - none.logits[k]) <= 1e-5f * (1 + fabsf(none.logits[k])));
    close_fixture(&some);
    close_fixture(&none);
}

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
    snprintf(weights->list[weights->count - 1].name, sizeof weights->list->name, "head.bias");
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
    snprintf(weights->list[weights->count - 1].name, sizeof first.name, "%s", first.name);
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
    graph_add(graph, "sum", x, graph_conv2d(graph, "conv", x, (struct conv2d){.out = 4, .kernel = 1}));
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

/* -- softmax, enlargement ------------------------------------------------------------------------------------------ */

TEST(softmax_is_that_of_pytorch_for_large_logits_too)
{
    static const float logits[4][4] = {
        {0, 0, 0}, {-1000, 999, 1000}, {-5000, -5001.5f, -5000.25f}, {88.8f, -103, 3.25f, 88.5f}};
    static const int classes[4] = {3, 3, 3, 4};
    struct golden *golden = golden_open("engine");
    for (int i = 0; i < 4; i++) {
        float p[4];
        char key[32];
        snprintf(key, sizeof key, "softmax.%d", i);
        softmax(logits[i], classes[i], p);
        golden_check(golden, key, p, (size_t)classes[i], 1e-6, 0);
    }
    golden_close(golden);
}

TEST(softmax_of_many_classes_sums_to_one)
{
    static float logits[20000], p[20000];
    double sum = 0;
    golden_fill(logits, 20000, 3);
    softmax(logits, 20000, p);
    for (int i = 0; i < 20000; i++)
        sum += (double)p[i];
    assert_true(fabs(sum - 1) < 1e-6);
}

TEST(enlargement_is_that_of_pytorch)
{
    static const int sizes[][4] = {{7, 7, 224, 224}, {14, 14, 224, 224}, {1, 1, 5, 5}, {5, 5, 3, 3},
                                   {5, 3, 9, 17},    {3, 5, 3, 5},       {4, 6, 1, 1}};
    struct golden *golden = golden_open("engine");
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int corners = 0; corners < 2; corners++) {
            const int h = sizes[i][0], w = sizes[i][1], out_h = sizes[i][2], out_w = sizes[i][3];
            const size_t size = 2 * (size_t)out_h * (size_t)out_w;
            float *in = floats(2 * (size_t)h * (size_t)w), *out = floats(size);
            char key[64];
            snprintf(key, sizeof key, "upsample.%dx%d.%dx%d.%d", h, w, out_h, out_w, corners);
            golden_fill(in, 2 * (size_t)h * (size_t)w, 7);
            upsample_bilinear(in, 2, h, w, out, out_h, out_w, corners);
            golden_check(golden, key, out, size, 2e-6, 0);
            free(in);
            free(out);
        }
    golden_close(golden);
}

TEST(enlargement_of_7_to_224_reads_where_the_reference_says)
{
    float in[49], out[224 * 224];
    for (int i = 0; i < 49; i++)
        in[i] = (float)(i % 7);
    upsample_bilinear(in, 1, 7, 7, out, 224, 224, false);
    assert_true(out[16] == 0.015625f);
    assert_true(out[47] == 0.984375f);
    assert_true(out[48] == 1.015625f);
    assert_true(out[0] == 0 && out[223] == 6);
}

TEST(enlargement_stays_between_smallest_and_largest)
{
    float in[49], out[224 * 224];
    golden_fill(in, 49, 11);
    float low = in[0], high = in[0];
    for (int i = 0; i < 49; i++) {
        low = fminf(low, in[i]);
        high = fmaxf(high, in[i]);
    }
    for (int corners = 0; corners < 2; corners++) {
        upsample_bilinear(in, 1, 7, 7, out, 224, 224, corners);
        for (int i = 0; i < 224 * 224; i++)
            assert_true(out[i] >= low - 1e-6f && out[i] <= high + 1e-6f);
    }
}

/* What an operator, alone behind the input, makes of the values. */
static void activate(int (*add)(struct graph *, const char *, int), const float *x, int count, float *y)
{
    struct graph *graph = graph_create();
    add(graph, "activation", graph_input(graph, "input", (struct shape){count, 1, 1}));
    struct network *network = make_network(graph, NULL, 0);
    struct session *session = make_session(network, 1);
    session_base(session, x, y, NULL);
    session_free(session);
    network_free(network);
}

TEST(activations_hold_for_any_number)
{
    const float x[] = {0, -INFINITY, INFINITY, -1e30f, 1e30f, -89, 89, -87.5f, 88.5f, NAN};
    const int count = sizeof x / sizeof *x;
    float y[sizeof x / sizeof *x];
    activate(graph_sigmoid, x, count, y);
    for (int i = 0; i < count - 1; i++)
        assert_true(fabs(y[i] - 1 / (1 + exp(-(double)x[i]))) < 1e-7);
    assert_true(isnan(y[count - 1]));
    activate(graph_silu, x, count, y);
    assert_true(y[0] == 0 && y[2] == INFINITY && fabsf(y[3]) < 1 && y[4] == 1e30f && y[6] == 89 && isnan(y[9]));
    activate(graph_hard_swish, x, count, y);
    assert_true(y[0] == 0 && y[3] == 0 && y[4] == 1e30f && y[6] == 89 && isnan(y[9]));
    activate(graph_hard_sigmoid, x, count, y);
    assert_true(y[0] == 0.5f && y[1] == 0 && y[2] == 1 && y[3] == 0 && y[4] == 1 && isnan(y[9]));
}

TEST(sigmoid_is_exact_to_two_units_of_the_last_place)
{
    enum { COUNT = 4001 };
    float x[COUNT], y[COUNT];
    for (int i = 0; i < COUNT; i++)
        x[i] = ((float)i - 2000) * 0.02f;
    activate(graph_sigmoid, x, COUNT, y);
    for (int i = 0; i < COUNT; i++)
        assert_true(fabs(y[i] * (1 + exp(-(double)x[i])) - 1) < 2.4e-7);
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
