/*
 * report/pairs_files.h - files that are made from the pairs of a report.
 */
#ifndef REPORT_PAIRS_FILES_H
#define REPORT_PAIRS_FILES_H

#include "report/report.h"

/* Writes a file into the report's folder; not needed: removes the one of an earlier report. */
int pairs_file(const struct report *report, const char *name, bool is_needed,
               void (*write)(FILE *stream, const struct report *report), struct error *err);

/* The pairs of one metric: in which table, and where they are written. */
struct matrix {
    const struct report *report;
    FILE *stream;
    int backbone, protocol, metric;
};

enum { PAIR_TEXT = 40 };

struct method_pair matrix_pair(const struct matrix *matrix, int a, int b);

/* Writes "ADCC ↑ (%), ResNet-18, protocol cambench" in LaTeX. */
void matrix_tex_title(const struct matrix *matrix);

/* "n = 300", "n = 280 to 300": images of the pairs. */
const char *matrix_range(const struct matrix *matrix, char text[PAIR_TEXT]);

/*
 * All methods minus reference_method(): n, difference, interval, p, win rate and effect size. The one for the terminal is
 * left out if it is wider than `limit` columns (0: no limit).
 */
void against_markdown(const struct matrix *matrix);
void against_tex(const struct matrix *matrix);
void against_terminal(const struct matrix *matrix, int limit);

/* Writes ranks.csv and tables/ranks.md. */
int ranks_write(const struct report *report, struct error *err);

#endif
