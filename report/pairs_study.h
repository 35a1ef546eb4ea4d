/*
 * report/pairs_study.h - the values of one backbone, protocol and metric, for comparisons in pairs.
 *
 * Most images have a value for every method: on these, `whole`, a pair's sum is a difference of two methods' sums, so
 * there are as many columns as methods. The rest are images on which some method has no value: there each pair has
 * columns of its own, over the images that both have.
 */
#ifndef REPORT_PAIRS_STUDY_H
#define REPORT_PAIRS_STUDY_H

#include "report/draw_bits.h"
#include "report/report.h"

enum { SIGN_FLIPS = 9999, SIGN_EXACT = 16 };

/* A method's values: a column for each part of the metric. */
struct study_method {
    int n;                           /* images with a value */
    double *whole[REPORT_PARTS_MAX]; /* (n of the study): 0 on the rest */
    double *rest[REPORT_PARTS_MAX];  /* (rest_count): 0 where undefined */
    double *is_there;                /* (rest_count): 1 where defined, 0 elsewhere */
    double least[REPORT_PARTS_MAX], most[REPORT_PARTS_MAX], total[REPORT_PARTS_MAX];
};

struct study {
    const struct report *report;
    const struct report_metric *metric;
    int backbone, protocol, metric_index, parts;
    int part[REPORT_PARTS_MAX]; /* positions of the parts in the report's metrics */
    int n;                      /* images of the backbone */
    const int *images;          /* (n): positions in the report */
    int whole_count, rest_count;
    int *whole_list, *rest_list; /* positions in `images` */
    double *is_whole;            /* (n): 1 or 0 */
    int method_count, *methods;  /* those with any value */
    struct study_method *rows;   /* [method of the report] */
};

/* Sums over the images that both methods of a pair have. */
struct pair_totals {
    int n;
    double a[REPORT_PARTS_MAX], b[REPORT_PARTS_MAX];
    double size; /* of |a| + |b| over all parts: the scale of rounding errors */
};

/* Reads the values into the arena. -1: no memory. */
int study_read(struct study *study, struct arena *arena);

/* The metric of n images from the sums of its parts, of which every value lies between least and most. */
double study_value(const struct study *study, const double *sums, double n, const double *least, const double *most);

/* Fills all numbers of a pair except its intervals and adjusted p; p is NAN unless it is exact. */
struct method_pair study_pair(const struct study *study, int a, int b, struct pair_totals *totals);

#endif
