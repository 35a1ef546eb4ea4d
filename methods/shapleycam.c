/*
 * methods/shapleycam.c - ShapleyCAM. Cai, "CAMs as Shapley Value-based Explainers", The Visual Computer 2025,
 * arXiv:2501.06261. Grad-CAM with t = g - H A / 2 instead of g, where g and H are the first and second derivatives of the
 * score with respect to A.
 *
 * The layers after A must be linear piece by piece. Then H comes from the softmax alone: with u = J A, J the derivative
 * of the logits, and p the probabilities, t = J^T q with
 *     logit: q = e_c;  rest (y_c + log p_c): q = 2 e_c - p + (p u - p (p.u)) / 2, products element by element;
 *     logprob: the same with e_c instead of 2 e_c
 */
#include "methods/method.h"

enum score { SCORE_REST, SCORE_LOGIT, SCORE_LOG_PROBABILITY };
enum form { FORM_MEAN, FORM_ELEMENTWISE, FORM_HIRES, FORM_X };

struct shapleycam {
    int score, form;
};

/* Of a sigmoid's two classes, only the explained one has a logit of its own. */
static bool is_counted(const struct cam *cam, int k)
{
    return !cam_is_sigmoid(cam) || k == cam_class(cam);
}

/* q for the scores `rest` and `logprob`; `own`: the factor of e_c. */
static int write_curved(struct cam *cam, const struct tensor *act, int own, float *q)
{
    const float *p = cam_probabilities(cam), *u = cam_tangent(cam, act->data); /* (K) */
    double mean = 0;                                                           /* p.u */
    if (!u)
        return -1;
    for (int k = 0; k < cam_classes(cam); k++)
        mean += is_counted(cam, k) ? (double)p[k] * u[k] : 0;
    for (int k = 0; k < cam_classes(cam); k++)
        q[k] = is_counted(cam, k) ? (float)((k == cam_class(cam) ? own : 0) - p[k] + p[k] * (u[k] - mean) / 2) : 0;
    return 0;
}

/* The weight of a channel, from its t and its activation. */
static float weight_of(int form, const float *t, const float *act, size_t plane)
{
    if (form == FORM_MEAN)
        return (float)mean_of(t, plane);
    double product = 0, sum = 0;
    for (size_t i = 0; i < plane; i++) {
        product += (double)t[i] * act[i];
        sum += act[i];
    }
    return (float)(product / (sum + 1e-7));
}

static int explain(struct cam *cam, const void *params, float *map)
{
    const struct shapleycam *p = params;
    const struct tensor *act = cam_activations(cam); /* (C,h,w) */
    float *q = cam_floats(cam, cam_classes(cam)), *weight = act ? cam_floats(cam, act->c) : NULL;
    if (!act || !q || !weight)
        return -1;
    if (p->score == SCORE_LOGIT)
        q[cam_class(cam)] = 1;
    else if (write_curved(cam, act, p->score == SCORE_REST ? 2 : 1, q))
        return -1;
    const struct tensor *t = cam_gradient_of(cam, q);
    if (!t)
        return -1;
    if (p->form == FORM_ELEMENTWISE || p->form == FORM_HIRES) {
        cam_product_sum(cam, act, t, p->form == FORM_ELEMENTWISE, map);
        return 0;
    }
    const size_t plane = tensor_plane(act);
    for (int k = 0; k < act->c; k++)
        weight[k] = weight_of(p->form, t->data + k * plane, act->data + k * plane, plane);
    cam_weighted_sum(cam, act, weight, map);
    return 0;
}

static struct cost cost(const void *params, const struct tensor *layer, struct shape input)
{
    (void)layer, (void)input;
    const struct shapleycam *p = params;
    return (struct cost){.full = 1, .tail = p->score != SCORE_LOGIT, .backward = 1};
}

static const struct param params[] = {
    PARAM_ENUM(struct shapleycam, score, "rest|logit|logprob", "what is differentiated; rest: logit + log-probability"),
    PARAM_ENUM(struct shapleycam, form, "mean|elementwise|hires|x", "how t and A make the map"),
    {0}};

const struct method method_shapleycam = {
    .abi = METHOD_ABI,
    .name = "shapleycam",
    .title = "ShapleyCAM",
    .year = 2025,
    .source = "cai2025shapleycam",
    .version = 1,
    .group = METHOD_TAIL,
    .flags = METHOD_CHANNEL_MAPS,
    .peers = "pytorch-grad-cam ShapleyCAM",
    .passes = "1 forward, 1 pass and 1 backward of the tail",
    .params = params,
    .params_size = sizeof(struct shapleycam),
    .cost = cost,
    .explain = explain,
};
