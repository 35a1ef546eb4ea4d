/*
 * report/gnuplot.h - figures by gnuplot: a script and a data file beside the pictures, run without a shell.
 */
#ifndef REPORT_GNUPLOT_H
#define REPORT_GNUPLOT_H

#include "report/report.h"

#include <stdio.h>

struct figure {
    const char *name;  /* of the files: NAME.gp, NAME.dat, NAME.svg, NAME.png; [A-Za-z0-9._-] */
    int width, height; /* pixels */
    const void *context;
    void (*data)(FILE *stream, const void *context); /* writes NAME.dat */
    /* Writes the plot commands, which read `file`; called once per picture, after the terminal is set. */
    void (*commands)(FILE *stream, const char *file, const void *context);
};

enum { FIGURE_FONT = 12 }; /* points; 1 point is 1 pixel */

/* The approximate width, in pixels, of text of that many columns. */
int figure_text_width(int columns);

/* Figures whose script and data are written and whose pictures are still to be drawn; begins as zeros. */
struct figure_list {
    int count;
    struct figure_task *tasks; /* [count] */
};

/* Writes NAME.gp and NAME.dat into `folder`, which exists, and appends the figure to the list. */
int figure_list_add(struct figure_list *list, const struct figure *figure, const char *folder, struct error *err);
void figure_list_free(struct figure_list *list);

/*
 * Draws NAME.svg and NAME.png of all figures by as many gnuplots at once as the report has threads. Files that cannot be
 * written are an error (-1); a gnuplot that is missing, fails, hangs or writes nothing is not an error: `warning` is
 * filled if it is still empty, with that of the first such figure, and NAME.gp and NAME.dat are kept. gnuplot is killed as
 * soon as report->stop is set. When gnuplot is missing or hangs, it is not started again, nor if `warning` already says so.
 */
int figure_list_draw(const struct figure_list *list, const struct report *report, struct error *warning,
                     struct error *err);

/* Writes the four files of one figure, as the functions above. */
int figure_write(const struct figure *figure, const char *folder, struct error *warning, struct error *err);

#endif
