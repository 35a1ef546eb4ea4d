/*
 * report/report.h - from a plain table of results to CSV, tables, plots and pictures.
 *
 * The caller (bench/) fills these structs from its store; report/ never opens the store and names no method; it reads
 * only these rows (of metrics: ADCC, Average Drop and Complexity for the plots, where they are there).
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
    /* top-1 and top-5 of the base pass on images with a label: correct, of labelled; labelled 0: unknown */
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
    const char *preset; /* the protocol that it began as */
};

struct report_metric {
    const char *name, *title, *unit; /* unit "%", "s", "" */
    bool is_percent;                 /* stored as fraction, printed times 100 */
    bool higher_is_better;
    bool is_cost;    /* left out of summary.csv */
    double min, max; /* of the stored number */
    /* of means: positions of the parts in `metrics`, -1 ends; combine NULL for ordinary metrics */
    int parts[5];
    double (*combine)(const double *means);
    bool is_truth; /* compares the map with the annotation */
};

/*
 * A published number and the measurement to which it is compared. Texts are never NULL; an empty layer, params
 * or protocol matches any.
 */
struct report_published {
    const char *paper, *table, *note;
    const char *source;                /* key in docs/references.bib */
    const char *arch, *layer, *method; /* registered names */
    const char *params;                /* "score=rest;form=stable": a method's parameters that must be so */
    const char *protocol;              /* name or preset */
    const char *metric;
    double value; /* as metrics store it: percent as fraction */
};

enum report_state { REPORT_ABSENT, REPORT_DEFINED, REPORT_UNDEFINED };

/* The mean, over n images, of the curve whose area a metric is; count 0: none. */
struct report_curve {
    int n, count;
    double *fraction, *mean; /* (count); of the map's pixels or cells that have changed, and p at that point */
};

/* The progress of a run on a backbone. */
struct report_progress {
    int wanted;     /* images that every method must measure: all except unreadable ones */
    int unreadable; /* images that could not be read */
    int shared;     /* those of `wanted` that all methods with any image have measured */
    int without;    /* methods without any image */
    int *measured;  /* [method], of `wanted` */
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
    /* dense, see report_index(); metrics with `combine` have only REPORT_ABSENT */
    const double *values;
    const uint8_t *states;
    const char *const *notes; /* why undefined, or the flag of a substituted value; NULL entries: nothing to say */
    const struct cost *costs; /* [backbone][method][image]; seconds negative: absent */
    const struct report_curve *curves; /* [backbone][method][protocol][metric]; NULL: none */
    int bootstrap;                     /* resamples; 0: no intervals */
    uint64_t seed;
    int published_count;
    const struct report_published *published;
    const struct report_progress *progress; /* [backbone]; NULL: complete */
    const uint8_t *shared;                  /* [backbone][image]: images on which methods are compared; NULL: all */
    const char *const *remarks;             /* sentences for every table, ends with NULL; NULL: none */
    const volatile sig_atomic_t *stop;      /* set: the report is no longer needed; NULL: never */
};

struct arena;

/*
 * Fills progress and shared, in the arena, from the existing items, `has` [backbone][method][image], and from the
 * images that could not be read. Error: no memory.
 */
int report_count_progress(struct report *report, const uint8_t *has, const uint8_t *is_unreadable, struct arena *arena,
                          struct error *err);

/*
 * Makes a report in which methods can be compared, in the arena: an incomplete backbone has only values on shared
 * images.
 */
int report_compared(const struct report *report, struct arena *arena, struct report *out, struct error *err);

/* 0, or -1 with err if *stop is set; long work calls it repeatedly and leaves nothing incomplete. */
int report_stopped(const struct report *report, struct error *err);

/* Position in values, states and notes. */
static inline size_t report_index(const struct report *report, int backbone, int method, int protocol, int metric,
                                  int image)
{
    const size_t m = (size_t)report->method_count, p = (size_t)report->protocol_count;
    const size_t k = (size_t)report->metric_count, n = (size_t)report->image_count;
    return ((((size_t)backbone * m + (size_t)method) * p + (size_t)protocol) * k + (size_t)metric) * n + (size_t)image;
}

/* Position in curves. */
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
    double ci_low, ci_high; /* percentile bootstrap, 95 %, around the mean; NAN: none, as for one value */
    int noted;              /* of n: values with a note, such as those of a constant map */
};

/*
 * Cell of (backbone, method, protocol, metric); combine metrics are computed inside each draw. Same seed, same bytes.
 * All NAN if memory is short: use report_cells() to know.
 */
struct cell report_cell(const struct report *report, int backbone, int method, int protocol, int metric);

/* All cells once, for the writers below: [backbone][method][protocol][metric], malloc'd; NULL and err: no memory. */
struct cell *report_cells(const struct report *report, struct error *err);

/* Whether some metric has a curve. */
bool report_has_curves(const struct report *report);

/*
 * summary.csv, per_image.csv, costs.csv, and mean curves as curves.csv where there are some, into the folder. Percent
 * metrics are in percent there, as on paper.
 */
int report_csv(const struct report *report, const struct cell *cells, struct error *err);

/* tables/NAME.md and .tex (booktabs): a table per protocol in the form of the ADCC papers. Like all that follows it takes
   what report_compared() gives. */
int report_tables(const struct report *report, const struct cell *cells, struct error *err);

/* The table for the terminal, as wide as `columns` allows (0: no limit). -1: no memory; the stream has errors of its own. */
int report_terminal(const struct report *report, const struct cell *cells, FILE *stream, int columns, bool color);

/*
 * Meta-evaluation: does a metric rank methods as the annotated truth does? Kendall's tau-b of the metric and the first
 * metric that is_truth, both turned so that higher is better: of the methods' means, or of the methods' values on each
 * image, and then the mean over images.
 */
enum meta_form { META_OVER_METHODS, META_PER_IMAGE, META_FORMS };

struct meta_cell {
    int n, undefined;            /* methods with and without both means; images with and without a tau */
    double tau, ci_low, ci_high; /* 95 % percentile bootstrap over images; NAN: none */
};

/*
 * [backbone][protocol][metric][form][with controls], malloc'd. Same seed, same bytes. NULL and err: no metric that
 * is_truth, no memory.
 */
struct meta_cell *report_meta_cells(const struct report *report, struct error *err);

/* meta.csv and tables/meta.md into the folder. */
int report_meta(const struct report *report, const struct meta_cell *cells, struct error *err);

/* A line per backbone and protocol: the metrics that agree best with the truth. */
void report_meta_terminal(const struct report *report, const struct meta_cell *cells, FILE *stream);

/*
 * reference.csv and tables/reference.md: each published number beside the cells that it can be compared with. One number
 * may meet several cells (two layers of a network), and one cell several numbers.
 */
int report_reference(const struct report *report, const struct cell *cells, struct error *err);

/* The same on the terminal, cut after some lines. */
void report_reference_terminal(const struct report *report, const struct cell *cells, FILE *stream);

/*
 * plots/NAME.svg and .png by gnuplot, with NAME.gp and NAME.dat to draw them again: adcc, adcc_seconds,
 * drop_complexity, curves, distribution_METRIC, and meta unless `meta` is NULL; of the second protocol and later
 * NAME-2-PROTOCOL. A plot without numbers is left out. gnuplot missing or failing: returns 0 and fills `warning` (else
 * empty).
 */
int report_plots(const struct report *report, const struct cell *cells, const struct meta_cell *meta,
                 struct error *warning, struct error *err);

/* One panel of an overlay sheet: an 8-bit RGB image (h,w,3) with a map (h,w) in [0,1], or NULL for the image alone. */
struct overlay_panel {
    const char *title;    /* "Grad-CAM" */
    const char *subtitle; /* "0.98, 12 ms", may be NULL */
    const float *map;     /* NULL: image alone */
};

struct overlay_sheet {
    const char *title; /* image name, class and probability */
    int h, w;
    const uint8_t *image; /* (h,w,3) */
    int panel_count;
    const struct overlay_panel *panels;
};

/* A PNG with all panels side by side (wrapped to rows), a perceptually uniform colour map and a colour bar 0..1. */
int report_overlay(const char *path, const struct overlay_sheet *sheet, struct error *err);

#endif
