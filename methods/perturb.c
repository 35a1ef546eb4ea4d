/* methods/perturb.c - further passes in batches: tails on changed activations, and passes that equal another one. */
#include "methods/cam_private.h"

#include "nn/simd.h"

/* Passes go to the engine in sub-batches, so that the memory for logits does not grow with n. */
#define BATCH 256

void cam_class_outputs(const struct cam_pass *pass, const float *output, int n, struct cam_output *out)
{
    for (int i = 0; i < n; i++, output += pass->outputs)
        out[i] = (struct cam_output){class_logit(output, pass->outputs, pass->klass),
                                     class_probability(output, pass->outputs, pass->klass)};
}

/* A source whose item 0 is item `first` of another one. */
struct shifted {
    const struct session_batch *batch;
    int first;
};

static void shifted_source(void *context, int index, float *out)
{
    const struct shifted *shifted = context;
    shifted->batch->source(shifted->batch->context, shifted->first + index, out);
}

int cam_run_passes(struct cam *cam, const struct session_batch *batch, struct cam_output *out)
{
    struct cam_pass *pass = cam->pass;
    struct cam_worker *worker = pass->setup.worker;
    const struct arena_mark mark = arena_mark(&worker->scratch);
    const int most = pass->setup.batch ? pass->setup.batch : BATCH;
    float *logits = cam_floats(cam, (size_t)(batch->n < most ? batch->n : most) * (size_t)pass->outputs);
    if (!logits)
        return -1;
    session_side_restore(worker->session, pass->side);
    for (int first = 0; first < batch->n; first += most) {
        struct shifted shifted = {batch, first};
        const int count = batch->n - first < most ? batch->n - first : most;
        const struct session_batch part = {batch->from, batch->form, count, shifted_source, &shifted};
        session_run(worker->session, &part, logits);
        if (session_take_error(worker->session, cam->err))
            return -1;
        cam_class_outputs(pass, logits, count, out + first);
    }
    arena_rewind(&worker->scratch, mark);
    return 0;
}

int cam_pass_others(struct cam_pass *pass, int n, session_source *source, void *context, struct cam_output *out,
                    struct error *err)
{
    struct cost ignored = {0};
    struct cam cam = {.pass = pass, .cost = &ignored, .err = err};
    return cam_run_passes(&cam, &(struct session_batch){SESSION_INPUT, SESSION_PLANES, n, source, context}, out);
}

int cam_tail(struct cam *cam, int n, cam_source *source, void *context, struct cam_output *out)
{
    cam->cost->tail += n;
    return cam_run_passes(cam, &(struct session_batch){cam->layer, SESSION_PLANES, n, source, context}, out);
}

/* A as (h,w,C), the engine's layout, so that changed copies need not be transposed for each pass. */
static float *positions_of(struct cam *cam)
{
    const struct tensor *act = cam_activations(cam);
    const size_t plane = tensor_plane(act), channels = (size_t)act->c;
    float *positions = cam_floats(cam, tensor_size(act));
    for (size_t k = 0; positions && k < channels; k++)
        for (size_t i = 0; i < plane; i++)
            positions[i * channels + k] = act->data[k * plane + i];
    return positions;
}

/*
 * Masks on A. If the tail is global average pooling and a linear layer, a mask changes only the mean of each channel,
 * so the tail runs on means: one vector per pass instead of C planes. Means are summed as the pooling operator does, so
 * that both ways give the same bits (tests/methods/test_context.c).
 */
struct layer_masks {
    const struct tensor *act;
    const float *values;    /* (n,h,w) */
    const float *positions; /* positions_of() */
};

static bool is_pooled(const struct cam *cam)
{
    return !cam->pass->setup.exact_passes && network_pooled_linear(cam->pass->network, cam->layer);
}

static void spatial_source(void *context, int index, float *out)
{
    const struct layer_masks *masks = context;
    const size_t plane = tensor_plane(masks->act);
    const float *mask = masks->values + (size_t)index * plane, *act = masks->act->data;
    for (int k = 0; k < masks->act->c; k++)
        for (size_t i = 0; i < plane; i++)
            *out++ = *act++ * mask[i];
}

/* y (count,n) = x (count,n), each row multiplied by its weight. */
MULTIVERSION static void weigh_rows(const float *x, const float *weight, size_t count, size_t n, float *y)
{
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < n; k++)
            y[i * n + k] = x[i * n + k] * weight[i];
}

static void positions_source(void *context, int index, float *out)
{
    const struct layer_masks *masks = context;
    const size_t plane = tensor_plane(masks->act);
    weigh_rows(masks->positions, masks->values + (size_t)index * plane, plane, (size_t)masks->act->c, out);
}

/* The mean of each of n channels over the positions (count,n), weighted. */
MULTIVERSION static void weighted_means(const float *positions, const float *weight, size_t count, size_t n, float *out)
{
    memset(out, 0, n * sizeof *out);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < n; k++)
            out[k] += positions[i * n + k] * weight[i];
    for (size_t k = 0; k < n; k++)
        out[k] /= (float)count;
}

static void pooled_spatial_source(void *context, int index, float *out)
{
    const struct layer_masks *masks = context;
    const size_t plane = tensor_plane(masks->act);
    weighted_means(masks->positions, masks->values + (size_t)index * plane, plane, (size_t)masks->act->c, out);
}

int cam_tail_spatial_masks(struct cam *cam, int n, const float *masks, struct cam_output *out)
{
    struct cam_worker *worker = cam->pass->setup.worker;
    struct layer_masks context = {.act = cam_activations(cam), .values = masks};
    struct session_batch batch = {cam->layer, SESSION_PLANES, n, spatial_source, &context};
    cam->cost->tail += n;
    if (cam->pass->setup.exact_passes)
        return cam_run_passes(cam, &batch, out);
    const struct arena_mark mark = arena_mark(&worker->scratch);
    const bool pooled = is_pooled(cam);
    context.positions = positions_of(cam);
    batch.form = pooled ? SESSION_POOLED : SESSION_POSITIONS;
    batch.source = pooled ? pooled_spatial_source : positions_source;
    if (!context.positions || cam_run_passes(cam, &batch, out))
        return -1;
    arena_rewind(&worker->scratch, mark);
    return 0;
}

/* -- passes that repeat another one --------------------------------------------------------------------------------- */

/* A source with only those items of a batch that `which` lists. */
struct chosen {
    const struct session_batch *batch;
    const int *which;
};

static void chosen_source(void *context, int index, float *out)
{
    const struct chosen *chosen = context;
    chosen->batch->source(chosen->batch->context, chosen->which[index], out);
}

int cam_run_distinct(struct cam *cam, const struct session_batch *batch, const int *same, struct cam_output *out)
{
    const size_t n = (size_t)batch->n;
    int *which = cam_alloc(cam, n, sizeof *which), *place = cam_alloc(cam, n, sizeof *place), count = 0;
    struct cam_output *answers = cam_alloc(cam, n, sizeof *answers);
    if (!which || !place || !answers)
        return -1;
    for (int i = 0; i < batch->n; i++)
        if (same[i] == i) {
            place[i] = count;
            which[count++] = i;
        }
    struct chosen chosen = {batch, which};
    const struct session_batch distinct = {batch->from, batch->form, count, chosen_source, &chosen};
    if (cam_run_passes(cam, &distinct, answers))
        return -1;
    for (int i = 0; i < batch->n; i++)
        out[i] = same[i] == SAME_AS_BASE ? (struct cam_output){cam_logit(cam), cam_probability(cam)}
                                         : answers[place[same[i]]];
    cam->cost->repeated += batch->n - count;
    return 0;
}

/* -- channels that are replaced ------------------------------------------------------------------------------------- */

struct channels {
    const struct tensor *act;
    const int *channel;
    const float *value;
    const float *positions; /* positions_of() */
};

static void channel_source(void *context, int index, float *out)
{
    const struct channels *channels = context;
    const size_t plane = tensor_plane(channels->act);
    memcpy(out, channels->act->data, tensor_size(channels->act) * sizeof *out);
    for (size_t i = 0; i < plane; i++)
        out[(size_t)channels->channel[index] * plane + i] = channels->value[index];
}

static void channel_positions_source(void *context, int index, float *out)
{
    const struct channels *channels = context;
    const size_t count = (size_t)channels->act->c, size = tensor_size(channels->act);
    memcpy(out, channels->positions, size * sizeof *out);
    for (size_t i = (size_t)channels->channel[index]; i < size; i += count)
        out[i] = channels->value[index];
}

static float mean(const float *values, size_t n)
{
    float sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += values[i];
    return sum / (float)n;
}

/* By how much the mean of channels->channel[i] changes. */
static float change_of_mean(const struct channels *channels, int i)
{
    const size_t plane = tensor_plane(channels->act);
    return channels->value[i] - mean(channels->act->data + (size_t)channels->channel[i] * plane, plane);
}

/* After pooling, one channel changes the logits by a multiple of a column of the weight matrix, so no pass is run. */
static int replace_behind_pooling(struct cam *cam, int n, const struct channels *channels, struct cam_output *out)
{
    const struct cam_pass *pass = cam->pass;
    const struct arena_mark mark = arena_mark(&pass->setup.worker->scratch);
    float *output = cam_floats(cam, (size_t)pass->outputs);
    if (!output)
        return -1;
    for (int i = 0; i < n; i++) {
        const float change = change_of_mean(channels, i);
        network_pooled_column(pass->network, cam->layer, channels->channel[i], output);
        for (int k = 0; k < pass->outputs; k++)
            output[k] = pass->output[k] + change * output[k];
        cam_class_outputs(pass, output, 1, &out[i]);
    }
    arena_rewind(&pass->setup.worker->scratch, mark);
    return 0;
}

/* The class's channel is its map; with one output, class 0 has the negative. */
static void choose_channel(const struct cam_pass *pass, float *weight)
{
    weight[pass->outputs == 1 ? 0 : pass->klass] = pass->outputs == 1 && pass->klass == 0 ? -1 : 1;
}

/* The class's row of the matrix; with one output, class 0 has the negative. */
static void choose_row(const struct cam *cam, int channels, float *weight)
{
    const struct cam_pass *pass = cam->pass;
    network_pooled_row(pass->network, cam->layer, pass->outputs == 1 ? 0 : pass->klass, weight);
    for (int k = 0; k < channels && pass->outputs == 1 && pass->klass == 0; k++)
        weight[k] = -weight[k];
}

const float *cam_pooled_weights(struct cam *cam)
{
    const struct cam_pass *pass = cam->pass;
    const int channels = pass->layers[cam->layer].c;
    if (network_is_foreign(pass->network)) {
        cam_fail(cam, "needs the weights of the last layer, which a network that another program runs does not have; "
                      "gradcam works at any layer");
        return NULL;
    }
    const bool has_maps = network_pooled_classes(pass->network, cam->layer);
    if (!has_maps && !network_pooled_linear(pass->network, cam->layer)) {
        cam_fail(cam,
                 "layer \"%s\" is not followed by global average pooling and one linear layer, and has no map for each "
                 "class; gradcam works at any layer",
                 network_layer_name(pass->network, cam->layer));
        return NULL;
    }
    float *weight = cam_floats(cam, (size_t)channels);
    if (!weight)
        return NULL;
    if (has_maps)
        choose_channel(pass, weight);
    else
        choose_row(cam, channels, weight);
    return weight;
}

static bool all_are(const float *values, size_t n, float value)
{
    for (size_t i = 0; i < n; i++)
        if (values[i] != value)
            return false;
    return true;
}

int cam_tail_channels(struct cam *cam, int n, const int *channel, const float *value, struct cam_output *out)
{
    struct channels channels = {cam_activations(cam), channel, value, NULL};
    const size_t plane = tensor_plane(channels.act);
    cam->cost->tail += n;
    if (is_pooled(cam))
        return replace_behind_pooling(cam, n, &channels, out);
    struct session_batch batch = {cam->layer, SESSION_PLANES, n, channel_source, &channels};
    if (cam->pass->setup.exact_passes)
        return cam_run_passes(cam, &batch, out);
    batch.form = SESSION_POSITIONS;
    batch.source = channel_positions_source;
    int *same = cam_alloc(cam, (size_t)n, sizeof *same);
    channels.positions = positions_of(cam);
    if (!same || !channels.positions)
        return -1;
    for (int i = 0; i < n; i++)
        same[i] = all_are(channels.act->data + (size_t)channel[i] * plane, plane, value[i]) ? SAME_AS_BASE : i;
    return cam_run_distinct(cam, &batch, same, out);
}

/* The logits of replace_behind_pooling(), from one row of the matrix. */
static int replaced_logits(struct cam *cam, int n, const struct channels *channels, float *logit)
{
    float *weight = cam_floats(cam, (size_t)channels->act->c);
    if (!weight)
        return -1;
    choose_row(cam, channels->act->c, weight);
    for (int i = 0; i < n; i++)
        logit[i] = cam_logit(cam) + change_of_mean(channels, i) * weight[channels->channel[i]];
    return 0;
}

int cam_tail_channel_logits(struct cam *cam, int n, const int *channel, const float *value, float *logit)
{
    if (is_pooled(cam)) {
        cam->cost->tail += n;
        return replaced_logits(cam, n, &(struct channels){cam_activations(cam), channel, value, NULL}, logit);
    }
    struct cam_output *out = cam_alloc(cam, (size_t)n, sizeof *out);
    if (!out || cam_tail_channels(cam, n, channel, value, out))
        return -1;
    for (int i = 0; i < n; i++)
        logit[i] = out[i].logit;
    return 0;
}
