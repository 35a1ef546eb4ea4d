/*
 * bench/run/footprint.h - measures the memory that a worker of a run takes on a backbone.
 */
#ifndef BENCH_RUN_FOOTPRINT_H
#define BENCH_RUN_FOOTPRINT_H

#include "bench/run/run.h"

/*
 * The bytes that a worker touches beside the network: its session, the scratch memory of methods, and all that is kept of
 * an image. Evaluates the run's first picture (one of ImageNet's usual size if there is no image set) with all methods
 * and metrics, in the tasks that the run makes. Only the base pass is made; all other passes are left out, so that this
 * takes little time and allocates what the run will. Without what metrics on altered weights keep. `session` is as new;
 * afterwards it makes no more passes. 0: out of memory.
 */
size_t footprint_of_worker(const struct run *run, int backbone, struct session *session);

#endif
