/*
 * bench/interrupt.h - SIGINT and SIGTERM in long work: a flag that long work looks at, and an end to all waiting.
 */
#ifndef BENCH_INTERRUPT_H
#define BENCH_INTERRUPT_H

#include <signal.h>

#define INTERRUPT_PATIENCE_S \
    8 /* who sends SIGTERM sends SIGKILL soon after: Slurm and Kubernetes in 30 s, others in 10 */

/* Set by the first signal after interrupt_catch(). */
extern volatile sig_atomic_t interrupt_has_come;

/*
 * From now on a signal sets the flag, which is not set yet. A process that is still there INTERRUPT_PATIENCE_S later (a long
 * table, a file server that does not answer) ends with EXIT_INTERRUPTED as it stands, which the store survives as it
 * survives SIGKILL.
 */
void interrupt_catch(void);

/* The exit code of a command that has failed: with err, or because a signal has ended it, of which one line on stderr tells. */
int interrupt_code(void);

#endif
