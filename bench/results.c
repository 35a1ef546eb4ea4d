/* bench/results.c - from config and store to the plain table that report/ takes, and what becomes of it. */
#include "bench/run.h"

#include "base/file.h"
#include "base/text.h"
#include "bench/bench.h"
#include "bench/paper_numbers.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int metric_position(const struct config *config, const char *name)
{
    for (int i = 0; i < config->metric_count; i++)
        if (strcmp(config->metrics[i].metric->name, name) == 0)
            return i;
    return -1;
}

static struct report_metric metric_row(const struct config *config, const struct metric *metric)
{
    struct report_metric row = {.name = metric->name,
                                .title = metric->title,
                                .unit = metric->unit,
                                .is_percent = metric->is_percent,
                                .higher_is_better = metric->direction == METRIC_HIGHER_IS_BETTER,
                                .is_cost = metric->is_cost,
                                .is_truth = metric->is_truth,
                                .min = metric->min,
                                .max = metric->max,
                                .combine = metric->combine};
    int count = 0;
    while (metric->parts[count]) {
        row.parts[count] = metric_position(config, metric->parts[count]);
        count++;
    }
    row.parts[count] = -1;
    return row;
}

static int method_row(const struct config_method *config, struct arena *arena, struct report_method *out,
                      struct error *err)
{
    const struct param *params = config->method->params;
    int count = 0;
    while (params && params[count].name)
        count++;
    const char **texts = arena_alloc(arena, (size_t)count + 1, sizeof *texts);
    for (int i = 0; texts && i < count; i++) {
        char value[PARAM_TEXT_MAX];
        param_format(&params[i], config->params, value, sizeof value);
        texts[i] = arena_format(arena, "%s=%s", params[i].name, value);
        if (!texts[i])
            texts = NULL;
    }
    *out =
        (struct report_method){config->label, config->title, config->method->is_control, config->method->name, texts};
    return texts ? 0 : error_memory(err, "the report");
}

static int fill_lists(const struct config *config, struct arena *arena, struct report *report, struct error *err)
{
    struct report_backbone *backbones = arena_alloc(arena, (size_t)config->backbone_count, sizeof *backbones);
    struct report_method *rows = arena_alloc(arena, (size_t)config->method_count, sizeof *rows);
    struct report_protocol *protocol_rows = arena_alloc(arena, (size_t)config->protocol_count, sizeof *protocol_rows);
    struct report_metric *metric_rows = arena_alloc(arena, (size_t)config->metric_count, sizeof *metric_rows);
    if (!backbones || !rows || !protocol_rows || !metric_rows)
        return error_memory(err, "the report");
    for (int b = 0; b < config->backbone_count; b++) {
        const struct config_backbone *c = &config->backbones[b];
        const struct backbone_family *family;
        const struct backbone_variant *variant = backbone_find(c->arch, &family, err);
        if (!variant)
            return -1;
        const char *title = strcmp(c->label, c->arch) == 0 ? variant->title : c->label;
        backbones[b] = (struct report_backbone){
            .name = c->label, .title = title, .arch = c->arch, .layer = c->layer ? c->layer : variant->layer};
    }
    for (int m = 0; m < config->method_count; m++)
        if (method_row(&config->methods[m], arena, &rows[m], err))
            return -1;
    for (int p = 0; p < config->protocol_count; p++)
        protocol_rows[p] = (struct report_protocol){config->protocols[p].name, config->protocols[p].preset};
    for (int k = 0; k < config->metric_count; k++)
        metric_rows[k] = metric_row(config, config->metrics[k].metric);
    report->backbones = backbones;
    report->methods = rows;
    report->protocols = protocol_rows;
    report->metrics = metric_rows;
    return 0;
}

int results_read(const struct config *config, struct store *store, const char *const *images, int image_count,
                 struct arena *arena, struct report *report, struct error *err)
{
    *report = (struct report){.name = config->name,
                              .folder = config->output,
                              .program = CAMBENCH_PROGRAM,
                              .backbone_count = config->backbone_count,
                              .method_count = config->method_count,
                              .protocol_count = config->protocol_count,
                              .metric_count = config->metric_count,
                              .image_count = image_count,
                              .images = images,
                              .bootstrap = config->report.bootstrap,
                              .seed = config->seed};
    if (fill_lists(config, arena, report, err) || paper_numbers_read(&config->report, arena, report, err))
        return -1;
    return store_read(store, arena, report, err);
}

int terminal_columns(void)
{
    struct winsize size;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

/* The meta-evaluation's files; on return *meta is malloc'd, or NULL if none is asked for. */
static int write_meta(const struct report *report, const struct config *config, struct meta_cell **meta,
                      struct error *err)
{
    *meta = NULL;
    if (!config->report.meta)
        return 0;
    *meta = report_meta_cells(report, err);
    return *meta ? report_meta(report, *meta, err) : -1;
}

int results_write(const struct report *report, const struct config *config, const struct run_flags *flags,
                  struct error *err)
{
    struct error warning = {0};
    struct cell *cells = report_cells(report, err);
    if (!cells)
        return -1;
    struct meta_cell *meta = NULL;
    const bool has_reference = config->report.reference_count > 0;
    int status = report_csv(report, cells, err) || report_tables(report, cells, err) ||
                 (has_reference && report_reference(report, cells, err)) || write_meta(report, config, &meta, err);
    if (!status && config->report.plots)
        status = report_plots(report, cells, meta, &warning, err) || report_stopped(report, err);
    if (warning.text[0] && !status) /* who has interrupted us has gnuplot, too */
        fprintf(stderr, "cambench: warning: %s\n", TEXT_SHOWN(warning.text));
    if (!status && !flags->quiet) {
        if (report_terminal(report, cells, stdout, flags->columns, flags->color))
            status = error_memory(err, "the table");
        if (meta) {
            putchar('\n');
            report_meta_terminal(report, meta, stdout);
        }
        if (has_reference) {
            putchar('\n');
            report_reference_terminal(report, cells, stdout);
        }
        printf("\n%s/: summary.csv, per_image.csv, costs.csv, %s%s%stables%s%s\n", TEXT_SHOWN(config->output),
               report_has_curves(report) ? "curves.csv, " : "", meta ? "meta.csv, " : "",
               has_reference ? "reference.csv, " : "", config->report.plots && !warning.text[0] ? ", plots" : "",
               config->report.overlays > 0 ? ", overlays" : "");
    }
    free(meta);
    free(cells);
    return status ? -1 : 0;
}
