/*
 * report/report.h - from a plain table of results to CSV, tables, plots and pictures.
 *
 * The caller (bench/) fills these structs from its store; report/ reads nothing else and never opens the store. It
 * knows no method by name, and only three metrics, which have plots of their own: ADCC, Average Drop and Complexity.
 * Text may be hostile (file names, labels): it is escaped for each format.
 */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include "base/cost.h"
#include "base/error.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct report_backbone {
    const char *name;  /* label in the config; key of the rows */
    const char *title; /* as printed: "ResNet-18" */
    const char *arch, *layer;
    /* of `labelled` images with a label: how many have it as top-1, and among the top 5; labelled 0: unknown */
    int top1, top5, labelled;
};

struct report_method {
    const char *name, *title;
    bool is_control;           /* baseline or null method: drawn grey */
    const char *method;        /* registered name; `name` is the config's label */
    const char *const *params; /* "key=value" of all its parameters, ends with NULL; NULL: none */
};

struct report_protocol {
    const char *name;
    const char *preset;  /* the built-in protocol that it is based on */
    const char *changes; /* keys that differ from it: "class=label, post=torchcam"; NULL: none */
};

enum { REPORT_PARTS_MAX = 5 };

struct report_metric {
    const char *name, *title, *unit; /* unit "%", "s", "" */
    bool is_percent;                 /* stored as fraction, printed times 100 */
    bool higher_is_better;
    bool is_cost;    /* left out of summary.csv */
    double min, max; /* of the stored number */
    /*
     * of a metric that combines means: positions of its parts in `metrics`, ends with -1; combine NULL: ordinary metric
     */
    int parts[REPORT_PARTS_MAX];
    double (*combine)(const double *means);
    bool is_truth; /* compares the map with the annotation */
};

/* How the number of a metric is made of the sums of n images' counts (length). combine NULL: it is made of values. */
struct report_counted {
    double (*combine)(const void *params, const double *sums, int n);
    size_t length; /* 0: not known, and its counts are not read */
    const void *params;
};

/*
 * A published number and the measurement to which it is compared. Texts are never NULL; an empty layer, params
 * or protocol matches any.
 */
struct report_published {
    const char *paper, *table, *note;
    const char *source;                /* key in docs/references.bib */
    const char *arch, *layer, *method; /* registered names */
    const char *params;                /* "score=rest;form=stable": values that the method's parameters must have */
    const char *protocol;              /* name or preset */
    const char *metric;
    double value; /* as metrics store it: percent as fraction */
};

enum report_state { REPORT_ABSENT, REPORT_DEFINED, REPORT_UNDEFINED };

/* Why a method was measured on no more images, where a rule says how many are enough. */
enum report_end_reason {
    REPORT_NOT_ENDED, /* more images would be measured, or were not yet */
    REPORT_END_WIDTH, /* its interval is as narrow as asked for */
    REPORT_END_DECIDED,
    REPORT_END_LEAST, /* it is not compared, and expensive: the least number of images is enough */
    REPORT_END_ALL,
    REPORT_END_REASONS
};

/* How far a method, or a pair of methods, was measured under such a rule. */
struct report_end {
    enum report_end_reason reason;
    int images;       /* the first so many of the run's images count */
    double low, high; /* the interval of the mean, or of the pair's mean difference, that holds at any time */
};

/* What the rule said on a backbone. */
struct report_ends {
    const struct report_end *methods; /* [method] */
    const struct report_end *pair;    /* NULL: no two methods were compared */
    int pair_methods[2], metric;
};

/* The mean, over n images, of the curve whose area is a metric's value; count 0: none. */
struct report_curve {
    int n, count;
    double *fraction, *mean; /* (count); fraction of the pixels or cells changed, 0..1, and mean p at that point */
};

/* An image's counts, as base/counts.h packs them. */
struct report_counts {
    uint8_t state; /* enum report_state */
    const char *note;
    int pairs;
    const double *first, *second; /* (pairs) */
};

/* The time that a run has spent on an activity; `method` has a row for each method. */
struct report_spent {
    const char *activity;
    bool is_passes;
    int backbone, method; /* -1: of the run; of all methods */
    double seconds, wall; /* added up over threads; share of the run's wall time */
};

/* The progress of a run on a backbone. */
struct report_progress {
    int wanted;     /* images that every method must measure: all except unreadable ones */
    int unreadable; /* images that could not be read */
    int shared;     /* those of `wanted` that all methods with any image have measured */
    int without;    /* methods without any image */
    int *measured;  /* [method]: images of `wanted` that it has measured */
};

/* What lists of independent tasks have taken (report/tasks.h). */
struct report_work {
    double wall;    /* seconds from the begin to the end of each list */
    double seconds; /* CPU seconds of all tasks */
    double longest; /* CPU seconds of the longest task of each list: it takes as long on any number of threads */
};

struct report {
    const char *name;    /* of the run */
    const char *folder;  /* run directory */
    const char *program; /* "cambench 0.1.0" */
    int backbone_count, method_count, protocol_count, metric_count, image_count;
    const struct report_backbone *backbones;
    const struct report_method *methods;
    const struct report_protocol *protocols;
    const struct report_metric *metrics;
    const char *const *images; /* names */
    /* dense, see report_index(); metrics with `combine` or counts have only REPORT_ABSENT */
    const double *values;
    const uint8_t *states;
    const char *const *notes;          /* why a value is undefined, or the rule that set it ("constant_map"), or NULL */
    const struct cost *costs;          /* [backbone][method][image]; seconds negative: absent */
    const struct report_curve *curves; /* [backbone][method][protocol][metric]; NULL: none */
    const struct report_counted *counted; /* [metric]; NULL: none has counts */
    /* [backbone][method][protocol][metric]: NULL, or [image] where the metric has counts. NULL: none */
    const struct report_counts *const *counts;
    int bootstrap; /* resamples; 0: no intervals */
    uint64_t seed;
    int published_count;
    const struct report_published *published;
    const struct report_progress *progress; /* [backbone]; NULL: complete */
    const uint8_t *shared;                  /* [backbone][image]: images on which methods are compared; NULL: all */
    const struct report_ends *ends;         /* [backbone], of dataset.until; NULL: all images are measured */
    const struct paired *paired;  /* of report_pair_up(); NULL: tables have no marks of ties, plots no differences */
    const char *reference_method; /* name of the method that others are compared with; NULL: the best */
    const char *pairs_metric;     /* name of a metric with plots of differences, besides the first one; NULL: none */
    const char *const *remarks;   /* sentences for every table, ends with NULL; NULL: none */
    int spent_count;
    const struct report_spent *spent;  /* the time that the run took, in the order of costs.csv; NULL: not known */
    const volatile sig_atomic_t *stop; /* set: the report is no longer needed; NULL: never */
    int threads;                       /* that may work on it at once; 0: one. Files do not depend on it */
    struct report_work *work;          /* what lists of tasks have taken; NULL: not measured */
};

struct arena;

/*
 * Fills progress and shared, in the arena. has [backbone][method][image]: which items exist; is_unreadable [image]:
 * which images could not be read. Error: no memory.
 */
int report_count_progress(struct report *report, const uint8_t *has, const uint8_t *is_unreadable, struct arena *arena,
                          struct error *err);

/*
 * Copies the report, into the arena, with all methods on the same images: values of an incomplete backbone on images
 * that are not shared become absent. Error: no memory.
 */
int report_compared(const struct report *report, struct arena *arena, struct report *out, struct error *err);

/* 0, or -1 with err if *stop is set. Long work calls it repeatedly and removes what it has not finished. */
int report_stopped(const struct report *report, struct error *err);

/* Writes until.csv into the folder: images, reason and interval of each method; removes nothing without `ends`. */
int report_ends_csv(const struct report *report, struct error *err);

/* Whether an image counts for a method: it is not behind the method's end. */
static inline bool report_counts(const struct report *report, int backbone, int method, int image)
{
    return !report->ends || image < report->ends[backbone].methods[method].images;
}

/* Position in values, states and notes. */
static inline size_t report_index(const struct report *report, int backbone, int method, int protocol, int metric,
                                  int image)
{
    const size_t m = (size_t)report->method_count, p = (size_t)report->protocol_count;
    const size_t k = (size_t)report->metric_count, n = (size_t)report->image_count;
    return ((((size_t)backbone * m + (size_t)method) * p + (size_t)protocol) * k + (size_t)metric) * n + (size_t)image;
}

/* How a metric's counts become its number; NULL: it has none. */
static inline const struct report_counted *report_counted(const struct report *report, int metric)
{
    return report->counted && report->counted[metric].combine ? &report->counted[metric] : NULL;
}

/* Position in curves and counts. */
static inline size_t report_curve_index(const struct report *report, int backbone, int method, int protocol, int metric)
{
    const size_t m = (size_t)report->method_count, p = (size_t)report->protocol_count;
    return (((size_t)backbone * m + (size_t)method) * p + (size_t)protocol) * (size_t)report->metric_count +
           (size_t)metric;
}

/* One number of the tables: over the images where the metric is defined. */
struct cell {
    int n, undefined;
    double mean;            /* NAN if n is 0 */
    double ci_low, ci_high; /* 95 % percentile bootstrap interval, contains the mean; NAN: none, as for one value */
    int noted;              /* of n: values with a note, such as those of a constant map */
};

/*
 * Cell of (backbone, method, protocol, metric). Combined metrics are computed anew in each bootstrap draw. The same
 * seed gives the same bits. If memory is short all numbers are NAN, without an error; report_cells() reports it.
 */
struct cell report_cell(const struct report *report, int backbone, int method, int protocol, int metric);

/*
 * All cells, for the writers below: [backbone][method][protocol][metric], for the caller to free. NULL and err: no
 * memory.
 */
struct cell *report_cells(const struct report *report, struct error *err);

/*
 * Two methods a and b on the images where both are defined. Numbers that do not exist are NAN: a combined metric has no
 * value per image, so no win rate and no effect size.
 */
struct method_pair {
    int n;                              /* such images */
    double difference, ci_low, ci_high; /* a - b, 95 % percentile interval of the paired bootstrap */
    double p;                           /* two-sided sign-flip test: exact if 2^n is at most 2^16 */
    double p_holm;                      /* adjusted over all pairs without controls of the same table and metric */
    double win_rate;                    /* share of the images on which a is better; a tie counts half */
    double effect;                      /* mean of the differences over their standard deviation */
};

/* A method's rank among those that are not controls, 1 the best, with its 95 % interval over bootstrap draws. */
struct method_rank {
    int n; /* values, or networks; 0: no rank */
    double rank, low, high;
    double mean, mean_low, mean_high; /* of the metric */
};

/* The pairs and ranks of a report. */
struct paired {
    int pair_count;              /* of a backbone, protocol and metric */
    struct method_pair *pairs;   /* [backbone][protocol][metric][pair]: see pair_at() */
    struct method_rank *ranks;   /* [backbone][protocol][metric][method] */
    struct method_rank *overall; /* [protocol][metric][method]: means over the networks, each with the same weight */
};

/*
 * Compares all methods in pairs, for all metrics except costs, and ranks them. All pairs share their draws. For the
 * caller to free by report_paired_free(). NULL and err: no memory; *stop was set.
 */
struct paired *report_pair_up(const struct report *report, struct error *err);
void report_paired_free(struct paired *paired);

/* Writes pairwise.csv and ranks.csv, tables/pairs.md and .tex, and tables/ranks.md; without `paired` removes them. */
int report_pairs(const struct report *report, struct error *err);

/* Prints the matrix of a metric's pairs, for each protocol and backbone. */
void report_pairs_terminal(const struct report *report, int metric, FILE *stream, int columns);

/* Whether some metric has a curve. */
bool report_has_curves(const struct report *report);

/*
 * Writes summary.csv, per_image.csv and, if a metric has curves, curves.csv into the folder. Percent metrics
 * are in percent there.
 */
int report_csv(const struct report *report, const struct cell *cells, struct error *err);

/*
 * Writes tables/NAME.md and .tex (booktabs): a table per protocol in the form of the ADCC papers. This and all
 * functions below take a report from report_compared().
 */
int report_tables(const struct report *report, const struct cell *cells, struct error *err);

/* Prints the tables, as wide as `columns` allows (0: no limit). -1: no memory; ferror(stream) tells failed writes. */
int report_terminal(const struct report *report, const struct cell *cells, FILE *stream, int columns, bool color);

/*
 * Meta-evaluation: does a metric rank methods as the annotated truth does? The answer is Kendall's tau-b between the
 * metric and the first metric that is_truth, both oriented so that higher is better. META_OVER_METHODS ranks the
 * methods' means; META_PER_IMAGE ranks the methods' values on each image and averages tau over the images.
 */
enum meta_form { META_OVER_METHODS, META_PER_IMAGE, META_FORMS };

struct meta_cell {
    int n, undefined;            /* methods with both means, and without; or images with a tau, and without */
    double tau, ci_low, ci_high; /* 95 % percentile bootstrap over images; NAN: none */
};

/*
 * [backbone][protocol][metric][form][with controls], for the caller to free. The same seed gives the same bits. NULL
 * and err: the report has no metric that is_truth; no memory.
 */
struct meta_cell *report_meta_cells(const struct report *report, struct error *err);

/* Writes meta.csv and tables/meta.md into the folder. */
int report_meta(const struct report *report, const struct meta_cell *cells, struct error *err);

/* Prints a line per backbone and protocol with the metrics that agree best with the truth. */
void report_meta_terminal(const struct report *report, const struct meta_cell *cells, FILE *stream);

/* Writes costs.csv, tables/costs.md and tables/costs.tex: seconds and passes by method, and the time of the run. */
int report_costs(const struct report *report, struct error *err);

enum report_split { REPORT_SPLIT_NONE, REPORT_SPLIT_BACKBONE, REPORT_SPLIT_METRIC };

/* How tables/paper.tex is made. */
struct report_paper {
    int split;                                /* enum report_split: tables by backbone or by metric */
    int digits;                               /* after the point; -1: as in all tables */
    bool intervals;                           /* beside the means */
    const char *caption, *label;              /* NULL: the run's name */
    int column_count, row_count;              /* 0: all metrics but costs, all methods */
    const char *const *columns, *const *rows; /* names of metrics and methods */
};

/* Writes tables/paper.tex, a LaTeX document with a float for each table, which fits the page; the same in .md and .csv. */
int report_paper(const struct report *report, const struct cell *cells, const struct report_paper *style,
                 struct error *err);

/*
 * Sensitivity to the protocol: ranks of the methods under each protocol, controls left out, and Kendall's tau-b between
 * the rankings of two protocols. Both have 95 % percentile intervals; a draw has the same images for all methods and
 * protocols.
 */
struct sensitivity;

/* In the arena; `cells` are kept. The same seed gives the same bits. Errors: no memory, *stop. */
int report_sensitivity_make(const struct report *report, const struct cell *cells, struct arena *arena,
                            struct sensitivity **out, struct error *err);

/* Writes sensitivity.csv, sensitivity_ranks.csv and tables/sensitivity.md into the folder; NULL: removes them. */
int report_sensitivity(const struct report *report, const struct sensitivity *sensitivity, struct error *err);

/* Prints, after an empty line, for each backbone the two protocols whose rankings by a metric agree least. */
void report_sensitivity_terminal(const struct report *report, const struct sensitivity *sensitivity, FILE *stream);

/* Draws plots/bump_METRIC: lines of ranks over the protocols. As report_plots(), but keeps a filled `warning`. */
int report_sensitivity_plots(const struct report *report, const struct sensitivity *sensitivity, struct error *warning,
                             struct error *err);

/*
 * Writes reference.csv, tables/reference.md and tables/reference.tex: each published number beside the measured cells
 * that match it. A number may match several cells (two layers of a network), and a cell several numbers.
 */
int report_reference(const struct report *report, const struct cell *cells, struct error *err);

/* Prints the first of these comparisons, and how many more there are. */
void report_reference_terminal(const struct report *report, const struct cell *cells, FILE *stream);

/*
 * Writes plots/NAME.svg and .png by gnuplot, with NAME.gp and NAME.dat to draw them again. NAME is adcc, forest, critical,
 * adcc_seconds, drop_complexity, curves, distribution_METRIC or, unless `meta` is NULL, meta; from the second protocol on it is
 * NAME-2-PROTOCOL. A plot without numbers is left out. If gnuplot is missing or fails, returns 0 and fills `warning`,
 * which is empty otherwise.
 */
int report_plots(const struct report *report, const struct cell *cells, const struct meta_cell *meta,
                 struct error *warning, struct error *err);

/* -- index.html ---------------------------------------------------------------------------------------------------- */

/* A saliency map, 0 to 255, before it is enlarged. */
struct page_map {
    int h, w;
    const uint8_t *data; /* (h,w); NULL: the run does not keep it */
};

/* What a network said of an image. */
struct page_view {
    int picture;                 /* position in the image's pictures; -1: none */
    int klass;                   /* explained; -1: none */
    const char *class_name;      /* NULL: classes have numbers only */
    double probability;          /* of that class */
    bool is_right;               /* it is the labelled one */
    const struct page_map *maps; /* [method] */
};

/* An encoded picture: the part of it that a network sees. */
struct page_picture {
    const uint8_t *jpeg;
    size_t size;
};

/* An image of the gallery. */
struct page_image {
    int image;         /* position in the report */
    const char *label; /* name of the labelled class; NULL: none */
    int picture_count;
    const struct page_picture *pictures;
    const struct page_view *views; /* [backbone] */
};

/* A run that the report was made from. */
struct page_run {
    const char *folder;
    const char *manifest; /* text of manifest.json; NULL: there is none */
};

/* The values of a protocol's keys, as a config has them. */
struct page_key {
    const char *name;
    const char *const *values; /* [protocol] */
};

/* What the page shows besides the report. Texts may be NULL: not known. */
struct page_sources {
    int run_count; /* more than one: the page compares runs */
    const struct page_run *runs;
    const char *config; /* text of config.yaml */
    int command_count;
    const char *const *commands; /* that make the results again */
    int key_count;
    const struct page_key *keys;
    int image_count;
    const struct page_image *images;       /* of the gallery */
    const struct sensitivity *sensitivity; /* of report_sensitivity_make(); NULL: one protocol */
    const char *without;                   /* why the gallery has no pictures; NULL: it has */
};

/* The images that a gallery should show, at most `most`, in rising order, in the arena. Returns how many; -1: no memory. */
int report_gallery(const struct report *report, int most, struct arena *arena, int **images);

/* Writes index.html into the folder; `meta` may be NULL. */
int report_page(const struct report *report, const struct cell *cells, const struct meta_cell *meta,
                const struct page_sources *sources, struct error *err);

/* -- overlays ------------------------------------------------------------------------------------------------------ */

/* One panel of an overlay sheet: the sheet's image with a map over it. */
struct overlay_panel {
    const char *title;    /* "Grad-CAM" */
    const char *subtitle; /* "0.98, 12 ms"; NULL: none */
    const float *map;     /* (h,w) in [0,1]; NULL: image alone */
};

struct overlay_sheet {
    const char *title; /* image name, class and probability */
    int h, w;
    const uint8_t *image; /* 8-bit RGB (h,w,3) */
    int panel_count;
    const struct overlay_panel *panels;
};

/*
 * Writes a PNG with the panels side by side, wrapped to rows, in a perceptually uniform colour map, and a colour bar
 * from 0 to 1. Errors: no panel or too many, an image too large, no memory, not writable.
 */
int report_overlay(const char *path, const struct overlay_sheet *sheet, struct error *err);

#endif
