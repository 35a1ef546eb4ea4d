/* tests/methods/test_masks.c - methods that mask the input: against PyTorch, and what must hold between them. */
#include "tests/methods/golden_cases.h"

TEST(iscam_is_that_of_pytorch)
{
    check_cases("methods_masks", "iscam");
}

TEST(sscam_is_that_of_pytorch)
{
    check_cases("methods_masks", "sscam");
}

TEST(occlusion_is_that_of_pytorch)
{
    check_cases("methods_masks", "occlusion");
}

TEST(rise_is_that_of_pytorch)
{
    check_cases("methods_masks", "rise");
}

TEST(groupcam_is_that_of_pytorch)
{
    check_cases("methods_masks", "groupcam");
}

TEST(polycam_is_that_of_pytorch)
{
    check_cases("methods_masks", "polycam");
}

/* -- identities ---------------------------------------------------------------------------------------------------- */

/* `relative`: of the largest value. */
static void assert_same_map(struct bench *bench, const char *name, const char *params, const char *other,
                            const char *other_params, const char *layer, int klass, float relative)
{
    const struct cam_map a = bench_explain(bench, name, params, layer, klass);
    const struct cam_map b = bench_explain(bench, other, other_params, layer, klass);
    const size_t size = (size_t)a.form.h * (size_t)a.form.w;
    assert_int_equal(a.form.h, b.form.h);
    assert_int_equal(a.form.w, b.form.w);
    const struct range range = range_of(b.data, size);
    const float limit = relative * fmaxf(fabsf(range.min), fabsf(range.max));
    for (size_t i = 0; i < size; i++)
        if (!(fabsf(a.data[i] - b.data[i]) <= limit))
            fail_msg("%s %s, position %zu: %.9g, %s %s: %.9g", name, params, i, (double)a.data[i], other, other_params,
                     (double)b.data[i]);
}

static const char *const scorings[] = {"official", "paper", "torchcam", "pytorch_grad_cam"};
enum { SCORINGS = 4 };

TEST(iscam_of_one_step_and_sscam_without_noise_are_scorecam_with_a_softmax)
{
    static const char *const networks[2][2] = {{"gap", "block2"}, {"vgg", "features.7"}};
    for (int n = 0; n < 2; n++) {
        struct bench bench;
        bench_open(&bench, networks[n][0]);
        for (int s = 0; s < SCORINGS; s++) {
            char iscam[96], sscam[96], input[96], scorecam[96];
            snprintf(iscam, sizeof iscam, "samples=1 scoring=%s", scorings[s]);
            snprintf(sscam, sizeof sscam, "samples=2 sigma=0 scoring=%s", scorings[s]);
            snprintf(input, sizeof input, "samples=1 sigma=0 noise_on=input mask_space=pixel scoring=%s", scorings[s]);
            snprintf(scorecam, sizeof scorecam, "weighting=softmax scoring=%s", scorings[s]);
            assert_same_map(&bench, "iscam", iscam, "scorecam", scorecam, networks[n][1], 2, 1e-5f);
            assert_same_map(&bench, "sscam", sscam, "scorecam", scorecam, networks[n][1], 2, 1e-5f);
            snprintf(scorecam, sizeof scorecam, "weighting=softmax mask_space=pixel scoring=%s", scorings[s]);
            assert_same_map(&bench, "sscam", input, "scorecam", scorecam, networks[n][1], 2, 1e-5f);
        }
        assert_same_map(&bench, "sscam", "sigma=0 samples=1", "scorecam", "scoring=torchcam", networks[n][1], -1,
                        1e-5f);
        bench_close(&bench);
    }
}

TEST(iscam_paths_agree_where_they_have_the_same_steps)
{
    struct bench bench;
    bench_open(&bench, "gap");
    assert_same_map(&bench, "iscam", "samples=1", "iscam", "samples=1 path=torchcam", "block2", 1, 0);
    bench_close(&bench);
}

/* Every channel of block2 is 0 somewhere, so that dividing by the maximum is min-max. */
static void lower_channels(struct weights *weights)
{
    size_t size;
    float *bias = bench_tensor(weights, "block2.bn2.bias", &size);
    for (size_t k = 0; k < size; k++)
        bias[k] -= 3;
}

TEST(polycam_of_one_layer_is_scorecam_without_a_softmax)
{
    struct bench bench;
    bench_open_with(&bench, "gap", lower_channels);
    const struct cam_map own = bench_explain(&bench, "polycam", "mode=plus outlier=0", "block2", 1);
    const struct cam_map other =
        bench_explain(&bench, "scorecam", "scoring=torchcam score=prob baseline=none weighting=linear", "block2", 1);
    const struct range range = range_of(other.data, 42);
    float want[56 * 48];
    assert_true(range.min >= 0 && range.max > 0);
    for (int i = 0; i < 42; i++) /* the map is divided by its maximum too */
        other.data[i] = (other.data[i] - range.min) / range.max;
    upsample_bilinear(other.data, 1, 7, 6, want, 56, 48, false);
    for (int i = 0; i < 56 * 48; i++)
        if (!(fabsf(own.data[i] - want[i]) < 1e-5f))
            fail_msg("pixel %d: %.9g, expected %.9g", i, (double)own.data[i], (double)want[i]);
    bench_close(&bench);
}

TEST(polycam_of_the_target_layer_is_that_of_no_named_layer)
{
    struct bench bench;
    bench_open(&bench, "gap");
    assert_same_map(&bench, "polycam", "", "polycam", "layers=block2", "block2", 1, 0);
    bench_close(&bench);
}

TEST(polycam_refuses_layers_in_the_wrong_order)
{
    struct bench bench;
    struct cam_map map;
    bench_open(&bench, "gap");
    const struct method *method = bench_method("polycam");
    assert_int_equal(cam_explain(bench.pass, method, bench_params(&bench, method, "layers=block2,block1"), 0, "polycam",
                                 &map, &bench.err),
                     -1);
    assert_string_equal(bench.err.text,
                        "polycam: layer \"block1\" (14x12) is listed after \"block2\" (7x6); list layers "
                        "from the input to the output");
    bench_close(&bench);
}

TEST(groupcam_of_groups_of_one_channel_is_the_same_for_all_groupings)
{
    struct bench bench;
    bench_open(&bench, "gap");
    assert_same_map(&bench, "groupcam", "groups=24", "groupcam", "groups=24 grouping=k_means", "block2", 1, 1e-5f);
    assert_same_map(&bench, "groupcam", "groups=24", "groupcam", "groups=24 grouping=agglomerate", "block2", 1, 0);
    assert_same_map(&bench, "groupcam", "groups=24", "groupcam", "groups=65536", "block2", 1, 0);
    bench_close(&bench);
}

TEST(groupcam_refuses_an_even_kernel)
{
    struct bench bench;
    struct cam_map map;
    bench_open(&bench, "gap");
    const struct method *method = bench_method("groupcam");
    assert_int_equal(
        cam_explain(bench.pass, method, bench_params(&bench, method, "blur_kernel=4"), 0, "groupcam", &map, &bench.err),
        -1);
    assert_string_equal(bench.err.text, "blur_kernel is 4, an odd number is needed");
    assert_int_equal(bench_explain(&bench, "groupcam", "blur_kernel=223", "block2", 1).form.h, 7); /* the largest */
    bench_close(&bench);
}

TEST(occlusion_of_the_whole_image_is_one_drop_everywhere)
{
    struct bench bench;
    bench_open(&bench, "vgg");
    const struct cam_map map = bench_explain(&bench, "occlusion", "window=40 relu=false", "features.7", 2);
    for (size_t i = 1; i < 32 * 40; i++)
        assert_true(map.data[i] == map.data[0]);
    assert_true(map.data[0] != 0 && map.form.is_signed && map.cost.full == 2);
    assert_int_equal(bench_finish(&bench, &map).flag, SALIENCY_CONSTANT);
    bench_close(&bench);
}

TEST(occlusion_refuses_a_stride_that_leaves_gaps)
{
    struct bench bench;
    struct cam_map map;
    bench_open(&bench, "vgg");
    const struct method *method = bench_method("occlusion");
    assert_int_equal(cam_explain(bench.pass, method, bench_params(&bench, method, "window=8 stride=9"), 0, "occlusion",
                                 &map, &bench.err),
                     -1);
    assert_string_equal(bench.err.text, "stride 9 is larger than window 8, so some pixels would never be hidden");
    bench_close(&bench);
}

/* -- random numbers ------------------------------------------------------------------------------------------------ */

static void be_certain(struct weights *weights)
{
    size_t size;
    bench_tensor(weights, "fc.bias", &size)[2] = 1000;
}

TEST(rise_masks_have_the_mean_p1_everywhere)
{
    static const char *const rows[] = {"masks=3000 p1=0.5", "masks=3000 p1=0.5 cells=3", "masks=3000 p1=0.5 cells=16"};
    struct bench bench;
    bench_open_with(&bench, "gap", be_certain);
    assert_true(cam_pass_probabilities(bench.pass)[2] == 1);
    for (int r = 0; r < 3; r++) { /* with p_c = 1 the map is the mean mask, divided by p1 */
        const struct cam_map map = bench_explain(&bench, "rise", rows[r], "block2", 2);
        for (int i = 0; i < 56 * 48; i++)
            assert_true(fabsf(map.data[i] - 1) < 5 / sqrtf(3000));
    }
    bench_close(&bench);
}

static void rename_image(struct bench *bench, const char *name)
{
    const struct cam_setup setup = {
        .worker = &bench->worker, .arena = &bench->arena, .input = bench->input, .seed = 1, .image_name = name};
    bench->pass = cam_pass_run(&setup, &bench->err);
    assert_non_null(bench->pass);
}

TEST(noise_belongs_to_the_image_and_shared_masks_to_the_run)
{
    static const struct {
        const char *name, *params;
        bool is_shared;
    } rows[] = {{"rise", "masks=50", true},
                {"rise", "masks=50 shared_masks=false", false},
                {"sscam", "samples=1", false},
                {"sscam", "samples=1 noise_on=input", false}};
    struct bench bench;
    bench_open(&bench, "gap");
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        rename_image(&bench, "one");
        const struct cam_map one = bench_explain(&bench, rows[r].name, rows[r].params, "block2", 1);
        const size_t bytes = (size_t)one.form.h * (size_t)one.form.w * sizeof *one.data;
        const struct cam_map again = bench_explain(&bench, rows[r].name, rows[r].params, "block2", 1);
        rename_image(&bench, "other");
        const struct cam_map other = bench_explain(&bench, rows[r].name, rows[r].params, "block2", 1);
        assert_memory_equal(one.data, again.data, bytes);
        assert_true((memcmp(one.data, other.data, bytes) == 0) == rows[r].is_shared);
    }
    bench_close(&bench);
}

static const struct {
    const char *name, *params;
} variants[] = {
    {"iscam", "samples=3"},
    {"sscam", "samples=3"},
    {"sscam", "samples=2 noise_on=input"},
    {"occlusion", "window=9 stride=4"},
    {"rise", "masks=70"},
    {"groupcam", "groups=5"},
    {"groupcam", "groups=5 grouping=k_means"},
    {"polycam", ""},
    {"polycam", "mode=minus"},
};
enum { VARIANTS = sizeof variants / sizeof *variants };

TEST(maps_do_not_depend_on_threads_or_batches)
{
    struct bench bench;
    float want[32 * 40];
    bench_open(&bench, "vgg");
    for (int v = 0; v < VARIANTS; v++) {
        bench_run(&bench);
        const struct cam_map map = bench_explain(&bench, variants[v].name, variants[v].params, "features.7", 2);
        const size_t bytes = (size_t)map.form.h * (size_t)map.form.w * sizeof *want;
        memcpy(want, map.data, bytes);
        struct cam_worker many = {.session = session_create(bench.network, 3, &bench.err)};
        assert_non_null(many.session);
        const struct cam_setup setup = {.worker = &many,
                                        .arena = &bench.arena,
                                        .input = bench.input,
                                        .black = {-2, -1.5f, -1.25f},
                                        .batch = 7,
                                        .seed = 1,
                                        .image_name = "image"};
        bench.pass = cam_pass_run(&setup, &bench.err);
        assert_non_null(bench.pass);
        const struct cam_map other = bench_explain(&bench, variants[v].name, variants[v].params, "features.7", 2);
        assert_memory_equal(other.data, want, bytes);
        cam_worker_release(&many);
        session_free(many.session);
    }
    bench_close(&bench);
}

/* -- costs and degenerate inputs ----------------------------------------------------------------------------------- */

TEST(declared_passes_are_those_that_are_counted)
{
    static const struct {
        const char *name, *params;
        double full, backward;
    } rows[] = {
        /* gap: 24 channels, 48x56 pixels */
        {"iscam", "samples=3", 1 + 24 * 3, 0},
        {"iscam", "samples=2 scoring=pytorch_grad_cam path=torchcam", 1 + 24 * 2, 0},
        {"sscam", "samples=2", 1 + 24 * 2, 0},
        {"sscam", "samples=1 noise_on=input", 1 + 24, 0},
        {"occlusion", "", 1 + 3 * 2, 0},
        {"occlusion", "window=9 stride=4", 1 + 13 * 11, 0},
        {"occlusion", "window=56 stride=1", 1 + 1, 0},
        {"rise", "masks=77", 1 + 77, 0},
        {"groupcam", "groups=6", 6 + 2, 1},
        {"groupcam", "groups=7", 6 + 2, 1}, /* of four channels each */
    };
    struct bench bench;
    bench_open(&bench, "gap");
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        const struct method *method = bench_method(rows[r].name);
        const struct cam_map map = bench_explain(&bench, rows[r].name, rows[r].params, "block2", 1);
        const struct tensor layer = {24, 7, 6, NULL};
        const struct cost cost =
            cam_cost(method, bench_params(&bench, method, rows[r].params), &layer, network_input(bench.network));
        if (map.cost.full != rows[r].full || cost.full != rows[r].full || map.cost.backward != rows[r].backward ||
            cost.backward != rows[r].backward || map.cost.tail != 0 || cost.tail != 0)
            fail_msg("%s %s: %g full and %g backward counted, %g and %g declared", rows[r].name, rows[r].params,
                     map.cost.full, map.cost.backward, cost.full, cost.backward);
    }
    bench_close(&bench);
}

TEST(usual_costs_are_those_of_the_papers)
{
    const struct tensor layer = {2048, 7, 7, NULL};
    const struct shape input = {3, 224, 224};
    static const struct {
        const char *name;
        double full;
    } rows[] = {{"iscam", 20481}, {"sscam", 71681}, {"occlusion", 170},
                {"rise", 6001},   {"groupcam", 34}, {"polycam", 4097}};
    struct bench bench;
    bench_open(&bench, "gap");
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        const struct method *method = bench_method(rows[r].name);
        assert_true(cam_cost(method, bench_params(&bench, method, ""), &layer, input).full == rows[r].full);
    }
    bench_close(&bench);
}

TEST(polycam_counts_the_channels_of_its_layers)
{
    static const struct {
        const char *params;
        double passes; /* of a channel */
    } rows[] = {{"layers=features.4,features.7", 2}, {"layers=features.4,features.7 mode=plus", 1}};
    const struct tensor layers[2] = {{12, 16, 20, NULL}, {16, 8, 10, NULL}};
    struct bench bench;
    bench_open(&bench, "vgg");
    const struct method *method = bench_method("polycam");
    for (int r = 0; r < 2; r++) {
        const struct cam_map map = bench_explain(&bench, "polycam", rows[r].params, "features.7", 1);
        const struct cost cost =
            method->cost_of_layers(bench_params(&bench, method, rows[r].params), layers, network_input(bench.network));
        assert_true(cost.full == 1 + (12 + 16) * rows[r].passes);
        assert_true(map.cost.full == 1 + (12 + 14) * rows[r].passes); /* two channels of features.7 do not vary */
    }
    bench_close(&bench);
}

TEST(iscam_runs_the_masks_of_constant_channels_once)
{
    struct bench bench;
    bench_open(&bench, "vgg"); /* one channel is dead, one constant */
    const struct cam_map map = bench_explain(&bench, "iscam", "samples=3", "features.7", 1);
    assert_true(map.cost.repeated == 5);
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

TEST(constant_channels_make_constant_maps)
{
    static const char *const rows[][2] = {
        {"iscam", "samples=2"}, {"iscam", "samples=2 scoring=official"},
        {"sscam", "samples=1"}, {"sscam", "samples=1 scoring=paper"},
        {"polycam", ""},        {"groupcam", ""},
        {"occlusion", ""},
    };
    struct bench bench;
    bench_open_with(&bench, "vgg", flatten_channels);
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        const struct cam_map map = bench_explain(&bench, rows[r][0], rows[r][1], "features.7", -1);
        assert_int_equal(bench_finish(&bench, &map).flag, SALIENCY_CONSTANT);
    }
    bench_close(&bench);
}

static void make_equal(struct weights *weights)
{
    size_t size;
    float *weight = bench_tensor(weights, "features.6.weight", &size);
    for (size_t k = 1; k < 16; k++)
        memcpy(weight + k * size / 16, weight, size / 16 * sizeof *weight);
    float *bias = bench_tensor(weights, "features.6.bias", &size);
    for (size_t k = 0; k < size; k++)
        bias[k] = bias[0];
}

TEST(equal_channels_are_one_channel)
{
    struct bench bench;
    bench_open_with(&bench, "vgg", make_equal);
    assert_same_map(&bench, "iscam", "samples=2", "actmap", "", "features.7", 1, 1e-5f);
    assert_same_map(&bench, "sscam", "samples=1", "actmap", "", "features.7", 1, 1e-5f);
    bench_close(&bench);
}

static void spoil_last_layer(struct weights *weights)
{
    size_t size;
    bench_tensor(weights, "fc.weight", &size)[24 + 2] = NAN;
}

TEST(scores_that_are_not_finite_make_the_map_undefined)
{
    struct bench bench;
    bench_open_with(&bench, "gap", spoil_last_layer);
    for (int v = 0; v < VARIANTS; v++) {
        const struct cam_map map = bench_explain(&bench, variants[v].name, variants[v].params, "block2", 1);
        if (bench_finish(&bench, &map).flag != SALIENCY_NOT_FINITE)
            fail_msg("%s %s: a map without a finite score", variants[v].name, variants[v].params);
    }
    bench_close(&bench);
}
