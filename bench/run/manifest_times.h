/* bench/run/manifest_times.h - the times of all calls of a run, as JSON. */
#ifndef BENCH_RUN_MANIFEST_TIMES_H
#define BENCH_RUN_MANIFEST_TIMES_H

#include "base/json.h"
#include "bench/store/store.h"

/* Names of the run's lists, by position. */
struct manifest_labels {
    const void *context;
    const char *(*backbone)(const void *context, int position);
    const char *(*method)(const void *context, int position);
};

/* Of rows that are spent_unite()d. NULL: no memory. */
json_t *manifest_times(const struct store_spent *rows, int count, const struct manifest_labels *labels);

#endif
