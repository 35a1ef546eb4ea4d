/*
 * tests/nn/test_tangents.c - Jacobian-vector products and DeepLIFT multipliers beside PyTorch's
 * (tests/golden/tangents.py, which has the same network), and what must hold between them and gradients.
 */
#include "tests/nn/engine_fixture.h"

#define CLASSES 7
#define SIZE (8 * 10 * 9)

static const char *const names[] = {"head"};

struct place {
    struct network *network;
    struct session *session;
    float x[3 * 20 * 18], logits[CLASSES], layer[SIZE], direction[SIZE], reference[SIZE], weights[CLASSES];
};

static struct graph *make_graph(void)
{
    const struct conv2d conv = {.out = 8, .kernel = 3, .padding = 1};
    struct conv2d with_bias = conv, grouped = conv, depthwise = conv, strided = conv;
    with_bias.bias = depthwise.bias = true;
    grouped.groups = 2;
    depthwise.groups = 8;
    strided.stride = 2;
    struct graph *graph = graph_create();
    int x = graph_input(graph, "input", (struct shape){3, 20, 18});
    x = graph_relu(graph, "head", graph_batch_norm(graph, "stem_bn", graph_conv2d(graph, "stem", x, strided)));
    int y = graph_relu(graph, "relu1", graph_conv2d(graph, "a", x, with_bias));
    y = graph_batch_norm(graph, "b_bn", graph_conv2d(graph, "b", y, grouped));
    x = graph_max_pool(graph, "pool", graph_relu(graph, "relu2", graph_sum(graph, "sum", x, y)),
                       (struct pool2d){.kernel = 3, .stride = 2, .padding = 1});
    y = graph_relu6(graph, "relu3", graph_conv2d(graph, "c", x, depthwise));
    x = graph_conv2d(graph, "d", x, (struct conv2d){.out = 4, .kernel = 1, .bias = true});
    x = graph_avg_pool(graph, "avg", graph_concat(graph, "joined", (const int[]){y, x}, 2),
                       (struct pool2d){.kernel = 2, .stride = 1});
    x = graph_relu(graph, "relu4", graph_batch_norm(graph, "norm", x));
    x = graph_flatten(graph, "flat", graph_adaptive_avg_pool(graph, "gap", x, 4, 3));
    x = graph_relu(graph, "relu5", graph_linear(graph, "fc1", x, 20, true));
    graph_linear(graph, "fc2", x, CLASSES, true);
    return graph;
}

/* Four times what comes before ReLU6, so that its upper limit is reached. */
static void enlarge(struct weights *weights)
{
    for (int i = 0; i < weights->count; i++)
        if (strcmp(weights->list[i].name, "c.weight") == 0 || strcmp(weights->list[i].name, "c.bias") == 0)
            for (int k = 0; k < 8 * (weights->list[i].rank == 4 ? 9 : 1); k++)
                weights->list[i].data[k] *= 4;
}

static void begin(struct place *p, const char *kernels, int workers)
{
    struct error err = {0};
    struct weights weights;
    struct graph *graph = make_graph();
    assert_int_equal(graph_finish(graph, &err), 0);
    golden_weights(graph, &weights);
    enlarge(&weights);
    p->network = network_create_with(graph, &weights, names, 1, kernels, &err);
    golden_weights_release(&weights);
    graph_free(graph);
    p->session = p->network ? session_create(p->network, workers, &err) : NULL;
    if (!p->session)
        fail_msg("%s", err.text);
    golden_fill(p->x, 3 * 20 * 18, 3);
    golden_fill(p->direction, SIZE, 4);
    golden_fill(p->reference, SIZE, 5);
    golden_fill(p->weights, CLASSES, 6);
    session_base(p->session, p->x, p->logits, (float *[]){p->layer});
}

static void end(struct place *p)
{
    session_free(p->session);
    network_free(p->network);
}

static void tangent(struct place *p, const float *direction, float *out)
{
    struct error err = {0};
    if (session_tangent(p->session, 0, p->layer, direction, out, &err))
        fail_msg("%s", err.text);
}

static void multipliers(struct place *p, const float *reference, float *out)
{
    struct error err = {0};
    const struct session_lift lift = {p->weights, 0, p->layer, reference, out};
    if (session_multipliers(p->session, &lift, &err))
        fail_msg("%s", err.text);
}

static void check(const char *kernels, int workers)
{
    static const float zeros[SIZE];
    struct golden *golden = golden_open("tangents");
    struct place p;
    float u[CLASSES], m[SIZE];
    begin(&p, kernels, workers);
    golden_check(golden, "logits", p.logits, CLASSES, 1e-5, 1e-7);
    tangent(&p, p.direction, u);
    golden_check(golden, "tangent.direction", u, CLASSES, 1e-5, 1e-7);
    tangent(&p, p.layer, u);
    golden_check(golden, "tangent.own", u, CLASSES, 1e-5, 1e-7);
    multipliers(&p, zeros, m);
    golden_check(golden, "multipliers.zeros", m, SIZE, 1e-5, 1e-7);
    multipliers(&p, p.reference, m);
    golden_check(golden, "multipliers.reference", m, SIZE, 1e-5, 1e-7);
    multipliers(&p, p.layer, m);
    golden_check(golden, "multipliers.same", m, SIZE, 1e-5, 1e-7);
    end(&p);
    golden_close(golden);
}

TEST(tangents_and_multipliers_equal_those_of_pytorch)
{
    check("auto", 1);
    check("openblas", 1);
    check("portable", 3);
}

static double product(const float *a, const float *b, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (double)a[i] * b[i];
    return sum;
}

TEST(tangent_and_gradient_are_transposed)
{
    struct error err = {0};
    struct place p;
    float u[CLASSES], gradient[SIZE];
    begin(&p, "auto", 1);
    tangent(&p, p.direction, u);
    assert_int_equal(run_gradient(p.session, 0, p.layer, p.weights, NULL, gradient, &err), 0);
    const double one = product(u, p.weights, CLASSES), other = product(gradient, p.direction, SIZE);
    assert_true(fabs(one) > 0.1 && fabs(one - other) < 1e-5 * fabs(one));
    end(&p);
}

TEST(multipliers_at_the_value_itself_are_gradients)
{
    struct error err = {0};
    struct place p;
    float m[SIZE], gradient[SIZE];
    begin(&p, "auto", 1);
    multipliers(&p, p.layer, m);
    assert_int_equal(run_gradient(p.session, 0, p.layer, p.weights, NULL, gradient, &err), 0);
    for (int i = 0; i < SIZE; i++)
        assert_true(fabsf(m[i] - gradient[i]) < 1e-6f);
    end(&p);
}

static void assert_refuses(struct graph *graph, const char *const *layers, int layer, const char *tangent,
                           const char *multiply)
{
    struct error err = {0};
    struct fixture f = open_fixture(graph, layers, 1);
    float *out = floats(f.classes), *m = floats(f.layer_size[0]);
    const struct session_lift lift = {f.logits, layer, f.layer[0], f.layer[0], m};
    assert_int_equal(session_tangent(f.session, layer, f.layer[0], f.layer[0], out, &err), -1);
    assert_string_equal(err.text, tangent);
    err.text[0] = '\0';
    assert_int_equal(session_multipliers(f.session, &lift, &err), multiply ? -1 : 0);
    assert_string_equal(err.text, multiply ? multiply : "");
    free(out);
    free(m);
    close_fixture(&f);
}

TEST(operators_without_tangent_or_multipliers_are_named)
{
    assert_refuses(vgg_graph(), vgg_layers, 0,
                   "operator \"hard_swish\" after layer \"features.1\" is not linear piece by piece (step "
                   "\"classifier.3\")",
                   NULL);
    assert_refuses(mixed_graph(), (const char *const[]){"block"}, 0,
                   "operator \"silu\" after layer \"block\" is not linear piece by piece (step \"excited\")",
                   "operator \"scale_channels\" after layer \"block\" has no multipliers (step \"excited.mul\")");
}

/* The multipliers of a network with hard swish, which is curved, also add up to the difference. */
TEST(multipliers_add_up_to_the_difference_of_the_scores)
{
    struct error err = {0};
    struct fixture f = open_fixture(vgg_graph(), vgg_layers, 1);
    float *m = floats(f.layer_size[0]), *other = floats(f.layer_size[0]), *unit = floats(f.classes);
    float *gradient = floats(f.layer_size[0]), *logits = floats(f.classes);
    unit[3] = 1;
    const struct session_lift lift = {unit, 0, f.layer[0], other, m};
    assert_int_equal(session_multipliers(f.session, &lift, &err), 0);
    assert_int_equal(run_gradient(f.session, 0, other, unit, logits, gradient, &err), 0);
    const double sum = product(m, f.layer[0], f.layer_size[0]), rise = (double)f.logits[3] - logits[3];
    assert_true(fabs(rise) > 0.01 && fabs(sum - rise) < 1e-5 * (fabs(rise) + 1));
    free(m);
    free(other);
    free(unit);
    free(gradient);
    free(logits);
    close_fixture(&f);
}
