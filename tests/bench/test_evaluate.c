/* tests/bench/test_evaluate.c - an image's values against the same walk made step by step from the engine's calls. */
#include "tests/bench/small_run.h"
#include "tests/session_calls.h"

#include "datasets/preprocess.h"

#include <math.h>

#define PLANE ((size_t)SMALL_SIDE * SMALL_SIDE)
#define CHANNELS_MAX 512

/* What a protocol says, in plain numbers. */
struct how {
    int resize;
    bool is_label, in_pixels, enlarges_first;
};

enum { DROP, INCREASE, COHERENCY, COMPLEXITY, ADCC, VALUE_COUNT };
static const char five_metrics[] = "metrics: [average_drop, average_increase, coherency, complexity, adcc]\n"
                                   "report: {plots: false, overlays: 0}\n";

struct walk {
    struct small_run small;
    struct evaluator evaluator;
    struct network *network;
};

static void begin(struct walk *w, const char *methods_and_protocols)
{
    char keys[1024];
    small_begin(&w->small);
    snprintf(keys, sizeof keys, "%s%s", methods_and_protocols, five_metrics);
    small_open(&w->small, keys);
    w->network = small_open_evaluator(&w->small, &w->evaluator);
}

static void end(struct walk *w)
{
    small_close_evaluator(&w->evaluator, w->network);
    run_close(&w->small.run);
    small_end(&w->small);
}

static void evaluate(struct walk *w, int image, struct evaluated *out)
{
    bool is_unreadable;
    small_must(&w->small, run_evaluate(&w->evaluator, &w->small.run, 0, image, (const int[]){0}, 1, out, &is_unreadable,
                                       &w->small.err));
}

/* -- by hand -------------------------------------------------------------------------------------------------------- */

static void scale(float *values, size_t n)
{
    float low = values[0], high = values[0];
    for (size_t i = 1; i < n; i++) {
        low = fminf(low, values[i]);
        high = fmaxf(high, values[i]);
    }
    assert_true(high > low);
    for (size_t i = 0; i < n; i++)
        values[i] = (values[i] - low) / (high - low);
}

/* Grad-CAM of x for class `klass` (negative: the largest logit, which is returned), enlarged; and the class's probability. */
static int gradcam(struct walk *w, const float *x, int klass, bool enlarges_first, float *map, double *p)
{
    const struct shape layer = network_layer_shape(w->network, 0);
    const size_t plane = (size_t)layer.h * (size_t)layer.w;
    float *act = calloc((size_t)layer.c * plane, sizeof *act), *grad = calloc((size_t)layer.c * plane, sizeof *grad);
    float logits[SMALL_CLASSES], q[SMALL_CLASSES] = {0}, small[64] = {0};
    assert_true(plane <= 64);
    session_base(w->evaluator.worker.session, x, logits, (float *const[]){act});
    if (klass < 0)
        for (int k = klass = 0; k < SMALL_CLASSES; k++)
            klass = logits[k] > logits[klass] ? k : klass;
    double sum = 0;
    for (int k = 0; k < SMALL_CLASSES; k++)
        sum += exp((double)logits[k] - logits[klass]);
    *p = 1 / sum;
    q[klass] = 1;
    small_must(&w->small, run_gradient(w->evaluator.worker.session, 0, act, q, NULL, grad, &w->small.err));
    for (int c = 0; c < layer.c; c++) {
        double weight = 0;
        for (size_t i = 0; i < plane; i++)
            weight += grad[(size_t)c * plane + i] / (double)plane;
        for (size_t i = 0; i < plane; i++)
            small[i] += (float)weight * act[(size_t)c * plane + i];
    }
    for (size_t i = 0; i < plane; i++)
        small[i] = fmaxf(small[i], 0);
    if (!enlarges_first)
        scale(small, plane);
    upsample_bilinear(small, 1, layer.h, layer.w, map, SMALL_SIDE, SMALL_SIDE, false);
    if (enlarges_first)
        scale(map, PLANE);
    free(act);
    free(grad);
    return klass;
}

static double correlation(const float *a, const float *b)
{
    double ma = 0, mb = 0, aa = 0, bb = 0, ab = 0;
    for (size_t i = 0; i < PLANE; i++) {
        ma += a[i] / (double)PLANE;
        mb += b[i] / (double)PLANE;
    }
    for (size_t i = 0; i < PLANE; i++) {
        aa += (a[i] - ma) * (a[i] - ma);
        bb += (b[i] - mb) * (b[i] - mb);
        ab += (a[i] - ma) * (b[i] - mb);
    }
    return ab / sqrt(aa * bb);
}

static void by_hand(struct walk *w, int image, struct how how, double *values)
{
    static const float mean[3] = {0.485f, 0.456f, 0.406f}, deviation[3] = {0.229f, 0.224f, 0.225f};
    const struct preprocess steps = {.resize_h = how.resize,
                                     .resize_w = how.resize,
                                     .crop_h = SMALL_SIDE,
                                     .crop_w = SMALL_SIDE,
                                     .channels = "rgb",
                                     .scale = 1,
                                     .mean = {mean[0], mean[1], mean[2]},
                                     .deviation = {deviation[0], deviation[1], deviation[2]}};
    static float x[3 * PLANE], masked[3 * PLANE], map[PLANE], again[PLANE];
    struct arena arena;
    struct picture picture;
    uint8_t *pixels;
    double p, o, area = 0;
    arena_init(&arena, 0);
    small_must(&w->small, imageset_picture(w->small.run.images, image, &arena, &picture, &w->small.err) ||
                              preprocess_picture(&picture, &steps, &arena, x, &pixels, NULL, &w->small.err));
    const int label = how.is_label ? imageset_label(w->small.run.images, image) : -1;
    const int klass = gradcam(w, x, label, how.enlarges_first, map, &p);
    for (size_t i = 0; i < 3 * PLANE; i++) {
        const size_t c = i / PLANE, at = i % PLANE;
        const float pixel = (float)pixels[3 * at + c] / 255;
        masked[i] = how.in_pixels ? (pixel * map[at] - mean[c]) / deviation[c] : x[i] * map[at];
    }
    gradcam(w, masked, klass, how.enlarges_first, again, &o);
    for (size_t i = 0; i < PLANE; i++)
        area += map[i] / (double)PLANE;
    values[DROP] = fmax(0, p - o) / p;
    values[INCREASE] = o > p;
    values[COHERENCY] = (1 + correlation(map, again)) / 2;
    values[COMPLEXITY] = area;
    values[ADCC] = 3 / (1 / values[COHERENCY] + 1 / (1 - values[COMPLEXITY]) + 1 / (1 - values[DROP]));
    arena_release(&arena);
}

/* Protocol `position` of the one method, for the pictures that have what the protocol needs. */
static void check(struct walk *w, int position, struct how how)
{
    for (int image = 0; image < 3; image++) {
        struct evaluated evaluated;
        double want[VALUE_COUNT];
        if (how.is_label && imageset_label(w->small.run.images, image) < 0)
            continue;
        by_hand(w, image, how, want);
        evaluate(w, image, &evaluated);
        const struct store_value *got = evaluated.methods[0].values + position * VALUE_COUNT;
        for (int k = 0; k < VALUE_COUNT; k++) {
            assert_int_equal(got[k].protocol, position);
            assert_int_equal(got[k].metric, k);
            assert_null(got[k].undefined);
            if (!(fabs(got[k].number - want[k]) <= 2e-5))
                fail_msg("image %d, value %d: %.9g, by hand %.9g", image, k, got[k].number, want[k]);
        }
    }
}

TEST(values_are_those_of_the_walk_by_hand)
{
    struct walk w;
    begin(&w, "methods: [gradcam]\n");
    check(&w, 0, (struct how){.resize = 73});
    end(&w);
}

TEST(poppi2021_resizes_to_the_crop_itself)
{
    struct walk w;
    begin(&w, "methods: [gradcam]\nprotocol: poppi2021\n");
    check(&w, 0, (struct how){.resize = 64});
    end(&w);
}

TEST(pixels_are_masked_to_black)
{
    struct walk w;
    begin(&w, "methods: [gradcam]\nprotocol: {preset: cambench, mask_space: pixel}\n");
    check(&w, 0, (struct how){.resize = 73, .in_pixels = true});
    end(&w);
}

TEST(several_protocols_have_the_values_each_has_alone)
{
    struct walk w;
    begin(&w, "methods: [gradcam]\n"
              "protocol: [cambench, {preset: cambench, post: upsample_first}, {preset: cambench, class: label},\n"
              "           {preset: poppi2021, mask_space: pixel}]\n");
    check(&w, 0, (struct how){.resize = 73});
    check(&w, 1, (struct how){.resize = 73, .enlarges_first = true});
    check(&w, 2, (struct how){.resize = 73, .is_label = true});
    check(&w, 3, (struct how){.resize = 64, .in_pixels = true});
    end(&w);
}

/* -- sharing -------------------------------------------------------------------------------------------------------- */

static const struct method *counted;
static int calls;

static int count_calls(struct cam *cam, const void *params, float *map)
{
    calls++;
    return counted->explain(cam, params, map);
}

/* How often a method runs on one image; coherency needs the map of x*m for each protocol that is another judgement. */
static int runs_of_a_method(const char *protocol_keys, const char *metric_names)
{
    struct walk w;
    char keys[512];
    struct evaluated evaluated;
    small_begin(&w.small);
    snprintf(keys, sizeof keys, "methods: [gradcam]\nprotocol: %s\nmetrics: [%s]\n", protocol_keys, metric_names);
    small_open(&w.small, keys);
    w.network = small_open_evaluator(&w.small, &w.evaluator);
    counted = w.small.run.config.methods[0].method;
    struct method counting = *counted;
    counting.explain = count_calls;
    w.small.run.config.methods[0].method = &counting;
    calls = 0;
    evaluate(&w, 0, &evaluated);
    end(&w);
    return calls;
}

TEST(protocols_that_differ_behind_the_map_share_it)
{
    static const char alike[] =
        "[cambench, {preset: cambench, post: upsample_first}, {preset: cambench, mask_space: pixel}]";
    assert_int_equal(runs_of_a_method("cambench", "complexity"), 1);
    assert_int_equal(runs_of_a_method("cambench", "coherency, adcc, adcc_of_means"), 2);
    assert_int_equal(runs_of_a_method(alike, "complexity"), 1);
    assert_int_equal(runs_of_a_method(alike, "coherency"), 1 + 3);
    assert_int_equal(runs_of_a_method("[cambench, poppi2021, {preset: cambench, class: label}]", "complexity"), 3);
    assert_int_equal(runs_of_a_method("[cambench, {preset: cambench, compare_at: layer}]", "coherency"), 1 + 1);
}

TEST(explanations_that_protocols_share_have_the_values_of_their_own)
{
    static const char *const runtimes[] = {"", "runtime: {exact_passes: true}\n"};
    double values[2][3 * VALUE_COUNT];
    for (int i = 0; i < 2; i++) {
        struct walk w;
        struct evaluated evaluated;
        char keys[512];
        snprintf(keys, sizeof keys,
                 "methods: [gradcam]\n%s"
                 "protocol: [cambench, {preset: cambench, compare_at: layer}, {preset: cambench, mask: top_half}]\n",
                 runtimes[i]);
        begin(&w, keys);
        evaluate(&w, 0, &evaluated);
        assert_int_equal(evaluated.methods[0].value_count, 3 * VALUE_COUNT);
        for (int k = 0; k < 3 * VALUE_COUNT; k++)
            values[i][k] = evaluated.methods[0].values[k].number;
        end(&w);
    }
    assert_memory_equal(values[0], values[1], sizeof values[0]);
    assert_true(values[0][COHERENCY] != values[0][VALUE_COUNT + COHERENCY]);
    assert_true(values[0][COHERENCY] != values[0][2 * VALUE_COUNT + COHERENCY]);
}

/* -- what cannot be measured ---------------------------------------------------------------------------------------- */

TEST(an_image_without_a_label_is_undefined_where_labels_are_explained)
{
    struct walk w;
    struct evaluated evaluated;
    begin(&w, "methods: [gradcam]\nprotocol: [{preset: cambench, class: label}, cambench]\n");
    evaluate(&w, 1, &evaluated);
    assert_int_equal(evaluated.views[0].klass, -1);
    assert_int_equal(evaluated.base.rank, -1);
    assert_null(evaluated.methods[0].raws[0].data);
    assert_true(evaluated.methods[0].cost.seconds > 0); /* of the protocol that has a class */
    assert_true(evaluated.methods[0].cost.full == 1);
    for (int k = 0; k < VALUE_COUNT; k++) {
        assert_string_equal(evaluated.methods[0].values[k].undefined, "no_label");
        assert_null(evaluated.methods[0].values[VALUE_COUNT + k].undefined);
    }
    end(&w);
}

/* No map was made: nothing that could lower a mean of seconds or passes. */
TEST(a_map_that_was_not_made_has_no_cost)
{
    struct walk w;
    struct evaluated evaluated;
    begin(&w, "methods: [gradcam]\nprotocol: {preset: cambench, class: label}\n");
    evaluate(&w, 1, &evaluated);
    assert_true(evaluated.methods[0].cost.seconds < 0);
    end(&w);
}

/* Logits overflow: no class is right by comparing with what is not a number. */
TEST(probabilities_that_are_not_finite_are_no_hit_and_no_failure)
{
    static const char keys[] = "methods: [gradcam, actmap]\nreport: {plots: false, overlays: 1}\n"
                               "metrics: [average_drop, average_increase, coherency, adcc]\n";
    struct walk w;
    struct evaluated evaluated;
    small_begin(&w.small);
    small_write_weights(&w.small, 1, 1e20f);
    small_open(&w.small, keys);
    w.network = small_open_evaluator(&w.small, &w.evaluator);
    evaluate(&w, 0, &evaluated);
    assert_true(isnan(evaluated.views[0].probability));
    assert_true(evaluated.base.rank > 0);
    small_close_evaluator(&w.evaluator, w.network);
    run_close(&w.small.run);
    const int code = small_execute(&w.small, keys, (struct run_flags){0});
    if (code)
        fail_msg("%d: %s", code, w.small.err.text);
    small_end(&w.small);
}
