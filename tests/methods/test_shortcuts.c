/*
 * tests/methods/test_shortcuts.c - passes whose answer is known are not run: the same bits as without, honest counts, and
 * a switch. Behind pooling, where a column of the weight stands for a pass: the same to 1e-5.
 */
#include "tests/methods/networks.h"

#include <math.h>

enum { MASKS = 12, KINDS = 3 };

/* -- masks of equal keys -------------------------------------------------------------------------------------------- */

struct masks {
    const float *keys; /* (MASKS,1) */
    size_t pixels;
    int written;
    struct cam_output out[MASKS], plain[MASKS];
};

static void write_mask(void *context, int index, float *out)
{
    struct masks *masks = context;
    golden_fill(out, masks->pixels, (uint32_t)masks->keys[index]);
    masks->written++;
}

static void pass_masks(struct cam *cam, void *context)
{
    float keys[MASKS];
    const struct shape input = cam_input_shape(cam);
    struct masks *masks = context;
    masks->keys = keys;
    masks->pixels = (size_t)input.h * (size_t)input.w;
    for (int i = 0; i < MASKS; i++)
        keys[i] = (float)(i < MASKS - 1 ? i % KINDS : KINDS); /* the last is alone */
    assert_int_equal(cam_masked(cam, MASKS, write_mask, masks, NULL, masks->plain), 0);
    masks->written = 0;
    assert_int_equal(cam_masked_by_keys(cam, MASKS, keys, 1, write_mask, masks, NULL, masks->out), 0);
}

static void check_masks(bool exact_passes, int run)
{
    static struct masks masks;
    struct bench bench;
    bench_open(&bench, "gap");
    bench.exact_passes = exact_passes;
    bench_run(&bench);
    const struct cost cost = bench_run_probe(&bench, "block2", "probe", (struct bench_probe){pass_masks, &masks});
    assert_int_equal(masks.written, run);
    assert_memory_equal(masks.out, masks.plain, sizeof masks.out);
    assert_true(masks.out[0].logit != masks.out[1].logit);
    assert_true(cost.full == 1 + 2 * MASKS && cost.repeated == MASKS - run);
    bench_close(&bench);
}

TEST(masks_of_equal_keys_share_a_pass)
{
    check_masks(false, KINDS + 1);
}

TEST(exact_passes_runs_every_mask)
{
    check_masks(true, MASKS);
}

/* -- methods --------------------------------------------------------------------------------------------------------- */

TEST(methods_give_the_same_map_without_short_cuts)
{
    static const struct {
        const char *network, *layer, *name, *params;
        double repeated;
        float tolerance; /* of the largest value */
    } rows[] = {
        /* features.7: one channel dead, one constant; block2 likewise, with pooling behind it */
        {"vgg", "features.7", "ablationcam", "", 1, 0},
        {"vgg", "features.7", "ablationcam", "ablate_value=min", 2, 0},
        {"vgg", "features.7", "scorecam", "", 0, 0},
        {"vgg", "features.7", "scorecam", "scoring=torchcam", 1, 0},
        {"vgg", "features.7", "scorecam", "scoring=pytorch_grad_cam", 1, 0},
        {"vgg", "features.7", "clustercam", "clusters=4", 0, 0},
        {"vgg", "features.7", "reciprocam", "", 0, 0},
        {"vgg", "features.7", "reciprocam", "mask=gaussian_mask", 0, 0},
        {"gap", "block2", "reciprocam", "", 0, 0},
        {"gap", "block2", "ablationcam", "", 0, 1e-5f},
        {"gap", "block2", "ablationcam", "score=prob", 0, 1e-5f},
        {"gap", "block2", "ablationcam", "ablate_value=pytorch_grad_cam ratio=0.25", 0, 1e-5f},
        {"gap", "block2", "scorecam", "scoring=torchcam", 3, 0}, /* two more are dead */
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct bench bench;
        float plain[16 * 16];
        bench_open(&bench, rows[i].network);
        bench.exact_passes = true;
        bench_run(&bench);
        struct cam_map map = bench_explain(&bench, rows[i].name, rows[i].params, rows[i].layer, 2);
        const size_t size = (size_t)map.form.h * (size_t)map.form.w;
        const struct cost asked = map.cost;
        assert_true(size <= sizeof plain / sizeof *plain && asked.repeated == 0);
        memcpy(plain, map.data, size * sizeof *plain);
        bench.exact_passes = false;
        bench_run(&bench);
        map = bench_explain(&bench, rows[i].name, rows[i].params, rows[i].layer, 2);
        const struct range range = range_of(plain, size);
        const float limit = rows[i].tolerance * fmaxf(fabsf(range.min), fabsf(range.max));
        for (size_t k = 0; k < size; k++)
            if (!(fabsf(map.data[k] - plain[k]) <= limit))
                fail_msg("%s %s: %.9g, expected %.9g", rows[i].name, rows[i].params, (double)map.data[k],
                         (double)plain[k]);
        if (map.cost.full != asked.full || map.cost.tail != asked.tail || map.cost.repeated != rows[i].repeated)
            fail_msg("%s %s: %g full, %g tail, %g repeated", rows[i].name, rows[i].params, map.cost.full, map.cost.tail,
                     map.cost.repeated);
        bench_close(&bench);
    }
}
