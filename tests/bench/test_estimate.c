/* tests/bench/test_estimate.c - passes foretold and passes made, what metrics ask for, files that are missing. */
#include "bench/run/calibrate.h"
#include "bench/run/estimate.h"
#include "tests/bench/small_run.h"

static void open_small(struct small_run *s, const char *keys)
{
    small_begin(s);
    small_open(s, keys);
}

static void close_small(struct small_run *s)
{
    run_close(&s->run);
    small_end(s);
}

static struct run_evidence evidence_of(const char *keys, int protocol)
{
    struct small_run s;
    open_small(&s, keys);
    const struct run_evidence evidence = s.run.backbones[0].evidence[protocol];
    close_small(&s);
    return evidence;
}

TEST(metrics_are_known_by_what_they_request)
{
    struct run_evidence e = evidence_of("methods: [gradcam]\nmetrics: [complexity]\n", 0);
    assert_true(e.requests.passes == 0 && e.requests.maps == 0);
    e = evidence_of("methods: [gradcam]\nmetrics: [average_drop, average_increase]\n", 0);
    assert_true(e.requests.passes == 1 && e.requests.maps == 0);
    e = evidence_of("methods: [gradcam]\nmetrics: [adcc]\n", 0);
    assert_true(e.requests.passes == 1 && e.requests.maps == 1);
    e = evidence_of("methods: [gradcam]\nmetrics: [average_drop, average_drop_in_deletion]\n", 0);
    assert_true(e.requests.passes == 2 && e.requests.maps == 0);
    e = evidence_of("methods: [gradcam]\nmetrics: [insertion, deletion]\n", 0);
    assert_true(e.requests.passes == 2 * 27);
    assert_int_equal(__builtin_popcount(e.requests.ends), 2); /* both ends that are not the picture */
    e = evidence_of("methods: [gradcam]\nmetrics: [{name: max_sensitivity, params: {samples: 7}}, adcc]\n", 0);
    assert_true(e.requests.passes == 7 + 1 && e.requests.maps == 7 + 1);
}

TEST(each_protocol_has_its_own_steps)
{
    static const char keys[] = "methods: [gradcam]\nmetrics: [insertion]\nprotocol: [cambench, reciprocam2024]\n";
    assert_true(evidence_of(keys, 0).requests.passes == 28 - 1);
    assert_true(evidence_of(keys, 1).requests.passes == 4 - 1); /* cells of layer4 at an input of 64x64 */
}

/* What one map costs by the estimate, against what the counted passes of a real map are. */
TEST(passes_of_a_map_are_those_that_it_makes)
{
    static const char *const methods_of[] = {
        "gradcam", "layercam", "reciprocam", "ablationcam", "{name: scorecam, params: {max_channels: 8}}", "fakecam"};
    for (size_t i = 0; i < sizeof methods_of / sizeof *methods_of; i++) {
        struct small_run s;
        struct evaluator evaluator;
        struct evaluated out;
        bool is_unreadable;
        char keys[256];
        snprintf(keys, sizeof keys, "methods: [%s]\nmetrics: [complexity]\n", methods_of[i]);
        open_small(&s, keys);
        struct network *network = small_open_evaluator(&s, &evaluator);
        const int which = 0;
        small_must(&s, run_evaluate(&evaluator, &s.run, 0, 0, &which, 1, &out, &is_unreadable, &s.err));
        const struct cost map = estimate_map(&s.run, 0, 0);
        assert_true(out.methods[0].cost.full == map.full + 1);
        assert_true(out.methods[0].cost.tail == map.tail);
        assert_true(out.methods[0].cost.backward == map.backward);
        small_close_evaluator(&evaluator, network);
        close_small(&s);
    }
}

/* The full passes of the first backbone by the estimate. */
static double foretold(const struct run *run)
{
    char *text = NULL;
    size_t size;
    double full = -1;
    FILE *stream = open_memstream(&text, &size);
    assert_non_null(stream);
    estimate_describe(run, stream);
    fclose(stream);
    const char *at = strstr(text, "): ");
    assert_non_null(at);
    assert_int_equal(sscanf(at, "): %lf full", &full), 1);
    free(text);
    return full;
}

/* One task for each image: the methods share the base pass, and the ends of the curves. */
TEST(passes_of_curves_are_those_that_a_run_makes)
{
    static const char *const keys[] = {
        "methods: [gradcam, layercam, fakecam]\nmetrics: [insertion, deletion]\n",
        "methods: [gradcam, fakecam]\nmetrics: [deletion]\n"
        "protocol: [cambench, {preset: cambench, curve_steps: 5, deletion_fill: black, label: other}]\n"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        struct small_run s;
        struct evaluator evaluator;
        struct evaluated out;
        bool is_unreadable;
        const int which[] = {0, 1, 2};
        open_small(&s, keys[i]);
        struct network *network = small_open_evaluator(&s, &evaluator);
        for (int image = 0; image < s.run.image_count; image++)
            small_must(&s, run_evaluate(&evaluator, &s.run, 0, image, which, s.run.config.method_count, &out,
                                        &is_unreadable, &s.err));
        assert_true(foretold(&s.run) == evaluator.made.base + evaluator.made.full);
        small_close_evaluator(&evaluator, network);
        close_small(&s);
    }
}

TEST(views_are_counted_once_and_evidence_for_each_protocol)
{
    struct small_run s;
    open_small(&s, "methods: [reciprocam]\nmetrics: [adcc]\n"
                   "protocol: [cambench, {preset: cambench, post: torchcam}, poppi2021]\n");
    const struct cost passes = estimate_passes(&s.run, 0, 0);
    assert_true(passes.tail == (2 + 3) * 4); /* a map in each of two views, one of x*m under each of three protocols */
    assert_true(passes.full == 3);
    close_small(&s);
}

TEST(a_calibration_has_a_time_for_everything)
{
    struct small_run s;
    struct calibration calibration;
    open_small(&s, "methods: [gradcam, {name: scorecam, params: {max_channels: 4}}]\nmetrics: [adcc]\n");
    small_must(&s, calibrate(&s.run, &calibration, &s.err));
    const struct calibrated *speed = &calibration.backbones[0];
    assert_true(calibration.workers >= 1 && calibration.slowdown >= 1);
    assert_true(speed->is_measured && speed->base > 0 && speed->masked > 0 && speed->task > 0);
    assert_true(speed->explain[0] > 0 && speed->explain[1] > speed->explain[0]);
    assert_true(speed->network_bytes > 0 && speed->worker_bytes > 0);
    close_small(&s);
}

TEST(a_dry_run_goes_on_without_files_and_another_run_does_not)
{
    static const char *const sets[] = {"dataset.path=/tmp/no such set.h5", "backbones.0.weights=no/resnet18.h5",
                                       "report.reference=[no.csv]"};
    struct small_run s;
    open_small(&s, "methods: [gradcam]\nmetrics: [adcc]\n");
    run_close(&s.run);
    assert_int_equal(run_open(&s.run, s.config, sets, 3, false, &s.err), -1);
    small_must(&s, run_open(&s.run, s.config, sets, 3, true, &s.err));
    assert_int_equal(s.run.missing_count, 3);
    assert_string_equal(s.run.missing[0].path, "no.csv");
    assert_string_equal(s.run.missing[1].command, "cambench import dataset DIR --out '/tmp/no such set.h5'");
    assert_string_equal(s.run.missing[2].command, "cambench fetch weights resnet18 --weights V1 --to no");
    assert_int_equal(s.run.backbones[0].model->outputs, 1000);
    assert_true(s.run.backbones[0].full_macs > 1e9);
    close_small(&s);
}
