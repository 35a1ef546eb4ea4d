/*
 * report/pairs.h - lookups of pairs and ranks, for all writers of report/, and Holm's adjustment.
 */
#ifndef REPORT_PAIRS_H
#define REPORT_PAIRS_H

#include "report/report.h"

#define PAIRS_ALPHA 0.05

/* The footnote of every table with marks of is_tied_with_best(). */
#define TIE_NOTE \
    "not distinguishable from the best method at 5 %: paired sign-flip test on the same images, adjusted by Holm over " \
    "all pairs of methods without controls"

/* Position of a backbone's protocol and metric in the arrays of struct paired. */
static inline size_t pairs_table(const struct report *report, int backbone, int protocol, int metric)
{
    return ((size_t)backbone * (size_t)report->protocol_count + (size_t)protocol) * (size_t)report->metric_count +
           (size_t)metric;
}

/* Position of the pair a < b among a table's pairs. */
static inline size_t pairs_position(int methods, int a, int b)
{
    return (size_t)a * (size_t)(2 * methods - a - 1) / 2 + (size_t)(b - a - 1);
}

/* The pair of methods a and b, turned so that differences are a - b; n is 0 if a equals b. */
struct method_pair pair_at(const struct report *report, int backbone, int protocol, int metric, int a, int b);

const struct method_rank *rank_at(const struct report *report, int backbone, int protocol, int metric, int method);
const struct method_rank *overall_rank_at(const struct report *report, int protocol, int metric, int method);

/* Whether a metric is compared in pairs: it is no cost, and has a value of each image or parts that have. */
bool is_paired(const struct report *report, int metric);

enum { NOT_PAIRED_MAX = 512 };

/* The titles of metrics that are not compared because they have no value of one image; "": none. Returns text. */
const char *not_paired(const struct report *report, char text[NOT_PAIRED_MAX]);

/* Ends the footnote of marks: "; not tested: PxAP", or nothing. */
void untested_note(const struct report *report, FILE *stream, int (*escape)(FILE *, const char *));

/* The method, not a control, with the best mean (of equal ones the first); -1: none has a mean. */
int best_method(const struct report *report, const struct cell *cells, int backbone, int protocol, int metric);

/* The method that others are compared with: the one that the report names, or else the best by rank; -1: none. */
int reference_method(const struct report *report, int backbone, int protocol, int metric);

/*
 * Whether a method that is neither a control nor best cannot be told from the best method: their adjusted p is not
 * below PAIRS_ALPHA, or on the images that both have it is the better one. False if the metric has no pairs.
 */
bool is_tied_with_best(const struct report *report, const struct cell *cells, int backbone, int method, int protocol,
                       int metric);

/* How many pairs of a table's metric are adjusted together. */
int family_size(const struct report *report, int backbone, int protocol, int metric);

/* Ranks of those of n numbers that are finite, the best is 1; equal ones share the mean of their ranks. */
void rank_numbers(const double *numbers, const bool *takes_part, int n, bool higher_is_better, double *ranks);

/* Holm's adjustment (Scand. J. Statist. 1979) of n values of p, in place; NAN is left out. Scratch: n numbers. */
void holm_adjust(double *p, int n, double *scratch);

#endif
