/* bench/cmd_list.c - what there is: methods, metrics, backbones, protocols, and the layers of an architecture. */
#include "bench/bench.h"
#include "bench/catalog.h"
#include "bench/options.h"
#include "bench/references.h"

#include <stdbool.h>
#include <string.h>

#define CELL_MAX 256
#define COLUMNS_MAX 8

enum { KEY_BIBTEX = OPTIONS_KEY };

struct list_command {
    struct options common;
    const char *kind, *arch;
    bool bibtex;
};

static int take(void *target, int key, const char *value, __attribute__((unused)) struct error *err)
{
    struct list_command *list = target;
    if (key == KEY_BIBTEX)
        list->bibtex = true;
    else if (!list->kind)
        list->kind = value;
    else
        list->arch = value;
    return 0;
}

static const struct options_usage usage = {
    .words = "methods\nmetrics\nbackbones\nprotocols\nlayers ARCH",
    .doc = "Lists what there is, with parameters, defaults and sources.\v"
           "Examples:\n"
           "  cambench list methods\n"
           "  cambench list layers resnet50\n"
           "  cambench list metrics --json\n"
           "  cambench list methods --bibtex > methods.bib\n",
    .rows = (const struct argp_option[]){{"bibtex", KEY_BIBTEX, NULL, 0, "write the BibTeX entries of the sources", 0},
                                         {0}},
    .common = OPTIONS_JSON,
    .words_min = 1,
    .words_max = 2,
    .take = take,
};

/* -- as a table --------------------------------------------------------------------------------------------------- */

static void append(char *text, const char *more)
{
    strncat(text, more, CELL_MAX - strlen(text) - 1);
}

/* 11689512 as "11.69 M": years and versions stay as they are. */
static void format_integer(long long number, char *text)
{
    static const struct {
        double unit;
        const char *letter;
    } rows[] = {{1e9, "G"}, {1e6, "M"}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if ((double)number >= rows[i].unit) {
            snprintf(text, CELL_MAX, "%.2f %s", (double)number / rows[i].unit, rows[i].letter);
            return;
        }
    snprintf(text, CELL_MAX, "%lld", number);
}

/* "x", "3", "yes", "" for null and false; lists "a, b" and shapes "(512,7,7)". */
static void format_cell(const json_t *value, char *text)
{
    text[0] = 0;
    if (json_is_string(value))
        append(text, json_string_value(value));
    else if (json_is_integer(value))
        format_integer(json_integer_value(value), text);
    else if (json_is_true(value))
        append(text, "yes");
    const bool is_shape = json_is_integer(json_array_get(value, 0));
    for (size_t i = 0; i < json_array_size(value); i++) {
        char part[CELL_MAX];
        format_cell(json_array_get(value, i), part);
        append(text, i ? (is_shape ? "," : ", ") : (is_shape ? "(" : ""));
        append(text, part);
    }
    append(text, is_shape ? ")" : "");
}

static void widen(size_t *width, const char *text)
{
    if (strlen(text) > *width)
        *width = strlen(text);
}

/* `spaces` holds the blanks that are owed before the next text, so that no line ends with any. */
static void print_cell(const char *text, size_t width, int *spaces)
{
    if (*text)
        printf("%*s%s", *spaces, "", text);
    *spaces = (int)(width - strlen(text)) + 2 + (*text ? 0 : *spaces);
}

static void print_params(const json_t *params)
{
    size_t i;
    json_t *row;
    json_array_foreach(params, i, row) {
        const char *value = json_string_value(json_object_get(row, "default"));
        printf("    %s = %s  (%s)  %s\n", json_string_value(json_object_get(row, "name")), *value ? value : "none",
               json_string_value(json_object_get(row, "allowed")), json_string_value(json_object_get(row, "help")));
    }
}

static void print_row(const struct catalog_column *columns, const json_t *object, const size_t *width)
{
    int spaces = 0;
    for (int c = 0; columns[c].key; c++) {
        char cell[CELL_MAX];
        if (object)
            format_cell(json_object_get(object, columns[c].key), cell);
        print_cell(object ? cell : columns[c].head, width[c], &spaces);
    }
    putchar('\n');
}

static void print_table(const struct catalog_column *columns, const json_t *array)
{
    size_t width[COLUMNS_MAX] = {0}, i;
    json_t *object;
    for (int c = 0; columns[c].key; c++) {
        widen(&width[c], columns[c].head);
        json_array_foreach(array, i, object) {
            char cell[CELL_MAX];
            format_cell(json_object_get(object, columns[c].key), cell);
            widen(&width[c], cell);
        }
    }
    print_row(columns, NULL, width);
    json_array_foreach(array, i, object) {
        print_row(columns, object, width);
        print_params(json_object_get(object, "params"));
    }
}

/* -- as JSON, as BibTeX ------------------------------------------------------------------------------------------- */

static int print_json(const json_t *array, struct error *err)
{
    if (json_dumpf(array, stdout, JSON_SORT_KEYS | JSON_INDENT(2)) && !ferror(stdout))
        return error_memory(err, "the list as JSON");
    putchar('\n');
    return 0;
}

/* Whether an earlier row has the same source. */
static bool is_repeated(const json_t *array, size_t at, const char *source)
{
    for (size_t i = 0; i < at; i++) {
        const char *earlier = json_string_value(json_object_get(json_array_get(array, i), "source"));
        if (earlier && strcmp(earlier, source) == 0)
            return true;
    }
    return false;
}

static int print_bibtex(const json_t *array, struct error *err)
{
    for (size_t i = 0; i < json_array_size(array); i++) {
        const char *source = json_string_value(json_object_get(json_array_get(array, i), "source"));
        if (!source || is_repeated(array, i, source))
            continue;
        size_t size;
        const char *entry = references_find(source, &size);
        if (!entry)
            return error_set(err, "docs/references.bib has no entry \"%s\"", source);
        printf("%.*s\n\n", (int)size, entry);
    }
    return 0;
}

/* ----------------------------------------------------------------------------------------------------------------- */

static int check(const struct list_command *list, const struct catalog_kind *kind, struct error *err)
{
    if (kind->needs_arch && !list->arch)
        return error_set(err, "list %s needs an architecture (cambench list backbones); see cambench list --help",
                         kind->name);
    if (!kind->needs_arch && list->arch)
        return error_set(err, "stray argument \"%s\"; see cambench list --help", list->arch);
    if (list->bibtex && list->common.json)
        return error_set(err, "--json and --bibtex exclude each other; see cambench list --help");
    if (list->bibtex && kind->needs_arch)
        return error_set(err, "layers have no sources of their own: use cambench list backbones --bibtex");
    return 0;
}

static int print(const struct list_command *list, const struct catalog_kind *kind, const json_t *array,
                 struct error *err)
{
    if (list->common.json)
        return print_json(array, err);
    if (list->bibtex)
        return print_bibtex(array, err);
    print_table(kind->columns, array);
    return 0;
}

static int run(int argc, char **argv, struct error *err)
{
    struct list_command list = {0};
    const int status = options_parse(&usage, argc, argv, &list.common, &list, err);
    if (status)
        return options_exit(status);
    const struct catalog_kind *kind = catalog_find(list.kind, err);
    if (!kind || check(&list, kind, err))
        return EXIT_USAGE;
    json_t *array = kind->collect(list.arch, err);
    if (!array)
        return EXIT_USAGE;
    const int printed = print(&list, kind, array, err);
    json_decref(array);
    return printed ? EXIT_USAGE : EXIT_DONE;
}

const struct command command_list = {
    .name = "list",
    .summary = "list methods, metrics, backbones, protocols, or an architecture's layers",
    .group = COMMAND_KNOW,
    .run = run,
};
