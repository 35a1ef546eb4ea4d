/*
 * report/csv.h - cells and numbers of CSV files, for all writers of them.
 */
#ifndef REPORT_CSV_H
#define REPORT_CSV_H

#include "report/report.h"

#include <stdio.h>

/* Writes `count` cells of text, escaped, each followed by a comma. */
void csv_texts(FILE *stream, int count, const char *const *texts);

/* Writes as few digits (15 to 17) as read back to the same double, without a comma; nothing if it is not finite. */
void csv_number(FILE *stream, double value);

/* Writes the last `count` numbers of a line, with commas between them and the line end. */
void csv_numbers(FILE *stream, int count, const double *values);

/* Writes costs.csv; scratch: room for a number of each image. */
int report_costs_csv(const struct report *report, double *scratch, struct error *err);

#endif
