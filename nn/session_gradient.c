/* nn/session_gradient.c - gradients at one or several layers by one backward pass. */
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

/* Runs forward and keeps every value. */
static void run_tape(const struct session *session, const struct program *tape, float *const *at)
{
    const struct program *full = &session->network->full;
    float *scratch = session->tape + tape->scratch;
    const int rows = session->difference ? full->step_count - full->spatial_count : 0; /* steps, the last ones */
    session_run_steps(session, tape, (struct stretch){0, tape->step_count - rows, 1, 1}, at, scratch);
    if (rows > 0 && !row_cache_use(session, at))
        session_run_steps(session, tape, (struct stretch){tape->step_count - rows, tape->step_count, 1, 1}, at,
                          scratch);
}

/* -- rules ---------------------------------------------------------------------------------------------------------- */

static void drop_negative(float *dy, size_t n)
{
    for (size_t i = 0; i < n; i++)
        dy[i] = dy[i] < 0 ? 0 : dy[i]; /* NaN stays visible */
}

/* Turns the gradient dy at the activation's result into that at its input, under a rule of nn/nn.h. */
static void undo_activation(enum gradient_rule rule, const struct op *activation, const struct step_io *io, float *dy)
{
    const size_t size = shape_size(io->out);
    const bool has_rule = activation->is_limit && rule != GRADIENT_PLAIN;
    if (!has_rule || rule == GRADIENT_GUIDED)
        activation->slope(io->before ? io->before : io->x[0], io->y, dy, size);
    if (has_rule)
        drop_negative(dy, size);
}

/* -- backward ------------------------------------------------------------------------------------------------------- */

/* A tape (a program that keeps every value) that is being run: where its values and their gradients lie. */
struct tape {
    const struct session *session;
    const struct program *program;
    float **at, **gradient;
};

/* Writes the gradients of the layers that have this value; they are complete after backward of all its readers. */
static void write_gradients(const struct tape *tape, int value, const struct session_backward *given)
{
    const struct network *network = tape->session->network;
    for (int i = 0; i < given->layer_count; i++) {
        const int layer = given->layers[i];
        if (value == (layer == SESSION_INPUT ? tape->program->start : network->layer_values[layer]))
            to_outside(tape->gradient[value], network->values[value], given->gradients[i]);
    }
}

static void run_step_backward(const struct tape *tape, const struct step *step, enum gradient_rule rule)
{
    const struct session *session = tape->session;
    struct step_io io = session_step_io(session->network, step, tape->at, session->tape + tape->program->scratch);
    float *dy = tape->gradient[step->output];
    if (step->activation)
        undo_activation(rule, step->activation, &io, dy);
    for (size_t k = 0; step->residual >= 0 && k < shape_size(io.out); k++)
        tape->gradient[step->residual][k] += dy[k];
    io.dy = dy;
    io.workers = session->worker_count;
    for (int k = 0; k < step->input_count; k++)
        io.dx[k] = tape->gradient[step->inputs[k]];
    step->node->op->backward(step, &io);
}

static void run_backward(const struct tape *tape, const struct session_backward *given)
{
    const struct network *network = tape->session->network;
    for (int i = tape->program->step_count - 1; i >= 0; i--) {
        const struct step *step = &network->steps[tape->program->steps[i]];
        write_gradients(tape, step->output, given); /* before the step's activation is undone in the same place */
        run_step_backward(tape, step, given->rule);
    }
    write_gradients(tape, tape->program->start, given);
}

static void start_tape(const struct tape *tape, const float *value)
{
    const struct session *session = tape->session;
    const struct network *network = session->network;
    const struct program *program = tape->program;
    memset(session->tape_gradient, 0, program->floats * sizeof *session->tape_gradient);
    session_set_places(session, program, session->tape, tape->at);
    session_set_places(session, program, session->tape_gradient, tape->gradient);
    for (int i = 0; i < program->side_count; i++) {
        const int side = program->sides[i];
        memcpy(tape->at[side], session->side + network->side_offset[side],
               shape_size(network->values[side]) * sizeof(float));
    }
    to_inside(value, network->values[program->start], tape->at[program->start]);
}

static const struct program *tape_from(const struct network *network, int layer)
{
    return &network->tapes[layer == SESSION_INPUT ? network->layer_count : layer];
}

/* Whether the tape has the layer's value, at its start or as a step's result. */
static bool tape_reaches(const struct network *network, const struct program *tape, int layer)
{
    if (layer == SESSION_INPUT)
        return tape == tape_from(network, SESSION_INPUT);
    bool is_made = tape->start == network->layer_values[layer];
    for (int i = 0; i < tape->step_count; i++)
        is_made |= network->steps[tape->steps[i]].output == network->layer_values[layer];
    return is_made;
}

int session_gradient_start(const struct session *session, const int *layers, int count)
{
    const struct network *network = session->network;
    for (int i = 0; i < count; i++) {
        int reached = 0;
        while (reached < count && tape_reaches(network, tape_from(network, layers[i]), layers[reached]))
            reached++;
        if (reached == count)
            return layers[i];
    }
    return SESSION_INPUT;
}

int session_gradients(struct session *session, const struct session_backward *given, float *logits, struct error *err)
{
    const struct network *network = session->network;
    const struct program *program = tape_from(network, given->from);
    const size_t values = (size_t)network->value_count, classes = (size_t)network_classes(network);
    if (session->stop && *session->stop)
        return 0;
    if (reserve_tape(session, program->floats, err))
        return -1;
    const struct arena_mark mark = arena_mark(&session->arena);
    const struct tape tape = {session, program, arena_alloc(&session->arena, values, sizeof *tape.at),
                              arena_alloc(&session->arena, values, sizeof *tape.gradient)};
    if (!tape.at || !tape.gradient)
        return error_memory(err, "the values of a gradient");
    start_tape(&tape, given->value);
    run_tape(session, program, tape.at);
    if (logits)
        memcpy(logits, tape.at[network->logits], classes * sizeof *logits);
    if (given->cotangent)
        memcpy(tape.gradient[network->logits], given->cotangent, classes * sizeof *given->cotangent);
    else
        given->weigh(given->context, tape.at[network->logits], tape.gradient[network->logits]);
    run_backward(&tape, given);
    arena_rewind(&session->arena, mark);
    return 0;
}
