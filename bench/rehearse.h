/*
 * bench/rehearse.h - what a run finds out only when it is under way, found out by a dry run.
 *
 * The run directory can be made and written to, nobody is at work in it, and what it holds is this run; its disk has room;
 * all weights make networks, and runtime.memory has room for a worker of each; gnuplot can be started if plots are wanted.
 */
#ifndef BENCH_REHEARSE_H
#define BENCH_REHEARSE_H

#include "bench/calibrate.h"
#include "bench/run.h"

#include <stdio.h>

#define REHEARSE_CHECKS 4

struct rehearsal {
    int problem_count;                      /* that would end the run */
    struct error problems[REHEARSE_CHECKS]; /* one for each check that fails: its sentence */
    int warning_count;                      /* that would not */
    struct error warnings[REHEARSE_CHECKS];
};

/* Leaves the run directory as it was, and takes folders that it had to make away again. */
void rehearse(struct run *run, const struct calibration *calibration, bool fresh, struct rehearsal *out);

#endif
