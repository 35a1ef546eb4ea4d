/*
 * bench/cli/cmd_new.c - cambench new: writes a method or metric, with its test or as a plugin, from commented templates
 * that work as they are.
 */
#include "base/embed.h"
#include "base/file.h"
#include "base/registry.h"
#include "base/text.h"
#include "bench/cli/command.h"
#include "bench/cli/options.h"
#include "bench/process/shipped.h"
#include "methods/method_table.h"
#include "metrics/metric_table.h"

#include <errno.h>
#include <glob.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME_MAX_BYTES 40

EMBED(template_method, "bench/cli/templates/method.c.in");
EMBED(template_test_method, "bench/cli/templates/test_method.c.in");
EMBED(template_metric, "bench/cli/templates/metric.c.in");
EMBED(template_test_metric, "bench/cli/templates/test_metric.c.in");
EMBED(template_plugin, "bench/cli/templates/plugin.mk.in");

extern const char template_method[], template_test_method[], template_metric[], template_test_metric[];
extern const char template_plugin[];

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
    bool is_plugin;
};

static const struct param rows[] = {
    OPTION_FLAG(struct new_command, is_plugin, "plugin", 0,
                "a folder NAME with the file and a Makefile, for a shared library; needs no sources of cambench"),
    {0},
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
        "  cambench new metric roughness && make check-metrics\n\n"
        "Anywhere:\n"
        "  cambench new method --plugin mycam && make -C mycam\n"
        "  cambench list methods mycam --plugin mycam/mycam.so\n",
    .rows = rows,
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
                             "sources, or write a plugin with --plugin",
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

/* What replaces "@MARK@" in a template. */
struct mark {
    const char *mark, *text;
};

/* Writes the template; `marks` ends with {0}. */
static void fill(FILE *stream, const char *template, const struct mark *marks)
{
    for (const char *at; (at = strchr(template, '@')); template = at) {
        fwrite(template, 1, (size_t)(at - template), stream);
        const struct mark *mark = marks;
        while (mark->mark && strncmp(at, mark->mark, strlen(mark->mark)) != 0)
            mark++;
        if (mark->mark)
            fputs(mark->text, stream);
        else
            putc('@', stream);
        at += mark->mark ? strlen(mark->mark) : 1;
    }
    fputs(template, stream);
}

static int write_file(const char *path, const char *template, const struct mark *marks, struct error *err)
{
    struct file_writer writer;
    if (file_create(&writer, path, err))
        return -1;
    fill(writer.stream, template, marks);
    return file_commit(&writer, err);
}

static int create(const struct kind *kind, const struct new_command *new, struct error *err)
{
    char source[128], folder[64], test[128], tests[128], words[64];
    snprintf(source, sizeof source, "%s/%s.c", kind->room, new->name);
    snprintf(folder, sizeof folder, "tests/%s", kind->room);
    snprintf(test, sizeof test, "%s/test_%s.c", folder, new->name);
    snprintf(tests, sizeof tests, "tests/*/test_%s.c", new->name);
    snprintf(words, sizeof words, "%s %s", kind->name, new->name);
    const struct mark marks[] = {{"@NAME@", new->name}, {"@FILE@", source}, {"@WORDS@", words}, {0}};
    if (check_folder(err) || check_absent(source, err) || check_absent(tests, err))
        return -1;
    if (write_file(source, kind->source, marks, err))
        return -1;
    if (write_file(test, kind->test, marks, err)) {
        unlink(source);
        return -1;
    }
    if (!new->common.quiet)
        printf("wrote %s\nwrote %s\nnext: make check-%s, then make it yours (docs/add-a-%s.md)\n", source, test,
               kind->room, kind->name);
    return 0;
}

/* -- a plugin ------------------------------------------------------------------------------------------------------ */

/* A word of a shell command as it is written in a Makefile, in the arena; NULL: no memory. */
static const char *make_word(const char *word, struct arena *arena)
{
    char *out = arena_alloc(arena, 2 * strlen(word) + 1, 1), *end = out;
    for (; out && *word; word++) {
        if (*word == '$' || *word == '#')
            *end++ = *word == '$' ? '$' : '\\';
        *end++ = *word;
    }
    return out;
}

/* What a Makefile has for the compiler's options, in the arena: those of pkg-config, or the sources' folder. */
static const char *plugin_flags(struct arena *arena, struct error *err)
{
    char path[PATH_MAX];
    const bool is_installed = shipped_pkgconfig(path) == 0;
    if (!is_installed && shipped_file("methods/method.h", path, err))
        return NULL;
    if (!is_installed)
        path[strlen(path) - strlen("/methods/method.h")] = 0;
    const char *word = text_shell_word(path, arena);
    const char *quoted = word ? make_word(word, arena) : NULL;
    const char *flags = !quoted        ? NULL
                        : is_installed ? arena_format(arena,
                                                      "$(shell PKG_CONFIG_PATH=\"$$PKG_CONFIG_PATH\":%s pkg-config "
                                                      "--cflags cambench)",
                                                      quoted)
                                       : arena_format(arena, "-I%s", quoted);
    if (!flags)
        error_memory(err, "the Makefile");
    return flags;
}

static int write_plugin(const struct kind *kind, const char *name, const char *flags, struct error *err)
{
    char file[64], source[128], makefile[128], words[64];
    snprintf(file, sizeof file, "%s.c", name);
    snprintf(source, sizeof source, "%s/%s", name, file);
    snprintf(makefile, sizeof makefile, "%s/Makefile", name);
    snprintf(words, sizeof words, "%s --plugin %s", kind->name, name);
    const struct mark marks[] = {{"@NAME@", name},       {"@FILE@", file},    {"@WORDS@", words},
                                 {"@KIND@", kind->name}, {"@CFLAGS@", flags}, {0}};
    if (write_file(source, kind->source, marks, err))
        return -1;
    if (write_file(makefile, template_plugin, marks, err)) {
        unlink(source);
        return -1;
    }
    return 0;
}

static int create_plugin(const struct kind *kind, const struct new_command *new, struct error *err)
{
    struct arena arena = {0};
    const char *flags = plugin_flags(&arena, err);
    int status = flags ? 0 : -1;
    if (!status && mkdir(new->name, 0777))
        status = error_system(err, "folder \"%s\": could not be made: %s", new->name, strerror(errno));
    if (!status && write_plugin(kind, new->name, flags, err)) {
        rmdir(new->name);
        status = -1;
    }
    arena_release(&arena);
    if (!status && !new->common.quiet)
        printf("wrote %s/%s.c\nwrote %s/Makefile\nnext: make -C %s, cambench list %s %s --plugin %s/%s.so\n", new->name,
               new->name, new->name, new->name, kind->room, new->name, new->name, new->name);
    return status;
}

static int run(int argc, char **argv, struct error *err)
{
    struct new_command new = {0};
    const int status = options_parse(&usage, argc, argv, &new.common, &new, err);
    if (status)
        return options_exit(status);
    const struct kind *kind = find_kind(new.kind, err);
    if (!kind || check_name(kind, new.name, err) || (new.is_plugin ? create_plugin : create)(kind, &new, err))
        return EXIT_USAGE;
    return EXIT_DONE;
}

const struct command command_new = {
    .name = "new",
    .summary = "write a commented file for a new method or metric, and its test",
    .group = COMMAND_KNOW,
    .run = run,
};
