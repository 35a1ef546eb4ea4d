/*
 * nn/threads.h - as many threads as can really work at once.
 *
 * OpenMP ends the process where it gets no thread, and OpenBLAS waits for ever where it gets no memory. So both are tried
 * before they are needed.
 */
#ifndef NN_THREADS_H
#define NN_THREADS_H

#include "base/error.h"

/*
 * Makes OpenMP's threads, `wanted` of them with the caller, and OpenBLAS's buffer for each; returns how many there are. Fewer than
 * wanted: err says why. 0: there is not even the memory for one. What the environment says of OpenMP's threads, but for their number
 * and places, is overruled. To be called again before work that uses more threads than the last.
 */
int threads_prepare(int wanted, struct error *err);

#endif
