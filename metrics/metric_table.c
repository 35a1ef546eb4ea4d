/* metrics/metric_table.c - a table that begins as the build's and is copied when the first metric is added. */
#include "metrics/metric_table.h"

#include <stdlib.h>
#include <string.h>

static const struct metric **table; /* NULL: nothing was added */

const struct metric *const *metrics_all(void)
{
    return table ? table : metrics;
}

const struct metric *metrics_find(const char *name)
{
    for (const struct metric *const *metric = metrics_all(); *metric; metric++)
        if (strcmp((*metric)->name, name) == 0)
            return *metric;
    return NULL;
}

/* What is wrong with a descriptor; NULL: nothing. */
static const char *fault_of(const struct metric *metric)
{
    if (!metric->title || !metric->title[0])
        return ".title is missing";
    if (metric->version < 1)
        return ".version must be 1 or more";
    if (!metric->unit)
        return ".unit is missing";
    if (!metric->measure == !metric->combine)
        return "it needs .measure or .combine, and not both";
    if (!metric->count_length != !metric->combine_counts || (metric->count_length && !metric->measure))
        return ".count_length and .combine_counts need each other and .measure";
    if (!(metric->min < metric->max))
        return ".min must be less than .max";
    return !metric->params != !metric->params_size ? "of .params and .params_size one is missing" : NULL;
}

static int check(const struct metric *metric, struct error *err)
{
    if (metric->abi != METRIC_ABI)
        return error_set(err, "it was written for version %d of metrics/metric.h, this program has %d", metric->abi,
                         METRIC_ABI);
    const char *fault = fault_of(metric);
    if (fault)
        return error_set(err, "its descriptor is incomplete: %s", fault);
    return metrics_find(metric->name) ? error_set(err, "there is a metric of that name already") : 0;
}

int metrics_add(const struct metric *metric, struct error *err)
{
    size_t count = 0, at = 0;
    if (check(metric, err))
        return -1;
    for (const struct metric *const *one = metrics_all(); *one; one++) {
        at += strcmp((*one)->name, metric->name) < 0;
        count++;
    }
    const struct metric **grown = malloc((count + 2) * sizeof *grown);
    if (!grown)
        return error_memory(err, "a metric");
    memcpy(grown, metrics_all(), at * sizeof *grown);
    grown[at] = metric;
    memcpy(grown + at + 1, metrics_all() + at, (count - at + 1) * sizeof *grown);
    free(table);
    table = grown;
    return 0;
}
