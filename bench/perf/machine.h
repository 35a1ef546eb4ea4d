/*
 * bench/perf/machine.h - what the hardware can do, measured: the limits that the engine's rates stand beside.
 *
 * All run on `threads` threads at once, and last about as long as a round.
 */
#ifndef BENCH_PERF_MACHINE_H
#define BENCH_PERF_MACHINE_H

#include "base/error.h"

/* GFLOP/s of multiply-adds on registers alone, by the widest instruction set that this machine has. */
double machine_fma(int threads, double seconds);
const char *machine_fma_name(void); /* "avx2+fma" */

/*
 * Multiply-adds of bfloat16 with sums in float32, on registers alone, beside as wide ones of float32: how many times as
 * many a second, on one thread. 0: this processor has no instruction for them.
 */
double machine_bfloat16(double seconds);

/* Buffers for the rates below. Errors: no memory. */
struct machine;
struct machine *machine_open(int threads, struct error *err);
void machine_close(struct machine *machine); /* NULL is fine */

/* GFLOP/s of sgemm on square matrices of 2048, one product for each thread at once, as the engine uses the library. */
double machine_sgemm(const struct machine *machine);

/* GB/s of a = b + s*c on values far larger than the caches, 12 bytes an element. */
double machine_bandwidth(const struct machine *machine);

#endif
