/*
 * bench/process/program.h - the program's name, version and exit codes.
 */
#ifndef BENCH_PROCESS_PROGRAM_H
#define BENCH_PROCESS_PROGRAM_H

#define CAMBENCH_VERSION "0.1.0"
#define CAMBENCH_PROGRAM "cambench " CAMBENCH_VERSION

enum exit_code {
    EXIT_DONE = 0,
    EXIT_DIFFERENCE = 1, /* two runs differ */
    EXIT_USAGE = 2,      /* bad usage, config or data */
    /* finished, but images could not be read (run: under --strict), items are missing (merge) or values were lost */
    EXIT_INCOMPLETE = 3,
    EXIT_INTERRUPTED = 130,
};

#endif
