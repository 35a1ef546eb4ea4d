/*
 * report/critical.h - the critical-difference analysis of methods over networks (Demsar, JMLR 2006, with the pairwise
 * tests of Benavoli, Corani, Mangili, JMLR 2016).
 *
 * A block is a network on the report's images; never an image, because images are not independent of the network.
 */
#ifndef REPORT_CRITICAL_H
#define REPORT_CRITICAL_H

#include "base/arena.h"
#include "report/report.h"

enum { CRITICAL_TEXT_MAX = 1024 };

struct critical {
    int blocks, count;    /* networks; methods that have a mean in each of them, controls left out */
    int *methods;         /* (count) by rising rank */
    double *ranks;        /* (count): mean over the blocks */
    double chi_square, p; /* Friedman's test */
    int clique_count;     /* groups of methods, by position in `methods`, that do not differ significantly */
    int (*cliques)[2];    /* first and last */
};

/* Why the report has too few networks for any metric, as a sentence; "" if it has enough. Returns text. */
const char *critical_refusal(const struct report *report, char text[CRITICAL_TEXT_MAX]);

/*
 * The analysis of a metric at 5 %; count is 0 if fewer than three methods have a mean in every network or if the networks
 * are too few for so many methods. -1: no memory.
 */
int critical_make(const struct report *report, int protocol, int metric, struct arena *arena, struct critical *out);

/* The upper tail of the chi-square distribution. */
double chi_square_tail(double value, double degrees);

/* Friedman's chi-square, with the correction for ties, of n blocks with k ranks each. */
double friedman_statistic(const double *ranks, int n, int k);

/*
 * Wilcoxon's signed-rank test that the n differences are positive: exact p over all signs, zeros dropped, ties share
 * their mean rank. scratch: n (n + 1) + 1 + 2 n numbers.
 */
double wilcoxon_p(const double *differences, int n, double *scratch);

#endif
