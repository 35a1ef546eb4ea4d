/*
 * bench/interrupt.h - SIGINT and SIGTERM, of all commands: either the end at once, or a flag that long work looks at.
 *
 * Whatever a command does or waits for, it is gone within two seconds, with EXIT_INTERRUPTED, one line on stderr and without
 * unfinished files (base/unfinished.h). main() begins with interrupt_end_at_once().
 */
#ifndef BENCH_INTERRUPT_H
#define BENCH_INTERRUPT_H

#include <signal.h>

#define INTERRUPT_PATIENCE_MS 1500 /* for what the flag stops; within the two seconds that are promised */

/* Set by the first signal after interrupt_catch(). */
extern volatile sig_atomic_t interrupt_has_come;

/* From now on a signal ends the process: for commands that lose nothing by it. */
void interrupt_end_at_once(void);

/*
 * From now on a signal sets the flag, which is not set yet. A process that is still there INTERRUPT_PATIENCE_MS later (a long
 * table, a file server that does not answer) ends as it stands, which the store survives as it survives SIGKILL.
 */
void interrupt_catch(void);

/* The exit code of a command that has failed: with err, or because a signal has ended it, of which one line on stderr tells. */
int interrupt_code(void);

#endif
