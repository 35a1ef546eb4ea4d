/*
 * tests/metrics/test_random_logit.c - maps of two classes: similarities against SciPy (tests/golden/similarity.py),
 * which class is taken, and what has no answer.
 */
#include "metrics/evidence_probe.h"
#include "tests/golden.h"
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

#define PAIRS 7
#define PIXELS 1024

extern const struct metric metric_random_logit;

/* The maps of the class and of another one, and what was requested. */
struct two {
    struct map map, other;
    int classes; /* 0: ten */
    const char *image;
    int other_class, calls;
};

static struct value compare(struct two *two, const char *one, const char *other)
{
    const char *const texts[] = {one, other};
    int params[8];
    struct arena arena;
    struct error err;
    struct value value = {0};
    bool is_measured = false;
    param_defaults(metric_random_logit.params, params);
    for (int i = 0; i < 2; i++) {
        char name[32];
        if (!texts[i])
            continue;
        snprintf(name, sizeof name, "%.*s", (int)strcspn(texts[i], "="), texts[i]);
        if (param_parse(param_find(metric_random_logit.params, name), strchr(texts[i], '=') + 1, params, &err))
            fail_msg("%s", err.text);
    }
    arena_init(&arena, 0);
    struct evidence_probe probe = {.map = two->other, .native = two->other};
    const struct evidence_metric listed = {&metric_random_logit, params};
    struct value kept = {0};
    struct evidence evidence = {.ops = &evidence_probe_ops,
                                .context = &probe,
                                .map = two->map,
                                .native = two->map,
                                .class_count = two->classes ? two->classes : 10,
                                .image_name = two->image ? two->image : "image",
                                .arena = &arena,
                                .metric_count = 1,
                                .metrics = &listed,
                                .values = &kept,
                                .is_measured = &is_measured};
    if (evidence_measure(&evidence, 0, &value, &err))
        fail_msg("%s", err.text);
    arena_release(&arena);
    two->other_class = probe.other_class;
    two->calls = probe.map_calls;
    assert_int_equal(probe.requests.classes, probe.map_calls);
    return value;
}

/* What pair() of the golden script makes. */
static struct two random_pair(int i, float *one, float *both)
{
    static const int sizes[PAIRS][2] = {{7, 7}, {4, 5}, {14, 14}, {29, 31}, {1, 9}, {3, 3}, {2, 8}};
    const int h = sizes[i][0], w = sizes[i][1];
    float other[PIXELS];
    golden_fill(one, (size_t)(h * w), (uint32_t)(1100 + 2 * i));
    golden_fill(other, (size_t)(h * w), (uint32_t)(1101 + 2 * i));
    for (int k = 0; k < h * w; k++) {
        one[k] = (one[k] + 1) * 0.5f;
        both[k] = 0.5f * (one[k] + (other[k] + 1) * 0.5f);
    }
    return (struct two){.map = {h, w, one}, .other = {h, w, both}};
}

TEST(similarities_of_random_maps_are_those_of_scipy)
{
    static const char *const names[] = {"spearman", "ssim", "ssim_quantus"};
    struct golden *golden = golden_open("similarity");
    for (int k = 0; k < 3; k++) {
        size_t count;
        char param[64];
        const double *want = golden_values(golden, names[k], &count);
        assert_int_equal(count, PAIRS);
        snprintf(param, sizeof param, "similarity=%s", names[k]);
        for (int i = 0; i < PAIRS; i++) {
            float one[PIXELS], both[PIXELS];
            struct two two = random_pair(i, one, both);
            const struct value value = compare(&two, param, i % 2 ? "at=input" : NULL);
            if (value.undefined || !(fabs(value.number - want[i]) <= 1e-8))
                fail_msg("%s of pair %d: %.12g, expected %.12g", names[k], i, value.number, want[i]);
        }
    }
    golden_close(golden);
}

TEST(a_map_is_like_itself)
{
    static const char *const params[] = {"similarity=spearman", "similarity=ssim", "similarity=ssim_quantus"};
    float one[PIXELS], both[PIXELS];
    struct two two = random_pair(3, one, both);
    two.other = two.map;
    for (int k = 0; k < 3; k++)
        assert_true(fabs(compare(&two, params[k], NULL).number - 1) < 1e-12);
}

TEST(the_other_class_is_drawn_once_for_an_image)
{
    float one[PIXELS], both[PIXELS];
    struct two two = random_pair(0, one, both);
    bool is_drawn[9] = {false};
    for (int i = 0; i < 200; i++) {
        char name[16];
        snprintf(name, sizeof name, "image%d", i);
        two.image = name;
        compare(&two, NULL, NULL);
        const int drawn = two.other_class;
        assert_in_range(drawn, 0, 8);
        is_drawn[drawn] = true;
        compare(&two, "similarity=ssim", "at=input");
        assert_int_equal(two.other_class, drawn);
    }
    for (int k = 0; k < 9; k++)
        assert_true(is_drawn[k]);
    compare(&two, "other=second", NULL);
    assert_int_equal(two.other_class, EVIDENCE_SECOND_CLASS);
    compare(&two, "other=lowest", NULL);
    assert_int_equal(two.other_class, EVIDENCE_LOWEST_CLASS);
}

TEST(of_two_classes_there_is_one_other)
{
    float one[PIXELS], both[PIXELS];
    struct two two = random_pair(0, one, both);
    two.classes = 2;
    compare(&two, NULL, NULL);
    assert_int_equal(two.other_class, 0);
    two.classes = 1;
    assert_string_equal(compare(&two, NULL, NULL).undefined, "one_class");
    assert_int_equal(two.calls, 0);
}

TEST(a_map_that_goes_blank_is_flagged)
{
    static const float zero[9] = {0};
    static const char *const params[] = {"similarity=spearman", "similarity=ssim", "similarity=ssim_quantus"};
    float one[PIXELS], both[PIXELS];
    for (int k = 0; k < 3; k++) {
        struct two two = random_pair(5, one, both);
        two.other.data = zero;
        struct value value = compare(&two, params[k], NULL);
        assert_true(value.number == 0 && !value.undefined);
        assert_string_equal(value.flag, "flat_other");
        two.map.data = zero;
        assert_string_equal(compare(&two, params[k], NULL).undefined, "constant_map");
        two.other.data = both;
        value = compare(&two, params[k], NULL);
        assert_true(value.number == 0);
        assert_string_equal(value.flag, "flat_other");
        two.other.data = NULL;
        assert_string_equal(compare(&two, params[k], NULL).undefined, "nonfinite");
    }
}

TEST(maps_of_fewer_than_seven_values_have_no_windows_of_seven)
{
    float one[PIXELS], both[PIXELS];
    struct two two = random_pair(0, one, both);
    two.map.h = two.other.h = 1;
    two.map.w = two.other.w = 6;
    assert_string_equal(compare(&two, "similarity=ssim_quantus", NULL).undefined, "small_map");
    assert_null(compare(&two, "similarity=ssim", NULL).undefined);
}
