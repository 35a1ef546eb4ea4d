/*
 * tests/metrics/test_set_scores.c - metrics of a whole image set: their counts and what is made of the sums, against
 * SciPy and scikit-learn (tests/golden/set_scores.py), in hand-sized cases, and what has no answer.
 */
#include "tests/metrics/scene.h"

#define LENGTH_MAX 4096
#define LEVELS 256

extern const struct metric metric_max_box_acc, metric_pxap;

/* Sums of the counts of several scenes, and the number that is made of them. */
struct set {
    const struct metric *metric;
    const char *one, *other; /* parameters */
    double sums[LENGTH_MAX];
    int n;
};

static struct value add(struct set *set, struct scene *scene)
{
    scene->sums = set->sums;
    const struct value value = measure_with(scene, set->metric, set->one, set->other);
    set->n += !value.undefined;
    return value;
}

static double number_of(const struct set *set)
{
    const char *const texts[] = {set->one, set->other};
    double params[16];
    struct error err;
    param_defaults(set->metric->params, params);
    for (int i = 0; i < 2; i++) {
        char name[32];
        if (!texts[i])
            continue;
        snprintf(name, sizeof name, "%.*s", (int)strcspn(texts[i], "="), texts[i]);
        assert_int_equal(param_parse(param_find(set->metric->params, name), strchr(texts[i], '=') + 1, params, &err),
                         0);
    }
    assert_true(set->metric->count_length(params) <= LENGTH_MAX);
    return set->metric->combine_counts(params, set->sums, set->n);
}

static struct set random_set(const struct metric *metric, const char *one, const char *other)
{
    struct set set = {.metric = metric, .one = one, .other = other};
    for (int i = 0; i < IMAGES; i++) {
        struct scene scene;
        random_scene(&scene, i);
        add(&set, &scene);
    }
    assert_int_equal(set.n, IMAGES);
    return set;
}

static void assert_near(double got, double want)
{
    if (!(fabs(got - want) <= 1e-8))
        fail_msg("%.12g, expected %.12g", got, want);
}

TEST(pxap_is_the_average_precision_of_scikit_learn)
{
    struct golden *golden = golden_open("set_scores");
    size_t count;
    const struct set fine = random_set(&metric_pxap, NULL, NULL), coarse = random_set(&metric_pxap, "bins=16", NULL);
    assert_near(number_of(&fine), golden_values(golden, "pxap/1000", &count)[0]);
    assert_near(number_of(&coarse), golden_values(golden, "pxap/16", &count)[0]);
    golden_close(golden);
}

TEST(hits_are_those_of_every_threshold_alone)
{
    static const char *const contours[] = {"wsol", "regions"}, *const conventions[] = {"inclusive", "half_open"};
    struct golden *golden = golden_open("set_scores");
    for (int c = 0; c < 4; c++) {
        char key[64], one[64], other[64];
        size_t count;
        snprintf(one, sizeof one, "contours=%s", contours[c / 2]);
        snprintf(other, sizeof other, "box_convention=%s", conventions[c % 2]);
        snprintf(key, sizeof key, "hits/%s/%s", contours[c / 2], conventions[c % 2]);
        struct set set = random_set(&metric_max_box_acc, one, other);
        const double *hits = golden_values(golden, key, &count);
        assert_int_equal(count, 3 * 255);
        for (int d = 0; d < 3; d++)
            for (int level = 0; level < 255; level++)
                if (set.sums[d * LEVELS + level] != hits[d * 255 + level])
                    fail_msg("%s: overlap %d, level %d: %g hits, expected %g", key, d, level,
                             set.sums[d * LEVELS + level], hits[d * 255 + level]);
        snprintf(key, sizeof key, "acc/%s/%s", contours[c / 2], conventions[c % 2]);
        assert_near(number_of(&set), golden_values(golden, key, &count)[3]);
    }
    golden_close(golden);
}

TEST(the_accuracy_of_one_overlap_has_the_best_threshold_of_it)
{
    static const char *const params[] = {"iou=0.3", "iou=0.5", "iou=0.7"};
    struct golden *golden = golden_open("set_scores");
    size_t count;
    for (int d = 0; d < 3; d++) {
        const struct set set = random_set(&metric_max_box_acc, params[d], NULL);
        assert_near(number_of(&set), golden_values(golden, "acc/wsol/inclusive", &count)[d]);
    }
    golden_close(golden);
}

TEST(pxap_is_that_of_the_reference_case)
{
    struct set set = {.metric = &metric_pxap};
    struct scene scene;
    /* 0.9, 0.4 and 0.6 after min-max; the fourth and fifth pixel are the ends, beyond the case */
    small_scene(&scene, 5, (const float[]){0.9f, 0.4f, 0.6f, 0, 1}, (const uint8_t[]){2, 2, 0, 0, 2});
    add(&set, &scene);
    set.sums[1000] = 0; /* the pixel of value 1 */
    set.sums[1002] = 0; /* that of value 0 */
    assert_near(number_of(&set), 5.0 / 6);
}

TEST(the_edges_of_bins_belong_to_the_bin_above)
{
    struct set set = {.metric = &metric_pxap, .one = "bins=4"};
    struct scene scene;
    small_scene(&scene, 5, (const float[]){0, 0.25f, 0.5f, 0.749f, 1}, (const uint8_t[]){2, 2, 2, 2, 2});
    add(&set, &scene);
    static const double want[] = {1, 1, 2, 0, 1, 0};
    for (int k = 0; k < 6; k++)
        assert_true(set.sums[k] == want[k]);
}

TEST(a_set_without_an_object_has_no_precision)
{
    struct set set = {.metric = &metric_pxap};
    struct scene scene;
    small_scene(&scene, 3, (const float[]){0, 1, 0.5f}, (const uint8_t[]){0, 0, 1});
    add(&set, &scene);
    assert_true(isnan(number_of(&set)));
    scene.truth.no_mask = "no_truth";
    scene.truth.no_boxes = "no_truth";
    assert_undefined(add(&set, &scene), "no_truth");
}

TEST(a_constant_map_counts_and_hits_nothing)
{
    struct set set = {.metric = &metric_pxap}, boxes = {.metric = &metric_max_box_acc};
    struct scene scene;
    small_scene(&scene, 4, (const float[]){1, 1, 1, 1}, (const uint8_t[]){2, 0, 0, 0});
    scene.boxes[0] = (struct truth_box){0, 0, 1, 1};
    use_truth(&scene, 1);
    assert_flag(add(&set, &scene), 0, "constant_map");
    assert_near(number_of(&set), 0.25);
    assert_flag(add(&boxes, &scene), 0, "constant_map");
    assert_true(number_of(&boxes) == 0);
}

TEST(a_hole_is_a_part_of_its_own)
{
    struct set regions = {
        .metric = &metric_max_box_acc, .one = "contours=regions", .other = "box_convention=half_open"};
    struct set wsol = {.metric = &metric_max_box_acc, .one = "contours=wsol", .other = "box_convention=half_open"};
    struct scene scene = {.h = 7, .w = 7};
    for (int k = 0; k < 49; k++)
        scene.map[k] = 1;
    scene.map[3 * 7 + 3] = 0;
    scene.boxes[0] = (struct truth_box){2, 2, 5, 5}; /* the hole and the pixels round it */
    use_truth(&scene, 1);
    add(&regions, &scene);
    add(&wsol, &scene);
    assert_true(number_of(&regions) == 0);
    assert_true(number_of(&wsol) == 1);
}
