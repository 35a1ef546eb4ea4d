/* report/page_plots.c - plots of the page: means with intervals, the headline metric against time, mean curves. */
#include "report/page_svg.h"

#include "base/numbers.h"
#include "report/escape.h"
#include "report/pairs.h"
#include "report/stats.h"

#include <math.h>
#include <stdlib.h>

enum { ROW = 22, LEFT = 138, RIGHT = 12, TOP = 8, BOTTOM = 40, PLOTS_MAX = 400, SCATTER = 300, CURVE_CLASSES = 8 };

static double shown(const struct page *page, int k, double value)
{
    return shown_value(&page->report->metrics[k], value);
}

/* "ADCC (%)" */
static const char *axis_title(const struct page *page, int k, char text[256])
{
    const struct report_metric *metric = &page->report->metrics[k];
    snprintf(text, 256, *metric->unit ? "%.150s %s (%.40s)" : "%.150s %s", metric->title,
             metric->higher_is_better ? "↑" : "↓", metric->unit);
    return text;
}

static void put_caption(const struct page *page, int b, int k, const char *rest)
{
    fputs("<figcaption>", page->stream);
    page_backbone(page, b);
    fputs(": ", page->stream);
    page_metric(page, k);
    fprintf(page->stream, "%s</figcaption>\n", rest);
}

/* -- means --------------------------------------------------------------------------------------------------------- */

/* Methods with a mean, the best first. */
static int order_methods(const struct page *page, int b, int k, int *order)
{
    const bool higher = page->report->metrics[k].higher_is_better;
    int count = 0;
    for (int m = 0; m < page->report->method_count; m++) {
        const double mean = page_cell(page, b, m, k)->mean;
        int at = count;
        if (!isfinite(mean))
            continue;
        for (; at > 0; at--) {
            const double other = page_cell(page, b, order[at - 1], k)->mean;
            if (higher ? other >= mean : other <= mean)
                break;
            order[at] = order[at - 1];
        }
        order[at] = m;
        count++;
    }
    return count;
}

/* The range of the means of a metric and their intervals on all networks, so that their plots can be compared. */
static struct svg_axis axis_of(const struct page *page, int k)
{
    struct svg_axis axis = {.low = INFINITY, .high = -INFINITY, .from = LEFT, .to = SVG_WIDTH - RIGHT};
    for (int b = 0; b < page->report->backbone_count; b++)
        for (int m = 0; m < page->report->method_count; m++) {
            const struct cell *cell = page_cell(page, b, m, k);
            axis.low = fmin(axis.low, fmin(cell->mean, cell->ci_low));
            axis.high = fmax(axis.high, fmax(cell->mean, cell->ci_high));
        }
    axis.low = shown(page, k, axis.low);
    axis.high = shown(page, k, axis.high);
    svg_pad(&axis);
    return axis;
}

static void put_mean(const struct page *page, const struct svg_axis *axis, int b, int m, int k, double y)
{
    const struct cell *cell = page_cell(page, b, m, k);
    const char *kind = page->report->methods[m].is_control                        ? "control"
                       : cell_is_best(page->report, page->cells, b, m, 0, k)      ? "best"
                       : is_tied_with_best(page->report, page->cells, b, m, 0, k) ? "tied"
                                                                                  : "other";
    fprintf(page->stream, "<g class=\"%s\"><title>", kind);
    page_text(page, page->report->methods[m].title);
    fputs(": ", page->stream);
    page_number(page, k, cell->mean, true);
    fputs(isfinite(cell->ci_low) ? ", " : "", page->stream);
    page_interval(page, k, cell->ci_low, cell->ci_high);
    fprintf(page->stream, "</title><text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">", LEFT - 8, y + 4);
    svg_name(page, page->report->methods[m].title);
    fputs("</text>", page->stream);
    if (isfinite(cell->ci_low))
        fprintf(page->stream, "<path class=\"bar\" d=\"M%.1f %.1fH%.1f\"/>", svg_at(axis, shown(page, k, cell->ci_low)),
                y, svg_at(axis, shown(page, k, cell->ci_high)));
    fprintf(page->stream, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\"/></g>\n", svg_at(axis, shown(page, k, cell->mean)),
            y);
}

static void put_means(const struct page *page, int b, int k, int *order)
{
    const int count = order_methods(page, b, k, order);
    const struct svg_axis axis = axis_of(page, k);
    char title[256];
    if (count == 0)
        return;
    fputs("<figure class=\"choice\">\n", page->stream);
    put_caption(page, b, k, "");
    svg_begin(page, TOP + count * ROW + BOTTOM, page->report->backbones[b].title, axis_title(page, k, title));
    svg_x_axis(page, &axis, TOP, TOP + count * ROW, title);
    for (int i = 0; i < count; i++)
        put_mean(page, &axis, b, order[i], k, TOP + (i + 0.5) * ROW);
    svg_end(page);
    fputs("</figure>\n", page->stream);
}

/* A group for each metric, with a figure for each network. */
static void put_metrics(const struct page *page, int *order)
{
    const struct report *report = page->report;
    const bool is_large = report->metric_count * report->backbone_count > PLOTS_MAX;
    fputs("<div class=\"choices\" data-label=\"Metric\">\n", page->stream);
    for (int i = -1; i < report->metric_count; i++) {
        const int k = i < 0 ? page->headline : i;
        if (i == page->headline || report->metrics[k].is_cost || (is_large && i >= 0))
            continue;
        fputs("<div class=\"choice\">\n<h3>", page->stream);
        page_metric(page, k);
        fputs("</h3>\n<div class=\"figures\">\n", page->stream);
        for (int b = 0; b < report->backbone_count; b++)
            put_means(page, b, k, order);
        fputs("</div>\n</div>\n", page->stream);
    }
    fputs("</div>\n", page->stream);
}

/* -- value against time -------------------------------------------------------------------------------------------- */

static void put_point(const struct page *page, const struct svg_axis *x, const struct svg_axis *y, int b, int m,
                      double seconds)
{
    const int k = page->headline;
    const struct cell *cell = page_cell(page, b, m, k);
    const double at_x = svg_at(x, seconds), at_y = svg_at(y, shown(page, k, cell->mean));
    fprintf(page->stream, "<g class=\"%s\"><title>%d ", page->report->methods[m].is_control ? "control" : "other",
            m + 1);
    page_text(page, page->report->methods[m].title);
    fputs(": ", page->stream);
    page_number(page, k, cell->mean, true);
    fprintf(page->stream, ", %.3g s</title>", seconds);
    if (isfinite(cell->ci_low))
        fprintf(page->stream, "<path class=\"bar\" d=\"M%.1f %.1fV%.1f\"/>", at_x,
                svg_at(y, shown(page, k, cell->ci_low)), svg_at(y, shown(page, k, cell->ci_high)));
    fprintf(page->stream,
            "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"9\"/><text class=\"inside\" x=\"%.1f\" y=\"%.1f\" "
            "text-anchor=\"middle\">%d</text></g>\n",
            at_x, at_y, at_x, at_y + 3.5, m + 1);
}

/* The legend: each number in the plots with its method. */
static void put_legend(const struct page *page)
{
    fputs("<p class=\"note\">", page->stream);
    for (int m = 0; m < page->report->method_count; m++) {
        fprintf(page->stream, "%s%d&nbsp;", m ? ", " : "", m + 1);
        page_text(page, page->report->methods[m].title);
    }
    fputs("</p>\n", page->stream);
}

static void put_scatter(const struct page *page, int b)
{
    const struct report *report = page->report;
    struct svg_axis x = {.low = INFINITY, .high = 0, .from = 44, .to = SVG_WIDTH - RIGHT, .is_log = true};
    struct svg_axis y = axis_of(page, page->headline);
    char title[256];
    y.from = TOP + SCATTER;
    y.to = TOP;
    for (int m = 0; m < report->method_count; m++) {
        const struct cost_summary cost = cost_summary(report, b, m, page->scratch);
        if (cost.n == 0 || !(cost.median > 0))
            continue;
        x.low = fmin(x.low, cost.median);
        x.high = fmax(x.high, cost.median);
    }
    if (!(x.high > 0))
        return;
    svg_pad(&x);
    fputs("<figure>\n", page->stream);
    put_caption(page, b, page->headline, " against seconds per map");
    svg_begin(page, TOP + SCATTER + BOTTOM, report->backbones[b].title, axis_title(page, page->headline, title));
    svg_x_axis(page, &x, TOP, TOP + SCATTER, "seconds per map (median, logarithmic)");
    svg_y_axis(page, &y, x.from, x.to);
    for (int m = 0; m < report->method_count; m++) {
        const struct cost_summary cost = cost_summary(report, b, m, page->scratch);
        if (cost.n > 0 && cost.median > 0 && isfinite(page_cell(page, b, m, page->headline)->mean))
            put_point(page, &x, &y, b, m, cost.median);
    }
    svg_end(page);
    fputs("</figure>\n", page->stream);
}

static void put_scatters(const struct page *page)
{
    fputs("<h3>", page->stream);
    page_metric(page, page->headline);
    fputs(" against time</h3>\n<div class=\"figures\">\n", page->stream);
    for (int b = 0; b < page->report->backbone_count; b++)
        put_scatter(page, b);
    fputs("</div>\n", page->stream);
    put_legend(page);
}

/* -- curves -------------------------------------------------------------------------------------------------------- */

static const struct report_curve *curve_of(const struct page *page, int b, int m, int k)
{
    const struct report *report = page->report;
    const struct report_curve *curve = report->curves ? &report->curves[report_curve_index(report, b, m, 0, k)] : NULL;
    return curve && curve->n > 0 && curve->count > 1 ? curve : NULL;
}

static bool has_curve(const struct page *page, int b, int k)
{
    for (int m = 0; m < page->report->method_count; m++)
        if (!report_counted(page->report, k) && curve_of(page, b, m, k))
            return true;
    return false;
}

static void put_curve(const struct page *page, const struct svg_axis *x, const struct svg_axis *y, int m,
                      const struct report_curve *curve)
{
    char kind[32];
    snprintf(kind, sizeof kind, "line c%d", m % CURVE_CLASSES);
    fprintf(page->stream, "<g class=\"%s\"><title>%d ", page->report->methods[m].is_control ? "line control" : kind,
            m + 1);
    page_text(page, page->report->methods[m].title);
    fputs("</title><path d=\"", page->stream);
    for (int i = 0; i < curve->count; i++)
        fprintf(page->stream, "%c%.1f %.1f", i ? 'L' : 'M', svg_at(x, curve->fraction[i]), svg_at(y, curve->mean[i]));
    const int at = curve->count * (1 + m % 7) / 8;
    fprintf(page->stream, "\"/><text x=\"%.1f\" y=\"%.1f\">%d</text></g>\n", svg_at(x, curve->fraction[at]),
            svg_at(y, curve->mean[at]) - 3, m + 1);
}

static void put_curves_of(const struct page *page, int b, int k)
{
    const struct svg_axis x = {0, 1, 44, SVG_WIDTH - RIGHT, false}, y = {0, 1, TOP + SCATTER, TOP, false};
    fputs("<figure>\n", page->stream);
    put_caption(page, b, k, ", mean curves");
    svg_begin(page, TOP + SCATTER + BOTTOM, page->report->backbones[b].title, page->report->metrics[k].title);
    svg_x_axis(page, &x, TOP, TOP + SCATTER, "share of the image that is changed");
    svg_y_axis(page, &y, x.from, x.to);
    for (int m = 0; m < page->report->method_count; m++) {
        const struct report_curve *curve = curve_of(page, b, m, k);
        if (curve)
            put_curve(page, &x, &y, m, curve);
    }
    svg_end(page);
    fputs("</figure>\n", page->stream);
}

static void put_curves(const struct page *page)
{
    bool is_begun = false;
    for (int k = 0; k < page->report->metric_count; k++)
        for (int b = 0; b < page->report->backbone_count; b++) {
            if (!has_curve(page, b, k))
                continue;
            fputs(is_begun ? "" : "<h3>Mean curves</h3>\n<div class=\"figures\">\n", page->stream);
            is_begun = true;
            put_curves_of(page, b, k);
        }
    if (!is_begun)
        return;
    fputs("</div>\n", page->stream);
    put_legend(page);
}

void page_plots(const struct page *page)
{
    int *order = calloc((size_t)page->report->method_count, sizeof *order);
    if (!order || page->headline < 0) {
        free(order);
        return;
    }
    page_section(page, "plots", "Plots");
    fputs("<p class=\"note\">Means of the methods, the best first", page->stream);
    fputs(page->report->bootstrap > 0 ? ", with 95 % bootstrap intervals. " : ". ", page->stream);
    fputs("Filled: the best method; hollow: cannot be told from it; grey: controls. Protocol ", page->stream);
    page_text(page, page->report->protocols[0].name);
    fputs(".</p>\n", page->stream);
    put_metrics(page, order);
    put_scatters(page);
    put_curves(page);
    page_section_end(page);
    free(order);
}
