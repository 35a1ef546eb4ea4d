/*
 * tests/metrics/test_truth.c - metrics that know where the object is: against NumPy and SciPy (tests/golden/truth.py), in
 * hand-sized cases, and what has no answer.
 */
#include "tests/metrics/scene.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

extern const struct metric metric_class_discrimination, metric_energy_pointing_game, metric_loc_accuracy,
    metric_pointing_game;

TEST(values_of_random_scenes_are_those_of_scipy)
{
    static const struct golden_row rows[] = {
        {"energy/mask", &metric_energy_pointing_game, NULL, NULL},
        {"energy/box", &metric_energy_pointing_game, "truth=box", NULL},
        {"energy/minmax", &metric_energy_pointing_game, "truth=mask", "energy_map=minmax"},
        {"discrimination", &metric_class_discrimination, NULL, NULL},
        {"pointing/mask/0", &metric_pointing_game, "tolerance_px=0", NULL},
        {"pointing/mask/2", &metric_pointing_game, "tolerance_px=2", NULL},
        {"pointing/mask/5", &metric_pointing_game, "tolerance_px=5", NULL},
        {"pointing/box/0", &metric_pointing_game, "tolerance_px=0", "truth=box"},
        {"pointing/box/2", &metric_pointing_game, "tolerance_px=2", "truth=box"},
        {"pointing/box/5", &metric_pointing_game, "tolerance_px=5", "truth=box"},
        {"iou/0.2", &metric_box_iou, NULL, NULL},
        {"iou/0.5", &metric_box_iou, "tau=0.5", NULL},
        {"iou/0.9", &metric_box_iou, "tau=0.9", NULL},
        {"found/0.2", &metric_loc_accuracy, NULL, NULL},
        {"found/0.5", &metric_loc_accuracy, "tau=0.5", NULL},
        {"found/0.9", &metric_loc_accuracy, "tau=0.9", NULL},
    };
    check_golden("truth", rows, sizeof rows / sizeof *rows);
}

/* -- energy --------------------------------------------------------------------------------------------------------- */

TEST(energy_is_the_share_inside_the_mask)
{
    struct scene scene;
    small_scene(&scene, 4, (const float[]){1, 2, 3, 4}, (const uint8_t[]){0, 2, 2, 1});
    assert_value(measure(&scene, &metric_energy_pointing_game), 0.5);
    assert_int_equal(scene.energy_calls, 1);
}

TEST(the_minimum_of_the_map_is_energy_too)
{
    struct scene scene;
    small_scene(&scene, 2, (const float[]){0, 1}, (const uint8_t[]){0, 2});
    scene.energy[0] = 1;
    scene.energy[1] = 3;
    assert_value(measure(&scene, &metric_energy_pointing_game), 0.75);
    assert_value(measure_with(&scene, &metric_energy_pointing_game, "energy_map=minmax", NULL), 1);
}

TEST(energy_that_is_not_there_is_on_no_object)
{
    struct scene scene;
    small_scene(&scene, 3, (const float[]){0, 0, 0}, (const uint8_t[]){0, 2, 1});
    assert_flag(measure(&scene, &metric_energy_pointing_game), 0, "zero_energy");
    assert_flag(measure(&scene, &metric_class_discrimination), 0, "zero_energy");
    scene.energy[0] = 1; /* beside both objects */
    assert_value(measure(&scene, &metric_energy_pointing_game), 0);
    assert_flag(measure(&scene, &metric_class_discrimination), 0, "zero_energy");
}

TEST(discrimination_compares_objects_and_nothing_else)
{
    struct scene scene;
    small_scene(&scene, 4, (const float[]){9, 3, 1, 0}, (const uint8_t[]){0, 2, 1, 1});
    assert_value(measure(&scene, &metric_class_discrimination), 0.75);
    small_scene(&scene, 2, (const float[]){1, 3}, (const uint8_t[]){0, 2});
    assert_undefined(measure(&scene, &metric_class_discrimination), "one_object");
    assert_int_equal(scene.energy_calls, 0);
}

/* -- pointing ------------------------------------------------------------------------------------------------------- */

TEST(the_first_of_equal_maxima_is_the_point)
{
    struct scene scene;
    small_scene(&scene, 4, (const float[]){0, 1, 0, 1}, (const uint8_t[]){0, 0, 0, 2});
    assert_value(measure_with(&scene, &metric_pointing_game, "tolerance_px=0", NULL), 0);
    small_scene(&scene, 4, (const float[]){0, 1, 0, 1}, (const uint8_t[]){0, 2, 0, 0});
    assert_value(measure_with(&scene, &metric_pointing_game, "tolerance_px=0", NULL), 1);
}

TEST(a_point_is_near_below_the_tolerance_and_not_at_it)
{
    struct scene scene;
    small_scene(&scene, 20, (const float[20]){1}, (const uint8_t[20]){[15] = TRUTH_LABELLED});
    assert_value(measure(&scene, &metric_pointing_game), 0);
    assert_value(measure_with(&scene, &metric_pointing_game, "tolerance_px=16", NULL), 1);
    small_scene(&scene, 20, (const float[20]){1}, (const uint8_t[20]){[14] = TRUTH_LABELLED});
    assert_value(measure(&scene, &metric_pointing_game), 1);
}

TEST(a_constant_map_points_nowhere)
{
    struct scene scene;
    small_scene(&scene, 2, (const float[]){1, 1}, (const uint8_t[]){2, 2});
    assert_flag(measure(&scene, &metric_pointing_game), 0, "constant_map");
}

TEST(another_object_is_no_hit)
{
    struct scene scene;
    small_scene(&scene, 3, (const float[]){1, 0, 0}, (const uint8_t[]){1, 0, 2});
    assert_value(measure_with(&scene, &metric_pointing_game, "tolerance_px=1", NULL), 0);
}

/* -- boxes ---------------------------------------------------------------------------------------------------------- */

/* Maps of 3 rows and 6 columns, as text: a digit is tenths; the truth is one box. */
static void draw(struct scene *scene, const char *rows, struct truth_box box)
{
    *scene = (struct scene){.h = 3, .w = 6, .boxes = {box}};
    for (int i = 0; i < 18; i++)
        scene->map[i] = (float)(rows[i] - '0') / 10;
    use_truth(scene, 1);
}

TEST(the_box_is_that_of_the_largest_component_corners_joined)
{
    struct scene scene;
    draw(&scene,
         "900009"
         "090000"
         "009000",
         (struct truth_box){0, 0, 3, 3});
    assert_value(measure(&scene, &metric_box_iou), 1);
    assert_value(measure(&scene, &metric_loc_accuracy), 1);
}

TEST(of_components_of_a_size_the_first_counts)
{
    struct scene scene;
    draw(&scene,
         "000099"
         "990000"
         "000000",
         (struct truth_box){4, 0, 6, 1});
    assert_value(measure(&scene, &metric_box_iou), 1);
}

TEST(pixels_at_the_threshold_do_not_count)
{
    struct scene scene;
    draw(&scene,
         "555900"
         "000000"
         "000000",
         (struct truth_box){3, 0, 4, 1});
    scene.map[3] = 1;
    assert_value(measure_with(&scene, &metric_box_iou, "tau=0.5", NULL), 1);
    assert_value(measure_with(&scene, &metric_box_iou, "tau=0.49", NULL), 0.25);
}

TEST(the_best_of_several_boxes_counts)
{
    struct scene scene;
    draw(&scene,
         "990000"
         "990000"
         "000000",
         (struct truth_box){4, 0, 6, 2});
    assert_value(measure(&scene, &metric_box_iou), 0);
    scene.boxes[1] = (struct truth_box){0, 0, 4, 2};
    use_truth(&scene, 2);
    assert_value(measure(&scene, &metric_box_iou), 0.5);
    assert_value(measure(&scene, &metric_loc_accuracy), 1);
    scene.boxes[1] = (struct truth_box){0, 0, 4, 3};
    use_truth(&scene, 2);
    assert_value(measure(&scene, &metric_loc_accuracy), 0);
}

TEST(a_map_of_zeros_has_no_box)
{
    struct scene scene;
    draw(&scene,
         "000000"
         "000000"
         "000000",
         (struct truth_box){0, 0, 6, 3});
    assert_value(measure(&scene, &metric_box_iou), 0);
    assert_value(measure(&scene, &metric_loc_accuracy), 0);
}

/* -- no answer ------------------------------------------------------------------------------------------------------ */

static const struct metric *const truth_metrics[] = {&metric_box_iou, &metric_class_discrimination,
                                                     &metric_energy_pointing_game, &metric_loc_accuracy,
                                                     &metric_pointing_game};

TEST(without_truth_there_is_no_value_but_the_reason)
{
    static const char *const reasons[] = {"no_truth", "other_class", "no_box"};
    for (size_t r = 0; r < 3; r++)
        for (size_t m = 0; m < 5; m++) {
            struct scene scene;
            random_scene(&scene, 0);
            scene.truth.no_mask = scene.truth.no_boxes = reasons[r];
            assert_undefined(measure(&scene, truth_metrics[m]), reasons[r]);
            assert_true(truth_metrics[m]->is_truth);
        }
}

TEST(boxes_are_taken_where_there_is_no_mask_and_only_there)
{
    struct scene scene;
    random_scene(&scene, 0);
    const double of_mask = measure(&scene, &metric_energy_pointing_game).number;
    const double of_boxes = measure_with(&scene, &metric_energy_pointing_game, "truth=box", NULL).number;
    assert_true(of_mask != of_boxes);
    scene.truth.no_mask = "no_box"; /* a mask of which nothing is seen is a mask */
    assert_undefined(measure(&scene, &metric_energy_pointing_game), "no_box");
    scene.truth.no_mask = "no_truth";
    scene.truth.mask = (struct truth_mask){0};
    assert_value(measure(&scene, &metric_energy_pointing_game), of_boxes);
    assert_undefined(measure_with(&scene, &metric_energy_pointing_game, "truth=mask", NULL), "no_truth");
    assert_undefined(measure(&scene, &metric_class_discrimination), "no_truth");
}
