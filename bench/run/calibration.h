/*
 * bench/run/calibration.h - measured times of passes and methods, from bench/run/calibrate.c.
 */
#ifndef BENCH_RUN_CALIBRATION_H
#define BENCH_RUN_CALIBRATION_H

#include <stdbool.h>
#include <stddef.h>

/* Times of a backbone: seconds of one worker while all workers work, corrected for other load on the machine. */
struct calibrated {
    bool is_measured;                 /* false: derived from the operations per second of the measured backbones */
    double task;                      /* an image before its methods: decoding, preprocessing, base passes */
    double base, masked;              /* a base pass; one input of a batch */
    double finish;                    /* from raw map to saliency map */
    double *explain;                  /* [method]: a map, without its base pass */
    double own_seconds, wall_seconds; /* of the measurement: processor time of the workers, and wall time */
    size_t network_bytes, weights_bytes, worker_bytes;
};

struct calibration {
    double seconds;  /* duration of the calibration */
    double slowdown; /* factor by which other programs slow the workers down now; 1: none run */
    int workers;
    struct calibrated *backbones; /* [backbone] */
};

#endif
