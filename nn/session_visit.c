/* nn/session_visit.c - what a visitor of a backward pass sees of a step. */
#include "nn/session_private.h"

#include <math.h>

struct visited {
    const struct tape *tape;
    const struct step *step;
};

static bool is_relu(const struct op *op)
{
    return op && op->is_limit && isinf(op->top);
}

/* The value after a ReLU that is fused with the step, or a step of its own after it. */
static const float *rectified(const struct tape *tape, const struct step *step)
{
    if (step->scale || step->residual >= 0)
        return NULL;
    if (step->activation)
        return is_relu(step->activation) ? tape->at[step->output] : NULL;
    for (int i = 0; i < tape->program->step_count; i++) {
        const struct step *next = tape_step(tape, i);
        if (next->inputs[0] == step->output && is_relu(next->node->op))
            return tape->at[next->output];
    }
    return NULL;
}

int visit_step(const struct tape *tape, const struct step *step, const struct session_backward *given)
{
    if (!given->visit || (!step->bias && !step->node->op->mix))
        return 0;
    const struct visited visited = {tape, step};
    const struct session_visit visit = {.name = step->node->name,
                                        .op = step->node->op->name,
                                        .shape = tape->session->network->values[step->output],
                                        .gradient = tape->gradient[step->output],
                                        .bias = step->bias,
                                        .scale = step->scale,
                                        .inner_bias = step->inner_bias,
                                        .rectified = rectified(tape, step),
                                        .visited = &visited};
    return given->visit(given->visit_context, &visit);
}

int session_visit_mix(const struct session_visit *visit, const double *weight, float *map, struct error *err)
{
    const struct tape *tape = visit->visited->tape;
    const struct step *step = visit->visited->step;
    const struct step_io io = tape_io(tape, step);
    struct parameter parameters[NODE_PARAMETERS_MAX];
    step->node->op->parameters(step->node, io.in, parameters);
    const int *dim = parameters[0].dim; /* (out, in/groups, kh, kw) */
    const size_t taps = (size_t)dim[2] * (size_t)dim[3];
    const struct arena_mark mark = arena_mark(&tape->session->arena);
    double *kernel = arena_alloc(&tape->session->arena, taps * (size_t)io.in[0].c, sizeof *kernel);
    if (!kernel)
        return error_memory(err, "a sum of channels");
    step->node->op->mix(step, &io, weight, kernel, map);
    arena_rewind(&tape->session->arena, mark);
    return 0;
}
