/* nn/session.c - a session: its memory, its options, the base pass, and the side values of the last one. */
#include "nn/difference.h"
#include "nn/foreign.h"
#include "nn/session_private.h"

#include <stdlib.h>
#include <string.h>

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static int allocate(struct session *session, struct error *err)
{
    const struct network *network = session->network;
    struct arena *arena = &session->arena;
    size_t border = shape_size(network->input), rows = boundary_floats(network, &network->full);
    session->workspace_floats = network->full.floats;
    for (int i = 0; i < network->layer_count; i++) {
        session->workspace_floats = larger(session->workspace_floats, network->tails[i].floats);
        border = larger(border, shape_size(network->values[network->layer_values[i]]));
        rows = larger(rows, boundary_floats(network, &network->tails[i]));
    }
    session->side = arena_floats(arena, network->side_floats);
    session->rows = arena_floats(arena, CHUNK_IMAGES * rows);
    if (network->base_floats) {
        const struct program *full = &network->full;
        session->difference =
            difference_create(arena, &network->steps[full->steps[full->spatial_count]], (int)network->base_floats);
        session->kept_row = arena_floats(arena, network->base_floats);
        session->kept_values = arena_floats(arena, row_cache_floats(network));
        if (!session->difference || !session->kept_row || !session->kept_values)
            return error_memory(err, "a session");
    }
    session->chunk_logits = arena_floats(arena, CHUNK_IMAGES * (size_t)network_classes(network));
    session->workers = arena_alloc(arena, (size_t)session->worker_count, sizeof *session->workers);
    if (!session->side || !session->rows || !session->chunk_logits || !session->workers)
        return error_memory(err, "a session");
    for (int i = 0; i < session->worker_count; i++) {
        struct worker *worker = &session->workers[i];
        worker->workspace = arena_floats(arena, session->workspace_floats);
        worker->border = arena_floats(arena, border);
        worker->at = arena_alloc(arena, (size_t)network->value_count, sizeof *worker->at);
        worker->image_at = arena_alloc(arena, (size_t)network->value_count, sizeof *worker->image_at);
        if (!worker->workspace || !worker->border || !worker->at || !worker->image_at)
            return error_memory(err, "a session's workspace");
    }
    return 0;
}

struct session *session_create(const struct network *network, int workers, struct error *err)
{
    struct session *session = calloc(1, sizeof *session);
    if (!session) {
        error_memory(err, "a session");
        return NULL;
    }
    session->network = network;
    session->worker_count = workers > 0 ? workers : 1;
    arena_init(&session->arena, 0);
    if (network->foreign ? !(session->foreign = foreign_open(network, session->worker_count, err))
                         : allocate(session, err)) {
        session_free(session);
        return NULL;
    }
    return session;
}

void session_free(struct session *session)
{
    if (!session)
        return;
    foreign_close(session->foreign);
    arena_release(&session->arena);
    tape_memory_free(&session->layer_tape);
    tape_memory_free(&session->input_tape);
    free(session);
}

const struct network *session_network(const struct session *session)
{
    return session->network;
}

void session_use(struct session *session, const struct network *network)
{
    if (network == session->network)
        return;
    session->network = network;
    session->has_kept = session->input_tape.is_run = false;
    if (session->difference)
        difference_forget(session->difference);
}

void session_stop_when(struct session *session, const volatile sig_atomic_t *stop)
{
    session->stop = stop;
    if (session->foreign)
        foreign_stop_when(session->foreign, stop);
}

bool session_is_stopped(const struct session *session)
{
    return session->stop && *session->stop;
}

void session_profile(struct session *session, double *seconds)
{
    session->step_seconds = session->worker_count == 1 ? seconds : NULL;
}

void session_allow_differences(struct session *session, bool are_allowed)
{
    session->are_differences_allowed = are_allowed;
}

void session_keep_tape(struct session *session, bool is_kept)
{
    session->keeps_tape = is_kept;
}

size_t session_workspace_bytes(const struct session *session)
{
    return session->workspace_floats * sizeof(float);
}

size_t session_bytes(const struct session *session)
{
    return arena_touched_bytes(&session->arena) +
           2 * sizeof(float) * (session->layer_tape.floats + session->input_tape.floats);
}

int session_prepare(struct session *session, struct error *err)
{
    return session->foreign ? foreign_prepare(session->foreign, err) : 0;
}

int session_take_error(struct session *session, struct error *err)
{
    return session->foreign ? foreign_take_error(session->foreign, err) : 0;
}

/* -- the base pass -------------------------------------------------------------------------------------------------- */

static void copy_source(void *context, int index, float *out)
{
    const struct tensor *input = context;
    (void)index;
    memcpy(out, input->data, tensor_size(input) * sizeof *out);
}

/* Copies out what a base pass gives: the layers' values, the side values, and those of the steps on rows. */
static void keep_base(struct session *session, float *const *at, const float *row, float *const *layers)
{
    const struct network *network = session->network;
    for (int i = 0; i < network->layer_count; i++) {
        const int value = network->layer_values[i];
        to_outside(at[value], network->values[value], layers[i]);
    }
    for (int v = 0; v < network->value_count; v++)
        if (network->side_offset[v] != NO_PLACE)
            memcpy(session->side + network->side_offset[v], at[v], shape_size(network->values[v]) * sizeof(float));
    if (session->difference) {
        difference_set_base(session->difference, row);
        row_cache_keep(session, row, at);
    }
}

/* A base pass that keeps every value; false: no memory. */
static bool run_base_tape(struct session *session, const float *input, float *logits, float *const *layers)
{
    const struct network *network = session->network;
    struct error ignored = {0};
    struct tape tape;
    if (tape_begin(session, SESSION_INPUT, input, &tape, &ignored))
        return false;
    tape.is_run = false; /* a pass is run, even if the last one was the same */
    tape_run(&tape);
    memcpy(logits, tape.at[network->logits], (size_t)network_classes(network) * sizeof *logits);
    keep_base(session, tape.at, session->difference ? tape.at[network->full.boundary] : NULL, layers);
    tape_end(&tape);
    return true;
}

void session_base(struct session *session, const float *input, float *logits, float *const *layers)
{
    const struct network *network = session->network;
    if (session->foreign) {
        foreign_base(session->foreign, input, logits, layers);
        return;
    }
    struct tensor x = {network->input.c, network->input.h, network->input.w, input};
    const bool can_keep = session->worker_count == 1 && !session->step_seconds && !session_is_stopped(session);
    if (session->keeps_tape && can_keep && run_base_tape(session, input, logits, layers))
        return;
    tape_forget(session, input); /* so that the time of a gradient does not depend on what ran before the base pass */
    session_run(session, &(struct session_batch){SESSION_INPUT, SESSION_PLANES, 1, copy_source, &x}, logits);
    float **at = session->workers[0].at;
    at[network->logits] = session->chunk_logits; /* where steps on rows have left it */
    keep_base(session, at, session->rows, layers);
}

size_t session_side_count(const struct session *session)
{
    const struct network *network = session->network;
    return session->foreign ? shape_size(network->input) : network->side_floats + network->base_floats;
}

void session_side_save(const struct session *session, float *out)
{
    const struct network *network = session->network;
    if (session->foreign) {
        memcpy(out, foreign_side(session->foreign), shape_size(network->input) * sizeof *out);
        return;
    }
    memcpy(out, session->side, network->side_floats * sizeof *out);
    if (session->difference)
        memcpy(out + network->side_floats, difference_base(session->difference), network->base_floats * sizeof *out);
}

void session_side_restore(struct session *session, const float *in)
{
    if (session->foreign) {
        memcpy(foreign_side(session->foreign), in, shape_size(session->network->input) * sizeof *in);
        return;
    }
    memcpy(session->side, in, session->network->side_floats * sizeof *in);
    if (session->difference)
        difference_set_base(session->difference, in + session->network->side_floats);
}
