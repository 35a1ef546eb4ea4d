/*
 * bench/run/calibration.h - measured times of passes and methods, from bench/run/calibrate.c.
 */
#ifndef BENCH_RUN_CALIBRATION_H
#define BENCH_RUN_CALIBRATION_H

#include <stdbool.h>
#include <stddef.h>

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

#endif
