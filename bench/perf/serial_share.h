/*
 * bench/perf/serial_share.h - table of `make bench BENCH=runs`: the share of a run's work that one thread does alone.
 */
#ifndef BENCH_PERF_SERIAL_SHARE_H
#define BENCH_PERF_SERIAL_SHARE_H

#include "bench/perf/perf.h"

/* Begins the table. */
void serial_share_table(struct output *output);

/* Adds the rows of a run, from the manifest.json in its folder: of the whole run, and without opening and reporting. */
int serial_share_rows(struct output *output, const char *what, const char *folder, struct error *err);

#endif
