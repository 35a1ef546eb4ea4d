/* tests/methods/test_lifecycle.c - what a method has from open() to close(), and what ends with a call. */
#include "tests/methods/networks.h"

static int opened, closed;

static void *open_counted(const void *params, struct arena *arena, struct error *err)
{
    int *calls = arena_alloc(arena, 1, sizeof *calls);
    (void)params;
    opened++;
    if (!calls)
        error_memory(err, "a count");
    return calls;
}

static void close_counted(void *state)
{
    closed += *(int *)state;
}

/* Writes its number of calls before this one; leaves a megabyte of scratch. */
static int count_calls(struct cam *cam, const void *params, float *map)
{
    int *calls = cam_state(cam);
    (void)params;
    if (!cam_floats(cam, 1 << 18))
        return -1;
    for (size_t i = 0; i < tensor_plane(cam_activations(cam)); i++)
        map[i] = (float)*calls;
    ++*calls;
    return 0;
}

static const struct method counted = {.abi = METHOD_ABI,
                                      .name = "counted",
                                      .title = "counted",
                                      .version = 1,
                                      .explain = count_calls,
                                      .open = open_counted,
                                      .close = close_counted};

static struct cam_map explain(struct bench *bench, const struct method *method, const void *params)
{
    struct cam_map map;
    if (cam_explain(bench->pass, method, params, 0, method->name, &map, &bench->err))
        fail_msg("%s", bench->err.text);
    return map;
}

TEST(a_worker_opens_a_method_once_for_each_set_of_parameters)
{
    const int params[2] = {0};
    struct bench bench;
    bench_open(&bench, "gap");
    opened = closed = 0;
    assert_true(explain(&bench, &counted, &params[0]).data[0] == 0);
    assert_true(explain(&bench, &counted, &params[0]).data[0] == 1);
    bench_run(&bench); /* another image */
    assert_true(explain(&bench, &counted, &params[0]).data[0] == 2);
    assert_true(explain(&bench, &counted, &params[1]).data[0] == 0);
    assert_int_equal(opened, 2);
    bench_close(&bench);
    assert_int_equal(closed, 4); /* both, with three calls and one */
}

TEST(scratch_ends_with_the_call)
{
    struct bench bench;
    bench_open(&bench, "gap");
    explain(&bench, &counted, NULL);
    const size_t image = bench.arena.held_bytes, worker = cam_worker_bytes(&bench.worker);
    for (int i = 0; i < 50; i++)
        explain(&bench, &counted, NULL);
    assert_true(cam_worker_bytes(&bench.worker) == worker);
    assert_true(bench.arena.held_bytes < image + (1 << 20)); /* 50 maps of 7 x 6, no scratch */
    bench_close(&bench);
}

static int keep_gradient(struct cam *cam, const void *params, float *map)
{
    (void)params;
    const struct tensor *gradient = cam_gradient(cam, CAM_LOGIT);
    if (!gradient)
        return -1;
    memcpy(map, gradient->data, tensor_plane(gradient) * sizeof *map);
    return 0;
}

TEST(a_kept_gradient_outlives_the_call_that_made_it)
{
    static const struct method keeping = {.abi = METHOD_ABI, .name = "keeping", .version = 1, .explain = keep_gradient};
    struct bench bench;
    bench_open(&bench, "gap");
    const struct cam_map first = explain(&bench, &keeping, NULL);
    explain(&bench, &counted, NULL); /* writes over the scratch */
    const struct cam_map second = explain(&bench, &keeping, NULL);
    assert_memory_equal(first.data, second.data, 7 * 6 * sizeof *first.data);
    bench_close(&bench);
}

static int fail_with_a_name(struct cam *cam, const void *params, float *map)
{
    (void)params, (void)map;
    return cam_fail(cam, "image \"%s\", number %d, has no map", cam_image_name(cam), cam_image_index(cam));
}

static int fail_silently(struct cam *cam, const void *params, float *map)
{
    (void)cam, (void)params, (void)map;
    return -1;
}

static void *open_nothing(const void *params, struct arena *arena, struct error *err)
{
    (void)params, (void)arena;
    error_set(err, "could not open file \"maps.h5\": it is not there");
    return NULL;
}

static void check_failure(struct method method, const char *reason)
{
    struct bench bench;
    struct cam_map map;
    method.abi = METHOD_ABI;
    bench_open(&bench, "gap");
    closed = 0;
    assert_int_equal(cam_explain(bench.pass, &method, NULL, 0, "x", &map, &bench.err), -1);
    assert_string_equal(bench.err.text, reason);
    bench_close(&bench);
    assert_int_equal(closed, 0);
}

TEST(a_method_names_the_reason_of_its_failure)
{
    check_failure((struct method){.explain = fail_with_a_name}, "image \"image\", number 7, has no map");
    check_failure((struct method){.explain = fail_silently}, "it failed and gave no reason");
    check_failure((struct method){.explain = count_calls, .open = open_nothing, .close = close_counted},
                  "could not open file \"maps.h5\": it is not there");
}

TEST(a_method_of_another_interface_is_refused)
{
    const struct method newer = {.abi = METHOD_ABI + 1, .name = "newer"};
    struct error err;
    char want[96];
    snprintf(want, sizeof want, "method \"newer\": was written for interface %d, this program has %d", METHOD_ABI + 1,
             METHOD_ABI);
    assert_int_equal(cam_check_method(&newer, &err), -1);
    assert_non_null(strstr(err.text, want));
    assert_int_equal(cam_check_method(methods[0], &err), 0);
}
