/*
 * tests/methods/test_controls.c - the methods that do not look at the network: random, fakecam, null.
 */
#include "tests/methods/networks.h"

#include <math.h>

#define PIXELS (56 * 48)

TEST(random_pixels_are_uniform)
{
    struct bench bench;
    double sum = 0, squares = 0, neighbours = 0;
    bench_open(&bench, "gap");
    const struct cam_map map = bench_explain(&bench, "random", "grid=0", "block2", -1);
    assert_int_equal(map.form.h * map.form.w, PIXELS);
    for (int i = 0; i < PIXELS; i++) {
        const double v = (double)map.data[i] - 0.5;
        assert_true(map.data[i] >= 0 && map.data[i] <= 1);
        sum += v;
        squares += v * v;
        neighbours += i ? v * ((double)map.data[i - 1] - 0.5) : 0;
    }
    /* Five standard errors of 2688 uniform numbers. */
    assert_true(fabs(sum / PIXELS) < 5 * sqrt(1 / 12.0 / PIXELS));
    assert_true(fabs(squares / PIXELS - 1 / 12.0) < 5 * sqrt(1 / 180.0 / PIXELS));
    assert_true(fabs(neighbours / PIXELS) < 5 / 12.0 / sqrt(PIXELS));
    bench_close(&bench);
}

TEST(a_random_grid_is_enlarged)
{
    struct bench bench;
    bench_open(&bench, "gap");
    const struct cam_map map = bench_explain(&bench, "random", "grid=7", "block2", -1);
    float jump = 0;
    for (int y = 0; y < 56; y++)
        for (int x = 1; x < 48; x++)
            jump = fmaxf(jump, fabsf(map.data[y * 48 + x] - map.data[y * 48 + x - 1]));
    assert_true(jump <= 7 / 48.0f + 1e-5f); /* a cell is 48/7 pixels wide: values move by at most 1 within it */
    bench_close(&bench);
}

/* The random map of a run's seed, an image and a label. */
static void random_map(struct bench *bench, uint64_t seed, const char *image, const char *label, float *out)
{
    const struct cam_setup setup = {
        .worker = &bench->worker, .arena = &bench->arena, .input = bench->input, .seed = seed, .image_name = image};
    const struct method *method = bench_method("random");
    struct cam_map map;
    arena_reset(&bench->arena);
    struct cam_pass *pass = cam_pass_run(&setup, &bench->err);
    assert_non_null(pass);
    assert_int_equal(cam_explain(pass, method, bench_params(bench, method, ""), 0, label, &map, &bench->err), 0);
    memcpy(out, map.data, PIXELS * sizeof *out);
}

TEST(random_maps_are_fixed_by_seed_image_and_label_alone)
{
    static float first[PIXELS], other[PIXELS];
    struct bench bench;
    bench_open(&bench, "gap");
    random_map(&bench, 1, "a.jpg", "random", first);
    random_map(&bench, 2, "a.jpg", "random", other);
    assert_memory_not_equal(first, other, sizeof first);
    random_map(&bench, 1, "b.jpg", "random", other);
    assert_memory_not_equal(first, other, sizeof first);
    random_map(&bench, 1, "a.jpg", "random 2", other);
    assert_memory_not_equal(first, other, sizeof first);
    bench.input[0] += 1;
    random_map(&bench, 1, "a.jpg", "random", other);
    assert_memory_equal(first, other, sizeof first);
    bench_close(&bench);
}

TEST(fakecam_is_one_but_for_its_corner)
{
    struct bench bench;
    bench_open(&bench, "gap");
    const struct cam_map map = bench_explain(&bench, "fakecam", "", "block2", -1);
    const struct saliency saliency = bench_finish(&bench, &map);
    assert_int_equal(saliency.flag, SALIENCY_FINE);
    for (int i = 0; i < PIXELS; i++)
        assert_true(saliency.data[i] == (i > 0));
    bench_close(&bench);
}

TEST(fakecam_at_the_layer_darkens_one_cell)
{
    struct bench bench;
    float cells[42], want[PIXELS];
    bench_open(&bench, "gap");
    for (int i = 0; i < 42; i++)
        cells[i] = i > 0;
    upsample_bilinear(cells, 1, 7, 6, want, 56, 48, false);
    const struct cam_map map = bench_explain(&bench, "fakecam", "at=layer", "block2", -1);
    const struct saliency saliency = bench_finish(&bench, &map);
    for (int i = 0; i < PIXELS; i++)
        assert_true(fabsf(saliency.data[i] - want[i]) < 1e-6f);
    assert_true(saliency.data[0] == 0 && saliency.data[PIXELS - 1] == 1);
    bench_close(&bench);
}

TEST(null_costs_no_pass_of_its_own)
{
    struct bench bench;
    bench_open(&bench, "gap");
    const struct cam_map map = bench_explain(&bench, "null", "", "block2", -1);
    assert_true(map.cost.tail == 0 && map.cost.backward == 0 && map.cost.full <= 1);
    assert_int_equal(bench_finish(&bench, &map).flag, SALIENCY_CONSTANT);
    bench_close(&bench);
}
