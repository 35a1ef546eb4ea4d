/*
 * bench/run/estimate.h - estimates the cost of a run before it begins: passes, operations, time, memory, disk.
 */
#ifndef BENCH_RUN_ESTIMATE_H
#define BENCH_RUN_ESTIMATE_H

#include "base/cost.h"
#include "bench/run/calibration.h"
#include "bench/run/run.h"

/*
 * The passes of a method on a backbone for one image, and their multiply-adds: its map in every view, and the metrics'
 * requests under every protocol. The base pass, which methods share, is not counted.
 */
struct cost estimate_passes(const struct run *run, int backbone, int method);

/* The cost of one map of a method, without its base pass. */
struct cost estimate_map(const struct run *run, int backbone, int method);

/* Whether a method is so expensive that it is measured in a task of its own; cheap methods share a task. */
bool estimate_is_apart(const struct config_method *method);

/*
 * Fills backbone->evidence, in the run's arena: under each protocol the run's metrics measure made-up evidence, and
 * their requests are counted (metrics/evidence_probe.h). Errors: no memory, those of the metrics.
 */
int estimate_evidence(struct run *run, struct run_backbone *backbone, struct error *err);

/* The same for what parts of items lack, if run->work is set: fills each backbone->part_evidence and needs_base. */
int estimate_parts(struct run *run, struct error *err);

/* The passes that the parts of a backbone's items need, without base passes and those that methods share. */
struct cost estimate_part_passes(const struct run *run, int backbone);
double estimate_part_shared(const struct run *run, int backbone);

/* Prints the work of the run, or what run->work leaves of it: images, backbones, methods, passes. */
void estimate_describe(const struct run *run, FILE *stream);

/* Prints the estimates of time, memory and disk space. */
void estimate_costs(const struct run *run, const struct calibration *calibration, FILE *stream);

/* How much the run will write to disk, and how much memory it will use at once, in bytes. */
double estimate_disk(const struct run *run);
double estimate_memory(const struct run *run, const struct calibration *calibration);

/* Formats bytes as "3.4 GiB". Returns text. */
const char *estimate_size(double bytes, char text[32]);

/* Prints the missing files, each with the command that fetches or makes it. */
void estimate_missing(const struct run *run, FILE *stream);

#endif
