/*
 * report/csv.h - what the writers of CSV files share.
 */
#ifndef REPORT_CSV_H
#define REPORT_CSV_H

#include <stdio.h>

/* Cells of text, escaped, each followed by a comma. */
void csv_texts(FILE *stream, int count, const char *const *texts);

/* The digits that give the same double back; nothing if it is not finite. No comma. */
void csv_number(FILE *stream, double value);

/* Numbers up to the end of the line. */
void csv_numbers(FILE *stream, int count, const double *values);

#endif
