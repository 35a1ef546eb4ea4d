/*
 * report/compare/comparison.h - finds the numbers of a run that differ from those of another, and decides whether they
 * count.
 *
 * A cell (backbone, method, protocol, metric) is compared on the images that both runs have measured, matched by name.
 * If everything on which its numbers depend is equal in both runs, the numbers must be equal to the last bit.
 * Otherwise, or if a tolerance is given, a difference counts when it exceeds the tolerance and the interval of a paired
 * bootstrap over the images excludes zero. Equal rows give equal results.
 */
#ifndef REPORT_COMPARE_COMPARISON_H
#define REPORT_COMPARE_COMPARISON_H

#include "base/arena.h"
#include "report/report.h"

enum compare_list { COMPARE_BACKBONES, COMPARE_METHODS, COMPARE_PROTOCOLS, COMPARE_METRICS, COMPARE_LISTS };

/* The identity of a row of the report. Texts are never NULL. */
struct compare_row {
    const char *name;  /* in the report */
    const char *kind;  /* rows are compared only if it is equal: "scorecam max_channels=32" */
    const char *state; /* numbers must be equal to the bit only if it is equal: "version 1" */
};

/* One of the two runs; the report's images have different names. */
struct compare_side {
    const struct report *report;
    const struct compare_row *rows[COMPARE_LISTS]; /* as the report's lists */
    const char *const *facts; /* on which all numbers depend: "seed 1"; as many in both runs, ends with NULL */
    const char *kernels;      /* a further fact: "avx2"; "" or NULL: unknown, and then not compared */
    const char *machine;      /* on which times depend; NULL: unknown */
    double processor_wait;    /* share of the threads' time that they waited for a processor */
};

/* A tolerance in the metric's unit (percent: points); metric NULL: for all metrics without a tolerance of their own. */
struct compare_tolerance {
    const char *metric;
    double value;
};

struct compare_options {
    int tolerance_count;
    const struct compare_tolerance *tolerances;
    const char *const *causes; /* sentences on changes of the programs, ends with NULL; NULL: none known */
    double speed;              /* ratio of times that counts, > 1; 0: times are not compared */
    int bootstrap;             /* resamples */
    uint64_t seed;
};

/* In the order of a table. */
enum compare_result {
    COMPARE_CHANGED,
    COMPARE_UNDEFINED, /* undefined on other images, or on more or fewer images */
    COMPARE_SLOWER,
    COMPARE_FASTER,
    COMPARE_INCOMPLETE, /* no difference, but images are missing in the new run */
    COMPARE_MISSING,    /* only in the base */
    COMPARE_NEW,        /* only in the new run */
    COMPARE_WITHIN,     /* another number, but within the tolerance or explained by chance */
    COMPARE_SAME,
    COMPARE_RESULTS
};

/* The name of a result: "changed". */
const char *compare_result_name(enum compare_result result);

/* Whether a cell with this result makes the run differ. */
bool compare_is_difference(enum compare_result result);

struct compare_cell {
    enum compare_result result;
    const char *backbone, *method;      /* names */
    const char *protocol;               /* "" for times */
    const struct report_metric *metric; /* NULL for times */
    bool is_control;                    /* cell of a baseline or null method */
    bool follows;                       /* a part of the metric has changed in the same place */
    bool is_exact;
    bool is_beside_others; /* times were divided, per image, by the slowdown of the other methods on it */
    int n;                 /* images compared */
    int changed;           /* of n: images with another value */
    int missing;           /* images that only the base has measured */
    int undefined[2];      /* of n: base, new */
    double value[2];       /* base, new: means over images defined in both; medians of seconds. NAN: none */
    double difference;     /* new - base, in the stored unit; for times the ratio new / base */
    double low, high;      /* interval of the difference, see compare_runs(); NAN: none */
    const char *most;      /* image of the largest difference; NULL: none */
    double size;           /* of the difference, to sort by: share of the metric's range or of the base's value */
};

struct comparison {
    int count;
    struct compare_cell *cells; /* by result, then the largest first */
    const char *cause;          /* text of cause_text(); "": no value differs */
    int results[COMPARE_RESULTS];
    int images;         /* in both runs */
    int images_only[2]; /* in one of them */
    int missing;        /* cells that the new run lacks, or of which it lacks images */
    int note_count;
    const char **notes; /* sentences about settings and lists that differ between the runs */
};

/*
 * Compares two runs; results are in the arena or point to the sides. Intervals are 95 % percentile intervals, widened
 * by the ratio of Student's quantiles so that all cells together have a confidence of 99 % (Bonferroni). Errors: no
 * memory.
 */
int compare_runs(const struct compare_side *base, const struct compare_side *now, const struct compare_options *options,
                 struct arena *arena, struct comparison *out, struct error *err);

/* The number of cells that both runs have, and the number of these that differ. */
int compare_compared(const struct comparison *comparison);
int compare_differences(const struct comparison *comparison);

/* Text for what all differences have in common: "method gradcam", in the arena; NULL: nothing, or no memory. */
const char *compare_in_common(const struct comparison *comparison, struct arena *arena);

/* Prints the changes as a table with a head line, or `no differences in N cells`. */
void compare_terminal(const struct comparison *comparison, FILE *stream, bool color, struct arena *arena);

/* Prints a sentence about a cell: both values, and why the difference counts. */
void compare_sentence(FILE *stream, const struct compare_cell *cell);

/* Writes JUnit's XML: a test case per cell; differences are failures, missing cells errors, new cells skipped. */
void compare_junit(const struct comparison *comparison, FILE *stream);

#endif
