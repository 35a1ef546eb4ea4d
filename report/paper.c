/*
 * report/paper.c - tables/paper.tex: the tables of a run as floats of a LaTeX document that compiles as it is.
 *
 * Packages booktabs, graphicx and geometry are needed. A table has rows for methods, in a block per backbone, and columns
 * for metrics; split by metric, it has columns for backbones. Tables with too many rows or columns are continued in the next
 * float; one that is still wider than the page is scaled down.
 */
#include "base/file.h"
#include "report/completeness.h"
#include "report/document.h"
#include "report/escape.h"
#include "report/pairs.h"
#include "report/paper_plain.h"

#include <math.h>
#include <string.h>

enum { ROWS_MAX = 42, COLUMNS_MAX = 108 }; /* methods of a float, characters of a line */

struct paper {
    const struct report *report;
    const struct cell *cells;
    const struct report_paper *style;
    FILE *stream;
    int protocol, floats;
    struct paper_selection selection;
    bool has_tie, has_gap; /* marks in the current float */
    int least, most;       /* images of its cells */
};

/* Columns first..end-1 of the list; a metric, or with `metric` >= 0 the backbones. */
struct piece {
    int first, end, metric;
    int backbone, backbone_end;
};

/* -- one float ----------------------------------------------------------------------------------------------------- */

/* The text of a cell without marks; returns its characters. */
static int cell_text(const struct paper *paper, int b, int m, int k, bool is_bold, char text[1200])
{
    const struct report_metric *metric = &paper->report->metrics[k];
    const struct cell *cell = cell_at(paper->report, paper->cells, b, m, paper->protocol, k);
    const int digits = paper_digits(paper->report, paper->style, k);
    if (cell->n == 0)
        return snprintf(text, 1200, "--");
    int used = snprintf(text, 1200, is_bold ? "\\textbf{%.*f}" : "%.*f", digits, shown_value(metric, cell->mean));
    int length = used - (is_bold ? 9 : 0);
    if (paper->style->intervals && isfinite(cell->ci_low)) {
        const int more = snprintf(text + used, 1200 - (size_t)used, " {\\scriptsize [%.*f, %.*f]}", digits,
                                  shown_value(metric, cell->ci_low), digits, shown_value(metric, cell->ci_high));
        length += more - 14;
    }
    return length;
}

static void put_cell(struct paper *paper, int b, int m, int k)
{
    const struct cell *cell = cell_at(paper->report, paper->cells, b, m, paper->protocol, k);
    char text[1200];
    cell_text(paper, b, m, k, cell_is_best(paper->report, paper->cells, b, m, paper->protocol, k), text);
    fprintf(paper->stream, " & %s", text);
    const bool is_tied = is_tied_with_best(paper->report, paper->cells, b, m, paper->protocol, k);
    fputs(is_tied ? "\\textsuperscript{\\dag}" : "", paper->stream);
    fputs(cell->undefined ? "\\textsuperscript{*}" : "", paper->stream);
    paper->has_tie |= is_tied;
    paper->has_gap |= cell->undefined > 0;
    const int n = cell->n + cell->undefined;
    if (n > 0) {
        paper->least = paper->least == 0 || n < paper->least ? n : paper->least;
        paper->most = n > paper->most ? n : paper->most;
    }
}

/* A head of two lines, broken at the last space, with unit and direction. */
static void put_metric_head(const struct paper *paper, int k)
{
    const struct report_metric *metric = &paper->report->metrics[k];
    const char *space = strrchr(metric->title, ' ');
    char first[128] = "";
    fputs(" & \\shortstack[r]{", paper->stream);
    if (space && space - metric->title < (int)sizeof first) {
        snprintf(first, sizeof first, "%.*s", (int)(space - metric->title), metric->title);
        escape_tex(paper->stream, first);
        fputs("\\\\", paper->stream);
    }
    escape_tex(paper->stream, space ? space + 1 : metric->title);
    if (*metric->unit) {
        fputs(" (", paper->stream);
        escape_tex(paper->stream, metric->unit);
        putc(')', paper->stream);
    }
    fputs(metric->higher_is_better ? " $\\uparrow$}" : " $\\downarrow$}", paper->stream);
}

static void put_heads(const struct paper *paper, const struct piece *piece)
{
    fputs("\\begin{tabular}{l", paper->stream);
    for (int c = piece->first; c < piece->end; c++)
        putc('r', paper->stream);
    fputs("}\n\\toprule\nMethod", paper->stream);
    for (int c = piece->first; c < piece->end; c++) {
        if (piece->metric < 0) {
            put_metric_head(paper, paper->selection.columns[c]);
            continue;
        }
        fputs(" & ", paper->stream);
        escape_tex(paper->stream, paper->report->backbones[c].title);
    }
    fputs(" \\\\\n", paper->stream);
}

static void put_rows(struct paper *paper, const struct piece *piece, int b)
{
    fputs("\\midrule\n", paper->stream);
    if (piece->metric < 0) {
        fprintf(paper->stream, "\\multicolumn{%d}{l}{\\textit{", piece->end - piece->first + 1);
        escape_tex(paper->stream, paper->report->backbones[b].title);
        fputs(" (", paper->stream);
        escape_tex(paper->stream, paper->report->backbones[b].layer);
        fputs(")}} \\\\\n", paper->stream);
    }
    for (int i = 0; i < paper->selection.row_count; i++) {
        escape_tex(paper->stream, paper->report->methods[paper->selection.rows[i]].title);
        for (int c = piece->first; c < piece->end; c++)
            if (piece->metric < 0)
                put_cell(paper, b, paper->selection.rows[i], paper->selection.columns[c]);
            else
                put_cell(paper, c, paper->selection.rows[i], piece->metric);
        fputs(" \\\\\n", paper->stream);
    }
}

static void put_caption(const struct paper *paper, const struct piece *piece)
{
    const struct report *report = paper->report;
    fputs("\\caption{", paper->stream);
    escape_tex(paper->stream, paper->style->caption ? paper->style->caption : report->name);
    if (piece->metric >= 0) {
        fputs(": ", paper->stream);
        escape_tex(paper->stream, report->metrics[piece->metric].title);
    }
    fputs(" (protocol ", paper->stream);
    escape_tex(paper->stream, report->protocols[paper->protocol].name);
    fputs(")}\n\\label{", paper->stream);
    char label[100];
    escape_file_name(paper->style->label ? paper->style->label : report->name, label, sizeof label);
    fprintf(paper->stream, "tab:%s-%d}\n", label, paper->floats);
}

static void put_footnote(const struct paper *paper)
{
    const struct report_protocol *protocol = &paper->report->protocols[paper->protocol];
    FILE *stream = paper->stream;
    document_note(stream);
    fputs("Protocol ", stream);
    escape_tex(stream, protocol->name);
    protocol_changes(protocol, stream, " (", ")", escape_tex);
    if (paper->least < paper->most)
        fprintf(stream, "; means over %d to %d images", paper->least, paper->most);
    else
        fprintf(stream, "; means over %d images", paper->most);
    if (paper->style->intervals && paper->report->bootstrap > 0)
        fputs(", in brackets 95~\\% bootstrap intervals", stream);
    fputs("; bold: the best method, controls left out.", stream);
    if (paper->has_tie) {
        fputs(" \\textsuperscript{\\dag}~", stream);
        escape_tex(stream, TIE_NOTE);
        untested_note(paper->report, stream, escape_tex);
        putc('.', stream);
    }
    if (paper->has_gap)
        fputs(" \\textsuperscript{*}~undefined for some images, which are left out.", stream);
    completeness_list(paper->report, stream, " ", ".", escape_tex);
    document_note_end(stream);
}

/* The tabular is set in a box first, to be scaled if it is wider than the line. */
static void put_float(struct paper *paper, const struct piece *piece)
{
    paper->floats++;
    paper->has_tie = paper->has_gap = false;
    paper->least = paper->most = 0;
    document_float(paper->stream);
    put_caption(paper, piece);
    document_fit(paper->stream);
    put_heads(paper, piece);
    for (int b = piece->backbone; b < piece->backbone_end; b++)
        put_rows(paper, piece, b);
    document_fitted(paper->stream);
    put_footnote(paper);
    document_float_end(paper->stream);
}

/* -- floats of a protocol ------------------------------------------------------------------------------------------ */

static int method_width(const struct paper *paper)
{
    int width = 8;
    for (int i = 0; i < paper->selection.row_count; i++) {
        const int columns = escape_terminal(NULL, paper->report->methods[paper->selection.rows[i]].title, 0);
        width = columns > width ? columns : width;
    }
    return width;
}

/* The characters of column c, of a metric or, with `metric` >= 0, of a backbone. */
static int column_width(const struct paper *paper, int c, int metric)
{
    int width = metric < 0 ? 10 : escape_terminal(NULL, paper->report->backbones[c].title, 0);
    for (int b = 0; b < paper->report->backbone_count; b++)
        for (int i = 0; i < paper->selection.row_count; i++) {
            char text[1200];
            const int length = cell_text(paper, metric < 0 ? b : c, paper->selection.rows[i],
                                         metric < 0 ? paper->selection.columns[c] : metric, false, text);
            width = length + 1 > width ? length + 1 : width;
        }
    return width + 2;
}

/* Writes the floats of the backbones of `piece`, as many columns in each as fit. */
static void put_columns(struct paper *paper, struct piece piece)
{
    const int end = piece.end, names = method_width(paper);
    while (piece.first < end) {
        int width = names + column_width(paper, piece.first, piece.metric);
        for (piece.end = piece.first + 1; piece.end < end; piece.end++) {
            width += column_width(paper, piece.end, piece.metric);
            if (width > COLUMNS_MAX)
                break;
        }
        put_float(paper, &piece);
        piece.first = piece.end;
    }
}

static void put_protocol(struct paper *paper)
{
    const int backbones = paper->report->backbone_count;
    if (paper->style->split == REPORT_SPLIT_METRIC) {
        for (int c = 0; c < paper->selection.column_count; c++)
            put_columns(paper, (struct piece){0, backbones, paper->selection.columns[c], 0, 1});
        return;
    }
    const int fit = ROWS_MAX / (paper->selection.row_count + 1);
    const int together = paper->style->split == REPORT_SPLIT_BACKBONE || fit < 1 ? 1 : fit;
    for (int b = 0; b < backbones; b += together)
        put_columns(paper, (struct piece){0, paper->selection.column_count, -1, b,
                                          b + together < backbones ? b + together : backbones});
}

/* -- the file ------------------------------------------------------------------------------------------------------ */

static void put_document(struct paper *paper)
{
    document_begin(paper->stream, paper->report->program);
    for (paper->protocol = 0; paper->protocol < paper->report->protocol_count; paper->protocol++)
        put_protocol(paper);
    document_end(paper->stream);
}

int report_paper(const struct report *report, const struct cell *cells, const struct report_paper *style,
                 struct error *err)
{
    struct paper paper = {.report = report, .cells = cells, .style = style};
    struct file_writer writer;
    struct arena arena;
    char path[PATH_MAX];
    arena_init(&arena, 0);
    int status = status_of(paper_select(report, style, &arena, &paper.selection, err) ||
                           file_make_inside(path, report->folder, "tables", err) ||
                           paper_plain(report, cells, style, &paper.selection, err) ||
                           file_join(path, report->folder, "tables/paper.tex", err) || file_create(&writer, path, err));
    if (!status) {
        paper.stream = writer.stream;
        put_document(&paper);
        status = file_commit(&writer, err);
    }
    arena_release(&arena);
    return status;
}
