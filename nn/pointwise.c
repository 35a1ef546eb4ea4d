/*
 * nn/pointwise.c - further activations, which are functions of single values without attributes. GELU: Hendrycks and
 * Gimpel, "Gaussian Error Linear Units (GELUs)", 2016, arXiv:1606.08415; exact, or by its approximation with tanh.
 * Defines: abs, erf, exp, gelu, gelu_tanh, log, softplus, sqrt, tanh.
 *
 * An activation is a line POINTWISE(name, f(x), slope at x and y = f(x)) and a descriptor. All polynomials are least
 * maximum fits of the relative error, made for these intervals.
 */
#include "nn/activation.h"
#include "nn/simd.h"

#include <math.h>

/* NAME(): y = f(y). NAME_slope(): dy *= f'. Either slope reads `at_x` (if slope_needs_input) or `at_y` alone. */
#define POINTWISE(name, value, reads, derivative) \
    MULTIVERSION static void name##_values(float *values, size_t n) \
    { \
        for (size_t i = 0; i < n; i++) { \
            const float x = values[i]; \
            values[i] = (value); \
        } \
    } \
    MULTIVERSION static void name##_slope(const float *at_x, const float *at_y, float *restrict dy, size_t n) \
    { \
        (void)at_x, (void)at_y; \
        for (size_t i = 0; i < n; i++) { \
            const float reads = at_##reads[i]; \
            dy[i] *= (derivative); \
        } \
    }

#define POINTWISE_OP(title, ...) \
    { \
        .name = #title, ACTIVATION, .activate = title##_values, .slope = title##_slope, __VA_ARGS__ \
    }

/* -- of the normal distribution ------------------------------------------------------------------------------------- */

/*
 * P(Z > |x|) of a standard normal Z, which is exp(-x^2 / 2) times a polynomial in (|x| - 3) / (|x| + 3); *bell is
 * exp(-x^2 / 2). Beyond 13.5 both are of no account.
 */
static inline float normal_tail(float x, float *bell)
{
    const float size = x < 0 ? -x : x, a = size > 13.5f ? 13.5f : size, t = (a - 3) / (a + 3);
    const float high =
        0.00290470262f + t * (-0.000984182829f + t * (-0.000339911354f + t * (0.000116037445f + t * 5.41509003e-05f)));
    *bell = exponential(-0.5f * a * a);
    return *bell * (0.121513948f +
                    t * (-0.206402618f + t * (0.123225022f + t * (-0.0462133138f + t * (0.00613218308f + t * high)))));
}

/* P(Z < x) */
static inline float normal_below(float x, float *bell)
{
    const float tail = normal_tail(x, bell);
    return x < 0 ? tail : 1 - tail;
}

static inline float gelu_of(float x)
{
    float bell;
    return x * normal_below(x, &bell);
}

static inline float gelu_derivative(float x)
{
    float bell;
    const float below = normal_below(x, &bell);
    return below + x * bell * 0.398942280f; /* 1 / sqrt(2 pi) */
}

static inline float erf_of(float x)
{
    float bell;
    const float z = x * x, tail = 1 - 2 * normal_tail(x * 1.41421356f, &bell);
    const float middle =
        x * (1.12837917f +
             z * (-0.376126258f +
                  z * (0.112835851f +
                       z * (-0.0268538119f + z * (0.00518832765f + z * (-0.000801019332f + z * 7.85386036e-05f))))));
    return z < 1 ? middle : x < 0 ? -tail : tail;
}

POINTWISE(gelu, gelu_of(x), x, gelu_derivative(x))
POINTWISE(erf, erf_of(x), x, 1.12837917f * exponential(-x * x)) /* 2 / sqrt(pi) */

/* 0.5 x (1 + tanh(u)) = x sigmoid(2u) with 2u = sqrt(8 / pi) (x + 0.044715 x^3) */
static inline float gelu_tanh_gate(float x)
{
    return sigmoid_of(1.59576912f * (x + 0.044715f * x * x * x));
}

static inline float gelu_tanh_derivative(float x)
{
    const float gate = gelu_tanh_gate(x);
    return gate + x * gate * (1 - gate) * 1.59576912f * (1 + 0.134145f * x * x);
}

POINTWISE(gelu_tanh, x *gelu_tanh_gate(x), x, gelu_tanh_derivative(x))

/* -- of the exponential --------------------------------------------------------------------------------------------- */

static inline float tanh_of(float x)
{
    const float e = exponential_less_one(2 * x);
    return e / (e + 2);
}

/* log(1 + exp(x)) = max(x, 0) + log(1 + u) with u = exp(-|x|); log(1 + u) is a series in u / (2 + u). */
static inline float softplus_of(float x)
{
    const float u = exponential(x < 0 ? x : -x), s = u / (2 + u), z = s * s;
    const float series =
        2 + z * (0.666666793f + z * (0.399986909f + z * (0.286207221f + z * (0.213932508f + z * 0.244130676f))));
    return (x < 0 ? 0 : x) + s * series;
}

/* The square of a half's exponential: the half is not clamped before the result is 0 or infinite. */
static inline float exp_of(float x)
{
    const float half = exponential(0.5f * x);
    return half * half;
}

POINTWISE(tanh, tanh_of(x), y, 1 - y * y)
POINTWISE(softplus, softplus_of(x), y, -exponential_less_one(-y))
POINTWISE(exp, exp_of(x), y, y)

/* -- further ones --------------------------------------------------------------------------------------------------- */

/* Slopes as in torch: infinite at 0 for the root and the logarithm, 0 at 0 for the absolute value. */
POINTWISE(sqrt, sqrtf(x), y, 0.5f / y)
POINTWISE(log, logf(x), x, 1 / x)
POINTWISE(abs, fabsf(x), x, x > 0 ? 1.0f : x < 0 ? -1.0f : 0.0f)

const struct op op_gelu = POINTWISE_OP(gelu, .slope_needs_input = true);
const struct op op_gelu_tanh = POINTWISE_OP(gelu_tanh, .slope_needs_input = true);
const struct op op_erf = POINTWISE_OP(erf, .slope_needs_input = true);
const struct op op_tanh = POINTWISE_OP(tanh);
const struct op op_softplus = POINTWISE_OP(softplus);
const struct op op_exp = POINTWISE_OP(exp);
const struct op op_sqrt = POINTWISE_OP(sqrt);
const struct op op_log = POINTWISE_OP(log, .slope_needs_input = true);
const struct op op_abs = POINTWISE_OP(abs, .slope_needs_input = true, .has_pieces = true);
