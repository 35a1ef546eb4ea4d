/* bench/config/config_entry.c - what entries of the lists share: a name, a label, parameters. */
#include "bench/config/config_entry.h"

#include "base/text.h"

#include <stdio.h>
#include <string.h>

#define WORDS_MAX 256

int config_check_label(const struct yaml *value, const char *kind, const char *text, size_t max, struct error *err)
{
    char shown[CONFIG_LABEL_BYTES];
    text_printable(text, shown, sizeof shown);
    if (strlen(text) > max)
        return yaml_error(value, err, "%s \"%s...\" is longer than %zu bytes", kind, shown, max);
    for (const char *c = text; *c; c++)
        if (*c == '/' || (unsigned char)*c < 32 || *c == 127)
            return yaml_error(value, err, "%s \"%s\" holds a slash or control character", kind, shown);
    if (strcmp(text, ".") == 0 || strcmp(text, "..") == 0)
        return yaml_error(value, err, "%s \"%s\" is not a plain name", kind, shown);
    return 0;
}

/* A method is called null, a word that YAML takes for nothing. */
static int read_entry_name(const struct yaml *value, const struct param *row, void *out, struct arena *arena,
                           struct error *err)
{
    const char **name = param_field(row, out);
    (void)arena;
    if (value->kind != YAML_TEXT || strcmp(value->text, "null") != 0)
        return yaml_read_text(value, name, err);
    *name = value->text;
    return 0;
}

static int read_given(const struct yaml *value, const struct param *row, void *out, struct arena *arena,
                      struct error *err)
{
    (void)row, (void)arena, (void)err;
    ((struct config_entry *)out)->params = value;
    return 0;
}

/* clang-format off */
#define NAME_ROW(text) \
    PARAM_ROW(struct config_entry, name, STRING, .is_required = true, .read_yaml = read_entry_name, .help = text)
#define PARAMS_ROW(text) \
    {.name = "params", .type = PARAM_TYPE_TABLE, .read_yaml = read_given, .usual = "{}", .help = text}
/* clang-format on */

const struct param config_method_rows[] = {
    NAME_ROW("the method, in any spelling (cambench list methods)"),
    PARAM_ROW(struct config_entry, label, STRING, .usual = "the name", .help = "name in the results"),
    PARAMS_ROW("its parameters (cambench list methods NAME)"),
    {0},
};

const struct param config_metric_rows[] = {
    NAME_ROW("the metric, in any spelling (cambench list metrics)"),
    PARAMS_ROW("its parameters (cambench list metrics NAME)"),
    {0},
};

int config_read_entry(const struct yaml *value, const struct param *rows, struct config_entry *out, struct arena *arena,
                      struct error *err)
{
    if (value->kind == YAML_LIST)
        return yaml_error(value, err, "an entry of %s is a list; it must be a name or a mapping", value->path);
    if (value->kind == YAML_TEXT)
        return read_entry_name(value, rows, out, arena, err);
    return yaml_read_mapping(value, rows, out, arena, err);
}

const struct yaml *config_entry_key(const struct yaml *value, const char *key)
{
    return value->kind == YAML_MAPPING ? yaml_get(value, key) : value;
}

const char *config_place_of(const struct yaml *mapping, const char *key, const char *other)
{
    const struct yaml *value = mapping && mapping->kind == YAML_MAPPING ? yaml_get(mapping, key) : NULL;
    return value ? value->where : other;
}

static int unknown_param(const struct yaml *value, const char *of, const struct param *params, struct error *err)
{
    const char *words[WORDS_MAX];
    int count = 0;
    for (const struct param *param = params; param && param->name && count < WORDS_MAX; param++)
        words[count++] = param->name;
    return yaml_unknown(value->key_where, "parameter", value->key, of, words, count, err);
}

/* A parameter that no row names, for a method that takes such. */
static int read_other(const struct yaml *value, const struct param *row, void *out, struct error *err)
{
    if (value->kind != YAML_TEXT || yaml_is_empty(value))
        return yaml_error(value, err, "parameter \"%s\" must be a number, true, false or text", value->key);
    if (param_add_other(row, value->key, value->text, out, err))
        return error_prefix(err, "%s: ", value->key_where);
    return 0;
}

/* clang-format off */
static const struct param named_rows[] = {
    NAME_ROW("what is called, in any spelling"),
    PARAMS_ROW("its parameters"),
    {0},
};
/* clang-format on */

/* Reads {name: NAME, params: {...}}. */
static int read_named_mapping(const struct yaml *value, const struct param *param, struct param_named *named,
                              struct arena *arena, struct error *err)
{
    struct config_entry entry = {.name = ""};
    char of[CONFIG_LABEL_BYTES + 8];
    *named = (struct param_named){0};
    if (config_read_entry(value, named_rows, &entry, arena, err))
        return -1;
    if (param->find(entry.name, named, err))
        return error_prefix(err, "%s: ", config_entry_key(value, "name")->where);
    snprintf(of, sizeof of, " of %s", named->name);
    return config_read_params(entry.params, of, named->rows, named->size, &named->params, arena, err);
}

static int read_one(const struct yaml *value, const struct param *param, void *out, struct arena *arena,
                    struct error *err)
{
    if (param->type == PARAM_TYPE_NAMED && value->kind == YAML_MAPPING)
        return read_named_mapping(value, param, param_field(param, out), arena, err);
    return yaml_read_param(value, param, out, err);
}

int config_read_params(const struct yaml *mapping, const char *of, const struct param *params, size_t size, void **out,
                       struct arena *arena, struct error *err)
{
    *out = arena_alloc(arena, 1, size ? size : 1);
    if (!*out)
        return error_memory(err, "the config");
    param_defaults(params, *out);
    if (!mapping)
        return param_complete(params, *out, arena, err);
    if (mapping->kind != YAML_MAPPING)
        return yaml_error(mapping, err, "params must be a mapping: {key: value}");
    for (const struct yaml *value = mapping->first; value; value = value->next) {
        const struct param *param = param_find(params, value->key), *others = param_find_others(params);
        if (param == others) /* both may be NULL */
            param = NULL;
        if (!param && !others)
            return unknown_param(value, of, params, err);
        if (param ? read_one(value, param, *out, arena, err) : read_other(value, others, *out, err))
            return -1;
        if (param && param->type == PARAM_TYPE_NAMED && param_complete(params, *out, arena, err))
            return error_prefix(err, "%s: ", value->where);
    }
    return param_complete(params, *out, arena, err);
}
