/*
 * bench/run/rehearse.h - a dry run's checks for failures that a run would meet only later.
 *
 * The run directory can be made and written to, no other process uses it, and it contains no other run; its disk has
 * space; all weights make networks, and runtime.memory is enough for one worker of each; gnuplot can be started if
 * plots are on.
 */
#ifndef BENCH_RUN_REHEARSE_H
#define BENCH_RUN_REHEARSE_H

#include "bench/run/calibrate.h"
#include "bench/run/run.h"

#include <stdio.h>

#define REHEARSE_CHECKS 4

struct rehearsal {
    int problem_count;
    struct error problems[REHEARSE_CHECKS]; /* failed checks that would end the run, a sentence each */
    int warning_count;
    struct error warnings[REHEARSE_CHECKS]; /* failed checks that would not end it */
};

/* Leaves the run directory as it was, and removes the folders that it had to make. */
void rehearse(struct run *run, const struct calibration *calibration, bool fresh, struct rehearsal *out);

#endif
