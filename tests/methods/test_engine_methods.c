/*
 * tests/methods/test_engine_methods.c - methods that need more of the engine than gradients at a layer: against PyTorch,
 * and the identities that hold for them.
 */
#include "tests/methods/golden_cases.h"

#define FAMILY "methods_engine"

TEST(liftcam_is_that_of_pytorch)
{
    check_cases(FAMILY, "liftcam");
}

TEST(shapleycam_is_that_of_pytorch)
{
    check_cases(FAMILY, "shapleycam");
}

TEST(fullgrad_is_that_of_pytorch)
{
    check_cases(FAMILY, "fullgrad");
}

TEST(winsorcam_is_that_of_pytorch)
{
    check_cases(FAMILY, "winsorcam");
}

static void assert_like(const struct cam_map *one, const struct cam_map *other, double factor)
{
    const size_t size = (size_t)one->form.h * (size_t)one->form.w;
    double largest = 0;
    for (size_t i = 0; i < size; i++)
        largest = fmax(largest, fabs((double)one->data[i]));
    assert_true(largest > 0);
    for (size_t i = 0; i < size; i++)
        if (!(fabs((double)one->data[i] - factor * (double)other->data[i]) <= 1e-5 * largest))
            fail_msg("position %zu: %.9g, other %.9g", i, (double)one->data[i], factor * (double)other->data[i]);
}

TEST(shapleycam_of_the_logit_is_gradcam)
{
    static const char *const rows[][2] = {{"gap", "block2"}, {"vgg", "features.7"}, {"resnet18", "layer3"}};
    for (int i = 0; i < 3; i++) {
        struct bench bench;
        bench_open(&bench, rows[i][0]);
        for (int klass = 0; klass < 5; klass++) {
            const struct cam_map one = bench_explain(&bench, "shapleycam", "score=logit", rows[i][1], klass);
            const struct cam_map other = bench_explain(&bench, "gradcam", "", rows[i][1], klass);
            assert_like(&one, &other, 1);
        }
        bench_close(&bench);
    }
}

/* t is the same at every position. */
TEST(forms_of_shapleycam_agree_behind_global_pooling)
{
    struct bench bench;
    bench_open(&bench, "gap");
    for (int klass = 0; klass < 5; klass++) {
        const struct cam_map mean = bench_explain(&bench, "shapleycam", "", "block2", klass);
        const struct cam_map hires = bench_explain(&bench, "shapleycam", "form=hires", "block2", klass);
        const struct cam_map x = bench_explain(&bench, "shapleycam", "form=x", "block2", klass);
        assert_like(&mean, &hires, 1);
        assert_like(&mean, &x, 1);
    }
    bench_close(&bench);
}

/* w_k = W_ck mean(A_k), the weights of Ablation-CAM without its division. */
TEST(liftcam_is_ablationcam_behind_global_pooling)
{
    struct bench bench;
    bench_open(&bench, "gap");
    for (int klass = 0; klass < 5; klass++) {
        const struct cam_map lift = bench_explain(&bench, "liftcam", "", "block2", klass);
        const struct cam_map ablation = bench_explain(&bench, "ablationcam", "denominator=one", "block2", klass);
        assert_like(&lift, &ablation, 1);
    }
    bench_close(&bench);
}

/* -- contributions -------------------------------------------------------------------------------------------------- */

static void zeros(void *context, int index, float *out)
{
    const struct tensor *act = context;
    (void)index;
    memset(out, 0, tensor_size(act) * sizeof *out);
}

/* sum_k w_k = y_c(A) - y_c(0) */
static void check_sum(struct cam *cam, void *context)
{
    (void)context;
    struct tensor act = *cam_activations(cam);
    const struct tensor *m = cam_multipliers(cam);
    struct cam_output nothing;
    double sum = 0;
    if (!m || cam_tail(cam, 1, zeros, &act, &nothing))
        fail_msg("%s", "no multipliers");
    for (size_t i = 0; m && i < tensor_size(&act); i++)
        sum += (double)m->data[i] * (double)act.data[i];
    const double rise = (double)cam_logit(cam) - (double)nothing.logit;
    if (!(fabs(sum - rise) < 1e-4 * (fabs(rise) + 0.1)))
        fail_msg("contributions add up to %.9g, not to %.9g", sum, rise);
}

TEST(contributions_of_liftcam_add_up_to_the_change_of_the_logit)
{
    static const char *const rows[][2] = {{"gap", "block2"},      {"gap", "block1"},     {"vgg", "features.7"},
                                          {"vgg", "features.6"},  {"vgg", "features.4"}, {"one", "block2"},
                                          {"resnet18", "layer4"}, {"resnet18", "layer2"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bench bench;
        bench_open(&bench, rows[i][0]);
        for (int klass = 0; klass < cam_pass_classes(bench.pass); klass++) {
            cam_pass_set_class(bench.pass, klass);
            const struct cost cost = bench_run_probe(&bench, rows[i][1], "sum", (struct bench_probe){check_sum, NULL});
            assert_true(cost.tail == 2 && cost.backward == 1);
        }
        bench_close(&bench);
    }
}

/* -- biases --------------------------------------------------------------------------------------------------------- */

struct biases {
    double sum;
    int terms;
};

static int add_bias(void *context, const struct session_visit *visit)
{
    struct biases *biases = context;
    const size_t size = (size_t)visit->shape.h * (size_t)visit->shape.w * (size_t)visit->shape.c;
    for (size_t i = 0; visit->bias && i < size; i++)
        biases->sum += (double)visit->bias[i % (size_t)visit->shape.c] * (double)visit->gradient[i];
    biases->terms += visit->bias != NULL;
    return 0;
}

/* sum(x dx) + all bias terms, those of linear layers too, = y_c */
static void check_completeness(struct cam *cam, void *context)
{
    struct biases biases = {0};
    const struct tensor *gradient = cam_visit_gradients(cam, add_bias, &biases);
    const float *x = cam_input(cam);
    double sum = biases.sum, size = fabs(biases.sum);
    if (!gradient)
        fail_msg("%s", "no gradient");
    for (size_t i = 0; gradient && i < tensor_size(gradient); i++)
        sum += (double)x[i] * (double)gradient->data[i];
    size += fabs((double)cam_logit(cam));
    if (!(fabs(sum - (double)cam_logit(cam)) < 1e-4 * size))
        fail_msg("terms add up to %.9g, not to %.9g", sum, (double)cam_logit(cam));
    assert_int_equal(biases.terms, *(const int *)context);
}

static struct graph *backbone_of(const char *name)
{
    const struct backbone_options options = {.classes = 10, .width = 1, .height = 64, .width_px = 64};
    struct error err = {.text = ""};
    struct graph *graph = backbone_graph(name, &options, &err);
    if (!graph)
        fail_msg("%s", err.text);
    return graph;
}

static struct graph *densenet(void)
{
    return backbone_of("densenet121");
}

static struct graph *squeezenet(void)
{
    return backbone_of("squeezenet1_1");
}

static struct graph *googlenet(void)
{
    return backbone_of("googlenet");
}

/* `terms`: steps with a bias. */
TEST(gradients_and_biases_of_fullgrad_add_up_to_the_logit)
{
    static const struct {
        struct bench_network network;
        int terms;
    } rows[] = {{{"gap", {"block2"}, bench_gap_graph, bench_gap_weights, true}, 8},
                {{"vgg", {"features.7", "features.6"}, bench_vgg_graph, bench_vgg_weights, true}, 6},
                {{"norms", {"last"}, bench_norms_graph, NULL, true}, 6},
                {{"norms", {"conv1", "conv2"}, bench_norms_graph, NULL, true}, 7},
                {{"resnet18", {"layer4"}, bench_resnet18_graph, NULL, true}, 21},
                {{"densenet", {"features.norm5"}, densenet, NULL, true}, 122},
                {{"squeezenet", {"features.12"}, squeezenet, NULL, true}, 26},
                {{"googlenet", {"inception5b"}, googlenet, NULL, true}, 59}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bench bench;
        bench_open_network(&bench, &rows[i].network, rows[i].network.name, NULL);
        for (int klass = 0; klass < 3; klass++) {
            int terms = rows[i].terms;
            cam_pass_set_class(bench.pass, klass);
            bench_run_probe(&bench, rows[i].network.layers[0], "sum", (struct bench_probe){check_completeness, &terms});
        }
        bench_close(&bench);
    }
}

/* -- Winsor-CAM ----------------------------------------------------------------------------------------------------- */

/* With one layer, the map is N(Grad-CAM) of that layer, enlarged. */
TEST(winsorcam_of_one_layer_is_gradcam)
{
    struct bench bench;
    int compared = 0;
    bench_open(&bench, "norms");
    for (int klass = 0; klass < 5; klass++) {
        const struct cam_map one =
            bench_explain(&bench, "winsorcam", "layers=conv4 layer_importance=l2", "conv4", klass);
        const struct cam_map other = bench_explain(&bench, "gradcam", "", "conv4", klass);
        const struct saliency a = bench_finish(&bench, &one), b = bench_finish(&bench, &other);
        assert_int_equal(a.flag, b.flag);
        compared += b.flag == SALIENCY_FINE;
        for (int i = 0; i < 24 * 20 && b.flag == SALIENCY_FINE; i++)
            assert_true(fabsf(one.data[i] - b.data[i]) < 1e-5f);
    }
    assert_true(compared > 0);
    bench_close(&bench);
}

static void forget_classes(struct weights *weights)
{
    size_t size;
    float *weight = bench_tensor(weights, "fc.weight", &size);
    memset(weight, 0, size * sizeof *weight);
}

static void spoil_class(struct weights *weights)
{
    size_t size;
    bench_tensor(weights, "fc.weight", &size)[2] = NAN;
}

TEST(winsorcam_without_important_layers_is_constant_and_without_finite_gradients_undefined)
{
    struct bench bench;
    bench_open_with(&bench, "norms", forget_classes);
    struct cam_map map = bench_explain(&bench, "winsorcam", "", "last", 1);
    assert_int_equal(bench_finish(&bench, &map).flag, SALIENCY_CONSTANT);
    bench_close(&bench);
    bench_open_with(&bench, "norms", spoil_class);
    map = bench_explain(&bench, "winsorcam", "", "last", 0);
    assert_int_equal(bench_finish(&bench, &map).flag, SALIENCY_NOT_FINITE);
    map = bench_explain(&bench, "fullgrad", "", "last", 0);
    assert_int_equal(bench_finish(&bench, &map).flag, SALIENCY_NOT_FINITE);
    bench_close(&bench);
}

TEST(winsorcam_refuses_layers_that_are_no_convolutions)
{
    struct bench bench;
    struct cam_map map;
    bench_open(&bench, "norms");
    const struct method *method = bench_method("winsorcam");
    const void *params = bench_params(&bench, method, "layers=conv4,pool");
    assert_int_equal(cam_explain(bench.pass, method, params, 0, "winsorcam", &map, &bench.err), -1);
    assert_string_equal(bench.err.text, "layer \"pool\" is not a convolution");
    bench_close(&bench);
}

/* -- one output ----------------------------------------------------------------------------------------------------- */

/*
 * With the outputs 0 and z, class 1 has the logit, the probability and so the map of a sigmoid of z. Class 0 differs: its
 * logit is -z, not 0.
 */
TEST(shapleycam_of_a_sigmoid_is_that_of_the_outputs_0_and_z)
{
    struct bench one, two;
    bench_open(&one, "one");
    bench_open(&two, "two");
    const struct cam_map map = bench_explain(&one, "shapleycam", "", "block2", 1);
    const struct cam_map other = bench_explain(&two, "shapleycam", "", "block2", 1);
    assert_like(&map, &other, 1);
    bench_close(&one);
    bench_close(&two);
}

/* -- costs, degenerate values --------------------------------------------------------------------------------------- */

static void assert_cost(struct bench *bench, const char *name, const char *params, double tail, double backward)
{
    const struct cam_map map = bench_explain(bench, name, params, "features.7", -1);
    const struct method *method = bench_method(name);
    const struct cost want = cam_usual_cost(method, bench_params(bench, method, params));
    assert_true(map.cost.full == 1 && map.cost.tail == tail && map.cost.backward == backward);
    assert_true(want.full == 1 && want.tail == tail && want.backward == backward);
}

TEST(passes_are_counted_and_foreseen)
{
    struct bench bench;
    bench_open(&bench, "vgg");
    assert_cost(&bench, "liftcam", "", 1, 1);
    assert_cost(&bench, "shapleycam", "", 1, 1);
    assert_cost(&bench, "shapleycam", "score=logit", 0, 1);
    assert_cost(&bench, "fullgrad", "", 0, 1);
    assert_cost(&bench, "winsorcam", "", 0, 1);
    bench_close(&bench);
}

static void forget_class(struct weights *weights)
{
    size_t size;
    memset(bench_tensor(weights, "fc.weight", &size) + 24, 0, 24 * sizeof(float));
    bench_tensor(weights, "fc.bias", &size)[1] = 0;
}

static void be_certain(struct weights *weights)
{
    size_t size;
    bench_tensor(weights, "fc.bias", &size)[2] = 1000;
}

/* A class without weights contributes nothing; a certain class has q = e_c, as the logit. */
TEST(extreme_classes_have_maps)
{
    struct bench bench;
    bench_open_with(&bench, "gap", forget_class);
    struct cam_map map = bench_explain(&bench, "liftcam", "", "block2", 1);
    assert_int_equal(bench_finish(&bench, &map).flag, SALIENCY_CONSTANT);
    map = bench_explain(&bench, "shapleycam", "score=logit", "block2", 1);
    assert_int_equal(bench_finish(&bench, &map).flag, SALIENCY_CONSTANT);
    bench_close(&bench);
    bench_open_with(&bench, "gap", be_certain);
    map = bench_explain(&bench, "shapleycam", "", "block2", 2);
    const struct cam_map logit = bench_explain(&bench, "gradcam", "", "block2", 2);
    assert_like(&map, &logit, 1);
    bench_close(&bench);
}
