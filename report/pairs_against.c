/*
 * report/pairs_against.c - tables of all methods against one of them, the best or the one that the report names: mean
 * difference with its interval, p, win rate and effect size, in Markdown, LaTeX and on the terminal.
 */
#include "report/escape.h"
#include "report/pairs.h"
#include "report/pairs_files.h"
#include "report/stats.h"

#include <math.h>
#include <string.h>

enum { NAME_LEAST = 12, NAME_MOST = 30 }; /* columns of a name on the terminal */

enum { IMAGES, DIFFERENCE, INTERVAL, P, P_HOLM, WINS, EFFECT, COLUMNS };

static const char *const heads[COLUMNS] = {"n", "difference", "95 % interval", "p", "p (Holm)", "better", "effect"};

/* Negative numbers have a hyphen-minus, missing ones a dash. */
struct row {
    char text[COLUMNS][PAIR_TEXT];
};

static int reference_of(const struct matrix *matrix)
{
    return reference_method(matrix->report, matrix->backbone, matrix->protocol, matrix->metric);
}

static void p_text(double p, char text[PAIR_TEXT])
{
    if (p < 0.001)
        snprintf(text, PAIR_TEXT, "<0.001");
    else if (isfinite(p))
        snprintf(text, PAIR_TEXT, "%.3f", p);
}

static void fill_row(const struct matrix *matrix, const struct method_pair *pair, struct row *row)
{
    const struct report_metric *metric = &matrix->report->metrics[matrix->metric];
    const int decimals = shown_decimals(metric);
    for (int c = 0; c < COLUMNS; c++)
        snprintf(row->text[c], PAIR_TEXT, "–");
    snprintf(row->text[IMAGES], PAIR_TEXT, "%d", pair->n);
    if (isfinite(pair->difference))
        snprintf(row->text[DIFFERENCE], PAIR_TEXT, "%+.*f", decimals, shown_value(metric, pair->difference));
    if (isfinite(pair->ci_low))
        snprintf(row->text[INTERVAL], PAIR_TEXT, "%+.*f to %+.*f", decimals, shown_value(metric, pair->ci_low),
                 decimals, shown_value(metric, pair->ci_high));
    p_text(pair->p, row->text[P]);
    p_text(pair->p_holm, row->text[P_HOLM]);
    if (isfinite(pair->win_rate))
        snprintf(row->text[WINS], PAIR_TEXT, "%.0f %%", 100 * pair->win_rate);
    if (isfinite(pair->effect))
        snprintf(row->text[EFFECT], PAIR_TEXT, "%+.2f", pair->effect);
}

/* Fills the row of method m minus the reference; false: it has no pair. */
static bool row_of(const struct matrix *matrix, int m, struct row *row)
{
    const struct method_pair pair = matrix_pair(matrix, m, reference_of(matrix));
    if (pair.n > 0)
        fill_row(matrix, &pair, row);
    return pair.n > 0;
}

static const char *reference_title(const struct matrix *matrix)
{
    return matrix->report->methods[reference_of(matrix)].title;
}

/* "", or ", the best" if the report names no method. */
static const char *why(const struct matrix *matrix)
{
    return matrix->report->reference_method ? "" : ", the best";
}

/* -- Markdown ------------------------------------------------------------------------------------------------------ */

static void markdown_row(const struct matrix *matrix, int m, const struct row *row)
{
    fputs("| ", matrix->stream);
    escape_markdown(matrix->stream, matrix->report->methods[m].title);
    for (int c = 0; c < COLUMNS; c++) {
        fputs(" | ", matrix->stream);
        escape_markdown(matrix->stream, row->text[c]);
    }
    fputs(" |\n", matrix->stream);
}

void against_markdown(const struct matrix *matrix)
{
    struct row row;
    if (reference_of(matrix) < 0)
        return;
    fputs("\nEach method minus ", matrix->stream);
    escape_markdown(matrix->stream, reference_title(matrix));
    fprintf(matrix->stream, "%s:\n\n| Method |", why(matrix));
    for (int c = 0; c < COLUMNS; c++)
        fprintf(matrix->stream, " %s |", heads[c]);
    fputs("\n| --- |", matrix->stream);
    for (int c = 0; c < COLUMNS; c++)
        fputs(" ---: |", matrix->stream);
    putc('\n', matrix->stream);
    for (int m = 0; m < matrix->report->method_count; m++)
        if (row_of(matrix, m, &row))
            markdown_row(matrix, m, &row);
}

/* -- LaTeX --------------------------------------------------------------------------------------------------------- */

/* Numbers in math mode, because of their signs. */
static void tex_cell(FILE *stream, int column, const char *text)
{
    const char *to = strstr(text, " to "), *percent = strstr(text, " %");
    if (strcmp(text, "–") == 0)
        fputs(" & --", stream);
    else if (column == INTERVAL && to)
        fprintf(stream, " & $%.*s$ to $%s$", (int)(to - text), text, to + 4);
    else if (percent)
        fprintf(stream, " & %.*s\\,\\%%", (int)(percent - text), text);
    else
        fprintf(stream, " & $%s$", text);
}

static void tex_row(const struct matrix *matrix, int m, const struct row *row)
{
    escape_tex(matrix->stream, matrix->report->methods[m].title);
    for (int c = 0; c < COLUMNS; c++)
        tex_cell(matrix->stream, c, row->text[c]);
    fputs(" \\\\\n", matrix->stream);
}

void against_tex(const struct matrix *matrix)
{
    struct row row;
    char text[PAIR_TEXT];
    if (reference_of(matrix) < 0)
        return;
    fputs("\\begin{table}\n\\centering\n\\caption{", matrix->stream);
    matrix_tex_title(matrix);
    fprintf(matrix->stream, ", %s images: each method minus ", matrix_range(matrix, text));
    escape_tex(matrix->stream, reference_title(matrix));
    fprintf(matrix->stream,
            "%s. Paired bootstrap interval, paired sign-flip test; better: share of the images on which the method is "
            "better; effect: mean of the differences over their standard deviation.}\n"
            "\\fittowidth{\\begin{tabular}{lrrrrrrr}\n\\toprule\nMethod",
            why(matrix));
    for (int c = 0; c < COLUMNS; c++) {
        fputs(" & ", matrix->stream);
        escape_tex(matrix->stream, heads[c]);
    }
    fputs(" \\\\\n\\midrule\n", matrix->stream);
    for (int m = 0; m < matrix->report->method_count; m++)
        if (row_of(matrix, m, &row))
            tex_row(matrix, m, &row);
    fputs("\\bottomrule\n\\end{tabular}}\n\\end{table}\n", matrix->stream);
}

/* -- terminal ------------------------------------------------------------------------------------------------------ */

static void put_line(FILE *stream, const char *name, int name_width, const struct row *row, const int widths[COLUMNS])
{
    const int used = escape_terminal(stream, name, name_width);
    fprintf(stream, "%*s", name_width - used, "");
    for (int c = 0; c < COLUMNS; c++)
        fprintf(stream, "  %*s%s", widths[c] - escape_terminal(NULL, row->text[c], 0), "", row->text[c]);
    putc('\n', stream);
}

static int measure(const struct matrix *matrix, const struct row *head, int widths[COLUMNS])
{
    int width = 0;
    struct row row = *head;
    for (int m = -1; m < matrix->report->method_count; m++) {
        if (m >= 0 && !row_of(matrix, m, &row))
            continue;
        for (int c = 0; c < COLUMNS; c++) {
            const int columns = escape_terminal(NULL, row.text[c], 0);
            widths[c] = columns > widths[c] ? columns : widths[c];
        }
    }
    for (int c = 0; c < COLUMNS; c++)
        width += 2 + widths[c];
    return width;
}

void against_terminal(const struct matrix *matrix, int limit)
{
    int widths[COLUMNS] = {0}, name_width = 6;
    struct row row, head;
    if (reference_of(matrix) < 0)
        return;
    for (int c = 0; c < COLUMNS; c++)
        snprintf(head.text[c], PAIR_TEXT, "%s", heads[c]);
    const int room = limit - measure(matrix, &head, widths), most = limit > 0 && room < NAME_MOST ? room : NAME_MOST;
    if (most < NAME_LEAST)
        return;
    for (int m = 0; m < matrix->report->method_count; m++) {
        const int columns = escape_terminal(NULL, matrix->report->methods[m].title, most);
        name_width = columns > name_width ? columns : name_width;
    }
    fputs("minus ", matrix->stream);
    escape_terminal(matrix->stream, reference_title(matrix), NAME_MOST);
    fprintf(matrix->stream, "%s:\n", why(matrix));
    put_line(matrix->stream, "", name_width, &head, widths);
    for (int m = 0; m < matrix->report->method_count; m++)
        if (row_of(matrix, m, &row))
            put_line(matrix->stream, matrix->report->methods[m].title, name_width, &row, widths);
    fputs("better: share of the images; effect: mean of the differences over their standard deviation\n",
          matrix->stream);
}
