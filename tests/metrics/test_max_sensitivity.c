/*
 * tests/metrics/test_max_sensitivity.c - max_sensitivity of a made-up method against NumPy (tests/golden/max_sensitivity.py),
 * and what has no norm or no map.
 */
#include "metrics/evidence_probe.h"
#include "tests/golden.h"
#include "tests/test.h"

#include <stdio.h>
#include <string.h>

#define IMAGES 6
#define H 12
#define W 20
#define CELL 4
#define INPUT ((size_t)3 * H * W)
#define CELLS ((H / CELL) * (W / CELL))

extern const struct metric metric_max_sensitivity;

struct subject {
    float x[INPUT], map[CELLS], moved[CELLS];
    bool is_broken; /* the map of a changed input is not finite */
    int requests;
};

/* The made-up method: mean square of each cell, brought to [0,1]. */
static void explain(const float *x, float *map)
{
    float low = INFINITY, high = 0;
    for (int cell = 0; cell < CELLS; cell++) {
        const int top = cell / (W / CELL) * CELL, left = cell % (W / CELL) * CELL;
        double sum = 0;
        for (int i = 0; i < 3 * CELL * CELL; i++) {
            const int c = i / (CELL * CELL), y = top + i / CELL % CELL, column = left + i % CELL;
            const double v = x[(c * H + y) * W + column];
            sum += v * v;
        }
        map[cell] = (float)(sum / (3 * CELL * CELL));
        low = fminf(low, map[cell]);
        high = fmaxf(high, map[cell]);
    }
    for (int cell = 0; cell < CELLS; cell++)
        map[cell] = (map[cell] - low) / (high - low);
}

static int map_of(void *context, struct evidence_input input, struct map *at_input, struct map *at_layer,
                  struct error *err)
{
    struct subject *subject = context;
    float x[INPUT];
    (void)err; /* cannot fail */
    assert_int_equal(input.kind, EVIDENCE_OF_SOURCE);
    assert_int_equal(input.count, 1);
    subject->requests++;
    input.source(input.context, input.first, subject->x, x);
    explain(x, subject->moved);
    *at_input = (struct map){H, W, NULL};
    *at_layer = (struct map){H / CELL, W / CELL, subject->is_broken ? NULL : subject->moved};
    return 0;
}

/* Parameters as in "samples=3 radius=0.1"; "": the defaults. */
static struct value measure(struct subject *subject, const char *image_name, const char *texts)
{
    static const struct evidence_ops ops = {.map = map_of};
    double params[8];
    char copy[128], *rest;
    struct error err = {0};
    struct value value;
    struct evidence evidence = {.ops = &ops,
                                .context = subject,
                                .map = {H, W, subject->x}, /* only its size matters */
                                .native = {H / CELL, W / CELL, subject->map},
                                .channels = 3,
                                .seed = 7,
                                .image_name = image_name,
                                .metric = &metric_max_sensitivity};
    assert_true(metric_max_sensitivity.params_size <= sizeof params);
    param_defaults(metric_max_sensitivity.params, params);
    snprintf(copy, sizeof copy, "%s", texts);
    for (char *name = strtok_r(copy, "= ", &rest); name; name = strtok_r(NULL, "= ", &rest))
        if (param_parse(param_find(metric_max_sensitivity.params, name), strtok_r(NULL, " ", &rest), params, &err))
            fail_msg("%s", err.text);
    if (metric_max_sensitivity.measure(&evidence, params, &value, &err))
        fail_msg("%s", err.text);
    return value;
}

static void make_subject(struct subject *subject, int image)
{
    *subject = (struct subject){0};
    golden_fill(subject->x, INPUT, (uint32_t)(700 + image));
    explain(subject->x, subject->map);
}

TEST(values_are_those_of_numpy)
{
    static const char *const rows[][2] = {{"default", ""},
                                          {"l1", "samples=3 radius=0.1 norm=l1"},
                                          {"max", "samples=5 radius=0.1 norm=max"},
                                          {"absolute", "samples=4 radius=0.2 relative=false"}};
    struct golden *golden = golden_open("max_sensitivity");
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        float got[IMAGES];
        for (int i = 0; i < IMAGES; i++) {
            struct subject subject;
            char name[32];
            make_subject(&subject, i);
            snprintf(name, sizeof name, "image %d", i);
            got[i] = (float)measure(&subject, name, rows[r][1]).number;
        }
        golden_check(golden, rows[r][0], got, IMAGES, 1e-5, 0);
    }
    golden_close(golden);
}

TEST(the_same_noise_comes_back_and_other_images_have_other_noise)
{
    struct subject subject;
    make_subject(&subject, 0);
    const double one = measure(&subject, "one", "").number;
    assert_true(one > 0);
    assert_true(measure(&subject, "one", "").number == one);
    assert_true(measure(&subject, "two", "").number != one);
    assert_int_equal(subject.requests, 30);
}

TEST(more_samples_never_give_less_and_no_noise_moves_nothing)
{
    struct subject subject;
    make_subject(&subject, 1);
    const double three = measure(&subject, "image", "samples=3").number;
    assert_true(measure(&subject, "image", "samples=20").number >= three);
    const struct value still = measure(&subject, "image", "radius=0");
    assert_null(still.undefined);
    assert_true(still.number == 0);
}

TEST(a_map_of_zeros_keeps_the_numerator_and_says_so)
{
    struct subject subject;
    make_subject(&subject, 2);
    for (int i = 0; i < CELLS; i++)
        subject.map[i] = 0;
    const struct value value = measure(&subject, "image", "norm=max");
    assert_null(value.undefined);
    assert_string_equal(value.flag, "zero_norm");
    assert_true(value.number == 1); /* maps in [0,1] against zeros */
}

TEST(a_map_that_is_not_finite_makes_the_value_undefined_behind_all_requests)
{
    struct subject subject;
    make_subject(&subject, 3);
    subject.is_broken = true;
    assert_string_equal(measure(&subject, "image", "samples=4").undefined, "nonfinite");
    assert_int_equal(subject.requests, 4);
}
