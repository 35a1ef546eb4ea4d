/*
 * tests/methods/test_degenerate.c - activations that are zero, constant, single or not finite; scores that say nothing.
 *
 * Every method must end with a flag, never with a NaN among numbers, and without an endless loop. The table below is
 * that of docs/methods.md.
 */
#include "tests/methods/every_method.h"

#include <math.h>

/* -- networks ------------------------------------------------------------------------------------------------- */

static void fill(struct weights *weights, const char *name, float value)
{
    size_t size;
    float *data = bench_tensor(weights, name, &size);
    for (size_t i = 0; i < size; i++)
        data[i] = value;
}

/* 0.1, 0.2, 0.3 and so on. */
static void count_up(struct weights *weights, const char *name)
{
    size_t size;
    float *data = bench_tensor(weights, name, &size);
    for (size_t i = 0; i < size; i++)
        data[i] = 0.1f * (float)(i + 1);
}

static void kill_channels(struct weights *weights)
{
    fill(weights, "features.6.bias", -100);
}

static void flatten_channels(struct weights *weights)
{
    fill(weights, "features.6.weight", 0);
    count_up(weights, "features.6.bias");
}

static void flatten_block(struct weights *weights)
{
    fill(weights, "block2.bn2.weight", 0);
    fill(weights, "block2.downsample.1.weight", 0);
    fill(weights, "block2.downsample.1.bias", 0);
    count_up(weights, "block2.bn2.bias");
}

static void forget_classes(struct weights *weights)
{
    fill(weights, "fc.weight", 0);
}

static void forget_vgg_classes(struct weights *weights)
{
    fill(weights, "classifier.4.weight", 0);
}

static void spoil_class(struct weights *weights)
{
    size_t size;
    bench_tensor(weights, "fc.weight", &size)[24 + 2] = NAN;
}

static void spoil_other_class(struct weights *weights)
{
    size_t size;
    bench_tensor(weights, "fc.weight", &size)[3 * 24 + 2] = NAN;
}

static void spoil_filter(struct weights *weights)
{
    size_t size;
    bench_tensor(weights, "conv1.weight", &size)[2] = NAN;
}

static void spoil_channel(struct weights *weights)
{
    size_t size;
    bench_tensor(weights, "block2.bn2.bias", &size)[2] = NAN;
}

/* A convolution, ReLU, "layer", of size (layer_h,layer_w), global average pooling and one linear layer. */
static struct graph *small_graph(int h, int w, int channels, int layer_h, int layer_w)
{
    struct graph *graph = graph_create();
    int x = graph_input(graph, "input", (struct shape){3, h, w});
    x = graph_conv2d(graph, "conv", x, (struct conv2d){.out = channels, .kernel = 1, .bias = true});
    if (layer_h != h || layer_w != w)
        x = graph_adaptive_avg_pool(graph, "pool", x, layer_h, layer_w);
    x = graph_relu(graph, "layer", x);
    x = graph_flatten(graph, "flatten", graph_adaptive_avg_pool(graph, "avgpool", x, 1, 1));
    graph_linear(graph, "fc", x, 5, true);
    return graph;
}

static struct graph *one_channel_graph(void)
{
    return small_graph(5, 4, 1, 5, 4);
}

static struct graph *thousand_channels_graph(void)
{
    return small_graph(5, 4, 1000, 5, 4);
}

static struct graph *one_pixel_graph(void)
{
    return small_graph(1, 1, 6, 1, 1);
}

static struct graph *one_position_graph(void)
{
    return small_graph(8, 6, 6, 1, 1);
}

/* Every channel is red + 5, bit for bit with all kernels; logits do not depend on the number of channels. */
static void make_equal(struct weights *weights)
{
    static const float slopes[5] = {0.25f, 1, -1, 0.5f, -0.25f};
    size_t size, channels;
    float *weight = bench_tensor(weights, "conv.weight", &size);
    for (size_t i = 0; i < size; i++)
        weight[i] = i % 3 == 0;
    fill(weights, "conv.bias", 5);
    bench_tensor(weights, "conv.bias", &channels);
    weight = bench_tensor(weights, "fc.weight", &size);
    for (size_t i = 0; i < size; i++)
        weight[i] = slopes[i / channels] / (float)channels;
}

static const struct bench_network one_channel = {"one channel", {"layer"}, one_channel_graph, make_equal, true};
static const struct bench_network thousand_channels = {
    "thousand channels", {"layer"}, thousand_channels_graph, make_equal, true};
static const struct bench_network one_pixel = {"one pixel", {"layer"}, one_pixel_graph, NULL, true};
static const struct bench_network one_position = {"one position", {"layer"}, one_position_graph, NULL, true};
static const struct bench_network vgg = {"vgg", {"features.7", "features.4"}, bench_vgg_graph, bench_vgg_weights, true};
static const struct bench_network gap = {"gap", {"block2", "block1"}, bench_gap_graph, bench_gap_weights, true};

enum { MOST = 56 * 48 }; /* pixels of the largest input */

/* -- every method ---------------------------------------------------------------------------------------------- */

static const struct degenerate {
    const char *what;
    const struct bench_network *network; /* explained at its first layer */
    void (*change)(struct weights *weights);
    int klass;
    bool is_blank; /* the input is zero */
} cases[] = {
    {"zero activations", &vgg, kill_channels, 1, false},
    {"constant channels before linear layers", &vgg, flatten_channels, 1, false},
    {"constant channels before global pooling", &gap, flatten_block, 1, false},
    {"zero gradients", &gap, forget_classes, 1, false},
    {"zero gradients of several linear layers", &vgg, forget_vgg_classes, 1, false},
    {"one channel of positive weight", &one_channel, NULL, 1, false},
    {"one channel of negative weight", &one_channel, NULL, 2, false},
    {"1000 equal channels", &thousand_channels, NULL, 1, false},
    {"one position", &one_position, NULL, 1, false},
    {"an input of one pixel", &one_pixel, NULL, 1, false},
    {"an input of zeros", &gap, NULL, 1, true},
    {"a weight of the class that is not a number", &gap, spoil_class, 1, false},
    {"a weight of another class that is not a number", &gap, spoil_other_class, 1, false},
    {"a weight of the first layer that is not a number", &gap, spoil_filter, 1, false},
    {"a channel that is not a number", &gap, spoil_channel, 1, false},
};
#define CASES ((int)(sizeof cases / sizeof *cases))

/*
 * What each call gives in each case:
 *
 * 0  zeros with the flag of a constant map
 * A  min-max of the first channel
 * f  another map in [0,1] that is not constant
 * 1  ones
 * n  no map, the flag of values that are not finite
 * r  an error
 */
static const struct {
    const char *name, *params, *outcomes;
} rows[] = {
    {"ablationcam", "", "00000AAA00fnfnn"},
    {"actmap", "", "000ffAAA00fffnn"},
    {"aug_smooth", "", "00000A0A00fnnnn"},
    {"aug_smooth", "base=reciprocam", "0f000fff00fnnnn"},
    {"cam", "", "rr00rA0A00fnfnn"},
    {"center_gaussian", "", "fffffffff0fffff"},
    {"clustercam", "", "000ffAA000fnnnn"},
    {"edge", "", "fffffffff00ffff"},
    {"eigen_smooth", "", "00000fff00fnnnn"},
    {"eigen_smooth", "base=ablationcam", "00000fff00fnfnn"},
    {"eigencam", "", "000fffff00fffnn"},
    {"eigengradcam", "", "0f000fff00fnnnn"},
    {"fakecam", "", "fffffffff0fffff"},
    {"fem", "", "000ff00000fffnn"},
    {"finercam", "", "00000A0A00fnnnn"},
    {"finercam", "base=layercam aggregate=weighted", "0f000A0A00fnnnn"},
    {"fullgrad", "", "0ff00ffff0fnnnn"},
    {"gradcam", "", "00000A0A00fnnnn"},
    {"gradcam_elementwise", "", "0f000A0A00fnnnn"},
    {"gradcam_pp", "", "00000A0A00fnnnn"},
    {"groupcam", "", "00000A0A000nnnn"},
    {"guided_backprop", "", "0000000000fnnnn"},
    {"guided_gradcam", "", "00000A0A00fnnnn"},
    {"hirescam", "", "0f000A0A00fnnnn"},
    {"input_x_gradient", "", "00000ffff00nnnn"},
    {"integrated_gradients", "", "00000ffff00nnnn"},
    {"iscam", "", "000ffAAA00fnfnn"},
    {"kpca_cam", "", "000fffff00fffnn"},
    {"layercam", "", "0f000A0A00fnnnn"},
    {"liftcam", "", "00000A0A00fnnnn"},
    {"multi_layer", "", "00000A0A00fnnnn"},
    {"multi_layer", "base=scorecam fuse=max", "000ffAAA00fnnnn"},
    {"null", "", "000000000000000"},
    {"occlusion", "", "00000000000nnnn"},
    {"opticam", "", "000ffAAA00fnnnn"},
    {"polycam", "", "000fffff00fnnnn"},
    {"random", "", "fffffffff0fffff"},
    {"randomcam", "", "000ffAA000fffnn"},
    {"reciprocam", "", "0f000fff00fnnnn"},
    {"refinecam", "", "00000A0A00fnnnn"},
    {"refinecam", "base=hirescam mix=nth_root", "0f000A0A00fnnnn"},
    {"rise", "masks=300", "fffffffff0fnnnn"},
    {"saliency", "", "0000000000fnnnn"},
    {"scorecam", "", "000ffAAA00fnnnn"},
    {"scorecam", "scoring=pytorch_grad_cam", "000ffAAA00fnfnn"},
    {"shapleycam", "", "00000A0A00fnnnn"},
    {"smoothgrad", "", "0000000000fnnnn"},
    {"smoothgrad_cam_pp", "", "00000A0A00fnnnn"},
    {"sscam", "samples=2", "000ffAAA00fnfnn"},
    {"uniform", "", "111111111111111"},
    {"winsorcam", "", "00000A0Af0fnnnn"},
    {"xgradcam", "", "00000A0A00fnnnn"},
};

static char outcome_of(struct bench *bench, const struct call *call, const char *layer, int klass, const float *want)
{
    struct cam_map map;
    const struct shape shape = network_input(bench->network);
    const int pixels = shape.h * shape.w;
    if (bench_call(bench, call, layer, klass, &map))
        return 'r';
    const struct saliency saliency = bench_finish(bench, &map);
    if (saliency.flag == SALIENCY_NOT_FINITE)
        return 'n';
    const struct range range = range_of(saliency.data, (size_t)pixels);
    float distance = 0;
    for (int i = 0; i < pixels; i++) {
        if (!(saliency.data[i] >= 0 && saliency.data[i] <= 1))
            fail_msg("%s %s: a value of %g", call->name, call->params, (double)saliency.data[i]);
        distance = fmaxf(distance, fabsf(saliency.data[i] - want[i]));
    }
    if (saliency.flag == SALIENCY_CONSTANT || range.max == 0)
        return range.max == 0 ? '0' : '?';
    if (range.min == range.max)
        return range.min == 1 ? '1' : '?';
    return distance < 1e-4f ? 'A' : 'f';
}

static const char *outcomes_of(const struct call *call)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (strcmp(rows[i].name, call->name) == 0 && strcmp(rows[i].params, call->params) == 0)
            return rows[i].outcomes;
    fail_msg("%s %s has no row", call->name, call->params);
    return NULL;
}

struct first_channel {
    struct cam_map map;
    float data[16 * 16];
};

static void keep_first_channel(struct cam *cam, void *context)
{
    struct first_channel *kept = context;
    const struct tensor *act = cam_activations(cam);
    assert_true(tensor_plane(act) <= sizeof kept->data / sizeof *kept->data);
    memcpy(kept->data, act->data, tensor_plane(act) * sizeof *act->data);
    kept->map = (struct cam_map){.form = {act->h, act->w, false, false}, .data = kept->data};
}

static void open_case(struct bench *bench, const struct degenerate *row)
{
    bench_open_network(bench, row->network, "degenerate", row->change);
    if (!row->is_blank)
        return;
    const struct shape shape = network_input(bench->network);
    memset(bench->input, 0, (size_t)shape.c * (size_t)shape.h * (size_t)shape.w * sizeof *bench->input);
    bench_run(bench);
}

/* Explains every method in one case: outcomes (EVERY_METHOD). */
static void run_case(const struct degenerate *row, char *outcomes)
{
    static float zeros[MOST];
    struct bench bench;
    struct first_channel kept;
    open_case(&bench, row);
    const char *layer = row->network->layers[0];
    bench_run_probe(&bench, layer, "probe", (struct bench_probe){keep_first_channel, &kept});
    const struct saliency first = bench_finish(&bench, &kept.map);
    const float *channel = first.flag == SALIENCY_FINE ? first.data : zeros;
    for (int i = 0; i < EVERY_METHOD; i++)
        outcomes[i] = outcome_of(&bench, &every_method[i], layer, row->klass, channel);
    bench_close(&bench);
}

TEST(every_method_gives_the_documented_map_in_every_case)
{
    static char outcomes[CASES][EVERY_METHOD];
    for (int c = 0; c < CASES; c++)
        run_case(&cases[c], outcomes[c]);
    for (int i = 0; i < EVERY_METHOD; i++) {
        const char *want = outcomes_of(&every_method[i]);
        assert_int_equal(strlen(want), CASES);
        for (int c = 0; c < CASES; c++)
            if (outcomes[c][i] != want[c])
                fail_msg("%s %s, %s: %c, expected %c", every_method[i].name, every_method[i].params, cases[c].what,
                         outcomes[c][i], want[c]);
    }
}

/* -- equal channels --------------------------------------------------------------------------------------------- */

/*
 * Equal clusters cut each other out, noise and random weights differ by channel,
 * FullGrad divides by its largest term.
 */
static bool counts_channels(const char *name)
{
    static const char *const names[] = {"clustercam", "fullgrad", "randomcam", "sscam"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], name) == 0)
            return true;
    return false;
}

TEST(a_thousand_equal_channels_give_the_map_of_one)
{
    struct bench one, thousand;
    bench_open_network(&one, &one_channel, "degenerate", NULL);
    bench_open_network(&thousand, &thousand_channels, "degenerate", NULL);
    for (int i = 0; i < EVERY_METHOD; i++) {
        struct cam_map a, b;
        const struct call *call = &every_method[i];
        if (counts_channels(call->name))
            continue;
        if (bench_call(&one, call, "layer", 1, &a) || bench_call(&thousand, call, "layer", 1, &b))
            fail_msg("%s: %s%s", call->name, one.err.text, thousand.err.text);
        const struct saliency few = bench_finish(&one, &a), many = bench_finish(&thousand, &b);
        assert_int_equal(few.flag, many.flag);
        for (int k = 0; k < 5 * 4; k++)
            if (!(fabsf(few.data[k] - many.data[k]) < 2e-4f))
                fail_msg("%s %s, position %d: %g of one channel, %g of a thousand", call->name, call->params, k,
                         (double)few.data[k], (double)many.data[k]);
    }
    bench_close(&one);
    bench_close(&thousand);
}

/* -- parameters and scores -------------------------------------------------------------------------------------- */

TEST(constant_channels_are_no_channels_of_masking_methods)
{
    struct bench bench;
    bench_open_with(&bench, "vgg", flatten_channels);
    const struct cam_map paper = bench_explain(&bench, "scorecam", "scoring=paper", "features.7", -1);
    for (int i = 0; i < 80; i++)
        assert_true(paper.data[i] == 0);
    const struct cam_map peer = bench_explain(&bench, "scorecam", "scoring=torchcam", "features.7", -1);
    for (int i = 0; i < 80; i++)
        assert_true(isfinite(peer.data[i]));
    bench_close(&bench);
}

TEST(an_image_that_is_not_finite_gives_no_map_that_is_said_to_be_fine_and_is_not)
{
    static const float wrong[] = {NAN, INFINITY, 1e38f, -1e38f};
    static float zeros[MOST];
    struct bench bench;
    bench_open(&bench, "gap");
    for (int k = 0; k < 4; k++) {
        for (int i = 0; i < 3 * MOST; i++)
            bench.input[i] = i % 5 ? wrong[k] : 0.5f;
        bench_run(&bench);
        assert_true(cam_pass_class(bench.pass) >= 0 && cam_pass_class(bench.pass) < 5);
        for (int i = 0; i < EVERY_METHOD; i++)
            outcome_of(&bench, &every_method[i], "block2", 1, zeros);
    }
    bench_close(&bench);
}

TEST(scores_that_are_not_finite_make_the_map_undefined)
{
    static const char *const variants[][2] = {
        {"scorecam", "scoring=torchcam"},
        {"clustercam", "select=all"},
        {"clustercam", "select=split"},
        {"layercam", "layers=block1,block2"},
    };
    struct bench bench;
    bench_open_with(&bench, "gap", spoil_class);
    for (size_t i = 0; i < sizeof variants / sizeof *variants; i++) {
        const struct cam_map map = bench_explain(&bench, variants[i][0], variants[i][1], "block2", 1);
        if (bench_finish(&bench, &map).flag != SALIENCY_NOT_FINITE)
            fail_msg("%s %s: a map without a finite score", variants[i][0], variants[i][1]);
    }
    bench_close(&bench);
}

static void be_certain(struct weights *weights)
{
    size_t size;
    bench_tensor(weights, "fc.bias", &size)[2] = 1000;
}

TEST(a_probability_that_never_moves_makes_a_constant_map)
{
    struct bench bench;
    bench_open_with(&bench, "gap", be_certain);
    assert_true(cam_pass_probabilities(bench.pass)[2] == 1);
    struct cam_map map = bench_explain(&bench, "reciprocam", "", "block2", 2);
    assert_int_equal(bench_finish(&bench, &map).flag, SALIENCY_CONSTANT);
    map = bench_explain(&bench, "reciprocam", "score=logit", "block2", 2);
    assert_int_equal(bench_finish(&bench, &map).flag, SALIENCY_FINE);
    bench_close(&bench);
}

static void forget_class(struct weights *weights)
{
    size_t size;
    memset(bench_tensor(weights, "fc.weight", &size) + 24, 0, 24 * sizeof(float));
    bench_tensor(weights, "fc.bias", &size)[1] = 0;
}

TEST(a_logit_of_zero_does_not_divide)
{
    static float zeros[MOST];
    struct bench bench;
    bench_open_with(&bench, "gap", forget_class);
    for (int i = 0; i < EVERY_METHOD; i++)
        assert_true(outcome_of(&bench, &every_method[i], "block2", 1, zeros) != 'n');
    const struct cam_map map = bench_explain(&bench, "ablationcam", "", "block2", 1);
    assert_int_equal(bench_finish(&bench, &map).flag, SALIENCY_CONSTANT);
    bench_close(&bench);
}
