/* nn/session_multipliers.c - DeepLIFT's multipliers by the rescale rule: one pass backward with slopes of secants. */
#include "nn/foreign.h"
#include "nn/session_private.h"

#include <math.h>
#include <string.h>

/* Values of a tape at the reference, and of both the values before each step's activation. */
struct lift {
    const struct tape *tape;
    float **reference, **before, **reference_before; /* [value] */
};

static int check_steps(const struct network *network, int from, struct error *err)
{
    const struct program *program = network_tape(network, from);
    for (int i = 0; i < program->step_count; i++) {
        const struct step *step = &network->steps[program->steps[i]];
        const struct op *op = step->node->op;
        if (!op->is_linear && !op->multiply && !op->activate)
            return error_set(err, "operator \"%s\" after layer \"%s\" has no multipliers (step \"%s\")", op->name,
                             from == SESSION_INPUT ? "input" : network->layer_names[from], step->node->name);
    }
    return 0;
}

static float **new_places(struct session *session, const struct program *program)
{
    float *floats = arena_floats(&session->arena, program->floats);
    float **at = arena_alloc(&session->arena, (size_t)session->network->value_count, sizeof *at);
    if (!floats || !at)
        return NULL;
    session_set_places(session, program, floats, at);
    return at;
}

/* Runs every step and keeps the values before the activations, at the same places as those after them. */
static void run_keeping(const struct tape *tape, float *const *at, float *const *before)
{
    for (int i = 0; i < tape->program->step_count; i++) {
        const struct step *step = tape_step(tape, i);
        struct step_io io =
            session_step_io(tape->session->network, step, at, tape->memory->values + tape->program->scratch);
        const bool is_fused = step->activation && step->activation != step->node->op;
        io.before = is_fused ? before[step->output] : NULL;
        session_run_step(step, &io);
        if (step->activation && !is_fused)
            memcpy(before[step->output], io.x[0], shape_size(io.out) * sizeof *io.y);
    }
}

/* dy *= (f(z) - f(z0)) / (z - z0), or f'(z) */
static void multiply_activation(const struct lift *lift, const struct step *step, float *dy)
{
    const float *z = lift->before[step->output], *z0 = lift->reference_before[step->output];
    const float *y = lift->tape->at[step->output], *y0 = lift->reference[step->output];
    const size_t size = shape_size(lift->tape->session->network->values[step->output]);
    for (size_t k = 0; k < size; k++) {
        const double run = (double)z[k] - z0[k], rise = (double)y[k] - y0[k];
        if (fabs(run) < SECANT_MIN)
            step->activation->slope(z + k, y + k, dy + k, 1);
        else
            dy[k] = (float)(dy[k] * (rise / run));
    }
}

static void run_step_multipliers(const struct lift *lift, const struct step *step)
{
    const struct tape *tape = lift->tape;
    struct step_io io = tape_io(tape, step);
    float *dy = tape->gradient[step->output];
    if (step->activation)
        multiply_activation(lift, step, dy);
    if (step->residual >= 0)
        add_values(tape->gradient[step->residual], dy, shape_size(io.out));
    io.dy = dy;
    io.workers = tape->session->worker_count;
    for (int k = 0; k < step->input_count; k++)
        io.dx[k] = tape->gradient[step->inputs[k]];
    if (step->node->op->multiply) {
        const struct step_io reference = session_step_io(tape->session->network, step, lift->reference, io.scratch);
        step->node->op->multiply(step, &io, &reference);
    } else
        step->node->op->backward(step, &io);
}

/* Starts the reference's values, and runs both. */
static int run_both(struct lift *lift, const float *reference, struct error *err)
{
    const struct tape *tape = lift->tape;
    const struct program *program = tape->program;
    const struct network *network = tape->session->network;
    lift->reference = new_places(tape->session, program);
    lift->before = new_places(tape->session, program);
    lift->reference_before = new_places(tape->session, program);
    if (!lift->reference || !lift->before || !lift->reference_before)
        return error_memory(err, "the values of a gradient");
    for (int i = 0; i < program->side_count; i++) {
        const int side = program->sides[i];
        memcpy(lift->reference[side], tape->at[side], shape_size(network->values[side]) * sizeof(float));
    }
    to_inside(reference, network->values[program->start], lift->reference[program->start]);
    run_keeping(tape, tape->at, lift->before);
    run_keeping(tape, lift->reference, lift->reference_before);
    return 0;
}

int session_multipliers(struct session *session, const struct session_lift *given, struct error *err)
{
    const struct network *network = session->network;
    const size_t classes = (size_t)network_classes(network);
    struct tape tape;
    struct lift lift = {.tape = &tape};
    if (session->foreign)
        return foreign_lacks("DeepLIFT multipliers", err);
    if (check_steps(network, given->from, err) || tape_begin(session, given->from, given->value, &tape, err))
        return -1;
    const int status = run_both(&lift, given->reference, err);
    if (!status) {
        tape_clear(&tape);
        memcpy(tape.gradient[network->logits], given->cotangent, classes * sizeof *given->cotangent);
        for (int i = tape.program->step_count - 1; i >= 0; i--)
            run_step_multipliers(&lift, tape_step(&tape, i));
        to_outside(tape.gradient[tape.program->start], network->values[tape.program->start], given->multipliers);
    }
    tape_end(&tape);
    return status;
}
