/*
 * report/compare/trend.h - numbers of nightly runs over time, and their plots.
 */
#ifndef REPORT_COMPARE_TREND_H
#define REPORT_COMPARE_TREND_H

#include "base/error.h"

#include <stdbool.h>
#include <stdio.h>

struct trend_point {
    int night;       /* position in the list of nights */
    double value;    /* as printed: percent; NAN: none */
    bool is_off;     /* for times: the comparison with the baseline found it slower or faster */
    bool is_changed; /* the number differs from the night before; for times: is_off differs */
};

/* A cell, with its points in the order of the nights. */
struct trend {
    const char *backbone, *method, *protocol, *metric, *unit;
    int count;
    struct trend_point *points;
};

struct trends {
    int night_count, count;
    const char **nights;   /* "2026-11-21T10:34:29Z" */
    const char **programs; /* of each night: version, commit and digest; "": not known */
    struct trend *list;    /* sorted by backbone, protocol, metric and method */
};

/*
 * Draws a figure per backbone, protocol and metric, with a panel per method, as NAME.svg and .png in the folder, which
 * is made if need be. If gnuplot is missing or fails, returns 0 and fills `warning`.
 */
int trends_plot(const struct trends *trends, const char *folder, struct error *warning, struct error *err);

/* Prints a line per change, the latest night first, for at most `most` nights. Returns the number of all changes. */
int trends_print(const struct trends *trends, int most, FILE *stream);

#endif
