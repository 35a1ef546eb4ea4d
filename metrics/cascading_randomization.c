/*
 * metrics/cascading_randomization.c - whether the map depends on what the network has learned: the network's weights are
 * replaced stage by stage by those of layers before training, and the maps on these networks are compared with the map
 * on the network itself. Adebayo et al., "Sanity Checks for Saliency Maps", NeurIPS 2018, arXiv:1810.03292. Hedstroem et
 * al., "Sanity Checks Revisited: An Exploration to Repair the Model Parameter Randomisation Test", 2023,
 * arXiv:2401.06465, have the forms `smooth` and `efficient`.
 *
 * plain, smooth: Spearman's rank correlation with the network's own map, before enlargement; the mean over the stages. A
 * constant map has correlation 0, flagged. smooth: each map is the mean over `samples` inputs, x and x + e with normal
 * noise e. efficient: the relative rise of the entropy of the map's histogram when all stages are altered.
 */
#include "metrics/metric.h"

#include <string.h>

enum form { FORM_PLAIN, FORM_SMOOTH, FORM_EFFICIENT };

enum order { ORDER_USUAL, ORDER_TOP_DOWN, ORDER_BOTTOM_UP, ORDER_INDEPENDENT };

enum similarity { SIMILARITY_SPEARMAN, SIMILARITY_PEARSON };

enum aggregate { AGGREGATE_MEAN, AGGREGATE_LAST };

enum at { AT_USUAL, AT_INPUT, AT_LAYER };

struct settings {
    int form;       /* enum form */
    int order;      /* enum order */
    int stages;     /* 0: all */
    int similarity; /* enum similarity */
    int aggregate;  /* enum aggregate */
    int at;         /* enum at */
    bool absolute, with_original;
    int seeds;
    int samples;
    double noise;
    int bins;
};

/* -- inputs --------------------------------------------------------------------------------------------------------- */

/* Context of the source that writes x, as input 0, and x with noise. */
struct noise {
    const struct evidence *evidence;
    size_t count; /* C*H*W */
    double share; /* of the image's range */
};

static void add_noise(void *context, int index, const float *x, float *out)
{
    const struct noise *noise = context;
    if (index == 0) {
        memcpy(out, x, noise->count * sizeof *out);
        return;
    }
    const struct range range = range_of(x, noise->count);
    const double deviation = noise->share * ((double)range.max - range.min);
    struct random_stream random = evidence_random(noise->evidence, index);
    for (size_t i = 0; i < noise->count; i++)
        out[i] = x[i] + (float)(deviation * random_normal(&random));
}

/* What a measurement works with. */
struct work {
    struct evidence *evidence;
    const struct settings *settings;
    struct noise noise;
    enum evidence_size size;
    int stages;       /* of the network */
    size_t n;         /* values of a map */
    double *own, *at; /* (n): of the network's own map; of the map on an altered network */
    bool is_finite;
    bool is_flat; /* a map was constant */
};

static enum evidence_order order_of(const struct settings *settings)
{
    switch (settings->order) {
    case ORDER_TOP_DOWN:
        return EVIDENCE_TOP_DOWN;
    case ORDER_BOTTOM_UP:
        return EVIDENCE_BOTTOM_UP;
    case ORDER_INDEPENDENT:
        return EVIDENCE_INDEPENDENT;
    default:
        return settings->form == FORM_PLAIN ? EVIDENCE_TOP_DOWN : EVIDENCE_BOTTOM_UP;
    }
}

/* Writes the map on an altered network to values (n), or to memory of its own if *values is NULL. */
static int take_map(struct work *work, struct evidence_altered altered, double **values, struct error *err)
{
    const struct settings *settings = work->settings;
    const struct evidence_input input = settings->form == FORM_SMOOTH
                                            ? EVIDENCE_SOURCE(add_noise, &work->noise, 0, settings->samples)
                                            : EVIDENCE_ORIGINAL;
    struct map map;
    if (evidence_map_altered(work->evidence, altered, input, work->size, &map, err))
        return -1;
    work->n = (size_t)map.h * (size_t)map.w;
    if (!*values)
        *values = evidence_alloc(work->evidence, work->n, sizeof **values, err);
    if (!*values)
        return -1;
    work->is_finite = work->is_finite && map.data;
    for (size_t i = 0; work->is_finite && i < work->n; i++)
        (*values)[i] = settings->absolute ? fabs((double)map.data[i]) : (double)map.data[i];
    return 0;
}

/* -- correlations with the own map ---------------------------------------------------------------------------------- */

static double mean(const double *values, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += values[i];
    return sum / (double)n;
}

static double pearson(const double *a, const double *b, size_t n)
{
    const double mean_a = mean(a, n), mean_b = mean(b, n);
    double ab = 0, aa = 0, bb = 0;
    for (size_t i = 0; i < n; i++) {
        ab += (a[i] - mean_a) * (b[i] - mean_b);
        aa += (a[i] - mean_a) * (a[i] - mean_a);
        bb += (b[i] - mean_b) * (b[i] - mean_b);
    }
    return aa > 0 && bb > 0 ? fmax(-1, fmin(1, ab / (sqrt(aa) * sqrt(bb)))) : NAN;
}

/* 0 if a map is constant. */
static int correlate(struct work *work, double *rho, struct error *err)
{
    *rho = 0;
    if (!work->is_finite)
        return 0;
    if (work->settings->similarity == SIMILARITY_PEARSON)
        *rho = pearson(work->own, work->at, work->n);
    else if (rank_correlation(work->evidence, work->own, work->at, work->n, rho, err))
        return -1;
    work->is_flat = work->is_flat || isnan(*rho);
    if (isnan(*rho))
        *rho = 0;
    return 0;
}

/* The mean over the draws. */
static int measure_stage(struct work *work, int stage, double *rho, struct error *err)
{
    const struct settings *settings = work->settings;
    double sum = 0, one;
    for (int draw = 0; draw < settings->seeds; draw++) {
        const struct evidence_altered altered = {order_of(settings), stage, draw};
        if (take_map(work, altered, &work->at, err) || correlate(work, &one, err))
            return -1;
        sum += one;
    }
    *rho = sum / settings->seeds;
    return 0;
}

/* Stage k of `count` that are spread evenly; the last is the network's last. */
static int spread(int k, int count, int stages)
{
    return (int)(((long long)k * stages + count - 1) / count);
}

static int measure_curve(struct work *work, int count, double *sum, struct error *err)
{
    double *fraction = evidence_alloc(work->evidence, (size_t)count, sizeof *fraction, err);
    double *rho = evidence_alloc(work->evidence, (size_t)count, sizeof *rho, err);
    if (!fraction || !rho)
        return -1;
    for (int k = 1; k <= count; k++) {
        const int stage = spread(k, count, work->stages);
        if (measure_stage(work, stage, &rho[k - 1], err))
            return -1;
        fraction[k - 1] = (double)stage / work->stages;
        *sum += rho[k - 1];
    }
    if (work->is_finite)
        evidence_keep_curve(work->evidence, CURVE_STAGES, (struct curve){count, fraction, rho});
    return 0;
}

static int measure_correlations(struct work *work, struct value *value, struct error *err)
{
    const struct settings *settings = work->settings;
    const bool is_all = settings->stages == 0 || settings->stages > work->stages;
    const int count = settings->aggregate == AGGREGATE_LAST ? 1 : is_all ? work->stages : settings->stages;
    double sum = 0;
    if (take_map(work, (struct evidence_altered){0}, &work->own, err) || measure_curve(work, count, &sum, err))
        return -1;
    *value = value_of(settings->with_original ? (sum + 1) / (count + 1) : sum / count);
    value->flag = work->is_flat ? "constant_map" : NULL;
    return 0;
}

/* -- entropy of a histogram ----------------------------------------------------------------------------------------- */

/* Lower edge of a bin. */
static double edge_of(double low, double high, int bin, int bins)
{
    return bin == bins ? high : low + bin * ((high - low) / bins);
}

/* The bin as numpy.histogram() chooses it: the largest value is in the last one. */
static int bin_of(double value, double low, double high, int bins)
{
    const int near = (int)((value - low) / (high - low) * bins), bin = near < bins ? near : bins - 1;
    if (value < edge_of(low, high, bin, bins))
        return bin - 1;
    return bin + (bin < bins - 1 && value >= edge_of(low, high, bin + 1, bins));
}

/* Natural entropy of a histogram of equal bins from the smallest to the largest value; 0 if all values are equal. */
static int entropy_of(struct work *work, const double *values, double *entropy, struct error *err)
{
    const int bins = work->settings->bins;
    double *count = evidence_alloc(work->evidence, (size_t)bins, sizeof *count, err);
    double low = INFINITY, high = -INFINITY;
    if (!count)
        return -1;
    for (size_t i = 0; i < work->n; i++) {
        low = fmin(low, values[i]);
        high = fmax(high, values[i]);
    }
    for (size_t i = 0; i < work->n && high > low; i++)
        count[bin_of(values[i], low, high, bins)]++;
    *entropy = 0;
    for (int i = 0; i < bins; i++)
        *entropy -= count[i] > 0 ? count[i] / (double)work->n * log(count[i] / (double)work->n) : 0;
    return 0;
}

static int measure_entropy(struct work *work, struct value *value, struct error *err)
{
    const int draws = work->settings->seeds;
    double own = 0, altered = 0, sum = 0;
    if (take_map(work, (struct evidence_altered){0}, &work->own, err) ||
        (work->is_finite && entropy_of(work, work->own, &own, err)))
        return -1;
    for (int draw = 0; draw < draws; draw++) {
        if (take_map(work, (struct evidence_altered){EVIDENCE_BOTTOM_UP, work->stages, draw}, &work->at, err) ||
            (work->is_finite && entropy_of(work, work->at, &altered, err)))
            return -1;
        work->is_flat = work->is_flat || altered <= 0;
        sum += altered;
    }
    *value = own > 0 ? value_of((sum / draws - own) / own) : value_undefined("zero_entropy");
    value->flag = own > 0 && work->is_flat ? "constant_map" : NULL;
    return 0;
}

/* -- the metric ----------------------------------------------------------------------------------------------------- */

static int measure(struct evidence *evidence, const void *params, struct value *value, struct error *err)
{
    const struct settings *settings = params;
    const struct map input = evidence_map(evidence);
    const bool at_input = settings->at == AT_INPUT || (settings->at == AT_USUAL && settings->form == FORM_EFFICIENT);
    struct work work = {
        .evidence = evidence,
        .settings = settings,
        .noise = {evidence, (size_t)evidence_channels(evidence) * (size_t)input.h * (size_t)input.w, settings->noise},
        .size = at_input ? EVIDENCE_AT_INPUT : EVIDENCE_AT_LAYER,
        .stages = evidence_stages(evidence, value),
        .is_finite = true};
    if (!work.stages)
        return 0;
    if (settings->form == FORM_EFFICIENT ? measure_entropy(&work, value, err) : measure_correlations(&work, value, err))
        return -1;
    if (!work.is_finite)
        *value = value_undefined("nonfinite");
    return 0;
}

extern const struct metric metric_cascading_randomization;

static const struct metric smooth = {
    .title = "Smooth Randomisation", .unit = "", .min = -1, .max = 1, .direction = METRIC_LOWER_IS_BETTER};
static const struct metric efficient = {
    .title = "Efficient Randomisation", .unit = "", .min = -1, .max = INFINITY, .direction = METRIC_HIGHER_IS_BETTER};

static const struct metric *form_of(const void *params)
{
    static const struct metric *const forms[] = {
        [FORM_PLAIN] = &metric_cascading_randomization, [FORM_SMOOTH] = &smooth, [FORM_EFFICIENT] = &efficient};
    return forms[((const struct settings *)params)->form];
}

static const struct param params[] = {
    PARAM_ENUM(struct settings, form, "plain|smooth|efficient",
               "smooth: of mean maps of noisy inputs; efficient: rise of the entropy"),
    PARAM_ENUM(struct settings, order, "usual|top_down|bottom_up|independent",
               "of the stages; usual: top_down for plain, else bottom_up"),
    PARAM_INT(struct settings, stages, 0, 0, 10000, "number of stages, spread evenly; 0: all"),
    PARAM_ENUM(struct settings, similarity, "spearman|pearson", "of two maps"),
    PARAM_ENUM(struct settings, aggregate, "mean|last", "over the stages, or the last one alone"),
    PARAM_ENUM(struct settings, at, "usual|input|layer", "size of the maps; usual: input for efficient, else layer"),
    PARAM_BOOL(struct settings, absolute, false, "compare absolute values"),
    PARAM_BOOL(struct settings, with_original, false, "count the network itself as a stage, with correlation 1"),
    PARAM_INT(struct settings, seeds, 1, 1, 100, "draws of random weights, over which the mean is taken"),
    PARAM_INT(struct settings, samples, 50, 1, 10000, "smooth: inputs of a mean map, the image itself among them"),
    PARAM_FLOAT(struct settings, noise, 0.1, 0, 10, "smooth: deviation, as a share of the image's range"),
    PARAM_INT(struct settings, bins, 100, 2, 100000, "efficient: of the histogram"),
    {0},
};

const struct metric metric_cascading_randomization = {
    .abi = METRIC_ABI,
    .name = "cascading_randomization",
    .title = "Cascading Randomisation",
    .unit = "",
    .min = -1,
    .max = 1,
    .direction = METRIC_LOWER_IS_BETTER,
    .year = 2018,
    .source = "adebayo2018sanity",
    .version = 1,
    .curve = CURVE_STAGES,
    .params = params,
    .params_size = sizeof(struct settings),
    .measure = measure,
    .form = form_of,
};
