/*
 * nn/session_batch.c - forward: batches of images through the network or a tail of it.
 *
 * A batch is divided into chunks of fixed size, and a chunk into groups of images. A group goes through the spatial
 * steps in a worker's workspace, one image after the other while maps are large, then together. Its last spatial values
 * are copied to a table of the chunk; then the steps on rows run on the whole table. Threads take groups of their own
 * (nn/session_share.h). If there are fewer images than threads, and for the steps on rows, they share the blocks of each
 * step.
 */
#include "nn/difference.h"
#include "nn/foreign.h"
#include "nn/session_private.h"
#include "nn/session_share.h"

#include <string.h>

/* A batch that is being run; `first` is the index of the current chunk's first image. */
struct batch {
    struct session *session;
    const struct program *program;
    const struct session_batch *given;
    int first;
    size_t boundary;
};

/* Copies the group's values after the spatial steps into the chunk's table. */
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

/* Where a value of one image of a group lies. */
static float *image_place(const struct batch *batch, float *const *at, int value, int image)
{
    const size_t size = shape_size(batch->session->network->values[value]);
    return at[value] + (batch->program->is_grouped[value] ? (size_t)image * size : 0);
}

static void read_image(const struct batch *batch, struct worker *worker, int index, int image)
{
    const struct program *program = batch->program;
    float *place = image_place(batch, worker->at, program->start, image);
    batch->given->source(batch->given->context, batch->first + index,
                         batch->given->form == SESSION_POSITIONS ? place : worker->border);
    if (batch->given->form == SESSION_PLANES)
        to_inside(worker->border, batch->session->network->values[program->start], place);
}

/* Runs the steps that take the images of a group one by one. */
static void run_single(const struct batch *batch, float *const *at, float **own, float *scratch, int image, int workers)
{
    const struct program *program = batch->program;
    for (int v = 0; v < batch->session->network->value_count; v++)
        own[v] = at[v] ? image_place(batch, at, v, image) : NULL;
    session_run_steps(batch->session, program, (struct stretch){0, program->group_first, 1, workers}, own, scratch);
}

/* Runs the spatial steps on images first..first+count-1 of the chunk, by one worker. */
static void run_group(const struct batch *batch, struct worker *worker, int first, int count)
{
    struct session *session = batch->session;
    const struct program *program = batch->program;
    float *scratch = worker->workspace + program->scratch;
    if (session_is_stopped(session))
        return;
    if (batch->given->form == SESSION_POOLED) {
        for (int i = 0; i < count; i++)
            batch->given->source(batch->given->context, batch->first + first + i,
                                 session->rows + (size_t)(first + i) * batch->boundary);
        return;
    }
    for (int i = 0; i < count; i++) {
        read_image(batch, worker, first + i, i);
        run_single(batch, worker->at, worker->image_at, scratch, i, 1);
    }
    session_run_steps(session, program, (struct stretch){program->group_first, program->spatial_count, count, 1},
                      worker->at, scratch);
    keep_results(batch, worker->at, first, count);
}

/* Runs the spatial steps on such a group by all threads together, in the first worker's workspace. */
static void share_group(const struct batch *batch, int first, int count, int hands)
{
    struct session *session = batch->session;
    const struct program *program = batch->program;
    struct worker *worker = &session->workers[0];
    float *scratch = worker->workspace + program->scratch;
    for (int i = 0; i < count; i++) {
        read_image(batch, worker, first + i, i);
        run_single(batch, worker->at, worker->image_at, scratch, i, hands);
    }
    session_run_steps(session, program, (struct stretch){program->group_first, program->spatial_count, count, hands},
                      worker->at, scratch);
    keep_results(batch, worker->at, first, count);
}

/* Whether the program's rows are inputs of the network's first linear layer, to which the shortcut applies. */
static bool by_difference(const struct batch *batch)
{
    const struct session *session = batch->session;
    const struct program *full = &session->network->full;
    return session->difference && session->are_differences_allowed && batch->program != full &&
           batch->program->boundary == full->boundary;
}

/* Runs the steps on rows, by all threads together. */
static void share_rows(const struct batch *batch, int count, int hands)
{
    struct session *session = batch->session;
    const struct program *program = batch->program;
    struct worker *worker = &session->workers[0];
    float **at = worker->image_at, *scratch = worker->workspace + program->scratch;
    int first = program->spatial_count;
    memcpy(at, worker->at, (size_t)session->network->value_count * sizeof *at);
    at[program->boundary] = session->rows;
    at[session->network->logits] = session->chunk_logits;
    if (by_difference(batch)) {
        const struct step *step = &session->network->steps[program->steps[first++]];
        struct step_io io = session_step_io(session->network, step, at, scratch);
        io.images = count;
        io.workers = hands;
        difference_forward(session, session->difference, step, &io);
    }
    session_run_steps(session, program, (struct stretch){first, program->step_count, count, hands}, at, scratch);
}

/* A chunk that is divided into groups as equal as possible. */
struct divided {
    const struct batch *batch;
    int count, groups;
};

static void run_part(void *context, struct worker *worker, int group)
{
    const struct divided *divided = context;
    const struct batch *batch = divided->batch;
    const int first = divided->count * group / divided->groups, end = divided->count * (group + 1) / divided->groups;
    session_set_places(batch->session, batch->program, worker->workspace, worker->at);
    run_group(batch, worker, first, end - first);
}

#define POOLED_GROUPS 4 /* for each thread: such images are only read */

/* How many groups: of at most group_images each, and as many for each thread. */
static int group_count(const struct batch *batch, int count, int hands)
{
    if (batch->given->form == SESSION_POOLED)
        return smaller(count, POOLED_GROUPS * hands);
    return smaller(count, divide_up(divide_up(count, batch->program->group_images), hands) * hands);
}

static void run_chunk(const struct batch *batch, int count)
{
    struct session *session = batch->session;
    struct worker *worker = &session->workers[0];
    const int hands = session_hands(session), most = batch->program->group_images;
    session_set_places(session, batch->program, worker->workspace, worker->at);
    if (count < hands && batch->given->form != SESSION_POOLED) /* POOLED: no spatial steps to share */
        for (int first = 0; first < count; first += most)
            share_group(batch, first, smaller(count - first, most), hands);
    else {
        const int groups = group_count(batch, count, hands);
        session_share(session, groups, run_part, &(struct divided){batch, count, groups});
    }
    if (batch->program->boundary >= 0 && !session_is_stopped(session))
        share_rows(batch, count, hands);
}

void session_run(struct session *session, const struct session_batch *given, float *logits)
{
    const struct network *network = session->network;
    if (session->foreign) {
        foreign_run(session->foreign, given, logits);
        return;
    }
    const size_t classes = (size_t)network_classes(network);
    struct batch batch = {.session = session,
                          .program = given->from == SESSION_INPUT ? &network->full : &network->tails[given->from],
                          .given = given};
    batch.boundary = boundary_floats(network, batch.program);
    for (; batch.first < given->n; batch.first += CHUNK_IMAGES) {
        const int count = smaller(given->n - batch.first, CHUNK_IMAGES);
        run_chunk(&batch, count);
        memcpy(logits + (size_t)batch.first * classes, session->chunk_logits, (size_t)count * classes * sizeof *logits);
    }
}
