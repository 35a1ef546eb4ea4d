/* tests/nn/test_engine.c - results do not depend on batch, lanes or threads; tails by difference. */
#include "tests/nn/engine_fixture.h"

static float *logits_one_by_one(const struct fixture *f, int layer)
{
    float *out = floats(IMAGES * f->classes);
    for (uint32_t i = 0; i < IMAGES; i++)
        run_batch(f->session, f, layer, i, 1, out + i * f->classes);
    return out;
}

/* Batches of several sizes that start at several images: bytes equal those of each image alone. */
static bool same_in_batches(struct session *session, const struct fixture *f, int layer, const float *want)
{
    static const int sizes[] = {1, 2, 7, 17, 33, IMAGES}, starts[] = {0, 1, 16};
    float *got = calloc(IMAGES * f->classes, sizeof *got);
    bool same = got != NULL;
    for (int i = 0; i < 18 && same; i++) {
        const int n = sizes[i / 3], first = starts[i % 3];
        if (first + n > IMAGES)
            continue;
        run_batch(session, f, layer, (uint32_t)first, n, got);
        same = memcmp(got, want + (size_t)first * f->classes, (size_t)n * f->classes * sizeof *got) == 0;
    }
    free(got);
    return same;
}

static void check_batches(struct fixture *f, int layer)
{
    float *want = logits_one_by_one(f, layer), *side = floats(session_side_count(f->session));
    session_side_save(f->session, side);
    for (int lanes = 1; lanes <= 3; lanes++) {
        struct session *session = make_session(f->network, lanes);
        session_side_restore(session, side);
        assert_true(same_in_batches(session, f, layer, want));
        session_free(session);
    }
    int wrong = 0;
#pragma omp parallel num_threads(3) reduction(+ : wrong)
    {
        struct error err;
        struct session *session = session_create(f->network, 1, &err);
        if (session) {
            session_side_restore(session, side);
            wrong += !same_in_batches(session, f, layer, want);
        } else {
            wrong++;
        }
        session_free(session);
    }
    assert_int_equal(wrong, 0);
    free(want);
    free(side);
}

TEST(logits_do_not_depend_on_batch_position_lanes_or_threads)
{
    struct fixture f = open_fixture(mixed_graph(), mixed_layers, LAYERS);
    check_batches(&f, -1);
    close_fixture(&f);
    f = open_fixture(vgg_graph(), vgg_layers, 1);
    check_batches(&f, -1);
    close_fixture(&f);
}

TEST(tails_do_not_depend_on_batch_position_lanes_or_threads)
{
    struct fixture f = open_fixture(mixed_graph(), mixed_layers, LAYERS);
    for (int layer = 0; layer < LAYERS; layer++)
        check_batches(&f, layer);
    close_fixture(&f);
    f = open_fixture(vgg_graph(), vgg_layers, 1);
    check_batches(&f, 0);
    close_fixture(&f);
}

/* -- tails by difference ------------------------------------------------------------------------------------------- */

#define WIDE 96 /* channels: 7 x 7 x 96 features, enough for differences */
#define KINDS 4

static struct graph *wide_graph(void)
{
    struct graph *graph = graph_create();
    int x = graph_input(graph, "input", (struct shape){3, 14, 14});
    x = graph_relu(
        graph, "features.1",
        graph_conv2d(graph, "features.0", x, (struct conv2d){.out = WIDE, .kernel = 3, .padding = 1, .bias = true}));
    x = graph_flatten(graph, "flatten", graph_max_pool(graph, "features.2", x, (struct pool2d){.kernel = 2}));
    x = graph_relu(graph, "classifier.1", graph_linear(graph, "classifier.0", x, 70, true));
    graph_linear(graph, "classifier.3", graph_silu(graph, "classifier.2", x), 11, true);
    return graph;
}

/* The layer's value of the base pass: as it is, but for one position 0, with one channel changed, all changed. */
static void changed_source(void *context, int index, float *out)
{
    const struct fixture *f = context;
    const size_t plane = f->layer_size[0] / WIDE, at = (size_t)index % plane;
    const int kind = index % KINDS;
    memcpy(out, f->layer[0], f->layer_size[0] * sizeof *out);
    for (size_t k = 0; k < WIDE; k++)
        for (size_t i = 0; i < plane; i++) {
            float *value = &out[k * plane + i];
            if ((kind == 1 && i != at) || (kind == 2 && k == at % WIDE))
                *value = 0;
            else if (kind == 3)
                *value *= 0.5f;
        }
}

static void check_differences(struct session *session, const struct fixture *f, const float *want, float *first)
{
    float *got = floats(IMAGES * f->classes);
    session_allow_differences(session, true);
    run_tail(session, 0, IMAGES, changed_source, (void *)(uintptr_t)f, got);
    for (size_t i = 0; i < IMAGES * f->classes; i++)
        if (!(fabsf(got[i] - want[i]) <= 1e-5f * (1 + fabsf(want[i]))))
            fail_msg("logit %zu is %.9g by difference, %.9g in full", i, (double)got[i], (double)want[i]);
    assert_memory_equal(got, f->logits, f->classes * sizeof *got);
    if (!*first)
        memcpy(first, got, IMAGES * f->classes * sizeof *got);
    assert_memory_equal(got, first, IMAGES * f->classes * sizeof *got);
    free(got);
}

TEST(tails_by_difference_are_tails)
{
    const char *const layer = "features.1";
    struct fixture f = open_fixture(wide_graph(), &layer, 1);
    float *want = floats(IMAGES * f.classes), *first = calloc(IMAGES * f.classes, sizeof *first);
    float *side = floats(session_side_count(f.session));
    assert_non_null(first);
    session_side_save(f.session, side);
    run_tail(f.session, 0, IMAGES, changed_source, &f, want);
    check_differences(f.session, &f, want, first);
    assert_memory_not_equal(first, want, IMAGES * f.classes * sizeof *want); /* or nothing was done by difference */
    for (int lanes = 2; lanes <= 3; lanes++) {
        struct session *session = make_session(f.network, lanes);
        session_side_restore(session, side);
        check_differences(session, &f, want, first);
        session_free(session);
    }
    float *other = floats(f.input_size), *other_layer = floats(f.layer_size[0]), *other_logits = floats(f.classes);
    golden_fill(other, f.input_size, 9);
    session_base(f.session, other, other_logits, &other_layer); /* another image, and back */
    session_side_restore(f.session, side);
    check_differences(f.session, &f, want, first);
    free(want);
    free(first);
    free(side);
    free(other);
    free(other_layer);
    free(other_logits);
    close_fixture(&f);
}

TEST(a_batch_of_nothing_writes_nothing)
{
    struct fixture f = open_fixture(vgg_graph(), vgg_layers, 1);
    float logits = 7;
    run_batch(f.session, &f, -1, 0, 0, &logits);
    run_batch(f.session, &f, 0, 0, 0, &logits);
    assert_true(logits == 7);
    close_fixture(&f);
}

TEST(layers_that_are_asked_for_do_not_change_the_logits_much)
{
    struct fixture some = open_fixture(mixed_graph(), mixed_layers, LAYERS);
    struct fixture none = open_fixture(mixed_graph(), NULL, 0);
    for (size_t k = 0; k < some.classes; k++)
        assert_true(fabsf(some.logits[k] - none.logits[k]) <= 1e-5f * (1 + fabsf(none.logits[k])));
    close_fixture(&some);
    close_fixture(&none);
}
