/* nn/session_steps.c - runs the steps of a program, on one thread or on several that share the blocks of a step. */
#include "base/clock.h"
#include "nn/session_private.h"
#include "nn/session_share.h"

#include <string.h>

void session_set_places(const struct session *session, const struct program *program, float *workspace, float **at)
{
    const struct network *network = session->network;
    for (int v = 0; v < network->value_count; v++) {
        at[v] = NULL;
        if (program->offset[v] != NO_PLACE)
            at[v] = workspace + program->offset[v];
        else if (network->side_offset[v] != NO_PLACE)
            at[v] = session->side + network->side_offset[v];
    }
}

struct step_io session_step_io(const struct network *network, const struct step *step, float *const *at, float *scratch)
{
    struct step_io io = {
        .out = network->values[step->output], .images = 1, .workers = 1, .y = at[step->output], .scratch = scratch};
    for (int i = 0; i < step->input_count; i++) {
        io.in[i] = network->values[step->inputs[i]];
        io.x[i] = at[step->inputs[i]];
    }
    if (step->residual >= 0)
        io.residual = at[step->residual];
    if (step->before >= 0)
        io.before = at[step->before];
    return io;
}

static int step_blocks(const struct step *step, const struct step_io *io)
{
    return step->node->op->blocks ? step->node->op->blocks(step, io) : io->images;
}

static void run_block(const struct step *step, const struct step_io *io, int block)
{
    if (step->node->op->blocks) {
        step->node->op->forward(step, io, block);
        return;
    }
    const struct step_io image = step_images(io, block, 1);
    step->node->op->forward(step, &image, 0);
}

void session_run_step(const struct step *step, const struct step_io *io)
{
    struct step without = *step;
    struct step_io inner = *io;
    if (io->before) {
        without.activation = NULL;
        inner.y = io->before;
    }
    const int blocks = step_blocks(step, io);
    for (int block = 0; block < blocks; block++)
        run_block(io->before ? &without : step, &inner, block);
    if (!io->before)
        return;
    memcpy(io->y, io->before, shape_size(io->out) * sizeof *io->y);
    step->activation->activate(io->y, shape_size(io->out));
}

/* A step whose blocks are shared by threads. */
struct shared_step {
    const struct step *step;
    const struct step_io *io;
    size_t scratch; /* its place in a workspace */
};

static void run_shared_block(void *context, struct worker *worker, int block)
{
    const struct shared_step *shared = context;
    struct step_io io = *shared->io;
    io.scratch = worker->workspace + shared->scratch;
    run_block(shared->step, &io, block);
}

static struct panels value_panels(const struct session *session, const struct program *program, int value, int images)
{
    const int channels = program->panel[value];
    const size_t positions = (size_t)images * shape_positions(session->network->values[value]);
    return (struct panels){channels, positions * (size_t)channels};
}

void session_run_steps(struct session *session, const struct program *program, struct stretch stretch, float *const *at,
                       float *scratch)
{
    for (int i = stretch.first; i < stretch.end; i++) {
        const struct step *step = &session->network->steps[program->steps[i]];
        struct step_io io = session_step_io(session->network, step, at, scratch);
        io.images = stretch.images;
        io.workers = stretch.workers;
        io.x_panels = value_panels(session, program, step->inputs[0], stretch.images);
        io.y_panels = value_panels(session, program, step->output, stretch.images);
        if (step->residual >= 0)
            io.residual_panels = value_panels(session, program, step->residual, stretch.images);
        const bool is_timed = session->step_seconds && program == &session->network->full;
        const double start = is_timed ? seconds_now() : 0;
        if (stretch.workers > 1)
            session_share(session, step_blocks(step, &io), run_shared_block,
                          &(struct shared_step){step, &io, program->scratch});
        else
            session_run_step(step, &io);
        if (is_timed)
            session->step_seconds[i] += seconds_now() - start;
    }
}
