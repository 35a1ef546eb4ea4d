/*
 * report/plot.h - a plot of one protocol: the parts that kinds of plots share (plot.c), and the kinds, a file each
 * (plot_*.c).
 */
#ifndef REPORT_PLOT_H
#define REPORT_PLOT_H

#include "report/gnuplot.h"
#include "report/stats.h"

struct plot {
    const struct report *report;
    const struct cell *cells;
    const struct meta_cell *meta; /* NULL: no plot of the meta-evaluation */
    int protocol;
    const char *suffix;       /* follows file names: "" or "-2-PROTOCOL" */
    const char *folder;       /* of the plots */
    struct figure_list *list; /* takes the figures */
};

enum {
    PLOT_TITLE_COLUMNS = 30, /* longer names of methods and backbones are cut */
    PLOT_TOP = 48,           /* pixels above the first panel: the title */
    PLOT_CONTROL = 0xa8a8a8, /* controls are grey */
};

/* Adds one figure to the plot's list, as figure_list_add(); -1 also when *report->stop is set. */
int plot_figure(const struct plot *plot, const struct figure *figure, struct error *err);

/* Colour of a backbone: Okabe and Ito's palette for all kinds of colour vision, darker from the eighth on. */
unsigned plot_color(int backbone);

const struct cell *plot_cell(const struct plot *plot, int backbone, int method, int metric);

/* Writes a gnuplot string for an axis: "Average Drop (%), lower is better". */
void plot_axis(FILE *stream, const struct report_metric *metric);

/*
 * Writes the two title lines of a figure `height` pixels high: subject and run; protocol and the number of images that
 * the `metric_count` metrics were averaged over.
 */
void plot_title(FILE *stream, const struct plot *plot, const char *subject, const int *metrics, int metric_count,
                int height);

/* The kinds of figures. A figure without any number is left out. Each returns 0, or -1 with err. */
int plot_bars(const struct plot *plot, int metric, struct error *err);         /* means with intervals */
int plot_distribution(const struct plot *plot, int metric, struct error *err); /* boxes over images */
int plot_curves(const struct plot *plot, struct error *err);                   /* mean curves of metrics */
int plot_meta(const struct plot *plot, struct error *err);                     /* metrics against the truth */

/* Differences from one method, and mean ranks over many networks; files are named forest and critical, then `end`. */
int plot_forest(const struct plot *plot, const char *end, int metric, struct error *err);
int plot_critical(const struct plot *plot, const char *end, int metric, struct error *err);

/* Methods as named points at metrics x and y, a panel per backbone; x -1: median seconds per map, logarithmic. */
int plot_scatter(const struct plot *plot, const char *name, int x, int y, struct error *err);

/* The metric of the first plots, by which methods are usually ranked; -1: none. */
int headline_metric(const struct report *report);

#endif
