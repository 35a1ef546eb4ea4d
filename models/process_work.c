/*
 * models/process_work.c - requests to a process: forward, tail, gradient.
 *
 * Images are written to the shared memory one at a time, by several threads, so that a batch is nowhere else.
 */
#include "models/process_work.h"

#include "base/numbers.h"
#include "base/text.h"

#include <math.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A session's process. */
struct connection {
    struct process_network *state;
    const struct network *network;
    int workers;
    struct arena arena;
    struct script script;
    bool is_made; /* script was initialised */
    const volatile sig_atomic_t *stop;
    float **item;  /* [worker] */
    float *answer; /* room for one value */
};

/* -- life ----------------------------------------------------------------------------------------------------------- */

static void *open(const void *state, const struct network *network, int workers, struct error *err)
{
    struct connection *connection = calloc(1, sizeof *connection);
    if (!connection) {
        error_memory(err, "a connection to a process");
        return NULL;
    }
    connection->state = (struct process_network *)state;
    connection->network = network;
    connection->workers = workers;
    arena_init(&connection->arena, 0);
    return connection;
}

static void close(void *given)
{
    struct connection *connection = given;
    if (connection->is_made)
        script_end(&connection->script, PROCESS_END_SECONDS);
    arena_release(&connection->arena);
    free(connection);
}

static void watch(void *given, const volatile sig_atomic_t *stop)
{
    ((struct connection *)given)->stop = stop;
}

static bool is_stopped(const void *given)
{
    const struct connection *connection = given;
    return connection->stop && *connection->stop;
}

static bool take_first(struct connection *connection)
{
    struct process_network *state = connection->state;
    pthread_mutex_lock(&state->lock);
    const bool has_first = state->has_first;
    state->has_first = false;
    pthread_mutex_unlock(&state->lock);
    if (has_first)
        connection->script = state->first;
    return has_first;
}

static int start(struct connection *connection, struct error *err)
{
    struct script *script = &connection->script;
    struct process_declaration declared;
    const struct arena_mark mark = arena_mark(&connection->arena);
    if (script_start(script, err) || process_declare(script, &connection->arena, &declared, err))
        return -1;
    const bool is_same = process_declares_same(&declared, &connection->state->declared);
    arena_rewind(&connection->arena, mark);
    return is_same ? 0 : script_fail(script, err, "declares another network than when it was first started");
}

static size_t largest_value(const struct network *network)
{
    size_t largest = shape_size(network_input(network));
    for (int i = 0; i < network_layer_count(network); i++) {
        const size_t size = shape_size(network_layer_shape(network, i));
        largest = size > largest ? size : largest;
    }
    return largest;
}

/* Makes the script and the memory, once. */
static int make(struct connection *connection, struct error *err)
{
    struct process_network *state = connection->state;
    const size_t workers = (size_t)connection->workers, size = largest_value(connection->network);
    connection->item = arena_alloc(&connection->arena, workers, sizeof *connection->item);
    connection->answer = arena_floats(&connection->arena, size);
    bool has_room = connection->item && connection->answer;
    for (size_t i = 0; has_room && i < workers; i++)
        has_room = (connection->item[i] = arena_floats(&connection->arena, size));
    if (!has_room)
        return error_memory(err, "a connection to a process");
    if (!take_first(connection) &&
        script_init(&connection->script, state->command, state->timeout, &connection->arena, err))
        return -1;
    connection->is_made = true;
    connection->script.is_stopped = is_stopped;
    connection->script.context = connection;
    return 0;
}

static int prepare(void *given, struct error *err)
{
    struct connection *connection = given;
    char line[64];
    if (connection->is_made && connection->script.child)
        return 0;
    if (!connection->is_made && make(connection, err))
        return -1;
    if (!connection->script.child && start(connection, err))
        return -1;
    snprintf(line, sizeof line, "start threads=%d", connection->workers);
    return script_send(&connection->script, line, err);
}

/* -- requests ------------------------------------------------------------------------------------------------------- */

/* A line under construction. */
struct line {
    char text[SCRIPT_LINE_BYTES + 64];
    size_t length;
};

__attribute__((format(printf, 2, 3))) static void add(struct line *line, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const size_t room = sizeof line->text - line->length;
    const int size = vsnprintf(line->text + line->length, room, format, args);
    va_end(args);
    line->length += (size_t)size < room ? (size_t)size : room - 1; /* script_send() refuses a line that is too long */
}

static void add_shape(struct line *line, struct shape shape)
{
    add(line, " %dx%dx%d", shape.c, shape.h, shape.w);
}

/* The name by which the process knows a layer; the network may have it in another spelling. */
static const char *name_of(const struct connection *connection, int layer)
{
    struct error ignored; /* models/process_model.c has found them all */
    const struct graph *graph = connection->state->graph;
    if (layer == SESSION_INPUT)
        return "input";
    return graph_node(graph, graph_find(graph, network_layer_name(connection->network, layer), &ignored)).name;
}

static struct shape shape_of(const struct connection *connection, int layer)
{
    return layer == SESSION_INPUT ? network_input(connection->network)
                                  : network_layer_shape(connection->network, layer);
}

/* Sends a request and waits for `expected`, the reply "ok SIZES". */
static int ask(struct connection *connection, const char *request, const struct line *expected, struct error *err)
{
    struct script *script = &connection->script;
    char shown[512], reason[640];
    script_begin_limit(script);
    if (script_check_idle(script, err) || script_send(script, request, err) || script_receive(script, err))
        return -1;
    if (strncmp(script->line, "error", 5) == 0 && strchr(" ", script->line[5])) {
        text_printable(script->line + 5 + (script->line[5] == ' '), shown, sizeof shown);
        snprintf(reason, sizeof reason, "could not serve %.64s: %s", request, shown);
        script_describe(script, reason, err);
        return -1;
    }
    if (strcmp(script->line, expected->text) == 0)
        return 0;
    return script_fail(script, err, "answered %.64s with \"%s\"; it must be \"%.200s\"", request,
                       text_printable(script->line, shown, 200), expected->text);
}

/* Reads `count` numbers from place *first on, which then moves behind them. */
static int read_numbers(struct connection *connection, const char *what, size_t *first, float *out, size_t count,
                        struct error *err)
{
    struct script *script = &connection->script;
    if (!script_read(script, *first, out, count))
        return script_fail(script, err, "answered with %s, but descriptor 5 holds fewer than %zu floats", what,
                           *first + count);
    *first += count;
    for (size_t i = 0; i < count; i++)
        if (!isfinite(out[i]))
            return script_fail(script, err, "answered with %s that are %g at position %zu", what,
                               (double)(isnan(out[i]) ? NAN : out[i]), i); /* without the sign of NaN */
    return 0;
}

static int write_numbers(struct connection *connection, size_t first, const float *data, size_t count,
                         struct error *err)
{
    if (script_write(&connection->script, first, data, count, err)) {
        script_end(&connection->script, 0);
        return -1;
    }
    return 0;
}

static int write_items(struct connection *connection, const struct foreign_batch *batch, size_t first,
                       struct error *err)
{
    const size_t size = shape_size(shape_of(connection, batch->from));
    bool has_failed = false;
#pragma omp parallel for num_threads(batch->workers) if (batch->workers > 1 && batch->n > 1)
    for (int i = 0; i < batch->n; i++) {
        struct error own;
        float *item = connection->item[omp_get_thread_num() % connection->workers];
        batch->source(batch->context, i, item);
        if (script_write(&connection->script, first + (size_t)i * size, item, size, &own))
#pragma omp critical(process_items)
            has_failed = true;
    }
    if (!has_failed)
        return 0;
    script_end(&connection->script, 0);
    return error_memory(err, "the images of a batch");
}

/* -- forward -------------------------------------------------------------------------------------------------------- */

static int read_layers(struct connection *connection, size_t first, float *const *layers, struct error *err)
{
    for (int i = 0; i < network_layer_count(connection->network); i++)
        if (read_numbers(connection, "activations", &first, layers[i], shape_size(shape_of(connection, i)), err))
            return -1;
    return 0;
}

static int forward(void *given, const struct foreign_batch *batch, float *logits, float *const *layers,
                   struct error *err)
{
    struct connection *connection = given;
    const int outputs = network_classes(connection->network);
    const size_t count = (size_t)batch->n * (size_t)outputs, input = shape_size(network_input(connection->network));
    struct line request = {.text = ""}, expected = {.text = ""};
    size_t first = 0;
    if (prepare(connection, err))
        return -1;
    if (batch->from != SESSION_INPUT) {
        add(&request, "tail %d %s", batch->n, name_of(connection, batch->from));
        if (write_numbers(connection, 0, batch->input, input, err))
            return -1;
    } else
        add(&request, "forward %d", batch->n);
    add(&expected, "ok %dx%d", batch->n, outputs);
    for (int i = 0; layers && i < network_layer_count(connection->network); i++) {
        add(&request, " %s", name_of(connection, i));
        add_shape(&expected, shape_of(connection, i));
    }
    return status_of(write_items(connection, batch, batch->from == SESSION_INPUT ? 0 : input, err) ||
                     ask(connection, request.text, &expected, err) ||
                     read_numbers(connection, "logits", &first, logits, count, err) ||
                     (layers && read_layers(connection, first, layers, err)));
}

/* -- gradients ------------------------------------------------------------------------------------------------------ */

/* Asks for a pass at an input, and reads its logits; what is asked for next are derivatives of it at the layers. */
static int begin_gradient(struct connection *connection, const float *input, int layer_count, const int *layers,
                          float *logits, struct error *err)
{
    const size_t outputs = (size_t)network_classes(connection->network);
    struct line request = {.text = ""}, expected = {.text = ""};
    size_t first = 0;
    if (prepare(connection, err))
        return -1;
    add(&request, "gradient");
    for (int i = 0; i < layer_count; i++)
        add(&request, " %s", name_of(connection, layers[i]));
    add(&expected, "ok %zu", outputs);
    return status_of(write_numbers(connection, 0, input, shape_size(network_input(connection->network)), err) ||
                     ask(connection, request.text, &expected, err) ||
                     read_numbers(connection, "logits", &first, logits, outputs, err));
}

/* Asks for J^T q, and reads it. */
static int weigh(struct connection *connection, const struct foreign_gradients *wanted, const float *q,
                 struct error *err)
{
    struct line expected = {.text = ""};
    size_t first = 0;
    add(&expected, "ok");
    for (int i = 0; i < wanted->layer_count; i++)
        add_shape(&expected, shape_of(connection, wanted->layers[i]));
    if (write_numbers(connection, 0, q, (size_t)network_classes(connection->network), err) ||
        ask(connection, "weights", &expected, err))
        return -1;
    for (int i = 0; i < wanted->layer_count; i++)
        if (read_numbers(connection, "gradients", &first, wanted->gradients[i],
                         shape_size(shape_of(connection, wanted->layers[i])), err))
            return -1;
    return 0;
}

static int gradients(void *given, const struct foreign_gradients *wanted, float *logits, struct error *err)
{
    struct connection *connection = given;
    const size_t outputs = (size_t)network_classes(connection->network);
    if (prepare(connection, err)) /* which allocates what lasts */
        return -1;
    const struct arena_mark mark = arena_mark(&connection->arena);
    float *scores = arena_floats(&connection->arena, outputs), *q = arena_floats(&connection->arena, outputs);
    if (!scores || !q)
        return error_memory(err, "a gradient");
    int status = begin_gradient(connection, wanted->input, wanted->layer_count, wanted->layers, scores, err);
    if (!status) {
        wanted->weigh(wanted->context, scores, q);
        status = weigh(connection, wanted, q, err);
    }
    if (!status && logits)
        memcpy(logits, scores, outputs * sizeof *logits);
    arena_rewind(&connection->arena, mark);
    return status;
}

static int tangent(void *given, const struct foreign_tangent *wanted, float *out, struct error *err)
{
    struct connection *connection = given;
    const size_t outputs = (size_t)network_classes(connection->network),
                 size = shape_size(shape_of(connection, wanted->layer));
    struct line expected = {.text = ""};
    size_t first = 0;
    add(&expected, "ok %zu", outputs);
    return status_of(begin_gradient(connection, wanted->input, 1, &wanted->layer, out, err) ||
                     write_numbers(connection, 0, wanted->direction, size, err) ||
                     ask(connection, "tangent", &expected, err) ||
                     read_numbers(connection, "derivatives of logits", &first, out, outputs, err));
}

const struct foreign_work process_work = {"process", open, close, watch, prepare, forward, gradients, tangent};
