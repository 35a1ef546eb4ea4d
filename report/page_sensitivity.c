/* report/page_sensitivity.c - how ranks of methods depend on the protocol. */
#include "report/page.h"

#include "report/sensitivity.h"
#include "report/stats.h"

#include <math.h>

/* "3" with the interval of the rank, and the mean. */
static void put_rank(const struct page *page, int b, int k, int p, int m)
{
    const struct sensitivity_rank *rank = sensitivity_rank_at(page->report, page->sources->sensitivity, b, k, p, m);
    const struct cell *cell = cell_at(page->report, page->cells, b, m, p, k);
    if (!isfinite(rank->rank)) {
        fputs("<td>–</td>", page->stream);
        return;
    }
    fprintf(page->stream, "<td>%g<span class=\"i\">", rank->rank);
    if (isfinite(rank->low))
        fprintf(page->stream, "95 %% interval %g to %g; ", rank->low, rank->high);
    fputs("mean ", page->stream);
    page_number(page, k, cell->mean, true);
    fputs("</span></td>", page->stream);
}

static void put_method(const struct page *page, int b, int k, int m)
{
    fputs("<tr><th scope=\"row\">", page->stream);
    page_text(page, page->report->methods[m].title);
    fputs("</th>", page->stream);
    for (int p = 0; p < page->report->protocol_count; p++)
        put_rank(page, b, k, p, m);
    fputs("</tr>\n", page->stream);
}

static void put_taus(const struct page *page, int b, int k)
{
    const int count = page->report->protocol_count;
    const char *before = "<p class=\"note\">Kendall's tau of the ranks: ";
    for (int i = 0; i < count; i++)
        for (int j = i + 1; j < count; j++) {
            const struct sensitivity_tau *tau =
                sensitivity_tau_at(page->report, page->sources->sensitivity, b, k, i, j);
            if (!isfinite(tau->tau))
                continue;
            fputs(before, page->stream);
            page_text(page, page->report->protocols[i].name);
            fputs(" and ", page->stream);
            page_text(page, page->report->protocols[j].name);
            fprintf(page->stream, " %.2f", tau->tau);
            if (isfinite(tau->ci_low))
                fprintf(page->stream, " (%.2f to %.2f)", tau->ci_low, tau->ci_high);
            before = "; ";
        }
    if (*before == ';')
        fputs(".</p>\n", page->stream);
}

static void put_table(const struct page *page, int b, int k)
{
    const struct report *report = page->report;
    fputs(k == page->headline ? "<details open>\n<summary>" : "<details>\n<summary>", page->stream);
    page_backbone(page, b);
    fputs(": ", page->stream);
    page_metric(page, k);
    fputs("</summary>\n", page->stream);
    page_table(page, "sortable numbers", "Ranks of the methods under each protocol");
    fputs("<thead><tr><th scope=\"col\">Method</th>", page->stream);
    for (int p = 0; p < report->protocol_count; p++) {
        fputs("<th scope=\"col\">", page->stream);
        page_text(page, report->protocols[p].name);
        fputs("</th>", page->stream);
    }
    fputs("</tr></thead>\n<tbody>\n", page->stream);
    for (int m = 0; m < report->method_count; m++)
        if (!report->methods[m].is_control)
            put_method(page, b, k, m);
    page_table_end(page);
    put_taus(page, b, k);
    fputs("</details>\n", page->stream);
}

void page_sensitivity(const struct page *page)
{
    const struct report *report = page->report;
    if (!page->sources->sensitivity)
        return;
    page_section(page, "sensitivity", "Sensitivity to the protocol");
    fputs(
        "<p class=\"note\">Ranks of the methods under each protocol, 1 is the best; controls are left out. Point at a "
        "rank to see its interval and the mean.</p>\n",
        page->stream);
    for (int b = 0; b < report->backbone_count; b++)
        for (int k = 0; k < report->metric_count; k++)
            if (sensitivity_has_ranks(report, page->sources->sensitivity, b, k))
                put_table(page, b, k);
    page_section_end(page);
}
