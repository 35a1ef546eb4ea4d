/*
 * report/meta.c - meta-evaluation: Kendall's rank correlation of every metric with the annotated truth.
 *
 * The rank correlation is tau-b (M. G. Kendall, "A New Measure of Rank Correlation", Biometrika 30, 1938; "The
 * Treatment of Ties in Ranking Problems", Biometrika 33, 1945). Per image, tau is computed once for each image, and
 * each draw averages it over its images. Over methods, each draw computes all means, and tau from them.
 *
 * Images are drawn once per backbone and protocol, for all rows. A draw is stored as weights, how often it contains
 * each image; the data are columns of one number per image. Sums of many draws over a column are computed together, a
 * tile of images at a time, so that both stay in cache: 30 methods, 10 metrics, 50,000 images and 2,000 draws take 3e10
 * products.
 */
#include "report/meta.h"

#include "base/arena.h"
#include "report/draws.h"
#include "report/percentile.h"
#include "report/stats.h"
#include "report/tasks.h"

#include <stdlib.h>
#include <string.h>

enum { TILE = 512, CONTROLS = 2 };

/* -- tau ----------------------------------------------------------------------------------------------------------- */

/* A tie is, for instance, that between two methods that differ only by rounding in float32. */
int kendall_order(double x, double y)
{
    const double tie = KENDALL_TIE * fmax(1, fmax(fabs(x), fabs(y)));
    return (x - y > tie) - (y - x > tie);
}

double kendall_oriented(const struct report_metric *metric, double value)
{
    return metric->higher_is_better ? value : -value;
}

double kendall_tau(const double *x, const double *y, int n)
{
    double balance = 0, untied_x = 0, untied_y = 0;
    for (int i = 0; i < n; i++)
        for (int j = 0; j < i; j++) {
            const int by_x = kendall_order(x[i], x[j]), by_y = kendall_order(y[i], y[j]);
            balance += by_x * by_y;
            untied_x += by_x * by_x;
            untied_y += by_y * by_y;
        }
    return n < 3 || untied_x == 0 || untied_y == 0 ? NAN : balance / sqrt(untied_x) / sqrt(untied_y);
}

/* -- the rows of the tables ---------------------------------------------------------------------------------------- */

int meta_truth(const struct report *report)
{
    for (int k = 0; k < report->metric_count; k++)
        if (report->metrics[k].is_truth && !report->metrics[k].combine && !report_counted(report, k))
            return k;
    return -1;
}

bool meta_has_row(const struct report *report, int metric, enum meta_form form)
{
    const struct report_metric *row = &report->metrics[metric];
    return !row->is_cost && metric != meta_truth(report) && !report_counted(report, metric) &&
           (form == META_OVER_METHODS || !row->combine);
}

static size_t cell_index(const struct report *report, int backbone, int protocol, int metric, enum meta_form form,
                         bool with_controls)
{
    const size_t p = (size_t)report->protocol_count, k = (size_t)report->metric_count;
    const size_t row = ((size_t)backbone * p + (size_t)protocol) * k + (size_t)metric;
    return (row * META_FORMS + form) * CONTROLS + with_controls;
}

const struct meta_cell *meta_cell_at(const struct report *report, const struct meta_cell *cells, int backbone,
                                     int protocol, int metric, enum meta_form form, bool with_controls)
{
    return &cells[cell_index(report, backbone, protocol, metric, form, with_controls)];
}

int meta_order(const struct report *report, const struct meta_cell *cells, int backbone, int protocol, int *order)
{
    int count = 0;
    for (int k = 0; k < report->metric_count; k++) {
        if (!meta_has_row(report, k, META_OVER_METHODS))
            continue;
        const double tau = meta_cell_at(report, cells, backbone, protocol, k, META_OVER_METHODS, false)->tau;
        int at = count++;
        for (; at > 0; at--) {
            const int before = order[at - 1];
            const double other = meta_cell_at(report, cells, backbone, protocol, before, META_OVER_METHODS, false)->tau;
            if (other >= tau || isnan(tau))
                break;
            order[at] = before;
        }
        order[at] = k;
    }
    return count;
}

/* -- one backbone under one protocol ------------------------------------------------------------------------------- */

/* Numbers, one per image, that each draw averages over its images. */
struct column {
    double *value;                     /* (images), 0 for a missing number; NULL: an unused column */
    double *is_there;                  /* (images), 1 or 0: whether the number exists; NULL: all exist */
    int count;                         /* of the numbers that exist */
    double sums[DRAWS], counts[DRAWS]; /* of the current draws */
};

/* A number of meta.csv. */
struct row {
    int metric;
    enum meta_form form;
    bool with_controls;
};

struct study {
    const struct report *report;
    int backbone, protocol, truth;
    int measured;    /* images on which the truth metric was measured, even if it is undefined */
    int image_count; /* of these: images on which it is defined for at least one method */
    int *images;
    size_t column_count;
    struct column *columns;     /* all of them: [metric][method][part], then tau_columns */
    struct column *tau_columns; /* [metric][controls]: tau of each image */
    double *weights;            /* (images,DRAWS): how often a draw contains an image */
    uint32_t *counts;           /* (images): scratch */
    double *x, *y;              /* (methods): two rankings */
    size_t row_count, draw_count;
    struct row *rows;
    double *taus; /* [row][draw]; draw 0 is the sample itself */
    struct arena arena;
};

static struct column *method_column(const struct study *study, int metric, int method, int part)
{
    return &study->columns[((size_t)metric * (size_t)study->report->method_count + (size_t)method) * REPORT_PARTS_MAX +
                           (size_t)part];
}

static struct column *tau_column(const struct study *study, int metric, bool with_controls)
{
    return &study->tau_columns[metric * CONTROLS + with_controls];
}

static size_t value_index(const struct study *study, int method, int metric, int image)
{
    return report_index(study->report, study->backbone, method, study->protocol, metric, image);
}

static bool takes_part(const struct study *study, int method, bool with_controls)
{
    return with_controls || !study->report->methods[method].is_control;
}

static void choose_images(struct study *study)
{
    study->measured = study->image_count = 0;
    for (int image = 0; image < study->report->image_count; image++) {
        bool is_measured = false, has_truth = false;
        for (int m = 0; m < study->report->method_count; m++) {
            const uint8_t state = study->report->states[value_index(study, m, study->truth, image)];
            is_measured |= state != REPORT_ABSENT;
            has_truth |= state == REPORT_DEFINED;
        }
        study->measured += is_measured;
        if (has_truth)
            study->images[study->image_count++] = image;
    }
}

static bool column_has(const struct column *column, int i)
{
    return !column->is_there || column->is_there[i] != 0;
}

/* Makes a column of `values` (images), where NAN marks a missing number. */
static int column_make(struct study *study, struct column *column, const double *values)
{
    const size_t n = (size_t)study->image_count;
    column->value = arena_alloc(&study->arena, n + 1, sizeof *column->value);
    if (!column->value)
        return -1;
    for (size_t i = 0; i < n; i++)
        column->count += isfinite(values[i]);
    if (column->count < study->image_count) {
        column->is_there = arena_alloc(&study->arena, n, sizeof *column->is_there);
        if (!column->is_there)
            return -1;
    }
    for (size_t i = 0; i < n; i++) {
        column->value[i] = isfinite(values[i]) ? values[i] : 0;
        if (column->is_there)
            column->is_there[i] = isfinite(values[i]);
    }
    return 0;
}

/* Fills the columns of a method's metric, over images where the metric, or all of its parts, is defined. */
static int fill_method(struct study *study, int metric, int method, double *scratch)
{
    int part[REPORT_PARTS_MAX];
    const int parts = metric_parts(study->report, metric, part);
    for (int j = 0; j < parts; j++) {
        for (int i = 0; i < study->image_count; i++) {
            const int image = study->images[i];
            scratch[i] = study->report->values[value_index(study, method, part[j], image)];
            for (int other = 0; other < parts; other++)
                if (study->report->states[value_index(study, method, part[other], image)] != REPORT_DEFINED)
                    scratch[i] = NAN;
        }
        if (column_make(study, method_column(study, metric, method, j), scratch))
            return -1;
    }
    return 0;
}

/* Tau between metric and truth on image i, over the methods that have both values there. */
static double image_tau(const struct study *study, int metric, bool with_controls, int i)
{
    const struct report_metric *rows = study->report->metrics;
    int n = 0;
    for (int m = 0; m < study->report->method_count; m++) {
        const struct column *column = method_column(study, metric, m, 0);
        const struct column *truth = method_column(study, study->truth, m, 0);
        if (!takes_part(study, m, with_controls) || !column_has(column, i) || !column_has(truth, i))
            continue;
        study->x[n] = kendall_oriented(&rows[metric], column->value[i]);
        study->y[n++] = kendall_oriented(&rows[study->truth], truth->value[i]);
    }
    return kendall_tau(study->x, study->y, n);
}

static int fill_taus(struct study *study, int metric, bool with_controls, double *scratch)
{
    for (int i = 0; i < study->image_count; i++)
        scratch[i] = image_tau(study, metric, with_controls, i);
    return column_make(study, tau_column(study, metric, with_controls), scratch);
}

static int fill_columns(struct study *study, double *scratch)
{
    const struct report *report = study->report;
    for (int k = 0; k < report->metric_count; k++)
        for (int m = 0; m < report->method_count && !report->metrics[k].is_cost; m++)
            if (fill_method(study, k, m, scratch))
                return -1;
    for (int k = 0; k < report->metric_count; k++)
        for (int c = 0; c < CONTROLS && meta_has_row(report, k, META_PER_IMAGE); c++)
            if (fill_taus(study, k, c, scratch))
                return -1;
    return 0;
}

/* -- draws --------------------------------------------------------------------------------------------------------- */

/* Fills the weights of up to DRAWS draws, beginning with draw `first`; returns how many. Draw 0 has each image once. */
static int draw_images(struct study *study, struct random_stream *stream, size_t first)
{
    const size_t n = (size_t)study->image_count, left = study->draw_count - first;
    const int count = left < DRAWS ? (int)left : DRAWS, drawn = first == 0;
    for (size_t i = 0; i < n && drawn; i++)
        study->weights[i * DRAWS] = 1;
    draws_fill(stream, n, drawn, count, study->counts, study->weights);
    return count;
}

static void sum_columns(struct study *study)
{
    const size_t n = (size_t)study->image_count;
    for (size_t c = 0; c < study->column_count; c++)
        for (int d = 0; d < DRAWS; d++) {
            study->columns[c].sums[d] = 0;
            study->columns[c].counts[d] = study->columns[c].is_there ? 0 : study->image_count;
        }
    for (size_t i = 0; i < n; i += TILE)
        for (size_t c = 0; c < study->column_count; c++) {
            struct column *column = &study->columns[c];
            const size_t size = n - i < TILE ? n - i : TILE;
            if (column->value)
                draws_add(column->sums, column->value + i, study->weights + i * DRAWS, size);
            if (column->is_there)
                draws_add(column->counts, column->is_there + i, study->weights + i * DRAWS, size);
        }
}

/* The column's mean in a draw; NAN if the draw has no image with a value. */
static double column_mean(const struct column *column, int draw)
{
    return column->counts[draw] > 0 ? column->sums[draw] / column->counts[draw] : NAN;
}

static double method_mean(const struct study *study, int metric, int method, int draw)
{
    const struct report_metric *row = &study->report->metrics[metric];
    int part[REPORT_PARTS_MAX];
    double means[REPORT_PARTS_MAX] = {0};
    const int parts = metric_parts(study->report, metric, part);
    for (int j = 0; j < parts; j++)
        means[j] = column_mean(method_column(study, metric, method, j), draw);
    return kendall_oriented(row, row->combine ? row->combine(means) : means[0]);
}

/* Tau between the means of metric and truth in a draw, over the methods that have both means. */
static double tau_of_means(const struct study *study, int metric, bool with_controls, int draw)
{
    int n = 0;
    for (int m = 0; m < study->report->method_count; m++) {
        study->x[n] = method_mean(study, metric, m, draw);
        study->y[n] = method_mean(study, study->truth, m, draw);
        n += takes_part(study, m, with_controls) && isfinite(study->x[n]) && isfinite(study->y[n]);
    }
    return kendall_tau(study->x, study->y, n);
}

static double draw_tau(const struct study *study, const struct row *row, int draw)
{
    return row->form == META_PER_IMAGE ? column_mean(tau_column(study, row->metric, row->with_controls), draw)
                                       : tau_of_means(study, row->metric, row->with_controls, draw);
}

/* -- cells --------------------------------------------------------------------------------------------------------- */

static void count_methods(const struct study *study, int metric, bool with_controls, struct meta_cell *cell)
{
    for (int m = 0; m < study->report->method_count; m++) {
        const bool has_both =
            method_column(study, metric, m, 0)->count > 0 && method_column(study, study->truth, m, 0)->count > 0;
        cell->n += takes_part(study, m, with_controls) && has_both;
        cell->undefined += takes_part(study, m, with_controls) && !has_both;
    }
}

/* taus (draw_count): the sample's tau, then those of the draws, which are sorted in place. */
static struct meta_cell make_cell(const struct study *study, const struct row *row, double *taus)
{
    struct meta_cell cell = {.tau = taus[0], .ci_low = NAN, .ci_high = NAN};
    const size_t n = study->draw_count - 1;
    bool has_interval = n > 0 && study->image_count > 1;
    if (row->form == META_PER_IMAGE) {
        cell.n = tau_column(study, row->metric, row->with_controls)->count;
        cell.undefined = study->measured - cell.n;
    } else {
        count_methods(study, row->metric, row->with_controls, &cell);
    }
    for (size_t i = 0; i <= n; i++)
        has_interval &= isfinite(taus[i]);
    if (!has_interval)
        return cell;
    sort_doubles(taus + 1, n);
    percentile_interval(taus + 1, n, cell.tau, &cell.ci_low, &cell.ci_high);
    return cell;
}

static int study_alloc(struct study *study)
{
    const size_t methods = (size_t)study->report->method_count, metrics = (size_t)study->report->metric_count;
    const size_t images = (size_t)study->report->image_count;
    struct arena *arena = &study->arena;
    study->column_count = metrics * (methods * REPORT_PARTS_MAX + CONTROLS);
    study->images = arena_alloc(arena, images + 1, sizeof *study->images);
    study->columns = arena_alloc(arena, study->column_count + 1, sizeof *study->columns);
    study->weights = arena_alloc(arena, images + 1, DRAWS * sizeof *study->weights);
    study->counts = arena_alloc(arena, images + 1, sizeof *study->counts);
    study->x = arena_alloc(arena, methods + 1, sizeof *study->x);
    study->y = arena_alloc(arena, methods + 1, sizeof *study->y);
    study->taus = arena_alloc(arena, metrics * META_FORMS * CONTROLS, study->draw_count * sizeof *study->taus);
    study->tau_columns = study->columns + metrics * methods * REPORT_PARTS_MAX;
    return study->images && study->columns && study->weights && study->counts && study->x && study->y && study->taus
               ? 0
               : -1;
}

static int study_fill(struct study *study)
{
    double *scratch = arena_alloc(&study->arena, (size_t)study->report->image_count + 1, sizeof *scratch);
    choose_images(study);
    return scratch ? fill_columns(study, scratch) : -1;
}

static int study_draw(struct study *study, struct error *err)
{
    const struct report *report = study->report;
    struct random_stream stream;
    uint64_t purpose = random_purpose(0, report->backbones[study->backbone].name);
    purpose = random_purpose(purpose, report->protocols[study->protocol].name);
    random_init(&stream, report->seed, random_purpose(purpose, "meta"));
    for (size_t first = 0; first < study->draw_count; first += DRAWS) {
        const int count = draw_images(study, &stream, first);
        if (report_stopped(report, err))
            return -1;
        sum_columns(study);
        for (size_t r = 0; r < study->row_count; r++)
            for (int d = 0; d < count; d++)
                study->taus[r * study->draw_count + first + (size_t)d] = draw_tau(study, &study->rows[r], d);
    }
    return 0;
}

static void study_cells(const struct study *study, struct meta_cell *cells)
{
    for (size_t r = 0; r < study->row_count; r++) {
        const struct row *row = &study->rows[r];
        cells[cell_index(study->report, study->backbone, study->protocol, row->metric, row->form, row->with_controls)] =
            make_cell(study, row, study->taus + r * study->draw_count);
    }
}

static int list_rows(struct study *study)
{
    const int metrics = study->report->metric_count;
    study->rows = arena_alloc(&study->arena, (size_t)metrics * META_FORMS * CONTROLS, sizeof *study->rows);
    for (int i = 0; study->rows && i < metrics * META_FORMS * CONTROLS; i++) {
        const struct row row = {i / (META_FORMS * CONTROLS), i / CONTROLS % META_FORMS, i % CONTROLS};
        if (meta_has_row(study->report, row.metric, row.form))
            study->rows[study->row_count++] = row;
    }
    return study->rows ? 0 : -1;
}

/* All studies; a task is a study. */
struct studies {
    const struct report *report;
    struct meta_cell *cells;
};

static int make_study(void *context, int i, double *children, struct error *err)
{
    const struct studies *studies = context;
    const struct report *report = studies->report;
    struct study study = {.report = report,
                          .backbone = i / report->protocol_count,
                          .protocol = i % report->protocol_count,
                          .truth = meta_truth(report),
                          .draw_count = (size_t)(report->bootstrap > 0 ? report->bootstrap : 0) + 1};
    int status;
    (void)children;
    arena_init(&study.arena, 0);
    if (list_rows(&study) || study_alloc(&study) || study_fill(&study))
        status = error_memory(err, "the meta-evaluation");
    else
        status = study_draw(&study, err);
    if (!status)
        study_cells(&study, studies->cells);
    arena_release(&study.arena);
    return status;
}

struct meta_cell *report_meta_cells(const struct report *report, struct error *err)
{
    if (meta_truth(report) < 0) {
        error_set(err, "no metric compares maps with the annotated truth");
        return NULL;
    }
    const int count = report->backbone_count * report->protocol_count;
    struct meta_cell *cells =
        calloc((size_t)count * (size_t)report->metric_count * META_FORMS * CONTROLS + 1, sizeof *cells);
    struct studies studies = {report, cells};
    if (!cells)
        error_memory(err, "the meta-evaluation");
    else if (!report_run_tasks(report, count, report->threads, make_study, &studies, err))
        return cells;
    free(cells);
    return NULL;
}
