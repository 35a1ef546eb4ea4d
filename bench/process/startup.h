/*
 * bench/process/startup.h - makes a program independent of the limits and the environment that it is started with.
 *
 * A part runs without a call, before any library is initialised. It removes stack sizes for OpenMP from the
 * environment, and ends the process with a message where OpenBLAS would wait for memory for ever or kill it for lack of
 * a thread.
 */
#ifndef BENCH_PROCESS_STARTUP_H
#define BENCH_PROCESS_STARTUP_H

#include "base/error.h"

/*
 * Call it first in main(). Afterwards descriptors 0 to 2 are open; writing to a closed pipe or beyond the largest file
 * size is an error of write() instead of a signal; stacks are large enough; and if a library ends the process, the exit
 * code is EXIT_USAGE and one line is printed on stderr. Error: the stack is limited to less than the program needs.
 */
int startup_begin(const char *program, struct error *err);

/* Returns `code`. main() returns through it, so that its own exit code is not taken for a library's. */
int startup_end(int code);

#endif
