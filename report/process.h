/*
 * report/process.h - another program, run without a shell, for a limited time, in a folder that may be someone else's.
 */
#ifndef REPORT_PROCESS_H
#define REPORT_PROCESS_H

#include "base/error.h"

#include <signal.h>

struct process {
    char *const *argv;                 /* argv[0] is a name, looked for in PATH, or a path; ends with NULL */
    const char *folder;                /* where it runs */
    int patience_ms;                   /* it is killed afterwards, with what it has started */
    const volatile sig_atomic_t *stop; /* or as soon as this is set; NULL: never */
};

enum process_end {
    PROCESS_DONE,    /* exit code 0 */
    PROCESS_MISSING, /* not started: there is no such program */
    PROCESS_HUNG,    /* killed when its time was over */
    PROCESS_FAILED,  /* anything else */
    PROCESS_STOPPED  /* killed because *stop was set */
};

/*
 * Runs it with nothing to read, and its standard output thrown away. Signals have their usual effects on it. Folders of PATH that are
 * not absolute are left out: they would lead into the folder. Unless all went well, err says what happened: the last line that the program
 * wrote to its standard error, and its exit code or signal.
 */
enum process_end process_run(const struct process *process, struct error *err);

#endif
