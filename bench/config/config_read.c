/*
 * bench/config/config_read.c - reads a config: the keys as tables, their defaults and ranges.
 *
 * Each row says how one key is read, defaulted and written (base/param.h). A key whose value is more than its type says has
 * a reader of its own; the lists are in config_lists.c.
 */
#include "bench/config/config.h"

#include "base/text.h"
#include "bench/config/config_classes.h"
#include "bench/config/config_entry.h"
#include "bench/config/config_lists.h"
#include "bench/config/config_rows.h"
#include "bench/config/yaml.h"
#include "bench/plugins/plugin.h"
#include "metrics/metric_table.h"

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

static int read_until(const struct yaml *value, const struct param *row, void *out, struct arena *arena,
                      struct error *err)
{
    struct config_until *until = param_field(row, out);
    until->where = value->where;
    return yaml_read_mapping(value, row->rows, until, arena, err);
}

const struct param config_until_rows[] = {
    PARAM_ROW(struct config_until, metric, STRING, .is_required = true,
              .help = "metric of the run that decides; its values have two bounds"),
    PARAM_ROW(struct config_until, half_width, FLOAT, .fallback = "0", .max = 1e6,
              .help = "a method has enough images when its interval is this wide to each side, as printed"),
    {.name = "decided",
     .type = PARAM_TYPE_STRINGS,
     .offset = offsetof(struct config_until, decided),
     .count_offset = offsetof(struct config_until, decided_count),
     .usual = "none",
     .help = "two methods: enough images when the interval of their paired difference leaves out 0"},
    PARAM_ROW(struct config_until, min_images, INT, .fallback = "50", .min = 2, .max = INT_MAX,
              .help = "no method ends before these"),
    PARAM_ROW(struct config_until, block, INT, .fallback = "50", .min = 1, .max = 100000,
              .help = "images between two looks at the rule"),
    PARAM_ROW(struct config_until, confidence, FLOAT, .fallback = "0.95", .min = 0.5, .max = 0.999999,
              .help = "of all intervals of the rule together, at any time"),
    {0},
};

const struct param config_dataset_rows[] = {
    PARAM_ROW(struct config_dataset, path, STRING, .is_required = true, .help = "image set (HDF5)"),
    PARAM_ROW(struct config_dataset, images, INT, .fallback = "all", .choices = "all", .word = -1, .min = 1,
              .max = INT_MAX, .read_yaml = read_images, .help = "number of images, from the start of the file"),
    PARAM_ROW(struct config_dataset, shuffle, BOOL, .help = "a sample fixed by the seed instead of the first images"),
    PARAM_ROW(struct config_dataset, until, TABLE, .rows = config_until_rows, .read_yaml = read_until,
              .help = "images in an order fixed by the seed, until a metric is known well enough"),
    {0},
};

const struct param config_runtime_rows[] = {
    PARAM_ROW(struct config_runtime, threads, INT, .max = 1024,
              .help = "images at once; 0: as many as there are cores"),
    PARAM_ROW(struct config_runtime, batch, INT, .max = 4096,
              .help = "masked images and changed activations in one call of the engine; 0: 256"),
    PARAM_ROW(struct config_runtime, memory, INT, .max = 1 << 24,
              .help = "MiB for a network and the sessions of its workers; 0: no limit"),
    PARAM_ROW(struct config_runtime, replicate, ENUM, .choices = "auto|off",
              .help = "a copy of a network's weights for each NUMA node; auto: if there is more than one"),
    PARAM_ROW(struct config_runtime, kernels, STRING, .fallback = "auto",
              .choices = "auto|openblas|avx512|avx2|neon|portable",
              .help = "kernels of the engine; auto: the best set that the processor supports"),
    PARAM_ROW(struct config_runtime, exact_passes, BOOL, .help = "no short cuts: repeated passes are run too"),
    PARAM_ROW(struct config_runtime, on_error, ENUM, .choices = "stop|skip",
              .help = "when a method fails on an image: stop the run, or leave that map out and go on"),
    {0},
};

const struct param config_report_rows[] = {
    PARAM_ROW(struct config_report, plots, BOOL, .fallback = "true", .help = "plots by gnuplot"),
    PARAM_ROW(struct config_report, overlays, INT, .fallback = "8", .max = 100000,
              .help = "number of images for which a sheet with the maps over the image is drawn"),
    PARAM_ROW(struct config_report, maps, BOOL, .help = "raw maps into maps.h5"),
    PARAM_ROW(struct config_report, meta, BOOL,
              .help = "compare the ranking by each metric with the ranking by annotated truth"),
    PARAM_ROW(struct config_report, bootstrap, INT, .fallback = "2000", .max = 1000000,
              .help = "resamples of the 95 % intervals; 0: no intervals"),
    {.name = "columns",
     .type = PARAM_TYPE_STRINGS,
     .offset = offsetof(struct config_report, columns),
     .count_offset = offsetof(struct config_report, column_count),
     .usual = "all metrics but costs",
     .help = "metrics in tables/paper.tex, in this order"},
    {.name = "rows",
     .type = PARAM_TYPE_STRINGS,
     .offset = offsetof(struct config_report, rows),
     .count_offset = offsetof(struct config_report, row_count),
     .usual = "all methods",
     .help = "methods in tables/paper.tex, by their labels, in this order"},
    PARAM_ROW(struct config_report, split, ENUM, .choices = "none|backbone|metric",
              .help = "one table in tables/paper.tex, or one for each backbone or metric"),
    PARAM_ROW(struct config_report, digits, INT, .fallback = "auto", .min = 0, .max = 9, .choices = "auto", .word = -1,
              .help = "digits after the point in tables/paper.tex"),
    PARAM_ROW(struct config_report, intervals, BOOL, .help = "intervals beside the means in tables/paper.tex"),
    PARAM_ROW(struct config_report, caption, STRING, .usual = "the run's name", .help = "of tables/paper.tex"),
    PARAM_ROW(struct config_report, label, STRING, .usual = "the run's name",
              .help = "of tables/paper.tex: tab:LABEL-N"),
    {.name = "reference",
     .type = PARAM_TYPE_STRINGS,
     .offset = offsetof(struct config_report, references),
     .count_offset = offsetof(struct config_report, reference_count),
     .usual = "none",
     .help = "CSV files of published numbers, printed beside the measured ones"},
    PARAM_ROW(struct config_report, reference_method, STRING, .usual = "the best", .allowed = "a label of methods",
              .help = "method that the others are compared with in the plot of differences"),
    {0},
};

static int read_name(const struct yaml *value, const struct param *row, void *out, struct arena *arena,
                     struct error *err)
{
    const char **name = param_field(row, out);
    (void)arena;
    return yaml_read_text(value, name, err) ? -1 : config_check_label(value, "name", *name, NAME_BYTES_MAX, err);
}

/* Loads the plugins before the other keys are read, which may name their methods and metrics. */
static int load_plugins(const struct yaml *root, struct error *err)
{
    const struct yaml *value = root->kind == YAML_MAPPING ? yaml_get(root, "plugins") : NULL;
    const bool is_list = value && value->kind == YAML_LIST;
    const char *path;
    for (const struct yaml *item = is_list ? value->first : value; item; item = is_list ? item->next : NULL) {
        if (yaml_read_text(item, &path, err))
            return -1;
        if (!plugin_load(path, err))
            return error_prefix(err, "%s: ", item->where);
    }
    return 0;
}

/* clang-format off */
#define LIST(key, field, count, kind, ...) \
    {.name = key, .type = PARAM_TYPE_LIST, .offset = offsetof(struct config, field), \
     .count_offset = offsetof(struct config, count), .read_yaml = config_read_list, .more = &(kind), __VA_ARGS__}
/* clang-format on */

const struct param config_rows[] = {
    PARAM_ROW(struct config, name, STRING, .is_required = true, .read_yaml = read_name,
              .allowed = "a plain folder name", .help = "name of the run, of at most 128 bytes"),
    PARAM_ROW(struct config, output, STRING, .usual = "results/NAME", .help = "run directory"),
    PARAM_ROW(struct config, seed, SEED, .fallback = "1", .help = "for samples, random maps and bootstrap"),
    PARAM_ROW(struct config, dataset, TABLE, .rows = config_dataset_rows, .is_required = true,
              .help = "the images that are explained"),
    LIST("backbones", backbones, backbone_count, config_backbones, .is_required = true,
         .help = "networks, each an architecture or a mapping"),
    LIST("methods", methods, method_count, config_methods, .is_required = true,
         .help = "CAM methods, each a name or a mapping"),
    LIST("metrics", metrics, metric_count, config_metrics, .is_required = true,
         .help = "metrics of the maps, each a name or a mapping"),
    LIST("protocol", protocols, protocol_count, config_protocols, .usual = CONFIG_USUAL_PROTOCOL,
         .help = "settings that numbers depend on: one preset or mapping, or a list of them"),
    {.name = "class",
     .type = PARAM_TYPE_STRING,
     .offset = offsetof(struct config, klass),
     .usual = "the preset's",
     .allowed = "predicted, label, second, lowest, top:K, rank:R, or a class by number, name or synset",
     .help = "class that is explained, for protocols that name none"},
    PARAM_ROW(struct config, runtime, TABLE, .rows = config_runtime_rows, .help = "threads, memory and kernels"),
    PARAM_ROW(struct config, report, TABLE, .rows = config_report_rows, .help = "plots, pictures, maps and intervals"),
    {.name = "plugins",
     .type = PARAM_TYPE_STRINGS,
     .offset = offsetof(struct config, plugins),
     .count_offset = offsetof(struct config, plugin_count),
     .usual = "[]",
     .help = "shared libraries with methods and metrics of your own"},
    {0},
};

/* An element of a list in report that names none of the config's metrics or methods. */
static int unknown_in_table(const struct yaml *root, const char *key, const char *name, const char *kind,
                            struct error *err)
{
    const struct yaml *list = yaml_get(yaml_get(root, "report"), key);
    return yaml_error(list, err, "report.%s: the config has no %s \"%s\"", key, kind, TEXT_SHOWN(name));
}

/* Columns and rows of the paper's table must be measured. */
static int check_table(const struct config *config, const struct yaml *root, struct error *err)
{
    const struct config_report *report = &config->report;
    for (int i = 0; i < report->column_count; i++)
        if (config_metric_position(config, report->columns[i]) < 0)
            return unknown_in_table(root, "columns", report->columns[i], "metric", err);
    for (int i = 0; i < report->row_count; i++)
        if (config_method_position(config, report->rows[i]) < 0)
            return unknown_in_table(root, "rows", report->rows[i], "method", err);
    return 0;
}

/* What report.meta compares the other metrics with must be measured. */
static int check_meta(const struct config *config, const struct yaml *root, struct error *err)
{
    char names[256] = "";
    size_t used = 0;
    for (int i = 0; i < config->metric_count; i++)
        if (config->metrics[i].metric->is_truth)
            return 0;
    for (const struct metric *const *metric = metrics_all(); *metric && used < sizeof names; metric++)
        if ((*metric)->is_truth)
            used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "", (*metric)->name);
    const struct yaml *list = yaml_get(root, "metrics"); /* blamed where the command line has changed it */
    const bool is_set = strncmp(list->where, "--set ", 6) == 0;
    return yaml_error(
        is_set ? list : yaml_get(yaml_get(root, "report"), "meta"), err,
        "report.meta is true, but no metric compares maps with the annotated truth; add one to metrics: %s", names);
}

/* The method that others are compared with must be one of the run's. */
static int check_reference_method(const struct config *config, const struct yaml *root, struct error *err)
{
    const char *label = config->report.reference_method;
    if (config_method_position(config, label) >= 0)
        return 0;
    const struct yaml *report = yaml_get(root, "report");
    return yaml_error(yaml_get(report, "reference_method"), err,
                      "report.reference_method is \"%s\", which is not a label of methods", TEXT_SHOWN(label));
}

/* Whether the run measures a metric: one of the config's, or a part of one. */
static bool has_metric(const struct config *config, const char *name)
{
    for (int i = 0; i < config->metric_count; i++)
        for (const char *const *part = config->metrics[i].metric->parts; *part; part++)
            if (strcmp(*part, name) == 0)
                return true;
    return config_metric_position(config, name) >= 0;
}

static int check_until(const struct config *config, struct error *err)
{
    const struct config_until *until = &config->dataset.until;
    if (!until->metric)
        return 0;
    if ((until->half_width > 0) == (until->decided_count > 0))
        return error_set(err, "%s: dataset.until has %s of half_width and decided; give one of them", until->where,
                         until->decided_count ? "both" : "none");
    if (until->decided_count && (until->decided_count != 2 || strcmp(until->decided[0], until->decided[1]) == 0))
        return error_set(err, "%s: dataset.until.decided must name two methods: [gradcam, layercam]", until->where);
    for (int i = 0; i < until->decided_count; i++)
        if (config_method_position(config, until->decided[i]) < 0)
            return error_set(err, "%s: dataset.until.decided: \"%s\" is not the label of a method of this config",
                             until->where, until->decided[i]);
    if (!has_metric(config, until->metric))
        return error_set(err, "%s: dataset.until.metric: \"%s\" is not a metric of this config", until->where,
                         until->metric);
    if (config->report.maps)
        return error_set(err, "%s: dataset.until and report.maps: maps.h5 holds the maps of all images", until->where);
    if (config->report.overlays > until->min_images)
        return error_set(err, "%s: report.overlays is %d, more than dataset.until.min_images, %d", until->where,
                         config->report.overlays, until->min_images);
    return 0;
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
    if (load_plugins(root, err) || yaml_read_mapping(root, config_rows, config, arena, err))
        return -1;
    if (check_table(config, root, err) || (config->report.meta && check_meta(config, root, err)) ||
        check_until(config, err))
        return -1;
    if (config->report.reference_method && check_reference_method(config, root, err))
        return -1;
    if (!config->output)
        config->output = arena_format(arena, "results/%s", config->name);
    if (!config->output)
        return error_memory(err, "the config");
    if (!config->protocols && config_default_protocol(config, arena, err))
        return -1;
    return config_apply_classes(config, root, arena, err);
}
