/* tests/methods/test_meta_methods.c - methods that wrap others: golden values, identities, costs, errors. */
#include "tests/methods/golden_cases.h"

/* -- golden values --------------------------------------------------------------------------------------------------- */

TEST(finercam_is_that_of_pytorch)
{
    check_cases("methods_meta", "finercam");
}

TEST(refinecam_is_that_of_pytorch)
{
    check_cases("methods_meta", "refinecam");
}

TEST(multi_layer_is_that_of_pytorch)
{
    check_cases("methods_meta", "multi_layer");
}

TEST(aug_smooth_is_that_of_pytorch)
{
    check_cases("methods_meta", "aug_smooth");
}

TEST(eigen_smooth_is_that_of_numpy)
{
    check_cases("methods_meta", "eigen_smooth");
}

/* -- identities ------------------------------------------------------------------------------------------------------ */

static void assert_same_map(const struct cam_map *one, const struct cam_map *other)
{
    assert_int_equal(one->form.h, other->form.h);
    assert_int_equal(one->form.w, other->form.w);
    assert_int_equal(one->form.is_signed, other->form.is_signed);
    assert_memory_equal(one->data, other->data, (size_t)one->form.h * (size_t)one->form.w * sizeof *one->data);
}

/* A map that lasts until the next bench_run(). */
static struct cam_map explain(struct bench *bench, const char *name, const char *words, const char *layer)
{
    return bench_explain(bench, name, words, layer, 2);
}

TEST(finercam_with_gamma_zero_is_its_base_bit_for_bit)
{
    static const char *const rows[][3] = {
        {"gradcam", "base=gradcam gamma=0", ""},
        {"gradcam_pp", "base=gradcam_pp gamma=0", ""},
        {"layercam", "base=layercam gamma=0 aggregate=weighted", ""},
        {"hirescam", "base=hirescam gamma=0", ""},
        {"gradcam", "base=gradcam(relu=false) gamma=0", "relu=false"},
        {"layercam", "base=layercam(layers=block1,block2) gamma=0", "layers=block1,block2"},
    };
    struct bench bench;
    bench_open(&bench, "gap");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        bench_run(&bench);
        const struct cam_map finer = explain(&bench, "finercam", rows[i][1], "block2");
        const struct cam_map base = explain(&bench, rows[i][0], rows[i][2], "block2");
        assert_same_map(&finer, &base);
    }
    bench_close(&bench);
}

/* Opposite logits z and -z: f = z + gamma z. */
TEST(finercam_of_one_output_is_a_multiple_of_its_base)
{
    struct bench bench;
    bench_open(&bench, "one");
    for (int klass = 0; klass < 2; klass++) {
        const struct cam_map finer = bench_explain(&bench, "finercam", "gamma=1", "block2", klass);
        const struct cam_map base = bench_explain(&bench, "gradcam", "", "block2", klass);
        for (int i = 0; i < base.form.h * base.form.w; i++)
            assert_true(fabsf(finer.data[i] - 2 * base.data[i]) <= 1e-6f * (1 + fabsf(base.data[i])));
    }
    bench_close(&bench);
}

TEST(maps_of_one_layer_are_those_of_the_base)
{
    struct bench bench;
    bench_open(&bench, "vgg");
    const struct cam_map base = explain(&bench, "gradcam_pp", "", "features.4");
    const struct saliency want = bench_finish(&bench, &base);
    static const char *const rows[][2] = {
        {"refinecam", "layers=features.4"},
        {"refinecam", "layers=features.4 mix=nth_root"},
        {"multi_layer", "layers=features.4 base=gradcam_pp size=largest"},
        {"multi_layer", "layers=features.4 base=gradcam_pp fuse=max"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct cam_map map = explain(&bench, rows[i][0], rows[i][1], "features.7");
        const struct saliency got = bench_finish(&bench, &map);
        for (int k = 0; k < 32 * 40; k++)
            assert_true(fabsf(got.data[k] - want.data[k]) < 1e-6f);
    }
    bench_close(&bench);
}

TEST(multi_layer_of_layercam_is_layercam_of_several_layers)
{
    static const char *const fuses[] = {"max", "product"};
    struct bench bench;
    bench_open(&bench, "resnet18");
    for (int i = 0; i < 2; i++) {
        char own[64], wrapped[128];
        snprintf(own, sizeof own, "layers=layer2,layer4 fuse=%s", fuses[i]);
        snprintf(wrapped, sizeof wrapped, "%s base=layercam gamma=2", own);
        const struct cam_map one = explain(&bench, "layercam", own, "layer4");
        const struct cam_map other = explain(&bench, "multi_layer", wrapped, "layer4");
        assert_int_equal(one.form.h, other.form.h);
        for (int k = 0; k < one.form.h * one.form.w; k++)
            assert_true(fabsf(one.data[k] - other.data[k]) < 1e-6f);
    }
    bench_close(&bench);
}

TEST(a_map_does_not_depend_on_gradients_that_another_method_shared)
{
    struct bench bench;
    bench_open(&bench, "resnet18");
    const struct cam_map before = explain(&bench, "gradcam", "", "layer4");
    float want[6];
    memcpy(want, before.data, sizeof want);
    bench_run(&bench);
    explain(&bench, "refinecam", "base=gradcam", "layer4");
    const struct cam_map after = explain(&bench, "gradcam", "", "layer4");
    assert_memory_equal(after.data, want, sizeof want);
    bench_close(&bench);
}

/* B = g A for both. */
TEST(eigen_smooth_of_hirescam_is_eigengradcam)
{
    struct bench bench;
    bench_open(&bench, "vgg");
    const struct cam_map one = explain(&bench, "eigen_smooth", "base=hirescam", "features.7");
    const struct cam_map other = explain(&bench, "eigengradcam", "", "features.7");
    assert_same_map(&one, &other);
    bench_close(&bench);
}

/* sum_k A_k / C has the components of A. */
TEST(eigen_smooth_of_the_mean_is_eigencam)
{
    struct bench bench;
    bench_open(&bench, "gap");
    const struct cam_map one = explain(&bench, "eigen_smooth", "base=actmap", "block2");
    const struct cam_map other = explain(&bench, "eigencam", "", "block2");
    for (int i = 0; i < one.form.h * one.form.w; i++)
        assert_true(fabsf(24 * one.data[i] - other.data[i]) <= 1e-4f * (1 + fabsf(other.data[i])));
    bench_close(&bench);
}

static void check_channels(struct bench *bench, const char *name)
{
    char words[64];
    snprintf(words, sizeof words, "base=%s", name);
    const struct cam_map map = explain(bench, "eigen_smooth", words, "block2");
    for (int i = 0; i < map.form.h * map.form.w; i++)
        assert_true(isfinite(map.data[i]));
}

TEST(methods_that_promise_maps_of_channels_have_them)
{
    struct bench bench;
    bench_open(&bench, "gap");
    int count = 0;
    for (int i = 0; methods[i]; i++)
        if (methods[i]->flags & METHOD_CHANNEL_MAPS) {
            check_channels(&bench, methods[i]->name);
            count++;
        }
    assert_true(count >= 10);
    bench_close(&bench);
}

/* -- costs ----------------------------------------------------------------------------------------------------------- */

TEST(layers_share_one_backward_pass)
{
    static const struct {
        const char *name, *params;
        int full, tail, backward;
    } rows[] = {
        {"finercam", "", 1, 0, 1},
        {"finercam", "base=refinecam(base=gradcam)", 1, 0, 1},
        {"refinecam", "", 1, 0, 1},
        {"refinecam", "base=layercam(score=prob)", 1, 0, 1},
        {"multi_layer", "layers=layer3,layer4 base=finercam(base=layercam)", 1, 0, 1},
        {"multi_layer", "layers=layer3,layer4 base=reciprocam", 1, 24 + 6, 0},
        {"multi_layer", "layers=layer3,layer4 base=actmap", 1, 0, 0},
        {"eigen_smooth", "", 1, 0, 1},
        {"aug_smooth", "", 6, 0, 6},
        {"aug_smooth", "base=actmap", 6, 0, 0},
    };
    struct bench bench;
    bench_open(&bench, "resnet18");
    for (int again = 0; again < 2; again++)
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
            const struct cam_map map = explain(&bench, rows[i].name, rows[i].params, "layer4");
            if (map.cost.full != rows[i].full || map.cost.tail != rows[i].tail || map.cost.backward != rows[i].backward)
                fail_msg("%s %s: %g full, %g tail, %g backward", rows[i].name, rows[i].params, map.cost.full,
                         map.cost.tail, map.cost.backward);
        }
    bench_close(&bench);
}

TEST(estimates_include_the_passes_of_the_base)
{
    static const struct {
        const char *name, *params;
        double full, tail, backward;
    } rows[] = {
        {"finercam", "", 1, 0, 1},
        {"refinecam", "", 1, 0, 1},
        {"aug_smooth", "", 6, 0, 6},
        {"aug_smooth", "base=scorecam", 6 * 25, 0, 0},
        {"eigen_smooth", "base=ablationcam", 1, 24, 0},
        {"refinecam", "base=scorecam layers=a,b", 1 + 2 * 24, 0, 0},
        {"multi_layer", "base=reciprocam layers=a,b", 1, 2 * 42, 0},
        {"multi_layer", "base=refinecam(layers=a,b;base=reciprocam)", 1, 2 * 42, 0},
    };
    struct bench bench;
    bench_open(&bench, "gap");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct method *method = bench_method(rows[i].name);
        const struct cost cost = cam_cost(method, bench_params(&bench, method, rows[i].params),
                                          &(struct tensor){24, 7, 6, NULL}, network_input(bench.network));
        if (cost.full != rows[i].full || cost.tail != rows[i].tail || cost.backward != rows[i].backward)
            fail_msg("%s %s: %g full, %g tail, %g backward", rows[i].name, rows[i].params, cost.full, cost.tail,
                     cost.backward);
    }
    bench_close(&bench);
}

/* -- errors ---------------------------------------------------------------------------------------------------------- */

static void assert_error(struct bench *bench, const char *name, const char *words, const char *expected)
{
    const struct method *method = bench_method(name);
    struct cam_map map;
    const int status = cam_explain(bench->pass, method, bench_params(bench, method, words),
                                   network_find_layer(bench->network, "block2"), name, &map, &bench->err);
    if (status == 0 || !strstr(bench->err.text, expected))
        fail_msg("%s %s: %s", name, words, status ? bench->err.text : "no error");
}

TEST(what_cannot_be_wrapped_is_refused_in_one_line)
{
    struct bench bench;
    bench_open(&bench, "gap");
    assert_error(&bench, "finercam", "base=scorecam", "it must be a gradient method such as gradcam");
    assert_error(&bench, "finercam", "base=gradcam(score=prob)", "score of its base must be logit, not prob");
    assert_error(&bench, "finercam", "classes=5", "names class 5; the network has the classes 0 to 4");
    assert_error(&bench, "multi_layer", "layers=block9", "layer \"block9\" was not requested");
    assert_error(&bench, "eigen_smooth", "base=eigencam", "it must be a method whose map is a sum over channels");
    assert_error(&bench, "eigen_smooth", "base=layercam(layers=block1,block2)", "is not a sum of maps of the target");
    assert_error(&bench, "aug_smooth", "base=maps(file=x.h5)", "which has no maps of changed inputs");
    assert_error(&bench, "refinecam", "base=layercam(layers=block9)",
                 "base \"layercam\": layer \"block9\" was not requested");
    bench_close(&bench);
}

static void spoil_last_layer(struct weights *weights)
{
    size_t size;
    bench_tensor(weights, "fc.weight", &size)[24 + 2] = NAN;
}

TEST(scores_that_are_not_finite_make_the_map_undefined)
{
    static const char *const rows[][2] = {{"finercam", ""},
                                          {"finercam", "aggregate=weighted"},
                                          {"refinecam", "layers=block1,block2"},
                                          {"aug_smooth", ""},
                                          {"eigen_smooth", ""},
                                          {"multi_layer", "layers=block1,block2"},
                                          {"multi_layer", "layers=block1,block2 fuse=max"},
                                          {"multi_layer", "layers=block1,block2 fuse=max base=layercam"}};
    struct bench bench;
    bench_open_with(&bench, "gap", spoil_last_layer);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct cam_map map = bench_explain(&bench, rows[i][0], rows[i][1], "block2", 1);
        if (bench_finish(&bench, &map).flag != SALIENCY_NOT_FINITE)
            fail_msg("%s %s: a map without a finite score", rows[i][0], rows[i][1]);
    }
    bench_close(&bench);
}
