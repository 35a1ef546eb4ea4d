/*
 * report/paper_plain.c - tables/paper.md and tables/paper.csv: what tables/paper.tex shows, for other programs.
 *
 * In Markdown a section is a backbone, or a metric where the tables are split by metric; in CSV a row is a method on a
 * backbone under a protocol.
 */
#include "report/paper_plain.h"

#include "base/file.h"
#include "report/completeness.h"
#include "report/csv.h"
#include "report/escape.h"
#include "report/pairs.h"

#include <math.h>

struct plain {
    const struct report *report;
    const struct cell *cells;
    const struct report_paper *style;
    const struct paper_selection *selection;
    FILE *stream;
    bool has_tie, has_gap; /* marks in the current section */
};

/* -- Markdown ------------------------------------------------------------------------------------------------------ */

static void markdown_cell(struct plain *plain, int p, int b, int m, int k)
{
    const struct report *report = plain->report;
    const struct report_metric *metric = &report->metrics[k];
    const struct cell *cell = cell_at(report, plain->cells, b, m, p, k);
    const int digits = paper_digits(report, plain->style, k);
    const char *bold = cell_is_best(report, plain->cells, b, m, p, k) ? "**" : "";
    const bool is_tied = is_tied_with_best(report, plain->cells, b, m, p, k);
    plain->has_tie |= is_tied;
    plain->has_gap |= cell->undefined > 0;
    if (cell->n == 0)
        fputs(" –", plain->stream);
    else
        fprintf(plain->stream, " %s%.*f%s", bold, digits, shown_value(metric, cell->mean), bold);
    fputs(is_tied ? "†" : "", plain->stream);
    if (plain->style->intervals && isfinite(cell->ci_low))
        fprintf(plain->stream, " (%.*f–%.*f)", digits, shown_value(metric, cell->ci_low), digits,
                shown_value(metric, cell->ci_high));
    fputs(cell->undefined ? "\\* |" : " |", plain->stream);
}

static void markdown_metric(const struct plain *plain, int k)
{
    const struct report_metric *metric = &plain->report->metrics[k];
    escape_markdown(plain->stream, metric->title);
    fputs(metric->higher_is_better ? " ↑" : " ↓", plain->stream);
    if (*metric->unit) {
        putc(' ', plain->stream);
        escape_markdown(plain->stream, metric->unit);
    }
}

static void markdown_rule(const struct plain *plain, int columns)
{
    fputs("\n| --- |", plain->stream);
    for (int i = 0; i < columns; i++)
        fputs(" ---: |", plain->stream);
    putc('\n', plain->stream);
}

static void markdown_method(const struct plain *plain, int m)
{
    fputs("| ", plain->stream);
    escape_markdown(plain->stream, plain->report->methods[m].title);
    fputs(" |", plain->stream);
}

static void markdown_marks(struct plain *plain)
{
    if (plain->has_tie)
        fputs("\n† " TIE_NOTE ".\n", plain->stream);
    if (plain->has_gap)
        fputs("\n\\* Undefined for some images, which are left out.\n", plain->stream);
    plain->has_tie = plain->has_gap = false;
}

static void markdown_backbone(struct plain *plain, int p, int b)
{
    const struct paper_selection *selection = plain->selection;
    fputs("\n## ", plain->stream);
    escape_markdown(plain->stream, plain->report->backbones[b].title);
    fputs(" (", plain->stream);
    escape_markdown(plain->stream, plain->report->backbones[b].layer);
    fputs("), protocol ", plain->stream);
    escape_markdown(plain->stream, plain->report->protocols[p].name);
    fputs("\n\n| Method |", plain->stream);
    for (int c = 0; c < selection->column_count; c++) {
        putc(' ', plain->stream);
        markdown_metric(plain, selection->columns[c]);
        fputs(" |", plain->stream);
    }
    markdown_rule(plain, selection->column_count);
    for (int i = 0; i < selection->row_count; i++) {
        markdown_method(plain, selection->rows[i]);
        for (int c = 0; c < selection->column_count; c++)
            markdown_cell(plain, p, b, selection->rows[i], selection->columns[c]);
        putc('\n', plain->stream);
    }
    markdown_marks(plain);
}

static void markdown_of_metric(struct plain *plain, int p, int k)
{
    const struct report *report = plain->report;
    fputs("\n## ", plain->stream);
    markdown_metric(plain, k);
    fputs(", protocol ", plain->stream);
    escape_markdown(plain->stream, report->protocols[p].name);
    fputs("\n\n| Method |", plain->stream);
    for (int b = 0; b < report->backbone_count; b++) {
        putc(' ', plain->stream);
        escape_markdown(plain->stream, report->backbones[b].title);
        fputs(" |", plain->stream);
    }
    markdown_rule(plain, report->backbone_count);
    for (int i = 0; i < plain->selection->row_count; i++) {
        markdown_method(plain, plain->selection->rows[i]);
        for (int b = 0; b < report->backbone_count; b++)
            markdown_cell(plain, p, b, plain->selection->rows[i], k);
        putc('\n', plain->stream);
    }
    markdown_marks(plain);
}

static void markdown(struct plain *plain)
{
    const struct report *report = plain->report;
    fputs("# ", plain->stream);
    escape_markdown(plain->stream, plain->style->caption ? plain->style->caption : report->name);
    fputs("\n\nMade by ", plain->stream);
    escape_markdown(plain->stream, report->program);
    fputs(". Bold: the best method, controls left out.\n", plain->stream);
    completeness_list(report, plain->stream, "\n", ".\n", escape_markdown);
    for (int p = 0; p < report->protocol_count; p++) {
        protocol_changes(&report->protocols[p], plain->stream, "\nPreset ", ".\n", escape_markdown);
        if (plain->style->split == REPORT_SPLIT_METRIC)
            for (int c = 0; c < plain->selection->column_count; c++)
                markdown_of_metric(plain, p, plain->selection->columns[c]);
        else
            for (int b = 0; b < report->backbone_count; b++)
                markdown_backbone(plain, p, b);
    }
}

/* -- CSV ----------------------------------------------------------------------------------------------------------- */

static void csv_row(const struct plain *plain, int p, int b, int m)
{
    const struct report *report = plain->report;
    csv_texts(plain->stream, 2, (const char *[]){report->backbones[b].name, report->protocols[p].name});
    escape_csv(plain->stream, report->methods[m].name);
    for (int c = 0; c < plain->selection->column_count; c++) {
        const int k = plain->selection->columns[c];
        const struct cell *cell = cell_at(report, plain->cells, b, m, p, k);
        const double numbers[] = {cell->mean, cell->ci_low, cell->ci_high};
        fprintf(plain->stream, ",%d", cell->n);
        for (int i = 0; i < (plain->style->intervals ? 3 : 1); i++) {
            putc(',', plain->stream);
            csv_number(plain->stream, shown_value(&report->metrics[k], numbers[i]));
        }
    }
    putc('\n', plain->stream);
}

static void csv(struct plain *plain)
{
    const struct report *report = plain->report;
    fputs("backbone,protocol,method", plain->stream);
    for (int c = 0; c < plain->selection->column_count; c++) {
        const char *name = report->metrics[plain->selection->columns[c]].name;
        fprintf(plain->stream, ",%s_n,%s", name, name);
        if (plain->style->intervals)
            fprintf(plain->stream, ",%s_ci_low,%s_ci_high", name, name);
    }
    putc('\n', plain->stream);
    for (int p = 0; p < report->protocol_count; p++)
        for (int b = 0; b < report->backbone_count; b++)
            for (int i = 0; i < plain->selection->row_count; i++)
                csv_row(plain, p, b, plain->selection->rows[i]);
}

int paper_plain(const struct report *report, const struct cell *cells, const struct report_paper *style,
                const struct paper_selection *selection, struct error *err)
{
    static const struct {
        const char *name;
        void (*write)(struct plain *plain);
    } files[] = {{"tables/paper.md", markdown}, {"tables/paper.csv", csv}};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct plain plain = {.report = report, .cells = cells, .style = style, .selection = selection};
        struct file_writer writer;
        char path[PATH_MAX];
        if (file_join(path, report->folder, files[i].name, err) || file_create(&writer, path, err))
            return -1;
        plain.stream = writer.stream;
        files[i].write(&plain);
        if (file_commit(&writer, err))
            return -1;
    }
    return 0;
}
