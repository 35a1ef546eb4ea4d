/* report/paper_plain.h - the tables of a paper in Markdown and CSV. */
#ifndef REPORT_PAPER_PLAIN_H
#define REPORT_PAPER_PLAIN_H

#include "report/paper_selection.h"

/* Writes tables/paper.md and tables/paper.csv into the folder; tables/ exists. Errors: not writable. */
int paper_plain(const struct report *report, const struct cell *cells, const struct report_paper *style,
                const struct paper_selection *selection, struct error *err);

#endif
