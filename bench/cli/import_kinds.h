/*
 * bench/cli/import_kinds.h - the kinds of files that `cambench import` imports, each with its own command line.
 *
 * A kind is one file bench/cli/import_NAME.c with its options and its run(); its row is in bench/cli/cmd_import.c.
 */
#ifndef BENCH_CLI_IMPORT_KINDS_H
#define BENCH_CLI_IMPORT_KINDS_H

#include "bench/cli/options.h"

#include <limits.h>

struct import_kind {
    const char *name; /* the word after import: "dataset" */
    /* argv[0] is "cambench import NAME". Returns an exit code, as a command does. */
    int (*run)(int argc, char **argv, struct error *err);
};

extern const struct import_kind import_kind_dataset, import_kind_weights;

/*
 * Resolves the symbolic links of the user's --out into `out`. Error: the path cannot be written; it is found before the
 * import begins, which may take hours.
 */
int import_find_out(const char *given, char out[PATH_MAX], struct error *err);

#endif
