/*
 * nn/layer_norm.c - normalisation of an image's own values: y = (x - mean) / sqrt(variance + eps) * weight + bias, with
 * mean and variance over a set of values: the channels of a position or the whole value (layer norm: Ba, Kiros, Hinton,
 * "Layer Normalization", 2016, arXiv:1607.06450), a group of channels at all positions (group norm: Wu and He, "Group
 * Normalization", ECCV 2018, arXiv:1803.08494), or one channel (instance norm: Ulyanov, Vedaldi, Lempitsky, "Instance
 * Normalization", 2016, arXiv:1607.08022).
 * Defines: group_norm, instance_norm, layer_norm.
 *
 * The variance is a mean, as in torch. It comes from differences to the mean, in a second pass, so it does not suffer
 * from a large mean. A set whose values are equal has variance 0 and gives `bias`.
 */
#include "nn/ops.h"
#include "nn/pack.h"
#include "nn/simd.h"

#include <math.h>
#include <string.h>

/* What the three operators have in common. */
struct norm {
    double eps;
    int groups;        /* of channels; 0: each position is a set by itself */
    bool weight, bias; /* tensors; without them 1 and 0 */
    bool are_maps;     /* the tensors are (C,h,w), not (C) */
};

static struct norm norm_of(const struct node *node, int channels)
{
    if (node->op == &op_group_norm) {
        const struct group_norm *norm = node->attributes;
        return (struct norm){norm->eps, norm->groups, norm->weight, norm->bias, false};
    }
    const struct layer_norm *norm = node->attributes;
    const bool is_instance = node->op == &op_instance_norm;
    const bool is_all = !is_instance && norm->over == LAYER_NORM_ALL;
    return (struct norm){norm->eps, is_instance ? channels : is_all, norm->weight, norm->bias, is_all};
}

static const char *shape(const struct node *node, const struct shape *in, struct shape *out)
{
    const struct norm norm = norm_of(node, in[0].c);
    *out = in[0];
    if (!(norm.eps >= 0 && norm.eps <= 1))
        return "eps of a norm must be 0 to 1";
    if (node->op == &op_group_norm && (norm.groups < 1 || in[0].c % norm.groups))
        return "the groups of group_norm must divide the channels";
    return NULL;
}

static int parameters(const struct node *node, const struct shape *in, struct parameter *out)
{
    const struct norm norm = norm_of(node, in[0].c);
    const struct parameter tensor = {.rank = norm.are_maps ? 3 : 1, .dim = {in[0].c, in[0].h, in[0].w}};
    int count = 0;
    if (norm.weight) {
        out[count] = tensor;
        out[count].name = "weight", out[count++].role = PARAMETER_NORM_WEIGHT;
    }
    if (norm.bias) {
        out[count] = tensor;
        out[count].name = "bias", out[count++].role = PARAMETER_NORM_BIAS;
    }
    for (int i = 0; i < count && !norm.are_maps; i++)
        out[i].dim[1] = out[i].dim[2] = 0;
    return count;
}

/* A tensor in the order of values; `fallback` if there is none. NULL: no memory. */
static float *pack_tensor(const struct packer *packer, const struct node *node, const char *name, struct shape shape,
                          float fallback)
{
    const float *tensor = packer_tensor(packer, node, name);
    float *out = arena_floats(packer->arena, shape_size(shape));
    if (out && tensor)
        transpose(tensor, (size_t)shape.c, shape_positions(shape), out);
    for (size_t i = 0; out && !tensor && i < shape_size(shape); i++)
        out[i] = fallback;
    return out;
}

static int pack(struct packer *packer, struct step *step, struct error *err)
{
    const struct norm norm = norm_of(step->node, packer->in.c);
    const struct shape one = {packer->in.c, 1, 1}, shape = norm.are_maps ? packer->in : one;
    step->weight = pack_tensor(packer, step->node, "weight", shape, 1);
    step->packed = pack_tensor(packer, step->node, "bias", shape, 0);
    if (!step->weight || !step->packed)
        return error_memory(err, "packed weights");
    if (norm.bias && !norm.are_maps)
        step->bias = step->packed; /* seen by visitors */
    return 0;
}

/* -- the channels of a position ------------------------------------------------------------------------------------- */

#define LANES 16
typedef float lanes __attribute__((vector_size(LANES * sizeof(float)), aligned(sizeof(float)), may_alias));

/* Sums are over lanes, then over their results in double, halves at a time: one order on all machines. */
static inline double total(const lanes *sums)
{
    double part[LANES / 2];
    for (int i = 0; i < LANES / 2; i++)
        part[i] = (double)(*sums)[i] + (double)(*sums)[i + LANES / 2];
    for (int half = LANES / 4; half > 0; half /= 2)
        for (int i = 0; i < half; i++)
            part[i] += part[i + half];
    return part[0];
}

/* What a row of n values is normalised by: (x - mean) * factor. */
struct measure {
    float mean, factor;
};

static inline struct measure measure_row(const float *x, int n, double eps)
{
    lanes sums = {0}, squares = {0};
    double sum = 0, square = 0;
    int k = 0;
    for (; k + LANES <= n; k += LANES)
        sums += *(const lanes *)(x + k);
    for (; k < n; k++)
        sum += (double)x[k];
    const float mean = (float)((sum + total(&sums)) / n);
    for (k = 0; k + LANES <= n; k += LANES) {
        const lanes d = *(const lanes *)(x + k) - mean;
        squares += d * d;
    }
    for (; k < n; k++)
        square += (double)(x[k] - mean) * (double)(x[k] - mean);
    return (struct measure){mean, (float)(1 / sqrt((square + total(&squares)) / n + eps))};
}

MULTIVERSION
static void forward_rows(const float *x, size_t rows, int n, double eps, const float *weight, const float *bias,
                         float *restrict y)
{
    for (size_t i = 0; i < rows; i++, x += n, y += n) {
        const struct measure m = measure_row(x, n, eps);
        for (int k = 0; k < n; k++)
            y[k] = (x[k] - m.mean) * m.factor * weight[k] + bias[k];
    }
}

/*
 * With z = (x - mean) * factor and g = dy * weight: dx = factor * (g - mean of g - z * mean of g * z), where the means
 * are over the set.
 */
MULTIVERSION
static void backward_rows(const float *x, const float *dy, size_t rows, int n, double eps, const float *weight,
                          float *restrict dx)
{
    for (size_t i = 0; i < rows; i++, x += n, dy += n, dx += n) {
        const struct measure m = measure_row(x, n, eps);
        lanes sums = {0}, products = {0};
        double sum = 0, product = 0;
        int k = 0;
        for (; k + LANES <= n; k += LANES) {
            const lanes g = *(const lanes *)(dy + k) * *(const lanes *)(weight + k);
            sums += g;
            products += g * (*(const lanes *)(x + k) - m.mean);
        }
        for (; k < n; k++) {
            sum += (double)(dy[k] * weight[k]);
            product += (double)(dy[k] * weight[k] * (x[k] - m.mean));
        }
        const float mean = (float)((sum + total(&sums)) / n);
        const float slope = (float)((product + total(&products)) / n * (double)m.factor * (double)m.factor);
        for (k = 0; k < n; k++)
            dx[k] += m.factor * (dy[k] * weight[k] - mean - (x[k] - m.mean) * slope);
    }
}

/* -- groups of channels at all positions ---------------------------------------------------------------------------- */

/* Of each channel, in double: its group's mean and factor; and sums over positions. */
struct scratch {
    double *mean, *factor, *first, *second;
};

static size_t scratch_floats(const struct step *step, const struct shape *in, struct shape out, bool is_backward)
{
    (void)out, (void)is_backward;
    return norm_of(step->node, in[0].c).groups ? 4 * (size_t)in[0].c * sizeof(double) / sizeof(float) : 0;
}

static struct scratch scratch_of(const struct step_io *io)
{
    double *first = (double *)(void *)io->scratch;
    const size_t c = (size_t)io->out.c;
    return (struct scratch){first, first + c, first + 2 * c, first + 3 * c};
}

/* Puts the mean over each group's channels and `positions` positions in place of each channel's sum. */
static void share_sums(double *sums, int channels, int groups, size_t positions)
{
    const int each = channels / groups;
    for (int first = 0; first < channels; first += each) {
        double sum = 0;
        for (int k = first; k < first + each; k++)
            sum += sums[k];
        for (int k = first; k < first + each; k++)
            sums[k] = sum / ((double)each * (double)positions);
    }
}

MULTIVERSION
static void sum_values(const float *x, size_t positions, int channels, double *restrict sums)
{
    memset(sums, 0, (size_t)channels * sizeof *sums);
    for (size_t p = 0; p < positions; p++, x += channels)
        for (int k = 0; k < channels; k++)
            sums[k] += (double)x[k];
}

MULTIVERSION
static void sum_squares(const float *x, size_t positions, int channels, const double *mean, double *restrict sums)
{
    memset(sums, 0, (size_t)channels * sizeof *sums);
    for (size_t p = 0; p < positions; p++, x += channels)
        for (int k = 0; k < channels; k++)
            sums[k] += ((double)x[k] - mean[k]) * ((double)x[k] - mean[k]);
}

static void measure_groups(const struct step_io *io, const struct norm *norm, const struct scratch *s)
{
    const size_t positions = shape_positions(io->out);
    sum_values(io->x[0], positions, io->out.c, s->mean);
    share_sums(s->mean, io->out.c, norm->groups, positions);
    sum_squares(io->x[0], positions, io->out.c, s->mean, s->factor);
    share_sums(s->factor, io->out.c, norm->groups, positions);
    for (int k = 0; k < io->out.c; k++)
        s->factor[k] = 1 / sqrt(s->factor[k] + norm->eps);
}

/* `next`: floats from one position's weights to the next one's; 0: they are the same at all positions. */
MULTIVERSION
static void forward_groups(const struct step *step, const struct step_io *io, const struct scratch *s, size_t next)
{
    const float *x = io->x[0], *weight = step->weight, *bias = step->packed;
    const int c = io->out.c;
    float *restrict y = io->y;
    for (size_t p = 0; p < shape_positions(io->out); p++, x += c, y += c, weight += next, bias += next)
        for (int k = 0; k < c; k++)
            y[k] = (float)((double)x[k] - s->mean[k]) * (float)s->factor[k] * weight[k] + bias[k];
}

MULTIVERSION
static void sum_gradients(const struct step *step, const struct step_io *io, const struct scratch *s, size_t next)
{
    const float *x = io->x[0], *dy = io->dy, *weight = step->weight;
    const int c = io->out.c;
    double *restrict first = s->first, *restrict second = s->second;
    memset(first, 0, (size_t)c * sizeof *first);
    memset(second, 0, (size_t)c * sizeof *second);
    for (size_t p = 0; p < shape_positions(io->out); p++, x += c, dy += c, weight += next)
        for (int k = 0; k < c; k++) {
            const double g = (double)(dy[k] * weight[k]);
            first[k] += g;
            second[k] += g * ((double)x[k] - s->mean[k]) * s->factor[k];
        }
}

MULTIVERSION
static void backward_groups(const struct step *step, const struct step_io *io, const struct scratch *s, size_t next)
{
    const float *x = io->x[0], *dy = io->dy, *weight = step->weight;
    const int c = io->out.c;
    float *restrict dx = io->dx[0];
    for (size_t p = 0; p < shape_positions(io->out); p++, x += c, dy += c, dx += c, weight += next)
        for (int k = 0; k < c; k++) {
            const double z = ((double)x[k] - s->mean[k]) * s->factor[k];
            dx[k] += (float)(s->factor[k] * ((double)(dy[k] * weight[k]) - s->first[k] - z * s->second[k]));
        }
}

/* -- steps ---------------------------------------------------------------------------------------------------------- */

static void forward(const struct step *step, const struct step_io *io, int block)
{
    (void)block;
    const struct norm norm = norm_of(step->node, io->out.c);
    const size_t positions = shape_positions(io->out);
    if (norm.groups) {
        const struct scratch s = scratch_of(io);
        measure_groups(io, &norm, &s);
        forward_groups(step, io, &s, norm.are_maps ? (size_t)io->out.c : 0);
    } else
        forward_rows(io->x[0], positions, io->out.c, norm.eps, step->weight, step->packed, io->y);
    if (io->residual || step->activation)
        epilogue(io->y, NULL, io->residual, positions, io->out.c, (size_t)io->out.c, step->activation);
}

static void backward(const struct step *step, const struct step_io *io)
{
    const struct norm norm = norm_of(step->node, io->out.c);
    const size_t positions = shape_positions(io->out), next = norm.are_maps ? (size_t)io->out.c : 0;
    if (!norm.groups) {
        backward_rows(io->x[0], io->dy, positions, io->out.c, norm.eps, step->weight, io->dx[0]);
        return;
    }
    const struct scratch s = scratch_of(io);
    measure_groups(io, &norm, &s);
    sum_gradients(step, io, &s, next);
    share_sums(s.first, io->out.c, norm.groups, positions);
    share_sums(s.second, io->out.c, norm.groups, positions);
    backward_groups(step, io, &s, next);
}

#define TENSOR_ROWS(S) \
    PARAM_BOOL(S, weight, true, "multiplies by a tensor \"weight\""), \
        PARAM_BOOL(S, bias, true, "adds a tensor \"bias\"")

static const struct param layer_attributes[] = {
    PARAM_FLOAT(struct layer_norm, eps, 1e-5, 0, 1, "added to the variance"),
    PARAM_ENUM(struct layer_norm, over, "channels|all",
               "what is normalised: the channels of a position, or all values"),
    TENSOR_ROWS(struct layer_norm),
    {0}};

static const struct param instance_attributes[] = {
    PARAM_FLOAT(struct layer_norm, eps, 1e-5, 0, 1, "added to the variance"), TENSOR_ROWS(struct layer_norm), {0}};

static const struct param group_attributes[] = {
    PARAM_FLOAT(struct group_norm, eps, 1e-5, 0, 1, "added to the variance"),
    PARAM_INT(struct group_norm, groups, 1, 1, 1 << 28, "groups of channels"),
    TENSOR_ROWS(struct group_norm),
    {0}};

#define NORM \
    .inputs_least = 1, .inputs_most = 1, .fuses = true, .works_on_rows = true, .shape = shape, \
    .parameters = parameters, .macs = mac_per_value, .pack = pack, .scratch = scratch_floats, .forward = forward, \
    .backward = backward

const struct op op_layer_norm = {
    .name = "layer_norm", .attributes = layer_attributes, .attributes_size = sizeof(struct layer_norm), NORM};
const struct op op_instance_norm = {
    .name = "instance_norm", .attributes = instance_attributes, .attributes_size = sizeof(struct layer_norm), NORM};
const struct op op_group_norm = {
    .name = "group_norm", .attributes = group_attributes, .attributes_size = sizeof(struct group_norm), NORM};
