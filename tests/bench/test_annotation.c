/*
 * tests/bench/test_annotation.c - masks and boxes of an image set on their way to metrics: values against the same sums
 * made step by step from the raw map, and what happens where there is no truth.
 */
#include "tests/bench/small_run.h"

#include <math.h>

#define PLANE ((size_t)SMALL_SIDE * SMALL_SIDE)
#define RESIZED 73 /* the shorter side, under cambench */

static const char *const files[] = {"colour_444.jpg", "rgb.png", "progressive.jpg"};
enum { ENERGY, DISCRIMINATION, POINTING, IOU, FOUND, VALUE_COUNT };
static const char five_metrics[] = "methods: [gradcam]\n"
                                   "metrics: [energy_pointing_game, class_discrimination, pointing_game, box_iou,\n"
                                   "          loc_accuracy]\n"
                                   "report: {plots: false, overlays: 0}\n";

struct walk {
    struct small_run small;
    struct evaluator evaluator;
    struct network *network;
    int h[3], w[3]; /* of the pictures */
};

/* The sides of the pictures, from the set that small_begin() has written. */
static void begin(struct walk *w)
{
    struct arena arena;
    memset(w, 0, sizeof *w);
    small_begin(&w->small);
    struct imageset *set = imageset_open(w->small.set, &w->small.err);
    small_must(&w->small, set ? 0 : -1);
    arena_init(&arena, 0);
    for (int i = 0; i < 3; i++) {
        struct picture picture;
        small_must(&w->small, imageset_picture(set, i, &arena, &picture, &w->small.err));
        w->h[i] = picture.h;
        w->w[i] = picture.w;
    }
    arena_release(&arena);
    imageset_close(set);
}

static void open_walk(struct walk *w, const char *protocol)
{
    char keys[1024];
    snprintf(keys, sizeof keys, "%sprotocol: %s\n", five_metrics, protocol);
    small_open(&w->small, keys);
    w->network = small_open_evaluator(&w->small, &w->evaluator);
}

static void close_walk(struct walk *w)
{
    small_close_evaluator(&w->evaluator, w->network);
    run_close(&w->small.run);
}

static const struct store_value *evaluate(struct walk *w, int image, struct evaluated *out)
{
    bool is_unreadable;
    small_must(&w->small, run_evaluate(&w->evaluator, &w->small.run, 0, image, (const int[]){0}, 1, out, &is_unreadable,
                                       &w->small.err));
    return out->methods[0].values;
}

/* A PNG of h x w whose pixels `value` gives from their place, in tenths of the sides; an empty one if value is NULL. */
static struct encoded make_mask(int h, int w, uint8_t (*value)(int x, int y))
{
    struct encoded png = {0};
    struct error err;
    uint8_t *pixels = calloc((size_t)h * (size_t)w, 1);
    assert_non_null(pixels);
    for (int i = 0; value && i < h * w; i++)
        pixels[i] = value(i % w * 10 / w, i / w * 10 / h);
    if (value)
        assert_int_equal(encode_mask(&(struct mask){h, w, pixels}, &png, &err), 0);
    free(pixels);
    return png;
}

/* The label's object on the left, another one below on the right. */
static uint8_t two_objects(int x, int y)
{
    return x < 5 && y > 1 ? MASK_LABELLED : x > 6 && y > 4 ? 9 : 0;
}

static uint8_t one_object(int x, int y)
{
    return x > 3 && x < 7 && y < 4 ? MASK_LABELLED : 0;
}

static void write_masked(struct walk *w, const int *labels, uint8_t (*const values[3])(int, int))
{
    struct encoded masks[3];
    for (int i = 0; i < 3; i++)
        masks[i] = make_mask(w->h[i], w->w[i], values[i]);
    small_write_annotated(&w->small, 3, files, labels, masks, NULL, 0);
    for (int i = 0; i < 3; i++)
        free(masks[i].bytes);
}

/* -- by hand -------------------------------------------------------------------------------------------------------- */

/* Column (or row) i of the crop, as one of the file; `side` of the picture, `shorter` its shorter side. */
static int source(int i, int side, int shorter)
{
    const int resized = (int)((double)(RESIZED * side) / shorter);
    const double start = nearbyint((resized - SMALL_SIDE) / 2.0);
    return (int)floor((i + start + 0.5) * side / resized);
}

/* Energy share, and the share of what is on objects. */
static void by_hand(const struct walk *w, int image, const struct cam_map *raw, uint8_t (*value)(int, int),
                    double *energy, double *discrimination)
{
    static float positive[PLANE], large[PLANE];
    const int width = w->w[image], height = w->h[image], shorter = width < height ? width : height;
    double all = 0, labelled = 0, others = 0;
    for (int i = 0; i < raw->form.h * raw->form.w; i++)
        positive[i] = raw->data[i] > 0 ? raw->data[i] : 0;
    upsample_bilinear(positive, 1, raw->form.h, raw->form.w, large, SMALL_SIDE, SMALL_SIDE, false);
    for (int y = 0; y < SMALL_SIDE; y++)
        for (int x = 0; x < SMALL_SIDE; x++) {
            const double here = large[y * SMALL_SIDE + x];
            const int u = source(x, width, shorter) * 10 / width, v = source(y, height, shorter) * 10 / height;
            all += here;
            labelled += value(u, v) == MASK_LABELLED ? here : 0;
            others += value(u, v) == 9 ? here : 0;
        }
    *energy = all > 0 ? labelled / all : 0; /* the second picture's map has no positive value */
    *discrimination = labelled + others > 0 ? labelled / (labelled + others) : 0;
}

TEST(energy_is_that_of_the_raw_map_on_the_mask_behind_resize_and_crop)
{
    static uint8_t (*const values[])(int, int) = {two_objects, one_object, one_object};
    struct walk w;
    struct evaluated evaluated;
    begin(&w);
    write_masked(&w, (const int[]){3, 1, 0}, values);
    open_walk(&w, "[{preset: cambench, class: label}, {preset: cambench, class: label, post: upsample_first}]");
    for (int image = 0; image < 3; image++) {
        const struct store_value *got = evaluate(&w, image, &evaluated);
        double energy, discrimination;
        by_hand(&w, image, &evaluated.methods[0].raws[0], values[image], &energy, &discrimination);
        assert_true(image == 1 ? energy == 0 : energy > 0.05 && energy < 0.95);
        for (int p = 0; p < 2; p++, got += VALUE_COUNT) {
            assert_null(got[ENERGY].undefined);
            if (!(fabs(got[ENERGY].number - energy) <= 1e-6))
                fail_msg("image %d: %.9g, by hand %.9g", image, got[ENERGY].number, energy);
            if (image > 0)
                assert_string_equal(got[DISCRIMINATION].undefined, "one_object");
            else if (got[DISCRIMINATION].undefined || !(fabs(got[DISCRIMINATION].number - discrimination) <= 1e-6))
                fail_msg("%.9g, by hand %.9g", got[DISCRIMINATION].number, discrimination);
            assert_null(got[POINTING].undefined);
            assert_null(got[IOU].undefined); /* the mask's box */
            assert_true(got[FOUND].number == (got[IOU].number >= 0.5));
        }
    }
    close_walk(&w);
    small_end(&w.small);
}

TEST(boxes_alone_serve_all_but_discrimination)
{
    struct walk w;
    struct evaluated evaluated;
    begin(&w);
    const int32_t boxes[][5] = {{0, 0, 0, w.w[0], w.h[0]}, {1, 0, 0, 1, 1}};
    small_write_annotated(&w.small, 3, files, (const int[]){3, 1, 0}, NULL, boxes, 2);
    open_walk(&w, "{preset: cambench, class: label}");
    const struct store_value *got = evaluate(&w, 0, &evaluated); /* a box as large as the picture */
    assert_true(fabs(got[ENERGY].number - 1) < 1e-12);
    assert_true(got[POINTING].number == 1);
    assert_true(got[IOU].number > 0);
    assert_string_equal(got[DISCRIMINATION].undefined, "no_truth");
    got = evaluate(&w, 1, &evaluated); /* a box in the corner that the crop cuts off */
    assert_string_equal(got[ENERGY].undefined, "no_box");
    assert_string_equal(got[IOU].undefined, "no_box");
    got = evaluate(&w, 2, &evaluated);
    for (int k = 0; k < VALUE_COUNT; k++)
        assert_string_equal(got[k].undefined, "no_truth");
    close_walk(&w);
    small_end(&w.small);
}

TEST(truth_is_that_of_the_label_and_of_no_other_class)
{
    static uint8_t (*const values[])(int, int) = {two_objects, two_objects, two_objects};
    struct walk w;
    struct evaluated evaluated;
    int predicted[3];
    begin(&w);
    write_masked(&w, (const int[]){0, 0, 0}, values);
    open_walk(&w, "cambench");
    for (int i = 0; i < 3; i++) {
        evaluate(&w, i, &evaluated);
        predicted[i] = evaluated.views[0].klass;
    }
    close_walk(&w);
    write_masked(&w, (const int[]){predicted[0], -1, (predicted[2] + 1) % SMALL_CLASSES}, values);
    open_walk(&w, "cambench");
    for (int k = 0; k < VALUE_COUNT; k++) {
        assert_null(evaluate(&w, 0, &evaluated)[k].undefined);
        assert_string_equal(evaluate(&w, 1, &evaluated)[k].undefined, "no_label");
        assert_string_equal(evaluate(&w, 2, &evaluated)[k].undefined, "other_class");
    }
    close_walk(&w);
    small_end(&w.small);
}

TEST(a_mask_that_is_not_of_the_pictures_size_makes_the_image_unreadable)
{
    static uint8_t (*const values[])(int, int) = {one_object, one_object, one_object};
    struct walk w;
    struct evaluated evaluated;
    bool is_unreadable = false;
    char want[128];
    begin(&w);
    w.h[2]++;
    write_masked(&w, (const int[]){3, 1, 0}, values);
    open_walk(&w, "cambench");
    evaluate(&w, 0, &evaluated);
    assert_int_equal(
        run_evaluate(&w.evaluator, &w.small.run, 0, 2, (const int[]){0}, 1, &evaluated, &is_unreadable, &w.small.err),
        -1);
    assert_true(is_unreadable);
    snprintf(want, sizeof want, "image \"progressive.jpg\": mask: has %dx%d pixels, the picture %dx%d", w.w[2], w.h[2],
             w.w[2], w.h[2] - 1);
    assert_string_equal(w.small.err.text, want);
    close_walk(&w);
    assert_int_equal(small_execute(&w.small, five_metrics, (struct run_flags){.is_strict = true}), EXIT_INCOMPLETE);
    assert_int_equal(small_execute(&w.small, "methods: [gradcam]\nmetrics: [complexity]\nreport: {overlays: 0}\n",
                                   (struct run_flags){.is_strict = true, .is_fresh = true}),
                     EXIT_DONE); /* nobody looks at masks */
    small_end(&w.small);
}

TEST(a_set_that_cannot_have_truth_is_refused_where_a_metric_needs_it)
{
    static uint8_t (*const values[])(int, int) = {one_object, one_object, one_object};
    struct walk w;
    char want[256];
    begin(&w);
    assert_int_equal(small_try_open(&w.small, five_metrics), -1);
    snprintf(want, sizeof want,
             "image set \"%s\": has neither masks nor boxes, metric \"energy_pointing_game\" needs them", w.small.set);
    assert_string_equal(w.small.err.text, want);
    write_masked(&w, (const int[]){-1, -1, -1}, values);
    assert_int_equal(small_try_open(&w.small, five_metrics), -1);
    assert_non_null(strstr(w.small.err.text, "has no labels, metric \"energy_pointing_game\" needs to know whose"));
    small_end(&w.small);
}
