/*
 * report/tables.c - tables for papers: per protocol one Markdown file and one LaTeX file (booktabs).
 *
 * The form is that of the ADCC papers (Poppi et al. 2021, table 1): a block per backbone, a row per method, a column
 * per metric with its direction and unit. In LaTeX, columns that do not fit a line are in further tabulars. The best
 * method of a block is bold; controls never are. Cost metrics are left out, so that equal rows give equal bytes.
 */
#include "base/file.h"
#include "report/completeness.h"
#include "report/escape.h"
#include "report/pairs.h"
#include "report/stats.h"
#include "report/undefined.h"

#include <math.h>
#include <string.h>

enum { COUNT_DIGITS = 7, LINE_CHARACTERS = 72 }; /* most digits of a number of images; characters of a line in LaTeX */

/* A table that is being written to a file. */
struct table_writer {
    const struct report *report;
    const struct cell *cells;
    int protocol;
    FILE *stream;
    int *width;     /* [metric]: column widths of the current Markdown block */
    int first, end; /* the metrics of the current LaTeX tabular, half-open */
};

static const struct cell *table_cell(const struct table_writer *table, int b, int m, int k)
{
    return cell_at(table->report, table->cells, b, m, table->protocol, k);
}

static int image_count(const struct table_writer *table)
{
    int most = 0;
    for (int b = 0; b < table->report->backbone_count; b++)
        for (int m = 0; m < table->report->method_count; m++)
            for (int k = 0; k < table->report->metric_count; k++) {
                const struct cell *cell = table_cell(table, b, m, k);
                most = cell->n + cell->undefined > most ? cell->n + cell->undefined : most;
            }
    return most;
}

/* Writes "Coherency (Score-CAM): 3 of 60; ..." and returns the number of entries; stream NULL: only counts. */
static int list_undefined(const struct table_writer *table, int b, FILE *stream, int (*escape)(FILE *, const char *))
{
    const struct undefined_style style = {escape, "", "; ", ""};
    return undefined_list(table->report, table->cells, b, table->protocol, stream, &style);
}

static bool has_undefined(const struct table_writer *table, int b)
{
    return list_undefined(table, b, NULL, NULL) > 0;
}

/* The largest number of noted values of a method over all metrics, and the number n of that metric's values. */
static int most_noted(const struct table_writer *table, int b, int m, int *n)
{
    int most = *n = 0;
    for (int k = 0; k < table->report->metric_count; k++) {
        const struct cell *cell = table_cell(table, b, m, k);
        if (cell->noted > most) {
            most = cell->noted;
            *n = cell->n;
        }
    }
    return most;
}

/* Writes `head`, "Grad-CAM: 3 of 60; ..." and `end`; nothing if no method has noted values. */
static void list_noted(const struct table_writer *table, int b, const char *head, const char *end,
                       int (*escape)(FILE *, const char *))
{
    int said = 0, n;
    for (int m = 0; m < table->report->method_count; m++) {
        const int noted = most_noted(table, b, m, &n);
        if (noted == 0)
            continue;
        fputs(said++ ? "; " : head, table->stream);
        escape(table->stream, table->report->methods[m].title);
        fprintf(table->stream, ": %d of %d", noted, n);
    }
    fputs(said ? end : "", table->stream);
}

static bool is_tied(const struct table_writer *table, int b, int m, int k)
{
    return is_tied_with_best(table->report, table->cells, b, m, table->protocol, k);
}

static bool has_ties(const struct table_writer *table)
{
    for (int b = 0; b < table->report->backbone_count; b++)
        for (int m = 0; m < table->report->method_count; m++)
            for (int k = 0; k < table->report->metric_count; k++)
                if (is_tied(table, b, m, k))
                    return true;
    return false;
}

/* -- Markdown ----------------------------------------------------------------------------------------------------- */

/* Writes a column's title and returns its width, for padding. */
static int markdown_head(FILE *stream, const struct report_metric *metric)
{
    int columns = escape_markdown(stream, metric->title) + 2;
    if (stream)
        fputs(metric->higher_is_better ? " ↑" : " ↓", stream);
    if (*metric->unit) {
        if (stream)
            putc(' ', stream);
        columns += 1 + escape_markdown(stream, metric->unit);
    }
    return columns;
}

/*
 * "**57.32** (55.10–59.41)*", "56.90† (54.80–58.70)": mean, interval, a star where values are undefined; a dagger where
 * the method cannot be told from the best. Returns the columns.
 */
static int markdown_cell(FILE *stream, const struct table_writer *table, int b, int m, int k)
{
    const struct cell *cell = table_cell(table, b, m, k);
    const struct report_metric *metric = &table->report->metrics[k];
    const int decimals = shown_decimals(metric);
    const char *bold = cell_is_best(table->report, table->cells, b, m, table->protocol, k) ? "**" : "";
    char text[1024]; /* three of the largest doubles written out, and marks */
    int used = 0, columns = 0;
    if (cell->n == 0)
        used = snprintf(text, sizeof text, "–"), columns = 1 - used;
    else
        used = snprintf(text, sizeof text, "%s%.*f%s", bold, decimals, shown_value(metric, cell->mean), bold);
    if (is_tied(table, b, m, k)) {
        used += snprintf(text + used, sizeof text - (size_t)used, "†");
        columns -= 2; /* the dagger has three bytes */
    }
    if (isfinite(cell->ci_low)) {
        used += snprintf(text + used, sizeof text - (size_t)used, " (%.*f–%.*f)", decimals,
                         shown_value(metric, cell->ci_low), decimals, shown_value(metric, cell->ci_high));
        columns -= 2; /* the dash has three bytes */
    }
    if (cell->undefined)
        used += snprintf(text + used, sizeof text - (size_t)used, "\\*");
    if (stream)
        fputs(text, stream);
    return columns + used;
}

static void pad(FILE *stream, int columns, char with)
{
    while (columns-- > 0)
        putc(with, stream);
}

static int markdown_width(const struct table_writer *table, int b, int k)
{
    int width = markdown_head(NULL, &table->report->metrics[k]);
    for (int m = 0; m < table->report->method_count; m++) {
        const int columns = markdown_cell(NULL, table, b, m, k);
        width = columns > width ? columns : width;
    }
    return width;
}

static int markdown_method_width(const struct report *report)
{
    int width = 6;
    for (int m = 0; m < report->method_count; m++) {
        const int columns = escape_markdown(NULL, report->methods[m].title);
        width = columns > width ? columns : width;
    }
    return width;
}

/* Writes the first cell of an incomplete block's row: "95 of 200". */
static void markdown_measured(const struct table_writer *table, int b, int m)
{
    char text[COMPLETENESS_MAX];
    if (!is_incomplete(table->report, b))
        return;
    if (m >= 0)
        measured_text_of(table->report, b, m, " of ", text);
    fprintf(table->stream, " | %*s", 2 * COUNT_DIGITS + 4, m == -2 ? "Images" : m == -1 ? "-----------------:" : text);
}

/* Writes one line of the block: of method m, the head (m -2) or the rule under it (m -1). */
static void markdown_row(const struct table_writer *table, int b, int m)
{
    const struct report *report = table->report;
    FILE *stream = table->stream;
    fputs("| ", stream);
    int used = 0;
    if (m == -2)
        used = escape_markdown(stream, "Method");
    else if (m >= 0)
        used = escape_markdown(stream, report->methods[m].title);
    pad(stream, markdown_method_width(report) - used, m == -1 ? '-' : ' ');
    markdown_measured(table, b, m);
    for (int k = 0; k < report->metric_count; k++) {
        if (report->metrics[k].is_cost)
            continue;
        const int width = table->width[k];
        fputs(" | ", stream);
        if (m == -1) {
            pad(stream, width - 1, '-');
            putc(':', stream);
            continue;
        }
        pad(stream, width - (m == -2 ? markdown_head(NULL, &report->metrics[k]) : markdown_cell(NULL, table, b, m, k)),
            ' ');
        if (m == -2)
            markdown_head(stream, &report->metrics[k]);
        else
            markdown_cell(stream, table, b, m, k);
    }
    fputs(" |\n", stream);
}

/* Writes which images the block lacks, as separate sentences. */
static void markdown_progress(const struct table_writer *table, int b)
{
    char text[COMPLETENESS_MAX];
    if (*incomplete_text(table->report, b, text))
        fprintf(table->stream, "**Incomplete**%s.\n\n", text + strlen("incomplete"));
    if (*unreadable_text(table->report, b, text))
        fprintf(table->stream, "%s.\n\n", text);
}

static void markdown_block(const struct table_writer *table, int b)
{
    const struct report_backbone *backbone = &table->report->backbones[b];
    fputs("\n## ", table->stream);
    escape_markdown(table->stream, backbone->title);
    fputs(" (", table->stream);
    escape_markdown(table->stream, backbone->layer);
    fputs(")\n\n", table->stream);
    if (backbone->labelled > 0)
        fprintf(table->stream, "Top-1 %.2f %%, top-5 %.2f %% of %d labelled images.\n\n",
                100.0 * backbone->top1 / backbone->labelled, 100.0 * backbone->top5 / backbone->labelled,
                backbone->labelled);
    markdown_progress(table, b);
    for (int k = 0; k < table->report->metric_count; k++)
        table->width[k] = markdown_width(table, b, k);
    for (int m = -2; m < table->report->method_count; m++)
        markdown_row(table, b, m);
    if (has_undefined(table, b)) {
        fputs("\n\\* Undefined values, left out of the mean: ", table->stream);
        list_undefined(table, b, table->stream, escape_markdown);
        fputs(".\n", table->stream);
    }
    list_noted(table, b, "\nConstant maps, or values set by a rule (notes in per_image.csv): ", ".\n", escape_markdown);
}

static void markdown(struct table_writer *table)
{
    const struct report *report = table->report;
    fputs("# ", table->stream);
    escape_markdown(table->stream, report->name);
    fputs(": protocol ", table->stream);
    escape_markdown(table->stream, report->protocols[table->protocol].name);
    protocol_changes(&report->protocols[table->protocol], table->stream, "\n\nPreset ", ".", escape_markdown);
    fprintf(table->stream,
            "\n\nMeans over %d images%s. Arrows: ↑ higher is better, ↓ lower is better; bold: the best method, "
            "controls left out. Made by ",
            image_count(table), report->bootstrap > 0 ? ", with 95 % bootstrap intervals" : "");
    escape_markdown(table->stream, report->program);
    fputs(".\n", table->stream);
    if (has_ties(table)) {
        fputs("\n† " TIE_NOTE, table->stream);
        untested_note(report, table->stream, escape_markdown);
        fputs(".\n", table->stream);
    }
    if (is_incomplete_anywhere(report))
        fputs("\n**Incomplete**: the run has not measured all images yet.\n", table->stream);
    remarks_list(report, table->stream, "\n", ".\n", escape_markdown);
    for (int b = 0; b < report->backbone_count; b++)
        markdown_block(table, b);
}

/* -- LaTeX -------------------------------------------------------------------------------------------------------- */

static void tex_head(const struct table_writer *table)
{
    const struct report *report = table->report;
    fputs(is_incomplete_anywhere(report) ? "\\begin{tabular}{lr" : "\\begin{tabular}{l", table->stream);
    for (int k = table->first; k < table->end; k++)
        fputs(report->metrics[k].is_cost ? "" : "r", table->stream);
    fputs(is_incomplete_anywhere(report) ? "}\n\\toprule\nMethod & Images" : "}\n\\toprule\nMethod", table->stream);
    for (int k = table->first; k < table->end; k++) {
        const struct report_metric *metric = &report->metrics[k];
        if (metric->is_cost)
            continue;
        fputs(" & ", table->stream);
        escape_tex(table->stream, metric->title);
        fputs(metric->higher_is_better ? " $\\uparrow$" : " $\\downarrow$", table->stream);
        if (*metric->unit) {
            fputs(" (", table->stream);
            escape_tex(table->stream, metric->unit);
            putc(')', table->stream);
        }
    }
    fputs(" \\\\\n", table->stream);
}

static void tex_row(const struct table_writer *table, int b, int m)
{
    char text[COMPLETENESS_MAX];
    escape_tex(table->stream, table->report->methods[m].title);
    if (is_incomplete_anywhere(table->report))
        fprintf(table->stream, " & %s", measured_text_of(table->report, b, m, " of ", text));
    for (int k = table->first; k < table->end; k++) {
        const struct report_metric *metric = &table->report->metrics[k];
        const struct cell *cell = table_cell(table, b, m, k);
        if (metric->is_cost)
            continue;
        const bool is_best = cell_is_best(table->report, table->cells, b, m, table->protocol, k);
        fputs(" & ", table->stream);
        if (cell->n == 0)
            fputs("--", table->stream);
        else
            fprintf(table->stream, is_best ? "\\textbf{%.*f}" : "%.*f", shown_decimals(metric),
                    shown_value(metric, cell->mean));
        fputs(is_tied(table, b, m, k) ? "\\textsuperscript{\\dag}" : "", table->stream);
        fputs(cell->undefined ? "\\textsuperscript{*}" : "", table->stream);
    }
    fputs(" \\\\\n", table->stream);
}

static int column_count(const struct table_writer *table)
{
    const struct report *report = table->report;
    int count = is_incomplete_anywhere(report) ? 2 : 1;
    for (int k = table->first; k < table->end; k++)
        count += !report->metrics[k].is_cost;
    return count;
}

/* Writes which images are missing, and which programs contributed. */
static void tex_progress(const struct table_writer *table, int columns)
{
    const struct report *report = table->report;
    char head[128], text[COMPLETENESS_MAX];
    snprintf(head, sizeof head, "\\multicolumn{%d}{p{0.95\\linewidth}}{\\footnotesize ", columns);
    for (int b = 0; b < report->backbone_count; b++) {
        if (!*unreadable_text(report, b, text))
            continue;
        fputs(head, table->stream);
        escape_tex(table->stream, report->backbones[b].title);
        fprintf(table->stream, ": %s} \\\\\n", text);
    }
    completeness_list(report, table->stream, head, "} \\\\\n", escape_tex);
}

static void tex_rows(const struct table_writer *table)
{
    const struct report *report = table->report;
    tex_head(table);
    for (int b = 0; b < report->backbone_count; b++) {
        fprintf(table->stream, "\\midrule\n\\multicolumn{%d}{l}{\\textit{", column_count(table));
        escape_tex(table->stream, report->backbones[b].title);
        fputs(" (", table->stream);
        escape_tex(table->stream, report->backbones[b].layer);
        fputs(")}} \\\\\n", table->stream);
        for (int m = 0; m < report->method_count; m++)
            tex_row(table, b, m);
    }
    fputs("\\bottomrule\n", table->stream);
}

/* Writes the notes on all columns below the last tabular. */
static void tex_notes(const struct table_writer *table)
{
    const struct report *report = table->report;
    const int columns = column_count(table);
    char head[128];
    snprintf(head, sizeof head, "\\multicolumn{%d}{p{0.95\\linewidth}}{\\footnotesize protocol ", columns);
    protocol_changes(&report->protocols[table->protocol], table->stream, head, "} \\\\\n", escape_tex);
    if (has_ties(table)) {
        fprintf(table->stream, "\\multicolumn{%d}{p{0.95\\linewidth}}{\\footnotesize \\dag{} ", columns);
        escape_tex(table->stream, TIE_NOTE);
        untested_note(report, table->stream, escape_tex);
        fputs("} \\\\\n", table->stream);
    }
    for (int b = 0; b < report->backbone_count; b++) {
        if (!has_undefined(table, b))
            continue;
        fprintf(table->stream,
                "\\multicolumn{%d}{p{0.95\\linewidth}}{\\footnotesize * undefined, left out of the mean (", columns);
        escape_tex(table->stream, report->backbones[b].title);
        fputs("): ", table->stream);
        list_undefined(table, b, table->stream, escape_tex);
        fputs("} \\\\\n", table->stream);
    }
    for (int b = 0; b < report->backbone_count; b++) {
        snprintf(
            head, sizeof head,
            "\\multicolumn{%d}{p{0.95\\linewidth}}{\\footnotesize constant maps, or values set by a rule: ", columns);
        list_noted(table, b, head, "} \\\\\n", escape_tex);
    }
    tex_progress(table, columns);
}

/* The characters of a line up to the first metric; of a metric's column. With what is between columns. */
static int names_width(const struct report *report)
{
    int width = 6;
    for (int m = 0; m < report->method_count; m++) {
        const int columns = escape_terminal(NULL, report->methods[m].title, 0);
        width = columns > width ? columns : width;
    }
    return width + 2 + (is_incomplete_anywhere(report) ? 2 * COUNT_DIGITS : 0);
}

static int metric_width(const struct report_metric *metric)
{
    const int head = escape_terminal(NULL, metric->title, 0) + 2 + (*metric->unit ? 3 + (int)strlen(metric->unit) : 0);
    return (head < 8 ? 8 : head) + 3;
}

/* Sets the metrics of the next tabular: as many as fit a line, but one at least. */
static void tex_next(struct table_writer *table)
{
    const struct report *report = table->report;
    int width = names_width(report), shown = 0;
    table->first = table->end;
    for (; table->end < report->metric_count; table->end++) {
        const struct report_metric *metric = &report->metrics[table->end];
        width += metric->is_cost ? 0 : metric_width(metric);
        if (shown > 0 && width > LINE_CHARACTERS && !metric->is_cost)
            return;
        shown += !metric->is_cost;
    }
}

static void tex(struct table_writer *table)
{
    fputs("% Needs \\usepackage{booktabs}. Made by ", table->stream);
    escape_tex(table->stream, table->report->program);
    fputs(".\n", table->stream);
    table->end = 0;
    do {
        fputs(table->end ? "\\par\\medskip\\noindent\n" : "", table->stream);
        tex_next(table);
        tex_rows(table);
        if (table->end == table->report->metric_count)
            tex_notes(table);
        fputs("\\end{tabular}\n", table->stream);
    } while (table->end < table->report->metric_count);
}

/* The path tables/PROTOCOL.md; if the name is taken, the protocol's position is appended to it. */
static int table_path(const struct report *report, int protocol, const char *suffix, char path[PATH_MAX],
                      struct error *err)
{
    static const char *const reserved[] = {"costs", "meta", "pairs", "paper", "ranks", "reference", "sensitivity"};
    char name[100], other[100], file[160];
    escape_file_name(report->protocols[protocol].name, name, sizeof name);
    bool is_taken = !*name;
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
        is_taken |= strcmp(name, reserved[i]) == 0;
    for (int p = 0; p < protocol; p++)
        is_taken |= strcmp(escape_file_name(report->protocols[p].name, other, sizeof other), name) == 0;
    if (is_taken)
        snprintf(file, sizeof file, "tables/%s-%d%s", name, protocol + 1, suffix);
    else
        snprintf(file, sizeof file, "tables/%s%s", name, suffix);
    return file_join(path, report->folder, file, err);
}

static int write_protocol(struct table_writer *table, struct error *err)
{
    static const struct {
        const char *suffix;
        void (*write)(struct table_writer *table);
    } formats[] = {{".md", markdown}, {".tex", tex}};
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        struct file_writer writer;
        char path[PATH_MAX];
        if (table_path(table->report, table->protocol, formats[i].suffix, path, err) || file_create(&writer, path, err))
            return -1;
        table->stream = writer.stream;
        formats[i].write(table);
        if (file_commit(&writer, err))
            return -1;
    }
    return 0;
}

int report_tables(const struct report *report, const struct cell *cells, struct error *err)
{
    char folder[PATH_MAX];
    if (file_make_inside(folder, report->folder, "tables", err))
        return -1;
    struct arena arena;
    arena_init(&arena, 0);
    struct table_writer table = {.report = report, .cells = cells};
    table.width = arena_alloc(&arena, (size_t)report->metric_count + 1, sizeof *table.width);
    int status = table.width ? 0 : error_memory(err, "the tables of the report");
    for (table.protocol = 0; !status && table.protocol < report->protocol_count; table.protocol++)
        status = write_protocol(&table, err);
    arena_release(&arena);
    return status;
}
