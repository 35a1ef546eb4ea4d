/*
 * report/undefined.h - the notes below a table that count the undefined values, which its means leave out.
 */
#ifndef REPORT_UNDEFINED_H
#define REPORT_UNDEFINED_H

#include "report/report.h"

struct undefined_style {
    int (*escape)(FILE *stream, const char *text);
    const char *before, *between, *after; /* text before each entry, between two entries, after each entry */
};

/*
 * Writes entries like "ADCC (Grad-CAM, Random): 1 of 60" for a backbone and protocol. Methods with the same counts
 * share an entry, which names no method if all share it. Returns the number of entries; with `stream` NULL it only
 * counts.
 */
int undefined_list(const struct report *report, const struct cell *cells, int backbone, int protocol, FILE *stream,
                   const struct undefined_style *style);

#endif
