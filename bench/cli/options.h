/*
 * bench/cli/options.h - command lines: one table of options per command, one sentence when a line is wrong.
 *
 * A thin layer over glibc's argp, which never prints an error and never exits here. A command has a struct to fill, and
 * rows (base/param.h) for its options and for the words that follow them:
 *
 *     struct merge { struct options common; const char *output; int threads; const char **runs; int run_count; };
 *
 *     static const struct param rows[] = {
 *         OPTION_STRING(struct merge, output, "output", 'o', "DIR", "run directory"),
 *         OPTION_INT(struct merge, threads, "threads", 't', "N", "0", 0, 1024, "0: as many as there are cores"),
 *         {0}};
 *     static const struct param word_rows[] = {OPTIONS_WORDS(struct merge, runs, run_count), {0}};
 *
 *     static const struct options_usage usage = {
 *         .words = "RUN...", .words_min = 1, .words_max = OPTIONS_ANY, .word_rows = word_rows, .common = OPTIONS_QUIET,
 *         .doc = "Joins shards to one run.\vExample:\n  cambench merge results/a results/b --output results/ab",
 *         .rows = rows};
 *
 *     const int status = options_parse(&usage, argc, argv, &merge.common, &merge, err);
 *     if (status)
 *         return options_exit(status);
 */
#ifndef BENCH_CLI_OPTIONS_H
#define BENCH_CLI_OPTIONS_H

#include "base/error.h"
#include "base/param.h"
#include "bench/cli/command.h"

#include <stdbool.h>
#include <stdio.h>

#define OPTIONS_ANY (-1) /* words_max: as many as there are */
#define OPTIONS_ROWS_MAX 48

/* clang-format takes the rows for blocks of statements */
/* clang-format off */
/* Rows of options: --NAME and -LETTER (0: none); what the usage calls the value; the default as text (NULL: as it is). */
#define OPTION_ROW(S, field, kind, option, short_name, ...) \
    {.name = option, .type = PARAM_TYPE_##kind, .offset = offsetof(S, field), .letter = short_name, __VA_ARGS__}
#define OPTION_FLAG(S, field, option, short_name, text) OPTION_ROW(S, field, BOOL, option, short_name, .help = text)
#define OPTION_STRING(S, field, option, short_name, what, text) \
    OPTION_ROW(S, field, STRING, option, short_name, .value = what, .help = text)
#define OPTION_INT(S, field, option, short_name, what, default, least, most, text) \
    OPTION_ROW(S, field, INT, option, short_name, .value = what, .fallback = default, .min = least, .max = most, \
               .help = text)
#define OPTION_FLOAT(S, field, option, short_name, what, default, least, most, text) \
    OPTION_ROW(S, field, FLOAT, option, short_name, .value = what, .fallback = default, .min = least, .max = most, \
               .help = text)
/* An option with a reader of its own. */
#define OPTION_READ(option, short_name, what, reader, text) \
    {.name = option, .letter = short_name, .value = what, .read_word = reader, .help = text}

/* Rows of words: the next word; all that remain, in an array that has room for as many as argc. */
#define OPTIONS_WORD(S, field) {.name = #field, .type = PARAM_TYPE_STRING, .offset = offsetof(S, field)}
#define OPTIONS_WORDS(S, field, count) \
    {.name = #field, .type = PARAM_TYPE_STRINGS, .offset = offsetof(S, field), .count_offset = offsetof(S, count)}
#define OPTIONS_WORDS_READ(reader) {.name = #reader, .type = PARAM_TYPE_STRINGS, .read_word = reader}
/* clang-format on */

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
    const char *doc;               /* what the command does, '\v', then the example */
    const struct param *rows;      /* ends with {0}; NULL: no options of its own */
    const struct param *word_rows; /* ends with {0}; the first word goes to the first row; NULL: takes no words */
    unsigned common;               /* OPTIONS_QUIET ... */
    int words_min, words_max;
};

enum options_status { OPTIONS_GO = 0, OPTIONS_WRONG = -1, OPTIONS_SHOWN = 1 };

/*
 * Fills defaults, then parses argv (argv[0] is "cambench COMMAND"); argv is reordered and what is kept points into it. OPTIONS_GO; OPTIONS_SHOWN after --help, which went to
 * stdout; OPTIONS_WRONG with a sentence that ends with `see cambench COMMAND --help`.
 */
int options_parse(const struct options_usage *usage, int argc, char **argv, struct options *common, void *target,
                  struct error *err);

/* The exit code of a command that does not go on. */
static inline int options_exit(int status)
{
    return status == OPTIONS_SHOWN ? EXIT_DONE : EXIT_USAGE;
}

/* Stores an option's value, as its type says: `--threads is "x"; allowed: 0..64`. For readers of a row's own. */
int options_store(const struct param *row, const char *value, void *target, struct error *err);

/* Whether to write colours to a stream: --color, then NO_COLOR, TERM=dumb, and whether it is a terminal. */
bool options_use_color(const struct options *common, FILE *stream);

#endif
