/* nn/session_tape.c - runs a program that keeps every value, as gradients need them. */
#include "nn/session_private.h"

#include <stdlib.h>
#include <string.h>

static int reserve(struct tape_memory *memory, size_t floats, struct error *err)
{
    if (floats <= memory->floats)
        return 0;
    tape_memory_free(memory);
    memory->values = malloc(floats * sizeof(float));
    memory->gradient = malloc(floats * sizeof(float));
    memory->floats = memory->values && memory->gradient ? floats : 0;
    return memory->floats ? 0 : error_memory(err, "the values of a gradient");
}

void tape_memory_free(struct tape_memory *memory)
{
    free(memory->values);
    free(memory->gradient);
    *memory = (struct tape_memory){0};
}

void tape_run(const struct tape *running)
{
    struct session *session = running->session;
    running->memory->is_run = running->memory == &session->input_tape;
    if (running->is_run)
        return;
    const struct program *tape = running->program;
    float *const *at = running->at;
    const struct program *full = &session->network->full;
    float *scratch = running->memory->values + tape->scratch;
    const int rows = session->difference ? full->step_count - full->spatial_count : 0; /* steps, the last ones */
    session_run_steps(session, tape, (struct stretch){0, tape->step_count - rows, 1, 1}, at, scratch);
    if (rows > 0 && !row_cache_use(session, at))
        session_run_steps(session, tape, (struct stretch){tape->step_count - rows, tape->step_count, 1, 1}, at,
                          scratch);
}

/* Writes the start value; its gradient's place, which is still free, holds it for the comparison with the last one. */
static void set_start(struct tape *tape, const float *value)
{
    const int start = tape->program->start;
    const struct shape shape = tape->session->network->values[start];
    float *place = tape->at[start], *next = tape->gradient[start];
    const size_t bytes = shape_size(shape) * sizeof *place;
    to_inside(value, shape, next);
    tape->is_run = tape->memory->is_run && memcmp(place, next, bytes) == 0;
    tape->memory->is_run = false; /* until tape_run() */
    memcpy(place, next, bytes);
}

static void start_tape(struct tape *tape, const float *value)
{
    const struct session *session = tape->session;
    const struct network *network = session->network;
    const struct program *program = tape->program;
    session_set_places(session, program, tape->memory->values, tape->at);
    session_set_places(session, program, tape->memory->gradient, tape->gradient);
    for (int i = 0; i < program->side_count; i++) {
        const int side = program->sides[i];
        memcpy(tape->at[side], session->side + network->side_offset[side],
               shape_size(network->values[side]) * sizeof(float));
    }
    set_start(tape, value);
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
    struct tape_memory *memory = from == SESSION_INPUT ? &session->input_tape : &session->layer_tape;
    if (reserve(memory, program->floats, err))
        return -1;
    *tape =
        (struct tape){.session = session, .program = program, .memory = memory, .mark = arena_mark(&session->arena)};
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
    memset(tape->memory->gradient, 0, tape->program->floats * sizeof *tape->memory->gradient);
}

void tape_end(const struct tape *tape)
{
    arena_rewind(&tape->session->arena, tape->mark);
}

void tape_forget(struct session *session, const float *input)
{
    struct tape_memory *memory = &session->input_tape;
    const struct shape shape = session->network->input;
    const size_t plane = shape_positions(shape), channels = (size_t)shape.c, size = plane * channels;
    if (!memory->is_run)
        return;
    const float *kept = memory->values + network_tape(session->network, SESSION_INPUT)->offset[0];
    size_t same = 0;
    while (same < size && kept[same] == input[same % channels * plane + same / channels])
        same++;
    if (same == size)
        memory->is_run = false;
}

const struct step *tape_step(const struct tape *tape, int index)
{
    return &tape->session->network->steps[tape->program->steps[index]];
}

struct step_io tape_io(const struct tape *tape, const struct step *step)
{
    return session_step_io(tape->session->network, step, tape->at, tape->memory->values + tape->program->scratch);
}
