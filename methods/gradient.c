/* methods/gradient.c - gradients at layers and at the input, each made once per image. */
#include "methods/cam_private.h"

#include "base/clock.h"

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

/* J^T q at a layer, -1: at the input; in new memory of `arena`. */
static const float *backward(struct cam *cam, int layer, const float *cotangent, struct arena *arena)
{
    struct cam_pass *pass = cam->pass;
    struct session *session = pass->setup.worker->session;
    const struct shape input = network_input(pass->network);
    const size_t size =
        layer < 0 ? (size_t)input.c * (size_t)input.h * (size_t)input.w : tensor_size(&pass->layers[layer]);
    const float *value = layer < 0 ? pass->setup.input : pass->layers[layer].data;
    float *gradient = arena_floats(arena, size);
    if (!gradient) {
        error_memory(cam->err, "a gradient");
        return NULL;
    }
    session_side_restore(session, pass->side);
    return session_gradient(session, layer, value, cotangent, NULL, gradient, cam->err) ? NULL : gradient;
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
    tensor.data = backward(cam, layer, cotangent, pass->setup.arena);
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
    tensor->data = backward(cam, cam->layer, weights, &cam->pass->setup.worker->scratch);
    return tensor->data ? tensor : NULL;
}
