/*
 * nn/threads.h - finds out how many threads can work at once.
 *
 * OpenMP ends the process if it cannot start a thread, and OpenBLAS waits for ever if it gets no memory. So both are
 * tried before they are needed.
 */
#ifndef NN_THREADS_H
#define NN_THREADS_H

#include "base/error.h"

/*
 * Makes OpenMP's threads, `wanted` of them with the caller, and OpenBLAS's buffer for each; returns how many there are.
 * Fewer than wanted: err names the reason. 0: there is not enough memory for one. Overrules OpenMP's environment
 * variables except those for the number and places of threads. Call it again before work that uses more threads.
 */
int threads_prepare(int wanted, struct error *err);

#endif
