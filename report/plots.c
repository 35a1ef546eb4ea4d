/*
 * report/plots.c - the plots of a run.
 *
 * Per protocol: bars of ADCC with intervals; differences and ranks over networks of ADCC, and of the metric whose pairs
 * are asked for; ADCC against time, Average Drop against Complexity, mean curves, the distribution over the images of each
 * metric, and on request the agreement of metrics with the truth. The files of the first protocol have plain names
 * (plots/adcc.svg), others carry the protocol's name. Equal rows give equal bytes.
 */
#include "report/plot.h"

#include "base/file.h"
#include "report/escape.h"

#include <string.h>

static int find_metric(const struct report *report, const char *name)
{
    for (int k = 0; k < report->metric_count; k++)
        if (strcmp(report->metrics[k].name, name) == 0)
            return k;
    return -1;
}

int headline_metric(const struct report *report)
{
    int metric = find_metric(report, "adcc");
    if (metric < 0)
        metric = find_metric(report, "adcc_of_means");
    for (int k = 0; metric < 0 && k < report->metric_count; k++)
        if (report->metrics[k].is_percent && !report->metrics[k].is_cost)
            metric = k;
    return metric;
}

/* -- kinds of plots: each function draws the figures of one kind, if there are any, for a protocol ---------------- */

static int draw_headline(const struct plot *plot, struct error *err)
{
    const int metric = headline_metric(plot->report);
    return metric < 0 ? 0 : plot_bars(plot, metric, err);
}

static int draw_differences(const struct plot *plot, struct error *err)
{
    const char *asked = plot->report->pairs_metric;
    const int headline = headline_metric(plot->report), other = asked ? find_metric(plot->report, asked) : -1;
    char end[64];
    if (headline >= 0 && (plot_forest(plot, "", headline, err) || plot_critical(plot, "", headline, err)))
        return -1;
    if (other < 0 || other == headline)
        return 0;
    snprintf(end, sizeof end, "_%.60s", asked);
    return plot_forest(plot, end, other, err) || plot_critical(plot, end, other, err) ? -1 : 0;
}

static int draw_headline_over_time(const struct plot *plot, struct error *err)
{
    const int metric = headline_metric(plot->report);
    return metric < 0 ? 0 : plot_scatter(plot, "adcc_seconds", -1, metric, err);
}

static int draw_drop_over_complexity(const struct plot *plot, struct error *err)
{
    const int drop = find_metric(plot->report, "average_drop"), complexity = find_metric(plot->report, "complexity");
    return drop < 0 || complexity < 0 ? 0 : plot_scatter(plot, "drop_complexity", drop, complexity, err);
}

static int draw_distributions(const struct plot *plot, struct error *err)
{
    const struct report *report = plot->report;
    for (int k = 0; k < report->metric_count; k++)
        if (!report->metrics[k].is_cost && !report->metrics[k].combine && plot_distribution(plot, k, err))
            return -1;
    return 0;
}

static int draw_meta(const struct plot *plot, struct error *err)
{
    return plot->meta ? plot_meta(plot, err) : 0;
}

static int (*const plots[])(const struct plot *plot, struct error *err) = {
    draw_headline,      draw_differences, draw_headline_over_time, draw_drop_over_complexity, plot_curves,
    draw_distributions, draw_meta,
};

static int draw_protocol(const struct plot *plot, struct error *err)
{
    for (size_t i = 0; i < sizeof plots / sizeof *plots; i++)
        if (plots[i](plot, err))
            return -1;
    return 0;
}

static int list_plots(const struct report *report, const struct cell *cells, const struct meta_cell *meta,
                      const char *folder, struct figure_list *list, struct error *err)
{
    char name[64], suffix[80];
    for (int p = 0; p < report->protocol_count; p++) {
        escape_file_name(report->protocols[p].name, name, sizeof name);
        snprintf(suffix, sizeof suffix, "-%d-%s", p + 1, name);
        const struct plot plot = {report, cells, meta, p, p ? suffix : "", folder, list};
        if (draw_protocol(&plot, err))
            return -1;
    }
    return 0;
}

int report_plots(const struct report *report, const struct cell *cells, const struct meta_cell *meta,
                 struct error *warning, struct error *err)
{
    struct figure_list list = {0};
    char folder[PATH_MAX];
    warning->text[0] = 0;
    if (file_make_inside(folder, report->folder, "plots", err))
        return -1;
    const int status =
        status_of(list_plots(report, cells, meta, folder, &list, err) || figure_list_draw(&list, report, warning, err));
    figure_list_free(&list);
    return status;
}
