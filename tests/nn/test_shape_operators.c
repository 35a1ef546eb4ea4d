/* tests/nn/test_shape_operators.c - operators that move, cut, pad and reduce: what they refuse, and values by hand. */
#include "base/error.h"
#include "nn/nn.h"
#include "nn/ops.h"
#include "tests/golden_weights.h"
#include "tests/session_calls.h"
#include "tests/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Adds the operator to an input of this shape; `message`: what it refuses, after the layer's name. */
static void assert_refuses(const char *op, struct shape in, const void *attributes, const char *message)
{
    struct error err = {0};
    struct graph *graph = graph_create();
    const int x = graph_input(graph, "x", in);
    assert_int_equal(graph_add(graph, op_find(op), "y", &x, 1, attributes, &err), -1);
    assert_memory_equal(err.text, "layer \"y\": ", 11);
    assert_string_equal(err.text + 11, message);
    graph_free(graph);
}

#define MAP ((struct shape){6, 5, 4})

TEST(slices_that_leave_their_input_are_refused)
{
    static const char outside[] = "a slice begins and ends inside its input";
    static const struct slice_axis wrong[] = {{6, 0, 1},  {-1, 0, 1}, {2, 5, 1}, {0, 4, 2},      {1, 3, -1},
                                              {0, -1, 1}, {5, 7, -1}, {0, 2, 6}, {5, 2, 1 << 30}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_refuses("slice", MAP, &(struct slice){.c = wrong[i]}, outside);
    assert_refuses("slice", MAP, &(struct slice){.h = {5, 0, 1}}, outside);
    assert_refuses("slice", MAP, &(struct slice){.w = {0, 5, 1}}, outside);
}

TEST(shuffles_need_whole_groups)
{
    static const char whole[] = "channels must be a multiple of the groups";
    assert_refuses("channel_shuffle", MAP, &(struct channel_shuffle){4}, whole);
    assert_refuses("channel_shuffle", MAP, &(struct channel_shuffle){0}, whole);
    assert_refuses("channel_shuffle", MAP, &(struct channel_shuffle){-3}, whole);
}

TEST(reshapes_keep_the_number_of_values)
{
    static const char number[] = "a reshape keeps the number of values";
    static const struct shape wrong[] = {{6, 5, 5}, {0, 5, 4}, {-6, -5, 4}, {1 << 30, 1 << 30, 1 << 30}, {120, 1, 0}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_refuses("reshape", MAP, &wrong[i], number);
}

TEST(blocks_divide_height_and_width)
{
    static const char block[] = "height and width must be multiples of the block";
    static const int wrong[] = {2, 4, 5, 0, -1, 1 << 20};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_refuses("space_to_depth", MAP, &(struct space_to_depth){.block = wrong[i]}, block);
    assert_refuses("space_to_depth", MAP, &(struct space_to_depth){.block = 1, .order = 2},
                   "the order of channels is block_major or channel_major");
}

TEST(reductions_need_an_axis)
{
    static const char *const names[] = {"reduce_mean", "reduce_sum", "reduce_max", "reduce_min"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_refuses(names[i], MAP, &(struct reduce){false}, "a reduction needs an axis: c, h or w");
}

TEST(padding_has_a_size)
{
    static const char size[] = "padding is from 0 to 32768 on each side";
    assert_refuses("pad", MAP, &(struct pad){.pad.top = -1}, size);
    assert_refuses("pad", MAP, &(struct pad){.pad.right = 32769}, size);
    assert_refuses("pad", MAP, &(struct pad){.channels_after = -1}, size);
    assert_refuses("pad", MAP, &(struct pad){.mode = 4}, "padding is constant, reflect, edge or wrap");
    assert_refuses("pad", MAP, &(struct pad){.mode = -1}, "padding is constant, reflect, edge or wrap");
    assert_refuses("pad", MAP, &(struct pad){.pad = {30000, 30000, 30000, 30000}},
                   "its input is too small or too large");
}

TEST(pools_have_a_tap_inside_the_input_for_every_result)
{
    static const char least[] = "a pool needs a kernel, a stride and a dilation of at least 1";
    static const char padding[] = "a pool's padding must be smaller than its window";
    static const char alone[] = "a pool's window must not lie in the padding alone";
    static const char *const names[] = {"max_pool", "avg_pool"};
    for (int i = 0; i < 2; i++) {
        assert_refuses(names[i], MAP, &(struct pool2d){.kernel = 2, .dilation = -1}, least);
        assert_refuses(names[i], MAP, &(struct pool2d){.kernel = 2, .dilation_w = 1 << 20}, least);
        assert_refuses(names[i], MAP, &(struct pool2d){.kernel = 2, .stride = -2}, least);
        assert_refuses(names[i], MAP, &(struct pool2d){.kernel = 0}, least);
        assert_refuses(names[i], MAP, &(struct pool2d){.kernel = 3, .padding = 3}, padding);
        assert_refuses(names[i], MAP, &(struct pool2d){.kernel = 3, .pad.right = 3}, padding);
        assert_refuses(names[i], MAP, &(struct pool2d){.kernel = 3, .pad.top = -1}, padding);
        assert_refuses(names[i], (struct shape){2, 1, 1}, &(struct pool2d){.kernel = 2, .dilation = 2, .padding = 1},
                       alone);
        assert_refuses(names[i], (struct shape){2, 2, 2}, &(struct pool2d){.kernel = 2, .dilation = 9, .padding = 4},
                       alone);
        assert_refuses(names[i], MAP, &(struct pool2d){.kernel = 6}, "its input is too small or too large");
    }
}

static void assert_does_not_join(const char *op, struct shape other, const char *message)
{
    struct error err = {0};
    struct graph *graph = graph_create();
    const int x = graph_input(graph, "x", MAP);
    const struct pad pad = {
        .pad.bottom = other.h - MAP.h, .pad.right = other.w - MAP.w, .channels_after = other.c - MAP.c};
    const int y = graph_add(graph, op_find("pad"), "y", &x, 1, &pad, &err);
    assert_int_equal(graph_add(graph, op_find(op), "z", (const int[]){x, y}, 2, NULL, &err), -1);
    assert_string_equal(err.text, message);
    graph_free(graph);
}

TEST(joined_values_agree_in_the_other_axes)
{
    static const char height[] = "layer \"z\": concat_h needs values of one width and number of channels";
    static const char width[] = "layer \"z\": concat_w needs values of one height and number of channels";
    assert_does_not_join("concat_h", (struct shape){6, 5, 5}, height);
    assert_does_not_join("concat_h", (struct shape){7, 5, 4}, height);
    assert_does_not_join("concat_w", (struct shape){6, 6, 4}, width);
    assert_does_not_join("concat_w", (struct shape){7, 5, 4}, width);
}

/* -- values by hand ------------------------------------------------------------------------------------------------- */

/* A network of one operator, with a flatten, on an input x. */
struct trial {
    struct network *network;
    struct session *session;
    size_t outputs, inputs;
};

/* The operator reads the input `times` times. */
static struct trial begin_trial_of(const char *op, int times, struct shape in, const void *attributes)
{
    struct error err = {0};
    struct graph *graph = graph_create();
    struct weights weights;
    const int x = graph_input(graph, "x", in), inputs[4] = {x, x, x, x};
    graph_flatten(graph, "flat", graph_add(graph, op_find(op), "y", inputs, times, attributes, &err));
    if (graph_finish(graph, &err))
        fail_msg("%s", err.text);
    golden_weights(graph, &weights);
    struct trial trial = {.network = network_create(graph, &weights, (const char *[]){"x"}, 1, &err)};
    assert_non_null(trial.network);
    trial.session = session_create(trial.network, 1, &err);
    assert_non_null(trial.session);
    trial.outputs = (size_t)network_classes(trial.network);
    trial.inputs = shape_size(in);
    golden_weights_release(&weights);
    graph_free(graph);
    return trial;
}

static struct trial begin_trial(const char *op, struct shape in, const void *attributes)
{
    return begin_trial_of(op, 1, in, attributes);
}

static void end_trial(const struct trial *trial)
{
    session_free(trial->session);
    network_free(trial->network);
}

/* The result in (C,h,w), and the gradient of its sum. */
static void run_trial(const struct trial *trial, const float *x, float *y, float *gradient)
{
    struct error err = {0};
    float *value = calloc(trial->inputs, sizeof *value), *ones = calloc(trial->outputs, sizeof *ones);
    assert_true(value && ones);
    for (size_t k = 0; k < trial->outputs; k++)
        ones[k] = 1;
    session_base(trial->session, x, y, &value);
    assert_int_equal(run_gradient(trial->session, 0, x, ones, NULL, gradient, &err), 0);
    free(value);
    free(ones);
}

static void assert_gives(const char *op, struct shape in, const void *attributes, const float *x, const float *y,
                         const float *gradient)
{
    const struct trial trial = begin_trial(op, in, attributes);
    float got[32], slope[32];
    assert_true(trial.outputs <= 32 && trial.inputs <= 32);
    run_trial(&trial, x, got, slope);
    assert_memory_equal(got, y, trial.outputs * sizeof *y);
    assert_memory_equal(slope, gradient, trial.inputs * sizeof *slope);
    end_trial(&trial);
}

TEST(equal_extremes_have_their_gradient_at_the_first_channel_then_position)
{
    static const float x[8] = {1, 3, 3, 0, 3, 3, 0, 0}; /* two channels of 2x2 */
    static const struct reduce all = {true, true, true}, map = {.h = true, .w = true};
    assert_gives("reduce_max", (struct shape){2, 2, 2}, &all, x, (float[]){3}, (float[]){0, 1, 0, 0, 0, 0, 0, 0});
    assert_gives("reduce_min", (struct shape){2, 2, 2}, &all, x, (float[]){0}, (float[]){0, 0, 0, 1, 0, 0, 0, 0});
    assert_gives("reduce_max", (struct shape){2, 2, 2}, &map, x, (float[]){3, 3}, (float[]){0, 1, 0, 0, 1, 0, 0, 0});
    assert_gives("reduce_min", (struct shape){2, 2, 2}, &map, x, (float[]){0, 0}, (float[]){0, 0, 0, 1, 0, 0, 1, 0});
}

TEST(channels_of_groups_take_turns)
{
    static const float x[6] = {0, 1, 2, 3, 4, 5}, ones[6] = {1, 1, 1, 1, 1, 1};
    assert_gives("channel_shuffle", (struct shape){6, 1, 1}, &(struct channel_shuffle){2}, x,
                 (float[]){0, 3, 1, 4, 2, 5}, ones);
    assert_gives("channel_shuffle", (struct shape){6, 1, 1}, &(struct channel_shuffle){3}, x,
                 (float[]){0, 2, 4, 1, 3, 5}, ones);
}

static void assert_joins(const char *op, const float *y)
{
    static const float x[4] = {0, 1, 2, 3}, threes[4] = {3, 3, 3, 3};
    const struct trial trial = begin_trial_of(op, 3, (struct shape){1, 2, 2}, NULL);
    float got[12], gradient[4];
    run_trial(&trial, x, got, gradient);
    assert_memory_equal(got, y, sizeof got);
    assert_memory_equal(gradient, threes, sizeof threes);
    end_trial(&trial);
}

TEST(three_values_are_joined)
{
    assert_joins("concat", (float[]){0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3});
    assert_joins("concat_h", (float[]){0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3});
    assert_joins("concat_w", (float[]){0, 1, 0, 1, 0, 1, 2, 3, 2, 3, 2, 3});
}

TEST(an_extreme_of_values_with_a_nan_is_nan)
{
    static const float x[4] = {1, NAN, 3, -2};
    static const char *const names[] = {"reduce_max", "reduce_min"};
    for (int i = 0; i < 2; i++) {
        const struct trial trial =
            begin_trial(names[i], (struct shape){1, 2, 2}, &(struct reduce){.h = true, .w = true});
        float y, gradient[4];
        run_trial(&trial, x, &y, gradient);
        assert_true(isnan(y));
        end_trial(&trial);
    }
}

TEST(the_mean_of_a_map_has_the_bits_of_average_pooling)
{
    const struct shape in = {5, 7, 6};
    const struct trial mean = begin_trial("reduce_mean", in, &(struct reduce){.h = true, .w = true});
    const struct trial pool = begin_trial("adaptive_avg_pool", in, &(struct adaptive_pool){1, 1});
    float x[5 * 7 * 6], y[5], y2[5], gradient[5 * 7 * 6], gradient2[5 * 7 * 6];
    golden_fill(x, mean.inputs, 7);
    run_trial(&mean, x, y, gradient);
    run_trial(&pool, x, y2, gradient2);
    assert_memory_equal(y, y2, sizeof y);
    assert_memory_equal(gradient, gradient2, sizeof gradient);
    end_trial(&mean);
    end_trial(&pool);
}

/* Whether the tail of the input is global average pooling and a linear layer. */
static bool is_pooled_linear(struct reduce axes, struct shape in)
{
    struct error err = {0};
    struct graph *graph = graph_create();
    struct weights weights;
    const int x = graph_input(graph, "x", in);
    const int y = graph_add(graph, op_find("reduce_mean"), "y", &x, 1, &axes, &err);
    graph_linear(graph, "fc", graph_add(graph, op_find("flatten_hwc"), "flat", &y, 1, NULL, &err), 3, false);
    assert_int_equal(graph_finish(graph, &err), 0);
    golden_weights(graph, &weights);
    struct network *network = network_create(graph, &weights, (const char *[]){"x"}, 1, &err);
    const bool is_pooled = network_pooled_linear(network, 0);
    golden_weights_release(&weights);
    network_free(network);
    graph_free(graph);
    return is_pooled;
}

TEST(only_the_mean_of_each_channel_is_global_pooling)
{
    assert_true(is_pooled_linear((struct reduce){.h = true, .w = true}, MAP));
    assert_true(is_pooled_linear((struct reduce){.h = true}, (struct shape){6, 5, 1}));
    assert_false(is_pooled_linear((struct reduce){.h = true}, MAP));
    assert_false(is_pooled_linear((struct reduce){.c = true, .h = true, .w = true}, MAP));
    assert_false(is_pooled_linear((struct reduce){.c = true}, (struct shape){6, 1, 1}));
}

/* sum(m * (x - x0)) = sum(y(x)) - sum(y(x0)) */
static void assert_complete(const char *op, const void *attributes)
{
    struct error err = {0};
    const struct trial trial = begin_trial(op, MAP, attributes);
    float x[120], x0[120], m[120], y[256], y0[256], ones[256], gradient[120];
    double rise = 0, sum = 0;
    assert_true(trial.outputs <= 256);
    golden_fill(x, 120, 1);
    golden_fill(x0, 120, 2);
    for (size_t k = 0; k < trial.outputs; k++)
        ones[k] = 1;
    run_trial(&trial, x0, y0, gradient);
    run_trial(&trial, x, y, gradient);
    const struct session_lift lift = {ones, 0, x, x0, m};
    if (session_multipliers(trial.session, &lift, &err))
        fail_msg("%s: %s", op, err.text);
    for (size_t k = 0; k < trial.outputs; k++)
        rise += (double)y[k] - y0[k];
    for (size_t k = 0; k < trial.inputs; k++)
        sum += (double)m[k] * ((double)x[k] - x0[k]);
    if (!(fabs(rise - sum) < 1e-5 * (1 + fabs(rise))))
        fail_msg("%s: %g, %g expected", op, sum, rise);
    end_trial(&trial);
}

TEST(multipliers_add_up_to_the_difference)
{
    assert_complete("slice", &(struct slice){.c = {4, 3, -2}, .h = {1, 0, 2}});
    assert_complete("channel_shuffle", &(struct channel_shuffle){3});
    assert_complete("reshape", &(struct shape){2, 6, 10});
    assert_complete("flatten_hwc", NULL);
    assert_complete("transpose_hw", NULL);
    assert_complete("concat_h", NULL);
    assert_complete("concat_w", NULL);
    assert_complete("pad", &(struct pad){.pad = {1, 0, 0, 1}, .value = 3});
    assert_complete("pad", &(struct pad){.pad = {0, 2, 1, 0}, .mode = 1});
    assert_complete("max_pool", &(struct pool2d){.kernel = 2, .stride = 1, .dilation = 2, .padding = 1});
    assert_complete("max_pool", &(struct pool2d){.kernel = 3, .stride = 2, .ceil_mode = true, .pad = {2, 0, 1, 0}});
    assert_complete("avg_pool", &(struct pool2d){.kernel = 3, .stride = 2, .ceil_mode = true, .count_overhang = true});
    assert_complete("reduce_mean", &(struct reduce){.c = true, .w = true});
    assert_complete("reduce_sum", &(struct reduce){.h = true});
    assert_complete("reduce_max", &(struct reduce){.h = true, .w = true});
    assert_complete("reduce_max", &(struct reduce){.c = true});
    assert_complete("reduce_min", &(struct reduce){.h = true, .w = true});
    assert_complete("reduce_min", &(struct reduce){.c = true, .h = true});
}

static void assert_multipliers(const char *op, const float *x, const float *x0, const float *expected)
{
    struct error err = {0};
    const struct trial trial = begin_trial(op, (struct shape){1, 1, 2}, &(struct reduce){.w = true});
    const float one = 1;
    float m[2];
    const struct session_lift lift = {&one, 0, x, x0, m};
    assert_int_equal(session_multipliers(trial.session, &lift, &err), 0);
    for (int k = 0; k < 2; k++)
        assert_true(fabsf(m[k] - expected[k]) < 1e-6f);
    end_trial(&trial);
}

TEST(multipliers_are_at_the_better_extreme_of_value_and_reference)
{
    assert_multipliers("reduce_max", (float[]){1, 0}, (float[]){0, 5}, (float[]){0, 0.8f});
    assert_multipliers("reduce_max", (float[]){0, 5}, (float[]){1, 0}, (float[]){0, 0.8f});
    assert_multipliers("reduce_min", (float[]){-1, 0}, (float[]){0, -5}, (float[]){0, 0.8f});
    assert_multipliers("reduce_min", (float[]){-1, 2}, (float[]){-1, 3}, (float[]){1, 0});
}
