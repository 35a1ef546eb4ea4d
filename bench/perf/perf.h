/*
 * bench/perf/perf.h - `make bench`: what its parts get.
 *
 * A part is one file with a function of the kind below and a row in perf.c. It opens what it measures, adds rows to the
 * output, and closes it.
 */
#ifndef BENCH_PERF_PERF_H
#define BENCH_PERF_PERF_H

#include "bench/cli/plugin_option.h"
#include "bench/perf/machine.h"
#include "bench/perf/output.h"

#include <stdbool.h>

#define PERF_LIST_MAX 128

struct perf_names {
    int count;
    const char *name[PERF_LIST_MAX];
};

struct perf_numbers {
    int count, number[PERF_LIST_MAX];
};

/* The command line; an empty list: the part's own. */
struct perf_options {
    struct perf_names parts, archs, methods, layers;
    struct perf_numbers batches, images;
    int threads, rounds;
    double round_seconds; /* at least, of a round */
    double map_seconds;   /* a map that is expected to take longer is left out */
    const char *json;     /* NULL: none */
    bool serve;
    const char *weights, *inputs; /* of serve; NULL: generated */
    const char *channels;         /* of serve; NULL: the usual ones */
    const char *kernels;          /* NULL: the processor's best */
    struct plugin_option plugins;
};

struct perf {
    const struct perf_options *options;
    struct machine *machine;
    struct output output;
};

typedef int perf_part(struct perf *perf, struct error *err);
perf_part part_forward, part_layers, part_methods, part_threads, part_tail, part_runs;

/* Answers requests on stdin until it ends, for bench/peers/: see serve.c. 0, or -1 and why. */
int serve(const struct perf_options *options, struct error *err);

/* `given`, or if that is empty `usual`, which ends with NULL. */
struct perf_names perf_names_or(const struct perf_names *given, const char *const *usual);

#endif
