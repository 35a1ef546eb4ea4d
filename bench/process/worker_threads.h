/*
 * bench/process/worker_threads.h - the number of threads that a command gets.
 */
#ifndef BENCH_PROCESS_WORKER_THREADS_H
#define BENCH_PROCESS_WORKER_THREADS_H

#include "base/error.h"

/*
 * Returns the number of threads for `asked`; asked 0 means OpenMP's default, the number of cores unless the environment
 * sets another. Prints one line on stderr if the result is smaller than `asked`. Returns 0 with err if memory is short.
 * Results of a run do not depend on the number.
 */
int worker_threads(int asked, struct error *err);

#endif
