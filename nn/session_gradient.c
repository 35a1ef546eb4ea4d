/* nn/session_gradient.c - gradients at one or several layers by one backward pass. */
#include "nn/foreign.h"
#include "nn/session_private.h"

#include <math.h>
#include <string.h>

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
    const bool is_plain = rule == GRADIENT_PLAIN || (rule == GRADIENT_GUIDED_RELU && isfinite(activation->top));
    const bool has_rule = activation->is_limit && !is_plain;
    if (!has_rule || rule != GRADIENT_DECONVOLUTION)
        activation->slope(io->before ? io->before : io->x[0], io->y, dy, size);
    if (has_rule)
        drop_negative(dy, size);
}

/* -- gradients of values -------------------------------------------------------------------------------------------- */

/*
 * tape->so_far[value] is the sum of what the steps after it have given to a value's gradient: NULL, nothing yet;
 * tape->gradient[value]; or, as long as one residual addition is all, the gradient of the sum, which is not copied.
 */

/* The gradient so far, at its own place, so that it can be changed. */
static float *settle(const struct tape *tape, int value)
{
    float *place = tape->gradient[value];
    const float *so_far = tape->so_far[value];
    const size_t bytes = shape_size(tape->session->network->values[value]) * sizeof *place;
    if (!so_far)
        memset(place, 0, bytes);
    else if (so_far != place)
        memcpy(place, so_far, bytes);
    tape->so_far[value] = place;
    return place;
}

static bool uses_kernels(const struct tape *tape)
{
    return tape->session->network->set;
}

/* Adds the gradient dy of a sum to that of the residual. With kernels, the first one is not added to 0: -0 stays. */
static void add_residual(const struct tape *tape, int residual, const float *dy)
{
    if (uses_kernels(tape) && !tape->so_far[residual]) {
        tape->so_far[residual] = dy;
        return;
    }
    add_values(settle(tape, residual), dy, shape_size(tape->session->network->values[residual]));
}

/* -- backward ------------------------------------------------------------------------------------------------------- */

/* Writes the gradients of the layers that have this value; they are complete after backward of all its readers. */
static void write_gradients(const struct tape *tape, int value, const struct session_backward *given)
{
    const struct network *network = tape->session->network;
    const float *gradient = settle(tape, value);
    for (int i = 0; i < given->layer_count; i++) {
        const int layer = given->layers[i];
        if (value == (layer == SESSION_INPUT ? tape->program->start : network->layer_values[layer]))
            to_outside(gradient, network->values[value], given->gradients[i]);
    }
}

static int run_step_backward(const struct tape *tape, const struct step *step, const struct session_backward *given)
{
    struct step_io io = tape_io(tape, step);
    float *dy = tape->gradient[step->output];
    if (step->activation)
        undo_activation(given->rule, step->activation, &io, dy);
    if (visit_step(tape, step, given))
        return -1;
    if (step->residual >= 0)
        add_residual(tape, step->residual, dy);
    io.dy = dy;
    io.workers = tape->session->worker_count;
    if (uses_kernels(tape) && step->reverse) {
        const int input = step->inputs[0];
        io.dx[0] = tape->gradient[input];
        io.so_far = tape->so_far[input];
        step->node->op->reverse(step, &io);
        tape->so_far[input] = io.dx[0];
        return 0;
    }
    for (int k = 0; k < step->input_count; k++)
        io.dx[k] = settle(tape, step->inputs[k]);
    step->node->op->backward(step, &io);
    return 0;
}

static int run_backward(const struct tape *tape, const struct session_backward *given)
{
    for (int i = tape->program->step_count - 1; i >= 0; i--) {
        const struct step *step = tape_step(tape, i);
        write_gradients(tape, step->output, given); /* before the step's activation is undone in the same place */
        if (run_step_backward(tape, step, given))
            return -1;
    }
    write_gradients(tape, tape->program->start, given);
    return 0;
}

/* Whether the tape has the layer's value, at its start or as a step's result. */
static bool tape_reaches(const struct network *network, const struct program *tape, int layer)
{
    if (layer == SESSION_INPUT)
        return tape == network_tape(network, SESSION_INPUT);
    bool is_made = tape->start == network->layer_values[layer];
    for (int i = 0; i < tape->step_count; i++)
        is_made |= network->steps[tape->steps[i]].output == network->layer_values[layer];
    return is_made;
}

int session_gradient_start(const struct session *session, const int *layers, int count)
{
    const struct network *network = session->network;
    for (int i = 0; i < count && !session->foreign; i++) {
        int reached = 0;
        while (reached < count && tape_reaches(network, network_tape(network, layers[i]), layers[reached]))
            reached++;
        if (reached == count)
            return layers[i];
    }
    return SESSION_INPUT;
}

int session_gradients(struct session *session, const struct session_backward *given, float *logits, struct error *err)
{
    const struct network *network = session->network;
    const size_t classes = (size_t)network_classes(network);
    struct tape tape;
    if (session->foreign)
        return foreign_run_gradients(session->foreign, given, logits, err);
    if (network_pack_reverse(network, network_tape(network, given->from), err) ||
        tape_begin(session, given->from, given->value, &tape, err))
        return -1;
    if (session_is_stopped(session)) {
        tape_end(&tape);
        return 0;
    }
    tape_run(&tape);
    if (logits)
        memcpy(logits, tape.at[network->logits], classes * sizeof *logits);
    if (given->cotangent)
        memcpy(tape.gradient[network->logits], given->cotangent, classes * sizeof *given->cotangent);
    else
        given->weigh(given->context, tape.at[network->logits], tape.gradient[network->logits]);
    tape.so_far[network->logits] = tape.gradient[network->logits];
    const int status = run_backward(&tape, given);
    tape_end(&tape);
    return status;
}
