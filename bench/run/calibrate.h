/*
 * bench/run/calibrate.h - how long passes and methods take on this machine, measured in some seconds.
 *
 * Networks get made-up weights, so that no file is needed; all workers of the run measure at once, as they will work.
 */
#ifndef BENCH_RUN_CALIBRATE_H
#define BENCH_RUN_CALIBRATE_H

#include "base/error.h"
#include "bench/run/calibration.h"

struct run;

/* Measures the run's backbones, in its arena. Errors: no memory, what a method says. */
int calibrate(struct run *run, struct calibration *out, struct error *err);

#endif
