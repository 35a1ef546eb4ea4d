/* report/paper_selection.h - the methods and metrics that the tables of a paper show, in their order. */
#ifndef REPORT_PAPER_SELECTION_H
#define REPORT_PAPER_SELECTION_H

#include "report/stats.h"

struct paper_selection {
    int row_count, column_count;
    int *rows, *columns; /* positions of methods and metrics */
};

/* As the style names them; without names, all but costs. Error: no memory. */
int paper_select(const struct report *report, const struct report_paper *style, struct arena *arena,
                 struct paper_selection *out, struct error *err);

/* How many digits of a metric are printed after the point. */
int paper_digits(const struct report *report, const struct report_paper *style, int metric);

#endif
