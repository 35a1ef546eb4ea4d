/*
 * metrics/costs.c - the costs of a map as metrics, each a field of struct cost.
 *
 * Defines: forward_passes, tail_passes, backward_passes, repeated_passes, seconds_per_map.
 */
#include "metrics/metric.h"

#define MEASURE(field) \
    static int measure_##field(struct evidence *evidence, const void *params, struct value *value, struct error *err) \
    { \
        (void)params, (void)err; /* none; cannot fail */ \
        *value = value_of(evidence_cost(evidence).field); \
        return 0; \
    }

MEASURE(full)
MEASURE(tail)
MEASURE(backward)
MEASURE(repeated)
MEASURE(seconds)

#define COST .min = 0, .max = INFINITY, .direction = METRIC_LOWER_IS_BETTER, .version = 1, .is_cost = true

/* Passes of the whole network for one map, the base pass included. */
const struct metric metric_forward_passes = {
    .abi = METRIC_ABI,
    .name = "forward_passes",
    .title = "Forward passes per map",
    .unit = "passes",
    COST,
    .measure = measure_full,
};

/* Forward passes of the layers after the target layer. */
const struct metric metric_tail_passes = {
    .abi = METRIC_ABI,
    .name = "tail_passes",
    .title = "Tail passes per map",
    .unit = "passes",
    COST,
    .measure = measure_tail,
};

/* Backward passes, of the tail or of the whole network. */
const struct metric metric_backward_passes = {
    .abi = METRIC_ABI,
    .name = "backward_passes",
    .title = "Backward passes per map",
    .unit = "passes",
    COST,
    .measure = measure_backward,
};

/*
 * Passes that were not run because their input is bit for bit that of another pass: masks of equal channels, channels
 * that are zero already. They are included in forward_passes and tail_passes.
 */
const struct metric metric_repeated_passes = {
    .abi = METRIC_ABI,
    .name = "repeated_passes",
    .title = "Repeated passes per map",
    .unit = "passes",
    COST,
    .measure = measure_repeated,
};

/* Wall time from end to end, the base pass included. */
const struct metric metric_seconds_per_map = {
    .abi = METRIC_ABI,
    .name = "seconds_per_map",
    .title = "Seconds per map",
    .unit = "s",
    COST,
    .measure = measure_seconds,
};
