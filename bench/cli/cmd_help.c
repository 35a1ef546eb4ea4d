/* bench/cli/cmd_help.c - cambench help COMMAND: the same text as COMMAND --help. */
#include "bench/cli/command.h"
#include "bench/cli/commands.h"
#include "bench/cli/options.h"

enum { WORDS_MAX = 2 }; /* a command and, for import, a kind */

struct help {
    struct options common;
    const char *words[WORDS_MAX]; /* NULL: not given */
};

static const struct param word_rows[] = {OPTIONS_WORD(struct help, words[0]), OPTIONS_WORD(struct help, words[1]), {0}};

static const struct options_usage usage = {
    .words = "[COMMAND [KIND]]",
    .doc = "Shows the commands, or what a command does, its options and an example.\v"
           "Examples:\n"
           "  cambench help run\n"
           "  cambench help import weights\n",
    .words_max = WORDS_MAX,
    .word_rows = word_rows,
};

static int run(int argc, char **argv, struct error *err)
{
    struct help help = {0};
    const int status = options_parse(&usage, argc, argv, &help.common, &help, err);
    if (status)
        return options_exit(status);
    if (!help.words[0]) {
        commands_print_help();
        return EXIT_DONE;
    }
    char program[] = "cambench", option[] = "--help";
    const int count = help.words[1] ? 2 : 1;
    char *line[WORDS_MAX + 3] = {program, (char *)help.words[0], (char *)help.words[1]};
    line[1 + count] = option;
    return commands_dispatch(2 + count, line, err);
}

const struct command command_help = {
    .name = "help",
    .summary = "show the commands, or how one is used",
    .group = COMMAND_KNOW,
    .run = run,
};
