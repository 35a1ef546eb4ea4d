/*
 * report/plots.c - which plots a run gets, and what they have in common.
 *
 * Per protocol: bars of ADCC with intervals, Average Drop against Complexity, ADCC against time, mean curves, the distribution
 * over the images of each metric, and on request the agreement of metrics with the truth. The files of the first protocol have plain names (plots/adcc.svg), others carry the
 * protocol's name. Equal rows give equal bytes.
 */
#include "report/plots.h"

#include "base/file.h"
#include "report/completeness.h"
#include "report/escape.h"

#include <string.h>

int plot_figure(const struct plot *plot, const struct figure *figure, struct error *err)
{
    return report_stopped(plot->report, err)
               ? -1
               : figure_write(figure, plot->folder, plot->report->stop, plot->warning, err);
}

unsigned plot_color(int backbone)
{
    static const unsigned palette[] = {0x0072b2, 0xe69f00, 0x009e73, 0xd55e00, 0x56b4e9, 0xcc79a7, 0xf0e442};
    const int count = sizeof palette / sizeof palette[0];
    unsigned color = palette[backbone % count];
    if (backbone / count % 2)
        color = color >> 1 & 0x7f7f7f;
    return color;
}

const struct cell *plot_cell(const struct plot *plot, int backbone, int method, int metric)
{
    return cell_at(plot->report, plot->cells, backbone, method, plot->protocol, metric);
}

void plot_axis(FILE *stream, const struct report_metric *metric)
{
    char text[256];
    snprintf(text, sizeof text, "%.120s%s%.40s%s, %s is better", metric->title, *metric->unit ? " (" : "", metric->unit,
             *metric->unit ? ")" : "", metric->higher_is_better ? "higher" : "lower");
    escape_gnuplot(stream, text, 60);
}

/* "n = 200 images", "incomplete, n = 40 to 95 of 200 images" */
static void range_text(const struct report *report, int least, int most, char *text, size_t size)
{
    char of[32] = "";
    int wanted = 0;
    for (int b = 0; b < report->backbone_count; b++)
        if (is_incomplete(report, b) && report->progress[b].wanted > wanted)
            wanted = report->progress[b].wanted;
    if (wanted)
        snprintf(of, sizeof of, " of %d", wanted);
    if (least < most)
        snprintf(text, size, "%sn = %d to %d%s images", wanted ? "incomplete, " : "", least, most, of);
    else
        snprintf(text, size, "%sn = %d%s images", wanted ? "incomplete, " : "", least, of);
}

void plot_title(FILE *stream, const struct plot *plot, const char *subject, const int *metrics, int metric_count,
                int height)
{
    int least = 0, most = 0;
    for (int b = 0; b < plot->report->backbone_count; b++)
        for (int m = 0; m < plot->report->method_count; m++)
            for (int i = 0; i < metric_count; i++) {
                const int n = metrics[i] >= 0 ? plot_cell(plot, b, m, metrics[i])->n : 0;
                least = n && (!least || n < least) ? n : least;
                most = n > most ? n : most;
            }
    fputs("set label ", stream);
    escape_gnuplot(stream, subject, 72);
    fprintf(stream, " at screen 0.5, screen %.6f center font ',14' noenhanced\nset label ", 1 - 15.0 / height);
    /* one backbone has neither a legend nor, in row plots, a head: it is named here */
    const struct report_backbone *only = plot->report->backbone_count == 1 ? plot->report->backbones : NULL;
    char line[640], range[80];
    range_text(plot->report, least, most, range, sizeof range);
    snprintf(line, sizeof line, "%.200s%s%.200s, protocol %.200s, %s", plot->report->name, only ? ", " : "",
             only ? only->title : "", plot->report->protocols[plot->protocol].name, range);
    escape_gnuplot(stream, line, 96);
    fprintf(stream, " at screen 0.5, screen %.6f center textcolor rgb '#505050' noenhanced\n", 1 - 34.0 / height);
}

static int find_metric(const struct report *report, const char *name)
{
    for (int k = 0; k < report->metric_count; k++)
        if (strcmp(report->metrics[k].name, name) == 0)
            return k;
    return -1;
}

/* The one number that methods are ranked by; -1: none. */
static int headline_metric(const struct report *report)
{
    int metric = find_metric(report, "adcc");
    if (metric < 0)
        metric = find_metric(report, "adcc_of_means");
    for (int k = 0; metric < 0 && k < report->metric_count; k++)
        if (report->metrics[k].is_percent && !report->metrics[k].is_cost)
            metric = k;
    return metric;
}

static int draw_protocol(const struct plot *plot, struct error *err)
{
    const struct report *report = plot->report;
    const int headline = headline_metric(report);
    const int drop = find_metric(report, "average_drop"), complexity = find_metric(report, "complexity");
    if (headline >= 0 && (plot_bars(plot, headline, err) || plot_scatter(plot, "adcc_seconds", -1, headline, err)))
        return -1;
    if (drop >= 0 && complexity >= 0 && plot_scatter(plot, "drop_complexity", drop, complexity, err))
        return -1;
    if (plot_curves(plot, err))
        return -1;
    for (int k = 0; k < report->metric_count; k++)
        if (!report->metrics[k].is_cost && !report->metrics[k].combine && plot_distribution(plot, k, err))
            return -1;
    return plot->meta ? plot_meta(plot, err) : 0;
}

int report_plots(const struct report *report, const struct cell *cells, const struct meta_cell *meta,
                 struct error *warning, struct error *err)
{
    char folder[PATH_MAX], name[64], suffix[80];
    warning->text[0] = 0;
    if (file_make_inside(folder, report->folder, "plots", err))
        return -1;
    for (int p = 0; p < report->protocol_count; p++) {
        escape_file_name(report->protocols[p].name, name, sizeof name);
        snprintf(suffix, sizeof suffix, "-%d-%s", p + 1, name);
        const struct plot plot = {report, cells, meta, p, p ? suffix : "", folder, warning};
        if (draw_protocol(&plot, err))
            return -1;
    }
    return 0;
}
