/*
 * bench/config/config_read.c - reads a config: the keys as tables, their defaults and ranges.
 *
 * Each row says how one key is read, defaulted and written (base/param.h). A key whose value is more than its type says has
 * a reader of its own; the lists are in config_lists.c.
 */
#include "bench/config/config.h"

#include "bench/config/config_entry.h"
#include "bench/config/config_lists.h"
#include "bench/config/config_rows.h"
#include "bench/config/yaml.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#define NAME_BYTES_MAX 128

static int read_images(const struct yaml *value, const struct param *row, void *out, struct arena *arena,
                       struct error *err)
{
    if (value->kind == YAML_TEXT && strcmp(value->text, row->choices) == 0) { /* in quotes, too */
        *(int *)param_field(row, out) = row->word;
        return 0;
    }
    if (value->kind == YAML_TEXT && strcmp(value->text, "0") == 0)
        return yaml_error(value, err, "%s is 0, so nothing would be measured; allowed: 1 or more, or all", value->path);
    return yaml_read_value(value, row, out, arena, err);
}

const struct param config_dataset_rows[] = {
    PARAM_ROW(struct config_dataset, path, STRING, .is_required = true),
    PARAM_ROW(struct config_dataset, images, INT, .fallback = "all", .choices = "all", .word = -1, .min = 1,
              .max = INT_MAX, .read_yaml = read_images),
    PARAM_ROW(struct config_dataset, shuffle, BOOL),
    {0},
};

const struct param config_runtime_rows[] = {
    PARAM_ROW(struct config_runtime, threads, INT, .max = 1024),
    PARAM_ROW(struct config_runtime, batch, INT, .max = 4096),
    PARAM_ROW(struct config_runtime, memory, INT, .max = 1 << 24),
    PARAM_ROW(struct config_runtime, kernels, STRING, .fallback = "auto",
              .choices = "auto|openblas|avx512|avx2|neon|portable"),
    PARAM_ROW(struct config_runtime, exact_passes, BOOL),
    {0},
};

const struct param config_report_rows[] = {
    PARAM_ROW(struct config_report, plots, BOOL, .fallback = "true"),
    PARAM_ROW(struct config_report, overlays, INT, .fallback = "8", .max = 100000),
    PARAM_ROW(struct config_report, maps, BOOL),
    PARAM_ROW(struct config_report, meta, BOOL),
    PARAM_ROW(struct config_report, bootstrap, INT, .fallback = "2000", .max = 1000000),
    {.name = "reference",
     .type = PARAM_TYPE_STRINGS,
     .offset = offsetof(struct config_report, references),
     .count_offset = offsetof(struct config_report, reference_count)},
    {0},
};

static int read_name(const struct yaml *value, const struct param *row, void *out, struct arena *arena,
                     struct error *err)
{
    const char **name = param_field(row, out);
    (void)arena;
    return yaml_read_text(value, name, err) ? -1 : config_check_label(value, "name", *name, NAME_BYTES_MAX, err);
}

static int read_plugins(const struct yaml *value, const struct param *row, void *out, struct arena *arena,
                        struct error *err)
{
    (void)row, (void)out, (void)arena;
    if (value->kind == YAML_LIST && value->count == 0)
        return 0;
    return yaml_error(value, err, "plugins are not supported by this version; leave the list empty");
}

/* clang-format off */
#define LIST(key, field, count, kind, is_needed) \
    {.name = key, .type = PARAM_TYPE_LIST, .offset = offsetof(struct config, field), \
     .count_offset = offsetof(struct config, count), .is_required = is_needed, .read_yaml = config_read_list, .more = &(kind)}
/* clang-format on */

static const struct param config_rows[] = {
    PARAM_ROW(struct config, name, STRING, .is_required = true, .read_yaml = read_name),
    PARAM_ROW(struct config, output, STRING),
    PARAM_ROW(struct config, seed, SEED, .fallback = "1"),
    PARAM_ROW(struct config, dataset, TABLE, .rows = config_dataset_rows, .is_required = true),
    LIST("backbones", backbones, backbone_count, config_backbones, true),
    LIST("methods", methods, method_count, config_methods, true),
    LIST("metrics", metrics, metric_count, config_metrics, true),
    LIST("protocol", protocols, protocol_count, config_protocols, false),
    PARAM_ROW(struct config, runtime, TABLE, .rows = config_runtime_rows),
    PARAM_ROW(struct config, report, TABLE, .rows = config_report_rows),
    {.name = "plugins", .read_yaml = read_plugins},
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
    *config = (struct config){.path = path};
    param_defaults(config_rows, config);
    if (yaml_read_mapping(root, config_rows, config, arena, err))
        return -1;
    if (config->report.meta && check_meta(config, root, err))
        return -1;
    if (!config->output)
        config->output = arena_format(arena, "results/%s", config->name);
    if (!config->output)
        return error_memory(err, "the config");
    return config->protocols ? 0 : config_default_protocol(config, arena, err);
}
