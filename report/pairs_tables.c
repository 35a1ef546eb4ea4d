/*
 * report/pairs_tables.c - comparisons in pairs as pairwise.csv, and as a matrix in Markdown, LaTeX and on the terminal.
 *
 * A matrix has a row and a column for each method. Above the diagonal is the difference of the row's method and the
 * column's, below it the share of the images on which the row's method is better.
 */
#include "base/file.h"
#include "report/completeness.h"
#include "report/csv.h"
#include "report/escape.h"
#include "report/pairs.h"
#include "report/pairs_files.h"
#include "report/stats.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

struct method_pair matrix_pair(const struct matrix *matrix, int a, int b)
{
    return pair_at(matrix->report, matrix->backbone, matrix->protocol, matrix->metric, a, b);
}

static bool has_pairs(const struct matrix *matrix)
{
    const struct report *report = matrix->report;
    for (int a = 0; a < report->method_count && is_paired(report, matrix->metric); a++)
        for (int b = a + 1; b < report->method_count; b++)
            if (matrix_pair(matrix, a, b).n > 0)
                return true;
    return false;
}

/* -- CSV ----------------------------------------------------------------------------------------------------------- */

static void csv_metric(const struct matrix *matrix)
{
    const struct report *report = matrix->report;
    const struct report_metric *metric = &report->metrics[matrix->metric];
    for (int a = 0; a < report->method_count && is_paired(report, matrix->metric); a++)
        for (int b = a + 1; b < report->method_count; b++) {
            const struct method_pair pair = matrix_pair(matrix, a, b);
            csv_texts(matrix->stream, 5,
                      (const char *[]){report->backbones[matrix->backbone].name,
                                       report->protocols[matrix->protocol].name, metric->name, report->methods[a].name,
                                       report->methods[b].name});
            fprintf(matrix->stream, "%d,", pair.n);
            csv_numbers(matrix->stream, 6,
                        (const double[]){shown_value(metric, pair.difference), shown_value(metric, pair.ci_low),
                                         shown_value(metric, pair.ci_high), pair.p, pair.p_holm, pair.win_rate});
        }
}

static void each_metric(const struct report *report, FILE *stream, void (*write)(const struct matrix *matrix))
{
    for (int b = 0; b < report->backbone_count; b++)
        for (int p = 0; p < report->protocol_count; p++)
            for (int k = 0; k < report->metric_count; k++)
                write(&(struct matrix){report, stream, b, p, k});
}

static void csv(FILE *stream, const struct report *report)
{
    fputs("backbone,protocol,metric,method_a,method_b,n,difference,ci_low,ci_high,p,p_holm,win_rate\n", stream);
    each_metric(report, stream, csv_metric);
}

/* -- cells --------------------------------------------------------------------------------------------------------- */

static bool is_significant(const struct method_pair *pair)
{
    return pair->p_holm < PAIRS_ALPHA; /* false for NAN */
}

/* "+1.25" above the diagonal, "62 %" below it; "–" without a number. */
static const char *cell_text(const struct matrix *matrix, int a, int b, char text[PAIR_TEXT])
{
    const struct report_metric *metric = &matrix->report->metrics[matrix->metric];
    const struct method_pair pair = matrix_pair(matrix, a, b);
    if (a < b && isfinite(pair.difference))
        snprintf(text, PAIR_TEXT, "%+.*f", shown_decimals(metric), shown_value(metric, pair.difference));
    else if (a > b && isfinite(pair.win_rate))
        snprintf(text, PAIR_TEXT, "%.0f %%", 100 * pair.win_rate);
    else
        snprintf(text, PAIR_TEXT, "%s", a == b ? "" : "–");
    return text;
}

/* "n = 300", "n = 280 to 300": images of the pairs. */
const char *matrix_range(const struct matrix *matrix, char text[PAIR_TEXT])
{
    int least = 0, most = 0;
    for (int a = 0; a < matrix->report->method_count; a++)
        for (int b = a + 1; b < matrix->report->method_count; b++) {
            const int n = matrix_pair(matrix, a, b).n;
            least = n && (!least || n < least) ? n : least;
            most = n > most ? n : most;
        }
    if (least < most)
        snprintf(text, PAIR_TEXT, "n = %d to %d", least, most);
    else
        snprintf(text, PAIR_TEXT, "n = %d", most);
    return text;
}

static int family_of(const struct matrix *matrix)
{
    return family_size(matrix->report, matrix->backbone, matrix->protocol, matrix->metric);
}

/* -- Markdown ------------------------------------------------------------------------------------------------------ */

static void markdown_cell(const struct matrix *matrix, int a, int b)
{
    char text[PAIR_TEXT];
    const struct method_pair pair = matrix_pair(matrix, a, b);
    const char *bold = is_significant(&pair) ? "**" : "";
    fprintf(matrix->stream, " %s%s%s", bold, cell_text(matrix, a, b, text), bold);
    if (a > b && isfinite(pair.effect))
        fprintf(matrix->stream, ", %+.2f", pair.effect);
    fputs(" |", matrix->stream);
}

static void markdown_metric(const struct matrix *matrix)
{
    const struct report *report = matrix->report;
    const struct report_metric *metric = &report->metrics[matrix->metric];
    char text[PAIR_TEXT];
    if (!has_pairs(matrix))
        return;
    fputs("\n## ", matrix->stream);
    escape_markdown(matrix->stream, metric->title);
    fputs(metric->higher_is_better ? " ↑" : " ↓", matrix->stream);
    fputs(*metric->unit ? " " : "", matrix->stream);
    escape_markdown(matrix->stream, metric->unit);
    fputs(", ", matrix->stream);
    escape_markdown(matrix->stream, report->backbones[matrix->backbone].title);
    fputs(" (", matrix->stream);
    escape_markdown(matrix->stream, report->backbones[matrix->backbone].layer);
    fputs("), protocol ", matrix->stream);
    escape_markdown(matrix->stream, report->protocols[matrix->protocol].name);
    fprintf(matrix->stream, "\n\n%s images; %d pairs adjusted together.\n\n| Method |", matrix_range(matrix, text),
            family_of(matrix));
    for (int b = 0; b < report->method_count; b++)
        fprintf(matrix->stream, " %d |", b + 1);
    fputs("\n| --- |", matrix->stream);
    for (int b = 0; b < report->method_count; b++)
        fputs(" ---: |", matrix->stream);
    for (int a = 0; a < report->method_count; a++) {
        fprintf(matrix->stream, "\n| %d ", a + 1);
        escape_markdown(matrix->stream, report->methods[a].title);
        fputs(" |", matrix->stream);
        for (int b = 0; b < report->method_count; b++)
            markdown_cell(matrix, a, b);
    }
    putc('\n', matrix->stream);
    against_markdown(matrix);
}

static void markdown(FILE *stream, const struct report *report)
{
    char text[NOT_PAIRED_MAX];
    fputs("# ", stream);
    escape_markdown(stream, report->name);
    fputs(
        ": methods in pairs\n\nAbove the diagonal: mean of the row's method minus that of the column's, on the images "
        "where both are defined. Below: share of these images on which the row's method is better, a tie counts half, and the "
        "effect size, the mean of the differences over their standard deviation (d_z), with the sign of row minus column. "
        "Bold: the difference is significant at 5 % (sign-flip permutation test of the paired differences, adjusted by "
        "Holm over all pairs of the table without controls). Intervals and p of all pairs are in pairwise.csv. Under each "
        "matrix is a table of the pairs with one method. Made by ",
        stream);
    escape_markdown(stream, report->program);
    fputs(".\n", stream);
    completeness_list(report, stream, "\n", ".\n", escape_markdown);
    if (*not_paired(report, text)) {
        fputs("\nNot compared, because they are numbers of the image set without a value of one image: ", stream);
        escape_markdown(stream, text);
        fputs(".\n", stream);
    }
    each_metric(report, stream, markdown_metric);
}

/* -- LaTeX --------------------------------------------------------------------------------------------------------- */

static void tex_row(const struct matrix *matrix, int a)
{
    const struct report *report = matrix->report;
    char text[PAIR_TEXT];
    fprintf(matrix->stream, "%d ", a + 1);
    escape_tex(matrix->stream, report->methods[a].title);
    for (int b = 0; b < report->method_count; b++) {
        const struct method_pair pair = matrix_pair(matrix, a, b);
        cell_text(matrix, a, b, text);
        char *percent = strstr(text, " %");
        if (percent)
            *percent = 0;
        const bool is_missing = strcmp(text, "–") == 0;
        fprintf(matrix->stream, " & %s", is_significant(&pair) ? "\\textbf{" : "");
        if (a < b && !is_missing)
            fprintf(matrix->stream, "$%s$", text);
        else
            fprintf(matrix->stream, "%s%s", is_missing ? "--" : text, percent ? "\\,\\%" : "");
        fputs(is_significant(&pair) ? "}" : "", matrix->stream);
    }
    fputs(" \\\\\n", matrix->stream);
}

void matrix_tex_title(const struct matrix *matrix)
{
    const struct report *report = matrix->report;
    const struct report_metric *metric = &report->metrics[matrix->metric];
    escape_tex(matrix->stream, metric->title);
    fputs(metric->higher_is_better ? " $\\uparrow$" : " $\\downarrow$", matrix->stream);
    if (*metric->unit) {
        fputs(" (", matrix->stream);
        escape_tex(matrix->stream, metric->unit);
        putc(')', matrix->stream);
    }
    fputs(", ", matrix->stream);
    escape_tex(matrix->stream, report->backbones[matrix->backbone].title);
    fputs(", protocol ", matrix->stream);
    escape_tex(matrix->stream, report->protocols[matrix->protocol].name);
}

static void tex_metric(const struct matrix *matrix)
{
    const struct report *report = matrix->report;
    char text[PAIR_TEXT];
    if (!has_pairs(matrix))
        return;
    fputs("\\begin{table}\n\\centering\n\\caption{", matrix->stream);
    matrix_tex_title(matrix);
    fprintf(
        matrix->stream,
        ", %s images. Above the diagonal: the row's mean minus the column's; below: share of the images on which the "
        "row is better. Bold: significant at 5\\,\\%% (paired sign-flip test, Holm over %d pairs).}\n"
        "\\fittowidth{\\begin{tabular}{l",
        matrix_range(matrix, text), family_of(matrix));
    for (int b = 0; b < report->method_count; b++)
        putc('r', matrix->stream);
    fputs("}\n\\toprule\nMethod", matrix->stream);
    for (int b = 0; b < report->method_count; b++)
        fprintf(matrix->stream, " & %d", b + 1);
    fputs(" \\\\\n\\midrule\n", matrix->stream);
    for (int a = 0; a < report->method_count; a++)
        tex_row(matrix, a);
    fputs("\\bottomrule\n\\end{tabular}}\n\\end{table}\n", matrix->stream);
    against_tex(matrix);
    fputs("\\clearpage\n", matrix->stream); /* LaTeX holds only so many floats that have no page yet */
}

static void tex(FILE *stream, const struct report *report)
{
    fputs("% Needs \\usepackage{booktabs,graphicx}. Made by ", stream);
    escape_tex(stream, report->program);
    fputs(".\n\\providecommand{\\fittowidth}[1]{%\n"
          "  \\sbox0{#1}\\ifdim\\wd0>\\linewidth\\resizebox{\\linewidth}{!}{\\usebox0}\\else\\usebox0\\fi}\n",
          stream);
    each_metric(report, stream, tex_metric);
}

/* -- terminal ------------------------------------------------------------------------------------------------------ */

static int terminal_width(const struct matrix *matrix)
{
    int width = 3;
    char text[PAIR_TEXT];
    for (int a = 0; a < matrix->report->method_count; a++)
        for (int b = 0; b < matrix->report->method_count; b++) {
            const int columns = escape_terminal(NULL, cell_text(matrix, a, b, text), 0) + 1;
            width = columns > width ? columns : width;
        }
    return width;
}

static void terminal_rows(const struct matrix *matrix, int first, int count, int name_width, int width)
{
    const struct report *report = matrix->report;
    fprintf(matrix->stream, "%*s", name_width + 4, "");
    for (int b = first; b < first + count; b++)
        fprintf(matrix->stream, " %*d ", width - 1, b + 1);
    for (int a = 0; a < report->method_count; a++) {
        fprintf(matrix->stream, "\n%3d ", a + 1);
        const int columns = escape_terminal(matrix->stream, report->methods[a].title, name_width);
        fprintf(matrix->stream, "%*s", name_width - columns, "");
        for (int b = first; b < first + count; b++) {
            char text[PAIR_TEXT];
            const struct method_pair pair = matrix_pair(matrix, a, b);
            cell_text(matrix, a, b, text);
            fprintf(matrix->stream, " %*s%s%c", width - 1 - escape_terminal(NULL, text, 0), "", text,
                    is_significant(&pair) ? '*' : ' ');
        }
    }
    putc('\n', matrix->stream);
}

static void terminal_matrix(const struct matrix *matrix, int limit)
{
    const struct report *report = matrix->report;
    const struct report_metric *metric = &report->metrics[matrix->metric];
    char text[PAIR_TEXT];
    int name_width = 6;
    for (int m = 0; m < report->method_count; m++) {
        const int columns = escape_terminal(NULL, report->methods[m].title, 24);
        name_width = columns > name_width ? columns : name_width;
    }
    putc('\n', matrix->stream);
    escape_terminal(matrix->stream, metric->title, 0);
    fprintf(matrix->stream, " %s%s%s, ", metric->higher_is_better ? "↑" : "↓", *metric->unit ? " " : "", metric->unit);
    escape_terminal(matrix->stream, report->backbones[matrix->backbone].title, 0);
    fputs(", protocol ", matrix->stream);
    escape_terminal(matrix->stream, report->protocols[matrix->protocol].name, 0);
    fprintf(matrix->stream, ", %s images\n", matrix_range(matrix, text));
    const int width = terminal_width(matrix);
    int fit = limit > 0 ? (limit - name_width - 4) / (width + 1) : report->method_count;
    fit = fit < 1 ? 1 : fit;
    for (int first = 0; first < report->method_count; first += fit)
        terminal_rows(matrix, first, report->method_count - first < fit ? report->method_count - first : fit,
                      name_width, width);
    fprintf(matrix->stream,
            "above the diagonal: row minus column; below: share of images on which the row is better\n"
            "* significant at 5 %%: paired sign-flip test, Holm over %d pair%s\n",
            family_of(matrix), family_of(matrix) == 1 ? "" : "s");
}

void report_pairs_terminal(const struct report *report, int metric, FILE *stream, int columns)
{
    for (int b = 0; b < report->backbone_count; b++)
        for (int p = 0; p < report->protocol_count; p++) {
            const struct matrix matrix = {report, stream, b, p, metric};
            if (has_pairs(&matrix)) {
                terminal_matrix(&matrix, columns);
                against_terminal(&matrix, columns);
            }
        }
}

/* -- files --------------------------------------------------------------------------------------------------------- */

int pairs_file(const struct report *report, const char *name, bool is_needed,
               void (*write)(FILE *stream, const struct report *report), struct error *err)
{
    struct file_writer writer;
    char path[PATH_MAX];
    if (file_join(path, report->folder, name, err))
        return -1;
    if (!is_needed) {
        unlink(path); /* it may be left from an earlier report */
        return 0;
    }
    if (file_create(&writer, path, err))
        return -1;
    write(writer.stream, report);
    return file_commit(&writer, err);
}

int report_pairs(const struct report *report, struct error *err)
{
    char folder[PATH_MAX];
    const bool is_needed = report->paired && report->paired->pair_count > 0;
    if (file_make_inside(folder, report->folder, "tables", err) ||
        pairs_file(report, "pairwise.csv", is_needed, csv, err) ||
        pairs_file(report, "tables/pairs.md", is_needed, markdown, err) ||
        pairs_file(report, "tables/pairs.tex", is_needed, tex, err))
        return -1;
    return ranks_write(report, err);
}
