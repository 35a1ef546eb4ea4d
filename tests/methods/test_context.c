/*
 * tests/methods/test_context.c - what a method is given: gradients, tails, masked passes, their counts; and that a map
 * does not depend on what ran before it.
 */
#include "tests/methods/networks.h"

#include <math.h>

#define CELLS 42 /* of block2 */
#define CHANNELS 24
#define PIXELS (56 * 48)

static void assert_near(float got, float want, float tolerance)
{
    if (!(fabsf(got - want) <= tolerance * (1 + fabsf(want))))
        fail_msg("%.9g, expected %.9g", (double)got, (double)want);
}

static void assert_outputs(const struct cam_output *got, const struct cam_output *want, int n, float tolerance)
{
    for (int i = 0; i < n; i++) {
        assert_near(got[i].logit, want[i].logit, tolerance);
        assert_near(got[i].probability, want[i].probability, tolerance);
    }
}

static void probe(const char *network, const char *layer, void (*run)(struct cam *cam, void *context))
{
    struct bench bench;
    bench_open(&bench, network);
    bench_run_probe(&bench, layer, "probe", (struct bench_probe){run, NULL});
    bench_close(&bench);
}

/* -- tails --------------------------------------------------------------------------------------------------------- */

struct change {
    const struct tensor *act;
    const float *masks, *value; /* spatial masks (n,h,w), or channel constants (C) */
};

static void write_masked(void *context, int index, float *out)
{
    const struct change *change = context;
    const size_t plane = tensor_plane(change->act);
    for (size_t i = 0; i < tensor_size(change->act); i++)
        out[i] = change->act->data[i] * change->masks[(size_t)index * plane + i % plane];
}

static void write_ablated(void *context, int index, float *out)
{
    const struct change *change = context;
    const size_t plane = tensor_plane(change->act);
    for (size_t i = 0; i < tensor_size(change->act); i++)
        out[i] = i / plane == (size_t)index ? change->value[index] : change->act->data[i];
}

static void compare_spatial_masks(struct cam *cam, void *context)
{
    enum { COUNT = 37 };
    const struct tensor *act = cam_activations(cam);
    float *masks = cam_floats(cam, COUNT * tensor_plane(act));
    struct change change = {act, masks, NULL};
    struct cam_output fast[COUNT], plain[COUNT];
    (void)context;
    golden_fill(masks, COUNT * tensor_plane(act), 4);
    assert_int_equal(cam_tail_spatial_masks(cam, COUNT, masks, fast), 0);
    assert_int_equal(cam_tail(cam, COUNT, write_masked, &change, plain), 0);
    assert_outputs(fast, plain, COUNT, 0);
}

TEST(spatial_masks_are_tails_of_masked_features)
{
    probe("gap", "block2", compare_spatial_masks);
    probe("gap", "block1", compare_spatial_masks);
    probe("gap", "block2.relu1", compare_spatial_masks);
    probe("vgg", "features.7", compare_spatial_masks);
}

/* All channels but the first. */
static void compare_replaced_channels(struct cam *cam, void *context)
{
    const struct tensor *act = cam_activations(cam);
    const float *tolerance = context;
    float value[CHANNELS];
    int channel[CHANNELS];
    struct change change = {act, NULL, value};
    struct cam_output fast[CHANNELS], plain[CHANNELS];
    float logit[CHANNELS];
    assert_true(act->c <= CHANNELS);
    golden_fill(value, CHANNELS, 6);
    for (int k = 0; k < act->c; k++)
        channel[k] = k;
    assert_int_equal(cam_tail_channels(cam, act->c - 1, channel + 1, value + 1, fast), 0);
    assert_int_equal(cam_tail(cam, act->c, write_ablated, &change, plain), 0);
    assert_outputs(fast, plain + 1, act->c - 1, *tolerance);
    assert_int_equal(cam_tail_channel_logits(cam, act->c - 1, channel + 1, value + 1, logit), 0);
    for (int i = 0; i < act->c - 1; i++)
        assert_true(logit[i] == fast[i].logit);
}

static void probe_replaced_channels(const char *network, const char *layer, bool exact_passes, float tolerance)
{
    struct bench bench;
    bench_open(&bench, network);
    bench.exact_passes = exact_passes;
    bench_run(&bench);
    bench_run_probe(&bench, layer, "probe", (struct bench_probe){compare_replaced_channels, &tolerance});
    bench_close(&bench);
}

TEST(replaced_channels_are_tails_of_ablated_features)
{
    probe_replaced_channels("gap", "block2", false, 1e-5f); /* a column of the weight instead of passes */
    probe_replaced_channels("gap", "block2", true, 0);
    probe_replaced_channels("gap", "block1", false, 0);
    probe_replaced_channels("gap", "block2.relu1", false, 0);
    probe_replaced_channels("vgg", "features.7", false, 0);
}

/* -- masked passes ------------------------------------------------------------------------------------------------- */

/* Mask 0: ones; 1: zeros; others: noise that leaves [0,1]. */
static void write_mask(void *context, int index, float *out)
{
    (void)context;
    golden_fill(out, PIXELS, (uint32_t)index);
    for (int i = 0; i < PIXELS; i++)
        out[i] = index == 0 ? 1 : index == 1 ? 0 : 2 * out[i];
}

static void check_ones_and_zeros(struct cam *cam, void *context)
{
    struct cam_output out[3], again[1];
    float *other = cam_floats(cam, 3 * PIXELS);
    (void)context;
    golden_fill(other, 3 * PIXELS, 77);
    assert_int_equal(cam_masked(cam, 3, write_mask, NULL, NULL, out), 0);
    assert_true(out[0].logit == cam_logit(cam) && out[0].probability == cam_probability(cam));
    assert_true(out[2].logit != out[0].logit);
    assert_int_equal(cam_masked(cam, 1, write_mask, NULL, other, again), 0);
    assert_near(again[0].logit, cam_logit(cam), 1e-6f);
}

TEST(a_mask_of_ones_is_the_base_pass_bit_for_bit)
{
    probe("gap", "block2", check_ones_and_zeros);
}

/* A baseline image that is passed over by a mask of zeros is what its own base pass says. */
struct swap {
    float baseline[3 * PIXELS];
    struct cam_output out;
    int klass;
};

static void write_zeros(void *context, int index, float *out)
{
    (void)context, (void)index;
    memset(out, 0, PIXELS * sizeof *out);
}

static void run_swap(struct cam *cam, void *context)
{
    struct swap *swap = context;
    swap->klass = cam_class(cam);
    assert_int_equal(cam_masked(cam, 1, write_zeros, NULL, swap->baseline, &swap->out), 0);
}

TEST(a_mask_of_zeros_is_the_baseline_image)
{
    static struct swap swap;
    struct bench bench;
    bench_open(&bench, "gap");
    golden_fill(swap.baseline, 3 * PIXELS, 12);
    bench_run_probe(&bench, "block2", "probe", (struct bench_probe){run_swap, &swap});
    memcpy(bench.input, swap.baseline, sizeof swap.baseline);
    bench_run(&bench);
    assert_near(swap.out.probability, cam_pass_probabilities(bench.pass)[swap.klass], 1e-6f);
    bench_close(&bench);
}

static void check_helpers(struct cam *cam, void *context)
{
    static const float black[3] = {-2, -1.5f, -1.25f};
    const float *image = cam_black_input(cam), *x = cam_input(cam);
    (void)context;
    for (int i = 0; i < 3 * PIXELS; i++)
        assert_true(image[i] == black[i / PIXELS]);
    image = cam_blurred_input(cam, 1, 1);
    for (int i = 0; i < 3 * PIXELS; i++)
        assert_near(image[i], x[i], 1e-6f);
    image = cam_blurred_input(cam, 3, 1e6); /* a mean of 3x3; the border mirrored without its pixel */
    double sum = 0;
    for (int y = -1; y <= 1; y++)
        for (int k = -1; k <= 1; k++)
            sum += (double)x[abs(y) * 48 + abs(k)] / 9;
    assert_near(image[0], (float)sum, 1e-5f);
}

TEST(baselines_are_black_and_blurred_images)
{
    probe("gap", "block2", check_helpers);
}

/* -- gradients ----------------------------------------------------------------------------------------------------- */

static void check_gradients(struct cam *cam, void *context)
{
    const int classes = cam_classes(cam), klass = cam_class(cam);
    const size_t size = tensor_size(cam_activations(cam));
    float q[16];
    (void)context;
    for (int k = 0; k < classes; k++)
        q[k] = k == klass;
    const struct tensor *logit = cam_gradient(cam, CAM_LOGIT), *same = cam_gradient_of(cam, q);
    for (size_t i = 0; i < size; i++)
        assert_near(same->data[i], logit->data[i], 1e-6f);
    for (int k = 0; k < classes; k++)
        q[k] = cam_probability(cam) * ((k == klass) - cam_probabilities(cam)[k]);
    const struct tensor *probability = cam_gradient(cam, CAM_PROBABILITY);
    same = cam_gradient_of(cam, q);
    for (size_t i = 0; i < size; i++)
        assert_near(same->data[i], probability->data[i], 1e-5f);
    assert_ptr_equal(cam_gradient(cam, CAM_LOGIT), logit);
}

TEST(gradients_of_scores_are_products_with_their_cotangents)
{
    probe("gap", "block2", check_gradients);
    probe("vgg", "features.7", check_gradients);
}

static void raise_a_logit(struct weights *weights)
{
    size_t size;
    bench_tensor(weights, "fc.bias", &size)[4] = 20;
}

/* 1 - p is lost in float here; the sum of the other probabilities is not. */
static void check_sure_gradients(struct cam *cam, void *context)
{
    float q[5], others = 0;
    (void)context;
    assert_int_equal(cam_class(cam), 4);
    for (int k = 0; k < 4; k++)
        others += cam_probabilities(cam)[k];
    assert_true(others > 0 && others < 1e-5f);
    for (int k = 0; k < 5; k++)
        q[k] = k == 4 ? 1 : -cam_probabilities(cam)[k] / others;
    const struct tensor *want = cam_gradient_of(cam, q), *got = cam_gradient(cam, CAM_LOG_PROBABILITY);
    for (size_t i = 0; i < tensor_size(want); i++)
        assert_near(got->data[i] / others, want->data[i], 1e-5f);
}

TEST(gradients_of_probabilities_close_to_1_keep_their_digits)
{
    struct bench bench;
    bench_open_with(&bench, "gap", raise_a_logit);
    bench_run_probe(&bench, "block2", "probe", (struct bench_probe){check_sure_gradients, NULL});
    bench_close(&bench);
}

static void check_input_gradient(struct cam *cam, void *context)
{
    const struct tensor *gradient = cam_input_gradient(cam, CAM_LOGIT, GRADIENT_PLAIN);
    const float *x = cam_input(cam);
    float *step = cam_floats(cam, 3 * PIXELS);
    struct cam_output out;
    double square = 0;
    (void)context;
    for (int i = 0; i < 3 * PIXELS; i++)
        square += (double)gradient->data[i] * (double)gradient->data[i];
    for (int i = 0; i < 3 * PIXELS; i++)
        step[i] = x[i] + 1e-3f * gradient->data[i] / (float)sqrt(square);
    assert_int_equal(cam_masked(cam, 1, write_zeros, NULL, step, &out), 0);
    assert_true(fabs(((double)out.logit - (double)cam_logit(cam)) / 1e-3 / sqrt(square) - 1) < 0.05);
}

TEST(the_input_gradient_is_the_slope_of_the_logit)
{
    probe("gap", "block2", check_input_gradient);
}

/* -- counts -------------------------------------------------------------------------------------------------------- */

TEST(each_method_counts_its_passes)
{
    static const struct {
        const char *name, *params;
        double full, tail, backward;
    } rows[] = {
        /* vgg's features.7: 16 channels, one dead, one constant; 8x10 positions */
        {"gradcam", "", 1, 0, 1},
        {"gradcam_pp", "", 1, 0, 1},
        {"xgradcam", "", 1, 0, 1},
        {"layercam", "", 1, 0, 1},
        {"layercam", "layers=features.4,features.7", 1, 0, 1},
        {"actmap", "", 1, 0, 0},
        {"scorecam", "", 15, 0, 0},
        {"scorecam", "scoring=paper", 16, 0, 0},
        {"scorecam", "max_channels=5", 6, 0, 0},
        {"ablationcam", "", 1, 16, 0},
        {"reciprocam", "", 1, 80, 0},
        {"clustercam", "clusters=4", 5, 0, 0},
        {"clustercam", "clusters=4 baseline=zero", 6, 0, 0},
    };
    struct bench bench;
    bench_open(&bench, "vgg");
    for (int round = 0; round < 2; round++) /* shared work is counted as if each ran alone */
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
            const struct cam_map map = bench_explain(&bench, rows[i].name, rows[i].params, "features.7", -1);
            if (map.cost.full != rows[i].full || map.cost.tail != rows[i].tail || map.cost.backward != rows[i].backward)
                fail_msg("%s %s: %g full, %g tail, %g backward", rows[i].name, rows[i].params, map.cost.full,
                         map.cost.tail, map.cost.backward);
            assert_true(map.cost.seconds > 0 && map.cost.seconds < 60);
        }
    bench_close(&bench);
}

/* -- independence of what ran before ------------------------------------------------------------------------------- */

static const char *const all[] = {"gradcam",  "gradcam_pp",  "xgradcam",   "layercam",  "actmap",
                                  "scorecam", "ablationcam", "reciprocam", "clustercam"};
#define ALL 9

/* The maps of all methods in an order that begins with `first`. */
static void maps_of(struct bench *bench, const char *layer, int first, float maps[ALL][14 * 12])
{
    for (int i = 0; i < ALL; i++) {
        const int m = (first + i) % ALL;
        const struct cam_map map = bench_explain(bench, all[m], "", layer, 2);
        memset(maps[m], 0, sizeof maps[m]);
        memcpy(maps[m], map.data, (size_t)map.form.h * (size_t)map.form.w * sizeof *map.data);
    }
}

TEST(a_map_does_not_depend_on_the_order_of_methods)
{
    static float want[ALL][14 * 12], got[ALL][14 * 12];
    struct bench bench;
    bench_open(&bench, "gap");
    maps_of(&bench, "block1", 0, want);
    for (int first = 1; first < ALL; first += 3) {
        bench_run(&bench);
        maps_of(&bench, "block1", first, got);
        assert_memory_equal(got, want, sizeof got);
    }
    bench_close(&bench);
}

/* Beside block2.relu1 runs a shortcut, which belongs to the image too. */
static void check_older_pass(const char *layer, int first)
{
    static float want[ALL][14 * 12], got[ALL][14 * 12];
    struct bench bench;
    bench_open(&bench, "gap");
    maps_of(&bench, layer, 0, want);
    struct cam_pass *older = bench.pass;
    float *input = malloc(3 * PIXELS * sizeof *input);
    assert_non_null(input);
    golden_fill(input, 3 * PIXELS, 99);
    const struct cam_setup setup = {
        .worker = &bench.worker, .arena = &bench.arena, .input = input, .seed = 1, .image_name = "image"};
    bench.pass = cam_pass_run(&setup, &bench.err);
    assert_non_null(bench.pass);
    maps_of(&bench, layer, 0, got);
    assert_memory_not_equal(got, want, sizeof got);
    bench.pass = older;
    maps_of(&bench, layer, first, got);
    assert_memory_equal(got, want, sizeof got);
    free(input);
    bench_close(&bench);
}

TEST(an_older_pass_gives_the_same_maps_after_another_image)
{
    check_older_pass("block1", 0);
    check_older_pass("block2.relu1", 0); /* begins with a gradient */
    check_older_pass("block2.relu1", 6); /* begins with tail passes */
}

TEST(threads_with_their_own_sessions_make_the_same_maps)
{
    static float want[ALL][14 * 12], got[3][ALL][14 * 12];
    struct bench bench[3];
    for (int t = 0; t < 3; t++)
        bench_open(&bench[t], "gap");
    maps_of(&bench[0], "block1", 0, want);
    bench_run(&bench[0]);
#pragma omp parallel for num_threads(3) schedule(static, 1)
    for (int t = 0; t < 3; t++)
        maps_of(&bench[t], "block1", 2 * t, got[t]);
    for (int t = 0; t < 3; t++) {
        assert_memory_equal(got[t], want, sizeof want);
        bench_close(&bench[t]);
    }
}

TEST(a_session_of_several_workers_makes_the_same_maps)
{
    static float want[ALL][14 * 12], got[ALL][14 * 12];
    struct bench bench;
    bench_open(&bench, "vgg");
    maps_of(&bench, "features.7", 0, want);
    session_free(bench.worker.session);
    bench.worker.session = session_create(bench.network, 3, &bench.err);
    assert_non_null(bench.worker.session);
    bench_run(&bench);
    maps_of(&bench, "features.7", 0, got);
    assert_memory_equal(got, want, sizeof got);
    bench_close(&bench);
}

TEST(descriptors_are_complete)
{
    for (int i = 0; methods[i]; i++) {
        const struct method *method = methods[i];
        assert_true(method->name[0] && method->title[0] && method->passes && method->version > 0);
        assert_non_null(method->explain);
        assert_int_equal(method->abi, METHOD_ABI);
        assert_true(!method->params == !method->params_size);
        assert_true(i == 0 || strcmp(methods[i - 1]->name, method->name) < 0);
    }
}

TEST(estimates_of_passes_are_what_is_counted_or_more)
{
    struct bench bench;
    bench_open(&bench, "gap");
    for (int i = 0; i < ALL; i++) {
        const struct method *method = bench_method(all[i]);
        const struct cam_map map = bench_explain(&bench, all[i], "", "block2", -1);
        const struct tensor layer = {24, 7, 6, NULL};
        const struct cost cost =
            cam_cost(method, bench_params(&bench, method, ""), &layer, network_input(bench.network));
        if (cost.full < map.cost.full || cost.tail < map.cost.tail || cost.backward < map.cost.backward ||
            cost.full > map.cost.full + 5)
            fail_msg("%s: estimated %g full, %g tail, %g backward; counted %g, %g, %g", all[i], cost.full, cost.tail,
                     cost.backward, map.cost.full, map.cost.tail, map.cost.backward);
    }
    bench_close(&bench);
}
