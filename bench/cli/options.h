/*
 * bench/cli/options.h - parses command lines by one table of options per command; a wrong line is one error sentence.
 *
 * This is a thin layer over glibc's argp, which is kept from printing errors and from exiting. A command has a struct
 * to fill, and rows (base/param.h) for its options and for the words that follow them:
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

/* clang-format would format the rows as blocks of statements. */
/* clang-format off */
/*
 * Rows of options: --NAME, -LETTER (0: none), the value's name in the usage, the default as text (NULL: none is set).
 */
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
/* An option whose value a function reads (struct param, read_word). */
#define OPTION_READ(option, short_name, what, reader, text) \
    {.name = option, .letter = short_name, .value = what, .read_word = reader, .help = text}

/* Rows of words: the next word; all remaining words, in an array with room for argc of them. */
#define OPTIONS_WORD(S, field) {.name = #field, .type = PARAM_TYPE_STRING, .offset = offsetof(S, field)}
#define OPTIONS_WORDS(S, field, count) \
    {.name = #field, .type = PARAM_TYPE_STRINGS, .offset = offsetof(S, field), .count_offset = offsetof(S, count)}
#define OPTIONS_WORDS_READ(reader) {.name = #reader, .type = PARAM_TYPE_STRINGS, .read_word = reader}
/* clang-format on */

/* Options that several commands share; every command has --help. */
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
 * Fills the defaults, then parses argv; argv[0] is "cambench COMMAND". argv is reordered, and strings in `target` point
 * into it. Returns OPTIONS_GO; OPTIONS_SHOWN after --help, which is printed to stdout; or OPTIONS_WRONG with err, a
 * sentence that ends with `see cambench COMMAND --help`.
 */
int options_parse(const struct options_usage *usage, int argc, char **argv, struct options *common, void *target,
                  struct error *err);

/* The exit code of a command whose options_parse() did not return OPTIONS_GO. */
static inline int options_exit(int status)
{
    return status == OPTIONS_SHOWN ? EXIT_DONE : EXIT_USAGE;
}

/* Stores an option's value by its type, for functions of OPTION_READ. Error: `--threads is "x"; allowed: 0..64`. */
int options_store(const struct param *row, const char *value, void *target, struct error *err);

/* Whether to write colours to a stream: --color, then NO_COLOR, TERM=dumb, and whether it is a terminal. */
bool options_use_color(const struct options *common, FILE *stream);

#endif
