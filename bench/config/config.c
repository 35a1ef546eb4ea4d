/*
 * bench/config/config.c - reads a config: the keys as tables, names looked up in the registries, labels checked.
 *
 * Each table row says how one key is read (bench/config/yaml.h). "A name or a mapping" is a text that stands for {name: text}.
 */
#include "bench/config/config.h"

#include "backbones/backbone.h"
#include "base/text.h"
#include "bench/config/config_input.h"
#include "bench/config/names.h"
#include "bench/config/yaml.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#define LABEL_BYTES_MAX 64
#define NAME_BYTES_MAX 128
#define REGISTRY_MAX 256

/* -- names, labels, parameters ------------------------------------------------------------------------------------- */

/* Labels become folders, files, HDF5 groups and columns: one plain name. */
static int check_plain_name(const struct yaml *value, const char *kind, const char *text, size_t max, struct error *err)
{
    char shown[LABEL_BYTES_MAX];
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

/* A list's entry: a name, or a mapping with the keys of a table. */
struct named {
    const char *name, *label;
    const struct yaml *params;
};

/* A method is called null, a word that YAML takes for nothing. */
static int read_entry_name(const struct yaml *value, const struct yaml_key *key, void *field, struct arena *arena,
                           struct error *err)
{
    if (value->kind != YAML_TEXT || strcmp(value->text, "null") != 0)
        return yaml_read_text(value, key, field, arena, err);
    *(const char **)field = value->text;
    return 0;
}

static int read_named(const struct yaml *value, const struct yaml_key *keys, struct named *out, struct arena *arena,
                      struct error *err)
{
    if (value->kind == YAML_LIST)
        return yaml_error(value, err, "an entry of %s is a list; it must be a name or a mapping", value->path);
    if (value->kind == YAML_TEXT)
        return read_entry_name(value, keys, &out->name, arena, err);
    return yaml_read_mapping(value, keys, out, arena, err);
}

static const struct yaml *name_value(const struct yaml *value, const char *key)
{
    return value->kind == YAML_MAPPING ? yaml_get(value, key) : value;
}

/* Where a key stands, in the file or on the command line; `other` where it is not given. */
static const char *place_of(const struct yaml *mapping, const char *key, const char *other)
{
    const struct yaml *value = mapping && mapping->kind == YAML_MAPPING ? yaml_get(mapping, key) : NULL;
    return value ? value->where : other;
}

static int unknown_param(const struct yaml *value, const char *of, const struct param *params, struct error *err)
{
    const char *words[REGISTRY_MAX];
    int count = 0;
    for (const struct param *param = params; param && param->name && count < REGISTRY_MAX; param++)
        words[count++] = param->name;
    return yaml_unknown(value->key_where, "parameter", value->key, of, words, count, err);
}

/* The owner's struct with defaults and what the mapping (NULL: nothing) says. */
static int read_params(const struct yaml *mapping, const char *of, const struct param *params, size_t size, void **out,
                       struct arena *arena, struct error *err)
{
    *out = arena_alloc(arena, 1, size ? size : 1);
    if (!*out)
        return error_memory(err, "the config");
    param_defaults(params, *out);
    if (!mapping)
        return 0;
    if (mapping->kind != YAML_MAPPING)
        return yaml_error(mapping, err, "params must be a mapping: {key: value}");
    for (const struct yaml *value = mapping->first; value; value = value->next) {
        const struct param *param = param_find(params, value->key);
        if (!param)
            return unknown_param(value, of, params, err);
        if (yaml_read_param(value, param, *out, err))
            return -1;
    }
    return 0;
}

/* -- lists --------------------------------------------------------------------------------------------------------- */

struct list_kind {
    size_t size; /* of an element */
    int (*read)(const struct yaml *value, void *element, struct arena *arena, struct error *err);
    const char *(*label)(const void *element); /* unique in the list */
    const char *hint;                          /* what to do about two of the same */
};

static int check_unique(const struct list_kind *kind, const struct yaml *value, const char *elements, int count,
                        struct error *err)
{
    const char *last = kind->label(elements + (size_t)(count - 1) * kind->size);
    for (int i = 0; i < count - 1; i++)
        if (strcmp(kind->label(elements + (size_t)i * kind->size), last) == 0)
            return yaml_error(value, err, "\"%s\" is given twice in %s; %s", last, value->path, kind->hint);
    return 0;
}

static int read_elements(const struct yaml *first, int count, const struct list_kind *kind, void **out,
                         struct arena *arena, struct error *err)
{
    char *elements = arena_alloc(arena, (size_t)count, kind->size);
    if (!elements)
        return error_memory(err, "the config");
    const struct yaml *value = first;
    for (int i = 0; i < count; i++, value = value->next)
        if (kind->read(value, elements + (size_t)i * kind->size, arena, err) ||
            check_unique(kind, value, elements, i + 1, err))
            return -1;
    *out = elements;
    return 0;
}

static int read_list(const struct yaml *list, const struct list_kind *kind, void **out, int *count, struct arena *arena,
                     struct error *err)
{
    if (list->kind != YAML_LIST)
        return yaml_error(list, err, "%s must be a list: [a, b]", list->path);
    if (list->count == 0)
        return yaml_error(list, err, "%s is empty; name at least one", list->path);
    *count = list->count;
    return read_elements(list->first, list->count, kind, out, arena, err);
}

/* -- backbones ----------------------------------------------------------------------------------------------------- */

static int read_transform(const struct yaml *value, const struct yaml_key *key, void *field, struct arena *arena,
                          struct error *err)
{
    enum transform_input *out = field;
    bool is_given;
    if (yaml_read_bool(value, key, &is_given, arena, err))
        return -1;
    *out = is_given ? TRANSFORM_YES : TRANSFORM_NO;
    return 0;
}

static const struct yaml_key backbone_keys[] = {
    YAML_KEY(struct config_backbone, arch, yaml_read_text, .is_required = true),
    YAML_KEY(struct config_backbone, weights, yaml_read_text),
    YAML_KEY(struct config_backbone, layer, yaml_read_text),
    YAML_KEY(struct config_backbone, label, yaml_read_text),
    YAML_KEY(struct config_backbone, transform_input, read_transform),
    YAML_KEY(struct config_backbone, input, config_read_input),
    {0},
};

static int read_backbone(const struct yaml *value, void *element, struct arena *arena, struct error *err)
{
    struct config_backbone *backbone = element;
    const struct backbone_family *family;
    if (value->kind == YAML_TEXT ? yaml_read_text(value, backbone_keys, &backbone->arch, arena, err)
                                 : yaml_read_mapping(value, backbone_keys, backbone, arena, err))
        return -1;
    const struct backbone_variant *variant = backbone_find(backbone->arch, &family, err);
    if (!variant)
        return error_prefix(err, "%s: ", name_value(value, "arch")->where);
    backbone->arch = variant->name;
    if (backbone->transform_input != TRANSFORM_USUAL && !family->has_transform)
        return yaml_error(yaml_get(value, "transform_input"), err,
                          "%s has no transform of its input; leave transform_input out", variant->name);
    if (!backbone->layer)
        backbone->layer = variant->layer;
    if (!backbone->label)
        backbone->label = backbone->arch;
    backbone->where = value->where;
    backbone->entry = value;
    return check_plain_name(value, "label", backbone->label, LABEL_BYTES_MAX, err);
}

const char *config_backbone_where(const struct config_backbone *backbone, const char *key)
{
    return place_of(backbone->entry, key, backbone->where);
}

static const char *backbone_label(const void *element)
{
    return ((const struct config_backbone *)element)->label;
}

static const char label_hint[] = "give one of them another label";
static const struct list_kind backbone_list = {sizeof(struct config_backbone), read_backbone, backbone_label,
                                               label_hint};

static int read_backbones(const struct yaml *value, const struct yaml_key *key, void *field, struct arena *arena,
                          struct error *err)
{
    (void)key;
    struct config *config = field;
    void *list = NULL;
    const int status = read_list(value, &backbone_list, &list, &config->backbone_count, arena, err);
    if (!status)
        config->backbones = list;
    return status;
}

/* -- methods ------------------------------------------------------------------------------------------------------- */

static const struct yaml_key method_keys[] = {
    YAML_KEY(struct named, name, read_entry_name, .is_required = true),
    YAML_KEY(struct named, label, yaml_read_text),
    YAML_KEY(struct named, params, yaml_read_value),
    {0},
};

/* Reads the parameters that are given and checks that none is missing which has no default. */
static int read_method_params(struct config_method *out, struct arena *arena, struct error *err)
{
    const struct method *method = out->method;
    char of[LABEL_BYTES_MAX + 16], allowed[256];
    snprintf(of, sizeof of, " of method %s", method->name);
    if (read_params(out->params_given, of, method->params, method->params_size, &out->params, arena, err))
        return -1;
    const struct param *missing = param_missing(method->params, out->params);
    if (!missing)
        return 0;
    param_allowed(missing, allowed, sizeof allowed);
    return error_set(err, "%s: parameter \"%s\"%s must be given: %s", out->where, missing->name, of, allowed);
}

static int read_method(const struct yaml *value, void *element, struct arena *arena, struct error *err)
{
    struct config_method *out = element;
    struct named named = {.name = ""};
    if (read_named(value, method_keys, &named, arena, err))
        return -1;
    const struct method *method = method_called(name_value(value, "name")->where, named.name, err);
    if (!method)
        return -1;
    const bool has_label = named.label && strcmp(named.label, method->name) != 0;
    *out = (struct config_method){.method = method, .where = value->where, .params_given = named.params};
    out->label = has_label ? named.label : method->name;
    out->title = has_label ? named.label : method->title;
    if (check_plain_name(value, "label", out->label, LABEL_BYTES_MAX, err))
        return -1;
    return read_method_params(out, arena, err);
}

int config_default_method(const char *where, const char *name, struct arena *arena, struct config_method *out,
                          struct error *err)
{
    const struct method *method = method_called(where, name, err);
    if (!method)
        return -1;
    *out = (struct config_method){.method = method, .label = method->name, .title = method->title, .where = where};
    return read_method_params(out, arena, err);
}

const char *config_param_where(const struct config_method *method, const char *param)
{
    return place_of(method->params_given, param, method->where);
}

static const char *method_label(const void *element)
{
    return ((const struct config_method *)element)->label;
}

static const struct list_kind method_list = {sizeof(struct config_method), read_method, method_label, label_hint};

static int read_methods(const struct yaml *value, const struct yaml_key *key, void *field, struct arena *arena,
                        struct error *err)
{
    (void)key;
    struct config *config = field;
    void *list = NULL;
    const int status = read_list(value, &method_list, &list, &config->method_count, arena, err);
    if (!status)
        config->methods = list;
    return status;
}

/* -- metrics ------------------------------------------------------------------------------------------------------- */

static const struct yaml_key metric_keys[] = {
    YAML_KEY(struct named, name, read_entry_name, .is_required = true),
    YAML_KEY(struct named, params, yaml_read_value),
    {0},
};

static int read_metric(const struct yaml *value, void *element, struct arena *arena, struct error *err)
{
    struct config_metric *out = element;
    struct named named = {.name = ""};
    char of[LABEL_BYTES_MAX + 16];
    if (read_named(value, metric_keys, &named, arena, err))
        return -1;
    const struct metric *metric = metric_called(name_value(value, "name")->where, named.name, err);
    if (!metric)
        return -1;
    *out = (struct config_metric){.metric = metric};
    snprintf(of, sizeof of, " of metric %s", metric->name);
    return read_params(named.params, of, metric->params, metric->params_size, &out->params, arena, err);
}

static const char *metric_label(const void *element)
{
    return ((const struct config_metric *)element)->metric->name;
}

static const struct list_kind metric_list = {sizeof(struct config_metric), read_metric, metric_label, "leave one out"};

static int read_metrics(const struct yaml *value, const struct yaml_key *key, void *field, struct arena *arena,
                        struct error *err)
{
    (void)key;
    struct config *config = field;
    void *list = NULL;
    const int status = read_list(value, &metric_list, &list, &config->metric_count, arena, err);
    if (!status)
        config->metrics = list;
    return status;
}

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
    return read_params(NULL, "", out->metric->params, out->metric->params_size, &out->params, arena, err);
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

static int unknown_protocol_key(const struct yaml *value, struct error *err)
{
    const char *words[REGISTRY_MAX] = {"preset", "label"};
    int count = 2;
    for (const struct param *param = protocol_params; param->name && count < REGISTRY_MAX; param++)
        words[count++] = param->name;
    return yaml_unknown(value->key_where, "key", value->key, " in protocol", words, count, err);
}

static int read_protocol_keys(const struct yaml *mapping, struct protocol *out, struct error *err)
{
    for (const struct yaml *value = mapping->first; value; value = value->next) {
        const struct param *param = param_find(protocol_params, value->key);
        if (strcmp(value->key, "preset") == 0 || strcmp(value->key, "label") == 0)
            continue;
        if (!param)
            return unknown_protocol_key(value, err);
        if (yaml_read_param(value, param, out, err))
            return -1;
    }
    return 0;
}

/* "poppi2021+class=label": a preset with changed keys is another protocol, and its results say so. */
static const char *label_of_changes(const struct protocol *preset, const struct protocol *changed, struct arena *arena)
{
    const char *label = preset->name;
    for (const struct param *param = protocol_params; label && param->name; param++) {
        char was[PARAM_VALUE_MAX], is[PARAM_VALUE_MAX];
        param_format(param, preset, was, sizeof was);
        param_format(param, changed, is, sizeof is);
        if (strcmp(was, is) != 0)
            label = arena_format(arena, "%s+%s=%s", label, param->name, is);
    }
    return label;
}

static int read_protocol(const struct yaml *value, void *element, struct arena *arena, struct error *err)
{
    struct protocol *out = element;
    const struct yaml *name = name_value(value, "preset"), *label = name_value(value, "label");
    const char *preset_name = NULL;
    if (value->kind == YAML_LIST)
        return yaml_error(value, err, "an entry of protocol is a list; it must be a name or a mapping");
    if (!name)
        return yaml_error(value, err, "key \"preset\" is missing in protocol");
    if (yaml_read_text(name, NULL, &preset_name, arena, err))
        return -1;
    const struct protocol *preset = protocol_find(preset_name, err);
    if (!preset)
        return error_prefix(err, "%s: ", name->where);
    *out = *preset;
    if (value->kind == YAML_TEXT)
        return 0;
    if (read_protocol_keys(value, out, err))
        return -1;
    if (label && yaml_read_text(label, NULL, &out->name, arena, err))
        return -1;
    if (!label)
        out->name = label_of_changes(preset, out, arena);
    if (!out->name)
        return error_memory(err, "the config");
    return check_plain_name(label ? label : value, "label", out->name, LABEL_BYTES_MAX, err);
}

static const char *protocol_label(const void *element)
{
    return ((const struct protocol *)element)->name;
}

static const struct list_kind protocol_list = {sizeof(struct protocol), read_protocol, protocol_label, label_hint};

static int read_protocols(const struct yaml *value, const struct yaml_key *key, void *field, struct arena *arena,
                          struct error *err)
{
    (void)key;
    struct config *config = field;
    void *list = NULL;
    config->protocol_count = 1;
    const int status = value->kind == YAML_LIST
                           ? read_list(value, &protocol_list, &list, &config->protocol_count, arena, err)
                           : read_elements(value, 1, &protocol_list, &list, arena, err);
    if (!status)
        config->protocols = list;
    return status;
}

static int default_protocol(struct config *config, struct arena *arena, struct error *err)
{
    config->protocol_count = 1;
    config->protocols = arena_alloc(arena, 1, sizeof *config->protocols);
    if (!config->protocols)
        return error_memory(err, "the config");
    const struct protocol *preset = protocol_find("cambench", err);
    if (preset)
        *config->protocols = *preset;
    return preset ? 0 : -1;
}

/* -- the other sections -------------------------------------------------------------------------------------------- */

static int read_images(const struct yaml *value, const struct yaml_key *key, void *field, struct arena *arena,
                       struct error *err)
{
    if (value->kind == YAML_TEXT && strcmp(value->text, "all") == 0) {
        *(int *)field = -1;
        return 0;
    }
    if (value->kind == YAML_TEXT && strcmp(value->text, "0") == 0)
        return yaml_error(value, err, "%s is 0, so nothing would be measured; allowed: 1 or more, or all", value->path);
    if (yaml_read_int(value, key, field, arena, err) == 0)
        return 0;
    const size_t used = strlen(err->text);
    snprintf(err->text + used, sizeof err->text - used, " or all");
    return -1;
}

static const struct yaml_key dataset_keys[] = {
    YAML_KEY(struct config_dataset, path, yaml_read_text, .is_required = true),
    YAML_KEY(struct config_dataset, images, read_images, .min = 1, .max = INT_MAX),
    YAML_KEY(struct config_dataset, shuffle, yaml_read_bool),
    {0},
};

static const struct yaml_key runtime_keys[] = {
    YAML_KEY(struct config_runtime, threads, yaml_read_int, .max = 1024),
    YAML_KEY(struct config_runtime, batch, yaml_read_int, .max = 4096),
    YAML_KEY(struct config_runtime, memory, yaml_read_int, .max = 1 << 24),
    YAML_KEY(struct config_runtime, kernels, yaml_read_choice, .choices = "auto|openblas|avx512|avx2|neon|portable"),
    YAML_KEY(struct config_runtime, exact_passes, yaml_read_bool),
    {0},
};

/* A file, or a list of them. */
static int read_references(const struct yaml *value, const struct yaml_key *key, void *field, struct arena *arena,
                           struct error *err)
{
    struct config_report *report = field;
    const bool is_list = value->kind == YAML_LIST;
    report->reference_count = is_list ? value->count : 1;
    report->references = arena_alloc(arena, (size_t)report->reference_count + 1, sizeof *report->references);
    if (!report->references)
        return error_memory(err, "the config");
    const struct yaml *file = is_list ? value->first : value;
    for (int i = 0; i < report->reference_count; i++, file = file->next)
        if (yaml_read_text(file, key, &report->references[i], arena, err))
            return -1;
    return 0;
}

static const struct yaml_key report_keys[] = {
    YAML_KEY(struct config_report, plots, yaml_read_bool),
    YAML_KEY(struct config_report, overlays, yaml_read_int, .max = 100000),
    YAML_KEY(struct config_report, maps, yaml_read_bool),
    YAML_KEY(struct config_report, meta, yaml_read_bool),
    YAML_KEY(struct config_report, bootstrap, yaml_read_int, .max = 1000000),
    {.name = "reference", .read = read_references},
    {0},
};

static int read_dataset(const struct yaml *value, const struct yaml_key *key, void *field, struct arena *arena,
                        struct error *err)
{
    (void)key;
    return yaml_read_mapping(value, dataset_keys, field, arena, err);
}

static int read_runtime(const struct yaml *value, const struct yaml_key *key, void *field, struct arena *arena,
                        struct error *err)
{
    (void)key;
    return yaml_read_mapping(value, runtime_keys, field, arena, err);
}

static int read_report(const struct yaml *value, const struct yaml_key *key, void *field, struct arena *arena,
                       struct error *err)
{
    (void)key;
    return yaml_read_mapping(value, report_keys, field, arena, err);
}

static int read_name(const struct yaml *value, const struct yaml_key *key, void *field, struct arena *arena,
                     struct error *err)
{
    const char **name = field;
    return yaml_read_text(value, key, name, arena, err) ? -1
                                                        : check_plain_name(value, "name", *name, NAME_BYTES_MAX, err);
}

static int read_plugins(const struct yaml *value, const struct yaml_key *key, void *field, struct arena *arena,
                        struct error *err)
{
    (void)key, (void)field, (void)arena;
    if (value->kind == YAML_LIST && value->count == 0)
        return 0;
    return yaml_error(value, err, "plugins are not supported by this version; leave the list empty");
}

static const struct yaml_key config_keys[] = {
    YAML_KEY(struct config, name, read_name, .is_required = true),
    YAML_KEY(struct config, output, yaml_read_text),
    YAML_KEY(struct config, seed, yaml_read_seed),
    YAML_KEY(struct config, dataset, read_dataset, .is_required = true),
    {.name = "backbones", .read = read_backbones, .is_required = true},
    {.name = "methods", .read = read_methods, .is_required = true},
    {.name = "metrics", .read = read_metrics, .is_required = true},
    {.name = "protocol", .read = read_protocols},
    YAML_KEY(struct config, runtime, read_runtime),
    YAML_KEY(struct config, report, read_report),
    {.name = "plugins", .read = read_plugins},
    {0},
};

/* What report.meta compares the other metrics with must be measured. */
static int check_meta(const struct config *config, const struct yaml *root, struct error *err)
{
    char names[256] = "";
    size_t used = 0;
    for (int i = 0; i < config->metric_count; i++)
        if (config->metrics[i].metric->is_truth)
            return 0;
    for (const struct metric *const *metric = metrics; *metric && used < sizeof names; metric++)
        if ((*metric)->is_truth)
            used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "", (*metric)->name);
    const struct yaml *list = yaml_get(root, "metrics"); /* blamed where the command line has changed it */
    const bool is_set = strncmp(list->where, "--set ", 6) == 0;
    return yaml_error(
        is_set ? list : yaml_get(yaml_get(root, "report"), "meta"), err,
        "report.meta is true, but no metric compares maps with the annotated truth; add one to metrics: %s", names);
}

int config_read(const char *path, const char *const *sets, int set_count, struct arena *arena, struct config *config,
                struct error *err)
{
    struct yaml *root = yaml_read(path, arena, err);
    if (!root)
        return -1;
    for (int i = 0; i < set_count; i++)
        if (yaml_set(root, sets[i], arena, err))
            return -1;
    *config = (struct config){
        .path = path,
        .seed = 1,
        .dataset.images = -1,
        .runtime.kernels = "auto",
        .report = {.plots = true, .overlays = 8, .bootstrap = 2000},
    };
    if (yaml_read_mapping(root, config_keys, config, arena, err))
        return -1;
    if (config->report.meta && check_meta(config, root, err))
        return -1;
    if (!config->output)
        config->output = arena_format(arena, "results/%s", config->name);
    if (!config->output)
        return error_memory(err, "the config");
    return config->protocols ? 0 : default_protocol(config, arena, err);
}
