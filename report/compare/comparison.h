/*
 * report/compare/comparison.h - which numbers of one run differ from those of another, and whether the difference counts.
 *
 * A cell (backbone, method, protocol, metric) is compared on the images that both runs have measured, matched by name.
 * Where all that its numbers depend on is the same, they must be the same to the last bit. Where it is not, or a
 * tolerance is given, a difference counts when it exceeds the tolerance and a paired bootstrap over the images says that
 * it is not chance. Same rows, same bytes.
 */
#ifndef REPORT_COMPARE_COMPARISON_H
#define REPORT_COMPARE_COMPARISON_H

#include "base/arena.h"
#include "report/report.h"

enum compare_list { COMPARE_BACKBONES, COMPARE_METHODS, COMPARE_PROTOCOLS, COMPARE_METRICS, COMPARE_LISTS };

/* What a row of the report is. Texts are never NULL. */
struct compare_row {
    const char *name;  /* in the report */
    const char *kind;  /* must be equal to be compared at all: "scorecam max_channels=32" */
    const char *state; /* must be equal for equal numbers: "version 1" */
};

/* One of the two runs; the report's images have different names. */
struct compare_side {
    const struct report *report;
    const struct compare_row *rows[COMPARE_LISTS]; /* as the report's lists */
    const char *const *facts; /* what all numbers depend on: "seed 1"; as many in both runs, ends with NULL */
    const char *kernels;      /* "avx2": another fact; "" or NULL: not known in both */
    const char *machine;      /* what times depend on; NULL: not known */
    double processor_wait;    /* share of its time in which a thread could not run because others did */
};

/* In the metric's unit, percent as points; metric NULL: of all that have none of their own. */
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
    COMPARE_UNDEFINED, /* of other images, or more or fewer of them */
    COMPARE_SLOWER,
    COMPARE_FASTER,
    COMPARE_INCOMPLETE, /* no difference, but images are missing in the new run */
    COMPARE_MISSING,    /* only in the base */
    COMPARE_NEW,        /* only in the new run */
    COMPARE_WITHIN,     /* another number, but inside of tolerance or chance */
    COMPARE_SAME,
    COMPARE_RESULTS
};

/* "changed"; whether a run with such a cell differs. */
const char *compare_result_name(enum compare_result result);
bool compare_is_difference(enum compare_result result);

struct compare_cell {
    enum compare_result result;
    const char *backbone, *method;      /* names */
    const char *protocol;               /* "" for times */
    const struct report_metric *metric; /* NULL for times */
    bool is_control;                    /* cell of a baseline or null method */
    bool follows;                       /* a part of the metric has changed in the same place */
    bool is_exact;
    bool is_beside_others; /* difference is of times per image divided by what the other methods' did on it */
    int n;                 /* images compared */
    int changed;           /* of n: with another value */
    int missing;           /* images that only the base has measured */
    int undefined[2];      /* of n: base, new */
    double value[2];       /* base, new: means over images defined in both; medians of seconds. NAN: none */
    double difference;     /* new - base as stored; of times the ratio new / base */
    double low, high;      /* its interval, or NAN; see compare_runs() */
    const char *most;      /* image of the largest difference; NULL: none */
    double size;           /* to sort by: share of the metric's range, or of the base's value */
};

struct comparison {
    int count;
    struct compare_cell *cells; /* by result, then the largest first */
    const char *cause;          /* cause of the differences of values; "": there are none */
    int results[COMPARE_RESULTS];
    int images;         /* in both runs */
    int images_only[2]; /* in one of them */
    int missing;        /* cells that the new run lacks, or of which it lacks images */
    int note_count;
    const char **notes; /* sentences on what is not the same in the two runs */
};

/*
 * Compares; everything is in the arena or points to the sides. The intervals hold for all cells together with 99 %
 * (Bonferroni): the 95 % percentile interval, widened by the ratio of Student's quantiles. Errors: no memory.
 */
int compare_runs(const struct compare_side *base, const struct compare_side *now, const struct compare_options *options,
                 struct arena *arena, struct comparison *out, struct error *err);

/* How many cells both runs have, and how many of these differ. */
int compare_compared(const struct comparison *comparison);
int compare_differences(const struct comparison *comparison);

/* What all differences have in common, "method gradcam", in the arena; NULL: nothing, or no memory. */
const char *compare_in_common(const struct comparison *comparison, struct arena *arena);

/* What changed as a table with a head line; `no differences in N cells` if nothing has. */
void compare_terminal(const struct comparison *comparison, FILE *stream, bool color, struct arena *arena);

/* A sentence on a cell: what it was, what it is, why it counts. */
void compare_sentence(FILE *stream, const struct compare_cell *cell);

/* JUnit's XML: a test case for each cell; differences are failures, what is missing an error, what is new skipped. */
void compare_junit(const struct comparison *comparison, FILE *stream);

#endif
