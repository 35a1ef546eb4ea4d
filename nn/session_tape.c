/* nn/session_tape.c - runs a program that keeps every value, as gradients need them. */
#include "nn/session_private.h"

#include <stdlib.h>
#include <string.h>

static int reserve_tape(struct session *session, size_t floats, struct error *err)
{
    if (floats <= session->tape_floats)
        return 0;
    free(session->tape);
    free(session->tape_gradient);
    session->tape = malloc(floats * sizeof(float));
    session->tape_gradient = malloc(floats * sizeof(float));
    session->tape_floats = session->tape && session->tape_gradient ? floats : 0;
    return session->tape_floats ? 0 : error_memory(err, "the values of a gradient");
}

void tape_run(const struct tape *running)
{
    const struct session *session = running->session;
    const struct program *tape = running->program;
    float *const *at = running->at;
    const struct program *full = &session->network->full;
    float *scratch = session->tape + tape->scratch;
    const int rows = session->difference ? full->step_count - full->spatial_count : 0; /* steps, the last ones */
    session_run_steps(session, tape, (struct stretch){0, tape->step_count - rows, 1, 1}, at, scratch);
    if (rows > 0 && !row_cache_use(session, at))
        session_run_steps(session, tape, (struct stretch){tape->step_count - rows, tape->step_count, 1, 1}, at,
                          scratch);
}

static void start_tape(const struct tape *tape, const float *value)
{
    const struct session *session = tape->session;
    const struct network *network = session->network;
    const struct program *program = tape->program;
    session_set_places(session, program, session->tape, tape->at);
    session_set_places(session, program, session->tape_gradient, tape->gradient);
    for (int i = 0; i < program->side_count; i++) {
        const int side = program->sides[i];
        memcpy(tape->at[side], session->side + network->side_offset[side],
               shape_size(network->values[side]) * sizeof(float));
    }
    to_inside(value, network->values[program->start], tape->at[program->start]);
}

const struct program *network_tape(const struct network *network, int layer)
{
    return &network->tapes[layer == SESSION_INPUT ? network->layer_count : layer];
}

int tape_begin(struct session *session, int from, const float *value, struct tape *tape, struct error *err)
{
    const struct network *network = session->network;
    const struct program *program = network_tape(network, from);
    const size_t values = (size_t)network->value_count;
    if (reserve_tape(session, program->floats, err))
        return -1;
    *tape = (struct tape){.session = session, .program = program, .mark = arena_mark(&session->arena)};
    tape->at = arena_alloc(&session->arena, values, sizeof *tape->at);
    tape->gradient = arena_alloc(&session->arena, values, sizeof *tape->gradient);
    tape->so_far = arena_alloc(&session->arena, values, sizeof *tape->so_far);
    if (!tape->at || !tape->gradient || !tape->so_far)
        return error_memory(err, "the values of a gradient");
    start_tape(tape, value);
    return 0;
}

void tape_clear(const struct tape *tape)
{
    memset(tape->session->tape_gradient, 0, tape->program->floats * sizeof *tape->session->tape_gradient);
}

void tape_end(const struct tape *tape)
{
    arena_rewind(&tape->session->arena, tape->mark);
}

const struct step *tape_step(const struct tape *tape, int index)
{
    return &tape->session->network->steps[tape->program->steps[index]];
}

struct step_io tape_io(const struct tape *tape, const struct step *step)
{
    return session_step_io(tape->session->network, step, tape->at, tape->session->tape + tape->program->scratch);
}
