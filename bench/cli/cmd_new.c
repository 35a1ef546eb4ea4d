/*
 * bench/cli/cmd_new.c - cambench new: writes a method or metric and its test, from commented templates that work as
 * they are.
 */
#include "base/embed.h"
#include "base/file.h"
#include "base/registry.h"
#include "base/text.h"
#include "bench/cli/command.h"
#include "bench/cli/options.h"
#include "methods/method_table.h"
#include "metrics/metric_table.h"

#include <glob.h>
#include <string.h>
#include <unistd.h>

#define NAME_MAX_BYTES 40
#define MARK "@NAME@"

EMBED(template_method, "bench/cli/templates/method.c.in");
EMBED(template_test_method, "bench/cli/templates/test_method.c.in");
EMBED(template_metric, "bench/cli/templates/metric.c.in");
EMBED(template_test_metric, "bench/cli/templates/test_metric.c.in");

extern const char template_method[], template_test_method[], template_metric[], template_test_metric[];

static bool is_method(const char *name)
{
    return methods_find(name);
}

static bool is_metric(const char *name)
{
    return metrics_find(name);
}

struct kind {
    const char *name, *room; /* "method", "methods" */
    const char *source, *test;
    bool (*is_taken)(const char *name);
};

static const struct kind kinds[] = {
    {"method", "methods", template_method, template_test_method, is_method},
    {"metric", "metrics", template_metric, template_test_metric, is_metric},
};

#define KIND_COUNT ((int)(sizeof kinds / sizeof *kinds))

struct new_command {
    struct options common;
    const char *kind, *name;
};

static const struct param word_rows[] = {
    OPTIONS_WORD(struct new_command, kind), OPTIONS_WORD(struct new_command, name), {0}};

static const struct options_usage usage = {
    .words = "method NAME\nmetric NAME",
    .doc =
        "Writes a commented file for a new method or metric, and its test. Both work as they stand: build, see it in "
        "cambench list, then replace the template's formula by yours. Nothing that exists is overwritten.\v"
        "Examples, in the project's root folder:\n"
        "  cambench new method mycam && make check-methods\n"
        "  cambench new metric roughness && make check-metrics\n",
    .common = OPTIONS_QUIET,
    .words_min = 2,
    .words_max = 2,
    .word_rows = word_rows,
};

static const char *name_of(int i)
{
    return i < KIND_COUNT ? kinds[i].name : NULL;
}

static const struct kind *find_kind(const char *name, struct error *err)
{
    static const struct registry registry = {.refusal = "cannot write a new", .name = name_of, .is_exact = true};
    const int i = registry_find(&registry, name, err);
    return i < 0 ? NULL : &kinds[i];
}

static int check_name(const struct kind *kind, const char *name, struct error *err)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789_";
    char shown[64];
    const size_t length = strlen(name);
    if (length == 0 || length > NAME_MAX_BYTES || strspn(name, allowed) != length || name[0] < 'a' || name[0] > 'z')
        return error_set(err,
                         "\"%s\" cannot be a %s's name: lower-case letters, digits and underscores, a letter first, "
                         "at most %d characters",
                         text_printable(name, shown, sizeof shown), kind->name, NAME_MAX_BYTES);
    if (kind->is_taken(name))
        return error_set(err, "there is a %s \"%s\" already: see cambench list %s", kind->name, name, kind->room);
    return 0;
}

static int check_folder(struct error *err)
{
    static const char *const signs[] = {"Makefile", "methods/method.h", "metrics/metric.h", "tests/test.h"};
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++)
        if (access(signs[i], R_OK))
            return error_set(err,
                             "not in the project's root folder: it has no %s; change to the folder of cambench's "
                             "sources",
                             signs[i]);
    return 0;
}

/* Error: a file matches `pattern`, which may contain "*" because a test's name must be unique among all rooms. */
static int check_absent(const char *pattern, struct error *err)
{
    glob_t found = {0};
    const bool is_there = glob(pattern, GLOB_NOSORT, NULL, &found) == 0;
    if (is_there)
        error_set(err, "file \"%s\" exists and is left as it is: choose another name", found.gl_pathv[0]);
    globfree(&found);
    return status_of(is_there);
}

/* Writes the template, with every mark replaced by the name. */
static void fill(FILE *stream, const char *template, const char *name)
{
    for (const char *mark; (mark = strstr(template, MARK)); template = mark + strlen(MARK)) {
        fwrite(template, 1, (size_t)(mark - template), stream);
        fputs(name, stream);
    }
    fputs(template, stream);
}

static int write_file(const char *path, const char *template, const char *name, struct error *err)
{
    struct file_writer writer;
    if (file_create(&writer, path, err))
        return -1;
    fill(writer.stream, template, name);
    return file_commit(&writer, err);
}

static int create(const struct kind *kind, const struct new_command *new, struct error *err)
{
    char source[128], folder[64], test[128], tests[128];
    snprintf(source, sizeof source, "%s/%s.c", kind->room, new->name);
    snprintf(folder, sizeof folder, "tests/%s", kind->room);
    snprintf(test, sizeof test, "%s/test_%s.c", folder, new->name);
    snprintf(tests, sizeof tests, "tests/*/test_%s.c", new->name);
    if (check_folder(err) || check_absent(source, err) || check_absent(tests, err))
        return -1;
    if (write_file(source, kind->source, new->name, err))
        return -1;
    if (write_file(test, kind->test, new->name, err)) {
        unlink(source);
        return -1;
    }
    if (!new->common.quiet)
        printf("wrote %s\nwrote %s\nnext: make check-%s, then make it yours (docs/add-a-%s.md)\n", source, test,
               kind->room, kind->name);
    return 0;
}

static int run(int argc, char **argv, struct error *err)
{
    struct new_command new = {0};
    const int status = options_parse(&usage, argc, argv, &new.common, &new, err);
    if (status)
        return options_exit(status);
    const struct kind *kind = find_kind(new.kind, err);
    if (!kind || check_name(kind, new.name, err) || create(kind, &new, err))
        return EXIT_USAGE;
    return EXIT_DONE;
}

const struct command command_new = {
    .name = "new",
    .summary = "write a commented file for a new method or metric, and its test",
    .group = COMMAND_KNOW,
    .run = run,
};
