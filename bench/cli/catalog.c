/* bench/cli/catalog.c - methods, metrics, backbones, protocols, keys of a config and layers as JSON. */
#include "bench/cli/catalog.h"

#include "backbones/backbone.h"
#include "base/arena.h"
#include "base/param.h"
#include "base/registry.h"
#include "bench/config/config_keys.h"
#include "bench/plugins/plugin.h"
#include "bench/run/this_program.h"
#include "methods/harness.h"
#include "methods/method_table.h"
#include "metrics/metric_table.h"
#include "metrics/protocol.h"
#include "models/model.h"

#include <string.h>

/* An array under construction. A lack of memory, which jansson reports by NULL or -1, is remembered until the end. */
struct json_list {
    json_t *array, *object; /* object: the last one added, owned by the array */
    bool failed;
};

static struct json_list list_begin(void)
{
    json_t *array = json_array();
    return (struct json_list){.array = array, .failed = !array};
}

static void list_next(struct json_list *list)
{
    list->object = json_object();
    if (json_array_append_new(list->array, list->object))
        list->failed = true;
}

static void set(struct json_list *list, const char *key, json_t *value)
{
    if (json_object_set_new(list->object, key, value))
        list->failed = true;
}

static void set_text(struct json_list *list, const char *key, const char *text)
{
    set(list, key, text ? json_string(text) : json_null());
}

static void set_number(struct json_list *list, const char *key, long long number)
{
    set(list, key, json_integer(number));
}

/* Sets the year; 0 means that there is none. */
static void set_year(struct json_list *list, int year)
{
    set(list, "year", year ? json_integer(year) : json_null());
}

static json_t *list_end(struct json_list *list, struct error *err)
{
    if (!list->failed)
        return list->array;
    json_decref(list->array);
    error_memory(err, "the list");
    return NULL;
}

static const char *param_type_name(const struct param *param)
{
    static const char *const names[] = {
        [PARAM_TYPE_INT] = "int",      [PARAM_TYPE_FLOAT] = "float",  [PARAM_TYPE_BOOL] = "bool",
        [PARAM_TYPE_ENUM] = "enum",    [PARAM_TYPE_NAMES] = "names",  [PARAM_TYPE_TEXT] = "text",
        [PARAM_TYPE_PATH] = "path",    [PARAM_TYPE_STRING] = "text",  [PARAM_TYPE_SEED] = "int",
        [PARAM_TYPE_NAMED] = "method", [PARAM_TYPE_STRINGS] = "list", [PARAM_TYPE_TABLE] = "mapping",
        [PARAM_TYPE_LIST] = "list",    [PARAM_TYPE_PATHS] = "paths",  [PARAM_TYPE_OTHERS] = "any",
    };
    return names[param->type];
}

static void add_param(struct json_list *list, const struct param *param, const char *value)
{
    char allowed[256];
    param_allowed(param, allowed, sizeof allowed);
    list_next(list);
    set_text(list, "name", param->name);
    set_text(list, "type", param_type_name(param));
    set_text(list, "default", value);
    set_text(list, "allowed", allowed);
    set_text(list, "help", param->help);
}

/* Sets "params": the rows, with their values in `owner`, which holds the defaults or a preset. */
static void set_params(struct json_list *list, const struct param *params, const void *owner)
{
    struct json_list rows = list_begin();
    for (const struct param *param = params; param && param->name; param++) {
        char value[PARAM_VALUE_MAX];
        param_format(param, owner, value, sizeof value);
        add_param(&rows, param, value);
    }
    list->failed |= rows.failed;
    set(list, "params", rows.array);
}

/* A struct of `size` bytes with the defaults of its rows, in the arena; NULL and list->failed: no memory. */
static void *default_params(struct json_list *list, const struct param *params, size_t size, struct arena *arena)
{
    void *owner = arena_alloc(arena, 1, size ? size : 1);
    struct error err;
    if (owner)
        param_defaults(params, owner);
    const bool is_complete = owner && param_complete(params, owner, arena, &err) == 0;
    list->failed |= !is_complete;
    return is_complete ? owner : NULL;
}

static void set_default_params(struct json_list *list, const struct param *params, size_t size)
{
    struct arena arena = {0};
    const void *owner = default_params(list, params, size, &arena);
    if (owner)
        set_params(list, params, owner);
    arena_release(&arena);
}

/* Sets "plugin", the path, for a method or metric that is from one. */
static void set_plugin(struct json_list *list, const void *descriptor)
{
    const struct plugin *plugin = plugin_of(descriptor);
    if (plugin)
        set(list, "plugin", table_text(plugin->path));
}

/* -- methods ------------------------------------------------------------------------------------------------------ */

static const char *const groups[] = {
    [METHOD_ACTIVATIONS] = "activations",
    [METHOD_GRADIENT] = "gradient",
    [METHOD_MASKS] = "masks",
    [METHOD_TAIL] = "tail",
    [METHOD_INPUT_GRADIENT] = "input gradient",
    [METHOD_META] = "meta",
    [METHOD_CONTROL] = "control",
    [METHOD_CONTROL + 1] = NULL,
};

/* The number of bytes up to one of the characters, without blanks at the end. */
static size_t part_length(const char *text, const char *ends)
{
    size_t length = strcspn(text, ends);
    while (length && text[length - 1] == ' ')
        length--;
    return length;
}

/* Appends "PROGRAM NAME" for each name of "PROGRAM NAME, NAME": the program is what precedes the first one's last blank. */
static int add_peers(json_t *list, const char *peers)
{
    const size_t first = part_length(peers, ";,");
    size_t program = first;
    while (program && peers[program - 1] != ' ')
        program--;
    for (const char *name = peers + program;;) {
        char text[256];
        const int length = (int)part_length(name, ";,");
        snprintf(text, sizeof text, "%.*s%.*s", (int)program, peers, length, name);
        if (json_array_append_new(list, json_string(text)))
            return -1;
        name += strcspn(name, ";,");
        if (*name != ',')
            return 0;
        name += 1 + strspn(name + 1, " ");
    }
}

/* Sets "peers": the method's names in other programs. */
static void set_peers(struct json_list *list, const char *peers)
{
    json_t *names = json_array();
    while (peers && *peers) {
        if (add_peers(names, peers))
            list->failed = true;
        peers += strcspn(peers, ";");
        peers += strspn(peers, "; ");
    }
    set(list, "peers", names);
}

static json_t *collect_methods(__attribute__((unused)) const char *arch, struct error *err)
{
    struct json_list list = list_begin();
    for (const struct method *const *method = methods_all(); *method; method++) {
        list_next(&list);
        set_text(&list, "name", (*method)->name);
        set_text(&list, "title", (*method)->title);
        set_year(&list, (*method)->year);
        set_text(&list, "source", (*method)->source);
        set_number(&list, "version", (*method)->version);
        set_text(&list, "digest", program_method_digest(*method));
        set_plugin(&list, *method);
        set_text(&list, "group", groups[(*method)->group]);
        set_text(&list, "passes", (*method)->passes);
        set_peers(&list, (*method)->peers);
        set_text(&list, "map", (*method)->map == METHOD_MAP_LAYER ? "layer" : "input");
        set(&list, "signed", json_boolean((*method)->is_signed));
        set(&list, "normalised", json_boolean((*method)->is_normalised));
        set(&list, "original_only", json_boolean((*method)->flags & METHOD_ORIGINAL_ONLY));
        set(&list, "control", json_boolean((*method)->group == METHOD_CONTROL));
        set_default_params(&list, (*method)->params, (*method)->params_size);
    }
    return list_end(&list, err);
}

/* -- metrics ------------------------------------------------------------------------------------------------------ */

static json_t *collect_metrics(__attribute__((unused)) const char *arch, struct error *err)
{
    struct json_list list = list_begin();
    for (const struct metric *const *metric = metrics_all(); *metric; metric++) {
        list_next(&list);
        set_text(&list, "name", (*metric)->name);
        set_text(&list, "title", (*metric)->title);
        set_text(&list, "unit", (*metric)->unit);
        set_text(&list, "better", (*metric)->direction == METRIC_HIGHER_IS_BETTER ? "higher" : "lower");
        /* JSON has no infinity, so an open end of the range is null */
        set(&list, "min", isfinite((*metric)->min) ? json_real((*metric)->min) : json_null());
        set(&list, "max", isfinite((*metric)->max) ? json_real((*metric)->max) : json_null());
        set(&list, "of_means", json_boolean((*metric)->combine));
        set(&list, "cost", json_boolean((*metric)->is_cost));
        set_year(&list, (*metric)->year);
        set_text(&list, "source", (*metric)->source);
        set_number(&list, "version", (*metric)->version);
        set_text(&list, "digest", program_metric_digest(*metric));
        set_plugin(&list, *metric);
        set_default_params(&list, (*metric)->params, (*metric)->params_size);
    }
    return list_end(&list, err);
}

/* -- backbones ---------------------------------------------------------------------------------------------------- */

static int set_size(struct json_list *list, const char *arch, struct error *err)
{
    struct model *model = model_open(&(struct model_spec){.arch = arch}, err);
    if (!model)
        return -1;
    double macs = 0;
    for (int i = 0; i < graph_node_count(model->graph); i++)
        macs += graph_node(model->graph, i).macs;
    const long long parameters = graph_trainable(model->graph);
    model_close(model);
    set_number(list, "parameters", parameters);
    set_number(list, "multiply_adds", (long long)macs);
    return 0;
}

static int add_variant(struct json_list *list, const struct backbone_family *family,
                       const struct backbone_variant *variant, struct error *err)
{
    list_next(list);
    set_text(list, "name", variant->name);
    set_text(list, "title", variant->title);
    set_text(list, "family", family->name);
    set_text(list, "layer", variant->layer);
    set_text(list, "source", family->source);
    set(list, "any_width", json_boolean(family->has_width));
    return set_size(list, variant->name, err);
}

static json_t *collect_backbones(__attribute__((unused)) const char *arch, struct error *err)
{
    struct json_list list = list_begin();
    for (const struct backbone_family *const *family = backbone_families; *family; family++)
        for (const struct backbone_variant *variant = (*family)->variants; variant->name; variant++)
            if (add_variant(&list, *family, variant, err)) {
                json_decref(list.array);
                return NULL;
            }
    return list_end(&list, err);
}

/* -- protocols ---------------------------------------------------------------------------------------------------- */

static json_t *collect_protocols(__attribute__((unused)) const char *arch, struct error *err)
{
    struct json_list list = list_begin();
    for (const struct protocol *protocol = protocols; protocol->name; protocol++) {
        list_next(&list);
        set_text(&list, "name", protocol->name);
        set_text(&list, "title", protocol->title);
        set_text(&list, "source", protocol->source);
        set_number(&list, "version", protocol->version);
        set_params(&list, protocol_params, protocol);
    }
    return list_end(&list, err);
}

/* -- keys of a config ---------------------------------------------------------------------------------------------- */

/* The depth is that of the tables: three. */
static struct json_list list_keys(struct config_keys keys)
{
    struct json_list list = list_begin();
    for (const struct param *row = keys.rows; row && row->name; row++) {
        const struct config_keys below = config_keys_below(row);
        char value[PARAM_VALUE_MAX];
        config_key_default(row, value, sizeof value);
        add_param(&list, row, value);
        if (!below.rows)
            continue;
        const struct json_list inner = list_keys(below);
        list.failed |= inner.failed;
        set(&list, "keys", inner.array);
    }
    for (const struct param *row = keys.preset_rows; row && row->name; row++)
        add_param(&list, row, "the preset's");
    return list;
}

static json_t *collect_keys(__attribute__((unused)) const char *arch, struct error *err)
{
    struct json_list list = list_keys(config_keys_below(NULL));
    return list_end(&list, err);
}

/* -- layers of an architecture ------------------------------------------------------------------------------------ */

static void add_node(struct json_list *list, struct node_info node, bool is_default)
{
    list_next(list);
    set_text(list, "name", node.name);
    set_text(list, "alias", node.alias);
    set_text(list, "op", node.op);
    set(list, "shape", json_pack("[iii]", node.shape.c, node.shape.h, node.shape.w));
    set(list, "default", json_boolean(is_default));
}

static json_t *collect_layers(const char *arch, struct error *err)
{
    struct model *model = model_open(&(struct model_spec){.arch = arch}, err);
    if (!model)
        return NULL;
    struct json_list list = list_begin();
    const int usual = graph_find(model->graph, model->layer, err);
    for (int i = 0; i < graph_node_count(model->graph); i++)
        add_node(&list, graph_node(model->graph, i), i == usual);
    model_close(model);
    return list_end(&list, err);
}

/* ----------------------------------------------------------------------------------------------------------------- */

#define COLUMNS (const struct table_column[])

const struct catalog_kind catalog_kinds[] = {
    {"methods", "method", false, false,
     COLUMNS{{"name", "NAME"},
             {"title", "TITLE"},
             {"year", "YEAR"},
             {"group", "GROUP"},
             {"passes", "PASSES"},
             {"original_only", "ORIGINAL ONLY"},
             {0}},
     collect_methods, groups},
    {"metrics", "metric", false, false,
     COLUMNS{{"name", "NAME"}, {"title", "TITLE"}, {"unit", "UNIT"}, {"better", "BETTER"}, {"year", "YEAR"}, {0}},
     collect_metrics, NULL},
    {"backbones", "backbone", false, false,
     COLUMNS{{"name", "NAME"},
             {"title", "TITLE"},
             {"layer", "LAYER"},
             {"parameters", "PARAMETERS"},
             {"multiply_adds", "MULTIPLY-ADDS"},
             {0}},
     collect_backbones, NULL},
    {"protocols", "protocol", false, false, COLUMNS{{"name", "NAME"}, {"title", "TITLE"}, {"version", "VERSION"}, {0}},
     collect_protocols, NULL},
    {"config", "config key", false, true,
     COLUMNS{
         {"name", "KEY"}, {"type", "TYPE"}, {"default", "DEFAULT"}, {"allowed", "ALLOWED"}, {"help", "MEANING"}, {0}},
     collect_keys, NULL},
    {"layers", "layer", true, false,
     COLUMNS{{"name", "NAME"}, {"alias", "ALIAS"}, {"op", "OPERATOR"}, {"shape", "SHAPE"}, {"default", "DEFAULT"}, {0}},
     collect_layers, NULL},
    {0},
};

static const char *name_of(int i)
{
    return catalog_kinds[i].name;
}

const struct catalog_kind *catalog_find(const char *name, struct error *err)
{
    static const struct registry registry = {.refusal = "cannot list", .name = name_of, .is_exact = true};
    const int i = registry_find(&registry, name, err);
    return i < 0 ? NULL : &catalog_kinds[i];
}
