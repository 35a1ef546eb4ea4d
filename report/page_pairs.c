/* report/page_pairs.c - the matrix of every two methods on the page, one for each network and metric. */
#include "report/page.h"

#include "report/escape.h"
#include "report/pairs.h"
#include "report/pairs_files.h"
#include "report/stats.h"

#include <math.h>

enum { CELLS_MAX = 20000 }; /* in all matrices; with more, only those of the headline metric are shown */

static bool has_pairs(const struct page *page, int b, int k)
{
    const struct report *report = page->report;
    for (int i = 0; i < report->method_count && is_paired(report, k); i++)
        for (int j = i + 1; j < report->method_count; j++)
            if (pair_at(report, b, 0, k, i, j).n > 0)
                return true;
    return false;
}

static bool is_large(const struct page *page)
{
    const struct report *report = page->report;
    const double cells = (double)report->method_count * report->method_count;
    return cells * report->backbone_count * report->metric_count > CELLS_MAX;
}

/* Above the diagonal the difference, below it the share of images on which the row's method is better. */
static void put_cell(const struct page *page, int k, int row, int column, const struct method_pair *pair)
{
    const struct report_metric *metric = &page->report->metrics[k];
    const double value = row < column ? pair->difference : pair->win_rate;
    if (row == column || !isfinite(value)) {
        fputs(row == column ? "<td class=\"same\"></td>" : "<td>–</td>", page->stream);
        return;
    }
    const bool is_better = metric->higher_is_better ? pair->difference > 0 : pair->difference < 0;
    const bool is_sure = pair->p_holm < PAIRS_ALPHA;
    fputs(!is_sure ? "<td>" : is_better ? "<td class=\"up\">" : "<td class=\"down\">", page->stream);
    if (row < column)
        fprintf(page->stream, "%+.*f", shown_decimals(metric), shown_value(metric, value));
    else
        fprintf(page->stream, "%.0f %%", 100 * value);
    fputs("<span class=\"i\">", page->stream);
    if (page_interval(page, k, pair->ci_low, pair->ci_high))
        fputs("; ", page->stream);
    if (isfinite(pair->p_holm))
        fprintf(page->stream, "p %.2g, adjusted %.2g; ", pair->p, pair->p_holm);
    fprintf(page->stream, "%d images</span></td>", pair->n);
}

static void put_matrix(const struct page *page, int b, int k)
{
    const struct report *report = page->report;
    fputs("<div class=\"choice\">\n<h3>", page->stream);
    page_backbone(page, b);
    fputs(": ", page->stream);
    page_metric(page, k);
    fputs("</h3>\n", page->stream);
    page_table(page, "numbers matrix", report->metrics[k].title);
    fputs("<thead><tr><th scope=\"col\">Method</th>", page->stream);
    for (int m = 0; m < report->method_count; m++) {
        fprintf(page->stream, "<th scope=\"col\"><abbr title=\"");
        page_text(page, report->methods[m].title);
        fprintf(page->stream, "\">%d</abbr></th>", m + 1);
    }
    fputs("</tr></thead>\n<tbody>\n", page->stream);
    for (int row = 0; row < report->method_count; row++) {
        fprintf(page->stream, "<tr%s><th scope=\"row\">%d ",
                report->methods[row].is_control ? " class=\"control\"" : "", row + 1);
        page_text(page, report->methods[row].title);
        fputs("</th>", page->stream);
        for (int column = 0; column < report->method_count; column++) {
            const struct method_pair pair = pair_at(report, b, 0, k, row, column);
            put_cell(page, k, row, column, &pair);
        }
        fputs("</tr>\n", page->stream);
    }
    page_table_end(page);
    fputs("</div>\n", page->stream);
}

void page_pairs(const struct page *page)
{
    const struct report *report = page->report;
    if (!report->paired || page->headline < 0)
        return;
    page_section(page, "pairs", "Methods in pairs");
    fputs(
        "<p class=\"note\">Above the diagonal: the mean of the row's method minus that of the column's, on the images "
        "where both are defined. Below: the share of these images on which the row's method is better; a tie counts "
        "half. Coloured: significant at 5 % (sign-flip test, adjusted by Holm); <span class=\"key up\">row is "
        "better</span>, <span class=\"key down\">row is worse</span>. Protocol ",
        page->stream);
    page_text(page, report->protocols[0].name);
    fputs("; all pairs are in pairwise.csv.</p>\n<div class=\"choices\" data-label=\"Matrix\">\n", page->stream);
    for (int b = 0; b < report->backbone_count; b++)
        if (has_pairs(page, b, page->headline))
            put_matrix(page, b, page->headline);
    for (int b = 0; b < report->backbone_count && !is_large(page); b++)
        for (int k = 0; k < report->metric_count; k++)
            if (k != page->headline && has_pairs(page, b, k))
                put_matrix(page, b, k);
    fputs("</div>\n", page->stream);
    page_section_end(page);
}
