/*
 * report/gnuplot.h - figures by gnuplot: a script and a data file beside the pictures, run without a shell.
 */
#ifndef REPORT_GNUPLOT_H
#define REPORT_GNUPLOT_H

#include "base/error.h"

#include <signal.h>
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

/*
 * Writes the four files into `folder`, which exists. Files that cannot be written are an error (-1); a gnuplot that is
 * missing, fails, hangs or writes nothing is not an error: `warning` is filled if it is still empty, and NAME.gp and
 * NAME.dat are kept. gnuplot is killed as soon as *stop is set (NULL: never). If `warning` already says that gnuplot is
 * missing or hangs, it is not started again.
 */
int figure_write(const struct figure *figure, const char *folder, const volatile sig_atomic_t *stop,
                 struct error *warning, struct error *err);

#endif
