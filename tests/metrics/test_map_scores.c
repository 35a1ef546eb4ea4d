/*
 * tests/metrics/test_map_scores.c - how maps are spread, and how they agree with masks: against NumPy, SciPy and
 * scikit-learn (tests/golden/map_scores.py), in hand-sized cases, and what has no answer.
 */
#include "tests/metrics/scene.h"

extern const struct metric metric_effective_complexity, metric_energy_pointing_game, metric_entropy, metric_mask_auc,
    metric_mass_iou, metric_relevance_mass_accuracy, metric_relevance_rank_accuracy, metric_sparseness;

TEST(values_of_random_scenes_are_those_of_scipy_and_scikit_learn)
{
    static const struct golden_row rows[] = {
        {"entropy", &metric_entropy, NULL, NULL},
        {"entropy", &metric_entropy, "at=layer", NULL},
        {"entropy/ratio", &metric_entropy, "entropy_unit=ratio", NULL},
        {"entropy/quantus", &metric_entropy, "form=quantus", NULL},
        {"entropy/xplique", &metric_entropy, "form=xplique", NULL},
        {"effective/1e-5", &metric_effective_complexity, NULL, NULL},
        {"effective/0.01", &metric_effective_complexity, "eps=0.01", NULL},
        {"effective/max", &metric_effective_complexity, "eps=0.01", "scale=max"},
        {"sparseness", &metric_sparseness, NULL, NULL},
        {"sparseness/quantus", &metric_sparseness, "form=quantus", NULL},
        {"sparseness/xplique", &metric_sparseness, "form=xplique", NULL},
        {"auc/mask", &metric_mask_auc, NULL, NULL},
        {"auc/box", &metric_mask_auc, "truth=box", NULL},
        {"mass/mask", &metric_mass_iou, "truth=mask", NULL},
        {"mass/box", &metric_mass_iou, "truth=box", NULL},
        {"mass_input/mask", &metric_mass_iou, "minmax=input", NULL},
        {"mass_input/box", &metric_mass_iou, "minmax=input", "truth=box"},
        {"mass_accuracy/mask", &metric_relevance_mass_accuracy, NULL, NULL},
        {"mass_accuracy/box", &metric_relevance_mass_accuracy, "truth=box", NULL},
        {"rank_accuracy/mask", &metric_relevance_rank_accuracy, NULL, NULL},
        {"rank_accuracy/box", &metric_relevance_rank_accuracy, "truth=box", NULL},
    };
    check_golden("map_scores", rows, sizeof rows / sizeof *rows);
}

/* -- spread -------------------------------------------------------------------------------------------------------- */

/* A row of pixels without truth. */
static struct value spread(const struct metric *metric, int n, const float *map, const char *param)
{
    static const uint8_t nothing[PIXELS];
    struct scene scene;
    small_scene(&scene, n, map, nothing);
    return measure_with(&scene, metric, param, NULL);
}

TEST(entropy_and_sparseness_are_those_of_the_reference_cases)
{
    static const float map[] = {0, 0, 1, 3};
    const struct value entropy = spread(&metric_entropy, 4, map, NULL);
    assert_true(fabs(entropy.number - 0.562335) < 5e-7);
    assert_value(spread(&metric_sparseness, 4, map, NULL), 0.625);
    assert_value(spread(&metric_effective_complexity, 4, map, NULL), 0.5);
}

TEST(one_pixel_is_as_sparse_as_a_map_can_be)
{
    static const float map[8] = {[5] = 1};
    assert_value(spread(&metric_entropy, 8, map, NULL), 0);
    assert_value(spread(&metric_entropy, 8, map, "entropy_unit=ratio"), 0);
    assert_value(spread(&metric_sparseness, 8, map, NULL), 1 - 1.0 / 8);
    assert_value(spread(&metric_effective_complexity, 8, map, NULL), 1.0 / 8);
}

TEST(a_constant_map_is_spread_as_widely_as_a_map_can_be)
{
    static const float zero[8] = {0}, ones[8] = {1, 1, 1, 1, 1, 1, 1, 1};
    assert_flag(spread(&metric_entropy, 8, zero, NULL), log(8), "constant_map");
    assert_flag(spread(&metric_entropy, 8, zero, "entropy_unit=ratio"), 1, "constant_map");
    assert_flag(spread(&metric_entropy, 8, zero, "form=xplique"), log(8), "constant_map");
    assert_value(spread(&metric_entropy, 8, ones, NULL), log(8));
    assert_flag(spread(&metric_sparseness, 8, zero, NULL), 0, "constant_map");
    assert_flag(spread(&metric_sparseness, 8, zero, "form=xplique"), 0, "constant_map");
    assert_value(spread(&metric_sparseness, 8, ones, NULL), 0);
    assert_flag(spread(&metric_effective_complexity, 8, zero, NULL), 1, "constant_map");
    assert_flag(spread(&metric_effective_complexity, 8, ones, "scale=max"), 1, "constant_map");
}

TEST(a_map_of_one_pixel_has_values)
{
    static const float zero = 0, one = 1;
    assert_flag(spread(&metric_entropy, 1, &zero, NULL), 0, "constant_map");
    assert_flag(spread(&metric_entropy, 1, &zero, "entropy_unit=ratio"), 1, "constant_map");
    assert_value(spread(&metric_entropy, 1, &one, "entropy_unit=ratio"), 1);
    assert_value(spread(&metric_entropy, 1, &one, "form=xplique"), 0);
    assert_value(spread(&metric_sparseness, 1, &one, NULL), 0);
}

TEST(entropy_and_sparseness_ignore_the_map_s_scale)
{
    static const float map[] = {0.1f, 0.5f, 0.25f, 1}, doubled[] = {0.2f, 1, 0.5f, 2};
    assert_value(spread(&metric_entropy, 4, doubled, NULL), spread(&metric_entropy, 4, map, NULL).number);
    assert_value(spread(&metric_sparseness, 4, doubled, NULL), spread(&metric_sparseness, 4, map, NULL).number);
}

/* -- masks --------------------------------------------------------------------------------------------------------- */

TEST(mask_scores_are_those_of_the_reference_cases)
{
    struct scene scene;
    small_scene(&scene, 4, (const float[]){0.1f, 0.4f, 0.35f, 0.8f}, (const uint8_t[]){0, 0, 2, 2});
    assert_value(measure(&scene, &metric_mask_auc), 0.75);
    small_scene(&scene, 4, (const float[]){3, 2, 2, 1}, (const uint8_t[]){2, 0, 2, 0});
    assert_value(measure(&scene, &metric_relevance_rank_accuracy), 0.75);
    assert_value(measure(&scene, &metric_mass_iou), 5.0 / 8);
    assert_value(measure_with(&scene, &metric_mass_iou, "minmax=input", NULL), 3.0 / 4);
    assert_value(measure(&scene, &metric_relevance_mass_accuracy), 5.0 / 8);
}

TEST(mask_auc_ignores_what_keeps_the_order)
{
    struct scene scene;
    random_scene(&scene, 3);
    const double before = measure(&scene, &metric_mask_auc).number;
    for (int k = 0; k < PIXELS; k++)
        scene.map[k] = sqrtf(scene.map[k]);
    assert_value(measure(&scene, &metric_mask_auc), before);
    for (int k = 0; k < PIXELS; k++)
        scene.map[k] = -scene.map[k];
    assert_value(measure(&scene, &metric_mask_auc), 1 - before);
}

TEST(relevance_mass_is_the_energy_of_the_pointing_game)
{
    for (int i = 0; i < IMAGES; i++) {
        struct scene scene;
        random_scene(&scene, i);
        const double energy = measure(&scene, &metric_energy_pointing_game).number;
        assert_value(measure(&scene, &metric_relevance_mass_accuracy), energy);
        const double minmax = measure_with(&scene, &metric_energy_pointing_game, "energy_map=minmax", NULL).number;
        assert_value(measure(&scene, &metric_mass_iou), minmax);
    }
}

TEST(a_constant_map_ranks_nothing)
{
    struct scene scene;
    small_scene(&scene, 4, (const float[]){1, 1, 1, 1}, (const uint8_t[]){2, 0, 0, 0});
    assert_flag(measure(&scene, &metric_mask_auc), 0.5, "constant_map");
    assert_flag(measure(&scene, &metric_relevance_rank_accuracy), 0.25, "constant_map");
    small_scene(&scene, 4, (const float[]){0, 0, 0, 0}, (const uint8_t[]){2, 0, 0, 2});
    assert_flag(measure(&scene, &metric_mass_iou), 0, "zero_energy");
    assert_flag(measure(&scene, &metric_relevance_mass_accuracy), 0, "zero_energy");
    assert_flag(measure(&scene, &metric_relevance_rank_accuracy), 0.5, "constant_map");
}

TEST(a_mask_of_nothing_or_everything_has_no_ranking)
{
    static const struct metric *const metrics_of_masks[] = {
        &metric_mask_auc, &metric_mass_iou, &metric_relevance_mass_accuracy, &metric_relevance_rank_accuracy};
    struct scene scene;
    for (int k = 0; k < 4; k++) {
        small_scene(&scene, 3, (const float[]){0, 1, 2}, (const uint8_t[]){0, 1, 0});
        assert_undefined(measure(&scene, metrics_of_masks[k]), "no_mask");
        scene.truth.no_mask = "other_class";
        assert_undefined(measure(&scene, metrics_of_masks[k]), "other_class");
    }
    small_scene(&scene, 3, (const float[]){0, 1, 2}, (const uint8_t[]){2, 2, 2});
    assert_undefined(measure(&scene, &metric_mask_auc), "full_mask");
    assert_value(measure(&scene, &metric_mass_iou), 1);
    assert_value(measure(&scene, &metric_relevance_rank_accuracy), 1);
}
