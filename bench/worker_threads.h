/*
 * bench/worker_threads.h - how many threads a command gets of those that were asked for.
 */
#ifndef BENCH_WORKER_THREADS_H
#define BENCH_WORKER_THREADS_H

#include "base/error.h"

/*
 * asked: 0: as many as OpenMP has, which is the number of cores unless the environment says otherwise. Returns how many there are,
 * and says in one line on stderr when they are fewer than were asked for; 0: error, no memory. Results do not depend on it.
 */
int worker_threads(int asked, struct error *err);

#endif
