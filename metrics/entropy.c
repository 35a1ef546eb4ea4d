/*
 * metrics/entropy.c - how widely the map is spread: the Shannon entropy -sum q ln q of q = |m| / sum |m|, 0 ln 0 = 0.
 * Its largest value is ln n for n positions, so it depends on the map's size; `entropy_unit: ratio` divides by ln n. A
 * map without energy has the worst value, ln n, flagged. Bhatt, Weller, Moura, "Evaluating and Aggregating
 * Feature-based Model Explanations", IJCAI 2020, arXiv:2005.00631.
 *
 * Forms: `quantus` adds 1e-12 in the logarithm (quantus/metrics/complexity/complexity.py); `xplique` adds 1e-8 there
 * and to the sum (xplique/metrics/complexity.py).
 */
#include "metrics/metric.h"

enum unit { NATS, RATIO };

enum form { FORM_PLAIN, FORM_QUANTUS, FORM_XPLIQUE };

struct settings {
    int at;           /* enum evidence_size */
    int entropy_unit; /* enum unit */
    int form;         /* enum form */
};

static double entropy_of(const struct map *map, double sum, enum form form)
{
    const size_t n = (size_t)map->h * (size_t)map->w;
    const double in_sum = form == FORM_XPLIQUE ? 1e-8 : 0;
    const double in_log = form == FORM_XPLIQUE ? 1e-8 : form == FORM_QUANTUS ? 1e-12 : 0;
    double entropy = 0;
    for (size_t i = 0; i < n; i++) {
        const double q = fabs((double)map->data[i]) / (sum + in_sum);
        entropy -= q > 0 ? q * log(q + in_log) : 0;
    }
    return fmax(entropy, 0); /* of a single pixel -1e-8 by in_log */
}

static int measure(struct evidence *evidence, const void *params, struct value *value, struct error *err)
{
    (void)err; /* cannot fail */
    const struct settings *settings = params;
    const struct map map = settings->at == EVIDENCE_AT_LAYER ? evidence_map_native(evidence) : evidence_map(evidence);
    const size_t n = (size_t)map.h * (size_t)map.w;
    const double most = log((double)n);
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += fabs((double)map.data[i]);
    *value = sum > 0 ? value_of(entropy_of(&map, sum, (enum form)settings->form))
                     : (struct value){.number = most, .flag = "constant_map"};
    if (settings->entropy_unit == RATIO)
        value->number = n > 1 ? value->number / most : 1;
    return 0;
}

static const struct param params[] = {
    PARAM_ENUM(struct settings, at, "input|layer", "size of the map: the input's, or before enlargement"),
    PARAM_ENUM(struct settings, entropy_unit, "nats|ratio", "ratio: divided by ln n, its largest value"),
    PARAM_ENUM(struct settings, form, "plain|quantus|xplique", "the constants that other programs add"),
    {0},
};

const struct metric metric_entropy = {
    .abi = METRIC_ABI,
    .name = "entropy",
    .title = "Entropy",
    .unit = "",
    .min = 0,
    .max = INFINITY,
    .direction = METRIC_LOWER_IS_BETTER,
    .year = 2020,
    .source = "bhatt2020evaluating",
    .version = 1,
    .params = params,
    .params_size = sizeof(struct settings),
    .measure = measure,
};
