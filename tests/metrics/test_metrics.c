/*
 * tests/metrics/test_metrics.c - the ADCC family against NumPy and SciPy, hand-sized cases, and what is undefined.
 *
 * The evidence is a probe: two maps, three probabilities, counted calls.
 */
#include "metrics/evidence_probe.h"
#include "tests/golden.h"
#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IMAGES 12
#define HEIGHT 29
#define WIDTH 31
#define PIXELS (HEIGHT * WIDTH)
#define METRICS_MAX 64

/* An image as the runner would hold it. */
struct image {
    struct map map, again;
    double p, o, rest;
    struct curve curve[CURVE_KINDS];
    const struct protocol *protocol; /* NULL: cambench */
};

/* One image, all metrics. */
struct bench {
    struct evidence_probe probe;
    struct evidence evidence;
    struct evidence_metric list[METRICS_MAX];
    struct value values[METRICS_MAX];
    bool is_measured[METRICS_MAX];
    double params[METRICS_MAX][64];
};

static struct arena scratch;

static void open_bench(struct bench *bench, struct image *image)
{
    int count = 0;
    memset(bench, 0, sizeof *bench);
    arena_reset(&scratch);
    for (; metrics[count]; count++) {
        assert_true(count < METRICS_MAX && metrics[count]->params_size <= sizeof *bench->params);
        param_defaults(metrics[count]->params, bench->params[count]);
        bench->list[count] = (struct evidence_metric){metrics[count], bench->params[count]};
    }
    bench->probe = (struct evidence_probe){
        .probability =
            {[EVIDENCE_OF_ORIGINAL] = image->p, [EVIDENCE_OF_EXPLANATION] = image->o, [EVIDENCE_OF_REST] = image->rest},
        .map = image->again,
        .native = image->again,
        .truth = {.no_mask = "no_truth", .no_boxes = "no_truth"}};
    static const float zeros[3 * PIXELS];
    memcpy(bench->probe.curve, image->curve, sizeof image->curve);
    bench->evidence = (struct evidence){.ops = &evidence_probe_ops,
                                        .context = &bench->probe,
                                        .protocol = image->protocol ? image->protocol : &protocols[0],
                                        .map = image->map,
                                        .native = image->map,
                                        .image = zeros,
                                        .channels = 3,
                                        .class_count = 10,
                                        .cost = {.seconds = 0.5, .full = 3, .tail = 20, .backward = 1, .repeated = 7},
                                        .image_name = "image",
                                        .arena = &scratch,
                                        .metric_count = count,
                                        .metrics = bench->list,
                                        .values = bench->values,
                                        .is_measured = bench->is_measured};
}

static struct value measure_again(struct bench *bench, const char *name)
{
    struct value value;
    struct error err = {0};
    for (int i = 0; metrics[i]; i++)
        if (strcmp(metrics[i]->name, name) == 0) {
            if (evidence_measure(&bench->evidence, i, &value, &err))
                fail_msg("%s", err.text);
            return value;
        }
    fail_msg("no metric %s", name);
    return (struct value){0};
}

static struct value measure(struct image *image, const char *name)
{
    struct bench bench;
    open_bench(&bench, image);
    return measure_again(&bench, name);
}

static void assert_number(struct value value, double want, double tolerance)
{
    if (value.undefined)
        fail_msg("undefined (%s), expected %.12g", value.undefined, want);
    if (!(fabs(value.number - want) <= tolerance))
        fail_msg("%.15g, expected %.15g", value.number, want);
}

static void assert_undefined(struct value value)
{
    if (!value.undefined)
        fail_msg("%g, expected to be undefined", value.number);
    assert_true(value.undefined[0] != '\0');
}

static const struct metric *find(const char *name)
{
    for (int i = 0; metrics[i]; i++)
        if (strcmp(metrics[i]->name, name) == 0)
            return metrics[i];
    fail_msg("no metric %s", name);
    return NULL;
}

/* -- random images ------------------------------------------------------------------------------------------------- */

/* What image() of the golden script makes; the maps are written to `one` and `again`. */
static struct image random_image(int i, float *one, float *again)
{
    float other[PIXELS], p[2], rest;
    const float share = (float)i / 8 - 0.25f;
    golden_fill(one, PIXELS, (uint32_t)(100 + 2 * i));
    golden_fill(other, PIXELS, (uint32_t)(101 + 2 * i));
    golden_fill(p, 2, (uint32_t)(500 + i));
    golden_fill(&rest, 1, (uint32_t)(600 + i));
    for (int k = 0; k < PIXELS; k++) {
        one[k] = (one[k] + 1) * 0.5f;
        again[k] = share * one[k] + (1 - fabsf(share)) * ((other[k] + 1) * 0.5f);
    }
    return (struct image){.map = {HEIGHT, WIDTH, one},
                          .again = {HEIGHT, WIDTH, again},
                          .p = ((double)p[0] + 1) / 2,
                          .o = ((double)p[1] + 1) / 2,
                          .rest = ((double)rest + 1) / 2};
}

static double random_value(int i, const char *name)
{
    float one[PIXELS], again[PIXELS];
    struct image image = random_image(i, one, again);
    const struct value value = measure(&image, name);
    assert_null(value.undefined);
    return value.number;
}

/* adcc_of_means from means by name. */
static double combine(const struct metric *metric, double drop, double coherency, double complexity)
{
    double means[METRIC_PARTS_MAX] = {0};
    for (int i = 0; metric->parts[i]; i++)
        means[i] = strcmp(metric->parts[i], "average_drop") == 0 ? drop
                   : strcmp(metric->parts[i], "coherency") == 0  ? coherency
                                                                 : complexity;
    return metric->combine(means);
}

TEST(values_of_random_maps_are_those_of_scipy)
{
    static const char *const names[] = {"average_drop", "average_increase",        "coherency", "complexity", "adcc",
                                        "average_gain", "average_drop_in_deletion"};
    struct golden *golden = golden_open("metrics");
    for (int k = 0; k < 7; k++) {
        size_t count;
        const double *want = golden_values(golden, names[k], &count);
        assert_int_equal(count, IMAGES);
        for (int i = 0; i < IMAGES; i++)
            if (!(fabs(random_value(i, names[k]) - want[i]) <= 1e-8))
                fail_msg("%s of image %d: %.12g, expected %.12g", names[k], i, random_value(i, names[k]), want[i]);
    }
    golden_close(golden);
}

TEST(adcc_of_means_is_that_of_scipy)
{
    struct golden *golden = golden_open("metrics");
    double drop = 0, coherency = 0, complexity = 0;
    size_t count;
    for (int i = 0; i < IMAGES; i++) {
        drop += random_value(i, "average_drop") / IMAGES;
        coherency += random_value(i, "coherency") / IMAGES;
        complexity += random_value(i, "complexity") / IMAGES;
    }
    const double got = combine(find("adcc_of_means"), drop, coherency, complexity);
    assert_true(fabs(got - golden_values(golden, "adcc_of_means", &count)[0]) < 1e-8);
    golden_close(golden);
}

TEST(the_mean_adcc_is_never_above_adcc_of_means)
{
    for (int first = 0; first < IMAGES - 1; first++) {
        double drop = 0, coherency = 0, complexity = 0, adcc = 0;
        const int n = IMAGES - first;
        for (int i = first; i < IMAGES; i++) {
            drop += random_value(i, "average_drop") / n;
            coherency += random_value(i, "coherency") / n;
            complexity += random_value(i, "complexity") / n;
            adcc += random_value(i, "adcc") / n;
        }
        assert_true(adcc <= combine(find("adcc_of_means"), drop, coherency, complexity) + 1e-12);
    }
}

/* -- hand-sized cases ---------------------------------------------------------------------------------------------- */

static struct image small_image(int n, const float *map, const float *again, double p, double o)
{
    return (struct image){.map = {1, n, map}, .again = {1, n, again}, .p = p, .o = o};
}

TEST(the_harmonic_mean_is_that_of_three_and_zero_when_one_is_not_positive)
{
    assert_true(fabs(harmonic_mean3(0.9, 0.7, 0.8) - 0.791623036649) < 1e-12);
    assert_true(harmonic_mean3(0, 0.7, 0.8) == 0);
    assert_true(harmonic_mean3(0.9, -0.1, 0.8) == 0);
    assert_true(harmonic_mean3(0.9, 0.7, 0) == 0);
    assert_true(harmonic_mean3(1, 1, 1) == 1);
    assert_true(harmonic_mean3(1e-300, 1e-300, 1e-300) > 0);
}

TEST(adcc_of_means_is_that_of_the_reference_cases)
{
    const struct metric *metric = find("adcc_of_means");
    assert_true(fabs(combine(metric, 1 - 0.55, 0.55, 0) - 0.647058823529) < 1e-12);
    assert_true(fabs(combine(metric, 0.1569, 0.9668, 0.3290) - 0.8085) < 1e-4);
    assert_true(combine(metric, 0, 0, 0.5) == 0);
    assert_true(combine(metric, 1, 0.9, 0.5) == 0);
}

TEST(adcc_is_that_of_the_reference_cases)
{
    assert_true(fabs((harmonic_mean3(1, 1, 0.1) + harmonic_mean3(0.1, 1, 1)) / 2 - 0.25) < 1e-12);
}

TEST(drop_and_increase_are_those_of_the_reference_cases)
{
    static const struct {
        double p, o, drop, increase;
    } rows[] = {{0.8, 0.2, 0.75, 0}, {0.8, 0.9, 0, 1}, {0.5, 0.5, 0, 0},     {1, 0, 1, 0},
                {1, 1, 0, 0},        {1e-6, 1, 0, 1},  {0.25, 0.125, 0.5, 0}};
    static const float map[4] = {0, 0.5f, 1, 0.25f};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct image image = small_image(4, map, map, rows[i].p, rows[i].o);
        assert_number(measure(&image, "average_drop"), rows[i].drop, 1e-12);
        assert_number(measure(&image, "average_increase"), rows[i].increase, 0);
    }
}

TEST(gain_is_what_was_missing_and_never_divides_by_nothing)
{
    static const float map[4] = {0, 0.5f, 1, 0.25f};
    struct image image = small_image(4, map, map, 0.8, 0.9);
    assert_number(measure(&image, "average_gain"), 0.5, 1e-12);
    image = small_image(4, map, map, 0.8, 0.2);
    assert_number(measure(&image, "average_gain"), 0, 0);
    image = small_image(4, map, map, 1, 1);
    assert_number(measure(&image, "average_gain"), 0, 0);
}

TEST(insertion_and_deletion_are_areas_of_the_protocol_s_curves)
{
    static const float map[4] = {0, 0.5f, 1, 0.25f};
    static const double ends[] = {0, 1}, up[] = {0.25, 0.75}, down[] = {0.75, 0.25}, broken[] = {NAN, 0.25};
    struct image image = small_image(4, map, map, 0.75, 0.2);
    image.curve[CURVE_INSERTION] = (struct curve){2, ends, up};
    image.curve[CURVE_DELETION] = (struct curve){2, ends, down};
    struct bench bench;
    open_bench(&bench, &image);
    const struct curve_request *asked = &bench.probe.curve_request;
    assert_number(measure_again(&bench, "insertion"), 0.5, 1e-12);
    assert_int_equal(asked->kind, CURVE_INSERTION);
    assert_int_equal(asked->baseline, PROTOCOL_BASELINE_BLUR);
    assert_int_equal(asked->steps, 28);
    assert_number(measure_again(&bench, "deletion"), 0.5, 1e-12);
    assert_int_equal(asked->baseline, PROTOCOL_BASELINE_MEAN);
    assert_number(measure_again(&bench, "insertion_minus_deletion"), 0, 1e-12);
    struct error err;
    image.protocol = protocol_find("reciprocam2024", &err);
    open_bench(&bench, &image);
    assert_number(measure_again(&bench, "deletion"), 0.25, 1e-12);
    assert_number(measure_again(&bench, "insertion"), 0.375, 1e-12);
    assert_int_equal(asked->order, PROTOCOL_CURVE_CELLS);
    assert_int_equal(asked->baseline, PROTOCOL_BASELINE_IMAGE_MEAN);
    image.curve[CURVE_DELETION].probability = broken;
    assert_string_equal(measure(&image, "deletion").undefined, "nonfinite_p");
    assert_string_equal(measure(&image, "insertion_minus_deletion").undefined, "nonfinite_p");
}

TEST(coherency_and_complexity_look_at_the_map_that_the_protocol_names)
{
    static const float map[4] = {0, 0.5f, 1, 0.25f}, native[2] = {0, 1}, again[2] = {1, 0};
    struct protocol protocol = protocols[0];
    struct image image = small_image(4, map, again, 0.8, 0.2);
    struct bench bench;
    protocol.compare_at = PROTOCOL_COMPARE_AT_LAYER;
    image.protocol = &protocol;
    open_bench(&bench, &image);
    bench.evidence.native = (struct map){1, 2, native};
    assert_number(measure_again(&bench, "complexity"), 0.5, 0);
    assert_number(measure_again(&bench, "coherency"), 0, 1e-12);
}

TEST(a_class_without_probability_has_no_drop)
{
    static const float map[4] = {0, 0.5f, 1, 0.25f};
    static const double none[] = {0, 1e-13, 1e-300};
    for (int i = 0; i < 3; i++) {
        struct image image = small_image(4, map, map, none[i], 0.5);
        const struct value drop = measure(&image, "average_drop");
        assert_undefined(drop);
        assert_string_equal(drop.undefined, "zero_p");
        assert_undefined(measure(&image, "adcc"));
        assert_number(measure(&image, "coherency"), 1, 1e-12);
    }
}

TEST(a_probability_that_is_not_a_number_makes_drop_and_increase_undefined)
{
    static const float map[4] = {0, 0.5f, 1, 0.25f};
    struct image image = small_image(4, map, map, 0.5, NAN);
    assert_undefined(measure(&image, "average_drop"));
    assert_undefined(measure(&image, "average_increase"));
    assert_undefined(measure(&image, "adcc"));
    image = small_image(4, map, map, NAN, 0.5);
    assert_undefined(measure(&image, "average_drop"));
    assert_undefined(measure(&image, "average_increase"));
}

TEST(coherency_is_that_of_the_reference_case)
{
    static const float one[4] = {0, 1, 2, 3}, again[4] = {0, 1, 1, 4};
    struct image image = small_image(4, one, again, 0.5, 0.5);
    assert_number(measure(&image, "coherency"), 0.9472135955, 1e-10);
}

TEST(coherency_ignores_scale_and_offset_and_runs_from_0_to_1)
{
    float one[PIXELS], again[PIXELS], moved[PIXELS];
    struct image image = random_image(3, one, again);
    const double before = measure(&image, "coherency").number;
    for (int k = 0; k < PIXELS; k++)
        moved[k] = again[k] * 0.125f + 0.5f;
    image.again.data = moved;
    assert_number(measure(&image, "coherency"), before, 1e-6);
    image.again.data = one;
    assert_number(measure(&image, "coherency"), 1, 1e-12);
    for (int k = 0; k < PIXELS; k++)
        moved[k] = 1 - one[k];
    image.again.data = moved;
    assert_number(measure(&image, "coherency"), 0, 1e-12);
    assert_true(measure(&image, "coherency").number >= 0);
}

TEST(coherency_of_maps_that_hardly_vary_is_exact)
{
    float one[PIXELS], again[PIXELS];
    for (int k = 0; k < PIXELS; k++) {
        one[k] = k % 2 ? 1 : 0.99999994f;
        again[k] = k % 2 ? 0.5f : 0.49999997f;
    }
    struct image image = {.map = {HEIGHT, WIDTH, one}, .again = {HEIGHT, WIDTH, again}, .p = 0.5, .o = 0.5};
    assert_number(measure(&image, "coherency"), 1, 1e-9);
}

TEST(a_constant_map_has_coherency_0_complexity_and_no_adcc)
{
    static const float flat[4] = {0}, ones[4] = {1, 1, 1, 1}, map[4] = {0, 0.5f, 1, 0.25f};
    struct image image = small_image(4, flat, map, 0.8, 0.2);
    const struct value coherency = measure(&image, "coherency");
    assert_number(coherency, 0, 0);
    assert_non_null(coherency.flag);
    assert_string_equal(coherency.flag, "flat_pearson");
    assert_number(measure(&image, "complexity"), 0, 0);
    assert_number(measure(&image, "average_drop"), 0.75, 1e-12);
    assert_number(measure(&image, "adcc"), 0, 0);
    image = small_image(4, map, ones, 0.8, 0.2);
    assert_number(measure(&image, "coherency"), 0, 0);
    assert_non_null(measure(&image, "coherency").flag);
    image = small_image(4, ones, ones, 0.8, 0.8);
    assert_number(measure(&image, "coherency"), 0, 0);
    assert_number(measure(&image, "complexity"), 1, 0);
    assert_number(measure(&image, "adcc"), 0, 0);
}

TEST(a_drop_is_divided_as_the_protocol_says)
{
    static const float map[4] = {0, 0.5f, 1, 0.25f};
    struct error err;
    struct image image = small_image(4, map, map, 0.75, 0.25);
    image.rest = 0.5;
    image.protocol = protocol_find("torchcam", &err);
    assert_number(measure(&image, "average_drop"), 0.5 / (0.75 + 1e-7), 1e-15);
    assert_number(measure(&image, "average_drop_in_deletion"), 0.25 / (0.75 + 1e-7), 1e-15);
    image.protocol = protocol_find("pytorch_grad_cam", &err);
    assert_number(measure(&image, "average_drop"), 0.5, 1e-15);
    assert_number(measure(&image, "average_drop_in_deletion"), 0.25, 1e-15);
}

TEST(a_drop_whose_divisor_is_not_p_is_defined_for_a_class_without_probability)
{
    static const char *const names[] = {"torchcam", "pytorch_grad_cam"};
    static const float map[4] = {0, 0.5f, 1, 0.25f};
    for (size_t i = 0; i < 2; i++) {
        struct error err;
        struct image image = small_image(4, map, map, 0, 0.25);
        image.protocol = protocol_find(names[i], &err);
        assert_number(measure(&image, "average_drop"), 0, 0);
        image.p = NAN;
        assert_undefined(measure(&image, "average_drop"));
    }
}

TEST(coherency_of_a_flat_map_is_a_half_where_the_protocol_adds_to_the_divisor)
{
    static const float flat[4] = {0}, map[4] = {0, 1, 2, 3}, again[4] = {0, 1, 1, 4};
    struct protocol protocol = protocols[0];
    protocol.coherency_eps = 1e-8;
    struct image image = small_image(4, flat, map, 0.8, 0.2);
    image.protocol = &protocol;
    assert_number(measure(&image, "coherency"), 0.5, 0);
    assert_string_equal(measure(&image, "coherency").flag, "flat_pearson");
    image = small_image(4, map, again, 0.8, 0.2);
    image.protocol = &protocol;
    protocol.coherency_eps = 0.5; /* covariance 2, deviations sqrt(5/3) and sqrt(3) */
    assert_number(measure(&image, "coherency"), (1 + 2 / (sqrt(5.0) + 0.5)) / 2, 1e-12);
    assert_null(measure(&image, "coherency").flag);
}

TEST(an_explanation_whose_map_is_not_finite_has_coherency_0)
{
    static const float map[4] = {0, 0.5f, 1, 0.25f};
    struct image image = small_image(4, map, NULL, 0.8, 0.2);
    assert_number(measure(&image, "coherency"), 0, 0);
    assert_non_null(measure(&image, "coherency").flag);
    assert_number(measure(&image, "adcc"), 0, 0);
}

TEST(a_map_that_is_not_finite_has_no_values)
{
    static const char *const names[] = {"average_drop", "average_increase", "coherency", "complexity", "adcc"};
    static const float map[4] = {0, 0.5f, 1, 0.25f};
    struct image image = small_image(4, NULL, map, 0.8, 0.2);
    for (int k = 0; k < 5; k++)
        assert_undefined(measure(&image, names[k]));
}

TEST(a_drop_of_everything_has_adcc_0)
{
    static const float map[4] = {0, 0.5f, 1, 0.25f};
    struct image image = small_image(4, map, map, 0.8, 0);
    assert_number(measure(&image, "average_drop"), 1, 0);
    assert_number(measure(&image, "adcc"), 0, 0);
}

TEST(a_map_of_ones_but_for_one_pixel_is_not_rewarded)
{
    enum { SIDE = 224 };
    float *map = malloc(SIDE * SIDE * sizeof *map);
    assert_non_null(map);
    for (int i = 0; i < SIDE * SIDE; i++)
        map[i] = i > 0;
    struct image image = {.map = {SIDE, SIDE, map}, .again = {SIDE, SIDE, map}, .p = 0.8, .o = 0.8};
    assert_number(measure(&image, "coherency"), 1, 1e-12);
    assert_number(measure(&image, "complexity"), 1 - 1.0 / (SIDE * SIDE), 1e-12);
    assert_number(measure(&image, "adcc"), 3 / (2 + (double)(SIDE * SIDE)), 1e-12);
    free(map);
}

/* -- evidence ------------------------------------------------------------------------------------------------------ */

TEST(evidence_is_made_once_for_all_metrics)
{
    float one[PIXELS], again[PIXELS];
    struct image image = random_image(5, one, again);
    struct bench bench;
    open_bench(&bench, &image);
    const double before = measure_again(&bench, "adcc").number;
    int count = 0;
    while (metrics[count])
        count++;
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < count; i++)
            measure_again(&bench, metrics[i]->name);
    assert_true(measure_again(&bench, "adcc").number == before);
    assert_int_equal(bench.probe.requests.maps, 1 + 10); /* of x*m once, of the inputs of max_sensitivity */
    assert_int_equal(bench.probe.requests.classes, 1);
    assert_int_equal(bench.probe.map_calls, 1 + 10 + 1);
    assert_true(bench.probe.probability_calls <=
                2 * count); /* both images, once for each metric; the caller shares passes */
}

TEST(a_combined_metric_has_no_value_for_one_image)
{
    float one[PIXELS], again[PIXELS];
    struct image image = random_image(5, one, again);
    assert_undefined(measure(&image, "adcc_of_means"));
}

TEST(costs_are_those_of_the_map)
{
    static const float map[4] = {0, 0.5f, 1, 0.25f};
    struct image image = small_image(4, map, map, 0.8, 0.2);
    struct bench bench;
    open_bench(&bench, &image);
    assert_number(measure_again(&bench, "seconds_per_map"), 0.5, 0);
    assert_number(measure_again(&bench, "forward_passes"), 3, 0);
    assert_number(measure_again(&bench, "tail_passes"), 20, 0);
    assert_number(measure_again(&bench, "backward_passes"), 1, 0);
    assert_number(measure_again(&bench, "repeated_passes"), 7, 0);
    assert_int_equal(bench.probe.probability_calls, 0);
    assert_int_equal(bench.probe.map_calls, 0);
}

static int gives_two(struct evidence *evidence, const void *params, struct value *value, struct error *err)
{
    (void)evidence, (void)params, (void)err;
    *value = value_of(2);
    return 0;
}

TEST(a_number_outside_the_metric_s_range_reaches_no_mean)
{
    static const float map[4] = {0, 0.5f, 1, 0.25f};
    struct metric wrong = {.name = "wrong", .min = 0, .max = 1, .measure = gives_two};
    struct image image = small_image(4, map, map, 0.8, 0.2);
    struct bench bench;
    struct value value;
    struct error err;
    open_bench(&bench, &image);
    bench.list[0].metric = &wrong;
    assert_int_equal(evidence_measure(&bench.evidence, 0, &value, &err), 0);
    assert_string_equal(value.undefined, "out_of_range");
    wrong.max = 2;
    bench.is_measured[0] = false;
    assert_int_equal(evidence_measure(&bench.evidence, 0, &value, &err), 0);
    assert_number(value, 2, 0);
}

static int fails(void *context, struct evidence_input input, enum evidence_score score, double *out, struct error *err)
{
    (void)context, (void)input, (void)score, (void)out;
    return error_set(err, "a pass failed");
}

TEST(a_pass_that_fails_is_an_error_and_not_a_value)
{
    float one[PIXELS], again[PIXELS];
    struct image image = random_image(5, one, again);
    struct bench bench;
    struct value value;
    struct error err = {0};
    struct evidence_ops ops = evidence_probe_ops;
    open_bench(&bench, &image);
    ops.scores = fails;
    bench.evidence.ops = &ops;
    for (int i = 0; metrics[i]; i++)
        if (strcmp(metrics[i]->name, "average_drop") == 0 || strcmp(metrics[i]->name, "adcc") == 0) {
            assert_int_equal(evidence_measure(&bench.evidence, i, &value, &err), -1);
            assert_non_null(strstr(err.text, "a pass failed"));
        }
}

TEST(descriptors_are_complete)
{
    for (int i = 0; metrics[i]; i++) {
        const struct metric *metric = metrics[i];
        assert_true(metric->name[0] && metric->title[0] && metric->unit && metric->version > 0);
        assert_int_equal(metric->abi, METRIC_ABI);
        assert_true((metric->measure != NULL) != (metric->combine != NULL));
        assert_true(metric->min < metric->max);
        for (int k = 0; metric->parts[k]; k++)
            find(metric->parts[k]);
        assert_true(i == 0 || strcmp(metrics[i - 1]->name, metric->name) < 0);
    }
}

TEST(a_method_of_the_original_image_has_no_value_where_another_map_is_needed)
{
    static const float map[4] = {0, 0.25f, 0.5f, 1};
    struct image image = {.map = {2, 2, map}, .again = {2, 2, map}, .p = 0.5, .o = 0.25};
    struct bench bench;
    open_bench(&bench, &image);
    bench.evidence.is_original_only = true;
    assert_string_equal(measure_again(&bench, "coherency").undefined, "original_only");
    assert_string_equal(measure_again(&bench, "adcc").undefined, "original_only");
    assert_null(measure_again(&bench, "complexity").undefined);
    assert_null(measure_again(&bench, "average_drop").undefined);
    assert_int_equal(bench.probe.map_calls, 0);
}
