/*
 * bench/process/startup.h - makes a program independent of the limits and the environment it is started with.
 *
 * Before any library is initialised (this needs no call), the environment's sizes of OpenMP's stacks are dropped, and
 * the process ends with a message if OpenBLAS would wait for ever for memory or kill it for lack of a thread.
 */
#ifndef BENCH_PROCESS_STARTUP_H
#define BENCH_PROCESS_STARTUP_H

#include "base/error.h"

/*
 * After this call descriptors 0 to 2 are open, a closed pipe and a file's largest size are errors of write() and not
 * signals, and stacks are large enough. A library that ends the process then does so with EXIT_USAGE and one line.
 * Error: the stack is too small.
 */
int startup_begin(const char *program, struct error *err);

/* Returns the code that it is given; called with main()'s result, which is then not replaced. */
int startup_end(int code);

#endif
