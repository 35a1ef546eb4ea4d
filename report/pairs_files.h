/*
 * report/pairs_files.h - files that are made from the pairs of a report.
 */
#ifndef REPORT_PAIRS_FILES_H
#define REPORT_PAIRS_FILES_H

#include "report/report.h"

/* Writes a file into the report's folder; not needed: removes the one of an earlier report. */
int pairs_file(const struct report *report, const char *name, bool is_needed,
               void (*write)(FILE *stream, const struct report *report), struct error *err);

/* Writes ranks.csv and tables/ranks.md. */
int ranks_write(const struct report *report, struct error *err);

#endif
