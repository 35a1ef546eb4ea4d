/* report/page_results.c - the tables of means on the page: for each protocol and network, a row for each method. */
#include "report/page.h"

#include "report/completeness.h"
#include "report/escape.h"
#include "report/pairs.h"
#include "report/stats.h"
#include "report/undefined.h"

#include <math.h>

/* The interval and counts of a cell, which are shown when the cell is pointed at or has the focus. */
static void put_details(const struct page *page, int k, const struct cell *cell)
{
    fputs("<span class=\"i\">", page->stream);
    if (page_interval(page, k, cell->ci_low, cell->ci_high))
        fputs("; ", page->stream);
    fprintf(page->stream, "%d image%s", cell->n, cell->n == 1 ? "" : "s");
    if (cell->undefined)
        fprintf(page->stream, "; %d undefined", cell->undefined);
    if (cell->noted)
        fprintf(page->stream, "; %d with a note", cell->noted);
    fputs("</span>", page->stream);
}

static void put_cell(const struct page *page, int b, int m, int p, int k)
{
    const struct cell *cell = cell_at(page->report, page->cells, b, m, p, k);
    if (cell->n == 0) {
        fputs("<td>–</td>", page->stream);
        return;
    }
    const bool is_best = cell_is_best(page->report, page->cells, b, m, p, k);
    const bool is_tied = is_tied_with_best(page->report, page->cells, b, m, p, k);
    fputs(is_best ? "<td class=\"best\">" : is_tied ? "<td class=\"tied\">" : "<td>", page->stream);
    page_number(page, k, cell->mean, false);
    fputs(is_best ? "<span class=\"v\">, best</span>" : is_tied ? "†" : "", page->stream);
    fputs(cell->undefined ? "*" : "", page->stream);
    put_details(page, k, cell);
    fputs("</td>", page->stream);
}

static void put_row(const struct page *page, int b, int m, int p)
{
    const struct report *report = page->report;
    char text[COMPLETENESS_MAX];
    fputs(report->methods[m].is_control ? "<tr class=\"control\"><th scope=\"row\">" : "<tr><th scope=\"row\">",
          page->stream);
    page_text(page, report->methods[m].title);
    fputs(report->methods[m].is_control ? "<span class=\"v\">, control</span></th>" : "</th>", page->stream);
    if (is_incomplete(report, b))
        fprintf(page->stream, "<td>%s</td>", measured_text_of(report, b, m, " of ", text));
    for (int k = 0; k < report->metric_count; k++)
        if (!report->metrics[k].is_cost)
            put_cell(page, b, m, p, k);
    fputs("</tr>\n", page->stream);
}

static void put_undefined(const struct page *page, int b, int p)
{
    const struct undefined_style style = {escape_xml, "", "; ", ""};
    if (undefined_list(page->report, page->cells, b, p, NULL, &style) == 0)
        return;
    fputs("<p class=\"note\">* Undefined values, left out of the mean: ", page->stream);
    undefined_list(page->report, page->cells, b, p, page->stream, &style);
    fputs(".</p>\n", page->stream);
}

static void put_table(const struct page *page, int b, int p)
{
    const struct report *report = page->report;
    const struct report_backbone *backbone = &report->backbones[b];
    fputs("<h4>", page->stream);
    page_backbone(page, b);
    fputs("</h4>\n", page->stream);
    if (backbone->labelled > 0)
        fprintf(page->stream, "<p class=\"note\">Top-1 %.2f %%, top-5 %.2f %% of %d labelled images.</p>\n",
                100.0 * backbone->top1 / backbone->labelled, 100.0 * backbone->top5 / backbone->labelled,
                backbone->labelled);
    page_table(page, "sortable numbers", backbone->title);
    fputs("<thead><tr><th scope=\"col\">Method</th>", page->stream);
    fputs(is_incomplete(report, b) ? "<th scope=\"col\">Images</th>" : "", page->stream);
    for (int k = 0; k < report->metric_count; k++) {
        if (report->metrics[k].is_cost)
            continue;
        fputs("<th scope=\"col\">", page->stream);
        page_metric(page, k);
        fputs("</th>", page->stream);
    }
    fputs("</tr></thead>\n<tbody>\n", page->stream);
    for (int m = 0; m < report->method_count; m++)
        put_row(page, b, m, p);
    page_table_end(page);
    put_undefined(page, b, p);
}

static void put_protocol(const struct page *page, int p)
{
    const struct report_protocol *protocol = &page->report->protocols[p];
    fprintf(page->stream, "<details%s>\n<summary><h3>Protocol ", p ? "" : " open");
    page_text(page, protocol->name);
    fputs("</h3></summary>\n", page->stream);
    protocol_changes(protocol, page->stream, "<p class=\"note\">Preset ", ".</p>\n", escape_xml);
    for (int b = 0; b < page->report->backbone_count; b++)
        put_table(page, b, p);
    fputs("</details>\n", page->stream);
}

void page_results(const struct page *page)
{
    page_section(page, "results", "Results");
    fputs("<p class=\"note\">Means over the images. <b>Bold</b>: the best method, controls left out; controls are "
          "grey. †: " TIE_NOTE,
          page->stream);
    untested_note(page->report, page->stream, escape_xml);
    fputs(". Press a column's heading to sort by it; point at a value, or go to it with the arrow keys, to see its "
          "interval.</p>\n"
          "<p class=\"controls\" hidden><label><input type=\"checkbox\" id=\"intervals\"> show all intervals</label> "
          "<label><input type=\"checkbox\" id=\"no-controls\"> leave out controls</label></p>\n",
          page->stream);
    for (int p = 0; p < page->report->protocol_count; p++)
        put_protocol(page, p);
    page_section_end(page);
}
