/* bench/cli/cmd_history.c - cambench history FILE: when something changed, and plots of all nights. */
#include "bench/cli/command.h"
#include "bench/cli/options.h"
#include "bench/compare/history.h"

#include "base/text.h"

enum { NIGHTS_SHOWN = 10 };

struct arguments {
    struct options common;
    const char *path, *plots;
};

static const struct param rows[] = {
    OPTION_STRING(struct arguments, plots, "plots", 'p', "DIR",
                  "draw each cell over the nights, a figure per backbone, protocol and metric"),
    {0},
};

static const struct param word_rows[] = {OPTIONS_WORD(struct arguments, path), {0}};

static const struct options_usage usage = {
    .words = "FILE",
    .doc =
        "Shows a history of nights, as `cambench compare --history FILE` writes it: the latest nights on which a number "
        "changed, and plots of all numbers over all nights.\vExample:\n"
        "  cambench history results/history.db --plots results/history",
    .rows = rows,
    .common = OPTIONS_QUIET,
    .words_min = 1,
    .words_max = 1,
    .word_rows = word_rows,
};

static int show(const struct arguments *arguments, struct arena *arena, struct error *err)
{
    struct trends trends;
    struct error warning = {0};
    if (history_read(arguments->path, arena, &trends, err))
        return -1;
    if (!arguments->common.quiet)
        trends_print(&trends, NIGHTS_SHOWN, stdout);
    if (arguments->plots && trends_plot(&trends, arguments->plots, &warning, err))
        return -1;
    if (warning.text[0])
        fprintf(stderr, "cambench: warning: %s\n", TEXT_SHOWN(warning.text));
    return 0;
}

static int run(int argc, char **argv, struct error *err)
{
    struct arguments arguments = {0};
    const int status = options_parse(&usage, argc, argv, &arguments.common, &arguments, err);
    if (status)
        return options_exit(status);
    struct arena arena;
    arena_init(&arena, 0);
    const int failed = show(&arguments, &arena, err);
    arena_release(&arena);
    return failed ? EXIT_USAGE : EXIT_DONE;
}

const struct command command_history = {
    .name = "history",
    .summary = "show what changed over the nights",
    .group = COMMAND_RESULTS,
    .run = run,
};
