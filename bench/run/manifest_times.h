/* bench/run/manifest_times.h - the times of all calls of a run, as JSON. */
#ifndef BENCH_RUN_MANIFEST_TIMES_H
#define BENCH_RUN_MANIFEST_TIMES_H

#include "bench/run/manifest.h"

/* Of manifest->spent, which is spent_unite()d, with the labels of its backbones and methods. NULL: no memory. */
json_t *manifest_times(const struct manifest *manifest);

#endif
