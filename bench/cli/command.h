/*
 * bench/cli/command.h - what a command is.
 *
 * A command is one file bench/cli/cmd_NAME.c that defines `const struct command command_NAME`; the build finds that line.
 */
#ifndef BENCH_CLI_COMMAND_H
#define BENCH_CLI_COMMAND_H

#include "base/error.h"
#include "bench/process/program.h"

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
