/*
 * tests/methods/test_degenerate.c - activations that are zero, constant or not finite; scores that say nothing. Every
 * method must end with a flag, never with a NaN among numbers, and without an endless loop.
 */
#include "tests/methods/networks.h"

#include <math.h>

/* These do not look at the image; RISE shows its masks where the network's output never changes. */
static const char *const blind[] = {
    "center_gaussian", "edge", "fakecam", "null", "random", "rise", "uniform",
};

static bool looks_at_image(const struct method *method)
{
    for (size_t i = 0; i < sizeof blind / sizeof *blind; i++)
        if (strcmp(method->name, blind[i]) == 0)
            return false;
    return !(method->flags & METHOD_ORIGINAL_ONLY);
}

/* Whether it can explain the network "vgg". */
static bool explains_vgg(const struct method *method)
{
    return strcmp(method->name, "cam") != 0;
}

static struct saliency run(struct bench *bench, const char *name, const char *layer, int klass)
{
    const struct cam_map map = bench_explain(bench, name, "", layer, klass);
    return bench_finish(bench, &map);
}

/* All zeros with the flag. */
static void assert_constant(const char *name, struct saliency saliency, int pixels)
{
    if (saliency.flag != SALIENCY_CONSTANT)
        fail_msg("%s: flag %d, expected a constant map", name, (int)saliency.flag);
    for (int i = 0; i < pixels; i++)
        assert_true(saliency.data[i] == 0);
}

static void kill_channels(struct weights *weights)
{
    size_t size;
    float *bias = bench_tensor(weights, "features.6.bias", &size);
    for (size_t k = 0; k < size; k++)
        bias[k] = -100;
}

TEST(zero_activations_make_constant_maps)
{
    struct bench bench;
    bench_open_with(&bench, "vgg", kill_channels);
    for (int i = 0; methods[i]; i++)
        if (!param_required(methods[i]->params) && looks_at_image(methods[i]) && explains_vgg(methods[i]))
            assert_constant(methods[i]->name, run(&bench, methods[i]->name, "features.7", -1), 32 * 40);
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
    /* Recipro-CAM sees where a column of features lies, and gradients differ from place to place. */
    static const char *const names[] = {"gradcam",  "gradcam_pp",  "xgradcam",  "actmap",
                                        "scorecam", "ablationcam", "clustercam"};
    struct bench bench;
    bench_open_with(&bench, "vgg", flatten_channels);
    for (int i = 0; i < 7; i++)
        assert_constant(names[i], run(&bench, names[i], "features.7", -1), 32 * 40);
    bench_close(&bench);
}

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

static void assert_finite_if_fine(const char *name, struct saliency saliency)
{
    if (saliency.flag == SALIENCY_FINE)
        for (int i = 0; i < 56 * 48; i++)
            if (!isfinite(saliency.data[i]))
                fail_msg("%s: a value that is not finite in a map that is said to be fine", name);
}

TEST(an_image_that_is_not_finite_gives_no_map_that_is_said_to_be_fine_and_is_not)
{
    static const float wrong[] = {NAN, INFINITY, 1e38f, -1e38f};
    struct bench bench;
    bench_open(&bench, "gap");
    for (int k = 0; k < 4; k++) {
        for (int i = 0; i < 3 * 56 * 48; i++)
            bench.input[i] = i % 5 ? wrong[k] : 0.5f;
        bench_run(&bench);
        assert_true(cam_pass_class(bench.pass) >= 0 && cam_pass_class(bench.pass) < 5);
        for (int i = 0; methods[i]; i++)
            if (!(methods[i]->flags & METHOD_ORIGINAL_ONLY) && !param_required(methods[i]->params) &&
                strcmp(methods[i]->name, "null") != 0)
                assert_finite_if_fine(methods[i]->name, run(&bench, methods[i]->name, "block2", 1));
    }
    bench_close(&bench);
}

static void spoil_last_layer(struct weights *weights)
{
    size_t size;
    bench_tensor(weights, "fc.weight", &size)[24 + 2] = NAN;
}

TEST(scores_that_are_not_finite_make_the_map_undefined)
{
    static const char *const rows[][2] = {
        {"gradcam", ""},
        {"gradcam_pp", ""},
        {"xgradcam", ""},
        {"layercam", ""},
        {"ablationcam", ""},
        {"reciprocam", ""},
        {"scorecam", ""},
        {"scorecam", "scoring=torchcam"},
        {"clustercam", ""},
        {"clustercam", "select=all"},
        {"clustercam", "select=split"},
        {"layercam", "layers=block1,block2"},
    };
    struct bench bench;
    bench_open_with(&bench, "gap", spoil_last_layer);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const struct cam_map map = bench_explain(&bench, rows[i][0], rows[i][1], "block2", 1);
        if (bench_finish(&bench, &map).flag != SALIENCY_NOT_FINITE)
            fail_msg("%s %s: a map without a finite score", rows[i][0], rows[i][1]);
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
    assert_constant("reciprocam", run(&bench, "reciprocam", "block2", 2), 56 * 48);
    const struct cam_map map = bench_explain(&bench, "reciprocam", "score=logit", "block2", 2);
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
    static const char *const names[] = {"gradcam",     "gradcam_pp", "xgradcam", "layercam",
                                        "ablationcam", "reciprocam", "scorecam", "clustercam"};
    struct bench bench;
    bench_open_with(&bench, "gap", forget_class);
    for (int i = 0; i < 8; i++)
        assert_true(run(&bench, names[i], "block2", 1).flag != SALIENCY_NOT_FINITE);
    assert_constant("ablationcam", run(&bench, "ablationcam", "block2", 1), 56 * 48);
    bench_close(&bench);
}
