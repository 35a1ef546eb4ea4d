/* tests/datasets/test_demo.c - generated scenes: what the truth says of them, and what depends on what. */
#include "datasets/demo.h"
#include "datasets/demo_class.h"
#include "datasets/demo_scene.h"
#include "datasets/imageset.h"

#include "tests/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *temporary(void)
{
    static char path[64];
    snprintf(path, sizeof path, "/tmp/cambench_demo_%d.h5", (int)getpid());
    return path;
}

static void generate(const struct demo_options *options)
{
    struct error err;
    if (demo_generate(temporary(), options, &err))
        fail_msg("%s", err.text);
}

static uint64_t hash_of(const struct demo_options *options)
{
    uint64_t hash = 14695981039346656037u;
    generate(options);
    FILE *file = fopen(temporary(), "rb");
    assert_non_null(file);
    for (int c; (c = fgetc(file)) != EOF;)
        hash = (hash ^ (uint64_t)c) * 1099511628211u;
    fclose(file);
    unlink(temporary());
    return hash;
}

TEST(bytes_depend_on_the_options_alone)
{
    const uint64_t first = hash_of(&(struct demo_options){.images = 12, .size = 64, .seed = 1});
    assert_true(first == hash_of(&(struct demo_options){.images = 12, .size = 64, .seed = 1}));
    assert_true(first == hash_of(&(struct demo_options){.images = 12, .size = 64, .seed = 1, .background_seed = 1}));
    assert_true(first != hash_of(&(struct demo_options){.images = 12, .size = 64, .seed = 2}));
    assert_true(first != hash_of(&(struct demo_options){.images = 12, .size = 64, .seed = 1, .background_seed = 2}));
}

/* A drawn scene; the caller frees. */
struct drawing {
    struct demo_scene scene;
    uint8_t *pixels, *mask;
};

static struct drawing draw(const struct demo_options *options, int image)
{
    struct drawing drawing;
    demo_compose(&drawing.scene, options, image);
    const size_t area = (size_t)drawing.scene.w * (size_t)drawing.scene.h;
    drawing.pixels = malloc(area * 3);
    drawing.mask = malloc(area);
    assert_true(drawing.pixels && drawing.mask);
    demo_draw(&drawing.scene, drawing.pixels, drawing.mask);
    return drawing;
}

static void free_drawing(struct drawing *drawing)
{
    free(drawing->pixels);
    free(drawing->mask);
}

TEST(a_set_holds_the_masks_of_the_scenes_and_their_boxes)
{
    const struct demo_options options = {.images = 21, .size = 96, .seed = 5};
    struct error err;
    struct arena arena;
    arena_init(&arena, 0);
    generate(&options);
    struct imageset *set = imageset_open(temporary(), &err);
    if (!set)
        fail_msg("%s", err.text);
    assert_int_equal(imageset_count(set), 21);
    assert_int_equal(imageset_class_count(set), DEMO_CLASSES);
    assert_true(imageset_has_masks(set));
    for (int i = 0; i < 21; i++) {
        struct drawing want = draw(&options, i);
        const struct box *box;
        struct picture picture;
        struct mask mask;
        assert_int_equal(imageset_label(set, i), i % DEMO_CLASSES);
        assert_int_equal(imageset_picture(set, i, &arena, &picture, &err), 0);
        assert_int_equal(imageset_mask(set, i, &arena, &mask, &err), 0);
        assert_true(picture.w == want.scene.w && picture.h == want.scene.h);
        assert_true(mask.w == picture.w && mask.h == picture.h);
        assert_memory_equal(mask.data, want.mask, (size_t)mask.w * (size_t)mask.h);
        assert_int_equal(imageset_boxes(set, i, &box), 1);
        int edges = 0;
        for (int y = 0; y < mask.h; y++)
            for (int x = 0; x < mask.w; x++)
                if (mask.data[y * mask.w + x] == MASK_LABELLED) {
                    assert_true(x >= box->x0 && x < box->x1 && y >= box->y0 && y < box->y1);
                    edges |= (x == box->x0) | (x == box->x1 - 1) << 1 | (y == box->y0) << 2 | (y == box->y1 - 1) << 3;
                }
        assert_int_equal(edges, 15);
        free_drawing(&want);
    }
    imageset_close(set);
    unlink(temporary());
    arena_release(&arena);
}

/* Whether a pixel of the mask lies within four pixels: the tips of a crescent are thinner than one. */
static bool is_near_mask(const struct drawing *drawing, int x, int y)
{
    for (int dy = -4; dy <= 4; dy++)
        for (int dx = -4; dx <= 4; dx++) {
            const int px = x + dx, py = y + dy;
            if (px >= 0 && py >= 0 && px < drawing->scene.w && py < drawing->scene.h &&
                drawing->mask[py * drawing->scene.w + px])
                return true;
        }
    return false;
}

TEST(removing_the_object_changes_nothing_outside_of_its_mask)
{
    int compared = 0;
    for (int i = 0; i < 60; i++) {
        struct drawing with = draw(&(struct demo_options){.size = 96, .seed = 3}, i);
        struct drawing without = draw(&(struct demo_options){.size = 96, .seed = 3, .no_objects = true}, i);
        const bool is_plain = !with.scene.piece_count && !with.scene.has_occluder;
        int changed = 0;
        for (int p = 0; p < with.scene.w * with.scene.h; p++) {
            const bool differs = memcmp(with.pixels + 3 * p, without.pixels + 3 * p, 3) != 0;
            assert_int_equal(without.mask[p], 0);
            changed += differs && with.mask[p] == MASK_LABELLED;
            if (differs && is_plain)
                assert_true(is_near_mask(&with, p % with.scene.w, p / with.scene.w));
        }
        assert_true(changed > 100);
        compared += is_plain;
        free_drawing(&with);
        free_drawing(&without);
    }
    assert_true(compared > 15);
}

TEST(objects_and_backgrounds_are_drawn_from_streams_of_their_own)
{
    struct demo_scene one, moved, other;
    for (int i = 0; i < 20; i++) {
        demo_compose(&one, &(struct demo_options){.size = 200, .seed = 1}, i);
        demo_compose(&other, &(struct demo_options){.size = 200, .seed = 2}, i);
        demo_compose(&moved, &(struct demo_options){.size = 200, .seed = 1, .background_seed = 2}, i);
        assert_memory_equal(moved.palette, other.palette, sizeof moved.palette);
        assert_memory_equal(moved.things, other.things, sizeof moved.things);
        assert_true(moved.w == other.w && moved.h == other.h && moved.quality == other.quality);
        assert_int_equal(moved.label, one.label);
        assert_memory_equal(moved.object.colours, one.object.colours, sizeof one.object.colours);
        assert_true(fabs(atan2(moved.object.sine, moved.object.cosine) - atan2(one.object.sine, one.object.cosine)) <
                    1e-12);
        assert_memory_not_equal(moved.palette, one.palette, sizeof one.palette);
    }
}

TEST(scenes_have_what_the_header_says_in_about_the_shares_it_should)
{
    int second = 0, hidden = 0, pieces = 0;
    enum { N = 2000 };
    for (int i = 0; i < N; i++) {
        struct demo_scene scene;
        demo_compose(&scene, &(struct demo_options){.size = 200, .seed = 11}, i);
        second += scene.has_second;
        hidden += scene.has_occluder;
        pieces += scene.piece_count > 0;
        assert_int_equal(scene.label, i % DEMO_CLASSES);
        assert_true(!scene.has_second || scene.second.kind != scene.label);
        assert_true(!scene.has_second || scene.second.radius < 0.71 * scene.object.radius);
        for (int k = 0; k < scene.piece_count; k++)
            assert_int_not_equal(scene.pieces[k].kind, scene.label);
    }
    assert_in_range(second, N * 14 / 100, N * 21 / 100); /* some find no place */
    assert_in_range(hidden, N * 27 / 100, N * 33 / 100);
    assert_in_range(pieces, N * 30 / 100, N * 42 / 100);
}

/* Laid over each other. Star and ring have ten sectors both: there the outline alone tells. */
TEST(classes_differ_by_outline_and_but_for_one_pair_by_pattern)
{
    for (int a = 0; a < DEMO_CLASSES; a++)
        for (int b = a + 1; b < DEMO_CLASSES; b++) {
            int both = 0, either = 0, unlike = 0;
            for (double u = -1; u < 1; u += 0.02)
                for (double v = -1; v < 1; v += 0.02) {
                    const bool in_a = demo_classes[a].outline(u, v) < 0, in_b = demo_classes[b].outline(u, v) < 0;
                    both += in_a && in_b;
                    either += in_a || in_b;
                    unlike += in_a && in_b &&
                              fabs(demo_classes[a].pattern(u, v, 0.02) - demo_classes[b].pattern(u, v, 0.02)) > 0.5;
                }
            assert_true(both < 0.92 * either);
            const bool is_pair = !strcmp(demo_classes[a].name, "star") && !strcmp(demo_classes[b].name, "ring");
            assert_true(is_pair ? unlike == 0 : unlike > 0.2 * both);
        }
}

TEST(impossible_sets_are_refused)
{
    struct error err;
    assert_int_equal(demo_generate(temporary(), &(struct demo_options){.images = 0, .size = 96}, &err), -1);
    assert_int_equal(demo_generate(temporary(), &(struct demo_options){.images = 1, .size = 31}, &err), -1);
    assert_string_equal(err.text, "demo pictures of 31 pixels; allowed: 32..2048");
}
