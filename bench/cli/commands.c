/* bench/cli/commands.c - the list of commands: the help that lists all of them, and the call of one. */
#include "bench/cli/commands.h"

#include "base/registry.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define NAME_MAX_BYTES 64

static const char *const group_titles[] = {
    [COMMAND_MEASURE] = "Measure",
    [COMMAND_RESULTS] = "Results",
    [COMMAND_DATA] = "Data and weights",
    [COMMAND_KNOW] = "Look up and extend",
};

static const char examples[] = "Examples:\n"
                               "  cambench run configs/demo.yaml\n"
                               "  cambench explain dog.jpg\n"
                               "  cambench list methods\n"
                               "  cambench inspect resnet50 --plan\n"
                               "  cambench new method mycam\n";

static void print_group(size_t group)
{
    bool begun = false;
    for (const struct command *const *command = commands; *command; command++) {
        if ((*command)->group != group)
            continue;
        if (!begun)
            printf("%s:\n", group_titles[group]);
        printf("  %-10s %s\n", (*command)->name, (*command)->summary);
        begun = true;
    }
    if (begun)
        putchar('\n');
}

void commands_print_help(void)
{
    printf("Usage: cambench COMMAND [OPTION]...\n"
           "Benchmark class activation maps of convolutional networks.\n\n");
    for (size_t group = 0; group < sizeof group_titles / sizeof *group_titles; group++)
        print_group(group);
    printf("Options:\n"
           "  -h, --help     show this and exit; cambench COMMAND --help, or help COMMAND, shows a command's options\n"
           "  -V, --version  show versions and exit\n\n"
           "%s\n"
           "Exit status:\n"
           "  0    done\n"
           "  1    compare: a difference, and nothing was missing\n"
           "  2    wrong usage, config or data: one line on stderr says what\n"
           "  3    finished, but some images could not be read (run: under --strict) or values were lost\n"
           "  130  interrupted; run the same command again to go on\n",
           examples);
}

static const char *name_of(int i)
{
    return commands[i] ? commands[i]->name : NULL;
}

static const struct command *find_command(const char *name, struct error *err)
{
    static const struct registry registry = {.refusal = "unknown command",
                                             .name = name_of,
                                             .is_exact = true,
                                             .after_suggestion = " see cambench --help",
                                             .without_suggestion = "; see cambench --help"};
    const int i = registry_find(&registry, name, err);
    return i < 0 ? NULL : commands[i];
}

int commands_dispatch(int argc, char **argv, struct error *err)
{
    const struct command *command = find_command(argv[1], err);
    if (!command)
        return EXIT_USAGE;
    char name[sizeof "cambench " + NAME_MAX_BYTES];
    snprintf(name, sizeof name, "cambench %s", command->name);
    argv[1] = name;
    return command->run(argc - 1, argv + 1, err);
}
