/*
 * report/compare/trend.h - numbers over the nights, and their plots.
 */
#ifndef REPORT_COMPARE_TREND_H
#define REPORT_COMPARE_TREND_H

#include "base/error.h"

#include <stdbool.h>
#include <stdio.h>

struct trend_point {
    int night;       /* position in the list of nights */
    double value;    /* as printed: percent; NAN: none */
    bool is_off;     /* a time that counts as another one than the baseline's */
    bool is_changed; /* another number than the night before; of times: another is_off */
};

/* A cell; its points stand in the order of the nights. */
struct trend {
    const char *backbone, *method, *protocol, *metric, *unit;
    int count;
    struct trend_point *points;
};

struct trends {
    int night_count, count;
    const char **nights;   /* "2026-11-21T10:34:29Z" */
    const char **programs; /* of each night: version, commit and digest; "": not known */
    struct trend *list;    /* by backbone, protocol and metric; then methods */
};

/*
 * A figure per backbone, protocol and metric with a panel for each method, NAME.svg and .png in the folder, which is
 * made. gnuplot missing or failing: fills `warning`.
 */
int trends_plot(const struct trends *trends, const char *folder, struct error *warning, struct error *err);

/* A line for each change, the latest night first; at most `most` nights. Returns how many changes there are in all. */
int trends_print(const struct trends *trends, int most, FILE *stream);

#endif
