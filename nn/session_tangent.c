/* nn/session_tangent.c - the derivative of the logits along a direction, by one pass forward through a tail. */
#include "nn/foreign.h"
#include "nn/session_private.h"

#include <string.h>

static bool is_piecewise_linear(const struct op *op)
{
    return op->is_linear || op->tangent || op->is_limit || op->has_pieces;
}

/* The operator that has no tangent here, of a step and the activation in it; NULL: none. */
static const struct op *curved_op(const struct step *step)
{
    if (!is_piecewise_linear(step->node->op))
        return step->node->op;
    return step->activation && !is_piecewise_linear(step->activation) ? step->activation : NULL;
}

static int check_steps(const struct network *network, int from, struct error *err)
{
    const struct program *program = network_tape(network, from);
    for (int i = 0; i < program->step_count; i++) {
        const struct step *step = &network->steps[program->steps[i]];
        const struct op *op = curved_op(step);
        if (op)
            return error_set(err, "operator \"%s\" after layer \"%s\" is not linear piece by piece (step \"%s\")",
                             op->name, from == SESSION_INPUT ? "input" : network->layer_names[from], step->node->name);
    }
    return 0;
}

/* Of the operator and the residual; without the bias, which is constant. */
static void linear_part(const struct tape *tape, const struct step *step)
{
    struct step without = *step;
    struct step_io io =
        session_step_io(tape->session->network, step, tape->gradient, tape->memory->values + tape->program->scratch);
    without.bias = NULL;
    without.activation = NULL;
    io.before = NULL;
    session_run_step(&without, &io);
}

/* tape->gradient has the tangents of all values. */
static void run_step_tangent(const struct tape *tape, const struct step *step)
{
    const struct step_io io = tape_io(tape, step);
    const struct op *op = step->node->op;
    const float *dx[NODE_INPUTS_MAX] = {0};
    float *dy = tape->gradient[step->output];
    for (int k = 0; k < step->input_count; k++)
        dx[k] = tape->gradient[step->inputs[k]];
    if (op->is_linear)
        linear_part(tape, step);
    else if (op->tangent)
        op->tangent(step, &io, dx, dy);
    else
        memcpy(dy, tape->gradient[step->inputs[0]], shape_size(io.out) * sizeof *dy);
    if (step->activation)
        step->activation->slope(io.before ? io.before : io.x[0], io.y, dy, shape_size(io.out));
}

int session_tangent(struct session *session, int from, const float *value, const float *direction, float *tangent,
                    struct error *err)
{
    const struct network *network = session->network;
    struct tape tape;
    if (session->foreign)
        return foreign_run_tangent(session->foreign, from, direction, tangent, err);
    if (check_steps(network, from, err) || tape_begin(session, from, value, &tape, err))
        return -1;
    tape_run(&tape);
    tape_clear(&tape);
    to_inside(direction, network->values[tape.program->start], tape.gradient[tape.program->start]);
    for (int i = 0; i < tape.program->step_count; i++)
        run_step_tangent(&tape, tape_step(&tape, i));
    memcpy(tangent, tape.gradient[network->logits], (size_t)network_classes(network) * sizeof *tangent);
    tape_end(&tape);
    return 0;
}
