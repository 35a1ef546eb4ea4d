/*
 * bench/run/this_program.h - the running program as one of those that measure a run (bench/store/provenance.h).
 */
#ifndef BENCH_RUN_THIS_PROGRAM_H
#define BENCH_RUN_THIS_PROGRAM_H

#include "bench/config/config.h"
#include "bench/store/provenance.h"

/* The digest of the sources of a network's family; "" for an unknown network. */
const char *program_family_digest(const char *arch);

/* The digest of a method's or metric's sources; the SHA-256 of its plugin if it is from one. */
const char *program_method_digest(const struct method *method);
const char *program_metric_digest(const struct metric *metric);

/* Describes this program with the parts that the run of a config needs, in the arena. Error: no memory. */
int program_here(const struct config *config, const char *kernels, struct arena *arena, struct program *out,
                 struct error *err);

#endif
