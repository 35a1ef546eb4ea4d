/*
 * bench/run/footprint.h - measures the memory that a worker of a run takes on a backbone.
 */
#ifndef BENCH_RUN_FOOTPRINT_H
#define BENCH_RUN_FOOTPRINT_H

#include "bench/run/run.h"

/*
 * Returns the bytes that a worker touches beside the network: its session, the scratch memory of methods, and what is kept
 * of an image. It evaluates the run's first picture, or a made one of 375x500 pixels if there is no image set, with all
 * methods and metrics, in the tasks that the run makes. Of the passes only the base pass is made: the others allocate
 * nothing more and would take long. What metrics on altered weights keep is not counted. `session` must be new, and makes
 * no passes afterwards. 0: no memory.
 */
size_t footprint_of_worker(const struct run *run, int backbone, struct session *session);

#endif
