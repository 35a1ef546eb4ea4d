/*
 * metrics/arcc.c - Coherency, Complexity and ROAD in one number: the harmonic mean of coherency, 1 - complexity and twice
 * ROAD, the last cut to [0,1], for each image; the data set's value is the mean of these. Domeniconi et al., "How to
 * Evaluate and Refine your CAM", 2026, arXiv:2605.14641; the formula is that of the code,
 * pytorch_grad_cam/metrics/arcc.py, which adds 1e-8 to each of the three. See arcc_of_means.c.
 */
#include "metrics/metric.h"

extern const struct metric metric_arcc;

struct settings {
    double eps;
};

static int measure(struct evidence *evidence, const void *params, struct value *value, struct error *err)
{
    const struct settings *settings = params;
    struct value part[3];
    const char *flag = NULL;
    for (int i = 0; i < 3; i++) {
        if (evidence_value(evidence, metric_arcc.parts[i], &part[i], err))
            return -1;
        if (part[i].undefined) {
            *value = value_undefined(part[i].undefined);
            return 0;
        }
        flag = flag ? flag : part[i].flag;
    }
    const double road = fmax(0, fmin(1, 2 * part[2].number)), eps = settings->eps;
    *value = value_of(fmin(1, harmonic_mean3(part[0].number + eps, 1 - part[1].number + eps, road + eps)));
    value->flag = flag;
    return 0;
}

static const struct param params[] = {
    PARAM_FLOAT(struct settings, eps, 0, 0, 1, "added to each of the three"),
    {0},
};

const struct metric metric_arcc = {
    .abi = METRIC_ABI,
    .name = "arcc",
    .title = "ARCC",
    .unit = "",
    .min = 0,
    .max = 1,
    .direction = METRIC_HIGHER_IS_BETTER,
    .year = 2026,
    .source = "domeniconi2026refinecam",
    .version = 2,
    .params = params,
    .params_size = sizeof(struct settings),
    .measure = measure,
    .parts = {"coherency", "complexity", "road"},
};
