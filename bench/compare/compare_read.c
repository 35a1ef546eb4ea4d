/*
 * bench/compare/compare_read.c - reads names and values from run.db, their settings from config.yaml, and the machine
 * from manifest.json.
 */
#include "bench/compare/compare_read.h"

#include "base/file.h"
#include "bench/config/yaml.h"
#include "bench/plugins/plugin.h"
#include "bench/process/interrupt.h"
#include "bench/process/program.h"
#include "bench/run/manifest.h"
#include "bench/run/results_table.h"
#include "methods/method_table.h"
#include "metrics/metric_table.h"
#include "models/model.h"

#include <math.h>
#include <string.h>

enum { HASH_SHOWN = 12 };

/* A run folder being read: the config as a tree, and the open store. */
struct run_folder {
    const char *folder;
    struct arena *arena;
    struct store *store;
    struct store_names names;
    const struct yaml *config;
};

/* -- the config as text -------------------------------------------------------------------------------------------- */

static const char *text_of(const struct yaml *mapping, const char *key)
{
    const struct yaml *value = mapping && mapping->kind == YAML_MAPPING ? yaml_get(mapping, key) : NULL;
    return value && value->kind == YAML_TEXT ? value->text : "";
}

/* The row of a list whose `key` is `name`; NULL and an error that names the list. */
static const struct yaml *row_of(const struct run_folder *source, const char *list, const char *key, const char *name,
                                 struct error *err)
{
    const struct yaml *rows = yaml_get(source->config, list);
    for (const struct yaml *row = rows && rows->kind == YAML_LIST ? rows->first : NULL; row; row = row->next)
        if (strcmp(text_of(row, key), name) == 0)
            return row;
    error_set(err, "run \"%s\": config.yaml has no \"%s\" in %s, which run.db has", source->folder, name, list);
    return NULL;
}

/* A list's values as "a,b", and the text of a single value; NULL: no memory. */
static const char *value_text(const struct yaml *value, struct arena *arena)
{
    if (value->kind == YAML_TEXT)
        return value->text;
    const char *text = "";
    for (const struct yaml *part = value->first; part && text; part = part->next) {
        const char *own = value_text(part, arena);
        text = own ? arena_format(arena, "%s%s%s", text, *text ? "," : "", own) : NULL;
    }
    return text;
}

/* "before key=value key=value" with a mapping's keys except `label` and `preset`; NULL: no memory. */
static const char *words_of(const char *before, const struct yaml *mapping, struct arena *arena)
{
    const char *text = before;
    const struct yaml *value = mapping && mapping->kind == YAML_MAPPING ? mapping->first : NULL;
    for (; value && text; value = value->next) {
        if (strcmp(value->key, "label") == 0 || strcmp(value->key, "preset") == 0)
            continue;
        const char *own = value_text(value, arena);
        text = own ? arena_format(arena, "%s%s%s=%s", text, *text ? " " : "", value->key, own) : NULL;
    }
    return text;
}

/* -- the lists ----------------------------------------------------------------------------------------------------- */

static const char *version_text(const struct run_folder *source, int version)
{
    return arena_format(source->arena, "version %d", version);
}

/* "input mean=... std=..." with the input's settings in the config; "" if it has none; NULL: no memory. */
static const char *input_of(const struct yaml *row, struct arena *arena)
{
    const struct yaml *input = yaml_get(row, "input");
    return input ? words_of("input", input, arena) : "";
}

/* ", file HASH" for each further file of a model; NULL: no memory. */
static const char *files_of(const struct run_folder *source, const char *label)
{
    const char *text = "", *hash = "";
    for (int i = 1; text && hash; i++) {
        const char *key = arena_format(source->arena, "sha256 of model file %d of %s", i, label);
        hash = key ? store_manifest(source->store, key, source->arena) : NULL;
        if (hash)
            text = arena_format(source->arena, "%s, file %.*s", text, HASH_SHOWN, hash);
    }
    return text;
}

static int fill_backbones(const struct run_folder *source, struct report_backbone *out, struct compare_row *rows,
                          struct error *err)
{
    for (int i = 0; i < source->names.lists[STORE_BACKBONES].count; i++) {
        const char *label = source->names.lists[STORE_BACKBONES].names[i];
        const struct yaml *row = row_of(source, "backbones", "label", label, err);
        if (!row)
            return -1;
        struct error ignored;
        struct model_facts facts;
        const char *arch = text_of(row, "arch"), *layer = text_of(row, "layer");
        const char *model = text_of(row, "model"), *output = text_of(row, "output");
        const struct model_spec spec = {.arch = *model ? NULL : arch,
                                        .model = *model ? model : NULL,
                                        .command = *model ? text_of(row, "command") : NULL,
                                        .weights = *model ? NULL : text_of(row, "weights")};
        const bool is_known = model_describe(&spec, &facts, &ignored) == 0;
        arch = *model && is_known && facts.arch ? facts.arch : arch;
        const char *transform = text_of(row, "transform_input"), *stem = text_of(row, "stem");
        const char *input = input_of(row, source->arena);
        layer = !*layer && is_known && facts.layer ? facts.layer : layer;
        const char *key = arena_format(source->arena, "sha256 of weights of %s", label);
        const char *hash = key ? store_manifest(source->store, key, source->arena) : NULL;
        const char *files = files_of(source, label);
        out[i] = (struct report_backbone){.name = label, .title = label, .arch = arch, .layer = layer};
        rows[i] = (struct compare_row){
            label, arena_format(source->arena, "%s %s", arch, layer),
            arena_format(source->arena, "weights %.*s%s%s%s%s%s%s%s%s%s", HASH_SHOWN, hash ? hash : "unknown",
                         *transform ? ", transform_input " : "", transform, *stem ? ", stem " : "", stem,
                         input && *input ? ", " : "", input, files ? files : "", *output ? ", output " : "", output)};
        if (!rows[i].kind || !rows[i].state || !input || !files)
            return error_memory(err, "the comparison");
    }
    return 0;
}

/* Whether this program's method of that name is a control; a method that no longer exists is not one. */
static bool is_control(const char *name)
{
    const struct method *method = methods_find(name);
    return method && method->group == METHOD_CONTROL;
}

static int fill_methods(const struct run_folder *source, struct report_method *out, struct compare_row *rows,
                        struct error *err)
{
    for (int i = 0; i < source->names.lists[STORE_METHODS].count; i++) {
        const char *label = source->names.lists[STORE_METHODS].names[i];
        const struct yaml *row = row_of(source, "methods", "label", label, err);
        if (!row)
            return -1;
        const char *name = text_of(row, "name");
        out[i] = (struct report_method){.name = label, .title = label, .is_control = is_control(name), .method = name};
        rows[i] = (struct compare_row){label, words_of(name, yaml_get(row, "params"), source->arena),
                                       version_text(source, source->names.lists[STORE_METHODS].versions[i])};
        if (!rows[i].kind || !rows[i].state)
            return error_memory(err, "the comparison");
    }
    return 0;
}

static int fill_protocols(const struct run_folder *source, struct report_protocol *out, struct compare_row *rows,
                          struct error *err)
{
    for (int i = 0; i < source->names.lists[STORE_PROTOCOLS].count; i++) {
        const char *label = source->names.lists[STORE_PROTOCOLS].names[i];
        const struct yaml *row = row_of(source, "protocol", "label", label, err);
        if (!row)
            return -1;
        const char *preset = text_of(row, "preset");
        out[i] = (struct report_protocol){.name = label, .preset = preset};
        rows[i] = (struct compare_row){label, words_of(preset, row, source->arena),
                                       version_text(source, source->names.lists[STORE_PROTOCOLS].versions[i])};
        if (!rows[i].kind || !rows[i].state)
            return error_memory(err, "the comparison");
    }
    return 0;
}

static int position_of(const struct store_names *names, const char *metric)
{
    for (int i = 0; i < names->lists[STORE_METRICS].count; i++)
        if (strcmp(names->lists[STORE_METRICS].names[i], metric) == 0)
            return i;
    return -1;
}

/* A metric's parameters in the run; NULL: they are not those of this program, or no memory. */
static const void *params_of(const struct metric *metric, const struct yaml *mapping, struct arena *arena)
{
    void *params = arena_alloc(arena, 1, metric->params_size + 1);
    struct error ignored;
    if (!params || !metric->params)
        return params;
    param_defaults(metric->params, params);
    for (const struct param *row = metric->params; row->name; row++)
        if (*text_of(mapping, row->name) && param_parse(row, text_of(mapping, row->name), params, &ignored))
            return NULL;
    return params;
}

/* The form that a metric has with the parameters of the run; its own if they are not those of this program. */
static const struct metric *form_of(const struct metric *metric, const struct yaml *mapping, struct arena *arena)
{
    const void *params = metric->form ? params_of(metric, mapping, arena) : NULL;
    return params ? metric_form(metric, params) : metric;
}

/* Counts whose length is not known are not compared. */
static struct report_counted counted_row(const struct metric *metric, const struct yaml *mapping, struct arena *arena)
{
    const void *params = metric && metric->combine_counts ? params_of(metric, mapping, arena) : NULL;
    if (!params)
        return (struct report_counted){.combine = metric ? metric->combine_counts : NULL};
    return (struct report_counted){metric->combine_counts, metric->count_length(params), params};
}

/* A metric as this program describes it; one that no longer exists is a number without unit or range. */
static struct report_metric metric_row(const struct store_names *names, const char *name, const struct yaml *params,
                                       struct arena *arena)
{
    const struct metric *metric = metrics_find(name), *form = metric ? form_of(metric, params, arena) : NULL;
    struct report_metric row = {.name = name, .title = name, .unit = "", .min = -INFINITY, .max = INFINITY};
    if (metric)
        row = (struct report_metric){.name = name,
                                     .title = form->title,
                                     .unit = form->unit,
                                     .is_percent = metric->is_percent,
                                     .higher_is_better = form->direction == METRIC_HIGHER_IS_BETTER,
                                     .is_cost = metric->is_cost,
                                     .min = form->min,
                                     .max = form->max,
                                     .combine = metric->combine};
    int count = 0;
    for (; metric && metric->parts[count]; count++) {
        row.parts[count] = position_of(names, metric->parts[count]);
        if (row.parts[count] < 0)
            break;
    }
    row.parts[metric && metric->parts[count] ? 0 : count] = -1; /* all parts, or none if the run lacks one */
    return row;
}

static int fill_metrics(const struct run_folder *source, struct report_metric *out, struct report_counted *counted,
                        struct compare_row *rows, struct error *err)
{
    for (int i = 0; i < source->names.lists[STORE_METRICS].count; i++) {
        const char *name = source->names.lists[STORE_METRICS].names[i];
        const struct yaml *row = row_of(source, "metrics", "name", name, err);
        if (!row)
            return -1;
        out[i] = metric_row(&source->names, name, yaml_get(row, "params"), source->arena);
        counted[i] = counted_row(metrics_find(name), yaml_get(row, "params"), source->arena);
        rows[i] = (struct compare_row){name, words_of(name, yaml_get(row, "params"), source->arena),
                                       version_text(source, source->names.lists[STORE_METRICS].versions[i])};
        if (!rows[i].kind || !rows[i].state)
            return error_memory(err, "the comparison");
    }
    return 0;
}

static int fill_lists(const struct run_folder *source, struct compared *out, struct error *err)
{
    const struct store_names *names = &source->names;
    const int counts[COMPARE_LISTS] = {names->lists[STORE_BACKBONES].count, names->lists[STORE_METHODS].count,
                                       names->lists[STORE_PROTOCOLS].count, names->lists[STORE_METRICS].count};
    struct compare_row *rows[COMPARE_LISTS];
    for (int l = 0; l < COMPARE_LISTS; l++) {
        rows[l] = arena_alloc(source->arena, (size_t)counts[l] + 1, sizeof **rows);
        out->side.rows[l] = rows[l];
        if (!rows[l])
            return error_memory(err, "the comparison");
    }
    struct report_backbone *backbones = arena_alloc(source->arena, (size_t)counts[0] + 1, sizeof *backbones);
    struct report_method *method_rows = arena_alloc(source->arena, (size_t)counts[1] + 1, sizeof *method_rows);
    struct report_protocol *protocols = arena_alloc(source->arena, (size_t)counts[2] + 1, sizeof *protocols);
    struct report_metric *metric_rows = arena_alloc(source->arena, (size_t)counts[3] + 1, sizeof *metric_rows);
    struct report_counted *counted = arena_alloc(source->arena, (size_t)counts[3] + 1, sizeof *counted);
    if (!backbones || !method_rows || !protocols || !metric_rows || !counted)
        return error_memory(err, "the comparison");
    out->report = (struct report){.name = text_of(source->config, "name"),
                                  .folder = source->folder,
                                  .program = CAMBENCH_PROGRAM,
                                  .backbone_count = names->lists[STORE_BACKBONES].count,
                                  .method_count = names->lists[STORE_METHODS].count,
                                  .protocol_count = names->lists[STORE_PROTOCOLS].count,
                                  .metric_count = names->lists[STORE_METRICS].count,
                                  .image_count = names->lists[STORE_IMAGES].count,
                                  .backbones = backbones,
                                  .methods = method_rows,
                                  .protocols = protocols,
                                  .metrics = metric_rows,
                                  .counted = counted,
                                  .images = names->lists[STORE_IMAGES].names};
    return fill_backbones(source, backbones, rows[COMPARE_BACKBONES], err) ||
                   fill_methods(source, method_rows, rows[COMPARE_METHODS], err) ||
                   fill_protocols(source, protocols, rows[COMPARE_PROTOCOLS], err) ||
                   fill_metrics(source, metric_rows, counted, rows[COMPARE_METRICS], err)
               ? -1
               : 0;
}

/* -- facts --------------------------------------------------------------------------------------------------------- */

static const char *json_text(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static int fill_facts(const struct run_folder *source, const json_t *manifest, struct compared *out, struct error *err)
{
    enum { FACTS = 4 };
    struct arena *arena = source->arena;
    const struct yaml *runtime = yaml_get(source->config, "runtime");
    const json_t *machine = json_object_get(manifest, "machine");
    const char *images = store_manifest(source->store, "sha256 of images", arena), *cpu = json_text(machine, "cpu");
    const char **facts = arena_alloc(arena, FACTS + 1, sizeof *facts);
    if (!facts)
        return error_memory(err, "the comparison");
    facts[0] = arena_format(arena, "seed %s", text_of(source->config, "seed"));
    facts[1] = arena_format(arena, "image set %.*s", HASH_SHOWN, images ? images : "unknown");
    facts[2] = arena_format(arena, "kernels %s, exact passes %s", text_of(runtime, "kernels"),
                            text_of(runtime, "exact_passes"));
    facts[3] = arena_format(arena, "processor %s, kernels for %s", *cpu ? cpu : "unknown",
                            json_text(json_object_get(manifest, "blas"), "core"));
    out->side.facts = facts;
    if (*cpu)
        out->side.machine = arena_format(arena, "%s, threads %lld", cpu,
                                         (long long)json_integer_value(json_object_get(machine, "threads")));
    out->side.processor_wait = json_number_value(json_object_get(machine, "processor_wait")); /* 0 if there is none */
    out->started = arena_string(arena, json_text(manifest, "started"));
    bool is_ready = out->started && (out->side.machine || !*cpu);
    for (int i = 0; i < FACTS; i++)
        is_ready = is_ready && facts[i];
    return is_ready ? 0 : error_memory(err, "the comparison");
}

static int count_items(const struct run_folder *source, struct compared *out, struct error *err)
{
    int skipped;
    const struct store_names *names = &source->names;
    for (int b = 0; b < names->lists[STORE_BACKBONES].count; b++)
        for (int i = 0; i < names->lists[STORE_IMAGES].count; i++)
            for (int m = 0; m < names->lists[STORE_METHODS].count; m++)
                out->items += store_has_item(source->store, b, i, m);
    if (store_skipped_count(source->store, &skipped, err))
        return -1;
    out->items_wanted = names->lists[STORE_BACKBONES].count * names->lists[STORE_METHODS].count *
                        (names->lists[STORE_IMAGES].count - skipped);
    return 0;
}

static int read_programs(const struct run_folder *source, struct compared *out, struct error *err)
{
    if (store_read_programs(source->store, source->arena, &out->programs, err))
        return -1;
    out->program = program_text(&out->programs, source->arena);
    out->kernels = program_kernels(&out->programs, source->arena);
    return out->program && out->kernels ? 0 : error_memory(err, "the comparison");
}

/*
 * Loads the plugins that the config names, because metrics are looked up by name. The metrics of a plugin whose file is gone
 * are treated like those of an older program that this one does not have.
 */
static void load_plugins(const struct yaml *config)
{
    const struct yaml *list = yaml_get(config, "plugins");
    struct error ignored;
    for (const struct yaml *item = list && list->kind == YAML_LIST ? list->first : NULL; item; item = item->next)
        if (item->kind == YAML_TEXT)
            plugin_load(item->text, &ignored);
}

static int read_source(struct run_folder *source, struct compared *out, struct error *err)
{
    char path[PATH_MAX];
    json_t *manifest;
    if (file_join(path, source->folder, "config.yaml", err))
        return -1;
    source->config = yaml_read(path, source->arena, err);
    if (!source->config)
        return -1;
    if (source->config->kind != YAML_MAPPING)
        return error_set(err, "\"%s\": no config", path);
    load_plugins(source->config);
    if (manifest_read(source->folder, &manifest, err))
        return -1;
    const int status = fill_lists(source, out, err) || fill_facts(source, manifest, out, err) ||
                               results_fill_table(source->store, source->arena, &out->report, err) ||
                               count_items(source, out, err)
                           ? -1
                           : 0;
    json_decref(manifest);
    return status || read_programs(source, out, err) ? -1 : 0;
}

int compared_read(const char *folder, struct arena *arena, struct compared *out, struct error *err)
{
    struct run_folder source = {.folder = folder, .arena = arena};
    *out = (struct compared){.folder = folder};
    source.store = store_open_to_read(folder, arena, &source.names, err);
    if (!source.store)
        return -1;
    store_stop_when(source.store, &interrupt_has_come);
    const int status = read_source(&source, out, err) || store_check_unchanged(source.store, err) ? -1 : 0;
    store_close(source.store);
    out->names = source.names;
    out->side.report = &out->report;
    return status;
}
