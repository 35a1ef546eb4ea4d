/*
 * metrics/sparseness.c - the Gini index of the map: sum (2i - n - 1) v_i / (n sum v_i), v the n values of |m|,
 * ascending. 0: all pixels are equal; 1 - 1/n: one pixel has everything. A map without energy has 0. Chalasani et al.,
 * "Concise Explanations of Neural Networks using Adversarial Training", ICML 2020, arXiv:1810.06583.
 *
 * Forms: `quantus` divides by the maximum and adds 1e-7 to each value (quantus/metrics/complexity/sparseness.py);
 * `xplique` adds 1e-8 to both denominators (xplique/metrics/complexity.py).
 */
#include "metrics/metric.h"

enum form { FORM_PLAIN, FORM_QUANTUS, FORM_XPLIQUE };

struct settings {
    int form; /* enum form */
};

static double gini_of(const float *sorted, size_t n, double sum, enum form form)
{
    const double offset = form == FORM_QUANTUS ? 1e-7 : 0;
    const double scale = form == FORM_QUANTUS ? 1 / (double)sorted[n - 1] : form == FORM_XPLIQUE ? 1 / (sum + 1e-8) : 1;
    double weighted = 0, all = 0;
    for (size_t i = 0; i < n; i++) {
        const double v = (double)sorted[i] * scale + offset;
        weighted += (2 * (double)(i + 1) - (double)n - 1) * v;
        all += v;
    }
    if (form == FORM_XPLIQUE) {
        const double count = (double)n;
        return (weighted + (count + 1) * all) / (count * all + 1e-8) - (count + 1) / count;
    }
    return weighted / ((double)n * all);
}

static int measure(struct evidence *evidence, const void *params, struct value *value, struct error *err)
{
    const struct settings *settings = params;
    const struct map map = evidence_map(evidence);
    const size_t n = (size_t)map.h * (size_t)map.w;
    float *sorted = evidence_alloc(evidence, n, sizeof *sorted, err);
    if (!sorted)
        return -1;
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        sorted[i] = fabsf(map.data[i]);
        sum += (double)sorted[i];
    }
    sort_floats(sorted, n);
    const double gini = sum > 0 ? gini_of(sorted, n, sum, (enum form)settings->form) : 0;
    *value = value_of(fmax(gini, 0)); /* of a constant map, by rounding, -1e-16 */
    if (!(sum > 0))
        value->flag = "constant_map";
    return 0;
}

static const struct param params[] = {
    PARAM_ENUM(struct settings, form, "plain|quantus|xplique", "the constants that other programs add"),
    {0},
};

const struct metric metric_sparseness = {
    .abi = METRIC_ABI,
    .name = "sparseness",
    .title = "Sparseness",
    .unit = "",
    .min = 0,
    .max = 1,
    .direction = METRIC_HIGHER_IS_BETTER,
    .year = 2020,
    .source = "chalasani2020concise",
    .version = 1,
    .params = params,
    .params_size = sizeof(struct settings),
    .measure = measure,
};
