/* tests/nn/test_softmax.c - softmax, enlargement and activations. */
#include "tests/nn/engine_fixture.h"

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
