/*
 * bench/cli/plugin_option.h - the option --plugin FILE of commands that show or call methods and metrics; may be
 * repeated.
 */
#ifndef BENCH_CLI_PLUGIN_OPTION_H
#define BENCH_CLI_PLUGIN_OPTION_H

#include "base/error.h"
#include "base/param.h"

#define PLUGIN_OPTION_MAX 64

struct plugin_option {
    int count;
    const char *path[PLUGIN_OPTION_MAX];
};

param_word_reader plugin_option_read;

/* clang-format off */
/* The row of a field of this type (bench/cli/options.h). */
#define PLUGIN_OPTION(S, field) \
    OPTION_ROW(S, field, LIST, "plugin", 0, .value = "FILE", .read_word = plugin_option_read, \
               .help = "load methods and metrics of your own from a shared library; may be repeated")
/* clang-format on */

/* Loads them. 0, or -1 with err. */
int plugin_option_load(const struct plugin_option *option, struct error *err);

#endif
