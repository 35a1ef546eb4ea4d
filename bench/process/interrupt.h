/*
 * bench/process/interrupt.h - SIGINT and SIGTERM in all commands: they end the process at once, or set a flag that long
 * work polls.
 *
 * Every command ends within two seconds, with EXIT_INTERRUPTED, one line on stderr and without unfinished files
 * (base/unfinished.h). main() begins with interrupt_end_at_once().
 */
#ifndef BENCH_PROCESS_INTERRUPT_H
#define BENCH_PROCESS_INTERRUPT_H

#include <signal.h>

#define INTERRUPT_PATIENCE_MS 1500 /* time for the flag to take effect, within the two seconds that are promised */

/* Set by the first signal after interrupt_catch(). */
extern volatile sig_atomic_t interrupt_has_come;

/* From now on a signal ends the process at once; for commands that have nothing to save. */
void interrupt_end_at_once(void);

/*
 * Clears the flag; from now on a signal sets it. A process that still runs INTERRUPT_PATIENCE_MS after the signal (a
 * long table, a file server that does not answer) is ended at once; the store survives this, as it survives SIGKILL.
 */
void interrupt_catch(void);

/*
 * The exit code of a command that has failed: EXIT_USAGE, or EXIT_INTERRUPTED after a signal, with one line on stderr.
 */
int interrupt_code(void);

#endif
