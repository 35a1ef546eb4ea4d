/* report/plot.c - the parts that all plots share: colours, axes, titles. */
#include "report/plot.h"

#include "report/completeness.h"
#include "report/escape.h"

#include <stdio.h>

int plot_figure(const struct plot *plot, const struct figure *figure, struct error *err)
{
    return status_of(report_stopped(plot->report, err) || figure_list_add(plot->list, figure, plot->folder, err));
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
    /* a single backbone appears in no legend or panel title, so it is named here */
    const struct report_backbone *only = plot->report->backbone_count == 1 ? plot->report->backbones : NULL;
    char line[640], range[80];
    range_text(plot->report, least, most, range, sizeof range);
    snprintf(line, sizeof line, "%.200s%s%.200s, protocol %.200s, %s", plot->report->name, only ? ", " : "",
             only ? only->title : "", plot->report->protocols[plot->protocol].name, range);
    escape_gnuplot(stream, line, 96);
    fprintf(stream, " at screen 0.5, screen %.6f center textcolor rgb '#505050' noenhanced\n", 1 - 34.0 / height);
}
