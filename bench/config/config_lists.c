/*
 * bench/config/config_lists.c - the lists of a config: backbones, methods, metrics, protocols; names are looked up in the
 * registries, labels checked.
 */
#include "bench/config/config_lists.h"

#include "base/text.h"
#include "bench/config/config_entry.h"
#include "bench/config/config_input.h"
#include "bench/config/names.h"
#include "methods/harness.h"

#include <stdio.h>
#include <string.h>

#define WORDS_MAX 256

static const char label_hint[] = "give one of them another label";

static int check_unique(const struct config_list *list, const struct yaml *value, const char *elements, int count,
                        struct error *err)
{
    const char *last = list->label(elements + (size_t)(count - 1) * list->size);
    for (int i = 0; i < count - 1; i++)
        if (strcmp(list->label(elements + (size_t)i * list->size), last) == 0)
            return yaml_error(value, err, "\"%s\" is given twice in %s; %s", last, value->path, list->hint);
    return 0;
}

static char *read_elements(const struct yaml *first, int count, const struct config_list *list, struct arena *arena,
                           struct error *err)
{
    char *elements = arena_alloc(arena, (size_t)count, list->size);
    if (!elements) {
        error_memory(err, "the config");
        return NULL;
    }
    const struct yaml *value = first;
    for (int i = 0; i < count; i++, value = value->next)
        if (list->read(value, elements + (size_t)i * list->size, arena, err) ||
            check_unique(list, value, elements, i + 1, err))
            return NULL;
    return elements;
}

int config_read_list(const struct yaml *value, const struct param *row, void *out, struct arena *arena,
                     struct error *err)
{
    const struct config_list *list = row->more;
    const bool is_list = value->kind == YAML_LIST;
    if (!is_list && !list->takes_one)
        return yaml_error(value, err, "%s must be a list: [a, b]", value->path);
    if (is_list && value->count == 0)
        return yaml_error(value, err, "%s is empty; name at least one", value->path);
    const int count = is_list ? value->count : 1;
    char *elements = read_elements(is_list ? value->first : value, count, list, arena, err);
    if (!elements)
        return -1;
    memcpy(param_field(row, out), &elements, sizeof elements); /* a pointer to any struct */
    *param_count(row, out) = count;
    return 0;
}

/* -- methods ------------------------------------------------------------------------------------------------------- */

/* Checks that no parameter is missing which has no default, also of methods that a method wraps. */
static int check_given(const char *name, const struct param *rows, const void *params, const char *where,
                       struct error *err)
{
    char allowed[256];
    const struct param *missing = param_missing(rows, params);
    if (missing) {
        param_allowed(missing, allowed, sizeof allowed);
        return error_set(err, "%s: parameter \"%s\" of method %s must be given: %s", where, missing->name, name,
                         allowed);
    }
    for (const struct param *row = rows; row && row->name; row++) {
        const struct param_named *base = row->type == PARAM_TYPE_NAMED ? param_named(row, params) : NULL;
        if (base && check_given(base->name, base->rows, base->params, where, err))
            return -1;
    }
    return 0;
}

static int check_complete(const struct config_method *out, struct error *err)
{
    const struct method *method = out->method;
    if (check_given(method->name, method->params, out->params, out->where, err))
        return -1;
    return method_check(method, out->params, err) ? error_prefix(err, "%s: ", out->where) : 0;
}

static int read_method_params(struct config_method *out, struct arena *arena, struct error *err)
{
    const struct method *method = out->method;
    char of[CONFIG_LABEL_BYTES + 16];
    snprintf(of, sizeof of, " of method %s", method->name);
    return config_read_params(out->params_given, of, method->params, method->params_size, &out->params, arena, err);
}

static int read_method(const struct yaml *value, void *element, struct arena *arena, struct error *err)
{
    struct config_method *out = element;
    struct config_entry named = {.name = ""};
    if (config_read_entry(value, config_method_rows, &named, arena, err))
        return -1;
    const struct method *method = method_called(config_entry_key(value, "name")->where, named.name, err);
    if (!method)
        return -1;
    const bool has_label = named.label && strcmp(named.label, method->name) != 0;
    *out = (struct config_method){.method = method, .where = value->where, .params_given = named.params};
    out->label = has_label ? named.label : method->name;
    out->title = has_label ? named.label : method->title;
    if (config_check_label(value, "label", out->label, CONFIG_LABEL_BYTES, err))
        return -1;
    return status_of(read_method_params(out, arena, err) || check_complete(out, err));
}

int config_method_position(const struct config *config, const char *label)
{
    for (int m = 0; m < config->method_count; m++)
        if (strcmp(config->methods[m].label, label) == 0)
            return m;
    return -1;
}

int config_metric_position(const struct config *config, const char *name)
{
    for (int k = 0; k < config->metric_count; k++)
        if (strcmp(config->metrics[k].metric->name, name) == 0)
            return k;
    return -1;
}

int config_default_method(const char *where, const char *name, struct arena *arena, struct config_method *out,
                          struct error *err)
{
    return config_method_with(where, name, NULL, 0, arena, out, err);
}

static int store_given(const struct config_method *method, const struct config_given *given, struct error *err)
{
    const struct param *param = param_find(method->method->params, given->name),
                       *others = param_find_others(method->method->params);
    return param && param != others ? param_parse(param, given->text, method->params, err)
                                    : param_add_other(others, given->name, given->text, method->params, err);
}

int config_method_with(const char *where, const char *name, const struct config_given *given, int given_count,
                       struct arena *arena, struct config_method *out, struct error *err)
{
    const struct method *method = method_called(where, name, err);
    if (!method)
        return -1;
    *out = (struct config_method){.method = method, .label = method->name, .title = method->title, .where = where};
    if (read_method_params(out, arena, err))
        return -1;
    for (int i = 0; i < given_count; i++)
        if (store_given(out, &given[i], err))
            return -1;
    return status_of(param_complete(method->params, out->params, arena, err) || check_complete(out, err));
}

const char *config_param_where(const struct config_method *method, const char *param)
{
    return config_place_of(method->params_given, param, method->where);
}

static const char *method_label(const void *element)
{
    return ((const struct config_method *)element)->label;
}

const struct config_list config_methods = {sizeof(struct config_method), read_method, method_label, label_hint, false,
                                           config_method_rows,           NULL};

/* -- metrics ------------------------------------------------------------------------------------------------------- */

static int read_metric(const struct yaml *value, void *element, struct arena *arena, struct error *err)
{
    struct config_metric *out = element;
    struct config_entry named = {.name = ""};
    char of[CONFIG_LABEL_BYTES + 16];
    if (config_read_entry(value, config_metric_rows, &named, arena, err))
        return -1;
    const struct metric *metric = metric_called(config_entry_key(value, "name")->where, named.name, err);
    if (!metric)
        return -1;
    *out = (struct config_metric){.metric = metric};
    snprintf(of, sizeof of, " of metric %s", metric->name);
    return config_read_params(named.params, of, metric->params, metric->params_size, &out->params, arena, err);
}

static const char *metric_label(const void *element)
{
    return ((const struct config_metric *)element)->metric->name;
}

const struct config_list config_metrics = {
    sizeof(struct config_metric), read_metric, metric_label, "leave one out", false, config_metric_rows, NULL};

static bool is_listed(const struct config_metric *list, int count, const char *name)
{
    for (int i = 0; i < count; i++)
        if (strcmp(list[i].metric->name, name) == 0)
            return true;
    return false;
}

static int add_part(struct config_metric *out, const struct metric *owner, const char *name, struct arena *arena,
                    struct error *err)
{
    struct error unknown;
    *out = (struct config_metric){.metric = metric_called("", name, &unknown)};
    if (!out->metric)
        return error_set(err, "metric \"%s\" has a part \"%s\", which does not exist", owner->name, name);
    return config_read_params(NULL, "", out->metric->params, out->metric->params_size, &out->params, arena, err);
}

int config_all_metrics(const struct config *config, struct arena *arena, struct config_metric **list, int *count,
                       struct error *err)
{
    const size_t most = (size_t)config->metric_count * (METRIC_PARTS_MAX + 1);
    *list = arena_alloc(arena, most, sizeof **list);
    if (!*list)
        return error_memory(err, "the metrics");
    memcpy(*list, config->metrics, (size_t)config->metric_count * sizeof **list);
    *count = config->metric_count;
    for (int i = 0; i < config->metric_count; i++) {
        const struct metric *metric = config->metrics[i].metric;
        for (const char *const *part = metric->parts; *part; part++) {
            if (is_listed(*list, *count, *part))
                continue;
            if (add_part(&(*list)[*count], metric, *part, arena, err))
                return -1;
            ++*count;
        }
    }
    return 0;
}

/* -- protocols ----------------------------------------------------------------------------------------------------- */

/* read_protocol() reads these itself, before the parameters; the label depends on them. */
static const struct param protocol_rows[] = {
    PARAM_ROW(struct protocol, preset, STRING, .is_required = true,
              .help = "the base of the protocol (cambench list protocols)"),
    {.name = "label",
     .type = PARAM_TYPE_STRING,
     .offset = offsetof(struct protocol, name),
     .usual = "the preset and the changed keys",
     .help = "name in the results"},
    {0},
};

static int unknown_protocol_key(const struct yaml *value, struct error *err)
{
    const char *words[WORDS_MAX];
    int count = 0;
    for (const struct param *row = protocol_rows; row->name; row++)
        words[count++] = row->name;
    for (const struct param *param = protocol_params; param->name && count < WORDS_MAX; param++)
        words[count++] = param->name;
    return yaml_unknown(value->key_where, "key", value->key, " in protocol", words, count, err);
}

static int read_protocol_keys(const struct yaml *mapping, struct protocol *out, struct error *err)
{
    for (const struct yaml *value = mapping->first; value; value = value->next) {
        const struct param *param = param_find(protocol_params, value->key);
        if (param_find(protocol_rows, value->key))
            continue;
        if (!param)
            return unknown_protocol_key(value, err);
        if (yaml_read_param(value, param, out, err))
            return -1;
    }
    return 0;
}

/* Appends "KEY=VALUE" of each key that differs from the preset's, after `first` or, from the second on, `between`. */
static const char *add_changes(const char *text, const struct protocol *changed, const char *first, const char *between,
                               struct arena *arena)
{
    struct error ignored;
    const struct protocol *preset = protocol_find(changed->preset, &ignored);
    const char *before = first;
    for (const struct param *param = protocol_params; text && param->name; param++) {
        char was[PARAM_VALUE_MAX], is[PARAM_VALUE_MAX];
        param_format(param, preset, was, sizeof was);
        param_format(param, changed, is, sizeof is);
        if (strcmp(was, is) == 0)
            continue;
        text = arena_format(arena, "%s%s%s=%s", text, before, param->name, is);
        before = between;
    }
    return text;
}

const char *config_protocol_label(const struct protocol *changed, struct arena *arena)
{
    return add_changes(changed->preset, changed, "+", "+", arena);
}

const char *config_protocol_changes(const struct protocol *changed, struct arena *arena)
{
    return add_changes("", changed, "", ", ", arena);
}

static int read_protocol(const struct yaml *value, void *element, struct arena *arena, struct error *err)
{
    struct protocol *out = element;
    const struct yaml *name = config_entry_key(value, "preset"), *label = config_entry_key(value, "label");
    const char *preset_name = NULL;
    if (value->kind == YAML_LIST)
        return yaml_error(value, err, "an entry of protocol is a list; it must be a name or a mapping");
    if (!name)
        return yaml_error(value, err, "key \"preset\" is missing in protocol");
    if (yaml_read_text(name, &preset_name, err))
        return -1;
    const struct protocol *preset = protocol_find(preset_name, err);
    if (!preset)
        return error_prefix(err, "%s: ", name->where);
    *out = *preset;
    if (value->kind == YAML_TEXT)
        return 0;
    if (read_protocol_keys(value, out, err))
        return -1;
    if (label && yaml_read_text(label, &out->name, err))
        return -1;
    if (!label)
        out->name = config_protocol_label(out, arena);
    if (!out->name)
        return error_memory(err, "the config");
    return config_check_label(label ? label : value, "label", out->name, CONFIG_LABEL_BYTES, err);
}

static const char *protocol_label(const void *element)
{
    return ((const struct protocol *)element)->name;
}

const struct config_list config_protocols = {sizeof(struct protocol), read_protocol,  protocol_label, label_hint, true,
                                             protocol_rows,           protocol_params};

int config_default_protocol(struct config *config, struct arena *arena, struct error *err)
{
    config->protocol_count = 1;
    config->protocols = arena_alloc(arena, 1, sizeof *config->protocols);
    if (!config->protocols)
        return error_memory(err, "the config");
    const struct protocol *preset = protocol_find(CONFIG_USUAL_PROTOCOL, err);
    if (preset)
        *config->protocols = *preset;
    return preset ? 0 : -1;
}
