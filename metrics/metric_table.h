/*
 * metrics/metric_table.h - the metrics that configs can name: the program's, and those that plugins have added.
 */
#ifndef METRICS_METRIC_TABLE_H
#define METRICS_METRIC_TABLE_H

#include "metrics/metric.h"

/* Sorted by name; ends with NULL. */
const struct metric *const *metrics_all(void);

/* The metric of exactly that name; NULL: there is none. */
const struct metric *metrics_find(const char *name);

/*
 * Adds a metric, which must stay where it is. Only before other threads are started. Errors: it was written for another
 * METRIC_ABI, it is incomplete, its name is taken, no memory.
 */
int metrics_add(const struct metric *metric, struct error *err);

#endif
