/*
 * methods/opticam.c - Opti-CAM. Zhang et al., "Opti-CAM: Optimizing saliency maps for interpretability", Computer
 * Vision and Image Understanding 2024, arXiv:2301.07002.
 *
 * With weights v of the channels, S(v) = N(U(sum_k softmax(v)_k relu(A_k))) masks the input. Adam minimises, from
 * v = 0.5 on, the logit that the mask takes away; S(v) is the map. Ten times, the search is ended if the loss has risen
 * since the time before; the map is then the one with that loss, as in the authors' code.
 */
#include "methods/masking.h"

enum objective { OBJECTIVE_PLAIN, OBJECTIVE_RANGE };

struct opticam {
    int iters;
    double lr;
    int objective, mask_space;
};

/* An optimisation; all memory is scratch. */
struct search {
    struct cam *cam;
    const struct opticam *p;
    struct tensor act;                              /* relu(A) (C,h,w) */
    struct shape input;                             /* (C,H,W) */
    size_t pixels;                                  /* H W */
    const float *x, *background;                    /* (C,H,W) */
    double *alpha, *v, *slope, *mean, *square;      /* (C): softmax(v), v, its slope, Adam's two moments */
    double *combined_slope, *enlarged_slope;        /* (h,w), (H,W) */
    float *combined, *enlarged, *masked, *gradient; /* (h,w), (H,W), (C,H,W), (C,H,W) */
};

static int copy_activations(struct search *s)
{
    const struct tensor *act = cam_activations(s->cam);
    float *positive = cam_floats(s->cam, tensor_size(act));
    if (!positive)
        return -1;
    for (size_t i = 0; i < tensor_size(act); i++)
        positive[i] = act->data[i] < 0 ? 0 : act->data[i];
    s->act = (struct tensor){act->c, act->h, act->w, positive};
    return 0;
}

static int begin(struct search *s)
{
    struct cam *cam = s->cam;
    if (copy_activations(s) || mask_background(cam, s->p->mask_space, MASK_FILL_ZERO, &s->background))
        return -1;
    const size_t size = (size_t)s->input.c * s->pixels, channels = (size_t)s->act.c, plane = tensor_plane(&s->act);
    double **const vectors[] = {&s->alpha, &s->v, &s->slope, &s->mean, &s->square};
    for (int i = 0; i < 5; i++)
        if (!(*vectors[i] = cam_alloc(cam, channels, sizeof(double))))
            return -1;
    s->combined_slope = cam_alloc(cam, plane, sizeof(double));
    s->enlarged_slope = cam_alloc(cam, s->pixels, sizeof(double));
    s->combined = cam_floats(cam, plane);
    s->enlarged = cam_floats(cam, s->pixels);
    s->masked = cam_floats(cam, size);
    s->gradient = cam_floats(cam, size);
    for (size_t k = 0; k < channels; k++)
        s->v[k] = 0.5;
    return s->combined_slope && s->enlarged_slope && s->combined && s->enlarged && s->masked && s->gradient ? 0 : -1;
}

/* -- forward -------------------------------------------------------------------------------------------------------- */

static void softmax_of_weights(struct search *s)
{
    double most = s->v[0], sum = 0;
    for (int k = 1; k < s->act.c; k++)
        most = s->v[k] > most ? s->v[k] : most;
    for (int k = 0; k < s->act.c; k++)
        sum += s->alpha[k] = exp(s->v[k] - most);
    for (int k = 0; k < s->act.c; k++)
        s->alpha[k] /= sum;
}

/* Writes S(v) to map (H,W). False: it is constant, and zeros were written. */
static bool map_of_weights(struct search *s, float *map)
{
    const size_t plane = tensor_plane(&s->act);
    softmax_of_weights(s);
    for (size_t i = 0; i < plane; i++) {
        double sum = 0;
        for (size_t k = 0; k < (size_t)s->act.c; k++)
            sum += s->alpha[k] * s->act.data[k * plane + i];
        s->combined[i] = (float)sum;
    }
    cam_upsample(s->cam, s->combined, s->enlarged, false);
    return min_max(s->enlarged, s->pixels, 0, map);
}

/* Masks the input, and writes the loss and its slope with respect to the logit of the masked input. */
static int masked_pass(struct search *s, const float *map, double *loss, double *logit_slope)
{
    struct cam_output out;
    for (size_t i = 0; i < (size_t)s->input.c * s->pixels; i++) {
        const float m = map[i % s->pixels];
        s->masked[i] = s->x[i] * m + (s->background ? s->background[i] * (1 - m) : 0);
    }
    if (cam_input_gradient_at(s->cam, s->masked, CAM_LOGIT, GRADIENT_PLAIN, s->gradient, &out))
        return -1;
    const double drop = (double)cam_logit(s->cam) - (double)out.logit;
    const bool is_range = s->p->objective == OBJECTIVE_RANGE;
    *loss = is_range ? fabs(drop) : drop;
    *logit_slope = is_range ? (drop < 0) - (drop > 0) : -1;
    return 0;
}

/* -- backward ------------------------------------------------------------------------------------------------------- */

/* d logit / d mask: sum over colours of (x - background) times the input's gradient. */
static double mask_slope(const struct search *s, size_t pixel)
{
    double sum = 0;
    for (size_t i = pixel; i < (size_t)s->input.c * s->pixels; i += s->pixels)
        sum += ((double)s->x[i] - (s->background ? (double)s->background[i] : 0)) * s->gradient[i];
    return sum;
}

/* Through N = (u - min) / (max - min). Equal smallest (largest) pixels share the slope of the minimum (maximum). */
static void undo_min_max(const struct search *s, const float *map, double logit_slope, double *slope)
{
    const struct range range = range_of(s->enlarged, s->pixels);
    const double width = (double)range.max - (double)range.min;
    double smallest = 0, largest = 0, of_min = 0, of_max = 0;
    for (size_t i = 0; i < s->pixels; i++) {
        slope[i] = logit_slope * mask_slope(s, i) / width;
        of_min += slope[i] * (map[i] - 1.0);
        of_max -= slope[i] * map[i];
        smallest += s->enlarged[i] == range.min;
        largest += s->enlarged[i] == range.max;
    }
    for (size_t i = 0; i < s->pixels; i++)
        slope[i] += s->enlarged[i] == range.min   ? of_min / smallest
                    : s->enlarged[i] == range.max ? of_max / largest
                                                  : 0;
}

/* Writes d loss / d v to s->slope. */
static void weights_slope(struct search *s, const float *map, double logit_slope)
{
    const size_t plane = tensor_plane(&s->act);
    double mean = 0;
    undo_min_max(s, map, logit_slope, s->enlarged_slope);
    upsample_transposed(s->enlarged_slope, s->input.h, s->input.w, s->combined_slope, s->act.h, s->act.w);
    for (size_t k = 0; k < (size_t)s->act.c; k++) {
        s->slope[k] = 0;
        for (size_t i = 0; i < plane; i++)
            s->slope[k] += s->combined_slope[i] * s->act.data[k * plane + i];
        mean += s->alpha[k] * s->slope[k];
    }
    for (int k = 0; k < s->act.c; k++)
        s->slope[k] = s->alpha[k] * (s->slope[k] - mean);
}

/* Adam, Kingma and Ba, arXiv:1412.6980, with beta 0.9 and 0.999 and eps 1e-8; step: from 1. */
static void adam(struct search *s, int step)
{
    const double first = 1 - pow(0.9, step), second = 1 - pow(0.999, step);
    for (int k = 0; k < s->act.c; k++) {
        s->mean[k] = 0.9 * s->mean[k] + 0.1 * s->slope[k];
        s->square[k] = 0.999 * s->square[k] + 0.001 * s->slope[k] * s->slope[k];
        s->v[k] -= s->p->lr * s->mean[k] / first / (sqrt(s->square[k] / second) + 1e-8);
    }
}

static int explain(struct cam *cam, const void *params, float *map)
{
    const struct shape input = cam_input_shape(cam);
    struct search s = {.cam = cam, .p = params, .input = input, .pixels = (size_t)input.h * (size_t)input.w};
    const int between = s.p->iters < 20 ? 1 : s.p->iters / 10; /* iterations between two checks */
    double last = INFINITY;
    s.x = cam_input(cam);
    if (begin(&s))
        return -1;
    for (int i = 0; i < s.p->iters; i++) {
        double loss, logit_slope;
        if (!map_of_weights(&s, map)) /* no channel varies: a constant map for all weights */
            return 0;
        if (masked_pass(&s, map, &loss, &logit_slope))
            return -1;
        if (i % between == 0 && loss > last)
            return 0;
        if (i % between == 0)
            last = loss;
        weights_slope(&s, map, logit_slope);
        adam(&s, i + 1);
    }
    map_of_weights(&s, map);
    return 0;
}

static const struct param params[] = {
    PARAM_INT(struct opticam, iters, 100, 1, 1000, "steps of Adam, each a masked pass"),
    PARAM_FLOAT(struct opticam, lr, 0.1, 1e-4, 10, "learning rate"),
    PARAM_ENUM(struct opticam, objective, "plain|range",
               "what is minimised: the logit's drop under the mask, or its absolute value"),
    PARAM_ROW(struct opticam, mask_space, ENUM, .fallback = "pixel", .choices = MASK_SPACE_CHOICES,
              .help = "what is masked: the picture, leaving black, or the normalised input, leaving the mean colour"),
    {0}};

static struct cost cost(const void *values, const struct tensor *layer, struct shape input)
{
    const struct opticam *p = values;
    (void)layer, (void)input;
    return (struct cost){.full = 1 + p->iters, .backward = p->iters};
}

const struct method method_opticam = {
    .abi = METHOD_ABI,
    .name = "opticam",
    .title = "Opti-CAM",
    .year = 2024,
    .source = "zhang2024opticam",
    .version = 1,
    .group = METHOD_MASKS,
    .passes = "N + 1 forwards, N backwards to the input; N: at most iters",
    .map = METHOD_MAP_INPUT,
    .is_signed = true,
    .is_normalised = true,
    .params = params,
    .params_size = sizeof(struct opticam),
    .cost = cost,
    .explain = explain,
};
