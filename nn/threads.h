/*
 * nn/threads.h - finds out how many threads can run at once.
 *
 * OpenMP ends the process if it cannot start a thread, and OpenBLAS waits forever if it gets no memory. So threads are
 * started and buffers are allocated before they are needed.
 */
#ifndef NN_THREADS_H
#define NN_THREADS_H

#include "base/error.h"

/*
 * Starts OpenMP's threads, `wanted` of them including the caller, allocates OpenBLAS's buffer for each, and returns how
 * many there are. If these are fewer than wanted, err names the reason; 0: there is not enough memory for one.
 * Overrides OpenMP's environment variables, except those for the number and places of threads. Call it again before
 * work that uses more threads.
 */
int threads_prepare(int wanted, struct error *err);

#endif
