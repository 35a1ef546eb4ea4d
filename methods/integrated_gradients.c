/*
 * methods/integrated_gradients.c - Integrated Gradients. Sundararajan, Taly, Yan, "Axiomatic Attribution for Deep
 * Networks", ICML 2017, arXiv:1703.01365.
 *
 *     a = (X - X0) integral over t in [0,1] of the score's gradient at X0 + t (X - X0)
 * The integral is a sum over `steps` nodes. sum a is the score of X minus that of X0, but for the error of the rule.
 */
#include "methods/reduce.h"

enum rule { RULE_GAUSSLEGENDRE, RULE_MIDPOINT, RULE_TRAPEZOID };
enum baseline { BASELINE_ZERO, BASELINE_BLACK, BASELINE_BLUR };

struct integrated_gradients {
    int steps, rule, baseline, score, reduce;
    double clip_percentile;
};

/* A node of a rule on [0,1]. */
struct node {
    double t, weight;
};

/* Newton's method on the Legendre polynomial P_n, from an asymptotic value of its root i, counted from the largest. */
static struct node legendre_node(int n, int i)
{
    double x = cos(3.141592653589793 * (i + 0.75) / (n + 0.5)), slope = 1;
    for (int round = 0; round < 20; round++) {
        double before = 1, value = x; /* P_0, P_1 */
        for (int k = 2; k <= n; k++) {
            const double next = ((2 * k - 1) * x * value - (k - 1) * before) / k;
            before = value;
            value = next;
        }
        slope = n * (x * value - before) / (x * x - 1);
        const double step = value / slope;
        x -= step;
        if (fabs(step) < 1e-15)
            break;
    }
    return (struct node){(1 - x) / 2, 1 / ((1 - x * x) * slope * slope)};
}

/* Node i of n. The trapezoid's nodes include both ends; a single node is the midpoint. */
static struct node node_of(int rule, int n, int i)
{
    if (rule == RULE_GAUSSLEGENDRE)
        return legendre_node(n, i);
    if (rule == RULE_MIDPOINT || n == 1)
        return (struct node){(i + 0.5) / n, 1.0 / n};
    return (struct node){(double)i / (n - 1), (i == 0 || i == n - 1 ? 0.5 : 1) / (n - 1)};
}

static const float *baseline_of(struct cam *cam, int baseline, size_t n)
{
    if (baseline == BASELINE_BLACK)
        return cam_black_input(cam);
    return baseline == BASELINE_BLUR ? cam_blurred_input(cam, 51, 50) : cam_floats(cam, n);
}

/* Adds the weighted gradients of all nodes to sum (C,H,W). */
static int integrate(struct cam *cam, const struct integrated_gradients *p, const float *from, size_t n, double *sum)
{
    const float *x = cam_input(cam);
    float *at = cam_floats(cam, n), *gradient = cam_floats(cam, n);
    if (!at || !gradient)
        return -1;
    for (int s = 0; s < p->steps; s++) {
        const struct node node = node_of(p->rule, p->steps, s);
        for (size_t i = 0; i < n; i++)
            at[i] = (float)(from[i] + node.t * ((double)x[i] - (double)from[i]));
        if (cam_input_gradient_at(cam, at, p->score, GRADIENT_PLAIN, gradient, NULL))
            return -1;
        for (size_t i = 0; i < n; i++)
            sum[i] += node.weight * gradient[i];
    }
    return 0;
}

static int explain(struct cam *cam, const void *params, float *map)
{
    const struct integrated_gradients *p = params;
    const struct shape input = cam_input_shape(cam);
    const size_t n = shape_size(input);
    const float *x = cam_input(cam), *from = baseline_of(cam, p->baseline, n);
    double *sum = cam_alloc(cam, n, sizeof *sum);
    float *attribution = cam_floats(cam, n);
    if (!from || !sum || !attribution || integrate(cam, p, from, n, sum))
        return -1;
    for (size_t i = 0; i < n; i++)
        attribution[i] = (float)(((double)x[i] - (double)from[i]) * sum[i]);
    return reduce_colours(cam, attribution, p->reduce, p->clip_percentile, map);
}

static const struct param params[] = {
    PARAM_INT(struct integrated_gradients, steps, 50, 1, 1000, "nodes of the integral"),
    PARAM_ENUM(struct integrated_gradients, rule, "gausslegendre|midpoint|trapezoid", "where the nodes lie"),
    PARAM_ENUM(struct integrated_gradients, baseline, "zero|black|blur",
               "where the integral begins: mean colour, black, the blurred image"),
    PARAM_ENUM(struct integrated_gradients, score, CAM_SCORE_CHOICES, "what is differentiated"),
    PARAM_REDUCE(struct integrated_gradients, "sum_abs"),
    PARAM_CLIP(struct integrated_gradients),
    {0}};

static struct cost cost(const void *values, const struct tensor *layer, struct shape input)
{
    const struct integrated_gradients *p = values;
    (void)layer, (void)input;
    return (struct cost){.full = 1 + p->steps, .backward = p->steps};
}

const struct method method_integrated_gradients = {
    .abi = METHOD_ABI,
    .name = "integrated_gradients",
    .title = "Integrated Gradients",
    .year = 2017,
    .source = "sundararajan2017ig",
    .version = 1,
    .group = METHOD_INPUT_GRADIENT,
    .peers = "captum IntegratedGradients",
    .passes = "N + 1 forwards, N backwards to the input; N: steps",
    .map = METHOD_MAP_INPUT,
    .params = params,
    .params_size = sizeof(struct integrated_gradients),
    .cost = cost,
    .explain = explain,
};
