/*
 * bench/cli/commands.h - the help that lists all commands, and the call of one of them.
 */
#ifndef BENCH_CLI_COMMANDS_H
#define BENCH_CLI_COMMANDS_H

#include "bench/cli/command.h"

/* Prints the text of `cambench --help` to stdout. */
void commands_print_help(void);

/*
 * Runs the command that argv[1] names; argv is {"cambench", COMMAND, ...} and ends with NULL. Returns the command's
 * exit code; for an unknown command EXIT_USAGE and an error that suggests the nearest one.
 */
int commands_dispatch(int argc, char **argv, struct error *err);

#endif
