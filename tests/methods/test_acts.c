/*
 * tests/methods/test_acts.c - methods of activations and gradients at one layer: golden values, identities, degenerate
 * inputs.
 */
#include "tests/methods/golden_cases.h"

#include <omp.h>

/* -- golden values ---------------------------------------------------------------------------------------------------- */

TEST(cam_is_that_of_pytorch)
{
    check_cases("methods_acts", "cam");
}

TEST(hirescam_is_that_of_pytorch)
{
    check_cases("methods_acts", "hirescam");
}

TEST(gradcam_elementwise_is_that_of_pytorch)
{
    check_cases("methods_acts", "gradcam_elementwise");
}

TEST(fem_is_that_of_numpy)
{
    check_cases("methods_acts", "fem");
}

TEST(randomcam_draws_the_numbers_of_its_stream)
{
    check_cases("methods_acts", "randomcam");
}

TEST(eigencam_is_that_of_numpy)
{
    check_cases("methods_acts", "eigencam");
}

TEST(eigengradcam_is_that_of_pytorch_and_numpy)
{
    check_cases("methods_acts", "eigengradcam");
}

TEST(kpca_cam_is_that_of_scikit_learn)
{
    check_cases("methods_acts", "kpca_cam");
}

TEST(scorecam_of_the_channels_with_the_largest_gradient_is_that_of_pytorch)
{
    check_cases("methods_acts", "scorecam");
}

TEST(uniform_is_that_of_pytorch)
{
    check_cases("methods_acts", "uniform");
}

TEST(center_gaussian_is_that_of_pytorch)
{
    check_cases("methods_acts", "center_gaussian");
}

TEST(edge_is_that_of_scipy)
{
    check_cases("methods_acts", "edge");
}

/* -- identities --------------------------------------------------------------------------------------------------------- */

/* Fails unless one = factor * other, up to `relative` of the largest value. */
static void assert_multiple(const struct cam_map *one, const struct cam_map *other, double factor, double relative)
{
    const size_t size = (size_t)one->form.h * (size_t)one->form.w;
    double largest = 0;
    assert_int_equal(one->form.h, other->form.h);
    assert_int_equal(one->form.w, other->form.w);
    for (size_t i = 0; i < size; i++)
        largest = fmax(largest, fabs((double)one->data[i]));
    for (size_t i = 0; i < size; i++) {
        const double want = factor * (double)other->data[i];
        if (!(fabs((double)one->data[i] - want) <= relative * largest))
            fail_msg("position %zu: %.9g, expected %.9g", i, (double)one->data[i], want);
    }
}

TEST(cam_is_gradcam_hirescam_and_xgradcam_times_hw_behind_global_pooling)
{
    static const char *const names[] = {"gradcam", "hirescam", "xgradcam"};
    struct bench bench;
    bench_open(&bench, "gap");
    for (int klass = 0; klass < 5; klass++) {
        const struct cam_map cam = bench_explain(&bench, "cam", "", "block2", klass);
        for (int n = 0; n < 3; n++) {
            const struct cam_map other = bench_explain(&bench, names[n], "", "block2", klass);
            assert_multiple(&cam, &other, cam.form.h * cam.form.w, 1e-5);
        }
    }
    bench_close(&bench);
}

TEST(gradcam_elementwise_is_layercam_where_activations_are_not_negative)
{
    static const struct {
        const char *network, *layer;
    } rows[] = {{"gap", "block2"}, {"gap", "block1"}, {"vgg", "features.7"}};
    for (int i = 0; i < 3; i++) {
        struct bench bench;
        bench_open(&bench, rows[i].network);
        const struct cam_map one = bench_explain(&bench, "gradcam_elementwise", "", rows[i].layer, 1);
        const struct cam_map other = bench_explain(&bench, "layercam", "", rows[i].layer, 1);
        assert_multiple(&one, &other, 1, 1e-5);
        bench_close(&bench);
    }
}

TEST(cam_sums_to_the_logit_without_its_bias)
{
    struct bench bench;
    float bias[5];
    bench_open(&bench, "gap");
    golden_tensor(bias, "fc.bias", 1, (const int[]){5});
    double logit[5], sum = 0;
    for (int klass = 0; klass < 5; klass++) {
        const struct cam_map cam = bench_explain(&bench, "cam", "", "block2", klass);
        const size_t plane = (size_t)cam.form.h * (size_t)cam.form.w;
        logit[klass] = (double)bias[klass] + mean_of(cam.data, plane);
        sum += exp(logit[klass]);
    }
    for (int klass = 0; klass < 5; klass++) /* by the softmax, because a pass shows no logits to a test */
        assert_true(fabs(exp(logit[klass]) / sum - (double)cam_pass_probabilities(bench.pass)[klass]) < 1e-5);
    bench_close(&bench);
}

TEST(cam_of_one_output_is_that_of_two)
{
    struct bench one, two;
    bench_open(&one, "one");
    bench_open(&two, "two");
    const struct cam_map positive = bench_explain(&one, "cam", "", "block2", 1);
    const struct cam_map negative = bench_explain(&one, "cam", "", "block2", 0);
    const struct cam_map wanted = bench_explain(&two, "cam", "", "block2", 1);
    assert_multiple(&positive, &wanted, 1, 1e-6);
    assert_multiple(&negative, &positive, -1, 0);
    bench_close(&one);
    bench_close(&two);
}

static void assert_cam_fails(const char *network, const char *layer)
{
    struct bench bench;
    struct cam_map map;
    bench_open(&bench, network);
    const struct method *method = bench_method("cam");
    assert_int_equal(cam_explain(bench.pass, method, bench_params(&bench, method, ""),
                                 network_find_layer(bench.network, layer), "cam", &map, &bench.err),
                     -1);
    assert_non_null(strstr(bench.err.text, layer));
    assert_non_null(strstr(bench.err.text, "gradcam"));
    bench_close(&bench);
}

TEST(cam_names_the_layer_that_is_not_followed_by_pooling_and_a_linear_layer)
{
    assert_cam_fails("vgg", "features.7");
    assert_cam_fails("gap", "block1");
}

TEST(scorecam_ordered_by_gradients_is_scorecam_when_all_channels_are_taken)
{
    struct bench bench;
    bench_open(&bench, "gap");
    const struct cam_map plain = bench_explain(&bench, "scorecam", "", "block2", -1);
    const struct cam_map unused = bench_explain(&bench, "scorecam", "channel_order=gradient", "block2", -1);
    const struct cam_map all =
        bench_explain(&bench, "scorecam", "channel_order=gradient max_channels=24", "block2", -1);
    const struct cam_map few = bench_explain(&bench, "scorecam", "channel_order=gradient max_channels=3", "block2", -1);
    assert_multiple(&plain, &unused, 1, 0);
    assert_multiple(&plain, &all, 1, 0);
    assert_int_equal(unused.cost.backward, 0);
    assert_int_equal(few.cost.backward, 1);
    assert_true(few.cost.full <= 4);
    bench_close(&bench);
}

TEST(the_cost_of_scorecam_ordered_by_gradients_has_a_backward_pass)
{
    struct bench bench;
    bench_open(&bench, "gap");
    const struct method *method = bench_method("scorecam");
    const struct tensor layer = {24, 7, 6, NULL};
    const struct shape input = {3, 56, 48};
    const struct cost plain = method->cost(bench_params(&bench, method, "max_channels=5"), &layer, input);
    const struct cost all = method->cost(bench_params(&bench, method, "channel_order=gradient"), &layer, input);
    const struct cost few =
        method->cost(bench_params(&bench, method, "max_channels=5 channel_order=gradient"), &layer, input);
    assert_true(plain.backward == 0 && all.backward == 0 && few.backward == 1 && few.full == 6);
    bench_close(&bench);
}

/* -- random weights ----------------------------------------------------------------------------------------------------- */

struct moments {
    double sum, squares, least, most;
    int count;
};

static void add_weights(struct bench *bench, const char *image, struct moments *m)
{
    const struct cam_setup setup = {
        .worker = &bench->worker, .arena = &bench->arena, .input = bench->input, .seed = 1, .image_name = image};
    const struct method *method = bench_method("randomcam");
    struct cam_map map;
    arena_reset(&bench->arena);
    struct cam_pass *pass = cam_pass_run(&setup, &bench->err);
    assert_non_null(pass);
    assert_int_equal(cam_explain(pass, method, bench_params(bench, method, ""), 0, "randomcam", &map, &bench->err), 0);
    const double weight = (double)map.data[0];
    m->sum += weight;
    m->squares += weight * weight;
    m->least = fmin(m->least, weight);
    m->most = fmax(m->most, weight);
    m->count++;
}

/* Only channel 0 is not 0: it is 1 everywhere, so the map is its weight. */
static void leave_one_channel(struct weights *weights)
{
    size_t size;
    float *weight = bench_tensor(weights, "features.6.weight", &size);
    memset(weight, 0, size * sizeof *weight);
    float *bias = bench_tensor(weights, "features.6.bias", &size);
    for (size_t k = 0; k < size; k++)
        bias[k] = k == 0;
}

TEST(randomcam_has_uniform_weights_between_minus_one_and_one)
{
    struct bench bench;
    struct moments m = {.least = 1, .most = -1};
    bench_open_with(&bench, "vgg", leave_one_channel);
    for (int i = 0; i < 2000; i++) {
        char image[32];
        snprintf(image, sizeof image, "image %d", i);
        add_weights(&bench, image, &m);
    }
    /* five standard errors of 2000 numbers of variance 1/3, whose squares have variance 4/45 */
    assert_true(fabs(m.sum / m.count) < 5 * sqrt(1 / 3.0 / m.count));
    assert_true(fabs(m.squares / m.count - 1 / 3.0) < 5 * sqrt(4 / 45.0 / m.count));
    assert_true(m.least >= -1 && m.least < -0.99 && m.most < 1 && m.most > 0.99);
    bench_close(&bench);
}

/* -- degenerate inputs -------------------------------------------------------------------------------------------------- */

static void assert_flag(struct bench *bench, const char *name, const char *words, const char *layer,
                        enum saliency_flag flag)
{
    const struct cam_map map = bench_explain(bench, name, words, layer, 1);
    const struct saliency saliency = bench_finish(bench, &map);
    if (saliency.flag != flag)
        fail_msg("%s %s: flag %d, expected %d", name, words, (int)saliency.flag, (int)flag);
}

static void flatten_channels(struct weights *weights)
{
    size_t size;
    float *weight = bench_tensor(weights, "features.6.weight", &size);
    memset(weight, 0, size * sizeof *weight);
    float *bias = bench_tensor(weights, "features.6.bias", &size);
    for (size_t k = 0; k < size; k++)
        bias[k] = 0.1f * (float)(k + 1);
}

TEST(constant_channels_make_constant_maps)
{
    static const char *const rows[][2] = {{"fem", ""},
                                          {"fem", "k=0"},
                                          {"fem", "weighting=pytorch_grad_cam k=0"},
                                          {"randomcam", ""},
                                          {"eigencam", ""},
                                          {"eigencam", "relu=false"},
                                          {"eigencam", "center=false"},
                                          {"kpca_cam", ""},
                                          {"kpca_cam", "center=false"},
                                          {"kpca_cam", "kernel=rbf"},
                                          {"kpca_cam", "kernel=poly center=false"},
                                          {"kpca_cam", "kernel=linear"},
                                          {"kpca_cam", "kernel=cosine center=false"}};
    struct bench bench;
    bench_open_with(&bench, "vgg", flatten_channels);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_flag(&bench, rows[i][0], rows[i][1], "features.7", SALIENCY_CONSTANT);
    bench_close(&bench);
}

static void forget_class(struct weights *weights)
{
    size_t size;
    memset(bench_tensor(weights, "fc.weight", &size) + 24, 0, 24 * sizeof(float));
}

TEST(gradients_of_zero_make_maps_of_zeros)
{
    static const char *const rows[][2] = {{"cam", ""},
                                          {"cam", "relu=false"},
                                          {"hirescam", ""},
                                          {"hirescam", "relu=false"},
                                          {"gradcam_elementwise", ""},
                                          {"eigengradcam", ""},
                                          {"eigengradcam", "center=false abs_grad=true"}};
    struct bench bench;
    bench_open_with(&bench, "gap", forget_class);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_flag(&bench, rows[i][0], rows[i][1], "block2", SALIENCY_CONSTANT);
    bench_close(&bench);
}

static void spoil_last_layer(struct weights *weights)
{
    size_t size;
    bench_tensor(weights, "fc.weight", &size)[24 + 2] = NAN;
}

TEST(weights_that_are_not_finite_make_the_map_undefined)
{
    static const char *const names[] = {"cam", "hirescam", "gradcam_elementwise", "eigengradcam"};
    struct bench bench;
    bench_open_with(&bench, "gap", spoil_last_layer);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_flag(&bench, names[i], "", "block2", SALIENCY_NOT_FINITE);
    bench_close(&bench);
}

/* -- principal components ----------------------------------------------------------------------------------------------- */

TEST(kpca_cam_with_a_linear_kernel_is_eigencam)
{
    static const struct {
        const char *network, *layer;
    } rows[] = {{"gap", "block2"}, {"gap", "block1"}, {"vgg", "features.6"}};
    for (int i = 0; i < 3; i++) {
        struct bench bench;
        bench_open(&bench, rows[i].network);
        const struct cam_map one = bench_explain(&bench, "kpca_cam", "kernel=linear", rows[i].layer, 1);
        const struct cam_map other = bench_explain(&bench, "eigencam", "", rows[i].layer, 1);
        assert_multiple(&one, &other, 1, 1e-5);
        bench_close(&bench);
    }
}

/* Gradients have one sign in a channel there, and a channel's sign does not change Z Z^T. */
TEST(seg_eigen_cam_is_eigengradcam_behind_global_pooling)
{
    struct bench bench;
    bench_open(&bench, "gap");
    for (int klass = 0; klass < 5; klass++) {
        const struct cam_map one = bench_explain(&bench, "eigengradcam", "", "block2", klass);
        const struct cam_map other = bench_explain(&bench, "eigengradcam", "abs_grad=true", "block2", klass);
        assert_multiple(&one, &other, 1, 1e-5);
    }
    bench_close(&bench);
}

TEST(eigencam_has_the_same_map_up_to_its_sign_by_every_rule)
{
    static const char *const words[] = {"sign=raw", "sign=corr_mean"};
    struct bench bench;
    bench_open(&bench, "vgg");
    const struct cam_map absmax = bench_explain(&bench, "eigencam", "", "features.7", -1);
    for (int i = 0; i < 2; i++) {
        const struct cam_map other = bench_explain(&bench, "eigencam", words[i], "features.7", -1);
        const bool is_same = signbit(absmax.data[0]) == signbit(other.data[0]);
        assert_multiple(&absmax, &other, is_same ? 1 : -1, 0);
    }
    bench_close(&bench);
}

TEST(principal_components_do_not_depend_on_the_number_of_threads)
{
    static const char *const names[] = {"eigencam", "eigengradcam", "kpca_cam"};
    struct bench bench;
    bench_open(&bench, "resnet18");
    const int threads = omp_get_max_threads();
    for (int n = 0; n < 3; n++) {
        omp_set_num_threads(1);
        const struct cam_map one = bench_explain(&bench, names[n], "", "layer2", 1);
        omp_set_num_threads(4);
        const struct cam_map four = bench_explain(&bench, names[n], "", "layer2", 1);
        assert_multiple(&one, &four, 1, 0);
        assert_int_equal(omp_get_max_threads(), 4);
    }
    omp_set_num_threads(threads);
    bench_close(&bench);
}

/* -- controls ----------------------------------------------------------------------------------------------------------- */

TEST(uniform_keeps_the_whole_image)
{
    struct bench bench;
    bench_open(&bench, "gap");
    const struct cam_map map = bench_explain(&bench, "uniform", "", "block2", -1);
    const struct saliency saliency = bench_finish(&bench, &map);
    assert_int_equal(saliency.flag, SALIENCY_FINE);
    for (int i = 0; i < 56 * 48; i++)
        assert_true(saliency.data[i] == 1);
    bench_close(&bench);
}

TEST(an_image_of_one_colour_has_no_edges)
{
    struct bench bench;
    bench_open(&bench, "gap");
    for (int i = 0; i < 3 * 56 * 48; i++)
        bench.input[i] = 0.1f * (float)(1 + i / (56 * 48));
    bench_run(&bench);
    assert_flag(&bench, "edge", "", "block2", SALIENCY_CONSTANT);
    bench_close(&bench);
}

TEST(edge_measures_a_step)
{
    struct bench bench;
    bench_open(&bench, "gap");
    for (int i = 0; i < 3 * 56 * 48; i++) /* black on the left of column 20, a fifth of white on its right */
        bench.input[i] = (const float[]){-2, -1.5f, -1.25f}[i / (56 * 48)] +
                         (i % 48 < 20 ? 0 : 0.2f / (const float[]){0.25f, 0.2f, 0.3f}[i / (56 * 48)]);
    bench_run(&bench);
    const struct cam_map map = bench_explain(&bench, "edge", "", "block2", -1);
    for (int i = 0; i < 56 * 48; i++) {
        const double want = i % 48 == 19 || i % 48 == 20 ? 4 * 0.2 : 0;
        assert_true(fabs((double)map.data[i] - want) < 1e-6);
    }
    bench_close(&bench);
}

/* -- small and equal features ------------------------------------------------------------------------------------------- */

static struct graph *small_graph(int h, int w, int channels)
{
    struct graph *graph = graph_create();
    int x = graph_input(graph, "input", (struct shape){3, h, w});
    x = graph_conv2d(graph, "conv", x, (struct conv2d){.out = channels, .kernel = 1, .bias = true});
    x = graph_relu(graph, "layer", x);
    x = graph_flatten(graph, "flatten", graph_adaptive_avg_pool(graph, "avgpool", x, 1, 1));
    graph_linear(graph, "fc", x, 5, true);
    return graph;
}

static struct graph *one_channel_graph(void)
{
    return small_graph(5, 4, 1);
}

static struct graph *one_position_graph(void)
{
    return small_graph(1, 1, 6);
}

static struct graph *thousand_channels_graph(void)
{
    return small_graph(5, 4, 1000);
}

/* Every channel is the first, with a bias that keeps it positive. */
static void copy_first_channel(struct weights *weights)
{
    size_t size, channels;
    float *weight = bench_tensor(weights, "conv.weight", &size), *bias = bench_tensor(weights, "conv.bias", &channels);
    for (size_t i = 0; i < size; i++)
        weight[i] = weight[i % 3];
    for (size_t k = 0; k < channels; k++)
        bias[k] = 5;
}

static const struct bench_network one_channel = {"one channel", {"layer"}, one_channel_graph, copy_first_channel, true};
static const struct bench_network one_position = {"one position", {"layer"}, one_position_graph, NULL, true};
static const struct bench_network thousand_channels = {
    "thousand channels", {"layer"}, thousand_channels_graph, copy_first_channel, true};

static const char *const acts[] = {"cam",      "hirescam", "gradcam_elementwise", "fem", "eigencam", "eigengradcam",
                                   "kpca_cam", "randomcam"};

/* SqueezeNet's end: a map for each class, ReLU, global average pooling. */
static struct graph *class_maps_graph(void)
{
    struct graph *graph = graph_create();
    int x = graph_input(graph, "input", (struct shape){3, 5, 4});
    x = graph_conv2d(graph, "conv", x, (struct conv2d){.out = 5, .kernel = 1, .bias = true});
    x = graph_relu(graph, "relu", x);
    graph_flatten(graph, "flatten", graph_adaptive_avg_pool(graph, "avgpool", x, 1, 1));
    return graph;
}

struct class_channel {
    int klass;
    float values[20];
};

static void keep_class_channel(struct cam *cam, void *context)
{
    struct class_channel *kept = context;
    memcpy(kept->values, cam_activations(cam)->data + (size_t)kept->klass * 20, sizeof kept->values);
}

TEST(cam_at_a_map_for_each_class_is_the_map_of_the_class)
{
    static const struct bench_network class_maps = {"class maps", {"conv", "relu"}, class_maps_graph, NULL, true};
    struct bench bench;
    bench_open_network(&bench, &class_maps, "small", NULL);
    for (int layer = 0; layer < 2; layer++)
        for (int klass = 0; klass < 5; klass++) {
            struct class_channel kept = {.klass = klass};
            bench_run_probe(&bench, class_maps.layers[layer], "probe", (struct bench_probe){keep_class_channel, &kept});
            const struct cam_map map = bench_explain(&bench, "cam", "", class_maps.layers[layer], klass);
            assert_memory_equal(map.data, kept.values, sizeof kept.values);
        }
    bench_close(&bench);
}

TEST(one_position_makes_a_constant_map)
{
    struct bench bench;
    bench_open_network(&bench, &one_position, "small", NULL);
    for (size_t i = 0; i < sizeof acts / sizeof *acts; i++)
        assert_flag(&bench, acts[i], "", "layer", SALIENCY_CONSTANT);
    bench_close(&bench);
}

/* The channel less its mean, with the value of largest magnitude positive, times `factor`: the map of Eigen-CAM. */
static void assert_is_centred_channel(struct bench *bench, double factor)
{
    const struct cam_map mean = bench_explain(bench, "actmap", "", "layer", 1);
    const struct cam_map map = bench_explain(bench, "eigencam", "", "layer", 1);
    const double average = mean_of(mean.data, 20);
    const struct range range = range_of(mean.data, 20);
    const double sign = average - (double)range.min > (double)range.max - average ? -1 : 1;
    for (int i = 0; i < 20; i++)
        assert_true(fabs((double)map.data[i] - sign * factor * ((double)mean.data[i] - average)) < 1e-4 * factor);
}

TEST(equal_channels_have_their_own_map_as_principal_component)
{
    struct bench bench;
    bench_open_network(&bench, &one_channel, "small", NULL);
    assert_is_centred_channel(&bench, 1);
    bench_close(&bench);
    bench_open_network(&bench, &thousand_channels, "small", NULL);
    assert_is_centred_channel(&bench, sqrt(1000));
    bench_close(&bench);
}

TEST(one_channel_and_a_thousand_equal_channels_make_the_same_saliency_maps)
{
    static const char *const rows[][2] = {{"fem", "k=1"}, {"eigencam", ""}};
    struct bench one, thousand;
    bench_open_network(&one, &one_channel, "small", NULL);
    bench_open_network(&thousand, &thousand_channels, "small", NULL);
    for (int n = 0; n < 2; n++) {
        const struct cam_map a = bench_explain(&one, rows[n][0], rows[n][1], "layer", 1);
        const struct cam_map b = bench_explain(&thousand, rows[n][0], rows[n][1], "layer", 1);
        const struct saliency few = bench_finish(&one, &a), many = bench_finish(&thousand, &b);
        assert_int_equal(few.flag, SALIENCY_FINE);
        for (int i = 0; i < 20; i++)
            assert_true(fabsf(few.data[i] - many.data[i]) < 1e-4f);
    }
    for (size_t i = 0; i < sizeof acts / sizeof *acts; i++) {
        const struct cam_map map = bench_explain(&thousand, acts[i], "", "layer", 1);
        assert_true(bench_finish(&thousand, &map).flag != SALIENCY_NOT_FINITE);
    }
    bench_close(&one);
    bench_close(&thousand);
}
