/*
 * nn/session.c - running programs: forward, base pass, tail, gradient.
 *
 * A batch is cut into chunks of fixed size. Inside one, images go through the spatial steps one by one, each in a lane's
 * workspace, and leave their last spatial value in a table; then the linear steps run on blocks of LINEAR_ROWS rows of it.
 */
#include "nn/network.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_IMAGES (4 * LINEAR_ROWS)

struct lane {
    float *workspace; /* of the largest program */
    float *border;    /* a value in (c,h,w), as the caller writes it */
    float **at;       /* where each value lies in the program at hand */
};

struct session {
    const struct network *network;
    struct arena arena;
    int lane_count;
    struct lane *lanes;
    size_t workspace_floats;
    const volatile sig_atomic_t *stop; /* NULL: never */
    float *side;                       /* values beside the layers, of the last base pass */
    float *rows;                       /* (CHUNK_IMAGES, boundary): what the spatial steps leave */
    float *chunk_logits;               /* (CHUNK_IMAGES, K) */
    float *tape, *tape_gradient;       /* made by the first gradient that needs them */
    size_t tape_floats;
};

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* -- layouts -------------------------------------------------------------------------------------------------------- */

static void to_inside(const float *planes, struct shape shape, float *out)
{
    const size_t plane = (size_t)shape.h * (size_t)shape.w, c = (size_t)shape.c;
    for (size_t k = 0; k < c; k++)
        for (size_t p = 0; p < plane; p++)
            out[p * c + k] = planes[k * plane + p];
}

static void to_outside(const float *inside, struct shape shape, float *out)
{
    const size_t plane = (size_t)shape.h * (size_t)shape.w, c = (size_t)shape.c;
    for (size_t k = 0; k < c; k++)
        for (size_t p = 0; p < plane; p++)
            out[k * plane + p] = inside[p * c + k];
}

/* -- life ----------------------------------------------------------------------------------------------------------- */

static size_t boundary_floats(const struct network *network, const struct program *program)
{
    return program->boundary < 0 ? 0 : shape_size(network->values[program->boundary]);
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
    session->chunk_logits = arena_floats(arena, CHUNK_IMAGES * (size_t)network_classes(network));
    session->lanes = arena_alloc(arena, (size_t)session->lane_count, sizeof *session->lanes);
    if (!session->side || !session->rows || !session->chunk_logits || !session->lanes)
        return error_memory(err, "a session");
    for (int i = 0; i < session->lane_count; i++) {
        struct lane *lane = &session->lanes[i];
        lane->workspace = arena_floats(arena, session->workspace_floats);
        lane->border = arena_floats(arena, border);
        lane->at = arena_alloc(arena, (size_t)network->value_count, sizeof *lane->at);
        if (!lane->workspace || !lane->border || !lane->at)
            return error_memory(err, "a session's workspace");
    }
    return 0;
}

struct session *session_create(const struct network *network, int lanes, struct error *err)
{
    struct session *session = calloc(1, sizeof *session);
    if (!session) {
        error_memory(err, "a session");
        return NULL;
    }
    session->network = network;
    session->lane_count = lanes > 0 ? lanes : 1;
    arena_init(&session->arena, 0);
    if (allocate(session, err)) {
        session_free(session);
        return NULL;
    }
    return session;
}

void session_free(struct session *session)
{
    if (!session)
        return;
    arena_release(&session->arena);
    free(session->tape);
    free(session->tape_gradient);
    free(session);
}

const struct network *session_network(const struct session *session)
{
    return session->network;
}

void session_stop_when(struct session *session, const volatile sig_atomic_t *stop)
{
    session->stop = stop;
}

size_t session_workspace_bytes(const struct session *session)
{
    return session->workspace_floats * sizeof(float);
}

size_t session_bytes(const struct session *session)
{
    return session->arena.held_bytes;
}

/* -- steps ---------------------------------------------------------------------------------------------------------- */

/* Where the values of a program lie in one workspace; sides lie in the session unless the program has places for them. */
static void set_places(const struct session *session, const struct program *program, float *workspace, float **at)
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

static struct step_io step_places(const struct network *network, const struct step *step, float *const *at,
                                  float *scratch)
{
    struct step_io io = {.out = network->values[step->output], .y = at[step->output], .rows = 1, .scratch = scratch};
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

/* Keeps the value before the activation where there is a place for it: in programs for gradients. */
static void run_step(const struct step *step, const struct step_io *io)
{
    if (!io->before) {
        step->node->op->forward(step, io);
        return;
    }
    struct step without = *step;
    struct step_io inner = *io;
    without.activation = NULL;
    inner.y = io->before;
    without.node->op->forward(&without, &inner);
    memcpy(io->y, io->before, shape_size(io->out) * sizeof *io->y);
    step->activation->activate(io->y, shape_size(io->out));
}

/* The steps first..end-1 on one image, or on `rows` vectors. */
static void run_steps(const struct session *session, const struct program *program, int first, int end, int rows,
                      float *const *at, float *scratch)
{
    for (int i = first; i < end; i++) {
        const struct step *step = &session->network->steps[program->steps[i]];
        struct step_io io = step_places(session->network, step, at, scratch);
        if (step->node->op == &op_linear) {
            io.rows = rows;
        } else if (rows > 1) { /* an elementwise step on vectors: rows stand one below the other */
            io.out.h = rows;
            for (int k = 0; k < step->input_count; k++)
                io.in[k].h = rows;
        }
        run_step(step, &io);
    }
}

/* -- batches -------------------------------------------------------------------------------------------------------- */

struct batch {
    struct session *session;
    const struct program *program;
    session_source *source;
    void *context;
    bool is_pooled; /* source writes the value behind pooling: no spatial steps */
    int first;      /* index of the chunk's first image */
    size_t boundary;
};

static void run_image(const struct batch *batch, int lane_index, int i)
{
    const struct session *session = batch->session;
    const struct program *program = batch->program;
    const struct network *network = session->network;
    struct lane *lane = &session->lanes[lane_index];
    if (session->stop && *session->stop)
        return;
    if (batch->is_pooled) {
        batch->source(batch->context, batch->first + i, session->rows + (size_t)i * batch->boundary);
        return;
    }
    batch->source(batch->context, batch->first + i, lane->border);
    to_inside(lane->border, network->values[program->start], lane->at[program->start]);
    run_steps(session, program, 0, program->spatial_count, 1, lane->at, lane->workspace + program->scratch);
    const size_t classes = (size_t)network_classes(network);
    if (program->boundary >= 0)
        memcpy(session->rows + (size_t)i * batch->boundary, lane->at[program->boundary],
               batch->boundary * sizeof(float));
    else
        memcpy(session->chunk_logits + (size_t)i * classes, lane->at[network->logits], classes * sizeof(float));
}

static void run_rows(const struct batch *batch, int lane_index, int first, int count)
{
    const struct session *session = batch->session;
    const struct program *program = batch->program;
    struct lane *lane = &session->lanes[lane_index];
    float *image_place = lane->at[program->boundary];
    lane->at[program->boundary] = session->rows + (size_t)first * batch->boundary;
    run_steps(session, program, program->spatial_count, program->step_count, count, lane->at,
              lane->workspace + program->scratch);
    lane->at[program->boundary] = image_place;
    const size_t classes = (size_t)network_classes(session->network);
    memcpy(session->chunk_logits + (size_t)first * classes, lane->at[session->network->logits],
           (size_t)count * classes * sizeof(float));
}

static void run_chunk(const struct batch *batch, int count)
{
    const int lanes = batch->session->lane_count;
#pragma omp parallel num_threads(lanes) if (lanes > 1 && count > 1)
    {
        const int lane = omp_get_thread_num();
        set_places(batch->session, batch->program, batch->session->lanes[lane].workspace,
                   batch->session->lanes[lane].at);
#pragma omp for schedule(dynamic)
        for (int i = 0; i < count; i++)
            run_image(batch, lane, i);
#pragma omp for schedule(dynamic)
        for (int row = 0; row < count; row += LINEAR_ROWS)
            if (batch->program->boundary >= 0)
                run_rows(batch, lane, row, count - row < LINEAR_ROWS ? count - row : LINEAR_ROWS);
    }
}

static void run_batch(struct session *session, const struct program *program, bool is_pooled, int n,
                      session_source *source, void *context, float *logits)
{
    const size_t classes = (size_t)network_classes(session->network);
    struct batch batch = {.session = session,
                          .program = program,
                          .source = source,
                          .context = context,
                          .is_pooled = is_pooled,
                          .boundary = boundary_floats(session->network, program)};
    for (; batch.first < n; batch.first += CHUNK_IMAGES) {
        const int count = n - batch.first < CHUNK_IMAGES ? n - batch.first : CHUNK_IMAGES;
        run_chunk(&batch, count);
        memcpy(logits + (size_t)batch.first * classes, session->chunk_logits, (size_t)count * classes * sizeof *logits);
    }
}

void session_forward(struct session *session, int n, session_source *source, void *context, float *logits)
{
    run_batch(session, &session->network->full, false, n, source, context, logits);
}

void session_tail(struct session *session, int layer, int n, session_source *source, void *context, float *logits)
{
    run_batch(session, &session->network->tails[layer], false, n, source, context, logits);
}

void session_tail_pooled(struct session *session, int layer, int n, session_source *source, void *context,
                         float *logits)
{
    run_batch(session, &session->network->tails[layer], true, n, source, context, logits);
}

/* -- the base pass -------------------------------------------------------------------------------------------------- */

static void copy_source(void *context, int index, float *out)
{
    const struct tensor *input = context;
    (void)index;
    memcpy(out, input->data, tensor_size(input) * sizeof *out);
}

void session_base(struct session *session, const float *input, float *logits, float *const *layers)
{
    const struct network *network = session->network;
    struct tensor x = {network->input.c, network->input.h, network->input.w, input};
    run_batch(session, &network->full, false, 1, copy_source, &x, logits);
    float *const *at = session->lanes[0].at;
    for (int i = 0; i < network->layer_count; i++) {
        const int value = network->layer_values[i];
        to_outside(at[value], network->values[value], layers[i]);
    }
    for (int v = 0; v < network->value_count; v++)
        if (network->side_offset[v] != NO_PLACE)
            memcpy(session->side + network->side_offset[v], at[v], shape_size(network->values[v]) * sizeof(float));
}

size_t session_side_count(const struct session *session)
{
    return session->network->side_floats;
}

void session_side_save(const struct session *session, float *out)
{
    memcpy(out, session->side, session->network->side_floats * sizeof *out);
}

void session_side_restore(struct session *session, const float *in)
{
    memcpy(session->side, in, session->network->side_floats * sizeof *in);
}

/* -- gradients ------------------------------------------------------------------------------------------------------ */

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

static void run_backward(const struct session *session, const struct program *program, float *const *at,
                         float *const *gradient, float *scratch)
{
    const struct network *network = session->network;
    for (int i = program->step_count - 1; i >= 0; i--) {
        const struct step *step = &network->steps[program->steps[i]];
        struct step_io io = step_places(network, step, at, scratch);
        float *dy = gradient[step->output];
        const size_t size = shape_size(io.out);
        if (step->activation)
            step->activation->slope(io.before ? io.before : io.x[0], io.y, dy, size);
        for (size_t k = 0; step->residual >= 0 && k < size; k++)
            gradient[step->residual][k] += dy[k];
        io.dy = dy;
        for (int k = 0; k < step->input_count; k++)
            io.dx[k] = gradient[step->inputs[k]];
        step->node->op->backward(step, &io);
    }
}

int session_gradient(struct session *session, int layer, const float *value, const float *cotangent, float *logits,
                     float *gradient, struct error *err)
{
    const struct network *network = session->network;
    const struct program *tape = &network->tapes[layer < 0 ? network->layer_count : layer];
    const size_t values = (size_t)network->value_count, classes = (size_t)network_classes(network);
    if (reserve_tape(session, tape->floats, err))
        return -1;
    const struct arena_mark mark = arena_mark(&session->arena);
    float **at = arena_alloc(&session->arena, values, sizeof *at);
    float **slope = arena_alloc(&session->arena, values, sizeof *slope);
    if (!at || !slope)
        return error_memory(err, "the values of a gradient");
    memset(session->tape_gradient, 0, tape->floats * sizeof(float));
    set_places(session, tape, session->tape, at);
    set_places(session, tape, session->tape_gradient, slope);
    for (int i = 0; i < tape->side_count; i++) {
        const int side = tape->sides[i];
        memcpy(at[side], session->side + network->side_offset[side], shape_size(network->values[side]) * sizeof(float));
    }
    to_inside(value, network->values[tape->start], at[tape->start]);
    run_steps(session, tape, 0, tape->step_count, 1, at, session->tape + tape->scratch);
    if (logits)
        memcpy(logits, at[network->logits], classes * sizeof *logits);
    memcpy(slope[network->logits], cotangent, classes * sizeof *cotangent);
    run_backward(session, tape, at, slope, session->tape + tape->scratch);
    to_outside(slope[tape->start], network->values[tape->start], gradient);
    arena_rewind(&session->arena, mark);
    return 0;
}
