/*
 * tests/nn/test_kept_tape.c - base passes that keep every value (session_keep_tape()), and gradients that find them:
 * all results have the bits of those without.
 */
#include "nn/nn.h"
#include "nn/ops.h"
#include "tests/golden.h"
#include "tests/golden_weights.h"
#include "tests/session_calls.h"
#include "tests/test.h"

#include <stdlib.h>
#include <string.h>

#define LAYERS 2
#define CLASSES 9
#define INPUT_SIZE (3 * 32 * 32)

static int conv(struct graph *graph, const char *name, int x, int kernel, int stride, int out, int groups)
{
    return graph_conv2d(
        graph, name, x,
        (struct conv2d){
            .out = out, .kernel = kernel, .stride = stride, .padding = kernel / 2, .groups = groups, .bias = true});
}

/*
 * What a base pass and a tape compute in different ways: steps that run as one, values in panels, a first linear layer
 * whose row is kept; and a residual, an activation that is no limit, and side values of the second layer.
 */
static struct graph *make_graph(void)
{
    struct error err = {0};
    struct graph *graph = graph_create();
    int x = graph_relu(graph, "stem",
                       conv(graph, "stem.conv", graph_input(graph, "input", (struct shape){3, 32, 32}), 3, 1, 32, 1));
    const int wide = graph_relu6(graph, "wide", conv(graph, "expand", x, 1, 1, 96, 1));
    const int deep = graph_relu6(graph, "deep", conv(graph, "depthwise", wide, 3, 1, 96, 96));
    x = graph_sum(graph, "block", conv(graph, "project", deep, 1, 1, 32, 1), x);
    const int many = graph_relu(graph, "many", conv(graph, "widen", x, 1, 1, 64, 1));
    const int groups = graph_relu(graph, "groups", conv(graph, "grouped", many, 3, 2, 64, 16));
    const int first = graph_relu(graph, "first", conv(graph, "first.conv", groups, 1, 1, 512, 1));
    const int second = graph_relu(graph, "second.inner", conv(graph, "second.conv", first, 3, 2, 512, 1));
    const int shortcut = conv(graph, "shortcut", first, 1, 2, 512, 1);
    x = graph_silu(graph, "last", graph_sum(graph, "joined", second, shortcut));
    x = graph_relu(graph, "fc1", graph_linear(graph, "fc1.linear", graph_flatten(graph, "flat", x), 40, true));
    graph_linear(graph, "fc2", x, CLASSES, true);
    if (graph_finish(graph, &err))
        fail_msg("%s", err.text);
    return graph;
}

static const char *const layer_names[LAYERS] = {"second.inner", "last"};

struct fixture {
    struct network *network;
    struct session *session;
    float input[INPUT_SIZE], other[INPUT_SIZE], cotangent[CLASSES];
    size_t layer_size[LAYERS];
};

static void begin(struct fixture *f, int workers, bool is_kept)
{
    struct error err = {0};
    struct weights weights;
    struct graph *graph = make_graph();
    golden_weights(graph, &weights);
    f->network = network_create(graph, &weights, layer_names, LAYERS, &err);
    golden_weights_release(&weights);
    graph_free(graph);
    f->session = f->network ? session_create(f->network, workers, &err) : NULL;
    if (!f->session)
        fail_msg("%s", err.text);
    for (int i = 0; i < LAYERS; i++) {
        const struct shape shape = network_layer_shape(f->network, i);
        f->layer_size[i] = (size_t)shape.c * (size_t)shape.h * (size_t)shape.w;
    }
    session_allow_differences(f->session, true);
    session_keep_tape(f->session, is_kept);
    golden_fill(f->input, INPUT_SIZE, 1);
    golden_fill(f->other, INPUT_SIZE, 3);
    golden_fill(f->cotangent, CLASSES, 2);
}

static void end(struct fixture *f)
{
    session_free(f->session);
    network_free(f->network);
}

struct results {
    float logits[CLASSES], gradient[INPUT_SIZE], *layer[LAYERS], *layer_gradient, *side;
    size_t side_count;
};

static float *floats(size_t count)
{
    float *out = calloc(count + 1, sizeof *out);
    assert_non_null(out);
    return out;
}

static struct results run(struct fixture *f)
{
    struct error err = {0};
    struct results r = {.side_count = session_side_count(f->session)};
    for (int i = 0; i < LAYERS; i++)
        r.layer[i] = floats(f->layer_size[i]);
    r.layer_gradient = floats(f->layer_size[0]);
    r.side = floats(r.side_count);
    session_base(f->session, f->input, r.logits, r.layer);
    session_side_save(f->session, r.side);
    assert_int_equal(run_gradient(f->session, 0, r.layer[0], f->cotangent, NULL, r.layer_gradient, &err), 0);
    assert_int_equal(run_gradient(f->session, SESSION_INPUT, f->input, f->cotangent, NULL, r.gradient, &err), 0);
    return r;
}

static void release(struct results *r)
{
    for (int i = 0; i < LAYERS; i++)
        free(r->layer[i]);
    free(r->layer_gradient);
    free(r->side);
}

static void check_equal(const struct fixture *f, const struct results *a, const struct results *b)
{
    assert_memory_equal(a->logits, b->logits, sizeof a->logits);
    for (int i = 0; i < LAYERS; i++)
        assert_memory_equal(a->layer[i], b->layer[i], f->layer_size[i] * sizeof(float));
    assert_memory_equal(a->side, b->side, a->side_count * sizeof(float));
    assert_memory_equal(a->layer_gradient, b->layer_gradient, f->layer_size[0] * sizeof(float));
    assert_memory_equal(a->gradient, b->gradient, sizeof a->gradient);
}

TEST(results_of_a_kept_tape_have_the_same_bits)
{
    for (int workers = 1; workers <= 3; workers += 2) {
        struct fixture plain, kept;
        begin(&plain, workers, false);
        begin(&kept, workers, true);
        struct results want = run(&plain);
        assert_true(want.side_count > 0);
        for (int round = 0; round < 2; round++) {
            struct results got = run(&kept);
            check_equal(&plain, &want, &got);
            release(&got);
        }
        release(&want);
        end(&plain);
        end(&kept);
    }
}

TEST(a_gradient_at_another_input_does_not_use_the_kept_values)
{
    struct error err = {0};
    struct fixture f;
    float want[INPUT_SIZE], got[INPUT_SIZE], again[INPUT_SIZE];
    begin(&f, 1, false);
    assert_int_equal(run_gradient(f.session, SESSION_INPUT, f.other, f.cotangent, NULL, want, &err), 0);
    end(&f);
    begin(&f, 1, true);
    struct results base = run(&f);
    assert_int_equal(run_gradient(f.session, SESSION_INPUT, f.other, f.cotangent, NULL, got, &err), 0);
    assert_int_equal(run_gradient(f.session, SESSION_INPUT, f.input, f.cotangent, NULL, again, &err), 0);
    assert_memory_equal(got, want, sizeof want);
    assert_memory_equal(again, base.gradient, sizeof again);
    release(&base);
    end(&f);
}

TEST(tangents_and_multipliers_leave_no_values_to_a_gradient)
{
    struct error err = {0};
    struct fixture f;
    float got[INPUT_SIZE], multipliers[INPUT_SIZE];
    begin(&f, 1, true);
    struct results base = run(&f);
    const struct session_lift lift = {f.cotangent, SESSION_INPUT, f.other, f.input, multipliers};
    assert_int_equal(session_multipliers(f.session, &lift, &err), 0);
    assert_int_equal(run_gradient(f.session, SESSION_INPUT, f.other, f.cotangent, NULL, got, &err), 0);
    assert_int_equal(run_gradient(f.session, SESSION_INPUT, f.input, f.cotangent, NULL, got, &err), 0);
    assert_memory_equal(got, base.gradient, sizeof got);
    release(&base);
    end(&f);
}
