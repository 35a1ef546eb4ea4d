/*
 * report/process.h - runs another program without a shell, for a limited time, in a folder that may be someone else's.
 */
#ifndef REPORT_PROCESS_H
#define REPORT_PROCESS_H

#include "base/error.h"

#include <signal.h>

struct process {
    char *const *argv;                 /* argv[0] is a name, looked for in PATH, or a path; ends with NULL */
    const char *folder;                /* where it runs */
    int patience_ms;                   /* after this time it is killed, with its children */
    const volatile sig_atomic_t *stop; /* also killed as soon as this is set; NULL: never */
    double *seconds;                   /* its CPU seconds, and its children's, are added; NULL: not measured */
};

enum process_end {
    PROCESS_DONE,    /* exit code 0 */
    PROCESS_MISSING, /* not started: the program does not exist */
    PROCESS_HUNG,    /* killed when its time was over */
    PROCESS_FAILED,  /* anything else */
    PROCESS_STOPPED  /* killed because *stop was set */
};

/*
 * Runs the program with an empty standard input, its standard output discarded and default signal handling. If this
 * process ends in any way, the program is killed with all its children. Relative folders in PATH are ignored, because
 * they would be looked up in `folder`. On failure err has the program's exit code or signal and the last line that it
 * wrote to its standard error.
 */
enum process_end process_run(const struct process *process, struct error *err);

#endif
