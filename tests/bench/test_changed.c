/*
 * tests/bench/test_changed.c - what a run gives a metric for inputs that the metric writes: the maps and probabilities that
 * the same inputs have where the run makes them itself.
 */
#include "tests/bench/small_run.h"

#include <math.h>

#define INPUT ((size_t)3 * SMALL_SIDE * SMALL_SIDE)

/* -- a metric that compares what it requests ------------------------------------------------------------------------ */

enum change { UNCHANGED, EXPLAINED, HIDDEN, CHANGES };

struct writer {
    enum change change;
    struct map map;
};

/* x, x*m, x*(1-m), by index from `change` on. */
static void write_changed(void *context, int index, const float *x, float *out)
{
    const struct writer *writer = context;
    const size_t plane = (size_t)writer->map.h * (size_t)writer->map.w;
    const int change = ((int)writer->change + index) % CHANGES;
    for (size_t i = 0; i < 3 * plane; i++) {
        const float m = writer->map.data[i % plane];
        out[i] = change == UNCHANGED ? x[i] : x[i] * (change == EXPLAINED ? m : 1 - m);
    }
}

static bool is_same(const struct map *a, const struct map *b)
{
    return a->h == b->h && a->w == b->w && memcmp(a->data, b->data, (size_t)a->h * (size_t)a->w * sizeof(float)) == 0;
}

static int compare_maps(struct evidence *evidence, struct error *err)
{
    static const struct evidence_input inputs[CHANGES] = {
        {.kind = EVIDENCE_OF_ORIGINAL}, {.kind = EVIDENCE_OF_EXPLANATION}, {.kind = EVIDENCE_OF_REST}};
    static const enum evidence_size sizes[] = {EVIDENCE_AT_INPUT, EVIDENCE_AT_LAYER, EVIDENCE_COMPARED};
    int different = 0;
    for (int change = 0; change < CHANGES; change++)
        for (int s = 0; s < 3; s++) {
            struct writer writer = {(enum change)change, evidence_map(evidence)};
            float kept[INPUT / 3];
            struct map own, written;
            if (evidence_map_of(evidence, inputs[change], sizes[s], &own, err))
                return -1;
            memcpy(kept, own.data,
                   (size_t)own.h * (size_t)own.w * sizeof *kept); /* that of x*(1-m) lives until the next */
            own.data = kept;
            if (evidence_map_of(evidence, EVIDENCE_SOURCE(write_changed, &writer, 0, 1), sizes[s], &written, err))
                return -1;
            different += !is_same(&own, &written);
        }
    return different;
}

static int compare_probabilities(struct evidence *evidence, double *furthest, struct error *err)
{
    struct writer writer = {UNCHANGED, evidence_map(evidence)};
    double p[CHANGES], written[2 * CHANGES];
    if (evidence_probability(evidence, EVIDENCE_ORIGINAL, &p[UNCHANGED], err) ||
        evidence_probability(evidence, EVIDENCE_EXPLANATION, &p[EXPLAINED], err) ||
        evidence_probability(evidence, EVIDENCE_REST, &p[HIDDEN], err) ||
        evidence_probability(evidence, EVIDENCE_SOURCE(write_changed, &writer, 1, 2 * CHANGES), written, err))
        return -1;
    for (int i = 0; i < 2 * CHANGES; i++)
        *furthest = fmax(*furthest, fabs(written[i] - p[(1 + i) % CHANGES]));
    return 0;
}

/* Maps that differ, and the largest difference of probabilities. */
static int compare(struct evidence *evidence, const void *params, struct value *value, struct error *err)
{
    double furthest = 0;
    const int different = compare_maps(evidence, err);
    (void)params;
    if (different < 0 || compare_probabilities(evidence, &furthest, err))
        return -1;
    *value = value_of(different + furthest);
    return 0;
}

static const struct metric metric_compare = {.name = "compare", .max = 1000, .measure = compare};

/* -- tests ---------------------------------------------------------------------------------------------------------- */

/* Values of an image under the panel's metrics; room for 16. */
static int values_of(struct small_run *s, int image, double *values)
{
    struct evaluator evaluator;
    struct evaluated out;
    bool is_unreadable;
    struct network *network = small_open_evaluator(s, &evaluator);
    small_must(s, run_evaluate(&evaluator, &s->run, 0, image, (const int[]){0}, 1, &out, &is_unreadable, &s->err));
    const int count = out.methods[0].value_count;
    assert_true(count <= 16);
    for (int k = 0; k < count; k++) {
        assert_null(out.methods[0].values[k].undefined);
        values[k] = out.methods[0].values[k].number;
    }
    small_close_evaluator(&evaluator, network);
    return count;
}

TEST(written_inputs_have_the_maps_and_probabilities_of_the_run_s_own)
{
    static const char *const methods_of[] = {"gradcam", "reciprocam", "ablationcam", "random",
                                             "{name: scorecam, params: {max_channels: 8}}"};
    static const struct evidence_metric only = {&metric_compare, NULL};
    for (size_t i = 0; i < sizeof methods_of / sizeof *methods_of; i++) {
        struct small_run s;
        char keys[256];
        double values[16];
        small_begin(&s);
        snprintf(keys, sizeof keys,
                 "methods: [%s]\nmetrics: [complexity]\nprotocol: [cambench, {preset: cambench, compare_at: layer},\n"
                 "           {preset: cambench, class: label}]\n",
                 methods_of[i]);
        small_open(&s, keys);
        s.run.panel.metrics = &only;
        assert_int_equal(values_of(&s, 2, values), 3);
        for (int p = 0; p < 3; p++)
            if (!(values[p] < 1e-5))
                fail_msg("%s: %g", methods_of[i], values[p]);
        run_close(&s.run);
        small_end(&s);
    }
}

TEST(a_map_of_a_written_input_changes_no_value_measured_behind_it)
{
    static const char *const lists[] = {
        "average_drop, coherency, average_drop_in_deletion, insertion, adcc",
        "max_sensitivity, average_drop, coherency, average_drop_in_deletion, insertion, adcc"};
    double values[2][16];
    for (int i = 0; i < 2; i++) {
        struct small_run s;
        char keys[256];
        small_begin(&s);
        snprintf(keys, sizeof keys, "methods: [layercam]\nmetrics: [%s]\n", lists[i]);
        small_open(&s, keys);
        assert_int_equal(values_of(&s, 0, values[i]), 6 + i); /* complexity is a part of adcc */
        run_close(&s.run);
        small_end(&s);
    }
    assert_true(values[1][0] > 0);
    assert_memory_equal(values[0], values[1] + 1, 6 * sizeof(double));
}

/* -- shared sources ------------------------------------------------------------------------------------------------- */

static void halve(void *context, int index, const float *x, float *out)
{
    (void)context;
    for (size_t i = 0; i < INPUT; i++)
        out[i] = x[i] / (float)(1 << index);
}

/* The change of the logit when the image is halved; the same passes twice, and one of them alone. */
static int measure_halved(struct evidence *evidence, const void *params, struct value *value, struct error *err)
{
    double p[2], logit[2], own;
    (void)params;
    if (evidence_probability(evidence, EVIDENCE_SHARED(halve, NULL, 0, 2), p, err) ||
        evidence_scores(evidence, EVIDENCE_SHARED(halve, NULL, 0, 2), EVIDENCE_SCORE_LOGIT, logit, err) ||
        evidence_scores(evidence, EVIDENCE_ORIGINAL, EVIDENCE_SCORE_LOGIT, &own, err))
        return -1;
    *value = fabs(logit[0] - own) < 1e-4 ? value_of(logit[0] - logit[1]) : value_undefined("different");
    return 0;
}

static const struct metric metric_halved = {.name = "halved", .min = -1000, .max = 1000, .measure = measure_halved};

TEST(a_shared_source_is_passed_once_for_all_methods_and_protocols_of_a_view)
{
    static const struct evidence_metric only = {&metric_halved, NULL};
    static const int which[] = {0, 1, 2};
    struct small_run s;
    struct evaluator evaluator;
    struct evaluated out;
    bool is_unreadable;
    small_begin(&s);
    small_open(&s, "methods: [gradcam, layercam, random]\nmetrics: [complexity]\n"
                   "protocol: [cambench, {preset: cambench, post: torchcam}, {preset: cambench, class: lowest}]\n");
    s.run.panel.metrics = &only;
    struct network *network = small_open_evaluator(&s, &evaluator);
    small_must(&s, run_evaluate(&evaluator, &s.run, 0, 1, which, 3, &out, &is_unreadable, &s.err));
    assert_true(evaluator.made.full == 2 * 2); /* two views */
    for (int m = 0; m < 3; m++)
        for (int p = 0; p < 3; p++) {
            assert_null(out.methods[m].values[p].undefined);
            assert_true(out.methods[m].values[p].number == out.methods[0].values[p].number);
        }
    assert_true(out.methods[0].values[0].number == out.methods[0].values[1].number);
    assert_true(out.methods[0].values[0].number != out.methods[0].values[2].number);
    small_close_evaluator(&evaluator, network);
    run_close(&s.run);
    small_end(&s);
}
