/*
 * bench/bench.h - the program's own shared pieces: version, exit codes, commands.
 *
 * A command is one file bench/cmd_NAME.c that defines `const struct command command_NAME`; the build finds that line.
 */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include "base/error.h"

#define CAMBENCH_VERSION "0.1.0"
#define CAMBENCH_PROGRAM "cambench " CAMBENCH_VERSION

enum exit_code {
    EXIT_DONE = 0,
    EXIT_DIFFERENCE = 1, /* two runs differ */
    EXIT_USAGE = 2,      /* bad usage, config or data */
    EXIT_INCOMPLETE =
        3, /* finished, but images could not be read (run: under --strict), items are missing (merge), values were lost */
    EXIT_INTERRUPTED = 130,
};

/* Where `cambench --help` lists a command. */
enum command_group { COMMAND_MEASURE, COMMAND_RESULTS, COMMAND_DATA, COMMAND_KNOW };

struct command {
    const char *name;    /* "run"; the file's name without cmd_ */
    const char *summary; /* one line for `cambench --help` */
    enum command_group group;
    /* argv[0] is "cambench run". Returns an exit code; with EXIT_USAGE, err holds the line that main() prints. */
    int (*run)(int argc, char **argv, struct error *err);
};

/* All commands, sorted by name; written by the build; ends with NULL. */
extern const struct command *const commands[];

#endif
