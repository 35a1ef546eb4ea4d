/*
 * nn/session.c - running programs: forward, base pass, tail, gradient.
 *
 * A batch is cut into chunks of fixed size, a chunk into groups of images. A group goes through the spatial steps in a
 * lane's workspace, one image after the other as long as maps are large, then together, and leaves its last spatial values
 * in a table; then the steps on rows run on the whole table. Lanes work on groups of their own, or, when there are fewer
 * images than lanes and on rows, share the blocks of each step.
 */
#include "nn/network.h"

#include "nn/difference.h"

#include <omp.h>
#include <stdlib.h>
#include <string.h>

struct lane {
    float *workspace; /* of the largest program */
    float *border;    /* a value in (c,h,w), as the caller writes it */
    float **at;       /* where each value lies in the program at hand */
    float **image_at; /* the same for one image of a group */
};

struct session {
    const struct network *network;
    struct arena arena;
    int lane_count;
    struct lane *lanes;
    size_t workspace_floats;
    const volatile sig_atomic_t *stop; /* NULL: never */
    struct difference *difference;     /* NULL: the network has no layer for it */
    bool are_differences_allowed;
    float *kept_row, *kept_values; /* the row of the last base pass, and what the steps on rows made of it */
    bool has_kept;
    double *step_seconds;        /* NULL: nobody wants to know */
    float *side;                 /* values beside the layers, of the last base pass */
    float *rows;                 /* (CHUNK_IMAGES, boundary): what the spatial steps leave */
    float *chunk_logits;         /* (CHUNK_IMAGES, K) */
    float *tape, *tape_gradient; /* made by the first gradient that needs them */
    size_t tape_floats;
};

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* -- layouts -------------------------------------------------------------------------------------------------------- */

static void to_inside(const float *planes, struct shape shape, float *out)
{
    transpose(planes, (size_t)shape.c, shape_positions(shape), out);
}

static void to_outside(const float *inside, struct shape shape, float *out)
{
    transpose(inside, shape_positions(shape), (size_t)shape.c, out);
}

/* -- life ----------------------------------------------------------------------------------------------------------- */

static size_t boundary_floats(const struct network *network, const struct program *program)
{
    return program->boundary < 0 ? 0 : shape_size(network->values[program->boundary]);
}

/* Floats that the steps on rows make of one row. */
static size_t row_values(const struct network *network)
{
    const struct program *full = &network->full;
    size_t floats = 0;
    for (int i = full->spatial_count; i < full->step_count; i++)
        floats += shape_size(network->values[network->steps[full->steps[i]].output]);
    return floats;
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
        session->kept_values = arena_floats(arena, row_values(network));
        if (!session->difference || !session->kept_row || !session->kept_values)
            return error_memory(err, "a session");
    }
    session->chunk_logits = arena_floats(arena, CHUNK_IMAGES * (size_t)network_classes(network));
    session->lanes = arena_alloc(arena, (size_t)session->lane_count, sizeof *session->lanes);
    if (!session->side || !session->rows || !session->chunk_logits || !session->lanes)
        return error_memory(err, "a session");
    for (int i = 0; i < session->lane_count; i++) {
        struct lane *lane = &session->lanes[i];
        lane->workspace = arena_floats(arena, session->workspace_floats);
        lane->border = arena_floats(arena, border);
        lane->at = arena_alloc(arena, (size_t)network->value_count, sizeof *lane->at);
        lane->image_at = arena_alloc(arena, (size_t)network->value_count, sizeof *lane->image_at);
        if (!lane->workspace || !lane->border || !lane->at || !lane->image_at)
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

void session_profile(struct session *session, double *seconds)
{
    session->step_seconds = session->lane_count == 1 ? seconds : NULL;
}

void session_allow_differences(struct session *session, bool are_allowed)
{
    session->are_differences_allowed = are_allowed;
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
    struct step_io io = {
        .out = network->values[step->output], .images = 1, .lanes = 1, .y = at[step->output], .scratch = scratch};
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

/* Keeps the value before the activation where there is a place for it: in programs for gradients. */
static void run_step(const struct step *step, const struct step_io *io)
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

/* The same by all threads of the parallel region that calls it. */
static void share_step(const struct step *step, const struct step_io *io)
{
    const int blocks = step_blocks(step, io);
#pragma omp for schedule(dynamic)
    for (int block = 0; block < blocks; block++)
        run_block(step, io, block);
}

/* Which steps run, and who runs them. */
struct stretch {
    int first, end;
    int images;
    int lanes; /* 1: the caller alone */
};

static struct panels value_panels(const struct session *session, const struct program *program, int value, int images)
{
    const int channels = program->panel[value];
    const size_t positions = (size_t)images * shape_positions(session->network->values[value]);
    return (struct panels){channels, positions * (size_t)channels};
}

static void run_steps(const struct session *session, const struct program *program, struct stretch stretch,
                      float *const *at, float *scratch)
{
    for (int i = stretch.first; i < stretch.end; i++) {
        const struct step *step = &session->network->steps[program->steps[i]];
        struct step_io io = step_places(session->network, step, at, scratch);
        io.images = stretch.images;
        io.lanes = stretch.lanes;
        io.x_panels = value_panels(session, program, step->inputs[0], stretch.images);
        io.y_panels = value_panels(session, program, step->output, stretch.images);
        if (step->residual >= 0)
            io.residual_panels = value_panels(session, program, step->residual, stretch.images);
        const bool is_timed = session->step_seconds && program == &session->network->full;
        const double start = is_timed ? omp_get_wtime() : 0;
        if (stretch.lanes > 1)
            share_step(step, &io);
        else
            run_step(step, &io);
        if (is_timed)
            session->step_seconds[i] += omp_get_wtime() - start;
    }
}

/* -- batches -------------------------------------------------------------------------------------------------------- */

/* What a source writes: channel after channel; position after position; the value behind pooling, without spatial steps. */
enum form { PLANES, POSITIONS, POOLED };

struct batch {
    struct session *session;
    const struct program *program;
    session_source *source;
    void *context;
    enum form form;
    int first; /* index of the chunk's first image */
    size_t boundary;
};

/* The group's values behind the spatial steps, into the chunk's table. */
static void keep_results(const struct batch *batch, float *const *at, int first, int count)
{
    const struct session *session = batch->session;
    const struct network *network = session->network;
    const size_t classes = (size_t)network_classes(network), n = (size_t)count;
    if (batch->program->boundary >= 0)
        memcpy(session->rows + (size_t)first * batch->boundary, at[batch->program->boundary],
               n * batch->boundary * sizeof(float));
    else
        memcpy(session->chunk_logits + (size_t)first * classes, at[network->logits], n * classes * sizeof(float));
}

/* A value's place for one image of a group. */
static float *image_place(const struct batch *batch, float *const *at, int value, int image)
{
    const size_t size = shape_size(batch->session->network->values[value]);
    return at[value] + (batch->program->is_grouped[value] ? (size_t)image * size : 0);
}

static void read_image(const struct batch *batch, struct lane *lane, int index, int image)
{
    const struct program *program = batch->program;
    float *place = image_place(batch, lane->at, program->start, image);
    batch->source(batch->context, batch->first + index, batch->form == POSITIONS ? place : lane->border);
    if (batch->form == PLANES)
        to_inside(lane->border, batch->session->network->values[program->start], place);
}

/* Steps that images take one by one. */
static void run_single(const struct batch *batch, float *const *at, float **own, float *scratch, int image, int lanes)
{
    const struct program *program = batch->program;
    for (int v = 0; v < batch->session->network->value_count; v++)
        own[v] = at[v] ? image_place(batch, at, v, image) : NULL;
    run_steps(batch->session, program, (struct stretch){0, program->group_first, 1, lanes}, own, scratch);
}

/* Images first..first+count-1 of the chunk, by one lane. */
static void run_group(const struct batch *batch, struct lane *lane, int first, int count)
{
    const struct session *session = batch->session;
    const struct program *program = batch->program;
    float *scratch = lane->workspace + program->scratch;
    if (session->stop && *session->stop)
        return;
    if (batch->form == POOLED) {
        for (int i = 0; i < count; i++)
            batch->source(batch->context, batch->first + first + i,
                          session->rows + (size_t)(first + i) * batch->boundary);
        return;
    }
    for (int i = 0; i < count; i++) {
        read_image(batch, lane, first + i, i);
        run_single(batch, lane->at, lane->image_at, scratch, i, 1);
    }
    run_steps(session, program, (struct stretch){program->group_first, program->spatial_count, count, 1}, lane->at,
              scratch);
    keep_results(batch, lane->at, first, count);
}

/* The same by all lanes, in the first one's workspace. */
static void share_group(const struct batch *batch, int lane_index, int first, int count)
{
    const struct session *session = batch->session;
    const struct program *program = batch->program;
    struct lane *own = &session->lanes[lane_index], *lane = &session->lanes[0];
    float *scratch = own->workspace + program->scratch;
    for (int i = 0; i < count; i++) {
#pragma omp single
        read_image(batch, lane, first + i, i);
        run_single(batch, lane->at, own->image_at, scratch, i, session->lane_count);
    }
    run_steps(session, program,
              (struct stretch){program->group_first, program->spatial_count, count, session->lane_count}, lane->at,
              scratch);
#pragma omp single
    keep_results(batch, lane->at, first, count);
}

/* In a tail that comes down to the row of the whole network's first linear layer. */
static bool by_difference(const struct batch *batch)
{
    const struct session *session = batch->session;
    const struct program *full = &session->network->full;
    return session->difference && session->are_differences_allowed && batch->program != full &&
           batch->program->boundary == full->boundary;
}

/* The steps on rows, by all lanes. */
static void share_rows(const struct batch *batch, int lane_index, int count)
{
    const struct session *session = batch->session;
    const struct program *program = batch->program;
    struct lane *own = &session->lanes[lane_index];
    float *const *at = session->lanes[0].at;
    float *scratch = own->workspace + program->scratch;
    int first = program->spatial_count;
    memcpy(own->image_at, at, (size_t)session->network->value_count * sizeof *at);
    own->image_at[program->boundary] = session->rows;
    own->image_at[session->network->logits] = session->chunk_logits;
    if (by_difference(batch)) {
        const struct step *step = &session->network->steps[program->steps[first++]];
        struct step_io io = step_places(session->network, step, own->image_at, scratch);
        io.images = count;
        io.lanes = session->lane_count;
        difference_forward(session->difference, step, &io);
    }
    run_steps(session, program, (struct stretch){first, program->step_count, count, session->lane_count}, own->image_at,
              scratch);
}

/* Groups as equal as can be, none larger than the program has room for; fewer images than lanes: one, shared. */
static void run_chunk(const struct batch *batch, int count)
{
    const int lanes = batch->session->lane_count, most = batch->form == POOLED ? 1 : batch->program->group_images;
    const bool is_shared = lanes > 1 && count < lanes && batch->form != POOLED; /* which has no steps to share */
    const int groups = is_shared ? divide_up(count, most) : divide_up(divide_up(count, most), lanes) * lanes;
    const int each = divide_up(count, groups);
#pragma omp parallel num_threads(lanes) if (lanes > 1)
    {
        const int index = omp_get_thread_num();
        struct lane *lane = &batch->session->lanes[index];
        set_places(batch->session, batch->program, lane->workspace, lane->at);
        if (is_shared) {
#pragma omp barrier
            for (int first = 0; first < count; first += each)
                share_group(batch, index, first, count - first < each ? count - first : each);
        } else {
#pragma omp for schedule(dynamic)
            for (int first = 0; first < count; first += each)
                run_group(batch, lane, first, count - first < each ? count - first : each);
        }
        if (batch->program->boundary >= 0)
            share_rows(batch, index, count);
    }
}

static void run_batch(struct session *session, const struct program *program, enum form form, int n,
                      session_source *source, void *context, float *logits)
{
    const size_t classes = (size_t)network_classes(session->network);
    struct batch batch = {.session = session,
                          .program = program,
                          .source = source,
                          .context = context,
                          .form = form,
                          .boundary = boundary_floats(session->network, program)};
    for (; batch.first < n; batch.first += CHUNK_IMAGES) {
        const int count = n - batch.first < CHUNK_IMAGES ? n - batch.first : CHUNK_IMAGES;
        run_chunk(&batch, count);
        memcpy(logits + (size_t)batch.first * classes, session->chunk_logits, (size_t)count * classes * sizeof *logits);
    }
}

void session_forward(struct session *session, int n, session_source *source, void *context, float *logits)
{
    run_batch(session, &session->network->full, PLANES, n, source, context, logits);
}

void session_tail(struct session *session, int layer, int n, session_source *source, void *context, float *logits)
{
    run_batch(session, &session->network->tails[layer], PLANES, n, source, context, logits);
}

void session_tail_positions(struct session *session, int layer, int n, session_source *source, void *context,
                            float *logits)
{
    run_batch(session, &session->network->tails[layer], POSITIONS, n, source, context, logits);
}

void session_tail_pooled(struct session *session, int layer, int n, session_source *source, void *context,
                         float *logits)
{
    run_batch(session, &session->network->tails[layer], POOLED, n, source, context, logits);
}

/* -- the base pass -------------------------------------------------------------------------------------------------- */

static void copy_source(void *context, int index, float *out)
{
    const struct tensor *input = context;
    (void)index;
    memcpy(out, input->data, tensor_size(input) * sizeof *out);
}

/*
 * Where the layers on rows hold most of the weights, a gradient does not compute again what they have made of the base
 * pass's row: it is kept, or put in its place.
 */
static void keep_row(struct session *session)
{
    const struct network *network = session->network;
    const struct program *full = &network->full;
    float *place = session->kept_values;
    memcpy(session->kept_row, session->rows, network->base_floats * sizeof *place);
    for (int i = full->spatial_count; i < full->step_count; i++) {
        const int value = network->steps[full->steps[i]].output;
        const size_t size = shape_size(network->values[value]);
        const float *made = value == network->logits ? session->chunk_logits : session->lanes[0].at[value];
        memcpy(place, made, size * sizeof *place);
        place += size;
    }
    session->has_kept = true;
}

static bool use_kept_row(const struct session *session, float *const *at)
{
    const struct network *network = session->network;
    const struct program *full = &network->full;
    const float *place = session->kept_values;
    if (!session->has_kept || memcmp(at[full->boundary], session->kept_row, network->base_floats * sizeof *place) != 0)
        return false;
    for (int i = full->spatial_count; i < full->step_count; i++) {
        const struct step *step = &network->steps[full->steps[i]];
        const size_t size = shape_size(network->values[step->output]);
        if (step->before >= 0)
            return false;
        memcpy(at[step->output], place, size * sizeof *place);
        place += size;
    }
    return true;
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
    if (session->difference) {
        difference_set_base(session->difference, session->rows);
        keep_row(session);
    }
}

size_t session_side_count(const struct session *session)
{
    return session->network->side_floats + session->network->base_floats;
}

void session_side_save(const struct session *session, float *out)
{
    const struct network *network = session->network;
    memcpy(out, session->side, network->side_floats * sizeof *out);
    if (session->difference)
        memcpy(out + network->side_floats, difference_base(session->difference), network->base_floats * sizeof *out);
}

void session_side_restore(struct session *session, const float *in)
{
    memcpy(session->side, in, session->network->side_floats * sizeof *in);
    if (session->difference)
        difference_set_base(session->difference, in + session->network->side_floats);
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

/* Forward; every value is kept. */
static void run_tape(const struct session *session, const struct program *tape, float *const *at)
{
    const struct program *full = &session->network->full;
    float *scratch = session->tape + tape->scratch;
    const int rows = session->difference ? full->step_count - full->spatial_count : 0; /* steps, the last ones */
    run_steps(session, tape, (struct stretch){0, tape->step_count - rows, 1, 1}, at, scratch);
    if (rows > 0 && !use_kept_row(session, at))
        run_steps(session, tape, (struct stretch){tape->step_count - rows, tape->step_count, 1, 1}, at, scratch);
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
        io.lanes = session->lane_count;
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
    run_tape(session, tape, at);
    if (logits)
        memcpy(logits, at[network->logits], classes * sizeof *logits);
    memcpy(slope[network->logits], cotangent, classes * sizeof *cotangent);
    run_backward(session, tape, at, slope, session->tape + tape->scratch);
    to_outside(slope[tape->start], network->values[tape->start], gradient);
    arena_rewind(&session->arena, mark);
    return 0;
}
