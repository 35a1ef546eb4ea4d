/* report/page_answer.c - the answer of a run in words: which method each network ranks first, and what equals it. */
#include "report/page.h"

#include "report/escape.h"
#include "report/pairs.h"
#include "report/stats.h"

#include <math.h>

enum { NAMED_MAX = 6 };

static bool is_tied(const struct page *page, int b, int m, int k)
{
    return is_tied_with_best(page->report, page->cells, b, m, 0, k);
}

/* Whether a method other than the best has a mean that prints like the best. */
static bool is_equal(const struct page *page, int b, int m, int k)
{
    return m != best_method(page->report, page->cells, b, 0, k) && !page->report->methods[m].is_control &&
           isfinite(page_cell(page, b, m, k)->mean) && cell_is_best(page->report, page->cells, b, m, 0, k);
}

typedef bool belongs(const struct page *page, int b, int m, int k);

static int count_methods(const struct page *page, int b, int k, belongs *which)
{
    int count = 0;
    for (int m = 0; m < page->report->method_count; m++)
        count += which(page, b, m, k);
    return count;
}

/* "Grad-CAM, LayerCAM and 3 more" */
static void put_methods(const struct page *page, int b, int k, belongs *which)
{
    const int count = count_methods(page, b, k, which), named = count <= NAMED_MAX ? count : NAMED_MAX - 1;
    int said = 0;
    for (int m = 0; m < page->report->method_count && said < named; m++) {
        if (!which(page, b, m, k))
            continue;
        fputs(said == 0 ? "" : said == count - 1 ? " and " : ", ", page->stream);
        page_text(page, page->report->methods[m].title);
        said++;
    }
    if (count > said)
        fprintf(page->stream, " and %d more", count - said);
}

static void put_mean(const struct page *page, const struct cell *cell)
{
    const int k = page->headline;
    page_text(page, page->report->metrics[k].title);
    putc(' ', page->stream);
    page_number(page, k, cell->mean, true);
    if (isfinite(cell->ci_low)) {
        fputs(", ", page->stream);
        page_interval(page, k, cell->ci_low, cell->ci_high);
    }
}

/* The control with the best mean, if it is better than the best method; -1: none. */
static int better_control(const struct page *page, int b, int best)
{
    const bool higher = page->report->metrics[page->headline].higher_is_better;
    int found = -1;
    double least = page_cell(page, b, best, page->headline)->mean;
    for (int m = 0; m < page->report->method_count; m++) {
        const double mean = page_cell(page, b, m, page->headline)->mean;
        if (!page->report->methods[m].is_control || !isfinite(mean) || !(higher ? mean > least : mean < least))
            continue;
        found = m;
        least = mean;
    }
    return found;
}

/* How many methods other than the best have a mean. */
static int count_others(const struct page *page, int b, int best)
{
    int count = 0;
    for (int m = 0; m < page->report->method_count; m++)
        count +=
            m != best && !page->report->methods[m].is_control && isfinite(page_cell(page, b, m, page->headline)->mean);
    return count;
}

static void put_others(const struct page *page, int b, int best)
{
    const int ties = count_methods(page, b, page->headline, is_tied), control = better_control(page, b, best);
    const int equal = count_methods(page, b, page->headline, is_equal), others = count_others(page, b, best);
    if (equal) {
        put_methods(page, b, page->headline, is_equal);
        fprintf(page->stream, " %s the same mean. ", equal == 1 ? "has" : "have");
    }
    if (ties) {
        put_methods(page, b, page->headline, is_tied);
        fputs(" cannot be told from it at 5&nbsp;%. ", page->stream);
    }
    if (!ties && others > equal && page->report->paired && is_paired(page->report, page->headline))
        fprintf(page->stream, "%s significantly at 5&nbsp;%%. ",
                others - equal == 1 ? "The other method differs from it" : "The other methods differ from it");
    if (control < 0)
        return;
    fputs("A control is better: ", page->stream);
    page_text(page, page->report->methods[control].title);
    fputs(" (", page->stream);
    page_number(page, page->headline, page_cell(page, b, control, page->headline)->mean, true);
    fputs(").", page->stream);
}

static void put_backbone(const struct page *page, int b)
{
    const int best = best_method(page->report, page->cells, b, 0, page->headline);
    fputs("<p>", page->stream);
    if (best < 0) {
        page_text(page, page->report->backbones[b].title);
        fputs(": no method has a value.</p>\n", page->stream);
        return;
    }
    const struct cell *cell = page_cell(page, b, best, page->headline);
    fprintf(page->stream, "On %d image%s ", cell->n, cell->n == 1 ? "" : "s");
    page_text(page, page->report->backbones[b].title);
    fputs(" prefers <strong>", page->stream);
    page_text(page, page->report->methods[best].title);
    fputs("</strong> (", page->stream);
    put_mean(page, cell);
    fputs("). ", page->stream);
    put_others(page, b, best);
    fputs("</p>\n", page->stream);
}

/* The best mean over all networks. */
static void put_overall(const struct page *page)
{
    const struct report *report = page->report;
    const bool higher = report->metrics[page->headline].higher_is_better;
    int best = -1;
    double value = NAN;
    for (int m = 0; m < report->method_count; m++) {
        const double mean = overall_rank_at(report, 0, page->headline, m)->mean;
        if (report->methods[m].is_control || !isfinite(mean) || (best >= 0 && !(higher ? mean > value : mean < value)))
            continue;
        best = m;
        value = mean;
    }
    if (best < 0)
        return;
    const struct method_rank *rank = overall_rank_at(report, 0, page->headline, best);
    fprintf(page->stream, "<p>Over the %d networks <strong>", report->backbone_count);
    page_text(page, report->methods[best].title);
    fputs("</strong> has the best mean (", page->stream);
    put_mean(page, &(struct cell){.mean = rank->mean, .ci_low = rank->mean_low, .ci_high = rank->mean_high});
    fputs(").</p>\n", page->stream);
}

/* -- the best method by every metric ------------------------------------------------------------------------------- */

static void put_best(const struct page *page, int b, int k)
{
    const int best = best_method(page->report, page->cells, b, 0, k);
    fputs("<td>", page->stream);
    if (best < 0)
        fputs("–", page->stream);
    else {
        page_text(page, page->report->methods[best].title);
        putc(' ', page->stream);
        page_number(page, k, page_cell(page, b, best, k)->mean, false);
    }
    if (count_methods(page, b, k, is_equal)) {
        fputs("<br><small>the same: ", page->stream);
        put_methods(page, b, k, is_equal);
        fputs("</small>", page->stream);
    }
    if (count_methods(page, b, k, is_tied)) {
        fputs("<br><small>not distinguishable: ", page->stream);
        put_methods(page, b, k, is_tied);
        fputs("</small>", page->stream);
    }
    fputs("</td>", page->stream);
}

static void put_metrics(const struct page *page)
{
    const struct report *report = page->report;
    fputs("<h3>Best method by each metric</h3>\n", page->stream);
    page_table(page, "", "Best method by each metric and network");
    fputs("<thead><tr><th scope=\"col\">Metric</th>", page->stream);
    for (int b = 0; b < report->backbone_count; b++) {
        fputs("<th scope=\"col\">", page->stream);
        page_backbone(page, b);
        fputs("</th>", page->stream);
    }
    fputs("</tr></thead>\n<tbody>\n", page->stream);
    for (int k = 0; k < report->metric_count; k++) {
        if (report->metrics[k].is_cost)
            continue;
        fputs("<tr><th scope=\"row\">", page->stream);
        page_metric(page, k);
        fputs("</th>", page->stream);
        for (int b = 0; b < report->backbone_count; b++)
            put_best(page, b, k);
        fputs("</tr>\n", page->stream);
    }
    page_table_end(page);
    fputs("<p class=\"note\">↑ higher is better, ↓ lower is better; controls are left out. Protocol ", page->stream);
    page_text(page, report->protocols[0].name);
    fputs(". Methods under the best one: " TIE_NOTE, page->stream);
    untested_note(report, page->stream, escape_xml);
    fputs(".</p>\n", page->stream);
}

void page_answer(const struct page *page)
{
    page_section(page, "answer", "Answer");
    if (page->headline < 0)
        fputs("<p>The run has no metric by which methods are ranked.</p>\n", page->stream);
    else {
        fputs("<div class=\"answer\">\n", page->stream);
        for (int b = 0; b < page->report->backbone_count; b++)
            put_backbone(page, b);
        if (page->report->backbone_count > 1 && page->report->paired)
            put_overall(page);
        fputs("</div>\n", page->stream);
    }
    put_metrics(page);
    page_section_end(page);
}
