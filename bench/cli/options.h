/*
 * bench/cli/options.h - command lines: one table of options per command, one sentence when a line is wrong.
 *
 * A thin layer over glibc's argp, which never prints an error and never exits here. A command has its rows, a function
 * that takes one option or word at a time, and a struct to fill:
 *
 *     struct merge { struct options common; const char *output; int threads; };
 *
 *     static int take(void *target, int key, const char *value, struct error *err)
 *     {
 *         struct merge *merge = target;
 *         switch (key) {
 *         case 'o': merge->output = value; return 0;
 *         case 't': return options_int("--threads", value, 0, 1024, &merge->threads, err);
 *         default: return words_add(merge, value, err);            // OPTIONS_WORD
 *         }
 *     }
 *
 *     static const struct options_usage usage = {
 *         .words = "RUN...", .words_min = 1, .words_max = OPTIONS_ANY, .take = take, .common = OPTIONS_QUIET,
 *         .doc = "Joins shards to one run.\vExample:\n  cambench merge results/a results/b --output results/ab",
 *         .rows = (const struct argp_option[]){{"output", 'o', "DIR", 0, "run directory", 0}, {0}}};
 *
 *     const int status = options_parse(&usage, argc, argv, &merge.common, &merge, err);
 *     if (status)
 *         return options_exit(status);
 */
#ifndef BENCH_CLI_OPTIONS_H
#define BENCH_CLI_OPTIONS_H

#include "base/error.h"
#include "bench/cli/command.h"

#include <argp.h>
#include <stdbool.h>
#include <stdio.h>

#define OPTIONS_ANY (-1)          /* words_max: as many as there are */
#define OPTIONS_WORD ARGP_KEY_ARG /* key of a word that is no option */
#define OPTIONS_KEY 256           /* first key for rows without a letter */
#define OPTIONS_ROWS_MAX 48

/* Options that several commands share; --help is always there. */
enum options_common { OPTIONS_QUIET = 1, OPTIONS_COLOR = 2, OPTIONS_JSON = 4 };

enum options_color { OPTIONS_COLOR_AUTO, OPTIONS_COLOR_ALWAYS, OPTIONS_COLOR_NEVER };

struct options {
    bool quiet, json;
    enum options_color color;
};

struct options_usage {
    const char
        *words; /* what follows the options, for the usage line: "CONFIG", "FILE|ARCH"; one form a line; NULL: none */
    const char *doc;                /* what the command does, '\v', then the example */
    const struct argp_option *rows; /* ends with {0}; NULL: none of its own */
    unsigned common;                /* OPTIONS_QUIET ... */
    int words_min, words_max;
    /* Stores one option (key of its row) or word (OPTIONS_WORD); value lives as long as argv. NULL: takes nothing. */
    int (*take)(void *target, int key, const char *value, struct error *err);
};

enum options_status { OPTIONS_GO = 0, OPTIONS_WRONG = -1, OPTIONS_SHOWN = 1 };

/*
 * Parses argv (argv[0] is "cambench COMMAND"); argv is reordered. OPTIONS_GO; OPTIONS_SHOWN after --help, which went to
 * stdout; OPTIONS_WRONG with a sentence that ends with `see cambench COMMAND --help`.
 */
int options_parse(const struct options_usage *usage, int argc, char **argv, struct options *common, void *target,
                  struct error *err);

/* The exit code of a command that does not go on. */
static inline int options_exit(int status)
{
    return status == OPTIONS_SHOWN ? EXIT_DONE : EXIT_USAGE;
}

/* A whole number, or any number, inside a range: `--threads is "x"; allowed: 0..64`. */
int options_int(const char *option, const char *value, long long min, long long max, int *out, struct error *err);
int options_double(const char *option, const char *value, double min, double max, double *out, struct error *err);

/* Whether to write colours to a stream: --color, then NO_COLOR, TERM=dumb, and whether it is a terminal. */
bool options_use_color(const struct options *common, FILE *stream);

#endif
