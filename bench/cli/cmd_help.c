/* bench/cli/cmd_help.c - cambench help COMMAND: the same text as COMMAND --help. */
#include "bench/cli/command.h"
#include "bench/cli/commands.h"
#include "bench/cli/options.h"

enum { WORDS_MAX = 2 }; /* a command and, for import, a kind */

struct help {
    struct options common;
    char *words[WORDS_MAX];
    int count;
};

static int take(void *target, int key, const char *value, struct error *err)
{
    struct help *help = target;
    (void)key, (void)err; /* the command has only words */
    help->words[help->count++] = (char *)value;
    return 0;
}

static const struct options_usage usage = {
    .words = "[COMMAND [KIND]]",
    .doc = "Shows the commands, or what a command does, its options and an example.\v"
           "Examples:\n"
           "  cambench help run\n"
           "  cambench help import weights\n",
    .words_max = WORDS_MAX,
    .take = take,
};

static int run(int argc, char **argv, struct error *err)
{
    struct help help = {0};
    const int status = options_parse(&usage, argc, argv, &help.common, &help, err);
    if (status)
        return options_exit(status);
    if (help.count == 0) {
        commands_print_help();
        return EXIT_DONE;
    }
    char program[] = "cambench", option[] = "--help";
    char *line[WORDS_MAX + 3] = {program, help.words[0], help.words[1]};
    line[1 + help.count] = option;
    return commands_dispatch(2 + help.count, line, err);
}

const struct command command_help = {
    .name = "help",
    .summary = "show the commands, or how one is used",
    .group = COMMAND_KNOW,
    .run = run,
};
