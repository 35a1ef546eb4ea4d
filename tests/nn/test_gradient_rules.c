/*
 * tests/nn/test_gradient_rules.c - gradients at several layers from one backward pass, under each rule, beside PyTorch's
 * hooks (tests/golden/gradient_rules.py, which has the same network).
 */
#include "nn/nn.h"
#include "nn/ops.h"
#include "tests/golden.h"
#include "tests/golden_weights.h"
#include "tests/session_calls.h"
#include "tests/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLASSES 7
#define PLACES 4
#define LARGEST (3 * 20 * 18)

/* Positions in `layers` of network_create(); in the order of golden keys. */
static const char *const layer_names[] = {"block1", "block2", "block3"};
static const char *const place_names[PLACES] = {"block1", "block2", "block3", "input"};
static const int places[PLACES] = {0, 1, 2, SESSION_INPUT};
static const int sizes[PLACES] = {8 * 10 * 9, 12 * 10 * 9, 12 * 10 * 9, 3 * 20 * 18};
static const char *const rule_names[] = {"plain", "guided", "deconvolution", "guided_relu"};
#define RULES ((int)(sizeof rule_names / sizeof *rule_names))

struct fixture {
    struct network *network;
    struct session *session;
    float x[3 * 20 * 18], logits[CLASSES], cotangent[CLASSES];
    float layer[3][LARGEST];
};

static int conv_bn(struct graph *graph, const char *name, int x, int out, int stride)
{
    char bn[64];
    snprintf(bn, sizeof bn, "%s_bn", name);
    const struct conv2d conv = {.out = out, .kernel = 3, .stride = stride, .padding = 1};
    return graph_batch_norm(graph, bn, graph_conv2d(graph, name, x, conv));
}

static struct graph *make_graph(void)
{
    struct graph *graph = graph_create();
    int x = graph_input(graph, "input", (struct shape){3, 20, 18});
    x = graph_relu(graph, "relu1", conv_bn(graph, "stem", x, 8, 2));
    const int y = conv_bn(graph, "b", graph_relu(graph, "relu2", conv_bn(graph, "a", x, 8, 1)), 8, 1);
    x = graph_relu(graph, "block1", graph_sum(graph, "sum", x, y));
    x = graph_relu6(graph, "block2", conv_bn(graph, "c", x, 12, 1));
    x = graph_silu(graph, "block3", conv_bn(graph, "d", x, 12, 1));
    x = graph_flatten(graph, "flat", graph_adaptive_avg_pool(graph, "pool", x, 1, 1));
    x = graph_hard_swish(graph, "hard_swish", graph_linear(graph, "fc1", x, 10, true));
    graph_linear(graph, "fc2", x, CLASSES, true);
    return graph;
}

/* Four times what comes before ReLU6, so that its upper limit is reached. */
static void enlarge(struct weights *weights)
{
    for (int i = 0; i < weights->count; i++)
        if (strcmp(weights->list[i].name, "c_bn.weight") == 0 || strcmp(weights->list[i].name, "c_bn.bias") == 0)
            for (int k = 0; k < weights->list[i].dim[0]; k++)
                weights->list[i].data[k] *= 4;
}

static void begin(struct fixture *f, const char *kernels, int workers)
{
    struct error err = {0};
    struct weights weights;
    struct graph *graph = make_graph();
    assert_int_equal(graph_finish(graph, &err), 0);
    golden_weights(graph, &weights);
    enlarge(&weights);
    f->network = network_create_with(graph, &weights, layer_names, 3, kernels, &err);
    golden_weights_release(&weights);
    graph_free(graph);
    f->session = f->network ? session_create(f->network, workers, &err) : NULL;
    if (!f->session)
        fail_msg("%s", err.text);
    golden_fill(f->x, 3 * 20 * 18, 3);
    golden_fill(f->cotangent, CLASSES, 4);
    session_base(f->session, f->x, f->logits, (float *[]){f->layer[0], f->layer[1], f->layer[2]});
}

static void end(struct fixture *f)
{
    session_free(f->session);
    network_free(f->network);
}

/* The gradients at `count` places from `first` on, by one pass. */
static void gradients(struct fixture *f, enum gradient_rule rule, int first, int count, float out[PLACES][LARGEST])
{
    struct error err = {0};
    float *at[PLACES];
    for (int i = 0; i < count; i++)
        at[i] = out[first + i];
    const int from = session_gradient_start(f->session, places + first, count);
    const struct session_backward backward = {.rule = rule,
                                              .cotangent = f->cotangent,
                                              .from = from,
                                              .value = from == SESSION_INPUT ? f->x : f->layer[from],
                                              .layer_count = count,
                                              .layers = places + first,
                                              .gradients = at};
    if (session_gradients(f->session, &backward, NULL, &err))
        fail_msg("%s", err.text);
}

static void check_rules(const char *kernels, int workers)
{
    struct golden *golden = golden_open("gradient_rules");
    struct fixture f;
    begin(&f, kernels, workers);
    for (int rule = 0; rule < RULES; rule++) {
        static float got[PLACES][LARGEST];
        gradients(&f, rule, 0, PLACES, got);
        for (int p = 0; p < PLACES; p++) {
            char key[64];
            snprintf(key, sizeof key, "%s.%s", rule_names[rule], place_names[p]);
            golden_check(golden, key, got[p], (size_t)sizes[p], 1e-5, 1e-7);
        }
    }
    end(&f);
    golden_close(golden);
}

TEST(rules_equal_pytorch_hooks)
{
    check_rules("auto", 1);
    check_rules("openblas", 1);
    check_rules("auto", 3);
}

TEST(one_pass_for_all_layers_gives_the_bits_of_one_pass_each)
{
    static float all[PLACES][LARGEST], each[PLACES][LARGEST];
    struct fixture f;
    begin(&f, "auto", 1);
    for (int rule = 0; rule < RULES; rule++) {
        gradients(&f, rule, 0, 3, all);
        for (int p = 0; p < 3; p++) {
            gradients(&f, rule, p, 1, each);
            assert_memory_equal(each[p], all[p], (size_t)sizes[p] * sizeof(float));
        }
    }
    end(&f);
}

TEST(the_pass_begins_at_the_layer_that_the_others_follow_from)
{
    struct fixture f;
    begin(&f, "auto", 1);
    assert_int_equal(session_gradient_start(f.session, (const int[]){2, 0, 1}, 3), 0);
    assert_int_equal(session_gradient_start(f.session, (const int[]){2, 1}, 2), 1);
    assert_int_equal(session_gradient_start(f.session, (const int[]){2}, 1), 2);
    assert_int_equal(session_gradient_start(f.session, (const int[]){2, SESSION_INPUT}, 2), SESSION_INPUT);
    end(&f);
}
