/*
 * bench/run/estimate.h - what a run will cost, said before it begins: passes, operations, time, memory, disk, missing files.
 */
#ifndef BENCH_RUN_ESTIMATE_H
#define BENCH_RUN_ESTIMATE_H

#include "base/cost.h"
#include "bench/run/calibration.h"
#include "bench/run/run.h"

/*
 * The passes of a method on a backbone for one image, and their multiply-adds: its map in every view, and under every
 * protocol what the metrics request. Without the base pass, which methods share.
 */
struct cost estimate_passes(const struct run *run, int backbone, int method);

/* One map of a method, without its base pass. */
struct cost estimate_map(const struct run *run, int backbone, int method);

/* Whether a method is measured in a task of its own, because it is expensive, or together with the cheap ones. */
bool estimate_is_apart(const struct config_method *method);

/*
 * Fills backbone->evidence, in the run's arena: under each protocol made-up evidence is measured with the run's metrics,
 * and what they request is counted (metrics/evidence_probe.h), so that no metric has to be known by name. Errors: no
 * memory, what a metric says.
 */
int estimate_evidence(struct run *run, struct run_backbone *backbone, struct error *err);

/* What will be done: images, backbones, methods, passes. */
void estimate_describe(const struct run *run, FILE *stream);

/* Time, memory and disk. */
void estimate_costs(const struct run *run, const struct calibration *calibration, FILE *stream);

/* How much the run will write to disk, and how much memory it will use at once, in bytes. */
double estimate_disk(const struct run *run);
double estimate_memory(const struct run *run, const struct calibration *calibration);

/* "3.4 GiB" */
const char *estimate_size(double bytes, char text[32]);

/* The files that are missing, each with the command that brings it. */
void estimate_missing(const struct run *run, FILE *stream);

#endif
