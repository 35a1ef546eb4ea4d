/* bench/cli/cmd_import.c - cambench import KIND: calls the kind of import that the first word names. */
#include "bench/cli/command.h"
#include "bench/cli/import_kinds.h"
#include "bench/cli/options.h"

#include "base/file.h"
#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define NAME_BYTES 64

static const struct import_kind *const kinds[] = {&import_kind_dataset, &import_kind_weights};

enum { KIND_COUNT = sizeof kinds / sizeof *kinds };

int import_find_out(const char *given, char out[PATH_MAX], struct error *err)
{
    return status_of(file_follow(given, out, err) || file_check_writable(out, err));
}

static const struct import_kind *find(const char *name)
{
    for (int i = 0; i < KIND_COUNT; i++)
        if (strcmp(kinds[i]->name, name) == 0)
            return kinds[i];
    return NULL;
}

/* Fills the error for a first word that does not name a kind; called only then. */
static int refuse(const char *value, const struct param *row, void *target, struct error *err)
{
    char shown[NAME_BYTES];
    (void)target, (void)row;
    if (find(value))
        return error_set(err, "\"%s\" must directly follow import", value);
    return error_set(err, "cannot import \"%s\"; allowed: dataset, weights",
                     text_printable(value, shown, sizeof shown));
}

static const struct param word_rows[] = {OPTIONS_WORDS_READ(refuse), {0}};

static const struct options_usage usage = {
    .words = "dataset DIR|TAR\nweights FILE",
    .doc = "Imports files of other programs: pictures with their labels, weights of networks.",
    .words_min = 1,
    .words_max = 1,
    .word_rows = word_rows,
};

static int run_kind(const struct import_kind *kind, int argc, char **argv, struct error *err)
{
    char name[sizeof "cambench import " + NAME_BYTES];
    snprintf(name, sizeof name, "cambench import %s", kind->name);
    argv[0] = name;
    return kind->run(argc, argv, err);
}

static int show_kinds(struct error *err)
{
    char help[] = "--help";
    for (int i = 0; i < KIND_COUNT; i++) {
        putchar('\n');
        run_kind(kinds[i], 2, (char *[]){NULL, help, NULL}, err);
    }
    return EXIT_DONE;
}

static int run(int argc, char **argv, struct error *err)
{
    const struct import_kind *kind = argc > 1 ? find(argv[1]) : NULL;
    if (kind)
        return run_kind(kind, argc - 1, argv + 1, err);
    struct options common = {0};
    const int status = options_parse(&usage, argc, argv, &common, NULL, err);
    return status == OPTIONS_SHOWN ? show_kinds(err) : EXIT_USAGE;
}

const struct command command_import = {
    .name = "import", .summary = "import pictures with labels, or weights", .group = COMMAND_DATA, .run = run};
