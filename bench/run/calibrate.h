/*
 * bench/run/calibrate.h - how long passes and methods take on this machine, measured in some seconds.
 *
 * Networks get made-up weights, so that no file is needed; all workers of the run measure at once, as they will work.
 */
#ifndef BENCH_RUN_CALIBRATE_H
#define BENCH_RUN_CALIBRATE_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct run;

/* A backbone, in seconds of one worker while all work, as if nothing else ran on the machine. */
struct calibrated {
    bool is_measured;                 /* false: derived from the operations a second of those measured */
    double task;                      /* an image before its methods: decoded, prepared, base passes */
    double base, masked;              /* a base pass; a pass of a batch */
    double finish;                    /* from raw map to saliency map */
    double *explain;                  /* [method]: a map, without its base pass */
    double own_seconds, wall_seconds; /* of the measurement: the workers' own time, and how long it took them */
    size_t network_bytes, weights_bytes, worker_bytes;
};

struct calibration {
    double seconds;  /* that it took */
    double slowdown; /* by what else runs on the machine now; 1: nothing */
    int workers;
    struct calibrated *backbones; /* [backbone] */
};

/* Measures the run's backbones, in its arena. Errors: no memory, what a method says. */
int calibrate(struct run *run, struct calibration *out, struct error *err);

#endif
