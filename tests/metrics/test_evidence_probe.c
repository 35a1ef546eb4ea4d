/* tests/metrics/test_evidence_probe.c - requests are counted as a run would make them, and do not depend on values. */
#include "metrics/evidence_probe.h"
#include "tests/test.h"

#include <string.h>

#define METRICS_MAX 64

/* All metrics of the program. */
struct listed {
    struct evidence_metric list[METRICS_MAX];
    double params[METRICS_MAX][64];
    struct evidence evidence;
};

static void list_metrics(struct listed *all)
{
    int count = 0;
    for (; metrics[count]; count++) {
        assert_true(count < METRICS_MAX && metrics[count]->params_size <= sizeof *all->params);
        param_defaults(metrics[count]->params, all->params[count]);
        all->list[count] = (struct evidence_metric){metrics[count], all->params[count]};
    }
    all->evidence =
        (struct evidence){.map = {28, 28, NULL}, .native = {7, 7, NULL}, .metric_count = count, .metrics = all->list};
}

static int probe(const struct evidence *evidence, struct evidence_requests *requests, struct error *err)
{
    double seconds = -1;
    const int status = evidence_probe_metrics(evidence, requests, &seconds, err);
    assert_true(status || seconds >= 0);
    return status;
}

TEST(no_metric_s_requests_depend_on_values_under_any_protocol)
{
    struct listed all;
    struct evidence_requests requests;
    struct error err;
    list_metrics(&all);
    for (int p = 0; protocols[p].name; p++) {
        all.evidence.protocol = &protocols[p];
        if (probe(&all.evidence, &requests, &err))
            fail_msg("%s: %s", protocols[p].name, err.text);
        assert_int_equal(requests.maps, 1 + 10); /* of x*m; of the inputs of max_sensitivity */
    }
}

/* -- metrics made for the test -------------------------------------------------------------------------------------- */

static int only_if_probable(struct evidence *evidence, const void *params, struct value *value, struct error *err)
{
    double p, o = 0;
    (void)params;
    if (evidence_probability(evidence, EVIDENCE_ORIGINAL, &p, err) ||
        (p > 0.1 && evidence_probability(evidence, EVIDENCE_EXPLANATION, &o, err)))
        return -1;
    *value = value_of(o);
    return 0;
}

static void write_nothing(void *context, int index, const float *x, float *out)
{
    (void)context, (void)index, (void)x, (void)out;
}

static int all_kinds(struct evidence *evidence, const void *params, struct value *value, struct error *err)
{
    const struct evidence_input inputs[] = {EVIDENCE_ORIGINAL, EVIDENCE_EXPLANATION, EVIDENCE_REST,
                                            EVIDENCE_SOURCE(write_nothing, NULL, 2, 5),
                                            EVIDENCE_SHARED(write_nothing, NULL, 0, 3)};
    double p[5];
    struct map map;
    (void)params;
    for (int i = 0; i < 5; i++)
        for (int twice = 0; twice < 2; twice++)
            if (evidence_probability(evidence, inputs[i], p, err))
                return -1;
    for (int i = 0; i < 2; i++)
        if (evidence_map_of(evidence, EVIDENCE_EXPLANATION, EVIDENCE_AT_INPUT, &map, err) ||
            evidence_map_of(evidence, EVIDENCE_SOURCE(write_nothing, NULL, i, 1), EVIDENCE_AT_LAYER, &map, err) ||
            evidence_map_of(evidence, EVIDENCE_ORIGINAL, EVIDENCE_COMPARED, &map, err))
            return -1;
    *value = value_of(p[4]);
    return 0;
}

static struct evidence evidence_of(const struct evidence_metric *metric)
{
    return (struct evidence){
        .protocol = &protocols[0], .map = {28, 28, NULL}, .native = {7, 7, NULL}, .metric_count = 1, .metrics = metric};
}

TEST(a_metric_that_requests_what_values_suggest_is_named)
{
    const struct metric fickle = {.name = "fickle", .max = 1, .measure = only_if_probable};
    const struct evidence evidence = evidence_of(&(struct evidence_metric){&fickle, NULL});
    struct evidence_requests requests;
    struct error err;
    assert_int_equal(probe(&evidence, &requests, &err), -1);
    assert_non_null(strstr(err.text, "metric \"fickle\": what it requests depends on values"));
}

TEST(passes_are_counted_once_where_a_run_keeps_them)
{
    const struct metric greedy = {.name = "greedy", .max = 1, .measure = all_kinds};
    const struct evidence evidence = evidence_of(&(struct evidence_metric){&greedy, NULL});
    struct evidence_requests requests;
    struct error err;
    if (probe(&evidence, &requests, &err))
        fail_msg("%s", err.text);
    assert_int_equal(requests.maps, 1 + 2);
    assert_int_equal(requests.passes, 1 + 1 + 2 * 5 + 2); /* x*m, x*(1-m), a source twice, of its maps each */
    assert_int_equal(requests.shared, 3);
}

static int of_a_stream(struct evidence *evidence, const void *params, struct value *value, struct error *err)
{
    struct random_stream stream = evidence_random(evidence, *(const int *)params);
    (void)err;
    *value = value_of(random_uniform(&stream));
    return 0;
}

static double drawn(const char *metric_name, const char *image, uint64_t seed, int index)
{
    const struct metric metric = {.name = metric_name, .max = 1, .measure = of_a_stream};
    struct evidence evidence = evidence_of(&(struct evidence_metric){&metric, &index});
    const float pixel = 0;
    struct value value = {0};
    bool is_measured = false;
    struct error err;
    evidence.map = evidence.native = (struct map){1, 1, &pixel};
    evidence.image_name = image;
    evidence.seed = seed;
    evidence.values = &value;
    evidence.is_measured = &is_measured;
    assert_int_equal(evidence_measure(&evidence, 0, &value, &err), 0);
    assert_null(value.undefined);
    return value.number;
}

TEST(a_stream_is_fixed_by_seed_image_metric_and_index_alone)
{
    const double one = drawn("one", "a.jpg", 1, 0);
    assert_true(drawn("one", "a.jpg", 1, 0) == one);
    assert_true(drawn("two", "a.jpg", 1, 0) != one);
    assert_true(drawn("one", "b.jpg", 1, 0) != one);
    assert_true(drawn("one", "a.jpg", 2, 0) != one);
    assert_true(drawn("one", "a.jpg", 1, 1) != one);
}
