/*
 * tests/bench/test_cascading.c - cascading_randomization against PyTorch (tests/golden/cascading.py), with the weights that
 * the program draws; what shares passes, and what does not change its values.
 */
#include "tests/bench/small_run.h"
#include "tests/golden.h"
#include "tests/golden_weights.h"

#include <math.h>

#define SIDE 96
#define CASES 12
#define METHODS 4

extern const struct metric metric_cascading_randomization;

struct network_row {
    const char *arch, *layer;
    double width;
    int stages, images;
};

static const struct network_row networks[] = {{"resnet18", "layer3", 1, 21, 1},
                                              {"mobilenet_v2", "features.13", 0.25, 53, 2}};

static const char *const cases[CASES][2] = {
    {"plain", "stages=4"},
    {"all", ""},
    {"bottom_up", "stages=3 order=bottom_up"},
    {"independent", "stages=5 order=independent"},
    {"last", "aggregate=last"},
    {"pearson", "stages=3 similarity=pearson"},
    {"with_original", "stages=2 order=bottom_up with_original=true seeds=2"},
    {"at_input", "stages=2 at=input"},
    {"smooth", "form=smooth stages=2 samples=3"},
    {"smooth_noisy", "form=smooth order=top_down stages=2 samples=2 noise=0.5 seeds=2"},
    {"efficient", "form=efficient"},
    {"efficient_seeds", "form=efficient bins=10 seeds=2 at=layer"},
};

/* -- a run of a golden network -------------------------------------------------------------------------------------- */

struct subject {
    struct small_run small;
    struct evaluator evaluator;
    struct network *network;
    double params[CASES][16];
    struct evidence_metric metrics[CASES];
};

static void write_weights(struct small_run *s, const struct network_row *row)
{
    const struct weights_info info = {
        .arch = "", .classes = SMALL_CLASSES, .width = row->width, .accuracy = -1, .input = {.h = SIDE, .w = SIDE}};
    struct weights_info named = info;
    const struct backbone_options options = {
        .classes = SMALL_CLASSES, .width = row->width, .height = SIDE, .width_px = SIDE};
    struct graph *graph = backbone_graph(row->arch, &options, &s->err);
    struct weights weights;
    small_must(s, graph ? 0 : -1);
    snprintf(named.arch, sizeof named.arch, "%s", row->arch);
    golden_weights(graph, &weights);
    small_must(s, weights_write(s->weights, &named, &weights, &s->err));
    golden_weights_release(&weights);
    graph_free(graph);
}

/* Parameters as in "stages=3 order=bottom_up". */
static void read_params(struct subject *o, int k, const char *texts)
{
    char copy[128], *rest;
    assert_true(metric_cascading_randomization.params_size <= sizeof o->params[k]);
    param_defaults(metric_cascading_randomization.params, o->params[k]);
    snprintf(copy, sizeof copy, "%s", texts);
    for (char *name = strtok_r(copy, "= ", &rest); name; name = strtok_r(NULL, "= ", &rest))
        small_must(&o->small, param_parse(param_find(metric_cascading_randomization.params, name),
                                          strtok_r(NULL, " ", &rest), o->params[k], &o->small.err));
    o->metrics[k] = (struct evidence_metric){&metric_cascading_randomization, o->params[k]};
}

static void begin(struct subject *o, const struct network_row *row, const char *method_list, const char *more)
{
    char keys[512];
    small_begin(&o->small);
    write_weights(&o->small, row);
    FILE *file = fopen(o->small.config, "w");
    assert_non_null(file);
    fprintf(file,
            "name: small\nseed: 5\noutput: %s\ndataset: {path: %s}\nbackbones: [{arch: %s, weights: %s, layer: %s}]\n",
            o->small.output, o->small.set, row->arch, o->small.weights, row->layer);
    snprintf(keys, sizeof keys, "methods: [%s]\nmetrics: [complexity]\n%s", method_list, more);
    fputs(keys, file);
    fclose(file);
    small_must(&o->small, run_open(&o->small.run, o->small.config, NULL, 0, false, &o->small.err));
    o->network = small_open_evaluator(&o->small, &o->evaluator);
    o->evaluator.altered = altered_create(&o->small.run.backbones[0], o->network, o->small.run.panel.seed, 2,
                                          o->small.run.config.runtime.kernels, &o->small.err);
    small_must(&o->small, o->evaluator.altered ? 0 : -1);
    o->small.run.panel.metrics = o->metrics;
}

static void end(struct subject *o)
{
    struct altered *altered = o->evaluator.altered;
    small_close_evaluator(&o->evaluator, NULL);
    altered_free(altered);
    network_free(o->network);
    run_close(&o->small.run);
    small_end(&o->small);
}

/* Measures `count` metrics on made-up image `number` with methods `which`. */
static void evaluate(struct subject *o, int number, int metric_count, const int *which, int count,
                     struct evaluated *out)
{
    static float values[SIDE * SIDE * 3];
    static uint8_t pixels[SIDE * SIDE * 3];
    char name[24];
    bool is_unreadable;
    golden_fill(values, sizeof pixels, (uint32_t)(900 + number));
    for (size_t i = 0; i < sizeof pixels; i++)
        pixels[i] = (uint8_t)(((double)values[i] + 1) * 127.5);
    snprintf(name, sizeof name, "image %d", number);
    const struct evaluate_subject subject = {
        .name = name, .index = -1, .label = -1, .picture = {.h = SIDE, .w = SIDE, .data = pixels}};
    o->small.run.panel.metric_count = metric_count;
    arena_reset(&o->evaluator.arena);
    small_must(&o->small, evaluate_picture(&o->evaluator, &subject, which, count, out, &is_unreadable, &o->small.err));
}

/* The reference kernels: Winograd's rounding can exchange ranks of near values. */
#define SAME_SIZE "runtime: {kernels: openblas}\nprotocol: [{preset: cambench, resize: squash, resize_ratio: 1}]\n"
#define ALL_METHODS "gradcam, layercam, hirescam, saliency"

static const int all_methods[METHODS] = {0, 1, 2, 3};

TEST(values_are_those_of_pytorch_scipy_and_numpy)
{
    struct golden *golden = golden_open("cascading");
    for (size_t n = 0; n < sizeof networks / sizeof *networks; n++) {
        struct subject o = {0};
        begin(&o, &networks[n], ALL_METHODS, SAME_SIZE);
        assert_int_equal(o.small.run.backbones[0].stages, networks[n].stages);
        for (int number = 0; number < networks[n].images; number++)
            for (int k = 0; k < CASES; k++) { /* one at a time: a run has a metric once */
                struct evaluated out;
                float got[METHODS];
                char key[64];
                read_params(&o, 0, cases[k][1]);
                evaluate(&o, number, 1, all_methods, METHODS, &out);
                for (int m = 0; m < METHODS; m++) {
                    assert_null(out.methods[m].values[0].undefined);
                    got[m] = (float)out.methods[m].values[0].number;
                }
                snprintf(key, sizeof key, "%s.%d.%s", networks[n].arch, number, cases[k][0]);
                golden_check(golden, key, got, METHODS, 0, 1e-4);
            }
        end(&o);
    }
    golden_close(golden);
}

TEST(passes_are_made_once_for_all_methods_and_protocols_of_a_view)
{
    static const int one[] = {1};
    struct subject o = {0};
    struct evaluated together, alone;
    begin(&o, &networks[1], ALL_METHODS,
          "protocol: [{preset: cambench, resize: squash, resize_ratio: 1},\n"
          "           {preset: cambench, resize: squash, resize_ratio: 1, post: torchcam}]\n");
    read_params(&o, 0, "form=smooth stages=2 samples=3");
    evaluate(&o, 0, 1, all_methods, METHODS, &together);
    assert_true(o.evaluator.made.full == 3 * 3); /* two stages and the network itself */
    assert_int_equal((int)o.evaluator.made.maps, METHODS * (1 + 3 * 3));
    const struct store_value *values = together.methods[1].values;
    const double at_once[] = {values[0].number, values[1].number};
    assert_true(at_once[0] == at_once[1]); /* ranks do not depend on min-max */
    evaluate(&o, 0, 1, one, 1, &alone);
    for (int p = 0; p < 2; p++)
        assert_true(alone.methods[0].values[p].number == at_once[p]);
    end(&o);
}

TEST(the_curve_has_a_point_for_each_stage)
{
    static const int first[] = {0};
    struct subject o = {0};
    struct evaluated out;
    double sum = 0;
    begin(&o, &networks[1], ALL_METHODS, SAME_SIZE);
    read_params(&o, 0, "stages=6");
    evaluate(&o, 0, 1, first, 1, &out);
    const struct store_curve *curve = out.methods[0].curves;
    assert_non_null(curve);
    assert_int_equal(curve->count, 6);
    assert_float_equal(curve->fraction[0], 9.0 / 53, 1e-12);
    assert_true(curve->fraction[5] == 1);
    for (int i = 0; i < 6; i++)
        sum += curve->probability[i];
    assert_float_equal(sum / 6, out.methods[0].values[0].number, 1e-12);
    end(&o);
}

TEST(methods_that_do_not_look_at_the_network_have_their_own_values)
{
    static const int three[] = {0, 1, 2};
    struct subject o = {0};
    struct evaluated out;
    begin(&o, &networks[1], "random, uniform, gradcam", SAME_SIZE);
    read_params(&o, 0, "stages=3");
    read_params(&o, 1, "form=efficient");
    evaluate(&o, 0, 2, three, 3, &out);
    assert_true(out.methods[0].values[0].number == 1); /* the same map on every network */
    assert_true(out.methods[0].values[1].number == 0);
    assert_true(out.methods[1].values[0].number == 0); /* constant */
    assert_string_equal(out.methods[1].values[0].flag, "constant_map");
    assert_string_equal(out.methods[1].values[1].undefined, "zero_entropy");
    end(&o);
}

TEST(there_is_a_reason_where_weights_cannot_be_altered)
{
    static const int first[] = {0};
    struct subject o = {0};
    struct evaluated out;
    begin(&o, &networks[1], "gradcam", SAME_SIZE);
    read_params(&o, 0, "");
    struct altered *altered = o.evaluator.altered;
    o.evaluator.altered = NULL;
    evaluate(&o, 0, 1, first, 1, &out);
    assert_string_equal(out.methods[0].values[0].undefined, "no_stages");
    o.evaluator.altered = altered;
    end(&o);
}
