/*
 * bench/run/calibrate.h - measures within seconds how long passes and methods take on this machine.
 *
 * Networks get made-up weights, so no file is needed. All workers of the run measure at the same time, as in the run.
 */
#ifndef BENCH_RUN_CALIBRATE_H
#define BENCH_RUN_CALIBRATE_H

#include "base/error.h"
#include "bench/run/calibration.h"

struct run;

/* Measures the run's backbones; results are in the run's arena. Errors: no memory, those of the methods. */
int calibrate(struct run *run, struct calibration *out, struct error *err);

#endif
