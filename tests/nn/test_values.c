/*
 * tests/nn/test_values.c - operators on single values, with broadcasting, and norms of an image's own values: what the
 * golden values of tests/nn/test_operators.c do not show. Accuracy, large values, multipliers, fusing, errors.
 */
#include "nn/op.h"
#include "tests/nn/engine_fixture.h"

/* -- accuracy ------------------------------------------------------------------------------------------------------- */

static double gelu(double x)
{
    return x * erfc(-x / sqrt(2)) / 2;
}

static double gelu_tanh(double x)
{
    return x / (1 + exp(-2 * sqrt(2 / M_PI) * (x + 0.044715 * x * x * x)));
}

static double softplus(double x)
{
    return (x > 0 ? x : 0) + log1p(exp(-fabs(x)));
}

static const struct {
    const char *op;
    double (*function)(double x);
    double relative;
} curves[] = {
    {"gelu", gelu, 4e-6}, {"gelu_tanh", gelu_tanh, 1e-5}, {"erf", erf, 4e-7}, {"tanh", tanh, 4e-7},
    {"exp", exp, 1e-6},   {"softplus", softplus, 4e-7},
};

TEST(curves_are_accurate_for_small_and_large_values)
{
    for (size_t i = 0; i < sizeof curves / sizeof *curves; i++) {
        const struct op *op = op_find(curves[i].op);
        for (int k = -60000; k <= 60000; k++) {
            const float x = (float)k * 1e-4f;
            float y = x;
            op->activate(&y, 1);
            const double want = curves[i].function(x);
            if (!(fabs(y - want) <= curves[i].relative * fabs(want)))
                fail_msg("%s(%g): %.9g, expected %.9g", curves[i].op, (double)x, (double)y, want);
        }
    }
}

/* One value among many, and one alone, are the same bits: vectors and their rest. */
TEST(curves_do_not_depend_on_the_number_of_values)
{
    static const char *const names[] = {"gelu", "gelu_tanh", "erf", "tanh", "exp", "softplus", "sqrt", "log", "abs"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct op *op = op_find(names[i]);
        float many[67], slopes[67], x[67];
        golden_fill(x, 67, 8);
        for (int k = 0; k < 67; k++)
            x[k] = fabsf(x[k]) + 0.1f, many[k] = x[k], slopes[k] = 1;
        op->activate(many, 67);
        op->slope(x, many, slopes, 67);
        for (int k = 0; k < 67; k++) {
            float one = x[k], slope = 1;
            op->activate(&one, 1);
            op->slope(&x[k], &one, &slope, 1);
            assert_memory_equal(&one, &many[k], sizeof one);
            assert_memory_equal(&slope, &slopes[k], sizeof slope);
        }
    }
}

TEST(curves_of_extreme_values_are_their_limits)
{
    static const struct {
        const char *op;
        float below, above; /* of -1e4 and 1e4 */
    } limits[] = {{"gelu", 0, 1e4f}, {"gelu_tanh", 0, 1e4f}, {"erf", -1, 1},
                  {"tanh", -1, 1},   {"exp", 0, INFINITY},   {"softplus", 0, 1e4f}};
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        const struct op *op = op_find(limits[i].op);
        float y[3] = {-1e4f, 1e4f, NAN}, x[3] = {-1e4f, 1e4f, NAN}, slope[3] = {1, 1, 1};
        op->activate(y, 3);
        assert_true(fabsf(y[0] - limits[i].below) < 1e-30f && y[1] == limits[i].above && isnan(y[2]));
        op->slope(x, y, slope, 3);
        assert_true(slope[0] < 1e-30f && !isnan(slope[1]) && isnan(slope[2]));
    }
}

/* -- a network of one operator and a linear layer ------------------------------------------------------------------- */

#define SIZE 60 /* of its input (4,5,3) */

static struct fixture open_one(const char *op, const void *attributes)
{
    static const char *const layers[1] = {"f"};
    struct graph *graph = graph_create();
    int x = graph_input(graph, "input", (struct shape){4, 5, 3});
    x = graph_add(graph, op_find(op), "f", &x, 1, attributes, NULL);
    graph_linear(graph, "fc", graph_flatten(graph, "flat", x), 3, true);
    return open_fixture(graph, layers, 1);
}

static const float units[3] = {1, -0.5f, 0.25f};

static double leaky(double x)
{
    return x > 0 ? x : 0.3 * x;
}

static double elu(double x)
{
    return x > 0 ? x : 0.7 * expm1(x);
}

static double clip(double x)
{
    return x < -0.25 ? -0.25 : x > 0.5 ? 0.5 : x;
}

static double hard(double x)
{
    const double v = 2 * x + 0.5;
    return v < 0 ? 0 : v > 1 ? 1 : v;
}

static double cube(double x)
{
    return x * x * x;
}

static const struct {
    const char *op;
    double (*function)(double x);
    const void *attributes;
    float least; /* inputs begin here */
} functions[] = {
    {"gelu", gelu, NULL, -1},
    {"gelu_tanh", gelu_tanh, NULL, -1},
    {"erf", erf, NULL, -1},
    {"tanh", tanh, NULL, -1},
    {"exp", exp, NULL, -1},
    {"softplus", softplus, NULL, -1},
    {"abs", fabs, NULL, -1},
    {"sqrt", sqrt, NULL, 0.1f},
    {"log", log, NULL, 0.1f},
    {"leaky_relu", leaky, &(struct leaky_relu){0.3}, -1},
    {"elu", elu, &(struct elu){0.7}, -1},
    {"clip", clip, &(struct clip){-0.25, 0.5}, -1},
    {"hard_sigmoid_of", hard, &(struct hard_sigmoid_of){2, 0.5}, -1},
    {"pow", cube, &(struct pow){3}, -1},
};

/* m (x - x0) = g (f(x) - f(x0)) for each value, with the gradient g behind f. */
TEST(multipliers_of_curves_are_slopes_of_secants)
{
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        struct error err = {0};
        struct fixture f = open_one(functions[i].op, functions[i].attributes);
        float x[SIZE], x0[SIZE], m[SIZE], gradient[SIZE];
        golden_fill(x, SIZE, 3);
        golden_fill(x0, SIZE, 4);
        for (int k = 0; k < SIZE; k++) {
            x[k] += functions[i].least + 1;
            x0[k] = k % 5 ? x0[k] + functions[i].least + 1 : x[k];
        }
        const struct session_lift lift = {units, SESSION_INPUT, x, x0, m};
        if (session_multipliers(f.session, &lift, &err) ||
            run_gradient(f.session, 0, f.layer[0], units, NULL, gradient, &err))
            fail_msg("%s: %s", functions[i].op, err.text);
        for (int k = 0; k < SIZE; k++) {
            const double h = k % 5 ? (double)x0[k] - x[k] : 1e-6;
            const double rise = functions[i].function(x[k] + h) - functions[i].function(x[k]);
            if (!(fabs(m[k] - gradient[k] * rise / h) <= 1e-5 * (1 + fabs(rise / h))))
                fail_msg("%s, %g to %g: %g, expected %g", functions[i].op, (double)x0[k], (double)x[k], (double)m[k],
                         gradient[k] * rise / h);
        }
        close_fixture(&f);
    }
}

TEST(prelu_has_the_multipliers_of_leaky_relu_for_each_channel)
{
    struct error err = {0};
    struct fixture f = open_one("prelu", NULL);
    float x[SIZE], zeros[SIZE] = {0}, m[SIZE], gradient[SIZE], weight[4];
    golden_fill(x, SIZE, 3);
    golden_tensor(weight, "f.weight", 1, (const int[]){4});
    const struct session_lift lift = {units, SESSION_INPUT, x, zeros, m};
    assert_int_equal(session_multipliers(f.session, &lift, &err), 0);
    assert_int_equal(run_gradient(f.session, 0, f.layer[0], units, NULL, gradient, &err), 0);
    for (int k = 0; k < SIZE; k++)
        assert_true(fabsf(m[k] - gradient[k] * (x[k] > 0 ? 1 : weight[k / 15])) < 1e-6f);
    close_fixture(&f);
}

/* -- multipliers of operators with two values ----------------------------------------------------------------------- */

/* The second value of the operator is the first one's mean, if it is smaller, or another convolution. */
static struct graph *two_values(const char *op, bool is_smaller)
{
    struct graph *graph = graph_create();
    const int x = graph_input(graph, "input", (struct shape){4, 5, 3});
    const int a = graph_conv2d(graph, "a", x, (struct conv2d){.out = 6, .kernel = 1, .bias = true});
    const int b = is_smaller
                      ? graph_adaptive_avg_pool(graph, "b", a, 1, 1)
                      : graph_conv2d(graph, "b", x, (struct conv2d){.out = 6, .kernel = 3, .padding = 1, .bias = true});
    const int y = graph_add(graph, op_find(op), "f", (const int[]){a, b}, 2, NULL, NULL);
    graph_linear(graph, "fc", graph_flatten(graph, "flat", y), 3, true);
    return graph;
}

TEST(multipliers_through_two_values_add_up_to_the_difference_of_the_scores)
{
    static const char *const names[] = {"maximum", "minimum", "broadcast_add", "sub"}, *const layers[1] = {"f"};
    for (int i = 0; i < 8; i++) {
        struct error err = {0};
        struct fixture f = open_fixture(two_values(names[i / 2], i % 2), layers, 1);
        float x[SIZE], x0[SIZE], m[SIZE], gradient[SIZE], logits[2][3];
        double sum = 0, rise = 0;
        golden_fill(x, SIZE, 3);
        golden_fill(x0, SIZE, 4);
        session_base(f.session, x, logits[0], f.layer);
        session_base(f.session, x0, logits[1], f.layer);
        const struct session_lift lift = {units, SESSION_INPUT, x, x0, m}, same = {units, SESSION_INPUT, x, x, m};
        assert_int_equal(session_multipliers(f.session, &lift, &err), 0);
        for (int k = 0; k < SIZE; k++)
            sum += (double)m[k] * ((double)x[k] - x0[k]);
        for (int k = 0; k < 3; k++)
            rise += units[k] * ((double)logits[0][k] - logits[1][k]);
        if (!(fabs(rise) > 0.01 && fabs(sum - rise) < 1e-4 * fabs(rise)))
            fail_msg("%s: multipliers add up to %g, the scores differ by %g", names[i / 2], sum, rise);
        assert_int_equal(session_multipliers(f.session, &same, &err), 0);
        assert_int_equal(run_gradient(f.session, SESSION_INPUT, x, units, NULL, gradient, &err), 0);
        for (int k = 0; k < SIZE; k++)
            assert_true(fabsf(m[k] - gradient[k]) < 1e-5f);
        close_fixture(&f);
    }
}

/* -- norms ---------------------------------------------------------------------------------------------------------- */

TEST(norms_of_equal_values_are_their_bias)
{
    static const char *const names[] = {"layer_norm", "layer_norm", "instance_norm", "group_norm"};
    static const struct layer_norm all = {1e-5, LAYER_NORM_ALL, false, false};
    static const struct layer_norm channels = {1e-5, LAYER_NORM_CHANNELS, true, true};
    static const struct group_norm groups = {1e-5, 2, true, true};
    const void *const attributes[] = {&all, &channels, &channels, &groups};
    for (int i = 0; i < 4; i++) {
        struct fixture f = open_one(names[i], attributes[i]);
        float x[SIZE], logits[3], bias[4] = {0}, gradient[SIZE];
        struct error err = {0};
        for (int k = 0; k < SIZE; k++)
            x[k] = 0.7f;
        if (i > 0)
            golden_tensor(bias, "f.bias", 1, (const int[]){4});
        session_base(f.session, x, logits, f.layer);
        for (int k = 0; k < SIZE; k++)
            assert_true(fabsf(f.layer[0][k] - bias[k / 15]) < 1e-4f);
        assert_int_equal(run_gradient(f.session, SESSION_INPUT, x, units, NULL, gradient, &err), 0);
        for (int k = 0; k < SIZE; k++)
            assert_true(isfinite(gradient[k]));
        close_fixture(&f);
    }
}

/* -- fusing --------------------------------------------------------------------------------------------------------- */

TEST(factors_and_curves_join_the_convolution_before_them)
{
    static const char *const folded[] = {"scale_shift", "constant_mul", "constant_add"}, *const layers[1] = {"gelu"};
    for (int i = 0; i < 6; i++) {
        const bool is_map = i >= 3; /* a factor for each position cannot be folded */
        struct graph *graph = graph_create();
        int x = graph_input(graph, "input", (struct shape){3, 6, 6});
        x = graph_conv2d(graph, "conv", x, (struct conv2d){.out = 8, .kernel = 1});
        x = graph_add(graph, op_find(folded[i % 3]), "f", &x, 1,
                      i % 3 ? &(struct constant){8, is_map ? 6 : 1, 1} : NULL, NULL);
        x = graph_conv2d(graph, "last", graph_gelu(graph, "gelu", x), (struct conv2d){.out = 2, .kernel = 6});
        struct network *network = make_network(graph, layers, 1);
        const bool is_folded = !is_map || i % 3 == 0;
        assert_int_equal(network_step_count(network), is_folded ? 2 : 3);
        assert_string_equal(network_step(network, is_folded ? 0 : 1).activation, "gelu");
        network_free(network);
    }
}

/* -- errors --------------------------------------------------------------------------------------------------------- */

static void assert_refused(const char *op, const void *attributes, const char *text)
{
    struct error err = {0};
    struct graph *graph = graph_create();
    const int x = graph_input(graph, "input", (struct shape){4, 5, 3});
    assert_int_equal(graph_add(graph, op_find(op), "f", &x, 1, attributes, &err), -1);
    assert_string_equal(err.text, text);
    graph_free(graph);
}

TEST(attributes_that_make_no_sense_are_refused)
{
    assert_refused("layer_norm", &(struct layer_norm){-1, 0, true, true}, "layer \"f\": eps of a norm must be 0 to 1");
    assert_refused("instance_norm", &(struct layer_norm){NAN, 0, true, true},
                   "layer \"f\": eps of a norm must be 0 to 1");
    assert_refused("group_norm", &(struct group_norm){1e-5, 3, true, true},
                   "layer \"f\": the groups of group_norm must divide the channels");
    assert_refused("group_norm", &(struct group_norm){1e-5, 0, true, true},
                   "layer \"f\": the groups of group_norm must divide the channels");
    assert_refused("clip", &(struct clip){2, 1}, "layer \"f\": the lower bound of clip is above the upper one");
    assert_refused("clip", &(struct clip){NAN, 1}, "layer \"f\": the lower bound of clip is above the upper one");
    assert_refused("leaky_relu", &(struct leaky_relu){INFINITY}, "layer \"f\": its attributes are not finite");
    assert_refused("hard_sigmoid_of", &(struct hard_sigmoid_of){1, NAN}, "layer \"f\": its attributes are not finite");
    assert_refused("constant_mul", &(struct constant){3, 1, 1},
                   "layer \"f\": its constant differs from its value along an axis that is 1 in neither");
    assert_refused("constant_add", &(struct constant){4, 0, 1}, "layer \"f\": its constant has no values");
    assert_refused("mul", NULL, "layer \"f\": the operator takes another number of inputs");
}

TEST(values_that_do_not_fit_are_refused)
{
    static const struct shape shapes[] = {{3, 5, 3}, {4, 2, 3}, {4, 5, 2}};
    for (int i = 0; i < 3; i++) {
        struct error err = {0};
        struct graph *graph = graph_create();
        const int x = graph_input(graph, "input", (struct shape){4, 5, 3});
        const int y =
            graph_conv2d(graph, "conv", x,
                         (struct conv2d){.out = shapes[i].c, .kernel = 6 - shapes[i].h, .kernel_w = 4 - shapes[i].w});
        assert_int_equal(graph_add(graph, op_find("broadcast_add"), "f", (const int[]){x, y}, 2, NULL, &err), -1);
        assert_string_equal(err.text, "layer \"f\": its values differ along an axis that is 1 in neither of them");
        graph_free(graph);
    }
}

TEST(operators_without_multipliers_are_named)
{
    static const char *const names[] = {"softmax", "layer_norm", "instance_norm", "group_norm"};
    for (int i = 0; i < 4; i++) {
        struct error err = {0};
        struct fixture f = open_one(names[i], NULL);
        float m[SIZE], u[3];
        char text[128];
        const struct session_lift lift = {units, SESSION_INPUT, f.x, f.x, m};
        assert_int_equal(session_multipliers(f.session, &lift, &err), -1);
        snprintf(text, sizeof text, "operator \"%s\" after layer \"input\" has no multipliers (step \"f\")", names[i]);
        assert_string_equal(err.text, text);
        assert_int_equal(session_tangent(f.session, SESSION_INPUT, f.x, f.x, u, &err), -1);
        close_fixture(&f);
    }
}
