/*
 * metrics/max_sensitivity.c - how much the map changes when noise too small to see is added to the input: the largest
 * ||m(x+e) - m(x)|| / ||m(x)|| over `samples` inputs. Each element of e is uniform in [-radius, radius), in units of
 * the normalised input; the class stays that of x; maps are the protocol's, at the layer's size. The defaults are
 * captum's (captum/metrics/_core/sensitivity.py). If ||m(x)|| is 0 the value is the numerator, flagged "zero_norm". Yeh
 * et al., "On the (In)fidelity and Sensitivity of Explanations", NeurIPS 2019, arXiv:1901.09392.
 */
#include "metrics/metric.h"

enum norm { NORM_L2, NORM_L1, NORM_MAX };

struct settings {
    int samples;
    double radius;
    int norm; /* enum norm */
    bool relative;
};

/* Context of the source that writes the changed inputs. */
struct noise {
    const struct evidence *evidence;
    size_t count; /* C*H*W */
    double radius;
};

static void add_noise(void *context, int index, const float *x, float *out)
{
    const struct noise *noise = context;
    struct random_stream random = evidence_random(noise->evidence, index);
    for (size_t i = 0; i < noise->count; i++)
        out[i] = x[i] + (float)(noise->radius * (2 * random_uniform(&random) - 1));
}

/* The norm of a, or of a - b if b is not NULL. */
static double norm_of(enum norm norm, const struct map *a, const struct map *b)
{
    const size_t n = (size_t)a->h * (size_t)a->w;
    double sum = 0, most = 0;
    for (size_t i = 0; i < n; i++) {
        const double d = fabs((double)a->data[i] - (b ? (double)b->data[i] : 0));
        sum += norm == NORM_L1 ? d : d * d;
        most = fmax(most, d);
    }
    return norm == NORM_MAX ? most : norm == NORM_L1 ? sum : sqrt(sum);
}

static int measure(struct evidence *evidence, const void *params, struct value *value, struct error *err)
{
    const struct settings *settings = params;
    const enum norm norm = (enum norm)settings->norm;
    const struct map map = evidence_map_native(evidence), input = evidence_map(evidence);
    struct noise noise = {evidence, (size_t)evidence_channels(evidence) * (size_t)input.h * (size_t)input.w,
                          settings->radius};
    bool is_finite = true;
    double most = 0;
    for (int k = 0; k < settings->samples; k++) {
        struct map moved;
        if (evidence_map_of(evidence, EVIDENCE_SOURCE(add_noise, &noise, k, 1), EVIDENCE_AT_LAYER, &moved, err))
            return -1;
        is_finite = is_finite && moved.data;
        most = is_finite ? fmax(most, norm_of(norm, &moved, &map)) : most;
    }
    const double size = settings->relative ? norm_of(norm, &map, NULL) : 1;
    *value = size > 0 ? value_of(most / size) : (struct value){.number = most, .flag = "zero_norm"};
    if (!is_finite)
        *value = value_undefined("nonfinite");
    return 0;
}

static const struct param params[] = {
    PARAM_INT(struct settings, samples, 10, 1, 10000, "changed inputs, each a map"),
    PARAM_FLOAT(struct settings, radius, 0.02, 0, 10, "of the noise, in the normalised input"),
    PARAM_ENUM(struct settings, norm, "l2|l1|max", "of maps and of their difference"),
    PARAM_BOOL(struct settings, relative, true, "divide by the norm of the map"),
    {0},
};

const struct metric metric_max_sensitivity = {
    .abi = METRIC_ABI,
    .name = "max_sensitivity",
    .title = "Max-Sensitivity",
    .unit = "",
    .min = 0,
    .max = INFINITY,
    .direction = METRIC_LOWER_IS_BETTER,
    .year = 2019,
    .source = "yeh2019infidelity",
    .version = 1,
    .params = params,
    .params_size = sizeof(struct settings),
    .measure = measure,
};
