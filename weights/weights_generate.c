/*
 * weights/weights_generate.c - seeded random weights for any graph.
 *
 * Mean and variance of every channel are carried through the graph as if its values were independent (the input has
 * mean 0 and variance 1). They scale the weights, so that signals keep their size, and become the running statistics of
 * batch norms. Filters are made orthogonal to the mean of their input, and the rest of it goes into the bias or the
 * next batch norm, as in a trained network: without that, a deep network gives nearly the same output for all pictures.
 * Every tensor has its own random stream, and only + - * / and square roots are used: a seed gives the same bytes on
 * any machine.
 */
#include "base/random.h"
#include "weights/weights_file.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define LOGIT_DEVIATION 2.0
#define POOLED_VARIANCE 0.25 /* of a mean over all positions, for any number of them, because they are correlated */
#define BRANCH_SCALE 0.25 /* of the batch norm that ends a residual branch: with 1, depth amplifies rounding errors */
#define NORM_EPSILON 1e-5

/* The expected mean and variance of a value's channels. */
struct moments {
    int channels;
    double *mean, *variance;
};

struct generator {
    const struct graph *graph;
    uint64_t seed;
    struct arena *arena;
    struct moments *moments; /* of each node */
    int *depth;              /* of each node: nodes before it, on the longest path */
    struct node_info node;   /* the current node */
    bool is_last;            /* no node with tensors follows */
    bool ends_branch;
    const struct moments *in; /* of its first input */
    struct moments *out;
    struct weight *tensor[PARAMETER_ROLES]; /* its tensors by role; NULL: none */
};

static struct random_stream stream_of(const struct generator *g, const struct weight *tensor)
{
    struct random_stream stream;
    random_init(&stream, g->seed, random_purpose(random_purpose(0, "weights"), tensor->name));
    return stream;
}

/* Uniform in (-1, 1), never 0. */
static double next_signed(struct random_stream *stream)
{
    return ((double)(random_u32(stream) >> 8) - 8388607.5) / 8388608.0;
}

static void keep(struct generator *g)
{
    memcpy(g->out->mean, g->in->mean, (size_t)g->in->channels * sizeof(double));
    memcpy(g->out->variance, g->in->variance, (size_t)g->in->channels * sizeof(double));
}

static void begin(struct generator *g)
{
    for (int k = 0; k < g->out->channels; k++)
        g->out->variance[k] = 1;
}

static void pool_average(struct generator *g)
{
    const double factor = g->node.shape.h == 1 && g->node.shape.w == 1 ? POOLED_VARIANCE : 1;
    keep(g);
    for (int k = 0; k < g->out->channels; k++)
        g->out->variance[k] *= factor;
}

/* The largest of a few neighbours, which are correlated: half-way between one value and four independent ones. */
static void pool_max(struct generator *g)
{
    keep(g);
    for (int k = 0; k < g->out->channels; k++)
        g->out->mean[k] += 0.6 * sqrt(g->in->variance[k]);
}

/*
 * Distribution and density of the standard normal, without exp(): Abramowitz and Stegun 26.2.19, 1 - P(x) =
 * (1 + d1 x + ... + d6 x^6)^-16 / 2 for x >= 0, and its derivative.
 */
static void normal(double x, double *distribution, double *density)
{
    static const double d[] = {1, 0.0498673470, 0.0211410061, 0.0032776263, 0.0000380036, 0.0000488906, 0.0000053830};
    const double positive = x < 0 ? -x : x;
    double value = 0, slope = 0;
    for (int i = 6; i >= 0; i--) {
        slope = slope * positive + value;
        value = value * positive + d[i];
    }
    const double square = value * value, fourth = square * square, eighth = fourth * fourth;
    const double tail = 0.5 / (eighth * eighth);
    *distribution = x < 0 ? tail : 1 - tail;
    *density = 16 * tail * slope / value;
}

/* Mean and variance of max(x, 0), for a normal x with mean m and variance v. */
static void rectify(struct generator *g)
{
    for (int k = 0; k < g->out->channels; k++) {
        const double m = g->in->mean[k], v = g->in->variance[k], deviation = sqrt(v);
        double distribution, density;
        normal(deviation > 0 ? m / deviation : 0, &distribution, &density);
        const double mean = m * distribution + deviation * density;
        const double variance = m * mean + v * distribution - mean * mean;
        g->out->mean[k] = mean;
        g->out->variance[k] = variance > 1e-4 * v ? variance : 1e-4 * v;
    }
}

/* Mean and variance of a function of a normal x, by the five points of Gauss and Hermite. */
static void bend(struct generator *g, double (*function)(double x))
{
    static const double points[5] = {0, 1.3556261800, -1.3556261800, 2.8569700139, -2.8569700139};
    static const double weights[5] = {0.5333333333, 0.2220759220, 0.2220759220, 0.0112574113, 0.0112574113};
    for (int k = 0; k < g->out->channels; k++) {
        const double v = g->in->variance[k], deviation = sqrt(v);
        double mean = 0, square = 0;
        for (int i = 0; i < 5; i++) {
            const double y = function(g->in->mean[k] + deviation * points[i]);
            mean += weights[i] * y;
            square += weights[i] * y * y;
        }
        const double variance = square - mean * mean;
        g->out->mean[k] = mean;
        g->out->variance[k] = variance > 1e-4 * v ? variance : 1e-4 * v;
    }
}

static double hard_sigmoid(double x)
{
    return x < -3 ? 0 : x > 3 ? 1 : (x + 3) / 6;
}

static double hard_gelu(double x)
{
    return x * hard_sigmoid(1.702 * x);
}

static double hard_swish(double x)
{
    return x * hard_sigmoid(x);
}

/* Approximations of the smooth functions, which would need exp(). */
static void bend_sigmoid(struct generator *g)
{
    bend(g, hard_sigmoid);
}

static void bend_gelu(struct generator *g)
{
    bend(g, hard_gelu);
}

static void bend_swish(struct generator *g)
{
    bend(g, hard_swish);
}

/* Mean and variance of the product of two independent values. */
static void scale_channels(struct generator *g)
{
    const struct moments *scale = &g->moments[g->node.inputs[1]];
    for (int k = 0; k < g->out->channels; k++) {
        const double m = g->in->mean[k], v = g->in->variance[k], n = scale->mean[k], w = scale->variance[k];
        g->out->mean[k] = m * n;
        g->out->variance[k] = v * w + v * n * n + w * m * m;
    }
}

static void affine(struct generator *g)
{
    const struct affine *node = g->node.attributes;
    for (int k = 0; k < g->out->channels; k++) {
        const double scale = node->scale[k];
        g->out->mean[k] = g->in->mean[k] * scale + node->shift[k];
        g->out->variance[k] = g->in->variance[k] * scale * scale;
    }
}

static void add(struct generator *g)
{
    keep(g);
    const struct moments *other = &g->moments[g->node.inputs[1]];
    for (int k = 0; k < g->out->channels; k++) {
        g->out->mean[k] += other->mean[k];
        g->out->variance[k] += other->variance[k];
    }
}

static void concat(struct generator *g)
{
    int k = 0;
    for (int i = 0; i < g->node.input_count; i++) {
        const struct moments *part = &g->moments[g->node.inputs[i]];
        memcpy(g->out->mean + k, part->mean, (size_t)part->channels * sizeof(double));
        memcpy(g->out->variance + k, part->variance, (size_t)part->channels * sizeof(double));
        k += part->channels;
    }
}

static void copy_channel(struct generator *g, int to, int from)
{
    g->out->mean[to] = g->in->mean[from];
    g->out->variance[to] = g->in->variance[from];
}

static void slice(struct generator *g)
{
    const struct slice_axis *axis = &((const struct slice *)g->node.attributes)->c;
    for (int k = 0; k < g->out->channels; k++)
        copy_channel(g, k, axis->first + k * axis->step);
}

static void shuffle(struct generator *g)
{
    const int groups = ((const struct channel_shuffle *)g->node.attributes)->groups;
    for (int k = 0; k < g->out->channels; k++)
        copy_channel(g, k, k % groups * (g->out->channels / groups) + k / groups);
}

static void flatten(struct generator *g)
{
    const int plane = g->out->channels / g->in->channels;
    for (int k = 0; k < g->out->channels; k++)
        copy_channel(g, k, k / plane);
}

/* A filter (channels, taps) and the channels it reads, the first of them at `first`. */
struct filter {
    float *weight;
    const struct moments *in;
    int first, channels;
    size_t taps;
};

/* Mean and variance of the filter's output. */
static void pass_moments(const struct filter *filter, double *mean, double *variance)
{
    const float *weight = filter->weight;
    *mean = *variance = 0;
    for (int i = filter->first; i < filter->first + filter->channels; i++) {
        double sum = 0, squares = 0;
        for (size_t t = 0; t < filter->taps; t++, weight++) {
            sum += *weight;
            squares += (double)*weight * *weight;
        }
        *mean += sum * filter->in->mean[i];
        *variance += squares * filter->in->variance[i];
    }
}

/* Makes the filter orthogonal to its mean input, unless it has one channel: then only an edge filter would remain. */
static void ignore_mean(const struct filter *filter)
{
    double mean, variance, squares = 0;
    pass_moments(filter, &mean, &variance);
    for (int i = filter->first; i < filter->first + filter->channels; i++)
        squares += filter->in->mean[i] * filter->in->mean[i];
    if (filter->channels == 1 || squares == 0)
        return;
    for (int i = 0; i < filter->channels; i++)
        for (size_t t = 0; t < filter->taps; t++)
            filter->weight[(size_t)i * filter->taps + t] -=
                (float)(mean / (squares * (double)filter->taps) * filter->in->mean[filter->first + i]);
}

static double mean_variance(const struct moments *moments)
{
    double sum = 0;
    for (int k = 0; k < moments->channels; k++)
        sum += moments->variance[k];
    return sum / moments->channels;
}

/* Convolution or linear layer: uniform weights that give the output variance 1. */
static void weigh(struct generator *g)
{
    const bool is_linear = g->tensor[PARAMETER_LINEAR_WEIGHT] != NULL;
    struct weight *weight = g->tensor[is_linear ? PARAMETER_LINEAR_WEIGHT : PARAMETER_CONV_WEIGHT];
    const int channels = weight->dim[1], groups = g->in->channels / channels;
    const size_t taps = is_linear ? 1 : (size_t)weight->dim[2] * (size_t)weight->dim[3];
    const size_t fan_in = (size_t)channels * taps;
    const double deviation = g->is_last ? LOGIT_DEVIATION : 1;
    const double scale = deviation * sqrt(3 / ((double)fan_in * mean_variance(g->in)));
    struct random_stream stream = stream_of(g, weight);
    for (size_t i = 0; i < (size_t)weight->dim[0] * fan_in; i++)
        weight->data[i] = (float)(scale * next_signed(&stream));
    for (int k = 0; k < weight->dim[0]; k++) {
        const struct filter filter = {weight->data + (size_t)k * fan_in, g->in,
                                      k / (weight->dim[0] / groups) * channels, channels, taps};
        ignore_mean(&filter);
        pass_moments(&filter, &g->out->mean[k], &g->out->variance[k]);
    }
    struct weight *bias = g->tensor[PARAMETER_BIAS];
    if (!bias)
        return;
    stream = stream_of(g, bias);
    for (int k = 0; k < weight->dim[0]; k++) {
        bias->data[k] = (float)(0.25 * deviation * next_signed(&stream) - g->out->mean[k]);
        g->out->mean[k] += bias->data[k];
    }
}

/* Scale 0.75..1.25, less for a branch; shift -0.25..0.25; mean and variance off by up to a quarter of the expected. */
static void normalise(struct generator *g)
{
    struct weight *const weight = g->tensor[PARAMETER_NORM_WEIGHT], *const bias = g->tensor[PARAMETER_NORM_BIAS];
    struct weight *const mean = g->tensor[PARAMETER_NORM_MEAN], *const variance = g->tensor[PARAMETER_NORM_VARIANCE];
    struct random_stream for_weight = stream_of(g, weight), for_bias = stream_of(g, bias);
    struct random_stream for_mean = stream_of(g, mean), for_variance = stream_of(g, variance);
    const double scale = g->ends_branch ? BRANCH_SCALE : 1;
    for (int k = 0; k < g->out->channels; k++) {
        const double m = g->in->mean[k], v = g->in->variance[k];
        weight->data[k] = (float)(scale * (1 + 0.25 * next_signed(&for_weight)));
        bias->data[k] = (float)(0.25 * next_signed(&for_bias));
        mean->data[k] = (float)(m + 0.25 * sqrt(v) * next_signed(&for_mean));
        variance->data[k] = (float)(v * (1 + 0.25 * next_signed(&for_variance)));
        const double factor = weight->data[k] / sqrt(variance->data[k] + NORM_EPSILON);
        g->out->mean[k] = (m - mean->data[k]) * factor + bias->data[k];
        g->out->variance[k] = v * factor * factor;
    }
}

/* A layer norm over the channels of each position: scale 0.75..1.25, shift -0.25..0.25. */
static void normalise_positions(struct generator *g)
{
    struct weight *const weight = g->tensor[PARAMETER_NORM_WEIGHT], *const bias = g->tensor[PARAMETER_NORM_BIAS];
    struct random_stream for_weight = stream_of(g, weight), for_bias = stream_of(g, bias);
    double mean = 0, square = 0;
    for (int k = 0; k < g->in->channels; k++) {
        mean += g->in->mean[k] / g->in->channels;
        square += (g->in->variance[k] + g->in->mean[k] * g->in->mean[k]) / g->in->channels;
    }
    for (int k = 0; k < g->out->channels; k++) {
        weight->data[k] = (float)(1 + 0.25 * next_signed(&for_weight));
        bias->data[k] = (float)(0.25 * next_signed(&for_bias));
        const double factor = weight->data[k] / sqrt(square - mean * mean + NORM_EPSILON);
        g->out->mean[k] = (g->in->mean[k] - mean) * factor + bias->data[k];
        g->out->variance[k] = g->in->variance[k] * factor * factor;
    }
}

/* A factor for each channel, as ConvNeXt's layer scale: 0.75..1.25, less for a branch. */
static void scale_by_constant(struct generator *g)
{
    struct weight *const value = g->tensor[PARAMETER_CONSTANT];
    struct random_stream stream = stream_of(g, value);
    for (int k = 0; k < g->out->channels; k++) {
        const float factor = (float)((g->ends_branch ? BRANCH_SCALE : 1) * (1 + 0.25 * next_signed(&stream)));
        value->data[k] = factor;
        g->out->mean[k] = g->in->mean[k] * (double)factor;
        g->out->variance[k] = g->in->variance[k] * (double)factor * (double)factor;
    }
}

static const struct {
    const char *op;
    void (*run)(struct generator *generator);
} rules[] = {
    {"adaptive_avg_pool", pool_average},
    {"add", add},
    {"affine", affine},
    {"avg_pool", keep},
    {"batch_norm", normalise},
    {"channel_shuffle", shuffle},
    {"concat", concat},
    {"constant_mul", scale_by_constant},
    {"conv2d", weigh},
    {"flatten", flatten},
    {"gelu", bend_gelu},
    {"hard_sigmoid", bend_sigmoid},
    {"hard_swish", bend_swish},
    {"input", begin},
    {"layer_norm", normalise_positions},
    {"linear", weigh},
    {"max_pool", pool_max},
    {"relu", rectify},
    {"relu6", rectify},
    {"scale_channels", scale_channels},
    {"sigmoid", bend_sigmoid},
    {"silu", bend_swish},
    {"slice", slice},
};

static int run_rule(struct generator *g, struct error *err)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (strcmp(rules[i].op, g->node.op) == 0) {
            rules[i].run(g);
            return 0;
        }
    return error_set(err, "layer \"%s\": no rule to generate weights for operator \"%s\"", g->node.name, g->node.op);
}

/* The tensors of the graph, zero. */
static int make_tensors(const struct graph *graph, struct arena *arena, struct weights *weights)
{
    weights->count = graph_parameter_count(graph);
    weights->list = arena_alloc(arena, (size_t)weights->count, sizeof *weights->list);
    for (int i = 0; weights->list && i < weights->count; i++) {
        const struct parameter parameter = graph_parameter(graph, i);
        struct weight *weight = &weights->list[i];
        size_t size = 1;
        weight->rank = parameter.rank;
        weight->name = arena_string(arena, parameter.name);
        memcpy(weight->dim, parameter.dim, sizeof weight->dim);
        for (int d = 0; d < parameter.rank; d++)
            if (__builtin_mul_overflow(size, (size_t)parameter.dim[d], &size))
                return -1;
        weight->data = arena_floats(arena, size);
        if (!weight->name || !weight->data)
            return -1;
    }
    return weights->list ? 0 : -1;
}

/* Takes the node's tensors, which are next in the list. */
static int take_tensors(struct generator *g, const struct weights *weights, int node, int next)
{
    memset(g->tensor, 0, sizeof g->tensor);
    for (; next < weights->count; next++) {
        const struct parameter parameter = graph_parameter(g->graph, next);
        if (parameter.node != node)
            break;
        g->tensor[parameter.role] = &weights->list[next];
    }
    return next;
}

static int make_moments(struct generator *g, struct moments *moments)
{
    moments->channels = g->node.shape.c;
    moments->mean = arena_alloc(g->arena, (size_t)moments->channels, sizeof(double));
    moments->variance = arena_alloc(g->arena, (size_t)moments->channels, sizeof(double));
    return moments->mean && moments->variance ? 0 : -1;
}

static void measure_depth(struct generator *g)
{
    for (int i = 0; i < graph_node_count(g->graph); i++) {
        const struct node_info node = graph_node(g->graph, i);
        for (int j = 0; j < node.input_count; j++)
            if (g->depth[i] <= g->depth[node.inputs[j]])
                g->depth[i] = g->depth[node.inputs[j]] + 1;
    }
}

/* True if the node ends the longer path into a sum. */
static bool ends_branch(const struct generator *g, int node)
{
    for (int i = node + 1; i < graph_node_count(g->graph); i++) {
        const struct node_info sum = graph_node(g->graph, i);
        const int *in = sum.inputs;
        if (strcmp(sum.op, "add") == 0 && (in[0] == node || in[1] == node) && g->depth[node] >= g->depth[in[0]] &&
            g->depth[node] >= g->depth[in[1]])
            return true;
    }
    return false;
}

static int fill_tensors(struct generator *g, const struct weights *weights, struct error *err)
{
    const int count = graph_node_count(g->graph);
    g->moments = arena_alloc(g->arena, (size_t)count, sizeof *g->moments);
    g->depth = arena_alloc(g->arena, (size_t)count, sizeof *g->depth);
    if (!g->moments || !g->depth)
        return error_memory(err, "generating weights");
    measure_depth(g);
    int next = 0;
    for (int i = 0; i < count; i++) {
        g->node = graph_node(g->graph, i);
        g->ends_branch = ends_branch(g, i);
        g->in = &g->moments[g->node.input_count ? g->node.inputs[0] : i];
        g->out = &g->moments[i];
        next = take_tensors(g, weights, i, next);
        g->is_last = next == weights->count;
        if (make_moments(g, g->out))
            return error_memory(err, "generating weights");
        if (run_rule(g, err))
            return -1;
    }
    return 0;
}

int weights_generate(const struct graph *graph, uint64_t seed, struct arena *arena, struct weights *weights,
                     struct error *err)
{
    if (make_tensors(graph, arena, weights))
        return error_memory(err, "the weights");
    struct generator generator = {.graph = graph, .seed = seed, .arena = arena};
    const struct arena_mark mark = arena_mark(arena);
    const int status = fill_tensors(&generator, weights, err);
    arena_rewind(arena, mark);
    return status;
}
