/*
 * tests/bench/test_other_class.c - random_logit in a run: the maps of two classes are those that protocols of these
 * classes have, methods that do not look at the class have 1, and maps are made once and counted.
 */
#include "tests/bench/small_run.h"

#include "metrics/evidence.h"

#include <math.h>

#define METHODS "methods: [gradcam, scorecam, eigencam, actmap, random, randomcam, fakecam, uniform]\n"
#define METHOD_COUNT 8
#define REPORT "report: {plots: false, overlays: 0}\n"
#define METRICS "metrics: [{name: random_logit, params: {other: %s}}]\n"

/* A run's image 0, evaluated. */
struct one {
    struct small_run small;
    struct evaluator evaluator;
    struct network *network;
    struct evaluated evaluated;
};

static void begin(struct one *o, const char *keys)
{
    static const int which[METHOD_COUNT] = {0, 1, 2, 3, 4, 5, 6, 7};
    char text[512];
    bool is_unreadable;
    snprintf(text, sizeof text, METHODS REPORT "%s", keys);
    small_begin(&o->small);
    small_open(&o->small, text);
    o->network = small_open_evaluator(&o->small, &o->evaluator);
    small_must(&o->small, run_evaluate(&o->evaluator, &o->small.run, 0, 0, which, METHOD_COUNT, &o->evaluated,
                                       &is_unreadable, &o->small.err));
}

static void end(struct one *o)
{
    small_close_evaluator(&o->evaluator, o->network);
    run_close(&o->small.run);
    small_end(&o->small);
}

static double correlation(const struct saliency *a, const struct saliency *b)
{
    struct arena arena;
    struct error err;
    double values[2][64], rho;
    const int n = a->native_h * a->native_w;
    assert_true(n <= 64 && n == b->native_h * b->native_w);
    for (int i = 0; i < n; i++) {
        values[0][i] = (double)a->native[i];
        values[1][i] = (double)b->native[i];
    }
    arena_init(&arena, 0);
    struct evidence evidence = {.arena = &arena};
    assert_int_equal(rank_correlation(&evidence, values[0], values[1], (size_t)n, &rho, &err), 0);
    arena_release(&arena);
    return rho;
}

static void compare_with(const char *other)
{
    struct one both, alone;
    char keys[128];
    snprintf(keys, sizeof keys, METRICS, other);
    begin(&both, keys);
    snprintf(keys, sizeof keys, "metrics: [complexity]\nclass: %s\n", other);
    begin(&alone, keys);
    for (int m = 0; m < 2; m++) {
        const struct saliency *a = &both.evaluated.methods[m].saliency, *b = &alone.evaluated.methods[m].saliency;
        const struct store_value *value = &both.evaluated.methods[m].values[0];
        const double rho = correlation(a, b);
        assert_null(value->undefined);
        if (isnan(rho))
            assert_string_equal(value->flag, "flat_other");
        else
            assert_true(value->number == rho && !value->flag);
    }
    end(&alone);
    end(&both);
}

TEST(the_map_of_another_class_is_the_one_that_a_protocol_of_that_class_has)
{
    compare_with("second");
    compare_with("lowest");
}

TEST(methods_that_do_not_look_at_the_class_have_the_same_map)
{
    struct one o;
    begin(&o, "metrics: [random_logit]\n");
    for (int m = 2; m < METHOD_COUNT - 1; m++) {
        const struct store_value *value = &o.evaluated.methods[m].values[0];
        assert_null(value->undefined);
        assert_true(value->number == 1);
    }
    assert_string_equal(o.evaluated.methods[METHOD_COUNT - 1].values[0].undefined, "constant_map");
    end(&o);
}

static double maps_made(const char *keys)
{
    struct one o;
    begin(&o, keys);
    const double maps = (double)o.evaluator.made.maps;
    assert_true(o.evaluator.made.base == 1 && o.evaluator.made.full >= 0);
    end(&o);
    return maps;
}

TEST(protocols_of_one_view_share_the_map_of_another_class)
{
    const double without = maps_made("metrics: [complexity]\n");
    assert_true(maps_made("metrics: [random_logit]\n") == without + METHOD_COUNT);
    assert_true(maps_made("metrics: [random_logit]\nprotocol: [cambench, shapleycam2025]\n") == without + METHOD_COUNT);
}
