/*
 * tests/metrics/test_curve.c - insertion and deletion against NumPy and SciPy: order, ties, states, baselines, areas; the
 * classifier is a linear layer and softmax, computed here and there.
 */
#include "metrics/curve.h"
#include "tests/golden.h"
#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define H 28
#define W 35
#define PLANE ((size_t)H * W)
#define CLASSES 5
#define KLASS 2
#define POINTS_MAX 256

static const float black[3] = {-2, -1.5f, -1.75f}, white[3] = {2, 2.5f, 2.25f};
static const struct curve_colours colours = {black, white};

/* Values on 16 levels: most places are tied. */
static void fill_tied(float *values, size_t n, uint32_t seed)
{
    golden_fill(values, n, seed);
    for (size_t i = 0; i < n; i++)
        values[i] = floorf((values[i] + 1) * 8) / 16;
}

static double classify(const float *image)
{
    static float weight[CLASSES][3 * PLANE];
    double odds[CLASSES], sum = 0;
    golden_fill(&weight[0][0], CLASSES * 3 * PLANE, 77);
    for (int k = 0; k < CLASSES; k++) {
        double logit = 0;
        for (size_t i = 0; i < 3 * PLANE; i++)
            logit += weight[k][i] / 8.0 * image[i];
        odds[k] = exp(logit);
        sum += odds[k];
    }
    return odds[KLASS] / sum;
}

static void check(const struct golden *golden, const char *name, const char *suffix, const double *got, size_t n)
{
    char key[128];
    size_t count;
    snprintf(key, sizeof key, "%s.%s", name, suffix);
    const double *want = golden_values(golden, key, &count);
    assert_int_equal(count, n);
    for (size_t i = 0; i < n; i++)
        if (!(fabs(got[i] - want[i]) <= 2e-6))
            fail_msg("%s, point %zu: %.9g, expected %.9g", key, i, got[i], want[i]);
}

/* Both curves of a request, and their areas. */
static void check_curves(const struct golden *golden, const char *name, struct curve_request request, int cells_h,
                         int cells_w)
{
    static const char *const kinds[] = {[CURVE_INSERTION] = "insertion", [CURVE_DELETION] = "deletion"};
    static const char *const areas[] = {"area", "reciprocam2024"};
    static float input[3 * PLANE], saliency[PLANE], cells[64], base[3 * PLANE], state[3 * PLANE];
    struct arena arena;
    struct error err = {0};
    struct curve_plan plan;
    arena_init(&arena, 0);
    golden_fill(input, 3 * PLANE, 7);
    fill_tied(saliency, PLANE, 41);
    fill_tied(cells, (size_t)cells_h * (size_t)cells_w, 42);
    const struct map map = {H, W, saliency}, native = {cells_h, cells_w, cells};
    assert_int_equal(
        curve_baseline((enum protocol_curve_baseline)request.baseline, input, 3, H, W, colours, &arena, base, &err), 0);
    assert_int_equal(curve_plan_make(&plan, &map, &native, &request, &arena, &err), 0);
    assert_int_equal(curve_steps(&request, H, W, cells_h, cells_w), plan.steps);
    check(golden, name, "fraction", plan.fraction, (size_t)plan.steps + 1);
    for (int kind = CURVE_INSERTION; kind <= CURVE_DELETION; kind++) {
        double p[POINTS_MAX];
        char suffix[64];
        assert_true(plan.steps < POINTS_MAX);
        for (int k = 0; k <= plan.steps; k++) {
            curve_state(&plan, (enum curve_kind)kind, k, 3, input, base, state);
            p[k] = classify(state);
        }
        check(golden, name, kinds[kind], p, (size_t)plan.steps + 1);
        const struct curve curve = {plan.steps + 1, plan.fraction, p};
        for (int a = 0; a < 2; a++) {
            const double area = curve_area(&curve, (enum curve_kind)kind, (enum protocol_curve_area)a);
            snprintf(suffix, sizeof suffix, "%s.%s", kinds[kind], areas[a]);
            check(golden, name, suffix, &area, 1);
        }
    }
    arena_release(&arena);
}

TEST(curves_are_those_of_numpy)
{
    static const struct {
        const char *name;
        int cells_h, cells_w;
        struct curve_request request;
    } rows[] = {
        {"blur", 7, 7, {.baseline = PROTOCOL_BASELINE_BLUR, .steps = 28}},
        {"mean", 7, 7, {.baseline = PROTOCOL_BASELINE_MEAN, .steps = 100}},
        {"black", 7, 7, {.baseline = PROTOCOL_BASELINE_BLACK, .steps = 3}},
        {"image_mean", 7, 7, {.baseline = PROTOCOL_BASELINE_IMAGE_MEAN, .steps = 11}},
        {"cells", 7, 7, {.order = PROTOCOL_CURVE_CELLS, .baseline = PROTOCOL_BASELINE_IMAGE_MEAN}},
        {"few_cells", 4, 5, {.order = PROTOCOL_CURVE_CELLS, .baseline = PROTOCOL_BASELINE_MEAN, .steps = 6}},
        {"white", 7, 7, {.baseline = PROTOCOL_BASELINE_WHITE, .steps = 9}},
        {"rounded", 7, 7, {.baseline = PROTOCOL_BASELINE_MEAN, .steps = 30, .spacing = PROTOCOL_SPACING_ROUNDED}},
        {"rounded_cells", 4, 5, {0, PROTOCOL_CURVE_CELLS, PROTOCOL_BASELINE_BLACK, 6, PROTOCOL_SPACING_ROUNDED}},
        {"rounded_all", 4, 5, {0, PROTOCOL_CURVE_CELLS, PROTOCOL_BASELINE_BLACK, 0, PROTOCOL_SPACING_ROUNDED}},
    };
    struct golden *golden = golden_open("curves");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check_curves(golden, rows[i].name, rows[i].request, rows[i].cells_h, rows[i].cells_w);
    golden_close(golden);
}

TEST(the_blurred_input_is_that_of_rise)
{
    static float input[3 * PLANE], base[3 * PLANE];
    struct golden *golden = golden_open("curves");
    struct arena arena;
    struct error err;
    arena_init(&arena, 0);
    golden_fill(input, 3 * PLANE, 7);
    assert_int_equal(curve_baseline(PROTOCOL_BASELINE_BLUR, input, 3, H, W, colours, &arena, base, &err), 0);
    golden_check(golden, "blurred", base, 3 * PLANE, 0, 1e-6);
    arena_release(&arena);
    golden_close(golden);
}

TEST(areas_are_those_of_the_reference_cases)
{
    static const double fraction[] = {0, 1 / 3.0, 2 / 3.0, 1}, p[] = {0.9, 0.5, 0.2, 0.1};
    const struct curve curve = {4, fraction, p};
    assert_true(fabs(curve_area(&curve, CURVE_DELETION, PROTOCOL_AREA_TRAPEZOID) - 0.4) < 1e-12);
    assert_true(fabs(curve_area(&curve, CURVE_DELETION, PROTOCOL_AREA_RECIPROCAM2024) - 1.2 / 4) < 1e-12);
}

TEST(a_state_changes_the_best_pixels_and_of_equals_the_first)
{
    static const float values[6] = {0.5f, 1, 0.5f, 0, 1, 0.5f};
    static const int want[6] = {2, 1, 2, 3, 1, 3};
    const struct map map = {2, 3, values};
    const struct curve_request request = {.steps = 3};
    struct curve_plan plan;
    struct arena arena;
    struct error err;
    arena_init(&arena, 0);
    assert_int_equal(curve_plan_make(&plan, &map, &map, &request, &arena, &err), 0);
    assert_int_equal(plan.steps, 3);
    assert_memory_equal(plan.step_of, want, sizeof want);
    arena_release(&arena);
}

TEST(a_plan_without_memory_is_an_error)
{
    static const float values[64];
    const struct map map = {8, 8, values};
    const struct curve_request request = {.steps = 2};
    struct curve_plan plan;
    struct arena arena;
    struct error err = {0};
    arena_init(&arena, 64);
    assert_int_equal(curve_plan_make(&plan, &map, &map, &request, &arena, &err), -1);
    assert_true(err.text[0] != '\0');
    arena_release(&arena);
}
