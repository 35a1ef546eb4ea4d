/*
 * report/meta_tables.c - the meta-evaluation as meta.csv, tables/meta.md and a few lines for the terminal.
 */
#include "base/arena.h"
#include "base/file.h"
#include "report/completeness.h"
#include "report/csv.h"
#include "report/escape.h"
#include "report/meta.h"

static const char *const form_names[META_FORMS] = {"over_methods", "per_image"};
static const char *const control_names[] = {"without", "with"};

/* Shared by the writers; order (metric_count) is scratch. */
struct writer {
    const struct report *report;
    const struct meta_cell *cells;
    FILE *stream;
    int *order;
};

static const struct meta_cell *writer_cell(const struct writer *writer, int b, int p, int k, int form, int controls)
{
    return meta_cell_at(writer->report, writer->cells, b, p, k, (enum meta_form)form, controls);
}

/* -- CSV ----------------------------------------------------------------------------------------------------------- */

static void csv_metric(const struct writer *writer, int b, int p, int k)
{
    const struct report *report = writer->report;
    for (int form = 0; form < META_FORMS; form++)
        for (int controls = 0; controls < 2 && meta_has_row(report, k, (enum meta_form)form); controls++) {
            const struct meta_cell *cell = writer_cell(writer, b, p, k, form, controls);
            csv_texts(writer->stream, 5,
                      (const char *[]){report->backbones[b].name, report->protocols[p].name, report->metrics[k].name,
                                       form_names[form], control_names[controls]});
            fprintf(writer->stream, "%d,%d,", cell->n, cell->undefined);
            csv_numbers(writer->stream, 3, (const double[]){cell->tau, cell->ci_low, cell->ci_high});
        }
}

static void csv(const struct writer *writer)
{
    fputs("backbone,protocol,metric,form,controls,n,undefined,tau,ci_low,ci_high\n", writer->stream);
    for (int b = 0; b < writer->report->backbone_count; b++)
        for (int p = 0; p < writer->report->protocol_count; p++)
            for (int k = 0; k < writer->report->metric_count; k++)
                csv_metric(writer, b, p, k);
}

/* -- Markdown ------------------------------------------------------------------------------------------------------ */

/* "0.71 (0.60 to 0.80)" */
static const char *tau_text(const struct meta_cell *cell, char text[64])
{
    if (!isfinite(cell->tau))
        snprintf(text, 64, "none");
    else if (!isfinite(cell->ci_low))
        snprintf(text, 64, "%.2f", cell->tau);
    else
        snprintf(text, 64, "%.2f (%.2f to %.2f)", cell->tau, cell->ci_low, cell->ci_high);
    return text;
}

enum { TAU_WIDTH = 24 }; /* columns of the widest head and the widest tau */

static void markdown_row(const struct writer *writer, int b, int p, int k, int name_width)
{
    char text[64];
    fputs("| ", writer->stream);
    const int columns = escape_markdown(writer->stream, writer->report->metrics[k].title);
    fprintf(writer->stream, "%*s", name_width - columns, "");
    for (int form = 0; form < META_FORMS; form++)
        for (int controls = 0; controls < 2; controls++) {
            const bool has_row = meta_has_row(writer->report, k, (enum meta_form)form);
            fprintf(writer->stream, " | %*s", TAU_WIDTH,
                    has_row ? tau_text(writer_cell(writer, b, p, k, form, controls), text) : "");
        }
    fputs(" |\n", writer->stream);
}

static void markdown_block(const struct writer *writer, int b, int p)
{
    static const char *const heads[] = {"over methods", "over methods, controls", "per image", "per image, controls"};
    const struct report *report = writer->report;
    const int count = meta_order(report, writer->cells, b, p, writer->order);
    int name_width = 6;
    fputs("\n## ", writer->stream);
    escape_markdown(writer->stream, report->backbones[b].title);
    fputs(" (", writer->stream);
    escape_markdown(writer->stream, report->backbones[b].layer);
    fputs("), protocol ", writer->stream);
    escape_markdown(writer->stream, report->protocols[p].name);
    for (int i = 0; i < count; i++) {
        const int columns = escape_markdown(NULL, report->metrics[writer->order[i]].title);
        name_width = columns > name_width ? columns : name_width;
    }
    fprintf(writer->stream, "\n\n| %-*s", name_width, "Metric");
    for (int i = 0; i < META_FORMS * 2; i++)
        fprintf(writer->stream, " | %*s", TAU_WIDTH, heads[i]);
    fputs(" |\n| --- | ---: | ---: | ---: | ---: |\n", writer->stream);
    for (int i = 0; i < count; i++)
        markdown_row(writer, b, p, writer->order[i], name_width);
}

static void markdown(const struct writer *writer)
{
    const struct report *report = writer->report;
    fputs("# ", writer->stream);
    escape_markdown(writer->stream, report->name);
    fputs(": which metric ranks methods as the truth does?\n\nKendall's tau-b of each metric and ", writer->stream);
    escape_markdown(writer->stream, report->metrics[meta_truth(report)].title);
    fputs(
        ", which uses the annotated truth, both turned so that higher is better: 1 is the same ranking, -1 the reverse. Over "
        "methods: of the methods' means; per image: of the methods on an image, then the mean over the images. "
        "Controls are left out, or counted as methods. ",
        writer->stream);
    fputs(report->bootstrap > 0 ? "In brackets 95 % bootstrap intervals over images. Made by " : "Made by ",
          writer->stream);
    escape_markdown(writer->stream, report->program);
    fputs(".\n", writer->stream);
    completeness_list(report, writer->stream, "\n", ".\n", escape_markdown);
    for (int b = 0; b < report->backbone_count; b++)
        for (int p = 0; p < report->protocol_count; p++)
            markdown_block(writer, b, p);
}

/* -- files --------------------------------------------------------------------------------------------------------- */

static int write_file(struct writer *writer, const char *name, void (*write)(const struct writer *writer),
                      struct error *err)
{
    struct file_writer file;
    char path[PATH_MAX];
    if (file_join(path, writer->report->folder, name, err) || file_create(&file, path, err))
        return -1;
    writer->stream = file.stream;
    write(writer);
    return file_commit(&file, err);
}

int report_meta(const struct report *report, const struct meta_cell *cells, struct error *err)
{
    char folder[PATH_MAX];
    if (file_make_inside(folder, report->folder, "tables", err))
        return -1;
    struct arena arena;
    arena_init(&arena, 0);
    struct writer writer = {.report = report, .cells = cells};
    writer.order = arena_alloc(&arena, (size_t)report->metric_count, sizeof *writer.order);
    int status = writer.order ? 0 : error_memory(err, "the meta-evaluation");
    if (!status)
        status = write_file(&writer, "meta.csv", csv, err) || write_file(&writer, "tables/meta.md", markdown, err);
    arena_release(&arena);
    return status_of(status);
}

/* -- terminal ------------------------------------------------------------------------------------------------------ */

/* The metric with the highest tau over methods without controls, among those that do not use the truth; -1: none. */
static int best_metric(const struct writer *writer, int b, int p, int form)
{
    int best = -1;
    for (int k = 0; k < writer->report->metric_count; k++) {
        if (writer->report->metrics[k].is_truth || !meta_has_row(writer->report, k, (enum meta_form)form))
            continue;
        const double tau = writer_cell(writer, b, p, k, form, false)->tau;
        if (isfinite(tau) && (best < 0 || tau > writer_cell(writer, b, p, best, form, false)->tau))
            best = k;
    }
    return best;
}

static void terminal_line(const struct writer *writer, int b, int p)
{
    static const char *const words[META_FORMS] = {"over methods", "per image"};
    const struct report *report = writer->report;
    fputs("  ", writer->stream);
    escape_terminal(writer->stream, report->backbones[b].title, 0);
    if (report->protocol_count > 1) {
        fputs(", protocol ", writer->stream);
        escape_terminal(writer->stream, report->protocols[p].name, 0);
    }
    for (int form = 0; form < META_FORMS; form++) {
        const int best = best_metric(writer, b, p, form);
        char text[64];
        fprintf(writer->stream, "%s %s ", form ? ";" : ":", words[form]);
        if (best >= 0) {
            escape_terminal(writer->stream, report->metrics[best].title, 0);
            fprintf(writer->stream, " %s", tau_text(writer_cell(writer, b, p, best, form, false), text));
        } else {
            fputs("none", writer->stream);
        }
    }
    putc('\n', writer->stream);
}

void report_meta_terminal(const struct report *report, const struct meta_cell *cells, FILE *stream)
{
    const struct writer writer = {.report = report, .cells = cells, .stream = stream};
    fputs("Metrics that rank methods most as ", stream);
    escape_terminal(stream, report->metrics[meta_truth(report)].title, 0);
    fputs(" does, by Kendall's tau (controls left out; all in tables/meta.md):\n", stream);
    for (int b = 0; b < report->backbone_count; b++)
        for (int p = 0; p < report->protocol_count; p++)
            terminal_line(&writer, b, p);
}
