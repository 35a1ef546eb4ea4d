/* methods/cam.c - the context that methods work in: the base pass, gradients, further passes, all counted. */
#include "methods/harness.h"

#include "base/blur.h"
#include "base/clock.h"
#include "nn/simd.h"

#include <stdlib.h>

/* A gradient that several methods ask for: kept, with the time it took, which each of them is charged. */
struct kept_gradient {
    struct tensor tensor;
    double seconds;
};

struct cam_pass {
    struct cam_setup setup;
    const struct network *network;
    int klass, outputs, classes; /* outputs: of the network; classes: class_count() of them */
    float *output, *logits, *probabilities;
    struct tensor *layers;                /* [layer] */
    struct kept_gradient (*gradients)[4]; /* [layer, then the input][score] */
    float *side;
    double seconds; /* of the base pass */
};

struct cam {
    struct cam_pass *pass;
    int layer;
    const char *label;
    struct cost *cost;
    struct error *err;
};

/* -- the base pass -------------------------------------------------------------------------------------------------- */

static int allocate_pass(struct cam_pass *pass, float ***values, struct error *err)
{
    struct arena *arena = pass->setup.arena;
    const size_t layers = (size_t)network_layer_count(pass->network), classes = (size_t)pass->classes;
    pass->output = arena_floats(arena, (size_t)pass->outputs);
    pass->logits = arena_floats(arena, classes);
    pass->probabilities = arena_floats(arena, classes);
    pass->layers = arena_alloc(arena, layers, sizeof *pass->layers);
    pass->gradients = arena_alloc(arena, layers + 1, sizeof *pass->gradients);
    pass->side = arena_floats(arena, session_side_count(pass->setup.session));
    *values = arena_alloc(arena, layers, sizeof **values);
    if (!pass->output || !pass->logits || !pass->probabilities || !pass->layers || !pass->gradients || !pass->side ||
        !*values)
        return error_memory(err, "an image's base pass");
    for (size_t i = 0; i < layers; i++) {
        const struct shape shape = network_layer_shape(pass->network, (int)i);
        float *data = arena_floats(arena, (size_t)shape.c * (size_t)shape.h * (size_t)shape.w);
        if (!data)
            return error_memory(err, "an image's base pass");
        (*values)[i] = data;
        pass->layers[i] = (struct tensor){shape.c, shape.h, shape.w, data};
    }
    return 0;
}

struct cam_pass *cam_pass_run(const struct cam_setup *setup, struct error *err)
{
    struct cam_pass *pass = arena_alloc(setup->arena, 1, sizeof *pass);
    if (!pass) {
        error_memory(err, "an image's base pass");
        return NULL;
    }
    pass->setup = *setup;
    pass->network = session_network(setup->session);
    pass->outputs = network_classes(pass->network);
    pass->classes = class_count(pass->outputs);
    float **values;
    if (allocate_pass(pass, &values, err))
        return NULL;
    const double start = seconds_now();
    session_allow_differences(setup->session, !setup->exact_passes);
    session_base(setup->session, setup->input, pass->output, values);
    class_scores(pass->output, pass->outputs, pass->logits, pass->probabilities);
    session_side_save(setup->session, pass->side);
    pass->klass =
        pass->outputs == 1 ? cam_pass_predicted(pass) : (int)position_of_largest(pass->logits, (size_t)pass->classes);
    pass->seconds = seconds_now() - start;
    return pass;
}

/* Class 1 if both are equal, as with a threshold of 0.5 on the sigmoid. */
int cam_pass_predicted(const struct cam_pass *pass)
{
    return pass->outputs == 1 ? pass->probabilities[1] >= pass->probabilities[0]
                              : (int)position_of_largest(pass->probabilities, (size_t)pass->classes);
}

int cam_pass_classes(const struct cam_pass *pass)
{
    return pass->classes;
}

void cam_pass_set_class(struct cam_pass *pass, int klass)
{
    pass->klass = klass;
    memset(pass->gradients, 0, ((size_t)network_layer_count(pass->network) + 1) * sizeof *pass->gradients);
}

int cam_pass_class(const struct cam_pass *pass)
{
    return pass->klass;
}

const float *cam_pass_probabilities(const struct cam_pass *pass)
{
    return pass->probabilities;
}

static struct map_form form_of(struct cam *cam, const struct method *method)
{
    const bool is_input = method->map == METHOD_MAP_INPUT;
    const struct shape input = network_input(cam->pass->network);
    const struct tensor *act = &cam->pass->layers[cam->layer];
    return (struct map_form){is_input ? input.h : act->h, is_input ? input.w : act->w, method->is_signed,
                             method->is_normalised};
}

int cam_explain(struct cam_pass *pass, const struct method *method, const void *params, int layer, const char *label,
                struct cam_map *map, struct error *err)
{
    *map = (struct cam_map){.cost = {.full = 1}};
    struct cam cam = {.pass = pass, .layer = layer, .label = label, .cost = &map->cost, .err = err};
    map->form = form_of(&cam, method);
    const double start = seconds_now();
    if (method->form && method->form(&cam, params, &map->form, err))
        return -1;
    map->data = arena_floats(pass->setup.arena, (size_t)map->form.h * (size_t)map->form.w);
    if (!map->data)
        return error_memory(err, "a map");
    if (method->explain(&cam, params, map->data, err))
        return -1;
    map->cost.seconds += pass->seconds + (seconds_now() - start);
    return 0;
}

/* -- what the pass knows -------------------------------------------------------------------------------------------- */

const float *cam_input(struct cam *cam)
{
    return cam->pass->setup.input;
}

struct shape cam_input_shape(const struct cam *cam)
{
    return network_input(cam->pass->network);
}

int cam_class(const struct cam *cam)
{
    return cam->pass->klass;
}

int cam_classes(const struct cam *cam)
{
    return cam->pass->classes;
}

const float *cam_logits(struct cam *cam)
{
    return cam->pass->logits;
}

const float *cam_probabilities(struct cam *cam)
{
    return cam->pass->probabilities;
}

float cam_logit(struct cam *cam)
{
    return cam->pass->logits[cam->pass->klass];
}

float cam_probability(struct cam *cam)
{
    return cam->pass->probabilities[cam->pass->klass];
}

const struct tensor *cam_activations(struct cam *cam)
{
    return &cam->pass->layers[cam->layer];
}

struct cam *cam_layer(struct cam *cam, const char *name, struct error *err)
{
    const int layer = network_find_layer(cam->pass->network, name);
    struct cam *other = cam_alloc(cam, 1, sizeof *other);
    if (!other)
        return NULL;
    if (layer < 0) {
        error_set(err, "layer \"%s\" was not asked for before the run", name);
        return NULL;
    }
    *other = *cam;
    other->layer = layer;
    return other;
}

/* -- gradients ------------------------------------------------------------------------------------------------------ */

/*
 * Computes d score / d outputs (K). With one output, the class's logit is the output or its negative, and the slope of
 * the probability with respect to that logit is the softmax's.
 */
static void score_cotangent(const struct cam_pass *pass, enum cam_score score, float *q)
{
    const double p = pass->probabilities[pass->klass];
    const double own[] = {[CAM_LOGIT] = 1, [CAM_PROBABILITY] = p, [CAM_LOG_PROBABILITY] = 1, [CAM_REST] = 2};
    const double all[] = {[CAM_LOGIT] = 0, [CAM_PROBABILITY] = -p, [CAM_LOG_PROBABILITY] = -1, [CAM_REST] = -1};
    const double sign = pass->outputs == 1 && pass->klass == 0 ? -1 : 1;
    for (int k = 0; k < pass->outputs; k++) {
        const bool is_own = pass->outputs == 1 || k == pass->klass;
        q[k] = (float)(sign * ((is_own ? own[score] : 0) + all[score] * (is_own ? p : pass->probabilities[k])));
    }
}

/* J^T q at a layer, -1: at the input; into new memory of the arena. */
static const float *backward(struct cam *cam, int layer, const float *cotangent)
{
    struct cam_pass *pass = cam->pass;
    const struct shape input = network_input(pass->network);
    const size_t size =
        layer < 0 ? (size_t)input.c * (size_t)input.h * (size_t)input.w : tensor_size(&pass->layers[layer]);
    const float *value = layer < 0 ? pass->setup.input : pass->layers[layer].data;
    float *gradient = cam_floats(cam, size);
    if (!gradient)
        return NULL;
    session_side_restore(pass->setup.session, pass->side);
    return session_gradient(pass->setup.session, layer, value, cotangent, NULL, gradient, cam->err) ? NULL : gradient;
}

/* The gradient of a score, made once per image; whoever asks again is charged the pass and the time all the same. */
static const struct tensor *kept(struct cam *cam, int layer, enum cam_score score)
{
    struct cam_pass *pass = cam->pass;
    struct kept_gradient *kept = &pass->gradients[layer < 0 ? network_layer_count(pass->network) : layer][score];
    cam->cost->backward++;
    if (kept->tensor.data) {
        cam->cost->seconds += kept->seconds;
        return &kept->tensor;
    }
    const double start = seconds_now();
    float *cotangent = cam_floats(cam, (size_t)pass->outputs);
    if (!cotangent)
        return NULL;
    score_cotangent(pass, score, cotangent);
    const struct shape input = network_input(pass->network);
    struct tensor tensor = layer < 0 ? (struct tensor){input.c, input.h, input.w, NULL} : pass->layers[layer];
    tensor.data = backward(cam, layer, cotangent);
    kept->tensor = tensor;
    kept->seconds = seconds_now() - start;
    return tensor.data ? &kept->tensor : NULL;
}

const struct tensor *cam_gradient(struct cam *cam, enum cam_score score)
{
    return kept(cam, cam->layer, score);
}

const struct tensor *cam_input_gradient(struct cam *cam, enum cam_score score)
{
    return kept(cam, -1, score);
}

const struct tensor *cam_gradient_of(struct cam *cam, const float *cotangent)
{
    cam->cost->backward++;
    struct tensor *tensor = cam_alloc(cam, 1, sizeof *tensor);
    float *weights = cam_floats(cam, (size_t)cam->pass->outputs);
    if (!tensor || !weights)
        return NULL;
    class_cotangent(cotangent, cam->pass->outputs, weights);
    *tensor = cam->pass->layers[cam->layer];
    tensor->data = backward(cam, cam->layer, weights);
    return tensor->data ? tensor : NULL;
}

/* -- further passes ------------------------------------------------------------------------------------------------- */

/* Passes go to the engine in batches, so that n does not decide how many logits are held. */
#define BATCH 256

static void class_outputs(const struct cam_pass *pass, const float *output, int n, struct cam_output *out)
{
    for (int i = 0; i < n; i++, output += pass->outputs)
        out[i] = (struct cam_output){class_logit(output, pass->outputs, pass->klass),
                                     class_probability(output, pass->outputs, pass->klass)};
}

/* A source whose items begin at `first`. */
struct shifted {
    session_source *source;
    void *context;
    int first;
};

static void shifted_source(void *context, int index, float *out)
{
    const struct shifted *shifted = context;
    shifted->source(shifted->context, shifted->first + index, out);
}

/* Where n passes begin. */
enum pass_kind { PASS_FULL, PASS_TAIL, PASS_TAIL_POSITIONS, PASS_TAIL_POOLED };

static int passes(struct cam *cam, enum pass_kind kind, int n, session_source *source, void *context,
                  struct cam_output *out)
{
    struct cam_pass *pass = cam->pass;
    struct session *session = pass->setup.session;
    const struct arena_mark mark = arena_mark(pass->setup.arena);
    const int batch = pass->setup.batch ? pass->setup.batch : BATCH;
    float *logits = cam_floats(cam, (size_t)(n < batch ? n : batch) * (size_t)pass->outputs);
    if (!logits)
        return -1;
    session_side_restore(session, pass->side);
    for (int first = 0; first < n; first += batch) {
        const int count = n - first < batch ? n - first : batch;
        struct shifted shifted = {source, context, first};
        switch (kind) {
        case PASS_FULL:
            session_forward(session, count, shifted_source, &shifted, logits);
            break;
        case PASS_TAIL:
            session_tail(session, cam->layer, count, shifted_source, &shifted, logits);
            break;
        case PASS_TAIL_POSITIONS:
            session_tail_positions(session, cam->layer, count, shifted_source, &shifted, logits);
            break;
        case PASS_TAIL_POOLED:
            session_tail_pooled(session, cam->layer, count, shifted_source, &shifted, logits);
            break;
        }
        class_outputs(pass, logits, count, out + first);
    }
    arena_rewind(pass->setup.arena, mark);
    return 0;
}

int cam_pass_others(struct cam_pass *pass, int n, session_source *source, void *context, struct cam_output *out,
                    struct error *err)
{
    struct cost ignored = {0};
    struct cam cam = {.pass = pass, .cost = &ignored, .err = err};
    return passes(&cam, PASS_FULL, n, source, context, out);
}

int cam_tail(struct cam *cam, int n, cam_source *source, void *context, struct cam_output *out)
{
    cam->cost->tail += n;
    return passes(cam, PASS_TAIL, n, source, context, out);
}

/* A with its channels last (h,w,C), as the engine has it: changed there, it needs no transposition for each pass. */
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
 * Masks on A. Where the tail begins with global average pooling and goes on linearly, a mask changes only the mean of each
 * channel, so the tail runs on means: a vector a pass instead of C planes. Means are summed as the pooling operator does,
 * so that both ways give the same bits (tests/methods/test_context.c).
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

/* y (count,n) = x (count,n), each row times its weight */
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
    const struct tensor *act = cam_activations(cam);
    struct layer_masks context = {.act = act, .values = masks};
    cam->cost->tail += n;
    if (cam->pass->setup.exact_passes)
        return passes(cam, PASS_TAIL, n, spatial_source, &context, out);
    const struct arena_mark mark = arena_mark(cam->pass->setup.arena);
    const bool pooled = is_pooled(cam);
    context.positions = positions_of(cam);
    if (!context.positions || passes(cam, pooled ? PASS_TAIL_POOLED : PASS_TAIL_POSITIONS, n,
                                     pooled ? pooled_spatial_source : positions_source, &context, out))
        return -1;
    arena_rewind(cam->pass->setup.arena, mark);
    return 0;
}

/* -- passes that repeat another one --------------------------------------------------------------------------------- */

/* A source's items, those of `which` alone. */
struct chosen {
    session_source *source;
    void *context;
    const int *which;
};

static void chosen_source(void *context, int index, float *out)
{
    const struct chosen *chosen = context;
    chosen->source(chosen->context, chosen->which[index], out);
}

#define SAME_AS_BASE (-1)

/*
 * passes() of the items i with same[i] == i. The others get the answer of item same[i], which comes before, or of the base
 * pass: the same bits, since a pass depends on nothing but its input.
 */
static int distinct_passes(struct cam *cam, enum pass_kind kind, int n, const int *same, session_source *source,
                           void *context, struct cam_output *out)
{
    int *which = cam_alloc(cam, (size_t)n, sizeof *which), *place = cam_alloc(cam, (size_t)n, sizeof *place);
    struct cam_output *answers = cam_alloc(cam, (size_t)n, sizeof *answers);
    int count = 0;
    if (!which || !place || !answers)
        return -1;
    for (int i = 0; i < n; i++)
        if (same[i] == i) {
            place[i] = count;
            which[count++] = i;
        }
    struct chosen chosen = {source, context, which};
    if (passes(cam, kind, count, chosen_source, &chosen, answers))
        return -1;
    for (int i = 0; i < n; i++)
        out[i] = same[i] == SAME_AS_BASE ? (struct cam_output){cam_logit(cam), cam_probability(cam)}
                                         : answers[place[same[i]]];
    cam->cost->repeated += n - count;
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

/* Behind pooling one channel changes the logits by a multiple of a column of the weight: no passes at all. */
static int replace_behind_pooling(struct cam *cam, int n, const struct channels *channels, struct cam_output *out)
{
    const struct cam_pass *pass = cam->pass;
    const struct arena_mark mark = arena_mark(pass->setup.arena);
    const size_t plane = tensor_plane(channels->act);
    float *output = cam_floats(cam, (size_t)pass->outputs);
    if (!output)
        return -1;
    for (int i = 0; i < n; i++) {
        const int channel = channels->channel[i];
        const float change = channels->value[i] - mean(channels->act->data + (size_t)channel * plane, plane);
        network_pooled_column(pass->network, cam->layer, channel, output);
        for (int k = 0; k < pass->outputs; k++)
            output[k] = pass->output[k] + change * output[k];
        class_outputs(pass, output, 1, &out[i]);
    }
    arena_rewind(pass->setup.arena, mark);
    return 0;
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
    if (cam->pass->setup.exact_passes)
        return passes(cam, PASS_TAIL, n, channel_source, &channels, out);
    int *same = cam_alloc(cam, (size_t)n, sizeof *same);
    channels.positions = positions_of(cam);
    if (!same || !channels.positions)
        return -1;
    for (int i = 0; i < n; i++)
        same[i] = all_are(channels.act->data + (size_t)channel[i] * plane, plane, value[i]) ? SAME_AS_BASE : i;
    return distinct_passes(cam, PASS_TAIL_POSITIONS, n, same, channel_positions_source, &channels, out);
}

/* -- masks on the input --------------------------------------------------------------------------------------------- */

struct input_masks {
    cam_source *source;
    void *context;
    const float *input, *baseline;
    struct shape shape;
};

/* The mask is written into the last colour's place and multiplied there last. */
static void masked_source(void *context, int index, float *out)
{
    const struct input_masks *masks = context;
    const size_t plane = (size_t)masks->shape.h * (size_t)masks->shape.w;
    float *mask = out + (size_t)(masks->shape.c - 1) * plane;
    masks->source(masks->context, index, mask);
    for (int k = 0; k < masks->shape.c; k++)
        for (size_t i = 0; i < plane; i++) {
            const size_t at = (size_t)k * plane + i;
            const float m = mask[i];
            out[at] = masks->input[at] * m + (masks->baseline ? masks->baseline[at] * (1 - m) : 0);
        }
}

int cam_masked(struct cam *cam, int n, cam_source *source, void *context, const float *baseline, struct cam_output *out)
{
    struct input_masks masks = {source, context, cam->pass->setup.input, baseline, cam_input_shape(cam)};
    cam->cost->full += n;
    return passes(cam, PASS_FULL, n, masked_source, &masks, out);
}

static uint64_t hash_of(const float *values, size_t n)
{
    uint64_t hash = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t word;
        memcpy(&word, &values[i], sizeof word);
        hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
        hash ^= hash >> 32;
    }
    return hash;
}

/* same[i]: the first of the keys (n,width) that has the bits of key i; 0, or -1. */
static int find_same(struct cam *cam, int n, const float *keys, size_t width, int *same)
{
    uint64_t *hash = cam_alloc(cam, (size_t)n, sizeof *hash);
    if (!hash)
        return -1;
    for (int i = 0; i < n; i++) {
        const float *key = keys + (size_t)i * width;
        hash[i] = hash_of(key, width);
        same[i] = 0;
        while (same[i] < i &&
               (hash[same[i]] != hash[i] || memcmp(keys + (size_t)same[i] * width, key, width * sizeof *key) != 0))
            same[i]++;
    }
    return 0;
}

int cam_masked_by_keys(struct cam *cam, int n, const float *keys, size_t width, cam_source *source, void *context,
                       const float *baseline, struct cam_output *out)
{
    if (cam->pass->setup.exact_passes)
        return cam_masked(cam, n, source, context, baseline, out);
    struct input_masks masks = {source, context, cam->pass->setup.input, baseline, cam_input_shape(cam)};
    int *same = cam_alloc(cam, (size_t)n, sizeof *same);
    if (!same || find_same(cam, n, keys, width, same))
        return -1;
    cam->cost->full += n;
    return distinct_passes(cam, PASS_FULL, n, same, masked_source, &masks, out);
}

/* -- help ----------------------------------------------------------------------------------------------------------- */

void *cam_alloc(struct cam *cam, size_t count, size_t size)
{
    void *memory = arena_alloc(cam->pass->setup.arena, count, size);
    if (!memory)
        error_memory(cam->err, "a method's work");
    return memory;
}

float *cam_floats(struct cam *cam, size_t count)
{
    return cam_alloc(cam, count, sizeof(float));
}

struct random_stream cam_random(struct cam *cam)
{
    struct random_stream stream;
    random_init(&stream, cam->pass->setup.seed,
                random_purpose(random_purpose(0, cam->pass->setup.image_name), cam->label));
    return stream;
}

void cam_upsample(const struct cam *cam, const float *plane, float *out, bool align_corners)
{
    const struct tensor *act = &cam->pass->layers[cam->layer];
    const struct shape input = network_input(cam->pass->network);
    upsample_bilinear(plane, 1, act->h, act->w, out, input.h, input.w, align_corners);
}

const float *cam_black_input(struct cam *cam)
{
    const struct shape input = cam_input_shape(cam);
    const size_t plane = (size_t)input.h * (size_t)input.w;
    float *black = cam_floats(cam, (size_t)input.c * plane);
    for (size_t i = 0; black && i < (size_t)input.c * plane; i++)
        black[i] = cam->pass->setup.black[i / plane];
    return black;
}

/* Rounded to floats, as PyTorch has them. */
static void gaussian_taps(double *taps, int kernel, double sigma)
{
    const int middle = kernel / 2;
    double sum = 0;
    for (int t = 0; t < kernel; t++)
        sum += exp(-pow(t - middle, 2) / (2 * sigma * sigma));
    for (int t = 0; t < kernel; t++)
        taps[t] = (float)(exp(-pow(t - middle, 2) / (2 * sigma * sigma)) / sum);
}

const float *cam_blurred_input(struct cam *cam, int kernel, double sigma)
{
    const struct shape input = cam_input_shape(cam);
    const size_t plane = (size_t)input.h * (size_t)input.w;
    double *taps = cam_alloc(cam, (size_t)kernel, sizeof *taps);
    float *rows = cam_floats(cam, plane);
    float *out = cam_floats(cam, (size_t)input.c * plane);
    if (!taps || !rows || !out)
        return NULL;
    gaussian_taps(taps, kernel, sigma);
    blur_planes(&(struct blur){BLUR_REFLECT, kernel, taps}, cam->pass->setup.input, input.c, input.h, input.w, rows,
                out);
    return out;
}
