/*
 * metrics/adcc.c - Average Drop, Coherency and Complexity in one number: the harmonic mean of coherency, 1 - complexity
 * and 1 - drop, for each image; the data set's value is the mean of these. Poppi et al., "Revisiting the Evaluation of
 * Class Activation Mapping for Explainability", CVPR Workshops 2021, eq. 4, arXiv:2104.10252. See adcc_of_means.c.
 */
#include "metrics/metric.h"

extern const struct metric metric_adcc;

static int measure(struct evidence *evidence, const void *params, struct value *value, struct error *err)
{
    (void)params; /* none */
    struct value part[3];
    const char *flag = NULL;
    for (int i = 0; i < 3; i++) {
        if (evidence_value(evidence, metric_adcc.parts[i], &part[i], err))
            return -1;
        if (part[i].undefined) {
            *value = value_undefined(part[i].undefined);
            return 0;
        }
        flag = flag ? flag : part[i].flag;
    }
    *value = value_of(harmonic_mean3(part[0].number, 1 - part[1].number, 1 - part[2].number));
    value->flag = flag;
    return 0;
}

const struct metric metric_adcc = {
    .abi = METRIC_ABI,
    .name = "adcc",
    .title = "ADCC",
    .unit = "%",
    .is_percent = true,
    .min = 0,
    .max = 1,
    .direction = METRIC_HIGHER_IS_BETTER,
    .year = 2021,
    .source = "poppi2021revisiting",
    .version = 1,
    .measure = measure,
    .parts = {"coherency", "complexity", "average_drop"},
};
