/*
 * tests/methods/test_every_method.c - every method makes the passes that it declares, and its map has the same bits for
 * every number of threads, batch and order of methods.
 */
#include "tests/methods/every_method.h"

#include <omp.h>
#include <stdio.h>

static bool is_listed(const char *name)
{
    for (int i = 0; i < EVERY_METHOD; i++)
        if (strcmp(every_method[i].name, name) == 0)
            return true;
    return false;
}

TEST(every_method_is_listed)
{
    static const char *const others[] = {"maps", "process"}; /* they need a file or a command */
    int left = 0;
    for (int i = 0; methods[i]; i++) {
        const char *name = methods[i]->name;
        const bool is_other = strcmp(name, others[0]) == 0 || strcmp(name, others[1]) == 0;
        assert_true(is_other == (param_required(methods[i]->params) != NULL));
        left += is_other;
        if (!is_other && !is_listed(name))
            fail_msg("%s has no row in tests/methods/every_method.h", name);
    }
    assert_int_equal(left, 2);
}

/* -- costs ---------------------------------------------------------------------------------------------------- */

static void keep_shape(struct cam *cam, void *context)
{
    *(struct tensor *)context = *cam_activations(cam);
}

static void check_cost(struct bench *bench, const struct call *call, const char *layer, const struct tensor *act,
                       double most_passes)
{
    struct cam_map map;
    const struct method *method = bench_method(call->name);
    const void *params = bench_params(bench, method, call->params);
    const struct cost want = cam_cost(method, params, act, network_input(bench->network));
    if (want.full > most_passes || bench_call(bench, call, layer, 1, &map))
        return;
    const struct cost got = map.cost;
    const bool is_equal = got.full == want.full && got.tail == want.tail && got.backward == want.backward;
    const bool is_less = got.full <= want.full && got.tail <= want.tail && got.backward <= want.backward;
    if (!(call->may_stop ? is_less : is_equal))
        fail_msg("%s %s, %s: %g full, %g tail, %g backward declared; %g, %g, %g counted", call->name, call->params,
                 layer, want.full, want.tail, want.backward, got.full, got.tail, got.backward);
}

TEST(declared_passes_are_those_that_are_counted)
{
    static const struct {
        const char *network, *layer;
        double most_passes; /* more full passes would take too long */
    } rows[] = {{"gap", "block2", 1e6},
                {"gap", "block1", 1e6},
                {"vgg", "features.7", 1e6},
                {"resnet18", "layer4", 60},
                {"resnet18", "layer2", 130}};
    for (size_t r = 0; r < sizeof rows / sizeof *rows; r++) {
        struct bench bench;
        struct tensor act;
        bench_open(&bench, rows[r].network);
        bench_run_probe(&bench, rows[r].layer, "probe", (struct bench_probe){keep_shape, &act});
        for (int i = 0; i < EVERY_METHOD; i++)
            check_cost(&bench, &every_method[i], rows[r].layer, &act, rows[r].most_passes);
        bench_close(&bench);
    }
}

/* -- bits ------------------------------------------------------------------------------------------------------ */

enum { MOST = 56 * 48 }; /* values of a map of the networks below */

typedef float all_maps[EVERY_METHOD][MOST];

/* The maps of every call on one pass, from the first to the last or in the other direction. Refused ones stay zero. */
static void call_all(struct bench *bench, const char *layer, bool is_backward, all_maps maps)
{
    memset(maps, 0, EVERY_METHOD * sizeof *maps);
    for (int n = 0; n < EVERY_METHOD; n++) {
        struct cam_map map;
        const int i = is_backward ? EVERY_METHOD - 1 - n : n;
        if (bench_call(bench, &every_method[i], layer, 1, &map)) {
            assert_string_equal(every_method[i].name, "cam"); /* which not every layer has */
            continue;
        }
        const size_t size = (size_t)map.form.h * (size_t)map.form.w;
        assert_true(size <= MOST);
        memcpy(maps[i], map.data, size * sizeof *map.data);
    }
}

static void assert_same_bits(all_maps got, all_maps want, const char *what)
{
    for (int i = 0; i < EVERY_METHOD; i++)
        if (memcmp(got[i], want[i], sizeof got[i]) != 0)
            fail_msg("%s %s: other bits with %s", every_method[i].name, every_method[i].params, what);
}

static const struct setting {
    const char *what;
    int threads, batch;
    bool is_backward;
} settings[] = {
    {"3 threads", 3, 0, false},      {"a batch of 1", 1, 1, false},
    {"a batch of 7", 1, 7, false},   {"3 threads and a batch of 7", 3, 7, false},
    {"the other order", 1, 0, true}, {"3 threads, a batch of 1 and the other order", 3, 1, true},
};

static void use_threads(struct bench *bench, int threads)
{
    session_free(bench->worker.session);
    bench->worker.session = session_create(bench->network, threads, &bench->err);
    assert_non_null(bench->worker.session);
    omp_set_num_threads(threads);
}

static void check_bits(const char *network, const char *layer)
{
    static all_maps want, got;
    struct bench bench;
    bench_open(&bench, network);
    const int threads = omp_get_max_threads();
    use_threads(&bench, 1);
    bench_run(&bench);
    call_all(&bench, layer, false, want);
    call_all(&bench, layer, true, got);
    assert_same_bits(got, want, "the gradients that other methods have computed");
    for (size_t s = 0; s < sizeof settings / sizeof *settings; s++) {
        use_threads(&bench, settings[s].threads);
        bench.batch = settings[s].batch;
        bench_run(&bench);
        call_all(&bench, layer, settings[s].is_backward, got);
        assert_same_bits(got, want, settings[s].what);
    }
    omp_set_num_threads(threads);
    bench_close(&bench);
}

TEST(maps_do_not_depend_on_threads_batch_or_order)
{
    check_bits("gap", "block2");
    check_bits("gap", "block1");
    check_bits("vgg", "features.7");
}
