/*
 * report/page.h - the parts of index.html, in the order in which page.c writes them.
 *
 * The page is one file without requests: style, script, plots and pictures are inside. It can be read without the
 * script, which adds sorting, filters and the gallery. Each part is a section; one without content is left out.
 */
#ifndef REPORT_PAGE_H
#define REPORT_PAGE_H

#include "report/report.h"

struct page {
    const struct report *report;  /* of report_compared() */
    const struct cell *cells;     /* its cells */
    const struct meta_cell *meta; /* NULL: none */
    const struct page_sources *sources;
    FILE *stream;
    int headline;    /* the metric by which methods are ranked first; -1: none */
    double *scratch; /* (images) */
};

/* Text from outside, escaped; lines of text, each escaped, with line ends between them. */
void page_text(const struct page *page, const char *text);
void page_lines(const struct page *page, const char *text);

/* "ResNet-18 (layer4)" */
void page_backbone(const struct page *page, int backbone);

/* "ADCC ↑ %" */
void page_metric(const struct page *page, int metric);

/* The cell of a method under the first protocol, which plots and the answer are about. */
const struct cell *page_cell(const struct page *page, int backbone, int method, int metric);

/* Begins a section with its heading; ends it. */
void page_section(const struct page *page, const char *id, const char *title);
void page_section_end(const struct page *page);

/*
 * Begins a table that scrolls inside its own box if it is wide. kind: its classes, as "sortable numbers"; label: its name
 * for screen readers.
 */
void page_table(const struct page *page, const char *kind, const char *label);
void page_table_end(const struct page *page);

/* A number of a metric as in all tables, with its unit if `has_unit`: "71.20 %". */
void page_number(const struct page *page, int metric, double value, bool has_unit);

/* "95 % interval 69.10 to 73.00", or nothing. Returns whether it wrote anything. */
bool page_interval(const struct page *page, int metric, double low, double high);

/* page_answer.c: the best method of each network in words, and by every metric as a table. */
void page_answer(const struct page *page);

/* page_results.c: the tables of means. */
void page_results(const struct page *page);

/* page_plots.c: means with their intervals, mean curves, value against time. */
void page_plots(const struct page *page);

/* page_pairs.c: the matrix of every two methods. */
void page_pairs(const struct page *page);

/* page_images.c: undefined values and the images on which methods differ most; the gallery's data. */
void page_images(const struct page *page);
void page_gallery(const struct page *page);

/* page_sensitivity.c: ranks under each protocol. */
void page_sensitivity(const struct page *page);

/* page_facts.c: agreement with the truth, protocols, costs, manifest, how to reproduce. */
void page_truth(const struct page *page);
void page_protocols(const struct page *page);
void page_costs(const struct page *page);
void page_runs(const struct page *page);
void page_manifest(const struct page *page);
void page_reproduce(const struct page *page);

/* reference.c: measured beside published. */
void page_reference(const struct page *page);

#endif
