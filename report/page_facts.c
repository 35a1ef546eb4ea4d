/* report/page_facts.c - what a reader needs to judge and repeat a run: truth, protocols, costs, commands, manifest. */
#include "report/page.h"

#include "report/activities.h"
#include "report/escape.h"
#include "report/meta.h"
#include "report/stats.h"

#include <math.h>

/* -- agreement with the truth -------------------------------------------------------------------------------------- */

static void put_tau(const struct page *page, const struct meta_cell *cell)
{
    if (!isfinite(cell->tau)) {
        fputs("<td>–</td>", page->stream);
        return;
    }
    fprintf(page->stream, "<td>%.2f<span class=\"i\">", cell->tau);
    if (isfinite(cell->ci_low))
        fprintf(page->stream, "95 %% interval %.2f to %.2f; ", cell->ci_low, cell->ci_high);
    fprintf(page->stream, "n = %d</span></td>", cell->n);
}

void page_truth(const struct page *page)
{
    const struct report *report = page->report;
    if (!page->meta || meta_truth(report) < 0)
        return;
    page_section(page, "truth", "Agreement with the truth");
    fputs("<p class=\"note\">Kendall's tau-b between a metric and ", page->stream);
    page_text(page, report->metrics[meta_truth(report)].title);
    fputs(", which uses the annotated truth: over the methods' means, and the mean over images. Controls are left "
          "out. Protocol ",
          page->stream);
    page_text(page, report->protocols[0].name);
    fputs(".</p>\n", page->stream);
    page_table(page, "sortable numbers", "Agreement of the metrics with the truth");
    fputs("<thead><tr><th scope=\"col\">Metric</th>", page->stream);
    for (int b = 0; b < report->backbone_count; b++)
        for (int form = 0; form < META_FORMS; form++) {
            fputs("<th scope=\"col\">", page->stream);
            page_text(page, report->backbones[b].title);
            fprintf(page->stream, ", %s</th>", form == META_PER_IMAGE ? "per image" : "over methods");
        }
    fputs("</tr></thead>\n<tbody>\n", page->stream);
    for (int k = 0; k < report->metric_count; k++) {
        if (!meta_has_row(report, k, META_OVER_METHODS))
            continue;
        fputs("<tr><th scope=\"row\">", page->stream);
        page_text(page, report->metrics[k].title);
        fputs("</th>", page->stream);
        for (int b = 0; b < report->backbone_count; b++)
            for (int form = 0; form < META_FORMS; form++)
                put_tau(page, meta_cell_at(report, page->meta, b, 0, k, (enum meta_form)form, false));
        fputs("</tr>\n", page->stream);
    }
    page_table_end(page);
    page_section_end(page);
}

/* -- protocols ----------------------------------------------------------------------------------------------------- */

void page_protocols(const struct page *page)
{
    const struct report *report = page->report;
    page_section(page, "protocols", "Protocol");
    page_table(page, "", "Choices of each protocol");
    fputs("<thead><tr><th scope=\"col\">Key</th>", page->stream);
    for (int p = 0; p < report->protocol_count; p++) {
        fputs("<th scope=\"col\">", page->stream);
        page_text(page, report->protocols[p].name);
        protocol_changes(&report->protocols[p], page->stream, "<br><small>", "</small>", escape_xml);
        fputs("</th>", page->stream);
    }
    fputs("</tr></thead>\n<tbody>\n", page->stream);
    for (int i = 0; i < page->sources->key_count; i++) {
        fputs("<tr><th scope=\"row\">", page->stream);
        page_text(page, page->sources->keys[i].name);
        fputs("</th>", page->stream);
        for (int p = 0; p < report->protocol_count; p++) {
            fputs("<td>", page->stream);
            page_text(page, page->sources->keys[i].values[p]);
            fputs("</td>", page->stream);
        }
        fputs("</tr>\n", page->stream);
    }
    page_table_end(page);
    page_section_end(page);
}

/* -- costs --------------------------------------------------------------------------------------------------------- */

static void put_cost(const struct page *page, int b, int m)
{
    const struct cost_summary cost = cost_summary(page->report, b, m, page->scratch);
    if (cost.n == 0)
        return;
    fputs("<tr><th scope=\"row\">", page->stream);
    page_text(page, page->report->methods[m].title);
    fputs("</th><td>", page->stream);
    page_text(page, page->report->backbones[b].title);
    fprintf(page->stream,
            "</td><td>%.4g<span class=\"i\">quartiles %.4g to %.4g; mean %.4g; %d maps</span></td><td>%.1f</td>"
            "<td>%.1f</td><td>%.1f</td></tr>\n",
            cost.median, cost.low, cost.high, cost.mean, cost.n, cost.full, cost.tail, cost.backward);
}

static void put_activity(const void *context, const struct report_spent *spent, double share)
{
    const struct page *page = context;
    fputs("<tr><th scope=\"row\">", page->stream);
    page_text(page, spent->activity);
    fprintf(page->stream, "</th><td>%.2f</td><td>%.1f</td></tr>\n", spent->seconds, share);
}

static void put_times(const struct page *page)
{
    if (!page->report->spent)
        return;
    fputs(
        "<h3>Time of the run</h3>\n<p class=\"note\">Seconds of all threads together, and shares of the wall time of all calls of the program, "
        "up to the making of this page.</p>\n",
        page->stream);
    page_table(page, "sortable numbers", "Time of the run by activity");
    fputs("<thead><tr><th scope=\"col\">Activity</th><th scope=\"col\">Seconds</th><th scope=\"col\">Wall time %</th>"
          "</tr></thead>\n<tbody>\n",
          page->stream);
    each_activity(page->report, put_activity, page);
    page_table_end(page);
}

void page_costs(const struct page *page)
{
    page_section(page, "costs", "Costs");
    fputs("<p class=\"note\">Of one map. Seconds: median over the images. Passes: means; a full pass goes through the "
          "whole network, a tail pass from the target layer on, a backward pass back to it.</p>\n",
          page->stream);
    page_table(page, "sortable numbers", "Costs of a map");
    fputs("<thead><tr><th scope=\"col\">Method</th><th scope=\"col\">Network</th><th scope=\"col\">Seconds</th>"
          "<th scope=\"col\">Full passes</th><th scope=\"col\">Tail passes</th><th scope=\"col\">Backward passes</th>"
          "</tr></thead>\n<tbody>\n",
          page->stream);
    for (int b = 0; b < page->report->backbone_count; b++)
        for (int m = 0; m < page->report->method_count; m++)
            put_cost(page, b, m);
    page_table_end(page);
    put_times(page);
    page_section_end(page);
}

/* -- runs, commands, manifest -------------------------------------------------------------------------------------- */

void page_runs(const struct page *page)
{
    if (page->sources->run_count < 2)
        return;
    page_section(page, "runs", "Compared runs");
    fputs("<ul>\n", page->stream);
    for (int i = 0; i < page->sources->run_count; i++) {
        fputs("<li><code>", page->stream);
        page_text(page, page->sources->runs[i].folder);
        fputs("</code></li>\n", page->stream);
    }
    fputs("</ul>\n<p class=\"note\">The methods of all runs are compared on the images that all runs have. What could "
          "not be compared was left out or renamed, as the notes at the top say.</p>\n",
          page->stream);
    page_section_end(page);
}

static void put_file(const struct page *page, const char *title, const char *text)
{
    fputs("<details>\n<summary>", page->stream);
    page_text(page, title);
    fputs("</summary>\n<pre tabindex=\"0\">", page->stream);
    page_lines(page, text);
    fputs("</pre>\n</details>\n", page->stream);
}

void page_reproduce(const struct page *page)
{
    const struct page_sources *sources = page->sources;
    page_section(page, "reproduce", "How to reproduce it");
    fputs("<pre tabindex=\"0\">", page->stream);
    for (int i = 0; i < sources->command_count; i++)
        page_lines(page, sources->commands[i]);
    fputs("</pre>\n<p class=\"note\">The same config, images and weights give the same numbers on any number of "
          "threads.</p>\n",
          page->stream);
    if (sources->config)
        put_file(page, "config.yaml", sources->config);
    page_section_end(page);
}

void page_manifest(const struct page *page)
{
    const struct page_sources *sources = page->sources;
    bool has_any = false;
    for (int i = 0; i < sources->run_count; i++)
        has_any |= sources->runs[i].manifest != NULL;
    if (!has_any)
        return;
    page_section(page, "manifest", "Manifest");
    fputs("<p class=\"note\">Versions, machine, hashes of images and weights, and the plan of each network.</p>\n",
          page->stream);
    for (int i = 0; i < sources->run_count; i++)
        if (sources->runs[i].manifest)
            put_file(page, sources->run_count > 1 ? sources->runs[i].folder : "manifest.json",
                     sources->runs[i].manifest);
    page_section_end(page);
}
