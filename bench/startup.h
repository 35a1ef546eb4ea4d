/*
 * bench/startup.h - what a program needs before and after its work, whatever the world it is started in.
 *
 * Before any library sets itself up (this needs no call): sizes of stacks that the environment gives to OpenMP are dropped, and
 * the process ends with a sentence where OpenBLAS would wait for ever for memory or kill it for want of a thread.
 */
#ifndef BENCH_STARTUP_H
#define BENCH_STARTUP_H

#include "base/error.h"

/*
 * Descriptors 0 to 2 are open, a full pipe or a file's largest size are errors of write() and not signals, stacks are large
 * enough. From then on a library that ends the process does so with EXIT_USAGE and one line. Error: the stack is too small.
 */
int startup_begin(const char *program, struct error *err);

/* Returns the code; to be called with what main() returns, which is then kept. */
int startup_end(int code);

#endif
