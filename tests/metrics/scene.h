/*
 * tests/metrics/scene.h - a map with masks and boxes, as the runner would hold it, for the tests of metrics that know
 * the truth. case() of tests/golden/truth.py makes the same random scenes.
 */
#ifndef TESTS_METRICS_SCENE_H
#define TESTS_METRICS_SCENE_H

#include "metrics/evidence_probe.h"
#include "tests/golden.h"
#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define IMAGES 16
#define HEIGHT 29
#define WIDTH 31
#define PIXELS (HEIGHT * WIDTH)

extern const struct metric metric_box_iou;

/* An image as the runner would hold it. */
struct scene {
    int h, w;
    float map[PIXELS], energy[PIXELS];
    uint8_t mask[PIXELS], box_mask[PIXELS];
    struct truth_box boxes[4];
    struct truth truth;
    int energy_calls;
    double *sums; /* of a metric's counts; NULL: not wanted */
};

/* The scene's truth is what its arrays hold; `boxes` of them. */
static inline void use_truth(struct scene *scene, int boxes)
{
    memset(scene->box_mask, 0, sizeof scene->box_mask);
    for (int i = 0; i < boxes; i++)
        for (int y = scene->boxes[i].y0; y < scene->boxes[i].y1; y++)
            memset(scene->box_mask + y * scene->w + scene->boxes[i].x0, TRUTH_LABELLED,
                   (size_t)(scene->boxes[i].x1 - scene->boxes[i].x0));
    scene->truth = (struct truth){.mask = {scene->h, scene->w, scene->mask},
                                  .boxes = {boxes, scene->boxes},
                                  .box_mask = {scene->h, scene->w, scene->box_mask}};
}

/* Up to two parameters, "tau=0.5"; NULL: none. box_iou, a part of other metrics, is listed too, with the same text. */
static inline struct value measure_with(struct scene *scene, const struct metric *metric, const char *one,
                                        const char *other)
{
    const struct metric *const listed[] = {metric, &metric_box_iou};
    const char *const texts[] = {one, other};
    double params[2][16];
    struct evidence_metric list[2];
    struct value values[2] = {{0}}, value;
    bool is_measured[2] = {false};
    struct arena arena;
    struct error err = {0};
    for (int m = 0; m < 2; m++) {
        param_defaults(listed[m]->params, params[m]);
        for (int i = 0; i < 2; i++) {
            char name[32];
            const char *equals = texts[i] ? strchr(texts[i], '=') : NULL;
            snprintf(name, sizeof name, "%.*s", equals ? (int)(equals - texts[i]) : 0, texts[i] ? texts[i] : "");
            const struct param *row = param_find(listed[m]->params, name);
            if (equals && row && param_parse(row, equals + 1, params[m], &err))
                fail_msg("%s", err.text);
        }
        list[m] = (struct evidence_metric){listed[m], params[m]};
    }
    arena_init(&arena, 0);
    struct evidence_probe probe = {.energy = {scene->h, scene->w, scene->energy}, .truth = scene->truth};
    struct evidence evidence = {.ops = &evidence_probe_ops,
                                .context = &probe,
                                .map = {scene->h, scene->w, scene->map},
                                .native = {scene->h, scene->w, scene->map},
                                .arena = &arena,
                                .metric_count = 2,
                                .metrics = list,
                                .values = values,
                                .is_measured = is_measured};
    if (evidence_measure(&evidence, 0, &value, &err))
        fail_msg("%s", err.text);
    for (size_t i = 0; scene->sums && evidence.counts && i < evidence.counts->length; i++)
        scene->sums[i] += evidence.counts->data[i];
    arena_release(&arena);
    scene->energy_calls += probe.energy_calls;
    return value;
}

static inline struct value measure(struct scene *scene, const struct metric *metric)
{
    return measure_with(scene, metric, NULL, NULL);
}

static inline void assert_value(struct value value, double want)
{
    if (value.undefined)
        fail_msg("undefined (%s), expected %.12g", value.undefined, want);
    if (!(fabs(value.number - want) <= 1e-12))
        fail_msg("%.15g, expected %.15g", value.number, want);
}

static inline void assert_flag(struct value value, double want, const char *flag)
{
    assert_value(value, want);
    assert_non_null(value.flag);
    assert_string_equal(value.flag, flag);
}

static inline void assert_undefined(struct value value, const char *why)
{
    if (!value.undefined)
        fail_msg("%g, expected to be undefined (%s)", value.number, why);
    assert_string_equal(value.undefined, why);
}

/* -- random scenes -------------------------------------------------------------------------------------------------- */

/* Random values on a coarse grid, as blocks() of the golden script makes them. */
static inline void blocks(float *out, uint32_t seed, int rows, int columns)
{
    float values[PIXELS];
    golden_fill(values, (size_t)(rows * columns), seed);
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++)
            out[y * WIDTH + x] = values[y * rows / HEIGHT * columns + x * columns / WIDTH];
}

static inline int least(int a, int b)
{
    return a < b ? a : b;
}

/* What case() of the golden script makes. */
static inline void random_scene(struct scene *scene, int i)
{
    float place[PIXELS], corner[8];
    const int rows = i % 2 ? 7 : HEIGHT, columns = i % 2 ? 7 : WIDTH;
    *scene = (struct scene){.h = HEIGHT, .w = WIDTH};
    blocks(scene->map, (uint32_t)(900 + i), rows, columns);
    blocks(scene->energy, (uint32_t)(930 + i), rows, columns);
    blocks(place, (uint32_t)(960 + i), 4, 5);
    for (int k = 0; k < PIXELS; k++) {
        const float value = (scene->map[k] + 1) * 0.5f, square = value * value;
        scene->map[k] = square * square;
        scene->energy[k] = fmaxf(scene->energy[k], -0.25f) + 0.25f;
        scene->mask[k] = place[k] > 0.5f ? TRUTH_LABELLED : place[k] < -0.5f ? TRUTH_OTHER : TRUTH_NOTHING;
    }
    golden_fill(corner, 8, (uint32_t)(990 + i));
    for (int b = 0; b < 2; b++) {
        int at[4];
        for (int k = 0; k < 4; k++)
            at[k] = (int)floor(((double)corner[4 * b + k] + 1) / 2 * 20);
        scene->boxes[b] =
            (struct truth_box){at[0], at[1], least(at[0] + 2 + at[2], WIDTH), least(at[1] + 1 + at[3], HEIGHT)};
    }
    use_truth(scene, 2);
}

/* A metric with parameters, as for measure_with(), and the key of its values of all random scenes. */
struct golden_row {
    const char *key;
    const struct metric *metric;
    const char *one, *other;
};

static inline void check_golden(const char *name, const struct golden_row *rows, size_t n)
{
    struct golden *golden = golden_open(name);
    for (size_t r = 0; r < n; r++) {
        size_t count;
        const double *want = golden_values(golden, rows[r].key, &count);
        assert_int_equal(count, IMAGES);
        for (int i = 0; i < IMAGES; i++) {
            struct scene scene;
            random_scene(&scene, i);
            const struct value value = measure_with(&scene, rows[r].metric, rows[r].one, rows[r].other);
            if (value.undefined || !(fabs(value.number - want[i]) <= 1e-8))
                fail_msg("%s of image %d: %.12g, expected %.12g", rows[r].key, i, value.number, want[i]);
        }
    }
    golden_close(golden);
}

/* A row of pixels whose map and energy are the same. */
static inline void small_scene(struct scene *scene, int w, const float *map, const uint8_t *mask)
{
    *scene = (struct scene){.h = 1, .w = w};
    memcpy(scene->map, map, (size_t)w * sizeof *map);
    memcpy(scene->energy, map, (size_t)w * sizeof *map);
    memcpy(scene->mask, mask, (size_t)w);
    use_truth(scene, 0);
    scene->truth.no_boxes = "no_truth";
}

#endif
