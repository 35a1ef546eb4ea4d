/*
 * tests/methods/test_acts.c - methods of activations and gradients at one layer: golden values, identities, degenerate
 * inputs.
 */
#include "tests/methods/golden_cases.h"

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
    static const char *const rows[][2] = {
        {"fem", ""}, {"fem", "k=0"}, {"fem", "weighting=pytorch_grad_cam k=0"}, {"randomcam", ""}};
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
    static const char *const rows[][2] = {
        {"cam", ""}, {"cam", "relu=false"}, {"hirescam", ""}, {"hirescam", "relu=false"}, {"gradcam_elementwise", ""}};
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
    static const char *const names[] = {"cam", "hirescam", "gradcam_elementwise"};
    struct bench bench;
    bench_open_with(&bench, "gap", spoil_last_layer);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_flag(&bench, names[i], "", "block2", SALIENCY_NOT_FINITE);
    bench_close(&bench);
}
