/*
 * report/compare/comparison_state.h - shared by the files of a comparison; no other file includes it.
 *
 * compare_runs.c walks over all cells; comparison_match.c pairs rows and images; comparison_values.c, with
 * comparison_counts.c, and comparison_times.c compare one cell, with the intervals of comparison_interval.c.
 */
#ifndef REPORT_COMPARE_COMPARISON_STATE_H
#define REPORT_COMPARE_COMPARISON_STATE_H

#include "base/random.h"
#include "report/compare/comparison.h"
#include "report/draws.h"

#define PARTS_MAX 5

enum side { BASE, NOW, SIDES };

struct compare_state {
    const struct compare_side *side[SIDES];
    const struct compare_options *options;
    struct arena *arena;
    struct comparison *out;
    int *match[SIDES][COMPARE_LISTS]; /* position of a row in the other run, -1: none */
    bool is_same_run;                 /* all facts are equal */
    double widening_z;                /* normal quantile of the level of one cell */
    int least_times;                  /* least number of images for a difference of times */
    int pairs, *image[SIDES];         /* images in both, in the base's order */
    double *sample[SIDES];            /* (pairs,PARTS_MAX) */
    double *draws;                    /* (bootstrap) */
    int *order[SIDES], *drawn;        /* (pairs) */
    /* for metrics with counts; NULL: there are none */
    int *defined[SIDES];     /* (pairs): images where both are defined */
    uint32_t *counts[SIDES]; /* (length), of one image */
    double (*sums)[DRAWS];   /* (length,DRAWS) */
    double *column;          /* (length): the sums of one draw */
    double *weights;         /* (pairs,DRAWS) */
    uint32_t *times;         /* (pairs) */
    double *ratios, *others; /* scratch for times: (backbones,methods); the other methods of a map */
};

/* The position of a cell in one run; part: the metric, or the parts of a combined metric. */
struct cell_position {
    const struct report *report;
    int backbone, method, protocol, metric, parts, part[PARTS_MAX];
};

/* -- comparison_match.c -- */

/* Pairs the rows of all lists by name, with notes on facts and rows that differ. */
int compare_match_lists(struct compare_state *state, struct error *err);

/* Pairs the images by name. */
int compare_match_images(struct compare_state *state, struct error *err);

/* Adds a note; it takes NULL for a lack of memory, and fails. */
int compare_add_note(struct compare_state *state, const char *note, struct error *err);

/* -- comparison_interval.c -- */

/* The random stream of a cell, which does not depend on other cells. */
struct random_stream compare_stream(const struct compare_state *state, const struct compare_cell *cell);

/* Sorts the draws and sets the interval around `centre`, widened for the number of cells and for few images. */
void compare_widen(const struct compare_state *state, double centre, int n, struct compare_cell *cell);

bool compare_excludes(const struct compare_cell *cell, double number); /* false for NAN */

/* -- comparison_values.c -- */

struct cell_position compare_position(const struct report *report, int backbone, int method, int protocol, int metric);
bool compare_is_measured(const struct cell_position *position);

/* Adds the cell, if one of the runs has measured it. */
void compare_values(struct compare_state *state, const struct cell_position positions[SIDES]);

/* -- comparison_counts.c -- */

/* Scratch for metrics with counts. */
int compare_prepare_counts(struct compare_state *state, struct error *err);

/* An image's counts; NULL: the metric has none. */
const struct report_counts *compare_counts_of(const struct cell_position *position, int image);

/* How far the counts of an image are apart; 0: they are equal. */
double compare_counts_distance(struct compare_state *state, const struct cell_position positions[SIDES],
                               const int image[SIDES]);

/* The numbers of both runs over the first n of state->defined, and the interval of their difference. */
void compare_counts_values(struct compare_state *state, const struct cell_position positions[SIDES], int n,
                           double value[SIDES]);
void compare_counts_interval(struct compare_state *state, const struct cell_position positions[SIDES], int n,
                             struct compare_cell *cell);

/* -- comparison_times.c -- */

/* Adds a cell for each method of each network, or a note that says why times are not compared. */
int compare_all_times(struct compare_state *state, struct error *err);

/* The number of images that a difference of times requires at the level of one cell. */
int compare_least_times(double level);

#endif
