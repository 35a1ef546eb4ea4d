/*
 * bench/process/worker_threads.h - the number of threads that a command gets.
 */
#ifndef BENCH_PROCESS_WORKER_THREADS_H
#define BENCH_PROCESS_WORKER_THREADS_H

#include "base/error.h"

/*
 * asked: 0: as many as OpenMP has, which is the number of cores unless the environment sets another. Returns the number
 * of threads, and prints one line on stderr if it is smaller than `asked`; 0: error, no memory. Results do not depend
 * on the number.
 */
int worker_threads(int asked, struct error *err);

#endif
