/*
 * tests/methods/test_inputs.c - methods that differentiate at the input or at other inputs: against an independent
 * PyTorch implementation, and identities that hold for any weights.
 */
#include "tests/methods/golden_cases.h"

TEST(saliency_is_that_of_pytorch)
{
    check_cases("methods_inputs", "saliency");
}

TEST(input_x_gradient_is_that_of_pytorch)
{
    check_cases("methods_inputs", "input_x_gradient");
}

TEST(guided_backprop_is_that_of_pytorch)
{
    check_cases("methods_inputs", "guided_backprop");
}

TEST(guided_gradcam_is_that_of_pytorch)
{
    check_cases("methods_inputs", "guided_gradcam");
}

TEST(integrated_gradients_is_that_of_pytorch)
{
    check_cases("methods_inputs", "integrated_gradients");
}

TEST(smoothgrad_is_that_of_pytorch)
{
    check_cases("methods_inputs", "smoothgrad");
}

TEST(smoothgrad_cam_pp_is_that_of_pytorch)
{
    check_cases("methods_inputs", "smoothgrad_cam_pp");
}

TEST(opticam_is_that_of_pytorch)
{
    check_cases("methods_inputs", "opticam");
}

/* -- identities ---------------------------------------------------------------------------------------------------- */

static const char *const networks[] = {"gap", "vgg", "resnet18"};
static const char *const layers[] = {"block2", "features.7", "layer4"};

static size_t pixels_of(const struct cam_map *map)
{
    return (size_t)map->form.h * (size_t)map->form.w;
}

/* Whether two maps have the same bits; the second call may not change the first one's memory. */
static void assert_same_maps(struct bench *bench, const char *layer, const char *const a[2], const char *const b[2])
{
    const struct cam_map first = bench_explain(bench, a[0], a[1], layer, 1);
    const struct cam_map second = bench_explain(bench, b[0], b[1], layer, 1);
    assert_int_equal(pixels_of(&first), pixels_of(&second));
    if (memcmp(first.data, second.data, pixels_of(&first) * sizeof *first.data) != 0)
        fail_msg("%s %s differs from %s %s", a[0], a[1], b[0], b[1]);
}

TEST(without_noise_smoothgrad_is_the_gradient)
{
    for (int i = 0; i < 3; i++) {
        struct bench bench;
        bench_open(&bench, networks[i]);
        assert_same_maps(&bench, layers[i], (const char *const[]){"smoothgrad", "sigma=0 samples=5 reduce=max_abs"},
                         (const char *const[]){"saliency", ""});
        assert_same_maps(&bench, layers[i], (const char *const[]){"smoothgrad", "sigma=0 samples=3 score=prob"},
                         (const char *const[]){"saliency", "score=prob reduce=sum_abs"});
        bench_close(&bench);
    }
}

TEST(without_noise_smoothgrad_cam_pp_is_gradcam_pp)
{
    for (int i = 0; i < 3; i++) {
        struct bench bench;
        bench_open(&bench, networks[i]);
        const struct cam_map want = bench_explain(&bench, "gradcam_pp", "", layers[i], 2);
        const char *const forms[] = {"sigma=0 samples=3 eps=0", "sigma=0 samples=1 eps=0"};
        for (int f = 0; f < 2; f++) {
            const struct cam_map got = bench_explain(&bench, "smoothgrad_cam_pp", forms[f], layers[i], 2);
            for (size_t k = 0; k < pixels_of(&want); k++)
                assert_true(fabsf(got.data[k] - want.data[k]) <= 1e-5f * (1 + fabsf(want.data[k])));
        }
        bench_close(&bench);
    }
}

static void write_zeros(void *context, int index, float *out)
{
    (void)index;
    memset(out, 0, *(const size_t *)context * sizeof *out);
}

/* The score of the image minus that of a baseline image. */
struct drop {
    bool is_black;
    double logit;
};

static void measure_drop(struct cam *cam, void *context)
{
    struct drop *drop = context;
    const struct shape shape = cam_input_shape(cam);
    size_t pixels = (size_t)shape.h * (size_t)shape.w;
    struct cam_output out;
    assert_int_equal(cam_masked(cam, 1, write_zeros, &pixels, drop->is_black ? cam_black_input(cam) : NULL, &out), 0);
    drop->logit = (double)cam_logit(cam) - (double)out.logit;
}

static void check_complete(const char *network, const char *layer, bool is_black, const char *rule, double tolerance)
{
    struct bench bench;
    struct drop drop = {is_black, 0};
    char words[2][96];
    double sum = 0;
    bench_open(&bench, network);
    cam_pass_set_class(bench.pass, 1);
    bench_run_probe(&bench, layer, "probe", (struct bench_probe){measure_drop, &drop});
    for (int sign = 0; sign < 2; sign++)
        snprintf(words[sign], sizeof words[sign], "steps=400 rule=%s baseline=%s reduce=%s", rule,
                 is_black ? "black" : "zero", sign ? "abs_sum" : "relu_sum");
    const struct cam_map positive = bench_explain(&bench, "integrated_gradients", words[0], layer, 1);
    const struct cam_map absolute = bench_explain(&bench, "integrated_gradients", words[1], layer, 1);
    for (size_t i = 0; i < pixels_of(&positive); i++) /* t = relu(t) - (|t| - relu(t)) */
        sum += 2 * (double)positive.data[i] - (double)absolute.data[i];
    if (!(fabs(sum - drop.logit) <= tolerance * (1 + fabs(drop.logit))))
        fail_msg("%s, %s: the sum is %.6g, the logit changes by %.6g", network, rule, sum, drop.logit);
    bench_close(&bench);
}

TEST(integrated_gradients_sum_to_the_change_of_the_logit)
{
    for (int i = 0; i < 2; i++) {
        check_complete(networks[i], layers[i], false, "gausslegendre", 2e-3);
        check_complete(networks[i], layers[i], true, "gausslegendre", 2e-3);
        check_complete(networks[i], layers[i], true, "midpoint", 2e-3);
        check_complete(networks[i], layers[i], true, "trapezoid", 5e-3);
    }
}

/* -- costs ---------------------------------------------------------------------------------------------------------- */

TEST(passes_are_counted_as_estimated)
{
    static const struct {
        const char *name, *params;
        double full, backward;
    } rows[] = {
        {"saliency", "", 1, 1},
        {"input_x_gradient", "", 1, 1},
        {"guided_backprop", "", 1, 1},
        {"guided_gradcam", "", 1, 2},
        {"integrated_gradients", "", 51, 50},
        {"integrated_gradients", "steps=3 rule=trapezoid baseline=blur", 4, 3},
        {"smoothgrad", "", 51, 50},
        {"smoothgrad", "samples=2 score=prob", 3, 2},
        {"smoothgrad_cam_pp", "", 5, 4},
        {"smoothgrad_cam_pp", "samples=7 form=torchcam", 8, 7},
        {"opticam", "iters=6 lr=0.01", 7, 6},
    };
    struct bench bench;
    bench_open(&bench, "vgg");
    for (int round = 0; round < 2; round++) /* shared work is counted as if each ran alone */
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
            const struct method *method = bench_method(rows[i].name);
            const struct cam_map map = bench_explain(&bench, rows[i].name, rows[i].params, "features.7", -1);
            const struct cost cost = cam_usual_cost(method, bench_params(&bench, method, rows[i].params));
            if (map.cost.full != rows[i].full || map.cost.tail != 0 || map.cost.backward != rows[i].backward)
                fail_msg("%s %s: %g full, %g tail, %g backward", rows[i].name, rows[i].params, map.cost.full,
                         map.cost.tail, map.cost.backward);
            assert_true(cost.full == rows[i].full && cost.tail == 0 && cost.backward == rows[i].backward);
        }
    bench_close(&bench);
}

TEST(samples_do_not_add_scratch)
{
    struct bench bench;
    bench_open(&bench, "gap");
    for (int call = 0; call < 2; call++) /* the second call touches another block of the arena */
        bench_explain(&bench, "smoothgrad_cam_pp", "samples=1", "block1", 1);
    const size_t before = cam_worker_bytes(&bench.worker);
    bench_explain(&bench, "smoothgrad_cam_pp", "samples=40", "block1", 1);
    assert_true(cam_worker_bytes(&bench.worker) == before);
    bench_close(&bench);
}

/* -- Opti-CAM ------------------------------------------------------------------------------------------------------- */

struct masked {
    const float *map;
    size_t pixels;
    float logit;
};

static void write_map(void *context, int index, float *out)
{
    const struct masked *masked = context;
    (void)index;
    memcpy(out, masked->map, masked->pixels * sizeof *out);
}

static void measure_masked(struct cam *cam, void *context)
{
    struct masked *masked = context;
    struct cam_output out;
    assert_int_equal(cam_masked(cam, 1, write_map, masked, cam_black_input(cam), &out), 0);
    masked->logit = out.logit;
}

/* The logit of the picture masked by Opti-CAM's map. */
static float masked_logit(struct bench *bench, const char *layer, const char *params)
{
    const struct cam_map map = bench_explain(bench, "opticam", params, layer, 1);
    struct masked masked = {map.data, pixels_of(&map), 0};
    float least = 1, most = 0;
    for (size_t i = 0; i < masked.pixels; i++) {
        least = fminf(least, map.data[i]);
        most = fmaxf(most, map.data[i]);
    }
    assert_true(least == 0 && most == 1);
    bench_run_probe(bench, layer, "probe", (struct bench_probe){measure_masked, &masked});
    return masked.logit;
}

TEST(opticam_raises_the_logit_of_the_masked_picture)
{
    for (int i = 0; i < 2; i++) {
        struct bench bench;
        bench_open(&bench, networks[i]);
        const float first = masked_logit(&bench, layers[i], "iters=1 lr=1e-4");
        assert_true(masked_logit(&bench, layers[i], "iters=100 lr=0.05") > first + 0.01f);
        bench_close(&bench);
    }
}

TEST(opticam_ends_when_the_loss_rises)
{
    struct bench bench;
    bench_open(&bench, "vgg");
    const struct cam_map map = bench_explain(&bench, "opticam", "iters=40 lr=5", "features.7", 1);
    assert_true(map.cost.full < 41 && map.cost.full > 1 + 4 && map.cost.backward == map.cost.full - 1);
    bench_close(&bench);
}

/* -- degenerate inputs ---------------------------------------------------------------------------------------------- */

static const char *const all[] = {"saliency",       "input_x_gradient", "guided_backprop",   "integrated_gradients",
                                  "guided_gradcam", "smoothgrad",       "smoothgrad_cam_pp", "opticam"};
#define ALL ((int)(sizeof all / sizeof *all))

static enum saliency_flag flag_of(struct bench *bench, const char *name, const char *params, const char *layer)
{
    const struct cam_map map = bench_explain(bench, name, params, layer, 1);
    return bench_finish(bench, &map).flag;
}

static void forget_class(struct weights *weights)
{
    size_t size;
    memset(bench_tensor(weights, "fc.weight", &size) + 24, 0, 24 * sizeof(float));
}

TEST(a_class_without_weights_makes_constant_maps)
{
    struct bench bench;
    bench_open_with(&bench, "gap", forget_class);
    for (int i = 0; i < ALL - 1; i++)
        assert_int_equal(flag_of(&bench, all[i], "", "block2"), SALIENCY_CONSTANT);
    assert_int_equal(flag_of(&bench, "smoothgrad_cam_pp", "eps=0", "block2"), SALIENCY_CONSTANT);
    assert_int_equal(flag_of(&bench, "smoothgrad_cam_pp", "eps=0 form=torchcam", "block2"), SALIENCY_CONSTANT);
    assert_int_equal(flag_of(&bench, "opticam", "", "block2"), SALIENCY_FINE); /* the mean of the channels, unchanged */
    bench_close(&bench);
}

static void spoil_class(struct weights *weights)
{
    size_t size;
    bench_tensor(weights, "fc.weight", &size)[24 + 2] = NAN;
}

TEST(gradients_that_are_not_finite_make_the_map_undefined)
{
    struct bench bench;
    bench_open_with(&bench, "gap", spoil_class);
    for (int i = 0; i < ALL; i++)
        if (flag_of(&bench, all[i], "", "block2") != SALIENCY_NOT_FINITE)
            fail_msg("%s: a map without a finite gradient", all[i]);
    assert_int_equal(flag_of(&bench, "saliency", "clip_percentile=95", "block2"), SALIENCY_NOT_FINITE);
    assert_int_equal(flag_of(&bench, "saliency", "reduce=relu_sum", "block2"), SALIENCY_NOT_FINITE);
    bench_close(&bench);
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

TEST(constant_channels_leave_nothing_to_optimise_or_to_attribute)
{
    struct bench bench;
    bench_open_with(&bench, "vgg", flatten_channels);
    for (int i = 0; i < ALL; i++)
        if (strcmp(all[i], "smoothgrad_cam_pp") != 0)
            assert_int_equal(flag_of(&bench, all[i], "", "features.7"), SALIENCY_CONSTANT);
    const struct cam_map map = bench_explain(&bench, "opticam", "", "features.7", 1);
    assert_true(map.cost.full == 1 && map.cost.backward == 0);
    bench_close(&bench);
}
