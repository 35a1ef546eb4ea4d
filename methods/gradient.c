/*
 * methods/gradient.c - gradients at layers and at the input: several by one backward pass, each computed once per
 * image.
 */
#include "methods/cam_private.h"

/* 1 - p of the class, as the sum of the others: p in float has lost it where it is close to 1. */
static double missing_probability(const struct cam_pass *pass, const float *probabilities)
{
    double sum = 0;
    for (int k = 0; k < pass->classes; k++)
        sum += k == pass->klass ? 0 : probabilities[k];
    return sum;
}

static void own_cotangent(const struct cam_pass *pass, const float *probabilities, enum cam_score score, float *q)
{
    const double p = probabilities[pass->klass], missing = missing_probability(pass, probabilities);
    const double own[] = {
        [CAM_LOGIT] = 1, [CAM_PROBABILITY] = p * missing, [CAM_LOG_PROBABILITY] = missing, [CAM_REST] = 1 + missing};
    const double other[] = {[CAM_LOGIT] = 0, [CAM_PROBABILITY] = -p, [CAM_LOG_PROBABILITY] = -1, [CAM_REST] = -1};
    const double sign = pass->outputs == 1 && pass->klass == 0 ? -1 : 1;
    for (int k = 0; k < pass->outputs; k++) {
        const bool is_own = pass->outputs == 1 || k == pass->klass;
        q[k] = (float)(sign * (is_own ? own[score] : other[score] * probabilities[k]));
    }
}

int cam_score_cotangent(const struct cam *cam, const float *logits, const float *probabilities, enum cam_score score,
                        float *work, float *q)
{
    const struct cam_pass *pass = cam->pass;
    if (!cam->objective) {
        own_cotangent(pass, probabilities, score, q);
        return 0;
    }
    if (score != CAM_LOGIT)
        return error_set(cam->err,
                         "differentiates another score than the logit, which the method that wraps it replaces");
    memset(work, 0, (size_t)pass->classes * sizeof *work);
    cam->objective(cam->objective_context, logits, probabilities, pass->classes, work);
    class_cotangent(work, pass->outputs, q);
    for (int k = 0; k < pass->outputs; k++)
        q[k] += 0.0f; /* -0 to 0, so that equal derivatives have equal bits */
    return 0;
}

struct cam *cam_with_objective(struct cam *cam, cam_objective *objective, const void *context)
{
    struct cam *other = cam_alloc(cam, 1, sizeof *other);
    if (!other)
        return NULL;
    *other = *cam;
    other->objective = objective;
    other->objective_context = context;
    return other;
}

static struct tensor shape_at(const struct cam_pass *pass, int layer)
{
    const struct shape input = network_input(pass->network);
    return layer == SESSION_INPUT ? (struct tensor){input.c, input.h, input.w, NULL} : pass->layers[layer];
}

/* Computes J^T q at the layers of `kept` by one backward pass, into new memory from `arena`. */
static int backward(struct cam *cam, const struct kept_gradients *kept, const float *cotangent, struct arena *arena)
{
    struct cam_pass *pass = cam->pass;
    struct session *session = pass->setup.worker->session;
    float **gradients = cam_alloc(cam, (size_t)kept->count, sizeof *gradients);
    if (!gradients)
        return -1;
    for (int i = 0; i < kept->count; i++) {
        kept->tensors[i] = shape_at(pass, kept->layers[i]);
        kept->tensors[i].data = gradients[i] = arena_floats(arena, tensor_size(&kept->tensors[i]));
        if (!gradients[i])
            return error_memory(cam->err, "a gradient");
    }
    const int from = session_gradient_start(session, kept->layers, kept->count);
    const struct session_backward given = {.rule = kept->rule,
                                           .cotangent = cotangent,
                                           .from = from,
                                           .value = from == SESSION_INPUT ? pass->setup.input : pass->layers[from].data,
                                           .layer_count = kept->count,
                                           .layers = kept->layers,
                                           .gradients = gradients};
    session_side_restore(session, pass->side);
    return session_gradients(session, &given, NULL, cam->err);
}

static struct kept_gradients *find_kept(const struct cam_pass *pass, const struct kept_gradients *wanted)
{
    const size_t outputs = (size_t)pass->outputs;
    struct kept_gradients *kept = pass->gradients;
    while (kept && (memcmp(kept->cotangent, wanted->cotangent, outputs * sizeof *kept->cotangent) != 0 ||
                    kept->rule != wanted->rule || kept->count != wanted->count ||
                    memcmp(kept->layers, wanted->layers, (size_t)wanted->count * sizeof *wanted->layers) != 0))
        kept = kept->next;
    return kept;
}

/* Allocates, in the pass's arena, the gradients to compute. */
static struct kept_gradients *make_kept(struct cam *cam, const struct kept_gradients *wanted)
{
    struct arena *arena = cam->pass->setup.arena;
    const size_t count = (size_t)wanted->count, outputs = (size_t)cam->pass->outputs;
    struct kept_gradients *kept = arena_alloc(arena, 1, sizeof *kept);
    int *layers = arena_alloc(arena, count, sizeof *layers);
    struct tensor *tensors = arena_alloc(arena, count, sizeof *tensors);
    float *cotangent = arena_floats(arena, outputs);
    if (!kept || !layers || !tensors || !cotangent) {
        error_memory(cam->err, "a gradient");
        return NULL;
    }
    memcpy(layers, wanted->layers, count * sizeof *layers);
    memcpy(cotangent, wanted->cotangent, outputs * sizeof *cotangent);
    *kept = *wanted;
    kept->cotangent = cotangent;
    kept->layers = layers;
    kept->tensors = tensors;
    return kept;
}

/*
 * Computed once per image, class and cotangent. A call of a method is charged one backward pass and its time, whichever
 * call has run it.
 */
static const struct tensor *gradients(struct cam *cam, enum cam_score score, struct kept_gradients wanted)
{
    struct cam_pass *pass = cam->pass;
    const struct session *session = pass->setup.worker->session;
    const double start = session_clock(session);
    float *cotangent = cam_floats(cam, (size_t)pass->outputs), *work = cam_floats(cam, (size_t)pass->classes);
    if (!cotangent || !work || cam_score_cotangent(cam, pass->logits, pass->probabilities, score, work, cotangent))
        return NULL;
    wanted.cotangent = cotangent;
    struct kept_gradients *kept = find_kept(pass, &wanted);
    if (kept) {
        cam->cost->backward += kept->call != cam->call;
        cam->cost->seconds += kept->call != cam->call ? kept->seconds : 0;
        kept->call = cam->call;
        return kept->tensors;
    }
    cam->cost->backward++;
    kept = make_kept(cam, &wanted);
    if (!kept || backward(cam, kept, cotangent, pass->setup.arena))
        return NULL;
    kept->seconds = session_clock(session) - start;
    kept->call = cam->call;
    if (!pass->is_other) {
        kept->next = pass->gradients;
        pass->gradients = kept;
    }
    return kept->tensors;
}

static const struct tensor *gradient_at(struct cam *cam, int layer, enum cam_score score, enum gradient_rule rule)
{
    const struct tensor *tensors;
    for (int i = 0; i < cam->together_count; i++)
        if (cam->together[i] == layer) {
            tensors =
                gradients(cam, score,
                          (struct kept_gradients){.rule = rule, .count = cam->together_count, .layers = cam->together});
            return tensors ? &tensors[i] : NULL;
        }
    return gradients(cam, score, (struct kept_gradients){.rule = rule, .count = 1, .layers = &layer});
}

const struct tensor *cam_gradient(struct cam *cam, enum cam_score score)
{
    return gradient_at(cam, cam->layer, score, GRADIENT_PLAIN);
}

const struct tensor *cam_input_gradient(struct cam *cam, enum cam_score score, enum gradient_rule rule)
{
    return gradient_at(cam, SESSION_INPUT, score, rule);
}

const struct tensor *cam_gradients(struct cam *cam, const struct param_names *names, enum cam_score score,
                                   enum gradient_rule rule)
{
    int layers[PARAM_NAMES_MAX];
    for (int i = 0; i < names->count; i++) {
        layers[i] = network_find_layer(cam->pass->network, names->name[i]);
        if (layers[i] < 0) {
            cam_fail(cam, CAM_UNKNOWN_LAYER, names->name[i]);
            return NULL;
        }
    }
    if (names->count == 0)
        return gradient_at(cam, cam->layer, score, rule);
    return gradients(cam, score, (struct kept_gradients){.rule = rule, .count = names->count, .layers = layers});
}

const struct tensor *cam_gradient_of(struct cam *cam, const float *cotangent)
{
    if (cam->objective) {
        cam_fail(cam, "differentiates a score of its own, which the method that wraps it would replace");
        return NULL;
    }
    cam->cost->backward++;
    struct tensor *tensor = cam_alloc(cam, 1, sizeof *tensor);
    float *weights = cam_floats(cam, (size_t)cam->pass->outputs);
    if (!tensor || !weights)
        return NULL;
    class_cotangent(cotangent, cam->pass->outputs, weights);
    const struct kept_gradients once = {.count = 1, .layers = &cam->layer, .tensors = tensor};
    return backward(cam, &once, weights, &cam->pass->setup.worker->scratch) ? NULL : tensor;
}

const float *cam_tangent(struct cam *cam, const float *direction)
{
    struct cam_pass *pass = cam->pass;
    struct session *session = pass->setup.worker->session;
    float *output = cam_floats(cam, (size_t)pass->outputs), *tangent = cam_floats(cam, (size_t)pass->classes);
    cam->cost->tail++;
    if (!output || !tangent)
        return NULL;
    session_side_restore(session, pass->side);
    if (session_tangent(session, cam->layer, pass->layers[cam->layer].data, direction, output, cam->err))
        return NULL;
    for (int k = 0; k < pass->classes; k++)
        tangent[k] = class_logit(output, pass->outputs, k);
    return tangent;
}

const struct tensor *cam_multipliers(struct cam *cam)
{
    struct cam_pass *pass = cam->pass;
    struct session *session = pass->setup.worker->session;
    struct tensor *tensor = cam_alloc(cam, 1, sizeof *tensor);
    const struct tensor *act = &pass->layers[cam->layer];
    float *cotangent = cam_floats(cam, (size_t)pass->outputs), *zeros = cam_floats(cam, tensor_size(act));
    float *multipliers = cam_floats(cam, tensor_size(act));
    cam->cost->tail++;
    cam->cost->backward++;
    if (!tensor || !cotangent || !zeros || !multipliers)
        return NULL;
    own_cotangent(pass, pass->probabilities, CAM_LOGIT, cotangent);
    const struct session_lift lift = {cotangent, cam->layer, act->data, zeros, multipliers};
    session_side_restore(session, pass->side);
    *tensor = (struct tensor){act->c, act->h, act->w, multipliers};
    return session_multipliers(session, &lift, cam->err) ? NULL : tensor;
}

const struct tensor *cam_visit_gradients(struct cam *cam, session_visitor *visit, void *context)
{
    struct cam_pass *pass = cam->pass;
    const int layer = SESSION_INPUT;
    struct tensor *tensor = cam_alloc(cam, 1, sizeof *tensor);
    const struct tensor input = shape_at(pass, SESSION_INPUT);
    float *gradient = cam_floats(cam, tensor_size(&input)), *cotangent = cam_floats(cam, (size_t)pass->outputs);
    cam->cost->backward++;
    float *work = cam_floats(cam, (size_t)pass->classes);
    if (!tensor || !gradient || !cotangent || !work ||
        cam_score_cotangent(cam, pass->logits, pass->probabilities, CAM_LOGIT, work, cotangent))
        return NULL;
    const struct session_backward given = {.cotangent = cotangent,
                                           .from = SESSION_INPUT,
                                           .value = pass->setup.input,
                                           .layer_count = 1,
                                           .layers = &layer,
                                           .gradients = &gradient,
                                           .visit = visit,
                                           .visit_context = context};
    *tensor = input;
    tensor->data = gradient;
    return session_gradients(pass->setup.worker->session, &given, NULL, cam->err) ? NULL : tensor;
}

int cam_visit_mix(struct cam *cam, const struct session_visit *visit, const double *weight, float *map)
{
    return session_visit_mix(visit, weight, map, cam->err);
}
