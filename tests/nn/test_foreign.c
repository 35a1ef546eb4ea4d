/* tests/nn/test_foreign.c - a network that others run gives what the engine gives, when they use the engine. */
#include "nn/foreign.h"
#include "tests/nn/engine_fixture.h"

#define MOST 7 /* images in a batch: fewer than the tests pass */

/* The others: the session of a fixture. */
struct others {
    struct fixture *f;
    int calls, largest; /* of forward() and its batches */
    bool fails, is_open;
};

static void *open(const void *state, const struct network *network, int workers, struct error *err)
{
    struct others *others = (struct others *)state;
    (void)network, (void)workers, (void)err;
    others->is_open = true;
    return others;
}

static void close(void *connection)
{
    ((struct others *)connection)->is_open = false;
}

static void watch(void *connection, const volatile sig_atomic_t *stop)
{
    session_stop_when(((struct others *)connection)->f->session, stop);
}

static int prepare(void *connection, struct error *err)
{
    (void)connection, (void)err;
    return 0;
}

static int forward(void *connection, const struct foreign_batch *batch, float *logits, float *const *layers,
                   struct error *err)
{
    struct others *others = connection;
    struct session *session = others->f->session;
    const struct session_batch same = {batch->from, SESSION_PLANES, batch->n, batch->source, batch->context};
    others->calls++;
    others->largest = batch->n > others->largest ? batch->n : others->largest;
    if (others->fails)
        return error_set(err, "the others have failed");
    if (layers) {
        batch->source(batch->context, 0, others->f->x);
        session_base(session, others->f->x, logits, layers);
        return 0;
    }
    if (batch->from != SESSION_INPUT)
        session_base(session, batch->input, others->f->logits, others->f->layer);
    session_run(session, &same, logits);
    return 0;
}

static int gradients(void *connection, const struct foreign_gradients *wanted, float *logits, struct error *err)
{
    struct others *others = connection;
    const struct session_backward same = {.weigh = wanted->weigh,
                                          .context = wanted->context,
                                          .from = SESSION_INPUT,
                                          .value = wanted->input,
                                          .layer_count = wanted->layer_count,
                                          .layers = wanted->layers,
                                          .gradients = wanted->gradients};
    return session_gradients(others->f->session, &same, logits, err);
}

static int tangent(void *connection, const struct foreign_tangent *wanted, float *out, struct error *err)
{
    struct fixture *f = ((struct others *)connection)->f;
    session_base(f->session, wanted->input, f->logits, f->layer);
    return session_tangent(f->session, wanted->layer, f->layer[wanted->layer], wanted->direction, out, err);
}

static const struct foreign_work work = {"others", open, close, watch, prepare, forward, gradients, tangent};

/* The fixture's network by the engine and by others, with a base pass run on both. */
struct both {
    struct fixture f, other;
    struct others others;
    struct network *network;
    struct session *session;
    float *logits, *layer[LAYERS];
};

static void open_both(struct both *both)
{
    struct error err = {0};
    struct foreign_layer layers[LAYERS];
    both->f = open_fixture(mixed_graph(), mixed_layers, LAYERS);
    both->other = open_fixture(mixed_graph(), mixed_layers, LAYERS);
    both->others = (struct others){.f = &both->other};
    for (int i = 0; i < LAYERS; i++) {
        layers[i] = (struct foreign_layer){mixed_layers[i], network_layer_shape(both->f.network, i)};
        both->layer[i] = floats(both->f.layer_size[i]);
    }
    both->network = network_create_foreign(&(struct foreign){.input = both->f.input,
                                                             .classes = (int)both->f.classes,
                                                             .batch = MOST,
                                                             .layer_count = LAYERS,
                                                             .layers = layers,
                                                             .work = &work,
                                                             .state = &both->others},
                                           &err);
    assert_non_null(both->network);
    both->session = make_session(both->network, 1);
    both->logits = floats(both->f.classes);
    session_base(both->session, both->f.x, both->logits, both->layer);
    both->others.calls = 0;
}

static void close_both(struct both *both)
{
    session_free(both->session);
    assert_false(both->others.is_open);
    network_free(both->network);
    for (int i = 0; i < LAYERS; i++)
        free(both->layer[i]);
    free(both->logits);
    close_fixture(&both->f);
    close_fixture(&both->other);
}

TEST(a_foreign_network_has_shapes_and_names_and_no_steps)
{
    struct both both;
    open_both(&both);
    assert_true(network_is_foreign(both.network));
    assert_false(network_is_foreign(both.f.network));
    assert_int_equal(network_classes(both.network), both.f.classes);
    assert_int_equal(network_find_layer(both.network, "block"), 1);
    assert_int_equal(network_layer_shape(both.network, 1).c, network_layer_shape(both.f.network, 1).c);
    assert_int_equal(network_step_count(both.network), 0);
    assert_false(network_pooled_linear(both.network, 0));
    assert_false(network_pooled_classes(both.network, 0));
    assert_string_equal(network_kernels(both.network), "others");
    assert_true(network_bytes(both.network) > 0);
    close_both(&both);
}

TEST(a_foreign_base_pass_gives_logits_and_layers)
{
    struct both both;
    open_both(&both);
    assert_memory_equal(both.logits, both.f.logits, both.f.classes * sizeof(float));
    for (int i = 0; i < LAYERS; i++)
        assert_memory_equal(both.layer[i], both.f.layer[i], both.f.layer_size[i] * sizeof(float));
    close_both(&both);
}

/* Writes the row's item with the channels of each position side by side. */
static void positions_source(void *context, int index, float *out)
{
    const struct shape shape = {24, 8, 7}; /* of "features" */
    const size_t plane = shape_positions(shape);
    float *planes = floats(shape_size(shape));
    row_source(context, index, planes);
    for (size_t k = 0; k < (size_t)shape.c; k++)
        for (size_t i = 0; i < plane; i++)
            out[i * (size_t)shape.c + k] = planes[k * plane + i];
    free(planes);
}

TEST(foreign_batches_are_split_at_the_limit_and_tails_refer_to_the_base_pass)
{
    struct both both;
    open_both(&both);
    float *expected = floats(20 * both.f.classes), *got = floats(20 * both.f.classes);
    for (int layer = SESSION_INPUT; layer < LAYERS; layer++) {
        run_batch(both.f.session, &both.f, layer, 5, 20, expected);
        run_batch(both.session, &both.f, layer, 5, 20, got);
        assert_memory_equal(got, expected, 20 * both.f.classes * sizeof *got);
    }
    assert_int_equal(both.others.largest, MOST);
    assert_int_equal(both.others.calls, 4 * 3);
    struct row row = {5, both.f.layer_size[0]};
    run_batch(both.f.session, &both.f, 0, 5, 20, expected);
    session_run(both.session, &(struct session_batch){0, SESSION_POSITIONS, 20, positions_source, &row}, got);
    assert_memory_equal(got, expected, 20 * both.f.classes * sizeof *got);
    free(expected);
    free(got);
    close_both(&both);
}

TEST(foreign_side_values_go_back_to_an_earlier_image)
{
    struct both both;
    open_both(&both);
    float *side = floats(session_side_count(both.session)), *got = floats(3 * both.f.classes),
          *expected = floats(3 * both.f.classes), *other = floats(both.f.input_size);
    session_side_save(both.session, side);
    golden_fill(other, both.f.input_size, 99);
    session_base(both.session, other, both.logits, both.layer);
    session_side_restore(both.session, side);
    run_batch(both.f.session, &both.f, 2, 5, 3, expected);
    run_batch(both.session, &both.f, 2, 5, 3, got);
    assert_memory_equal(got, expected, 3 * both.f.classes * sizeof *got);
    free(side);
    free(got);
    free(expected);
    free(other);
    close_both(&both);
}

TEST(foreign_gradients_begin_at_the_input)
{
    struct both both;
    struct error err = {0};
    const int layers[2] = {1, SESSION_INPUT};
    open_both(&both);
    assert_int_equal(session_gradient_start(both.session, layers, 1), SESSION_INPUT);
    float *q = floats(both.f.classes), *expected = floats(both.f.input_size), *block = floats(both.f.layer_size[1]),
          *got = floats(both.f.input_size), *expected_block = floats(both.f.layer_size[1]);
    golden_fill(q, both.f.classes, 3);
    struct session_backward given = {.cotangent = q,
                                     .from = SESSION_INPUT,
                                     .value = both.f.x,
                                     .layer_count = 2,
                                     .layers = layers,
                                     .gradients = (float *[]){expected_block, expected}};
    assert_int_equal(session_gradients(both.f.session, &given, NULL, &err), 0);
    given.gradients = (float *[]){block, got};
    assert_int_equal(session_gradients(both.session, &given, both.logits, &err), 0);
    assert_memory_equal(got, expected, both.f.input_size * sizeof *got);
    assert_memory_equal(block, expected_block, both.f.layer_size[1] * sizeof *block);
    assert_memory_equal(both.logits, both.f.logits, both.f.classes * sizeof(float));
    free(q);
    free(expected);
    free(block);
    free(got);
    free(expected_block);
    close_both(&both);
}

TEST(foreign_tangents_are_those_at_the_last_base_pass)
{
    struct both both;
    struct error err = {0};
    open_both(&both);
    float *expected = floats(both.f.classes), *direction = floats(both.f.layer_size[0]);
    golden_fill(direction, both.f.layer_size[0], 8);
    assert_int_equal(session_tangent(both.f.session, 0, both.f.layer[0], direction, expected, &err), 0);
    assert_int_equal(session_tangent(both.session, 0, both.layer[0], direction, both.logits, &err), 0);
    assert_memory_equal(both.logits, expected, both.f.classes * sizeof *expected);
    free(expected);
    free(direction);
    close_both(&both);
}

static int visitor(void *context, const struct session_visit *visit)
{
    (void)context, (void)visit;
    return 0;
}

/* What session_gradients() says of a backward pass. */
static void assert_lacks(struct session *session, struct session_backward given, const char *what)
{
    struct error err = {0};
    assert_int_equal(session_gradients(session, &given, NULL, &err), -1);
    if (!strstr(err.text, what) || !strstr(err.text, "which a network that another program runs does not have"))
        fail_msg("%s", err.text);
}

TEST(what_needs_the_graph_is_refused_by_name)
{
    struct both both;
    struct error err = {0};
    open_both(&both);
    struct session_backward given = {
        .cotangent = both.logits, .from = SESSION_INPUT, .value = both.f.x, .rule = GRADIENT_GUIDED};
    assert_lacks(both.session, given, "a rule for ReLU other than its derivative");
    given.rule = GRADIENT_PLAIN;
    given.visit = visitor;
    assert_lacks(both.session, given, "the gradient at each step");
    assert_int_equal(session_multipliers(both.session, &(struct session_lift){.from = 0}, &err), -1);
    assert_non_null(strstr(err.text, "DeepLIFT multipliers"));
    close_both(&both);
}

TEST(a_failure_of_a_foreign_pass_is_kept_until_it_is_taken)
{
    struct both both;
    struct error err = {0};
    open_both(&both);
    float *got = floats(20 * both.f.classes);
    got[19 * both.f.classes] = 1;
    both.others.fails = true;
    run_batch(both.session, &both.f, SESSION_INPUT, 5, 20, got);
    assert_int_equal(both.others.calls, 1); /* the rest of the batch is left out */
    assert_true(got[0] == 0 && got[19 * both.f.classes] == 0);
    both.others.fails = false;
    session_base(both.session, both.f.x, both.logits, both.layer);
    assert_int_equal(both.others.calls, 1);
    assert_int_equal(session_take_error(both.session, &err), -1);
    assert_string_equal(err.text, "the others have failed");
    assert_int_equal(session_take_error(both.session, &err), 0);
    assert_int_equal(session_prepare(both.session, &err), 0);
    session_base(both.session, both.f.x, both.logits, both.layer);
    assert_memory_equal(both.logits, both.f.logits, both.f.classes * sizeof(float));
    free(got);
    close_both(&both);
}

TEST(a_stopped_session_leaves_foreign_passes_out)
{
    struct both both;
    open_both(&both);
    const volatile sig_atomic_t stop = 1;
    session_stop_when(both.session, &stop);
    run_batch(both.session, &both.f, SESSION_INPUT, 5, 3, (float[3 * 10]){0});
    assert_int_equal(both.others.calls, 0);
    close_both(&both);
}
