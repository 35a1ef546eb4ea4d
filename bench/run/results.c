/* bench/run/results.c - makes the table that report/ takes from config and store, and writes the report. */
#include "bench/run/run.h"

#include "base/file.h"
#include "base/text.h"
#include "bench/process/interrupt.h"
#include "bench/process/program.h"
#include "bench/run/page_data.h"
#include "bench/run/paper_numbers.h"
#include "bench/run/results_spent.h"
#include "bench/run/results_table.h"
#include "bench/run/results_until.h"
#include "bench/store/store_programs.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static bool has_pairs(const struct metric *metric)
{
    return !metric->is_cost && !metric->combine_counts;
}

bool results_has_metric(const struct config *config, const char *name, struct error *err)
{
    const int at = config_metric_position(config, name);
    char names[512] = "";
    size_t used = 0;
    if (at >= 0 && has_pairs(config->metrics[at].metric))
        return true;
    for (int i = 0; i < config->metric_count && used < sizeof names; i++)
        if (has_pairs(config->metrics[i].metric))
            used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "",
                                     config->metrics[i].metric->name);
    error_set(err, "--pairs is \"%s\"%s; metrics of the run: %s", TEXT_SHOWN(name),
              at >= 0 && config->metrics[at].metric->combine_counts ? ", which has no value of one image" : "",
              *names ? names : "none");
    return false;
}

static struct report_metric metric_row(const struct config *config, const struct metric *metric, const void *params)
{
    const struct metric *form = metric_form(metric, params);
    struct report_metric row = {.name = metric->name,
                                .title = form->title,
                                .unit = form->unit,
                                .is_percent = metric->is_percent,
                                .higher_is_better = form->direction == METRIC_HIGHER_IS_BETTER,
                                .is_cost = metric->is_cost,
                                .is_truth = metric->is_truth,
                                .min = form->min,
                                .max = form->max,
                                .combine = metric->combine};
    int count = 0;
    while (metric->parts[count]) {
        row.parts[count] = config_metric_position(config, metric->parts[count]);
        count++;
    }
    row.parts[count] = -1;
    return row;
}

static struct report_counted counted_row(const struct config_metric *listed)
{
    const struct metric *metric = listed->metric;
    return (struct report_counted){metric->combine_counts,
                                   metric->count_length ? metric->count_length(listed->params) : 0, listed->params};
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
        char value[PARAM_VALUE_MAX];
        param_format(&params[i], config->params, value, sizeof value);
        texts[i] = arena_format(arena, "%s=%s", params[i].name, value);
        if (!texts[i])
            texts = NULL;
    }
    *out = (struct report_method){config->label, config->title, config->method->group == METHOD_CONTROL,
                                  config->method->name, texts};
    return texts ? 0 : error_memory(err, "the report");
}

static int fill_lists(const struct config *config, struct arena *arena, struct report *report, struct error *err)
{
    struct report_backbone *backbones = arena_alloc(arena, (size_t)config->backbone_count, sizeof *backbones);
    struct report_method *rows = arena_alloc(arena, (size_t)config->method_count, sizeof *rows);
    struct report_protocol *protocol_rows = arena_alloc(arena, (size_t)config->protocol_count, sizeof *protocol_rows);
    struct report_metric *metric_rows = arena_alloc(arena, (size_t)config->metric_count, sizeof *metric_rows);
    struct report_counted *counted = arena_alloc(arena, (size_t)config->metric_count, sizeof *counted);
    if (!backbones || !rows || !protocol_rows || !metric_rows || !counted)
        return error_memory(err, "the report");
    for (int b = 0; b < config->backbone_count; b++) {
        const struct config_backbone *c = &config->backbones[b];
        struct model_facts facts;
        const struct model_spec spec = config_backbone_spec(c);
        if (model_describe(&spec, &facts, err))
            return -1;
        const char *arch = c->arch ? c->arch : "";
        const char *title = facts.title && strcmp(c->label, arch) == 0 ? facts.title : c->label;
        backbones[b] = (struct report_backbone){
            .name = c->label, .title = title, .arch = arch, .layer = c->layer ? c->layer : facts.layer};
    }
    for (int m = 0; m < config->method_count; m++)
        if (method_row(&config->methods[m], arena, &rows[m], err))
            return -1;
    for (int p = 0; p < config->protocol_count; p++) {
        const char *changes = config_protocol_changes(&config->protocols[p], arena);
        if (!changes)
            return error_memory(err, "the report");
        protocol_rows[p] =
            (struct report_protocol){config->protocols[p].name, config->protocols[p].preset, *changes ? changes : NULL};
    }
    for (int k = 0; k < config->metric_count; k++)
        metric_rows[k] = metric_row(config, config->metrics[k].metric, config->metrics[k].params);
    for (int k = 0; k < config->metric_count; k++)
        counted[k] = counted_row(&config->metrics[k]);
    report->counted = counted;
    report->backbones = backbones;
    report->methods = rows;
    report->protocols = protocol_rows;
    report->metrics = metric_rows;
    return 0;
}

/* The stores that a report is made from. */
struct sources {
    struct store *const *stores;
    int count;
};

static bool has_item(const struct sources *sources, int backbone, int image, int method)
{
    for (int i = 0; i < sources->count; i++)
        if (store_has_item(sources->stores[i], backbone, image, method))
            return true;
    return false;
}

static int mark_unreadable(struct store *store, struct arena *arena, uint8_t *is_unreadable, struct error *err)
{
    struct store_skipped *skipped;
    int count;
    if (store_read_skipped(store, arena, &skipped, &count, err))
        return -1;
    for (int i = 0; i < count; i++)
        is_unreadable[skipped[i].image] = 1;
    return 0;
}

/* Whether an item need not be measured any more: it is stored, or its image comes after the method's end. */
static bool is_there(const struct report *report, const struct sources *sources, int backbone, int image, int method)
{
    if (!report->ends || report_counts(report, backbone, method, image))
        return has_item(sources, backbone, image, method);
    return report->ends[backbone].methods[method].reason != REPORT_NOT_ENDED;
}

/* Reads which items exist, and which images could not be read. */
static int read_progress(const struct sources *sources, struct arena *arena, struct report *report, struct error *err)
{
    const size_t images = (size_t)report->image_count;
    const size_t maps = (size_t)report->backbone_count * (size_t)report->method_count;
    uint8_t *has = arena_alloc(arena, maps, images), *is_unreadable = arena_alloc(arena, images + 1, 1);
    if (!has || !is_unreadable)
        return error_memory(err, "the progress of the run");
    for (int i = 0; i < sources->count; i++)
        if (mark_unreadable(sources->stores[i], arena, is_unreadable, err))
            return -1;
    for (size_t map = 0; map < maps; map++)
        for (int i = 0; i < report->image_count; i++)
            has[map * images + (size_t)i] = is_there(report, sources, (int)(map / (size_t)report->method_count), i,
                                                     (int)(map % (size_t)report->method_count));
    return report_count_progress(report, has, is_unreadable, arena, err);
}

/* Appends a store's programs and their uses. */
static int add_programs(struct store *store, struct programs *all, struct arena *arena, struct error *err)
{
    struct programs own;
    if (store_read_programs(store, arena, &own, err))
        return -1;
    const size_t programs = (size_t)all->count + (size_t)own.count, count = (size_t)all->use_count;
    struct program *list = arena_alloc(arena, programs + 1, sizeof *list);
    struct program_use *uses = arena_alloc(arena, count + (size_t)own.use_count + 1, sizeof *uses);
    if (!list || !uses)
        return error_memory(err, "the programs of the runs");
    for (int i = 0; i < (int)programs; i++)
        list[i] = i < all->count ? all->list[i] : own.list[i - all->count];
    for (int i = 0; i < all->use_count; i++)
        uses[i] = all->uses[i];
    for (int i = 0; i < own.use_count; i++) {
        struct program_use *use = &uses[count + (size_t)i];
        *use = own.uses[i];
        use->program += use->program < 0 ? 0 : all->count;
    }
    *all = (struct programs){(int)programs, all->use_count + own.use_count, list, uses};
    return 0;
}

/* Reads the remarks on the programs that contributed. */
static int read_remarks(const struct sources *sources, struct arena *arena, struct report *report, struct error *err)
{
    struct programs programs = {0};
    const char **backbone_names = arena_alloc(arena, (size_t)report->backbone_count + 1, sizeof *backbone_names);
    const char **method_names = arena_alloc(arena, (size_t)report->method_count + 1, sizeof *method_names);
    if (!backbone_names || !method_names)
        return error_memory(err, "the report");
    for (int b = 0; b < report->backbone_count; b++)
        backbone_names[b] = report->backbones[b].name;
    for (int m = 0; m < report->method_count; m++)
        method_names[m] = report->methods[m].name;
    const struct store_names names = {.lists = {[STORE_BACKBONES] = {report->backbone_count, backbone_names, NULL},
                                                [STORE_METHODS] = {report->method_count, method_names, NULL}}};
    for (int i = 0; i < sources->count; i++)
        if (add_programs(sources->stores[i], &programs, arena, err))
            return -1;
    return program_mixture(&programs, &names, arena, &report->remarks, err);
}

int results_read_from(const struct config *config, struct store *const *stores, int count, const char *const *images,
                      int image_count, struct arena *arena, struct report *report, struct error *err)
{
    const struct sources sources = {stores, count};
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
                              .reference_method = config->report.reference_method,
                              .seed = config->seed};
    const bool has_rule = config->dataset.until.metric && count == 1;
    return status_of(fill_lists(config, arena, report, err) ||
                     paper_numbers_read(&config->report, arena, report, err) ||
                     (has_rule && results_read_ends(config, stores[0], arena, report, err)) ||
                     read_progress(&sources, arena, report, err) || read_remarks(&sources, arena, report, err) ||
                     results_note_ends(report, arena, err) || results_fill_from(stores, count, arena, report, err) ||
                     results_read_spent(stores, count, arena, report, err));
}

int results_read(const struct config *config, struct store *store, const char *const *images, int image_count,
                 struct arena *arena, struct report *report, struct error *err)
{
    return results_read_from(config, &store, 1, images, image_count, arena, report, err);
}

int terminal_columns(void)
{
    struct winsize size;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

/* Writes the meta-evaluation's files; *meta is for the caller to free, or NULL if the config does not enable it. */
static int write_meta(const struct report *report, const struct config *config, struct meta_cell **meta,
                      struct error *err)
{
    *meta = NULL;
    if (!config->report.meta)
        return 0;
    *meta = report_meta_cells(report, err);
    return *meta ? report_meta(report, *meta, err) : -1;
}

/*
 * A report being written. `own` are cells of each method over all its images, `cells` over images that methods share.
 */
struct writing {
    const struct report *report;
    const struct results_origin *origin;
    struct report compared;
    struct cell *own, *cells; /* cells: of `compared` */
    struct paired *paired;    /* of `compared`; NULL: one method alone, or an interrupted run */
    struct meta_cell *meta;
    struct sensitivity *sensitivity; /* in an arena; NULL: one protocol */
    struct page_sources sources;
    struct error warning;
};

static int make_cells(struct writing *writing, const char *pairs_metric, struct arena *arena, struct error *err)
{
    if (report_compared(writing->report, arena, &writing->compared, err))
        return -1;
    writing->compared.pairs_metric = pairs_metric;
    writing->own = report_cells(writing->report, err);
    const bool is_same = writing->compared.states == writing->report->states;
    writing->cells = is_same ? writing->own : writing->own ? report_cells(&writing->compared, err) : NULL;
    return writing->cells ? 0 : -1;
}

/* An interrupted run has to end within two seconds. */
static bool is_hurried(const struct report *report)
{
    return !report->stop && interrupt_has_come;
}

static int make_pairs(struct writing *writing, struct error *err)
{
    if (writing->compared.method_count < 2 || is_hurried(&writing->compared))
        return 0;
    writing->paired = report_pair_up(&writing->compared, err);
    writing->compared.paired = writing->paired;
    return writing->paired ? 0 : -1;
}

/* Draws the plots, except after an interrupted run, which has to end within two seconds. */
static int draw(struct writing *writing, const struct config *config, struct error *err)
{
    const struct report *report = &writing->compared;
    if (is_hurried(report))
        error_set(&writing->warning, "plots are left out of an interrupted run; cambench report \"%s\" draws them",
                  config->output);
    else if (report_plots(report, writing->cells, writing->meta, &writing->warning, err) ||
             (writing->sensitivity && report_sensitivity_plots(report, writing->sensitivity, &writing->warning, err)) ||
             report_stopped(report, err))
        return -1;
    if (writing->warning.text[0])
        fprintf(stderr, "cambench: warning: %s\n", TEXT_SHOWN(writing->warning.text));
    return 0;
}

static int write_paper(const struct writing *writing, const struct config *config, struct error *err)
{
    const struct config_report *from = &config->report;
    const struct report_paper style = {from->split,
                                       from->digits,
                                       from->intervals,
                                       from->caption,
                                       from->label,
                                       from->column_count,
                                       from->row_count,
                                       (const char *const *)from->columns,
                                       (const char *const *)from->rows};
    return report_paper(&writing->compared, writing->cells, &style, err);
}

static int write_sensitivity(struct writing *writing, struct arena *arena, struct error *err)
{
    const struct report *report = &writing->compared;
    const bool is_wanted = report->protocol_count > 1 && !is_hurried(report);
    if (is_wanted && report_sensitivity_make(report, writing->cells, arena, &writing->sensitivity, err))
        return -1;
    return report_sensitivity(report, writing->sensitivity, err);
}

static int write_page(struct writing *writing, const struct config *config, struct arena *arena, struct error *err)
{
    writing->compared.spent = writing->report->spent; /* the update may have read it again */
    writing->compared.spent_count = writing->report->spent_count;
    writing->sources.sensitivity = writing->sensitivity;
    return status_of(page_data_read(config, writing->origin, arena, &writing->sources, err) ||
                     report_page(&writing->compared, writing->cells, writing->meta, &writing->sources, err));
}

static int write_files(struct writing *writing, const struct config *config, struct arena *arena, struct error *err)
{
    const struct report *report = &writing->compared;
    if (report_csv(writing->report, writing->own, err) || report_ends_csv(writing->report, err) ||
        report_tables(report, writing->cells, err) || report_pairs(report, err) || write_paper(writing, config, err) ||
        (config->report.reference_count > 0 && report_reference(report, writing->cells, err)) ||
        write_meta(report, config, &writing->meta, err) || write_sensitivity(writing, arena, err))
        return -1;
    if (config->report.plots && draw(writing, config, err))
        return -1;
    return is_hurried(report) ? 0 : gallery_read(report, config, writing->origin, arena, &writing->sources, err);
}

/* Files that have the time of the run. */
static int write_last(struct writing *writing, const struct config *config, struct arena *arena, struct error *err)
{
    const struct results_origin *origin = writing->origin;
    return status_of((origin->update && origin->update(origin->context, err)) || report_costs(writing->report, err) ||
                     write_page(writing, config, arena, err));
}

static int show(const struct writing *writing, const struct config *config, const struct run_flags *flags,
                struct error *err)
{
    const struct report *report = &writing->compared;
    const bool has_reference = config->report.reference_count > 0, has_meta = writing->meta;
    if (report_terminal(report, writing->cells, stdout, flags->columns, flags->has_color))
        return error_memory(err, "the table");
    if (flags->pairs && report->paired)
        report_pairs_terminal(report, config_metric_position(config, flags->pairs), stdout, flags->columns);
    if (has_meta) {
        putchar('\n');
        report_meta_terminal(report, writing->meta, stdout);
    }
    if (writing->sensitivity)
        report_sensitivity_terminal(report, writing->sensitivity, stdout);
    if (has_reference) {
        putchar('\n');
        report_reference_terminal(report, writing->cells, stdout);
    }
    printf("\n%s/: index.html, summary.csv, per_image.csv, costs.csv, %s%s%s%s%stables%s%s%s\n",
           TEXT_SHOWN(config->output), report_has_curves(report) ? "curves.csv, " : "",
           report->paired ? "pairwise.csv, ranks.csv, " : "", has_meta ? "meta.csv, " : "",
           writing->sensitivity ? "sensitivity.csv, " : "", has_reference ? "reference.csv, " : "",
           config->report.plots && !writing->warning.text[0] ? ", plots" : "",
           config->report.overlays > 0 ? ", overlays" : "", config->report.maps ? ", maps.h5" : "");
    return 0;
}

int results_write(const struct report *report, const struct config *config, const struct run_flags *flags,
                  const struct results_origin *origin, struct error *err)
{
    struct writing writing = {.report = report, .origin = origin};
    struct arena arena;
    arena_init(&arena, 0);
    int status = make_cells(&writing, flags->pairs, &arena, err) || make_pairs(&writing, err) ||
                 write_files(&writing, config, &arena, err) || write_last(&writing, config, &arena, err);
    if (!status && !flags->is_quiet)
        status = show(&writing, config, flags, err);
    free(writing.meta);
    report_paired_free(writing.paired);
    if (writing.cells != writing.own)
        free(writing.cells);
    free(writing.own);
    arena_release(&arena);
    return status ? -1 : 0;
}
