/*
 * report/plot.h - a plot of one protocol: the parts that kinds of plots share (plot.c), and the kinds, a file each (plot_*.c).
 */
#ifndef REPORT_PLOT_H
#define REPORT_PLOT_H

#include "report/gnuplot.h"
#include "report/stats.h"

struct plot {
    const struct report *report;
    const struct cell *cells;
    const struct meta_cell *meta; /* NULL: not requested */
    int protocol;
    const char *suffix; /* follows file names: "" or "-2-PROTOCOL" */
    const char *folder; /* of the plots */
    struct error *warning;
};

enum {
    PLOT_TITLE_COLUMNS = 30, /* names of methods and backbones are cut there */
    PLOT_TOP = 48,           /* pixels above the first panel: the title */
    PLOT_CONTROL = 0xa8a8a8, /* controls are grey */
};

/* Writes one figure of the plot, as figure_write(); -1 also when *report->stop is set. */
int plot_figure(const struct plot *plot, const struct figure *figure, struct error *err);

/* Colour of a backbone: Okabe and Ito's palette for all kinds of colour vision, darker from the eighth on. */
unsigned plot_color(int backbone);

const struct cell *plot_cell(const struct plot *plot, int backbone, int method, int metric);

/* "Title (unit)" as a gnuplot string, with the direction that is better. */
void plot_axis(FILE *stream, const struct report_metric *metric);

/* Writes the label with run, subject, protocol and number of images over a figure of that height. */
void plot_title(FILE *stream, const struct plot *plot, const char *subject, const int *metrics, int metric_count,
                int height);

/* The kinds of figures. A figure whose rows hold no number is left out. -1: err. */
int plot_bars(const struct plot *plot, int metric, struct error *err);         /* means with intervals */
int plot_distribution(const struct plot *plot, int metric, struct error *err); /* boxes over images */
int plot_curves(const struct plot *plot, struct error *err);                   /* mean curves of metrics */
int plot_meta(const struct plot *plot, struct error *err);                     /* metrics against the truth */

/* Methods as named points, a panel per backbone; x -1: median seconds per map, on a logarithmic axis. */
int plot_scatter(const struct plot *plot, const char *name, int x, int y, struct error *err);

#endif
