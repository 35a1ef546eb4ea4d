/* bench/cli/cmd_version.c - cambench version: the versions of cambench and of the libraries on which numbers depend. */
#include "bench/cli/command.h"
#include "bench/cli/options.h"
#include "bench/store/digests.h"

#include <cblas.h>
#include <hdf5.h>
#include <sqlite3.h>
#include <stdio.h>

#include <jpeglib.h>

#include <string.h>

#define QUOTE_TEXT(text) #text
#define QUOTE(macro) QUOTE_TEXT(macro)

static const struct options_usage usage = {
    .doc = "Shows the version of cambench, the commit and the digests of the sources that it was built from, and the "
           "versions of the libraries and the processor's kernels that it uses.\v"
           "Example:\n"
           "  cambench version\n",
};

/* Adds the commit and the digests of each room's shared sources; `list methods --json` has those of methods, etc. */
static void print_program(void)
{
    const char *before = ", sources ";
    printf("%s", CAMBENCH_PROGRAM);
    if (*program_commit)
        printf(", commit %s", program_commit);
    for (const struct digest *row = digests; row->kind; row++)
        if (strcmp(row->kind, "room") == 0) {
            printf("%s%s %.*s", before, row->name, DIGEST_SHOWN, row->sha256);
            before = ", ";
        }
    putchar('\n');
}

static void print_version(void)
{
    static const char jpeg[] = QUOTE(LIBJPEG_TURBO_VERSION);
    unsigned major, minor, release;
    H5get_libversion(&major, &minor, &release);
    print_program();
    printf("\n%s, core %s\n", openblas_get_config(), openblas_get_corename());
    printf("HDF5 %u.%u.%u\n", major, minor, release);
    printf("SQLite %s\n", sqlite3_libversion());
    printf("libjpeg-turbo %s\n\n", jpeg);
    printf("License Apache-2.0: <https://www.apache.org/licenses/LICENSE-2.0>\n"
           "This is free software; there is no warranty.\n");
}

static int run(int argc, char **argv, struct error *err)
{
    struct options common = {0};
    const int status = options_parse(&usage, argc, argv, &common, NULL, err);
    if (status)
        return options_exit(status);
    print_version();
    return EXIT_DONE;
}

const struct command command_version = {
    .name = "version",
    .summary = "show versions",
    .group = COMMAND_KNOW,
    .run = run,
};
