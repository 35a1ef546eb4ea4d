/*
 * tests/metrics/test_cascading_randomization.c - cascading_randomization on maps small enough to be worked out by hand:
 * which networks and inputs it requests, what it makes of their maps. tests/bench/test_cascading.c has real networks.
 */
#include "metrics/evidence_probe.h"
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

#define STAGES 6

extern const struct metric metric_cascading_randomization;

struct subject {
    const float *own, *other;      /* (2,2) */
    int requests, stages[16];      /* as they came; stage 0 too */
    int inputs, draws;             /* of all requests; the highest draw */
    enum evidence_order order;     /* of the last request */
    float written[3][2 * 2], x[4]; /* inputs of the source */
};

static int altered(void *context, struct evidence_altered of, struct evidence_input input, struct map *at_input,
                   struct map *at_layer, struct error *err)
{
    struct subject *subject = context;
    (void)err; /* cannot fail */
    subject->stages[subject->requests++ % 16] = of.stage;
    subject->inputs += input.kind == EVIDENCE_OF_SOURCE ? input.count : 1;
    subject->draws = of.draw > subject->draws ? of.draw : subject->draws;
    subject->order = of.order;
    for (int i = 0; input.kind == EVIDENCE_OF_SOURCE && i < input.count && i < 3; i++)
        input.source(input.context, i, subject->x, subject->written[i]);
    *at_input = *at_layer = (struct map){2, 2, of.stage ? subject->other : subject->own};
    return 0;
}

static struct evidence evidence_of(struct subject *subject, struct arena *arena)
{
    static const struct evidence_ops ops = {.altered = altered};
    return (struct evidence){.ops = &ops,
                             .context = subject,
                             .map = {2, 2, subject->own},
                             .native = {2, 2, subject->own},
                             .channels = 1,
                             .stages = STAGES,
                             .seed = 7,
                             .image_name = "image",
                             .arena = arena,
                             .metric = &metric_cascading_randomization};
}

/* Parameters as in "form=smooth samples=3"; "": the defaults. */
static struct value measure_with(struct evidence *evidence, const char *texts)
{
    double params[16];
    char copy[128], *rest;
    struct error err = {0};
    struct value value;
    assert_true(metric_cascading_randomization.params_size <= sizeof params);
    param_defaults(metric_cascading_randomization.params, params);
    snprintf(copy, sizeof copy, "%s", texts);
    for (char *name = strtok_r(copy, "= ", &rest); name; name = strtok_r(NULL, "= ", &rest))
        if (param_parse(param_find(metric_cascading_randomization.params, name), strtok_r(NULL, " ", &rest), params,
                        &err))
            fail_msg("%s", err.text);
    if (metric_cascading_randomization.measure(evidence, params, &value, &err))
        fail_msg("%s", err.text);
    return value;
}

static struct value measure(struct subject *subject, const char *texts)
{
    struct arena arena;
    arena_init(&arena, 0);
    struct evidence evidence = evidence_of(subject, &arena);
    const struct value value = measure_with(&evidence, texts);
    arena_release(&arena);
    return value;
}

static const float up[] = {1, 2, 2, 4}, mixed[] = {1, 3, 2, 2}, flat[] = {3, 3, 3, 3}, two[] = {0, 0, 1, 1},
                   four[] = {0, 1, 2, 3}, signs[] = {-1, -3, -2, 2};

TEST(equal_values_have_the_mean_of_their_ranks)
{
    struct subject subject = {.own = up, .other = mixed};
    assert_float_equal(measure(&subject, "").number, 0.5, 1e-12);
    assert_int_equal(subject.requests, 1 + STAGES);
    assert_int_equal(subject.order, EVIDENCE_TOP_DOWN);
    assert_float_equal(measure(&subject, "with_original=true stages=1").number, 0.75, 1e-12);
}

TEST(absolute_values_are_compared_where_that_is_wanted)
{
    struct subject subject = {.own = up, .other = signs};
    assert_float_equal(measure(&subject, "").number, 1 / sqrt(10), 1e-12);
    assert_float_equal(measure(&subject, "absolute=true").number, 0.5, 1e-12);
}

TEST(stages_are_spread_evenly_and_the_last_is_among_them)
{
    struct subject subject = {.own = up, .other = mixed};
    measure(&subject, "stages=4");
    const int want[] = {0, 2, 3, 5, 6};
    assert_int_equal(subject.requests, 5);
    assert_memory_equal(subject.stages, want, sizeof want);
    subject.requests = 0;
    measure(&subject, "aggregate=last order=bottom_up");
    assert_int_equal(subject.requests, 2);
    assert_int_equal(subject.stages[1], STAGES);
    assert_int_equal(subject.order, EVIDENCE_BOTTOM_UP);
    subject.requests = 0;
    measure(&subject, "stages=1000 seeds=3");
    assert_int_equal(subject.requests, 1 + 3 * STAGES);
    assert_int_equal(subject.draws, 2);
}

TEST(constant_maps_have_no_correlation_and_say_so)
{
    struct subject subject = {.own = up, .other = flat};
    struct value value = measure(&subject, "");
    assert_true(value.number == 0 && !value.undefined);
    assert_string_equal(value.flag, "constant_map");
    subject = (struct subject){.own = flat, .other = up};
    value = measure(&subject, "form=smooth samples=1");
    assert_true(value.number == 0 && !value.undefined);
    assert_string_equal(value.flag, "constant_map");
}

TEST(the_entropy_rises_from_two_values_to_four)
{
    struct subject subject = {.own = two, .other = four};
    const struct value value = measure(&subject, "form=efficient");
    assert_float_equal(value.number, 1, 1e-12);
    assert_null(value.flag);
    assert_int_equal(subject.requests, 2);
    assert_int_equal(subject.stages[1], STAGES);
}

TEST(entropy_of_constant_maps)
{
    struct subject subject = {.own = flat, .other = four};
    assert_string_equal(measure(&subject, "form=efficient").undefined, "zero_entropy");
    assert_int_equal(subject.requests, 2);
    subject = (struct subject){.own = four, .other = flat};
    const struct value value = measure(&subject, "form=efficient seeds=2");
    assert_true(value.number == -1);
    assert_string_equal(value.flag, "constant_map");
}

TEST(noisy_inputs_begin_with_the_image_and_depend_on_its_range)
{
    struct subject subject = {.own = up, .other = mixed, .x = {0, 1, 2, 4}};
    struct subject again = subject, none = subject;
    measure(&subject, "form=smooth samples=3 stages=2");
    assert_int_equal(subject.inputs, 3 * 3);
    assert_int_equal(subject.order, EVIDENCE_BOTTOM_UP);
    assert_memory_equal(subject.written[0], subject.x, sizeof subject.x);
    assert_true(memcmp(subject.written[1], subject.written[2], sizeof subject.x) != 0);
    measure(&again, "form=smooth samples=3 noise=0.2 stages=3");
    for (int i = 0; i < 4; i++)
        assert_float_equal(again.written[1][i] - again.x[i], 2 * (subject.written[1][i] - subject.x[i]), 1e-5);
    measure(&none, "form=smooth samples=3 noise=0");
    assert_memory_equal(none.written[2], none.x, sizeof none.x);
}

TEST(no_value_without_maps_on_altered_networks_or_with_one_that_is_not_finite)
{
    struct subject subject = {.own = up, .other = NULL};
    assert_string_equal(measure(&subject, "").undefined, "nonfinite");
    assert_string_equal(measure(&subject, "form=efficient").undefined, "nonfinite");
    assert_int_equal(subject.requests, 1 + STAGES + 2);
    struct evidence evidence = evidence_of(&subject, NULL);
    evidence.no_altered = "original_only";
    assert_string_equal(measure_with(&evidence, "").undefined, "original_only");
    evidence.no_altered = NULL;
    evidence.stages = 0;
    assert_string_equal(measure_with(&evidence, "").undefined, "no_stages");
}

TEST(the_form_decides_what_is_better)
{
    static const struct {
        const char *form, *title;
        enum metric_direction direction;
    } rows[] = {{"plain", "Cascading Randomisation", METRIC_LOWER_IS_BETTER},
                {"smooth", "Smooth Randomisation", METRIC_LOWER_IS_BETTER},
                {"efficient", "Efficient Randomisation", METRIC_HIGHER_IS_BETTER}};
    double params[16];
    struct error err = {0};
    param_defaults(metric_cascading_randomization.params, params);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        assert_int_equal(
            param_parse(param_find(metric_cascading_randomization.params, "form"), rows[i].form, params, &err), 0);
        const struct metric *form = metric_form(&metric_cascading_randomization, params);
        assert_string_equal(form->title, rows[i].title);
        assert_int_equal(form->direction, rows[i].direction);
    }
}
