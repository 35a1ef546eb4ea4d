/*
 * tests/metrics/test_faithfulness.c - ROAD, ARCC, SRG, single deletion and infidelity: against NumPy and SciPy
 * (tests/golden/faithfulness.py) on a made-up network, small cases by hand, and maps without an answer.
 */
#include "metrics/curve.h"
#include "metrics/evidence_probe.h"
#include "metrics/impute.h"
#include "tests/golden.h"
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

enum { C = 3, H = 26, W = 31, PLANE = H * W };
#define SCALE 0.01

extern const struct metric metric_road, metric_arcc, metric_arcc_of_means, metric_srg, metric_single_deletion,
    metric_infidelity;

/* -- the made-up network ---------------------------------------------------------------------------------------------- */

struct subject {
    float x[C * PLANE], m[PLANE], weight[C * PLANE];
    bool is_deaf; /* the network's answer does not depend on the input */
    int passes;
    struct evidence_keeper *keeper;
    struct arena arena;
};

static double logit_of(const struct subject *subject, const float *x)
{
    double sum = 0;
    for (int i = 0; i < C * PLANE; i++)
        sum += (double)subject->weight[i] * x[i];
    return subject->is_deaf ? 1 : SCALE * sum;
}

static int scores(void *context, struct evidence_input input, enum evidence_score score, double *values,
                  struct error *err)
{
    struct subject *subject = context;
    const bool is_source = input.kind == EVIDENCE_OF_SOURCE || input.kind == EVIDENCE_OF_SHARED;
    const int count = is_source ? input.count : 1;
    (void)err; /* cannot fail */
    subject->passes += is_source ? count : 0;
#pragma omp parallel for num_threads(4) schedule(dynamic) /* as the engine calls a source */
    for (int i = 0; i < count; i++) {
        float x[C * PLANE];
        memcpy(x, subject->x, sizeof x);
        if (is_source)
            input.source(input.context, input.first + i, subject->x, x);
        const double logit = logit_of(subject, x);
        values[i] = score == EVIDENCE_SCORE_LOGIT ? logit : 1 / (1 + exp(-logit));
    }
    return 0;
}

static void begin(struct subject *subject)
{
    memset(subject, 0, sizeof *subject);
    golden_fill(subject->x, C * PLANE, 3);
    golden_fill(subject->weight, C * PLANE, 5);
    arena_init(&subject->arena, 0);
}

/* Smooth values in [0,1]: means of 5x5 neighbours in a wrapped field. */
static void set_saliency(struct subject *subject, uint32_t seed)
{
    static float field[PLANE];
    static double smooth[PLANE];
    double low = INFINITY, high = -INFINITY;
    golden_fill(field, PLANE, seed);
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++) {
            double sum = 0;
            for (int i = -2; i <= 2; i++)
                for (int j = -2; j <= 2; j++)
                    sum += field[(y + i + H) % H * W + (x + j + W) % W];
            smooth[y * W + x] = sum / 25;
            low = fmin(low, sum / 25);
            high = fmax(high, sum / 25);
        }
    for (int i = 0; i < PLANE; i++)
        subject->m[i] = (float)((smooth[i] - low) / (high - low));
}

/* Measures a metric with "key=value key=value". */
static struct value measure(struct subject *subject, const struct metric *metric, const char *settings)
{
    static const struct evidence_ops ops = {.scores = scores};
    struct evidence evidence = {.ops = &ops,
                                .context = subject,
                                .protocol = &protocols[0],
                                .map = {H, W, subject->m},
                                .native = {H, W, subject->m},
                                .image = subject->x,
                                .channels = C,
                                .keeper = &subject->keeper,
                                .seed = 7,
                                .image_name = "image",
                                .arena = &subject->arena,
                                .metric = metric};
    double params[32];
    struct value value = value_of(0);
    struct error err = {0};
    char text[128], *rest = text;
    param_defaults(metric->params, params);
    snprintf(text, sizeof text, "%s", settings);
    for (char *word = strsep(&rest, " "); word && *word; word = strsep(&rest, " ")) {
        char *equals = strchr(word, '=');
        *equals = '\0';
        if (param_parse(param_find(metric->params, word), equals + 1, params, &err))
            fail_msg("%s", err.text);
    }
    if (metric->measure(&evidence, params, &value, &err))
        fail_msg("%s", err.text);
    return value;
}

/* -- against NumPy and SciPy ------------------------------------------------------------------------------------------ */

TEST(imputed_pixels_are_those_of_a_sparse_direct_solver)
{
    static struct subject subject;
    static float out[C * PLANE], sorted[PLANE];
    static uint8_t is_missing[PLANE];
    struct golden *golden = golden_open("faithfulness");
    struct error err;
    begin(&subject);
    set_saliency(&subject, 11);
    golden_check(golden, "m.11", subject.m, PLANE, 0, 1e-6);
    memcpy(sorted, subject.m, sizeof sorted);
    sort_floats(sorted, PLANE);
    for (int q = 10; q <= 90; q += 40) {
        char key[32];
        for (int i = 0; i < PLANE; i++)
            is_missing[i] = subject.m[i] >= percentile_of_sorted(sorted, PLANE, q);
        assert_int_equal(impute_linear(is_missing, H, W, subject.x, C, 1e-6, &subject.arena, out, &err), 0);
        snprintf(key, sizeof key, "imputed.%d", q);
        golden_check(golden, key, out, C * PLANE, 0, 1e-5);
        for (int i = 0; i < C * PLANE; i++)
            assert_true(is_missing[i % PLANE] || out[i] == subject.x[i]);
    }
    arena_release(&subject.arena);
    golden_close(golden);
}

TEST(values_are_those_of_numpy_and_scipy)
{
    static const struct {
        const char *key, *settings;
        const struct metric *metric;
        double tolerance;
    } rows[] = {
        {"road", "", &metric_road, 2e-6},
        {"road.plain", "first=10 last=90 step=10 noise=0", &metric_road, 2e-6},
        {"single", "", &metric_single_deletion, 1e-9},
        {"single.prob", "grid=5 score=prob", &metric_single_deletion, 1e-9},
        {"infidelity", "min_side=4 max_side=16", &metric_infidelity, 1e-9},
        {"infidelity.none", "samples=10 min_side=6 max_side=6 scale=none", &metric_infidelity, 1e-4},
    };
    static struct subject subject;
    struct golden *golden = golden_open("faithfulness");
    begin(&subject);
    for (uint32_t seed = 11; seed <= 13; seed++)
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
            char key[64];
            size_t count;
            set_saliency(&subject, seed);
            subject.keeper = NULL; /* which knows the parameters of one run only */
            snprintf(key, sizeof key, "%s.%u", rows[i].key, seed);
            const double want = *golden_values(golden, key, &count);
            const struct value value = measure(&subject, rows[i].metric, rows[i].settings);
            assert_null(value.undefined);
            if (!(fabs(value.number - want) <= rows[i].tolerance * fmax(1, fabs(want))))
                fail_msg("%s: %.9g, expected %.9g", key, value.number, want);
        }
    arena_release(&subject.arena);
    golden_close(golden);
}

/* -- ROAD ------------------------------------------------------------------------------------------------------------- */

TEST(one_missing_pixel_is_the_weighted_mean_of_its_neighbours)
{
    static const float image[9] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    struct arena arena;
    struct error err;
    float out[9];
    arena_init(&arena, 0);
    assert_int_equal(impute_linear((const uint8_t[9]){[4] = 1}, 3, 3, image, 1, 1e-6, &arena, out, &err), 0);
    assert_float_equal(out[4], 5, 1e-6);
    assert_int_equal(impute_linear((const uint8_t[9]){[0] = 1}, 3, 3, image, 1, 1e-6, &arena, out, &err), 0);
    assert_float_equal(out[0], 3.4, 1e-6);
    assert_int_equal(impute_linear((const uint8_t[9]){0}, 3, 3, image, 1, 1e-6, &arena, out, &err), 0);
    assert_memory_equal(out, image, sizeof image);
    arena_release(&arena);
}

TEST(a_constant_image_is_imputed_by_itself_in_any_shape)
{
    static const int shapes[][2] = {{1, 1}, {1, 9}, {9, 1}, {2, 2}, {5, 3}, {17, 64}, {33, 32}};
    static float image[64 * 64], out[64 * 64];
    static uint8_t is_missing[64 * 64];
    struct arena arena;
    struct error err;
    arena_init(&arena, 0);
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++) {
        const int n = shapes[s][0] * shapes[s][1];
        for (int i = 0; i < n; i++) {
            image[i] = 2.5f;
            is_missing[i] = i != n / 3;
        }
        assert_int_equal(impute_linear(is_missing, shapes[s][0], shapes[s][1], image, 1, 1e-6, &arena, out, &err), 0);
        for (int i = 0; i < n; i++)
            assert_float_equal(out[i], 2.5, 1e-4);
    }
    arena_release(&arena);
}

TEST(equal_masks_are_imputed_and_passed_once)
{
    static struct subject subject;
    begin(&subject);
    set_saliency(&subject, 11);
    const struct value first = measure(&subject, &metric_road, "");
    assert_int_equal(subject.passes, 8);
    for (int i = 0; i < PLANE; i++)
        subject.m[i] /= 2; /* another map in the same order; 1 - m is too */
    assert_true(measure(&subject, &metric_road, "").number == first.number);
    assert_int_equal(subject.passes, 8);
    set_saliency(&subject, 12);
    assert_true(measure(&subject, &metric_road, "").number != first.number);
    assert_int_equal(subject.passes, 16);
    arena_release(&subject.arena);
}

TEST(noise_does_not_depend_on_the_maps_before)
{
    static struct subject subject;
    begin(&subject);
    set_saliency(&subject, 12);
    const double alone = measure(&subject, &metric_road, "").number;
    subject.keeper = NULL;
    set_saliency(&subject, 11);
    assert_true(measure(&subject, &metric_road, "").number != alone);
    set_saliency(&subject, 12);
    assert_true(measure(&subject, &metric_road, "").number == alone); /* its noise is drawn already, or a part of it */
    arena_release(&subject.arena);
}

TEST(road_without_a_known_pixel_is_undefined_or_left_out)
{
    static struct subject subject;
    begin(&subject);
    assert_string_equal(measure(&subject, &metric_road, "").undefined, "road_singular");
    assert_int_equal(subject.passes, 8); /* requests do not depend on values */
    assert_string_equal(measure(&subject, &metric_road, "singular=skip").undefined, "road_singular");
    assert_null(measure(&subject, &metric_road, "select=count").undefined);
    set_saliency(&subject, 11);
    for (int i = 0; i < PLANE * 3 / 10; i++)
        subject.m[i] = 0;
    assert_string_equal(measure(&subject, &metric_road, "").undefined, "road_singular");
    const struct value value = measure(&subject, &metric_road, "singular=skip");
    assert_null(value.undefined);
    assert_string_equal(value.flag, "road_singular");
    arena_release(&subject.arena);
}

/* -- ARCC ------------------------------------------------------------------------------------------------------------- */

/* arcc of the three values. */
static struct value arcc_of(double coherency, double complexity, struct value road, double eps)
{
    struct metric parts[] = {{.name = "coherency"}, {.name = "complexity"}, {.name = "road"}};
    const struct evidence_metric list[] = {{&parts[0], NULL}, {&parts[1], NULL}, {&parts[2], NULL}};
    struct value values[] = {value_of(coherency), value_of(complexity), road}, value = value_of(0);
    bool is_measured[] = {true, true, true};
    struct evidence evidence = {.metric_count = 3, .metrics = list, .values = values, .is_measured = is_measured};
    struct error err;
    assert_int_equal(metric_arcc.measure(&evidence, &eps, &value, &err), 0);
    return value;
}

TEST(arcc_is_the_harmonic_mean_of_its_parts)
{
    assert_float_equal(arcc_of(0.9, 0.3, value_of(0.4), 0).number, 0.791623036649, 1e-12);
    assert_float_equal(arcc_of(0.9, 0.3, value_of(-0.1), 0).number, 0, 0);
    assert_float_equal(arcc_of(1, 0, value_of(0.5), 0).number, 1, 1e-12);
    assert_float_equal(arcc_of(0.9, 0.3, value_of(-0.1), 1e-8).number, 3e-8, 1e-12);
    assert_string_equal(arcc_of(0.9, 0.3, value_undefined("road_singular"), 0).undefined, "road_singular");
    assert_float_equal(metric_arcc_of_means.combine((const double[]){0.9, 0.3, 0.4}), 0.791623036649, 1e-12);
}

/* -- SRG -------------------------------------------------------------------------------------------------------------- */

static struct value srg_of(const double *most_first, const double *least_first, int count, const float *map)
{
    static const double fraction[] = {0, 1 / 3.0, 2 / 3.0, 1};
    struct evidence_probe probe = {
        .curve = {[CURVE_DELETION] = {count, fraction, most_first}, [CURVE_LIF] = {count, fraction, least_first}},
        .map = {2, 2, map},
        .native = {2, 2, map}};
    struct evidence evidence = {.ops = &evidence_probe_ops,
                                .context = &probe,
                                .protocol = &protocols[0],
                                .map = {2, 2, map},
                                .native = {2, 2, map}};
    struct value value = value_of(0);
    struct error err;
    assert_int_equal(metric_srg.measure(&evidence, NULL, &value, &err), 0);
    return value;
}

TEST(srg_is_the_area_between_the_curves_of_both_orders)
{
    static const double most[] = {0.9, 0.5, 0.2, 0.1}, least[] = {0.9, 0.8, 0.6, 0.1}, broken[] = {0.9, NAN, 0.6, 0.1};
    static const float map[] = {0, 1, 0.5f, 0.25f}, flat[4] = {0};
    assert_float_equal(srg_of(most, least, 4, map).number, 0.233333333333, 1e-11);
    assert_float_equal(srg_of(least, most, 4, map).number, -0.233333333333, 1e-11);
    assert_float_equal(srg_of(most, least, 4, flat).number, 0, 0);
    assert_string_equal(srg_of(most, broken, 4, map).undefined, "nonfinite_p");
}

TEST(the_reverse_order_is_that_of_insertion_from_its_end)
{
    static struct subject subject;
    static float zeros[C * PLANE], removed[C * PLANE], inserted[C * PLANE];
    const int steps = 13; /* divides the pixels */
    struct curve_plan reverse, forward;
    struct error err;
    begin(&subject);
    set_saliency(&subject, 11);
    for (int i = 0; i < PLANE; i += 3)
        subject.m[i] = 0.5f; /* ties */
    const struct map map = {H, W, subject.m};
    struct curve_request request = {.kind = CURVE_LIF, .steps = steps};
    assert_int_equal(curve_plan_make(&reverse, &map, &map, &request, &subject.arena, &err), 0);
    request.kind = CURVE_INSERTION;
    assert_int_equal(curve_plan_make(&forward, &map, &map, &request, &subject.arena, &err), 0);
    assert_int_equal(forward.steps, steps);
    for (int k = 0; k <= steps; k++) {
        curve_state(&reverse, CURVE_LIF, k, C, subject.x, zeros, removed);
        curve_state(&forward, CURVE_INSERTION, steps - k, C, subject.x, zeros, inserted);
        assert_memory_equal(removed, inserted, sizeof removed);
    }
    arena_release(&subject.arena);
}

/* -- single deletion and infidelity ----------------------------------------------------------------------------------- */

TEST(single_deletion_without_a_ranking_says_so)
{
    static struct subject subject;
    begin(&subject);
    const struct value flat = measure(&subject, &metric_single_deletion, "grid=2");
    assert_null(flat.undefined);
    assert_string_equal(flat.flag, "flat_rank");
    assert_float_equal(flat.number, 0, 0);
    set_saliency(&subject, 11);
    assert_string_equal(measure(&subject, &metric_single_deletion, "grid=1").undefined, "flat_drops");
    subject.is_deaf = true;
    assert_string_equal(measure(&subject, &metric_single_deletion, "").undefined, "flat_drops");
    arena_release(&subject.arena);
}

TEST(single_deletion_has_every_fill)
{
    static struct subject subject;
    begin(&subject);
    set_saliency(&subject, 11);
    const double zero = measure(&subject, &metric_single_deletion, "").number;
    assert_true(measure(&subject, &metric_single_deletion, "remainder=ignored").number >= -1);
    assert_true(measure(&subject, &metric_single_deletion, "fill=random").number != zero);
    assert_true(fabs(measure(&subject, &metric_single_deletion, "fill=image_mean").number) <= 1);
    arena_release(&subject.arena);
}

TEST(infidelity_of_an_empty_map_is_the_mean_square_of_the_changes)
{
    static struct subject subject;
    begin(&subject);
    const struct value empty = measure(&subject, &metric_infidelity, "");
    assert_null(empty.undefined);
    assert_true(empty.number > 0);
    assert_true(measure(&subject, &metric_infidelity, "scale=none").number == empty.number);
    set_saliency(&subject, 11);
    assert_true(measure(&subject, &metric_infidelity, "").number <= empty.number);
    const struct value noisy = measure(&subject, &metric_infidelity, "perturbation=noise score=logit samples=16");
    assert_null(noisy.undefined);
    subject.is_deaf = true;
    assert_float_equal(measure(&subject, &metric_infidelity, "").number, 0, 0);
    arena_release(&subject.arena);
}

TEST(infidelity_does_not_depend_on_the_scale_of_the_map)
{
    static struct subject subject;
    begin(&subject);
    set_saliency(&subject, 12);
    const double once = measure(&subject, &metric_infidelity, "").number;
    for (int i = 0; i < PLANE; i++)
        subject.m[i] *= 4;
    assert_float_equal(measure(&subject, &metric_infidelity, "").number, once, 1e-12);
    arena_release(&subject.arena);
}
