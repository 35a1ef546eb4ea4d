/*
 * nn/parametric.c - functions of single values with attributes or a tensor, as steps of their own. ELU: Clevert,
 * Unterthiner, Hochreiter, "Fast and Accurate Deep Network Learning by Exponential Linear Units (ELUs)", ICLR 2016,
 * arXiv:1511.07289. PReLU: He, Zhang, Ren, Sun, "Delving Deep into Rectifiers", ICCV 2015, arXiv:1502.01852.
 * Defines: clip, elu, hard_sigmoid_of, leaky_relu, pow, prelu.
 *
 * An operator is a line PARAMETRIC(name, f(x), derivative at x), a row of functions[] and a descriptor. Derivatives at
 * the ends of pieces are those of torch: of the lower piece, of the inner one of clip, and of the outer ones of
 * hard_sigmoid_of.
 */
#include "nn/activation.h"
#include "nn/ops.h"
#include "nn/pack.h"
#include "nn/simd.h"

#include <math.h>

/* What a function reads beside x: up to two numbers, or a factor for each channel. */
struct given {
    float a, b;
    const float *weight;
};

typedef void values_kernel(const float *values, const struct given *given, float *y, size_t n);
typedef void gradient_kernel(const float *values, const struct given *given, const float *dy, float *dx, size_t n);

/* y = f(x), and dx += dy * f'(x); with a, b, and w of the element's channel. */
#define PARAMETRIC(name, value, derivative) PARAMETRIC_LOOPS(name, 0, value, derivative)
#define PARAMETRIC_BY_CHANNEL(name, value, derivative) PARAMETRIC_LOOPS(name, weight[i], value, derivative)
#define PARAMETRIC_LOOPS(name, weight_of, value, derivative) \
    MULTIVERSION static void name##_values(const float *values, const struct given *given, float *restrict y, \
                                           size_t n) \
    { \
        const float a = given->a, b = given->b, *const weight = given->weight; \
        (void)a, (void)b, (void)weight; \
        for (size_t i = 0; i < n; i++) { \
            const float x = values[i], w = weight_of; \
            (void)w; \
            y[i] = (value); \
        } \
    } \
    MULTIVERSION static void name##_gradient(const float *values, const struct given *given, const float *dy, \
                                             float *restrict dx, size_t n) \
    { \
        const float a = given->a, b = given->b, *const weight = given->weight; \
        (void)a, (void)b, (void)weight; \
        for (size_t i = 0; i < n; i++) { \
            const float x = values[i], w = weight_of; \
            (void)w; \
            dx[i] += dy[i] * (derivative); \
        } \
    }

static inline float clamp(float x, float low, float high)
{
    const float v = x < low ? low : x;
    return v > high ? high : v;
}

static inline float line(float x, float slope, float at_0)
{
    return slope * x + at_0;
}

static inline bool is_within(float x, float low, float high)
{
    return (x >= low) & (x <= high);
}

static inline bool is_inside(float x, float low, float high)
{
    return (x > low) & (x < high);
}

static inline float power_of(float x, float exponent)
{
    return exponent == 2 ? x * x : exponent == 0.5f ? sqrtf(x) : powf(x, exponent);
}

PARAMETRIC_BY_CHANNEL(leaky, x > 0 ? x : x * w, x > 0 ? 1 : w)
PARAMETRIC(elu, x > 0 ? x : a * exponential_less_one(x), x > 0 ? 1 : a * exponential(x))
PARAMETRIC(clip, clamp(x, a, b), is_within(x, a, b) ? 1.0f : 0.0f)
PARAMETRIC(hard, clamp(line(x, a, b), 0, 1), is_inside(line(x, a, b), 0, 1) ? a : 0.0f)
PARAMETRIC(pow, power_of(x, a), a == 0 ? 0 : a * power_of(x, a - 1))

/* -- attributes ----------------------------------------------------------------------------------------------------- */

static struct given leaky_given(const void *attributes)
{
    return (struct given){.a = (float)((const struct leaky_relu *)attributes)->slope};
}

static struct given elu_given(const void *attributes)
{
    return (struct given){.a = (float)((const struct elu *)attributes)->alpha};
}

static struct given clip_given(const void *attributes)
{
    const struct clip *clip = attributes;
    return (struct given){.a = (float)clip->low, .b = (float)clip->high};
}

static struct given hard_given(const void *attributes)
{
    const struct hard_sigmoid_of *hard = attributes;
    return (struct given){.a = (float)hard->alpha, .b = (float)hard->beta};
}

static struct given pow_given(const void *attributes)
{
    return (struct given){.a = (float)((const struct pow *)attributes)->exponent};
}

static const struct function {
    const struct op *op;
    struct given (*given)(const void *attributes); /* NULL: it has no numbers */
    values_kernel *values;
    gradient_kernel *gradient;
} functions[] = {
    {&op_leaky_relu, leaky_given, leaky_values, leaky_gradient},
    {&op_prelu, NULL, leaky_values, leaky_gradient},
    {&op_elu, elu_given, elu_values, elu_gradient},
    {&op_clip, clip_given, clip_values, clip_gradient},
    {&op_hard_sigmoid_of, hard_given, hard_values, hard_gradient},
    {&op_pow, pow_given, pow_values, pow_gradient},
};

static const struct function *function_of(const struct op *op)
{
    size_t i = 0;
    while (functions[i].op != op)
        i++;
    return &functions[i];
}

static struct given given_of(const struct step *step)
{
    const struct function *function = function_of(step->node->op);
    struct given given = function->given ? function->given(step->node->attributes) : (struct given){0};
    given.weight = step->weight;
    return given;
}

/* Infinite bounds of clip are no bounds. */
static const char *shape(const struct node *node, const struct shape *in, struct shape *out)
{
    const struct function *function = function_of(node->op);
    const struct given given = function->given ? function->given(node->attributes) : (struct given){0};
    *out = in[0];
    if (node->op == &op_clip)
        return given.a <= given.b ? NULL : "the lower bound of clip is above the upper one";
    return isfinite(given.a) && isfinite(given.b) ? NULL : "its attributes are not finite";
}

static int prelu_parameters(const struct node *node, const struct shape *in, struct parameter *out)
{
    const struct prelu *prelu = node->attributes;
    out[0] = (struct parameter){
        .name = "weight", .role = PARAMETER_CONSTANT, .rank = 1, .dim = {prelu->shared ? 1 : in[0].c}};
    return 1;
}

/* A factor for each channel, of leaky_relu too. */
static int pack(struct packer *packer, struct step *step, struct error *err)
{
    const size_t channels = (size_t)packer->in.c;
    const bool is_prelu = step->node->op == &op_prelu;
    const struct prelu *prelu = is_prelu ? step->node->attributes : NULL;
    const float *weight = is_prelu ? packer_tensor(packer, step->node, "weight") : NULL;
    const float slope = is_prelu ? weight[0] : leaky_given(step->node->attributes).a;
    step->weight = arena_floats(packer->arena, channels);
    if (!step->weight)
        return error_memory(err, "packed weights");
    for (size_t k = 0; k < channels; k++)
        step->weight[k] = is_prelu && !prelu->shared ? weight[k] : slope;
    return 0;
}

/* -- steps ---------------------------------------------------------------------------------------------------------- */

/* Values in a row that a kernel takes at once: a position's channels if they have factors. */
static size_t row_size(const struct step *step, const struct step_io *io)
{
    return step->weight ? (size_t)io->out.c : shape_size(io->out);
}

static void forward(const struct step *step, const struct step_io *io, int block)
{
    (void)block;
    const struct given given = given_of(step);
    const size_t size = shape_size(io->out), row = row_size(step, io);
    for (size_t i = 0; i < size; i += row)
        function_of(step->node->op)->values(io->x[0] + i, &given, io->y + i, row);
    if (io->residual || step->activation)
        epilogue(io->y, NULL, io->residual, shape_positions(io->out), io->out.c, (size_t)io->out.c, step->activation);
}

static void add_gradient(const struct step *step, const struct step_io *io, const float *dy, float *dx)
{
    const struct given given = given_of(step);
    const size_t size = shape_size(io->out), row = row_size(step, io);
    for (size_t i = 0; i < size; i += row)
        function_of(step->node->op)->gradient(io->x[0] + i, &given, dy + i, dx + i, row);
}

static void backward(const struct step *step, const struct step_io *io)
{
    add_gradient(step, io, io->dy, io->dx[0]);
}

static void tangent(const struct step *step, const struct step_io *io, const float *const *dx, float *dy)
{
    memset(dy, 0, shape_size(io->out) * sizeof *dy);
    add_gradient(step, io, dx[0], dy);
}

static void multiply(const struct step *step, const struct step_io *io, const struct step_io *reference)
{
    const struct function *function = function_of(step->node->op);
    const size_t channels = (size_t)io->out.c;
    for (size_t i = 0; i < shape_size(io->out); i++) {
        const float x = io->x[0][i], x0 = reference->x[0][i];
        const double run = (double)x - (double)x0;
        struct given given = given_of(step);
        float y, y0;
        given.weight = given.weight ? given.weight + i % channels : NULL;
        function->values(&x, &given, &y, 1);
        function->values(&x0, &given, &y0, 1);
        if (fabs(run) < SECANT_MIN)
            function->gradient(&x, &given, io->dy + i, io->dx[0] + i, 1);
        else
            io->dx[0][i] += (float)((double)io->dy[i] * (((double)y - (double)y0) / run));
    }
}

static const struct param leaky_attributes[] = {
    PARAM_FLOAT(struct leaky_relu, slope, 0.01, -1e30, 1e30, "factor of negative values"), {0}};
static const struct param prelu_attributes[] = {
    PARAM_BOOL(struct prelu, shared, false, "the tensor \"weight\" has one factor for all channels"), {0}};
static const struct param elu_attributes[] = {PARAM_FLOAT(struct elu, alpha, 1, -1e30, 1e30, "factor of exp(x) - 1"),
                                              {0}};
static const struct param clip_attributes[] = {
    PARAM_FLOAT(struct clip, low, -3.4028234e38, -3.5e38, 3.5e38, "lower bound"),
    PARAM_FLOAT(struct clip, high, 3.4028234e38, -3.5e38, 3.5e38, "upper bound"),
    {0}};
static const struct param hard_attributes[] = {
    PARAM_FLOAT(struct hard_sigmoid_of, alpha, 0.2, -1e30, 1e30, "slope between 0 and 1"),
    PARAM_FLOAT(struct hard_sigmoid_of, beta, 0.5, -1e30, 1e30, "value at 0"),
    {0}};
static const struct param pow_attributes[] = {PARAM_FLOAT(struct pow, exponent, 2, -1e30, 1e30, "of the value"), {0}};

#define FUNCTION(rows, S) \
    .inputs_least = 1, .inputs_most = 1, .attributes = rows, .attributes_size = sizeof(S), .fuses = true, \
    .works_on_rows = true, .shape = shape, .forward = forward, .backward = backward, .multiply = multiply

const struct op op_leaky_relu = {
    .name = "leaky_relu", FUNCTION(leaky_attributes, struct leaky_relu), .pack = pack, .tangent = tangent};
const struct op op_prelu = {.name = "prelu",
                            FUNCTION(prelu_attributes, struct prelu),
                            .parameters = prelu_parameters,
                            .pack = pack,
                            .tangent = tangent};
const struct op op_elu = {.name = "elu", FUNCTION(elu_attributes, struct elu)};
const struct op op_clip = {.name = "clip", FUNCTION(clip_attributes, struct clip), .tangent = tangent};
const struct op op_hard_sigmoid_of = {
    .name = "hard_sigmoid_of", FUNCTION(hard_attributes, struct hard_sigmoid_of), .tangent = tangent};
const struct op op_pow = {.name = "pow", FUNCTION(pow_attributes, struct pow)};
