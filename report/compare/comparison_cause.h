/*
 * report/compare/comparison_cause.h - the cause of the differences of a comparison.
 */
#ifndef REPORT_COMPARE_COMPARISON_CAUSE_H
#define REPORT_COMPARE_COMPARISON_CAUSE_H

#include "report/compare/comparison.h"

/* Marks the cells that follow from others. The metrics' parts are positions in the base's report. */
void cause_mark(const struct report *base, struct comparison *comparison);

/* "complexity changed in 11 of 12 methods; adcc and adcc_of_means follow from it"; "" if no value changed; NULL: no memory. */
const char *cause_text(const struct comparison *comparison, struct arena *arena);

#endif
