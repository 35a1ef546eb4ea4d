/*
 * tests/methods/test_other_input.c - passes and gradients at other inputs: what they equal, what they cost, and that
 * the base pass is the same after them.
 */
#include "base/clock.h"
#include "tests/methods/networks.h"

#include <math.h>

#define MASKS 9

/* The largest network has an input (3,64,96). */
#define INPUT_MOST (3 * 64 * 96)

static const struct {
    const char *network, *layer;
} places[] = {
    {"gap", "block2"},     {"gap", "block1"}, {"gap", "block2.relu1"}, /* a residual branch beside it */
    {"vgg", "features.7"}, /* linear layers that are kept from the base pass */
    {"vgg", "features.4"}, {"one", "block1"}, {"resnet18", "layer3"},
};
#define PLACES ((int)(sizeof places / sizeof *places))

static size_t input_size(struct cam *cam)
{
    const struct shape shape = cam_input_shape(cam);
    return (size_t)shape.c * (size_t)shape.h * (size_t)shape.w;
}

/* Everything that a context gives, one number after another. */
struct record {
    float values[1 << 18];
    size_t count;
};

static void keep(struct record *record, const void *values, size_t count)
{
    assert_non_null(values);
    assert_true(record->count + count <= sizeof record->values / sizeof *record->values);
    memcpy(record->values + record->count, values, count * sizeof(float));
    record->count += count;
}

static void write_half(void *context, int index, float *out)
{
    struct cam *cam = context;
    const struct shape shape = cam_input_shape(cam);
    golden_fill(out, (size_t)shape.h * (size_t)shape.w, (uint32_t)index);
}

static void write_changed(void *context, int index, float *out)
{
    struct cam *cam = context;
    golden_fill(out, tensor_size(cam_activations(cam)), 5 + (uint32_t)index);
}

static void record_context(struct cam *cam, void *context)
{
    struct record *record = context;
    const struct tensor *act = cam_activations(cam);
    float *masks = cam_floats(cam, MASKS * tensor_plane(act));
    struct cam_output out[MASKS];
    const int channels[] = {0, 2};
    const float values[] = {0, 0.5f};
    record->count = 0;
    golden_fill(masks, MASKS * tensor_plane(act), 8);
    keep(record, cam_input(cam), input_size(cam));
    keep(record, cam_logits(cam), (size_t)cam_classes(cam));
    keep(record, act->data, tensor_size(act));
    assert_int_equal(cam_tail(cam, 2, write_changed, cam, out), 0);
    keep(record, out, 4);
    assert_int_equal(cam_tail_spatial_masks(cam, MASKS, masks, out), 0);
    keep(record, out, (size_t)2 * MASKS);
    assert_int_equal(cam_tail_channels(cam, 2, channels, values, out), 0);
    keep(record, out, 4);
    assert_int_equal(cam_masked(cam, 2, write_half, cam, NULL, out), 0);
    keep(record, out, 4);
    for (int score = 0; score < 4; score++)
        keep(record, cam_gradient(cam, (enum cam_score)score)->data, tensor_size(act));
    keep(record, cam_input_gradient(cam, CAM_REST, GRADIENT_GUIDED)->data, input_size(cam));
    keep(record, cam_blurred_input(cam, 3, 1), input_size(cam));
}

static void assert_same(const struct record *got, const struct record *want)
{
    assert_int_equal(got->count, want->count);
    assert_memory_equal(got->values, want->values, got->count * sizeof *got->values);
}

/* Records a context at another input, and after that the original one. */
struct visit {
    float input[INPUT_MOST];
    struct record other, original;
};

static void visit_other(struct cam *cam, void *context)
{
    struct visit *visit = context;
    struct cam *other = cam_at_input(cam, visit->input);
    assert_non_null(other);
    assert_ptr_equal(cam_input(other), visit->input);
    assert_int_equal(cam_class(other), cam_class(cam));
    record_context(other, &visit->other);
    record_context(cam, &visit->original);
}

static void check_place(const char *network, const char *layer, bool exact_passes)
{
    static struct visit visit;
    static struct record want, alone;
    struct bench bench;
    bench_open(&bench, network);
    bench.exact_passes = exact_passes;
    bench_run(&bench);
    const struct shape shape = network_input(bench.network);
    const size_t size = (size_t)shape.c * (size_t)shape.h * (size_t)shape.w;
    golden_fill(visit.input, size, 31);
    cam_pass_set_class(bench.pass, 1);
    bench_run_probe(&bench, layer, "probe", (struct bench_probe){record_context, &want});
    bench_run_probe(&bench, layer, "probe", (struct bench_probe){visit_other, &visit});
    assert_same(&visit.original, &want);
    bench_run_probe(&bench, layer, "probe", (struct bench_probe){record_context, &alone});
    assert_same(&alone, &want); /* a later call */
    memcpy(bench.input, visit.input, size * sizeof *bench.input);
    bench_run(&bench);
    cam_pass_set_class(bench.pass, 1);
    bench_run_probe(&bench, layer, "probe", (struct bench_probe){record_context, &alone});
    assert_same(&visit.other, &alone);
    bench_close(&bench);
}

TEST(a_context_at_another_input_is_that_inputs_pass_and_changes_nothing)
{
    for (int i = 0; i < PLACES; i++) {
        check_place(places[i].network, places[i].layer, false);
        check_place(places[i].network, places[i].layer, true);
    }
}

/* -- methods after other inputs ------------------------------------------------------------------------------------ */

/* A context, one of its gradients and an input gradient: each leaves other values in the session. */
static void disturb(struct cam *cam, void *context)
{
    float *input = cam_floats(cam, input_size(cam)), *gradient = cam_floats(cam, input_size(cam));
    (void)context;
    golden_fill(input, input_size(cam), 77);
    struct cam *other = cam_at_input(cam, input);
    assert_non_null(other);
    assert_non_null(cam_gradient(other, CAM_LOGIT));
    assert_int_equal(cam_input_gradient_at(cam, input, CAM_LOGIT, GRADIENT_PLAIN, gradient, NULL), 0);
}

/* Of each kind of pass, and those that leave other inputs in the session themselves. */
static const char *const names[] = {"gradcam",        "gradcam_pp",           "layercam",   "scorecam",
                                    "ablationcam",    "reciprocam",           "clustercam", "actmap",
                                    "saliency",       "smoothgrad_cam_pp",    "smoothgrad", "opticam",
                                    "guided_gradcam", "integrated_gradients", "fakecam"};
#define NAMES ((int)(sizeof names / sizeof *names))

static void check_methods(const char *network, const char *layer)
{
    static float want[INPUT_MOST];
    struct bench bench;
    bench_open(&bench, network);
    for (int i = 0; i < NAMES; i++) {
        bench_run(&bench);
        struct cam_map map = bench_explain(&bench, names[i], "", layer, 2);
        const size_t size = (size_t)map.form.h * (size_t)map.form.w * sizeof *map.data;
        memcpy(want, map.data, size);
        bench_run(&bench);
        cam_pass_set_class(bench.pass, 2);
        bench_run_probe(&bench, layer, "probe", (struct bench_probe){disturb, NULL});
        map = bench_explain(&bench, names[i], "", layer, 2);
        if (memcmp(map.data, want, size) != 0)
            fail_msg("%s at %s: another map after a pass on another input", names[i], layer);
    }
    bench_close(&bench);
}

TEST(methods_make_the_same_maps_after_passes_on_other_inputs)
{
    check_methods("gap", "block2.relu1");
    check_methods("vgg", "features.7");
}

/* -- input gradients ----------------------------------------------------------------------------------------------- */

static void compare_input_gradients(struct cam *cam, void *context)
{
    const size_t size = input_size(cam);
    float *gradient = cam_floats(cam, size), *copy = cam_floats(cam, size);
    const enum gradient_rule rules[] = {GRADIENT_PLAIN, GRADIENT_GUIDED, GRADIENT_DECONVOLUTION};
    struct cam_output out;
    (void)context;
    memcpy(copy, cam_input(cam), size * sizeof *copy);
    for (int score = 0; score < 4; score++)
        for (int rule = 0; rule < 3; rule++) {
            assert_int_equal(cam_input_gradient_at(cam, copy, (enum cam_score)score, rules[rule], gradient, &out), 0);
            assert_memory_equal(gradient, cam_input_gradient(cam, (enum cam_score)score, rules[rule])->data,
                                size * sizeof *gradient);
            assert_true(out.logit == cam_logit(cam) && out.probability == cam_probability(cam));
        }
}

TEST(the_gradient_at_the_image_itself_is_its_gradient)
{
    for (int i = 0; i < PLACES; i++) {
        struct bench bench;
        bench_open(&bench, places[i].network);
        cam_pass_set_class(bench.pass, 1);
        bench_run_probe(&bench, places[i].layer, "probe", (struct bench_probe){compare_input_gradients, NULL});
        bench_close(&bench);
    }
}

static void compare_gradient_elsewhere(struct cam *cam, void *context)
{
    const size_t size = input_size(cam);
    float *gradient = cam_floats(cam, size), *input = cam_floats(cam, size);
    struct cam_output out;
    (void)context;
    golden_fill(input, size, 6);
    assert_int_equal(cam_input_gradient_at(cam, input, CAM_PROBABILITY, GRADIENT_PLAIN, gradient, &out), 0);
    struct cam *other = cam_at_input(cam, input);
    assert_non_null(other);
    assert_memory_equal(gradient, cam_input_gradient(other, CAM_PROBABILITY, GRADIENT_PLAIN)->data,
                        size * sizeof *gradient);
    assert_true(out.logit == cam_logit(other) && out.probability == cam_probability(other));
}

TEST(the_gradient_at_another_input_is_that_of_its_context)
{
    for (int i = 0; i < PLACES; i++) {
        struct bench bench;
        bench_open(&bench, places[i].network);
        bench_run_probe(&bench, places[i].layer, "probe", (struct bench_probe){compare_gradient_elsewhere, NULL});
        bench_close(&bench);
    }
}

/* -- costs and memory ---------------------------------------------------------------------------------------------- */

static void visit_often(struct cam *cam, void *context)
{
    const int count = *(const int *)context;
    float *input = cam_floats(cam, input_size(cam)), *gradient = cam_floats(cam, input_size(cam));
    for (int i = 0; i < count; i++) {
        const struct arena_mark mark = cam_mark(cam);
        golden_fill(input, input_size(cam), (uint32_t)i);
        struct cam *other = cam_at_input(cam, input);
        assert_non_null(other);
        assert_non_null(cam_gradient(other, CAM_LOGIT));
        assert_int_equal(cam_input_gradient_at(cam, input, CAM_LOGIT, GRADIENT_PLAIN, gradient, NULL), 0);
        cam_release(cam, mark);
    }
}

TEST(other_inputs_count_their_passes_and_seconds_once)
{
    int count = 20;
    struct bench bench;
    bench_open(&bench, "gap");
    const double base =
        bench_run_probe(&bench, "block2", "probe", (struct bench_probe){visit_often, &(int){0}}).seconds;
    const double start = seconds_now();
    const struct cost cost = bench_run_probe(&bench, "block2", "probe", (struct bench_probe){visit_often, &count});
    const double elapsed = seconds_now() - start;
    assert_true(cost.full == 1 + 2 * count && cost.backward == 2 * count && cost.tail == 0 && cost.repeated == 0);
    assert_true(cost.seconds <= elapsed + base);
    bench_close(&bench);
}

TEST(a_loop_over_inputs_that_releases_its_scratch_takes_that_of_one)
{
    struct bench bench;
    bench_open(&bench, "gap");
    bench_run_probe(&bench, "block2", "probe", (struct bench_probe){visit_often, &(int){1}});
    const size_t image = bench.arena.held_bytes, worker = cam_worker_bytes(&bench.worker);
    bench_run_probe(&bench, "block2", "probe", (struct bench_probe){visit_often, &(int){50}});
    assert_true(cam_worker_bytes(&bench.worker) == worker && bench.arena.held_bytes == image);
    bench_close(&bench);
}

static void release_gradient(struct cam *cam, void *context)
{
    const size_t size = tensor_size(cam_activations(cam));
    float *input = cam_floats(cam, input_size(cam)), *want = cam_floats(cam, size);
    (void)context;
    golden_fill(input, input_size(cam), 3);
    struct cam *other = cam_at_input(cam, input);
    assert_non_null(other);
    const struct arena_mark mark = cam_mark(cam);
    memcpy(want, cam_gradient(other, CAM_LOGIT)->data, size * sizeof *want);
    cam_release(cam, mark);
    float *over = cam_floats(cam, 4 * size);
    for (size_t i = 0; i < 4 * size; i++)
        over[i] = 7;
    assert_memory_equal(cam_gradient(other, CAM_LOGIT)->data, want, size * sizeof *want);
}

TEST(a_gradient_that_was_given_back_is_computed_again)
{
    struct bench bench;
    bench_open(&bench, "gap");
    bench_run_probe(&bench, "block2", "probe", (struct bench_probe){release_gradient, NULL});
    bench_close(&bench);
}

TEST(a_stopped_session_leaves_backward_passes_out)
{
    const volatile sig_atomic_t stop = 1;
    struct bench bench;
    bench_open(&bench, "gap");
    session_stop_when(bench.worker.session, &stop);
    const struct cam_map map = bench_explain(&bench, "gradcam", "", "block2", 0);
    for (int i = 0; i < map.form.h * map.form.w; i++)
        assert_true(map.data[i] == 0);
    bench_close(&bench);
}
