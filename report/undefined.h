/*
 * report/undefined.h - the lines below a table that say how many values a mean had to leave out.
 */
#ifndef REPORT_UNDEFINED_H
#define REPORT_UNDEFINED_H

#include "report/report.h"

struct undefined_style {
    int (*escape)(FILE *stream, const char *text);
    const char *before, *between, *after; /* an entry, two entries, an entry */
};

/*
 * Entries like "ADCC (Grad-CAM, Random): 1 of 60" for a backbone and protocol: methods with the same counts share one, and
 * are not named if that is all of them. Returns how many entries there are; `stream` may be NULL, to count.
 */
int undefined_list(const struct report *report, const struct cell *cells, int backbone, int protocol, FILE *stream,
                   const struct undefined_style *style);

#endif
