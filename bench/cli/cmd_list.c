/*
 * bench/cli/cmd_list.c - lists methods, metrics, backbones, protocols, config keys, a single one, or an architecture's
 * layers.
 */
#include "bench/cli/catalog.h"
#include "bench/cli/catalog_search.h"
#include "bench/cli/command.h"
#include "bench/cli/options.h"
#include "bench/cli/plugin_option.h"
#include "bench/cli/references.h"
#include "bench/cli/table.h"

#include "base/text.h"

#include <stdbool.h>
#include <string.h>

enum { NAMES_MAX = 512 };

struct list_command {
    struct options common;
    const char *kind, *name; /* name: the architecture whose layers are listed, or the one entry to show; NULL: all */
    bool bibtex;
    const char *search;
    struct plugin_option plugins;
};

static const struct param rows[] = {
    OPTION_FLAG(struct list_command, bibtex, "bibtex", 0, "write the BibTeX entries of the sources"),
    OPTION_STRING(
        struct list_command, search, "search", 0, "WORD",
        "only entries of which name, title, source, a parameter or the name in another program has this word"),
    PLUGIN_OPTION(struct list_command, plugins),
    {0},
};

static const struct param word_rows[] = {
    OPTIONS_WORD(struct list_command, kind), OPTIONS_WORD(struct list_command, name), {0}};

static const struct options_usage usage = {
    .words = "methods [METHOD]\nmetrics [METRIC]\nbackbones [ARCH]\nprotocols [PROTOCOL]\nconfig [KEY]\nlayers ARCH",
    .doc = "Lists what there is, with parameters, defaults and sources; with a name, all about that one.\v"
           "Examples:\n"
           "  cambench list methods\n"
           "  cambench list methods gradcam\n"
           "  cambench list methods --search torch-cam\n"
           "  cambench list config report\n"
           "  cambench list layers resnet50\n"
           "  cambench list metrics --json\n"
           "  cambench list methods mycam --plugin mycam.so\n"
           "  cambench list methods --bibtex > methods.bib\n",
    .rows = rows,
    .common = OPTIONS_JSON,
    .words_min = 1,
    .words_max = 2,
    .word_rows = word_rows,
};

/* -- as BibTeX ---------------------------------------------------------------------------------------------------- */

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

static int print_bibtex(const char *kind, const json_t *array, struct error *err)
{
    for (size_t i = 0; i < json_array_size(array); i++) {
        const char *source = json_string_value(json_object_get(json_array_get(array, i), "source"));
        if (!source || is_repeated(array, i, source))
            continue;
        size_t size;
        const char *entry = references_find(source, &size);
        if (!entry)
            return error_set(err,
                             "%s: \"%s\" has the source \"%s\", which is not a complete entry of docs/references.bib",
                             kind, json_string_value(json_object_get(json_array_get(array, i), "name")), source);
        printf("%.*s\n\n", (int)size, entry);
    }
    return 0;
}

/* ----------------------------------------------------------------------------------------------------------------- */

static int check(const struct list_command *list, const struct catalog_kind *kind, struct error *err)
{
    if (kind->needs_arch && !list->name)
        return error_set(err, "list %s needs an architecture (cambench list backbones); see cambench list --help",
                         kind->name);
    if (list->search && list->name && !kind->needs_arch)
        return error_set(err, "--search and a %s exclude each other; see cambench list --help", kind->one);
    if (list->bibtex && list->common.json)
        return error_set(err, "--json and --bibtex exclude each other; see cambench list --help");
    if (list->bibtex && kind->needs_arch)
        return error_set(err, "layers have no sources of their own: use cambench list backbones --bibtex");
    if (list->bibtex && kind->is_tree)
        return error_set(err, "a %s has no source, so there is no BibTeX entry", kind->one);
    return 0;
}

static void refuse_name(const struct catalog_kind *kind, const char *name, const char *const *names, int count,
                        struct error *err)
{
    char shown[64];
    const char *meant = text_misspelt(name, names, count);
    text_printable(name, shown, sizeof shown);
    if (meant)
        error_set(err, "unknown %s \"%s\", did you mean \"%s\"?", kind->one, shown, meant);
    else
        error_set(err, "unknown %s \"%s\"; see cambench list %s", kind->one, shown, kind->name);
}

static const char *text_of(const json_t *row, const char *key)
{
    const char *text = json_string_value(json_object_get(row, key));
    return text ? text : "";
}

static json_t *find_row(const json_t *array, const char *name)
{
    for (size_t i = 0; i < json_array_size(array); i++) {
        json_t *row = json_array_get(array, i);
        if (text_same_name(text_of(row, "name"), name) || text_same_name(text_of(row, "title"), name))
            return row;
    }
    return NULL;
}

static void refuse(const struct catalog_kind *kind, const json_t *array, const char *name, struct error *err)
{
    const char *names[NAMES_MAX]; /* without controls, which are never suggested */
    int count = 0;
    for (size_t i = 0; i < json_array_size(array) && count < NAMES_MAX; i++) {
        const json_t *row = json_array_get(array, i);
        if (!json_is_true(json_object_get(row, "control")))
            names[count++] = text_of(row, "name");
    }
    refuse_name(kind, name, names, count, err);
}

/* Follows a path such as --set takes, "report.meta" or "backbones.0.layer", up to its last key. */
static const json_t *follow_path(const json_t *array, const char **name)
{
    for (const char *dot; (dot = strchr(*name, '.')); *name = dot + 1) {
        char key[64];
        snprintf(key, sizeof key, "%.*s", (int)(dot - *name), *name);
        const json_t *below = json_object_get(find_row(array, key), "keys");
        if (below)
            array = below;
        else if (strspn(key, "0123456789") != strlen(key))
            break;
    }
    return array;
}

/* Returns an array with only the row of that name or title; NULL: unknown. Takes ownership of the array. */
static json_t *pick(json_t *array, const struct catalog_kind *kind, const char *name, struct error *err)
{
    const json_t *among = kind->is_tree ? follow_path(array, &name) : array;
    json_t *row = find_row(among, name), *found = row ? json_pack("[O]", row) : NULL;
    if (!row)
        refuse(kind, among, name, err);
    json_decref(array);
    return found;
}

/* Takes the array. NULL and an error: nothing matches. */
static json_t *search(json_t *array, const struct catalog_kind *kind, const char *word, struct error *err)
{
    char shown[64];
    json_t *found = catalog_search(array, word, err);
    if (!found || json_array_size(found))
        return found;
    json_decref(found);
    error_set(err, "no %s has \"%s\"; see cambench list %s", kind->one, text_printable(word, shown, sizeof shown),
              kind->name);
    return NULL;
}

static void print_below(const struct table_column *columns, const json_t *array)
{
    if (!json_array_size(array))
        return;
    putchar('\n');
    table_print(columns, array);
}

/* Shows everything about one entry, with its parameters or keys below. */
static void print_one(const struct catalog_kind *kind, const json_t *object)
{
    static const struct table_column param_columns[] = {
        {"name", "PARAMETER"}, {"default", "DEFAULT"}, {"allowed", "ALLOWED"}, {"help", "MEANING"}, {0}};
    table_print_facts(object);
    print_below(param_columns, json_object_get(object, "params"));
    print_below(kind->columns, json_object_get(object, "keys"));
}

static int print(const struct list_command *list, const struct catalog_kind *kind, json_t *array, struct error *err)
{
    if (list->common.json)
        return table_print_json(array, err);
    if (list->bibtex)
        return print_bibtex(kind->name, array, err);
    if (list->name && !kind->needs_arch)
        print_one(kind, json_array_get(array, 0));
    else
        table_print(kind->columns, array);
    return 0;
}

static int run(int argc, char **argv, struct error *err)
{
    struct list_command list = {0};
    const int status = options_parse(&usage, argc, argv, &list.common, &list, err);
    if (status)
        return options_exit(status);
    const struct catalog_kind *kind = catalog_find(list.kind, err);
    if (!kind || check(&list, kind, err) || plugin_option_load(&list.plugins, err))
        return EXIT_USAGE;
    json_t *array = kind->collect(list.name, err);
    if (array && list.name && !kind->needs_arch)
        array = pick(array, kind, list.name, err);
    if (array && list.search)
        array = search(array, kind, list.search, err);
    if (array && kind->groups && !list.common.json)
        array = catalog_sort(array, "group", kind->groups, err);
    if (!array)
        return EXIT_USAGE;
    const int printed = print(&list, kind, array, err);
    json_decref(array);
    return printed ? EXIT_USAGE : EXIT_DONE;
}

const struct command command_list = {
    .name = "list",
    .summary = "list methods, metrics, backbones, protocols, config keys, or an architecture's layers",
    .group = COMMAND_KNOW,
    .run = run,
};
