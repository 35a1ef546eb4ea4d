/* nn/foreign.c - networks that others run, and their sessions: checks, splits batches, keeps the first error. */
#include "nn/foreign.h"

#include "nn/session_private.h"

#include <assert.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

/* -- the graph that stands for it ----------------------------------------------------------------------------------- */

struct stand_in {
    struct shape shape;
    double macs;
};

static const char *stand_in_shape(const struct node *node, const struct shape *in, struct shape *out)
{
    (void)in;
    *out = ((const struct stand_in *)node->attributes)->shape;
    return NULL;
}

static double stand_in_macs(const struct node *node, const struct shape *in)
{
    (void)in;
    return ((const struct stand_in *)node->attributes)->macs;
}

static const struct op stand_in = {.name = "foreign",
                                   .inputs_least = 1,
                                   .inputs_most = 1,
                                   .attributes_size = sizeof(struct stand_in),
                                   .shape = stand_in_shape,
                                   .macs = stand_in_macs};

int graph_foreign(struct graph *graph, const char *name, int input, struct shape shape, double macs)
{
    return graph_add(graph, &stand_in, name, &input, 1, &(struct stand_in){shape, macs}, NULL);
}

/* -- the network ---------------------------------------------------------------------------------------------------- */

enum { VALUE_INPUT, VALUE_LOGITS, VALUE_FIRST_LAYER };

static int fill(struct network *network, const struct foreign *foreign, struct error *err)
{
    struct arena *arena = &network->arena;
    const size_t layers = (size_t)foreign->layer_count;
    struct foreign *own = arena_alloc(arena, 1, sizeof *own);
    network->values = arena_alloc(arena, layers + VALUE_FIRST_LAYER, sizeof *network->values);
    network->layer_names = arena_alloc(arena, layers + 1, sizeof *network->layer_names);
    network->layer_values = arena_alloc(arena, layers + 1, sizeof *network->layer_values);
    if (!own || !network->values || !network->layer_names || !network->layer_values)
        return error_memory(err, "the network");
    *own = *foreign;
    own->layers = NULL;
    network->foreign = own;
    network->foreign_name = own->work->name;
    network->input = network->values[VALUE_INPUT] = foreign->input;
    network->values[VALUE_LOGITS] = (struct shape){foreign->classes, 1, 1};
    network->logits = VALUE_LOGITS;
    network->value_count = foreign->layer_count + VALUE_FIRST_LAYER;
    network->layer_count = foreign->layer_count;
    for (int i = 0; i < foreign->layer_count; i++) {
        network->layer_values[i] = VALUE_FIRST_LAYER + i;
        network->values[VALUE_FIRST_LAYER + i] = foreign->layers[i].shape;
        network->layer_names[i] = arena_string(arena, foreign->layers[i].name);
        if (!network->layer_names[i])
            return error_memory(err, "the network");
    }
    return 0;
}

struct network *network_create_foreign(const struct foreign *foreign, struct error *err)
{
    struct network *network = calloc(1, sizeof *network);
    if (!network) {
        error_memory(err, "the network");
        return NULL;
    }
    arena_init(&network->arena, 0);
    if (fill(network, foreign, err) == 0)
        return network;
    network_free(network);
    return NULL;
}

bool network_is_foreign(const struct network *network)
{
    return network->foreign;
}

int foreign_lacks(const char *what, struct error *err)
{
    return error_set(err, "needs %s, which a network that another program runs does not have", what);
}

/* -- sessions ------------------------------------------------------------------------------------------------------- */

struct foreign_session {
    const struct network *network;
    const struct foreign_work *work;
    void *connection;
    int workers;
    const volatile sig_atomic_t *stop;
    struct arena arena;
    float *side;
    float **scratch; /* [worker], room for the largest value */
    struct error error;
    bool has_failed; /* `error` has not been taken */
};

static int allocate(struct foreign_session *session, struct error *err)
{
    const struct network *network = session->network;
    size_t largest = 0;
    for (int v = 0; v < network->value_count; v++)
        if (shape_size(network->values[v]) > largest)
            largest = shape_size(network->values[v]);
    session->side = arena_floats(&session->arena, shape_size(network->input));
    session->scratch = arena_alloc(&session->arena, (size_t)session->workers, sizeof *session->scratch);
    if (!session->side || !session->scratch)
        return error_memory(err, "a session");
    for (int i = 0; i < session->workers; i++) {
        session->scratch[i] = arena_floats(&session->arena, largest);
        if (!session->scratch[i])
            return error_memory(err, "a session");
    }
    return 0;
}

struct foreign_session *foreign_open(const struct network *network, int workers, struct error *err)
{
    struct foreign_session *session = calloc(1, sizeof *session);
    if (!session) {
        error_memory(err, "a session");
        return NULL;
    }
    session->network = network;
    session->work = network->foreign->work;
    session->workers = workers;
    arena_init(&session->arena, 0);
    if (allocate(session, err) == 0)
        session->connection = session->work->open(network->foreign->state, network, workers, err);
    if (session->connection)
        return session;
    foreign_close(session);
    return NULL;
}

void foreign_close(struct foreign_session *session)
{
    if (!session)
        return;
    if (session->connection)
        session->work->close(session->connection);
    arena_release(&session->arena);
    free(session);
}

void foreign_stop_when(struct foreign_session *session, const volatile sig_atomic_t *stop)
{
    session->stop = stop;
    session->work->watch(session->connection, stop);
}

int foreign_prepare(struct foreign_session *session, struct error *err)
{
    return foreign_take_error(session, err) ? -1 : session->work->prepare(session->connection, err);
}

int foreign_take_error(struct foreign_session *session, struct error *err)
{
    if (!session->has_failed)
        return 0;
    session->has_failed = false;
    *err = session->error;
    return -1;
}

float *foreign_side(struct foreign_session *session)
{
    return session->side;
}

/* -- forward -------------------------------------------------------------------------------------------------------- */

/* Items of a caller's batch from `first` on, turned into planes. */
struct part {
    const struct session_batch *given;
    const struct foreign_session *session;
    int first;
    struct shape shape;
};

static void part_source(void *context, int index, float *out)
{
    const struct part *part = context;
    const struct session_batch *given = part->given;
    if (given->form == SESSION_PLANES) {
        given->source(given->context, part->first + index, out);
        return;
    }
    float *positions = part->session->scratch[omp_get_thread_num() % part->session->workers];
    given->source(given->context, part->first + index, positions);
    to_outside(positions, part->shape, out);
}

static bool is_left_out(const struct foreign_session *session)
{
    return session->has_failed || (session->stop && *session->stop);
}

static void run_part(struct foreign_session *session, struct part *part, int count, float *logits)
{
    const int from = part->given->from;
    const struct foreign_batch batch = {.from = from,
                                        .input = session->side,
                                        .n = count,
                                        .source = part_source,
                                        .context = part,
                                        .workers = session->workers};
    if (!is_left_out(session) && session->work->forward(session->connection, &batch, logits, NULL, &session->error))
        session->has_failed = true;
    if (is_left_out(session))
        memset(logits, 0, (size_t)count * (size_t)network_classes(session->network) * sizeof *logits);
}

void foreign_run(struct foreign_session *session, const struct session_batch *given, float *logits)
{
    const struct network *network = session->network;
    const size_t classes = (size_t)network_classes(network);
    struct part part = {given, session, 0,
                        given->from == SESSION_INPUT ? network->input : network_layer_shape(network, given->from)};
    for (; part.first < given->n; part.first += network->foreign->batch) {
        const int left = given->n - part.first;
        run_part(session, &part, left < network->foreign->batch ? left : network->foreign->batch,
                 logits + (size_t)part.first * classes);
    }
}

static void copy_side(void *context, int index, float *out)
{
    const struct foreign_session *session = context;
    (void)index;
    memcpy(out, session->side, shape_size(session->network->input) * sizeof *out);
}

void foreign_base(struct foreign_session *session, const float *input, float *logits, float *const *layers)
{
    const struct network *network = session->network;
    const struct foreign_batch batch = {
        .from = SESSION_INPUT, .n = 1, .source = copy_side, .context = session, .workers = 1};
    memcpy(session->side, input, shape_size(network->input) * sizeof *input);
    if (!is_left_out(session) && session->work->forward(session->connection, &batch, logits, layers, &session->error))
        session->has_failed = true;
    if (!is_left_out(session))
        return;
    memset(logits, 0, (size_t)network_classes(network) * sizeof *logits);
    for (int i = 0; i < network->layer_count; i++)
        memset(layers[i], 0, shape_size(network_layer_shape(network, i)) * sizeof *layers[i]);
}

/* -- gradients ------------------------------------------------------------------------------------------------------ */

struct given_weights {
    const float *cotangent;
    size_t classes;
};

static void copy_weights(void *context, const float *logits, float *q)
{
    const struct given_weights *given = context;
    (void)logits;
    memcpy(q, given->cotangent, given->classes * sizeof *q);
}

int foreign_run_gradients(struct foreign_session *session, const struct session_backward *given, float *logits,
                          struct error *err)
{
    struct given_weights weights = {given->cotangent, (size_t)network_classes(session->network)};
    if (session->stop && *session->stop)
        return 0;
    if (foreign_take_error(session, err))
        return -1;
    if (given->visit)
        return foreign_lacks("the gradient at each step", err);
    if (given->rule != GRADIENT_PLAIN)
        return foreign_lacks("a rule for ReLU other than its derivative", err);
    assert(given->from == SESSION_INPUT); /* session_gradient_start() */
    const struct foreign_gradients wanted = {.input = given->value,
                                             .weigh = given->cotangent ? copy_weights : given->weigh,
                                             .context = given->cotangent ? &weights : given->context,
                                             .layer_count = given->layer_count,
                                             .layers = given->layers,
                                             .gradients = given->gradients};
    return session->work->gradients(session->connection, &wanted, logits, err);
}

int foreign_run_tangent(struct foreign_session *session, int layer, const float *direction, float *tangent,
                        struct error *err)
{
    if (session->stop && *session->stop)
        return 0;
    if (foreign_take_error(session, err))
        return -1;
    const struct foreign_tangent wanted = {session->side, layer, direction};
    return session->work->tangent(session->connection, &wanted, tangent, err);
}
