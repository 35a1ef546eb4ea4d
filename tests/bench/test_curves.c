/*
 * tests/bench/test_curves.c - insertion, deletion and what is left of the image, under the presets, against passes that
 * are made here one by one.
 */
#include "tests/bench/small_run.h"
#include "tests/session_calls.h"

#include "bench/run/curves.h"

#include <math.h>

#define PLANE ((size_t)SMALL_SIDE * SMALL_SIDE)

enum { INSERTION, DELETION, DROP, DROP_IN_DELETION, VALUE_COUNT };
static const char keys[] = "methods: [gradcam]\n"
                           "metrics: [insertion, deletion, average_drop, average_drop_in_deletion]\n"
                           "report: {plots: false, overlays: 0}\n";

struct walk {
    struct small_run small;
    struct evaluator evaluator;
    struct network *network;
    float input[3 * PLANE];
    int klass;
};

static void copy_image(void *context, int index, float *out)
{
    (void)index;
    memcpy(out, context, 3 * PLANE * sizeof *out);
}

static double probability(struct walk *w, float *image)
{
    float logits[SMALL_CLASSES], p[SMALL_CLASSES];
    run_forward(w->evaluator.worker.session, 1, copy_image, image, logits);
    softmax(logits, SMALL_CLASSES, p);
    return p[w->klass];
}

/* x of the first picture under the run's first protocol, from the crop that it gave. */
static void take_input(struct walk *w, const struct evaluated *evaluated)
{
    static const float mean[3] = {0.485f, 0.456f, 0.406f}, deviation[3] = {0.229f, 0.224f, 0.225f};
    for (size_t i = 0; i < 3 * PLANE; i++) {
        const size_t c = i / PLANE, at = i % PLANE;
        w->input[i] = ((float)evaluated->pixels[3 * at + c] / 255 - mean[c]) / deviation[c];
    }
    w->klass = evaluated->views[0].klass;
}

static double area_by_hand(struct walk *w, const struct saliency *m, struct curve_request request, int area)
{
    static float base[3 * PLANE], state[3 * PLANE];
    static const float black[3] = {0};
    const struct map map = {SMALL_SIDE, SMALL_SIDE, m->data}, native = {m->native_h, m->native_w, m->native};
    struct curve_plan plan;
    struct arena arena;
    double p[128];
    arena_init(&arena, 0);
    small_must(&w->small, curve_plan_make(&plan, &map, &native, &request, &arena, &w->small.err));
    small_must(&w->small,
               curve_baseline((enum protocol_curve_baseline)request.baseline, w->input, 3, SMALL_SIDE, SMALL_SIDE,
                              (struct curve_colours){black, black}, &arena, base, &w->small.err));
    assert_true(plan.steps < 128);
    for (int k = 0; k <= plan.steps; k++) {
        curve_state(&plan, request.kind, k, 3, w->input, base, state);
        p[k] = probability(w, state);
    }
    const struct curve curve = {plan.steps + 1, plan.fraction, p};
    const double value = curve_area(&curve, request.kind, (enum protocol_curve_area)area);
    arena_release(&arena);
    return value;
}

/* Drop where the image is multiplied by m, by 1 - m, or by the better half of m and the rest. */
static double drop_by_hand(struct walk *w, const struct saliency *m, bool is_half, bool is_rest)
{
    static float masked[3 * PLANE];
    const double p = probability(w, w->input);
    for (size_t i = 0; i < PLANE; i++) {
        size_t better = 0;
        for (size_t k = 0; k < PLANE && is_half; k++)
            better += m->data[k] > m->data[i] || (m->data[k] == m->data[i] && k < i);
        const float keep = is_half ? better < PLANE / 2 : m->data[i];
        for (size_t c = 0; c < 3; c++)
            masked[c * PLANE + i] = w->input[c * PLANE + i] * (is_rest ? 1 - keep : keep);
    }
    return fmax(0, p - probability(w, masked)) / p;
}

static void near(double got, double want, const char *what)
{
    if (!(fabs(got - want) <= 2e-5))
        fail_msg("%s: %.9g, by hand %.9g", what, got, want);
}

static void check(const char *protocol)
{
    struct walk w;
    struct evaluated evaluated;
    struct error err;
    bool is_unreadable;
    char text[512];
    const struct protocol *preset = protocol_find(protocol, &err);
    small_begin(&w.small);
    snprintf(text, sizeof text, "%sprotocol: %s\n", keys, protocol);
    small_open(&w.small, text);
    w.network = small_open_evaluator(&w.small, &w.evaluator);
    small_must(&w.small, run_evaluate(&w.evaluator, &w.small.run, 0, 0, (const int[]){0}, 1, &evaluated, &is_unreadable,
                                      &w.small.err));
    const struct store_value *values = evaluated.methods[0].values;
    const struct saliency *m = &evaluated.methods[0].saliency;
    take_input(&w, &evaluated);
    struct curve_request request = {CURVE_INSERTION, preset->curve_order, preset->insertion_start, preset->curve_steps,
                                    preset->curve_spacing};
    near(values[INSERTION].number, area_by_hand(&w, m, request, preset->curve_area), "insertion");
    request.kind = CURVE_DELETION;
    request.baseline = preset->deletion_fill;
    near(values[DELETION].number, area_by_hand(&w, m, request, preset->curve_area), "deletion");
    const bool is_half = preset->mask == PROTOCOL_MASK_TOP_HALF;
    near(values[DROP].number, drop_by_hand(&w, m, is_half, false), "drop");
    near(values[DROP_IN_DELETION].number, drop_by_hand(&w, m, is_half, true), "drop in deletion");
    int curves = 0;
    for (const struct store_curve *curve = evaluated.methods[0].curves; curve; curve = curve->next)
        curves++;
    assert_int_equal(curves, 2);
    small_close_evaluator(&w.evaluator, w.network);
    run_close(&w.small.run);
    small_end(&w.small);
}

TEST(curves_and_masks_of_each_preset_are_those_by_hand)
{
    for (const struct protocol *protocol = protocols; protocol->name; protocol++)
        check(protocol->name);
}

TEST(protocols_that_change_the_same_pixels_share_a_curve)
{
    struct walk w;
    struct evaluated evaluated;
    bool is_unreadable;
    char text[512];
    small_begin(&w.small);
    snprintf(text, sizeof text,
             "%sprotocol: [cambench, {preset: cambench, mask_space: pixel}, {preset: cambench, "
             "deletion_fill: black}]\n",
             keys);
    small_open(&w.small, text);
    w.network = small_open_evaluator(&w.small, &w.evaluator);
    small_must(&w.small, run_evaluate(&w.evaluator, &w.small.run, 0, 0, (const int[]){0}, 1, &evaluated, &is_unreadable,
                                      &w.small.err));
    const double *probability_of[3][2] = {{0}};
    for (const struct store_curve *curve = evaluated.methods[0].curves; curve; curve = curve->next)
        probability_of[curve->protocol][curve->metric] = curve->probability;
    for (int kind = INSERTION; kind <= DELETION; kind++) {
        assert_non_null(probability_of[0][kind]);
        assert_ptr_equal(probability_of[0][kind], probability_of[1][kind]);
    }
    assert_ptr_equal(probability_of[0][INSERTION], probability_of[2][INSERTION]);
    assert_ptr_not_equal(probability_of[0][DELETION], probability_of[2][DELETION]);
    small_close_evaluator(&w.evaluator, w.network);
    run_close(&w.small.run);
    small_end(&w.small);
}
