/*
 * tests/nn/test_kernels.c - the kernels of each set that this processor has, on every convolution of the networks.
 */
#include "nn/kernels/kernels.h"
#include "nn/nn.h"
#include "nn/ops.h"
#include "tests/golden.h"
#include "tests/golden_weights.h"
#include "tests/session_calls.h"
#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHAPES "tests/golden/conv_shapes.txt"
#define RELATIVE_RMS 1e-5
#define SHAPES_MAX 512

struct conv_shape {
    char key[64];
    struct shape in;
    struct conv2d conv;
};

/* The keys of the golden file: what the script has found in torchvision. */
static int read_shapes(struct conv_shape *shapes)
{
    FILE *file = fopen(SHAPES, "r");
    char line[4096];
    int count = 0;
    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        struct conv_shape s = {.conv = {.bias = true}};
        if (sscanf(line, "%63[0-9,] ", s.key) != 1)
            continue;
        assert_int_equal(sscanf(s.key, "%d,%d,%d,%d,%d,%d,%d,%d", &s.in.c, &s.in.h, &s.in.w, &s.conv.out,
                                &s.conv.kernel, &s.conv.stride, &s.conv.padding, &s.conv.groups),
                         8);
        assert_true(count < SHAPES_MAX);
        shapes[count++] = s;
    }
    fclose(file);
    return count;
}

/* A network that is one convolution, then pooling to a vector. */
struct single {
    struct network *network;
    struct shape out;
    size_t input_size, out_size;
    float *input, *out_values, *logits;
};

static struct single open_single(const struct conv_shape *s, const char *kernels)
{
    const char *layer = "conv";
    struct error err = {0};
    struct weights weights;
    struct graph *graph = graph_create();
    int x = graph_conv2d(graph, layer, graph_input(graph, "input", s->in), s->conv);
    graph_flatten(graph, "flat", graph_adaptive_avg_pool(graph, "pool", x, 1, 1));
    if (graph_finish(graph, &err))
        fail_msg("%s: %s", s->key, err.text);
    golden_weights(graph, &weights);
    struct single single = {.network = network_create_with(graph, &weights, &layer, 1, kernels, &err)};
    if (!single.network)
        fail_msg("%s: %s", s->key, err.text);
    golden_weights_release(&weights);
    graph_free(graph);
    single.out = network_layer_shape(single.network, 0);
    single.input_size = (size_t)s->in.c * (size_t)s->in.h * (size_t)s->in.w;
    single.out_size = (size_t)single.out.c * (size_t)single.out.h * (size_t)single.out.w;
    single.input = malloc(single.input_size * sizeof(float));
    single.out_values = malloc(single.out_size * sizeof(float));
    single.logits = malloc((size_t)single.out.c * sizeof(float));
    assert_true(single.input && single.out_values && single.logits);
    golden_fill(single.input, single.input_size, 1);
    return single;
}

static void close_single(struct single *single)
{
    network_free(single->network);
    free(single->input);
    free(single->out_values);
    free(single->logits);
}

static void run_single(const struct single *single, int lanes)
{
    struct error err = {0};
    struct session *session = session_create(single->network, lanes, &err);
    if (!session)
        fail_msg("%s", err.text);
    session_base(session, single->input, single->logits, &single->out_values);
    session_free(session);
}

/* Root of the mean squared difference against that of the values. */
static double relative_rms(const struct golden *golden, const char *key, const float *got, size_t size)
{
    size_t count;
    double difference = 0, length = 0;
    const double *want = golden_values(golden, key, &count);
    for (size_t i = 0; i < count; i++) {
        const double d = (double)got[golden_index(i, count, size)] - want[i];
        difference += d * d;
        length += want[i] * want[i];
    }
    return sqrt(difference / length);
}

static void check_set(const struct golden *golden, const struct conv_shape *shapes, int count, const char *kernels)
{
    double worst = 0;
    for (int i = 0; i < count; i++) {
        struct single single = open_single(&shapes[i], kernels);
        run_single(&single, 1);
        const double error = relative_rms(golden, shapes[i].key, single.out_values, single.out_size);
        if (!(error <= RELATIVE_RMS))
            fail_msg("%s, %s by %s: off by %.3g", kernels, shapes[i].key, network_step(single.network, 0).kernel,
                     error);
        worst = fmax(worst, error);
        close_single(&single);
    }
    assert_true(worst > 0);
}

TEST(every_convolution_is_that_of_pytorch_in_double_to_1e_5_with_every_set)
{
    static struct conv_shape shapes[SHAPES_MAX];
    struct golden *golden = golden_open("conv_shapes");
    const int count = read_shapes(shapes);
    assert_true(count > 300);
    for (const char *const *set = kernel_set_names(); *set; set++)
        check_set(golden, shapes, count, *set);
    golden_close(golden);
}

static const struct conv_shape various[] = {
    {"pointwise", {40, 23, 17}, {.out = 50, .kernel = 1, .bias = true}},
    {"pointwise, stride 2", {24, 15, 18}, {.out = 33, .kernel = 1, .stride = 2, .bias = true}},
    {"winograd", {32, 30, 21}, {.out = 48, .kernel = 3, .padding = 1, .bias = true}},
    {"winograd without padding", {16, 9, 12}, {.out = 16, .kernel = 3}},
    {"few tiles", {64, 7, 7}, {.out = 96, .kernel = 3, .padding = 1, .bias = true}},
    {"3x3, odd channels", {17, 14, 9}, {.out = 11, .kernel = 3, .padding = 1, .bias = true}},
    {"3x3, stride 2", {32, 29, 29}, {.out = 64, .kernel = 3, .stride = 2, .padding = 1, .bias = true}},
    {"1x7", {24, 17, 17}, {.out = 20, .kernel = 1, .kernel_w = 7, .padding = 0, .padding_w = 3}},
    {"dilated", {20, 19, 16}, {.out = 24, .kernel = 3, .padding = 2, .dilation = 2, .bias = true}},
    {"stem", {3, 61, 53}, {.out = 24, .kernel = 7, .stride = 2, .padding = 3, .bias = true}},
    {"stem, unused border", {3, 20, 22}, {.out = 10, .kernel = 3, .stride = 3}},
    {"one channel", {1, 30, 26}, {.out = 7, .kernel = 5, .padding = 2}},
    {"depthwise", {37, 18, 21}, {.out = 37, .kernel = 3, .padding = 1, .groups = 37, .bias = true}},
    {"depthwise, stride 2", {40, 19, 30}, {.out = 40, .kernel = 5, .stride = 2, .padding = 2, .groups = 40}},
    {"groups", {64, 17, 13}, {.out = 64, .kernel = 3, .padding = 1, .groups = 16, .bias = true}},
};

TEST(kernels_agree_with_openblas)
{
    for (size_t i = 0; i < sizeof various / sizeof *various; i++) {
        struct single want = open_single(&various[i], "openblas");
        run_single(&want, 1);
        for (const char *const *set = kernel_set_names(); *set; set++) {
            struct single got = open_single(&various[i], *set);
            run_single(&got, 1);
            for (size_t k = 0; k < want.out_size; k++)
                if (!(fabsf(got.out_values[k] - want.out_values[k]) <= 2e-5f))
                    fail_msg("%s by %s: value %zu is %.9g instead of %.9g", various[i].key, *set, k,
                             (double)got.out_values[k], (double)want.out_values[k]);
            close_single(&got);
        }
        close_single(&want);
    }
}

TEST(threads_that_share_a_step_change_nothing)
{
    for (size_t i = 0; i < sizeof various / sizeof *various; i++)
        for (const char *const *set = kernel_set_names(); *set; set++) {
            struct single single = open_single(&various[i], *set);
            float *alone = malloc(single.out_size * sizeof *alone);
            assert_non_null(alone);
            run_single(&single, 1);
            memcpy(alone, single.out_values, single.out_size * sizeof *alone);
            for (int lanes = 2; lanes <= 5; lanes += 3) {
                memset(single.out_values, 0, single.out_size * sizeof *alone);
                run_single(&single, lanes);
                if (memcmp(alone, single.out_values, single.out_size * sizeof *alone) != 0)
                    fail_msg("%s by %s: other bits with %d threads", various[i].key, *set, lanes);
            }
            free(alone);
            close_single(&single);
        }
}

static void same_input(void *context, int index, float *out)
{
    const struct single *single = context;
    (void)index;
    memcpy(out, single->input, single->input_size * sizeof *out);
}

TEST(images_of_a_group_get_the_bits_of_an_image_alone)
{
    enum { IMAGES = 19 };
    for (size_t i = 0; i < sizeof various / sizeof *various; i++) {
        struct error err = {0};
        struct single single = open_single(&various[i], NULL);
        const size_t classes = (size_t)single.out.c;
        float *logits = malloc(IMAGES * classes * sizeof *logits);
        struct session *session = session_create(single.network, 2, &err);
        assert_true(logits && session);
        run_single(&single, 1);
        run_forward(session, IMAGES, same_input, &single, logits);
        for (size_t image = 0; image < IMAGES; image++)
            if (memcmp(single.logits, logits + image * classes, classes * sizeof *logits) != 0)
                fail_msg("%s: image %zu of a batch has other bits", various[i].key, image);
        session_free(session);
        free(logits);
        close_single(&single);
    }
}

TEST(a_value_that_is_no_number_stays_visible)
{
    for (size_t i = 0; i < sizeof various / sizeof *various; i++)
        for (const char *const *set = kernel_set_names(); *set; set++) {
            struct single single = open_single(&various[i], *set);
            const size_t middle = (size_t)(various[i].in.h / 2 * various[i].in.w + various[i].in.w / 2);
            single.input[middle] = NAN;
            run_single(&single, 1);
            bool is_seen = false;
            for (size_t k = 0; k < single.out_size; k++)
                is_seen |= isnan(single.out_values[k]);
            if (!is_seen && strcmp(various[i].key, "pointwise, stride 2") != 0)
                fail_msg("%s by %s: no result is NaN", various[i].key, *set);
            close_single(&single);
        }
}

TEST(an_unknown_set_of_kernels_is_an_error_that_names_it)
{
    struct error err = {0};
    struct weights weights;
    struct graph *graph = graph_create();
    graph_linear(graph, "fc", graph_flatten(graph, "flat", graph_input(graph, "input", (struct shape){2, 1, 1})), 2,
                 true);
    assert_int_equal(graph_finish(graph, &err), 0);
    golden_weights(graph, &weights);
    assert_null(network_create_with(graph, &weights, NULL, 0, "sse9", &err));
    assert_non_null(strstr(err.text, "\"sse9\""));
    golden_weights_release(&weights);
    graph_free(graph);
}
